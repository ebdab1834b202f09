//! What the kernel says about interfaces, kept by configured name. No sockets here: `Watch` feeds it.

use crate::vrrp::{IfaceId, Link, Params};
use crate::wire::rtnetlink::route::Resolve;
use crate::wire::rtnetlink::{IFF_NOARP, IFF_RUNNING, IFF_UP};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One configured interface.
#[derive(Debug, Default)]
struct Entry {
    name: Box<str>,
    index: u32,
    flags: u32,
    mac: Option<[u8; 6]>,
    /// Routing table of a VRF, 0 if it is none.
    table: u32,
    /// IPv4 addresses that are not virtual ones, in the kernel's order.
    ipv4: Vec<Seen<Ipv4Addr>>,
    /// Link-local IPv6 addresses.
    ipv6: Vec<Seen<Ipv6Addr>>,
    /// The kernel has listed the link since [`Links::begin_redump`].
    seen: bool,
    /// Something changed since [`Links::next_change`] last returned this interface.
    changed: bool,
    /// It was gone in between, even if the same index is back: whatever hung on it must be redone.
    gone: bool,
}

/// An address, and whether the kernel has listed it since [`Links::begin_redump`].
#[derive(Clone, Copy, Debug)]
struct Seen<T> {
    address: T,
    seen: bool,
}

/// All configured interfaces.
#[derive(Debug)]
pub struct Links {
    entries: Vec<Entry>,
    /// Virtual addresses, sorted: they never serve as a source.
    virtuals: Vec<IpAddr>,
}

impl Links {
    /// Knows the names; nothing exists until the kernel says so.
    pub fn new(params: &Params) -> Self {
        let mut virtuals: Vec<IpAddr> = params
            .instances
            .iter()
            // An owner's addresses are the interface's own: they may be the source.
            .filter(|i| i.priority != 255)
            .flat_map(|i| i.addresses.iter().chain(&i.excluded))
            .map(|a| a.address)
            .collect();
        virtuals.sort_unstable();
        virtuals.dedup();
        let entries = params
            .interfaces
            .iter()
            .map(|name| Entry {
                name: name.clone(),
                changed: true,
                ..Entry::default()
            })
            .collect();
        Links { entries, virtuals }
    }

    /// A link appeared or changed. A known index under another name was renamed.
    pub fn link(&mut self, index: u32, name: &str, flags: u32, mac: Option<[u8; 6]>) {
        for e in &mut self.entries {
            if &*e.name == name {
                if e.index != index {
                    e.forget();
                }
                let changed = e.index != index
                    || (e.flags ^ flags) & (IFF_UP | IFF_RUNNING | IFF_NOARP) != 0
                    || e.mac != mac;
                (e.index, e.flags, e.mac, e.seen) = (index, flags, mac, true);
                e.changed |= changed;
            } else if e.index == index {
                e.forget();
            }
        }
    }

    /// A link is gone.
    pub fn link_gone(&mut self, index: u32) {
        for e in self.entries.iter_mut().filter(|e| e.index == index) {
            e.forget();
        }
    }

    /// An address appeared or went. `usable`: not tentative.
    pub fn address(&mut self, index: u32, address: IpAddr, present: bool, usable: bool) {
        if self.virtuals.binary_search(&address).is_ok() {
            return;
        }
        for e in self.entries.iter_mut().filter(|e| e.index == index) {
            let before = e.sources();
            match address {
                IpAddr::V4(a) => set_member(&mut e.ipv4, a, present && usable),
                IpAddr::V6(a) if a.is_unicast_link_local() => {
                    set_member(&mut e.ipv6, a, present && usable);
                }
                IpAddr::V6(_) => {}
            }
            e.changed |= before != e.sources();
        }
    }

    /// Before a full dump. What is known stays known until [`Links::end_redump`].
    pub fn begin_redump(&mut self) {
        for e in &mut self.entries {
            e.seen = false;
            e.ipv4.iter_mut().for_each(|a| a.seen = false);
            e.ipv6.iter_mut().for_each(|a| a.seen = false);
        }
    }

    /// After a full dump that can be trusted: what it did not list is gone.
    pub fn end_redump(&mut self) {
        for e in &mut self.entries {
            if !e.seen && e.index != 0 {
                e.forget();
            }
            let before = e.sources();
            e.ipv4.retain(|a| a.seen);
            e.ipv6.retain(|a| a.seen);
            e.changed |= before != e.sources();
        }
    }

    /// The next interface whose facts changed, with its facts. One that was gone in between is
    /// returned as gone first.
    pub fn next_change(&mut self) -> Option<(IfaceId, Link)> {
        let at = self.entries.iter().position(|e| e.changed)?;
        let e = &mut self.entries[at];
        let id = IfaceId(at as u16);
        if core::mem::take(&mut e.gone) && e.index != 0 {
            return Some((id, Link::default()));
        }
        e.changed = false;
        Some((id, self.get(id)))
    }

    /// What is known of an interface.
    pub fn get(&self, id: IfaceId) -> Link {
        let Some(e) = self.entries.get(usize::from(id.0)) else {
            return Link::default();
        };
        let (ipv4, ipv6) = e.sources();
        Link {
            index: e.index,
            up: e.flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING,
            ipv4,
            ipv6,
            no_multicast: false,
        }
    }

    /// The hardware address to announce with, unless the interface does not speak ARP.
    pub fn mac(&self, id: IfaceId) -> Option<[u8; 6]> {
        let e = self.entries.get(usize::from(id.0))?;
        if e.flags & IFF_NOARP != 0 {
            return None;
        }
        e.mac
    }

    /// The table of an interface that is a VRF.
    pub fn vrf(&mut self, index: u32, table: Option<u32>) {
        for e in self.entries.iter_mut().filter(|e| e.index == index) {
            e.changed |= e.table != table.unwrap_or(0);
            e.table = table.unwrap_or(0);
        }
    }

    /// Whether the administrator has set it up, with or without a carrier: routes can lead over it.
    pub fn is_up(&self, id: IfaceId) -> bool {
        let e = self.entries.get(usize::from(id.0));
        e.is_some_and(|e| e.flags & IFF_UP != 0)
    }

    /// The configured name.
    pub fn name(&self, id: IfaceId) -> &str {
        self.entries.get(usize::from(id.0)).map_or("?", |e| &e.name)
    }

    /// The configured interface with this kernel index.
    pub fn by_index(&self, index: u32) -> Option<IfaceId> {
        let at = self.entries.iter().position(|e| e.index == index)?;
        Some(IfaceId(at as u16))
    }
}

impl Resolve<IfaceId> for Links {
    fn index(&self, device: IfaceId) -> u32 {
        self.get(device).index
    }
    fn name(&self, device: IfaceId) -> &str {
        Links::name(self, device)
    }
    fn table(&self, device: IfaceId) -> u32 {
        let e = self.entries.get(usize::from(device.0));
        e.map_or(0, |e| if e.index == 0 { 0 } else { e.table })
    }
}

impl Entry {
    /// The addresses adverts may come from.
    fn sources(&self) -> (Option<Ipv4Addr>, Option<Ipv6Addr>) {
        (
            self.ipv4.first().map(|a| a.address),
            self.ipv6.first().map(|a| a.address),
        )
    }

    fn forget(&mut self) {
        self.gone |= self.index != 0;
        self.index = 0;
        self.flags = 0;
        self.mac = None;
        self.ipv4.clear();
        self.ipv6.clear();
        self.changed = true;
    }
}

fn set_member<T: PartialEq>(list: &mut Vec<Seen<T>>, address: T, present: bool) {
    match (list.iter().position(|x| x.address == address), present) {
        (None, true) => list.push(Seen {
            address,
            seen: true,
        }),
        (Some(at), true) => list[at].seen = true,
        (Some(at), false) => {
            list.remove(at);
        }
        (None, false) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::{Address, InstanceParams};

    fn params() -> Params {
        let mut i = InstanceParams::new("V", IfaceId(0), 1);
        i.addresses
            .push(Address::new("192.0.2.100".parse().unwrap(), 24, IfaceId(0)));
        Params {
            interfaces: vec!["eth0".into(), "eth1".into()],
            instances: vec![i],
            ..Params::default()
        }
    }

    fn drain(l: &mut Links) -> Vec<(IfaceId, Link)> {
        core::iter::from_fn(|| l.next_change()).collect()
    }

    #[test]
    fn every_interface_is_reported_once_at_the_start() {
        let mut l = Links::new(&params());
        assert_eq!(drain(&mut l).len(), 2);
        assert_eq!(drain(&mut l).len(), 0);
    }

    #[test]
    fn a_virtual_address_is_never_the_source() {
        let mut l = Links::new(&params());
        drain(&mut l);
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, Some([2; 6]));
        l.address(7, "192.0.2.100".parse().unwrap(), true, true);
        l.address(7, "192.0.2.1".parse().unwrap(), true, true);
        let got = drain(&mut l);
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].1.ipv4, Some(Ipv4Addr::new(192, 0, 2, 1)));
        assert!(got[0].1.up);
        l.address(7, "192.0.2.1".parse().unwrap(), false, true);
        assert_eq!(drain(&mut l)[0].1.ipv4, None);
    }

    #[test]
    fn a_rename_takes_the_interface_away_from_one_name_and_gives_it_to_the_other() {
        let mut l = Links::new(&params());
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
        drain(&mut l);
        l.link(7, "eth1", IFF_UP | IFF_RUNNING, None);
        assert_eq!(l.get(IfaceId(0)).index, 0);
        assert_eq!(l.get(IfaceId(1)).index, 7);
        assert_eq!(drain(&mut l).len(), 2);
        l.link_gone(7);
        assert_eq!(l.get(IfaceId(1)).index, 0);
    }

    #[test]
    fn what_a_trusted_dump_does_not_list_is_gone() {
        let mut l = Links::new(&params());
        let (own, second) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
        l.link(8, "eth1", IFF_UP | IFF_RUNNING, None);
        l.address(7, own, true, true);
        l.address(7, second, true, true);
        drain(&mut l);
        l.begin_redump();
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
        l.address(7, second, true, true);
        assert_eq!(drain(&mut l), [], "half a dump changes nothing");
        l.end_redump();
        let got = drain(&mut l);
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].1.ipv4.map(IpAddr::V4), Some(second));
        assert_eq!(got[1], (IfaceId(1), Link::default()));
    }

    #[test]
    fn gone_and_back_under_the_same_index_is_told_as_both() {
        let mut l = Links::new(&params());
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
        drain(&mut l);
        l.link_gone(7);
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
        let told: Vec<u32> = drain(&mut l).iter().map(|c| c.1.index).collect();
        assert_eq!(told, [0, 7]);
        l.link_gone(7);
        l.link(9, "eth0", IFF_UP | IFF_RUNNING, None);
        l.link_gone(9);
        let told: Vec<u32> = drain(&mut l).iter().map(|c| c.1.index).collect();
        assert_eq!(told, [0]);
    }
}
