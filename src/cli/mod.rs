//! The command line: keepalived's option table becomes a [`Command`], and a command is run.

mod help;
pub mod options;
mod table;
mod words;

pub use help::{help, version};
pub use options::{Command, Facility, Options, Signal, Usage, parse};

use std::io::Write;
use std::process::ExitCode;

/// Entry point: reads the command line, does what it asks, answers with the exit status.
pub fn main() -> ExitCode {
    match parse(std::env::args_os()) {
        Ok(Command::Help { name }) => say(&help(&name), 0),
        Ok(Command::Version) => say(&version(), 0),
        Ok(Command::Genhash(_)) => say("genhash is not available yet\n", 1),
        Ok(_) => say("holdfast: nothing to run yet\n", 1),
        Err(usage) => say(&format!("{usage}\n"), Usage::STATUS),
    }
}

/// Prints to standard error, where keepalived prints such texts; a closed one is no reason to fail.
fn say(text: &str, status: u8) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(status)
}
