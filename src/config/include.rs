//! Files: opening the first one, `include` in its six spellings, and what is no text at all.

use super::diag::{Class, Severity, quote};
use super::lexer::{self, FIRST};
use super::reader::{FileFrame, Frame, Reader};
use super::source::{Span, Text};

/// An entry is no plain readable file.
const READ: u8 = 1;
/// A pattern without wildcards matches nothing.
const MATCH: u8 = 2;
/// A pattern with wildcards matches nothing.
const WILDCARD: u8 = 4;
/// Some brace alternative matches nothing.
const BRACE: u8 = 8;
/// Everything.
pub(super) const ALL: u8 = 15;

/// Files that may be open within each other.
const MAX_DEPTH: usize = 32;
/// Bytes of a path, its final NUL counted (PATH_MAX of Linux).
const MAX_PATH: usize = 4_096;
/// A word for so many bytes of text, and so many words at the most, get their place ahead: what is
/// not used is never touched.
const PER_WORD: usize = 8;
const MOST_AHEAD: usize = 1 << 14;
/// Alternatives one pattern may have.
const MAX_ALTERNATIVES: usize = 1_000;

/// What a pattern led to.
#[derive(Default)]
struct Found {
    files: Vec<String>,
    /// Why a strict include fails.
    why: Option<String>,
}

impl Found {
    /// Remembers the first reason, if `strict` holds a flag.
    fn fails(&mut self, strict: u8, why: &str) {
        if strict != 0 && self.why.is_none() {
            self.why = Some(why.to_owned());
        }
    }
}

impl Reader<'_> {
    /// Opens the configuration itself. `false`: there is none.
    pub(super) fn open_main(&mut self, path: &str) -> bool {
        let literal = self.outside.stat(path, true);
        let paths = match literal {
            Some(_) => vec![path.to_owned()],
            None => self.outside.glob(path),
        };
        if paths.is_empty() {
            let text = format!("configuration file {path} does not exist");
            self.refuse(None, text, Class::FileNotFound);
            return false;
        }
        if paths.len() > 1 {
            let text = format!("{path} matches {} files; all are read", paths.len());
            self.diags.add(Severity::Warning, None, text);
        }
        let checks = if self.options.strict_includes { ALL } else { 0 };
        let mut opened = false;
        for path in paths.iter().rev() {
            match self.open(path, checks) {
                Ok(()) => opened = true,
                Err(why) => {
                    let text = format!("configuration file {path} cannot be read: {why}");
                    self.refuse(None, text, Class::FileNotFound);
                }
            }
        }
        opened
    }

    /// Puts a file on top of the frames.
    fn open(&mut self, path: &str, checks: u8) -> Result<(), String> {
        if self.outside.stat(path, true).is_some_and(|s| s.dir) {
            return Err("it is a directory".into());
        }
        let mut text = self.outside.read(path)?;
        let not_text = not_text(&text);
        if not_text.is_some() {
            // Nothing of it is ever shown.
            text = Vec::new();
        }
        let eol = if text.contains(&b'\n') || text.iter().filter(|b| **b == b'\r').count() < 2 {
            b'\n'
        } else {
            b'\r'
        };
        text.shrink_to_fit();
        self.words.reserve((text.len() / PER_WORD).min(MOST_AHEAD));
        let first_cr = text.iter().position(|b| *b == b'\r').unwrap_or(0);
        let bom = text.starts_with(&[0xef, 0xbb, 0xbf]);
        let Some(file) = self.sources.add(path, text, eol) else {
            self.full = true;
            return Err("all files together are too many or too large".into());
        };
        let start = Span {
            file,
            start: 0,
            len: 1,
        };
        if let Some(why) = not_text {
            self.diags.error(start, why);
            return Ok(());
        }
        if eol == b'\r' {
            let span = Span {
                start: u32::try_from(first_cr).unwrap_or(0),
                ..start
            };
            let text = "line ends are single carriage returns, as old Macs wrote them";
            self.diags
                .error(span, text)
                .hint("convert the file to line feeds (tr '\\r' '\\n')");
        }
        let dir = path.rfind('/').map_or("", |i| &path[..=i]);
        self.frames.push(Frame::File(FileFrame {
            file,
            pos: if bom { 3 } else { 0 },
            dir: dir.to_owned(),
            path: normal(path),
            checks,
        }));
        Ok(())
    }

    fn file_frames(&self) -> impl DoubleEndedIterator<Item = &FileFrame> {
        self.frames.iter().filter_map(|f| match f {
            Frame::File(f) => Some(f),
            _ => None,
        })
    }

    /// The directory of the file being read, without the final `/`.
    pub(super) fn directory(&self) -> &str {
        let dir = self
            .file_frames()
            .next_back()
            .map_or("", |f| f.dir.as_str());
        match dir {
            "" => ".",
            "/" => "/",
            dir => dir.trim_end_matches('/'),
        }
    }

    /// `include…` PATTERN. `false`: the line is something else.
    pub(super) fn include(&mut self, text: Text) -> bool {
        let bytes = self.sources.get(text);
        let len = bytes.iter().take_while(|b| !lexer::blank(**b)).count();
        let extra = match &bytes[..len] {
            b"include" => 0,
            b"includer" => READ,
            b"includem" => READ | MATCH,
            b"includew" => READ | MATCH | WILDCARD,
            b"includeb" => READ | BRACE,
            b"includea" => ALL,
            _ => return false,
        };
        if self.full {
            return true;
        }
        let pattern = self.trim(text.part(len, bytes.len()));
        let pattern = String::from_utf8_lossy(self.sources.get(pattern)).into_owned();
        let at = self.sources.span(text.part(0, len));
        if pattern.is_empty() {
            self.diags.error(at, "include needs a file name or pattern");
            return true;
        }
        if pattern.len() >= MAX_PATH {
            let text = format!("no path is {} bytes long; not included", pattern.len());
            self.diags.error(at, text);
            return true;
        }
        let current = self.file_frames().next_back();
        let strict = extra | current.map_or(0, |f| f.checks);
        let checks = current.map_or(0, |f| f.checks);
        let full = match pattern.starts_with('/') {
            true => pattern.clone(),
            false => format!("{}{pattern}", current.map_or("", |f| &f.dir)),
        };
        if self.file_frames().count() >= MAX_DEPTH {
            let text = format!("includes are nested more than {MAX_DEPTH} deep; not followed");
            self.diags.error(at, text);
            return true;
        }
        let found = self.find(&full, &pattern, at, strict);
        if let Some(why) = &found.why {
            let text = format!("this include is strict and fails: {why}");
            self.refuse(Some(at), text, Class::Security);
        }
        self.open_all(&found.files, at, checks, strict);
        true
    }

    /// Puts the files of a pattern on top of the frames, the first one last.
    fn open_all(&mut self, files: &[String], at: Span, checks: u8, strict: u8) {
        for path in files.iter().rev() {
            if self.full || self.loops(path, at) {
                continue;
            }
            let Err(why) = self.open(path, checks) else {
                continue;
            };
            if strict & READ != 0 {
                let text = format!("this include is strict and fails: {path}: {why}");
                self.refuse(Some(at), text, Class::Security);
            } else if self.full {
                // A part of the configuration is missing.
                self.diags
                    .error(at, format!("{path} is not included: {why}"));
            } else {
                self.unusable(at, path, &why, strict);
            }
        }
    }

    /// The files a pattern names.
    fn find(&mut self, full: &str, shown: &str, at: Span, strict: u8) -> Found {
        let mut found = Found::default();
        let mut missing = None;
        let alternatives = alternatives(full);
        let many = alternatives.len() > 1;
        for one in &alternatives {
            let wild = one.contains(['*', '?', '[']);
            let paths = match (wild, self.outside.stat(one, true)) {
                (false, Some(_)) => vec![one.clone()],
                _ => self.outside.glob(one),
            };
            if paths.is_empty() {
                let flag = match (many, wild) {
                    (true, _) => BRACE,
                    (false, true) => WILDCARD,
                    (false, false) => MATCH,
                };
                let name = if many { one } else { shown };
                let why = format!("no file matches {}", quote(name.as_bytes()));
                found.fails(flag & strict, &why);
                missing.get_or_insert(why);
            }
            for path in paths {
                let why = match self.outside.stat(&path, true) {
                    Some(s) if s.dir => "it is a directory",
                    Some(s) if !s.file => "it is no plain file",
                    Some(s) if s.mode & 0o111 != 0 => "it is executable",
                    Some(_) => {
                        found.files.push(path);
                        continue;
                    }
                    None => "it cannot be read",
                };
                self.unusable(at, &path, why, strict);
                found.fails(READ & strict, &format!("{path}: {why}"));
            }
        }
        if let Some(text) = missing.filter(|_| found.why.is_none()) {
            let from = format!("relative names start from {}", self.directory());
            let diag = self.diags.warning(at, text);
            if shown.starts_with(['"', '\'']) {
                diag.hint("write the name without quotation marks");
            } else if !many && !shown.starts_with('/') {
                diag.hint(from);
            }
        }
        found
    }

    fn unusable(&mut self, at: Span, path: &str, why: &str, strict: u8) {
        if strict & READ == 0 {
            let text = format!("{path} is not included: {why}");
            self.diags.error(at, text).ours();
        }
    }

    /// Whether a file is being read already; says so.
    fn loops(&mut self, path: &str, at: Span) -> bool {
        let path = normal(path);
        let Some(depth) = self.file_frames().position(|f| f.path == path) else {
            return false;
        };
        let mut chain: Vec<&str> = self
            .file_frames()
            .skip(depth)
            .map(|f| f.path.as_str())
            .collect();
        let text = match chain.len() {
            1 => format!("{path} includes itself; not followed"),
            _ => {
                chain.push(&path);
                format!(
                    "files include each other: {}; not followed",
                    chain.join(" -> ")
                )
            }
        };
        self.diags.error(at, text);
        true
    }

    /// `include_check`: changes the strictness for the rest of this file.
    pub(super) fn checks_line(&mut self, first: usize) {
        let words = self.words.get(first..).unwrap_or_default();
        let Some((head, rest)) = words.split_first() else {
            return;
        };
        if !head.is(FIRST) || self.sources.get(head.text) != b"include_check" {
            return;
        }
        let mut checks = self.file_frames().next_back().map_or(0, |f| f.checks);
        if rest.is_empty() {
            checks = ALL;
        } else if !rest
            .iter()
            .any(|w| self.sources.get(w.text).starts_with(b"+"))
            && !rest
                .iter()
                .any(|w| self.sources.get(w.text).starts_with(b"-"))
        {
            checks = 0;
        }
        for word in rest.iter().take_while(|w| !w.brace()) {
            let bytes = self.sources.get(word.text);
            let (add, name) = match bytes {
                [b'-', name @ ..] => (false, name),
                [b'+', name @ ..] => (true, name),
                name => (true, name),
            };
            let flag = match name {
                b"read" | b"readable" => READ,
                b"match" => MATCH,
                b"wildcard_match" => WILDCARD,
                b"brace_match" => BRACE,
                _ => 0,
            };
            checks = if add { checks | flag } else { checks & !flag };
        }
        for frame in self.frames.iter_mut().rev() {
            if let Frame::File(f) = frame {
                f.checks = checks;
                break;
            }
        }
    }
}

/// Brace alternatives of a pattern: `a{b,c}` is `ab`, `ac`.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut todo = vec![pattern.to_owned()];
    while let Some(one) = todo.pop() {
        if done.len() + todo.len() > MAX_ALTERNATIVES {
            break;
        }
        match group(&one) {
            None => done.push(one),
            Some((open, close)) => {
                let (head, tail) = (&one[..open], &one[close + 1..]);
                let mut options = pieces(&one[open + 1..close]);
                options.reverse();
                for option in options {
                    todo.push(format!("{head}{option}{tail}"));
                }
            }
        }
    }
    done
}

/// The first brace group that holds a comma.
fn group(pattern: &str) -> Option<(usize, usize)> {
    let open = pattern.find('{')?;
    let mut depth = 0u32;
    for (i, c) in pattern[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some((open, open + i));
        }
    }
    None
}

fn pieces(inside: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut depth, mut from) = (0u32, 0);
    for (i, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                out.push(&inside[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    out.push(&inside[from..]);
    out
}

/// The path without `.`, `..` and doubled slashes, to recognise a file.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// Why a file is no text, if it is none.
fn not_text(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => {
            return Some("not a text file: this is a program (ELF)".into());
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Some("this file is UTF-16; save it as UTF-8".into());
        }
        [a, 0, b, 0, ..] | [0, a, 0, b, ..] if *a != 0 && *b != 0 => {
            return Some("this file seems to be UTF-16; save it as UTF-8".into());
        }
        _ => {}
    }
    let control = |b: &&u8| matches!(b, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    let count = bytes.iter().filter(control).count();
    if count == 0 || count.saturating_mul(32) < bytes.len() {
        return None;
    }
    let at = bytes.iter().position(|b| control(&b))?;
    Some(format!(
        "not a text file: byte 0x{:02x} at offset {at}",
        bytes[at]
    ))
}
