//! The daemon: a socket, a thread for each connection of the mail server, signals.

mod connections;
mod exporter;
pub mod filter;
mod http;
mod site;
pub mod socket;
mod stream;
mod wake;

use crate::log::Level;
use crate::metrics::Fault;
use crate::protocol::Events;
use crate::session::{Flow, Session};
use batv_config::Milter;
use connections::{Connection, Connections};
use exporter::Exporter;
use sd_notify::NotifyState;
use site::Clocked;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub use site::Files;
pub use wake::Signals;

/// A session needs little: what it reads and writes is on the heap. Most use two pages.
const STACK: usize = 64 * 1024;
/// How much to read at once: more than Postfix says of a message up to its first recipient, and little
/// memory for each session that waits.
const READ: usize = 512;
/// How long messages in progress may take when the daemon stops.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a scrape may take, from its connection to the end of the answer.
const SCRAPE: Duration = Duration::from_secs(5);
/// How long to wait until the system has descriptors or memory again, if no connection ends before.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves the mail server until the daemon is told to stop, and Prometheus where there is a listener for it.
///
/// # Errors
/// The socket fails.
pub fn run(
    files: &Arc<Files>,
    milter: &Milter,
    listener: socket::Listener,
    metrics: Option<socket::Listener>,
    mut signals: Signals,
) -> io::Result<()> {
    let connections = Connections::new(signals.waker()?);
    let export = |listener| {
        let (files, connections) = (Arc::clone(files), Arc::clone(&connections));
        Exporter::start(listener, SCRAPE, move || files.metrics(&connections))
    };
    let _exporter = metrics.map(export).transpose()?;
    let mut exhausted = false;
    let limit = usize::try_from(milter.connections).unwrap_or(usize::MAX);
    loop {
        let full = connections.count() >= limit;
        let pause = exhausted.then_some(PAUSE);
        signals.wait((!full && !exhausted).then_some(&listener), pause)?;
        if signals.stop() {
            break;
        }
        if signals.reload() {
            reload(files);
        }
        match accept(&listener, &connections, files, limit) {
            Ok(()) => exhausted = false,
            Err(error) => {
                if !exhausted {
                    files.log.write(
                        Level::Error,
                        format_args!("cannot accept connections: {error}; will keep trying"),
                    );
                    files.counters.failed(Fault::Resources);
                }
                exhausted = true;
            }
        }
    }
    notify(&[NotifyState::Stopping]);
    drop(listener);
    connections.stop(PATIENCE);
    Ok(())
}

/// Serves every connection that waits, up to the limit.
fn accept(
    listener: &socket::Listener,
    connections: &Arc<Connections>,
    files: &Arc<Files>,
    limit: usize,
) -> io::Result<()> {
    while connections.count() < limit {
        let stream = match listener.accept() {
            Ok(stream) => stream,
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => return Ok(()),
                // The mail server has given up waiting.
                io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => continue,
                _ => return Err(error),
            },
        };
        stream.prepare()?;
        let (connection, files) = (connections.add(stream), Arc::clone(files));
        thread::Builder::new().stack_size(STACK).spawn(move || {
            if let Err(error) = serve(&connection, &files) {
                files
                    .log
                    .write(Level::Warning, format_args!("closed a connection from the mail server: {error}"));
                files.counters.failed(Fault::Session);
            }
        })?;
    }
    Ok(())
}

/// Serves one connection.
fn serve(connection: &Connection, files: &Files) -> io::Result<()> {
    let (mut events, mut session) = (Events::default(), Session::default());
    let (mut octets, mut out) = (vec![0; READ], Vec::new());
    loop {
        let length = connection.stream.receive(&mut octets)?;
        if length == 0 {
            return Ok(());
        }
        events.receive(octets.get(..length).unwrap_or_default());
        let site = Clocked::now(files);
        let mut flow = Flow::Continue;
        while let Some(event) = events.next().map_err(io::Error::other)? {
            flow = session.handle(event, site.time, &site, &mut out).map_err(io::Error::other)?;
        }
        if !out.is_empty() {
            connection.stream.write_all(&out)?;
            out.clear();
        }
        if flow == Flow::End || !connection.goes_on(session.in_message()) {
            return Ok(());
        }
    }
}

/// Reads the files again, and says so.
fn reload(files: &Files) {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        notify(&[NotifyState::Reloading, now]);
    }
    files.reload();
    notify(&[NotifyState::Ready]);
}

/// Says something to systemd, where it listens.
pub fn notify(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}
