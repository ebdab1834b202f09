//! Routes: how they are described, asked for and reported (linux/rtnetlink.h, lwtunnel.h).
//!
//! `D` is whatever stands for an interface; [`Resolve`] turns it into what the kernel wants.

use super::{AF_INET, AF_INET6, attr_ip, read_ip};
use crate::wire::Error;
use crate::wire::netlink::{self, Builder, Message};
use core::net::IpAddr;

pub(super) const RTM_NEWROUTE: u16 = 24;
pub(super) const RTM_DELROUTE: u16 = 25;

/// Multicast group of IPv4 route changes (`RTNLGRP_IPV4_ROUTE`).
pub const GROUP_IPV4_ROUTE: u32 = 7;
/// Multicast group of IPv6 route changes (`RTNLGRP_IPV6_ROUTE`).
pub const GROUP_IPV6_ROUTE: u32 = 11;

/// Kinds of notification that need not be read at all: routes and rules that came.
pub const UNHEARD: [u16; 2] = [RTM_NEWROUTE, super::rule::RTM_NEWRULE];
/// The kind of which only some are of interest, the byte of the message that tells, and its value:
/// routes that went, `rtm_protocol`, keepalived's number.
pub const HEARD: (u16, u32, u8) = (
    RTM_DELROUTE,
    netlink::HEADER_LEN as u32 + 5,
    super::PROTOCOL_KEEPALIVED,
);

/// `RTN_UNICAST`, the type of a route that leads somewhere.
pub const RTN_UNICAST: u8 = 1;
/// `RT_TABLE_MAIN`
pub const TABLE_MAIN: u32 = 254;
/// Metrics by their `RTAX_*` number; `RTAX_LOCK` and `RTAX_CC_ALGO` are made from the rest.
pub mod metric {
    /// Path MTU, bytes.
    pub const MTU: u16 = 2;
    /// Largest window to advertise, bytes.
    pub const WINDOW: u16 = 3;
    /// Round trip time, 1/8 ms.
    pub const RTT: u16 = 4;
    /// Its variance, 1/4 ms.
    pub const RTTVAR: u16 = 5;
    /// Slow start threshold, segments.
    pub const SSTHRESH: u16 = 6;
    /// Limit of the congestion window, segments.
    pub const CWND: u16 = 7;
    /// Maximum segment size to advertise, bytes.
    pub const ADVMSS: u16 = 8;
    /// Reordering to expect, segments.
    pub const REORDERING: u16 = 9;
    /// Hop limit or TTL.
    pub const HOPLIMIT: u16 = 10;
    /// Initial congestion window, segments.
    pub const INITCWND: u16 = 11;
    /// `RTAX_FEATURE_*`
    pub const FEATURES: u16 = 12;
    /// Smallest retransmission timeout, ms.
    pub const RTO_MIN: u16 = 13;
    /// Initial receive window, segments.
    pub const INITRWND: u16 = 14;
    /// 1: acknowledge at once.
    pub const QUICKACK: u16 = 15;
    /// Congestion control algorithm; here for its lock bit only.
    pub const CC_ALGO: u16 = 16;
    /// 1: TCP fast open without a cookie.
    pub const FASTOPEN_NO_COOKIE: u16 = 17;
}

const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTA_MULTIPATH: u16 = 9;
const RTA_FLOW: u16 = 11;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const RTA_PREF: u16 = 20;
const RTA_ENCAP_TYPE: u16 = 21;
const RTA_ENCAP: u16 = 22;
const RTA_EXPIRES: u16 = 23;
const RTA_TTL_PROPAGATE: u16 = 26;
const RTAX_LOCK: u16 = 1;
const RTNH_F_ONLINK: u8 = 4;
const SCOPE_NOWHERE: u8 = 255;
/// Length of `struct rtmsg`.
const RTMSG_LEN: usize = 12;

const LWTUNNEL_MPLS: u16 = 1;
const LWTUNNEL_IP: u16 = 2;
const LWTUNNEL_ILA: u16 = 3;
const LWTUNNEL_IP6: u16 = 4;

/// An address with a prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The address; bits behind the prefix are as written.
    pub address: IpAddr,
    /// Bits that count.
    pub length: u8,
}

/// A routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table<D> {
    /// By number.
    Id(u32),
    /// The one of a VRF interface.
    Vrf(D),
}

/// Where a route goes among those with the same destination, TOS and metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// Before them.
    #[default]
    Prepend,
    /// Nowhere if there is any.
    Add,
    /// Behind them.
    Append,
}

/// Encapsulation of what a route carries (`LWTUNNEL_ENCAP_*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encap {
    /// IPv4 or IPv6 tunnel metadata.
    Tunnel {
        /// IPv6 rather than IPv4.
        v6: bool,
        /// Tunnel key.
        id: Option<u64>,
        /// Outer destination.
        destination: Option<IpAddr>,
        /// Outer source.
        source: Option<IpAddr>,
        /// Outer TOS or traffic class.
        tos: Option<u8>,
        /// Outer TTL or hop limit.
        ttl: Option<u8>,
    },
    /// MPLS labels, outermost first, and a TTL to set.
    Mpls(Vec<u32>, Option<u8>),
    /// Identifier locator addressing: the locator.
    Ila(u64),
}

/// One way a route can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop<D> {
    /// Gateway, of either family.
    pub via: Option<IpAddr>,
    /// Interface.
    pub device: Option<D>,
    /// The gateway is on the link whatever its address.
    pub onlink: bool,
    /// Share of the traffic, 1..=256; only among several.
    pub weight: u16,
    /// Realms, `from << 16 | to`; 0: none.
    pub realms: u32,
    /// Encapsulation.
    pub encap: Option<Box<Encap>>,
}

impl<D> Default for Hop<D> {
    fn default() -> Self {
        Hop {
            via: None,
            device: None,
            onlink: false,
            weight: 1,
            realms: 0,
            encap: None,
        }
    }
}

/// What a route says to the protocols above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// [`metric`] number and value, each number once.
    pub values: Vec<(u16, u32)>,
    /// Bit n: metric n must not be changed by the kernel.
    pub locked: u32,
    /// Congestion control algorithm.
    pub congestion: Option<Box<str>>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route<D> {
    /// `RTN_*`
    pub kind: u8,
    /// Where it leads; its family is the route's.
    pub destination: Prefix,
    /// IPv6: only for packets from here.
    pub source: Option<Prefix>,
    /// Type of service.
    pub tos: u8,
    /// Table it stands in.
    pub table: Table<D>,
    /// `RT_SCOPE_*`
    pub scope: u8,
    /// `RTPROT_*`
    pub protocol: u8,
    /// Smaller ones win.
    pub metric: Option<u32>,
    /// Source address to prefer.
    pub preferred_source: Option<IpAddr>,
    /// The only way, unless there are [`Route::hops`].
    pub hop: Hop<D>,
    /// Several ways.
    pub hops: Vec<Hop<D>>,
    /// Metrics.
    pub metrics: Metrics,
    /// IPv6 router preference (RFC 4191), as `ICMPV6_ROUTER_PREF_*`.
    pub preference: Option<u8>,
    /// IPv6: gone after so many seconds.
    pub expires: Option<u32>,
    /// MPLS: copy the TTL.
    pub ttl_propagate: Option<bool>,
    /// Where it goes among its like.
    pub position: Position,
}

/// What the kernel calls an interface.
pub trait Resolve<D> {
    /// Its index; 0: it does not exist.
    fn index(&self, device: D) -> u32;
    /// Its name.
    fn name(&self, device: D) -> &str;
    /// The table of a VRF; 0: it is none, or not there.
    fn table(&self, device: D) -> u32;
}

impl<D: Copy> Route<D> {
    /// A plain route of the main table.
    pub fn new(destination: Prefix) -> Self {
        Route {
            kind: RTN_UNICAST,
            destination,
            source: None,
            tos: 0,
            table: Table::Id(TABLE_MAIN),
            scope: 0,
            protocol: super::PROTOCOL_KEEPALIVED,
            metric: None,
            preferred_source: None,
            hop: Hop::default(),
            hops: Vec::new(),
            metrics: Metrics::default(),
            preference: None,
            expires: None,
            ttl_propagate: None,
            position: Position::Prepend,
        }
    }

    /// Whether the two are one and the same to the kernel.
    pub fn same(&self, other: &Route<D>) -> bool
    where
        D: PartialEq,
    {
        let head = |r: &Route<D>| (r.kind, r.destination, r.source, r.tos, r.scope, r.protocol);
        head(self) == head(other)
            && (self.table, self.metric, self.preferred_source)
                == (other.table, other.metric, other.preferred_source)
            && self.hop == other.hop
            && self.hops == other.hops
            && self.metrics == other.metrics
    }

    /// Every interface it names, that of its table too.
    pub fn devices(&self) -> impl Iterator<Item = D> + '_ {
        let vrf = match self.table {
            Table::Vrf(device) => Some(device),
            Table::Id(_) => None,
        };
        let hops = core::iter::once(&self.hop).chain(&self.hops);
        hops.filter_map(|hop| hop.device).chain(vrf)
    }

    /// The same route with other names for its interfaces.
    pub fn map<E>(self, mut name: impl FnMut(D) -> E) -> Route<E> {
        let hop = |hop: Hop<D>, name: &mut dyn FnMut(D) -> E| Hop {
            via: hop.via,
            device: hop.device.map(name),
            onlink: hop.onlink,
            weight: hop.weight,
            realms: hop.realms,
            encap: hop.encap,
        };
        Route {
            kind: self.kind,
            destination: self.destination,
            source: self.source,
            tos: self.tos,
            table: self.table.map(&mut name),
            scope: self.scope,
            protocol: self.protocol,
            metric: self.metric,
            preferred_source: self.preferred_source,
            hop: hop(self.hop, &mut name),
            hops: self.hops.into_iter().map(|h| hop(h, &mut name)).collect(),
            metrics: self.metrics,
            preference: self.preference,
            expires: self.expires,
            ttl_propagate: self.ttl_propagate,
            position: self.position,
        }
    }
}

impl<D> Table<D> {
    /// The same table with another name for its interface.
    pub fn map<E>(self, mut name: impl FnMut(D) -> E) -> Table<E> {
        match self {
            Table::Id(id) => Table::Id(id),
            Table::Vrf(device) => Table::Vrf(name(device)),
        }
    }
}

impl<D: Copy> Table<D> {
    /// Its number; 0: not known now.
    pub fn number(&self, names: &dyn Resolve<D>) -> u32 {
        match *self {
            Table::Id(id) => id,
            Table::Vrf(device) => names.table(device),
        }
    }
}

/// Appends a request to add a route, to be acknowledged; returns its length. `EEXIST` says that it
/// is there already, or with [`Position::Add`] that one like it is.
pub fn new_route<D: Copy>(
    buf: &mut Vec<u8>,
    sequence: u32,
    route: &Route<D>,
    names: &dyn Resolve<D>,
) -> Result<usize, Error> {
    let flags = netlink::NLM_F_CREATE
        | match route.position {
            Position::Prepend => 0,
            Position::Add => netlink::NLM_F_EXCL,
            Position::Append => netlink::NLM_F_APPEND,
        };
    let mut message = begin(buf, RTM_NEWROUTE, flags, sequence, route, names);
    metrics(&mut message, &route.metrics);
    if let Some(preference) = route.preference {
        message.attr_u8(RTA_PREF, preference);
    }
    if let Some(expires) = route.expires {
        message.attr_u32(RTA_EXPIRES, expires);
    }
    if let Some(propagate) = route.ttl_propagate {
        message.attr_u8(RTA_TTL_PROPAGATE, u8::from(propagate));
    }
    message.end()
}

/// Appends a request to delete a route, to be acknowledged; returns its length. `ESRCH` says that
/// it is not there.
pub fn del_route<D: Copy>(
    buf: &mut Vec<u8>,
    sequence: u32,
    route: &Route<D>,
    names: &dyn Resolve<D>,
) -> Result<usize, Error> {
    begin(buf, RTM_DELROUTE, 0, sequence, route, names).end()
}

/// Begins a message with `struct rtmsg` and everything that selects a route.
fn begin<'a, D: Copy>(
    buf: &'a mut Vec<u8>,
    kind: u16,
    flags: u16,
    sequence: u32,
    route: &Route<D>,
    names: &dyn Resolve<D>,
) -> Builder<'a> {
    let flags = flags | netlink::NLM_F_REQUEST | netlink::NLM_F_ACK;
    let mut message = Builder::begin(buf, kind, flags, sequence);
    let v4 = route.destination.address.is_ipv4();
    let table = route.table.number(names);
    // The number of the hop's flags is that of `struct rtnexthop`.
    let hop_flags = u32::from(if route.hop.onlink { RTNH_F_ONLINK } else { 0 });
    let [f0, f1, f2, f3] = hop_flags.to_ne_bytes();
    message.bytes(&[
        if v4 { AF_INET } else { AF_INET6 },
        route.destination.length,
        route.source.map_or(0, |s| s.length),
        route.tos,
        u8::try_from(table).unwrap_or(0),
        route.protocol,
        // A route to delete is found whatever its scope.
        if kind == RTM_DELROUTE {
            SCOPE_NOWHERE
        } else {
            route.scope
        },
        route.kind,
        f0,
        f1,
        f2,
        f3,
    ]);
    if route.destination.length > 0 {
        attr_ip(&mut message, RTA_DST, masked(route.destination));
    }
    if let Some(source) = route.source {
        attr_ip(&mut message, RTA_SRC, masked(source));
    }
    if table > 255 {
        message.attr_u32(RTA_TABLE, table);
    }
    if let Some(metric) = route.metric {
        message.attr_u32(RTA_PRIORITY, metric);
    }
    if let Some(source) = route.preferred_source {
        attr_ip(&mut message, RTA_PREFSRC, source);
    }
    if let Some(device) = route.hop.device {
        message.attr_u32(RTA_OIF, names.index(device));
    }
    hop(&mut message, &route.hop, v4);
    if !route.hops.is_empty() {
        let nest = message.begin_nest(RTA_MULTIPATH);
        for one in &route.hops {
            let index = one.device.map_or(0, |d| names.index(d));
            let [i0, i1, i2, i3] = index.to_ne_bytes();
            let flags = if one.onlink { RTNH_F_ONLINK } else { 0 };
            let weight = one.weight.clamp(1, 256) - 1;
            // struct rtnexthop: length, flags, weight - 1, interface.
            let inner = message.begin_record(&[0, 0, flags, weight as u8, i0, i1, i2, i3]);
            hop(&mut message, one, v4);
            message.end_nest(inner);
        }
        message.end_nest(nest);
    }
    message
}

/// Gateway, realms and encapsulation of one way.
fn hop<D>(message: &mut Builder<'_>, hop: &Hop<D>, v4: bool) {
    match hop.via {
        Some(IpAddr::V6(via)) if v4 => {
            // struct rtvia: family, address.
            let mut value = [0; 18];
            value[..2].copy_from_slice(&u16::from(AF_INET6).to_ne_bytes());
            value[2..].copy_from_slice(&via.octets());
            message.attr(RTA_VIA, &value);
        }
        Some(via) => attr_ip(message, RTA_GATEWAY, via),
        None => {}
    }
    if hop.realms != 0 {
        message.attr_u32(RTA_FLOW, hop.realms);
    }
    if let Some(inner) = &hop.encap {
        encap(message, inner);
    }
}

fn metrics(message: &mut Builder<'_>, metrics: &Metrics) {
    if *metrics == Metrics::default() {
        return;
    }
    let nest = message.begin_nest(RTA_METRICS);
    if metrics.locked != 0 {
        message.attr_u32(RTAX_LOCK, metrics.locked);
    }
    for (number, value) in &metrics.values {
        message.attr_u32(*number, *value);
    }
    if let Some(name) = &metrics.congestion {
        message.attr_text(metric::CC_ALGO, name);
    }
    message.end_nest(nest);
}

fn encap(message: &mut Builder<'_>, encap: &Encap) {
    let kind = match encap {
        Encap::Mpls(..) => LWTUNNEL_MPLS,
        Encap::Tunnel { v6: false, .. } => LWTUNNEL_IP,
        Encap::Tunnel { v6: true, .. } => LWTUNNEL_IP6,
        Encap::Ila(_) => LWTUNNEL_ILA,
    };
    message.attr_u16(RTA_ENCAP_TYPE, kind);
    let nest = message.begin_nest(RTA_ENCAP);
    match encap {
        Encap::Tunnel {
            id,
            destination,
            source,
            tos,
            ttl,
            ..
        } => {
            // LWTUNNEL_IP_ID, _DST, _SRC, _TTL, _TOS; the numbers of IPv6 are the same.
            if let Some(id) = id {
                message.attr(1, &id.to_be_bytes());
            }
            if let Some(ip) = destination {
                attr_ip(message, 2, *ip);
            }
            if let Some(ip) = source {
                attr_ip(message, 3, *ip);
            }
            if let Some(ttl) = ttl {
                message.attr_u8(4, *ttl);
            }
            if let Some(tos) = tos {
                message.attr_u8(5, *tos);
            }
        }
        Encap::Mpls(labels, ttl) => {
            // MPLS_IPTUNNEL_DST: label stack entries (RFC 3032 §2.1), the last one marked.
            let mut stack: heapless::Vec<u8, { 4 * MPLS_LABELS }> = heapless::Vec::new();
            for (at, label) in labels.iter().take(MPLS_LABELS).enumerate() {
                let bottom = u32::from(at + 1 == labels.len().min(MPLS_LABELS));
                let entry = (label & 0xf_ffff) << 12 | bottom << 8;
                let _ = stack.extend_from_slice(&entry.to_be_bytes());
            }
            message.attr(1, &stack);
            if let Some(ttl) = ttl {
                message.attr_u8(2, *ttl);
            }
        }
        // ILA_ATTR_LOCATOR
        Encap::Ila(locator) => message.attr(1, &locator.to_be_bytes()),
    }
    message.end_nest(nest);
}

/// Labels the kernel takes in one stack (`MAX_NEW_LABELS`).
pub const MPLS_LABELS: usize = 30;

/// The address without the bits behind its prefix, which the kernel refuses to see set.
fn masked(prefix: Prefix) -> IpAddr {
    match prefix.address {
        IpAddr::V4(a) => {
            let host = u32::MAX.checked_shr(prefix.length.into()).unwrap_or(0);
            IpAddr::V4((u32::from(a) & !host).into())
        }
        IpAddr::V6(a) => {
            let host = u128::MAX.checked_shr(prefix.length.into()).unwrap_or(0);
            IpAddr::V6((u128::from(a) & !host).into())
        }
    }
}

/// What the kernel tells of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteMsg {
    /// Where it leads.
    pub destination: Prefix,
    /// Type of service.
    pub tos: u8,
    /// Table it stands in.
    pub table: u32,
    /// `RTPROT_*`
    pub protocol: u8,
    /// `RTN_*`
    pub kind: u8,
    /// 0 if not stated.
    pub metric: u32,
    /// Gateway, if there is just one way and it has one.
    pub via: Option<IpAddr>,
    /// Interface index, 0 if not stated.
    pub index: u32,
}

impl RouteMsg {
    /// Whether this may be the report about `route`; sure it cannot be, for IPv6 joins the ways of
    /// several routes into one.
    pub fn may_be<D: Copy>(&self, route: &Route<D>, names: &dyn Resolve<D>) -> bool {
        let v4 = self.destination.address.is_ipv4();
        let metric = match route.metric {
            Some(metric) => metric == self.metric,
            // IPv6 gives those without one its own.
            None => !v4 || self.metric == 0,
        };
        let wanted = Prefix {
            address: masked(route.destination),
            length: route.destination.length,
        };
        metric
            && self.destination == wanted
            && (self.tos, self.protocol, self.kind) == (route.tos, route.protocol, route.kind)
            && self.table == route.table.number(names)
            && (self.via.is_none() || route.hop.via.is_none() || self.via == route.hop.via)
            && (self.index == 0
                || route
                    .hop
                    .device
                    .is_none_or(|d| names.index(d) == self.index))
    }
}

/// Reads a report about a route; `None`: of a family that does not concern us.
pub(super) fn parse(message: &Message<'_>) -> Result<Option<RouteMsg>, Error> {
    let (fixed, attributes) = message.fixed::<RTMSG_LEN>()?;
    let [family, length, _, tos, table, protocol, _, kind, ..] = *fixed;
    if family != AF_INET && family != AF_INET6 {
        return Ok(None);
    }
    let nowhere = match family {
        AF_INET => IpAddr::from([0; 4]),
        _ => IpAddr::from([0; 16]),
    };
    let mut route = RouteMsg {
        destination: Prefix {
            address: nowhere,
            length,
        },
        tos,
        table: u32::from(table),
        protocol,
        kind,
        metric: 0,
        via: None,
        index: 0,
    };
    for attribute in attributes {
        let attribute = attribute?;
        match attribute.kind {
            RTA_DST => route.destination.address = read_ip(family, &attribute)?,
            RTA_TABLE => route.table = attribute.u32()?,
            RTA_PRIORITY => route.metric = attribute.u32()?,
            RTA_OIF => route.index = attribute.u32()?,
            RTA_GATEWAY => route.via = Some(read_ip(family, &attribute)?),
            RTA_VIA => {
                // struct rtvia; a family of neither kind is no address of ours.
                route.via = match attribute.payload {
                    [_, _, rest @ ..] => rest.try_into().ok().map(|a: [u8; 16]| IpAddr::from(a)),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    Ok(Some(route))
}
