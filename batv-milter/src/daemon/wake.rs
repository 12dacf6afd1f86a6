//! What the daemon's main thread waits for: signals, connections, the end of a connection.

use super::socket::Listener;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The signals that the daemon acts on.
#[derive(Debug)]
pub struct Signals {
    /// Has an octet for each thing that has happened since the last look.
    happened: UnixStream,
    wake: UnixStream,
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
}

impl Signals {
    /// Catches SIGTERM and SIGINT, which stop the daemon, and SIGHUP, which makes it read its files
    /// again.
    ///
    /// # Errors
    /// The system refuses.
    pub fn catch() -> io::Result<Self> {
        let (happened, wake) = UnixStream::pair()?;
        happened.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        let signals = Self { happened, wake, stop: Arc::default(), reload: Arc::default() };
        for (signal, set) in [(SIGTERM, &signals.stop), (SIGINT, &signals.stop), (SIGHUP, &signals.reload)] {
            // In this order: whoever wakes up must see why.
            flag::register(signal, Arc::clone(set))?;
            pipe::register(signal, signals.waker()?)?;
        }
        Ok(signals)
    }

    /// An end of a pipe: what is written to it ends a wait.
    pub(super) fn waker(&self) -> io::Result<UnixStream> {
        self.wake.try_clone()
    }

    /// Waits for a signal, for the waker, for a connection if there is a listener, and no longer than
    /// a pause if there is one.
    pub(super) fn wait(&mut self, listener: Option<&Listener>, pause: Option<Duration>) -> io::Result<()> {
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut awaited = vec![readable(self.happened.as_fd())];
        awaited.extend(listener.map(|listener| readable(listener.as_fd())));
        let timeout =
            pause.map_or(PollTimeout::NONE, |pause| PollTimeout::try_from(pause).unwrap_or(PollTimeout::MAX));
        match poll(&mut awaited, timeout) {
            Ok(_) | Err(Errno::EINTR | Errno::EAGAIN | Errno::ENOMEM) => {}
            Err(error) => return Err(error.into()),
        }
        // Whatever is in the pipe, one look serves it all.
        let _ = self.happened.read(&mut [0; 256]);
        Ok(())
    }

    /// Whether the daemon is to stop.
    pub(super) fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether it is to read its files again, since the last question.
    pub(super) fn reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }
}
