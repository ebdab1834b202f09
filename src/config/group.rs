//! Sync groups, and what instances must not share.

use super::diag::{Severity, quote};
use super::instance::Draft;
use super::lexer::{BROKEN, RAW, Word};
use super::source::Span as At;
use super::table::Shape;
use super::track::Tracked;
use super::walk::{Seen, Walk};
use crate::notify::Scripts;
use crate::vrrp::{GroupParams, IfaceId, InstanceId, Params};
use core::net::IpAddr;
use std::collections::BTreeMap;

/// A sync group as written.
pub(super) struct GroupDraft {
    pub name: Box<str>,
    pub at: At,
    pub name_at: At,
    pub members: Vec<Word>,
    pub scripts: Scripts,
    /// `smtp_alert`
    pub alert: Option<bool>,
    /// What all members track.
    pub tracks: Vec<Tracked>,
    /// `sync_group_tracking_weight`
    pub weights: bool,
}

impl<'a> Walk<'a> {
    /// A `vrrp_sync_group` block.
    pub(super) fn sync_group(&mut self, block: u32) -> Option<GroupDraft> {
        let name = self.first(block)?;
        let mut group = GroupDraft {
            name: self.text(name),
            at: self.head(block),
            name_at: self.span(name),
            members: Vec::new(),
            scripts: Scripts::default(),
            alert: None,
            tracks: Vec::new(),
            weights: false,
        };
        let mut seen = Seen::new();
        for node in self.children(Some(block)) {
            let Some(row) = self.row(node) else {
                continue;
            };
            if !self.line(node, &mut seen, false) {
                continue;
            }
            group.weights |= matches!(row.name, "sync_group_tracking_weight" | "global_tracking");
            match row.shape {
                Shape::Words(_) => {
                    for line in self.children(Some(node)) {
                        let words = self.all(line).iter();
                        group.members.extend(words.filter(|w| !w.is(BROKEN | RAW)));
                    }
                }
                Shape::Lines(item, _) => self.tracked(node, item, &mut group.tracks),
                Shape::Script => {
                    self.instance_script(node, row.name, &mut group.scripts);
                }
                _ if row.name == "smtp_alert" => group.alert = Some(self.alert(node)),
                _ => {
                    self.inside(node, true);
                }
            }
        }
        Some(group)
    }

    /// The same address in two instances, or twice in one.
    pub(super) fn clashes(&mut self, drafts: &[Draft]) {
        let mut holders: BTreeMap<(IpAddr, Option<IfaceId>), usize> = BTreeMap::new();
        for (i, draft) in drafts.iter().enumerate() {
            let Some(p) = &draft.params else {
                continue;
            };
            let mut lines = draft.addresses.iter().chain(&draft.excluded);
            for held in p.addresses.iter().chain(&p.excluded) {
                // In the same order, but for lines that were left out.
                let Some(line) = lines.find(|l| l.address == held.address) else {
                    break;
                };
                // Link-local addresses mean something else on each interface.
                let local = matches!(held.address, IpAddr::V6(a) if a.is_unicast_link_local());
                let key = (held.address, local.then_some(held.iface));
                let Some(first) = holders.insert(key, i) else {
                    continue;
                };
                let at = self.span(line.at);
                let text = match first == i {
                    true => format!("{} stands twice in this instance", held.address),
                    false => format!(
                        "{} is also held by vrrp_instance {} ({})",
                        held.address,
                        drafts[first].name,
                        self.other(drafts[first].at, at)
                    ),
                };
                self.diags.warning(at, text);
            }
        }
    }

    /// Sync groups get their members.
    pub(super) fn groups(
        &mut self,
        groups: Vec<GroupDraft>,
        names: &BTreeMap<Box<str>, (At, Option<InstanceId>)>,
        tracks: &mut [Vec<Tracked>],
        params: &mut Params,
    ) -> Vec<(Box<str>, Scripts)> {
        let mut scripts = Vec::new();
        let mut taken: BTreeMap<InstanceId, (usize, At)> = BTreeMap::new();
        for mut g in groups {
            let mut members = Vec::new();
            let own = params.groups.len();
            for word in &g.members {
                let name = self.text(*word);
                let Some(id) = self.member(*word, &name, &g, names) else {
                    continue;
                };
                let before = taken.get(&id).copied();
                if before.is_some_and(|(group, _)| group == own) {
                    let text = format!("{} is in this group already", quote(name.as_bytes()));
                    self.warn(*word, text);
                } else if let Some((group, there)) = before {
                    let text = format!(
                        "{} is already a member of vrrp_sync_group {} ({})",
                        quote(name.as_bytes()),
                        params.groups.get(group).map_or("", |g| &g.name),
                        self.other(there, g.at)
                    );
                    self.wrong(*word, text, None);
                } else {
                    members.push(id);
                    taken.insert(id, (own, g.at));
                    if let Some(own) = tracks.get_mut(usize::from(id.0))
                        && !g.weights
                    {
                        self.grouped(own, &g.name);
                    }
                }
            }
            self.together(&mut g, &members, tracks, params);
            match members.len() {
                0 => {
                    let text = format!("vrrp_sync_group {} has no members; it is ignored", g.name);
                    self.diags.error(g.at, text);
                    continue;
                }
                1 => {
                    let text = format!("vrrp_sync_group {} has only one member", g.name);
                    self.diags.error(g.at, text).severity(Severity::Warning);
                }
                _ => {}
            }
            let place = self.place(g.at);
            params.groups.push(GroupParams {
                name: g.name.clone(),
                place,
                members,
            });
            scripts.push((g.name, g.scripts));
        }
        scripts
    }

    /// Members follow what the group follows.
    fn together(
        &mut self,
        g: &mut GroupDraft,
        members: &[InstanceId],
        tracks: &mut [Vec<Tracked>],
        params: &Params,
    ) {
        let instances = || {
            let all = members.iter().map(|m| usize::from(m.0));
            all.filter_map(|i| Some((i, params.instances.get(i)?)))
        };
        let owner = instances().find(|(_, p)| p.priority == 255);
        self.group_weights(&mut g.tracks, owner.map(|(_, p)| &*p.name));
        for (i, p) in instances() {
            let interface = params.interfaces.get(usize::from(p.iface.0));
            if let Some(own) = tracks.get_mut(i) {
                self.shared(own, &g.tracks, interface.map_or(b"", |n| n.as_bytes()));
            }
        }
    }

    fn member(
        &mut self,
        word: Word,
        name: &str,
        group: &GroupDraft,
        names: &BTreeMap<Box<str>, (At, Option<InstanceId>)>,
    ) -> Option<InstanceId> {
        match names.get(name) {
            Some((_, Some(id))) => Some(*id),
            Some((_, None)) => {
                let at = self.span(word);
                let text = format!(
                    "{} does not run, so vrrp_sync_group {} goes without it",
                    quote(name.as_bytes()),
                    group.name
                );
                self.diags.warning(at, text);
                None
            }
            None => {
                let near = self
                    .diags
                    .nearest(name.as_bytes(), names.keys().map(|k| &**k));
                let near = near.map(|n| format!("did you mean '{n}'?"));
                let text = format!(
                    "vrrp_sync_group {} names an unknown vrrp_instance {}",
                    group.name,
                    quote(name.as_bytes())
                );
                self.wrong(word, text, near.as_deref());
                None
            }
        }
    }
}
