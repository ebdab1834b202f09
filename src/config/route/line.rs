//! One route.

use super::{Cursor, Kind, RouteDraft, Target, everything};
use crate::config::diag::quote;
use crate::config::lexer::Word;
use crate::config::value;
use crate::config::walk::Walk;
use crate::vrrp::routing::{Hop, Position, Route, Table, metric};

/// Every word a route can have, to suggest one.
const WORDS: &[&str] = &[
    "to",
    "via",
    "dev",
    "oif",
    "src",
    "from",
    "table",
    "metric",
    "priority",
    "preference",
    "scope",
    "protocol",
    "tos",
    "dsfield",
    "onlink",
    "mtu",
    "hoplimit",
    "advmss",
    "rtt",
    "rttvar",
    "rto_min",
    "reordering",
    "window",
    "cwnd",
    "ssthresh",
    "initcwnd",
    "initrwnd",
    "features",
    "quickack",
    "congctl",
    "realms",
    "pref",
    "expires",
    "encap",
    "ttl-propagate",
    "fastopen_no_cookie",
    "vrf",
    "add",
    "prepend",
    "append",
    "no_track",
    "track_group",
    "inet",
    "inet6",
    "nexthop",
    "unicast",
    "local",
    "broadcast",
    "anycast",
    "multicast",
    "blackhole",
    "unreachable",
    "prohibit",
    "throw",
];

/// Types of route (`RTN_*`).
pub(super) const TYPES: [(&str, u8); 10] = [
    ("unicast", 1),
    ("local", 2),
    ("broadcast", 3),
    ("anycast", 4),
    ("multicast", 5),
    ("blackhole", 6),
    ("unreachable", 7),
    ("prohibit", 8),
    ("throw", 9),
    ("nat", 10),
];

/// Metrics that are plain numbers: their word, number, largest value, and whether `lock` may stand
/// before it.
pub(super) const METRICS: [(&str, u16, u32, bool); 12] = [
    ("mtu", metric::MTU, u32::MAX, true),
    ("hoplimit", metric::HOPLIMIT, 255, false),
    ("advmss", metric::ADVMSS, u32::MAX, true),
    ("reordering", metric::REORDERING, u32::MAX, true),
    ("window", metric::WINDOW, u32::MAX, false),
    ("cwnd", metric::CWND, u32::MAX, true),
    ("ssthresh", metric::SSTHRESH, u32::MAX, true),
    ("initcwnd", metric::INITCWND, u32::MAX, false),
    ("initrwnd", metric::INITRWND, u32::MAX, false),
    ("quickack", metric::QUICKACK, 1, false),
    ("fastopen_no_cookie", metric::FASTOPEN_NO_COOKIE, 1, false),
    ("features", metric::FEATURES, 0, false),
];

/// Metrics that are times: their word, number, and how many of their units a millisecond has.
pub(super) const TIMES: [(&str, u16, u64); 3] = [
    ("rtt", metric::RTT, 8),
    ("rttvar", metric::RTTVAR, 4),
    ("rto_min", metric::RTO_MIN, 1),
];

/// What a line says beside the route itself.
#[derive(Default)]
struct Said {
    destination: Option<Target>,
    source: Option<(Word, Target)>,
    protocol: Option<(Word, u8)>,
    /// Words that only one family has.
    only4: Option<Word>,
    only6: Option<Word>,
    /// A gateway, for the types that lead nowhere.
    gateway: Option<Word>,
    onlink: Option<Word>,
}

impl<'a> Walk<'a> {
    /// A route line; says what is wrong with it.
    pub(in crate::config) fn route(&mut self, words: &'a [Word]) -> Option<RouteDraft> {
        let first = words.first().copied()?;
        Cursor::new(self, words).route(first)
    }
}

impl<'a> Cursor<'_, 'a> {
    fn route(mut self, first: Word) -> Option<RouteDraft> {
        let mut said = Said::default();
        let mut route: Route<Word> = Route::new(everything(false));
        while let Some(word) = self.next() {
            let name = self.walk.bytes(word);
            if name == b"nexthop" {
                said.gateway.get_or_insert(word);
                route.hops = self.next_hops(word, &mut said.only4)?;
                break;
            }
            if let Some(done) = self.tracking(word) {
                done?;
                continue;
            }
            if let Some(done) = self.place(word, name, &mut route, &mut said) {
                done?;
                continue;
            }
            if let Some(done) = self.measure(word, name, &mut route) {
                done?;
                continue;
            }
            if said.destination.is_some() {
                return self.stray(word, WORDS, "route");
            }
            said.destination = Some(self.target(word)?);
        }
        self.finish(first, route, said)
    }

    /// Where the route leads, and where it stands. `None`: it is another word.
    fn place(
        &mut self,
        word: Word,
        name: &[u8],
        route: &mut Route<Word>,
        said: &mut Said,
    ) -> Option<Option<()>> {
        match name {
            b"inet" => return Some(self.family(word, false)),
            b"inet6" => return Some(self.family(word, true)),
            b"add" => route.position = Position::Add,
            b"prepend" => route.position = Position::Prepend,
            b"append" => route.position = Position::Append,
            b"onlink" => {
                route.hop.onlink = true;
                said.onlink = Some(word);
            }
            _ => {
                if let Some((_, kind)) = TYPES.iter().find(|t| t.0.as_bytes() == name) {
                    route.kind = *kind;
                } else {
                    return self.placed(word, name, route, said);
                }
            }
        }
        Some(Some(()))
    }

    /// Words of the same kind with another word behind them.
    fn placed(
        &mut self,
        word: Word,
        name: &[u8],
        route: &mut Route<Word>,
        said: &mut Said,
    ) -> Option<Option<()>> {
        let mut read = || -> Option<bool> {
            match name {
                b"to" => {
                    let to = self.operand(word)?;
                    said.destination = Some(self.target(to)?);
                }
                b"via" | b"gw" => {
                    if name == b"gw" {
                        self.old_word(word, "'gw' is an old word", "write 'via'");
                    }
                    route.hop.via = Some(self.gateway(word)?);
                    said.gateway = Some(word);
                }
                b"or" => {
                    self.old_word(word, "'or' is an old word", "write 'nexthop via ...'");
                    let via = Some(self.gateway(word)?);
                    said.gateway = Some(word);
                    route.hops.push(Hop {
                        via,
                        ..Hop::default()
                    });
                }
                b"dev" | b"oif" => route.hop.device = Some(self.device(word)?),
                b"vrf" => route.table = Table::Vrf(self.device(word)?),
                b"src" => route.preferred_source = Some(self.address(word)?),
                b"from" => {
                    let from = self.operand(word)?;
                    said.source = Some((from, self.target(from)?));
                    said.only6 = Some(word);
                }
                b"realms" => {
                    route.hop.realms = self.realms(word)?;
                    said.only4 = Some(word);
                }
                b"expires" => {
                    route.expires = Some(self.u32(word)?);
                    said.only6 = Some(word);
                }
                b"ttl-propagate" => {
                    let known = [("enabled", true), ("disabled", false)];
                    route.ttl_propagate = Some(self.choice(word, &known)?);
                }
                b"encap" => route.hop.encap = Some(Box::new(self.encap(word)?)),
                b"as" => {
                    self.skip(b"to");
                    self.operand(word)?;
                    let text = "'as' belongs to address translation, which Linux no longer has";
                    self.walk.warn(word, text);
                }
                _ => return self.looked_up(word, name, route, said),
            }
            Some(true)
        };
        match read() {
            None => Some(None),
            Some(true) => Some(Some(())),
            Some(false) => None,
        }
    }

    /// Words whose operand has a name in the files of iproute2, or is a number.
    fn looked_up(
        &mut self,
        word: Word,
        name: &[u8],
        route: &mut Route<Word>,
        said: &mut Said,
    ) -> Option<bool> {
        match name {
            b"table" => route.table = Table::Id(self.named(word, Kind::Table, u32::MAX)?),
            b"metric" | b"priority" | b"preference" => route.metric = Some(self.u32(word)?),
            b"scope" => route.scope = self.named(word, Kind::Scope, 255)? as u8,
            b"protocol" => {
                let protocol = self.named(word, Kind::Protocol, 255)? as u8;
                said.protocol = Some((word, protocol));
            }
            b"tos" | b"dsfield" => route.tos = self.named(word, Kind::Field, 255)? as u8,
            b"pref" => {
                // RFC 4191 §2.1
                let known = [("low", 3), ("medium", 0), ("high", 1)];
                route.preference = Some(self.choice(word, &known)?);
                said.only6 = Some(word);
            }
            _ => return Some(false),
        }
        Some(true)
    }

    /// Metrics. `None`: it is another word.
    fn measure(&mut self, word: Word, name: &[u8], route: &mut Route<Word>) -> Option<Option<()>> {
        if name == b"congctl" {
            let locked = self.skip(b"lock");
            let Some(algorithm) = self.operand(word) else {
                return Some(None);
            };
            let bit = u32::from(locked) << metric::CC_ALGO;
            route.metrics.locked = route.metrics.locked & !(1 << metric::CC_ALGO) | bit;
            route.metrics.congestion = Some(self.walk.text(algorithm));
            return Some(Some(()));
        }
        let (number, locked, value) = if let Some((_, number, units)) =
            TIMES.iter().find(|t| t.0.as_bytes() == name).copied()
        {
            let locked = self.skip(b"lock");
            (number, locked, self.time(word, units))
        } else {
            let known = METRICS.iter().find(|m| m.0.as_bytes() == name).copied();
            let (known, number, max, lockable) = known?;
            let locked = lockable && self.skip(b"lock");
            let value = match known {
                // RTAX_FEATURE_ECN
                "features" => self.choice(word, &[("ecn", 1)]),
                _ => self
                    .number(word, max.into())
                    .and_then(|n| u32::try_from(n).ok()),
            };
            (number, locked, value)
        };
        let Some(value) = value else {
            return Some(None);
        };
        let metrics = &mut route.metrics;
        metrics.values.retain(|v| v.0 != number);
        metrics.values.push((number, value));
        metrics.locked = metrics.locked & !(1 << number) | u32::from(locked) << number;
        Some(Some(()))
    }

    /// A time: in units of the metric, or `N[ms|s|sec|secs]`.
    fn time(&mut self, option: Word, units: u64) -> Option<u32> {
        let word = self.operand(option)?;
        let bytes = self.walk.bytes(word);
        let end = bytes
            .iter()
            .position(|b| !b.is_ascii_digit() && *b != b'.')
            .unwrap_or(bytes.len());
        let (digits, unit) = bytes.split_at(end);
        // Microseconds in one of the unit.
        let found = match unit {
            b"" => value::int(digits, 0, i64::from(u32::MAX))
                .ok()
                .and_then(|n| u64::try_from(n).ok()),
            b"ms" => value::decimal(digits, 0, u64::MAX / 16, 3).ok(),
            b"s" | b"sec" | b"secs" => value::decimal(digits, 0, u64::MAX / 16, 6).ok(),
            _ => None,
        };
        let found = match unit {
            b"" => found,
            _ => found
                .and_then(|us| us.checked_mul(units))
                .map(|n| n / 1_000),
        };
        match found.and_then(|n| u32::try_from(n).ok()) {
            Some(n) if !digits.is_empty() => Some(n),
            _ => {
                let text = format!(
                    "{} {} is no number that fits",
                    String::from_utf8_lossy(self.walk.bytes(option)),
                    quote(bytes)
                );
                self.wrong(word, text, Some("a number, with 'ms' or 's' behind it"))
            }
        }
    }

    /// What follows from the words together.
    fn finish(mut self, first: Word, mut route: Route<Word>, said: Said) -> Option<RouteDraft> {
        let Some(destination) = said.destination else {
            return self.wrong(first, "this route has no destination".into(), None);
        };
        let v6 = self.v6.unwrap_or(false);
        route.destination = match destination {
            Target::All => everything(v6),
            Target::Prefix(prefix) => prefix,
        };
        route.source = match said.source {
            Some((_, Target::Prefix(prefix))) => Some(prefix),
            _ => None,
        };
        if let (Some(word), true) = (said.only4, v6) {
            let name = quote(self.walk.bytes(word));
            return self.wrong(word, format!("{name} is for IPv4 only"), None);
        }
        if let (Some(word), false) = (said.only6, v6) {
            let name = quote(self.walk.bytes(word));
            return self.wrong(word, format!("{name} is for IPv6 only"), None);
        }
        let mut hops = core::iter::once(&route.hop).chain(&route.hops);
        if v6 && hops.any(|hop| hop.via.is_some_and(|via| via.is_ipv4())) {
            let word = said.gateway.unwrap_or(first);
            return self.wrong(word, "an IPv6 route has no IPv4 gateway".into(), None);
        }
        // blackhole, unreachable, prohibit, throw
        if let (6..=9, Some(word)) = (route.kind, said.gateway) {
            let text = "a route of this type leads nowhere and has no gateway".into();
            return self.wrong(word, text, None);
        }
        let direct = route.hop.via.is_some() || !route.hops.is_empty();
        if let (Some(word), false) = (said.onlink, direct) {
            return self.wrong(word, "'onlink' needs a gateway".into(), None);
        }
        // The old second gateway: both become ways of their own.
        if !route.hops.is_empty() && route.hop.via.is_some() {
            let first = Hop {
                via: route.hop.via.take(),
                device: route.hop.device,
                onlink: route.hop.onlink,
                ..Hop::default()
            };
            for hop in &mut route.hops {
                hop.device = hop.device.or(route.hop.device);
            }
            route.hop.device = None;
            route.hop.onlink = false;
            route.hops.insert(0, first);
        }
        if let (Some(group), true) = (self.group, route.devices().next().is_none()) {
            return self.wrong(group, "'track_group' needs 'dev'".into(), None);
        }
        route.protocol = self.protocol(said.protocol);
        Some(RouteDraft {
            what: route,
            track: self.track,
            group: self.group,
            at: first,
        })
    }
}
