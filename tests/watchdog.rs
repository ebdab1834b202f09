//! The watchdog, the script queue and the log with real processes.
//!
//! Forking and threads do not mix, so there is no test harness: the cases run one after another,
//! and a word on the command line selects those whose name contains it.
#![allow(clippy::unwrap_used)]

use holdfast::engine::exec::child::{Children, Job};
use holdfast::engine::exec::log as journal;
use holdfast::sys::poll::{self, Want};
use holdfast::sys::process::{self, Exit, Fork};
use holdfast::sys::shared::Page;
use holdfast::sys::signal::{self, ALL, Signal, Signals};
use holdfast::sys::timer::Timerfd;
use holdfast::time::{Instant, Span};
use holdfast::watchdog::{self, Options, WorkerContext};
use std::os::unix::net::UnixDatagram;

const CASES: [(&str, fn()); 15] = [
    (
        "a_worker_that_runs_already_is_watched",
        a_worker_that_runs_already,
    ),
    ("term_stops_both", term_stops_both),
    (
        "a_killed_worker_is_replaced_and_finds_the_page",
        a_killed_worker_is_replaced,
    ),
    ("early_deaths_are_spaced", early_deaths_are_spaced),
    (
        "statuses_1_2_4_stop_everything",
        statuses_1_2_4_stop_everything,
    ),
    (
        "other_ends_are_followed_by_another_start",
        other_ends_start_another,
    ),
    ("signals_are_passed_on", signals_are_passed_on),
    (
        "a_stopped_worker_is_killed_and_replaced",
        a_stopped_worker_is_replaced,
    ),
    ("a_worker_deaf_to_term_is_killed", a_deaf_worker_is_killed),
    ("without_respawn_a_death_stops_the_daemon", without_respawn),
    ("sigint_can_be_ignored", sigint_can_be_ignored),
    (
        "a_worker_does_not_outlive_its_parent",
        a_worker_does_not_outlive_its_parent,
    ),
    (
        "scripts_of_one_object_run_one_after_another",
        scripts_run_one_after_another,
    ),
    (
        "a_hanging_script_does_not_hold_up_the_stop",
        a_hanging_script,
    ),
    (
        "each_process_logs_its_own_lines_once",
        each_process_logs_its_own_lines,
    ),
];

fn main() {
    signal::block().unwrap();
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    for (name, case) in CASES {
        if wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str())) {
            case();
            println!("test {name} ... ok");
        }
    }
}

/// Words of the page, as the workers here use it.
const STARTS: usize = 8;
const WORKER: usize = 9;
const SEEN: usize = 10;
const ORDER: usize = 11;
const GENERATION: usize = 12;
const LEFT_BEHIND: usize = 13;
/// Values of [`ORDER`]: exit with the value, or one of these.
const NOTHING: u32 = 0;
const BE_DEAF: u32 = 1_000;
const EXIT_0: u32 = 1_001;

/// Beats, notes every signal, does what it is told, stops on TERM.
fn worker(context: WorkerContext<'_>) -> i32 {
    let page = context.page;
    page.set(WORKER, process::pid() as u32);
    page.set(GENERATION, context.generation);
    let mut signals = Signals::new().unwrap();
    context.beat();
    page.set(STARTS, page.get(STARTS) + 1);
    loop {
        poll::wait(&[Want::read(&signals)], Some(Span::from_millis(20))).unwrap();
        context.beat();
        while let Some(signal) = signals.next() {
            page.set(SEEN, page.get(SEEN) | bit(signal));
            if signal == Signal::Term && page.get(ORDER) != BE_DEAF {
                return 0;
            }
        }
        match page.get(ORDER) {
            NOTHING | BE_DEAF => {}
            order => {
                page.set(ORDER, NOTHING);
                return if order == EXIT_0 { 0 } else { order as i32 };
            }
        }
    }
}

fn bit(signal: Signal) -> u32 {
    1 << ALL.iter().position(|s| *s == signal).unwrap()
}

/// A daemon: parent and worker.
struct Daemon {
    pid: i32,
    page: Page,
    ended: Option<Exit>,
}

impl Daemon {
    fn start(options: Options) -> Daemon {
        Daemon::with(options, worker)
    }

    fn with(options: Options, worker: fn(WorkerContext<'_>) -> i32) -> Daemon {
        let page = Page::new(32).unwrap();
        match process::fork().unwrap() {
            Fork::Parent(pid) => {
                let daemon = Daemon {
                    pid,
                    page,
                    ended: None,
                };
                daemon.until("the first start", || page.get(STARTS) == 1);
                daemon
            }
            Fork::Child => {
                journal::after_fork();
                process::exit(watchdog::run(options, &page, worker).unwrap_or(99))
            }
        }
    }

    fn worker(&self) -> i32 {
        self.page.get(WORKER) as i32
    }

    /// Waits for something that must come; two minutes are for ever.
    fn until(&self, what: &str, come: impl Fn() -> bool) {
        for _ in 0..12_000 {
            if come() {
                return;
            }
            pause(10);
        }
        panic!("{what} did not come");
    }

    fn until_starts(&self, starts: u32) {
        self.until("another start", || self.page.get(STARTS) == starts);
    }

    /// Waits for the daemon's end.
    fn end(&mut self) -> Exit {
        for _ in 0..12_000 {
            while let Some((pid, exit)) = process::reap() {
                if pid == self.pid {
                    self.ended = Some(exit);
                    return exit;
                }
            }
            pause(10);
        }
        panic!("the daemon did not end");
    }

    fn kill(&self, signal: Signal) {
        process::kill(self.pid, signal.number()).unwrap();
    }

    fn kill_worker(&self, signal: i32) {
        process::kill(self.worker(), signal).unwrap();
    }

    fn stop(mut self) {
        self.kill(Signal::Term);
        assert_eq!(self.end(), Exit::Status(0));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = process::kill(self.pid, SIGKILL);
            let _ = process::kill(self.worker(), SIGKILL);
        }
    }
}

const SIGKILL: i32 = libc::SIGKILL;

fn pause(ms: u64) {
    poll::wait(&[], Some(Span::from_millis(ms))).unwrap();
}

fn term_stops_both() {
    let mut daemon = Daemon::start(Options::default());
    let worker = daemon.worker();
    daemon.kill(Signal::Term);
    assert_eq!(daemon.end(), Exit::Status(0));
    assert!(!process::alive(worker), "reaped before the parent ended");
    assert_ne!(
        daemon.page.get(SEEN) & bit(Signal::Term),
        0,
        "stopped in order"
    );

    let mut daemon = Daemon::start(Options::default());
    daemon.kill(Signal::Int);
    assert_eq!(daemon.end(), Exit::Status(0));
}

/// Started by the caller, it is the first one, and like any other from then on.
fn a_worker_that_runs_already() {
    let page = Page::new(32).unwrap();
    let mut daemon = match process::fork().unwrap() {
        Fork::Parent(pid) => Daemon {
            pid,
            page,
            ended: None,
        },
        Fork::Child => {
            journal::after_fork();
            let context = WorkerContext {
                page: &page,
                generation: 0,
            };
            let first = match process::fork().unwrap() {
                Fork::Parent(pid) => pid,
                Fork::Child => process::exit(worker(context)),
            };
            let options = Options {
                first: Some(first),
                ..Options::default()
            };
            process::exit(watchdog::run(options, &page, worker).unwrap_or(99))
        }
    };
    daemon.until("the first start", || page.get(STARTS) == 1);
    let first = daemon.worker();
    // It may end before anybody watches it.
    daemon.kill_worker(SIGKILL);
    daemon.until_starts(2);
    assert_eq!(page.get(GENERATION), 1);
    assert_ne!(daemon.worker(), first);
    page.set(ORDER, 4);
    assert_eq!(daemon.end(), Exit::Status(4));
}

fn a_killed_worker_is_replaced() {
    let daemon = Daemon::start(Options::default());
    let (first, page) = (daemon.worker(), daemon.page);
    assert_eq!(page.get(GENERATION), 0);
    page.set(LEFT_BEHIND, 4711);
    daemon.kill_worker(SIGKILL);
    daemon.until_starts(2);
    assert_ne!(daemon.worker(), first);
    assert_eq!((page.get(GENERATION), page.get(LEFT_BEHIND)), (1, 4711));
    daemon.stop();
}

fn early_deaths_are_spaced() {
    let daemon = Daemon::start(Options::default());
    daemon.kill_worker(SIGKILL);
    daemon.until_starts(2);
    for (starts, pause) in [(3, 1), (4, 2)] {
        let died = holdfast::sys::now();
        daemon.kill_worker(SIGKILL);
        daemon.until_starts(starts);
        assert!(holdfast::sys::now().since(died) >= Span::from_secs(pause));
    }
    daemon.stop();
}

fn statuses_1_2_4_stop_everything() {
    for status in [1, 2, 4] {
        let mut daemon = Daemon::start(Options::default());
        daemon.page.set(ORDER, status);
        assert_eq!(daemon.end(), Exit::Status(status as i32));
    }
}

fn other_ends_start_another() {
    for order in [EXIT_0, 3, 70] {
        let daemon = Daemon::start(Options::default());
        daemon.page.set(ORDER, order);
        daemon.until_starts(2);
        daemon.stop();
    }
    // TERM to the worker itself is not meant for the daemon.
    let daemon = Daemon::start(Options::default());
    daemon.kill_worker(Signal::Term.number());
    daemon.until_starts(2);
    daemon.stop();
}

fn signals_are_passed_on() {
    let daemon = Daemon::start(Options::default());
    let passed = [
        Signal::Hup,
        Signal::Usr1,
        Signal::Usr2,
        Signal::Json,
        Signal::StatsClear,
        Signal::Tdump,
    ];
    for signal in passed {
        daemon.kill(signal);
        daemon.until("the signal", || daemon.page.get(SEEN) & bit(signal) != 0);
    }
    assert_eq!(
        daemon.page.get(SEEN),
        passed.into_iter().map(bit).sum::<u32>()
    );
    assert_eq!(daemon.page.get(STARTS), 1);
    daemon.stop();
}

fn a_stopped_worker_is_replaced() {
    let daemon = Daemon::start(Options::default());
    let first = daemon.worker();
    let stopped = holdfast::sys::now();
    daemon.kill_worker(libc::SIGSTOP);
    daemon.until_starts(2);
    assert!(
        holdfast::sys::now().since(stopped) >= Span::from_secs(4),
        "five looks"
    );
    assert!(!process::alive(first));
    daemon.stop();
}

fn a_deaf_worker_is_killed() {
    let mut daemon = Daemon::start(Options::default());
    let worker = daemon.worker();
    daemon.page.set(ORDER, BE_DEAF);
    let told = holdfast::sys::now();
    daemon.kill(Signal::Term);
    assert_eq!(daemon.end(), Exit::Status(1));
    assert!(holdfast::sys::now().since(told) >= watchdog::STOP_GRACE);
    assert!(!process::alive(worker));
    assert_ne!(
        daemon.page.get(SEEN) & bit(Signal::Term),
        0,
        "it was asked first"
    );
}

fn without_respawn() {
    let mut daemon = Daemon::start(Options {
        no_respawn: true,
        ..Options::default()
    });
    daemon.kill_worker(SIGKILL);
    assert_eq!(daemon.end(), Exit::Status(0));
    assert_eq!(daemon.page.get(STARTS), 1);
}

fn sigint_can_be_ignored() {
    let daemon = Daemon::start(Options {
        ignore_sigint: true,
        ..Options::default()
    });
    daemon.kill(Signal::Int);
    daemon.kill(Signal::Usr1);
    daemon.until("the signal after it", || {
        daemon.page.get(SEEN) & bit(Signal::Usr1) != 0
    });
    assert_eq!(daemon.page.get(SEEN), bit(Signal::Usr1));
    daemon.stop();
}

fn a_worker_does_not_outlive_its_parent() {
    process::subreaper().unwrap();
    let mut daemon = Daemon::start(Options::default());
    let worker = daemon.worker();
    process::kill(daemon.pid, SIGKILL).unwrap();
    assert_eq!(daemon.end(), Exit::Signal(SIGKILL));
    daemon.until("the worker's end", || {
        while process::reap().is_some() {}
        !process::alive(worker)
    });
    assert_eq!(daemon.page.get(SEEN), bit(Signal::Term), "in order");
}

/// The loop's part in running scripts, until `done`.
fn serve(children: &mut Children, done: impl Fn(&Children) -> bool) {
    let (mut signals, timer) = (Signals::new().unwrap(), Timerfd::new().unwrap());
    while !done(children) {
        if let Some(at) = children.deadline() {
            timer.arm(at.max(Instant::from_micros(1))).unwrap();
        }
        poll::wait(
            &[Want::read(&signals), Want::read(&timer)],
            Some(Span::from_secs(120)),
        )
        .unwrap();
        while signals.next().is_some() {}
        let now = holdfast::sys::now();
        while let Some((pid, exit)) = process::reap() {
            children.reaped(pid, exit, now);
        }
        if timer.drain() {
            children.tick(now);
        }
    }
}

/// A fresh path below the build's own temporary folder.
fn scratch(name: &str) -> String {
    let path = format!("{}/watchdog-{name}", env!("CARGO_TARGET_TMPDIR"));
    let _ = std::fs::remove_file(&path);
    path
}

fn shell(object: u32, script: &str) -> Job {
    let argv = ["/bin/sh", "-c", script].map(Box::from).to_vec();
    Job {
        object,
        argv,
        user: None,
        stop: false,
    }
}

fn scripts_run_one_after_another() {
    let file = scratch("order");
    let mut children = Children::new();
    let mut expected = String::new();
    for n in 1..=4 {
        let nap = if n == 1 { "0.5" } else { "0.01" };
        children.enqueue(shell(
            1,
            &format!(
                "echo start {n} >> {file}; sleep {nap}; echo end {n} >> {file}; exit {}",
                n % 2
            ),
        ));
        expected += &format!("start {n}\nend {n}\n");
    }
    children.enqueue(Job {
        argv: vec!["/no/such/script".into()],
        ..shell(2, "")
    });
    children.enqueue(shell(2, &format!("echo other > {file}.other")));
    serve(&mut children, Children::idle);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);
    assert_eq!(
        std::fs::read_to_string(format!("{file}.other")).unwrap(),
        "other\n"
    );
}

fn a_hanging_script() {
    let file = scratch("stop");
    let mut children = Children::new();
    children.enqueue(shell(
        1,
        &format!("trap '' TERM; echo up > {file}; while :; do sleep 1000; done"),
    ));
    let up = || std::fs::read_to_string(&file).is_ok_and(|text| text == "up\n");
    serve(&mut children, |_| {
        up() || {
            pause(10);
            false
        }
    });
    children.enqueue(Job {
        stop: true,
        ..shell(1, &format!("echo down > {file}"))
    });
    let start = holdfast::sys::now();
    children.stopping(start);
    serve(&mut children, Children::idle);
    assert!(
        holdfast::sys::now().since(start) >= Span::from_millis(500),
        "TERM first"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "down\n");
}

fn each_process_logs_its_own_lines() {
    let path = scratch("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let settings = journal::Settings {
        path: &path,
        ..journal::Settings::default()
    };
    journal::start(&settings);
    log::info!("before the fork");
    log::debug!("not without -D");
    let chatty = |context: WorkerContext<'_>| {
        log::warn!("worker {} here", context.generation);
        journal::flush_for(Span::from_secs(60));
        worker(context)
    };
    let daemon = Daemon::with(Options::default(), chatty);
    let (parent, first) = (daemon.pid, daemon.worker());
    daemon.kill_worker(SIGKILL);
    daemon.until_starts(2);
    let second = daemon.worker();
    daemon.stop();
    journal::flush_for(Span::from_secs(60));
    let mut said = Vec::new();
    let mut buffer = [0; 2048];
    while let Ok(length) = socket.recv(&mut buffer) {
        let line = String::from_utf8(buffer[..length].to_vec()).unwrap();
        // Seconds of life, however busy the machine is.
        said.push(match line.split_once(" after ") {
            Some((start, rest)) => format!(
                "{start} after {}",
                rest.trim_start_matches(char::is_numeric)
            ),
            None => line,
        });
    }
    let own = process::pid();
    said.sort();
    let mut expected = vec![
        format!(
            "<27>holdfast[{parent}]: worker (pid {first}) was killed by signal 9 after  s: starting another"
        ),
        format!("<28>holdfast[{first}]: worker 0 here"),
        format!("<28>holdfast[{second}]: worker 1 here"),
        format!("<30>holdfast[{own}]: before the fork"),
        format!("<30>holdfast[{parent}]: stopping"),
        format!("<30>holdfast[{parent}]: worker started (pid {first})"),
        format!("<30>holdfast[{parent}]: worker started (pid {second})"),
    ];
    expected.sort();
    assert_eq!(said, expected);
    journal::start(&journal::Settings {
        syslog: false,
        ..settings
    });
}
