//! keepalived.conf becomes typed parameters and diagnostics.
//!
//! `text → reader (lines, includes, definitions) → lexer (words) → tree (blocks) → tables (shapes)
//! → Config + Diags`. Words are ranges of the files, never copies; every message knows its place.
//! Reads files only through [`Outside`]; never panics on any input, never recurses with it.

mod address;
mod check;
mod diag;
mod expand;
mod global;
mod group;
mod hold;
mod include;
mod instance;
mod ipvs;
mod items;
mod lexer;
mod mail;
pub mod memory;
mod names;
mod number;
mod ports;
mod print;
mod process;
mod reader;
mod refs;
mod repeat;
mod resolve;
mod route;
mod script;
mod shell;
mod source;
mod statics;
mod suggest;
pub mod table;
mod track;
mod tree;
mod unicast;
mod value;
mod vrrp;
mod walk;

pub use diag::{Class, Diag, Diags, Severity};
pub use print::{print, print_bytes};
pub use process::Process;
pub use route::print::{route_line, rule_line};
pub use source::Span as TextSpan;

use crate::time::Span;
use crate::{check as checks, notify, vrrp as room};

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
    /// The addresses that interfaces have now, with their prefix lengths. Nothing: cannot tell.
    fn networks(&self) -> Vec<(Box<str>, core::net::IpAddr, u8)> {
        Vec::new()
    }
    /// The largest packet an interface carries in one frame, in bytes. `None`: cannot tell.
    fn mtu(&self, interface: &str) -> Option<u32> {
        let _ = interface;
        None
    }
    /// The node name (`uname -n`).
    fn hostname(&self) -> String;
    /// An environment variable.
    fn env(&self, name: &str) -> Option<String>;
    /// Called now and then while a long file is read: whoever reads it has other duties.
    fn breathe(&self) {}
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
    /// `notification_email`
    pub notification_email: Vec<Box<str>>,
    /// `notification_email_from`
    pub notification_email_from: Option<Box<str>>,
    /// `smtp_server`: host and port.
    pub smtp_server: Option<(Box<str>, u16)>,
    /// `smtp_connect_timeout`
    pub smtp_connect_timeout: Option<Span>,
    /// `smtp_helo_name`
    pub smtp_helo_name: Option<Box<str>>,
    /// `no_email_faults`
    pub no_email_faults: bool,
    /// `no_checker_emails`
    pub no_checker_emails: bool,
    /// `state_dump_file`: where the state is written, instead of `keepalived.data`.
    pub state_dump_file: Option<Box<str>>,
    /// `json_version 2`: the array of instances is part of an object.
    pub json_wrapped: bool,
    /// `dynamic_interfaces`
    pub dynamic_interfaces: bool,
    /// How the processes run, if anything was said about that.
    pub process: Option<Box<Process>>,
}

/// A loaded configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// global_defs.
    pub global: Global,
    /// The VRRP room.
    pub vrrp: room::Params,
    /// The notify room.
    pub notify: notify::Params,
    /// The check room.
    pub check: checks::Params,
}

/// What the command line has to say about reading.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-i`: the id of `@` lines; the host name up to the first dot otherwise.
    pub config_id: Option<String>,
    /// `-e`: every include must succeed.
    pub strict_includes: bool,
    /// `-t`: numbers with trailing characters are refused rather than cut.
    pub test: bool,
    /// Mixed into `${_RANDOM}`; the host name is the rest of its seed.
    pub seed: u32,
}

/// What [`load`] found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Everything that is sound.
    pub config: Config,
    /// Everything there is to say.
    pub diags: Diags,
}

/// Reads a configuration.
///
/// Never fails: what cannot be used is left out and reported; `diags.fatal()` says that a start
/// must be refused, `diags.missing_file` that there was nothing to read.
pub fn load(outside: &dyn Outside, path: &str, options: &Options) -> Loaded {
    let mut loaded = Loaded::default();
    let mut reader = reader::Reader::new(outside, options, &mut loaded.diags);
    let opened = reader.open_main(path);
    reader.run();
    let (sources, words) = (reader.sources, reader.words);
    loaded.diags.missing_file = !opened;
    if opened && words.is_empty() && loaded.diags.is_empty() {
        let text = format!("{path} holds no configuration");
        loaded.diags.add(Severity::Warning, None, text).ours();
    }
    let nodes = tree::build(&sources, &words, &mut loaded.diags);
    let mut walk = walk::Walk::new(
        outside,
        options,
        &sources,
        &words,
        &nodes,
        &mut loaded.diags,
    );
    loaded.config = resolve::config(&mut walk);
    drop(nodes);
    drop(words);
    loaded.diags.finish(sources);
    loaded
}
