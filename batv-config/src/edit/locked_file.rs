//! Files that are changed whole or not at all, by one editor at a time.

use crate::answer::Failure;
use std::fs::{File, Metadata, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A configuration file that no other editor changes.
pub(crate) struct LockedFile {
    /// Where the file itself is, if its name is a symbolic link.
    target: PathBuf,
    metadata: Metadata,
    text: Zeroizing<String>,
    /// The file is replaced, so the lock lies on its folder. It goes when this is dropped.
    _lock: File,
}

impl LockedFile {
    /// Waits until no other editor changes the file, and reads it.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let open = || {
            let target = path.canonicalize()?;
            let lock = File::open(folder(&target))?;
            lock.lock()?;
            let metadata = target.metadata()?;
            let text = Zeroizing::new(std::fs::read_to_string(&target)?);
            Ok(Self { target, metadata, text, _lock: lock })
        };
        open().map_err(|error| failure(path, &error))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Replaces the text.
    pub(crate) fn replace(self, text: &str) -> Result<(), Failure> {
        let now = std::fs::read_to_string(&self.target).map(Zeroizing::new);
        if now.is_ok_and(|now| *now != *self.text) {
            let changed = io::Error::other("another program has changed it meanwhile; it stays as it is");
            return Err(failure(&self.target, &changed));
        }
        write(&self.target, text.as_bytes(), &self.metadata, true)
    }
}

/// Writes a file with the owner and mode of another: it is there whole or not at all, after a
/// crash too. Without `replace` it must not be there yet.
pub(crate) fn write(path: &Path, octets: &[u8], like: &Metadata, replace: bool) -> Result<(), Failure> {
    let write = || {
        let (folder, name) = (folder(path), path.file_name().unwrap_or_default());
        // One name, for what an editor leaves behind that is killed is then removed by the next.
        let name = format!(".{}.new", name.to_string_lossy());
        match std::fs::remove_file(folder.join(&name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = tempfile::Builder::new().prefix(&name).rand_bytes(0).tempfile_in(folder)?;
        file.write_all(octets)?;
        let made = file.as_file().metadata()?;
        if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
            fchown(file.as_file(), Some(like.uid()), Some(like.gid()))?;
        }
        file.as_file().set_permissions(Permissions::from_mode(like.mode() & 0o7777))?;
        file.as_file().sync_all()?;
        if replace {
            file.persist(path)?
        } else {
            file.persist_noclobber(path)?
        };
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| failure(path, &error))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::Other(format!("{}: {error}", path.display()))
}
