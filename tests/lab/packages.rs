//! What a bare machine lacks: installed when that is possible, else named.

use std::path::Path;
use std::process::{Command, Stdio};

/// Program and the Debian package it comes in.
const PROGRAMS: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("keepalived", "keepalived"),
    ("busybox", "busybox-static"),
    ("tcpdump", "tcpdump"),
];

/// Where a program is.
pub fn find(program: &str) -> Option<String> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/local/sbin:/usr/sbin:/sbin";
    path.split(':')
        .map(|dir| format!("{dir}/{program}"))
        .find(|file| Path::new(file).is_file())
}

/// Makes sure that programs are there. `Err` says what is missing and what would help.
pub fn need(programs: &[&str]) -> Result<(), String> {
    let missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|p| find(p).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing
        .iter()
        .map(|m| {
            PROGRAMS
                .iter()
                .find(|(p, _)| p == m)
                .map_or(*m, |(_, d)| *d)
        })
        .collect();
    let line = format!(
        "apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    let debian = Path::new("/etc/debian_version").exists() && find("apt-get").is_some();
    if debian && nix::unistd::geteuid().is_root() {
        eprintln!("not installed: {}; running: {line}", missing.join(", "));
        if !apt(&line) && apt("apt-get update") {
            apt(&line);
        }
        if programs.iter().all(|p| find(p).is_some()) {
            return Ok(());
        }
    }
    Err(format!(
        "not installed: {}; would help, as root: {line}",
        missing.join(", ")
    ))
}

fn apt(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    Command::new(words[0])
        .args(&words[1..])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}
