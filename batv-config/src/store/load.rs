//! Reading the configuration file and the secret files beside it.

use crate::config::{Config, SecretText};
use crate::fault::ConfigError;
use crate::file::{
    CONFIG_FILE_LIMIT, FileRead, ReadError, SECRET_FILE_LIMIT, Stamps, beside, open_to_others, read,
};
use std::path::Path;
use zeroize::Zeroizing;

/// What became of reading the files.
pub(crate) struct Loaded {
    pub(crate) config: Result<Config, ConfigError>,
    /// Every file that was tried.
    pub(crate) stamps: Stamps,
    /// Whether the fault may go without a change of the files.
    pub(crate) is_passing: bool,
}

/// Loads a configuration.
pub(crate) fn load(path: &Path) -> Loaded {
    // A file that is replaced while it is read is read again, a few times.
    for _ in 0..3 {
        let loaded = load_once(path);
        if !loaded.stamps.changed() {
            return loaded;
        }
    }
    let error = ConfigError::of_file(path, "changes while it is read");
    Loaded { config: Err(error), stamps: Stamps::default(), is_passing: true }
}

fn load_once(path: &Path) -> Loaded {
    let mut files = Files::default();
    let config = match files.read(path, CONFIG_FILE_LIMIT) {
        Ok(file) => interpret(path, &file, |name| files.read_secret(&beside(path, name))),
        Err(error) => Err(unreadable(path, error)),
    };
    Loaded { config, stamps: files.stamps, is_passing: files.is_passing }
}

/// The files of one attempt to load.
#[derive(Default)]
struct Files {
    stamps: Stamps,
    is_passing: bool,
}

impl Files {
    fn read(&mut self, path: &Path, limit: usize) -> Result<FileRead, ReadError> {
        let file = read(path, limit, |stamp| self.stamps.add(path, stamp));
        self.is_passing |= file.as_ref().is_err_and(ReadError::is_passing);
        file
    }

    fn read_secret(&mut self, path: &Path) -> SecretText {
        let file = self.read(path, SECRET_FILE_LIMIT);
        guard(path, file)
    }
}

/// Reads a secret file that a configuration names.
#[cfg(feature = "edit")]
pub(crate) fn read_secret(path: &Path) -> SecretText {
    guard(path, read(path, SECRET_FILE_LIMIT, |_| ()))
}

/// The octets of a secret file, unless others may read them.
fn guard(path: &Path, file: Result<FileRead, ReadError>) -> SecretText {
    let fault = match file {
        Ok(file) => match open_to_others(path, file.mode) {
            None => return Ok(file.octets),
            Some(fault) => fault,
        },
        Err(error) => error.to_string(),
    };
    Err(format!("{}: {fault}", path.display()))
}

/// What a file says, if it may say it.
pub(crate) fn interpret(
    path: &Path,
    file: &FileRead,
    read_secret: impl FnMut(&str) -> SecretText,
) -> Result<Config, ConfigError> {
    let text = text_of(path, &file.octets)?;
    let config = Config::read(text, read_secret).map_err(|error| error.with_path(path))?;
    match open_to_others(path, file.mode) {
        Some(fault) if config.has_inline_secret => Err(ConfigError::of_file(path, fault)),
        _ => Ok(config),
    }
}

/// The text of a file.
pub(crate) fn text_of<'t>(path: &Path, octets: &'t Zeroizing<Vec<u8>>) -> Result<&'t str, ConfigError> {
    std::str::from_utf8(octets).map_err(|error| {
        let (before, _) = octets.split_at(error.valid_up_to());
        ConfigError::of_line(path, before.split(|octet| *octet == b'\n').count(), "not UTF-8")
    })
}

/// The error of a configuration file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: ReadError) -> ConfigError {
    let fault = ConfigError::of_file(path, error.to_string());
    if let ReadError::Io(error) = error { fault.with_io_error(error) } else { fault }
}
