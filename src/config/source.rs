//! The texts a configuration is made of, and where in them something stands.
//!
//! Words never own their characters: they are ranges of a file, or of the arena that holds lines
//! changed by substitution. The arena knows for each of its bytes where it came from.

/// A range of a file as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Index of the file, in the order of opening.
    pub file: u16,
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

impl Span {
    /// The empty range just behind this one.
    pub(super) fn after(self) -> Span {
        Span {
            start: self.start.saturating_add(self.len),
            len: 0,
            ..self
        }
    }
    /// A part of this range.
    pub(super) fn part(self, from: usize, len: usize) -> Span {
        let from = u32::try_from(from).unwrap_or(u32::MAX).min(self.len);
        let len = u32::try_from(len).unwrap_or(u32::MAX).min(self.len - from);
        Span {
            start: self.start + from,
            len,
            ..self
        }
    }
}

/// Characters in a file or in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text {
    /// Index of the file, or [`ARENA`].
    pub buf: u16,
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

/// The buffer number of the arena.
pub(super) const ARENA: u16 = u16::MAX;
/// Columns beyond this count bytes.
const MAX_COUNTED: usize = 16 << 10;
/// Files there may be, each inclusion counted.
const MAX_COUNT: u16 = 10_000;
/// Bytes that all files together may have: no configuration is larger.
pub(super) const MAX_FILES: usize = 32 << 20;

impl Text {
    pub(super) fn part(self, from: usize, to: usize) -> Text {
        let from = u32::try_from(from).unwrap_or(u32::MAX).min(self.len);
        let to = u32::try_from(to)
            .unwrap_or(u32::MAX)
            .min(self.len)
            .max(from);
        Text {
            start: self.start + from,
            len: to - from,
            ..self
        }
    }
}

/// Where a stretch of the arena came from.
#[derive(Clone, Copy, Debug)]
struct Seg {
    at: u32,
    file: u16,
    verbatim: bool,
    src: u32,
    len: u32,
}

#[derive(Debug)]
struct File {
    path: Box<str>,
    text: Vec<u8>,
    /// The byte that ends a line: `\n`, or `\r` in a file that has no other.
    eol: u8,
    /// Start of every line but the first.
    lines: Vec<u32>,
}

/// All files read, and the arena.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<File>,
    /// Bytes of all files.
    total: usize,
    arena: Vec<u8>,
    segs: Vec<Seg>,
}

impl Sources {
    /// Takes a file in. `None` when there are too many or they are too long.
    pub(super) fn add(&mut self, path: &str, text: Vec<u8>, eol: u8) -> Option<u16> {
        if self.total.saturating_add(text.len()) > MAX_FILES {
            return None;
        }
        self.total += text.len();
        let number = u16::try_from(self.files.len())
            .ok()
            .filter(|n| *n < MAX_COUNT)?;
        let mut lines = Vec::with_capacity(text.iter().filter(|b| **b == eol).count());
        for (i, b) in text.iter().enumerate() {
            if *b == eol {
                lines.push(u32::try_from(i + 1).ok()?);
            }
        }
        self.files.push(File {
            path: path.into(),
            text,
            eol,
            lines,
        });
        Some(number)
    }

    /// The characters of a text.
    pub(super) fn get(&self, text: Text) -> &[u8] {
        let buffer = if text.buf == ARENA {
            self.arena.as_slice()
        } else {
            self.bytes(text.buf)
        };
        let start = text.start as usize;
        buffer
            .get(start..start + text.len as usize)
            .unwrap_or_default()
    }

    fn bytes(&self, file: u16) -> &[u8] {
        self.files
            .get(usize::from(file))
            .map_or(&[], |f| f.text.as_slice())
    }

    /// The path of a file as it was opened.
    pub(super) fn path(&self, file: u16) -> &str {
        self.files.get(usize::from(file)).map_or("", |f| &f.path)
    }

    /// Bytes in the arena.
    pub(super) fn arena_len(&self) -> usize {
        self.arena.len()
    }

    /// The line that begins at `pos`, and where the next begins. `None` at the end.
    pub(super) fn line_at(&self, file: u16, pos: u32) -> Option<(Text, u32)> {
        let f = self.files.get(usize::from(file))?;
        let rest = f.text.get(pos as usize..).filter(|r| !r.is_empty())?;
        let len = rest.iter().position(|b| *b == f.eol).unwrap_or(rest.len());
        let len = u32::try_from(len).ok()?;
        let text = Text {
            buf: file,
            start: pos,
            len,
        };
        Some((text, pos.saturating_add(len).saturating_add(1)))
    }

    /// Where a text stands in a file.
    pub(super) fn span(&self, text: Text) -> Span {
        if text.buf != ARENA {
            return Span {
                file: text.buf,
                start: text.start,
                len: text.len,
            };
        }
        let next = self.segs.partition_point(|s| s.at <= text.start);
        let Some(seg) = next.checked_sub(1).and_then(|i| self.segs.get(i)) else {
            return Span::default();
        };
        if !seg.verbatim {
            return Span {
                file: seg.file,
                start: seg.src,
                len: seg.len,
            };
        }
        let off = (text.start - seg.at).min(seg.len);
        Span {
            file: seg.file,
            start: seg.src + off,
            len: text.len.min(seg.len - off),
        }
    }

    /// Line and column of a span's start, both from 1; columns count characters.
    pub fn place(&self, span: Span) -> (u32, u32) {
        let Some(f) = self.files.get(usize::from(span.file)) else {
            return (0, 0);
        };
        let line = f.lines.partition_point(|s| *s <= span.start);
        let from = line.checked_sub(1).map_or(0, |i| f.lines[i]) as usize;
        let to = (span.start as usize).min(f.text.len());
        let before = f.text.get(from..to).unwrap_or_default();
        let number = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        // Nobody counts characters that far.
        let column = match before.len() {
            n if n > MAX_COUNTED => n,
            _ => chars(before),
        };
        (number(line), number(column))
    }

    /// How many characters a span covers.
    pub(super) fn characters(&self, span: Span) -> usize {
        let from = span.start as usize;
        let bytes = self.bytes(span.file).get(from..from + span.len as usize);
        chars(bytes.unwrap_or_default())
    }

    /// The line of a span's start, from 1.
    pub(super) fn line_number(&self, span: Span) -> u32 {
        let Some(f) = self.files.get(usize::from(span.file)) else {
            return 0;
        };
        let line = f.lines.partition_point(|s| *s <= span.start);
        u32::try_from(line + 1).unwrap_or(u32::MAX)
    }

    /// The whole line a span starts on, without its end.
    pub(super) fn line_of(&self, span: Span) -> (u32, &[u8]) {
        let Some(f) = self.files.get(usize::from(span.file)) else {
            return (0, &[]);
        };
        let line = f.lines.partition_point(|s| *s <= span.start);
        let from = line.checked_sub(1).map_or(0, |i| f.lines[i]);
        let to = f
            .lines
            .get(line)
            .map_or(f.text.len(), |next| *next as usize - 1);
        let line = f.text.get(from as usize..to).unwrap_or_default();
        (from, line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Appends a piece of another text to the arena, remembering where each byte came from.
    pub(super) fn copy(&mut self, text: Text) {
        let mut done = 0;
        while done < text.len {
            let rest = Text {
                start: text.start + done,
                len: text.len - done,
                ..text
            };
            let span = self.span(rest);
            let verbatim = text.buf != ARENA || self.verbatim_at(rest.start);
            let take = if verbatim {
                span.len.clamp(1, rest.len)
            } else {
                self.run(rest.start, rest.len)
            };
            self.seg(span, verbatim);
            let from = rest.start as usize;
            let range = from..from + take as usize;
            if text.buf == ARENA {
                if range.end <= self.arena.len() {
                    self.arena.extend_from_within(range);
                }
            } else if let Some(piece) = self
                .files
                .get(usize::from(text.buf))
                .and_then(|f| f.text.get(range))
            {
                self.arena.extend_from_slice(piece);
            }
            done += take;
        }
    }

    /// How far the segment that holds arena byte `at` reaches, at most `len`.
    fn run(&self, at: u32, len: u32) -> u32 {
        let next = self.segs.partition_point(|s| s.at <= at);
        let end = self.segs.get(next).map_or(u32::MAX, |s| s.at);
        (end - at).clamp(1, len)
    }

    fn verbatim_at(&self, at: u32) -> bool {
        let next = self.segs.partition_point(|s| s.at <= at);
        next.checked_sub(1)
            .and_then(|i| self.segs.get(i))
            .is_some_and(|s| s.verbatim)
    }

    /// Appends bytes that stand for what `span` says.
    pub(super) fn insert(&mut self, bytes: &[u8], span: Span) {
        self.seg(span, false);
        self.arena.extend_from_slice(bytes);
    }

    /// Appends the value of a definition; all of it stands for its use at `span`.
    pub(super) fn copy_as(&mut self, text: Text, span: Span) {
        self.seg(span, false);
        let from = text.start as usize;
        let range = from..from + text.len as usize;
        if text.buf == ARENA {
            if range.end <= self.arena.len() {
                self.arena.extend_from_within(range);
            }
        } else if let Some(f) = self.files.get(usize::from(text.buf)) {
            self.arena
                .extend_from_slice(f.text.get(range).unwrap_or_default());
        }
    }

    fn seg(&mut self, span: Span, verbatim: bool) {
        let at = u32::try_from(self.arena.len()).unwrap_or(u32::MAX);
        // A segment that stayed empty is replaced.
        if self.segs.last().is_some_and(|s| s.at == at) {
            self.segs.pop();
        }
        self.segs.push(Seg {
            at,
            file: span.file,
            verbatim,
            src: span.start,
            len: span.len,
        });
    }

    /// What was appended to the arena since it had `from` bytes.
    pub(super) fn since(&self, from: usize) -> Text {
        let start = u32::try_from(from).unwrap_or(u32::MAX);
        let len = u32::try_from(self.arena.len().saturating_sub(from)).unwrap_or(0);
        Text {
            buf: ARENA,
            start,
            len,
        }
    }

    /// Forgets what was appended since the arena had `from` bytes.
    pub(super) fn rollback(&mut self, from: usize) {
        self.arena.truncate(from);
        let keep = self.segs.partition_point(|s| (s.at as usize) < from);
        self.segs.truncate(keep);
    }
}

/// Characters in `bytes`; a byte that is no UTF-8 counts as one.
pub(super) fn chars(bytes: &[u8]) -> usize {
    bytes
        .utf8_chunks()
        .map(|c| c.valid().chars().count() + c.invalid().len())
        .sum()
}
