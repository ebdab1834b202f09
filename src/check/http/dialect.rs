//! Patterns as keepalived takes them (PCRE), written so that our library means the same by them.
//!
//! What it has nothing for (look-around, references back) stays as it is,
//! and is refused by the library.

use core::iter::Peekable;
use core::str::CharIndices;

/// PCRE's `$`: at the end, or before the line end that is the end.
const END: &str = r"(?:\n?\z)";

/// The pattern in the library's dialect.
pub(super) fn translate(pattern: &str) -> String {
    let lines = multiline(pattern);
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => escape(&mut chars, &mut out, false),
            '$' if !lines => out.push_str(END),
            // Anything but a quantifier is the character itself.
            '{' if quantifier(pattern.get(at..).unwrap_or_default()) => out.push(c),
            '{' => out.push_str(r"\{"),
            '[' => class(pattern, &mut chars, &mut out),
            _ => out.push(c),
        }
    }
    out
}

/// Whether some part of it has the flag `m`: then `$` is the same in both dialects.
fn multiline(pattern: &str) -> bool {
    pattern.split("(?").skip(1).any(|rest| {
        let flags = rest.chars().take_while(char::is_ascii_alphabetic);
        flags.into_iter().any(|c| c == 'm')
    })
}

/// Whether it begins with `{n}`, `{n,}` or `{n,m}`.
fn quantifier(text: &str) -> bool {
    let inside = text.strip_prefix('{').and_then(|t| t.split_once('}'));
    let Some((inside, _)) = inside else {
        return false;
    };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

type Chars<'a> = Peekable<CharIndices<'a>>;

/// What follows a backslash.
fn escape(chars: &mut Chars<'_>, out: &mut String, in_class: bool) {
    match chars.next() {
        Some((_, 'Z')) if !in_class => out.push_str(END),
        Some((_, 'h')) if in_class => out.push_str(r"\t "),
        Some((_, 'h')) => out.push_str(r"[\t ]"),
        // In ours these would be the ends of a word.
        Some((_, c @ ('<' | '>'))) => out.push(c),
        Some((_, c)) => {
            out.push('\\');
            out.push(c);
        }
        None => out.push('\\'),
    }
}

/// A class behind its bracket, where ours gives more characters a meaning.
fn class(pattern: &str, chars: &mut Chars<'_>, out: &mut String) {
    out.push('[');
    if chars.next_if(|(_, c)| *c == '^').is_some() {
        out.push('^');
    }
    if chars.next_if(|(_, c)| *c == ']').is_some() {
        out.push_str(r"\]");
    }
    while let Some((at, c)) = chars.next() {
        match c {
            ']' => return out.push(c),
            '\\' => escape(chars, out, true),
            '[' if pattern.get(at + 1..).is_some_and(|p| p.starts_with(':')) => {
                // [:alpha:] and the like.
                out.push(c);
                for (_, c) in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_lite::Regex;

    fn found(pattern: &str, text: &str) -> Option<bool> {
        let pattern = Regex::new(&translate(pattern)).ok()?;
        Some(pattern.is_match(text))
    }

    #[test]
    fn as_pcre_means_it() {
        for (pattern, text, expected) in [
            ("OK$", "OK", true),
            ("OK$", "OK\n", true),
            ("OK$", "OK\n\n", false),
            ("OK$", "OK\nmore", false),
            ("(?m)OK$", "OK\nmore", true),
            ("(?im)ok$", "OK\nmore", true),
            ("(?i)ok$", "OK\nmore", false),
            (r"OK\Z", "OK\n", true),
            (r"OK\z", "OK\n", false),
            (r"5\$", "5$", true),
            ("[$]", "5$", true),
            (r#"{"status":"up"}"#, r#"{"status":"up"}"#, true),
            ("a{2}", "aa", true),
            ("^a{2,3}$", "aaaa", false),
            ("a{2,}", "a", false),
            ("a{x}", "a{x}", true),
            ("a{,3}", "a{,3}", true),
            ("a{", "a{", true),
            (r"\<b>", "<b>", true),
            (r"\</b\>", "</b>", true),
            ("[[]x]", "[x]", true),
            ("[]x]", "]", true),
            ("[^]x]", "]", false),
            ("[a&&b]", "&", true),
            ("[~~]", "~", true),
            ("[[:digit:]]+", "42", true),
            ("[[:digit:]x]$", "x", true),
            (r"a\hb", "a\tb", true),
            (r"[\h]", " ", true),
            (r"\/a\-b\ c", "/a-b c", true),
            (r"[a\]b]", "]", true),
        ] {
            assert_eq!(
                found(pattern, text),
                Some(expected),
                "{pattern} in {text:?}"
            );
        }
    }

    #[test]
    fn what_there_is_nothing_for() {
        for pattern in ["(?=a)b", "(?<!a)b", r"(a)\1", "(", "[a", "a\\", "(?>a)"] {
            assert_eq!(found(pattern, ""), None, "{pattern}");
        }
    }
}
