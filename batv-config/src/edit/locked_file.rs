//! Files that are changed whole or not at all, by one editor at a time.

use super::access::Access;
use super::error::EditError;
use crate::file::{CONFIG_FILE_LIMIT, FileRead, read};
use crate::store::load::unreadable;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often to look whether a lock is free.
const PAUSE: Duration = Duration::from_millis(20);

/// A configuration file that no other editor changes.
pub(super) struct LockedFile {
    /// Where the file itself is, if its name is a symbolic link.
    target: PathBuf,
    access: Access,
    pub(super) file: FileRead,
    /// The file is replaced, so the lock lies on its folder. It goes when this is dropped.
    _lock: File,
}

impl LockedFile {
    /// Waits until no other editor changes the file, at most for that time, and reads it.
    /// `waiting` is called when there is something to wait for.
    pub(super) fn open(path: &Path, patience: Duration, waiting: impl FnOnce()) -> Result<Self, EditError> {
        let io_error = |error| EditError::io(path, error);
        let target = path.canonicalize().map_err(io_error)?;
        let folder = folder(&target);
        let folder = File::open(folder).map_err(|error| EditError::io(folder, error))?;
        if !lock(&folder, patience, waiting).map_err(io_error)? {
            return Err(EditError::Locked(path.to_owned()));
        }
        let access = Access::of(&target).map_err(io_error)?;
        let file = read(&target, CONFIG_FILE_LIMIT, |_| ());
        let file = file.map_err(|error| EditError::Bad(unreadable(path, error)))?;
        Ok(Self { target, access, file, _lock: folder })
    }

    /// Replaces the text.
    pub(super) fn replace(self, text: &str) -> Result<(), EditError> {
        let now = read(&self.target, CONFIG_FILE_LIMIT, |_| ());
        if !now.is_ok_and(|now| *now.octets == *self.file.octets) {
            let message = "another program has changed it in the meantime; nothing was written";
            return Err(EditError::io(&self.target, io::Error::other(message)));
        }
        let temporary = temporary_config(&self.target);
        write(&self.target, &temporary, text.as_bytes(), &self.access, true)
    }

    /// Removes what killed editors have left in these folders.
    pub(super) fn tidy<'f>(&self, folders: impl IntoIterator<Item = &'f Path>) {
        for left in [temporary_config(&self.target), self.temporary_secret()] {
            // What cannot be removed is in nobody's way but the next one's who needs the name, and is told.
            let _ = std::fs::remove_file(folder(&self.target).join(left));
        }
        for folder in folders {
            let _ = std::fs::remove_file(folder.join(self.temporary_secret()));
        }
    }

    /// Writes a new secret file, for those who may read another.
    pub(super) fn write_secret(&self, path: &Path, secret: &str, like: &Access) -> Result<(), EditError> {
        write(path, &self.temporary_secret(), secret.as_bytes(), like, false)
    }

    fn temporary_secret(&self) -> String {
        format!(".{}.key.new", file_name(&self.target))
    }
}

/// Names that are always the same, so that the next editor removes what a killed one has left.
fn temporary_config(target: &Path) -> String {
    format!(".{}.new", file_name(target))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Locks a file, unless another holds it for longer.
fn lock(file: &File, patience: Duration, waiting: impl FnOnce()) -> io::Result<bool> {
    let is_locked = || match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        Err(error) => Err(io::Error::from(error)),
    };
    if is_locked()? {
        return Ok(true);
    }
    waiting();
    let start = Instant::now();
    while start.elapsed() < patience {
        sleep(PAUSE);
        if is_locked()? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a file for those who may read another: it is there whole or not at all, after a crash too.
/// Without `replace` it must not be there yet.
fn write(path: &Path, temporary: &str, octets: &[u8], like: &Access, replace: bool) -> Result<(), EditError> {
    let write = || {
        let folder = folder(path);
        match std::fs::remove_file(folder.join(temporary)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = tempfile::Builder::new().prefix(temporary).rand_bytes(0).tempfile_in(folder)?;
        file.write_all(octets)?;
        like.give(file.as_file())?;
        file.as_file().sync_all()?;
        if replace {
            file.persist(path)?
        } else {
            file.persist_noclobber(path)?
        };
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| EditError::io(path, error))
}

pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
