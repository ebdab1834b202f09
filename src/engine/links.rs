//! What the kernel says about interfaces, kept by configured name. No sockets here: `Watch` feeds it.

use crate::vrrp::{IfaceId, Link, Params};
use crate::wire::rtnetlink::{IFF_NOARP, IFF_RUNNING, IFF_UP};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One configured interface.
#[derive(Debug, Default)]
struct Entry {
    name: Box<str>,
    index: u32,
    flags: u32,
    mac: Option<[u8; 6]>,
    /// IPv4 addresses that are not virtual ones, in the kernel's order.
    ipv4: Vec<Ipv4Addr>,
    /// Link-local IPv6 addresses.
    ipv6: Vec<Ipv6Addr>,
    /// Something changed since [`Links::next_change`] last returned this interface.
    changed: bool,
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
                (e.index, e.flags, e.mac) = (index, flags, mac);
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
            let before = (e.ipv4.first().copied(), e.ipv6.first().copied());
            match address {
                IpAddr::V4(a) => set_member(&mut e.ipv4, a, present && usable),
                IpAddr::V6(a) if a.is_unicast_link_local() => {
                    set_member(&mut e.ipv6, a, present && usable);
                }
                IpAddr::V6(_) => {}
            }
            e.changed |= before != (e.ipv4.first().copied(), e.ipv6.first().copied());
        }
    }

    /// Before a full dump: forget the addresses, which the dump lists anew.
    pub fn begin_redump(&mut self) {
        for e in &mut self.entries {
            e.ipv4.clear();
            e.ipv6.clear();
            e.changed = true;
        }
    }

    /// The next interface whose facts changed, with its facts.
    pub fn next_change(&mut self) -> Option<(IfaceId, Link)> {
        let at = self.entries.iter().position(|e| e.changed)?;
        self.entries[at].changed = false;
        let id = IfaceId(at as u16);
        Some((id, self.get(id)))
    }

    /// What is known of an interface.
    pub fn get(&self, id: IfaceId) -> Link {
        let Some(e) = self.entries.get(usize::from(id.0)) else {
            return Link::default();
        };
        Link {
            index: e.index,
            up: e.flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING,
            ipv4: e.ipv4.first().copied(),
            ipv6: e.ipv6.first().copied(),
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

impl Entry {
    fn forget(&mut self) {
        self.index = 0;
        self.flags = 0;
        self.mac = None;
        self.ipv4.clear();
        self.ipv6.clear();
        self.changed = true;
    }
}

fn set_member<T: PartialEq>(list: &mut Vec<T>, item: T, present: bool) {
    match (list.iter().position(|x| *x == item), present) {
        (None, true) => list.push(item),
        (Some(at), false) => {
            list.remove(at);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::{Address, InstanceParams};

    fn params() -> Params {
        let mut i = InstanceParams::new("V", IfaceId(0), 1);
        i.addresses.push(Address {
            address: "192.0.2.100".parse().unwrap(),
            prefix: 24,
            iface: IfaceId(0),
            scope: 0,
            label: None,
            broadcast: None,
        });
        Params {
            interfaces: vec!["eth0".into(), "eth1".into()],
            instances: vec![i],
            groups: vec![],
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
}
