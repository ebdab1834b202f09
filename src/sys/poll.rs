//! One `poll(2)` for the few who do not have the loop: the watchdog and the last log flush.

use crate::time::Span;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

/// A descriptor and what is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Want {
    fd: RawFd,
    write: bool,
}

impl Want {
    /// Wait until it can be read.
    pub fn read(fd: &impl AsRawFd) -> Want {
        Want {
            fd: fd.as_raw_fd(),
            write: false,
        }
    }
    /// Wait until it can be written.
    pub fn write(fd: RawFd) -> Want {
        Want { fd, write: true }
    }
}

/// Waits for any of `wants` (at most [`MAX`]), at most `timeout` (rounded up to milliseconds;
/// `None`: for ever). Bit n of the answer is set when `wants[n]` is ready or broken; 0 after the
/// timeout or an interrupting signal.
pub fn wait(wants: &[Want], timeout: Option<Span>) -> io::Result<u32> {
    let mut fds: heapless::Vec<PollFd<'_>, MAX> = heapless::Vec::new();
    for want in wants {
        // SAFETY: the number is only handed to poll(2), which answers POLLNVAL for a closed one;
        // nothing is read, written or closed through this borrow.
        let fd = unsafe { BorrowedFd::borrow_raw(want.fd) };
        let flags = if want.write {
            PollFlags::POLLOUT
        } else {
            PollFlags::POLLIN
        };
        if fds.push(PollFd::new(fd, flags)).is_err() {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
    }
    let timeout = match timeout {
        None => PollTimeout::NONE,
        Some(span) => {
            let millis = span.micros().div_ceil(1_000);
            PollTimeout::try_from(i32::try_from(millis).unwrap_or(i32::MAX))
                .unwrap_or(PollTimeout::MAX)
        }
    };
    match nix::poll::poll(&mut fds, timeout) {
        Ok(_) => {}
        Err(nix::errno::Errno::EINTR) => return Ok(0),
        Err(e) => return Err(e.into()),
    }
    let mut ready = 0;
    for (n, fd) in fds.iter().enumerate() {
        if fd.any().unwrap_or(true) {
            ready |= 1 << n;
        }
    }
    Ok(ready)
}

/// How many descriptors one call takes.
pub const MAX: usize = 8;

/// Whether a write to `fd` would go through now (for a pipe: a page of it).
pub fn writable_now(fd: RawFd) -> bool {
    wait(&[Want::write(fd)], Some(Span::ZERO)).is_ok_and(|ready| ready != 0)
}
