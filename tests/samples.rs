//! Every configuration that is shipped or printed in the documentation passes `holdfast -t`.
//!
//! With `HOLDFAST_UNDER_TEST=theirs` Debian's keepalived takes holdfast's place, which shows that
//! the samples are its language too.

#![allow(clippy::disallowed_methods, reason = "a test of a program runs it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn theirs() -> bool {
    std::env::var("HOLDFAST_UNDER_TEST").is_ok_and(|v| v == "theirs")
}

/// Interfaces eth0 and eth1, as the samples have them, and nothing else.
const NETWORK: &str = "ip link add eth0 type veth peer name eth1 || exit 111
ip link set eth0 up && ip link set eth1 up || exit 111
exec \"$@\"";

/// Runs `-t` on a file in a network namespace. `None`: there is no such thing here.
fn check(file: &Path) -> Option<Output> {
    let program = if theirs() {
        "keepalived"
    } else {
        env!("CARGO_BIN_EXE_holdfast")
    };
    for how in ["-n", "-rn"] {
        let out = Command::new("unshare")
            .args([how, "sh", "-c", NETWORK, "sh", program, "-t", "-f"])
            .arg(file)
            .output();
        match out {
            Ok(out) if out.status.code() != Some(111) && !refused(&out) => return Some(out),
            _ => {}
        }
    }
    skip(
        "no network namespace with eth0 and eth1 (needs unshare and ip, and root or user \
         namespaces)",
    );
    None
}

fn skip(why: &str) {
    let ci = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
    assert!(!ci, "SKIPPED: {why}; in CI nothing may be skipped");
    eprintln!("SKIPPED: {why}");
}

fn refused(out: &Output) -> bool {
    String::from_utf8_lossy(&out.stderr).starts_with("unshare:")
}

/// A sound file says nothing; one that is marked says what is not supported yet, and nothing else.
fn passes(file: &Path, text: &str) {
    let Some(out) = check(file) else { return };
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    if said.contains("belongs to user 65534") {
        skip(&format!(
            "{}: in a user namespace the machine's files are nobody's, so no script is safe (would \
             help: run as root)",
            file.display()
        ));
        return;
    }
    assert_eq!(out.status.code(), Some(0), "{}:\n{said}", file.display());
    if theirs() {
        return;
    }
    assert!(!said.contains("unknown"), "{}:\n{said}", file.display());
    // An error is what stops a part from running: here only because it is not supported yet.
    let errors = said.lines().filter(|line| line.contains(" error: "));
    let mut others = errors.filter(|line| !line.contains("not supported yet"));
    assert_eq!(others.next(), None, "{}:\n{said}", file.display());
    assert_eq!(
        said.contains(" yet"),
        text.contains("NOT YET"),
        "{}:\n{said}",
        file.display()
    );
}

#[test]
fn every_sample_passes() {
    let folder = fs::read_dir(source("board/common/samples")).expect("the samples");
    let mut files: Vec<PathBuf> = folder.map(|e| e.expect("an entry").path()).collect();
    files.push(source("board/common/keepalived.conf"));
    files.sort();
    assert!(files.len() > 20, "only {} samples", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a sample");
        passes(&file, &text);
    }
}

#[test]
fn what_the_documentation_prints_passes() {
    let readme = fs::read_to_string(source("README.md")).expect("the README");
    let page = fs::read_to_string(source("board/common/holdfast.8")).expect("the man page");
    for (name, text) in [("README.md", readme), ("holdfast.8", page)] {
        let block = printed(&text);
        assert!(
            block.contains("virtual_ipaddress"),
            "{name} prints no configuration:\n{block}"
        );
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let file = folder.join(format!("{name}.{}.conf", std::process::id()));
        fs::write(&file, &block).expect("a file");
        passes(&file, &block);
        let _ = fs::remove_file(&file);
    }
}

/// The first vrrp_instance of a text, without the text's own indentation.
fn printed(text: &str) -> String {
    let from = |line: &&str| line.trim_start().starts_with("vrrp_instance");
    let lines: Vec<&str> = text.lines().skip_while(|line| !from(line)).collect();
    let indent = lines.first().map_or(0, |l| l.len() - l.trim_start().len());
    let mut out = String::new();
    for line in lines {
        let line = line.get(indent..).unwrap_or("");
        out.push_str(line);
        out.push('\n');
        if line == "}" {
            break;
        }
    }
    out
}
