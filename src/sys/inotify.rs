//! Files that change: inotify(7).

use super::{check, check_len, unless_blocked};
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// An inotify descriptor. Non-blocking, close-on-exec.
#[derive(Debug)]
pub struct Inotify {
    fd: OwnedFd,
}

/// What happened in a watched folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened<'a> {
    /// The watch, as [`Inotify::watch`] returned it; -1 for [`OVERFLOW`].
    pub watch: i32,
    /// `IN_*` bits.
    pub mask: u32,
    /// Name inside the folder; empty if it is about the folder itself.
    pub name: &'a [u8],
}

/// Events were lost.
pub const OVERFLOW: u32 = libc::IN_Q_OVERFLOW;
/// The watch is over: its folder is gone or was taken away.
pub const IGNORED: u32 = libc::IN_IGNORED;
/// The folder has another name now.
pub const MOVED_SELF: u32 = libc::IN_MOVE_SELF;

/// What is watched for: a file was written to the end, moved in or away, or deleted; the folder
/// itself was moved or deleted.
const WANTED: u32 = libc::IN_CLOSE_WRITE
    | libc::IN_MOVED_TO
    | libc::IN_MOVED_FROM
    | libc::IN_DELETE
    | libc::IN_DELETE_SELF
    | libc::IN_MOVE_SELF
    | libc::IN_ONLYDIR;

/// Bytes of `struct inotify_event` before the name.
const HEAD: usize = 16;

impl Inotify {
    /// Watches nothing yet. ENOSYS: the kernel has no inotify.
    pub fn new() -> io::Result<Self> {
        // SAFETY: takes a number and touches no memory.
        let fd = check(unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) })?;
        // SAFETY: the descriptor is new and nobody else's.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Inotify { fd })
    }

    /// Watches a folder; the same number again if it is watched already.
    pub fn watch(&self, folder: &str) -> io::Result<i32> {
        let folder = CString::new(folder).map_err(|_| io::ErrorKind::InvalidInput)?;
        // SAFETY: the path is NUL-terminated and outlives the call.
        check(unsafe { libc::inotify_add_watch(self.fd.as_raw_fd(), folder.as_ptr(), WANTED) })
    }

    /// Ends a watch; one that is over already is fine.
    pub fn forget(&self, watch: i32) {
        // SAFETY: takes two numbers and touches no memory.
        let _ = unsafe { libc::inotify_rm_watch(self.fd.as_raw_fd(), watch) };
    }

    /// Reads whole events into `buf`, which must have room for one with the longest name (272
    /// bytes); `None` when there are none.
    pub fn read(&self, buf: &mut [u8]) -> io::Result<Option<usize>> {
        let fd = self.fd.as_raw_fd();
        // SAFETY: pointer and length describe `buf`, which outlives the call.
        let got = unsafe { libc::read(fd, buf.as_mut_ptr().cast(), buf.len()) };
        unless_blocked(check_len(got))
    }
}

impl AsRawFd for Inotify {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// The events among the bytes that [`Inotify::read`] got.
pub fn events(mut bytes: &[u8]) -> impl Iterator<Item = Happened<'_>> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let word = |at: usize| {
            let bytes = head.get(at..at + 4)?.first_chunk::<4>()?;
            Some(u32::from_ne_bytes(*bytes))
        };
        let (watch, mask, length) = (word(0)?, word(4)?, word(12)?);
        let (name, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        bytes = rest;
        let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
        Some(Happened {
            watch: watch.cast_signed(),
            mask,
            name: &name[..end],
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::tests::Scratch;

    fn seen(inotify: &Inotify) -> Vec<(i32, u32, String)> {
        let mut buf = [0; 4096];
        let mut all = Vec::new();
        while let Some(len) = inotify.read(&mut buf).unwrap() {
            all.extend(events(&buf[..len]).map(|e| {
                let name = String::from_utf8_lossy(e.name).into_owned();
                (e.watch, e.mask, name)
            }));
        }
        all
    }

    #[test]
    fn a_folder_says_what_happens_to_its_files() {
        let scratch = Scratch::new("inotify");
        let folder = scratch.path("d");
        std::fs::create_dir(&folder).unwrap();
        let inotify = Inotify::new().unwrap();
        let watch = inotify.watch(&folder).unwrap();
        assert_eq!(inotify.watch(&folder).unwrap(), watch);
        assert!(seen(&inotify).is_empty());
        let (a, b) = (format!("{folder}/a"), format!("{folder}/b"));
        std::fs::write(&a, "1").unwrap();
        std::fs::rename(&a, &b).unwrap();
        std::fs::remove_file(&b).unwrap();
        assert_eq!(
            seen(&inotify),
            [
                (watch, libc::IN_CLOSE_WRITE, "a".to_owned()),
                (watch, libc::IN_MOVED_FROM, "a".to_owned()),
                (watch, libc::IN_MOVED_TO, "b".to_owned()),
                (watch, libc::IN_DELETE, "b".to_owned()),
            ]
        );
        std::fs::rename(&folder, scratch.path("e")).unwrap();
        assert_eq!(seen(&inotify), [(watch, MOVED_SELF, String::new())]);
        inotify.forget(watch);
        assert_eq!(seen(&inotify), [(watch, IGNORED, String::new())]);
        assert!(inotify.watch(&folder).is_err());
        assert!(inotify.watch("/etc/passwd").is_err(), "no folder");
        assert!(inotify.watch("a\0b").is_err());
    }

    #[test]
    fn cut_off_events_are_left_out() {
        let mut bytes = Vec::new();
        for word in [1_u32, 2, 0, 4] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(*b"ab\0\0");
        let whole: Vec<_> = events(&bytes).collect();
        assert_eq!(whole.len(), 1);
        assert_eq!(
            (whole[0].watch, whole[0].mask, whole[0].name),
            (1, 2, &b"ab"[..])
        );
        for len in 0..bytes.len() {
            assert_eq!(events(&bytes[..len]).count(), 0);
        }
    }
}
