//! The list of all keywords, for people.

use super::{BLOCKS, Block, Row, State, rows};
use core::fmt;

/// One line of the list of keywords.
struct Entry<'t>(&'t Row, Vec<Block>);

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry(row, blocks) = self;
        let mut names: Vec<String> = blocks.iter().map(Block::to_string).collect();
        names.dedup();
        let text = |t: String| if t.is_empty() { "-".into() } else { t };
        let state = match row.state {
            State::Works => "works".to_owned(),
            State::Later(_) => "not yet".to_owned(),
            State::Never(_) => "not supported".to_owned(),
            State::Idle => "accepted, no effect".to_owned(),
            State::Old(new) => format!("old name of {new}"),
            State::Foreign(why) => format!("accepted: {why}"),
        };
        write!(
            f,
            "{}\t{}\t{}\t{}\t{state}",
            row.name,
            names.join(","),
            text(row.shape.to_string()),
            text(row.default.to_owned()),
        )
    }
}

/// The list of all keywords: keyword, blocks, arguments, default, state of support; one a line,
/// separated by tabs, a heading first. A keyword that means the same in several blocks stands once.
pub fn keywords() -> String {
    let mut entries: Vec<Entry<'static>> = Vec::new();
    for block in BLOCKS {
        for row in rows(block) {
            let same = |e: &&mut Entry<'_>| {
                e.0.name == row.name
                    && e.0.shape == row.shape
                    && e.0.state == row.state
                    && e.0.default == row.default
            };
            match entries.iter_mut().find(same) {
                Some(entry) => entry.1.push(block),
                None => entries.push(Entry(row, vec![block])),
            }
        }
    }
    entries.sort_by_key(|e| (e.0.name.to_ascii_lowercase(), e.1[0] as u8));
    let mut out = String::from("keyword\tblocks\targuments\tdefault\tsupport\n");
    for word in INCLUDES {
        out.push_str(word);
        out.push_str("\tanywhere\tPATTERN\t-\tworks\n");
    }
    for entry in entries {
        out.push_str(&format!("{entry}\n"));
    }
    out
}

/// The spellings of `include`, which is no keyword of a block.
pub const INCLUDES: [&str; 6] = [
    "include", "includer", "includem", "includew", "includeb", "includea",
];
