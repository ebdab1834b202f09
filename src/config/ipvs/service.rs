//! A virtual server as a whole: scheduler, flags, persistence, quorum, sorry server.

use super::{Found, Kind, Target};
use crate::check::{ServiceParams, Sorry};
use crate::config::diag::{Severity, quote};
use crate::config::lexer::Word;
use crate::config::value;
use crate::config::walk::Walk;
use crate::wire::ipvs::{
    Destination, Forward, Key, SVC_ONE_PACKET, SVC_PERSISTENT, SVC_SCHED1, SVC_SCHED2, SVC_SCHED3,
    Tunnel, UDP,
};
use core::net::IpAddr;

/// Persistence without a number, seconds.
const PERSISTENCE: u32 = 360;
/// Longest name of a persistence engine, bytes (`IP_VS_PENAME_MAXLEN` with its end).
const ENGINE: usize = 15;
/// Flags of schedulers: keyword, bit, and the scheduler it is for.
const FLAGS: [(&str, u32, &[u8]); 7] = [
    ("flag-1", SVC_SCHED1, b""),
    ("flag-2", SVC_SCHED2, b""),
    ("flag-3", SVC_SCHED3, b""),
    ("sh-fallback", SVC_SCHED1, b"sh"),
    ("sh-port", SVC_SCHED2, b"sh"),
    ("mh-fallback", SVC_SCHED1, b"mh"),
    ("mh-port", SVC_SCHED2, b"mh"),
];

impl<'a> Walk<'a> {
    /// What is missing or does nothing.
    pub(super) fn service_words(&mut self, node: u32, kind: &Kind) {
        let protocol = self.written(node, &["protocol"]);
        match (kind, protocol) {
            (Kind::Mark(_), Some(at)) => {
                let text = "a service by fwmark has no protocol; it is ignored";
                self.odd(at, text, None);
            }
            (Kind::Mark(_), None) | (_, Some(_)) => {}
            (_, None) => {
                let hint = Some("write 'protocol TCP' or 'protocol UDP'");
                self.odd(node, "virtual_server without protocol: UDP is meant", hint);
            }
        }
        if self.written(node, &["lb_algo", "lvs_sched"]).is_none() {
            self.odd(node, "virtual_server without lb_algo: wlc is used", None);
        }
        if self.written(node, &["lb_kind", "lvs_method"]).is_none() {
            self.odd(node, "virtual_server without lb_kind: NAT is used", None);
        }
        let persistent = self.written(node, &["persistence_timeout", "persistence_granularity"]);
        if let (Kind::Ip(_, 0), None) = (kind, persistent) {
            let args = self.args(node);
            let first = args.first().map(|w| self.span(*w).after());
            let word = args.get(1).map(|w| self.span(*w));
            let text = match word {
                Some(_) => "port 0 means all ports, which needs persistence_timeout",
                None => {
                    "virtual_server without port means all ports, which needs persistence_timeout"
                }
            };
            self.diags
                .error(word.or(first).unwrap_or_default(), text)
                .severity(Severity::Warning)
                .hint("write 'virtual_server IP PORT {'");
        }
    }

    /// The whole of a virtual server whose real servers are there from `reals` on.
    pub(super) fn settled(
        &mut self,
        node: u32,
        target: &Target,
        reals: usize,
        found: &mut Found,
    ) -> ServiceParams {
        let scheduler = self.child(node, &["lb_algo", "lvs_sched"]);
        let scheduler = scheduler.and_then(|n| self.first(n));
        let (quorum, hysteresis) = self.quorum(node, reals, found);
        let (mut flags, persistence) = (self.flags(node, target), self.persistence(node));
        if persistence > 0 {
            flags |= SVC_PERSISTENT;
        }
        let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        ServiceParams {
            name: target.name.clone(),
            keys: target.keys.clone(),
            scheduler: scheduler.map_or_else(|| "wlc".into(), |w| self.text(w)),
            flags,
            persistence,
            netmask: self.granularity(node, target),
            engine: self.engine(node),
            reals: number(reals)..number(found.check.reals.len()),
            sorry: self.sorry(node, target),
            quorum,
            hysteresis,
            omega: self.has(node, "omega"),
            ha_suspend: self.has(node, "ha_suspend"),
        }
    }

    fn flags(&mut self, node: u32, target: &Target) -> u32 {
        let mut flags = 0;
        if let Some(at) = self.child(node, &["ops"]) {
            match target.protocol {
                0 | UDP => flags |= SVC_ONE_PACKET,
                _ => self.odd(at, "ops is for UDP only; it is ignored", None),
            }
        }
        for (name, bit, scheduler) in FLAGS {
            let Some(at) = self.child(node, &[name]) else {
                continue;
            };
            let before = self.children(Some(node)).filter(|n| *n < at).filter(|n| {
                matches!(self.name(*n), "lb_algo" | "lvs_sched") && !self.refused.contains(n)
            });
            let word = before.last().and_then(|n| self.first(n));
            if scheduler.is_empty() || word.is_some_and(|w| self.bytes(w) == scheduler) {
                flags |= bit;
                continue;
            }
            let scheduler = String::from_utf8_lossy(scheduler);
            let text = format!("{name} needs 'lb_algo {scheduler}' before it; it is ignored");
            self.odd(at, &text, None);
        }
        flags
    }

    fn persistence(&self, node: u32) -> u32 {
        let number = |n: u32| match self.args(n) {
            [] => PERSISTENCE,
            _ => self.number(n),
        };
        let timeout = self.child(node, &["persistence_timeout"]).map(number);
        let more = self.has(node, "persistence_granularity");
        timeout.or(more.then_some(PERSISTENCE)).unwrap_or(0)
    }

    fn granularity(&mut self, node: u32, target: &Target) -> u32 {
        let v6 = match target.keys.first() {
            Some(Key::Address { address, .. }) => address.is_ipv6(),
            Some(Key::Mark { v6, .. }) => *v6,
            None => false,
        };
        let usual = if v6 { 128 } else { u32::MAX };
        let Some(word) = self.child_word(node, "persistence_granularity") else {
            return usual;
        };
        let bytes = self.bytes(word);
        let found = match v6 {
            true => value::int(bytes, 1, 128)
                .ok()
                .and_then(|n| u32::try_from(n).ok()),
            false => value::ipv4(bytes).map(|m| u32::from_ne_bytes(m.octets())),
        };
        if found.is_none() {
            let (what, hint) = match v6 {
                true => ("IPv6", "write a prefix length"),
                false => ("IPv4", "write a netmask like 255.255.255.0"),
            };
            let text = format!(
                "{} does not fit an {what} service; one address is used",
                quote(bytes)
            );
            let diag = self.wrong(word, text, Some(hint));
            if !v6 {
                diag.ours();
            }
        }
        found.unwrap_or(usual)
    }

    fn engine(&mut self, node: u32) -> Option<Box<str>> {
        let word = self.child_word(node, "persistence_engine")?;
        if (1..=ENGINE).contains(&self.bytes(word).len()) {
            return Some(self.text(word));
        }
        let text = format!(
            "{} is no persistence engine: a name has 1 to {ENGINE} characters",
            quote(self.bytes(word))
        );
        self.wrong(word, text, None).ours();
        None
    }

    /// `quorum` and `hysteresis`, as far as they can be reached.
    fn quorum(&mut self, node: u32, reals: usize, found: &Found) -> (u32, u32) {
        let servers = found.check.reals.get(reals..).unwrap_or_default();
        let weight = |w: i32| u64::from(u32::try_from(w).unwrap_or(0));
        let weights = servers.iter().map(|r| weight(r.destination.weight)).sum();
        let asked = self.child(node, &["quorum"]);
        let quorum = asked.map_or(1, |n| u64::from(self.number(n)));
        if let Some(at) = asked
            && quorum > weights
        {
            let used = if weights == 0 { "1" } else { "which" };
            let text = format!(
                "quorum {quorum} cannot be reached: all weights are {weights}, {used} is used"
            );
            self.odd(at, &text, None);
        }
        // Compat: without any weight there is no quorum.
        let quorum = u32::try_from(quorum.min(weights).max(1)).unwrap_or(u32::MAX);
        let Some(at) = self.child(node, &["hysteresis"]) else {
            return (quorum, 0);
        };
        let hysteresis = self.number(at);
        if hysteresis > 0 && hysteresis >= quorum {
            let text = "hysteresis must be less than quorum; it is lowered";
            self.odd(at, text, None);
        }
        (quorum, hysteresis.min(quorum.saturating_sub(1)))
    }

    fn sorry(&mut self, node: u32, target: &Target) -> Option<Sorry> {
        let sorry = self.child(node, &["sorry_server"]);
        let behind = |n: &u32| sorry.is_some_and(|s| s < *n);
        for name in ["sorry_server_inhibit", "sorry_server_lvs_method"] {
            if let Some(at) = self.child(node, &[name]).filter(|n| !behind(n)) {
                let text = format!("{name} needs a sorry_server before it; it is ignored");
                self.odd(at, &text, None);
            }
        }
        let sorry = sorry?;
        let word = self.first(sorry)?;
        let address = self.ip_of(sorry)?;
        let own = self
            .child(node, &["sorry_server_lvs_method"])
            .filter(behind);
        let own = own.and_then(|n| self.forward(n));
        let forward = own.unwrap_or(target.forward);
        if !self.same_family(target, address, forward, word, "sorry_server") {
            return None;
        }
        let port = self.port_of(sorry, target, forward);
        let inhibit = self.child(node, &["sorry_server_inhibit"]).filter(behind);
        Some(Sorry {
            destination: Destination {
                address,
                port,
                forward,
                weight: 1,
                upper: 0,
                lower: 0,
            },
            inhibit: inhibit.is_some(),
        })
    }

    /// `NAT|DR|TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]`; `None`: what follows TUN
    /// cannot be used; that has been said.
    pub(super) fn forward(&mut self, node: u32) -> Option<Forward> {
        let (first, rest) = self.args(node).split_first()?;
        match self.bytes(*first) {
            b"DR" => return Some(Forward::Direct),
            b"TUN" => {}
            _ => return Some(Forward::Nat),
        }
        let tunnel = self.tunnel(rest)?;
        let why = match tunnel {
            Tunnel {
                kind: 1, port: 0, ..
            } => "a gue tunnel needs a port",
            Tunnel {
                kind: 0 | 2,
                port: 1..,
                ..
            } => "only a gue tunnel has a port",
            Tunnel {
                kind: 0,
                flags: 1..,
                ..
            } => "an ipip tunnel has no checksum",
            Tunnel {
                kind: 2,
                flags: 2..,
                ..
            } => "a gre tunnel knows no remcsum",
            _ => return Some(Forward::Tunnel(tunnel)),
        };
        self.wrong(*first, why.into(), None);
        None
    }

    fn tunnel(&mut self, words: &[Word]) -> Option<Tunnel> {
        const KINDS: [&[u8]; 3] = [b"ipip", b"gue", b"gre"];
        const SUMS: [&[u8]; 3] = [b"nocsum", b"csum", b"remcsum"];
        let number = |list: &[&[u8]], bytes| {
            let found = list.iter().position(|k| *k == bytes)?;
            u16::try_from(found).ok()
        };
        let (mut kind, mut port, mut flags) = (0, 0, 0);
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let bytes = self.bytes(word);
            let next = match bytes {
                b"type" | b"port" => words.next().unwrap_or(word),
                _ => word,
            };
            let (slot, found) = match bytes {
                b"type" => (&mut kind, number(&KINDS, self.bytes(next))),
                b"port" => {
                    let n = value::int(self.bytes(next), 1, 65_535).ok();
                    (&mut port, n.and_then(|n| u16::try_from(n).ok()))
                }
                bytes => (&mut flags, number(&SUMS, bytes)),
            };
            let Some(found) = found else {
                let text = format!("{} is no option of TUN", quote(self.bytes(next)));
                let hint = "type ipip, gue port N or gre; nocsum, csum or remcsum";
                self.wrong(next, text, Some(hint));
                return None;
            };
            *slot = found;
        }
        let kind = u8::try_from(kind).ok()?;
        Some(Tunnel { kind, port, flags })
    }

    /// Whether a server can stand behind a service of another family; says so.
    pub(super) fn same_family(
        &mut self,
        target: &Target,
        ip: IpAddr,
        forward: Forward,
        word: Word,
        what: &str,
    ) -> bool {
        let mixed = target.v4.is_some_and(|v4| v4 != ip.is_ipv4());
        if !mixed || matches!(forward, Forward::Tunnel(_)) {
            return true;
        }
        let name = |v4| if v4 { "IPv4" } else { "IPv6" };
        let text = format!(
            "this {what} is {}, its virtual_server {}",
            name(ip.is_ipv4()),
            name(!ip.is_ipv4())
        );
        let diag = self.wrong(word, text, Some("only lb_kind TUN can mix them"));
        if what == "sorry_server" {
            diag.ours();
        }
        false
    }

    /// The port of a real server, 0 if it has none of its own.
    pub(super) fn own_port(&self, server: u32) -> u16 {
        let port = self.args(server).get(1);
        let port = port.and_then(|w| value::int(self.bytes(*w), 0, 65_535).ok());
        port.and_then(|p| u16::try_from(p).ok()).unwrap_or(0)
    }

    /// The port a server has in the table: its own only where packets are translated.
    pub(super) fn port_of(&mut self, server: u32, target: &Target, forward: Forward) -> u16 {
        let own = self.own_port(server);
        let theirs = target.port();
        match target.kind {
            _ if own == 0 => match target.kind {
                Kind::Group(_) => 0,
                _ => theirs,
            },
            Kind::Ip(..) if forward != Forward::Nat && own != theirs => {
                if let Some(word) = self.args(server).get(1).copied() {
                    let text = format!(
                        "only NAT changes ports: {theirs}, the virtual_server's, is used instead of {own}"
                    );
                    self.warn(word, text);
                }
                theirs
            }
            Kind::Mark(_) if forward != Forward::Nat => 0,
            _ => own,
        }
    }
}
