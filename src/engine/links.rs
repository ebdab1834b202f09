//! What the kernel says about interfaces, kept by configured name. No sockets here: `Watch` feeds it.

use crate::vrrp::{IfaceId, InstanceId, Kept, Link, Params};
use crate::wire::rtnetlink::route::Resolve;
use crate::wire::rtnetlink::{IFF_MULTICAST, IFF_NOARP, IFF_RUNNING, IFF_UP};
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
    /// Devices that left a configured name, perhaps for another one.
    departed: Vec<(IfaceId, u32)>,
    sources: Vec<Source>,
}

/// The configured IPv6 source of an instance: the kernel sends from no address that is not there or
/// not known to be the only one of its kind. (Over IPv4 we write the header, and it does not ask.)
#[derive(Debug)]
struct Source {
    instance: InstanceId,
    iface: IfaceId,
    address: Ipv6Addr,
    /// Kernel index of the interface it is usable on, 0: none.
    index: u32,
    seen: bool,
    /// What [`Links::next_source`] said last.
    told: bool,
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
        let sources = params.instances.iter().enumerate();
        let sources = sources.filter_map(|(at, i)| match i.source {
            Some(IpAddr::V6(address)) => Some(Source {
                instance: InstanceId(at as u16),
                iface: i.iface,
                address,
                index: 0,
                seen: false,
                told: true,
            }),
            _ => None,
        });
        let sources = sources.collect();
        let entries = params
            .interfaces
            .iter()
            .map(|name| Entry {
                name: name.clone(),
                // The one without a name is always there.
                index: if name.is_empty() { ANY } else { 0 },
                changed: true,
                ..Entry::default()
            })
            .collect();
        Links {
            entries,
            virtuals,
            departed: Vec::new(),
            sources,
        }
    }

    /// A reload: `old` has told what it knew; only what is otherwise now is news.
    pub fn follow(&mut self, old: &mut Links, kept: &Kept) {
        for (is, was) in kept.interfaces.pairs() {
            // The kernel lists addresses in an order of its own; adverts go on from where they came.
            if let (Some(e), Some(was)) = (
                self.entries.get_mut(usize::from(is)),
                old.entries.get(usize::from(was)),
            ) {
                let (ipv4, ipv6) = was.sources();
                lead(&mut e.ipv4, ipv4);
                lead(&mut e.ipv6, ipv6);
            }
            let facts = |links: &Links, id: u16| {
                let link = links.get(IfaceId(id));
                let e = links.entries.get(usize::from(id));
                (link, e.map(|e| (e.flags & FOLLOWED, e.mac, e.table)))
            };
            let same = facts(self, is) == facts(old, was);
            let pending = old.entries.get(usize::from(was)).is_some_and(|e| e.changed);
            if let (true, false, Some(e)) = (same, pending, self.entries.get_mut(usize::from(is))) {
                e.changed = false;
            }
        }
        for departed in old.departed.drain(..) {
            if let Some(iface) = kept.interfaces.new_of(departed.0.0) {
                self.departed.push((IfaceId(iface), departed.1));
            }
        }
    }

    /// Per instance, whether its configured source can be used; that is told with this.
    pub fn usable(&mut self, instances: usize) -> Vec<bool> {
        let mut usable = vec![true; instances];
        while let Some((instance, told)) = self.next_source() {
            if let Some(slot) = usable.get_mut(usize::from(instance.0)) {
                *slot = told;
            }
        }
        usable
    }

    /// A link appeared or changed. A known index under another name was renamed.
    pub fn link(&mut self, index: u32, name: &str, flags: u32, mac: Option<[u8; 6]>) {
        for (id, e) in (0..).map(IfaceId).zip(&mut self.entries) {
            if e.index == ANY {
                continue;
            }
            let before = e.index;
            if (&*e.name == name) != (before == index) && before != 0 {
                self.departed.push((id, before));
            }
            if &*e.name == name {
                if e.index != index {
                    e.forget();
                }
                let changed = e.index != index || (e.flags ^ flags) & FOLLOWED != 0 || e.mac != mac;
                (e.index, e.flags, e.mac, e.seen) = (index, flags, mac, true);
                e.changed |= changed;
            } else if e.index == index {
                e.forget();
            }
        }
    }

    /// A link is gone.
    pub fn link_gone(&mut self, index: u32) {
        for source in self.sources.iter_mut().filter(|s| s.index == index) {
            source.index = 0;
        }
        for e in self.entries.iter_mut().filter(|e| e.index == index) {
            e.forget();
        }
    }

    /// An address appeared or went. `usable`: neither tentative nor a duplicate.
    pub fn address(&mut self, index: u32, address: IpAddr, present: bool, usable: bool) {
        for source in &mut self.sources {
            if address != source.address {
            } else if present && usable {
                (source.index, source.seen) = (index, true);
            } else if source.index == index {
                source.index = 0;
            }
        }
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
        self.sources.iter_mut().for_each(|s| s.seen = false);
    }

    /// After a full dump that can be trusted: what it did not list is gone.
    pub fn end_redump(&mut self) {
        for source in self.sources.iter_mut().filter(|s| !s.seen) {
            source.index = 0;
        }
        for e in self.entries.iter_mut().filter(|e| e.index != ANY) {
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

    /// The next device that left a configured name since the last call, with the name. It may be
    /// gone, or live on under another name with all that we gave it.
    pub fn next_departed(&mut self) -> Option<(IfaceId, u32)> {
        self.departed.pop()
    }

    /// The next instance whose configured source became usable, or ceased to be.
    pub fn next_source(&mut self) -> Option<(InstanceId, bool)> {
        let entries = &self.entries;
        self.sources.iter_mut().find_map(|s| {
            let own = entries.get(usize::from(s.iface.0)).map_or(0, |e| e.index);
            // A link-local address is one of its link; others may live anywhere, as on lo.
            let usable = s.index != 0 && (s.index == own || !s.address.is_unicast_link_local());
            let news = usable != s.told;
            s.told = usable;
            news.then_some((s.instance, usable))
        })
    }

    /// Whether the interface is there and the administrator has set it up.
    pub fn is_up(&self, id: IfaceId) -> bool {
        let entry = self.entries.get(usize::from(id.0));
        entry.is_some_and(|e| e.index != 0 && e.flags & IFF_UP != 0)
    }

    /// What is known of an interface.
    pub fn get(&self, id: IfaceId) -> Link {
        let Some(e) = self.entries.get(usize::from(id.0)) else {
            return Link::default();
        };
        if e.index == ANY {
            return Link {
                index: ANY,
                up: true,
                ..Link::default()
            };
        }
        let (ipv4, ipv6) = e.sources();
        Link {
            index: e.index,
            up: e.flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING,
            ipv4,
            ipv6,
            no_multicast: e.index != 0 && e.flags & IFF_MULTICAST == 0,
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

    /// Whether this is a virtual address of ours.
    pub fn is_virtual(&self, address: IpAddr) -> bool {
        self.virtuals.binary_search(&address).is_ok()
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
/// Index of the interface without a name, which unicast instances without `interface` use: no
/// interface of the kernel's has it.
const ANY: u32 = u32::MAX;

/// The flags that matter.
const FOLLOWED: u32 = IFF_UP | IFF_RUNNING | IFF_NOARP | IFF_MULTICAST;

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

/// Puts `first`, if it is there, in front of the others.
fn lead<T: PartialEq>(list: &mut [Seen<T>], first: Option<T>) {
    if let Some(at) = list.iter().position(|x| Some(&x.address) == first.as_ref()) {
        list[..=at].rotate_right(1);
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
        assert_eq!(l.next_departed(), None);
        l.link(7, "eth1", IFF_UP | IFF_RUNNING, None);
        assert_eq!(l.next_departed(), Some((IfaceId(0), 7)));
        assert_eq!(l.get(IfaceId(0)).index, 0);
        assert_eq!(l.get(IfaceId(1)).index, 7);
        assert_eq!(drain(&mut l).len(), 2);
        l.link(9, "eth1", IFF_UP | IFF_RUNNING, None);
        assert_eq!(l.next_departed(), Some((IfaceId(1), 7)));
        l.link_gone(9);
        assert_eq!(l.get(IfaceId(1)).index, 0);
        l.link(9, "eth1", IFF_UP | IFF_RUNNING, None);
        assert_eq!(l.next_departed(), None);
    }

    #[test]
    fn what_cannot_multicast_is_named_and_followed() {
        let mut l = Links::new(&params());
        drain(&mut l);
        assert!(
            !l.get(IfaceId(0)).no_multicast,
            "what is not there lacks nothing"
        );
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
        assert!(drain(&mut l)[0].1.no_multicast);
        l.link(7, "eth0", IFF_UP | IFF_RUNNING | IFF_MULTICAST, None);
        assert!(!drain(&mut l)[0].1.no_multicast);
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

    #[test]
    fn a_reload_keeps_the_source_though_the_kernel_lists_another_address_first() {
        let list = |l: &mut Links, last: [u8; 2]| {
            l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
            for n in last {
                l.address(7, Ipv4Addr::new(192, 0, 2, n).into(), true, true);
            }
            drain(l);
        };
        let p = params();
        let kept = Kept::new(&p, &p, &|_, _| true);
        let (mut old, mut new) = (Links::new(&p), Links::new(&p));
        list(&mut old, [1, 9]);
        list(&mut new, [9, 1]);
        new.follow(&mut old, &kept);
        let source = new.get(IfaceId(0)).ipv4;
        assert_eq!(source, Some(Ipv4Addr::new(192, 0, 2, 1)));
    }

    #[test]
    fn a_configured_source_is_waited_for() {
        let (link_local, global) = ("fe80::1", "2001:db8::1");
        let mut p = params();
        for (at, source) in [link_local, global].iter().enumerate() {
            let mut i = InstanceParams::new("S", IfaceId(at as u16), 9);
            i.source = Some(source.parse().unwrap());
            p.instances.push(i);
        }
        let mut l = Links::new(&p);
        let news = |l: &mut Links| core::iter::from_fn(|| l.next_source()).collect::<Vec<_>>();
        assert_eq!(
            news(&mut l),
            [(InstanceId(1), false), (InstanceId(2), false)]
        );
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
        let (one, two) = (link_local.parse().unwrap(), global.parse().unwrap());
        l.address(7, one, true, false);
        l.address(8, one, true, true);
        assert_eq!(news(&mut l), [], "tentative, and one of another link");
        l.address(7, one, true, true);
        l.address(8, two, true, true);
        assert_eq!(news(&mut l), [(InstanceId(1), true), (InstanceId(2), true)]);
        l.begin_redump();
        l.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
        l.address(7, one, true, true);
        l.end_redump();
        assert_eq!(news(&mut l), [(InstanceId(2), false)]);
        l.link_gone(7);
        assert_eq!(news(&mut l), [(InstanceId(1), false)]);
    }

    #[test]
    fn the_interface_without_a_name_is_always_there() {
        let mut p = params();
        p.interfaces.push("".into());
        let mut l = Links::new(&p);
        drain(&mut l);
        // A name that is no text is reported as none.
        l.link(7, "", IFF_UP, None);
        l.begin_redump();
        l.end_redump();
        assert_eq!(drain(&mut l), []);
        assert!(l.get(IfaceId(2)).up && l.get(IfaceId(2)).index != 0);
    }
}
