//! From options to a running daemon: configuration, pid files, daemon or foreground.

use super::ask::{self, PID_FILE};
use super::background;
use super::options::{Format, Options};
use crate::config::{self, Config, Loaded, Outside};
use crate::engine::Reread;
use crate::engine::exec::log as logger;
use crate::engine::outside::{Real, plain};
use crate::engine::record::Recorder;
use crate::engine::{self, Setup, around};
use crate::sys;
use crate::sys::file::{Memory, PidFile};
use crate::watchdog;
use std::io::Write;
use std::rc::Rc;

/// The configuration when `-f` does not name one.
const DEFAULT_FILE: &str = "/etc/keepalived/keepalived.conf";
/// Its other pid files, which init scripts know.
const VRRP_PID_FILE: &str = "vrrp.pid";
const CHECKERS_PID_FILE: &str = "checkers.pid";

/// Exit statuses (those of keepalived).
pub(super) mod status {
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
        Some(path) => sys::file::write_named(path, text.as_bytes()),
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

/// With all files named, and those of a daemon from whatever folder: it goes to another one.
fn placed(options: &Options) -> Options {
    let socket = ask::socket(options.socket.as_deref(), options.pid_file.as_deref());
    let mut options = Options {
        socket: Some(socket.unwrap_or("none".to_owned()).into()),
        ..options.clone()
    };
    for (file, usual) in [
        (&mut options.pid_file, PID_FILE),
        (&mut options.vrrp_pid_file, VRRP_PID_FILE),
        (&mut options.check_pid_file, CHECKERS_PID_FILE),
    ] {
        file.get_or_insert_with(|| ask::in_run(usual).into());
    }
    if !options.foreground {
        let files = [
            &mut options.file,
            &mut options.pid_file,
            &mut options.vrrp_pid_file,
            &mut options.check_pid_file,
        ];
        for file in files.into_iter().flatten() {
            *file = ask::absolute(file).into();
        }
    }
    options
}

/// Runs the daemon; returns its exit status.
pub fn run(options: &Options) -> u8 {
    let options = &placed(options);
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
        if sys::file::isatty(2) && !options.console {
            say(&format!("{}: {notice}\n", options.name));
        }
    }
    let path = options.pid_file.as_deref().unwrap_or_default();
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
    if !options.foreground {
        return background::start(options, pid_file);
    }
    let (config, errors) = match judge(options, &Real) {
        Ok(judged) => judged,
        Err(code) => return code,
    };
    let process = config.global.process.clone().unwrap_or_default();
    around::script("startup_script", process.startup.as_ref());
    let code = work(options, config, errors, None);
    around::script("shutdown_script", process.shutdown.as_ref());
    code
}

/// Reads the configuration and says what there is to say about it. The error is the exit status.
pub(super) fn judge(
    options: &Options,
    outside: &dyn Outside,
) -> Result<(Config, Vec<Box<str>>), u8> {
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
pub(super) fn restricted(options: &Options, config: Config) -> Config {
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
        let mut bytes = background::head(&loaded.config);
        bytes.extend(recorder.into_bytes());
        (loaded, bytes)
    }

    fn keep(&self, record: &[u8], side: usize) -> std::io::Result<()> {
        match &self.sides {
            Some(sides) => sides[side & 1].write(&[record]),
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

/// The worker: this process, until it is told to stop.
pub(super) fn work(
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
pub(super) fn worker_pid_paths(options: &Options) -> impl Iterator<Item = &str> {
    let vrrp = (options.vrrp, options.vrrp_pid_file.as_deref());
    let checkers = (options.check, options.check_pid_file.as_deref());
    [vrrp, checkers]
        .into_iter()
        .filter_map(|(on, path)| path.filter(|_| on))
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

pub(super) fn load(options: &Options, outside: &dyn Outside, test: bool) -> Loaded {
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

pub(super) fn say(text: &str) {
    // A closed standard error is no reason to fail.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
