use super::*;
use crate::sys::process;
use crate::vrrp::Place;
use std::collections::BTreeSet;
use std::io;

#[derive(Debug, Default)]
struct Fake {
    started: Vec<String>,
    signals: Vec<(i32, i32)>,
    /// Groups that outlive their leader.
    alive: BTreeSet<i32>,
    fail: bool,
}

impl Starter for Fake {
    fn start(&mut self, job: &Job) -> io::Result<Started> {
        if self.fail {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.started.push(job.argv.join(" "));
        Ok(Started::of(100 + self.started.len() as i32))
    }
    fn signal(&mut self, group: i32, signal: i32) {
        self.signals.push((group, signal));
    }
    fn alive(&self, group: i32) -> bool {
        self.alive.contains(&group)
    }
}

fn params(count: usize, timeout: u64) -> Vec<ScriptParams> {
    let one = |n| ScriptParams {
        name: format!("s{n}").into(),
        place: Place::default(),
        interval: Span::from_secs(10),
        timeout: Span::from_secs(timeout),
        rise: 1,
        fall: 1,
        init_fail: false,
    };
    (0..count).map(one).collect()
}

fn scripts(count: usize, timeout: u64) -> Scripts<Fake> {
    let command = |n| Script {
        argv: vec![format!("/s{n}").into(), "x".into()],
        user: None,
    };
    Scripts::with(
        Fake::default(),
        &params(count, timeout),
        (0..count).map(command).collect(),
    )
}

const A: ScriptId = ScriptId(0);
const B: ScriptId = ScriptId(1);

fn ms(n: u64) -> Instant {
    Instant::from_millis(n)
}

/// Ticks as the loop would, and collects what ended.
fn turn<S: Starter>(scripts: &mut Scripts<S>, now: Instant) -> Vec<(u16, Ended)> {
    for _ in 0..1_000 {
        match scripts.deadline() {
            Some(at) if at <= now => scripts.tick(now),
            _ => {
                return std::iter::from_fn(|| scripts.next_ended())
                    .map(|(script, ended)| (script.0, ended))
                    .collect();
            }
        }
    }
    panic!("never settles");
}

#[test]
fn a_run_ends_once_and_as_it_did() {
    let mut scripts = scripts(2, 3);
    scripts.run(A, ms(0));
    scripts.run(B, ms(0));
    assert!(scripts.starter.started.is_empty(), "run starts nothing");
    assert_eq!(turn(&mut scripts, ms(0)), []);
    assert_eq!(scripts.starter.started, ["/s0 x", "/s1 x"]);
    scripts.reaped(102, Exit::Status(3), ms(5));
    scripts.reaped(999, Exit::Status(0), ms(5));
    scripts.reaped(101, Exit::Signal(11), ms(6));
    assert_eq!(
        turn(&mut scripts, ms(6)),
        [(1, Ended::Exited(3)), (0, Ended::Signaled(11))]
    );
    assert!(scripts.idle() && scripts.deadline().is_none());
    scripts.reaped(101, Exit::Status(0), ms(7));
    assert_eq!(turn(&mut scripts, ms(7)), []);
    assert!(scripts.starter.signals.is_empty());
}

#[test]
fn few_start_in_one_turn_and_none_waits_for_another() {
    let mut scripts = scripts(100, 3);
    (0..100).for_each(|n| scripts.run(ScriptId(n), ms(0)));
    scripts.tick(ms(0));
    assert_eq!(scripts.starter.started.len(), STARTS);
    assert_eq!(scripts.deadline(), Some(Instant::ZERO));
    turn(&mut scripts, ms(0));
    assert_eq!(scripts.starter.started.len(), 100);
}

#[test]
fn a_run_that_takes_too_long_is_over_at_once_and_its_group_ended_step_by_step() {
    let mut scripts = scripts(1, 3);
    scripts.run(A, ms(0));
    turn(&mut scripts, ms(0));
    assert_eq!(scripts.deadline(), Some(ms(3_000)));
    assert_eq!(turn(&mut scripts, ms(2_999)), []);
    assert_eq!(turn(&mut scripts, ms(3_000)), [(0, Ended::TimedOut)]);
    assert_eq!(scripts.starter.signals, [(101, SIGTERM)]);
    // The next run waits until nothing is left of this one.
    scripts.run(A, ms(4_000));
    assert_eq!(turn(&mut scripts, ms(4_999)), []);
    assert_eq!(turn(&mut scripts, ms(5_000)), []);
    assert_eq!(scripts.starter.signals[1..], [(101, SIGKILL)]);
    assert_eq!(scripts.starter.started.len(), 1);
    scripts.reaped(101, Exit::Signal(9), ms(5_001));
    assert_eq!(turn(&mut scripts, ms(5_001)), [], "its end was told before");
    assert_eq!(scripts.starter.started.len(), 2);
    assert_eq!(
        scripts.deadline(),
        Some(ms(8_001)),
        "a whole timeout from its start"
    );
    scripts.reaped(102, Exit::Status(0), ms(5_100));
    assert_eq!(turn(&mut scripts, ms(5_100)), [(0, Ended::Exited(0))]);
}

#[test]
fn what_outlives_its_leader_after_a_timeout_is_killed_before_the_next_run() {
    let mut scripts = scripts(1, 3);
    scripts.run(A, ms(0));
    turn(&mut scripts, ms(0));
    turn(&mut scripts, ms(3_000));
    scripts.starter.alive.insert(101);
    scripts.reaped(101, Exit::Signal(15), ms(3_010));
    scripts.run(A, ms(3_500));
    turn(&mut scripts, ms(4_999));
    assert_eq!(scripts.starter.started.len(), 1);
    assert_eq!(scripts.starter.signals, [(101, SIGTERM)]);
    turn(&mut scripts, ms(5_000));
    assert_eq!(scripts.starter.signals[1..], [(101, SIGKILL)]);
    assert_eq!(scripts.starter.started.len(), 2);

    // A group that goes by itself is not waited for so long.
    turn(&mut scripts, ms(9_000));
    scripts.starter.alive.insert(102);
    scripts.reaped(102, Exit::Signal(15), ms(9_010));
    scripts.run(A, ms(9_010));
    turn(&mut scripts, ms(9_020));
    scripts.starter.alive.clear();
    turn(&mut scripts, ms(9_060));
    assert_eq!(scripts.starter.started.len(), 3);
    assert_eq!(scripts.starter.signals.last(), Some(&(102, SIGTERM)));
}

#[test]
fn what_a_script_leaves_behind_that_ended_in_time_is_its_own_business() {
    let mut scripts = scripts(1, 3);
    scripts.starter.alive.insert(101);
    scripts.run(A, ms(0));
    turn(&mut scripts, ms(0));
    scripts.reaped(101, Exit::Status(0), ms(1));
    assert_eq!(turn(&mut scripts, ms(1)), [(0, Ended::Exited(0))]);
    assert!(scripts.idle() && scripts.starter.signals.is_empty());
}

#[test]
fn a_process_that_cannot_be_killed_makes_the_next_run_time_out() {
    let mut scripts = scripts(1, 3);
    scripts.run(A, ms(0));
    turn(&mut scripts, ms(0));
    assert_eq!(turn(&mut scripts, ms(3_000)), [(0, Ended::TimedOut)]);
    scripts.run(A, ms(10_000));
    scripts.run(A, ms(10_001));
    assert_eq!(turn(&mut scripts, ms(12_999)), []);
    assert_eq!(turn(&mut scripts, ms(13_000)), [(0, Ended::TimedOut)]);
    assert_eq!(scripts.starter.started.len(), 1);
    turn(&mut scripts, ms(15_000));
    let kills = [(101, SIGTERM), (101, SIGKILL), (101, SIGKILL)];
    assert_eq!(scripts.starter.signals, kills, "it is tried again");
    scripts.reaped(101, Exit::Signal(9), ms(15_500));
    assert!(scripts.idle());
}

#[test]
fn a_timeout_of_nothing_is_the_interval() {
    let mut scripts = scripts(1, 0);
    scripts.run(A, ms(0));
    turn(&mut scripts, ms(0));
    assert_eq!(scripts.deadline(), Some(ms(10_000)));
}

#[test]
fn what_cannot_start_is_a_failure() {
    let mut failing = scripts(2, 3);
    failing.starter.fail = true;
    failing.run(A, ms(0));
    assert_eq!(turn(&mut failing, ms(0)), [(0, Ended::NotStarted)]);
    failing.run(ScriptId(7), ms(0));
    assert!(failing.idle());
    let mut without = Scripts::with(Fake::default(), &params(1, 3), Vec::new());
    without.run(A, ms(0));
    assert_eq!(turn(&mut without, ms(0)), [(0, Ended::NotStarted)]);
}

#[test]
fn a_stop_ends_everything_and_tells_nothing() {
    let mut scripts = scripts(4, 3);
    (0..3).for_each(|n| scripts.run(ScriptId(n), ms(0)));
    turn(&mut scripts, ms(0));
    scripts.run(ScriptId(3), ms(10));
    scripts.stopping(ms(10));
    assert_eq!(
        scripts.starter.signals,
        [(101, SIGTERM), (102, SIGTERM), (103, SIGTERM)]
    );
    scripts.run(A, ms(11));
    scripts.reaped(101, Exit::Signal(15), ms(11));
    scripts.starter.alive.insert(102);
    scripts.reaped(102, Exit::Signal(15), ms(11));
    assert_eq!(turn(&mut scripts, ms(11)), []);
    assert!(!scripts.idle());
    assert_eq!(turn(&mut scripts, ms(510)), []);
    assert!(
        scripts.idle(),
        "what a SIGKILL does not end is not waited for"
    );
    let mut killed = scripts.starter.signals.split_off(3);
    killed.sort_unstable();
    assert_eq!(killed, [(102, SIGKILL), (103, SIGKILL)]);
    assert_eq!(scripts.starter.started.len(), 3);
}

/// Runs real commands, each once, until all have ended.
fn really(commands: &[&[&str]], timeout: Span) -> Vec<(u16, Ended)> {
    let mut params = params(commands.len(), 0);
    params.iter_mut().for_each(|p| p.timeout = timeout);
    let commands = commands.iter().map(|argv| Script {
        argv: argv.iter().map(|word| Box::from(*word)).collect(),
        user: None,
    });
    let mut scripts = Scripts::new(&params, commands.collect());
    (0..params.len() as u16).for_each(|n| scripts.run(ScriptId(n), crate::sys::now()));
    let mut all = Vec::new();
    while !scripts.idle() {
        all.extend(turn(&mut scripts, crate::sys::now()));
        // One by one: the other tests of this process have children too.
        for pid in scripts
            .running
            .iter()
            .map(|r| r.started.pid())
            .collect::<Vec<_>>()
        {
            if let Some(exit) = process::reap_one(pid) {
                scripts.reaped(pid, exit, crate::sys::now());
            }
        }
        let _ = crate::sys::poll::wait(&[], Some(Span::from_millis(2)));
    }
    all.extend(turn(&mut scripts, crate::sys::now()));
    all.sort_unstable_by_key(|(script, _)| *script);
    all
}

#[test]
fn real_programs_end_in_every_way() {
    let long = Span::from_secs(60);
    assert_eq!(
        really(
            &[
                &["/bin/true"],
                &["/bin/sh", "-c", "exit 7"],
                &["/bin/sh", "-c", "kill -9 $$"],
                &["/no/such/program"],
                &["</etc/passwd"],
                &["<", "/etc/passwd"],
                &["</no/such/file"],
            ],
            long
        ),
        [
            (0, Ended::Exited(0)),
            (1, Ended::Exited(7)),
            (2, Ended::Signaled(9)),
            (3, Ended::NotStarted),
            (4, Ended::Exited(0)),
            (5, Ended::Exited(0)),
            (6, Ended::Exited(1)),
        ]
    );
}

#[test]
fn real_programs_that_hang_take_their_group_along() {
    let scratch = crate::sys::tests::Scratch::new("script-hang");
    let file = scratch.path("pids");
    // A child that ignores SIGTERM and a leader that does not.
    let text =
        format!("(trap '' TERM; echo $$ >> {file}; while :; do sleep 1; done) & exec sleep 1000");
    let ended = really(&[&["/bin/sh", "-c", &text]], Span::from_millis(300));
    assert_eq!(ended, [(0, Ended::TimedOut)]);
    let group: i32 = std::fs::read_to_string(&file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    // Killed, and waited for by whoever inherited it.
    for _ in 0..2_000 {
        if !process::group_alive(group) {
            return;
        }
        let _ = crate::sys::poll::wait(&[], Some(Span::from_millis(10)));
    }
    panic!("something of the group is left");
}
