//! Characters become words.
//!
//! First a physical line loses its comments ([`decomment`]); later, when definitions have been
//! replaced, it is cut into words and braces ([`Lexer::split`]).

use super::shell;
use super::source::{Sources, Text};

/// A word, or a brace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// Its characters, without the quotes of the plain tokenizer.
    pub text: Text,
    /// What is known of it.
    pub flags: u16,
}

/// First word of a statement.
pub(super) const FIRST: u16 = 1;
/// Stood in double quotes.
pub(super) const QUOTED: u16 = 2;
/// `{`
pub(super) const OPEN: u16 = 4;
/// `}`
pub(super) const CLOSE: u16 = 8;
/// Something is wrong with it and has been said.
pub(super) const BROKEN: u16 = 16;
/// Quotes and escapes are still inside: a word of the shell-like tokenizer.
pub(super) const RAW: u16 = 32;
/// First thing on its physical line.
pub(super) const LINE: u16 = 64;

impl Word {
    pub(super) fn is(self, flag: u16) -> bool {
        self.flags & flag != 0
    }
    pub(super) fn brace(self) -> bool {
        self.is(OPEN | CLOSE)
    }
}

/// Characters that look like others and are often pasted from word processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exotic {
    /// A blank that is no blank.
    Blank,
    /// A typographic quotation mark.
    Quote,
    /// A full-width or otherwise foreign brace.
    Brace,
}

/// A look-alike: what it is, the plain character, its length in bytes, its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lookalike {
    pub kind: Exotic,
    pub plain: u8,
    pub len: usize,
    pub name: &'static str,
}

/// The look-alike at the start of `bytes`, if there is one.
pub(super) fn lookalike(bytes: &[u8]) -> Option<Lookalike> {
    let make = |kind, plain, len, name| {
        Some(Lookalike {
            kind,
            plain,
            len,
            name,
        })
    };
    use Exotic::{Blank, Brace, Quote};
    match bytes {
        [0xc2, 0xa0, ..] => make(Blank, b' ', 2, "U+00A0 NO-BREAK SPACE"),
        [0xe3, 0x80, 0x80, ..] => make(Blank, b' ', 3, "U+3000 IDEOGRAPHIC SPACE"),
        [0xe2, 0x80, 0x80..=0x8a, ..] => make(Blank, b' ', 3, "a typographic space"),
        [0xe2, 0x80, 0x8b, ..] => make(Blank, b' ', 3, "U+200B ZERO WIDTH SPACE"),
        [0xe2, 0x80, 0x8c | 0x8d, ..] | [0xe2, 0x81, 0xa0, ..] => {
            make(Blank, b' ', 3, "an invisible joiner")
        }
        [0xc2, 0xad, ..] => make(Blank, b' ', 2, "U+00AD SOFT HYPHEN"),
        [0xe2, 0x80, 0xaf, ..] => make(Blank, b' ', 3, "U+202F NARROW NO-BREAK SPACE"),
        [0xe2, 0x81, 0x9f, ..] => make(Blank, b' ', 3, "U+205F MATHEMATICAL SPACE"),
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => make(Blank, b' ', 3, "a Unicode line separator"),
        [0xef, 0xbb, 0xbf, ..] => make(Blank, b' ', 3, "U+FEFF BYTE ORDER MARK"),
        [0xe2, 0x80, 0x9c..=0x9f, ..] => make(Quote, b'"', 3, "a curly quotation mark"),
        [0xe2, 0x80, 0x98..=0x9b, ..] => make(Quote, b'\'', 3, "a curly apostrophe"),
        [0xc2, 0xab | 0xbb, ..] => make(Quote, b'"', 2, "an angle quotation mark"),
        [0xef, 0xbc, 0x82, ..] => make(Quote, b'"', 3, "U+FF02 FULLWIDTH QUOTATION MARK"),
        [0xef, 0xbd, 0x9b, ..] => make(Brace, b'{', 3, "U+FF5B FULLWIDTH LEFT CURLY BRACKET"),
        [0xef, 0xbd, 0x9d, ..] => make(Brace, b'}', 3, "U+FF5D FULLWIDTH RIGHT CURLY BRACKET"),
        [0xef, 0xb9, 0x9b, ..] => make(Brace, b'{', 3, "U+FE5B SMALL LEFT CURLY BRACKET"),
        [0xef, 0xb9, 0x9c, ..] => make(Brace, b'}', 3, "U+FE5C SMALL RIGHT CURLY BRACKET"),
        // Latin-1 and Windows-1252: a byte that cannot be part of UTF-8 text here.
        [0xa0, ..] => make(Blank, b' ', 1, "a Latin-1 no-break space"),
        [0x93 | 0x94, ..] => make(Quote, b'"', 1, "a curly quotation mark"),
        [0x91 | 0x92, ..] => make(Quote, b'\'', 1, "a curly apostrophe"),
        _ => None,
    }
}

/// A character that is taken for an ASCII one in numbers and addresses, and that one.
pub(super) fn double(c: char) -> Option<char> {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        '\u{3002}' => Some('.'),
        _ => None,
    }
}

/// Length of the UTF-8 character at the start of `bytes`; 1 for anything else.
pub(super) fn char_len(bytes: &[u8]) -> usize {
    let want = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return 1,
    };
    match bytes.get(1..want) {
        Some(rest) if rest.iter().all(|b| (0x80..0xc0).contains(b)) => want,
        _ => 1,
    }
}

/// A line without comments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trimmed {
    /// First byte that counts.
    pub start: usize,
    /// Behind the last byte that counts.
    pub end: usize,
    /// `\#` or `\!` is in it, or a look-alike: the text must be rewritten.
    pub rewrite: bool,
    /// A comment begins here, in the middle of a word.
    pub cut: Option<usize>,
}

pub(super) fn blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// Finds what is left of a line when comments and surrounding blanks are gone.
pub(super) fn decomment(line: &[u8]) -> Trimmed {
    let mut t = Trimmed::default();
    let mut quoted = false;
    let mut i = 0;
    let mut end = line.len();
    while let Some(b) = line.get(i) {
        match b {
            b'\\' => {
                t.rewrite |= !quoted && matches!(line.get(i + 1), Some(b'#' | b'!'));
                i += 1;
            }
            b'"' => quoted = !quoted,
            b'#' | b'!' if !quoted => {
                end = i;
                let word = |b: Option<&u8>| b.is_some_and(|b| !blank(*b) && !b"{}\"".contains(b));
                if i > 0 && word(line.get(i - 1)) && word(line.get(i + 1)) {
                    t.cut = Some(i);
                }
                break;
            }
            0x80.. if !quoted => match lookalike(&line[i..]) {
                Some(found) => {
                    t.rewrite = true;
                    if found.plain == b'"' {
                        quoted = true;
                    }
                    i += found.len - 1;
                }
                None => i += char_len(&line[i..]) - 1,
            },
            0x80.. => {
                // A curly quote closes what a curly quote opened.
                if t.rewrite && lookalike(&line[i..]).is_some_and(|f| f.plain == b'"') {
                    quoted = false;
                }
                i += char_len(&line[i..]) - 1;
            }
            _ => {}
        }
        i += 1;
    }
    t.end = end;
    while t.end > 0 && blank(line[t.end - 1]) {
        t.end -= 1;
    }
    while t.start < t.end && blank(line[t.start]) {
        t.start += 1;
    }
    t
}

/// Something the lexer has to complain about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Complaint {
    /// No closing quotation mark; `true`: it stands inside a word.
    Quote(bool),
    /// `${NAME}` is not defined.
    Undefined,
    /// A word longer than anything sensible.
    Long,
    /// Control characters in a word.
    Control,
}

/// Longer words are not values but accidents.
const MAX_WORD: usize = 4096;

/// Cuts a line into words and braces.
pub(super) struct Lexer<'a> {
    pub sources: &'a Sources,
    pub words: &'a mut Vec<Word>,
    pub complaints: &'a mut Vec<(Complaint, Text)>,
}

impl Lexer<'_> {
    /// Appends the words of `text`.
    pub(super) fn split(&mut self, text: Text) {
        let bytes = self.sources.get(text);
        let mut i = 0;
        let mut first = true;
        let mut shell = false;
        let mut line = LINE;
        while i < bytes.len() {
            let b = bytes[i];
            if blank(b) {
                i += 1;
                continue;
            }
            let (word, next) = match b {
                b'{' | b'}' => {
                    let flag = if b == b'{' { OPEN } else { CLOSE };
                    first = true;
                    shell = false;
                    let part = text.part(i, i + 1);
                    self.words.push(Word {
                        text: part,
                        flags: flag | line,
                    });
                    line = 0;
                    i += 1;
                    continue;
                }
                _ if shell => self.raw(bytes, text, i),
                b'"' => self.quoted(bytes, text, i),
                _ => self.bare(bytes, text, i),
            };
            i = next;
            let mut word = word;
            if first {
                word.flags |= FIRST;
                shell = shell::shell_like(&bytes[..i], word, text);
                first = false;
            }
            word.flags |= line;
            line = 0;
            let control = |b: &u8| *b < b' ' && *b != b'\t' || *b == 0x7f;
            let from = (word.text.start - text.start) as usize;
            let range = from..from + word.text.len as usize;
            if !word.is(RAW | BROKEN) && bytes[range].iter().any(control) {
                self.complaints.push((Complaint::Control, word.text));
                word.flags |= BROKEN;
            }
            if word.text.len as usize > MAX_WORD {
                self.complaints.push((Complaint::Long, word.text));
                word.flags |= BROKEN;
            }
            self.words.push(word);
        }
    }

    /// A word in double quotes: literal up to the next one.
    fn quoted(&mut self, bytes: &[u8], text: Text, at: usize) -> (Word, usize) {
        let rest = &bytes[at + 1..];
        match rest.iter().position(|b| *b == b'"') {
            Some(len) => {
                let word = Word {
                    text: text.part(at + 1, at + 1 + len),
                    flags: QUOTED,
                };
                (word, at + len + 2)
            }
            None => {
                let inside = at > 0 && !blank(bytes[at - 1]) && bytes[at - 1] != b'"';
                self.complaints
                    .push((Complaint::Quote(inside), text.part(at, at + 1)));
                let word = Word {
                    text: text.part(at + 1, bytes.len()),
                    flags: QUOTED | BROKEN,
                };
                (word, bytes.len())
            }
        }
    }

    /// A word that ends at a blank, a quote or a brace.
    fn bare(&mut self, bytes: &[u8], text: Text, at: usize) -> (Word, usize) {
        let mut i = at;
        let mut flags = 0;
        while let Some(b) = bytes.get(i) {
            match b {
                b'$' => {
                    let len = reference(&bytes[i..]);
                    if len > 0 {
                        self.complaints
                            .push((Complaint::Undefined, text.part(i, i + len)));
                        flags |= BROKEN;
                        i += len;
                        continue;
                    }
                }
                b'"' | b'{' | b'}' => break,
                b if blank(*b) => break,
                _ => {}
            }
            i += 1;
        }
        let word = Word {
            text: text.part(at, i),
            flags,
        };
        (word, i)
    }

    /// A word of the shell-like tokenizer: quotes may stand anywhere in it.
    fn raw(&mut self, bytes: &[u8], text: Text, at: usize) -> (Word, usize) {
        let mut i = at;
        let mut flags = RAW;
        let mut open: Option<(u8, usize)> = None;
        while let Some(b) = bytes.get(i) {
            match (open, b) {
                (_, b'\\') => i += 1,
                (Some((quote, _)), b) if quote == *b => open = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => open = Some((*b, i)),
                (None, b'$') => {
                    let len = reference(&bytes[i..]);
                    if len > 0 {
                        self.complaints
                            .push((Complaint::Undefined, text.part(i, i + len)));
                        flags |= BROKEN;
                        i += len;
                        continue;
                    }
                }
                (None, b'{' | b'}') => break,
                (None, b) if blank(*b) => break,
                _ => {}
            }
            i += 1;
        }
        if let Some((_, from)) = open {
            self.complaints
                .push((Complaint::Quote(from > at), text.part(from, from + 1)));
            flags |= BROKEN;
        }
        let end = i.min(bytes.len());
        let word = Word {
            text: text.part(at, end),
            flags,
        };
        (word, end)
    }
}

/// Length of `${NAME}` at the start of `bytes`, 0 if there is none.
fn reference(bytes: &[u8]) -> usize {
    let Some(rest) = bytes.strip_prefix(b"${") else {
        return 0;
    };
    let name = rest.iter().take_while(|b| ident(**b)).count();
    match rest.get(name) {
        Some(b'}') if name > 0 => name + 3,
        _ => 0,
    }
}

/// Characters of a definition's name.
pub(super) fn ident(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trimmed(line: &str) -> &str {
        let t = decomment(line.as_bytes());
        &line[t.start..t.end]
    }

    #[test]
    fn comments_end_a_line_anywhere_but_in_quotes() {
        assert_eq!(trimmed("  router_id a!b"), "router_id a");
        assert_eq!(trimmed("x \"a # b\" # c"), "x \"a # b\"");
        assert_eq!(trimmed("x 'a # b'"), "x 'a");
        assert_eq!(trimmed("a\\#b \r"), "a\\#b");
        assert_eq!(trimmed("a \\\"b # c"), "a \\\"b");
        assert_eq!(trimmed(" # only"), "");
    }

    #[test]
    fn a_comment_inside_a_word_is_noticed() {
        assert_eq!(decomment(b"auth_pass ab!cd").cut, Some(12));
        assert_eq!(decomment(b"auth_pass ab !cd").cut, None);
        assert_eq!(decomment(b"}# end").cut, None);
    }
}
