//! The law of the house: which room may use which, and what no room may touch.
//!
//! Rooms decide, the engine acts. This test reads `src/` and names each line that breaks the law.

#![allow(clippy::disallowed_methods, reason = "asks git for the list of files")]

#[path = "layers/scan.rs"]
mod scan;

use std::fs;
use std::path::{Path, PathBuf};

/// What a room may use of its own crate, besides itself. An entry allows what lies below it.
const LAW: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("json", &[]),
    ("wire", &["time"]),
    ("vrrp", &["time", "wire"]),
    ("check", &["time", "wire"]),
    ("notify", &["time", "wire"]),
    // Of `wire` only the values that its Params are made of.
    (
        "config",
        &[
            "time",
            "json",
            "vrrp",
            "check",
            "notify",
            "wire::vrrp::Auth",
            "wire::vrrp::AUTH_LEN",
            "wire::vrrp::ChecksumForm",
            "wire::vrrp::GROUP4",
            "wire::vrrp::GROUP6",
            "wire::vrrp::Version",
            "wire::ipvs::Destination",
            "wire::ipvs::Forward",
            "wire::ipvs::Key",
            "wire::ipvs::Tunnel",
            "wire::ipvs::SCTP",
            "wire::ipvs::SVC_ONE_PACKET",
            "wire::ipvs::SVC_PERSISTENT",
            "wire::ipvs::SVC_SCHED1",
            "wire::ipvs::SVC_SCHED2",
            "wire::ipvs::SVC_SCHED3",
            "wire::ipvs::TCP",
            "wire::ipvs::UDP",
        ],
    ),
    ("control", &["time", "json", "vrrp", "check", "notify"]),
    ("sys", &["time"]),
    (
        "engine",
        &[
            "time", "wire", "vrrp", "check", "notify", "config", "control", "sys",
        ],
    ),
    ("watchdog", &["time", "sys", "engine::exec::log"]),
    ("cli", &["watchdog", "config", "engine", "sys", "control"]),
];

/// Rooms that may touch the world.
const HANDS: &[&str] = &["sys", "engine", "cli", "watchdog"];

/// What only the hands may name.
const WORLD: &[&str] = &[
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::os",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::process",
    "std::fs",
    "std::thread",
    "std::env",
    "libc",
    "nix",
    "mio",
    "syslog",
    "getopts",
];

/// Rooms that may write log lines.
const LOGGERS: &[&str] = &["engine", "cli", "watchdog", "config"];

/// Reads one file and says what it must not do. `file` is relative to `src/`.
fn offences(file: &str, source: &str) -> Vec<String> {
    let module = module_of(file);
    let tokens = scan::tokens(source);
    let mut out = Vec::new();
    let room = match (file, module.first()) {
        ("main.rs", _) => "main",
        ("lib.rs", _) => "lib",
        (_, Some(room)) => room.as_str(),
        (_, None) => "",
    };
    let mut say = |line: usize, what: String| out.push(format!("src/{file}:{line}: {what}"));
    for (i, token) in tokens.iter().enumerate() {
        let next = |n: usize| tokens.get(i + n).map_or("", |t| t.text.as_str());
        match token.text.as_str() {
            "unsafe" if room != "sys" => say(token.line, "unsafe outside sys".to_owned()),
            "#" if next(1) == "[" && next(2) == "path" => {
                say(token.line, "#[path] hides where a module lives".to_owned());
            }
            "include" if next(1) == "!" => {
                say(token.line, "include! hides where code lives".to_owned());
            }
            _ => {}
        }
    }
    for path in scan::paths(&tokens, &module) {
        if let Some(what) = verdict(room, &path.segments) {
            say(path.line, what);
        }
    }
    out
}

fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    match stem {
        "lib" | "main" => Vec::new(),
        _ => stem.split('/').map(str::to_owned).collect(),
    }
}

/// Why `room` must not name `path`, if it must not.
fn verdict(room: &str, path: &[String]) -> Option<String> {
    let shown = path.join("::");
    let full: Vec<&str> = path
        .iter()
        .map(String::as_str)
        .filter(|s| *s != "*")
        .collect();
    match full[..] {
        ["holdfast", ..] if room == "main" => (full.get(1) != Some(&"cli"))
            .then(|| format!("main must use the cli only, not {shown}")),
        ["crate"] => Some(format!("{shown} takes the whole house in")),
        ["crate", target, ..] => {
            let Some((_, allowed)) = LAW.iter().find(|(name, _)| *name == room) else {
                return Some(format!("{room} is not in the law and must not use {shown}"));
            };
            let fits = |entry: &&str| starts_with(&full[1..], entry);
            (target != room && !allowed.iter().any(fits))
                .then(|| format!("{room} must not use {shown}"))
        }
        ["log", ..] => (!LOGGERS.contains(&room)).then(|| format!("{room} must not log ({shown})")),
        _ if HANDS.contains(&room) || room == "main" => None,
        // Naming a parent (`use std::net;`) is as good as naming what is in it.
        _ => WORLD
            .iter()
            .find(|entry| starts_with(&full, entry) || entry_starts_with(entry, &full))
            .map(|_| format!("{room} must not touch the world ({shown})")),
    }
}

fn starts_with(path: &[&str], entry: &str) -> bool {
    let mut rest = path.iter();
    entry
        .split("::")
        .all(|segment| rest.next() == Some(&segment))
}

fn entry_starts_with(entry: &str, path: &[&str]) -> bool {
    let mut rest = entry.split("::");
    path.iter().all(|segment| rest.next() == Some(segment))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below `dir`, relative to it.
fn rust_files(dir: &Path) -> Vec<String> {
    let mut out = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let below = path.strip_prefix(dir).expect("below");
                out.push(below.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    out.sort();
    out
}

#[test]
fn every_room_keeps_the_law() {
    let src = root().join("src");
    let files = rust_files(&src);
    assert!(files.iter().any(|f| f == "lib.rs"), "no src/lib.rs?");
    let mut found = Vec::new();
    for file in &files {
        let source = fs::read_to_string(src.join(file)).expect("UTF-8 source");
        found.extend(offences(file, &source));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// `lib.rs` names every room, and forbids `unsafe` in each but `sys`.
#[test]
fn every_room_is_in_the_law_and_forbids_unsafe() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let lines: Vec<&str> = lib.lines().map(str::trim).collect();
    let mut rooms = 0;
    for (i, line) in lines.iter().enumerate() {
        let Some(room) = line
            .strip_prefix("pub mod ")
            .and_then(|l| l.strip_suffix(';'))
        else {
            assert!(!line.starts_with("mod "), "a room without `pub`: {line}");
            continue;
        };
        rooms += 1;
        assert!(
            LAW.iter().any(|(name, _)| *name == room),
            "{room} has no row in the law"
        );
        let forbidden = i > 0 && lines[i - 1] == "#[forbid(unsafe_code)]";
        assert_eq!(forbidden, room != "sys", "forbid(unsafe_code) and {room}");
    }
    assert!(rooms >= 8, "only {rooms} rooms found in src/lib.rs");
    let main = fs::read_to_string(root().join("src/main.rs")).expect("src/main.rs");
    assert!(main.contains("#![forbid(unsafe_code)]"));
}

/// The law itself has no cycles, but for the engine's log, which the watchdog borrows.
#[test]
fn the_law_has_no_cycles() {
    fn reaches(from: &str, goal: &str, depth: usize) -> bool {
        let below = LAW
            .iter()
            .find(|(name, _)| *name == from)
            .map_or(&[][..], |(_, l)| l);
        depth < LAW.len()
            && below.iter().any(|entry| {
                let room = entry.split("::").next().unwrap_or(entry);
                room == goal || reaches(room, goal, depth + 1)
            })
    }
    for (room, _) in LAW {
        assert!(!reaches(room, room, 0), "{room} reaches itself");
    }
}

/// Made-up files: the checker must catch each of these and leave the others alone.
#[test]
fn the_checker_catches_what_it_should() {
    let examples = include_str!("layers/examples.txt");
    let (mut good, mut bad) = (0, 0);
    for line in examples.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.splitn(3, " | ");
        let (Some(file), Some(want), Some(source)) = (fields.next(), fields.next(), fields.next())
        else {
            panic!("not an example: {line}");
        };
        let found = offences(file, &source.replace("\\n", "\n"));
        if want == "ok" {
            good += 1;
            assert!(found.is_empty(), "{line}\n{found:?}");
        } else {
            bad += 1;
            assert!(found.iter().any(|f| f.contains(want)), "{line}\n{found:?}");
        }
    }
    assert!(
        good >= 15 && bad >= 30,
        "{good} good and {bad} bad examples"
    );
}

/// The top level holds what the design says, nothing more and nothing less.
#[test]
fn the_top_level_is_as_designed() {
    let want = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "Makefile",
        "README.md",
        "board",
        "src",
        "tests",
    ];
    let mut have = top_level();
    have.retain(|name| !name.starts_with('.'));
    assert_eq!(have, want);
}

/// The names git tracks; without git, what lies there, but for the build's folder.
fn top_level() -> Vec<String> {
    let git = std::process::Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output();
    let mut names: Vec<String> = match git {
        Ok(out) if out.status.success() && !out.stdout.is_empty() => {
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            let first = |path: &str| path.split('/').next().map(str::to_owned);
            text.split('\0')
                .filter(|p| !p.is_empty())
                .filter_map(first)
                .collect()
        }
        _ => fs::read_dir(root())
            .expect("the package's folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| name != "target")
            .collect(),
    };
    names.sort();
    names.dedup();
    names
}
