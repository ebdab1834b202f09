//! What `getopt_long` allows beside `getopts`: abbreviated long names, and optional arguments only
//! where they are attached.

use super::table::{self, Arg, TABLE};
use std::ffi::OsString;

/// Long names in full; a short option with an optional argument as its long form, so that the
/// next word is never taken for that argument; stops at `--`.
pub fn canonical(args: Vec<OsString>) -> Result<Vec<String>, String> {
    let mut words = Vec::with_capacity(args.len());
    let mut args = args.into_iter().map(|arg| {
        arg.into_string()
            .map_err(|raw| format!("argument is not UTF-8: {}", raw.display()))
    });
    while let Some(arg) = args.next() {
        let arg = arg?;
        let wants_next = if arg == "--" {
            words.push(arg);
            break;
        } else if let Some(long) = arg.strip_prefix("--") {
            canonical_long(long, &mut words)?
        } else if arg.len() > 1 && arg.starts_with('-') {
            canonical_short(&arg, &mut words)?
        } else {
            words.push(arg);
            false
        };
        if wants_next && let Some(value) = args.next() {
            words.push(value?);
        }
    }
    for arg in args {
        words.push(arg?);
    }
    Ok(words)
}

/// Pushes `--name[=value]` with its full name; tells whether the next word is its value.
fn canonical_long(long: &str, words: &mut Vec<String>) -> Result<bool, String> {
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (long, None),
    };
    let row = match table::by_long(name)[..] {
        [row] => row,
        [] => return Err(unknown_long(name)),
        ref several => {
            let names: Vec<_> = several.iter().map(|r| format!("--{}", r.long)).collect();
            let names = names.join(", ");
            return Err(format!("option '--{name}' may mean {names}"));
        }
    };
    words.push(match value {
        Some(value) => format!("--{}={value}", row.long),
        None => format!("--{}", row.long),
    });
    Ok(value.is_none() && matches!(row.arg, Arg::Required(_)))
}

/// Pushes a cluster of short options; tells whether the next word is the last one's value.
fn canonical_short(arg: &str, words: &mut Vec<String>) -> Result<bool, String> {
    for (at, short) in arg.char_indices().skip(1) {
        let Some(row) = table::by_short(short) else {
            return Err(format!("unknown option '-{short}'"));
        };
        let rest = &arg[at + short.len_utf8()..];
        match row.arg {
            Arg::None => continue,
            Arg::Required(_) => {
                words.push(arg.to_owned());
                return Ok(rest.is_empty());
            }
            Arg::Optional(_) => {
                if at > 1 {
                    words.push(arg[..at].to_owned());
                }
                words.push(match rest {
                    "" => format!("--{}", row.long),
                    value => format!("--{}={value}", row.long),
                });
                return Ok(false);
            }
        }
    }
    words.push(arg.to_owned());
    Ok(false)
}

fn unknown_long(name: &str) -> String {
    match nearest(name, TABLE.iter().map(|row| row.long)) {
        Some(near) => format!("unknown option '--{name}'; did you mean '--{near}'?"),
        None => format!("unknown option '--{name}'"),
    }
}

/// What was probably meant.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let names = names.into_iter().filter(|name| !name.is_empty());
    let near = names.map(|name| (distance(word, name), name));
    let near = near.min_by_key(|(d, _)| *d);
    near.filter(|(d, name)| *d <= 3 && *d < name.len() / 2)
        .map(|(_, name)| name)
}

/// Levenshtein distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let cost = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
