//! The command line: keepalived's option table becomes a [`Command`], and a command is run.

mod help;
pub mod options;
mod run;
mod table;
mod words;

pub use help::{help, version};
pub use options::{Command, Facility, Options, Signal, Usage, parse};

use crate::sys::signal;
use std::io::Write;
use std::process::ExitCode;

/// Entry point: reads the command line, does what it asks, answers with the exit status.
pub fn main() -> ExitCode {
    match parse(std::env::args_os()) {
        Ok(Command::Help { name }) => say(&help(&name), 0),
        Ok(Command::Version) => say(&version(), 0),
        Ok(Command::Genhash(_)) => say("genhash is not available yet\n", 1),
        Ok(Command::Signum(signal)) => signum(signal),
        Ok(Command::Test { options, log }) => ExitCode::from(run::test(&options, log.as_deref())),
        Ok(Command::Run(options)) => ExitCode::from(run::run(&options)),
        Err(usage) => say(&format!("{usage}\n"), Usage::STATUS),
    }
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
