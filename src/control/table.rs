//! How a terminal shows what `status` and `explain` say: columns, headings and colours. Whoever
//! reads the plain lines instead needs none of this.

use core::fmt::Write;

/// Headings of each kind of line, in the order of the kinds.
const KINDS: &[(&str, &[&str])] = &[
    (
        "daemon",
        &["DAEMON", "PID", "UP S", "CONFIGURATION", "LOADED S"],
    ),
    (
        "instance",
        &[
            "INSTANCE",
            "STATE",
            "FOR S",
            "PRIO",
            "INTERFACE",
            "VRID",
            "MASTER",
            "WHY",
        ],
    ),
    ("group", &["SYNC GROUP", "STATE", "FOR S", "MEMBERS"]),
    ("script", &["SCRIPT", "STATE", "LAST RUN"]),
    ("file", &["FILE", "VALUE", "PATH"]),
    (
        "service",
        &[
            "VIRTUAL SERVER",
            "STATE",
            "ALIVE",
            "QUORUM",
            "SCHED",
            "SORRY",
        ],
    ),
    (
        "real",
        &["OF", "REAL SERVER", "STATE", "WEIGHT", "IN TABLE", "FAILS"],
    ),
];

/// Colour of a state.
fn paint(word: &str) -> Option<&'static str> {
    match word {
        "MASTER" | "UP" | "GOOD" => Some("\x1b[32m"),
        "FAULT" | "DOWN" | "BAD" => Some("\x1b[1;31m"),
        "INIT" => Some("\x1b[33m"),
        _ => None,
    }
}

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// The lines of `status` as tables, one for each kind; what is no such line stays as it is.
pub fn table(text: &str) -> String {
    let mut out = String::new();
    for (kind, headings) in KINDS {
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter_map(|line| line.strip_prefix(kind)?.strip_prefix('\t'))
            .map(|line| line.split('\t').collect())
            .collect();
        if rows.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| cell.chars().count()).max();
            let heading = headings.get(column).map_or(0, |h| h.len());
            widest.unwrap_or(0).max(heading)
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        line(&mut out, headings, &widths, |_| Some(BOLD));
        for row in &rows {
            line(&mut out, row, &widths, paint);
        }
    }
    if out.is_empty() {
        return text.to_owned();
    }
    out
}

fn line(
    out: &mut String,
    cells: &[&str],
    widths: &[usize],
    paint: impl Fn(&str) -> Option<&'static str>,
) {
    let mut pad = 0;
    for (n, cell) in cells.iter().enumerate() {
        // Blanks come before the next cell: none are at the end.
        let _ = write!(out, "{:pad$}", "");
        match paint(cell) {
            Some(colour) => {
                let _ = write!(out, "{colour}{cell}{PLAIN}");
            }
            None => out.push_str(cell),
        }
        let width = widths.get(n).copied().unwrap_or(0);
        pad = width.saturating_sub(cell.chars().count()).saturating_add(2);
    }
    out.push('\n');
}

/// What `explain` says, with its states in colour.
pub fn explained(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        for (n, word) in line.split(' ').enumerate() {
            if n > 0 {
                out.push(' ');
            }
            let bare = word.trim_end_matches(['\n', ',', ':', ';']);
            match (paint(bare), word.strip_prefix(bare)) {
                (Some(colour), Some(rest)) => {
                    let _ = write!(out, "{colour}{bare}{PLAIN}{rest}");
                }
                _ => out.push_str(word),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_without_blanks_at_the_end() {
        let text = "group\tG\tMASTER\t1.0\tA,B\ngroup\tLonger\tFAULT\t12.5\tC\n";
        let plain = table(text)
            .replace(BOLD, "")
            .replace("\x1b[32m", "")
            .replace("\x1b[1;31m", "")
            .replace(PLAIN, "");
        assert_eq!(
            plain,
            "SYNC GROUP  STATE   FOR S  MEMBERS\nG           MASTER  1.0    A,B\n\
             Longer      FAULT   12.5   C\n"
        );
        assert_eq!(
            table("nothing here is called 'x'\n"),
            "nothing here is called 'x'\n"
        );
    }

    #[test]
    fn states_are_painted_and_nothing_else() {
        assert_eq!(
            explained("a is FAULT, for 2 s\n  FAULTY: UP\n"),
            "a is \x1b[1;31mFAULT\x1b[0m, for 2 s\n  FAULTY: \x1b[32mUP\x1b[0m\n"
        );
    }
}
