//! The configuration every guide to keepalived starts from, and its sysconfig file, word by word.
//!
//! A row says what a word does, and which two observations show it: one with the word, and the same
//! one where the word is missing or says something else. The two values differ, so that no row can
//! hold whatever the daemon does.

#[path = "guide/balance.rs"]
mod balance;
#[path = "guide/rows.rs"]
mod rows;
#[path = "guide/start.rs"]
mod start;
#[path = "guide/vrrp.rs"]
mod vrrp;

use crate::lab::{Lab, Node, pause, sh};
use rows::{ROWS, TEMPLATE};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// How long an observation may take to become what it should be, in seconds.
const LONG: u64 = 90;

/// What was observed, by name.
///
/// Once something was waited for in vain the test has failed, and the rest waits for less.
#[derive(Default)]
struct Facts(BTreeMap<String, String>, bool);

impl Facts {
    fn set(&mut self, name: &str, value: impl ToString) {
        let before = self.0.insert(name.to_owned(), value.to_string());
        assert_eq!(before, None, "{name} is observed twice");
    }

    /// Waits until it is as wanted, and keeps what it is in the end.
    fn wait<T: ToString>(&mut self, name: &str, wanted: &str, mut look: impl FnMut() -> T) {
        let start = Instant::now();
        let limit = if self.1 { 3 } else { LONG };
        let mut last = look().to_string();
        while last != wanted && start.elapsed().as_secs() < limit {
            pause(50);
            last = look().to_string();
        }
        if last != wanted {
            println!("         {name}: {last:?}, not {wanted:?}, after {limit} s");
            self.1 = true;
        }
        self.set(name, last);
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("(never observed)", String::as_str)
    }
}

/// `yes` or `no`.
fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// A script that keeps the words it is given, one call a line.
fn notes(node: &Node) {
    node.write("note", "echo \"$@\" >> /run/notes\n");
}

/// Every word of the template has a row, and no row can hold whatever happens.
pub fn complete() {
    let have: BTreeSet<&str> = ROWS.iter().map(|row| row.keyword).collect();
    let missing: Vec<&&str> = TEMPLATE.iter().filter(|w| !have.contains(*w)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    let foreign: Vec<&&str> = have.iter().filter(|w| !TEMPLATE.contains(w)).collect();
    assert!(foreign.is_empty(), "not in the guide: {foreign:?}");
    for row in ROWS {
        assert_ne!(row.seen.1, row.control.1, "{} shows nothing", row.keyword);
        assert_ne!(
            row.seen.0, row.control.0,
            "{}: one observation",
            row.keyword
        );
        assert!(!row.effect.is_empty() && !row.context.is_empty());
    }
}

/// Observes everything, then judges each row.
pub fn shown() {
    complete();
    let mut facts = Facts::default();
    let start = Instant::now();
    let lab = Lab::new(4);
    sh("ip addr add 192.0.2.250/24 dev br0");
    sh("ip addr add 192.0.2.251/24 dev br0");
    let server = vrrp::post();
    vrrp::observe(&lab, &mut facts, &server);
    println!("         VRRP and mail: {:.0?}", start.elapsed());
    balance::observe(&lab, &mut facts, &server);
    println!("         virtual servers: {:.0?}", start.elapsed());
    start::observe(&mut facts);
    println!("         {} rows, {:.0?}", ROWS.len(), start.elapsed());
    let mut wrong = 0;
    for row in ROWS {
        for (what, wanted) in [row.seen, row.control] {
            let is = facts.get(what);
            if is != wanted {
                wrong += 1;
                let (keyword, context, effect) = (row.keyword, row.context, row.effect);
                println!("         {context} {keyword}: {effect}: {what}: {is:?}, not {wanted:?}");
            }
        }
    }
    assert_eq!(wrong, 0, "rows are otherwise: {:#?}", facts.0);
}
