//! The log's way out: datagrams to a unix socket that somebody else owns.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixDatagram;

/// A non-blocking datagram socket connected to a path (/dev/log).
#[derive(Debug)]
pub struct LogSocket {
    socket: UnixDatagram,
}

impl LogSocket {
    /// Connects. ENOENT or ECONNREFUSED: nobody listens there now.
    pub fn connect(path: &str) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect(path)?;
        Ok(LogSocket { socket })
    }

    /// Sends one datagram. `false`: the listener's queue is full, wait until the descriptor is
    /// writable. An error (ECONNREFUSED, ENOTCONN, ECONNRESET): the listener is gone, connect anew.
    pub fn send(&self, line: &[u8]) -> io::Result<bool> {
        match self.socket.send(line) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
            // The kernel is short of memory: as good as a full queue, and it passes.
            Err(e) if e.raw_os_error() == Some(libc::ENOBUFS) => Ok(false),
            Err(e) => Err(e),
        }
    }
}

impl AsRawFd for LogSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}
