//! The only room with `unsafe`: sockets, clocks, processes, files.
//!
//! Thin, typed wrappers around system calls. Nothing here decides anything and nothing here knows
//! a room; every call is non-blocking unless its name says `wait`, and everything opened is
//! close-on-exec. Errors are [`std::io::Error`] with the kernel's number in them.

pub mod file;
pub mod inotify;
pub mod memory;
pub mod net;
pub mod outside;
pub mod poll;
pub mod process;
pub mod random;
pub mod shared;
pub mod signal;
pub mod supervisor;
pub mod timer;

pub use file::{hostname, isatty};

use crate::time::Instant;
use nix::time::{ClockId, clock_gettime};
use std::io;

/// CLOCK_MONOTONIC in microseconds, the clock every deadline is on.
pub fn now() -> Instant {
    let time =
        clock_gettime(ClockId::CLOCK_MONOTONIC).map_or((0, 0), |t| (t.tv_sec(), t.tv_nsec()));
    let seconds = u64::try_from(time.0).unwrap_or(0);
    let micros = u64::try_from(time.1 / 1_000).unwrap_or(0);
    Instant::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros))
}

/// Seconds and microseconds since 1970 (CLOCK_REALTIME), for stamps people read. `(0, 0)` where
/// the C library cannot represent the date.
pub fn wall() -> (u64, u32) {
    let time = clock_gettime(ClockId::CLOCK_REALTIME).map_or((0, 0), |t| (t.tv_sec(), t.tv_nsec()));
    (
        u64::try_from(time.0).unwrap_or(0),
        u32::try_from(time.1 / 1_000).unwrap_or(0),
    )
}

/// Version of the running kernel, `(6, 1)` for 6.1.55; `(0, 0)` if /proc does not say.
pub fn kernel_version() -> (u32, u32) {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|n| n.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Turns the C convention "negative means look at errno" into a result.
pub(crate) fn check(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(returned)
    }
}

/// [`check`] for calls that return a length.
pub(crate) fn check_len(returned: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_| io::Error::last_os_error())
}

/// `None` for "nothing there now": EAGAIN and EINTR (the caller's loop comes round again).
pub(crate) fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e)
            if e.kind() == io::ErrorKind::WouldBlock || e.kind() == io::ErrorKind::Interrupted =>
        {
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A folder of a test's own, gone when it ends.
    pub(crate) struct Scratch(PathBuf);

    impl Scratch {
        /// Made anew; `name` is unique among the tests.
        pub(crate) fn new(name: &str) -> Scratch {
            let folder =
                std::env::temp_dir().join(format!("holdfast-{}-{name}", std::process::id()));
            std::fs::create_dir(&folder).unwrap();
            Scratch(folder)
        }
        /// A path inside.
        pub(crate) fn path(&self, name: &str) -> String {
            self.0.join(name).to_str().unwrap().to_owned()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_kernel_has_a_version() {
        assert!(kernel_version() >= (3, 2));
    }

    #[test]
    fn the_clock_moves_forward_and_has_microseconds() {
        let start = now();
        let mut later = now();
        while later == start {
            later = now();
        }
        assert!(later > start);
        assert!(wall().0 > 1_600_000_000);
        assert!(wall().1 < 1_000_000);
    }
}
