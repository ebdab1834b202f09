//! Files become one stream of words: conditions, definitions, repetitions and includes are resolved
//! here, line by line; the words of all files follow each other as if they stood in one.

use super::diag::{Class, Diags, Severity, quote};
use super::lexer::{self, BROKEN, Complaint, Exotic, Lexer, Word};
use super::source::{Sources, Text};
use super::{Options, Outside};
use std::collections::{BTreeMap, BTreeSet};

/// Where the next line comes from.
pub(super) enum Frame {
    /// A file.
    File(FileFrame),
    /// The rest of a definition of several lines.
    Lines(LinesFrame),
    /// The body of a `~SEQ` or `~LST`.
    Repeat(RepeatFrame),
}

pub(super) struct FileFrame {
    pub file: u16,
    pub pos: u32,
    /// Directory relative patterns start from, with a final `/` unless empty.
    pub dir: String,
    /// Normalised path, to find loops.
    pub path: String,
    /// `include_check` flags in force.
    pub checks: u8,
}

pub(super) struct LinesFrame {
    pub name: Vec<u8>,
    pub lines: std::rc::Rc<[Text]>,
    pub next: usize,
}

pub(super) struct RepeatFrame {
    pub vars: Vec<Vec<u8>>,
    pub values: Values,
    pub body: Text,
    pub whole: Text,
}

/// The values of a repetition still to come.
pub(super) enum Values {
    /// `~SEQ`
    Numbers {
        next: i64,
        step: i64,
        left: u32,
        hex: bool,
    },
    /// `~LST`
    List(std::vec::IntoIter<Vec<Vec<u8>>>),
}

/// What a definition stands for.
#[derive(Clone)]
pub(super) enum Value {
    /// The rest of one line.
    Line(Text),
    /// Several lines.
    Lines(std::rc::Rc<[Text]>),
}

/// A definition of several lines being collected.
pub(super) struct Collect {
    pub name: Vec<u8>,
    pub lines: Vec<Text>,
}

/// Lines that definitions and repetitions may produce in one load.
const MAX_LINES: u32 = 32_768;
/// Bytes that substitution may produce in one load.
const MAX_ARENA: usize = 16 << 20;
/// Times one line is looked at again after a substitution.
const MAX_PASSES: usize = 1_000;

/// Reads files and yields words.
pub(super) struct Reader<'a> {
    pub outside: &'a dyn Outside,
    pub options: &'a Options,
    pub diags: &'a mut Diags,
    pub sources: Sources,
    pub words: Vec<Word>,
    pub frames: Vec<Frame>,
    pub defs: BTreeMap<Vec<u8>, Value>,
    /// Definitions that refer to themselves or grow too long; said once.
    pub cyclic: BTreeSet<Vec<u8>>,
    pub collect: Option<Collect>,
    /// So much has been read that nothing more is included.
    pub full: bool,
    pub config_id: Vec<u8>,
    pub random: u32,
    produced: u32,
    /// Lines seen, wrapping: see [`BREATH`].
    lines: u32,
    /// Too much was produced, and that has been said.
    exhausted: bool,
    complaints: Vec<(Complaint, Text)>,
}

/// So many lines are read between two calls of [`Outside::breathe`].
const BREATH: u32 = 64;

impl<'a> Reader<'a> {
    pub(super) fn new(
        outside: &'a dyn Outside,
        options: &'a Options,
        diags: &'a mut Diags,
    ) -> Reader<'a> {
        let host = outside.hostname();
        let id = match &options.config_id {
            Some(id) => id.clone(),
            None => host.split('.').next().unwrap_or_default().to_owned(),
        };
        // Different on every host, the same after every reload.
        let seed = host.bytes().chain(options.seed.to_le_bytes());
        let random = seed.fold(0x811c_9dc5, |h: u32, b| {
            (h ^ u32::from(b)).wrapping_mul(0x0100_0193)
        });
        Reader {
            outside,
            options,
            diags,
            sources: Sources::default(),
            words: Vec::new(),
            frames: Vec::new(),
            defs: BTreeMap::new(),
            cyclic: BTreeSet::new(),
            collect: None,
            full: false,
            config_id: id.into_bytes(),
            random: random | 1,
            produced: 0,
            lines: 0,
            exhausted: false,
            complaints: Vec::new(),
        }
    }

    /// Reads everything that can be reached from the frames.
    pub(super) fn run(&mut self) {
        while let Some(frame) = self.frames.last_mut() {
            self.lines = self.lines.wrapping_add(1);
            if self.lines.is_multiple_of(BREATH) {
                self.outside.breathe();
            }
            match frame {
                Frame::File(f) => {
                    let (file, pos) = (f.file, f.pos);
                    match self.sources.line_at(file, pos) {
                        Some((line, next)) => {
                            f.pos = next;
                            self.physical(line);
                        }
                        None => {
                            self.end_collecting();
                            self.frames.pop();
                        }
                    }
                }
                Frame::Lines(f) => {
                    let line = f.lines.get(f.next).copied();
                    f.next += 1;
                    self.produce(line);
                }
                Frame::Repeat(f) => {
                    let body = f.values.step().map(|values| (values, f.body, f.whole));
                    let vars = f.vars.clone();
                    let line = body.map(|(values, body, whole)| {
                        self.assign(vars, values, whole);
                        body
                    });
                    self.produce(line);
                }
            }
        }
    }

    /// A line that comes from a definition or repetition, or the end of those.
    fn produce(&mut self, line: Option<Text>) {
        let Some(line) = line else {
            self.frames.pop();
            return;
        };
        self.produced += 1;
        if self.produced > MAX_LINES || self.sources.arena_len() > MAX_ARENA {
            if !core::mem::replace(&mut self.exhausted, true) {
                let span = self.sources.span(line);
                self.diags.error(
                    span,
                    "definitions and repetitions produce too much text; the rest is ignored",
                );
            }
            self.frames.retain(|f| matches!(f, Frame::File(_)));
            return;
        }
        self.feed(line);
    }

    /// A line as it stands in a file.
    fn physical(&mut self, line: Text) {
        let bytes = self.sources.get(line);
        if bytes.contains(&0) {
            let span = self.sources.span(line).part(0, 1);
            self.diags
                .error(span, "this line holds NUL bytes and is ignored");
            return;
        }
        let t = lexer::decomment(bytes);
        if let Some(at) = t.cut {
            let span = self.sources.span(line.part(at, at + 1));
            let (sign, word) = (bytes[at] as char, &bytes[t.start..t.end]);
            let word = word.rsplit(|b| lexer::blank(*b)).next().unwrap_or_default();
            let text = format!(
                "'{sign}' begins a comment even inside a word: what counts is {}",
                quote(word)
            );
            self.diags
                .warning(span, text)
                .hint(format!("write '\\{sign}' if it is part of the value"));
        }
        let text = line.part(t.start, t.end);
        let text = if t.rewrite { self.rewrite(text) } else { text };
        self.feed(text);
    }

    fn feed(&mut self, text: Text) {
        if self.collect.is_some() {
            self.collect_line(text);
        } else {
            self.process(text);
        }
    }

    /// Replaces `\#`, `\!` and look-alike characters by what they stand for.
    fn rewrite(&mut self, text: Text) -> Text {
        let bytes = self.sources.get(text).to_vec();
        let from = self.sources.arena_len();
        let (mut i, mut copied) = (0, 0);
        let (mut quoted, mut curly) = (false, false);
        let mut said: [bool; 3] = [false; 3];
        while let Some(b) = bytes.get(i).copied() {
            let mut replace: Option<(usize, u8)> = None;
            match b {
                b'\\' if !quoted && matches!(bytes.get(i + 1), Some(b'#' | b'!')) => {
                    replace = Some((2, bytes[i + 1]));
                }
                b'\\' => i += 1,
                b'"' => {
                    quoted = !quoted;
                    curly = false;
                }
                0x80.. => match lexer::lookalike(&bytes[i..]) {
                    Some(f) if !quoted || curly && f.plain == b'"' => {
                        if f.plain == b'"' {
                            quoted = !quoted;
                            curly = quoted;
                        }
                        if !core::mem::replace(&mut said[f.kind as usize], true) {
                            self.exotic(text, &bytes, i, &f);
                        }
                        replace = Some((f.len, f.plain));
                    }
                    _ => i += lexer::char_len(&bytes[i..]) - 1,
                },
                _ => {}
            }
            if let Some((len, plain)) = replace {
                self.sources.copy(text.part(copied, i));
                let span = self.sources.span(text.part(i, i + len));
                self.sources.insert(&[plain], span);
                i += len;
                copied = i;
            } else {
                i += 1;
            }
        }
        self.sources.copy(text.part(copied, bytes.len()));
        self.sources.since(from)
    }

    /// Names a look-alike character and the plain one to write.
    fn exotic(&mut self, text: Text, bytes: &[u8], at: usize, found: &lexer::Lookalike) {
        let span = self.sources.span(text.part(at, at + found.len));
        let (read, write) = match (found.kind, found.plain) {
            (Exotic::Blank, _) => ("a blank", "write a plain blank"),
            (Exotic::Quote, b'"') => ("\"", "write a plain \""),
            (Exotic::Quote, _) => ("'", "write a plain '"),
            (Exotic::Brace, b'{') => ("{", "write a plain {"),
            (Exotic::Brace, _) => ("}", "write a plain }"),
        };
        let text = format!("{} is read as {read}", found.name);
        // A free text keeps the character in keepalived, which then says nothing.
        let keyword = bytes.iter().take_while(|b| !lexer::blank(**b)).count();
        let free = at > keyword && super::table::free_text(&bytes[..keyword]);
        let diag = self.diags.error(span, text).hint(write);
        if free {
            diag.ours().severity(Severity::Warning);
        }
    }

    /// Everything that can be at the start of a line, then its words.
    fn process(&mut self, text: Text) {
        let mut text = text;
        for _ in 0..MAX_PASSES {
            text = self.trim(text);
            match self.sources.get(text).first().copied() {
                None => return,
                Some(b'@') => match self.condition(text) {
                    Some(rest) => {
                        text = rest;
                        continue;
                    }
                    None => return,
                },
                Some(b'$') if self.definition(text) => return,
                Some(b'~') if self.repetition(text) => return,
                Some(_) => {}
            }
            match self.substitute(text) {
                Some(changed) => text = changed,
                None => break,
            }
        }
        if !self.include(text) {
            self.lex(text);
        }
    }

    pub(super) fn trim(&self, text: Text) -> Text {
        let bytes = self.sources.get(text);
        let start = bytes.iter().take_while(|b| lexer::blank(**b)).count();
        let end = bytes.iter().rev().take_while(|b| lexer::blank(**b)).count();
        text.part(start, bytes.len().saturating_sub(end).max(start))
    }

    /// `@id rest` and `@^id rest`: the rest, if it is for us.
    fn condition(&mut self, text: Text) -> Option<Text> {
        let bytes = self.sources.get(text);
        let word = bytes.iter().take_while(|b| !lexer::blank(**b)).count();
        let (negated, id) = match &bytes[1..word] {
            [b'^', id @ ..] => (true, id),
            id => (false, id),
        };
        if id.is_empty() {
            let span = self.sources.span(text.part(0, word));
            self.diags
                .error(span, "a condition needs a name; the line is ignored")
                .ours()
                .hint("write '@name' without a blank, name being what -i gives");
            return None;
        }
        let ours = id == self.config_id.as_slice();
        (ours != negated).then(|| text.part(word, bytes.len()))
    }

    /// Cuts a line into words.
    pub(super) fn lex(&mut self, text: Text) {
        let first = self.words.len();
        let mut lexer = Lexer {
            sources: &self.sources,
            words: &mut self.words,
            complaints: &mut self.complaints,
        };
        lexer.split(text);
        self.checks_line(first);
        for word in self.words.get_mut(first..).unwrap_or_default() {
            if self.cyclic.is_empty() {
                break;
            }
            let bytes = self.sources.get(word.text);
            if super::expand::reference_name(bytes).is_some_and(|n| self.cyclic.contains(n)) {
                word.flags |= BROKEN;
            }
        }
        while let Some((what, at)) = self.complaints.pop() {
            self.complain(what, at);
        }
    }

    fn complain(&mut self, what: Complaint, at: Text) {
        let span = self.sources.span(at);
        match what {
            Complaint::Quote(inside) => {
                self.diags.broken_syntax = true;
                let text = match inside {
                    true => {
                        "quotation mark inside a word is never closed; the rest of the line is ignored"
                    }
                    false => "quotation mark opened here is not closed on this line",
                };
                self.diags.error(span, text);
            }
            Complaint::Undefined => {
                let name = quote(self.sources.get(at));
                self.diags
                    .error(span, format!("{name} is not defined"))
                    .hint("a template that was not filled in? definitions look like '$NAME=value'");
            }
            Complaint::Control => {
                let name = quote(self.sources.get(at));
                self.diags
                    .error(
                        span,
                        format!("{name} holds control characters and is ignored"),
                    )
                    .ours();
            }
            Complaint::Long => {
                let text = format!("this word is {} bytes long and is ignored", at.len);
                self.diags.error(span, text);
            }
        }
    }

    /// A line that cannot be used: its words are kept for the sake of its braces only.
    pub(super) fn lex_broken(&mut self, text: Text) {
        let first = self.words.len();
        let mut lexer = Lexer {
            sources: &self.sources,
            words: &mut self.words,
            complaints: &mut self.complaints,
        };
        lexer.split(text);
        self.complaints.clear();
        for word in self.words.get_mut(first..).unwrap_or_default() {
            if !word.brace() {
                word.flags |= BROKEN;
            }
        }
    }

    /// The configuration cannot be used at all.
    pub(super) fn refuse(&mut self, span: Option<super::source::Span>, text: String, class: Class) {
        self.diags.add(Severity::Fatal, span, text).class(class);
    }
}

impl Values {
    fn step(&mut self) -> Option<Vec<Vec<u8>>> {
        match self {
            Values::List(list) => list.next(),
            Values::Numbers {
                next,
                step,
                left,
                hex,
            } => {
                *left = left.checked_sub(1)?;
                let now = *next;
                *next = now.saturating_add(*step);
                let text = match hex {
                    true => format!("{now:x}"),
                    false => format!("{now}"),
                };
                Some(vec![text.into_bytes()])
            }
        }
    }
}
