//! An [`Outside`] that lives in memory, for tests.

use super::{Outside, Stat};
use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};

/// Files, users and interfaces that a test makes up.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Contents and attributes by absolute or relative path. Directories exist when they are here.
    pub files: BTreeMap<String, (Vec<u8>, Stat)>,
    /// Symbolic links: path and target.
    pub links: BTreeMap<String, String>,
    /// User names with uid and gid.
    pub users: BTreeMap<String, (u32, u32)>,
    /// Group names with gid.
    pub groups: BTreeMap<String, u32>,
    /// The interfaces there are; `None`: cannot tell.
    pub interfaces: Option<BTreeSet<String>>,
    /// Addresses of interfaces with their prefix lengths.
    pub networks: BTreeMap<String, Vec<(IpAddr, u8)>>,
    /// Largest packets by interface.
    pub mtus: BTreeMap<String, u32>,
    /// Node name.
    pub hostname: String,
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// Own effective user.
    pub own: (u32, u32),
}

impl Memory {
    /// A machine `router1.example.org` with `eth0` and `eth1`, root, and a few programs.
    pub fn new() -> Memory {
        let mut m = Memory {
            hostname: "router1.example.org".into(),
            interfaces: Some(["lo", "eth0", "eth1"].map(String::from).into()),
            ..Memory::default()
        };
        m.users.insert("root".into(), (0, 0));
        m.users.insert("nobody".into(), (65534, 65534));
        m.groups.insert("root".into(), 0);
        m.groups.insert("nogroup".into(), 65534);
        m.groups.insert("staff".into(), 50);
        m.env.insert("PATH".into(), "/usr/bin:/bin".into());
        for dir in ["/", "/bin", "/usr", "/usr/bin", "/etc", "/etc/keepalived"] {
            m.dir(dir, 0o755);
        }
        m.program("/bin/true", 0o755)
            .program("/usr/bin/logger", 0o755);
        m
    }
    /// Adds a plain file.
    pub fn file(&mut self, path: &str, text: impl AsRef<[u8]>) -> &mut Memory {
        self.entry(path, text.as_ref(), 0o644, false)
    }
    /// Adds a program owned by root.
    pub fn program(&mut self, path: &str, mode: u32) -> &mut Memory {
        self.entry(path, b"#!/bin/sh\n", mode, false)
    }
    /// Adds a directory owned by root.
    pub fn dir(&mut self, path: &str, mode: u32) -> &mut Memory {
        self.entry(path, b"", mode, true)
    }
    fn entry(&mut self, path: &str, text: &[u8], mode: u32, dir: bool) -> &mut Memory {
        let stat = Stat {
            mode,
            uid: 0,
            gid: 0,
            file: !dir,
            dir,
        };
        self.files.insert(path.into(), (text.into(), stat));
        self
    }
    /// The path with its links followed.
    fn resolve(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..8 {
            match self.links.get(&path) {
                Some(target) if target.starts_with('/') => path = target.clone(),
                Some(target) => {
                    let dir = path.rfind('/').map_or("", |i| &path[..=i]);
                    path = format!("{dir}{target}");
                }
                None => break,
            }
        }
        path
    }
}

impl Outside for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match self.files.get(&self.resolve(path)) {
            Some((text, stat)) if stat.file => Ok(text.clone()),
            Some(_) => Err("is a directory".into()),
            None => Err("no such file".into()),
        }
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        let pattern = pattern.as_bytes();
        let paths = self.files.keys().chain(self.links.keys());
        let mut found: Vec<String> = paths
            .filter(|p| matches(pattern, p.as_bytes()))
            .cloned()
            .collect();
        found.sort();
        found
    }
    fn stat(&self, path: &str, follow: bool) -> Option<Stat> {
        let trimmed = if path.len() > 1 {
            path.trim_end_matches('/')
        } else {
            path
        };
        let path = if follow {
            self.resolve(trimmed)
        } else {
            trimmed.to_owned()
        };
        self.files.get(&path).map(|f| f.1)
    }
    fn link(&self, path: &str) -> Option<String> {
        self.links.get(path).cloned()
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        let number = name.parse::<u32>().ok();
        let known = self.users.get(name).copied();
        known.or_else(|| number.map(|n| (n, n)))
    }
    fn group(&self, name: &str) -> Option<u32> {
        let known = self.groups.get(name).copied();
        known.or_else(|| name.parse().ok())
    }
    fn own_user(&self) -> (u32, u32) {
        self.own
    }
    fn interface(&self, name: &str) -> Option<bool> {
        self.interfaces.as_ref().map(|i| i.contains(name))
    }
    fn mtu(&self, name: &str) -> Option<u32> {
        self.mtus.get(name).copied()
    }
    fn networks(&self) -> Vec<(Box<str>, IpAddr, u8)> {
        let all = self.networks.iter();
        all.flat_map(|(name, list)| {
            list.iter()
                .map(|(ip, len)| (name.as_str().into(), *ip, *len))
        })
        .collect()
    }
    fn hostname(&self) -> String {
        self.hostname.clone()
    }
    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }
}

/// `*`, `?` and `[…]`; a `*` does not match a `/`.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            let most = path.iter().take_while(|b| **b != b'/').count();
            (0..=most).any(|n| matches(rest, &path[n..]))
        }
        (Some((b'?', rest)), Some((b, path))) => *b != b'/' && matches(rest, path),
        (Some((b'[', rest)), Some((b, path))) => match rest.iter().position(|c| *c == b']') {
            Some(end) => rest[..end].contains(b) && matches(&rest[end + 1..], path),
            None => false,
        },
        (Some((p, rest)), Some((b, path))) => p == b && matches(rest, path),
        _ => false,
    }
}
