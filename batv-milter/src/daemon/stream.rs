//! A connection of the mail server, by either kind of socket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The longest wait for a command. Postfix's own limits are lower, so its end of a connection is
/// always the first to give up.
const READ_TIMEOUT: Duration = Duration::from_secs(7_210);
/// The longest wait until the mail server takes an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection of the mail server.
#[derive(Debug)]
pub enum Stream {
    /// By a Unix socket.
    Unix(UnixStream),
    /// By TCP.
    Tcp(TcpStream),
}

impl Stream {
    /// Reads and writes wait from now on, but not for ever.
    ///
    /// # Errors
    /// The system refuses.
    pub fn prepare(&self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => {
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(READ_TIMEOUT))?;
                stream.set_write_timeout(Some(WRITE_TIMEOUT))
            }
            Self::Tcp(stream) => {
                stream.set_nonblocking(false)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(READ_TIMEOUT))?;
                stream.set_write_timeout(Some(WRITE_TIMEOUT))
            }
        }
    }

    /// Reads and writes do not wait from now on.
    ///
    /// # Errors
    /// The system refuses.
    pub fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_nonblocking(true),
            Self::Tcp(stream) => stream.set_nonblocking(true),
        }
    }

    /// Takes what has come, or waits for it, but not for ever. No octets mean that the connection has ended.
    ///
    /// # Errors
    /// The connection is broken, or nothing came for a long time.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => too_late("said nothing"),
            _ => error,
        })
    }

    /// Takes what has come. No octets mean that the connection has ended.
    ///
    /// # Errors
    /// The connection is broken, or nothing has come.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match self {
                Self::Unix(stream) => (&mut &*stream).read(buffer),
                Self::Tcp(stream) => (&mut &*stream).read(buffer),
            };
            match read {
                // signal(7): with a timeout a signal interrupts a read in spite of SA_RESTART.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// Writes all the octets.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn write_all(&self, octets: &[u8]) -> io::Result<()> {
        let written = match self {
            Self::Unix(stream) => (&mut &*stream).write_all(octets),
            Self::Tcp(stream) => (&mut &*stream).write_all(octets),
        };
        written.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => too_late("read no answer"),
            _ => error,
        })
    }

    /// Writes some of the octets, and returns how many.
    ///
    /// # Errors
    /// The connection is broken, or takes none without a wait.
    pub fn write(&self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => (&mut &*stream).write(octets),
            Self::Tcp(stream) => (&mut &*stream).write(octets),
        }
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn finish(&self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    /// Ends the connection; a thread that reads from it reads its end.
    pub fn shut_down(&self) {
        // It may have ended already.
        let _ = match self {
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

/// What the system calls "temporarily unavailable".
fn too_late(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the mail server has {what} for too long"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pairs() -> [(Stream, Stream); 2] {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap().0;
        [(Stream::Unix(ours), Stream::Unix(theirs)), (Stream::Tcp(accepted), Stream::Tcp(server))]
    }

    #[test]
    fn no_pause_of_a_client_is_too_long() {
        // While a client pauses, the mail server has nothing to say: for up to 5 minutes in Postfix (smtpd_timeout),
        // an hour in Sendmail (Timeout.command). The system is asked what it has been told.
        for (stream, _server) in pairs() {
            stream.prepare().unwrap();
            let waits = match &stream {
                Stream::Unix(stream) => [stream.read_timeout(), stream.write_timeout()],
                Stream::Tcp(stream) => [stream.read_timeout(), stream.write_timeout()],
            };
            let waits = waits.map(|wait| wait.unwrap().map(|wait| wait.as_secs()));
            assert_eq!(waits, [Some(7_210), Some(60)]);
        }
    }

    #[test]
    fn whose_time_is_up_is_named() {
        let short = Some(Duration::from_millis(1));
        for (stream, _server) in pairs() {
            stream.prepare().unwrap();
            match &stream {
                Stream::Unix(stream) => {
                    stream.set_read_timeout(short).and(stream.set_write_timeout(short)).unwrap();
                }
                Stream::Tcp(stream) => {
                    stream.set_read_timeout(short).and(stream.set_write_timeout(short)).unwrap();
                }
            }
            let error = stream.receive(&mut [0]).unwrap_err();
            assert_eq!(error.to_string(), "the mail server has said nothing for too long");
            // More than the system keeps for one who does not read.
            let error = stream.write_all(&vec![0; 64 << 20]).unwrap_err();
            assert_eq!(error.to_string(), "the mail server has read no answer for too long");
        }
    }
}
