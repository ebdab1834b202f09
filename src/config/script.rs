//! Scripts: the command becomes words, the user is found, and what is unsafe is named.

use super::Stat;
use super::diag::{Class, Severity, quote};
use super::lexer::Word;
use super::shell;
use super::walk::Walk;
use crate::notify::{Credentials, Script};

/// Whom scripts run as that name no user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ScriptUser {
    /// Nothing was said.
    #[default]
    Unset,
    /// `script_user`
    Set(Credentials),
    /// `script_user` names nobody: such scripts do not run.
    Unknown,
}

/// Symbolic links followed for one path.
const MAX_LINKS: usize = 40;

impl<'a> Walk<'a> {
    /// A statement `KEYWORD command [user [group]]`.
    pub(super) fn script(&mut self, node: u32) -> Option<Script> {
        let args = self.args(node);
        let command = args.first().copied()?;
        let user = match args.get(1).copied() {
            Some(user) => Some(self.user(user, args.get(2).copied(), true)?),
            None => self.default_user(command)?,
        };
        self.program(command, user)
    }

    /// The script of a block in which another keyword names the user.
    pub(super) fn command(&mut self, node: u32, block: u32) -> Option<Script> {
        let command = self.first(node)?;
        let user = self.children(Some(block)).find(|n| self.name(*n) == "user");
        let user = match user.map(|n| self.args(n)) {
            Some([user, rest @ ..]) => Some(self.user(*user, rest.first().copied(), false)?),
            _ => self.default_user(command)?,
        };
        self.program(command, user)
    }

    fn program(&mut self, command: Word, user: Option<Credentials>) -> Option<Script> {
        let span = self.span(command);
        self.first_script.get_or_insert(span);
        let raw = shell::unquote(self.bytes(command));
        let words = match shell::argv(&raw) {
            Ok(words) if !words.is_empty() => words,
            Ok(_) => {
                self.wrong(command, "the command is empty".into(), None);
                return None;
            }
            Err(why) => {
                self.wrong(command, format!("{why}; the script is not run"), None);
                return None;
            }
        };
        let mut argv: Vec<Box<str>> = words.iter().map(|w| super::value::text(w)).collect();
        // `"</path"` only tests whether a file opens.
        if argv.first()?.starts_with('<') {
            return Some(Script { argv, user });
        }
        let path = self.locate(command, argv.first()?)?;
        let runs_as = user.map_or_else(|| self.outside.own_user(), |u| (u.uid, u.gid));
        if !self.may_run(command, &path, runs_as, self.defaults.security) {
            return None;
        }
        if let Some(first) = argv.first_mut() {
            *first = path.into();
        }
        Some(Script { argv, user })
    }

    /// `user [group]`.
    pub(super) fn user(
        &mut self,
        user: Word,
        group: Option<Word>,
        script: bool,
    ) -> Option<Credentials> {
        let text = |w: Word| String::from_utf8_lossy(&shell::unquote(self.bytes(w))).into_owned();
        let name = text(user);
        let Some((uid, gid)) = self.outside.user(&name) else {
            let text = format!("user {} does not exist", quote(name.as_bytes()));
            let hint = match script {
                true => {
                    "the second word is a user; put a command with arguments into double quotes"
                }
                false => "scripts that name no user of their own are not run",
            };
            self.wrong(user, text, Some(hint));
            return None;
        };
        let Some(group) = group else {
            return Some(Credentials { uid, gid });
        };
        let name = text(group);
        let name = name.strip_prefix(':').unwrap_or(&name);
        if name.is_empty() {
            return Some(Credentials { uid, gid });
        }
        match self.outside.group(name) {
            Some(gid) => Some(Credentials { uid, gid }),
            None => {
                let text = format!("group {} does not exist", quote(name.as_bytes()));
                self.wrong(group, text, None);
                None
            }
        }
    }

    /// The user of a script that names none. The outer `None`: it cannot run.
    fn default_user(&mut self, at: Word) -> Option<Option<Credentials>> {
        match self.defaults.script_user {
            ScriptUser::Set(user) => Some(Some(user)),
            ScriptUser::Unknown => None,
            ScriptUser::Unset => match self.outside.user("keepalived_script") {
                Some((uid, gid)) => Some(Some(Credentials { uid, gid })),
                None if self.defaults.security => {
                    let text = "this script has no user to run as: 'keepalived_script' does not exist and \
                                enable_script_security is on";
                    self.wrong(
                        at,
                        text.into(),
                        Some("add 'script_user USER' to global_defs"),
                    );
                    None
                }
                None => Some(None),
            },
        }
    }

    /// The path of a command.
    fn locate(&mut self, at: Word, command: &str) -> Option<String> {
        if command.contains('/') {
            return Some(command.to_owned());
        }
        let path = self.outside.env("PATH");
        let path = path
            .as_deref()
            .unwrap_or("/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
        let found = path
            .split(':')
            .filter(|d| d.starts_with('/'))
            .map(|d| format!("{}/{command}", d.trim_end_matches('/')))
            .find(|p| {
                self.outside
                    .stat(p, true)
                    .is_some_and(|s| s.file && s.mode & 0o111 != 0)
            });
        let span = self.span(at);
        match found {
            Some(path) => {
                let text = format!("{} was found as {path}", quote(command.as_bytes()));
                self.diags.warning(span, text).hint("write the whole path");
                Some(path)
            }
            None => {
                let text = format!(
                    "{} is not found in PATH; it is not run",
                    quote(command.as_bytes())
                );
                self.diags.warning(span, text);
                None
            }
        }
    }

    /// Whether a script is there, may be executed, and is safe enough.
    fn may_run(&mut self, at: Word, path: &str, (uid, gid): (u32, u32), security: bool) -> bool {
        let span = self.span(at);
        let why = match self.outside.stat(path, true) {
            None => Some("does not exist"),
            Some(s) if s.dir => Some("is a directory"),
            Some(s) if !s.file => Some("is no plain file"),
            Some(s) if !executable(s, uid, gid) => Some("is not executable"),
            Some(_) => None,
        };
        if let Some(why) = why {
            let text = format!("script {path} {why}; it is not run");
            self.diags.warning(span, text);
            return false;
        }
        let as_root = uid == 0 || gid == 0 || self.set_id(path);
        if !as_root {
            return true;
        }
        let Some((part, why)) = self.unsafe_part(path) else {
            return true;
        };
        let (rest, severity) = match security {
            true => ("the script is not run", Severity::Error),
            false => (
                "the script could be replaced and runs as root",
                Severity::Warning,
            ),
        };
        let text = format!("{part} {why}: {rest}");
        self.diags
            .error(span, text)
            .severity(severity)
            .class(Class::Security)
            .hint(format!(
                "let root own {part} and nobody else write to it (chmod go-w)"
            ));
        !security
    }

    fn set_id(&self, path: &str) -> bool {
        self.outside.stat(path, true).is_some_and(|s| {
            s.mode & 0o4000 != 0 && s.uid == 0 || s.mode & 0o2000 != 0 && s.gid == 0
        })
    }

    /// The first part of a path, as written or behind a link, that others than root can change.
    fn unsafe_part(&self, path: &str) -> Option<(String, String)> {
        let mut todo: Vec<String> = path
            .split('/')
            .rev()
            .filter(|p| !p.is_empty())
            .map(String::from)
            .collect();
        let mut at = String::new();
        let mut links = 0;
        if let Some(found) = self.writable("/") {
            return Some(("/".into(), found));
        }
        while let Some(part) = todo.pop() {
            match part.as_str() {
                "." => continue,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                part => {
                    at.push('/');
                    at.push_str(part);
                }
            }
            if let Some(target) = self.outside.link(&at) {
                links += 1;
                if links > MAX_LINKS {
                    return Some((at, "is a loop of symbolic links".into()));
                }
                at.truncate(if target.starts_with('/') {
                    0
                } else {
                    at.rfind('/').unwrap_or(0)
                });
                todo.extend(
                    target
                        .split('/')
                        .rev()
                        .filter(|p| !p.is_empty())
                        .map(String::from),
                );
                continue;
            }
            if let Some(found) = self.writable(&at) {
                return Some((at, found));
            }
        }
        None
    }

    fn writable(&self, path: &str) -> Option<String> {
        let s = self.outside.stat(path, false)?;
        let sticky = s.dir && s.mode & 0o1000 != 0;
        if s.uid != 0 {
            return Some(format!(
                "belongs to user {} (mode {:04o})",
                s.uid,
                s.mode & 0o7777
            ));
        }
        if s.mode & 0o002 != 0 && !sticky {
            return Some(format!(
                "is writable by everybody (mode {:04o})",
                s.mode & 0o7777
            ));
        }
        if s.mode & 0o020 != 0 && s.gid != 0 && !sticky {
            return Some(format!(
                "is writable by group {} (mode {:04o})",
                s.gid,
                s.mode & 0o7777
            ));
        }
        None
    }
}

fn executable(s: Stat, uid: u32, gid: u32) -> bool {
    let bit = match () {
        () if uid == 0 => 0o111,
        () if s.uid == uid => 0o100,
        () if s.gid == gid => 0o010,
        () => 0o001,
    };
    s.mode & bit != 0
}
