//! What was measured, of both, in 80 columns. Whole numbers throughout: nanoseconds, bytes and
//! thousandths.

// Not every bench uses all of it.
#![allow(dead_code)]

use crate::lab::Kind;
use crate::wire::median;

#[derive(Clone, Copy)]
pub enum Unit {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Memory,
    /// How many.
    Count,
}

/// What holdfast may need, in thousandths of what keepalived needs.
#[derive(Clone, Copy)]
pub enum Limit {
    Most(i64),
    /// What it may not do less of.
    Least(i64),
    /// Told for what it is worth.
    None,
}

pub struct Row {
    name: &'static str,
    unit: Unit,
    limit: Limit,
    /// One value per round, of keepalived and of holdfast.
    values: [Vec<i64>; 2],
}

pub struct Table {
    rows: Vec<Row>,
    /// What was put since it was last asked for: row, which, value.
    latest: Vec<(usize, usize, i64)>,
}

impl Row {
    pub fn new(name: &'static str, unit: Unit, limit: Limit) -> Row {
        Row {
            name,
            unit,
            limit,
            values: [Vec::new(), Vec::new()],
        }
    }

    fn medians(&self) -> Option<[i64; 2]> {
        let [theirs, ours] = &self.values;
        let both = !theirs.is_empty() && !ours.is_empty();
        both.then(|| [median(theirs.clone()), median(ours.clone())])
    }

    /// Ratio of the medians, thousandths.
    fn ratio(&self) -> Option<i64> {
        let [theirs, ours] = self.medians()?;
        Some(ours * 1000 / theirs.max(1))
    }

    /// Whether the limit is kept.
    fn kept(&self) -> bool {
        match (self.limit, self.ratio()) {
            (Limit::Most(most), Some(ratio)) => ratio <= most,
            (Limit::Least(least), Some(ratio)) => ratio >= least,
            _ => true,
        }
    }
}

impl Table {
    pub fn new(rows: Vec<Row>) -> Table {
        Table {
            rows,
            latest: Vec::new(),
        }
    }

    /// Adds one round's value of one daemon.
    pub fn put(&mut self, name: &str, kind: Kind, value: i64) {
        let row = self
            .rows
            .iter()
            .position(|r| r.name == name)
            .expect("a row of this name");
        let which = usize::from(kind == Kind::Ours);
        self.rows[row].values[which].push(value);
        self.latest.push((row, which, value));
    }

    /// What was put since the last call, in one line: keepalived/holdfast of each row.
    pub fn latest(&mut self) -> String {
        let latest = std::mem::take(&mut self.latest);
        let value = |row, which| {
            let found = latest.iter().find(|l| (l.0, l.1) == (row, which));
            found.map_or("-".to_owned(), |l| text_of(self.rows[row].unit, l.2))
        };
        let limited = |row: &usize| !matches!(self.rows[*row].limit, Limit::None);
        let touched: Vec<usize> = (0..self.rows.len())
            .filter(|row| latest.iter().any(|l| l.0 == *row))
            .filter(limited)
            .collect();
        touched
            .iter()
            .map(|row| format!("  {} / {}", value(*row, 0), value(*row, 1)))
            .collect()
    }

    /// Whether every limit is kept.
    pub fn kept(&self) -> bool {
        self.rows.iter().all(Row::kept)
    }

    /// The whole of it.
    pub fn text(&self) -> String {
        let rounds = self
            .rows
            .iter()
            .map(|r| r.values[1].len())
            .max()
            .unwrap_or(0);
        let mut text = format!(
            "{:<35} {:>10} {:>10} {:>6} {:>6}\n{}\n",
            format!("medians of {rounds} rounds"),
            "keepalived",
            "holdfast",
            "ratio",
            "limit",
            "-".repeat(76)
        );
        for row in &self.rows {
            let (Some([theirs, ours]), Some(ratio)) = (row.medians(), row.ratio()) else {
                continue;
            };
            let limit = match row.limit {
                Limit::Most(limit) | Limit::Least(limit) => thousandths(limit),
                Limit::None => String::new(),
            };
            let mark = if row.kept() { "" } else { " OVER" };
            let line = format!(
                "{:<35} {:>10} {:>10} {:>6} {limit:>6}{mark}",
                row.name,
                text_of(row.unit, theirs),
                text_of(row.unit, ours),
                thousandths(ratio)
            );
            text += &format!("{}\n", line.trim_end());
        }
        text += "\nspread over the rounds (least to most)\n";
        for row in &self.rows {
            let spread = |values: &[i64]| match (values.iter().min(), values.iter().max()) {
                (Some(least), Some(most)) => {
                    format!(
                        "{} - {}",
                        text_of(row.unit, *least),
                        text_of(row.unit, *most)
                    )
                }
                _ => String::new(),
            };
            let [theirs, ours] = &row.values;
            if !theirs.is_empty() && !ours.is_empty() {
                text += &format!(
                    "{:<31} {:>22} {:>22}\n",
                    row.name,
                    spread(theirs),
                    spread(ours)
                );
            }
        }
        text + if self.kept() {
            "\nwithin every limit\n"
        } else {
            "\nOVER a limit\n"
        }
    }
}

fn thousandths(value: i64) -> String {
    format!("{}.{:03}", value / 1000, value % 1000)
}

/// With three or four figures and a unit.
fn text_of(unit: Unit, value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let value = value.abs();
    // In thousandths of the printed unit.
    let (scaled, name) = match unit {
        Unit::Time if value < 1_000_000 => (value, "us"),
        Unit::Time => (value / 1000, "ms"),
        Unit::Memory => (value * 1000 / (1 << 20), "MB"),
        Unit::Count => return format!("{sign}{value}"),
    };
    match scaled {
        0..10_000 => format!("{sign}{}.{:02} {name}", scaled / 1000, scaled % 1000 / 10),
        10_000..100_000 => format!("{sign}{}.{} {name}", scaled / 1000, scaled % 1000 / 100),
        _ => format!("{sign}{} {name}", scaled / 1000),
    }
}
