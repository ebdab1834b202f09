//! The rtnetlink messages the daemon sends or listens to (linux/rtnetlink.h, if_link.h, if_addr.h).

use super::Error;
use super::netlink::{self, Attribute, Builder, Message};
use core::net::{IpAddr, Ipv4Addr};

pub mod route;
pub mod rule;

const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;

/// Multicast group of link changes, for the socket's membership (`RTNLGRP_LINK`).
pub const GROUP_LINK: u32 = 1;
/// Multicast group of IPv4 address changes (`RTNLGRP_IPV4_IFADDR`).
pub const GROUP_IPV4_ADDRESS: u32 = 5;
/// Multicast group of IPv6 address changes (`RTNLGRP_IPV6_IFADDR`).
pub const GROUP_IPV6_ADDRESS: u32 = 9;

/// The administrator has set the interface up.
pub const IFF_UP: u32 = 0x1;
/// The interface has no ARP.
pub const IFF_NOARP: u32 = 0x80;
/// The interface has a carrier.
pub const IFF_RUNNING: u32 = 0x40;
/// The interface can do multicast.
pub const IFF_MULTICAST: u32 = 0x1000;

/// Address is a secondary one of its subnet.
pub const IFA_F_SECONDARY: u32 = 0x01;
/// IPv6: no duplicate address detection.
pub const IFA_F_NODAD: u32 = 0x02;
/// IPv6: duplicate address detection has failed.
pub const IFA_F_DADFAILED: u32 = 0x08;
/// IPv6: duplicate address detection is not finished.
pub const IFA_F_TENTATIVE: u32 = 0x40;

/// Who put an address there, as `IFA_PROTO` says it (Linux 5.18): keepalived's number.
pub const PROTOCOL_KEEPALIVED: u8 = 18;

const AF_UNSPEC: u8 = 0;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_VRF_TABLE: u16 = 1;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
const IFA_PROTO: u16 = 11;

/// Length of `struct ifinfomsg`.
const IFINFO_LEN: usize = 16;
/// Length of `struct ifaddrmsg`.
const IFADDR_LEN: usize = 8;
/// A lifetime without end, in seconds.
const FOREVER: u32 = u32::MAX;
/// Longest label the kernel takes, without its NUL (`IFNAMSIZ - 1`).
const LABEL_LEN: usize = 15;

/// An address to add or to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddrRequest<'a> {
    /// Interface index.
    pub index: u32,
    /// The address itself.
    pub address: IpAddr,
    /// Prefix length.
    pub prefix: u8,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// The other end of a point-to-point link; same family as `address`.
    pub peer: Option<IpAddr>,
    /// IPv4 broadcast address.
    pub broadcast: Option<Ipv4Addr>,
    /// IPv4 label, 1 to 15 bytes.
    pub label: Option<&'a str>,
    /// `IFA_PROTO`; kernels before 5.18 ignore it.
    pub protocol: Option<u8>,
    /// `IFA_F_*`.
    pub flags: u32,
    /// Preferred lifetime in seconds; the valid lifetime never ends. `None`: both never end.
    pub preferred: Option<u32>,
}

impl AddrRequest<'_> {
    /// A plain address: no peer, label, broadcast, protocol or flags, without end.
    pub fn new(index: u32, address: IpAddr, prefix: u8) -> Self {
        AddrRequest {
            index,
            address,
            prefix,
            scope: 0,
            peer: None,
            broadcast: None,
            label: None,
            protocol: None,
            flags: 0,
            preferred: None,
        }
    }
}

/// Appends a request to add an address, to be acknowledged; returns its length.
///
/// `flags` is added to request and ack: `NLM_F_CREATE`, `NLM_F_EXCL`, `NLM_F_REPLACE` or 0. With
/// neither `EXCL` nor `REPLACE` an address that exists is answered with EEXIST all the same.
pub fn new_address(
    buf: &mut Vec<u8>,
    sequence: u32,
    flags: u16,
    request: &AddrRequest<'_>,
) -> Result<usize, Error> {
    if request
        .label
        .is_some_and(|label| label.is_empty() || label.len() > LABEL_LEN)
    {
        return Err(Error::Netlink);
    }
    let mut message = begin_address(buf, RTM_NEWADDR, flags, sequence, request);
    if let Some(preferred) = request.preferred {
        // struct ifa_cacheinfo: preferred, valid, created, updated.
        let mut info = [0; 16];
        info[..4].copy_from_slice(&preferred.to_ne_bytes());
        info[4..8].copy_from_slice(&FOREVER.to_ne_bytes());
        message.attr(IFA_CACHEINFO, &info);
    }
    // The kernel takes IFA_LOCAL for IFA_ADDRESS too where there is no peer.
    attr_ip(&mut message, IFA_LOCAL, request.address);
    if let Some(peer) = request.peer {
        attr_ip(&mut message, IFA_ADDRESS, peer);
    }
    if let Some(broadcast) = request.broadcast {
        attr_ip(&mut message, IFA_BROADCAST, broadcast.into());
    }
    if let Some(label) = request.label {
        message.attr_text(IFA_LABEL, label);
    }
    if request.flags != 0 {
        message.attr_u32(IFA_FLAGS, request.flags);
    }
    if let Some(protocol) = request.protocol {
        message.attr_u8(IFA_PROTO, protocol);
    }
    message.end()
}

/// Appends a request to delete an address, to be acknowledged; returns its length.
///
/// Interface, address, prefix and peer select it; the rest of the request does not matter.
pub fn del_address(
    buf: &mut Vec<u8>,
    sequence: u32,
    request: &AddrRequest<'_>,
) -> Result<usize, Error> {
    let mut message = begin_address(buf, RTM_DELADDR, 0, sequence, request);
    attr_ip(&mut message, IFA_LOCAL, request.address);
    // Without IFA_ADDRESS the kernel deletes an IPv4 address whatever its prefix.
    match request.peer {
        Some(peer) => attr_ip(&mut message, IFA_ADDRESS, peer),
        None if request.address.is_ipv4() => attr_ip(&mut message, IFA_ADDRESS, request.address),
        None => {}
    }
    message.end()
}

/// Appends a request for all links.
pub fn dump_links(buf: &mut Vec<u8>, sequence: u32) -> Result<usize, Error> {
    dump(buf, RTM_GETLINK, sequence, &[0; IFINFO_LEN])
}

/// Appends a request for all addresses of both families.
pub fn dump_addresses(buf: &mut Vec<u8>, sequence: u32) -> Result<usize, Error> {
    dump(buf, RTM_GETADDR, sequence, &[0; IFADDR_LEN])
}

fn dump(buf: &mut Vec<u8>, kind: u16, sequence: u32, fixed: &[u8]) -> Result<usize, Error> {
    let flags = netlink::NLM_F_REQUEST | netlink::NLM_F_DUMP;
    let mut message = Builder::begin(buf, kind, flags, sequence);
    message.bytes(fixed);
    message.end()
}

/// Begins a message with `struct ifaddrmsg`.
fn begin_address<'a>(
    buf: &'a mut Vec<u8>,
    kind: u16,
    flags: u16,
    sequence: u32,
    request: &AddrRequest<'_>,
) -> Builder<'a> {
    let flags = flags | netlink::NLM_F_REQUEST | netlink::NLM_F_ACK;
    let mut message = Builder::begin(buf, kind, flags, sequence);
    let family = if request.address.is_ipv4() {
        AF_INET
    } else {
        AF_INET6
    };
    let [i0, i1, i2, i3] = request.index.to_ne_bytes();
    message.bytes(&[family, request.prefix, 0, request.scope, i0, i1, i2, i3]);
    message
}

fn attr_ip(message: &mut Builder<'_>, kind: u16, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => message.attr(kind, &ip.octets()),
        IpAddr::V6(ip) => message.attr(kind, &ip.octets()),
    }
}

/// What the kernel tells of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkMsg<'a> {
    /// Interface index.
    pub index: u32,
    /// Name; empty if it is not UTF-8.
    pub name: &'a str,
    /// `IFF_*`.
    pub flags: u32,
    /// Which flags changed.
    pub change: u32,
    /// `ARPHRD_*`: 1 is Ethernet.
    pub hardware: u16,
    /// Hardware address, if it has six bytes.
    pub mac: Option<[u8; 6]>,
    /// Largest packet, 0 if not stated.
    pub mtu: u32,
    /// Bridge, bond or VRF the link belongs to.
    pub master: Option<u32>,
    /// Link below this one (VLAN, macvlan).
    pub link: Option<u32>,
    /// The routing table, if it is a VRF.
    pub table: Option<u32>,
}

/// What the kernel tells of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddrMsg<'a> {
    /// Interface index.
    pub index: u32,
    /// Our address, not that of a peer.
    pub address: IpAddr,
    /// Prefix length.
    pub prefix: u8,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// `IFA_F_*`.
    pub flags: u32,
    /// IPv4 label; empty if there is none.
    pub label: &'a str,
    /// `IFA_PROTO`, if the kernel knows it.
    pub protocol: Option<u8>,
}

/// A change the kernel reports, or one row of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report<'a> {
    /// The link exists and is like this.
    Link(LinkMsg<'a>),
    /// The link is gone.
    LinkGone(LinkMsg<'a>),
    /// The address exists and is like this.
    Address(AddrMsg<'a>),
    /// The address is gone.
    AddressGone(AddrMsg<'a>),
    /// The route is gone.
    RouteGone(route::RouteMsg),
    /// A rule is gone.
    RuleGone,
}

/// Reads a report; `None` if the message is none, or is of a family that does not concern us.
///
/// A bridge reports its ports with link messages of its own family, where `RTM_DELLINK` means that
/// the port left the bridge and not that it is gone: those are `None`.
pub fn parse<'a>(message: &Message<'a>) -> Result<Option<Report<'a>>, Error> {
    Ok(match message.kind {
        RTM_NEWLINK => parse_link(message)?.map(Report::Link),
        RTM_DELLINK => parse_link(message)?.map(Report::LinkGone),
        RTM_NEWADDR => parse_address(message)?.map(Report::Address),
        RTM_DELADDR => parse_address(message)?.map(Report::AddressGone),
        route::RTM_DELROUTE => route::parse(message)?.map(Report::RouteGone),
        rule::RTM_DELRULE => Some(Report::RuleGone),
        _ => None,
    })
}

fn parse_link<'a>(message: &Message<'a>) -> Result<Option<LinkMsg<'a>>, Error> {
    let (info, attributes) = message.fixed::<IFINFO_LEN>()?;
    let [
        family,
        _,
        h0,
        h1,
        i0,
        i1,
        i2,
        i3,
        f0,
        f1,
        f2,
        f3,
        c0,
        c1,
        c2,
        c3,
    ] = *info;
    if family != AF_UNSPEC {
        return Ok(None);
    }
    let mut link = LinkMsg {
        index: u32::from_ne_bytes([i0, i1, i2, i3]),
        name: "",
        flags: u32::from_ne_bytes([f0, f1, f2, f3]),
        change: u32::from_ne_bytes([c0, c1, c2, c3]),
        hardware: u16::from_ne_bytes([h0, h1]),
        mac: None,
        mtu: 0,
        master: None,
        link: None,
        table: None,
    };
    for attribute in attributes.but_a_bare_end() {
        let attribute = attribute?;
        match attribute.kind {
            IFLA_IFNAME => link.name = attribute.text(),
            IFLA_ADDRESS => link.mac = attribute.array().ok(),
            IFLA_MTU => link.mtu = attribute.u32()?,
            IFLA_MASTER => link.master = Some(attribute.u32()?).filter(|index| *index != 0),
            IFLA_LINK => link.link = Some(attribute.u32()?).filter(|index| *index != 0),
            IFLA_LINKINFO => link.table = vrf_table(&attribute)?,
            _ => {}
        }
    }
    Ok(Some(link))
}

/// The table of a VRF, from what the kernel says about the kind of a link.
fn vrf_table(info: &Attribute<'_>) -> Result<Option<u32>, Error> {
    let mut vrf = false;
    for attribute in info.nested() {
        let attribute = attribute?;
        match attribute.kind {
            IFLA_INFO_KIND => vrf = attribute.text() == "vrf",
            IFLA_INFO_DATA if vrf => {
                for inner in attribute.nested() {
                    let inner = inner?;
                    if inner.kind == IFLA_VRF_TABLE {
                        return inner.u32().map(Some);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(None)
}

fn parse_address<'a>(message: &Message<'a>) -> Result<Option<AddrMsg<'a>>, Error> {
    let (info, attributes) = message.fixed::<IFADDR_LEN>()?;
    let [family, prefix, short_flags, scope, i0, i1, i2, i3] = *info;
    if family != AF_INET && family != AF_INET6 {
        return Ok(None);
    }
    let (mut local, mut address) = (None, None);
    let (mut flags, mut label, mut protocol) = (u32::from(short_flags), "", None);
    for attribute in attributes {
        let attribute = attribute?;
        match attribute.kind {
            IFA_LOCAL => local = Some(read_ip(family, &attribute)?),
            IFA_ADDRESS => address = Some(read_ip(family, &attribute)?),
            IFA_FLAGS => flags = attribute.u32()?,
            IFA_LABEL => label = attribute.text(),
            IFA_PROTO => protocol = Some(attribute.u8()?),
            _ => {}
        }
    }
    Ok(Some(AddrMsg {
        index: u32::from_ne_bytes([i0, i1, i2, i3]),
        // IFA_ADDRESS is the peer's where the two differ.
        address: local.or(address).ok_or(Error::Netlink)?,
        prefix,
        scope,
        flags,
        label,
        protocol,
    }))
}

fn read_ip(family: u8, attribute: &Attribute<'_>) -> Result<IpAddr, Error> {
    if family == AF_INET {
        attribute.array::<4>().map(IpAddr::from)
    } else {
        attribute.array::<16>().map(IpAddr::from)
    }
}
