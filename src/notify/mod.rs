//! The notify room: a change of state becomes programs to run.
//!
//! Pure: it decides which script gets which arguments; `engine::exec::child` runs them, one at a
//! time per object, in order. Never opens a file, never forks.

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
    pub master: Option<Script>,
    /// `notify_backup`
    pub backup: Option<Script>,
    /// `notify_fault`
    pub fault: Option<Script>,
    /// `notify_stop`
    pub stop: Option<Script>,
    /// `notify`: any state, four arguments appended.
    pub any: Option<Script>,
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
}

/// How long STOP scripts may run before they are killed.
pub const STOP_GRACE: Span = Span::from_secs(1);
