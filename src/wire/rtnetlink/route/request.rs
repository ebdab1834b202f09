//! RTM_NEWROUTE and RTM_DELROUTE as requests.

use super::super::{AF_INET, AF_INET6, attr_ip};
use super::{
    Encap, Hop, MPLS_LABELS, Metrics, Position, RTM_DELROUTE, RTM_NEWROUTE, Resolve, Route, metric,
};
use crate::wire::Error;
use crate::wire::netlink::{self, Builder};
use core::net::IpAddr;

pub(super) const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
pub(super) const RTA_OIF: u16 = 4;
pub(super) const RTA_GATEWAY: u16 = 5;
pub(super) const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTA_MULTIPATH: u16 = 9;
const RTA_FLOW: u16 = 11;
pub(super) const RTA_TABLE: u16 = 15;
pub(super) const RTA_VIA: u16 = 18;
const RTA_PREF: u16 = 20;
const RTA_ENCAP_TYPE: u16 = 21;
const RTA_ENCAP: u16 = 22;
const RTA_EXPIRES: u16 = 23;
const RTA_TTL_PROPAGATE: u16 = 26;
const RTAX_LOCK: u16 = 1;
const RTNH_F_ONLINK: u8 = 4;
const SCOPE_NOWHERE: u8 = 255;
/// Length of `struct rtmsg`.
pub(super) const RTMSG_LEN: usize = 12;

const LWTUNNEL_MPLS: u16 = 1;
const LWTUNNEL_IP: u16 = 2;
const LWTUNNEL_ILA: u16 = 3;
const LWTUNNEL_IP6: u16 = 4;

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
        attr_ip(&mut message, RTA_DST, route.destination.network());
    }
    if let Some(source) = route.source {
        attr_ip(&mut message, RTA_SRC, source.network());
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
