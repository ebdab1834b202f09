//! What to write instead of a word nobody knows.

use super::diag::{Diags, quote};
use super::source::Span;
use super::table::{self, Block};

/// Says that `name` is no keyword here, and what may have been meant.
pub(super) fn unknown(
    diags: &mut Diags,
    span: Span,
    name: &[u8],
    next: Option<&[u8]>,
    block: Block,
    place: &str,
    whole: bool,
) {
    if diags.full() {
        diags.error(span, "unknown keyword");
        return;
    }
    let homes = table::homes(name);
    let shown = quote(name);
    let here = if block == Block::Root {
        "at top level"
    } else {
        "in"
    };
    let place = if block == Block::Root { "" } else { place };
    let here = format!("{here} {place}");
    let here = here.trim_end();
    let rest = if whole {
        " (the whole block is ignored)"
    } else {
        " (ignored)"
    };
    if !homes.is_empty() {
        let names: Vec<String> = homes.iter().map(Block::to_string).collect();
        diags
            .error(span, format!("{shown} is not valid {here}{rest}"))
            .hint(format!("valid in: {}", names.join(", ")));
        return;
    }
    let hint = hint(diags, name, next, block);
    let diag = diags.error(span, format!("unknown keyword {shown} {here}{rest}"));
    if let Some(hint) = hint {
        diag.hint(hint);
    }
}

fn hint(diags: &mut Diags, name: &[u8], next: Option<&[u8]>, block: Block) -> Option<String> {
    if name.starts_with(b"/*") || name.starts_with(b"//") || name == b"--" || name == b";" {
        return Some("comments start with '#' or '!'".into());
    }
    if let Some(fork) = table::fork(name) {
        return Some(format!("a keyword of {fork}, not of keepalived"));
    }
    if name.starts_with(b"$") {
        return Some(match next {
            Some([b'=', ..]) => "a definition has no blank before '=': '$NAME=value'".into(),
            _ => "this name is not defined before this line".into(),
        });
    }
    // `priority: 100`, `priority=100`, `priority; `
    let end = name
        .iter()
        .position(|b| matches!(b, b':' | b'=' | b';' | b','));
    if let Some(end) = end
        && table::find(block, &name[..end]).is_some()
    {
        let keyword = String::from_utf8_lossy(&name[..end]);
        let value = name.get(end + 1..).filter(|v| !v.is_empty()).or(next);
        let value = value.map(String::from_utf8_lossy).unwrap_or_default();
        return Some(format!(
            "write '{}'",
            format!("{keyword} {value}").trim_end()
        ));
    }
    let same = |r: &table::Row| r.name.as_bytes().eq_ignore_ascii_case(name);
    if let Some(row) = table::rows(block).iter().find(same) {
        return Some(format!(
            "did you mean '{}'? keywords are case sensitive",
            row.name
        ));
    }
    let names = table::rows(block).iter().map(|r| r.name);
    if let Some(near) = diags.nearest(name, names).or_else(|| longer(name, block)) {
        return Some(format!("did you mean '{near}'?"));
    }
    let everywhere = table::BLOCKS
        .into_iter()
        .flat_map(|b| table::rows(b).iter().map(move |r| (r.name, b)));
    let names = everywhere.clone().map(|(n, _)| n);
    let Some(near) = diags.nearest(name, names) else {
        let member = block == Block::SyncGroup;
        return member.then(|| "members stand in a block 'group { ... }'".into());
    };
    let home = everywhere.into_iter().find(|(n, _)| *n == near)?.1;
    Some(match home {
        Block::Root => format!("did you mean '{near}'? it stands outside every block"),
        home => format!("did you mean '{near}'? it stands in {home}"),
    })
}

/// The shortest keyword of a block that begins with `name`.
fn longer(name: &[u8], block: Block) -> Option<&'static str> {
    let names = table::rows(block).iter().map(|r| r.name);
    let begins = |n: &&str| name.len() >= 5 && n.as_bytes().starts_with(name);
    names.filter(begins).min_by_key(|n| n.len())
}

/// The known word that differs least, if it differs little.
pub(super) fn nearest<'k>(
    word: &[u8],
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    if word.len() > 64 || word.len() < 2 {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let limit = (word.len() / 4).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for k in known {
        if k.len().abs_diff(word.len()) > limit {
            continue;
        }
        let far = distance(&word, &k.to_ascii_lowercase().into_bytes());
        if far <= limit && best.is_none_or(|(b, _)| far < b) {
            best = Some((far, k));
        }
    }
    best.map(|(_, k)| k)
}

/// Edits between two words: insert, delete, replace, swap neighbours.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row[j] = best;
        }
        core::mem::swap(&mut before, &mut last);
        core::mem::swap(&mut last, &mut row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_a_swap_once() {
        assert_eq!(distance(b"virtual_router_di", b"virtual_router_id"), 1);
        assert_eq!(distance(b"prioritty", b"priority"), 1);
        assert_eq!(distance(b"", b"abc"), 3);
    }

    #[test]
    fn far_words_are_not_suggested() {
        let known = ["priority", "interface"];
        assert_eq!(nearest(b"prioritty", known), Some("priority"));
        assert_eq!(nearest(b"hello", known), None);
    }
}
