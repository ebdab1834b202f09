//! Into the background: three processes, one after another.
//!
//! The first worker judges the configuration and goes on with it, so it is read once. The watchdog
//! between it and the process that was called never holds a configuration; it starts watching when
//! the worker has accepted one. Then the process that was called ends, so whoever waited for it
//! knows; if the configuration is refused it ends with the status for that. What was read is kept
//! in memory without a name: workers that follow read that again, and not what the disk holds then.

use super::options::Options;
use super::run::{judge, load, restricted, say, status, work, worker_pid_paths};
use crate::config::{Config, Process};
use crate::engine::exec::log as logger;
use crate::engine::outside::plain;
use crate::engine::record::{Recorder, Replay};
use crate::engine::vital::{self, Vital};
use crate::engine::{self, around};
use crate::sys;
use crate::sys::file::{Memory, PidFile};
use crate::sys::process::{self, Exit, Fork, Promise};
use crate::sys::shared::Page;
use crate::sys::signal::Signal;
use crate::watchdog::{self, WorkerContext};
use std::io;

/// Words in front of what was read: microseconds of `child_wait_time` + 1, whether there is a
/// `shutdown_script`; then the name in two words.
const HEAD: usize = 4 * size_of::<u64>();
/// The longest name of a process, bytes (comm, proc(5)).
const NAME: usize = 15;

/// An accepted configuration, as the disk gave it, and what the watchdog must know of it.
struct Accepted {
    /// A reload writes the one that does not count.
    sides: [Memory; 2],
    /// `child_wait_time`, microseconds.
    stop_grace: Option<u64>,
    /// `process_name`
    name: String,
    /// There is a `shutdown_script`.
    shutdown: bool,
}

/// What stands in front of what was read, for the watchdog.
pub(super) fn head(config: &Config) -> Vec<u8> {
    let none = Process::default();
    let process = config.global.process.as_deref().unwrap_or(&none);
    let wait = process
        .child_wait
        .map_or(0, |w| w.micros().saturating_add(1));
    let words = [wait, u64::from(process.shutdown.is_some())];
    let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
    let name = process.parent_name.as_deref().unwrap_or("");
    bytes.extend(name.bytes().take(NAME));
    bytes.resize(HEAD, 0);
    bytes
}

impl Accepted {
    fn new(sides: [Memory; 2]) -> io::Result<Self> {
        let mut bytes = [0; HEAD];
        sides[0].read_start(&mut bytes)?;
        let (words, _) = bytes.as_chunks();
        let word = |at: usize| words.get(at).map_or(0, |w| u64::from_ne_bytes(*w));
        let name = words.iter().skip(2).flatten().copied();
        let name: Vec<u8> = name.take_while(|b| *b != 0).collect();
        Ok(Accepted {
            stop_grace: word(0).checked_sub(1),
            shutdown: word(1) != 0,
            name: String::from_utf8_lossy(&name).into_owned(),
            sides,
        })
    }

    fn share(&self) -> io::Result<[Memory; 2]> {
        let [a, b] = &self.sides;
        Ok([a.share()?, b.share()?])
    }

    /// What was read, as far as it is on this side.
    fn record(&self, side: usize) -> io::Result<Vec<u8>> {
        let mut bytes = self.sides[side & 1].read()?;
        if bytes.len() < HEAD {
            return Err(io::Error::other("it was not kept"));
        }
        bytes.drain(..HEAD);
        Ok(bytes)
    }

    /// The accepted configuration once more, and its errors. If the one of the last reload could not
    /// be kept there is the one before it, with what the page says of it.
    fn recall(&self, options: &Options, page: &Page) -> io::Result<(Config, Vec<Box<str>>)> {
        let side = vital::side(page);
        let record = self.record(side).or_else(|e| {
            let before = self.record(1 - side)?;
            log::error!(
                "cannot read the accepted configuration: {}: taking the one before it",
                plain(&e)
            );
            Vital::new(Some(page)).turn();
            Ok::<_, io::Error>(before)
        })?;
        let loaded = load(options, &Replay::new(record), false);
        let errors = engine::errors(&loaded.diags);
        Ok((restricted(options, loaded.config), errors))
    }
}

/// What the processes have in common.
struct Common {
    sides: [Memory; 2],
    /// Becomes the page when its length is known.
    page: Memory,
}

impl Common {
    fn new() -> io::Result<Self> {
        let side = || Memory::new(c"configuration");
        Ok(Common {
            sides: [side()?, side()?],
            page: Memory::new(c"page")?,
        })
    }
}

/// Starts the daemon; its exit status, or that of the process that was called.
pub(super) fn start(options: &Options, pid_file: &mut PidFile) -> u8 {
    logger::flush();
    let forked = process::promise().and_then(|ends| Ok((ends, process::fork()?)));
    let ((promise, promised), fork) = match forked {
        Ok(forked) => forked,
        Err(e) => {
            log::error!("cannot go into the background: {}", plain(&e));
            return status::FATAL;
        }
    };
    match fork {
        Fork::Child => {
            drop(promised);
            logger::after_fork();
            supervise(options, promise)
        }
        Fork::Parent(pid) => {
            drop(promise);
            if !promised.is_kept() {
                return refused(pid);
            }
            // Here and not in the child: whoever has waited for us reads the right number.
            if let Err(e) = pid_file.name(pid.unsigned_abs()) {
                say(&format!("cannot write the pid file: {e}\n"));
            }
            logger::flush();
            process::exit(i32::from(status::OK))
        }
    }
}

/// Waits for a child that has not come to run the daemon: the status to end with.
fn refused(pid: i32) -> u8 {
    match process::wait(pid) {
        // It did not say that it began.
        Ok(Exit::Status(0)) => status::FATAL,
        Ok(Exit::Status(code)) => u8::try_from(code).unwrap_or(status::FATAL),
        Ok(Exit::Signal(signal)) => {
            log::error!("reading the configuration was ended by signal {signal}");
            status::FATAL
        }
        Err(e) => {
            log::error!("cannot wait for the worker: {}", plain(&e));
            status::FATAL
        }
    }
}

/// Parent and worker. `promise`: to the process that was called, that the configuration is accepted.
fn supervise(options: &Options, promise: Promise) -> u8 {
    if let Err(e) = process::leave_session() {
        log::error!("cannot leave the terminal: {}", plain(&e));
    }
    let begun = Common::new().and_then(|common| {
        let (ours, theirs) = process::promise()?;
        let own = process::pid();
        Ok((common, ours, theirs, own, process::fork()?))
    });
    let (common, ours, theirs, own, fork) = match begun {
        Ok(begun) => begun,
        Err(e) => {
            log::error!("cannot start the worker: {}", plain(&e));
            return status::FATAL;
        }
    };
    match fork {
        Fork::Child => {
            drop((promise, theirs));
            logger::after_fork();
            let code = first_worker(options, common, ours, own);
            logger::flush();
            process::exit(i32::from(code))
        }
        Fork::Parent(pid) => {
            drop(ours);
            if !theirs.is_kept() {
                return refused(pid);
            }
            watch(options, common, pid, promise).unwrap_or_else(|e| {
                log::error!("cannot watch the worker: {}", plain(&e));
                status::FATAL
            })
        }
    }
}

/// Judges the configuration in the worker that will run it. `promise`: to the watchdog `parent`, that
/// it is accepted.
fn first_worker(options: &Options, common: Common, promise: Promise, parent: i32) -> u8 {
    if !process::pdeathsig(Signal::Term.number(), parent).unwrap_or(true) {
        return status::FATAL;
    }
    let Common { sides, page } = common;
    let recorder = Recorder::default();
    let (config, errors) = match judge(options, &recorder) {
        Ok(judged) => judged,
        Err(code) => return code,
    };
    let words = vital::page_words(config.vrrp.instances.len());
    let kept = sides[0]
        .write(&[&head(&config), &recorder.into_bytes()])
        .and_then(|()| page.resize(words.saturating_mul(size_of::<u32>())))
        .and_then(|()| Page::of(&page));
    let page = match kept {
        Ok(page) => page,
        Err(e) => {
            log::error!("cannot keep the configuration: {}", plain(&e));
            return status::FATAL;
        }
    };
    if let Some(process) = &config.global.process {
        around::script("startup_script", process.startup.as_ref());
        rename(process.parent_name.as_deref().unwrap_or(""));
    }
    leave_terminal();
    promise.keep();
    let context = WorkerContext {
        page: &page,
        generation: 0,
    };
    work(options, config, errors, Some((&context, sides)))
}

/// What is to be said to the terminal has been said.
fn leave_terminal() {
    // Whoever reads the log may be slow: what it has no room for yet is sent later.
    let _ = logger::step(sys::now());
    if let Err(e) = process::leave_terminal() {
        log::error!("cannot leave the terminal: {}", plain(&e));
    }
}

/// `process_name`: that of the watchdog and, unless it has one of its own, of the worker.
fn rename(name: &str) {
    if !name.is_empty()
        && let Err(e) = process::sched::rename(name)
    {
        log::warn!("cannot set process_name: {}", plain(&e));
    }
}

/// The watchdog, from the first worker's start to the end of the daemon.
fn watch(options: &Options, common: Common, first: i32, promise: Promise) -> io::Result<u8> {
    let accepted = &Accepted::new(common.sides)?;
    let page = Page::of(&common.page)?;
    drop(common.page);
    rename(&accepted.name);
    leave_terminal();
    promise.keep();
    let how = watchdog::Options {
        no_respawn: options.no_respawn,
        ignore_sigint: options.ignore_sigint,
        stop_grace: accepted.stop_grace,
        first: Some(first),
        left_behind: (!options.keep_vrrp).then_some(vital::left_behind),
    };
    let done = watchdog::run(how, &page, |worker| {
        let recalled = accepted.recall(options, &page);
        let recalled = recalled.and_then(|config| Ok((config, accepted.share()?)));
        match recalled {
            Ok(((config, errors), sides)) => {
                let worker = Some((&worker, sides));
                i32::from(work(options, config, errors, worker))
            }
            Err(e) => {
                log::error!("cannot read the accepted configuration: {}", plain(&e));
                i32::from(status::FATAL)
            }
        }
    });
    // A worker that was killed could not remove its own; if another holds them they stay.
    for path in worker_pid_paths(options) {
        if let Ok(Ok(file)) = PidFile::lock(path) {
            file.remove();
        }
    }
    if accepted.shutdown {
        shut_down(options, accepted, &page);
    }
    done.map(|code| u8::try_from(code).unwrap_or(status::FATAL))
}

/// Runs `shutdown_script`, in a child: the watchdog never holds a configuration.
fn shut_down(options: &Options, accepted: &Accepted, page: &Page) {
    logger::flush();
    match process::fork() {
        Ok(Fork::Child) => {
            logger::after_fork();
            if let Ok((config, _)) = accepted.recall(options, page) {
                let process = config.global.process.unwrap_or_default();
                around::script("shutdown_script", process.shutdown.as_ref());
            }
            logger::flush();
            process::exit(0)
        }
        Ok(Fork::Parent(child)) => {
            let _ = process::wait(child);
        }
        Err(e) => log::error!("cannot run shutdown_script: {}", plain(&e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both sides of a configuration whose services are told apart by their number.
    fn accepted(test: &str, sides: [Option<&str>; 2]) -> Accepted {
        let scratch = crate::sys::tests::Scratch::new(test);
        let path = scratch.path("conf");
        let kept = sides.map(|text| {
            let memory = Memory::new(c"configuration").unwrap();
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
                let recorder = Recorder::default();
                let loaded = load(&options(&path), &recorder, false);
                let record = [&head(&loaded.config)[..], &recorder.into_bytes()].concat();
                memory.write(&[&record]).unwrap();
            }
            memory
        });
        Accepted {
            sides: kept,
            stop_grace: None,
            name: path,
            shutdown: false,
        }
    }

    fn options(path: &str) -> Options {
        let words = ["holdfast", "-f", path].map(Into::into);
        match super::super::parse(words) {
            Ok(super::super::Command::Run(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    fn recalled(accepted: &Accepted, page: &Page) -> io::Result<usize> {
        let recalled = accepted.recall(&options(&accepted.name), page);
        recalled.map(|(config, _)| config.check.services.len())
    }

    const ONE: &str = "virtual_server 192.0.2.1 80 {\n real_server 192.0.2.11 80 {\n }\n}\n";
    const TWO: &str = "virtual_server 192.0.2.1 80 {\n real_server 192.0.2.11 80 {\n }\n}\n\
                       virtual_server 192.0.2.2 80 {\n real_server 192.0.2.11 80 {\n }\n}\n";

    #[test]
    fn the_side_that_counts_is_recalled() {
        let accepted = accepted("recall", [Some(ONE), Some(TWO)]);
        let page = Page::new(vital::page_words(0)).unwrap();
        assert_eq!(recalled(&accepted, &page).unwrap(), 1);
        Vital::new(Some(&page)).turn();
        assert_eq!(recalled(&accepted, &page).unwrap(), 2);
        assert_eq!(vital::side(&page), 1, "that is none of its business");
    }

    #[test]
    fn a_side_that_could_not_be_kept_is_not_the_end() {
        for kept in [None, Some(&b"torn"[..])] {
            let accepted = accepted("recall-before", [Some(TWO), None]);
            if let Some(bytes) = kept {
                accepted.sides[1].write(&[bytes]).unwrap();
            }
            let page = Page::new(vital::page_words(0)).unwrap();
            Vital::new(Some(&page)).turn();
            assert_eq!(recalled(&accepted, &page).unwrap(), 2);
            assert_eq!(vital::side(&page), 0, "what the page says of that one");
        }
        let page = Page::new(vital::page_words(0)).unwrap();
        assert!(recalled(&accepted("recall-none", [None, None]), &page).is_err());
    }

    #[test]
    fn the_watchdog_is_told_what_it_must_know() {
        let mut config = Config::default();
        let told = |config: &Config| {
            let side = || Memory::new(c"configuration").unwrap();
            let sides = [side(), side()];
            sides[0].write(&[&head(config), b"what was read"]).unwrap();
            let told = Accepted::new(sides).unwrap();
            assert_eq!(told.record(0).unwrap(), b"what was read");
            (told.stop_grace, told.name, told.shutdown)
        };
        assert_eq!(told(&config), (None, String::new(), false));
        config.global.process = Some(Box::new(Process {
            child_wait: Some(Default::default()),
            parent_name: Some("fifteen letters and more".into()),
            ..Process::default()
        }));
        let name = "fifteen letters".to_owned();
        assert_eq!(told(&config), (Some(0), name, false));
    }
}
