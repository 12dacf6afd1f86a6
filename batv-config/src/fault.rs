//! What is wrong with a configuration file.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// One fault of a configuration file. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The line, counted from 1; None for a fault of the file as a whole.
    pub line: Option<usize>,
    /// The setting, such as `policy.exempt` or `key[2].number`; empty for a fault of the syntax or
    /// of the file as a whole.
    pub setting: String,
    /// What is wrong.
    pub message: String,
}

impl Fault {
    pub(crate) fn of_file(message: impl Into<String>) -> Self {
        Self { line: None, setting: String::new(), message: message.into() }
    }

    fn write(&self, before_line: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "{before_line}{line}: ")?;
        }
        if !self.setting.is_empty() {
            write!(f, "{}: ", self.setting)?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write("line ", f)
    }
}

/// Why a configuration cannot be used: every fault of the file, in the order of its lines.
#[derive(Debug)]
pub struct ConfigError {
    path: Option<PathBuf>,
    faults: Vec<Fault>,
    io_error: Option<io::Error>,
}

impl ConfigError {
    pub(crate) fn of_text(faults: Vec<Fault>) -> Self {
        Self { path: None, faults, io_error: None }
    }

    pub(crate) fn of_file(path: &Path, message: impl Into<String>) -> Self {
        Self { path: Some(path.to_owned()), faults: vec![Fault::of_file(message)], io_error: None }
    }

    pub(crate) fn of_line(path: &Path, line: usize, message: impl Into<String>) -> Self {
        let fault = Fault { line: Some(line), ..Fault::of_file(message) };
        Self { path: Some(path.to_owned()), faults: vec![fault], io_error: None }
    }

    pub(crate) fn with_path(self, path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    pub(crate) fn with_io_error(self, error: io::Error) -> Self {
        Self { io_error: Some(error), ..self }
    }

    /// The file; None where only a text was read.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The faults; there is at least one.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether the fault is one of the file as a whole: it cannot be read, or others may read the
    /// secrets in it. Otherwise the faults are those of its text.
    #[must_use]
    pub fn is_of_file(&self) -> bool {
        self.faults.iter().all(|fault| fault.line.is_none())
    }

    /// The error of the system, where the file cannot be read for one.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        self.io_error.as_ref()
    }
}

impl fmt::Display for ConfigError {
    /// A line for each fault, `FILE:LINE: SETTING: MESSAGE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            let Some(path) = &self.path else {
                write!(f, "{fault}")?;
                continue;
            };
            let path = path.display();
            match fault.line {
                Some(_) => {
                    write!(f, "{path}")?;
                    fault.write(":", f)?;
                }
                None => write!(f, "{path}: {fault}")?,
            }
        }
        Ok(())
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.io_error.as_ref().map(|error| error as &(dyn Error + 'static))
    }
}
