//! The command line: keepalived's option table becomes a [`Command`], and a command is run.

mod ask;
mod background;
mod genhash;
mod help;
pub mod options;
mod run;
mod table;
mod words;

pub use help::{help, version};
pub use options::{Command, Facility, Format, Options, Signal, Usage, parse};

use crate::config;
use crate::sys::{file, signal};
use std::io::Write;
use std::process::ExitCode;

/// Entry point: reads the command line, does what it asks, answers with the exit status.
pub fn main() -> ExitCode {
    match parse(std::env::args_os()) {
        Ok(Command::Help { name }) => say(&help(&name), 0),
        Ok(Command::Version) => say(&version(), 0),
        Ok(Command::Genhash(args)) => genhash::run(args),
        Ok(Command::Signum(signal)) => signum(signal),
        Ok(Command::Ask { name, words }) => ask::run(&name, &words),
        Ok(Command::Keywords) => keywords(),
        Ok(Command::Test {
            options,
            log,
            format,
        }) => ExitCode::from(run::test(&options, log.as_deref(), format)),
        Ok(Command::Run(options)) => ExitCode::from(run::run(&options)),
        Err(usage) => say(&format!("{usage}\n"), Usage::STATUS),
    }
}

/// Prints the table of keywords: in columns on a terminal, else separated by tabs.
fn keywords() -> ExitCode {
    let text = match file::isatty(1) {
        true => config::table::columns(),
        false => config::table::keywords(),
    };
    // Whoever has read enough, such as `head`, closes the pipe: no fault of anybody.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Prints the number of a signal, for scripts that send it.
fn signum(signal: Signal) -> ExitCode {
    match signal::number(signal.word()) {
        Some(number) => {
            let printed = writeln!(std::io::stdout(), "{number}");
            ExitCode::from(u8::from(printed.is_err()))
        }
        None => say("this system has no such signal\n", 1),
    }
}

/// Prints to standard error, where keepalived prints such texts; a closed one is no reason to fail.
fn say(text: &str, status: u8) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(status)
}
