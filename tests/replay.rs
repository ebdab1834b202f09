//! Transcripts: timed inputs, expected actions, through the pure machine and real packets.
//!
//! `tests/replay/*.t`; the format is described in `tests/replay/script.rs`.
//! `UPDATE=1 cargo test --test replay` writes what the machine does now; read the difference.

#![allow(clippy::unwrap_used)]

#[path = "replay/packet.rs"]
mod packet;
#[path = "replay/script.rs"]
mod script;
#[path = "replay/track.rs"]
mod track;
#[path = "replay/unicast.rs"]
mod unicast;

use std::path::{Path, PathBuf};

fn transcripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay");
    let mut list: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "t"))
        .collect();
    list.sort();
    list
}

#[test]
fn every_transcript_plays_as_written() {
    let update = std::env::var_os("UPDATE").is_some_and(|v| !v.is_empty());
    let list = transcripts();
    assert!(list.len() >= 40, "only {} transcripts found", list.len());
    let mut failed = Vec::new();
    for path in list {
        let written = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let played = script::play(&written).unwrap_or_else(|why| panic!("{name}: {why}"));
        if played == written {
            continue;
        }
        if update {
            std::fs::write(&path, played).unwrap();
            continue;
        }
        println!("{}", difference(&name, &written, &played));
        failed.push(name);
    }
    assert!(failed.is_empty(), "transcripts differ: {failed:?}");
}

/// The first lines that differ, with what stands before them.
fn difference(name: &str, written: &str, played: &str) -> String {
    let (mut old, mut new) = (written.lines(), played.lines());
    let mut before: Vec<&str> = Vec::new();
    for number in 1.. {
        match (old.next(), new.next()) {
            (Some(a), Some(b)) if a == b => before.push(a),
            (a, b) => {
                let from = before.len().saturating_sub(4);
                return format!(
                    "{name}:{number}\n    {}\n  - {}\n  + {}",
                    before[from..].join("\n    "),
                    a.unwrap_or("(end)"),
                    b.unwrap_or("(end)")
                );
            }
        }
    }
    unreachable!()
}

/// The conformance rows that concern the machine over IPv4 each have a transcript.
#[test]
fn every_row_of_the_list_has_a_transcript() {
    let names: Vec<String> = transcripts()
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    // 41, 52 and 53 are the kernel's; 54, 55 also need several routers.
    let rows = (20..=51).filter(|row| *row != 41).chain(54..=58);
    let missing: Vec<u32> = rows
        .filter(|row| {
            !names
                .iter()
                .any(|name| name.starts_with(&format!("{row}-")))
        })
        .collect();
    assert!(missing.is_empty(), "no transcript for rows {missing:?}");
}
