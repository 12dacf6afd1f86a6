//! The socket on which the mail server finds the daemon.

use super::stream::Stream;
use batv_config::Socket;
use nix::sys::stat::{Mode, umask};
use nix::unistd::Group;
use std::fs;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// A file, with its path, device and inode.
    Unix(UnixListener, PathBuf, (u64, u64)),
    /// A port.
    Tcp(TcpListener),
}

impl Listener {
    /// Makes the socket. One in the file system is for its owner and the group alone.
    ///
    /// # Errors
    /// The group does not exist, the path is that of another thing, somebody listens there already,
    /// or the system refuses.
    pub fn bind(socket: &Socket, group: Option<&str>) -> io::Result<Self> {
        let listener = match socket {
            Socket::Unix(path) => {
                let group = group.map(group_id).transpose()?;
                make_room(path)?;
                // Until the rights are right, nobody else may connect.
                let before = umask(Mode::from_bits_truncate(0o117));
                let listener = UnixListener::bind(path);
                umask(before);
                let listener = listener?;
                if group.is_some() {
                    chown(path, None, group)?;
                }
                let metadata = path.symlink_metadata()?;
                listener.set_nonblocking(true)?;
                Self::Unix(listener, path.clone(), (metadata.dev(), metadata.ino()))
            }
            Socket::Inet(host, port) => {
                let addresses: Vec<_> = (host.as_str(), *port).to_socket_addrs()?.collect();
                let listener = TcpListener::bind(&*addresses)?;
                listener.set_nonblocking(true)?;
                Self::Tcp(listener)
            }
        };
        Ok(listener)
    }

    /// Takes a connection that waits; an error of the kind `WouldBlock` where none does.
    ///
    /// # Errors
    /// None waits, or the system refuses.
    pub fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Unix(listener, ..) => Stream::Unix(listener.accept()?.0),
            Self::Tcp(listener) => Stream::Tcp(listener.accept()?.0),
        })
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(listener, ..) => listener.as_fd(),
            Self::Tcp(listener) => listener.as_fd(),
        }
    }
}

impl Drop for Listener {
    /// Removes the file, if it still is this socket.
    fn drop(&mut self) {
        if let Self::Unix(_, path, inode) = self {
            let metadata = path.symlink_metadata();
            if metadata.is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == *inode) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Whether a socket can be made, without making one of the file system.
///
/// # Errors
/// What `bind` would fail for.
pub fn check(socket: &Socket, group: Option<&str>) -> io::Result<()> {
    match socket {
        Socket::Unix(path) => {
            group.map(group_id).transpose()?;
            is_free(path)?;
            let folder = path.parent().unwrap_or(path);
            if folder.metadata()?.is_dir() {
                Ok(())
            } else {
                Err(io::Error::new(
                    io::ErrorKind::NotADirectory,
                    format!("{}: not a folder", folder.display()),
                ))
            }
        }
        Socket::Inet(..) => Listener::bind(socket, None).map(drop),
    }
}

/// Removes a socket that a daemon which was killed has left behind.
fn make_room(path: &Path) -> io::Result<()> {
    if is_free(path)? { Ok(()) } else { fs::remove_file(path) }
}

/// Whether nothing is at a path; an error where it is anything but a socket on which nobody listens.
fn is_free(path: &Path) -> io::Result<bool> {
    let taken = |what| io::Error::new(io::ErrorKind::AddrInUse, what);
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => Err(taken("the path is not that of a socket")),
        Ok(_) => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(false),
            Err(error) => Err(error),
            Ok(_) => Err(taken("another process listens there")),
        },
    }
}

fn group_id(name: &str) -> io::Result<u32> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("there is no group \"{name}\""));
    Group::from_name(name)?.map(|group| group.gid.as_raw()).ok_or_else(missing)
}
