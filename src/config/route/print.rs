//! Routes and rules in normal form: every name a number, every word in one order.

use super::line::{METRICS, TIMES, TYPES};
use crate::config::print::word;
use crate::vrrp::routing::{
    Encap, Hop, PROTOCOL_KEEPALIVED, Position, Prefix, RTN_UNICAST, RuleAction, TABLE_MAIN, Table,
    metric,
};
use crate::vrrp::{IfaceId, Params, RouteLine, RuleLine};
use core::fmt::{self, Write as _};

/// The lines of `static_routes` or `virtual_routes`, `indent` blanks in front of the block.
pub fn routes(
    out: &mut String,
    keyword: &str,
    lines: &[RouteLine],
    params: &Params,
    indent: usize,
) -> fmt::Result {
    block(out, keyword, lines, indent, |out, line| {
        route_line(out, line, params)
    })
}

/// One route in words, with a blank in front.
pub fn route_line(out: &mut String, line: &RouteLine, params: &Params) -> fmt::Result {
    route(out, line, params)?;
    tracking(out, line.track, line.group)?;
    // What follows a nexthop belongs to it.
    hops(out, &line.route.hops, params)
}

/// One rule in words, with a blank in front.
pub fn rule_line(out: &mut String, line: &RuleLine, params: &Params) -> fmt::Result {
    rule(out, line, params)?;
    tracking(out, line.track, line.group)
}

/// The same for rules.
pub fn rules(
    out: &mut String,
    keyword: &str,
    lines: &[RuleLine],
    params: &Params,
    indent: usize,
) -> fmt::Result {
    block(out, keyword, lines, indent, |out, line| {
        rule_line(out, line, params)
    })
}

/// A block with a line for each of `lines`, if there are any.
fn block<T>(
    out: &mut String,
    keyword: &str,
    lines: &[T],
    indent: usize,
    one: impl Fn(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    let gap = if indent == 0 { "\n" } else { "" };
    writeln!(out, "{gap}{:indent$}{keyword} {{", "")?;
    for line in lines {
        write!(out, "{:indent$}   ", "")?;
        one(out, line)?;
        writeln!(out)?;
    }
    writeln!(out, "{:indent$}}}", "")
}

/// A `track_group` by its number: its own name does not matter to anything.
pub fn group(number: usize) -> String {
    format!("group{number}")
}

fn tracking(out: &mut String, track: bool, group: Option<u16>) -> fmt::Result {
    if !track {
        write!(out, " no_track")?;
    }
    match group {
        Some(number) => write!(out, " track_group {}", self::group(usize::from(number))),
        None => Ok(()),
    }
}

fn name(params: &Params, device: IfaceId) -> String {
    let name = params.interfaces.get(usize::from(device.0));
    word(name.map_or("", |n| n))
}

fn realms(out: &mut String, realms: u32) -> fmt::Result {
    match realms {
        0 => Ok(()),
        r => write!(out, " realms {}/{}", r >> 16, r & 0xffff),
    }
}

fn route(out: &mut String, line: &RouteLine, params: &Params) -> fmt::Result {
    let r = &line.route;
    if r.kind != RTN_UNICAST
        && let Some((kind, _)) = TYPES.iter().find(|t| t.1 == r.kind)
    {
        write!(out, " {kind}")?;
    }
    write!(
        out,
        " to {}/{}",
        r.destination.address, r.destination.length
    )?;
    hop(out, &r.hop, params)?;
    if let Some(Prefix { address, length }) = r.source {
        write!(out, " from {address}/{length}")?;
    }
    if let Some(source) = r.preferred_source {
        write!(out, " src {source}")?;
    }
    table(out, r.table, params)?;
    for (keyword, number) in [
        ("metric", r.metric),
        ("scope", Some(u32::from(r.scope)).filter(|s| *s != 0)),
        (
            "protocol",
            Some(r.protocol)
                .filter(|p| *p != PROTOCOL_KEEPALIVED)
                .map(u32::from),
        ),
        ("tos", Some(u32::from(r.tos)).filter(|t| *t != 0)),
        ("expires", r.expires),
    ] {
        if let Some(number) = number {
            write!(out, " {keyword} {number}")?;
        }
    }
    metrics(out, line)?;
    match r.preference {
        Some(3) => write!(out, " pref low")?,
        Some(0) => write!(out, " pref medium")?,
        Some(_) => write!(out, " pref high")?,
        None => {}
    }
    match r.ttl_propagate {
        Some(true) => write!(out, " ttl-propagate enabled")?,
        Some(false) => write!(out, " ttl-propagate disabled")?,
        None => {}
    }
    match r.position {
        Position::Prepend => Ok(()),
        Position::Add => write!(out, " add"),
        Position::Append => write!(out, " append"),
    }
}

fn metrics(out: &mut String, line: &RouteLine) -> fmt::Result {
    let m = &line.route.metrics;
    let lock = |number: u16| match m.locked & 1 << number {
        0 => "",
        _ => " lock",
    };
    for (number, value) in &m.values {
        let plain = METRICS.iter().map(|k| (k.0, k.1));
        let times = TIMES.iter().map(|k| (k.0, k.1));
        let Some((keyword, _)) = plain.chain(times).find(|k| k.1 == *number) else {
            continue;
        };
        match keyword {
            "features" => write!(out, " features ecn")?,
            _ => write!(out, " {keyword}{} {value}", lock(*number))?,
        }
    }
    if let Some(algorithm) = &m.congestion {
        let lock = lock(metric::CC_ALGO);
        write!(out, " congctl{lock} {}", word(algorithm))?;
    }
    Ok(())
}

fn table(out: &mut String, table: Table<IfaceId>, params: &Params) -> fmt::Result {
    match table {
        Table::Id(TABLE_MAIN) => Ok(()),
        Table::Id(id) => write!(out, " table {id}"),
        Table::Vrf(device) => write!(out, " vrf {}", name(params, device)),
    }
}

fn hop(out: &mut String, hop: &Hop<IfaceId>, params: &Params) -> fmt::Result {
    if let Some(via) = hop.via {
        let family = if via.is_ipv6() { "inet6" } else { "inet" };
        write!(out, " via {family} {via}")?;
    }
    if let Some(device) = hop.device {
        write!(out, " dev {}", name(params, device))?;
    }
    if hop.onlink {
        write!(out, " onlink")?;
    }
    realms(out, hop.realms)?;
    match hop.encap.as_deref() {
        Some(inner) => encap(out, inner),
        None => Ok(()),
    }
}

/// The ways of a route with several; they end its line.
fn hops(out: &mut String, hops: &[Hop<IfaceId>], params: &Params) -> fmt::Result {
    for one in hops {
        write!(out, " nexthop")?;
        hop(out, one, params)?;
        if one.weight != 1 {
            write!(out, " weight {}", one.weight)?;
        }
    }
    Ok(())
}

fn encap(out: &mut String, encap: &Encap) -> fmt::Result {
    match encap {
        Encap::Tunnel {
            v6,
            id,
            destination,
            source,
            tos,
            ttl,
        } => {
            let (kind, tos_word, ttl_word) = match v6 {
                true => ("ip6", "tc", "hoplimit"),
                false => ("ip", "tos", "ttl"),
            };
            write!(out, " encap {kind}")?;
            if let Some(id) = id {
                write!(out, " id {id}")?;
            }
            if let Some(ip) = destination {
                write!(out, " dst {ip}")?;
            }
            if let Some(ip) = source {
                write!(out, " src {ip}")?;
            }
            if let Some(tos) = tos {
                write!(out, " {tos_word} {tos}")?;
            }
            if let Some(ttl) = ttl {
                write!(out, " {ttl_word} {ttl}")?;
            }
            Ok(())
        }
        Encap::Mpls(labels, ttl) => {
            write!(out, " encap mpls ")?;
            for (at, label) in labels.iter().enumerate() {
                let slash = if at == 0 { "" } else { "/" };
                write!(out, "{slash}{label}")?;
            }
            match ttl {
                Some(ttl) => write!(out, " ttl {ttl}"),
                None => Ok(()),
            }
        }
        Encap::Ila(l) => {
            let group = |at: u32| l >> at & 0xffff;
            write!(
                out,
                " encap ila {:x}:{:x}:{:x}:{:x}",
                group(48),
                group(32),
                group(16),
                group(0)
            )
        }
    }
}

fn rule(out: &mut String, line: &RuleLine, params: &Params) -> fmt::Result {
    let r = &line.rule;
    write!(out, " {}", if r.v6 { "inet6" } else { "inet" })?;
    if r.invert {
        write!(out, " not")?;
    }
    for (keyword, prefix) in [("from", r.source), ("to", r.destination)] {
        if let Some(Prefix { address, length }) = prefix {
            write!(out, " {keyword} {address}/{length}")?;
        }
    }
    for (keyword, device) in [("iif", r.input), ("oif", r.output)] {
        if let Some(device) = device {
            write!(out, " {keyword} {}", name(params, device))?;
        }
    }
    if r.tos != 0 {
        write!(out, " tos {}", r.tos)?;
    }
    if let Some(mark) = r.mark {
        write!(out, " fwmark {mark:#x}")?;
        if let Some(mask) = r.mask {
            write!(out, "/{mask:#x}")?;
        }
    }
    write!(out, " preference {}", r.priority)?;
    realms(out, r.realms)?;
    if let Some(length) = r.suppress_prefix {
        write!(out, " suppress_prefixlength {length}")?;
    }
    if let Some(group) = r.suppress_group {
        write!(out, " suppress_ifgroup {group}")?;
    }
    if let Some(id) = r.tunnel {
        write!(out, " tunnel-id {id}")?;
    }
    if let Some((first, last)) = r.users {
        write!(out, " uidrange {first}-{last}")?;
    }
    if r.protocol != PROTOCOL_KEEPALIVED {
        write!(out, " protocol {}", r.protocol)?;
    }
    if let Some(protocol) = r.ip_protocol {
        write!(out, " ipproto {protocol}")?;
    }
    for (keyword, ports) in [("sport", r.source_ports), ("dport", r.destination_ports)] {
        if let Some((first, last)) = ports {
            write!(out, " {keyword} {first}-{last}")?;
        }
    }
    match r.action {
        RuleAction::Table(Table::Id(id)) => write!(out, " table {id}"),
        RuleAction::Table(Table::Vrf(device)) => write!(out, " vrf {}", name(params, device)),
        RuleAction::L3mdev => write!(out, " l3mdev"),
        RuleAction::Goto(to) => write!(out, " goto {to}"),
        RuleAction::Nop => write!(out, " nop"),
        RuleAction::Blackhole => write!(out, " blackhole"),
        RuleAction::Unreachable => write!(out, " unreachable"),
        RuleAction::Prohibit => write!(out, " prohibit"),
    }
}
