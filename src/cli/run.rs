//! From options to a running daemon: configuration, pid files, daemon or foreground.

use super::ask::{self, PID_FILE};
use super::options::{Format, Options};
use crate::config::{self, Config, Loaded, Outside, Process};
use crate::engine::Reread;
use crate::engine::exec::log as logger;
use crate::engine::outside::{Real, plain};
use crate::engine::record::{Recorder, Replay};
use crate::engine::{self, Setup, around, vital};
use crate::sys;
use crate::sys::file::{Memory, PidFile};
use crate::sys::process::{Exit, Fork};
use crate::watchdog;
use std::io::Write;
use std::rc::Rc;

/// The configuration when `-f` does not name one.
const DEFAULT_FILE: &str = "/etc/keepalived/keepalived.conf";
/// Its other pid files, which init scripts know.
const VRRP_PID_FILE: &str = "/run/vrrp.pid";
const CHECKERS_PID_FILE: &str = "/run/checkers.pid";

/// Exit statuses (those of keepalived).
mod status {
    pub const OK: u8 = 0;
    pub const FATAL: u8 = 1;
    pub const PERMISSION: u8 = 4;
    pub const NO_CONFIG: u8 = 6;

    /// What an error means to the caller of the daemon.
    pub fn of(e: &std::io::Error) -> u8 {
        match e.kind() {
            std::io::ErrorKind::PermissionDenied => PERMISSION,
            _ => FATAL,
        }
    }
}

/// `-t`: judges the configuration.
pub fn test(options: &Options, log: Option<&str>, format: Format) -> u8 {
    let loaded = load(options, &Real, true);
    let json = format == Format::Json;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = match json {
        true => loaded.diags.json(&mut text),
        false => {
            let colour = log.is_none() && sys::file::isatty(2);
            loaded.diags.render(&mut text, colour)
        }
    };
    for notice in &options.notices {
        let line = format!("{}: {notice}\n", options.name);
        match json {
            true => say(&line),
            false => text.push_str(&line),
        }
    }
    let written = match log {
        Some(path) => sys::file::write_atomically(path, text.as_bytes()),
        None if json => std::io::stdout().write_all(text.as_bytes()),
        None => std::io::stderr().write_all(text.as_bytes()),
    };
    if let Err(e) = written {
        say(&format!(
            "{}: cannot write the messages: {e}\n",
            options.name
        ));
    }
    // A reader of JSON lines wants nothing else on standard output.
    if options.dump && !(json && log.is_none()) {
        // A closed standard output is no fault of the configuration.
        let _ = std::io::stdout().write_all(&config::print_bytes(&loaded.config));
    }
    loaded.diags.status()
}

/// Runs the daemon; returns its exit status.
pub fn run(options: &Options) -> u8 {
    // Before it goes to another folder.
    let socket = ask::socket(options.socket.as_deref(), options.pid_file.as_deref());
    let options = &Options {
        socket: Some(socket.unwrap_or("none".to_owned()).into()),
        ..options.clone()
    };
    if let Some(mask) = options.umask {
        sys::process::umask(mask);
    }
    if let Err(e) = sys::signal::block() {
        say(&format!("{}: cannot set up signals: {e}\n", options.name));
        return status::FATAL;
    }
    logger::start(&logger::Settings {
        ident: &options.name,
        facility: logger::facility_code(options.facility.code())
            .unwrap_or(logger::Facility::LOG_DAEMON),
        syslog: options.syslog,
        console: options.console,
        detail: options.detail,
        ..logger::Settings::default()
    });
    let code = start(options);
    logger::flush();
    code
}

/// Holds the pid file from before the configuration is read until the end.
fn start(options: &Options) -> u8 {
    for notice in &options.notices {
        log::warn!("{notice}");
    }
    let path = options.pid_file.as_deref().unwrap_or(PID_FILE);
    let (text, code) = match PidFile::lock(path) {
        Ok(Ok(mut pid_file)) => {
            let code = configure(options, &mut pid_file);
            pid_file.remove();
            return code;
        }
        Ok(Err(Some(pid))) => (
            format!("daemon is already running (pid {pid}, {path})"),
            status::OK,
        ),
        Ok(Err(None)) => (
            format!("daemon is already running ({path} is locked)"),
            status::OK,
        ),
        Err(e) => (cannot_lock(path, &e), status::of(&e)),
    };
    log::error!("{text}");
    if !options.console {
        say(&format!("{}: {text}\n", options.name));
    }
    code
}

/// Runs on what is sound in the configuration.
fn configure(options: &Options, pid_file: &mut PidFile) -> u8 {
    let done = if options.foreground {
        judge(options, &Real).map(|(config, errors)| {
            let process = config.global.process.clone().unwrap_or_default();
            around::script("startup_script", process.startup.as_ref());
            let code = work(options, config, errors, None);
            around::script("shutdown_script", process.shutdown.as_ref());
            code
        })
    } else {
        accept(options).map(|accepted| match daemonise(pid_file) {
            Some(code) => code,
            None => supervise(options, &accepted),
        })
    };
    done.unwrap_or_else(|code| code)
}

/// Reads the configuration and says what there is to say about it. The error is the exit status.
fn judge(options: &Options, outside: &dyn Outside) -> Result<(Config, Vec<Box<str>>), u8> {
    let loaded = load(options, outside, false);
    report(options, &loaded);
    if loaded.diags.missing_file {
        if options.file.is_some() {
            return Err(status::NO_CONFIG);
        }
        log::warn!("running without a configuration: write {DEFAULT_FILE} and restart");
    } else if loaded.diags.fatal() {
        // A file of it is missing where -e allows none to be: keepalived's status for that.
        log::error!("the configuration cannot be used; 'holdfast -t' shows all its faults");
        return Err(status::NO_CONFIG);
    }
    if !options.vrrp {
        log::info!("VRRP is switched off by the command line");
    }
    let config = restricted(options, loaded.config);
    if options.dump {
        let text = config::print(&config);
        for line in text.lines().filter(|line| !line.is_empty()) {
            log::info!("{line}");
        }
    }
    introduce(options, &config);
    Ok((config, engine::errors(&loaded.diags)))
}

/// Leaves out what the command line switches off.
fn restricted(options: &Options, config: Config) -> Config {
    let mut config = config;
    if !options.vrrp {
        // FILE_CHECK names them by their number.
        let files = core::mem::take(&mut config.vrrp.files);
        config.vrrp = Default::default();
        config.vrrp.files = files;
        config.notify.instances.clear();
        config.notify.groups.clear();
        config.notify.tracked.clear();
        // Whom they follow does not run.
        config.check.table.sync.retain(|s| s.instance.is_none());
    }
    if !options.check {
        config.check = Default::default();
        config.notify.services.clear();
        config.notify.reals.clear();
        config.notify.checks.clear();
    }
    config
}

/// An accepted configuration, as the disk gave it, and what the watchdog must know of it.
struct Accepted {
    /// A reload writes the one that does not count.
    sides: [Memory; 2],
    instances: usize,
    /// `child_wait_time`, microseconds.
    stop_grace: Option<u64>,
    /// `process_name`
    name: String,
    /// There is a `shutdown_script`.
    shutdown: bool,
}

impl Accepted {
    /// Words in front of what was read: number of instances, microseconds of `child_wait_time` + 1,
    /// whether there is a `shutdown_script`; then the name in two words.
    const HEAD: usize = 5;

    fn head(config: &Config) -> Vec<u8> {
        let none = Process::default();
        let process = config.global.process.as_deref().unwrap_or(&none);
        let wait = process
            .child_wait
            .map_or(0, |w| w.micros().saturating_add(1));
        let words = [
            config.vrrp.instances.len() as u64,
            wait,
            u64::from(process.shutdown.is_some()),
        ];
        let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        bytes.extend(
            process
                .parent_name
                .as_deref()
                .unwrap_or("")
                .bytes()
                .take(15),
        );
        bytes.resize(Self::HEAD * size_of::<u64>(), 0);
        bytes
    }

    fn share(&self) -> std::io::Result<[Memory; 2]> {
        let [a, b] = &self.sides;
        Ok([a.share()?, b.share()?])
    }

    fn new(sides: [Memory; 2]) -> std::io::Result<Self> {
        let bytes = sides[0].read()?;
        let (words, _) = bytes.as_chunks();
        let word = |at: usize| words.get(at).map_or(0, |w| u64::from_ne_bytes(*w));
        let name = words.iter().skip(3).take(2).flatten().copied();
        let name: Vec<u8> = name.take_while(|b| *b != 0).collect();
        Ok(Accepted {
            instances: usize::try_from(word(0)).unwrap_or(0),
            stop_grace: word(1).checked_sub(1),
            shutdown: word(2) != 0,
            name: String::from_utf8_lossy(&name).into_owned(),
            sides,
        })
    }
}

/// Judges the configuration in a child, so that what reading costs in memory is gone with it: the
/// watchdog never holds a configuration, and each worker reads what was accepted here.
fn accept(options: &Options) -> Result<Accepted, u8> {
    let no = |e: std::io::Error| {
        log::error!("cannot read the configuration apart: {}", plain(&e));
        status::FATAL
    };
    let memory = || Memory::new(c"configuration").map_err(no);
    let sides = [memory()?, memory()?];
    logger::flush();
    match sys::process::fork().map_err(no)? {
        Fork::Child => {
            logger::after_fork();
            let recorder = Recorder::default();
            let code = match judge(options, &recorder) {
                Ok((config, _)) => {
                    let mut bytes = Accepted::head(&config);
                    bytes.extend(recorder.into_bytes());
                    let written = sides[0].write(&bytes).map_or_else(no, |()| status::OK);
                    let process = config.global.process.unwrap_or_default();
                    around::script("startup_script", process.startup.as_ref());
                    written
                }
                Err(code) => code,
            };
            logger::flush();
            sys::process::exit(i32::from(code))
        }
        Fork::Parent(child) => match sys::process::wait(child).map_err(no)? {
            Exit::Status(0) => Accepted::new(sides).map_err(no),
            Exit::Status(code) => Err(u8::try_from(code).unwrap_or(status::FATAL)),
            Exit::Signal(signal) => {
                log::error!("reading the configuration was ended by signal {signal}");
                Err(status::FATAL)
            }
        },
    }
}

/// In a worker: the accepted configuration on this side, once more, and its errors.
fn recall(
    options: &Options,
    accepted: &Accepted,
    side: usize,
) -> std::io::Result<(Config, Vec<Box<str>>)> {
    let mut bytes = accepted.sides[side & 1].read()?;
    bytes.drain(..bytes.len().min(Accepted::HEAD * size_of::<u64>()));
    let loaded = load(options, &Replay::new(bytes), false);
    let errors = engine::errors(&loaded.diags);
    Ok((restricted(options, loaded.config), errors))
}

/// Reads what is on the disk when the daemon is told to reload.
struct Disk {
    options: Options,
    /// Where an accepted configuration is kept, if somebody comes after the worker.
    sides: Option<[Memory; 2]>,
}

impl Reread for Disk {
    fn read(&self, breathe: &dyn Fn()) -> (Loaded, Vec<u8>) {
        let recorder = Recorder::breathing(breathe);
        let mut loaded = load(&self.options, &recorder, false);
        loaded.config = restricted(&self.options, loaded.config);
        if self.sides.is_none() {
            return (loaded, Vec::new());
        }
        let mut bytes = Accepted::head(&loaded.config);
        bytes.extend(recorder.into_bytes());
        (loaded, bytes)
    }

    fn keep(&self, record: &[u8], side: usize) -> std::io::Result<()> {
        match &self.sides {
            Some(sides) => sides[side & 1].write(record),
            None => Ok(()),
        }
    }
}

/// The first line of a run: which program, what for.
fn introduce(options: &Options, config: &Config) {
    let version = env!("CARGO_PKG_VERSION");
    let file = options.file.as_deref().unwrap_or(DEFAULT_FILE);
    match config.vrrp.instances.len() {
        0 if !config.check.services.is_empty() => {}
        0 => log::warn!("holdfast {version}: there is no vrrp_instance to run"),
        1 => log::info!("holdfast {version} runs 1 vrrp_instance of {file}"),
        n => log::info!("holdfast {version} runs {n} vrrp_instances of {file}"),
    }
    match config.check.services.len() {
        0 => {}
        1 => log::info!("holdfast {version} balances 1 virtual_server of {file}"),
        n => log::info!("holdfast {version} balances {n} virtual_servers of {file}"),
    }
}

fn cannot_lock(path: &str, e: &std::io::Error) -> String {
    let hint = match e.kind() {
        std::io::ErrorKind::PermissionDenied => "; start as root, or name another file with -p",
        _ => "",
    };
    format!("cannot lock the pid file {path}: {}{hint}", plain(e))
}

/// Into the background. `Some` is the exit status of a process that could not.
fn daemonise(pid_file: &mut PidFile) -> Option<u8> {
    logger::flush();
    match sys::process::fork() {
        Ok(Fork::Parent(pid)) => {
            // Here and not in the child: whoever has waited for us reads the right number.
            let named = pid_file.name(pid.unsigned_abs());
            if let Err(e) = named {
                say(&format!("cannot write the pid file: {e}\n"));
            }
            sys::process::exit(i32::from(status::OK))
        }
        Ok(Fork::Child) => {}
        Err(e) => {
            log::error!("cannot go into the background: {e}");
            return Some(status::FATAL);
        }
    }
    logger::new_pid();
    if let Err(e) = sys::process::leave_terminal() {
        log::error!("cannot leave the terminal: {e}");
    }
    None
}

/// Parent and worker.
fn supervise(options: &Options, accepted: &Accepted) -> u8 {
    if !accepted.name.is_empty()
        && let Err(e) = sys::process::sched::rename(&accepted.name)
    {
        log::warn!("cannot set process_name: {}", plain(&e));
    }
    let words = vital::page_words(accepted.instances);
    let how = watchdog::Options {
        no_respawn: options.no_respawn,
        ignore_sigint: options.ignore_sigint,
        stop_grace: accepted.stop_grace,
        left_behind: (!options.keep_vrrp).then_some(vital::left_behind),
    };
    let mut side = 0;
    let done = sys::shared::Page::new(words).and_then(|page| {
        let done = watchdog::run(how, &page, |worker| {
            let recalled = recall(options, accepted, vital::side(&page));
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
        side = vital::side(&page);
        done
    });
    // A worker that was killed could not remove its own; if another holds them they stay.
    for path in worker_pid_paths(options) {
        if let Ok(Ok(file)) = PidFile::lock(path) {
            file.remove();
        }
    }
    if accepted.shutdown {
        shut_down(options, accepted, side);
    }
    match done {
        Ok(code) => u8::try_from(code).unwrap_or(status::FATAL),
        Err(e) => {
            log::error!("cannot start the worker: {e}");
            status::FATAL
        }
    }
}

/// Runs `shutdown_script`, in a child: the watchdog never holds a configuration.
fn shut_down(options: &Options, accepted: &Accepted, side: usize) {
    logger::flush();
    match sys::process::fork() {
        Ok(Fork::Child) => {
            logger::after_fork();
            if let Ok((config, _)) = recall(options, accepted, side) {
                let process = config.global.process.unwrap_or_default();
                around::script("shutdown_script", process.shutdown.as_ref());
            }
            logger::flush();
            sys::process::exit(0)
        }
        Ok(Fork::Parent(child)) => {
            let _ = sys::process::wait(child);
        }
        Err(e) => log::error!("cannot run shutdown_script: {}", plain(&e)),
    }
}

/// The worker: this process, until it is told to stop.
fn work(
    options: &Options,
    config: Config,
    errors: Vec<Box<str>>,
    worker: Option<(&watchdog::WorkerContext<'_>, [Memory; 2])>,
) -> u8 {
    // Reading left holes in the heap, each between two things that stay: copies of those lie side by
    // side in some of the holes, and what is left then can be given back.
    let packed = config.clone();
    drop(config);
    let config = packed;
    sys::memory::trim_heap();
    if let Some(process) = &config.global.process {
        around::prepare(process, options.umask.is_some());
    }
    let held = worker_pid_files(options);
    let dump_dir = std::env::var("TMPDIR")
        .ok()
        .filter(|d| d.starts_with('/') && std::path::Path::new(d).is_dir());
    let (worker, sides) = worker.unzip();
    let disk = Disk {
        options: options.clone(),
        sides,
    };
    let setup = Setup {
        page: worker.map(|worker| worker.page),
        again: worker.is_some_and(|worker| worker.generation > 0),
        reread: Some(Rc::new(disk)),
        errors,
        keep_addresses: options.keep_vrrp,
        keep_services: options.keep_ipvs,
        ignore_int: options.ignore_sigint,
        dump_dir: dump_dir.as_deref().unwrap_or("/tmp"),
        socket: options.socket.as_deref().filter(|path| *path != "none"),
        file: options.file.as_deref().unwrap_or(DEFAULT_FILE),
        ..Setup::new(config)
    };
    let code = match engine::run(setup) {
        Ok(engine::Outcome::Stopped) => status::OK,
        Err(e) => {
            log::error!("cannot run: {e}");
            status::of(&e)
        }
    };
    held.into_iter().for_each(PidFile::remove);
    code
}

/// `-r` and `-c` both name the one worker.
fn worker_pid_paths(options: &Options) -> impl Iterator<Item = &str> {
    let vrrp = options.vrrp_pid_file.as_deref().unwrap_or(VRRP_PID_FILE);
    let checkers = options
        .check_pid_file
        .as_deref()
        .unwrap_or(CHECKERS_PID_FILE);
    [(options.vrrp, vrrp), (options.check, checkers)]
        .into_iter()
        .filter_map(|(on, path)| on.then_some(path))
}

fn worker_pid_files(options: &Options) -> Vec<PidFile> {
    let mut held = Vec::new();
    for path in worker_pid_paths(options) {
        match PidFile::lock(path) {
            Ok(Ok(file)) => held.push(file),
            Ok(Err(_)) => log::warn!("pid file {path} is locked by another process"),
            Err(e) => log::warn!("cannot write the pid file {path}: {e}"),
        }
    }
    held
}

fn load(options: &Options, outside: &dyn Outside, test: bool) -> Loaded {
    let file = options.file.as_deref().unwrap_or(DEFAULT_FILE);
    let how = config::Options {
        config_id: options.config_id.as_deref().map(str::to_owned),
        strict_includes: options.all_config,
        test,
        ..config::Options::default()
    };
    config::load(outside, file, &how)
}

/// Says what is wrong with the configuration: pretty on a terminal, line by line in the log.
fn report(options: &Options, loaded: &Loaded) {
    if sys::file::isatty(2) && !options.console {
        let mut text = String::new();
        let _ = loaded.diags.render(&mut text, true);
        say(&text);
    }
    for diag in loaded.diags.iter() {
        let place = match loaded.diags.place(diag) {
            Some((file, line, column)) => format!("{file}:{line}:{column}: "),
            None => String::new(),
        };
        let hint = match &diag.hint {
            Some(hint) => format!(" ({hint})"),
            None => String::new(),
        };
        match diag.severity {
            config::Severity::Warning => log::warn!("{place}{}{hint}", diag.text),
            _ => log::error!("{place}{}{hint}", diag.text),
        }
    }
}

fn say(text: &str) {
    // A closed standard error is no reason to fail.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
