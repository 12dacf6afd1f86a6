//! Why a configuration file cannot be used.

use batv_core::ConfigErrors;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a configuration file cannot be used. It names the file, and never a secret.
#[derive(Debug)]
pub struct StoreError {
    pub(crate) path: PathBuf,
    pub(crate) fault: Fault,
}

/// What is wrong with a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// It cannot be read.
    Io(io::Error),
    /// It is a directory, a device or another thing that is no file.
    NotAFile,
    /// It holds secrets, and every user of the system may read or write it.
    Permissions,
    /// It is not UTF-8, on this line.
    NotUtf8(usize),
    /// It changes while it is read.
    Changing,
    /// It says what it may not.
    Invalid(ConfigErrors),
}

impl StoreError {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }
}

impl fmt::Display for StoreError {
    /// A line for each fault, `FILE:LINE: KEY: MESSAGE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.fault {
            Fault::Io(error) => write!(f, "{path}: {error}"),
            Fault::NotAFile => write!(f, "{path}: not a file"),
            Fault::Permissions => {
                write!(
                    f,
                    "{path}: holds secrets and is open to every user; mend it with: {}",
                    mend(&self.path)
                )
            }
            Fault::NotUtf8(line) => write!(f, "{path}:{line}: not UTF-8"),
            Fault::Changing => write!(f, "{path}: changes while it is read"),
            Fault::Invalid(errors) => {
                for (index, error) in errors.as_slice().iter().enumerate() {
                    let newline = if index == 0 { "" } else { "\n" };
                    let colon = if error.key.is_empty() { "" } else { ": " };
                    write!(f, "{newline}{path}:{}: {}{colon}{}", error.line, error.key, error.message)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for StoreError {}

/// The command that takes the rights of others away, quoted for the shell.
fn mend(path: &Path) -> String {
    format!("chmod o= -- '{}'", path.display().to_string().replace('\'', r"'\''"))
}
