//! The shell-like tokenizer: commands of scripts become words.

use super::lexer::{Word, blank};
use super::source::Text;

/// Keywords whose line is read by the shell-like tokenizer.
const SHELL_LIKE: [&str; 21] = [
    "script",
    "misc_path",
    "quorum_up",
    "quorum_down",
    "notify_up",
    "notify_down",
    "notify",
    "notify_master",
    "notify_backup",
    "notify_fault",
    "notify_stop",
    "notify_deleted",
    "notify_master_rx_lower_pri",
    "startup_script",
    "shutdown_script",
    "notify_fifo_script",
    "vrrp_notify_fifo_script",
    "lvs_notify_fifo_script",
    "regex",
    "notify_fifo_script_lvs",
    "notify_fifo_script_vrrp",
];

pub(super) fn shell_like(bytes: &[u8], word: Word, text: Text) -> bool {
    let from = (word.text.start - text.start) as usize;
    let word = bytes.get(from..from + word.text.len as usize);
    word.is_some_and(|w| SHELL_LIKE.iter().any(|k| k.as_bytes() == w))
}

/// Pass 1 of the shell-like tokenizer: the quotes of one word go, and its escapes are processed.
///
/// Pass 2 processes escapes once more, so that `\"` between double quotes is a quotation mark of
/// pass 2, which keeps words together, and `\\\"` a mere character.
pub(super) fn unquote(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut open = None;
    let mut i = 0;
    while let Some(b) = raw.get(i) {
        match (open, *b) {
            (_, b'\\') => {
                let (byte, used) = escape(&raw[i + 1..]).unwrap_or((b'\\', 0));
                out.push(byte);
                i += used;
            }
            (Some(q), b) if q == b => open = None,
            (None, b'"' | b'\'') => open = Some(*b),
            (_, b) => out.push(b),
        }
        i += 1;
    }
    out
}

/// Pass 2 of the shell-like tokenizer: a command becomes words, escapes are processed.
///
/// # Errors
/// A lone backslash at the end, or a quote that is not closed.
pub(super) fn argv(command: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut open = None;
    let mut i = 0;
    while let Some(b) = command.get(i).copied() {
        i += 1;
        match (open, b) {
            (_, b'\\') => {
                let (byte, used) = escape(&command[i..]).ok_or("a backslash at the end")?;
                word.get_or_insert_default().push(byte);
                i += used;
            }
            (Some(q), b) if q == b => open = None,
            (None, b'"' | b'\'') => {
                open = Some(b);
                word.get_or_insert_default();
            }
            (None, b) if blank(b) => words.extend(word.take()),
            (_, b) => word.get_or_insert_default().push(b),
        }
    }
    if open.is_some() {
        return Err("a quotation mark that is not closed");
    }
    words.extend(word);
    Ok(words)
}

/// The byte an escape stands for, and how many bytes after the backslash it takes.
fn escape(rest: &[u8]) -> Option<(u8, usize)> {
    let hex = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    Some(match *rest.first()? {
        b'a' => (0x07, 1),
        b'b' => (0x08, 1),
        b'E' => (0x1b, 1),
        b'f' => (0x0c, 1),
        b'n' => (b'\n', 1),
        b'r' => (b'\r', 1),
        b't' => (b'\t', 1),
        b'v' => (0x0b, 1),
        b'0'..=b'7' => {
            let digits = rest
                .iter()
                .take(3)
                .take_while(|b| (b'0'..=b'7').contains(*b));
            digits.fold((0, 0), |(value, n), d| {
                (
                    u8::wrapping_add(u8::wrapping_mul(value, 8), d - b'0'),
                    n + 1,
                )
            })
        }
        b'x' => match rest.get(1).and_then(|b| hex(*b)) {
            None => (b'x', 1),
            Some(high) => match rest.get(2).and_then(|b| hex(*b)) {
                None => (high, 2),
                Some(low) => (high << 4 | low, 3),
            },
        },
        b'c' => match rest.get(1) {
            Some(b) => (b & 0x1f, 2),
            None => (b'c', 1),
        },
        other => (other, 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_split_with_escapes() {
        let words = |s: &str| -> Vec<String> {
            argv(s.as_bytes())
                .expect("well formed")
                .into_iter()
                .map(|w| String::from_utf8_lossy(&w).into_owned())
                .collect()
        };
        assert_eq!(words("/x/y.sh 'a b' c\\ d"), ["/x/y.sh", "a b", "c d"]);
        assert_eq!(words("ab\"c d\"'e f'"), ["abc de f"]);
        assert_eq!(words("\\x41\\102\\t\\cA ''"), ["AB\t\u{1}", ""]);
        assert!(argv(b"x \\").is_err());
        assert!(argv(b"'x").is_err());
    }

    #[test]
    fn both_passes_process_escapes() {
        assert_eq!(unquote(b"\"/x/y.sh 'a b'\""), b"/x/y.sh 'a b'");
        assert_eq!(unquote(b"x\\"), b"x\\");
        // As keepalived 2.2.7 was seen to call its scripts.
        let called = |raw: &str| {
            let words = argv(&unquote(raw.as_bytes())).expect("well formed");
            let words = words.iter().map(|w| format!("[{}]", w.escape_ascii()));
            words.collect::<String>()
        };
        for (written, words) in [
            (r#""a \"b c\"  d""#, r#"[a][b c][d]"#),
            (r#""b\ c d""#, r#"[b][c][d]"#),
            (r#""b\\ c d""#, r#"[b c][d]"#),
            (r#""b\\\ c d""#, r#"[b c][d]"#),
            (r#""\x41 \\x41 \\\x41 \\\\x41""#, r#"[A][A][A][\\x41]"#),
            (r#""'a\tb' \"c\\td\"""#, r#"[a\tb][c\td]"#),
            (r#""'a\'b' c\'d""#, r#"[ab cd]"#),
            (r#"'\\"b c\\"'"#, r#"[\"b][c\"]"#),
            (r#""\\\"b c\\\"""#, r#"[\"b][c\"]"#),
            (r#""a\nb""#, r#"[a][b]"#),
            (r#""-x='a b' --y=\"c d\"e""#, r#"[-x=a b][--y=c de]"#),
            (r#""\"\" ''""#, r#"[][]"#),
        ] {
            assert_eq!(called(written), words, "{written}");
        }
        assert!(argv(&unquote(br#""end\\""#)).is_err());
    }
}
