//! Two configurations side by side: who of the new one was who in the old one.

use super::{
    Address, FileId, GroupId, IfaceId, InstanceId, InstanceParams, Params, Route, Rule, ScriptId,
};
use std::collections::BTreeMap;

/// Numbers of the same things in the old and in the new configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// By new number.
    back: Vec<Option<u16>>,
    /// By old number.
    forth: Vec<Option<u16>>,
}

impl Map {
    /// `back` says for each new one which of the `old` ones it was.
    pub fn new(back: Vec<Option<u16>>, old: usize) -> Self {
        let mut forth = vec![None; old];
        for (new, was) in (0..).zip(&back) {
            let slot = was.and_then(|was| forth.get_mut(usize::from(was)));
            if let Some(slot) = slot {
                *slot = Some(new);
            }
        }
        Map { back, forth }
    }

    /// What `new` was before.
    pub fn old(&self, new: u16) -> Option<u16> {
        self.back.get(usize::from(new)).copied().flatten()
    }

    /// What has become of `old`.
    pub fn new_of(&self, old: u16) -> Option<u16> {
        self.forth.get(usize::from(old)).copied().flatten()
    }

    /// New and old numbers of what was there before.
    pub fn pairs(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        let pairs = (0..).zip(&self.back);
        pairs.filter_map(|(new, old)| old.map(|old| (new, old)))
    }

    /// Old numbers of what is there no longer.
    pub fn gone(&self) -> impl Iterator<Item = u16> + '_ {
        let all = (0..).zip(&self.forth);
        all.filter_map(|(old, new)| new.is_none().then_some(old))
    }
}

/// Who was who.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Virtual routers: by interface, family and VRID, and unicast ones by their source too. A name
    /// only decides among several of them.
    pub instances: Map,
    /// Sync groups: by name, or by their members.
    pub groups: Map,
    /// Interfaces, by name.
    pub interfaces: Map,
    /// Tracked scripts with the same command.
    pub scripts: Map,
    /// Tracked files, by path.
    pub files: Map,
}

impl Kept {
    /// Compares. `command`: whether an old and a new script run the same.
    pub fn new(old: &Params, new: &Params, command: &dyn Fn(ScriptId, ScriptId) -> bool) -> Self {
        let mut kept = Kept {
            interfaces: by_key(&old.interfaces, &new.interfaces, |name| &**name),
            files: by_key(&old.files, &new.files, |file| &*file.path),
            ..Kept::default()
        };
        kept.instances = instances(old, new);
        kept.groups = groups(old, new, &kept.instances);
        kept.scripts = scripts(old, new, command);
        kept
    }

    /// What has become of an interface; one that nobody names any longer has a number of nobody's.
    pub fn iface(&self, old: IfaceId) -> IfaceId {
        IfaceId(self.interfaces.new_of(old.0).unwrap_or(u16::MAX))
    }

    /// What has become of an instance.
    pub fn instance(&self, old: InstanceId) -> Option<InstanceId> {
        self.instances.new_of(old.0).map(InstanceId)
    }

    /// What has become of a sync group.
    pub fn group(&self, old: GroupId) -> Option<GroupId> {
        self.groups.new_of(old.0).map(GroupId)
    }

    /// What has become of a script.
    pub fn script(&self, old: ScriptId) -> Option<ScriptId> {
        self.scripts.new_of(old.0).map(ScriptId)
    }

    /// What has become of a file.
    pub fn file(&self, old: FileId) -> Option<FileId> {
        self.files.new_of(old.0).map(FileId)
    }

    /// An address of the old configuration in the numbers of the new one.
    pub fn address(&self, old: &Address) -> Address {
        Address {
            iface: self.iface(old.iface),
            ..old.clone()
        }
    }

    /// Whether an old and a new address are the same thing to the kernel, in every detail.
    pub fn same_address(&self, old: &Address, new: &Address) -> bool {
        // Of thousands nearly all differ here: nothing is copied for those.
        if (old.address, old.prefix) != (new.address, new.prefix) {
            return false;
        }
        let old = self.address(old);
        let track = new.track;
        old.iface == new.iface && Address { track, ..old } == *new
    }

    /// The same of a route.
    pub fn same_route(&self, old: &Route, new: &Route) -> bool {
        (old.destination, old.metric, old.tos) == (new.destination, new.metric, new.tos)
            && old.clone().map(|iface| self.iface(iface)) == *new
    }

    /// The same of a rule.
    pub fn same_rule(&self, old: &Rule, new: &Rule) -> bool {
        let key = |rule: &Rule| (rule.priority, rule.source, rule.destination, rule.mark);
        key(old) == key(new) && old.clone().map(|iface| self.iface(iface)) == *new
    }

    /// Whether the new instance holds something that the old one did not.
    pub(super) fn adds(&self, old: &InstanceParams, new: &InstanceParams) -> bool {
        let before: Vec<&Address> = old.addresses.iter().chain(&old.excluded).collect();
        let mut held = new.addresses.iter().chain(&new.excluded);
        let (mut addresses, mut routes, mut rules) = (Seek::new(), Seek::new(), Seek::new());
        held.any(|a| !addresses.has(&before, |b| self.same_address(b, a)))
            || new.routes.iter().any(|line| {
                !routes.has(&old.routes, |was| self.same_route(&was.route, &line.route))
            })
            || new
                .rules
                .iter()
                .any(|line| !rules.has(&old.rules, |was| self.same_rule(&was.rule, &line.rule)))
    }
}

/// Finds the elements of one list in another. Two configurations list things in nearly the same
/// order, so each is looked for behind the one found before: thousands of them are not compared
/// with each other while adverts wait.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seek(usize);

impl Seek {
    /// From the beginning.
    pub fn new() -> Self {
        Seek::default()
    }

    /// Where in `list` the wanted one is.
    pub fn find<T>(&mut self, list: &[T], wanted: impl Fn(&T) -> bool) -> Option<usize> {
        let (before, behind) = list.split_at(self.0.min(list.len()));
        let found = behind.iter().position(&wanted);
        let found = found.map(|at| before.len().saturating_add(at));
        let found = found.or_else(|| before.iter().position(&wanted))?;
        self.0 = found.saturating_add(1);
        Some(found)
    }

    /// Whether it is there.
    pub fn has<T>(&mut self, list: &[T], wanted: impl Fn(&T) -> bool) -> bool {
        self.find(list, wanted).is_some()
    }
}

/// Things known by a word.
fn by_key<'p, T>(old: &'p [T], new: &'p [T], key: impl Fn(&'p T) -> &'p str) -> Map {
    let known: BTreeMap<&str, u16> = old.iter().map(&key).zip(0..).collect();
    let back = new.iter().map(|it| known.get(key(it)).copied());
    Map::new(back.collect(), old.len())
}

fn instances(old: &Params, new: &Params) -> Map {
    fn key<'p>(params: &'p Params, i: &InstanceParams) -> (&'p str, u8, bool, Source) {
        let iface = params.interfaces.get(usize::from(i.iface.0));
        let source = i.unicast.is_some().then_some(i.source);
        let v4 = i.family == super::Family::V4;
        (iface.map_or("", |name| &**name), i.vrid, v4, source)
    }
    type Source = Option<Option<core::net::IpAddr>>;
    let mut known: BTreeMap<_, Vec<u16>> = BTreeMap::new();
    for (at, i) in (0..).zip(&old.instances) {
        known.entry(key(old, i)).or_default().push(at);
    }
    let back = new.instances.iter().map(|i| {
        let several = known.get_mut(&key(new, i))?;
        let like = |at: &u16| {
            let was = old.instances.get(usize::from(*at))?;
            Some((was.name == i.name, was.group_address == i.group_address))
        };
        let best = several
            .iter()
            .enumerate()
            .rev()
            .max_by_key(|(_, at)| like(at));
        let best = best.map(|(n, _)| n)?;
        Some(several.remove(best))
    });
    let back = back.collect();
    Map::new(back, old.instances.len())
}

fn groups(old: &Params, new: &Params, instances: &Map) -> Map {
    let mut map = by_key(&old.groups, &new.groups, |group| &*group.name);
    let members = |at: usize| -> Vec<Option<u16>> {
        let group = old.groups.get(at);
        let members = group.into_iter().flat_map(|g| &g.members);
        members.map(|id| instances.new_of(id.0)).collect()
    };
    let free: Vec<u16> = map.gone().collect();
    for (group, was) in new.groups.iter().zip(&mut map.back) {
        if was.is_none() {
            let now: Vec<Option<u16>> = group.members.iter().map(|id| Some(id.0)).collect();
            *was = free
                .iter()
                .copied()
                .find(|at| members(usize::from(*at)) == now);
        }
    }
    Map::new(map.back, old.groups.len())
}

fn scripts(old: &Params, new: &Params, command: &dyn Fn(ScriptId, ScriptId) -> bool) -> Map {
    let mut map = by_key(&old.scripts, &new.scripts, |script| &*script.name);
    for (now, was) in (0..).zip(&mut map.back) {
        *was = was.filter(|was| command(ScriptId(*was), ScriptId(now)));
    }
    let mut map = Map::new(map.back, old.scripts.len());
    // Another name for the same command, unless the old name has another command now.
    let named = |at: &u16| {
        let was = old.scripts.get(usize::from(*at));
        was.is_some_and(|was| new.scripts.iter().any(|script| script.name == was.name))
    };
    let mut free: Vec<u16> = map.gone().filter(|at| !named(at)).collect();
    for (now, was) in (0..).zip(&mut map.back) {
        if was.is_none() {
            let same = |at: &u16| command(ScriptId(*at), ScriptId(now));
            *was = free.iter().position(same).map(|at| free.swap_remove(at));
        }
    }
    Map::new(map.back, old.scripts.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::{GroupParams, Place, Unicast};

    fn params(interfaces: &[&str], instances: &[(&str, u16, u8)]) -> Params {
        Params {
            interfaces: interfaces.iter().map(|name| (*name).into()).collect(),
            instances: instances
                .iter()
                .map(|&(name, iface, vrid)| InstanceParams::new(name, IfaceId(iface), vrid))
                .collect(),
            ..Params::default()
        }
    }

    fn kept(old: &Params, new: &Params) -> Kept {
        Kept::new(old, new, &|_, _| true)
    }

    #[test]
    fn a_name_moves_nothing_and_an_interface_is_its_name() {
        let old = params(&["eth0", "eth1"], &[("A", 0, 1), ("B", 1, 1), ("C", 1, 2)]);
        let new = params(&["eth1", "eth2"], &[("A", 0, 2), ("X", 0, 1), ("B", 1, 1)]);
        let kept = kept(&old, &new);
        assert_eq!(kept.instances.back, [Some(2), Some(1), None]);
        assert_eq!(kept.instances.gone().collect::<Vec<_>>(), [0]);
        assert_eq!(kept.interfaces.back, [Some(1), None]);
        assert_eq!(kept.iface(IfaceId(0)), IfaceId(u16::MAX));
    }

    #[test]
    fn several_with_one_number_are_told_apart() {
        let mut old = params(&["eth0"], &[("A", 0, 1), ("B", 0, 1)]);
        old.instances[1].group_address = "224.0.0.99".parse().unwrap();
        let mut new = params(&["eth0"], &[("B", 0, 1), ("C", 0, 1)]);
        assert_eq!(kept(&old, &new).instances.back, [Some(1), Some(0)]);
        new.instances[0].unicast = Some(Box::new(Unicast::default()));
        new.instances[0].source = Some("192.0.2.1".parse().unwrap());
        assert_eq!(kept(&old, &new).instances.back, [None, Some(0)]);
        let moved = |source: &str| {
            let mut other = new.clone();
            other.instances[0].source = Some(source.parse().unwrap());
            kept(&new, &other).instances.back
        };
        assert_eq!(moved("192.0.2.1"), [Some(0), Some(1)]);
        assert_eq!(moved("192.0.2.2"), [None, Some(1)]);
    }

    #[test]
    fn groups_by_name_or_by_members() {
        let group = |name: &str, members: &[u16]| GroupParams {
            name: name.into(),
            place: Place::default(),
            members: members.iter().copied().map(InstanceId).collect(),
        };
        let mut old = params(&["eth0"], &[("A", 0, 1), ("B", 0, 2), ("C", 0, 3)]);
        let mut new = old.clone();
        old.groups = vec![group("G", &[0, 1]), group("H", &[2])];
        new.groups = vec![group("H", &[0]), group("K", &[0, 1])];
        assert_eq!(kept(&old, &new).groups.back, [Some(1), Some(0)]);
    }

    #[test]
    fn lists_in_nearly_the_same_order_are_hardly_compared() {
        let old: Vec<u32> = (0..4000).collect();
        // One in front, one taken out, one moved to the end.
        let mut new = vec![9999];
        new.extend((0..4000).filter(|n| *n != 7 && *n != 1000));
        new.push(1000);
        let (mut seek, compared) = (Seek::new(), core::cell::Cell::new(0));
        let found: Vec<Option<usize>> = new
            .iter()
            .map(|n| {
                seek.find(&old, |o| {
                    compared.set(compared.get() + 1);
                    o == n
                })
            })
            .collect();
        let expected = new.iter().map(|n| (*n != 9999).then_some(*n as usize));
        assert_eq!(found, expected.collect::<Vec<_>>());
        assert!(compared.get() < 4 * old.len(), "{compared:?}");
        assert!(!Seek::new().has::<u32>(&[], |_| true));
    }
}
