//! The notify room: a change of state becomes programs to run, and mail.
//!
//! Pure: it decides which script gets which arguments; `engine::exec::child` runs them, one at a
//! time per object, in order. It says what is written to whom, and what is said to a mail server
//! and to name servers; `engine::exec::mail` has the sockets. Never opens a file, never forks.

pub mod mail;
pub mod queue;
pub mod resolve;
pub mod smtp;

use crate::time::Span;

/// Whose script queue something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A vrrp_instance, by index.
    Instance(u16),
    /// A vrrp_sync_group, by index.
    Group(u16),
}

/// State as scripts know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// `MASTER`
    Master,
    /// `BACKUP`
    Backup,
    /// `FAULT`
    Fault,
    /// `STOP`
    Stop,
    /// A reload took it away: `FAULT` for `notify`, and nothing for `notify_fault`, as in keepalived.
    Removed,
}

/// User and group a script runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// A program with its fixed arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Program and arguments as configured (after quotes and escapes).
    pub argv: Vec<Box<str>>,
    /// Whom to run as; `None`: the daemon's own user.
    pub user: Option<Credentials>,
}

/// The scripts of one instance or group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// `notify_master`
    pub master: Option<Box<Script>>,
    /// `notify_backup`
    pub backup: Option<Box<Script>>,
    /// `notify_fault`
    pub fault: Option<Box<Script>>,
    /// `notify_stop`
    pub stop: Option<Box<Script>>,
    /// `notify`: any state, four arguments appended.
    pub any: Option<Box<Script>>,
    /// `notify_master_rx_lower_pri`: a Master heard a lower priority.
    pub lower_priority: Option<Box<Script>>,
    /// A mail at each change of state.
    pub smtp_alert: bool,
}

/// What the room is built from. Vectors are parallel to `vrrp::Params`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    /// Per instance: name and scripts.
    pub instances: Vec<(Box<str>, Scripts)>,
    /// Per group: name and scripts.
    pub groups: Vec<(Box<str>, Scripts)>,
    /// `enable_script_security`
    pub security: bool,
    /// Commands of the tracked scripts, parallel to `vrrp::Params::scripts`.
    pub tracked: Vec<Script>,
    /// Per virtual server, parallel to `check::Params::services`.
    pub services: Vec<ServiceScripts>,
    /// Per real server, parallel to `check::Params::reals`.
    pub reals: Vec<RealScripts>,
    /// Commands of `MISC_CHECK`, by their index in `check::Probe::Misc`.
    pub checks: Vec<Script>,
    /// How mail is sent; `None`: it is not.
    pub mail: Option<Box<mail::Mail>>,
}

/// Who is told about a virtual server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceScripts {
    /// As logs and mails name it.
    pub name: Box<str>,
    /// `quorum_up`
    pub quorum_up: Option<Box<Script>>,
    /// `quorum_down`
    pub quorum_down: Option<Box<Script>>,
    /// A mail when the quorum is gained or lost.
    pub smtp_alert: bool,
}

/// Who is told about a real server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RealScripts {
    /// As logs and mails name it.
    pub name: Box<str>,
    /// `notify_up`
    pub up: Option<Box<Script>>,
    /// `notify_down`
    pub down: Option<Box<Script>>,
    /// A mail when it comes or goes.
    pub smtp_alert: bool,
}

/// One program to run: a script and what is appended to its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Whose queue it joins.
    pub object: Object,
    /// Program and all arguments.
    pub argv: Vec<Box<str>>,
    /// Whom to run as.
    pub user: Option<Credentials>,
}

impl State {
    /// The word scripts get.
    pub fn word(self) -> &'static str {
        match self {
            State::Master => "MASTER",
            State::Backup => "BACKUP",
            State::Fault | State::Removed => "FAULT",
            State::Stop => "STOP",
        }
    }
}

impl Scripts {
    fn of(&self, state: State) -> Option<&Script> {
        match state {
            State::Master => self.master.as_deref(),
            State::Backup => self.backup.as_deref(),
            State::Fault => self.fault.as_deref(),
            State::Stop => self.stop.as_deref(),
            State::Removed => None,
        }
    }
}

impl Params {
    /// What to run, in order, when `object` entered `state`: the script of that state as it is
    /// written, then `notify` with `INSTANCE|GROUP name STATE priority` appended.
    pub fn runs(&self, object: Object, state: State, priority: u8) -> Vec<Run> {
        let (list, at, kind) = match object {
            Object::Instance(at) => (&self.instances, at, "INSTANCE"),
            Object::Group(at) => (&self.groups, at, "GROUP"),
        };
        let Some((name, scripts)) = list.get(usize::from(at)) else {
            return Vec::new();
        };
        let run = |script: &Script, more: &[&str]| Run {
            object,
            argv: script
                .argv
                .iter()
                .cloned()
                .chain(more.iter().map(|w| Box::from(*w)))
                .collect(),
            user: script.user,
        };
        // keepalived states priority 0 for a group.
        let priority = if matches!(object, Object::Group(_)) {
            0
        } else {
            priority
        };
        let appended: &[&str] = &[kind, name, state.word(), &priority.to_string()];
        let specific = scripts.of(state).map(|s| run(s, &[]));
        let any = scripts.any.as_deref().map(|s| run(s, appended));
        specific.into_iter().chain(any).collect()
    }
}

/// How long STOP scripts may run before they are killed.
pub const STOP_GRACE: Span = Span::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn script(word: &str) -> Option<Box<Script>> {
        Some(Box::new(Script {
            argv: vec![word.into(), "x".into()],
            user: None,
        }))
    }

    #[test]
    fn the_specific_script_comes_first_and_only_notify_gets_arguments() {
        let scripts = Scripts {
            master: script("/m"),
            fault: script("/f"),
            any: script("/n"),
            ..Scripts::default()
        };
        let params = Params {
            instances: vec![("VI 1".into(), scripts.clone())],
            groups: vec![("VG".into(), scripts)],
            ..Params::default()
        };
        let argv = |o, s, p| -> Vec<String> {
            params
                .runs(o, s, p)
                .iter()
                .map(|r| r.argv.join("|"))
                .collect()
        };
        let i = Object::Instance(0);
        assert_eq!(
            argv(i, State::Master, 150),
            ["/m|x", "/n|x|INSTANCE|VI 1|MASTER|150"]
        );
        assert_eq!(argv(i, State::Stop, 150), ["/n|x|INSTANCE|VI 1|STOP|150"]);
        assert!(params.runs(Object::Group(9), State::Fault, 0).is_empty());
        assert_eq!(
            argv(i, State::Removed, 150),
            ["/n|x|INSTANCE|VI 1|FAULT|150"]
        );
        assert_eq!(
            argv(Object::Group(0), State::Fault, 7),
            ["/f|x", "/n|x|GROUP|VG|FAULT|0"]
        );
    }
}
