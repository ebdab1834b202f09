//! genhash's half of an HTTP session: a page's MD5, whatever its status.

use super::super::{HttpVersion, Why};
use super::reader::{Digests, Reader, Wants};
use core::fmt::Write;

/// Reads one reply for its MD5. The request is [`super::Request`].
#[derive(Debug)]
pub struct Hash {
    reader: Reader,
    status: Option<u16>,
}

impl Hash {
    /// Before the first byte of a reply to a request of this version.
    pub fn new(version: HttpVersion) -> Self {
        let wants = Wants {
            digest: true,
            keep: None,
            ends: version == HttpVersion::V11,
        };
        Hash {
            reader: Reader::new(wants),
            status: None,
        }
    }

    /// Takes bytes; whether the page has ended before the connection has.
    pub fn data(&mut self, bytes: &[u8]) -> Result<bool, Why> {
        let mut rest = bytes;
        if self.status.is_none() {
            self.status = self.reader.head(&mut rest)?;
        }
        match self.status {
            Some(_) => self.reader.body(rest),
            None => Ok(false),
        }
    }

    /// The status code, once the head is complete.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// What came of it, when the page or the connection has ended. genhash prints the raw one.
    ///
    /// [`Why::Closed`]: not even the head was complete.
    pub fn finish(&self) -> Result<Digests, Why> {
        let digests = self.status.and_then(|_| self.reader.digests());
        digests.ok_or(Why::Closed)
    }
}

/// A digest as configurations and genhash write it.
pub fn hex(digest: [u8; 16]) -> String {
    let mut out = String::with_capacity(32);
    for byte in digest {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
