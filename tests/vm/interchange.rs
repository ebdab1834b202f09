//! The same configurations under keepalived and under holdfast, side by side in one kernel: the
//! tables are the same after a start, after servers died and came back, after a reload, and after a
//! stop.
//!
//! `interchange/*.conf`: how many lines the table is to have at each of these steps, the
//! configuration, and the one it is changed to. `=` behind a number: nothing changes at this step.

use super::witness::{CHECKERS, Server, table};
use crate::lab::{Daemon, Kind, Lab, Node, pause, sh};
use nix::sys::signal::Signal;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// SIGHUP reads the configuration again.
const RELOADS: bool = true;

/// What every configuration checks.
const PORTS: [u16; 3] = [8080, 8081, 8082];
/// Longest wait for all tables at one step, in seconds.
const LONG: u64 = 90;
/// They stay so for this long, in milliseconds: longer than the pause between two checks.
const SETTLED: u64 = 2500;

/// One file.
struct Case {
    name: String,
    config: String,
    changed: String,
    /// At each step.
    lines: Vec<(usize, bool)>,
}

impl Case {
    fn read(path: &Path) -> Case {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let text = fs::read_to_string(path).expect("a configuration");
        let (config, changed) = text
            .split_once("# after the change")
            .unwrap_or_else(|| panic!("{name}: no second part"));
        let lines = config.lines().find_map(|l| l.strip_prefix("# lines: "));
        let lines = lines.expect("a line with the numbers of lines");
        let number = |word: &str| {
            let count = word.trim_end_matches('=').parse().expect("a number");
            (count, word.ends_with('='))
        };
        Case {
            name: name.into_owned(),
            lines: lines.split_whitespace().map(number).collect(),
            config: config.to_owned(),
            changed: changed.to_owned(),
        }
    }
}

/// One configuration under both.
struct Pair<'a> {
    case: &'a Case,
    nodes: [&'a Node; 2],
    daemons: Vec<Daemon<'a>>,
    /// The table at the step before.
    before: Vec<String>,
}

impl Pair<'_> {
    /// The table; or why it is not yet what it should be.
    fn look(&self, (lines, same): (usize, bool)) -> Result<Vec<String>, String> {
        let [theirs, ours] = self.nodes.map(table);
        let wrong = if theirs.len() != lines {
            format!("not {lines} lines")
        } else if theirs != ours {
            "not the same".to_owned()
        } else if (theirs == self.before) != same {
            "nothing changed, or something did that should not".to_owned()
        } else {
            return Ok(theirs);
        };
        let (theirs, ours) = (theirs.join("\n"), ours.join("\n"));
        let name = &self.case.name;
        let log = self.nodes[1].log.report();
        Err(format!(
            "{name}: {wrong}\nkeepalived:\n{theirs}\nholdfast:\n{ours}\n{log}\n"
        ))
    }
}

/// Waits until all tables are what they should be, and stay so.
#[track_caller]
fn step(pairs: &mut [Pair<'_>], what: &str, lines: impl Fn(&Case) -> (usize, bool)) {
    let start = Instant::now();
    let mut settled = vec![false; pairs.len()];
    while !settled.iter().all(|s| *s) {
        let late = start.elapsed().as_secs() > LONG;
        let mut wrongs = String::new();
        for (pair, settled) in pairs.iter_mut().zip(&mut settled) {
            if *settled {
                continue;
            }
            match pair.look(lines(pair.case)) {
                Ok(table) => {
                    (pair.before, *settled) = (table, true);
                }
                Err(wrong) => wrongs += &wrong,
            }
        }
        assert!(!late || wrongs.is_empty(), "{what}: {wrongs}");
        pause(200);
    }
    pause(SETTLED);
    for pair in pairs {
        // It is as it just was.
        if let Err(wrong) = pair.look((lines(pair.case).0, true)) {
            panic!("{what}, no longer: {wrong}");
        }
    }
    let took = start.elapsed().as_millis();
    println!("         {what}: all the same after {took} ms");
}

/// Whether programs find this server well.
fn mark(pairs: &[Pair<'_>], port: u16, up: bool) {
    for node in pairs.iter().flat_map(|pair| pair.nodes) {
        let name = format!("up-{port}");
        if up {
            node.write(&name, "");
        } else {
            let _ = fs::remove_file(node.run.join(name));
        }
    }
}

/// All files.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vm/interchange");
    let files = fs::read_dir(folder).expect("the configurations");
    let mut files: Vec<_> = files.map(|f| f.expect("a file").path()).collect();
    files.sort();
    let cases: Vec<Case> = files.iter().map(|path| Case::read(path)).collect();
    assert!(cases.len() >= 10);
    cases
}

/// Two machines for each.
fn pairs<'a>(cases: &'a [Case], lab: &'a Lab) -> Vec<Pair<'a>> {
    let check = "test -e /run/up-$1 || exit 1\n[ $1 = 8082 ] && exit 7\nexit 0\n";
    let pair = |(at, case)| {
        let nodes = [lab.r(2 * at + 1), lab.r(2 * at + 2)];
        for node in nodes {
            node.write("check", check);
        }
        Pair {
            case,
            nodes,
            daemons: Vec::new(),
            before: Vec::new(),
        }
    };
    cases.iter().enumerate().map(pair).collect()
}

/// Another configuration for all.
fn reload(pairs: &[Pair<'_>]) {
    for pair in pairs {
        for (node, daemon) in pair.nodes.iter().zip(&pair.daemons) {
            node.write("keepalived.conf", &pair.case.changed);
            daemon.signal(Signal::SIGHUP);
        }
    }
}

pub fn interchange() {
    let cases = cases();
    let lab = Lab::new(u8::try_from(cases.len() * 2).expect("few"));
    sh("ip addr add 192.0.2.250/24 dev br0");
    let mut pairs = pairs(&cases, &lab);
    let server = |port: u16| Server::new(None, "well", &format!("192.0.2.250:{port}"));
    let mut servers: Vec<Option<Server>> = PORTS.map(|port| Some(server(port))).into();
    let _other = server(8083);
    PORTS.iter().for_each(|port| mark(&pairs, *port, true));
    for pair in &mut pairs {
        for (node, kind) in pair.nodes.into_iter().zip([Kind::Theirs, Kind::Ours]) {
            let daemon = node.start_with(kind, &pair.case.config, &CHECKERS);
            pair.daemons.push(daemon);
        }
    }
    step(&mut pairs, "at the start", |case| case.lines[0]);
    let mut set = |pairs: &mut [Pair<'_>], which: &[usize], up: bool| {
        for at in which {
            let port = PORTS[*at];
            servers[*at] = up.then(|| server(port));
            mark(pairs, port, up);
        }
    };
    set(&mut pairs, &[1], false);
    step(&mut pairs, "one is dead", |case| case.lines[1]);
    set(&mut pairs, &[0, 2], false);
    step(&mut pairs, "all are dead", |case| case.lines[2]);
    set(&mut pairs, &[0], true);
    step(&mut pairs, "one is back", |case| case.lines[3]);
    set(&mut pairs, &[1, 2], true);
    step(&mut pairs, "all are back", |case| case.lines[4]);
    if RELOADS {
        reload(&pairs);
        step(&mut pairs, "after a change", |case| case.lines[5]);
    }
    for pair in &mut pairs {
        for daemon in pair.daemons.drain(..) {
            daemon.signal(Signal::SIGTERM);
            daemon.stop();
        }
    }
    step(&mut pairs, "after a stop", |_| (0, false));
}
