//! The connections of the mail server that there are, and how they come to an end.

use super::stream::Stream;
use std::collections::HashMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// All the connections.
#[derive(Debug)]
pub struct Connections {
    state: Mutex<State>,
    ended: Condvar,
    /// One octet is written to it when a connection ends.
    wake: UnixStream,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    open: HashMap<u64, Open>,
    stopping: bool,
}

#[derive(Debug)]
struct Open {
    stream: Arc<Stream>,
    in_message: bool,
}

/// One connection, until it is dropped.
#[derive(Debug)]
pub struct Connection {
    connections: Arc<Connections>,
    number: u64,
    /// What the mail server says and hears.
    pub stream: Arc<Stream>,
}

impl Connections {
    /// None yet. Whoever reads the other end of `wake` hears when one has ended; it must not block.
    #[must_use]
    pub fn new(wake: UnixStream) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), ended: Condvar::new(), wake })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state().open.len()
    }

    /// How many there were, those that are open included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.state().next
    }

    /// One more.
    #[must_use]
    pub fn add(self: &Arc<Self>, stream: Stream) -> Connection {
        let stream = Arc::new(stream);
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.open.insert(number, Open { stream: Arc::clone(&stream), in_message: false });
        Connection { connections: Arc::clone(self), number, stream }
    }

    /// Ends those that are not in a message, waits for the others, and ends them too when
    /// `patience` is over.
    pub fn stop(&self, patience: Duration) {
        let mut state = self.state();
        state.stopping = true;
        for open in state.open.values().filter(|open| !open.in_message) {
            open.stream.shut_down();
        }
        let waited = self.ended.wait_timeout_while(state, patience, |state| !state.open.is_empty());
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        for open in state.open.values() {
            open.stream.shut_down();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Notes whether a message is in progress. Returns whether the connection may go on: when the
    /// daemon stops a message may end, but none begin.
    #[must_use]
    pub fn goes_on(&self, in_message: bool) -> bool {
        let mut state = self.connections.state();
        let stopping = state.stopping;
        let Some(open) = state.open.get_mut(&self.number) else { return false };
        let was_in_message = std::mem::replace(&mut open.in_message, in_message);
        !stopping || (was_in_message && in_message)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.state().open.remove(&self.number);
        self.connections.ended.notify_all();
        // Where the pipe is full, the reader will wake up anyway.
        let _ = (&mut &self.connections.wake).write(b"\0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections() -> (Arc<Connections>, UnixStream) {
        let (ours, wake) = UnixStream::pair().unwrap();
        (Connections::new(wake), ours)
    }

    fn connect(connections: &Arc<Connections>) -> (Connection, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (connections.add(Stream::Unix(ours)), theirs)
    }

    #[test]
    fn messages_may_end_and_none_begin() {
        let (connections, _wake) = connections();
        let (idle, _server) = connect(&connections);
        let (busy, _server) = connect(&connections);
        assert!(idle.goes_on(false) && busy.goes_on(true));
        connections.state().stopping = true;
        assert!(!idle.goes_on(true));
        assert!(busy.goes_on(true), "the message goes on");
        assert!(!busy.goes_on(false), "it has ended");
    }

    #[test]
    fn who_waits_is_ended_and_who_works_is_waited_for() {
        let (connections, _wake) = connections();
        let (idle, _server) = connect(&connections);
        let (busy, _server2) = connect(&connections);
        assert!(busy.goes_on(true));
        std::thread::scope(|scope| {
            scope.spawn(move || {
                assert_eq!(idle.stream.receive(&mut [0]).unwrap(), 0);
                drop(idle);
                assert!(busy.goes_on(true));
                drop(busy);
            });
            connections.stop(Duration::from_secs(30));
        });
        assert_eq!(connections.count(), 0);
    }

    #[test]
    fn who_works_too_long_is_ended() {
        let (connections, _wake) = connections();
        let (busy, _server) = connect(&connections);
        assert!(busy.goes_on(true));
        connections.stop(Duration::ZERO);
        assert_eq!(busy.stream.receive(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn an_end_wakes_the_daemon() {
        use std::io::Read;
        let (connections, mut wake) = connections();
        let (connection, _server) = connect(&connections);
        assert_eq!(connections.count(), 1);
        drop(connection);
        assert_eq!(wake.read(&mut [1]).unwrap(), 1);
        assert_eq!((connections.count(), connections.total()), (0, 1));
    }
}
