//! A reply, read as its bytes come: head, body of any size, digests.
//!
//! Nothing of the body is kept here; it is handed on piece by piece.

use super::super::Why;
use super::chunked::Chunked;
use super::head::Head;
use md5::{Digest as _, Md5};

/// What is wanted of a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// The MD5 of the body.
    pub digest: bool,
    /// The body ends where its head says so (HTTP/1.1); otherwise with the connection.
    pub ends: bool,
}

/// How the body is framed.
#[derive(Debug)]
enum Framing {
    /// Not at all: as it comes.
    Plain,
    Chunked(Chunked),
    /// It was said to be chunked and is not.
    Broken,
}

/// MD5 as the bytes came, and decoded where that differs.
#[derive(Debug, Default)]
struct Sums {
    raw: Md5,
    decoded: Md5,
}

/// Reads one reply: [`Reader::head`] until it says the status, then [`Reader::body`].
#[derive(Debug)]
pub struct Reader {
    wants: Wants,
    head: Head,
    framing: Framing,
    ended: bool,
    /// Bytes of the raw body to come by `Content-Length`.
    left: Option<u64>,
    sums: Option<Sums>,
}

impl Reader {
    /// A reader at the start of a reply.
    pub fn new(wants: Wants) -> Self {
        Reader {
            wants,
            head: Head::new(),
            framing: Framing::Plain,
            ended: false,
            left: None,
            sums: wants.digest.then(Sums::default),
        }
    }

    /// Takes the head from `bytes`, and says the status when it is complete.
    ///
    /// [`Why::Garbage`]: it is not HTTP/1, or too long.
    pub fn head(&mut self, bytes: &mut &[u8]) -> Result<Option<u16>, Why> {
        let Some(said) = self.head.read(bytes)? else {
            return Ok(None);
        };
        self.left = said.length;
        if said.chunked {
            self.framing = Framing::Chunked(Chunked::default());
        }
        // RFC 9112 §6.3: some replies have no body, whatever their head says.
        let none = matches!(said.status, 204 | 304);
        let empty = !said.chunked && said.length == Some(0);
        self.ended = self.wants.ends && (none || empty);
        Ok(Some(said.status))
    }

    /// Takes bytes behind the head; whether the body has ended. What is in it goes to `sink`, without
    /// the framing.
    ///
    /// [`Why::Garbage`]: its chunks are broken where they are what ends it.
    pub fn body(&mut self, bytes: &[u8], mut sink: impl FnMut(&[u8])) -> Result<bool, Why> {
        if self.ended {
            return Ok(true);
        }
        let Framing::Chunked(mut chunked) = self.framing else {
            let here = self.raw(bytes);
            if matches!(self.framing, Framing::Plain) {
                sink(here);
            }
            self.ended = self.wants.ends && self.left == Some(0);
            return Ok(self.ended);
        };
        let mut rest = bytes;
        loop {
            match chunked.next(&mut rest) {
                Ok(Some(data)) => {
                    if let Some(sums) = &mut self.sums {
                        sums.decoded.update(data);
                    }
                    sink(data);
                }
                Ok(None) => break self.framing = Framing::Chunked(chunked),
                Err(_) if self.wants.ends => return Err(Why::Garbage),
                // Compat: keepalived never looks at the framing; so only the raw digest can match.
                Err(_) => break self.framing = Framing::Broken,
            }
        }
        self.ended = self.wants.ends && chunked.ended();
        let over = if self.ended { rest.len() } else { 0 };
        self.raw(bytes.get(..bytes.len() - over).unwrap_or(bytes));
        Ok(self.ended)
    }

    /// Counts bytes as they came, and gives those within `Content-Length`.
    ///
    /// Compat: that holds for chunked bodies too.
    fn raw<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let left = self
            .left
            .map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        let here = bytes.get(..left).unwrap_or(bytes);
        self.left = self.left.map(|n| n.saturating_sub(here.len() as u64));
        if let Some(sums) = &mut self.sums {
            sums.raw.update(here);
        }
        here
    }

    /// The MD5 of the body as it came, and of what it holds without its framing.
    pub fn digests(&self) -> Option<Digests> {
        let sums = self.sums.as_ref()?;
        let raw = sums.raw.clone().finalize().into();
        let decoded = match self.framing {
            Framing::Chunked(_) => sums.decoded.clone().finalize().into(),
            Framing::Plain | Framing::Broken => raw,
        };
        Some(Digests { raw, decoded })
    }

    /// Bytes of memory that this reply holds at the moment.
    pub fn held(&self) -> usize {
        self.head.held()
    }
}

/// MD5 of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Chunk framing and all, as keepalived has it.
    pub raw: [u8; 16],
    /// Without chunk framing.
    pub decoded: [u8; 16],
}
