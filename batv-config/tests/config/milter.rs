//! The section `[milter]`.

#[cfg(not(feature = "milter"))]
#[test]
fn it_is_passed_over_whatever_it_says() {
    for text in ["[milter]\nsocket = 1", "[milter]\nwhatever = true", "milter = 7"] {
        crate::parse(text);
    }
}

#[cfg(feature = "milter")]
mod with_the_feature {
    use crate::{faults, parse};
    use batv_config::{Milter, RefuseAt, Socket};

    fn milter(text: &str) -> Milter {
        parse(&format!("[milter]\n{text}")).milter.unwrap()
    }

    #[test]
    fn every_setting() {
        assert_eq!(parse("").milter, None);
        let least = milter("socket = \"unix:/run/batv/milter.sock\"");
        assert_eq!(least.socket, Socket::Unix("/run/batv/milter.sock".into()));
        assert_eq!((least.group, least.mark, least.quiet, least.connections), (None, None, false, 1_000));
        assert_eq!(least.metrics, None);
        assert_eq!(least.refuse_at, RefuseAt::Rcpt);
        for (word, refuse_at) in
            [("rcpt", RefuseAt::Rcpt), ("data", RefuseAt::Data), ("headers", RefuseAt::Headers)]
        {
            let text = format!("socket = \"unix:/s\"\nrefuse-at = \"{word}\"");
            assert_eq!(milter(&text).refuse_at, refuse_at);
        }
        let most = milter(
            "socket = \"inet:127.0.0.1:8891\"\ngroup = \"postfix\"\nmark = \"X-BATV\"\nquiet = true\nconnections = 0x10",
        );
        assert_eq!(most.socket, Socket::Inet("127.0.0.1".to_owned(), 8891));
        assert_eq!(
            (most.group.as_deref(), most.mark.as_deref(), most.quiet, most.connections),
            (Some("postfix"), Some("X-BATV"), true, 16)
        );
        let two = milter("socket = \"unix:/s\"\nmetrics = \"inet:[::1]:9891\"");
        assert_eq!(two.metrics, Some(Socket::Inet("::1".to_owned(), 9891)));
    }

    #[test]
    fn every_fault() {
        let socket = "is not a socket such as \"unix:/run/batv/milter.sock\" or \"inet:127.0.0.1:8891\"";
        let mark = "is not the name of a header field such as \"X-BATV\"";
        for (text, expected) in [
            ("socket = 8891".to_owned(), "line 3: milter.socket: must be a string".to_owned()),
            ("socket = \"8891\"".to_owned(), format!("line 3: milter.socket: \"8891\" {socket}")),
            (
                "socket = \"unix:/s\"\nmetrics = \"http:9891\"".to_owned(),
                format!("line 4: milter.metrics: \"http:9891\" {socket}"),
            ),
            (
                "socket = \"inet:[127.0.0.1]:8891\"\nmetrics = \"inet:127.0.0.1:8891\"".to_owned(),
                "line 4: milter.metrics: is the socket of the mail server".to_owned(),
            ),
            ("group = \"batv\"".to_owned(), "line 2: milter.socket: is missing".to_owned()),
            (
                "socket = \"unix:/s\"\nmark = \"X BATV\"".to_owned(),
                format!("line 4: milter.mark: \"X BATV\" {mark}"),
            ),
            ("socket = \"unix:/s\"\nmark = \"X:\"".to_owned(), format!("line 4: milter.mark: \"X:\" {mark}")),
            ("socket = \"unix:/s\"\nmark = \"\"".to_owned(), format!("line 4: milter.mark: \"\" {mark}")),
            (
                "socket = \"unix:/s\"\nquiet = 1\nconnections = 0".to_owned(),
                "line 4: milter.quiet: must be true or false\n\
                 line 5: milter.connections: must be a whole number, 1 or more"
                    .to_owned(),
            ),
            (
                "socket = \"unix:/s\"\nrefuse-at = \"eom\"".to_owned(),
                "line 4: milter.refuse-at: must be \"rcpt\", \"data\" or \"headers\"".to_owned(),
            ),
            (
                "soket = \"unix:/s\"\nsocket = \"unix:/s\"".to_owned(),
                "line 3: milter.soket: unknown setting; did you mean `socket`?".to_owned(),
            ),
        ] {
            assert_eq!(faults(&format!("\n[milter]\n{text}")), expected, "{text}");
        }
        assert_eq!(faults("milter = 7"), "line 1: milter: must be a table: [milter]");
    }

    #[test]
    fn sockets_are_written_as_postfix_does() {
        let inet = |host: &str| Some(Socket::Inet(host.to_owned(), 8891));
        for (text, socket) in [
            ("unix:/run/batv/milter.sock", Some(Socket::Unix("/run/batv/milter.sock".into()))),
            ("inet:127.0.0.1:8891", inet("127.0.0.1")),
            ("inet:[::1]:8891", inet("::1")),
            ("inet:localhost:8891", inet("localhost")),
            ("unix:batv/milter.sock", None),
            ("unix:", None),
            ("local:/run/batv/milter.sock", None),
            ("/run/batv/milter.sock", None),
            ("inet:8891", None),
            ("inet::8891", None),
            ("inet:[]:8891", None),
            ("inet:::1:8891", None),
            ("inet:8891@localhost", None),
            ("inet:localhost:0", None),
            ("inet:localhost:65536", None),
            ("", None),
        ] {
            let read = Socket::parse(text);
            assert_eq!(read, socket, "{text}");
            assert!(read.is_none_or(|socket| socket.to_string() == text));
        }
    }
}
