//! The little of HTTP (RFC 9112) that a scrape needs: one request, one answer.

use httparse::{EMPTY_HEADER, Error, Request, Status};

/// The most octets of a request, its fields included. Prometheus sends some 300.
pub(super) const LIMIT: usize = 8 * 1024;
/// The most header fields.
const FIELDS: usize = 64;

const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// The answer to what a client has sent, with the metrics if it asks for them. None as long as its
/// request is not complete.
pub(super) fn answer(received: &[u8], metrics: impl FnOnce() -> String) -> Option<Vec<u8>> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut request = Request::new(&mut fields);
    match request.parse(received) {
        Ok(Status::Complete(_)) => Some(answer_request(&request, metrics)),
        Ok(Status::Partial) if received.len() < LIMIT => None,
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => {
            Some(fault("431 Request Header Fields Too Large"))
        }
        Err(_) => Some(fault("400 Bad Request")),
    }
}

fn answer_request(request: &Request<'_, '_>, metrics: impl FnOnce() -> String) -> Vec<u8> {
    // §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
    // lacks a Host header field and to any request message that contains more than one"
    let hosts = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("Host")).count();
    if hosts > 1 || (hosts == 0 && request.version == Some(1)) {
        return fault("400 Bad Request");
    }
    let target = request.path.unwrap_or_default();
    if target.split_once('?').map_or(target, |(path, _)| path) != "/metrics" {
        return fault("404 Not Found");
    }
    match request.method {
        Some("GET") => write("200 OK", METRICS, &metrics(), true),
        Some("HEAD") => write("200 OK", METRICS, &metrics(), false),
        _ => write("405 Method Not Allowed\r\nAllow: GET, HEAD", PLAIN, "405 Method Not Allowed\n", true),
    }
}

fn fault(status: &str) -> Vec<u8> {
    write(status, PLAIN, &format!("{status}\n"), true)
}

fn write(status: &str, kind: &str, body: &str, has_body: bool) -> Vec<u8> {
    let length = body.len();
    let body = if has_body { body } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(request: &str) -> Option<String> {
        let answer = answer(request.as_bytes(), || "a 1\nb 2\n".to_owned());
        answer.map(|answer| String::from_utf8(answer).unwrap())
    }

    #[test]
    fn a_scrape_of_prometheus() {
        // As version 2.42 asks.
        let request = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9891\r\nUser-Agent: Prometheus/2.42.0+ds\r\n\
                       Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n\
                       Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n";
        let expected = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
                        Content-Length: 8\r\nConnection: close\r\n\r\na 1\nb 2\n";
        assert_eq!(answer_to(request).as_deref(), Some(expected));
        // RFC 9110 §9.3.2: the fields are those of GET.
        let head = request.replace("GET", "HEAD");
        assert_eq!(answer_to(&head).as_deref(), expected.strip_suffix("a 1\nb 2\n"));
        for length in 0..request.len() {
            assert_eq!(answer_to(&request[..length]), None, "{length}");
        }
    }

    #[test]
    fn whatever_else_is_asked() {
        let fields = |count: usize| "X: y\r\n".repeat(count);
        for (request, expected) in [
            ("GET /metrics?name=a HTTP/1.1\r\nhost: x\r\n\r\n", "200 OK"),
            ("GET /metrics HTTP/1.0\r\n\r\n", "200 OK"),
            ("GET /metrics/ HTTP/1.0\r\n\r\n", "404 Not Found"),
            ("GET / HTTP/1.0\r\n\r\n", "404 Not Found"),
            ("PUT / HTTP/1.0\r\n\r\n", "404 Not Found"),
            ("GET /metrics HTTP/1.1\r\n\r\n", "400 Bad Request"),
            ("GET /metrics HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400 Bad Request"),
            ("GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", "400 Bad Request"),
            ("\u{16}\u{3}\u{1}\u{2}", "400 Bad Request"),
            (&format!("GET /metrics HTTP/1.0\r\n{}\r\n", fields(64)), "200 OK"),
            (&format!("GET /metrics HTTP/1.0\r\n{}\r\n", fields(65)), "431 Request Header Fields Too Large"),
            (&format!("GET /{}", "x".repeat(LIMIT)), "431 Request Header Fields Too Large"),
        ] {
            let answer = answer_to(request).unwrap();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {expected}\r\nContent-Type: ")),
                "{request} {answer}"
            );
        }
        assert_eq!(answer_to(&format!("GET /{}", "x".repeat(LIMIT - 6))), None);
        for method in ["get", "POST", "OPTIONS", "TRACE"] {
            let answer = answer_to(&format!("{method} /metrics HTTP/1.0\r\n\r\n")).unwrap();
            let expected = "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n\
                            Content-Type: text/plain; charset=utf-8\r\nContent-Length: 23\r\nConnection: close\r\n\r\n\
                            405 Method Not Allowed\n";
            assert_eq!(answer, expected);
        }
    }
}
