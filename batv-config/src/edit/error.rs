//! Why a file is not changed.

use crate::fault::ConfigError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a configuration file is not changed: it stays as it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum EditError {
    /// It is bad.
    Bad(ConfigError),
    /// It would become bad.
    BecomesBad(ConfigError),
    /// Another editor has held it for too long.
    Locked(PathBuf),
    /// A file cannot be read or written.
    Io(PathBuf, io::Error),
    /// What is asked for would lose bounces, or cannot be done.
    Refused(String),
}

impl EditError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io(path.to_owned(), error)
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(error) => error.fmt(f),
            Self::BecomesBad(error) => {
                write!(f, "the file was not changed, because the change would break it\n{error}")
            }
            Self::Locked(path) => {
                write!(f, "{}: another program is changing it; try again later", path.display())
            }
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Refused(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for EditError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bad(error) | Self::BecomesBad(error) => Some(error),
            Self::Io(_, error) => Some(error),
            Self::Locked(_) | Self::Refused(_) => None,
        }
    }
}
