//! What instances depend on: levels come in, reasons and priorities are worked out anew.

use super::settle::waits;
use super::{Router, Site};
use crate::time::Instant;
use crate::vrrp::fault;
use crate::vrrp::kept::Kept;
use crate::vrrp::port::{self, Port};
use crate::vrrp::script::Script;
use crate::vrrp::track::Known;
use crate::vrrp::{
    Action, Clock, Ended, FileId, IfaceId, InstanceId, InstanceParams, Link, Note, Params, Reason,
    ScriptId, State,
};

/// The levels of everything beside the interfaces.
pub(super) struct Watch {
    pub scripts: Vec<Script>,
    pub files: Vec<i32>,
    /// Per track_group: something of it is not in place.
    pub broken: Vec<bool>,
    /// Interfaces with delays.
    ports: Box<[Port]>,
    /// For working out reasons; kept for its room.
    scratch: Vec<Reason>,
}

impl Watch {
    pub fn new(params: &Params) -> Self {
        Watch {
            scripts: params.scripts.iter().map(|_| Script::new()).collect(),
            files: vec![0; params.files.len()],
            broken: vec![false; params.track_groups.len()],
            ports: port::ports(params),
            scratch: Vec::new(),
        }
    }

    /// A reload: what waits for the end of a delay goes on waiting.
    pub fn take_ports(&mut self, old: &Watch, kept: &Kept, links: &mut [Link]) {
        for port in &mut self.ports {
            let link = links.get(usize::from(port.iface.0)).copied();
            let was = kept.interfaces.old(port.iface.0);
            let was = old.ports.iter().find(|p| Some(p.iface.0) == was);
            port.go_on(was, link.unwrap_or_default());
        }
        for was in &old.ports {
            let iface = kept.iface(was.iface);
            let link = links.get_mut(usize::from(iface.0));
            if let Some(link) = link.filter(|_| !self.ports.iter().any(|p| p.iface == iface)) {
                *link = was.seen();
            }
        }
    }

    /// The track_groups of an instance that have something missing.
    fn statics<'a>(
        &'a self,
        params: &'a Params,
        id: InstanceId,
    ) -> impl Iterator<Item = Reason> + 'a {
        let groups = (0..).zip(params.track_groups.iter().zip(&self.broken));
        groups
            .filter(move |(_, (members, broken))| **broken && members.contains(&id))
            .map(|(group, _)| Reason::StaticMissing(group))
    }
}

/// Events.
impl Router {
    /// Begins to run the scripts.
    pub(super) fn start_scripts(&mut self, now: Instant) {
        let scripts = self.watch.scripts.iter_mut().zip(&self.params.scripts);
        for (id, (script, params)) in (0..).map(ScriptId).zip(scripts) {
            script.start(id, params, now, &mut self.out);
        }
    }

    /// Nothing is waited for any more.
    pub(super) fn stop_watching(&mut self) {
        for (id, script) in (0..).map(ScriptId).zip(&mut self.watch.scripts) {
            script.stop(id, &mut self.out);
        }
        for port in &mut self.watch.ports {
            let seen = port.stop(&mut self.out);
            if let Some(link) = self.links.get_mut(usize::from(port.iface.0)) {
                *link = seen;
            }
        }
    }

    /// The time of a [`Action::Wake`] has come.
    pub(super) fn clock(&mut self, clock: Clock, now: Instant) {
        match clock {
            Clock::Startup => self.delay_over(now),
            Clock::Script(id) => {
                let at = usize::from(id.0);
                let script = self.watch.scripts.get_mut(at);
                if let Some((script, params)) = script.zip(self.params.scripts.get(at)) {
                    script.clock(id, params, now, &mut self.out);
                }
            }
            Clock::Interface(iface) => {
                let port = self.watch.ports.iter_mut().find(|p| p.iface == iface);
                let seen = port.and_then(|port| port.clock(now, &mut self.out));
                if let Some(link) = seen {
                    self.believe(iface, link, now);
                }
            }
        }
    }

    /// A run ended. A stopped daemon draws no conclusions.
    pub(super) fn script_ended(&mut self, id: ScriptId, ended: Ended, now: Instant) {
        let at = usize::from(id.0);
        let script = self.watch.scripts.get_mut(at);
        let Some((script, params)) = script.zip(self.params.scripts.get(at)) else {
            return;
        };
        if script.ended(id, params, ended, &mut self.out) {
            self.reconsider(now, |i, _| {
                let mut tracks = i.tracks.iter().flat_map(|tracks| &tracks.scripts);
                tracks.any(|track| track.id == id)
            });
        }
    }

    /// A file was read.
    pub(super) fn file_read(&mut self, id: FileId, value: i32, now: Instant) {
        let Some(known) = self.watch.files.get_mut(usize::from(id.0)) else {
            return;
        };
        if core::mem::replace(known, value) != value {
            self.reconsider(now, |i, _| {
                let mut tracks = i.tracks.iter().flat_map(|tracks| &tracks.files);
                tracks.any(|track| track.id == id)
            });
        }
    }

    /// A source address became usable, or is no longer.
    pub(super) fn source_checked(&mut self, id: InstanceId, usable: bool, now: Instant) {
        let Some(site) = self.sites.get_mut(usize::from(id.0)) else {
            return;
        };
        if core::mem::replace(&mut site.usable, usable) != usable {
            let own = usize::from(id.0);
            self.reconsider_some(now, |at, _, _| at == own);
        }
    }

    /// The static objects of a track_group are all in place, or not.
    pub(super) fn statics_checked(&mut self, group: u16, whole: bool, now: Instant) {
        let Some(broken) = self.watch.broken.get_mut(usize::from(group)) else {
            return;
        };
        if core::mem::replace(broken, !whole) == whole {
            let params = std::rc::Rc::clone(&self.params);
            let members = params.track_groups.get(usize::from(group));
            let member = |at: usize| {
                let mut members = members.into_iter().flatten();
                members.any(|id| usize::from(id.0) == at)
            };
            self.reconsider_some(now, |at, _, _| member(at));
        }
    }

    /// An interface is reported to be so.
    pub(super) fn interface(&mut self, iface: IfaceId, seen: Link, now: Instant) {
        if self.anywhere(iface) {
            return;
        }
        let Some(&before) = self.links.get(usize::from(iface.0)) else {
            return;
        };
        let port = self.watch.ports.iter_mut().find(|p| p.iface == iface);
        let link = match port {
            Some(port) => port.report(before, seen, (now, self.running), &mut self.out),
            None => seen,
        };
        self.believe(iface, link, now);
    }

    /// An interface counts as being so from now on.
    fn believe(&mut self, iface: IfaceId, link: Link, now: Instant) {
        let Some(known) = self.links.get_mut(usize::from(iface.0)) else {
            return;
        };
        let before = core::mem::replace(known, link);
        if !self.running || before == link {
            return;
        }
        let concerns = |i: &InstanceParams, site: &Site| {
            let mut tracks = i.tracks.iter().flat_map(|tracks| &tracks.interfaces);
            i.iface == iface || site.watched.contains(&iface) || tracks.any(|t| t.id == iface)
        };
        if before.index != 0 && link.index != 0 && before.index != link.index {
            // Another device by the same name: what was on the old one is gone.
            self.links[usize::from(iface.0)] = Link::default();
            self.reconsider(now, concerns);
            self.links[usize::from(iface.0)] = link;
        }
        self.reconsider(now, concerns);
    }
}

/// Conclusions.
impl Router {
    /// After a change: who has become faulty or sound, who has another priority or source.
    fn reconsider(&mut self, now: Instant, concerns: impl Fn(&InstanceParams, &Site) -> bool) {
        self.reconsider_some(now, |_, params, site| concerns(params, site));
    }

    fn reconsider_some(
        &mut self,
        now: Instant,
        concerns: impl Fn(usize, &InstanceParams, &Site) -> bool,
    ) {
        if !self.running {
            return;
        }
        for at in 0..self.instances.len() {
            let site = &self.sites[at];
            if !concerns(at, &self.params.instances[at], site) {
                continue;
            }
            let (before, unit) = (site.faulty(), site.unit);
            self.look(at, now);
            let flipped = self.sites[at].faulty() != before;
            if let (Ok(id), Some(unit)) = (u16::try_from(at), self.units.get_mut(unit))
                && (flipped || unit.waits())
            {
                unit.changed = Some(InstanceId(id));
            }
        }
        self.settle_changed(now);
    }

    /// Works out the reasons, the priority and the source of an instance.
    pub(super) fn look(&mut self, at: usize, now: Instant) {
        let Ok(id) = u16::try_from(at).map(InstanceId) else {
            return;
        };
        if self.sites[at].gone {
            return;
        }
        let params = &self.params.instances[at];
        let source = fault::source(params, &self.links);
        self.instances[at].core.set_source(source);
        let site = &mut self.sites[at];
        let known = Known {
            links: &self.links,
            scripts: &self.watch.scripts,
            files: &self.watch.files,
            trusting: site.trusting,
        };
        let tracks = params.tracks.as_deref();
        let sum = tracks.map_or(0, |tracks| known.sum(tracks));
        let mut found = core::mem::take(&mut self.watch.scratch);
        found.clear();
        let unusable = (!site.usable).then_some(Reason::SourceUnusable);
        for reason in fault::reasons(params, &site.watched, &self.links)
            .chain(unusable)
            .chain(self.watch.statics(&self.params, id))
            .chain(tracks.into_iter().flat_map(|tracks| known.reasons(tracks)))
        {
            if !found.contains(&reason) {
                found.push(reason);
            }
        }
        core::mem::swap(&mut site.reasons, &mut found);
        self.watch.scratch = found;
        self.with(id, now, |i, cx| i.weigh(sum, cx));
        self.say_difference(id, at);
    }

    /// In Fault each reason that joins or leaves is worth a line, unless that ends the fault. The
    /// reasons before are still in the scratch.
    fn say_difference(&mut self, id: InstanceId, at: usize) {
        let site = &self.sites[at];
        if self.instances[at].state() != State::Fault {
            return;
        }
        let (old, new) = (&self.watch.scratch, &site.reasons);
        for &reason in new.iter().filter(|new| !old.iter().any(|o| same(o, new))) {
            self.out.push(Action::Note(Note::Fault(id, reason, true)));
        }
        for &reason in old.iter().filter(|old| !new.iter().any(|n| same(n, old))) {
            // What came of waiting has been said already.
            if !waits(&reason) {
                self.out.push(Action::Note(Note::Fault(id, reason, false)));
            }
        }
    }
}

/// Whether two reasons differ in a value at most.
fn same(a: &Reason, b: &Reason) -> bool {
    match (a, b) {
        (Reason::FileValue(a, _), Reason::FileValue(b, _)) => a == b,
        _ => a == b,
    }
}
