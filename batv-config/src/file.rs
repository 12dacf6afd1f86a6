//! Files: read up to a limit, guarded, and looked at again.

use rustix::io::Errno;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The most octets of a secret file.
pub(crate) const SECRET_FILE_LIMIT: usize = 64 << 10;
/// The most octets of a configuration file: a million domains with one key, or 150,000 with keys of their own.
pub(crate) const CONFIG_FILE_LIMIT: usize = 32 << 20;

/// Why a file cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The system cannot read it.
    Io(io::Error),
    /// It is a directory, a device or another thing that is not a file.
    NotAFile,
    /// It has more octets than this limit.
    TooLong(usize),
}

impl ReadError {
    /// Whether the system may be able to read the file a moment later, though nobody changes it.
    pub(crate) fn is_passing(&self) -> bool {
        let errno = if let Self::Io(error) = self { Errno::from_io_error(error) } else { None };
        matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM))
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotAFile => f.write_str("not a file"),
            Self::TooLong(limit) => write!(f, "more than {limit} octets"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The octets of a file, and its mode.
pub(crate) struct FileRead {
    pub(crate) octets: Zeroizing<Vec<u8>>,
    pub(crate) mode: u32,
}

/// Reads a file. `found` gets its stamp, also when it cannot be opened.
pub(crate) fn read(
    path: &Path,
    limit: usize,
    found: impl FnOnce(Option<Stamp>),
) -> Result<FileRead, ReadError> {
    let metadata = path.metadata();
    // A pipe would keep the open waiting for its writer.
    let opened = match &metadata {
        Ok(metadata) if metadata.is_file() => File::open(path).map(Some),
        _ => Ok(None),
    };
    // What was opened may be newer than what was looked at.
    let metadata = match &opened {
        Ok(Some(file)) => file.metadata(),
        _ => metadata,
    };
    found(metadata.as_ref().ok().map(Stamp::new));
    let (metadata, file) = (metadata?, opened?.ok_or(ReadError::NotAFile)?);
    let size = usize::try_from(metadata.size()).unwrap_or(usize::MAX);
    if size > limit {
        return Err(ReadError::TooLong(limit));
    }
    Ok(FileRead { octets: read_bounded(&file, size, limit)?, mode: metadata.mode() })
}

/// Reads octets, of which about `expected` will come, and at most `limit`.
pub(crate) fn read_bounded(
    source: impl Read,
    expected: usize,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    // Room for all of it, so that no copy is left behind when the buffer grows.
    let mut octets = Zeroizing::new(Vec::with_capacity(expected + 1));
    source.take(limit as u64 + 1).read_to_end(&mut octets)?;
    if octets.len() > limit { Err(ReadError::TooLong(limit)) } else { Ok(octets) }
}

/// The fault of a file with secrets that every user of the system may read or write.
pub(crate) fn open_to_others(path: &Path, mode: u32) -> Option<String> {
    let mend = chmod(path);
    (mode & 0o007 != 0).then(|| format!("holds secrets and is open to every user; fix it with: {mend}"))
}

/// The command that takes the rights of others away, quoted for the shell.
pub(crate) fn chmod(path: &Path) -> String {
    format!("chmod o= -- '{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// A file that a configuration names, from the folder of the configuration.
pub(crate) fn beside(config: &Path, name: &str) -> PathBuf {
    config.parent().unwrap_or(Path::new("")).join(name)
}

/// What tells one state of a file from another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp([i128; 6]);

impl Stamp {
    fn new(metadata: &Metadata) -> Self {
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self([
            metadata.dev().into(),
            metadata.ino().into(),
            metadata.size().into(),
            // The clock of ctime may stand still between two changes.
            metadata.mode().into(),
            nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        ])
    }
}

/// The files that were read, each with its stamp then; None for one that could not be looked at.
#[derive(Debug, Default)]
pub(crate) struct Stamps(Vec<(PathBuf, Option<Stamp>)>);

impl Stamps {
    pub(crate) fn add(&mut self, path: &Path, stamp: Option<Stamp>) {
        self.0.push((path.to_owned(), stamp));
    }

    /// Whether a file is another one now.
    pub(crate) fn changed(&self) -> bool {
        self.0.iter().any(|(path, stamp)| path.metadata().ok().as_ref().map(Stamp::new) != *stamp)
    }
}
