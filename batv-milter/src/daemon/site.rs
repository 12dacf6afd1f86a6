//! What a session takes from the daemon: the configuration, the log and the counters.

use super::connections::Connections;
use crate::log::{Level, Log};
use crate::metrics::{Counters, Decided, Moment};
use crate::session::Site;
use batv_config::{Config, Milter, Socket, Store};
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// The configuration, the log and the counters.
#[derive(Debug)]
pub struct Files {
    store: Store,
    /// Where the lines go.
    pub log: Log,
    /// What happens is counted there.
    pub(super) counters: Counters,
}

/// The stack for reading a configuration: a session's is too small for what a file may hold.
const STACK: usize = 2 * 1024 * 1024;

impl Files {
    /// Writes the warnings of the configuration to the log, too.
    #[must_use]
    pub fn new(store: Store, log: Log) -> Self {
        let files = Self { store, log, counters: Counters::default() };
        files.warn();
        files
    }

    /// The configuration as it is now.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.store.snapshot()
    }

    /// The metrics as they are now.
    pub(super) fn metrics(&self, connections: &Connections) -> String {
        self.counters.text(Moment {
            time: now(),
            config: &self.config(),
            sessions_open: connections.count(),
            sessions: connections.total(),
        })
    }

    /// Reads the files again.
    pub(super) fn reload(&self) {
        let before = self.config();
        self.tell(self.store.reload().map(|()| true), &before);
    }

    /// Reads the files again if they have changed.
    fn refresh(&self) {
        if !self.store.is_stale() {
            return;
        }
        let before = self.config();
        thread::scope(|scope| {
            let refresh = || self.tell(self.store.refresh(), &before);
            // Where there is no thread to be had, the next message finds the files as they are now.
            let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, refresh);
        });
    }

    fn tell(&self, result: Result<bool, impl fmt::Display>, before: &Config) {
        let path = self.store.path().display();
        match result {
            Ok(false) => {}
            Ok(true) => {
                self.counters.reloaded(true);
                self.log.write(Level::Notice, format_args!("{path}: reloaded"));
                self.warn();
                let now = self.config();
                if now.milter.is_none() {
                    self.log.write(
                        Level::Error,
                        format_args!("{path}: has no section [milter]; the daemon will not start without it"),
                    );
                } else if fixed(before.milter.as_ref()) != fixed(now.milter.as_ref()) {
                    let names = "milter.socket, milter.group, milter.metrics and milter.connections";
                    self.log.write(
                        Level::Warning,
                        format_args!("{names} take effect when the daemon is restarted"),
                    );
                }
            }
            Err(error) => {
                self.counters.reloaded(false);
                self.log.write(Level::Error, format_args!("{error}"));
                self.log.write(Level::Error, "the old configuration stays in force");
            }
        }
    }

    fn warn(&self) {
        for warning in self.config().warnings(now()) {
            self.log.write(Level::Warning, format_args!("{}: {warning}", self.store.path().display()));
        }
    }
}

/// The settings that a running daemon does not change.
fn fixed(milter: Option<&Milter>) -> Option<(&Socket, Option<&str>, Option<&Socket>, u32)> {
    milter
        .map(|milter| (&milter.socket, milter.group.as_deref(), milter.metrics.as_ref(), milter.connections))
}

/// The daemon at a moment.
pub(super) struct Clocked<'a> {
    files: &'a Files,
    /// The time in UNIX seconds.
    pub(super) time: u64,
}

impl<'a> Clocked<'a> {
    pub(super) fn now(files: &'a Files) -> Self {
        Self { files, time: now() }
    }
}

impl Site for Clocked<'_> {
    fn config(&self) -> Arc<Config> {
        self.files.refresh();
        self.files.config()
    }

    fn log(&self, level: Level, line: &str) {
        self.files.log.write(level, line);
    }

    fn count(&self, decision: Decided) {
        self.files.counters.decided(decision);
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
