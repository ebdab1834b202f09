//! The program as a person calls it: texts, streams and exit statuses.

#![allow(clippy::disallowed_methods, reason = "a test of a program runs it")]

#[path = "cli/board.rs"]
mod board;
#[path = "cli/cell.rs"]
mod cell;
#[path = "cli/daemon.rs"]
mod daemon;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/judge.rs"]
mod judge;

use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

/// Runs holdfast under the name `name`.
fn call(name: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .arg0(name)
        .args(args)
        .output()
        .expect("holdfast runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn help_goes_to_standard_error_with_status_0() {
    for args in [
        &["-h"][..],
        &["--help"],
        &["--hel", "-D"],
        &["-nh", "stray"],
    ] {
        let out = call("holdfast", args);
        assert_eq!(out.status.code(), Some(0), "{args:?}");
        assert_eq!(text(&out.stdout), "", "{args:?}");
        let help = text(&out.stderr);
        assert!(help.contains("Usage: holdfast [OPTION]..."), "{help}");
        assert!(help.contains("Exit status"), "{help}");
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    }
}

#[test]
fn version_goes_to_standard_error_with_status_0() {
    for args in ["-v", "--version"] {
        let out = call("holdfast", &[args]);
        assert_eq!(out.status.code(), Some(0));
        assert_eq!(text(&out.stdout), "");
        let first = format!("holdfast {}\n", env!("CARGO_PKG_VERSION"));
        assert!(text(&out.stderr).starts_with(&first));
    }
}

/// One line a keyword: name, blocks, arguments, default, support.
#[test]
fn keywords_are_listed_for_grep() {
    let out = call("holdfast", &["--keywords"]);
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(text(&out.stderr), "");
    let lines: Vec<&str> = text(&out.stdout).lines().collect();
    assert!(lines.len() > 370, "{} lines", lines.len());
    assert!(lines.iter().all(|l| l.split('\t').count() == 5));
    for want in [
        "keyword\tblocks\targuments\tdefault\tsupport",
        "advert_int\tvrrp_instance\t0.01..255 s\t1\tsupported",
        "include\tanywhere\tPATTERN\t-\tsupported",
        "enable_dbus\tglobal_defs\t-\toff\tnever (no DBus)",
    ] {
        assert!(lines.contains(&want), "{want}");
    }
}

#[test]
fn it_answers_to_the_name_of_a_link() {
    let out = call("/usr/sbin/keepalived", &["--help"]);
    assert!(text(&out.stderr).contains("Usage: keepalived [OPTION]..."));
    let out = call("/usr/sbin/keepalived", &["--bogus"]);
    assert!(text(&out.stderr).starts_with("keepalived: unknown option '--bogus'"));
}

#[test]
fn a_wrong_command_line_is_status_1_and_says_what_is_wrong() {
    for (args, what) in [
        (&["-Z"][..], "unknown option '-Z'"),
        (&["--config-tset"], "did you mean '--config-test'?"),
        (&["-n", "-f"], "-f, --use-file needs an argument"),
        (&["--use-file="], "-f, --use-file needs an argument"),
        (&["--log"], "may mean --log-console"),
        (&["--signum=FOO"], "no signal is called 'FOO'"),
    ] {
        let out = call("holdfast", args);
        assert_eq!(out.status.code(), Some(1), "{args:?}");
        assert_eq!(text(&out.stdout), "", "{args:?}");
        assert!(
            text(&out.stderr).contains(what),
            "{args:?}: {}",
            text(&out.stderr)
        );
        assert!(
            text(&out.stderr).ends_with("Try 'holdfast --help'.\n"),
            "{args:?}"
        );
    }
}

/// The names of signals become this system's numbers; those of real time depend on the C library.
#[test]
fn signum_prints_the_numbers_of_this_system() {
    for (name, signal) in [
        ("STOP", libc::SIGTERM),
        ("RELOAD", libc::SIGHUP),
        ("DATA", libc::SIGUSR1),
        ("STATS", libc::SIGUSR2),
        ("STATS_CLEAR", libc::SIGRTMAX() - 1),
        ("JSON", 36),
        ("TDUMP", libc::SIGRTMAX()),
        ("TDATA", libc::SIGRTMAX()),
    ] {
        let out = call("holdfast", &[&format!("--signum={name}")]);
        assert_eq!(out.status.code(), Some(0), "{name}");
        assert_eq!(text(&out.stdout), format!("{signal}\n"), "{name}");
        assert_eq!(text(&out.stderr), "", "{name}");
    }
    for (name, want) in [
        ("STOP", "TERM"),
        ("RELOAD", "HUP"),
        ("DATA", "USR1"),
        ("STATS", "USR2"),
    ] {
        let number = call("holdfast", &["--signum", name]).stdout;
        let list = format!("kill -l {}", text(&number).trim());
        let out = Command::new("sh").args(["-c", &list]).output();
        assert_eq!(text(&out.expect("sh runs").stdout).trim(), want);
    }
}

#[test]
fn genhash_is_a_link_and_an_option() {
    for (name, args) in [
        ("genhash", &["-s", "192.0.2.1"][..]),
        ("holdfast", &["-T", "-s", "192.0.2.1"]),
    ] {
        let out = call(name, args);
        assert_eq!(out.status.code(), Some(1));
        let said = text(&out.stderr);
        assert!(said.starts_with("genhash: --port is missing\n"), "{said}");
        assert!(said.contains("\nUsage: genhash -s ADDRESS"), "{said}");
    }
    let help = call("genhash", &["-h"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stderr).starts_with("Usage: genhash"));
}
