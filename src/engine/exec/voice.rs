//! Announcements on the wire: gratuitous ARP and unsolicited neighbour advertisements.

use super::addr::address;
use super::{Hands, SLICE};
use crate::engine::links::Links;
use crate::sys;
use crate::time::Instant;
use crate::vrrp::{IfaceId, InstanceId};
use crate::wire::neighbor;
use core::net::IpAddr;
use std::rc::Rc;

/// Announcements in one slice.
const FRAMES: usize = 64;
/// Interfaces remembered while [`Hands::announce_elsewhere`] looks for others.
const REMEMBERED: usize = 32;

impl Hands {
    /// A slice of the bursts.
    pub(super) fn send_announcements(&mut self, links: &Links, now: Instant) {
        let begin = sys::now();
        let params = Rc::clone(&self.params);
        for n in 0..FRAMES {
            let jobs = &self.jobs;
            let look = |i, slot| Some((address(&params, i, slot)?, jobs.announces(i, slot)));
            let Some((instance, slot)) = self.announcements.next(now, look) else {
                break;
            };
            if let Some(a) = address(&params, instance, slot) {
                self.announce(a.iface, a.address, links);
            }
            // A frame costs little; looking at the clock every eighth is enough.
            if n % 8 == 7 && sys::now().since(begin) > SLICE {
                break;
            }
        }
        self.announcements.rotate();
    }

    /// When a paced queue goes on.
    pub fn announce_at(&self) -> Option<Instant> {
        self.announcements.deadline()
    }

    /// Says once where an address is, on the interface it lives on. Nothing where there is no ARP
    /// or no hardware address.
    pub(super) fn announce(&self, iface: IfaceId, address: IpAddr, links: &Links) {
        let (Some(mac), Some(packets)) = (links.mac(iface), &self.packets) else {
            return;
        };
        let index = links.get(iface).index;
        let sent = match address {
            IpAddr::V4(ip) => packets.send(index, &neighbor::garp(mac, ip)),
            IpAddr::V6(ip) => {
                let known = self.forwarding.get(usize::from(iface.0)).copied();
                let router = known.unwrap_or_default();
                let frame = neighbor::unsolicited_na(mac, ip, router);
                packets.send(index, &frame)
            }
        };
        if let Err(e) = sent {
            ::log::debug!("{address} on {} not announced: {e}", links.name(iface));
        }
    }

    /// One announcement on each other interface that carries an address of the instance: the
    /// switches there learn where it is.
    pub(super) fn announce_elsewhere(&self, instance: InstanceId, links: &Links) {
        let mut done = [IfaceId(u16::MAX); REMEMBERED];
        let (own, mut count) = (self.iface(instance), 0);
        for slot in 0..self.jobs.count(instance) {
            let slot = slot as u16;
            let Some(a) = self.jobs.address(instance, slot) else {
                return;
            };
            if a.iface == own || done.contains(&a.iface) || !self.jobs.present(instance, slot) {
                continue;
            }
            if let Some(free) = done.get_mut(count) {
                (*free, count) = (a.iface, count + 1);
            }
            self.announce(a.iface, a.address, links);
        }
    }

    /// Before a claim: which of its interfaces are a router's.
    pub(super) fn learn_forwarding(&mut self, instance: InstanceId, links: &Links) {
        let params = Rc::clone(&self.params);
        let Some(of) = params.instances.get(usize::from(instance.0)) else {
            return;
        };
        let mut last = None;
        for a in of.addresses.iter().chain(&of.excluded) {
            if a.address.is_ipv4() || last.replace(a.iface) == Some(a.iface) {
                continue;
            }
            if let Some(known) = self.forwarding.get_mut(usize::from(a.iface.0)) {
                *known = sys::net::forwards_ipv6(links.name(a.iface));
            }
        }
    }
}
