//! The commands that ask a running daemon: `status`, `explain`, `reload`, `stop`.

use super::say;
use crate::control::{self, Request, code};
use crate::engine::tools::ask::{Silence, ask, pause};
use crate::sys::{file, process};
use getopts::{Options, ParsingStyle};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Where daemons keep files while they run: mostly one folder by two names, on some routers only
/// the second one.
const RUN: [&str; 2] = ["/run", "/var/run"];
/// There, the pid file of a daemon that was told of no other.
pub(super) const PID_FILE: &str = "keepalived.pid";
/// The control socket that belongs to it.
const SOCKET: &str = "holdfast.sock";
/// Pauses until a worker that died must have another one in its place.
const COMEBACK: u32 = 60;
/// Pauses until a daemon that was told to stop must have done so.
const STOPPING: u32 = 400;

/// The words that are commands when they come first.
pub(super) const COMMANDS: [&str; 4] = ["status", "explain", "reload", "stop"];

/// A file of the folder [`RUN`].
pub(super) fn in_run(name: &str) -> String {
    let there = |folder: &&&str| std::path::Path::new(folder).is_dir();
    let folder = RUN.iter().find(there).unwrap_or(&RUN[0]);
    format!("{folder}/{name}")
}

/// The control socket of the daemon with this pid file: beside it, unless it is named.
pub(super) fn socket(named: Option<&str>, pid_file: Option<&str>) -> Option<String> {
    let path = match (named, pid_file) {
        (Some("none"), _) => return None,
        (Some(named), _) => named.to_owned(),
        (None, None) => in_run(SOCKET),
        (None, Some(pid_file)) => {
            let path = absolute(pid_file);
            let usual = |folder: &&&str| path == format!("{folder}/{PID_FILE}");
            match RUN.iter().find(usual) {
                Some(folder) => format!("{folder}/{SOCKET}"),
                None => format!("{}.sock", path.strip_suffix(".pid").unwrap_or(&path)),
            }
        }
    };
    Some(absolute(&path))
}

/// The pid file of the daemon that runs here, or would.
fn usual_pid_file() -> String {
    let mut all = RUN.iter().map(|folder| format!("{folder}/{PID_FILE}"));
    let running = all.find(|path| file::locked(path));
    running.unwrap_or_else(|| in_run(PID_FILE))
}

/// The same path from the root folder, where a daemon goes.
pub(super) fn absolute(path: &str) -> String {
    let absolute = std::path::absolute(path).ok();
    let absolute = absolute.and_then(|path| path.into_os_string().into_string().ok());
    absolute.unwrap_or_else(|| path.to_owned())
}

/// What was asked for, and where.
struct Asked {
    request: Request,
    json: bool,
    pid_file: Box<str>,
    socket: Option<String>,
}

/// Runs a command: its name and arguments.
pub(super) fn run(name: &str, words: &[OsString]) -> ExitCode {
    match read(words) {
        Ok(Some(asked)) => ExitCode::from(go(name, &asked)),
        Ok(None) => say(&super::help(name), code::OK),
        Err(what) => say(
            &format!("{name}: {what}\nTry '{name} --help'.\n"),
            code::UNKNOWN,
        ),
    }
}

fn read(words: &[OsString]) -> Result<Option<Asked>, String> {
    let mut options = Options::new();
    options.parsing_style(ParsingStyle::FloatingFrees);
    options.optflag("", "json", "");
    options.optflag("h", "help", "");
    options.optopt("p", "pid", "", "FILE");
    options.optopt("", "socket", "", "PATH");
    let (command, rest) = words.split_first().ok_or("a command is missing")?;
    let command = command.to_str().unwrap_or("");
    let given = options
        .parse(rest)
        .map_err(|fail| super::options::explain(&fail))?;
    if given.opt_present("help") {
        return Ok(None);
    }
    // Names may hold blanks: `explain FWM 5`.
    let name = Some(given.free.join(" ")).filter(|name| !name.is_empty());
    let json = given.opt_present("json");
    if json && command != "status" {
        return Err("only 'status' has --json".to_owned());
    }
    let name = name.map(String::into_boxed_str);
    let request = match (command, name) {
        ("status", name) => Request::Status { json, name },
        ("explain", Some(name)) => Request::Explain { name },
        ("explain", None) => return Err("explain what? 'status' shows all names".to_owned()),
        ("reload", None) => Request::Reload,
        ("stop", None) => Request::Stop,
        (command, _) => return Err(format!("'{command}' takes no name")),
    };
    if request.to_string().len() >= control::Limit::LINE {
        return Err("the name is too long".to_owned());
    }
    let pid_file = given.opt_str("pid").unwrap_or_else(usual_pid_file);
    Ok(Some(Asked {
        request,
        json,
        socket: socket(given.opt_str("socket").as_deref(), Some(&pid_file)),
        pid_file: pid_file.into_boxed_str(),
    }))
}

/// Asks; the exit status.
fn go(name: &str, asked: &Asked) -> u8 {
    let complain = |what: String, status: u8| {
        let _ = say(&format!("{name}: {what}\n"), status);
        status
    };
    let path = asked.socket.as_deref().unwrap_or("none");
    let held = file::locked(&asked.pid_file);
    let mut looks = 0;
    let answer = loop {
        match ask(path, &asked.request) {
            // Another worker is on its way; or there is no socket, and it is told by a signal.
            Err(Silence::Nobody) if looks < COMEBACK && file::locked(&asked.pid_file) => looks += 1,
            other => break other,
        }
        pause();
    };
    match answer {
        Ok((status, text)) if asked.request == Request::Stop => {
            let still = || !held || file::locked(&asked.pid_file);
            stopped(name, status, &text, still)
        }
        Ok((status, text)) => {
            show(asked, status, &text);
            status
        }
        Err(Silence::Nobody) if file::locked(&asked.pid_file) => complain(
            format!(
                "it runs, but nobody listens at {path}; its pid is in {}",
                asked.pid_file
            ),
            code::NO_ANSWER,
        ),
        Err(Silence::Nobody) => complain("not running".to_owned(), code::NOT_RUNNING),
        Err(Silence::Forbidden) => complain(format!("{path}: only root may ask"), code::NO_ANSWER),
        Err(Silence::Other(e)) => complain(format!("no answer from {path}: {e}"), code::NO_ANSWER),
    }
}

/// Prints an answer: tables and colours on a terminal, plain lines elsewhere.
fn show(asked: &Asked, status: u8, text: &str) {
    let said = match status {
        code::OK | code::FAULT => true,
        _ => asked.json,
    };
    if !said {
        let _ = say(text, status);
        return;
    }
    let shown = match (&asked.request, file::isatty(1) && !asked.json) {
        (Request::Status { .. }, true) => control::table(text),
        (Request::Explain { .. }, true) => control::explained(text),
        _ => text.to_owned(),
    };
    // Whoever has read enough closes the pipe.
    let _ = std::io::stdout().write_all(shown.as_bytes());
}

/// Waits until the daemon that says it stops has done so.
fn stopped(name: &str, status: u8, text: &str, still: impl Fn() -> bool) -> u8 {
    let pid = text.trim_end().rsplit('\t').next();
    let Some(pid) = pid
        .and_then(|pid| pid.parse().ok())
        .filter(|_| status == code::OK)
    else {
        let _ = say(text, status);
        return status;
    };
    for _ in 0..STOPPING {
        // Signal 0 only asks whether it is there; one that nobody has waited for is, too.
        if process::kill(pid, 0).is_err() || !still() {
            return code::OK;
        }
        pause();
    }
    let _ = say(
        &format!("{name}: it (pid {pid}) has not stopped yet\n"),
        code::FAULT,
    );
    code::FAULT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn what_is_asked() {
        let asked = |line| read(&words(line)).map(Option::unwrap);
        let status = asked("status").unwrap();
        assert_eq!(status.request.to_string(), "status text");
        assert_eq!(status.socket.as_deref(), Some("/run/holdfast.sock"));
        assert_eq!(&*status.pid_file, "/run/keepalived.pid");
        let status = asked("status VI_1 --json -p /run/a.pid").unwrap();
        assert_eq!(status.request.to_string(), "status json VI_1");
        assert_eq!(status.socket.as_deref(), Some("/run/a.sock"));
        let explain = asked("explain FWM 5 --socket=/x/y").unwrap();
        assert_eq!(explain.request.to_string(), "explain text FWM 5");
        assert_eq!(explain.socket.as_deref(), Some("/x/y"));
        for wrong in [
            "explain",
            "reload now",
            "stop --json",
            "status --what",
            "status -p",
        ] {
            assert!(read(&words(wrong)).is_err(), "{wrong}");
        }
        assert!(read(&words("status --help")).unwrap().is_none());
    }

    #[test]
    fn two_daemons_have_two_sockets() {
        for (file, path) in [
            (None, "/run/holdfast.sock"),
            (Some("/run/keepalived.pid"), "/run/holdfast.sock"),
            // As init scripts name it, and so whoever asks does not.
            (Some("/var/run/keepalived.pid"), "/var/run/holdfast.sock"),
            (Some("/run/x/keepalived.pid"), "/run/x/keepalived.sock"),
        ] {
            assert_eq!(socket(None, file).as_deref(), Some(path), "{file:?}");
        }
        assert_eq!(
            socket(None, Some("/run/c.pid")).as_deref(),
            Some("/run/c.sock")
        );
        assert_eq!(socket(None, Some("/run/c")).as_deref(), Some("/run/c.sock"));
        assert_eq!(socket(Some("none"), None), None);
    }
}
