//! Definitions (`$NAME=value`) and their use.

use super::diag::quote;
use super::lexer::{blank, ident};
use super::reader::{Collect, Frame, LinesFrame, Reader, Value};
use super::source::{Span, Text};

/// Bytes one line may grow to.
const MAX_LINE: usize = 64 << 10;
/// Definitions that may be in use within each other.
const MAX_NESTED: usize = 100;
/// Bytes of a reference in braces, with its parameters.
const MAX_REFERENCE: usize = 256;

/// A reference at the start of some bytes.
struct Reference<'b> {
    name: &'b [u8],
    /// What follows the name inside the braces.
    params: &'b [u8],
    len: usize,
}

/// The name in `$NAME` or `${NAME}`, if the bytes begin with one.
pub(super) fn reference_name(bytes: &[u8]) -> Option<&[u8]> {
    reference(bytes).map(|r| r.name)
}

/// The name of a `$NAME` with something behind it that keeps it from being replaced.
pub(super) fn unbraced(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.iter().position(|b| *b == b'$')?;
    let rest = bytes.get(at + 1..)?;
    let len = name_len(rest);
    (len > 0 && len < rest.len()).then(|| &rest[..len])
}

/// Whether this is `$NAME` or `${NAME}` and nothing else.
pub(super) fn is_reference(bytes: &[u8]) -> bool {
    reference(bytes).is_some_and(|r| r.len == bytes.len())
}

pub(super) fn name_len(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(b) if !b.is_ascii_digit() => bytes.iter().take_while(|b| ident(**b)).count(),
        _ => 0,
    }
}

fn reference(bytes: &[u8]) -> Option<Reference<'_>> {
    let rest = bytes.strip_prefix(b"$")?;
    if let Some(inner) = rest.strip_prefix(b"{") {
        let end = inner.iter().take(MAX_REFERENCE).position(|b| *b == b'}')?;
        let inner = &inner[..end];
        let len = name_len(inner);
        let (name, params) = inner.split_at(len);
        let valid = len > 0 && params.first().is_none_or(|b| blank(*b));
        return valid.then_some(Reference {
            name,
            params,
            len: end + 3,
        });
    }
    let len = name_len(rest);
    let ends = rest
        .get(len)
        .is_none_or(|b| matches!(b, b' ' | b'\t' | b',' | b')'));
    (len > 0 && ends).then(|| Reference {
        name: &rest[..len],
        params: &[],
        len: len + 1,
    })
}

impl Reader<'_> {
    /// `$NAME=value`: stores it. `false`: the line is something else.
    pub(super) fn definition(&mut self, text: Text) -> bool {
        let bytes = self.sources.get(text);
        let len = name_len(&bytes[1..]);
        if len == 0 || bytes.get(len + 1) != Some(&b'=') {
            return false;
        }
        let name = bytes[1..=len].to_vec();
        let value = self.trim(text.part(len + 2, bytes.len()));
        match self.sources.get(value).split_last() {
            Some((b'\\', _)) => {
                self.collect = Some(Collect {
                    name,
                    lines: Vec::new(),
                });
                self.collect_line(value);
            }
            _ => {
                self.cyclic.remove(&name);
                self.defs.insert(name, Value::Line(value));
            }
        }
        true
    }

    /// One more line of a definition of several lines.
    pub(super) fn collect_line(&mut self, text: Text) {
        let text = self.trim(text);
        let bytes = self.sources.get(text);
        let goes_on = bytes.last() == Some(&b'\\');
        let line = text.part(0, bytes.len() - usize::from(goes_on));
        let line = self.trim(line);
        if let Some(collect) = &mut self.collect
            && line.len > 0
        {
            collect.lines.push(line);
        }
        if !goes_on {
            self.end_collecting();
        }
    }

    pub(super) fn end_collecting(&mut self) {
        if let Some(collect) = self.collect.take() {
            self.cyclic.remove(&collect.name);
            self.defs
                .insert(collect.name, Value::Lines(collect.lines.into()));
        }
    }

    /// The line with its references replaced; `None`: there is none that is defined.
    pub(super) fn substitute(&mut self, text: Text) -> Option<Text> {
        if !self.sources.get(text).contains(&b'$') {
            return None;
        }
        let bytes = self.sources.get(text).to_vec();
        let from = self.sources.arena_len();
        let (mut i, mut copied, mut changed) = (0, 0, false);
        while i < bytes.len() {
            let Some(r) = reference(&bytes[i..]) else {
                i += 1;
                continue;
            };
            let end = i + r.len;
            if end == bytes.len()
                && let Some(Value::Lines(lines)) = self.defs.get(r.name)
            {
                let lines = lines.clone();
                self.sources.copy(text.part(copied, i));
                return self.use_lines(r.name, lines, from, text.part(i, end));
            }
            let span = self.sources.span(text.part(i, end));
            self.sources.copy(text.part(copied, i));
            copied = i;
            let mark = self.sources.arena_len();
            let mut stack = Vec::new();
            if self.value(&r, span, from, &mut stack) {
                changed = true;
                copied = end;
            } else {
                self.sources.rollback(mark);
            }
            i = end;
        }
        if !changed {
            self.sources.rollback(from);
            return None;
        }
        self.sources.copy(text.part(copied, bytes.len()));
        Some(self.sources.since(from))
    }

    /// The first line of a definition of several lines goes here, the others follow.
    fn use_lines(
        &mut self,
        name: &[u8],
        lines: std::rc::Rc<[Text]>,
        from: usize,
        at: Text,
    ) -> Option<Text> {
        let running = |f: &Frame| matches!(f, Frame::Lines(l) if l.name == name);
        let deep = self.frames.len() >= MAX_NESTED;
        if deep || self.frames.iter().any(running) {
            let span = self.sources.span(at);
            let text = match deep {
                true => "definitions refer to each other too deeply".to_owned(),
                false => format!("definition {} refers to itself", quote(name)),
            };
            self.diags.error(span, text);
            return Some(self.sources.since(from));
        }
        if let Some(first) = lines.first() {
            self.sources.copy(*first);
        }
        self.frames.push(Frame::Lines(LinesFrame {
            name: name.to_vec(),
            lines,
            next: 1,
        }));
        Some(self.sources.since(from))
    }

    /// Appends what a reference stands for. `false`: it is not defined, or cannot be expanded.
    fn value(
        &mut self,
        r: &Reference<'_>,
        span: Span,
        from: usize,
        stack: &mut Vec<Vec<u8>>,
    ) -> bool {
        let value = match self.defs.get(r.name) {
            Some(Value::Line(text)) => *text,
            Some(Value::Lines(_)) => return false,
            None => return self.predefined(r, span),
        };
        if self.cyclic.contains(r.name) {
            return false;
        }
        if stack.len() >= MAX_NESTED {
            self.diags
                .error(span, "definitions refer to each other too deeply");
            self.cyclic.extend(stack.iter().cloned());
            return false;
        }
        if stack.iter().any(|n| n == r.name) {
            self.refers_to_itself(r.name, stack);
            return false;
        }
        let bytes = self.sources.get(value).to_vec();
        stack.push(r.name.to_vec());
        let (mut i, mut copied) = (0, 0);
        while i < bytes.len() {
            let Some(inner) = reference(&bytes[i..]) else {
                i += 1;
                continue;
            };
            self.sources.copy_as(value.part(copied, i), span);
            copied = i;
            let mark = self.sources.arena_len();
            if mark - from > MAX_LINE {
                let text = format!("{} stands for too much text", quote(r.name));
                self.diags.error(span, text);
                self.cyclic.extend(stack.iter().cloned());
                return false;
            }
            if self.value(&inner, span, from, stack) {
                copied = i + inner.len;
            } else if self.cyclic.contains(inner.name) {
                return false;
            } else {
                self.sources.rollback(mark);
            }
            i += inner.len;
        }
        self.sources.copy_as(value.part(copied, bytes.len()), span);
        stack.pop();
        true
    }

    /// Says once that a definition leads back to itself, where its value stands.
    fn refers_to_itself(&mut self, name: &[u8], stack: &[Vec<u8>]) {
        let start = stack.iter().position(|n| n == name).unwrap_or(0);
        let ring = &stack[start..];
        let known = ring.iter().any(|n| self.cyclic.contains(n));
        self.cyclic.extend(stack.iter().cloned());
        let Some(Value::Line(text)) = self.defs.get(name) else {
            return;
        };
        if known {
            return;
        }
        let span = self.sources.span(*text);
        let mut chain = String::new();
        for n in ring.iter().map(Vec::as_slice).chain([name]) {
            if !chain.is_empty() {
                chain.push_str(" -> ");
            }
            chain.push('$');
            chain.push_str(&String::from_utf8_lossy(n));
        }
        self.diags
            .error(span, format!("definition refers to itself: {chain}"));
    }

    /// `_PWD`, `_INSTANCE`, `_RANDOM`, `_ENV`, `_HASH`, `_BANG`.
    fn predefined(&mut self, r: &Reference<'_>, span: Span) -> bool {
        let params: Vec<&[u8]> = r
            .params
            .split(|b| blank(*b))
            .filter(|p| !p.is_empty())
            .collect();
        let number = |p: &&[u8]| core::str::from_utf8(p).ok()?.parse::<u32>().ok();
        let text = match (r.name, params.as_slice()) {
            (b"_HASH", []) => "#".to_owned(),
            (b"_BANG", []) => "!".to_owned(),
            (b"_INSTANCE", []) => {
                let id = self.config_id.clone();
                self.sources.insert(&id, span);
                return true;
            }
            (b"_PWD", []) => self.directory().to_owned(),
            (b"_ENV", [name]) => {
                let name = String::from_utf8_lossy(name);
                self.outside.env(&name).unwrap_or_default()
            }
            (b"_RANDOM", range) if range.len() <= 2 => {
                let min = range.first().map_or(Some(0), number);
                let max = range.get(1).map_or(Some(32_767), number);
                let (Some(min), Some(max)) = (min, max) else {
                    return false;
                };
                self.roll(min, max).to_string()
            }
            _ => return false,
        };
        self.sources.insert(text.as_bytes(), span);
        true
    }

    fn roll(&mut self, min: u32, max: u32) -> u32 {
        // xorshift32
        let mut x = self.random;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random = x;
        if min >= max {
            return min;
        }
        let span = u64::from(max - min) + 1;
        min + (u64::from(x) % span) as u32
    }
}
