//! The fuzz targets without a fuzzer: every file of `tests/fuzz/corpus` goes through its check.
//!
//! What a run of `make fuzz` found and was mended stays there, so that it cannot come back.

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

/// Shows every file of a corpus to its check, and names those that fail.
fn replay(target: &str, check: fn(&[u8])) {
    let entries = fs::read_dir(folder().join("corpus").join(target)).expect("a corpus");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 8, "only {} files for {target}", paths.len());
    let fails = |path: &PathBuf| {
        let data = fs::read(path).expect("readable");
        catch_unwind(|| check(&data)).is_err()
    };
    let failed: Vec<PathBuf> = paths.into_iter().filter(fails).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn packet() {
    replay("packet", checks::packet::check);
}

#[test]
fn netlink() {
    replay("netlink", checks::netlink::check);
}

#[test]
fn words() {
    replay("words", checks::words::check);
}

#[test]
fn config() {
    replay("config", checks::config::check);
}

/// The dictionary that helps the fuzzer to keywords has all of them. `UPDATE=1` writes it anew.
#[test]
fn the_dictionary_is_complete() {
    let mut words: BTreeSet<&str> = table::BLOCKS
        .into_iter()
        .flat_map(table::rows)
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
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &want).expect("writable");
    }
    let have = fs::read_to_string(&path).expect("tests/fuzz/config.dict");
    assert!(have == want, "run UPDATE=1 cargo test --test fuzz");
}
