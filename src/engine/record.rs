//! The last accepted configuration, as it was read: what files and patterns answered.
//!
//! A start reads the disk once and records the answers; a worker that has to take a dead one's
//! place replays them, so it runs what was accepted and not what happens to be on disk by then.

use super::outside::Real;
use crate::config::{Outside, Stat};
use std::cell::RefCell;

/// A file's bytes.
const FILE: u8 = b'F';
/// Why a file could not be read.
const FAILED: u8 = b'E';
/// The paths a pattern matched, each ended by a NUL.
const PATHS: u8 = b'G';

/// Asks the real world and remembers what files and patterns said.
#[derive(Default)]
pub struct Recorder<'a> {
    log: RefCell<Vec<u8>>,
    breathe: Option<&'a dyn Fn()>,
}

impl<'a> Recorder<'a> {
    /// Calls `breathe` now and then.
    pub fn breathing(breathe: &'a dyn Fn()) -> Self {
        Recorder {
            breathe: Some(breathe),
            ..Recorder::default()
        }
    }

    /// Everything remembered, for [`Replay`].
    pub fn into_bytes(self) -> Vec<u8> {
        self.log.into_inner()
    }

    fn keep(&self, kind: u8, key: &str, value: &[u8]) {
        let mut log = self.log.borrow_mut();
        log.push(kind);
        for part in [key.as_bytes(), value] {
            // A file beyond 4 GiB cannot be held in memory to begin with.
            let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
            log.extend(len.to_ne_bytes());
            log.extend(part);
        }
    }
}

/// Gives the recorded answers again; everything else it asks the real world.
#[derive(Debug)]
pub struct Replay {
    log: Vec<u8>,
}

impl Replay {
    /// Over what a [`Recorder`] kept.
    pub fn new(log: Vec<u8>) -> Self {
        Replay { log }
    }

    fn find(&self, kinds: &[u8], key: &str) -> Option<(u8, &[u8])> {
        let mut rest = &self.log[..];
        loop {
            let (&kind, after) = rest.split_first()?;
            let (name, after) = piece(after)?;
            let (value, after) = piece(after)?;
            if kinds.contains(&kind) && name == key.as_bytes() {
                return Some((kind, value));
            }
            rest = after;
        }
    }
}

fn piece(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_ne_bytes(*len)).ok()?)
}

/// What files and patterns say.
trait Files {
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
    fn glob(&self, pattern: &str) -> Vec<String>;
    /// What is known of a path without asking.
    fn known(&self, path: &str) -> Option<Stat> {
        let _ = path;
        None
    }
    fn breathe(&self) {}
}

impl Files for Recorder<'_> {
    fn breathe(&self) {
        if let Some(breathe) = self.breathe {
            breathe();
        }
    }
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let answer = Real.read(path);
        match &answer {
            Ok(bytes) => self.keep(FILE, path, bytes),
            Err(why) => self.keep(FAILED, path, why.as_bytes()),
        }
        answer
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        let paths = Real.glob(pattern);
        let mut value = Vec::new();
        for path in &paths {
            value.extend(path.as_bytes());
            value.push(0);
        }
        self.keep(PATHS, pattern, &value);
        paths
    }
}

impl Files for Replay {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match self.find(&[FILE, FAILED], path) {
            Some((FILE, bytes)) => Ok(bytes.to_vec()),
            Some((_, why)) => Err(String::from_utf8_lossy(why).into_owned()),
            None => Err("was not read when the configuration was accepted".to_owned()),
        }
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        let value = self.find(&[PATHS], pattern).map_or(&[][..], |(_, v)| v);
        let paths = value.split(|b| *b == 0).filter(|p| !p.is_empty());
        paths
            .map(|p| String::from_utf8_lossy(p).into_owned())
            .collect()
    }
    /// What was read may be gone from the disk; it was a plain file when it was accepted.
    fn known(&self, path: &str) -> Option<Stat> {
        self.find(&[FILE], path).map(|_| Stat {
            mode: 0o600,
            uid: 0,
            gid: 0,
            file: true,
            dir: false,
        })
    }
}

/// All that is neither file nor pattern is asked of the real world.
impl<F: Files> Outside for F {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Files::read(self, path)
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        Files::glob(self, pattern)
    }
    fn stat(&self, path: &str, follow: bool) -> Option<Stat> {
        self.known(path).or_else(|| Real.stat(path, follow))
    }
    fn link(&self, path: &str) -> Option<String> {
        Real.link(path)
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        Real.user(name)
    }
    fn group(&self, name: &str) -> Option<u32> {
        Real.group(name)
    }
    fn own_user(&self) -> (u32, u32) {
        Real.own_user()
    }
    fn interface(&self, name: &str) -> Option<bool> {
        Real.interface(name)
    }
    fn networks(&self) -> Vec<(Box<str>, core::net::IpAddr, u8)> {
        Real.networks()
    }
    fn mtu(&self, name: &str) -> Option<u32> {
        Real.mtu(name)
    }
    fn hostname(&self) -> String {
        Real.hostname()
    }
    fn env(&self, name: &str) -> Option<String> {
        Real.env(name)
    }
    fn breathe(&self) {
        Files::breathe(self);
    }
}

#[cfg(test)]
mod tests {
    use super::{Outside, Recorder, Replay};

    #[test]
    fn what_was_read_is_read_again_even_when_it_is_gone() {
        let recorder = Recorder::default();
        let hosts = recorder.read("/etc/passwd").unwrap();
        let none = recorder.read("/no/such").unwrap_err();
        let found = recorder.glob("/etc/pass[w]d");
        let replay = Replay::new(recorder.into_bytes());
        assert_eq!(replay.read("/etc/passwd"), Ok(hosts));
        assert_eq!(replay.read("/no/such"), Err(none));
        assert_eq!(replay.glob("/etc/pass[w]d"), found);
        assert_eq!(found, ["/etc/passwd"]);
        assert!(replay.read("/etc/group").is_err());
        assert!(replay.stat("/etc/passwd", true).is_some_and(|s| s.file));
    }

    #[test]
    fn cut_off_bytes_are_harmless() {
        let recorder = Recorder::default();
        let _ = recorder.read("/etc/passwd");
        let bytes = recorder.into_bytes();
        for len in 0..bytes.len().min(64) {
            assert!(
                Replay::new(bytes[..len].to_vec())
                    .read("/etc/passwd")
                    .is_err()
            );
        }
    }
}
