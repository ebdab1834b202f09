//! Are the simulation and the transcripts any good? Deliberate one-line faults in the machine, each
//! of which one of them must catch.
//!
//! A copy of the rooms `time`, `wire` and `vrrp` with their tests is patched and built as a crate of
//! its own, offline, with the same dependencies. The copy must pass unpatched; a patch that no longer
//! matches its line exactly once fails this test, so that the list keeps up with the source.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Seeds each mutant is simulated on.
const SEEDS: &str = "300";

struct Mutant {
    what: &'static str,
    file: &'static str,
    line: &'static str,
    instead: &'static str,
}

const fn mutant(
    what: &'static str,
    file: &'static str,
    line: &'static str,
    instead: &'static str,
) -> Mutant {
    Mutant {
        what,
        file,
        line,
        instead,
    }
}

const MUTANTS: &[Mutant] = &[
    mutant(
        "a tie preempts",
        "backup.rs",
        "cx.params.preempt && advert.priority < ours && !patient",
        "cx.params.preempt && advert.priority <= ours && !patient",
    ),
    mutant(
        "an equal priority always wins",
        "instance.rs",
        "advert.priority > ours || (advert.priority == ours && Some(advert.source) > self.source)",
        "advert.priority >= ours",
    ),
    mutant(
        "a Master never yields",
        "router/settle.rs",
        "State::Master => !matches!(cause, Cause::Member(by, _, Some(_)) if by == id),",
        "State::Master => true,",
    ),
    mutant(
        "addresses stay behind",
        "instance.rs",
        "cx.out.push(Action::Release(cx.id));",
        "",
    ),
    mutant(
        "timers stay behind",
        "instance.rs",
        "self.core.disarm_all(cx);",
        "",
    ),
    mutant(
        "the lazy deadline is not looked at again",
        "backup.rs",
        "if cx.now < self.down {",
        "if cx.now < self.down && self.willing {",
    ),
    mutant(
        "the Master's interval is not learnt",
        "backup.rs",
        "self.learnt = Some(advert.interval);",
        "",
    ),
    mutant(
        "priority 0 does not shorten the wait",
        "backup.rs",
        "self.expect(self.down.min(cx.now + skew), core, cx);",
        "self.expect(self.down.max(cx.now + skew), core, cx);",
    ),
    mutant(
        "the skew favours the weak",
        "timing.rs",
        "let parts = unit.times(256 - u64::from(priority));",
        "let parts = unit.times(u64::from(priority));",
    ),
    mutant(
        "a group goes when one member may",
        "group.rs",
        "all_willing &= member.willing;",
        "all_willing |= member.willing;",
    ),
    mutant(
        "a fault of one member does not count",
        "group.rs",
        "if member.faulty {",
        "if member.faulty && member.willing {",
    ),
    mutant(
        "a member stays willing while it hears a Master",
        "backup.rs",
        "        self.willing = false;\n        self.restart(core, cx);",
        "        self.restart(core, cx);",
    ),
    mutant(
        "a refused member forgets its timer",
        "router/settle.rs",
        "self.with(id, now, |i, cx| i.wait_for_group(cx));",
        "",
    ),
    mutant(
        "AH numbers are not learnt",
        "instance/hear.rs",
        "self.sequence = sequence;",
        "",
    ),
    mutant(
        "two Masters in step stay in step",
        "master.rs",
        "if Some(source) < core.source && self.answers.allow(cx.now, cx.params.advert_int) {",
        "if Some(source) == core.source && self.answers.allow(cx.now, cx.params.advert_int) {",
    ),
    mutant(
        "the flood is echoed",
        "master.rs",
        "if self.given >= ANSWERS {",
        "if self.given > 250 {",
    ),
    mutant(
        "the advert timer runs fast",
        "timing.rs",
        "let next = due + self.interval;",
        "let next = due + self.interval.over(2);",
    ),
    mutant(
        "a Master leaves for Fault without a word",
        "instance.rs",
        "    pub fn enter_fault(&mut self, reason: Reason, cx: &mut Cx<'_>) {\n        self.give_up(cx);",
        "    pub fn enter_fault(&mut self, reason: Reason, cx: &mut Cx<'_>) {",
    ),
    mutant(
        "a script that failed counts as good",
        "track.rs",
        "(0, _) if good == track.reverse => return Effect::Fault,",
        "(0, _) if good && track.reverse => return Effect::Fault,",
    ),
    mutant(
        "a negative weight counts while all is well",
        "track.rs",
        "(1.., true) | (..0, false) => weight,",
        "(_, true) => weight,",
    ),
    mutant(
        "reverse turns the weight off",
        "track.rs",
        "Effect::Add(if track.reverse { -counted } else { counted })",
        "Effect::Add(if track.reverse { 0 } else { counted })",
    ),
    mutant(
        "the priority is not kept in its bounds",
        "track.rs",
        "i32::from(base).saturating_add(sum).clamp(1, 254)",
        "i32::from(base).saturating_add(sum).clamp(0, 255)",
    ),
    mutant(
        "a script falls one failure late",
        "script.rs",
        "if self.count > rise(params) {",
        "if self.count >= rise(params) {",
    ),
    mutant(
        "a script rises at once",
        "script.rs",
        "if self.count < rise - 1 {",
        "if self.count + 1 < rise - 1 {",
    ),
    mutant(
        "a script runs beside itself",
        "script.rs",
        "Run::Counts | Run::Stale if self.busy => {}",
        "Run::Counts | Run::Stale if self.busy => out.push(Action::Run(id)),",
    ),
    mutant(
        "nobody waits for the first result",
        "track.rs",
        "None if track.weight == 0 => Effect::Pending,",
        "None if track.weight == 1 => Effect::Pending,",
    ),
    mutant(
        "a raised priority does not shorten the wait",
        "backup.rs",
        "let down = self.down + skew(to) - skew(from);",
        "let down = self.down + skew(from) - skew(to);",
    ),
    mutant(
        "what is tracked does not reach the priority",
        "instance.rs",
        "self.core.sum = sum;",
        "self.core.sum = sum.min(0);",
    ),
    mutant(
        "only the first reason is looked at",
        "router/watch.rs",
        "if !found.contains(&reason) {",
        "if found.is_empty() {",
    ),
    mutant(
        "a delayed link is believed at once",
        "port.rs",
        "Link { up, ..seen }",
        "seen",
    ),
];

/// Faults that the simulation alone must catch, at least.
const BY_SIMULATION: usize = 23;

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

/// The small crate: three rooms, two tests, three dependencies as in our own manifest.
fn nursery(number: usize) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let nest = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutants{number}"));
    for folder in ["src/wire", "src/vrrp", "tests/sim", "tests/replay"] {
        let _ = fs::remove_dir_all(nest.join(folder));
    }
    for part in [
        "Cargo.lock",
        "src/time.rs",
        "src/wire",
        "src/vrrp",
        "tests/sim.rs",
        "tests/sim",
        "tests/replay.rs",
        "tests/replay",
    ] {
        copy(&root.join(part), &nest.join(part));
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let needed = ["heapless", "hmac", "md-5"];
    let dependencies: Vec<&str> = manifest
        .lines()
        .filter(|line| {
            needed
                .iter()
                .any(|name| line.starts_with(&format!("{name} =")))
        })
        .collect();
    assert_eq!(dependencies.len(), needed.len(), "{dependencies:?}");
    let manifest = format!(
        "[package]\nname = \"holdfast\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [workspace]\n[dependencies]\n{}\n\
         [profile.dev]\ndebug = false\noverflow-checks = true\n\
         [profile.dev.package.\"*\"]\nopt-level = 1\n",
        dependencies.join("\n")
    );
    fs::write(nest.join("Cargo.toml"), manifest).unwrap();
    let lib = "pub mod time;\npub mod vrrp;\npub mod wire;\n";
    fs::write(nest.join("src/lib.rs"), lib).unwrap();
    nest
}

/// Which of the two test programs failed; an error if it did not even build.
struct Verdict {
    simulation: bool,
    transcripts: bool,
}

fn examine(nest: &Path) -> Result<Verdict, String> {
    let build = cargo(nest, &["--no-run"])?;
    if !build.0 {
        return Err(format!("does not build:\n{}", build.1));
    }
    Ok(Verdict {
        simulation: !cargo(nest, &["--test", "sim"])?.0,
        transcripts: !cargo(nest, &["--test", "replay"])?.0,
    })
}

fn cargo(nest: &Path, arguments: &[&str]) -> Result<(bool, String), String> {
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--quiet"])
        .args(arguments)
        .current_dir(nest)
        .env("CARGO_TARGET_DIR", nest.join("target"))
        .env("SIM_SEEDS", SEEDS)
        .env("RUST_BACKTRACE", "0")
        .env_remove("SIM_SEED")
        .env_remove("UPDATE")
        .output()
        .map_err(|why| format!("cargo: {why}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let both = text(&output.stdout) + &text(&output.stderr);
    Ok((output.status.success(), both))
}

/// Patches, examines, puts the line back. `Err` is a mutant that got away.
fn breed(nest: &Path, mutant: &Mutant) -> Result<Verdict, String> {
    let path = nest.join("src/vrrp").join(mutant.file);
    let sound = fs::read_to_string(&path).unwrap();
    let found = sound.matches(mutant.line).count();
    if found != 1 {
        return Err(format!("its line is in {} {found} times", mutant.file));
    }
    fs::write(&path, sound.replace(mutant.line, mutant.instead)).unwrap();
    let verdict = examine(nest);
    fs::write(&path, sound).unwrap();
    match verdict? {
        Verdict {
            simulation: false,
            transcripts: false,
        } => Err("nobody noticed".into()),
        caught => Ok(caught),
    }
}

#[test]
fn every_mutant_is_caught() {
    let queue = Mutex::new(MUTANTS.iter());
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for number in 0..2 {
            let (queue, outcomes) = (&queue, &outcomes);
            scope.spawn(move || {
                let nest = nursery(number);
                let sound = examine(&nest);
                assert!(
                    matches!(
                        sound,
                        Ok(Verdict {
                            simulation: false,
                            transcripts: false
                        })
                    ),
                    "the unpatched copy does not pass: {:?}",
                    sound.err()
                );
                loop {
                    let Some(mutant) = queue.lock().unwrap().next() else {
                        return;
                    };
                    let outcome = breed(&nest, mutant);
                    outcomes.lock().unwrap().push((mutant.what, outcome));
                }
            });
        }
    });
    let mut by_simulation = 0;
    let mut escaped = Vec::new();
    for (what, outcome) in outcomes.into_inner().unwrap() {
        match outcome {
            Ok(verdict) => {
                by_simulation += usize::from(verdict.simulation);
                let mark = |caught| if caught { "caught" } else { "-" };
                let (sim, replay) = (mark(verdict.simulation), mark(verdict.transcripts));
                println!("simulation {sim:7} transcripts {replay:7} {what}");
            }
            Err(why) => escaped.push(format!("{what}: {why}")),
        }
    }
    assert!(escaped.is_empty(), "got away: {escaped:#?}");
    assert!(
        by_simulation >= BY_SIMULATION,
        "{by_simulation} by simulation"
    );
}
