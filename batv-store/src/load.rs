//! Reading the configuration file and the secret files beside it.

use crate::error::{Fault, StoreError};
use batv_core::Config;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What tells one state of a file from another; None when it cannot be looked at.
pub(crate) type Stamp = Option<[i128; 6]>;

/// The files that were read, as they were then.
#[derive(Debug, Default)]
pub(crate) struct Stamps(Vec<(PathBuf, Stamp)>);

impl Stamps {
    /// Whether a file is another one now.
    pub(crate) fn changed(&self) -> bool {
        self.0.iter().any(|(path, stamp)| path.metadata().ok().map(|metadata| stamp_of(&metadata)) != *stamp)
    }
}

fn stamp_of(metadata: &Metadata) -> [i128; 6] {
    let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    [
        metadata.dev().into(),
        metadata.ino().into(),
        metadata.size().into(),
        // The clock of ctime may stand still between two changes.
        metadata.mode().into(),
        nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
    ]
}

/// Loads a configuration, with the stamps of every file that was tried.
pub(crate) fn load(path: &Path) -> (Result<Config, StoreError>, Stamps) {
    // A file that is replaced while it is read is read again, a few times.
    for _ in 0..3 {
        let mut stamps = Stamps::default();
        let loaded = load_once(path, &mut stamps);
        if !stamps.changed() {
            return (loaded, stamps);
        }
    }
    (Err(StoreError { path: path.to_owned(), fault: Fault::Changing }), Stamps(vec![(path.to_owned(), None)]))
}

fn load_once(path: &Path, stamps: &mut Stamps) -> Result<Config, StoreError> {
    let error = |fault| StoreError { path: path.to_owned(), fault };
    let (octets, mode) = read(path, stamps).map_err(error)?;
    let text = std::str::from_utf8(&octets).map_err(|utf8| {
        let (before, _) = octets.split_at(utf8.valid_up_to());
        error(Fault::NotUtf8(before.split(|octet| *octet == b'\n').count()))
    })?;
    let read_secret_file = |name: &str| {
        let path = path.parent().unwrap_or(Path::new("")).join(name);
        let octets = match read(&path, stamps) {
            Ok((_, mode)) if is_open_to_others(mode) => Err(Fault::Permissions),
            Ok((mut octets, _)) => Ok(std::mem::take(&mut *octets)),
            Err(fault) => Err(fault),
        };
        octets.map_err(|fault| StoreError { path, fault }.to_string())
    };
    let config = Config::parse(text, read_secret_file).map_err(|errors| error(Fault::Invalid(errors)))?;
    if config.has_inline_secret && is_open_to_others(mode) {
        return Err(error(Fault::Permissions));
    }
    Ok(config)
}

fn is_open_to_others(mode: u32) -> bool {
    mode & 0o007 != 0
}

/// The octets of a file, and its mode.
fn read(path: &Path, stamps: &mut Stamps) -> Result<(Zeroizing<Vec<u8>>, u32), Fault> {
    let open = || -> io::Result<_> {
        // A pipe would keep the open waiting for its writer.
        let metadata = path.metadata()?;
        if !metadata.is_file() {
            return Ok((None, metadata));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok((Some(file), metadata))
    };
    let opened = open();
    let metadata = opened.as_ref().ok().map(|(_, metadata)| metadata);
    stamps.0.push((path.to_owned(), metadata.map(stamp_of)));
    let (file, metadata) = opened.map_err(Fault::Io)?;
    let mut file = file.ok_or(Fault::NotAFile)?;
    // Room for all of it, so that no copy is left behind when the buffer grows.
    let size = usize::try_from(metadata.size()).unwrap_or(0);
    let mut octets = Zeroizing::new(Vec::with_capacity(size + 1));
    file.read_to_end(&mut octets).map_err(Fault::Io)?;
    Ok((octets, metadata.mode()))
}
