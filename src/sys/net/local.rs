//! Unix stream sockets of the daemon's own: the one its commands come by.

use super::socket;
use crate::sys::unless_blocked;
use nix::sys::socket::{Backlog, UnixAddr, bind, connect, getsockopt, listen, sockopt};
use nix::sys::stat::{Mode, fchmod};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};

/// A socket in the file system that others connect to; gone from there when it is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: Box<str>,
    /// Device and inode: what is at the path by then may be somebody else's.
    place: (u64, u64),
}

impl Listener {
    /// Listens at `path`, mode 0600 from the first moment on. What a dead process left there is
    /// replaced. EADDRINUSE: somebody listens there; EEXIST: there is something else.
    pub fn bind(path: &str) -> io::Result<Listener> {
        match fs::symlink_metadata(path) {
            Ok(there) if there.file_type().is_socket() => {
                // One whose owner is gone refuses; one whose queue is full has an owner.
                match Local::connect(path) {
                    Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
                        fs::remove_file(path)?;
                    }
                    _ => return Err(io::Error::from_raw_os_error(libc::EADDRINUSE)),
                }
            }
            Ok(_) => return Err(io::Error::from_raw_os_error(libc::EEXIST)),
            Err(_) => {}
        }
        let fd = socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)?;
        // Before it has a name: the file gets this mode, less the mask.
        fchmod(&fd, Mode::S_IRUSR | Mode::S_IWUSR)?;
        bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
        listen(&fd, Backlog::new(64)?)?;
        let there = fs::symlink_metadata(path)?;
        Ok(Listener {
            socket: UnixListener::from(fd),
            path: path.into(),
            place: (there.dev(), there.ino()),
        })
    }

    /// The next one who connected; `None`: nobody now.
    pub fn accept(&self) -> io::Result<Option<Local>> {
        let accepted = unless_blocked(self.socket.accept())?;
        accepted
            .map(|(socket, _)| {
                socket.set_nonblocking(true)?;
                Ok(Local { socket })
            })
            .transpose()
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let there = fs::symlink_metadata(&*self.path);
        if there.is_ok_and(|there| (there.dev(), there.ino()) == self.place) {
            let _ = fs::remove_file(&*self.path);
        }
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// One side of a connection; nothing here waits.
#[derive(Debug)]
pub struct Local {
    socket: UnixStream,
}

impl Local {
    /// Connects. WouldBlock: so many wait already that there is no room in the queue.
    pub fn connect(path: &str) -> io::Result<Local> {
        let fd: OwnedFd = socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)?;
        connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
        Ok(Local {
            socket: UnixStream::from(fd),
        })
    }

    /// User id of the process at the other end when it connected (SO_PEERCRED).
    pub fn user(&self) -> io::Result<u32> {
        Ok(getsockopt(&self.socket, sockopt::PeerCredentials)?.uid())
    }

    /// Sends; how much went, `None`: nothing now.
    pub fn send(&self, bytes: &[u8]) -> io::Result<Option<usize>> {
        unless_blocked((&self.socket).write(bytes))
    }

    /// Reads; `None`: nothing there now. 0 bytes: the other side has ended.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        unless_blocked((&self.socket).read(buffer))
    }
}

impl AsRawFd for Local {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::tests::Scratch;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn one_listens_at_a_path_and_cleans_up() {
        let scratch = Scratch::new("local");
        let path = scratch.path("sock");
        let first = Listener::bind(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(first.accept().unwrap().is_none());
        let second = Listener::bind(&path).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
        let client = Local::connect(&path).unwrap();
        // The one that only looked is there as well.
        let mut served = 0;
        while let Some(other) = first.accept().unwrap() {
            assert_eq!(other.user().unwrap(), crate::sys::outside::own_user().0);
            let _ = other.send(b"hello");
            served += 1;
        }
        assert_eq!(served, 2);
        let mut buffer = [0; 8];
        assert_eq!(client.recv(&mut buffer).unwrap(), Some(5));
        assert_eq!(client.recv(&mut buffer).unwrap(), Some(0));
        drop(first);
        assert!(fs::symlink_metadata(&path).is_err());
    }

    #[test]
    fn what_the_dead_left_is_replaced_and_nothing_else() {
        let scratch = Scratch::new("local-dead");
        let path = scratch.path("sock");
        drop(UnixListener::bind(&path).unwrap());
        let again = Listener::bind(&path).unwrap();
        // Somebody else's by now: it stays.
        fs::remove_file(&path).unwrap();
        fs::write(&path, "precious").unwrap();
        drop(again);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        let refused = Listener::bind(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    }
}
