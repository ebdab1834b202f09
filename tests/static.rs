//! The static binaries for other machines, under their emulators: what they say is what the native
//! one says, and on the wire they agree with Debian's keepalived.
//!
//! `cargo test --test static [-- FILTER]`: x86_64 and mips; `HOLDFAST_TARGETS=all`, or names, for
//! others; `HOLDFAST_BUILT=1` builds nothing.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "static/build.rs"]
mod build;
mod lab;

use build::Target;
use lab::harness::{self, Test};
use lab::{Capture, Kind, Lab, Node, packages, stays, wait_for};
use std::path::Path;
use std::process::{Child, Command, Stdio, exit};

const X86: &str = "x86_64-unknown-linux-musl";
const MIPS: &str = "mips-unknown-linux-musl";
const MIPSEL: &str = "mipsel-unknown-linux-musl";

macro_rules! speaks {
    ($name:literal, $target:expr) => {
        Test::new($name, || says_the_same($target)).needs(&["file", "qemu-mips-static"])
    };
}
macro_rules! wire {
    ($name:literal, $target:expr, $speech:expr) => {
        Test::new($name, || on_the_wire($target, $speech))
            .needs(&["keepalived", "qemu-mips-static"])
    };
}

/// Target, test.
const TESTS: &[(&str, Test)] = &[
    (X86, speaks!("static::x86_64", X86)),
    (MIPS, speaks!("static::mips", MIPS)),
    (MIPSEL, speaks!("static::mipsel", MIPSEL)),
    (
        "aarch64-unknown-linux-musl",
        speaks!("static::aarch64", "aarch64-unknown-linux-musl"),
    ),
    (
        "armv7-unknown-linux-musleabihf",
        speaks!("static::armv7hf", "armv7-unknown-linux-musleabihf"),
    ),
    (
        "armv7-unknown-linux-musleabi",
        speaks!("static::armv7", "armv7-unknown-linux-musleabi"),
    ),
    (MIPS, wire!("static::mips_pass", MIPS, PASS)),
    (MIPS, wire!("static::mips_ah", MIPS, AH)),
    (MIPS, wire!("static::mips_v3", MIPS, V3)),
    (MIPSEL, wire!("static::mipsel_pass", MIPSEL, PASS)),
    (MIPSEL, wire!("static::mipsel_ah", MIPSEL, AH)),
    (MIPSEL, wire!("static::mipsel_v3", MIPSEL, V3)),
];

const PASS: &str = "version 2\n authentication {\n auth_type PASS\n auth_pass sesame12\n }";
const AH: &str = "version 2\n authentication {\n auth_type AH\n auth_pass sesame12\n }";
const V3: &str = "version 3";
const VIP: &str = "192.0.2.100";

fn main() -> std::process::ExitCode {
    let chosen = std::env::var("HOLDFAST_TARGETS").unwrap_or(format!("{X86} {MIPS}"));
    let chosen = |target: &str| chosen == "all" || chosen.split(' ').any(|t| t == target);
    let tests: Vec<Test> = TESTS
        .iter()
        .filter(|(t, _)| chosen(t))
        .map(|(_, test)| *test)
        .collect();
    for target in build::targets() {
        let wanted = |(name, test): &&(&str, Test)| *name == target.name && build::first(test.name);
        if chosen(&target.name) && TESTS.iter().any(|t| wanted(&t)) {
            build::build(&target.name, "full");
        }
    }
    harness::main(&tests)
}

fn target(name: &str) -> Target {
    let found = build::targets().into_iter().find(|t| t.name == name);
    found.expect("a line of board/targets")
}

impl Target {
    /// The words in front of the arguments.
    fn program(&self) -> Vec<String> {
        let binary = build::path(&self.name, "full").display().to_string();
        let mut words = self.qemu.clone();
        if let Some(qemu) = words.first_mut() {
            *qemu = packages::find(qemu).unwrap_or_else(|| {
                exit(lab::stage::skip(&format!(
                    "no {qemu}: apt-get install qemu-user-static"
                )))
            });
        }
        words.push(binary);
        words
    }
}

/// Exit status and both streams.
fn call(program: &[String], args: &[&str]) -> (Option<i32>, String) {
    let out = Command::new(&program[0])
        .args(&program[1..])
        .args(args)
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", program[0]));
    let text = [out.stdout, out.stderr].concat();
    (
        out.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// Static, and in every word like the binary of this machine: on each sample, on the whole language
/// of the project's own test configurations, on the list of keywords.
fn says_the_same(name: &str) {
    let target = target(name);
    let there = target.program();
    let here = [Kind::Ours.program()];
    let kind = Command::new("file")
        .arg(there.last().unwrap())
        .output()
        .expect("file runs");
    let kind = String::from_utf8_lossy(&kind.stdout).into_owned();
    assert!(kind.contains("statically linked"), "{kind}");
    assert_eq!(kind.contains("MSB"), name == MIPS, "{kind}");
    for args in [&["-v"][..], &["--help"], &["--keywords"]] {
        assert_eq!(call(&there, args), call(&here, args), "{args:?}");
    }
    // SIGUSR1 has another number on MIPS.
    let usr1 = if name.starts_with("mips") { 16 } else { 10 };
    let said = call(&there, &["--signum=DATA"]);
    assert_eq!(said, (Some(0), format!("{usr1}\n")));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for folder in ["board/common/samples", "tests/config"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if !path.is_file() || path.extension().is_some_and(|e| e == "ok" || e == "err") {
                continue;
            }
            let path = path.display().to_string();
            files += 1;
            for args in [&["-t", "-f", &path][..], &["-t", "-d", "-f", &path]] {
                assert_eq!(call(&there, args), call(&here, args), "{args:?}");
            }
        }
    }
    assert!(files > 40, "only {files} configurations");
}

/// One that runs in a machine of the lab.
struct Foreign(Child);

impl Foreign {
    fn start(target: &Target, node: &Node, config: &str) -> Foreign {
        let path = node.write("keepalived.conf", config);
        let words = target.program();
        let child = node
            .command(&words[0])
            .args(&words[1..])
            .args(["-n", "-P", "-D", "-f", &path])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        Foreign(child)
    }

    fn stop(mut self) {
        let pid = nix::unistd::Pid::from_raw(self.0.id() as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it runs");
        let status = self.0.wait().expect("our own child");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn config(priority: u8, speech: &str) -> String {
    format!(
        "global_defs {{\n router_id lab\n}}\nvrrp_instance VI_1 {{\n state BACKUP\n interface eth0\n \
         virtual_router_id 51\n priority {priority}\n advert_int 1\n {speech}\n \
         virtual_ipaddress {{\n {VIP}/24\n }}\n}}\n"
    )
}

/// Master and Backup beside keepalived, and the way from one to the other.
fn on_the_wire(name: &str, speech: &str) {
    let target = target(name);
    let lab = Lab::new(2);
    let (ours, theirs) = (lab.r(1), lab.r(2));
    let wire: Capture = lab.capture();
    let patience = 60;

    // Backup of a keepalived that is stronger, and its heir.
    let peer = theirs.start(Kind::Theirs, &config(200, speech));
    wait_for("keepalived is Master", patience, || theirs.holds(VIP));
    let daemon = Foreign::start(&target, ours, &config(100, speech));
    stays("it respects keepalived's adverts", 6000, || {
        !ours.holds(VIP)
    });
    peer.crash();
    wait_for("it takes over", patience, || ours.holds(VIP));
    theirs.ip(&format!("addr del {VIP}/24 dev eth0"));

    // Master: keepalived, the weaker now, respects what it hears.
    daemon.stop();
    assert!(!ours.holds(VIP), "a clean exit takes the address along");
    let daemon = Foreign::start(&target, ours, &config(200, speech));
    wait_for("it is Master", patience, || ours.holds(VIP));
    wire.clear();
    let peer = theirs.start(Kind::Theirs, &config(100, speech));
    stays("keepalived respects its adverts", 6000, || {
        !theirs.holds(VIP)
    });
    let adverts = wire.adverts(|a| a.priority == 200);
    assert!(!adverts.is_empty(), "no adverts");
    assert!(peer.stats_of("VI_1").errors().is_empty());
    daemon.stop();
    let goodbye = wire.adverts(|a| a.priority == 0);
    assert_eq!(goodbye.len(), 1, "one advert of priority 0");
    wait_for("keepalived takes over", patience, || theirs.holds(VIP));

    // Stronger than a Master: it preempts.
    let daemon = Foreign::start(&target, ours, &config(200, speech));
    wait_for("it takes the address back", patience, || {
        ours.holds(VIP) && !theirs.holds(VIP)
    });
    daemon.stop();
    peer.stop();
}
