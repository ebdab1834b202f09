//! What the kernel says about routes.

use super::super::rule::RTM_NEWRULE;
use super::super::{AF_INET, AF_INET6, PROTOCOL_KEEPALIVED, read_ip};
use super::request::{RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_PRIORITY, RTA_TABLE, RTA_VIA, RTMSG_LEN};
use super::{Prefix, RTM_DELROUTE, RTM_NEWROUTE, Resolve, Route};
use crate::wire::Error;
use crate::wire::netlink::{self, Message};
use core::net::IpAddr;

/// Kinds of notification that need not be read at all: routes and rules that came.
pub const UNHEARD: [u16; 2] = [RTM_NEWROUTE, RTM_NEWRULE];
/// The kind of which only some are of interest, the byte of the message that tells, and its value:
/// routes that went, `rtm_protocol`, keepalived's number.
pub const HEARD: (u16, u32, u8) = (
    RTM_DELROUTE,
    netlink::HEADER_LEN as u32 + 5,
    PROTOCOL_KEEPALIVED,
);

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
            address: route.destination.network(),
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
pub(in crate::wire::rtnetlink) fn parse(message: &Message<'_>) -> Result<Option<RouteMsg>, Error> {
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
