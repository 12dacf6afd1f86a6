//! Lines on standard error.

use std::fmt;
use std::io::{self, Write};

/// How much a line matters, by the numbers of syslog(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something does not work.
    Error = 3,
    /// Something works, but not as it should.
    Warning = 4,
    /// A refusal, or what the daemon does.
    Notice = 5,
    /// A decision on mail of ours.
    Info = 6,
    /// A decision on mail that is nothing to BATV.
    Debug = 7,
}

/// Where the lines go. By default nobody looks for levels in them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log {
    /// Whether systemd's journal reads them: it takes the level from a prefix, `<5>` (sd-daemon(3)).
    journal: bool,
}

impl Log {
    /// The log of this process. systemd says by `JOURNAL_STREAM` that its journal reads it.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { journal: std::env::var_os("JOURNAL_STREAM").is_some() }
    }

    /// Writes one line, or each line of a text. There is nobody to tell when that fails.
    pub fn write(self, level: Level, text: impl fmt::Display) {
        let prefix = if self.journal { format!("<{}>", level as u8) } else { String::new() };
        let mut lines = String::new();
        for line in text.to_string().lines() {
            lines.extend([&prefix, line, "\n"]);
        }
        // In one piece, so that lines of several threads stay apart.
        let _ = io::stderr().write_all(lines.as_bytes());
    }
}
