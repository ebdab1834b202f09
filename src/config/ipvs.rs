//! What is odd about virtual servers. Nothing acts on them yet; mistakes are pointed at all the same.

use super::diag::{Severity, quote};
use super::lexer::Word;
use super::source::Span;
use super::table;
use super::value;
use super::walk::Walk;
use core::net::IpAddr;
use std::collections::BTreeMap;

/// Names and services seen so far.
#[derive(Default)]
pub(super) struct Services<'a> {
    /// Services by what identifies them, with the place of the first.
    seen: BTreeMap<Vec<u8>, Span>,
    /// Groups by name: the family of the first address.
    pub groups: BTreeMap<&'a [u8], Option<bool>>,
}

/// What checkers inherit from their real server.
const CHECKS: [&str; 5] = [
    "connect_timeout",
    "delay_before_retry",
    "delay_loop",
    "retry",
    "warmup",
];

/// How a virtual server is addressed.
enum Kind {
    /// The family is IPv4, and the port.
    Ip(bool, i64),
    Mark,
    /// The family is IPv4, if known.
    Group(Option<bool>),
}

impl<'a> Walk<'a> {
    /// The statement `name` of a block, the last one if there are several.
    fn child(&self, block: u32, names: &[&str]) -> Option<u32> {
        let all = self.children(Some(block));
        all.filter(|n| names.contains(&self.name(*n))).last()
    }
    fn child_word(&self, block: u32, names: &[&str]) -> Option<&'a [u8]> {
        let node = self.child(block, names)?;
        Some(self.bytes(self.first(node)?))
    }

    /// A `virtual_server_group`: remembers its name and family.
    pub(super) fn service_group(&mut self, node: u32, services: &mut Services<'a>) {
        let Some(name) = self.first(node) else {
            return;
        };
        let first = self.children(Some(node)).find_map(|line| {
            let word = self.all(line).first().copied()?;
            value::loose_ip(self.bytes(word))
        });
        let key = self.bytes(name);
        services.groups.insert(key, first.map(|ip| ip.is_ipv4()));
    }

    /// A `virtual_server` whose words have been checked.
    pub(super) fn service_check(&mut self, node: u32, services: &mut Services<'a>) {
        let args = self.args(node);
        let Some(first) = args.first().copied() else {
            return;
        };
        let kind = match (self.bytes(first), args.get(1).copied()) {
            (b"fwmark", _) => Kind::Mark,
            (b"group", Some(name)) => {
                let known = services.groups.get(self.bytes(name)).copied();
                if known.is_none() {
                    self.unknown_group(name, services);
                }
                Kind::Group(known.flatten())
            }
            (bytes, port) => {
                let Some(ip) = value::loose_ip(bytes) else {
                    return;
                };
                let port = port.and_then(|p| value::int(self.bytes(p), 0, 65_535).ok());
                Kind::Ip(ip.is_ipv4(), port.unwrap_or(0))
            }
        };
        self.same_service(node, args, services);
        if self.node(node).torn {
            return;
        }
        self.service_words(node, &kind, args);
        self.real_servers(node, &kind);
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

    fn same_service(&mut self, node: u32, args: &[Word], services: &mut Services<'a>) {
        let protocol = self.child_word(node, &["protocol"]).unwrap_or(b"UDP");
        let mut key = Vec::new();
        for word in args.iter().take(2) {
            key.extend_from_slice(self.bytes(*word));
            key.push(b' ');
        }
        key.extend(protocol.to_ascii_uppercase());
        let at = self.span(args[0]);
        if let Some(before) = services.seen.get(&key) {
            let before = self.other(*before, at);
            let text = format!("this virtual_server is already defined on {before}");
            self.diags.warning(at, text);
        } else {
            services.seen.insert(key, at);
        }
    }

    /// Says something about a virtual server that keepalived says too.
    fn odd(&mut self, node: u32, text: &str, hint: Option<&str>) {
        let at = self.head(node);
        let diag = self.diags.error(at, text).severity(Severity::Warning);
        if let Some(hint) = hint {
            diag.hint(hint);
        }
    }

    fn service_words(&mut self, node: u32, kind: &Kind, args: &[Word]) {
        let protocol = self.child(node, &["protocol"]);
        match (kind, protocol) {
            (Kind::Mark, Some(at)) => {
                self.odd(
                    at,
                    "a service by fwmark has no protocol; it is ignored",
                    None,
                );
            }
            (Kind::Mark, None) | (_, Some(_)) => {}
            (_, None) => {
                let hint = Some("write 'protocol TCP' or 'protocol UDP'");
                self.odd(node, "virtual_server without protocol: UDP is meant", hint);
            }
        }
        if self.child(node, &["lb_algo", "lvs_sched"]).is_none() {
            self.odd(node, "virtual_server without lb_algo: wlc is used", None);
        }
        if self.child(node, &["lb_kind", "lvs_method"]).is_none() {
            self.odd(node, "virtual_server without lb_kind: NAT is used", None);
        }
        let persistent = self.child(node, &["persistence_timeout", "persistence_granularity"]);
        if let (Kind::Ip(_, 0), None) = (kind, persistent) {
            let word = args.get(1).copied();
            let at = word.map_or_else(|| self.span(args[0]).after(), |w| self.span(w));
            let text = match word {
                Some(_) => "port 0 means all ports, which needs persistence_timeout",
                None => {
                    "virtual_server without port means all ports, which needs persistence_timeout"
                }
            };
            self.diags
                .error(at, text)
                .severity(Severity::Warning)
                .hint("write 'virtual_server IP PORT {'");
        }
    }

    /// The real servers of a virtual server.
    fn real_servers(&mut self, node: u32, kind: &Kind) {
        let tunnel = self.child_word(node, &["lb_kind", "lvs_method"]) == Some(b"TUN");
        let mut seen: BTreeMap<(IpAddr, i64), Span> = BTreeMap::new();
        let mut weights: u64 = 0;
        for server in self.children(Some(node)) {
            if self.name(server) != "real_server" {
                continue;
            }
            let args = self.args(server);
            let Some((word, ip)) = args
                .first()
                .and_then(|w| Some((*w, value::loose_ip(self.bytes(*w))?)))
            else {
                continue;
            };
            let port = args.get(1).map(|p| value::int(self.bytes(*p), 0, 65_535));
            let port = match (port, kind) {
                (Some(Ok(0)) | None, Kind::Ip(_, port)) => *port,
                (Some(Ok(port)), _) => port,
                _ => 0,
            };
            self.idle_checks(server);
            let own = self.child_word(server, &["weight"]);
            let weight = own.and_then(|w| value::int(w, 0, i64::from(i32::MAX)).ok());
            weights = weights.saturating_add(weight.unwrap_or(1).unsigned_abs());
            let at = self.head(server);
            if let Some(before) = seen.insert((ip, port), at) {
                let before = self.other(before, at);
                let text = format!(
                    "real_server {ip} port {port} is on {before} already; this one is ignored"
                );
                self.warn(word, text);
            }
            let family = match kind {
                Kind::Ip(v4, _) => Some(*v4),
                Kind::Group(v4) => *v4,
                Kind::Mark => None,
            };
            let local = self.child_word(server, &["lvs_method", "lb_kind"]) == Some(b"TUN");
            if family.is_some_and(|v4| v4 != ip.is_ipv4()) && !tunnel && !local {
                let name = |v4| if v4 { "IPv4" } else { "IPv6" };
                let text = format!(
                    "this real_server is {}, its virtual_server {}",
                    name(ip.is_ipv4()),
                    name(!ip.is_ipv4())
                );
                self.wrong(word, text, Some("only lb_kind TUN can mix them"));
            }
        }
        if seen.is_empty() {
            self.odd(node, "virtual_server without real_server is ignored", None);
            return;
        }
        self.quorum(node, weights);
    }

    /// How to check a real server nobody checks.
    fn idle_checks(&mut self, server: u32) {
        let checked = |n: u32| self.row(n).is_some_and(table::Row::opens);
        if self.node(server).torn || self.children(Some(server)).any(checked) {
            return;
        }
        let idle = |n: &u32| CHECKS.contains(&self.name(*n));
        let Some(node) = self.children(Some(server)).find(idle) else {
            return;
        };
        let text = format!(
            "'{}' does nothing: this real_server has no checker",
            self.name(node)
        );
        let at = self.head(node);
        self.diags
            .warning(at, text)
            .hint("it belongs into TCP_CHECK { }, HTTP_GET { } or another checker");
    }

    fn quorum(&mut self, node: u32, weights: u64) {
        let Some(at) = self.child(node, &["quorum"]) else {
            return;
        };
        let quorum = u64::from(self.number(at));
        if quorum > weights {
            let text = format!(
                "quorum {quorum} cannot be reached: all weights are {weights}, which is used"
            );
            self.odd(at, &text, None);
        }
        if let Some(h) = self.child(node, &["hysteresis"])
            && u64::from(self.number(h)) >= quorum.min(weights)
        {
            self.odd(
                h,
                "hysteresis must be less than quorum; it is lowered",
                None,
            );
        }
    }
}
