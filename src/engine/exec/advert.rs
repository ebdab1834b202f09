//! Prepared adverts: all but IP id and, for AH, sequence and ICV is written once per revision.

use crate::engine::ports::Ports;
use crate::engine::vital::Vital;
use crate::vrrp::{IfaceId, InstanceId, Params, Router};
use crate::wire::vrrp::{AUTH_LEN, Auth, emit, set_ip_id};
use crate::wire::{Error, ah};
use core::net::{IpAddr, Ipv4Addr};
use std::io;

/// What to send.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Who sends.
    pub instance: InstanceId,
    /// Priority to state.
    pub priority: u8,
    /// AH sequence number.
    pub sequence: u32,
    /// Of everything else in the packet.
    pub revision: u32,
}

/// The packet of one instance, ready to go.
#[derive(Debug)]
struct Prepared {
    /// Revision and priority it was made for; `None` before the first.
    made_for: Option<(u32, u8)>,
    buf: Box<[u8]>,
    len: usize,
    to: Ipv4Addr,
    iface: IfaceId,
    key: Option<[u8; AUTH_LEN]>,
    /// IP identification of the last advert; the next is one more, never 0.
    ip_id: u16,
}

/// All prepared packets.
pub struct Adverts {
    prepared: Vec<Prepared>,
    /// For priority 0, which never uses the running packet.
    farewell: Box<[u8]>,
}

impl Adverts {
    /// Reserves what the largest packet of each instance needs.
    pub fn new(params: &Params, vital: Vital<'_>) -> Self {
        let prepared: Vec<Prepared> = params
            .instances
            .iter()
            .enumerate()
            .map(|(at, i)| Prepared {
                made_for: None,
                buf: vec![0; OVERHEAD + ADDRESS * i.addresses.len()].into_boxed_slice(),
                len: 0,
                to: Ipv4Addr::UNSPECIFIED,
                iface: i.iface,
                key: match i.authentication() {
                    Auth::Ah(key) => Some(key),
                    Auth::None | Auth::Pass(_) => None,
                },
                ip_id: vital.legacy(InstanceId(at as u16)).map_or(0, |l| l.ip_id),
            })
            .collect();
        let longest = prepared.iter().map(|p| p.buf.len()).max().unwrap_or(0);
        Adverts {
            prepared,
            farewell: vec![0; longest].into_boxed_slice(),
        }
    }

    /// Sends one advert; answers with its IP identification.
    pub fn send(&mut self, order: Order, router: &Router, ports: &Ports) -> io::Result<u16> {
        let Some(p) = self.prepared.get_mut(usize::from(order.instance.0)) else {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        };
        p.ip_id = p.ip_id.checked_add(1).unwrap_or(1);
        let packet = if order.priority == 0 {
            let (len, to) = make(router, order, &mut self.farewell)?;
            p.to = to;
            &mut self.farewell[..len]
        } else {
            if p.made_for != Some((order.revision, order.priority)) {
                (p.len, p.to) = make(router, order, &mut p.buf)?;
                p.made_for = Some((order.revision, order.priority));
            }
            &mut p.buf[..p.len]
        };
        set_ip_id(packet, p.ip_id);
        if let Some(key) = &p.key {
            ah::sign(packet, key, order.sequence).map_err(unmade)?;
        }
        ports.send(p.iface, packet, p.to)?;
        Ok(p.ip_id)
    }
}

/// Writes the whole datagram.
fn make(router: &Router, order: Order, buf: &mut [u8]) -> io::Result<(usize, Ipv4Addr)> {
    let Some(facts) = router.outline(order.instance) else {
        return Err(io::Error::other("no source address"));
    };
    let IpAddr::V4(to) = facts.destination() else {
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    };
    let len = facts
        .outline(order.priority, |outline| emit(outline, buf))
        .map_err(unmade)?;
    Ok((len, to))
}

fn unmade(e: Error) -> io::Error {
    io::Error::other(e.to_string())
}

/// IP header without options, AH, VRRP header, v2 authentication data.
const OVERHEAD: usize = 20 + 24 + 8 + AUTH_LEN;
/// The longer kind of address.
const ADDRESS: usize = 16;
