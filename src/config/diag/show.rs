//! How messages are printed.

use super::{Class, Diag, Diags, Severity};
use crate::config::source::chars;
use crate::json::{string, unseen};
use core::fmt::{self, Write};

/// Messages printed per file before the rest is only counted.
const PER_FILE: usize = 50;
/// Characters of a source line that are shown.
const WINDOW: usize = 120;

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Fatal => "fatal",
        })
    }
}

impl Class {
    /// The word for it in JSON.
    fn word(self) -> &'static str {
        match self {
            Class::FileNotFound => "file",
            Class::General => "general",
            Class::Security => "security",
            Class::MissingArgument => "argument",
        }
    }
}

impl Diags {
    /// Prints all messages: at most 50 per file, then a count.
    pub fn render(&self, out: &mut dyn Write, colour: bool) -> fmt::Result {
        let mut file = None;
        let mut shown = 0;
        let mut hidden = 0;
        for diag in &self.list {
            let of = diag.span.map(|s| s.file);
            if of != file {
                self.hidden(out, file, hidden)?;
                (file, shown, hidden) = (of, 0, 0);
            }
            if shown == PER_FILE {
                hidden += 1;
                continue;
            }
            shown += 1;
            self.one(out, diag, colour)?;
        }
        self.hidden(out, file, hidden)?;
        match self.dropped {
            0 => Ok(()),
            more => writeln!(out, "{more} more messages not kept"),
        }
    }

    /// Prints all messages as JSON, one object a line: `file`, `line`, `column`, `end_column` (the
    /// first one behind; both count characters from 1), `severity`, `class` (what keepalived would
    /// complain of: `general`, `argument`, `security`, `file`), `text`, `hint`; what is not known, or
    /// not the case, is left out.
    pub fn json(&self, out: &mut dyn Write) -> fmt::Result {
        for diag in &self.list {
            out.write_char('{')?;
            if let (Some(span), Some((path, line, column))) = (diag.span, self.place(diag)) {
                out.write_str("\"file\":")?;
                string(out, path)?;
                let len = self.sources.characters(span);
                let end = u64::from(column).saturating_add(len as u64);
                write!(
                    out,
                    ",\"line\":{line},\"column\":{column},\"end_column\":{end},"
                )?;
            }
            write!(out, "\"severity\":\"{}\",", diag.severity)?;
            if let Some(class) = diag.class {
                write!(out, "\"class\":\"{}\",", class.word())?;
            }
            out.write_str("\"text\":")?;
            string(out, &diag.text)?;
            if let Some(hint) = &diag.hint {
                out.write_str(",\"hint\":")?;
                string(out, hint)?;
            }
            out.write_str("}\n")?;
        }
        Ok(())
    }

    fn hidden(&self, out: &mut dyn Write, file: Option<u16>, count: usize) -> fmt::Result {
        if count == 0 {
            return Ok(());
        }
        let path = Clean(file.map_or("", |f| self.sources.path(f)));
        let s = if count == 1 { "" } else { "s" };
        writeln!(out, "{path}: {count} more message{s} not shown")
    }

    /// Prints one message: the place, the source line, the caret and the hint.
    pub fn one(&self, out: &mut dyn Write, diag: &Diag, colour: bool) -> fmt::Result {
        let word = diag.severity;
        let paint = match word {
            Severity::Warning => "\x1b[1;35m",
            Severity::Error | Severity::Fatal => "\x1b[1;31m",
        };
        let (bold, paint, off) = if colour {
            ("\x1b[1m", paint, "\x1b[0m")
        } else {
            ("", "", "")
        };
        let Some(span) = diag.span else {
            writeln!(out, "{paint}{word}:{off} {}", Clean(&diag.text))?;
            return diag
                .hint
                .as_ref()
                .map_or(Ok(()), |h| writeln!(out, "    {}", Clean(h)));
        };
        let (line, column) = self.sources.place(span);
        let path = Clean(self.sources.path(span.file));
        writeln!(
            out,
            "{bold}{path}:{line}:{column}:{off} {paint}{word}:{off} {}",
            Clean(&diag.text)
        )?;
        let (start, text) = self.sources.line_of(span);
        let view = View::new(text, (span.start - start) as usize, span.len as usize);
        if view.line.is_empty() {
            return diag
                .hint
                .as_ref()
                .map_or(Ok(()), |h| writeln!(out, "    {}", Clean(h)));
        }
        writeln!(out, "{}", view.line)?;
        write!(out, "{:1$}{paint}^", "", view.pad)?;
        for _ in 1..view.width {
            out.write_char('~')?;
        }
        out.write_str(off)?;
        match &diag.hint {
            Some(hint) => writeln!(out, " {}", Clean(hint)),
            None => writeln!(out),
        }
    }
}

/// The part of a source line that is shown.
struct View {
    line: String,
    pad: usize,
    width: usize,
}

impl View {
    fn new(text: &[u8], at: usize, len: usize) -> View {
        let at = at.min(text.len());
        let end = at.saturating_add(len).min(text.len());
        let before = chars(&text[..at]);
        let cut = before.saturating_sub(WINDOW / 2);
        let cut = if chars(text) <= WINDOW { 0 } else { cut };
        let mut view = View {
            line: String::new(),
            pad: 0,
            width: 0,
        };
        if cut > 0 {
            view.line.push_str("...");
            view.pad = 3;
        }
        let mut seen = 0;
        for (piece, part) in [(&text[..at], 0), (&text[at..end], 1), (&text[end..], 2)] {
            for c in shown(piece) {
                seen += 1;
                if seen <= cut {
                    continue;
                }
                if seen > cut + WINDOW {
                    view.line.push_str("...");
                    return view;
                }
                view.line.push(c);
                match part {
                    0 => view.pad += columns(c),
                    1 => view.width += columns(c),
                    _ => {}
                }
            }
        }
        let kept = view.line.trim_end().len();
        view.line.truncate(kept);
        view
    }
}

/// Printable characters only: a file may hold anything.
fn shown(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let bad = chunk.invalid().iter().map(|_| '\u{fffd}');
        chunk.valid().chars().map(plain).chain(bad)
    })
}

/// A text whose control characters must not reach a terminal or a log.
struct Clean<'t>(&'t str);

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| f.write_char(plain(c)))
    }
}

fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        c if unseen(c) => '\u{fffd}',
        c => c,
    }
}

/// Columns a terminal gives to a character.
fn columns(c: char) -> usize {
    match c {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}' => 2,
        _ => 1,
    }
}

/// A word as it can stand in a message: printable, not too long.
pub(in crate::config) fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("'");
    for (n, c) in shown(bytes).enumerate() {
        if n == 48 {
            out.push_str("...");
            break;
        }
        out.push(c);
    }
    out.push('\'');
    out
}
