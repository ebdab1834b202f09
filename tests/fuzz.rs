//! The fuzz targets without a fuzzer: every file of `tests/fuzz/corpus` goes through its check.
//!
//! What a run of `make fuzz` found and was mended stays there, so that it cannot come back. Some
//! thousand inputs made of these files follow, the same ones in every run.

#[path = "fuzz/checks/mod.rs"]
mod checks;

use holdfast::config::table;
use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

/// The files of a corpus, in the order of their names.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder().join("corpus").join(target)).expect("a corpus");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let data = fs::read(&path).expect("readable");
        (path, data)
    };
    paths.into_iter().map(read).collect()
}

/// Shows every file of a corpus to its check, and names those that fail; then as many made of them.
fn replay(target: &str, check: fn(&[u8]), made: usize) {
    let files = corpus(target);
    assert!(files.len() >= 8, "only {} files for {target}", files.len());
    let fails = |data: &[u8]| catch_unwind(|| check(data)).is_err();
    let failed: Vec<_> = files.iter().filter(|(_, data)| fails(data)).collect();
    let names: Vec<_> = failed.iter().map(|(path, _)| path).collect();
    assert!(names.is_empty(), "{names:#?}");

    let mut dice = Dice(0x9e37_79b9);
    for round in 0..made {
        let data = dice.made_of(&files);
        assert!(
            !fails(&data),
            "round {round} of {target} fails with b\"{}\"",
            data.escape_ascii()
        );
    }
}

/// xorshift: the same on every machine and in every run.
struct Dice(u32);

impl Dice {
    /// A number below `n`; 0 if there is none.
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % n.max(1)
    }

    /// One of the files with a few changes: pieces of others, words, repeats, holes, odd bytes.
    fn made_of(&mut self, files: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
        let words: Vec<&[u8]> = include_bytes!("fuzz/more-words")
            .split(|b| *b == b'\n')
            .collect();
        let mut data = files[self.below(files.len())].1.clone();
        for _ in 0..=self.below(4) {
            let at = self.below(data.len() + 1);
            let end = (at + self.below(24)).min(data.len());
            let piece: Vec<u8> = match self.below(6) {
                0 => Vec::new(),
                1 => data[at..end].repeat(1 + self.below(4)),
                2 => vec![self.below(256) as u8],
                3 => words[self.below(words.len())].into(),
                _ => {
                    let other = &files[self.below(files.len())].1;
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(80)).min(other.len());
                    other[from..to].into()
                }
            };
            let hole = if self.below(2) == 0 { at } else { end };
            data.splice(at..hole, piece);
        }
        data
    }
}

#[test]
fn packet() {
    replay("packet", checks::packet::check, 10_000);
}

#[test]
fn netlink() {
    replay("netlink", checks::netlink::check, 50_000);
}

#[test]
fn words() {
    replay("words", checks::words::check, 20_000);
}

#[test]
fn config() {
    replay("config", checks::config::check, 3_000);
}

#[test]
fn http() {
    replay("http", checks::http::check, 10_000);
}

#[test]
fn replies() {
    replay("replies", checks::replies::check, 10_000);
}

/// The dictionary that helps the fuzzer to keywords has all of them. `UPDATE=1` writes it anew.
#[test]
fn the_dictionary_is_complete() {
    let mut words: BTreeSet<&str> = table::BLOCKS
        .into_iter()
        .flat_map(|block| table::rows(block).iter())
        .map(|row| row.name)
        .collect();
    words.extend(include_str!("fuzz/more-words").lines());
    let mut want = String::from("# For libFuzzer: the keywords, and what is in more-words.\n");
    for word in words {
        want.push('"');
        for b in word.bytes() {
            match b {
                b'"' | b'\\' => want.extend(['\\', char::from(b)]),
                b' '..=b'~' => want.push(char::from(b)),
                b => want.push_str(&format!("\\x{b:02x}")),
            }
        }
        want.push_str("\"\n");
    }
    let path = folder().join("config.dict");
    if std::env::var_os("UPDATE").is_some_and(|v| !v.is_empty()) {
        fs::write(&path, &want).expect("writable");
    }
    let have = fs::read_to_string(&path).expect("tests/fuzz/config.dict");
    assert!(have == want, "run UPDATE=1 cargo test --test fuzz");
}
