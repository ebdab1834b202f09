//! keepalived.conf becomes typed parameters and diagnostics.
//!
//! `text → lexer (words with spans) → tree (blocks with spans) → keyword tables → Config + Diags`.
//! Reads files only through [`Outside`].

use crate::{notify, vrrp};

/// What the configuration asks of the world.
pub trait Outside {
    /// The bytes of a file.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
    /// Paths that match a shell pattern, sorted.
    fn glob(&self, pattern: &str) -> Vec<String>;
    /// Owner, mode and kind of a path, following links if `follow`.
    fn stat(&self, path: &str, follow: bool) -> Option<Stat>;
    /// The link's target, if the path is a symbolic link.
    fn link(&self, path: &str) -> Option<String>;
    /// uid and primary gid of a user name or number.
    fn user(&self, name: &str) -> Option<(u32, u32)>;
    /// gid of a group name or number.
    fn group(&self, name: &str) -> Option<u32>;
    /// The daemon's own effective user.
    fn own_user(&self) -> (u32, u32);
    /// Whether an interface exists now. `None`: cannot tell.
    fn interface(&self, name: &str) -> Option<bool>;
    /// The node name (`uname -n`).
    fn hostname(&self) -> String;
    /// An environment variable.
    fn env(&self, name: &str) -> Option<String>;
}

/// What [`Outside::stat`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Permission bits and set-id bits, `0o7777`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// A regular file.
    pub file: bool,
    /// A directory.
    pub dir: bool,
}

/// global_defs, as far as anything acts on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Global {
    /// `router_id`, else the host name.
    pub router_id: Option<Box<str>>,
    /// `notification_email` (mail is not sent yet).
    pub notification_email: Vec<Box<str>>,
    /// `dynamic_interfaces`
    pub dynamic_interfaces: bool,
}

/// A loaded configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// global_defs.
    pub global: Global,
    /// The VRRP room.
    pub vrrp: vrrp::Params,
    /// The notify room.
    pub notify: notify::Params,
}
