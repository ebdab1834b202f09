//! Random bytes of the kernel, for TLS. None of these calls waits.

use super::check_len;
use std::fs::File;
use std::io::{self, Read};

/// Whether the kernel has random bytes to give. A machine that has just been switched on may have
/// to collect some first, and a library that asks for them would wait that long.
pub fn ready() -> bool {
    let mut probe = [0];
    match take(&mut probe) {
        Ok(got) => got == probe.len(),
        // Before Linux 3.17 there is no such call, and /dev/urandom never waits.
        Err(e) => e.raw_os_error() == Some(libc::ENOSYS),
    }
}

/// Fills a buffer; EAGAIN: the kernel is not [`ready`].
pub fn fill(buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match take(rest) {
            Ok(more) => filled += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.raw_os_error() == Some(libc::ENOSYS) => {
                return File::open("/dev/urandom")?.read_exact(rest);
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// getrandom(2), at once or not at all. By its number: old C libraries have no function for it.
fn take(buffer: &mut [u8]) -> io::Result<usize> {
    let (start, length) = (buffer.as_mut_ptr(), buffer.len());
    // SAFETY: pointer and length describe `buffer`, which outlives the call; the kernel writes at
    // most so many bytes and keeps nothing.
    let got = unsafe { libc::syscall(libc::SYS_getrandom, start, length, libc::GRND_NONBLOCK) };
    check_len(got as libc::ssize_t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_random() {
        assert!(ready());
        let (mut a, mut b) = ([0; 300], [0; 300]);
        fill(&mut a).unwrap();
        fill(&mut b).unwrap();
        assert_ne!(a, b);
        assert!(a[256..].iter().any(|byte| *byte != 0), "to the end");
        fill(&mut []).unwrap();
    }
}
