//! Who may read and write a file.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// Who may read and write a file: its owner, its group, its mode, and its access control list if it has one.
pub(super) struct Access {
    metadata: Metadata,
    list: Option<Vec<u8>>,
}

impl Access {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { metadata: path.metadata()?, list: list::of(path)? })
    }

    /// Gives a new file the same.
    pub(super) fn give(&self, file: &File) -> io::Result<()> {
        let (made, like) = (file.metadata()?, &self.metadata);
        if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
            fchown(file, Some(like.uid()), Some(like.gid()))?;
        }
        list::give(self.list.as_deref(), file)?;
        file.set_permissions(Permissions::from_mode(like.mode() & 0o7777))
    }
}

/// Access control lists (acl(5)).
#[cfg(target_os = "linux")]
mod list {
    use rustix::fs::{XattrFlags, fremovexattr, fsetxattr, getxattr};
    use rustix::io::{Errno, Result};
    use std::fs::File;
    use std::io;
    use std::path::Path;

    const NAME: &str = "system.posix_acl_access";
    /// The most octets of an extended attribute (xattr(7)).
    const LIMIT: usize = 64 << 10;

    pub(super) fn of(path: &Path) -> io::Result<Option<Vec<u8>>> {
        let mut list = vec![0; LIMIT];
        Ok(if_any(getxattr(path, NAME, list.as_mut_slice()))?.map(|length| {
            list.truncate(length);
            list
        }))
    }

    pub(super) fn give(list: Option<&[u8]>, file: &File) -> io::Result<()> {
        match list {
            Some(list) => fsetxattr(file, NAME, list, XattrFlags::empty())?,
            // The folder may have given the file one.
            None => if_any(fremovexattr(file, NAME))?.unwrap_or_default(),
        }
        Ok(())
    }

    /// The result, where there is a list, and the file system has such.
    fn if_any<T>(result: Result<T>) -> Result<Option<T>> {
        match result {
            Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
            result => result.map(Some),
        }
    }
}

/// Elsewhere they are left to what the folder gives.
#[cfg(not(target_os = "linux"))]
mod list {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    #[allow(clippy::unnecessary_wraps)] // as on Linux
    pub(super) fn of(_: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    #[allow(clippy::unnecessary_wraps)] // as on Linux
    pub(super) fn give(_: Option<&[u8]>, _: &File) -> io::Result<()> {
        Ok(())
    }
}
