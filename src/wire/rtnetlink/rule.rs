//! Policy rules: how they are described and asked for (linux/fib_rules.h).

use super::route::{Prefix, Resolve, Table};
use super::{AF_INET, AF_INET6, attr_ip};
use crate::wire::Error;
use crate::wire::netlink::{self, Builder};

pub(super) const RTM_NEWRULE: u16 = 32;
pub(super) const RTM_DELRULE: u16 = 33;

/// Multicast group of IPv4 rule changes (`RTNLGRP_IPV4_RULE`).
pub const GROUP_IPV4_RULE: u32 = 8;
/// Multicast group of IPv6 rule changes (`RTNLGRP_IPV6_RULE`).
pub const GROUP_IPV6_RULE: u32 = 19;

const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_GOTO: u16 = 4;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_FLOW: u16 = 11;
const FRA_TUN_ID: u16 = 12;
const FRA_SUPPRESS_IFGROUP: u16 = 13;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;
const FRA_L3MDEV: u16 = 19;
const FRA_UID_RANGE: u16 = 20;
const FRA_PROTOCOL: u16 = 21;
const FRA_IP_PROTO: u16 = 22;
const FRA_SPORT_RANGE: u16 = 23;
const FRA_DPORT_RANGE: u16 = 24;
const FIB_RULE_INVERT: u32 = 2;

/// What a rule does with the packets it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleAction<D> {
    /// Looks into a table.
    Table(Table<D>),
    /// Looks into the table of the packet's own VRF.
    L3mdev,
    /// Goes on with the rule of this preference.
    Goto(u32),
    /// Nothing.
    Nop,
    /// Drops them.
    Blackhole,
    /// Drops them and says so.
    Unreachable,
    /// Drops them and says that it is forbidden.
    Prohibit,
}

/// A policy rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<D> {
    /// IPv6 rather than IPv4.
    pub v6: bool,
    /// It fits what does not fit.
    pub invert: bool,
    /// Source.
    pub source: Option<Prefix>,
    /// Destination.
    pub destination: Option<Prefix>,
    /// Type of service; 0: any.
    pub tos: u8,
    /// Firewall mark.
    pub mark: Option<u32>,
    /// Bits of the mark that count.
    pub mask: Option<u32>,
    /// Place among the rules; smaller ones come first.
    pub priority: u32,
    /// Interface the packet came in on.
    pub input: Option<D>,
    /// Interface the sender is bound to.
    pub output: Option<D>,
    /// Realms, `from << 16 | to`; 0: none.
    pub realms: u32,
    /// Ignore routes found with a prefix of at most this length.
    pub suppress_prefix: Option<u32>,
    /// Ignore routes found over an interface of this group.
    pub suppress_group: Option<u32>,
    /// Tunnel key.
    pub tunnel: Option<u64>,
    /// Users, first and last.
    pub users: Option<(u32, u32)>,
    /// `RTPROT_*`
    pub protocol: u8,
    /// Protocol number of the packet.
    pub ip_protocol: Option<u8>,
    /// Source ports, first and last.
    pub source_ports: Option<(u16, u16)>,
    /// Destination ports, first and last.
    pub destination_ports: Option<(u16, u16)>,
    /// What it does.
    pub action: RuleAction<D>,
}

impl<D: Copy> Rule<D> {
    /// A rule that fits everything.
    pub fn new(v6: bool, action: RuleAction<D>) -> Self {
        Rule {
            v6,
            invert: false,
            source: None,
            destination: None,
            tos: 0,
            mark: None,
            mask: None,
            priority: 0,
            input: None,
            output: None,
            realms: 0,
            suppress_prefix: None,
            suppress_group: None,
            tunnel: None,
            users: None,
            protocol: super::PROTOCOL_KEEPALIVED,
            ip_protocol: None,
            source_ports: None,
            destination_ports: None,
            action,
        }
    }

    /// The same rule with other names for its interfaces.
    pub fn map<E>(self, mut name: impl FnMut(D) -> E) -> Rule<E> {
        Rule {
            v6: self.v6,
            invert: self.invert,
            source: self.source,
            destination: self.destination,
            tos: self.tos,
            mark: self.mark,
            mask: self.mask,
            priority: self.priority,
            input: self.input.map(&mut name),
            output: self.output.map(&mut name),
            realms: self.realms,
            suppress_prefix: self.suppress_prefix,
            suppress_group: self.suppress_group,
            tunnel: self.tunnel,
            users: self.users,
            protocol: self.protocol,
            ip_protocol: self.ip_protocol,
            source_ports: self.source_ports,
            destination_ports: self.destination_ports,
            action: match self.action {
                RuleAction::Table(table) => RuleAction::Table(table.map(name)),
                RuleAction::L3mdev => RuleAction::L3mdev,
                RuleAction::Goto(to) => RuleAction::Goto(to),
                RuleAction::Nop => RuleAction::Nop,
                RuleAction::Blackhole => RuleAction::Blackhole,
                RuleAction::Unreachable => RuleAction::Unreachable,
                RuleAction::Prohibit => RuleAction::Prohibit,
            },
        }
    }
}

/// Appends a request to add a rule, to be acknowledged; returns its length. `EEXIST` says that it
/// is there already.
pub fn new_rule<D: Copy>(
    buf: &mut Vec<u8>,
    sequence: u32,
    rule: &Rule<D>,
    names: &dyn Resolve<D>,
) -> Result<usize, Error> {
    // Without EXCL the kernel adds the same rule a second time.
    let flags = netlink::NLM_F_CREATE | netlink::NLM_F_EXCL;
    put(buf, RTM_NEWRULE, flags, sequence, rule, names)
}

/// Appends a request to delete a rule, to be acknowledged; returns its length. `ENOENT` says that
/// it is not there.
pub fn del_rule<D: Copy>(
    buf: &mut Vec<u8>,
    sequence: u32,
    rule: &Rule<D>,
    names: &dyn Resolve<D>,
) -> Result<usize, Error> {
    put(buf, RTM_DELRULE, 0, sequence, rule, names)
}

fn put<D: Copy>(
    buf: &mut Vec<u8>,
    kind: u16,
    flags: u16,
    sequence: u32,
    rule: &Rule<D>,
    names: &dyn Resolve<D>,
) -> Result<usize, Error> {
    let flags = flags | netlink::NLM_F_REQUEST | netlink::NLM_F_ACK;
    let mut message = Builder::begin(buf, kind, flags, sequence);
    // FR_ACT_*
    let (action, table) = match rule.action {
        RuleAction::Table(table) => (1, table.number(names)),
        RuleAction::L3mdev => (1, 0),
        RuleAction::Goto(_) => (2, 0),
        RuleAction::Nop => (3, 0),
        RuleAction::Blackhole => (6, 0),
        RuleAction::Unreachable => (7, 0),
        RuleAction::Prohibit => (8, 0),
    };
    let invert = if rule.invert { FIB_RULE_INVERT } else { 0 };
    let [f0, f1, f2, f3] = invert.to_ne_bytes();
    // struct fib_rule_hdr
    message.bytes(&[
        if rule.v6 { AF_INET6 } else { AF_INET },
        rule.destination.map_or(0, |p| p.length),
        rule.source.map_or(0, |p| p.length),
        rule.tos,
        u8::try_from(table).unwrap_or(0),
        0,
        0,
        action,
        f0,
        f1,
        f2,
        f3,
    ]);
    prefix(&mut message, FRA_DST, rule.destination);
    prefix(&mut message, FRA_SRC, rule.source);
    message.attr_u32(FRA_PRIORITY, rule.priority);
    if table > 255 {
        message.attr_u32(FRA_TABLE, table);
    }
    match rule.action {
        RuleAction::Goto(to) => message.attr_u32(FRA_GOTO, to),
        RuleAction::L3mdev => message.attr_u8(FRA_L3MDEV, 1),
        _ => {}
    }
    selectors(&mut message, rule, names);
    message.attr_u8(FRA_PROTOCOL, rule.protocol);
    message.end()
}

/// A selector of any address has no attribute, only the length 0.
fn prefix(message: &mut Builder<'_>, kind: u16, prefix: Option<Prefix>) {
    if let Some(prefix) = prefix.filter(|p| p.length > 0) {
        attr_ip(message, kind, prefix.address);
    }
}

fn selectors<D: Copy>(message: &mut Builder<'_>, rule: &Rule<D>, names: &dyn Resolve<D>) {
    for (kind, device) in [(FRA_IIFNAME, rule.input), (FRA_OIFNAME, rule.output)] {
        if let Some(device) = device {
            message.attr_text(kind, names.name(device));
        }
    }
    for (kind, number) in [
        (FRA_FWMARK, rule.mark),
        (FRA_FWMASK, rule.mask),
        (FRA_FLOW, Some(rule.realms).filter(|r| *r != 0)),
        (FRA_SUPPRESS_PREFIXLEN, rule.suppress_prefix),
        (FRA_SUPPRESS_IFGROUP, rule.suppress_group),
    ] {
        if let Some(number) = number {
            message.attr_u32(kind, number);
        }
    }
    if let Some(tunnel) = rule.tunnel {
        message.attr(FRA_TUN_ID, &tunnel.to_be_bytes());
    }
    if let Some((first, last)) = rule.users {
        let mut range = [0; 8];
        range[..4].copy_from_slice(&first.to_ne_bytes());
        range[4..].copy_from_slice(&last.to_ne_bytes());
        message.attr(FRA_UID_RANGE, &range);
    }
    if let Some(protocol) = rule.ip_protocol {
        message.attr_u8(FRA_IP_PROTO, protocol);
    }
    for (kind, ports) in [
        (FRA_SPORT_RANGE, rule.source_ports),
        (FRA_DPORT_RANGE, rule.destination_ports),
    ] {
        if let Some((first, last)) = ports {
            let mut range = [0; 4];
            range[..2].copy_from_slice(&first.to_ne_bytes());
            range[2..].copy_from_slice(&last.to_ne_bytes());
            message.attr(kind, &range);
        }
    }
}
