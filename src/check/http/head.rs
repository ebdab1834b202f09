//! The head of a reply: where it ends, and the three things of it that matter.

use super::super::Why;

/// Longest head, with interim replies before it.
const MAX_HEAD: usize = 16 * 1024;
/// Most header lines.
const MAX_LINES: usize = 96;
/// How every reply begins.
const MAGIC: &[u8; 5] = b"HTTP/";

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Status code.
    pub status: u16,
    /// `Content-Length`, where it is a number.
    pub length: Option<u64>,
    /// The body is chunked.
    pub chunked: bool,
}

/// How far the search for the blank line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// So many bytes of [`MAGIC`]; 0: maybe line ends before it, which servers send.
    Magic(u8),
    Line,
    Lf,
    LfCr,
}

/// Reads a head as its bytes come. Keeps them only while the head is incomplete.
#[derive(Debug)]
pub(super) struct Head {
    at: At,
    seen: usize,
    kept: Vec<u8>,
}

impl Head {
    pub fn new() -> Self {
        Head {
            at: At::Magic(0),
            seen: 0,
            kept: Vec::new(),
        }
    }

    /// Takes the head, or as much of it as there is, from `bytes`; `None`: there is more of it.
    pub fn read(&mut self, bytes: &mut &[u8]) -> Result<Option<Said>, Why> {
        loop {
            let end = self.end(bytes)?;
            let (here, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            self.seen = self.seen.saturating_add(here.len());
            if self.seen > MAX_HEAD {
                return Err(Why::Garbage);
            }
            *bytes = rest;
            if end.is_none() || !self.kept.is_empty() {
                self.kept.extend_from_slice(here);
            }
            if end.is_none() {
                return Ok(None);
            }
            let said = if self.kept.is_empty() {
                parse(here)
            } else {
                parse(&self.kept)
            }?;
            self.kept = Vec::new();
            self.at = At::Magic(0);
            // RFC 9110 §15.2: interim replies come before the one that counts.
            if !(100..200).contains(&said.status) || said.status == 101 {
                return Ok(Some(said));
            }
        }
    }

    /// Bytes of memory held.
    pub fn held(&self) -> usize {
        self.kept.capacity()
    }

    /// Behind the blank line; `None`: it is not in these bytes.
    fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Why> {
        for (i, byte) in bytes.iter().enumerate() {
            self.at = match (self.at, byte) {
                (At::Magic(0), b'\r' | b'\n') => At::Magic(0),
                (At::Magic(n), byte) => match MAGIC.get(usize::from(n)) {
                    Some(want) if want == byte && usize::from(n) + 1 == MAGIC.len() => At::Line,
                    Some(want) if want == byte => At::Magic(n + 1),
                    _ => return Err(Why::Garbage),
                },
                (At::Lf | At::LfCr, b'\n') => return Ok(Some(i + 1)),
                (At::Lf, b'\r') => At::LfCr,
                (At::Line, b'\n') => At::Lf,
                _ => At::Line,
            };
        }
        Ok(None)
    }
}

/// What a complete head says. Lines that are no header are passed over, as keepalived does.
fn parse(bytes: &[u8]) -> Result<Said, Why> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_LINES];
    let mut head = httparse::Response::new(&mut lines);
    let done = httparse::ParserConfig::default()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true)
        .parse_response(&mut head, bytes);
    if !matches!(done, Ok(httparse::Status::Complete(_))) {
        return Err(Why::Garbage);
    }
    let mut said = Said {
        status: head.code.ok_or(Why::Garbage)?,
        length: None,
        chunked: false,
    };
    for line in head.headers.iter() {
        if line.name.eq_ignore_ascii_case("content-length") {
            said.length = said.length.or_else(|| number(line.value));
        } else if line.name.eq_ignore_ascii_case("transfer-encoding") {
            // RFC 9112 §6.1: it is the last coding that frames the message.
            let last = line.value.rsplit(|b| *b == b',').next().unwrap_or_default();
            said.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        }
    }
    Ok(said)
}

/// A number of digits only; what does not fit 64 bits is none.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.trim_ascii();
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, b| match b {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(b - b'0')),
        _ => None,
    })
}
