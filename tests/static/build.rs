//! Static binaries for tests: `board/make/static.sh` makes them, before the tests leave for namespaces
//! without a network.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One line of board/targets.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: String,
    /// The emulator and its options; nothing: it runs here.
    pub qemu: Vec<String>,
}

/// Every target there is.
pub fn targets() -> Vec<Target> {
    let text = include_str!("../../board/targets");
    let lines = text
        .lines()
        .filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().expect("a name").to_owned();
            let qemu = words.next().expect("an emulator").split(',');
            let qemu = qemu.filter(|w| *w != "-").map(str::to_owned).collect();
            Target { name, qemu }
        })
        .collect()
}

/// Where the binary of a target lies once it is built.
pub fn path(target: &str, flavour: &str) -> PathBuf {
    let name = match flavour {
        "small" => "holdfast-small",
        _ => "holdfast",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/static");
    folder.join(target).join(name)
}

/// Builds it; with `HOLDFAST_BUILT` takes what was built before.
pub fn build(target: &str, flavour: &str) {
    if std::env::var_os("HOLDFAST_BUILT").is_some() {
        return;
    }
    let out = Command::new("sh")
        .arg("board/make/static.sh")
        .args([target, flavour])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("sh runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "building for {target}: {said}");
}

/// Whether this process is the one that a person started, and runs something that `name` is part of.
pub fn first(name: &str) -> bool {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut filters = args.iter().filter(|a| !a.starts_with('-')).peekable();
    let none = filters.peek().is_none();
    args.first().map(String::as_str) != Some(super::lab::stage::STAGE)
        && !args.iter().any(|a| a == "--list")
        && (none || filters.any(|f| name.contains(f.as_str())))
}
