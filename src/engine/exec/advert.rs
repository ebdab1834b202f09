//! Prepared adverts: all but IP id and, for AH, sequence and ICV is written once per revision.

use crate::engine::ports::{Ports, Route};
use crate::engine::vital::Vital;
use crate::vrrp::{InstanceId, Kept, Params, Router, Template};
use crate::wire::vrrp::{AUTH_LEN, Auth, emit, readdress, set_ip_id};
use crate::wire::{Error, ah};
use core::net::IpAddr;
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
    pub fn new(params: &Params, vital: Vital) -> Self {
        let prepared: Vec<Prepared> = params
            .instances
            .iter()
            .enumerate()
            .map(|(at, i)| Prepared {
                made_for: None,
                buf: vec![0; OVERHEAD + ADDRESS * i.addresses.len()].into_boxed_slice(),
                len: 0,
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

    /// A reload: all packets are made anew, their numbers go on.
    pub fn reload(&mut self, params: &Params, kept: &Kept, vital: Vital) {
        let old = core::mem::replace(self, Adverts::new(params, vital));
        for (at, prepared) in (0..).zip(&mut self.prepared) {
            let was = kept.instances.old(at);
            let was = was.and_then(|was| old.prepared.get(usize::from(was)));
            prepared.ip_id = was.map_or(0, |was| was.ip_id);
        }
    }

    /// Sends one advert, to each of its destinations; answers with its IP identification, `None` if
    /// it went nowhere. Who cannot be reached is told to `failed`, and the others get theirs all
    /// the same; the error is one that concerns all.
    pub fn send(
        &mut self,
        order: Order,
        router: &Router,
        ports: &Ports,
        mut failed: impl FnMut(IpAddr, io::Error),
    ) -> io::Result<Option<u16>> {
        let Some(p) = self.prepared.get_mut(usize::from(order.instance.0)) else {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        };
        let Some(facts) = router.outline(order.instance) else {
            return Err(io::Error::other("no source address"));
        };
        p.ip_id = p.ip_id.checked_add(1).unwrap_or(1);
        let mut fresh = order.priority == 0 || p.made_for != Some((order.revision, order.priority));
        let packet = if order.priority == 0 {
            let len = make(&facts, order, &mut self.farewell)?;
            &mut self.farewell[..len]
        } else {
            if fresh {
                p.len = make(&facts, order, &mut p.buf)?;
                p.made_for = Some((order.revision, order.priority));
            }
            &mut p.buf[..p.len]
        };
        // One destination: the packet stays as it was made.
        fresh |= facts.destinations().nth(1).is_none();
        let mut left = None;
        for to in facts.destinations() {
            if !core::mem::take(&mut fresh) {
                readdress(packet, to.address, to.checksum).map_err(unmade)?;
            }
            if facts.source.is_ipv4() {
                set_ip_id(packet, p.ip_id);
            }
            if let Some(key) = &p.key {
                ah::sign(packet, key, order.sequence).map_err(unmade)?;
            }
            let route = Route {
                from: facts.source,
                to: to.address,
                ttl: facts.ttl(),
            };
            match ports.send(order.instance, packet, route) {
                Ok(()) => left = Some(p.ip_id),
                Err(e) => failed(to.address, e),
            }
        }
        Ok(left)
    }
}

/// Writes the datagram for the first destination; over IPv6 the message alone.
fn make(facts: &Template<'_>, order: Order, buf: &mut [u8]) -> io::Result<usize> {
    facts
        .outline(order.priority, |outline| emit(outline, buf))
        .map_err(unmade)
}

fn unmade(e: Error) -> io::Error {
    io::Error::other(e.to_string())
}

/// IP header without options, AH, VRRP header, v2 authentication data.
const OVERHEAD: usize = 20 + 24 + 8 + AUTH_LEN;
/// The longer kind of address.
const ADDRESS: usize = 16;
