//! Routes: how they are described, asked for and reported (linux/rtnetlink.h, lwtunnel.h).
//!
//! `D` is whatever stands for an interface; [`Resolve`] turns it into what the kernel wants.

mod report;
mod request;

pub(super) use report::parse;
pub use report::{HEARD, RouteMsg, UNHEARD};
pub use request::{del_route, new_route};

use core::net::IpAddr;

pub(super) const RTM_NEWROUTE: u16 = 24;
pub(super) const RTM_DELROUTE: u16 = 25;

/// Multicast group of IPv4 route changes (`RTNLGRP_IPV4_ROUTE`).
pub const GROUP_IPV4_ROUTE: u32 = 7;
/// Multicast group of IPv6 route changes (`RTNLGRP_IPV6_ROUTE`).
pub const GROUP_IPV6_ROUTE: u32 = 11;

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

/// An address with a prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The address; bits behind the prefix are as written.
    pub address: IpAddr,
    /// Bits that count.
    pub length: u8,
}

impl Prefix {
    /// The address without the bits behind the prefix, which the kernel refuses to see set.
    pub fn network(self) -> IpAddr {
        match self.address {
            IpAddr::V4(a) => {
                let host = u32::MAX.checked_shr(self.length.into()).unwrap_or(0);
                IpAddr::V4((u32::from(a) & !host).into())
            }
            IpAddr::V6(a) => {
                let host = u128::MAX.checked_shr(self.length.into()).unwrap_or(0);
                IpAddr::V6((u128::from(a) & !host).into())
            }
        }
    }
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

/// Labels the kernel takes in one stack (`MAX_NEW_LABELS`).
pub const MPLS_LABELS: usize = 30;
