//! Virtual servers become the check room's parameters.
//!
//! The words of their blocks have been checked before: what is wrong there is `refused`. Here it is
//! about what follows from the statements together.

mod checker;
mod group;
mod probe;
mod real;
mod service;
mod table;

#[cfg(test)]
mod tests;

pub(super) use group::{Fault, behind, range};
pub(super) use probe::RECORDS;
pub(super) use table::tracked_files;

use super::diag::{Severity, quote};
use super::lexer::Word;
use super::source::Span as At;
use super::value;
use super::walk::Walk;
use crate::check::Params;
use crate::notify::{RealScripts, Script, ServiceScripts};
use crate::wire::ipvs::{Forward, Key, SCTP, TCP, UDP};
use core::net::IpAddr;
use std::collections::BTreeMap;

/// Virtual servers, real servers or checkers a configuration can have: their numbers are 16 bits.
const MOST: usize = 65_535;

/// Names and services seen so far.
#[derive(Default)]
pub(super) struct Services<'a> {
    /// What is balanced already: by which virtual server, and whether that one runs.
    seen: BTreeMap<Key, (At, bool)>,
    groups: BTreeMap<&'a [u8], group::Group>,
    globals: table::Globals<'a>,
    pub found: Found,
}

/// What is sound.
#[derive(Default)]
pub(super) struct Found {
    pub check: Params,
    pub services: Vec<ServiceScripts>,
    pub reals: Vec<RealScripts>,
    pub checks: Vec<Script>,
    /// Keys of groups so far.
    grouped: u64,
    /// There are more than numbers.
    full: bool,
}

/// How much of it there was.
struct Mark([usize; 3]);

impl Found {
    fn mark(&self) -> Mark {
        let check = &self.check;
        Mark([check.reals.len(), check.checkers.len(), self.checks.len()])
    }
    /// Forgets what came later.
    fn back_to(&mut self, Mark([reals, checkers, checks]): Mark) {
        self.check.reals.truncate(reals);
        self.reals.truncate(reals);
        self.check.checkers.truncate(checkers);
        self.checks.truncate(checks);
    }
}

/// How a virtual server is addressed.
#[derive(Clone, Copy)]
enum Kind {
    Ip(IpAddr, u16),
    Mark(u32),
    Group(Word),
}

/// What a virtual server balances.
struct Target {
    kind: Kind,
    name: Box<str>,
    /// Nothing: it cannot run.
    keys: Vec<Key>,
    /// `IPPROTO_*`, 0 for a mark.
    protocol: u8,
    /// How packets reach its real servers, where they do not say.
    forward: Forward,
    /// Its addresses are all IPv4, or all IPv6.
    v4: Option<bool>,
}

impl Target {
    /// The port of all its keys.
    fn port(&self) -> u16 {
        let port = |key: &Key| match *key {
            Key::Address { port, .. } => Some(port),
            Key::Mark { .. } => None,
        };
        match self.kind {
            Kind::Ip(_, port) => port,
            Kind::Mark(_) => 0,
            Kind::Group(_) => {
                let mut ports = self.keys.iter().filter_map(port);
                let first = ports.next().unwrap_or(0);
                if ports.all(|p| p == first) { first } else { 0 }
            }
        }
    }
}

/// The name of a protocol.
pub(super) fn protocol_name(protocol: u8) -> &'static str {
    match protocol {
        TCP => "tcp",
        UDP => "udp",
        SCTP => "sctp",
        _ => "none",
    }
}

/// A server as logs name it.
fn server_name(ip: IpAddr, protocol: u8, port: u16) -> Box<str> {
    format!("[{ip}]:{}:{port}", protocol_name(protocol)).into()
}

impl<'a> Walk<'a> {
    /// The statement `name` of a block, as it counts.
    fn child(&self, block: u32, names: &[&str]) -> Option<u32> {
        let all = self.children(Some(block));
        all.filter(|n| names.contains(&self.name(*n)) && !self.refused.contains(n))
            .last()
    }
    fn child_word(&self, block: u32, name: &str) -> Option<Word> {
        self.first(self.child(block, &[name])?)
    }
    fn has(&self, block: u32, name: &str) -> bool {
        self.child(block, &[name]).is_some()
    }
    fn child_number(&self, block: u32, name: &str) -> Option<u32> {
        self.child(block, &[name]).map(|n| self.number(n))
    }
    /// The statement `name` of a block, even one that cannot be used.
    fn written(&self, block: u32, names: &[&str]) -> Option<u32> {
        let all = self.children(Some(block));
        all.filter(|n| names.contains(&self.name(*n))).last()
    }
    /// The script of a statement.
    fn child_script(&mut self, block: u32, name: &str) -> Option<Box<Script>> {
        let node = self.child(block, &[name])?;
        self.programs.remove(&node).map(Box::new)
    }

    /// Says something about a statement that keepalived says too.
    fn odd(&mut self, node: u32, text: &str, hint: Option<&str>) {
        let at = self.head(node);
        let diag = self.diags.error(at, text).severity(Severity::Warning);
        if let Some(hint) = hint {
            diag.hint(hint);
        }
    }

    /// A `virtual_server` whose words have been checked.
    pub(super) fn virtual_service(&mut self, node: u32, services: &mut Services<'a>) {
        let Some(target) = self.target(node, services) else {
            return;
        };
        let place = self.args(node).first().map(|w| self.span(*w));
        let at = place.unwrap_or_default();
        let double = self.same_service(at, &target, services);
        if self.node(node).torn {
            return;
        }
        self.service_words(node, &target.kind);
        let mark = services.found.mark();
        let reals = mark.0[0];
        self.reals(node, &target, services);
        let found = &mut services.found;
        let mut runs = !double && !target.keys.is_empty();
        if found.check.reals.len() == reals {
            runs = false;
        } else {
            let params = self.settled(node, &target, reals, found);
            if found.check.services.len() >= MOST {
                found.full = true;
            }
            if runs && !found.full {
                self.keep(node, params, services);
                return;
            }
        }
        if core::mem::take(&mut found.full) {
            let text = format!(
                "there are more than {MOST} virtual servers, real servers or checkers; \
                 this virtual_server is ignored"
            );
            self.diags.error(at, text);
            runs = false;
        }
        debug_assert!(!runs);
        found.back_to(mark);
        for key in &target.keys {
            if let Some(entry) = services.seen.get_mut(key)
                && entry.0 == at
            {
                entry.1 = false;
            }
        }
    }

    fn keep(
        &mut self,
        node: u32,
        params: crate::check::ServiceParams,
        services: &mut Services<'a>,
    ) {
        let alert = self.child(node, &["smtp_alert"]).map(|n| self.alert(n));
        let scripts = ServiceScripts {
            name: params.name.clone(),
            quorum_up: self.child_script(node, "quorum_up"),
            quorum_down: self.child_script(node, "quorum_down"),
            smtp_alert: alert.or(services.globals.alert()).unwrap_or(false),
        };
        services.found.services.push(scripts);
        services.found.check.services.push(params);
    }

    /// What a virtual server balances; `None`: its address could not be read.
    fn target(&mut self, node: u32, services: &mut Services<'a>) -> Option<Target> {
        let args = self.args(node);
        let first = *args.first()?;
        let kind = self.kind(first, args.get(1).copied())?;
        let protocol = match (kind, self.child_word(node, "protocol")) {
            (Kind::Mark(_), _) => 0,
            (_, Some(word)) if self.bytes(word).eq_ignore_ascii_case(b"TCP") => TCP,
            (_, Some(word)) if self.bytes(word).eq_ignore_ascii_case(b"SCTP") => SCTP,
            _ => UDP,
        };
        let asked = self.child_word(node, "ip_family");
        let asked = asked.map(|w| self.bytes(w) == b"inet");
        let own = match kind {
            Kind::Ip(ip, _) => Some(ip.is_ipv4()),
            Kind::Mark(_) => asked.or_else(|| self.first_real(node)),
            Kind::Group(name) => self.group_family(services, self.bytes(name)),
        };
        let (name, keys) = match kind {
            Kind::Ip(address, port) => {
                let key = Key::Address {
                    protocol,
                    address,
                    port,
                };
                (server_name(address, protocol, port), vec![key])
            }
            Kind::Mark(mark) => {
                let v6 = !own.unwrap_or(true);
                (format!("FWM {mark}").into(), vec![Key::Mark { mark, v6 }])
            }
            Kind::Group(word) => {
                let name = format!("[{}]:0", self.text(word)).into();
                let v4 = asked.or_else(|| self.first_real(node)).unwrap_or(true);
                (name, self.group_keys(services, word, protocol, v4))
            }
        };
        let marks = keys.iter().all(|k| matches!(k, Key::Mark { .. }));
        let protocol = if marks { 0 } else { protocol };
        let method = self.child(node, &["lb_kind", "lvs_method"]);
        let forward = method.and_then(|n| self.forward(n));
        Some(Target {
            kind,
            name,
            forward: forward.unwrap_or(Forward::Nat),
            keys,
            protocol,
            v4: own,
        })
    }

    /// `IP [PORT]`, `fwmark N` or `group NAME`.
    fn kind(&self, first: Word, second: Option<Word>) -> Option<Kind> {
        let number = |w: Word, most| value::int(self.bytes(w), 0, most).ok();
        Some(match self.bytes(first) {
            b"fwmark" => {
                let mark = number(second?, i64::from(u32::MAX))?;
                Kind::Mark(u32::try_from(mark).ok()?)
            }
            b"group" => Kind::Group(second?),
            bytes => {
                let port = second.and_then(|w| number(w, 65_535)).unwrap_or(0);
                Kind::Ip(value::loose_ip(bytes)?, u16::try_from(port).ok()?)
            }
        })
    }

    /// The family of the first real server.
    fn first_real(&self, node: u32) -> Option<bool> {
        let mut servers = self
            .children(Some(node))
            .filter(|n| self.name(*n) == "real_server" && !self.refused.contains(n));
        servers.find_map(|n| self.ip_of(n)).map(|ip| ip.is_ipv4())
    }

    fn unknown_group(&mut self, name: Word, services: &Services<'a>) {
        let bytes = self.bytes(name);
        let known = services.groups.keys();
        let known = known.filter_map(|k| core::str::from_utf8(k).ok());
        let near = self
            .diags
            .nearest(bytes, known)
            .map(|n| format!("did you mean '{n}'?"));
        let at = self.span(name);
        let text = format!("virtual_server_group {} is not defined", quote(bytes));
        let diag = self.diags.error(at, text).ours();
        if let Some(near) = near {
            diag.hint(near);
        }
    }

    /// Whether something of it is balanced by another virtual server; says so.
    fn same_service(&mut self, at: At, target: &Target, services: &mut Services<'a>) -> bool {
        let runs = |k: &&Key| services.seen.get(k).is_some_and(|s| s.1);
        let before = target
            .keys
            .iter()
            .find(runs)
            .and_then(|k| services.seen.get(k));
        let old = before.or_else(|| target.keys.iter().find_map(|k| services.seen.get(k)));
        let runs = old.is_some_and(|s| s.1);
        if let Some((first, _)) = old.copied() {
            let line = self.other(first, at);
            let text = match target.keys.len() {
                1 => format!("this virtual_server is already defined on {line}"),
                _ => format!("the virtual_server on {line} has some of these addresses already"),
            };
            let text = match runs {
                true => format!("{text}; this one is ignored"),
                false => text,
            };
            self.diags.warning(at, text);
        }
        if !runs {
            let keys = target.keys.iter();
            services.seen.extend(keys.map(|key| (*key, (at, true))));
        }
        runs
    }
}
