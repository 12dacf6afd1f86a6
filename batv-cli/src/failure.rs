//! Why the command ends early, and what it says on standard error.

use batv_config::ConfigError;
use batv_config::edit::EditError;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

/// Why the command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Standard input cannot be read.
    Input(io::Error),
    /// Standard output cannot be written.
    Output(io::Error),
    /// The configuration file cannot be used.
    Configuration(Arc<ConfigError>),
    /// Anything else, in words.
    Other(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Bad(error) => Self::Configuration(Arc::new(error)),
            error => Self::Other(error.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => write!(f, "standard input: {error}"),
            Self::Output(error) => write!(f, "standard output: {error}"),
            Self::Configuration(error) => error.fmt(f),
            Self::Other(message) => f.write_str(message),
        }
    }
}

/// Writes a message to standard error, in one piece; there is nobody to tell when that fails.
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    let _ = io::stderr().write_all(format!("batv: {message}\n").as_bytes());
}
