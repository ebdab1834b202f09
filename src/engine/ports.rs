//! The VRRP sockets: one per interface and IP protocol, opened when the interface exists.

use crate::sys::net::{RawVrrp, Vrids};
use crate::vrrp::{IfaceId, Link, Params};
use crate::wire::vrrp::{Auth, PROTOCOL_AH, PROTOCOL_VRRP};
use core::net::{IpAddr, Ipv4Addr};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::fd::AsRawFd;

/// First token of the VRRP sockets; an interface has two in a row.
pub const FIRST_TOKEN: usize = 16;
/// Adverts read from one socket in one turn before others get theirs.
pub const BUDGET: usize = 64;

/// What an interface is used for.
#[derive(Debug, Default)]
struct Use {
    /// For the socket filter.
    vrids: Vrids,
    groups: Vec<Ipv4Addr>,
    ah: bool,
    any: bool,
}

/// Sockets of one interface.
#[derive(Default)]
struct Port {
    uses: Use,
    index: u32,
    /// Protocol 112, used for sending too.
    vrrp: Option<RawVrrp>,
    /// Protocol 51.
    ah: Option<RawVrrp>,
    /// Datagrams ever read, wrapping: tells what was queued before a deadline.
    read: u32,
    /// Sockets not read to the end yet (bit 0: VRRP, bit 1: AH).
    unread: u8,
}

/// All VRRP sockets.
pub struct Ports {
    ports: Vec<Port>,
}

impl Ports {
    /// Works out who needs what; opens nothing.
    pub fn new(params: &Params) -> Self {
        let mut ports: Vec<Port> = params.interfaces.iter().map(|_| Port::default()).collect();
        for i in &params.instances {
            let Some(port) = ports.get_mut(usize::from(i.iface.0)) else {
                continue;
            };
            port.uses.vrids.insert(i.vrid);
            port.uses.ah |= matches!(i.auth, Auth::Ah(_));
            port.uses.any = true;
            if let IpAddr::V4(group) = i.group_address
                && !port.uses.groups.contains(&group)
            {
                port.uses.groups.push(group);
            }
        }
        Ports { ports }
    }

    /// Follows an interface: opens its sockets when it appears, closes them when it goes.
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
        if !port.uses.any || port.index == link.index {
            return Ok(());
        }
        // Closing a descriptor takes it out of the poll set.
        (port.vrrp, port.ah, port.unread, port.index) = (None, None, 0, 0);
        if link.index == 0 {
            return Ok(());
        }
        let token = FIRST_TOKEN + 2 * usize::from(iface.0);
        let open = |protocol, token| open(protocol, name, link.index, &port.uses, token, registry);
        let vrrp = open(PROTOCOL_VRRP, token)?;
        if port.uses.ah {
            port.ah = Some(open(PROTOCOL_AH, token + 1)?);
        }
        (port.vrrp, port.index) = (Some(vrrp), link.index);
        Ok(())
    }

    /// A socket became readable.
    pub fn ready(&mut self, token: usize) {
        let at = token.wrapping_sub(FIRST_TOKEN);
        if let Some(port) = self.ports.get_mut(at / 2) {
            port.unread |= 1 << (at & 1);
        }
    }

    /// The next interface after `after` with something unread.
    pub fn next_unread(&self, after: usize) -> Option<IfaceId> {
        let at = self.ports.iter().skip(after).position(|p| p.unread != 0)?;
        Some(IfaceId((after + at) as u16))
    }

    /// The next interface after `after` that is used but has no sockets.
    pub fn next_closed(&self, after: usize) -> Option<IfaceId> {
        let closed = |p: &Port| p.uses.any && p.index == 0;
        let at = self.ports.iter().skip(after).position(closed)?;
        Some(IfaceId((after + at) as u16))
    }

    /// Whether the interface has something unread.
    pub fn unread(&self, iface: IfaceId) -> bool {
        self.ports
            .get(usize::from(iface.0))
            .is_some_and(|p| p.unread != 0)
    }

    /// Datagrams read from the interface so far (wrapping).
    pub fn read_count(&self, iface: IfaceId) -> u32 {
        self.ports.get(usize::from(iface.0)).map_or(0, |p| p.read)
    }

    /// Reads one datagram; `None` when there is nothing (more) to read.
    pub fn receive(&mut self, iface: IfaceId, buf: &mut [u8]) -> Option<io::Result<usize>> {
        let port = self.ports.get_mut(usize::from(iface.0))?;
        // In turn: a flood on one of the two must not keep the other from being read.
        let first = (port.read & 1) as u8;
        for bit in [first, first ^ 1] {
            if port.unread & (1 << bit) == 0 {
                continue;
            }
            let socket = if bit == 0 { &port.vrrp } else { &port.ah };
            match socket.as_ref().map_or(Ok(None), |s| s.recv(buf)) {
                Ok(Some(len)) => {
                    port.read = port.read.wrapping_add(1);
                    return Some(Ok(len));
                }
                Ok(None) => port.unread &= !(1 << bit),
                Err(e) => {
                    // Network-down and the like: told once per readiness, read on at the next.
                    port.unread &= !(1 << bit);
                    return Some(Err(e));
                }
            }
        }
        None
    }

    /// Sends a ready datagram from the interface.
    pub fn send(&self, iface: IfaceId, packet: &[u8], to: Ipv4Addr) -> io::Result<()> {
        match self
            .ports
            .get(usize::from(iface.0))
            .and_then(|p| p.vrrp.as_ref())
        {
            Some(socket) => socket.send(packet, to),
            None => Err(io::Error::from(io::ErrorKind::NotConnected)),
        }
    }
}

fn open(
    protocol: u8,
    name: &str,
    index: u32,
    uses: &Use,
    token: usize,
    registry: &Registry,
) -> io::Result<RawVrrp> {
    let socket = RawVrrp::open(protocol, name, index)?;
    socket.filter(&uses.vrids)?;
    for group in &uses.groups {
        socket.join(*group)?;
    }
    registry.register(
        &mut SourceFd(&socket.as_raw_fd()),
        Token(token),
        Interest::READABLE,
    )?;
    Ok(socket)
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
        assert!(ports.send(IfaceId(0), &[], Ipv4Addr::LOCALHOST).is_err());
    }
}
