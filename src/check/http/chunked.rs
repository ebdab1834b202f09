//! The chunked transfer coding (RFC 9112 §7.1), taken off as the bytes come.

/// Most digits of a chunk size: what 64 bits hold.
const MAX_DIGITS: u8 = 16;
/// Most bytes of extensions to one chunk size, and of all trailers.
const MAX_EXTRA: u16 = 8192;

/// The framing is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// Where in the framing the next byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Digits of a size: so many so far.
    Size(u64, u8),
    /// Behind the digits: blanks and extensions, up to the end of the line.
    Extra(u64, u16),
    /// After the CR of a size's line.
    SizeLf(u64),
    /// So many bytes of data are to come.
    Data(u64),
    /// The line end behind the data; its CR was seen.
    DataEnd(bool),
    /// Trailers: bytes so far; the current line is empty.
    Trailer(u16, bool),
    /// Behind it all.
    End,
}

/// A body that comes in chunks.
#[derive(Clone, Copy, Debug)]
pub struct Chunked(At);

impl Default for Chunked {
    fn default() -> Self {
        Chunked(At::Size(0, 0))
    }
}

impl Chunked {
    /// The last chunk and its trailers are complete.
    pub fn ended(&self) -> bool {
        self.0 == At::End
    }

    /// Takes framing from `bytes` up to the next piece of data, and that piece. `None`: all bytes are
    /// used up, or the body has ended and what is left is none of it.
    pub fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Broken> {
        while !self.ended() {
            if let At::Data(left @ 1..) = self.0 {
                let here = usize::try_from(left).map_or(bytes.len(), |n| n.min(bytes.len()));
                if here == 0 {
                    return Ok(None);
                }
                let (data, rest) = bytes.split_at(here);
                *bytes = rest;
                self.0 = At::Data(left.saturating_sub(here as u64));
                return Ok(Some(data));
            }
            let Some((byte, rest)) = bytes.split_first() else {
                return Ok(None);
            };
            self.0 = step(self.0, *byte)?;
            *bytes = rest;
        }
        Ok(None)
    }
}

/// One byte of framing.
fn step(at: At, byte: u8) -> Result<At, Broken> {
    Ok(match (at, byte) {
        (At::Size(size, digits), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
            if digits >= MAX_DIGITS {
                return Err(Broken);
            }
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                _ => (byte | 0x20) - b'a' + 10,
            };
            At::Size(size << 4 | u64::from(digit), digits + 1)
        }
        (At::Size(_, 0), _) => return Err(Broken),
        (At::Size(size, _), b' ' | b'\t' | b';') => At::Extra(size, 1),
        (At::Size(size, _) | At::Extra(size, _), b'\r') => At::SizeLf(size),
        (At::Size(size, _) | At::Extra(size, _) | At::SizeLf(size), b'\n') => match size {
            0 => At::Trailer(0, true),
            _ => At::Data(size),
        },
        (At::Extra(size, seen), _) if seen < MAX_EXTRA => At::Extra(size, seen + 1),
        (At::Data(_) | At::DataEnd(false), b'\r') => At::DataEnd(true),
        (At::Data(_) | At::DataEnd(_), b'\n') => At::Size(0, 0),
        (At::Trailer(_, true), b'\n') => At::End,
        (At::Trailer(seen, _), b'\n') if seen < MAX_EXTRA => At::Trailer(seen + 1, true),
        (At::Trailer(seen, true), b'\r') if seen < MAX_EXTRA => At::Trailer(seen + 1, true),
        (At::Trailer(seen, _), _) if seen < MAX_EXTRA => At::Trailer(seen + 1, false),
        _ => return Err(Broken),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data, whether it ended, and what is left behind the end.
    fn read(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, usize), Broken> {
        let (mut chunked, mut out, mut left) = (Chunked::default(), Vec::new(), 0);
        for piece in pieces {
            let mut rest = *piece;
            while let Some(data) = chunked.next(&mut rest)? {
                assert!(!data.is_empty());
                out.extend_from_slice(data);
            }
            left += rest.len();
        }
        Ok((out, chunked.ended(), left))
    }

    #[test]
    fn bodies_in_every_split() {
        type Read<'a> = Result<(&'a [u8], bool, usize), Broken>;
        let table: &[(&[u8], Read<'_>)] = &[
            (b"5\r\nhello\r\n0\r\n\r\n", Ok((b"hello", true, 0))),
            (b"5\nhello\n0\n\n", Ok((b"hello", true, 0))),
            (
                b"2;a=b\r\nhe\r\n03 \r\nllo\r\n00\r\nX: y\r\nZ:\r\n\r\nmore",
                Ok((b"hello", true, 4)),
            ),
            (b"A\r\n0123456789\r\n", Ok((b"0123456789", false, 0))),
            (b"a\r\n01234", Ok((b"01234", false, 0))),
            (b"ffffffffffffffff\r\nhe", Ok((b"he", false, 0))),
            (b"0000000000000005\r\nhello", Ok((b"hello", false, 0))),
            (b"00000000000000005\r\nhello", Err(Broken)),
            (b"10000000000000000\r\nhello", Err(Broken)),
            (b"-5\r\nhello", Err(Broken)),
            (b"+5\r\nhello", Err(Broken)),
            (b"0x5\r\nhello", Err(Broken)),
            (b"\r\n5\r\nhello", Err(Broken)),
            (b"5\r\nhellos\r\n", Err(Broken)),
            (b"5\r\nhello\rs", Err(Broken)),
            (b"5\rhello", Err(Broken)),
            (b"5;\rhello", Err(Broken)),
            (b"", Ok((b"", false, 0))),
        ];
        for (bytes, want) in table {
            let want = want.map(|(data, ended, left)| (data.to_vec(), ended, left));
            let shown = bytes.escape_ascii();
            for cut in 0..=bytes.len() {
                let (a, b) = bytes.split_at(cut);
                assert_eq!(read(&[a, b]), want, "{shown} at {cut}");
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(read(&single), want, "{shown} byte by byte");
        }
    }

    #[test]
    fn what_is_no_data_is_bounded() {
        let endless = vec![b'x'; 20_000];
        assert_eq!(read(&[b"5;", &endless]), Err(Broken));
        assert_eq!(read(&[b"0\r\n", &endless]), Err(Broken));
        assert_eq!(read(&[b"0\r\n", &b"a\r\n".repeat(9_000)]), Err(Broken));
        assert_eq!(read(&[b"0\r\n", &[b'\r'; 20_000]]), Err(Broken));
    }
}
