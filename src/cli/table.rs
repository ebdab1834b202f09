//! keepalived's option table: one row per option, and nothing else knows their names.

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    /// Nothing.
    None,
    /// A value, attached or as the next word; the name stands in the help text.
    Required(&'static str),
    /// A value that must be attached: `-tFILE`, `--config-test=FILE`.
    Optional(&'static str),
}

/// Whether holdfast does what the option asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// It does, or there is nothing left to do; no word about it.
    Yes,
    /// Not yet: said once when the option is given, with what to do instead.
    NotYet(&'static str),
    /// Never: said once when the option is given.
    No(&'static str),
}

/// The heading an option stands under in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What to run.
    Work,
    /// How to run.
    Process,
    /// Logging.
    Log,
    /// What stays behind at the end.
    Stop,
    /// One-shot: do this and exit.
    OneShot,
    /// Accepted, without effect.
    Idle,
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Short name without the dash; empty if there is none.
    pub short: &'static str,
    /// Long name without the dashes; empty if there is none.
    pub long: &'static str,
    /// Its argument.
    pub arg: Arg,
    /// Heading in the help text.
    pub group: Group,
    /// What it does, for the help text.
    pub help: &'static str,
    /// Whether it does so.
    pub serves: Serves,
}

impl Row {
    /// The name `getopts` finds it by: the long one if it has one.
    pub fn key(&self) -> &'static str {
        if self.long.is_empty() {
            self.short
        } else {
            self.long
        }
    }

    /// Both names as a person writes them: `-f, --use-file`.
    pub fn names(&self) -> String {
        match (self.short, self.long) {
            (short, "") => format!("-{short}"),
            ("", long) => format!("--{long}"),
            (short, long) => format!("-{short}, --{long}"),
        }
    }
}

const fn row(
    short: &'static str,
    long: &'static str,
    arg: Arg,
    group: Group,
    serves: Serves,
    help: &'static str,
) -> Row {
    Row {
        short,
        long,
        arg,
        group,
        help,
        serves,
    }
}

use Arg::{None as Flag, Optional, Required};
use Group::{Idle, Log, OneShot, Process, Stop, Work};
use Serves::{No, NotYet, Yes};

const SNMP: Serves = No("there is no SNMP agent in holdfast; read the state with SIGUSR1 or JSON");
const LOG_FILE: Serves =
    NotYet("messages go to syslog, and with -l to standard error, which can be redirected");
const BUILD: Serves = No("keepalived knows it only in debugging builds");

/// The table, in the order of the help text.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    row("f", "use-file", Required("FILE"), Work, Yes,
        "read FILE (or the files that match a pattern) instead of /etc/keepalived/keepalived.conf"),
    row("P", "vrrp", Flag, Work, Yes, "run VRRP only, no load balancing"),
    row("C", "check", Flag, Work, Yes, "run load balancing only, no VRRP"),
    row("B", "no_bfd", Flag, Work, Yes, "do not run BFD (holdfast has none yet)"),
    row("", "all", Flag, Work, Yes, "run every part, configured or not (always so)"),
    row("i", "config-id", Required("ID"), Work, Yes,
        "use configuration lines that begin with @ID, skip those that begin with @ and another \
         word; default: the node name"),
    row("e", "all-config", Flag, Work, Yes, "an include that finds no file is an error"),

    row("n", "dont-fork", Flag, Process, Yes,
        "stay in the foreground, in one process; for procd, systemd, runit, inittab"),
    row("p", "pid", Required("FILE"), Process, Yes, "pid file of the daemon; default /run/keepalived.pid"),
    row("r", "vrrp_pid", Required("FILE"), Process, Yes,
        "pid file of the working process; default /run/vrrp.pid"),
    row("c", "checkers_pid", Required("FILE"), Process, Yes,
        "the same process under its other name; default /run/checkers.pid"),
    row("", "socket", Required("PATH"), Process, Yes,
        "where 'holdfast status' and its like reach it, or none; default /run/holdfast.sock, or \
         FILE.sock beside -p FILE.pid"),
    row("R", "dont-respawn", Flag, Process, Yes, "if the worker dies, stop instead of starting it again"),
    row("u", "umask", Required("MASK"), Process, Yes, "mask for files that are created: 022, 0x12, 18"),
    row("", "ignore-sigint", Flag, Process, Yes, "do not stop on SIGINT (Ctrl-C)"),

    row("l", "log-console", Flag, Log, Yes, "log to standard error as well (with -n)"),
    row("D", "log-detail", Flag, Log, Yes, "more detail: every script that is run, and more"),
    row("d", "dump-conf", Flag, Log, Yes, "log the configuration as it is understood; with -t print it"),
    row("S", "log-facility", Required("FACILITY"), Log, Yes,
        "0-7 or local0-local7, user, or daemon (default)"),
    row("G", "no-syslog", Flag, Log, Yes, "send nothing to syslog"),

    row("V", "dont-release-vrrp", Flag, Stop, Yes,
        "leave the virtual addresses in place at exit, and do not tell the other routers"),
    row("I", "dont-release-ipvs", Flag, Stop, Yes, "leave the IPVS table in place at exit"),

    row("t", "config-test", Optional("LOGFILE"), OneShot, Yes,
        "check the configuration and exit; LOGFILE must be attached (-tFILE) and gets the messages"),
    row("", "check-format", Required("FORMAT"), OneShot, Yes,
        "check the configuration as -t does; its messages as text (the default) or, for programs, as \
         json: one object a line, on standard output"),
    row("", "keywords", Flag, OneShot, Yes,
        "list every keyword: its blocks, arguments, default, and whether it is supported"),
    row("", "signum", Required("NAME"), OneShot, Yes,
        "print the number of a signal: STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON, TDUMP"),
    row("T", "genhash", Flag, OneShot, Yes,
        "be genhash, which prints the MD5 sum of a page; must be the first option ('-T -h' for more)"),
    row("v", "version", Flag, OneShot, Yes, "print version and features"),
    row("h", "help", Flag, OneShot, Yes, "print this text"),

    row("s", "namespace", Required("NAME"), Idle, NotYet("run it with 'ip netns exec NAME' instead"),
        "network namespace to run in"),
    row("a", "address-monitoring", Flag, Idle, NotYet("'ip monitor address' shows the same"),
        "log every address change the kernel reports"),
    row("X", "release-vips", Flag, Idle,
        NotYet("the addresses holdfast has set are removed at exit, no others"),
        "at exit also remove addresses that are not marked as set"),
    row("g", "log-file", Optional("FILE"), Idle, LOG_FILE, "log to a file"),
    row("", "flush-log-file", Flag, Idle, LOG_FILE, "write through to that file"),
    row("b", "bfd_pid", Required("FILE"), Idle, NotYet("there is no BFD, so no such file is written"),
        "pid file of the BFD process"),
    row("m", "core-dump", Flag, Idle, NotYet("use 'ulimit -c unlimited' before the start"),
        "allow core dumps"),
    row("M", "core-dump-pattern", Optional("PATTERN"), Idle,
        NotYet("write the pattern to /proc/sys/kernel/core_pattern"),
        "where core dumps go"),
    row("x", "snmp", Flag, Idle, SNMP, "SNMP agent"),
    row("A", "snmp-agent-socket", Required("FILE"), Idle, SNMP, "socket of the SNMP master agent"),
    row("", "config-fd", Required("N"), Idle, No("it is internal to keepalived"), "internal"),
    row("", "perf", Optional("WHEN"), Idle, BUILD, "debugging builds only"),
    row("", "debug", Optional("WHAT"), Idle, BUILD, "debugging builds only"),
    row("", "no-mem-check", Flag, Idle, BUILD, "debugging builds only"),
    row("L", "", Flag, Idle, BUILD, "debugging builds only"),
    row("O", "", Flag, Idle, BUILD, "debugging builds only"),
];

/// The row a short option belongs to.
pub fn by_short(short: char) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.short.chars().eq([short]))
}

/// The rows a long name may mean: the exact one, else all that begin with it.
pub fn by_long(name: &str) -> Vec<&'static Row> {
    if let Some(exact) = TABLE
        .iter()
        .find(|row| row.long == name && !name.is_empty())
    {
        return vec![exact];
    }
    TABLE
        .iter()
        .filter(|row| !row.long.is_empty() && row.long.starts_with(name))
        .collect()
}
