//! The rows as they lie in the binary. With their texts as references they would take 120 bytes
//! each, and a relocation for every text; packed they take 40, and all texts are one run of bytes in
//! which none stands twice. The packing is done when the program is compiled.

use super::{Again, Block, LISTS, Row, Shape, State, Written};

/// One row: what it takes, and where its texts begin.
#[derive(Clone, Copy, Debug)]
struct Packed {
    shape: Shape,
    /// Name, default, words, unit, and the text of the state; each ends with a zero byte.
    texts: Places,
    state: u8,
    again: Again,
}

const PARTS: usize = 5;
type Places = [u16; PARTS];

/// The rows of one block.
#[derive(Clone, Copy, Debug)]
pub struct Rows(&'static [Packed]);

/// The keywords of a block.
pub fn rows(block: Block) -> Rows {
    let block = block as usize;
    Rows(&ROWS[STARTS[block]..STARTS[block + 1]])
}

/// Where the rows of each block begin, and behind the last one.
static STARTS: [usize; LISTS.len() + 1] = starts();
static ROWS: [Packed; ALL] = packed();
static TEXTS: [u8; PLACED.1] = texts();

/// Rows there are.
const ALL: usize = starts()[LISTS.len()];
/// Where each text is, and where all of them end.
#[allow(long_running_const_eval)] // a second
const PLACED: ([Places; ALL], usize) = placed();

const fn starts() -> [usize; LISTS.len() + 1] {
    let mut out = [0; LISTS.len() + 1];
    let mut block = 0;
    while block < LISTS.len() {
        out[block + 1] = out[block] + LISTS[block].len();
        block += 1;
    }
    out
}

/// All rows, one after the other.
const fn flat() -> [Written; ALL] {
    let mut out = [LISTS[0][0]; ALL];
    let (mut block, mut at) = (0, 0);
    while block < LISTS.len() {
        let mut row = 0;
        while row < LISTS[block].len() {
            out[at] = LISTS[block][row];
            at += 1;
            row += 1;
        }
        block += 1;
    }
    out
}
#[allow(clippy::large_const_arrays)] // for the compiler alone
const FLAT: [Written; ALL] = flat();

/// Their texts, by part.
const fn columns() -> [[&'static [u8]; ALL]; PARTS] {
    let mut out = [[&[] as &[u8]; ALL]; PARTS];
    let mut row = 0;
    while row < ALL {
        let Written {
            name,
            default,
            words,
            unit,
            state,
            ..
        } = FLAT[row];
        let texts = [name, default, words, unit, said(state).1];
        let mut part = 0;
        while part < PARTS {
            out[part][row] = texts[part].as_bytes();
            part += 1;
        }
        row += 1;
    }
    out
}
#[allow(clippy::large_const_arrays)]
const COLUMNS: [[&[u8]; ALL]; PARTS] = columns();

const fn said(state: State) -> (u8, &'static str) {
    match state {
        State::Works => (0, ""),
        State::Later(text) => (1, text),
        State::Absent(text) => (2, text),
        State::Never(text) => (3, text),
        State::Idle => (4, ""),
        State::Old(text) => (5, text),
        State::Foreign(text) => (6, text),
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The first byte is the end of every empty text.
#[allow(clippy::cast_possible_truncation)] // looked at below
const fn placed() -> ([Places; ALL], usize) {
    let mut out = [[0; PARTS]; ALL];
    let (mut part, mut end) = (0, 1);
    while part < PARTS {
        let column = &COLUMNS[part];
        let mut row = 0;
        while row < ALL {
            let text = column[row];
            if !text.is_empty() {
                let mut before = 0;
                while before < row && !same(column[before], text) {
                    before += 1;
                }
                out[row][part] = if before < row {
                    out[before][part]
                } else {
                    end += text.len() + 1;
                    (end - text.len() - 1) as u16
                };
            }
            row += 1;
        }
        part += 1;
    }
    assert!(end <= u16::MAX as usize, "a place is 16 bits");
    (out, end)
}

const fn texts() -> [u8; PLACED.1] {
    let mut out = [0; PLACED.1];
    let mut part = 0;
    while part < PARTS {
        let mut row = 0;
        while row < ALL {
            let text = COLUMNS[part][row];
            let from = PLACED.0[row][part] as usize;
            let mut at = 0;
            while at < text.len() {
                out[from + at] = text[at];
                at += 1;
            }
            row += 1;
        }
        part += 1;
    }
    out
}

const fn packed() -> [Packed; ALL] {
    let mut out = [Packed {
        shape: Shape::Flag,
        texts: [0; PARTS],
        state: 0,
        again: Again::Last,
    }; ALL];
    let mut row = 0;
    while row < ALL {
        out[row] = Packed {
            shape: FLAT[row].shape,
            texts: PLACED.0[row],
            state: said(FLAT[row].state).0,
            again: FLAT[row].again,
        };
        row += 1;
    }
    out
}

/// The text that begins there.
fn text(at: u16) -> &'static str {
    let from = TEXTS.get(usize::from(at)..).unwrap_or_default();
    let text = from.split(|b| *b == 0).next().unwrap_or_default();
    core::str::from_utf8(text).unwrap_or_default()
}

impl Rows {
    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = Row> + Clone {
        (0..self.0.len()).map(move |index| self.row(index))
    }

    /// Row number `index`.
    pub(super) fn row(self, index: usize) -> Row {
        let row = &self.0[index];
        let [name, default, words, unit, said] = row.texts;
        let said = text(said);
        Row {
            name: text(name),
            shape: row.shape,
            state: match row.state {
                0 => State::Works,
                1 => State::Later(said),
                2 => State::Absent(said),
                3 => State::Never(said),
                4 => State::Idle,
                5 => State::Old(said),
                _ => State::Foreign(said),
            },
            again: row.again,
            default,
            words,
            unit,
        }
    }

    /// The number of the row with this name.
    pub(super) fn position(self, name: &[u8]) -> Option<usize> {
        let named = |row: &Packed| {
            let text = TEXTS.get(usize::from(row.texts[0])..);
            let rest = text.and_then(|t| t.strip_prefix(name));
            rest.is_some_and(|rest| rest.first() == Some(&0))
        };
        self.0.iter().position(named)
    }
}

impl Row {
    /// What counts when it is not written.
    pub fn default(&self) -> &'static str {
        text(self.default)
    }
    /// Its arguments, where they have better names than the shape knows; else empty.
    pub(super) fn words(&self) -> &'static str {
        text(self.words)
    }
    /// The unit of its number, as it is printed; else empty.
    pub(super) fn unit(&self) -> &'static str {
        text(self.unit)
    }
}
