//! The command line becomes plain values.
//!
//! Pure: reads nothing but its arguments. `getopts` does the matching, on words that
//! [`canonical`] has prepared.

use super::ask::COMMANDS;
use super::table::{self, Arg, Serves, TABLE};
use super::words::{canonical, nearest};
use core::fmt;
use getopts::{Fail, HasArg, Matches, Occur};
use std::ffi::OsString;

/// The configuration read when `-f` is not given.
pub const DEFAULT_FILE: &str = "/etc/keepalived/keepalived.conf";

/// A syslog facility, as its code (RFC 5424 §6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

impl Facility {
    /// user-level messages.
    pub const USER: Facility = Facility(1);
    /// system daemons; the default.
    pub const DAEMON: Facility = Facility(3);

    /// The facility's code: 1, 3 or 16-23.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// Reads the argument of `-S`: `0`-`7`, `local0`-`local7`, `user`, `daemon`.
    pub fn parse(text: &str) -> Option<Facility> {
        match (text, text.strip_prefix("local").unwrap_or(text).as_bytes()) {
            ("user", _) => Some(Facility::USER),
            ("daemon", _) => Some(Facility::DAEMON),
            (_, [digit @ b'0'..=b'7']) => Some(Facility(16 + (digit - b'0'))),
            _ => None,
        }
    }
}

/// What a signal to the daemon is for; the numbers differ between kernels and C libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `STOP`: SIGTERM.
    Stop,
    /// `RELOAD`: SIGHUP.
    Reload,
    /// `DATA`: SIGUSR1, dump the state.
    Data,
    /// `STATS`: SIGUSR2, dump the counters.
    Stats,
    /// `STATS_CLEAR`: SIGRTMAX−1, dump and clear the counters.
    StatsClear,
    /// `JSON`: SIGRTMIN+2, dump state and counters as JSON.
    Json,
    /// `TDUMP`: SIGRTMAX, log what the daemon waits for.
    Tdump,
}

const SIGNALS: [(&str, Signal); 7] = [
    ("STOP", Signal::Stop),
    ("RELOAD", Signal::Reload),
    ("DATA", Signal::Data),
    ("STATS", Signal::Stats),
    ("STATS_CLEAR", Signal::StatsClear),
    ("JSON", Signal::Json),
    ("TDUMP", Signal::Tdump),
];

impl Signal {
    /// By the name `--signum` knows; the man page's `TDATA` is taken for `TDUMP`.
    pub fn named(name: &str) -> Option<Signal> {
        let name = if name == "TDATA" { "TDUMP" } else { name };
        SIGNALS.iter().find(|(n, _)| *n == name).map(|(_, s)| *s)
    }

    /// keepalived's name for it.
    pub fn word(self) -> &'static str {
        let row = SIGNALS.iter().find(|(_, s)| *s == self);
        row.map_or("STOP", |(n, _)| n)
    }
}

/// How to run. What is not set has keepalived's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What the program was called: `holdfast`, or the name of a link to it.
    pub name: Box<str>,
    /// `-f`: the configuration, perhaps a pattern. `None`: [`DEFAULT_FILE`], which may be missing.
    pub file: Option<Box<str>>,
    /// VRRP runs (not with `-C` alone).
    pub vrrp: bool,
    /// Load balancing runs (not with `-P` alone).
    pub check: bool,
    /// `-i`: the word that `@` lines are compared with. `None`: the node name.
    pub config_id: Option<Box<str>>,
    /// `-e`: an include that finds nothing is an error.
    pub all_config: bool,
    /// `-n`: one process, in the foreground.
    pub foreground: bool,
    /// `-p`: pid file of the daemon.
    pub pid_file: Option<Box<str>>,
    /// `-r`: pid file of the worker.
    pub vrrp_pid_file: Option<Box<str>>,
    /// `-c`: pid file of the worker, too.
    pub check_pid_file: Option<Box<str>>,
    /// `--socket`: where commands come by; `none`: nowhere. Else beside the pid file.
    pub socket: Option<Box<str>>,
    /// `-R`: the death of the worker stops the daemon.
    pub no_respawn: bool,
    /// `-u`: file mode creation mask.
    pub umask: Option<u32>,
    /// `--ignore-sigint`
    pub ignore_sigint: bool,
    /// `-l`: log to standard error as well.
    pub console: bool,
    /// `-D`, counted: 0 normal, 1 detailed, 2 more.
    pub detail: u8,
    /// `-d`: show the effective configuration.
    pub dump: bool,
    /// `-S`
    pub facility: Facility,
    /// Not `-G`: log to syslog.
    pub syslog: bool,
    /// `-V`: leave addresses in place and send no priority 0 at exit.
    pub keep_vrrp: bool,
    /// `-I`: leave the IPVS table in place at exit.
    pub keep_ipvs: bool,
    /// What to tell the operator once: options without effect, words that were ignored.
    pub notices: Vec<Box<str>>,
}

/// How the messages of a configuration test are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: place, line, caret, hint.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl Format {
    /// Reads the argument of `--check-format`.
    fn parse(text: &str) -> Option<Format> {
        match text {
            "text" => Some(Format::Text),
            "json" => Some(Format::Json),
            _ => None,
        }
    }
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Be the daemon.
    Run(Options),
    /// `-t`: check the configuration.
    Test {
        /// Everything else that was given.
        options: Options,
        /// Where the messages go; `None`: standard error, or standard output if they are JSON.
        log: Option<Box<str>>,
        /// How they are written.
        format: Format,
    },
    /// Print the table of keywords.
    Keywords,
    /// Ask a running daemon.
    Ask {
        /// What the program was called.
        name: Box<str>,
        /// The command and what follows it.
        words: Vec<OsString>,
    },
    /// Print the help text (to standard error, status 0).
    Help {
        /// What the program was called.
        name: Box<str>,
    },
    /// Print the version (to standard error, status 0).
    Version,
    /// Print the number of a signal.
    Signum(Signal),
    /// Be genhash, with these arguments.
    Genhash(Vec<OsString>),
}

/// A command line that cannot be followed: print it, exit with 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What the program was called.
    pub name: Box<str>,
    /// What is wrong.
    pub what: String,
}

impl Usage {
    /// keepalived's exit status for it.
    pub const STATUS: u8 = 1;
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Usage { name, what } = self;
        write!(f, "{name}: {what}\nTry '{name} --help'.")
    }
}

/// Reads a whole command line, program name first.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Command, Usage> {
    let mut argv = argv.into_iter();
    let name = program_name(argv.next());
    let mut args: Vec<OsString> = argv.collect();
    if &*name == "genhash" {
        return Ok(Command::Genhash(args));
    }
    let first = args.first().and_then(|arg| arg.to_str());
    if matches!(first, Some("-T" | "--genhash")) {
        return Ok(Command::Genhash(args.split_off(1)));
    }
    if first.is_some_and(|word| COMMANDS.contains(&word)) {
        return Ok(Command::Ask { name, words: args });
    }
    // keepalived takes no notice of it; here it is a command that does not exist.
    match first.filter(|word| !word.is_empty() && !word.starts_with('-')) {
        Some(word) if !name.starts_with("keepalived") => Err(unknown_command(word, &name)),
        _ => command(&name, args),
    }
    .map_err(|what| Usage { name, what })
}

/// To go on would start a daemon where something was to be asked.
fn unknown_command(word: &str, name: &str) -> String {
    match nearest(word, COMMANDS) {
        Some(near) => format!("unknown command '{word}'; did you mean '{near}'?"),
        None => format!("unknown command '{word}'; '{name}' alone starts the daemon"),
    }
}

fn program_name(argv0: Option<OsString>) -> Box<str> {
    let path = argv0.unwrap_or_default();
    let base = path.to_str().and_then(|p| p.rsplit('/').next());
    base.filter(|b| !b.is_empty()).unwrap_or("holdfast").into()
}

fn command(name: &str, args: Vec<OsString>) -> Result<Command, String> {
    let words: Vec<OsString> = canonical(args)?.into_iter().map(Into::into).collect();
    // As a slice, as everywhere: the compiler makes one parser of it.
    let given = matcher().parse(&words[..]).map_err(|fail| explain(&fail))?;
    for row in TABLE.iter().filter(|row| row.arg != Arg::None) {
        if given.opt_strs(row.key()).iter().any(String::is_empty) {
            return Err(format!("{} needs an argument", row.names()));
        }
    }
    if given.opt_present("help") {
        return Ok(Command::Help { name: name.into() });
    }
    // To go on would start a daemon where one was to be stopped.
    let late = given.free.iter().find(|w| COMMANDS.contains(&w.as_str()));
    if let Some(word) = late {
        return Err(format!("'{word}' must come first: {name} {word} ..."));
    }
    if given.opt_present("version") {
        return Ok(Command::Version);
    }
    if given.opt_present("genhash") {
        return Err("-T, --genhash must be the first option".to_owned());
    }
    if let Some(wanted) = last(&given, "signum") {
        let known = SIGNALS.map(|(n, _)| n).join(", ");
        return Signal::named(&wanted)
            .map(Command::Signum)
            .ok_or_else(|| format!("--signum: no signal is called '{wanted}'; there are {known}"));
    }
    if given.opt_present("keywords") {
        return Ok(Command::Keywords);
    }
    let format = match last(&given, "check-format") {
        None => Format::Text,
        Some(text) => Format::parse(&text)
            .ok_or_else(|| format!("--check-format: '{text}' is unknown; write text or json"))?,
    };
    let options = options(name, &given);
    Ok(
        if given.opt_present("config-test") || given.opt_present("check-format") {
            let log = last(&given, "config-test");
            Command::Test {
                options,
                log,
                format,
            }
        } else {
            Command::Run(options)
        },
    )
}

fn options(name: &str, given: &Matches) -> Options {
    let mut notices = notices(given);
    let value = |key: &str| last(given, key);
    let facility = value("log-facility");
    let umask = value("umask");
    let (only_vrrp, only_check) = (given.opt_present("vrrp"), given.opt_present("check"));
    let options = Options {
        name: name.into(),
        file: value("use-file"),
        // keepalived: -P takes the checkers away, -C takes VRRP away; both leave nothing.
        vrrp: !only_check,
        check: !only_vrrp,
        config_id: value("config-id"),
        all_config: given.opt_present("all-config"),
        foreground: given.opt_present("dont-fork"),
        pid_file: value("pid"),
        vrrp_pid_file: value("vrrp_pid"),
        check_pid_file: value("checkers_pid"),
        socket: value("socket"),
        no_respawn: given.opt_present("dont-respawn"),
        umask: umask.as_deref().and_then(mask),
        ignore_sigint: given.opt_present("ignore-sigint"),
        console: given.opt_present("log-console"),
        detail: u8::try_from(given.opt_count("log-detail")).unwrap_or(u8::MAX),
        dump: given.opt_present("dump-conf"),
        facility: facility
            .as_deref()
            .and_then(Facility::parse)
            .unwrap_or(Facility::DAEMON),
        syslog: !given.opt_present("no-syslog"),
        keep_vrrp: given.opt_present("dont-release-vrrp"),
        keep_ipvs: given.opt_present("dont-release-ipvs"),
        notices: Vec::new(),
    };
    if let Some(text) = facility.filter(|text| Facility::parse(text).is_none()) {
        notices.push(
            format!(
                "-S, --log-facility: '{text}' is no facility (0-7, local0-local7, user, daemon); \
                 'daemon' is used"
            )
            .into(),
        );
    }
    if let Some(text) = umask.filter(|text| mask(text).is_none()) {
        notices.push(format!("-u, --umask: '{text}' is no mask; it is ignored").into());
    }
    Options { notices, ..options }
}

/// The value given last, as with `getopt_long`.
fn last(given: &Matches, key: &str) -> Option<Box<str>> {
    given.opt_strs(key).pop().map(String::into_boxed_str)
}

/// One line for each option without effect, in the order of the table, and for stray words.
fn notices(given: &Matches) -> Vec<Box<str>> {
    let mut out: Vec<Box<str>> = Vec::new();
    for row in TABLE.iter().filter(|row| given.opt_present(row.key())) {
        match row.serves {
            Serves::Yes => {}
            Serves::NotYet(instead) => {
                out.push(format!("{} is not available yet: {instead}", row.names()).into());
            }
            Serves::No(why) => {
                out.push(format!("{} is not available: {why}", row.names()).into());
            }
        }
    }
    if !given.free.is_empty() {
        out.push(format!("unexpected argument(s) ignored: {}", given.free.join(" ")).into());
    }
    out
}

/// A file creation mask as C writes numbers: `022`, `0x12`, `18`; at most `0777`.
fn mask(text: &str) -> Option<u32> {
    let value = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(hex), _) => u32::from_str_radix(hex, 16),
        (None, Some(octal)) if !octal.is_empty() => u32::from_str_radix(octal, 8),
        _ => text.parse(),
    };
    value.ok().filter(|mask| *mask <= 0o777)
}

fn matcher() -> getopts::Options {
    let mut matcher = getopts::Options::new();
    for row in TABLE {
        let (has, hint) = match row.arg {
            Arg::None => (HasArg::No, ""),
            Arg::Required(hint) => (HasArg::Yes, hint),
            Arg::Optional(hint) => (HasArg::Maybe, hint),
        };
        matcher.opt(row.short, row.long, row.help, hint, has, Occur::Multi);
    }
    matcher
}

pub(super) fn explain(fail: &Fail) -> String {
    let names = |key: &str| {
        TABLE
            .iter()
            .find(|row| row.short == key || row.long == key)
            .map_or_else(|| key.to_owned(), table::Row::names)
    };
    match fail {
        Fail::ArgumentMissing(key) => format!("{} needs an argument", names(key)),
        Fail::UnexpectedArgument(key) => format!("{} takes no argument", names(key)),
        Fail::UnrecognizedOption(key) if key.len() == 1 => format!("unknown option '-{key}'"),
        Fail::UnrecognizedOption(key) => format!("unknown option '--{key}'"),
        Fail::OptionMissing(key) | Fail::OptionDuplicated(key) => {
            format!("option '{key}' is used wrongly")
        }
    }
}

#[cfg(test)]
mod tests;
