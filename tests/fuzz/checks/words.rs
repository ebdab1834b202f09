//! The lexer alone: lines, words and braces, commands.
//!
//! The lexer is private to the configuration, so its three files are compiled in here once more.

#[allow(dead_code, reason = "only what the lexer needs of it is used")]
#[path = "../../../src/config/lexer.rs"]
mod lexer;
#[allow(dead_code, reason = "only what the lexer needs of it is used")]
#[path = "../../../src/config/shell.rs"]
mod shell;
#[allow(dead_code, reason = "only what the lexer needs of it is used")]
#[path = "../../../src/config/source.rs"]
mod source;

use lexer::{BROKEN, FIRST, LINE, Lexer, OPEN, QUOTED, RAW, Word};
use source::{Sources, Text};

/// Cuts the bytes into lines, words and arguments.
pub fn check(data: &[u8]) {
    for at in 0..data.len() {
        let len = lexer::char_len(&data[at..]);
        assert!((1..=4).contains(&len) && at + len <= data.len());
        if let Some(found) = lexer::lookalike(&data[at..]) {
            assert!(found.len >= 1 && at + found.len <= data.len());
            assert!(found.plain.is_ascii() && !found.name.is_empty());
        }
    }
    let mut sources = Sources::default();
    let file = sources.add("words", data.to_vec(), b'\n').expect("short");
    let (mut pos, mut lines) = (0, 0);
    while let Some((line, next)) = sources.line_at(file, pos) {
        assert!(next > pos, "the next line is further on");
        assert_eq!(sources.place(sources.span(line)), (lines + 1, 1));
        line_of(&sources, line);
        (pos, lines) = (next, lines + 1);
    }
    assert_eq!(
        lines as usize,
        data.split_inclusive(|b| *b == b'\n').count()
    );
    command(data);
}

fn line_of(sources: &Sources, line: Text) {
    let bytes = sources.get(line);
    let t = lexer::decomment(bytes);
    assert!(t.start <= t.end && t.end <= bytes.len());
    if let Some(at) = t.cut {
        assert!(at >= t.end && matches!(bytes[at], b'#' | b'!'));
    }
    let kept = &bytes[t.start..t.end];
    let edge = |b: Option<&u8>| b.is_some_and(|b| lexer::blank(*b));
    assert!(!edge(kept.first()) && !edge(kept.last()));
    let twice = lexer::decomment(kept);
    assert_eq!(
        (twice.start, twice.end),
        (0, kept.len()),
        "done once is done"
    );
    split(sources, line);
    split(sources, line.part(t.start, t.end));
}

fn split(sources: &Sources, text: Text) {
    let (mut words, mut complaints) = (Vec::new(), Vec::new());
    Lexer {
        sources,
        words: &mut words,
        complaints: &mut complaints,
    }
    .split(text);
    let bytes = sources.get(text);
    let (mut at, mut first) = (0, true);
    for (n, word) in words.iter().enumerate() {
        let from = (word.text.start - text.start) as usize;
        let to = from + word.text.len as usize;
        assert!(at <= from && to <= bytes.len(), "words follow each other");
        let between = &bytes[at..from];
        let nothing = |b: &u8| lexer::blank(*b) || *b == b'"';
        assert!(between.iter().all(nothing), "nothing is lost");
        assert_eq!(word.is(LINE), n == 0);
        if !word.brace() {
            assert_eq!(word.is(FIRST), first);
        }
        first = word.brace();
        one(*word, &bytes[from..to]);
        at = to;
    }
    assert!(bytes[at..].iter().all(|b| lexer::blank(*b) || *b == b'"'));
    for (_, place) in complaints {
        assert!(place.start >= text.start);
        assert!(place.start + place.len <= text.start + text.len);
        assert!(place.len > 0);
    }
}

fn one(word: Word, bytes: &[u8]) {
    if word.brace() {
        assert_eq!(bytes, if word.is(OPEN) { b"{" } else { b"}" });
    } else if word.is(RAW) {
        assert!(!bytes.is_empty());
        let unquoted = shell::unquote(bytes);
        assert!(unquoted.len() <= bytes.len());
        let _ = shell::argv(&unquoted);
        if let Ok(arguments) = shell::argv(bytes) {
            // `\c"` takes its quote along in the second pass only, as in keepalived.
            let control = bytes.windows(2).any(|pair| pair == b"\\c");
            let one = arguments.len() <= 1;
            assert!(word.is(BROKEN) || control || one, "a word is one word");
        }
    } else if word.is(QUOTED) {
        assert!(word.is(BROKEN) || !bytes.contains(&b'"'));
    } else {
        assert!(!bytes.is_empty());
        let ends = |b: &u8| lexer::blank(*b) || b"\"{}".contains(b);
        assert!(word.is(BROKEN) || !bytes.iter().any(ends));
    }
}

/// Arguments written with quotes and escapes read as themselves.
fn command(bytes: &[u8]) {
    let Ok(arguments) = shell::argv(bytes) else {
        return;
    };
    let mut written = Vec::new();
    for argument in &arguments {
        written.extend_from_slice(b" '");
        for b in argument {
            match b {
                b'a'..=b'z' | b'0'..=b'9' | b' ' => written.push(*b),
                b if b % 2 == 0 => written.extend(format!("\\x{b:02x}").bytes()),
                b => written.extend(format!("\\{b:03o}").bytes()),
            }
        }
        written.push(b'\'');
    }
    assert_eq!(shell::argv(&written).as_ref(), Ok(&arguments));
}
