//! The list of all keywords, for people.

use super::{BLOCKS, Block, Row, rows};

/// Columns of the list.
const COLUMNS: usize = 5;
/// Widest column of the list on a terminal; what is longer stands out.
const WIDEST: usize = 36;
/// Blanks between two columns.
const GAP: usize = 2;

/// One line of the list of keywords.
struct Entry(Row, Vec<Block>);

impl Entry {
    fn cells(&self) -> [String; COLUMNS] {
        let Entry(row, blocks) = self;
        let mut names: Vec<String> = blocks.iter().map(Block::to_string).collect();
        names.dedup();
        let text = |t: String| if t.is_empty() { "-".into() } else { t };
        [
            row.name.to_owned(),
            names.join(","),
            text(row.arguments()),
            text(row.default().to_owned()),
            row.support(),
        ]
    }
}

/// Heading and lines: keyword, blocks, arguments, default, state of support.
fn table() -> Vec<[String; COLUMNS]> {
    let mut entries: Vec<Entry> = Vec::new();
    for block in BLOCKS {
        for row in rows(block).iter() {
            let same = |e: &&mut Entry| {
                e.0.name == row.name
                    && e.0.arguments() == row.arguments()
                    && e.0.state == row.state
                    && e.0.default() == row.default()
            };
            match entries.iter_mut().find(same) {
                Some(entry) => entry.1.push(block),
                None => entries.push(Entry(row, vec![block])),
            }
        }
    }
    entries.sort_by_key(|e| (e.0.name.to_ascii_lowercase(), e.1[0] as u8));
    let heading = ["keyword", "blocks", "arguments", "default", "support"];
    let includes = INCLUDES.map(|word| [word, "anywhere", "PATTERN", "-", "supported"]);
    let fixed = core::iter::once(heading).chain(includes);
    fixed
        .map(|cells| cells.map(str::to_owned))
        .chain(entries.iter().map(Entry::cells))
        .collect()
}

/// The list of all keywords: keyword, blocks, arguments, default, state of support; one a line,
/// separated by tabs, a heading first. A keyword that means the same in several blocks stands once.
pub fn keywords() -> String {
    let lines = table().into_iter().map(|cells| cells.join("\t") + "\n");
    lines.collect()
}

/// The same list in columns, for a terminal.
pub fn columns() -> String {
    let table = table();
    let width = |column: usize| {
        let cells = table.iter().map(|line| line[column].chars().count());
        cells.filter(|width| *width <= WIDEST).max().unwrap_or(0)
    };
    let widths: [usize; COLUMNS] = core::array::from_fn(width);
    let mut out = String::new();
    for line in &table {
        for (cell, width) in line.iter().zip(widths) {
            out.push_str(cell);
            let blanks = width.saturating_sub(cell.chars().count()) + GAP;
            out.extend(core::iter::repeat_n(' ', blanks));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// The spellings of `include`, which is no keyword of a block.
pub const INCLUDES: [&str; 6] = [
    "include", "includer", "includem", "includew", "includeb", "includea",
];
