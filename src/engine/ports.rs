//! The VRRP sockets: one per interface, family and IP protocol, and one per unicast source; opened
//! when the interface exists.

use crate::sys;
use crate::sys::net::{Heard6, RawVrrp, RawVrrp6, Vrids};
use crate::vrrp::{Family, IfaceId, InstanceId, InstanceParams, Kept, Link, Params};
use crate::wire;
use crate::wire::vrrp::{Auth, PROTOCOL_AH, PROTOCOL_VRRP, Packet};
use core::net::IpAddr;
use core::ops::Range;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::fd::AsRawFd;

/// First token of the VRRP sockets.
pub const FIRST_TOKEN: usize = 16;
/// Adverts read from one interface in one turn before others get theirs.
pub const BUDGET: usize = 64;

/// The two kinds of socket.
enum Socket {
    V4(RawVrrp),
    V6(RawVrrp6),
}

/// One socket and who needs it.
struct Seat {
    iface: IfaceId,
    family: Family,
    /// IP protocol: 112, or 51 for AH.
    protocol: u8,
    /// Unicast instances with a configured source hear what is sent to it; the others what arrives
    /// at the interface.
    source: Option<IpAddr>,
    /// For the socket filter.
    vrids: Vrids,
    groups: Vec<IpAddr>,
    socket: Option<Socket>,
    /// Not read to the end yet.
    unread: bool,
}

/// The sockets of one interface.
#[derive(Default)]
struct Port {
    /// They are these of all seats.
    seats: Range<usize>,
    /// Kernel index the sockets were opened for, 0: none are open.
    index: u32,
    /// Kernel index the sockets were opened for that a reload kept, while others are missing.
    kept: u32,
    /// Datagrams ever read, wrapping: tells what was queued before a deadline.
    read: u32,
    /// Whose turn it is to be read.
    turn: usize,
}

/// All VRRP sockets.
pub struct Ports {
    ports: Vec<Port>,
    seats: Vec<Seat>,
    /// The seat each instance sends from.
    senders: Vec<u16>,
}

/// A datagram in the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its length, perhaps more than the buffer's.
    pub len: usize,
    /// IPv6: what its header said; the buffer has the message alone.
    pub heard: Option<Heard6>,
}

impl Received {
    /// Views what was received into `buf`.
    pub fn parse(self, buf: &[u8]) -> Result<Packet<'_>, wire::Error> {
        let bytes = &buf[..self.len.min(buf.len())];
        match self.heard {
            None => Packet::parse_ipv4(bytes),
            Some(Heard6 {
                source,
                destination,
                hops,
                ..
            }) => Packet::parse_message(source.into(), destination.into(), hops, bytes),
        }
    }
}

impl Ports {
    /// Works out who needs what; opens nothing.
    pub fn new(params: &Params) -> Self {
        let mut seats: Vec<Seat> = Vec::new();
        for i in &params.instances {
            for protocol in protocols(i) {
                let key = Seat::new(i, protocol);
                let at = seats.iter().position(|s| s.is(&key)).unwrap_or_else(|| {
                    seats.push(key);
                    seats.len() - 1
                });
                seats[at].serve(i);
            }
        }
        seats.sort_by_key(|s| s.iface);
        let sender = |i: &InstanceParams| {
            let key = Seat::new(i, PROTOCOL_VRRP);
            seats.iter().position(|s| s.is(&key)).unwrap_or(0) as u16
        };
        let senders = params.instances.iter().map(sender).collect();
        let port = |at: usize| {
            let from = seats.partition_point(|s| usize::from(s.iface.0) < at);
            let to = seats.partition_point(|s| usize::from(s.iface.0) <= at);
            Port {
                seats: from..to,
                turn: from,
                ..Port::default()
            }
        };
        Ports {
            ports: (0..params.interfaces.len()).map(port).collect(),
            seats,
            senders,
        }
    }

    /// A reload: sockets that are still needed stay open, with what was queued in them.
    pub fn reload(&mut self, params: &Params, kept: &Kept, registry: &Registry) -> io::Result<()> {
        let mut old = core::mem::replace(self, Ports::new(params));
        for (is, was) in kept.interfaces.pairs() {
            let port = self.ports.get_mut(usize::from(is));
            let Some((port, was)) = port.zip(old.ports.get(usize::from(was))) else {
                continue;
            };
            port.read = was.read;
            if was.index == 0 {
                continue;
            }
            let mut whole = true;
            for at in port.seats.clone() {
                let seat = &mut self.seats[at];
                let same = |s: &&mut Seat| {
                    let key = |s: &Seat| (s.family, s.protocol, s.source);
                    s.socket.is_some() && key(s) == key(seat)
                };
                let found = old.seats[was.seats.clone()].iter_mut().find(same);
                whole &= match found {
                    Some(found) => seat.take(found, FIRST_TOKEN + at, registry)?,
                    None => false,
                };
            }
            // What is missing is opened when the interface is followed.
            match whole {
                true => port.index = was.index,
                false => port.kept = was.index,
            }
        }
        Ok(())
    }

    /// Sockets there will be at the most.
    pub fn sockets(params: &Params) -> usize {
        params.instances.iter().map(|i| protocols(i).count()).sum()
    }

    /// Follows an interface: opens its sockets when it appears, closes them when it goes. What a
    /// kernel without IPv6 cannot give is left out: the interface has no such address either.
    pub fn follow(
        &mut self,
        iface: IfaceId,
        name: &str,
        link: Link,
        registry: &Registry,
    ) -> io::Result<()> {
        let Some(port) = self.ports.get_mut(usize::from(iface.0)) else {
            return Ok(());
        };
        if port.seats.is_empty() || port.index == link.index {
            return Ok(());
        }
        port.index = 0;
        let kept = core::mem::take(&mut port.kept);
        for seat in &mut self.seats[port.seats.clone()] {
            if link.index == 0 || kept != link.index {
                // Closing a descriptor takes it out of the poll set.
                (seat.socket, seat.unread) = (None, false);
            }
        }
        if link.index == 0 {
            return Ok(());
        }
        let device = (!name.is_empty()).then_some((name, link.index));
        for at in port.seats.clone() {
            if self.seats[at].socket.is_some() {
                continue;
            }
            match self.seats[at].open(device, FIRST_TOKEN + at, registry) {
                Err(e) if is_without_ipv6(&e) => {}
                other => other?,
            }
        }
        port.index = link.index;
        Ok(())
    }

    /// A socket became readable.
    pub fn ready(&mut self, token: usize) {
        if let Some(seat) = self.seats.get_mut(token.wrapping_sub(FIRST_TOKEN)) {
            seat.unread = true;
        }
    }

    /// The next interface after `after` with something unread.
    pub fn next_unread(&self, after: usize) -> Option<IfaceId> {
        let from = self
            .seats
            .partition_point(|s| usize::from(s.iface.0) < after);
        let seat = self.seats[from..].iter().find(|s| s.unread)?;
        Some(seat.iface)
    }

    /// The next interface after `after` that is used but has no sockets.
    pub fn next_closed(&self, after: usize) -> Option<IfaceId> {
        let closed = |p: &Port| !p.seats.is_empty() && p.index == 0;
        let at = self.ports.iter().skip(after).position(closed)?;
        Some(IfaceId((after + at) as u16))
    }

    /// Whether the interface has something unread.
    pub fn unread(&self, iface: IfaceId) -> bool {
        self.ports
            .get(usize::from(iface.0))
            .is_some_and(|p| self.seats[p.seats.clone()].iter().any(|s| s.unread))
    }

    /// Datagrams read from the interface so far (wrapping).
    pub fn read_count(&self, iface: IfaceId) -> u32 {
        self.ports.get(usize::from(iface.0)).map_or(0, |p| p.read)
    }

    /// Reads one datagram; `None` when there is nothing (more) to read.
    pub fn receive(&mut self, iface: IfaceId, buf: &mut [u8]) -> Option<io::Result<Received>> {
        let at = usize::from(iface.0);
        let seats = self.ports.get(at)?.seats.clone();
        for _ in seats.clone() {
            // In turn: a flood on one must not keep the others from being read.
            let turn = self.ports[at].turn;
            self.ports[at].turn = match turn + 1 {
                next if next < seats.end => next,
                _ => seats.start,
            };
            while self.seats[turn].unread {
                let got = match self.seats[turn].receive(buf) {
                    Ok(Some(got)) => got,
                    Ok(None) => {
                        self.seats[turn].unread = false;
                        break;
                    }
                    Err(e) => {
                        // Network-down and the like: told once per readiness, read on at the next.
                        self.seats[turn].unread = false;
                        return Some(Err(e));
                    }
                };
                let port = &mut self.ports[at];
                port.read = port.read.wrapping_add(1);
                if !self.has_own(&seats, turn, got, buf) {
                    return Some(Ok(got));
                }
            }
        }
        None
    }

    /// Whether another of these sockets hears what this one heard: one bound to its destination
    /// does, while one without a source hears all that arrives.
    fn has_own(&self, seats: &Range<usize>, at: usize, got: Received, buf: &[u8]) -> bool {
        let (seats, seat) = (&self.seats[seats.clone()], &self.seats[at]);
        if seat.source.is_some() || seats.iter().all(|s| s.source.is_none()) {
            return false;
        }
        let Ok(packet) = got.parse(buf) else {
            return false;
        };
        seats.iter().any(|s| {
            s.source == Some(packet.destination)
                && s.protocol == seat.protocol
                && s.vrids.contains(packet.vrid())
        })
    }

    /// Sends one copy of an instance's advert, ready but for what the kernel writes.
    pub fn send(&self, instance: InstanceId, packet: &[u8], route: Route) -> io::Result<()> {
        let seat = self.senders.get(usize::from(instance.0));
        let seat = seat.and_then(|at| self.seats.get(usize::from(*at)));
        match (seat.and_then(|s| s.socket.as_ref()), route.from, route.to) {
            (Some(Socket::V4(socket)), _, IpAddr::V4(to)) => socket.send(packet, to),
            (Some(Socket::V6(socket)), IpAddr::V6(from), IpAddr::V6(to)) => {
                socket.send(packet, from, to, route.ttl)
            }
            (Some(_), ..) => Err(io::Error::from(io::ErrorKind::Unsupported)),
            (None, ..) => Err(io::Error::from(io::ErrorKind::NotConnected)),
        }
    }
}

/// Where a datagram goes. What stands in an IPv4 header already is not looked at again.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Source address.
    pub from: IpAddr,
    /// The group or a peer.
    pub to: IpAddr,
    /// Hop limit.
    pub ttl: u8,
}

/// What an instance listens to; every advert is sent from the socket of the first.
fn protocols(of: &InstanceParams) -> impl Iterator<Item = u8> {
    let ah = matches!(of.auth, Auth::Ah(_)) && of.family == Family::V4;
    [Some(PROTOCOL_VRRP), ah.then_some(PROTOCOL_AH)]
        .into_iter()
        .flatten()
}

/// Whether this is what a kernel without IPv6 says.
fn is_without_ipv6(e: &io::Error) -> bool {
    e.raw_os_error() == Some(sys::net::NO_SUCH_FAMILY)
}

impl Seat {
    /// Nobody's yet.
    fn new(of: &InstanceParams, protocol: u8) -> Self {
        let source = of.source.filter(|_| of.unicast.is_some());
        Seat {
            iface: of.iface,
            family: of.family,
            protocol,
            source,
            vrids: Vrids::NONE,
            groups: Vec::new(),
            socket: None,
            unread: false,
        }
    }

    /// Whether both would be the same socket.
    fn is(&self, other: &Seat) -> bool {
        let key = |s: &Seat| (s.iface, s.family, s.protocol, s.source);
        key(self) == key(other)
    }

    fn serve(&mut self, of: &InstanceParams) {
        self.vrids.insert(of.vrid);
        if of.unicast.is_none() && !self.groups.contains(&of.group_address) {
            self.groups.push(of.group_address);
        }
    }

    /// Takes an open socket over and lets it hear what is to be heard now; whether it can.
    fn take(&mut self, from: &mut Seat, token: usize, registry: &Registry) -> io::Result<bool> {
        let Some(socket) = &from.socket else {
            return Ok(false);
        };
        let fd = match socket {
            Socket::V4(socket) => {
                socket.filter(&self.vrids)?;
                socket.as_raw_fd()
            }
            Socket::V6(socket) => {
                socket.filter(&self.vrids)?;
                socket.as_raw_fd()
            }
        };
        for group in self.groups.iter().filter(|g| !from.groups.contains(g)) {
            match (socket, group) {
                (Socket::V4(socket), IpAddr::V4(group)) => socket.join(*group)?,
                (Socket::V6(socket), IpAddr::V6(group)) => socket.join(*group)?,
                _ => {}
            }
        }
        registry.reregister(&mut SourceFd(&fd), Token(token), Interest::READABLE)?;
        // Whatever came meanwhile: there is no second edge for it.
        self.unread = true;
        self.socket = from.socket.take();
        Ok(true)
    }

    fn open(
        &mut self,
        device: Option<(&str, u32)>,
        token: usize,
        registry: &Registry,
    ) -> io::Result<()> {
        let fd;
        let socket = match self.family {
            Family::V4 => {
                let socket = self.open4(device)?;
                fd = socket.as_raw_fd();
                Socket::V4(socket)
            }
            Family::V6 => {
                let socket = self.open6(device)?;
                fd = socket.as_raw_fd();
                Socket::V6(socket)
            }
        };
        registry.register(&mut SourceFd(&fd), Token(token), Interest::READABLE)?;
        self.socket = Some(socket);
        Ok(())
    }

    fn open4(&self, device: Option<(&str, u32)>) -> io::Result<RawVrrp> {
        let socket = match (self.source, device) {
            (Some(IpAddr::V4(source)), _) => RawVrrp::open_unicast(self.protocol, device, source)?,
            (_, Some((name, index))) => RawVrrp::open(self.protocol, name, index)?,
            (_, None) => return Err(io::Error::from(io::ErrorKind::Unsupported)),
        };
        socket.filter(&self.vrids)?;
        for group in &self.groups {
            if let IpAddr::V4(group) = group {
                socket.join(*group)?;
            }
        }
        Ok(socket)
    }

    fn open6(&self, device: Option<(&str, u32)>) -> io::Result<RawVrrp6> {
        let socket = match (self.source, device) {
            (Some(IpAddr::V6(source)), _) => RawVrrp6::open_unicast(device, source)?,
            (_, Some((name, index))) => RawVrrp6::open(name, index)?,
            (_, None) => return Err(io::Error::from(io::ErrorKind::Unsupported)),
        };
        socket.filter(&self.vrids)?;
        for group in &self.groups {
            if let IpAddr::V6(group) = group {
                socket.join(*group)?;
            }
        }
        Ok(socket)
    }

    fn receive(&self, buf: &mut [u8]) -> io::Result<Option<Received>> {
        match &self.socket {
            Some(Socket::V4(socket)) => {
                Ok(socket.recv(buf)?.map(|len| Received { len, heard: None }))
            }
            Some(Socket::V6(socket)) => Ok(socket.recv(buf)?.map(|heard| Received {
                len: heard.len,
                heard: Some(heard),
            })),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::InstanceParams;

    #[test]
    fn an_interface_without_sockets_is_found_again_and_unused_ones_are_not() {
        let params = Params {
            interfaces: vec!["eth0".into(), "eth1".into(), "eth2".into()],
            instances: [0, 2]
                .map(|n| InstanceParams::new("V", IfaceId(n), 1))
                .into(),
            ..Params::default()
        };
        let ports = Ports::new(&params);
        assert_eq!(ports.next_closed(0), Some(IfaceId(0)));
        assert_eq!(ports.next_closed(1), Some(IfaceId(2)));
        assert_eq!(ports.next_closed(3), None);
        let missing = Link {
            index: u32::MAX,
            ..Link::default()
        };
        let poll = mio::Poll::new().unwrap();
        let mut ports = ports;
        // Refused by the kernel, with or without the right to open raw sockets.
        assert!(
            ports
                .follow(IfaceId(0), "no-such-link", missing, poll.registry())
                .is_err()
        );
        assert_eq!(ports.next_closed(0), Some(IfaceId(0)));
        let route = Route {
            from: IpAddr::from([192, 0, 2, 1]),
            to: IpAddr::from([192, 0, 2, 2]),
            ttl: 255,
        };
        assert!(ports.send(InstanceId(0), &[], route).is_err());
    }
}
