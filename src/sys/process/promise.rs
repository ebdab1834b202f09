//! One process waits until another has come so far.

use nix::fcntl::OFlag;
use std::fs::File;
use std::io::{self, Read, Write};

/// What is to be kept: held by the process that others wait for. Dropped or gone with the process,
/// it is broken.
#[derive(Debug)]
pub struct Promise(File);

/// What the waiting process holds.
#[derive(Debug)]
pub struct Promised(File);

/// Both ends. After a fork each side drops the one it does not need: as long as anybody holds the
/// [`Promise`], nobody is told that it is broken.
pub fn promise() -> io::Result<(Promise, Promised)> {
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    Ok((Promise(writer.into()), Promised(reader.into())))
}

impl Promise {
    /// It has come so far.
    pub fn keep(mut self) {
        // Whoever waited may be gone (SIGPIPE is ignored); nobody else cares.
        let _ = self.0.write_all(&[1]);
    }
}

impl Promised {
    /// Waits until the promise is kept or broken, which is the answer.
    pub fn is_kept(mut self) -> bool {
        // Goes on after a signal by itself.
        self.0.read_exact(&mut [0]).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_kept_or_broken() {
        let (ours, theirs) = promise().unwrap();
        ours.keep();
        assert!(theirs.is_kept());
        let (ours, theirs) = promise().unwrap();
        drop(ours);
        assert!(!theirs.is_kept());
        let (ours, theirs) = promise().unwrap();
        drop(theirs);
        ours.keep();
    }
}
