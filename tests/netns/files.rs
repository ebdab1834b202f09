//! Configuration files as people publish them, really started: each in a network of its own with the
//! interfaces it names.
//!
//! What becomes of the project's own files stands in `tests/started/states.txt`; `UPDATE=1` writes it
//! anew. `HOLDFAST_CORPUS` names a folder of other files, which are started as well.

use crate::lab::harness::Test;
use crate::lab::{Daemon, Kind, Node, pause};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[
    Test::new("files::own_files_start", own_files).ours_only("the states are written down for us"),
    Test::new("files::a_corpus_starts", corpus).ours_only("the states are ours"),
];

/// The fewest files a folder must have, so that one that is not found is noticed.
const ENOUGH: usize = 20;
/// Files that run at the same time.
const AT_ONCE: usize = 16;
/// Where a machine finds the files.
const FOLDER: &str = "/run/files";

/// What became of one file.
#[derive(Default)]
struct Outcome {
    /// State and reason by instance.
    states: BTreeMap<String, (String, String)>,
    /// What was said of instances that do not run.
    refused: Vec<String>,
    /// Exit status of `-t`.
    status: i32,
    /// It did not end in order, or left something behind.
    wrong: Option<String>,
}

/// A file that was started.
struct Started<'a> {
    node: &'a Node,
    instances: Vec<String>,
    outcome: Outcome,
    daemon: Option<Daemon<'a>>,
    /// Addresses before.
    addresses: Vec<String>,
}

impl Started<'_> {
    /// Every instance is Master or in FAULT.
    fn settled(&self) -> bool {
        let last = |name: &String| state(self.node, name).map(|s| s.0);
        let mut states = self.instances.iter().map(last);
        states.all(|s| matches!(s.as_deref(), Some("MASTER" | "FAULT")))
    }
}

/// Files of a folder that are configurations, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|e| e.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "conf"))
        .collect();
    files.sort();
    files
}

/// Copies a file with what lies in the folder `parts` beside it.
fn copy(file: &Path, node: &Node) -> String {
    let name = file.file_name().expect("a name").to_str().expect("plain");
    let to = node.run.join("files");
    fs::create_dir_all(to.join("parts")).expect("a folder");
    fs::copy(file, to.join(name)).expect("a copy");
    let parts = file.with_file_name("parts");
    for part in fs::read_dir(parts).into_iter().flatten() {
        let part = part.expect("an entry");
        fs::copy(part.path(), to.join("parts").join(part.file_name())).expect("a copy");
    }
    format!("{FOLDER}/{name}")
}

/// What `-t -d` says: exit status, normal form, messages.
fn judged(node: &Node, file: &str) -> (i32, String, String) {
    let out = node
        .command(&Kind::Ours.program())
        .args(["-t", "-d", "-i", "here", "-f", file])
        .output()
        .expect("running it");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = out.status.code().unwrap_or(-1);
    (status, text(&out.stdout), text(&out.stderr))
}

/// Makes the interfaces that are missed; those called `down…` stay down, `bare…` get no address.
fn interfaces(node: &Node, file: &str) -> (i32, String, String) {
    let mut made = 0;
    loop {
        let said = judged(node, file);
        let missed = said.2.lines().filter_map(|line| {
            let (_, rest) = line.split_once("error: interface '")?;
            let (name, rest) = rest.split_once('\'')?;
            rest.starts_with(" does not exist").then_some(name)
        });
        let mut missed: Vec<&str> = missed.collect();
        missed.sort_unstable();
        missed.dedup();
        if missed.is_empty() {
            return said;
        }
        assert!(made < 100, "{file}: interfaces without end: {missed:?}");
        for name in missed {
            made += 1;
            node.ip(&format!("link add {name} type veth peer name far{made}"));
            node.ip(&format!("link set far{made} up"));
            if !name.starts_with("bare") {
                node.ip(&format!("addr add 10.254.{made}.2/24 dev {name}"));
            }
            if !name.starts_with("down") {
                node.ip(&format!("link set {name} up"));
            }
        }
    }
}

/// Names of the instances in a normal form.
fn instances(normal: &str) -> Vec<String> {
    let heads = normal
        .lines()
        .filter_map(|l| l.strip_prefix("vrrp_instance ")?.strip_suffix(" {"));
    heads
        .map(|name| name.trim_matches('"').to_owned())
        .collect()
}

/// The messages about what does not run, without their places; where nothing does, the first error.
fn refusals(messages: &str, runs: bool) -> Vec<String> {
    let texts: Vec<(&str, bool)> = messages
        .lines()
        .filter_map(|line| {
            let error = line.split_once(": error: ").map(|(_, text)| (text, true));
            error.or_else(|| {
                line.split_once(": warning: ")
                    .map(|(_, text)| (text, false))
            })
        })
        .collect();
    let out = |text: &str| text.contains("cannot run") || text.contains("does not run");
    let mut said: Vec<String> = Vec::new();
    said.extend(texts.iter().filter(|t| out(t.0)).map(|t| t.0.to_owned()));
    if said.is_empty() && !runs {
        said.extend(texts.iter().find(|t| t.1).map(|t| t.0.to_owned()));
    }
    said
}

/// All addresses but those that links make themselves.
fn addresses(node: &Node) -> Vec<String> {
    let text = node.ip("-br addr show");
    let words = text.split_whitespace().filter(|w| w.contains('/'));
    words
        .filter(|w| !w.ends_with("/64") || !w.starts_with("fe80:"))
        .map(str::to_owned)
        .collect()
}

/// The last state of an instance that the log tells, and why.
fn state(node: &Node, name: &str) -> Option<(String, String)> {
    let start = format!("({name}) Entering ");
    let lines = node.log.lines();
    let line = lines.iter().rev().find(|l| l.text.contains(&start))?;
    let (_, rest) = line.text.split_once(&start)?;
    let (state, reason) = rest.split_once(" STATE: ")?;
    Some((state.to_owned(), reason.to_owned()))
}

/// Starts every file and waits until its instances are Master or in FAULT, or have stayed Backup.
fn start_all(files: &[PathBuf]) -> BTreeMap<String, Outcome> {
    let mut all = BTreeMap::new();
    for batch in files.chunks(AT_ONCE) {
        let first = all.len();
        let names = (first..first + batch.len()).map(|n| format!("f{n}"));
        let nodes: Vec<Node> = names.map(|name| Node::new(&name)).collect();
        let mut started: Vec<Started<'_>> = Vec::new();
        for (file, node) in batch.iter().zip(&nodes) {
            for sysctl in [
                "all/disable_ipv6",
                "default/disable_ipv6",
                "default/accept_dad",
            ] {
                node.sysctl(&format!("net/ipv6/conf/{sysctl}"), "0");
            }
            node.ip("link set lo up");
            let path = copy(file, node);
            let (status, normal, messages) = interfaces(node, &path);
            let instances = instances(&normal);
            let addresses = addresses(node);
            let arguments = ["-n", "-P", "-D", "-i", "here", "-f", &path];
            let start = || node.start_with(Kind::Ours, "", &arguments);
            started.push(Started {
                node,
                outcome: Outcome {
                    status,
                    refused: refusals(&messages, !instances.is_empty()),
                    ..Outcome::default()
                },
                daemon: (!instances.is_empty()).then(start),
                instances,
                addresses,
            });
        }
        let begun = Instant::now();
        while !started.iter().all(Started::settled) && begun.elapsed() < Duration::from_secs(20) {
            pause(100);
        }
        for (one, file) in started.into_iter().zip(batch) {
            let mut outcome = one.outcome;
            for name in one.instances {
                let found = state(one.node, &name).unwrap_or_default();
                outcome.states.insert(name, found);
            }
            if let Some(daemon) = one.daemon {
                outcome.wrong = ended(one.node, daemon, &one.addresses);
            }
            let name = file.file_name().expect("a name").to_string_lossy();
            all.insert(name.into_owned(), outcome);
        }
    }
    all
}

/// Stops a daemon; says what is wrong with how it left.
fn ended(node: &Node, daemon: Daemon<'_>, before: &[String]) -> Option<String> {
    if !daemon.alive() {
        return Some(format!("it died: {}", node.log.text()));
    }
    let (_, status) = daemon.stop();
    if !status.is_some_and(|s| s.success()) {
        return Some(format!("it ended with {status:?}"));
    }
    let after = addresses(node);
    (after != before).then(|| format!("addresses before {before:?}, behind {after:?}"))
}

/// Every instance must be in a state whose reason is stated.
fn faults(all: &BTreeMap<String, Outcome>) -> String {
    let mut wrong = String::new();
    for (file, outcome) in all {
        if let Some(why) = &outcome.wrong {
            let _ = writeln!(wrong, "{file}: {why}");
        }
        for (name, (state, reason)) in &outcome.states {
            if !matches!(state.as_str(), "BACKUP" | "MASTER" | "FAULT") || reason.is_empty() {
                let _ = writeln!(
                    wrong,
                    "{file}: {name}: no state with a reason: '{state}' '{reason}'"
                );
            }
        }
        if outcome.states.is_empty() && outcome.refused.is_empty() {
            let _ = writeln!(wrong, "{file}: nothing runs, and nothing says why");
        }
    }
    wrong
}

/// One line for each instance; the reason where it is not a time.
fn table(all: &BTreeMap<String, Outcome>) -> String {
    let mut out = String::new();
    for (file, outcome) in all {
        for (name, (state, reason)) in &outcome.states {
            let reason = match state.as_str() {
                "FAULT" => format!(": {reason}"),
                _ => String::new(),
            };
            let _ = writeln!(out, "{file} {}: {name} {state}{reason}", outcome.status);
        }
        for text in &outcome.refused {
            let _ = writeln!(out, "{file} {}: {text}", outcome.status);
        }
    }
    out
}

fn own_files() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut list = files(&project.join("tests/started"));
    assert!(list.len() >= ENOUGH, "only {} files", list.len());
    let samples = files(&project.join("board/common/samples"));
    let vrrp = samples.into_iter().filter(|path| {
        let text = fs::read_to_string(path).expect("a sample");
        text.contains("vrrp_instance")
    });
    list.extend(vrrp);
    let all = start_all(&list);
    let have = table(&all);
    let golden = project.join("tests/started/states.txt");
    if std::env::var_os("UPDATE").is_some_and(|v| !v.is_empty()) {
        fs::write(&golden, &have).expect("writable");
    }
    let want = fs::read_to_string(&golden).unwrap_or_default();
    let wrong = faults(&all);
    assert!(wrong.is_empty(), "{wrong}");
    for line in have.lines().filter(|l| !want.lines().any(|w| w == *l)) {
        println!("now:  {line}");
    }
    for line in want.lines().filter(|l| !have.lines().any(|h| h == *l)) {
        println!("then: {line}");
    }
    assert!(
        have == want,
        "other states than before; UPDATE=1 writes them anew"
    );
    println!("  {} files, {} instances", all.len(), have.lines().count());
}

fn corpus() {
    let Some(folder) = std::env::var_os("HOLDFAST_CORPUS") else {
        println!("  set HOLDFAST_CORPUS to a folder of configurations to start these, too");
        return;
    };
    let named = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file");
        String::from_utf8_lossy(&bytes).contains("interface")
    };
    let list: Vec<PathBuf> = files(Path::new(&folder))
        .into_iter()
        .filter(named)
        .collect();
    assert!(list.len() >= ENOUGH, "only {} files", list.len());
    let all = start_all(&list);
    for line in table(&all).lines() {
        println!("  {line}");
    }
    let count = |state: &str| {
        let states = all.values().flat_map(|o| o.states.values());
        states.filter(|s| s.0 == state).count()
    };
    let running = all.values().filter(|o| !o.states.is_empty()).count();
    println!(
        "  {} files, {running} of them run: {} instances MASTER, {} BACKUP, {} FAULT; {} do not run",
        all.len(),
        count("MASTER"),
        count("BACKUP"),
        count("FAULT"),
        all.values().map(|o| o.refused.len()).sum::<usize>(),
    );
    let wrong = faults(&all);
    assert!(wrong.is_empty(), "{wrong}");
    assert!(running >= ENOUGH, "only {running} files run");
}
