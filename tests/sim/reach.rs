//! How the routers of a plan reach each other: the group or unicast peers, IPv4 or IPv6.

use crate::rng::Rng;
use holdfast::time::Span;
use holdfast::vrrp::{
    Address, Family, InstanceParams, OldChecksum, Params, Peer, Template, Unicast,
};
use holdfast::wire::ah;
use holdfast::wire::vrrp::{Auth, Packet, Version, emit, readdress};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

/// The IPv6 multicast group of VRRP (RFC 9568 §5.1.2.2).
const GROUP6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
/// Routers between unicast peers.
const HOPS: u8 = 4;

/// One way for all routers of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    family: Family,
    unicast: bool,
}

/// The address of a node when nobody has changed it.
pub fn home(n: usize, lan: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, lan as u8, 0, 1 + 50 * n as u8)
}

/// The link-local address that belongs to an IPv4 address; keeps their order.
pub fn link_local(ip: Ipv4Addr) -> Ipv6Addr {
    let [a, b, c, d] = ip.octets().map(u16::from);
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, a << 8 | b, c << 8 | d)
}

impl Reach {
    /// What the seed says; most plans are the classic ones.
    pub fn of(rng: &mut Rng) -> Reach {
        let (family, unicast) = match rng.below(8) {
            0..=3 => (Family::V4, false),
            4 | 5 => (Family::V4, true),
            6 => (Family::V6, false),
            _ => (Family::V6, true),
        };
        Reach { family, unicast }
    }

    /// Makes routers of IPv4 multicast reach each other this way.
    pub fn apply(self, rng: &mut Rng, routers: &mut [Params]) {
        let count = routers.len();
        // Found out, or known to all: peers that insist on different forms cannot work.
        let old = rng.once_in(4);
        for (n, params) in routers.iter_mut().enumerate() {
            let check_source = rng.once_in(2);
            let elsewhere = Span::from_secs(rng.pick(&[0, 0, 2]));
            for instance in &mut params.instances {
                instance.garp.elsewhere = elsewhere;
                if self.family == Family::V6 {
                    over_ipv6(instance);
                }
                if self.unicast {
                    let lan = usize::from(instance.iface.0);
                    instance.source = Some(self.address(home(n, lan)));
                    let others = (0..count).filter(|&other| other != n);
                    let peer = |other| Peer {
                        min_ttl: 255 - HOPS,
                        max_ttl: 255 - HOPS,
                        ..Peer::new(self.address(home(other, lan)))
                    };
                    instance.unicast = Some(Box::new(Unicast {
                        peers: others.map(peer).collect(),
                        check_source,
                        old_checksum: match rng.once_in(2) {
                            true if old => OldChecksum::Always,
                            _ => OldChecksum::Detect,
                        },
                        ..Unicast::default()
                    }));
                }
            }
        }
    }

    fn address(self, ip: Ipv4Addr) -> IpAddr {
        match self.family {
            Family::V4 => ip.into(),
            Family::V6 => link_local(ip).into(),
        }
    }
}

/// The same virtual router over IPv6; an address of the other family is excluded and held.
fn over_ipv6(instance: &mut InstanceParams) {
    instance.family = Family::V6;
    instance.version = Version::V3;
    instance.group_address = GROUP6.into();
    instance.excluded.extend(instance.addresses.last().cloned());
    for Address {
        address, prefix, ..
    } in &mut instance.addresses
    {
        if let IpAddr::V4(ip) = *address {
            (*address, *prefix) = (link_local(ip).into(), 64);
        }
    }
}

/// A copy of an advert on its way: a datagram, or a message and what its IPv6 header says.
#[derive(Clone)]
pub struct Copy {
    bytes: Rc<[u8]>,
    header: Option<(IpAddr, IpAddr, u8)>,
    pub to: IpAddr,
}

impl Copy {
    /// As the receiver sees it.
    pub fn packet(&self) -> Packet<'_> {
        let packet = match self.header {
            None => Packet::parse_ipv4(&self.bytes),
            Some((from, to, hops)) => Packet::parse_message(from, to, hops, &self.bytes),
        };
        packet.expect("our own advert")
    }
}

/// An advert as exec would send it: one copy to each destination, made from the one before.
pub fn copies(template: &Template<'_>, priority: u8, sequence: u32) -> Vec<Copy> {
    let mut buffer = [0; 512];
    let len = template
        .outline(priority, |outline| emit(outline, &mut buffer))
        .expect("an advert that fits");
    let bytes = &mut buffer[..len];
    let hops = |to: IpAddr| if to.is_multicast() { 0 } else { HOPS };
    let make = |to: holdfast::vrrp::Destination| {
        readdress(bytes, to.address, to.checksum).expect("a copy");
        if let Auth::Ah(key) = template.params.authentication() {
            ah::sign(bytes, &key, sequence).expect("an advert to sign");
        }
        let ttl = template.ttl() - hops(to.address);
        let mut sent: Rc<[u8]> = Rc::from(&*bytes);
        let header = match to.address {
            IpAddr::V6(_) => {
                // The kernel's part: the checksum.
                let sent = Rc::make_mut(&mut sent);
                let done = template.outline_to(to, priority, |outline| emit(outline, sent));
                done.expect("an advert that fits");
                Some((template.source, to.address, ttl))
            }
            IpAddr::V4(_) => {
                Rc::make_mut(&mut sent)[8] = ttl;
                None
            }
        };
        Copy {
            bytes: sent,
            header,
            to: to.address,
        }
    };
    template.destinations().map(make).collect()
}
