//! Text in headers (RFC 5322, RFC 2047), and dates.

use core::fmt::{Display, Formatter, Result};
use std::fmt::Write;

/// Longest encoded word (RFC 2047 §2).
const WORD: usize = 75;
/// Bytes of a header's text that are written; a line may have 998 (RFC 5322 §2.1.1).
const MOST: usize = 900;

/// Text of a header without structure.
pub(super) fn header(text: &str, out: &mut String) {
    let text = cut(text);
    if text.is_ascii() {
        out.extend(text.chars().map(harmless));
    } else {
        encoded(text, out);
    }
}

/// The name in front of an address: in quotes where RFC 5322 §3.2.3 wants them.
pub(super) fn phrase(text: &str, out: &mut String) {
    let text = cut(text);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&b);
    if !text.is_ascii() {
        encoded(text, out);
    } else if text.bytes().all(plain) {
        out.push_str(text);
    } else {
        out.push('"');
        // What was escaped already stays as it is.
        let mut escaped = false;
        for c in text.chars().map(harmless) {
            if c == '"' && !escaped {
                out.push('\\');
            }
            escaped = c == '\\' && !escaped;
            out.push(c);
        }
        if escaped {
            out.push('\\');
        }
        out.push('"');
    }
}

/// A line of a body: nothing in it ends it.
pub(super) fn line(text: &str) -> String {
    cut(text)
        .chars()
        .map(|c| if c.is_ascii() { harmless(c) } else { '?' })
        .collect()
}

/// Not more than a line can have.
fn cut(text: &str) -> &str {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = end.take_while(|end| *end <= MOST).last().unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

fn harmless(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// Encoded words, one to a line.
fn encoded(text: &str, out: &mut String) {
    let mut length = 0;
    for c in text.chars() {
        let c = harmless(c);
        let plain = c.is_ascii_alphanumeric() || c == ' ';
        let needs = if plain { 1 } else { 3 * c.len_utf8() };
        if length == 0 || length + needs > WORD - 2 {
            out.push_str(if length == 0 { "" } else { "?=\r\n " });
            out.push_str("=?UTF-8?Q?");
            length = "=?UTF-8?Q?".len();
        }
        length += needs;
        match c {
            ' ' => out.push('_'),
            c if plain => out.push(c),
            c => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "={byte:02X}");
                }
            }
        }
    }
    out.push_str(if length == 0 { "" } else { "?=" });
}

/// `Sun, 22 Nov 2026 21:16:52 +0000` of seconds since 1970.
pub(super) fn date(seconds: u64) -> Date {
    Date(seconds)
}

pub(super) struct Date(u64);

impl Display for Date {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [(&str, u64); 12] = [
            ("Jan", 31),
            ("Feb", 28),
            ("Mar", 31),
            ("Apr", 30),
            ("May", 31),
            ("Jun", 30),
            ("Jul", 31),
            ("Aug", 31),
            ("Sep", 30),
            ("Oct", 31),
            ("Nov", 30),
            ("Dec", 31),
        ];
        // Four digits of a year are all a date has.
        let all = self.0.min(LAST_DAY) / 86_400;
        let (mut year, mut left) = (1970, all);
        let leap =
            |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
        loop {
            let days = if leap(year) { 366 } else { 365 };
            if left < days {
                break;
            }
            (year, left) = (year + 1, left - days);
        }
        let mut month = "Dec";
        for (name, days) in MONTHS {
            let days = days + u64::from(name == "Feb" && leap(year));
            if left < days {
                month = name;
                break;
            }
            left -= days;
        }
        let day = DAYS.get((all % 7) as usize).copied().unwrap_or_default();
        let time = self.0 % 86_400;
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        write!(
            f,
            "{day}, {:02} {month} {year} {hour:02}:{minute:02}:{second:02} +0000",
            left + 1
        )
    }
}

/// 31 December 9999.
const LAST_DAY: u64 = 253_402_214_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let table = [
            (0, "Thu, 01 Jan 1970 00:00:00 +0000"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 +0000"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 +0000"),
            (1_795_382_212, "Sun, 22 Nov 2026 21:16:52 +0000"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 +0000"),
        ];
        for (seconds, text) in table {
            assert_eq!(date(seconds).to_string(), text);
        }
        assert!(date(u64::MAX).to_string().contains(" 31 Dec 9999 "));
    }

    #[test]
    fn nothing_ends_a_header() {
        let of = |f: fn(&str, &mut String), text: &str| {
            let mut out = String::new();
            f(text, &mut out);
            out
        };
        assert_eq!(of(header, "a\r\nBcc: x\0y"), "a  Bcc: x y");
        assert_eq!(of(phrase, "Bob"), "Bob");
        assert_eq!(of(phrase, "Bob, the \"Man\""), "\"Bob, the \\\"Man\\\"\"");
        assert_eq!(of(phrase, "a \\\"b\\\" ."), "\"a \\\"b\\\" .\"");
        assert_eq!(of(phrase, "end\\"), "\"end\\\\\"");
        assert_eq!(of(header, "zür ich"), "=?UTF-8?Q?z=C3=BCr_ich?=");
        assert_eq!(of(header, ""), "");
        assert_eq!(of(header, &"x".repeat(5_000)).len(), MOST);
        let long = of(header, &"ü".repeat(5_000));
        assert!(long.split("\r\n ").all(|word| word.len() <= WORD
            && word.starts_with("=?UTF-8?Q?")
            && word.ends_with("?=")));
        assert_eq!(line("a\r\n.\r\nQUIT ü"), "a  .  QUIT ?");
    }
}
