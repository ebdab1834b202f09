//! One line of text, formatted without the heap.

use std::fmt::{Arguments, Write};

/// The text of one log line: no control characters, cut with `…` when very long.
pub(super) struct Line {
    bytes: [u8; LONGEST],
    length: usize,
    cut: bool,
}

/// Bytes of text that fit into a line, the mark of a cut included.
pub(super) const LONGEST: usize = 1000;
const MARK: &str = "…";

impl Line {
    /// Formats; what does not fit is cut between two characters.
    pub(super) fn new(text: &Arguments<'_>) -> Self {
        let mut line = Line {
            bytes: [0; LONGEST],
            length: 0,
            cut: false,
        };
        // Fails only when the line is full, or a Display does; what came before is worth saying.
        let _ = line.write_fmt(*text);
        if line.cut {
            while line.length + MARK.len() > LONGEST || !line.is_boundary() {
                line.length -= 1;
            }
            let end = line.length + MARK.len();
            line.bytes[line.length..end].copy_from_slice(MARK.as_bytes());
            line.length = end;
        }
        line
    }

    /// The text.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Whether the byte at the end, which is to be overwritten, begins a character.
    fn is_boundary(&self) -> bool {
        self.length == 0
            || self
                .bytes
                .get(self.length)
                .is_none_or(|byte| byte & 0xc0 != 0x80)
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = LONGEST - self.length;
        let taken = text.len().min(room);
        for byte in &text.as_bytes()[..taken] {
            self.bytes[self.length] = if byte.is_ascii_control() { b' ' } else { *byte };
            self.length += 1;
        }
        if taken < text.len() {
            self.cut = true;
            return Err(std::fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &Line) -> &str {
        std::str::from_utf8(line.bytes()).unwrap()
    }

    #[test]
    fn control_characters_cannot_forge_a_second_line() {
        let name = "eth0\n<0>kernel: panic\u{1b}[0m\0";
        assert_eq!(
            text(&Line::new(&format_args!("on {name}"))),
            "on eth0 <0>kernel: panic [0m "
        );
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        for length in 990..1010 {
            for filler in ["x", "é", "€", "𐀀"] {
                let long = "y".repeat(length % 7) + &filler.repeat(length / filler.len());
                let line = Line::new(&format_args!(
                    "{long}{}",
                    if length > 1000 { "tail" } else { "" }
                ));
                let said = text(&line);
                assert!(said.len() <= LONGEST);
                match said.strip_suffix(MARK) {
                    Some(start) => {
                        assert!(long.len() + 4 > LONGEST && long.starts_with(start));
                        assert!(start.len() + 2 * 4 > LONGEST - MARK.len());
                    }
                    None => assert!(said.len() >= long.len()),
                }
            }
        }
        assert_eq!(text(&Line::new(&format_args!(""))), "");
    }
}
