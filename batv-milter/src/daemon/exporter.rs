//! The socket on which Prometheus finds the metrics.
//!
//! One thread serves all who ask, and waits for none of them, so the mail server's connections never wait
//! for it. How many may ask at a time, and how long each may take, is bounded.

use super::http;
use super::socket::Listener;
use super::stream::Stream;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The most clients at a time. A further one pushes out the oldest.
const CLIENTS: usize = 16;
/// How long to wait until the system has descriptors again.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves metrics until it is dropped.
#[derive(Debug)]
pub(super) struct Exporter {
    stop: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Exporter {
    /// Begins to serve what `metrics` returns. No client may take longer than `patience`.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn start(
        listener: Listener,
        patience: Duration,
        metrics: impl Fn() -> String + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = UnixStream::pair()?;
        let thread = thread::Builder::new().spawn(move || serve(&listener, &stopped, patience, &metrics))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.stop.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &Listener, stopped: &UnixStream, patience: Duration, metrics: &impl Fn() -> String) {
    let mut clients: VecDeque<Client> = VecDeque::new();
    let mut exhausted = false;
    loop {
        let deadline = clients.front().map(|client| client.deadline);
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let pause = exhausted.then_some(PAUSE);
        let mut awaited = vec![PollFd::new(stopped.as_fd(), PollFlags::POLLIN)];
        if !exhausted {
            awaited.push(PollFd::new(listener.as_fd(), PollFlags::POLLIN));
        }
        awaited.extend(clients.iter().map(Client::awaited));
        // It fails for a signal, or for want of memory, which is worth another look too.
        let _ = poll(&mut awaited, timeout(left.into_iter().chain(pause).min()));
        if awaited.first().and_then(PollFd::any) == Some(true) {
            return;
        }
        clients.retain_mut(|client| Instant::now() < client.deadline && client.goes_on(metrics));
        exhausted = match accept(listener, patience) {
            Ok(client) => {
                clients.extend(client);
                false
            }
            // Who takes the mail server's connections meets the same fault, and logs it.
            Err(_) => true,
        };
        if clients.len() > CLIENTS {
            clients.pop_front();
        }
    }
}

/// Rounded up, so that a deadline has passed when the wait is over.
fn timeout(wait: Option<Duration>) -> PollTimeout {
    let wait = wait.map(|wait| wait + Duration::from_millis(1));
    wait.map_or(PollTimeout::NONE, |wait| PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX))
}

/// The client that waits, if one does.
fn accept(listener: &Listener, patience: Duration) -> io::Result<Option<Client>> {
    let stream = match listener.accept() {
        Ok(stream) => stream,
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => {
                return Ok(None);
            }
            _ => return Err(error),
        },
    };
    stream.set_nonblocking()?;
    Ok(Some(Client {
        stream,
        deadline: Instant::now() + patience,
        received: Vec::new(),
        answer: None,
        written: 0,
    }))
}

/// One who asks.
#[derive(Debug)]
struct Client {
    stream: Stream,
    deadline: Instant,
    received: Vec<u8>,
    answer: Option<Vec<u8>>,
    /// How many octets of the answer.
    written: usize,
}

impl Client {
    fn awaited(&self) -> PollFd<'_> {
        let writes = self.answer.as_ref().is_some_and(|answer| self.written < answer.len());
        let flags = if writes { PollFlags::POLLOUT } else { PollFlags::POLLIN };
        PollFd::new(self.stream.as_fd(), flags)
    }

    fn goes_on(&mut self, metrics: &impl Fn() -> String) -> bool {
        match self.go_on(metrics) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
            goes_on => goes_on.unwrap_or(false),
        }
    }

    /// Reads and writes once each. Returns whether there is more to come.
    fn go_on(&mut self, metrics: &impl Fn() -> String) -> io::Result<bool> {
        let mut octets = [0; 1024];
        if self.answer.is_none() {
            let length = self.stream.read(&mut octets)?;
            if length == 0 {
                return Ok(false);
            }
            self.received.extend_from_slice(octets.get(..length).unwrap_or_default());
            self.answer = http::answer(&self.received, metrics);
        }
        let Some(answer) = &self.answer else { return Ok(true) };
        match answer.get(self.written..).filter(|rest| !rest.is_empty()) {
            Some(rest) => {
                self.written += self.stream.write(rest)?;
                if self.written == answer.len() {
                    self.stream.finish()?;
                }
                Ok(true)
            }
            // RFC 9112 §9.6: what the client still says is read, or its system might throw the answer away.
            None => Ok(self.stream.read(&mut octets)? > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};

    const REQUEST: &[u8] = b"GET /metrics HTTP/1.0\r\n\r\n";
    const LONG: Duration = Duration::from_secs(600);

    fn exporter(patience: Duration, length: usize) -> (Exporter, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let exporter = Exporter::start(Listener::Tcp(listener), patience, move || "x".repeat(length));
        (exporter.unwrap(), address)
    }

    fn connect(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    /// The length of the body that answers a request.
    fn body(mut stream: TcpStream) -> usize {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        body.len()
    }

    /// Whether the connection has ended, after a wait for what comes from it.
    fn has_ended(mut stream: &TcpStream) -> bool {
        match stream.read(&mut [0]) {
            Ok(length) => length == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    #[test]
    fn an_answer_comes_whole_in_whatever_pieces() {
        // More than a socket holds.
        let length = 20_000_000;
        let (_exporter, address) = exporter(LONG, length);
        let mut stream = connect(address);
        for octet in REQUEST {
            stream.write_all(&[*octet]).unwrap();
        }
        assert_eq!(body(stream), length);
    }

    #[test]
    fn an_answer_comes_whole_though_the_client_goes_on() {
        let (_exporter, address) = exporter(LONG, 10);
        let mut stream = connect(address);
        stream.write_all(&[REQUEST, &vec![b'x'; 1_000_000]].concat()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(body(stream), 10);
    }

    #[test]
    fn who_says_nothing_keeps_nobody_waiting() {
        let (_exporter, address) = exporter(LONG, 10);
        let idle: Vec<_> = (0..3 * CLIENTS).map(|_| connect(address)).collect();
        for _ in 0..3 {
            let mut stream = connect(address);
            stream.write_all(REQUEST).unwrap();
            assert_eq!(body(stream), 10);
        }
        // Each of the three may have pushed out one more.
        let (out, others) = idle.split_at(2 * CLIENTS);
        assert!(out.iter().all(has_ended));
        for mut stream in others.iter().skip(3) {
            stream.write_all(REQUEST).unwrap();
            assert_eq!(body(stream.try_clone().unwrap()), 10);
        }
    }

    #[test]
    fn who_takes_too_long_is_sent_away() {
        let (_exporter, address) = exporter(Duration::ZERO, 10);
        assert!(has_ended(&connect(address)));
        let (_exporter, address) = exporter(Duration::from_millis(1), 20_000_000);
        let mut stream = connect(address);
        let _ = stream.write_all(b"GET /");
        assert!(has_ended(&stream));
    }

    #[test]
    fn it_ends_with_its_clients() {
        let (exporter, address) = exporter(LONG, 10);
        let idle = connect(address);
        let mut busy = connect(address);
        busy.write_all(REQUEST).unwrap();
        assert_eq!(body(busy), 10);
        drop(exporter);
        assert!(has_ended(&idle));
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
