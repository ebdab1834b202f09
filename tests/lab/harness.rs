//! Runs tests side by side, each as a process of its own in namespaces of its own.
//!
//! Understands what `cargo test -- …` passes on: filters, `--exact`, `--skip`, `--list`,
//! `--nocapture`, `--test-threads`.

use super::{Kind, SKIP_STATUS, packages, stage};
use std::io::Read;
use std::process::{ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// One test.
#[derive(Clone, Copy)]
pub struct Test {
    pub name: &'static str,
    pub run: fn(),
    /// Programs of the machine it uses, beside `ip`.
    pub needs: &'static [&'static str],
    /// Set: why it cannot pass with keepalived in holdfast's place.
    pub ours_only: Option<&'static str>,
    /// Measures time: nothing else runs beside it.
    pub alone: bool,
    /// Seconds after which it is ended.
    pub limit: u64,
}

impl Test {
    pub const fn new(name: &'static str, run: fn()) -> Test {
        Test {
            name,
            run,
            needs: &[],
            ours_only: None,
            alone: false,
            limit: LIMIT,
        }
    }
    pub const fn needs(self, needs: &'static [&'static str]) -> Test {
        Test { needs, ..self }
    }
    pub const fn ours_only(self, why: &'static str) -> Test {
        Test {
            ours_only: Some(why),
            ..self
        }
    }
    /// It may take this long, in seconds.
    pub const fn within(self, limit: u64) -> Test {
        Test { limit, ..self }
    }
    pub const fn alone(self) -> Test {
        Test {
            alone: true,
            ..self
        }
    }
}

/// No test takes longer than this unless it says so, in seconds, beside what
/// `HOLDFAST_SCRIPTS_SECONDS` asks for.
const LIMIT: u64 = 240;

#[derive(Default)]
struct Options {
    filters: Vec<String>,
    skips: Vec<String>,
    exact: bool,
    list: bool,
    show: bool,
    threads: usize,
}

enum Verdict {
    Passed,
    Skipped(String),
    Failed,
}

/// The whole of a test program's `main`.
pub fn main(tests: &[Test]) -> ExitCode {
    stage::dispatch(|rest| {
        let test = tests
            .iter()
            .find(|t| Some(&t.name) == rest.first())
            .expect("a test");
        (test.run)();
        0
    });
    let options = options();
    let wanted = |t: &&Test| {
        let hit = |f: &String| {
            if options.exact {
                t.name == f
            } else {
                t.name.contains(f.as_str())
            }
        };
        (options.filters.is_empty() || options.filters.iter().any(hit))
            && !options.skips.iter().any(hit)
    };
    let chosen: Vec<&Test> = tests.iter().filter(wanted).collect();
    if options.list {
        chosen.iter().for_each(|t| println!("{}: test", t.name));
        return ExitCode::SUCCESS;
    }
    let labs = options.threads;
    println!(
        "\nrunning {} system tests of {}, {labs} at once",
        chosen.len(),
        Kind::under_test().name()
    );
    let (alone, together): (Vec<&Test>, Vec<&Test>) = chosen.iter().partition(|t| t.alone);
    let results = Mutex::new((0, Vec::new(), Vec::new()));
    run_all(&together, labs, &options, &results);
    run_all(&alone, 1, &options, &results);
    let (passed, skipped, failed) = results.into_inner().expect("no test thread panics");
    summary(passed, &skipped, &failed)
}

/// Passed, skipped with reasons, failed.
type Results = Mutex<(usize, Vec<(&'static str, String)>, Vec<&'static str>)>;

fn run_all(tests: &[&Test], labs: usize, options: &Options, results: &Results) {
    let queue = Mutex::new(tests.iter());
    std::thread::scope(|scope| {
        for _ in 0..labs {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no test thread panics").next();
                    let Some(test) = next else { return };
                    let start = Instant::now();
                    let (verdict, output) = run(test);
                    let mut results = results.lock().expect("no test thread panics");
                    let took = start.elapsed().as_millis();
                    let time = format!("{}.{} s", took / 1000, took % 1000 / 100);
                    match verdict {
                        Verdict::Passed => {
                            println!("ok       {:<44} {time:>8}", test.name);
                            results.0 += 1;
                        }
                        Verdict::Skipped(why) => {
                            println!("SKIPPED  {}: {why}", test.name);
                            results.1.push((test.name, why));
                        }
                        Verdict::Failed => {
                            println!("FAILED   {:<44} {time:>8}", test.name);
                            results.2.push(test.name);
                        }
                    }
                    let told = output.lines().filter(|l| l.starts_with("  "));
                    if results.2.last() == Some(&test.name) || options.show {
                        println!("{output}");
                    } else {
                        told.for_each(|line| println!("       {line}"));
                    }
                }
            });
        }
    });
}

/// Runs one test in its own namespaces; what it printed comes along.
fn run(test: &Test) -> (Verdict, String) {
    if let (Kind::Theirs, Some(why)) = (Kind::under_test(), test.ours_only) {
        return (
            Verdict::Skipped(format!("keepalived: {why}: run with holdfast")),
            String::new(),
        );
    }
    let mut programs = vec!["ip"];
    programs.extend(test.needs);
    if Kind::under_test() == Kind::Theirs {
        programs.push("keepalived");
    }
    static INSTALLING: Mutex<()> = Mutex::new(());
    let missing = {
        let _one = INSTALLING.lock();
        packages::need(&programs)
    };
    if let Err(why) = missing {
        return (Verdict::Skipped(why), String::new());
    }
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let mut command = stage::stage("enter", &[test.name]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().expect("one more descriptor"))
        .stderr(writer)
        .spawn()
        .expect("starting a test");
    drop(command);
    let collector = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = reader.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let asked = std::env::var("HOLDFAST_SCRIPTS_SECONDS").ok();
    let asked = Duration::from_secs(asked.and_then(|v| v.parse().ok()).unwrap_or(0));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            break status.code();
        }
        if start.elapsed() > Duration::from_secs(test.limit) + asked {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let output = collector.join().expect("the collector only reads");
    match status {
        Some(0) => (Verdict::Passed, output),
        Some(SKIP_STATUS) => {
            let why = output.lines().find_map(|l| l.strip_prefix("SKIPPED: "));
            (
                Verdict::Skipped(why.unwrap_or("no reason given").to_owned()),
                output.clone(),
            )
        }
        Some(_) => (Verdict::Failed, output),
        None => (Verdict::Failed, output + "\nended after the time limit\n"),
    }
}

fn summary(passed: usize, skipped: &[(&str, String)], failed: &[&str]) -> ExitCode {
    let in_ci = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
    let (s, f) = (skipped.len(), failed.len());
    let good = f == 0 && (s == 0 || !in_ci);
    println!(
        "\nsystem tests: {}. {passed} passed; {f} failed; {s} skipped",
        if good { "ok" } else { "FAILED" }
    );
    for name in failed {
        println!("  FAILED {name}");
    }
    for (name, why) in skipped {
        println!("  SKIPPED {name}: {why}");
    }
    if in_ci && s > 0 {
        println!("  in CI nothing may be skipped");
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn options() -> Options {
    let mut options = Options {
        threads: 3,
        ..Options::default()
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (argument.clone(), None),
        };
        match flag.as_str() {
            "--list" => options.list = true,
            "--exact" => options.exact = true,
            "--nocapture" | "--no-capture" | "--show-output" => options.show = true,
            "--skip" => options.skips.extend(value.or_else(|| arguments.next())),
            "--test-threads" => {
                let number = value
                    .or_else(|| arguments.next())
                    .and_then(|v| v.parse().ok());
                options.threads = number.unwrap_or(1).clamp(1, 3);
            }
            "--format" | "--color" | "--logfile" | "-Z" if value.is_none() => {
                arguments.next();
            }
            flag if flag.starts_with('-') => {}
            _ => options.filters.push(argument),
        }
    }
    options
}
