//! Replies of mail servers (RFC 5321 §4.2), read as their bytes come.

use heapless::Vec;

/// Longest line; the RFC has 512 with its line end, servers have more.
const MAX_LINE: u16 = 2048;
/// Most lines of one reply.
const MAX_LINES: u16 = 512;
/// Bytes of a reply's last line that are kept for the log.
pub const TEXT: usize = 80;

/// It is no reply: no code of three digits, or a line, or a reply, without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads one reply after the other. Multi-line replies count as their last line.
#[derive(Clone, Debug, Default)]
pub struct Replies {
    code: u16,
    /// Bytes of this line so far.
    length: u16,
    /// Lines of this reply before this one.
    lines: u16,
    /// This line is not the last one.
    more: bool,
    text: Vec<u8, TEXT>,
}

impl Replies {
    /// Takes one reply, or as much of it as there is, from `bytes`: its code when it is complete.
    pub fn read(&mut self, bytes: &mut &[u8]) -> Result<Option<u16>, Malformed> {
        while let Some((byte, rest)) = bytes.split_first() {
            *bytes = rest;
            if self.byte(*byte)? {
                let code = self.code;
                (self.length, self.lines) = (0, 0);
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    /// What the last line said behind its code, without its line end; cut after [`TEXT`] bytes.
    pub fn text(&self) -> &[u8] {
        self.text.trim_ascii_end()
    }

    /// Whether this byte ends a reply.
    fn byte(&mut self, byte: u8) -> Result<bool, Malformed> {
        let at = self.length;
        if at >= MAX_LINE || self.lines >= MAX_LINES {
            return Err(Malformed);
        }
        self.length = at + 1;
        match (at, byte) {
            (0, b'2'..=b'5') => {
                (self.code, self.more) = (u16::from(byte - b'0'), false);
                self.text.clear();
            }
            (1 | 2, b'0'..=b'9') => self.code = self.code * 10 + u16::from(byte - b'0'),
            (3.., b'\n') => {
                self.length = 0;
                self.lines += u16::from(self.more);
                return Ok(!self.more);
            }
            (3, b' ' | b'\r') => {}
            (3, b'-') => self.more = true,
            (4.., _) => {
                // What is too long for the log is not kept.
                let _ = self.text.push(byte);
            }
            _ => return Err(Malformed),
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of all replies in these pieces, and the text of the last.
    fn read(pieces: &[&[u8]]) -> (std::vec::Vec<u16>, Result<String, Malformed>) {
        let (mut replies, mut codes) = (Replies::default(), std::vec::Vec::new());
        for piece in pieces {
            let mut rest = *piece;
            loop {
                match replies.read(&mut rest) {
                    Ok(Some(code)) => codes.push(code),
                    Ok(None) => break assert!(rest.is_empty()),
                    Err(bad) => return (codes, Err(bad)),
                }
            }
        }
        let text = String::from_utf8_lossy(replies.text()).into_owned();
        (codes, Ok(text))
    }

    #[test]
    fn replies_in_every_split() {
        type Row<'a> = (&'a [u8], &'a [u16], Result<&'a str, Malformed>);
        let table: &[Row<'_>] = &[
            (b"220 mx ESMTP\r\n", &[220], Ok("mx ESMTP")),
            (b"220\r\n250\n", &[220, 250], Ok("")),
            (
                b"220-mx\r\n220-more\r\n220 end\r\n221 bye\r\n",
                &[220, 221],
                Ok("bye"),
            ),
            (b"250-a\n250 b\n", &[250], Ok("b")),
            (b"220-a\r\n554 b\r\n", &[554], Ok("b")),
            (b"250-only\r\n", &[], Ok("only")),
            (
                b"550 5.1.1 no such user\r\n",
                &[550],
                Ok("5.1.1 no such user"),
            ),
            (b"220 mx", &[], Ok("mx")),
            (b"", &[], Ok("")),
            (b"120 x\r\n", &[], Err(Malformed)),
            (b"220 x\r\nSSH-2.0\r\n", &[220], Err(Malformed)),
            (b"2200 x\r\n", &[], Err(Malformed)),
            (b"22\r\n", &[], Err(Malformed)),
            (b"\r\n220 x\r\n", &[], Err(Malformed)),
            (b"-22 x\r\n", &[], Err(Malformed)),
            (b"220-a\r\nb\r\n", &[], Err(Malformed)),
        ];
        for (bytes, codes, text) in table {
            let want = (codes.to_vec(), text.map(str::to_owned));
            let shown = bytes.escape_ascii();
            for cut in 0..=bytes.len() {
                let (a, b) = bytes.split_at(cut);
                assert_eq!(read(&[a, b]), want, "{shown} at {cut}");
            }
            let single: std::vec::Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(read(&single), want, "{shown} byte by byte");
        }
    }

    #[test]
    fn lines_and_replies_have_an_end() {
        let long = [b"220 ".as_slice(), &[b'x'; 1_000], b"\r\n"].concat();
        assert_eq!(read(&[&long]), (vec![220], Ok("x".repeat(TEXT))));
        let line = [b"220 ".as_slice(), &[b'x'; 3_000]].concat();
        assert_eq!(read(&[&line]), (vec![], Err(Malformed)));
        let many = b"220-x\r\n".repeat(1_000);
        assert_eq!(read(&[&many]), (vec![], Err(Malformed)));
    }
}
