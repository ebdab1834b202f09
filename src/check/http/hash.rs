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
            Some(_) => self.reader.body(rest, |_| ()),
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

#[cfg(test)]
mod tests {
    use super::super::super::probe::testing::splits;
    use super::super::tests::{MD5, MD5_CHUNK};
    use super::*;

    #[test]
    fn a_hash_is_that_of_genhash() {
        let one = |version, reply: &[u8]| {
            splits(reply, |pieces| {
                let mut hash = Hash::new(version);
                let mut ended = false;
                for piece in pieces {
                    ended = ended || hash.data(piece)?;
                }
                let done = hash.finish()?;
                Ok((ended, hash.status(), hex(done.raw), hex(done.decoded)))
            })
        };
        let hello = hex(MD5);
        let plain = |ended| Ok((ended, Some(404), hello.clone(), hello.clone()));
        let lost = b"HTTP/1.0 404 Not Found\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(
            one(HttpVersion::V10, lost),
            plain(false),
            "whatever the status"
        );
        assert_eq!(one(HttpVersion::V11, lost), plain(true));
        let chunk = b"HTTP/1.0 404 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
        let both = |ended| Ok((ended, Some(404), hex(MD5_CHUNK), hello.clone()));
        assert_eq!(one(HttpVersion::V10, chunk), both(false));
        assert_eq!(one(HttpVersion::V11, chunk), both(true));
        assert_eq!(one(HttpVersion::V10, b""), Err(Why::Closed));
        assert_eq!(
            one(HttpVersion::V10, b"HTTP/1.0 200 OK\r\n"),
            Err(Why::Closed)
        );
        assert_eq!(one(HttpVersion::V10, b"hello"), Err(Why::Garbage));
    }
}
