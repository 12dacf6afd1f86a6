//! The socket on which the mail server finds the daemon.

use super::stream::Stream;
use batv_config::Socket;
use nix::errno::Errno;
use nix::sys::stat::{Mode, umask};
use nix::unistd::Group;
use std::fs;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, chown};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
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
    /// The group does not exist, or the daemon cannot give the socket to it; the path is that of something
    /// else; somebody listens there already (`AddrInUse`); or the system refuses.
    pub fn bind(socket: &Socket, group: Option<&str>) -> io::Result<Self> {
        let listener = match socket {
            Socket::Unix(path) => {
                let group = match group {
                    Some(name) => Some((name, group_id(name)?)),
                    None => None,
                };
                make_room(path)?;
                // Until the rights are right, nobody else may connect.
                let before = umask(Mode::from_bits_truncate(0o117));
                let listener = UnixListener::bind(path);
                umask(before);
                let listener = listener?;
                let metadata = path.symlink_metadata()?;
                // From here on a failure removes the file.
                let listener = Self::Unix(listener, path.clone(), (metadata.dev(), metadata.ino()));
                if let Some((name, id)) = group {
                    chown(path, None, Some(id)).map_err(|error| not_given_to(name, &error))?;
                }
                listener
            }
            Socket::Inet(host, port) => {
                let addresses: Vec<_> = (host.as_str(), *port).to_socket_addrs()?.collect();
                Self::Tcp(TcpListener::bind(&*addresses)?)
            }
        };
        match &listener {
            Self::Unix(listener, ..) => listener.set_nonblocking(true)?,
            Self::Tcp(listener) => listener.set_nonblocking(true)?,
        }
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

/// Whether a socket can be made, found out by making another one beside it.
///
/// # Errors
/// What `bind` would fail for.
pub fn check(socket: &Socket, group: Option<&str>) -> io::Result<()> {
    let trial = match socket {
        Socket::Unix(path) => {
            is_free(path)?;
            &Socket::Unix(path.with_file_name(format!(".{}", std::process::id())))
        }
        Socket::Inet(..) => socket,
    };
    Listener::bind(trial, group).map(drop)
}

/// Removes a socket that a daemon which was killed has left behind.
fn make_room(path: &Path) -> io::Result<()> {
    if is_free(path)? { Ok(()) } else { fs::remove_file(path) }
}

/// Whether nothing is at a path; an error where it is anything but a socket on which nobody listens.
fn is_free(path: &Path) -> io::Result<bool> {
    if SocketAddr::from_pathname(path).is_err() {
        let length = path.as_os_str().len();
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the path is too long for a socket ({length} octets): choose a shorter one"),
        ));
    }
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "this file exists and is not a socket; remove it or choose another path",
        )),
        // A socket of another type is told whether anybody is there, but gets no connection: to connect would
        // wait where the queue of a busy daemon is full.
        Ok(_) => match UnixDatagram::unbound()?.connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(false),
            Err(error) if error.raw_os_error() != Some(Errno::EPROTOTYPE as i32) => Err(error),
            _ => Err(io::Error::new(io::ErrorKind::AddrInUse, "another process is already listening there")),
        },
    }
}

fn not_given_to(group: &str, error: &io::Error) -> io::Error {
    let cure = "the daemon's user must be a member of it";
    io::Error::new(error.kind(), format!("cannot be given to the group \"{group}\": {error}; {cure}"))
}

fn group_id(name: &str) -> io::Result<u32> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("there is no group \"{name}\""));
    Group::from_name(name)?.map(|group| group.gid.as_raw()).ok_or_else(missing)
}
