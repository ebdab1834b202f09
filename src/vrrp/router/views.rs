//! What the outside may ask; nothing here changes the machine but [`Router::clear_counters`].

use super::Router;
use crate::vrrp::backup::Backup;
use crate::vrrp::receive::OWNER;
use crate::vrrp::track::Known;
use crate::vrrp::{
    Counters, Effect, FileId, GroupId, GroupSnapshot, InstanceId, Params, Reason, ScriptId,
    ScriptSnapshot, Snapshot, State, Template, Timer, Tracked, Unrouted,
};
use crate::wire::vrrp::Auth;

impl Router {
    /// What the machine was built from.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Everything an advert of this instance says but priority and sequence; `None` while it has
    /// never had an address to send from.
    pub fn outline(&self, instance: InstanceId) -> Option<Template<'_>> {
        let (params, instance) = self.pair(instance)?;
        Some(Template {
            params,
            source: instance.core.source?,
            revision: instance.core.revision(),
            old: instance.core.old_peers(),
        })
    }

    /// State and AH sequence for the watchdog's page: allocates nothing.
    pub fn note_vital(&self, instance: InstanceId) -> (State, u32) {
        self.pair(instance)
            .map_or((State::Init, 0), |(_, i)| (i.state(), i.core.sequence))
    }

    /// The instance at this moment.
    pub fn snapshot(&self, id: InstanceId) -> Option<Snapshot> {
        let (params, instance) = self.pair(id)?;
        let backup = instance.backup();
        let state = instance.state();
        let mut reasons = heapless::Vec::new();
        for reason in self.reasons(id) {
            if reasons.push(reason).is_err() {
                break;
            }
        }
        let learns = matches!(params.authentication(), Auth::Ah(_)) && params.priority != OWNER;
        Some(Snapshot {
            state,
            wanted: match state {
                State::Backup if backup.is_some_and(|b| b.willing) => State::Master,
                State::Init if params.wants_master && !learns => State::Master,
                State::Init => State::Backup,
                other => other,
            },
            base_priority: params.priority,
            effective_priority: instance.core.priority(params),
            source: instance.core.source,
            master: backup.and_then(|b| b.master),
            master_interval: backup.map_or(params.advert_int, |b| b.interval(params)),
            last_transition: instance.core.last_transition,
            why: instance.core.why,
            next_advert: instance
                .core
                .armed(Timer::Advert)
                .filter(|_| state == State::Master),
            down: backup.map(Backup::down),
            heard: backup.and_then(|b| b.heard(&instance.core, params)),
            tolerates: backup.and_then(Backup::tolerates),
            holds_addresses: state == State::Master,
            sequence: instance.core.sequence,
            tracked_priority: instance.core.sum,
            counters: instance.core.counters,
            reasons,
        })
    }

    /// Everything that keeps the instance from taking part, its own reasons first; empty unless it
    /// is in Fault or waits to begin.
    pub fn reasons(&self, id: InstanceId) -> impl Iterator<Item = Reason> + '_ {
        let site = self.sites.get(usize::from(id.0)).filter(|_| self.running);
        site.into_iter().flat_map(move |site| {
            let own = site.reasons.iter().copied();
            own.chain(self.faulty_others(site.unit, id))
        })
    }

    /// What the instance tracks and what that does to it.
    pub fn tracked(&self, id: InstanceId) -> impl Iterator<Item = (Tracked, Effect)> + '_ {
        let at = usize::from(id.0);
        let tracks = self.params.instances.get(at);
        let tracks = tracks.and_then(|params| params.tracks.as_deref());
        let known = Known {
            links: &self.links,
            scripts: &self.watch.scripts,
            files: &self.watch.files,
            trusting: self.sites.get(at).is_some_and(|site| site.trusting),
        };
        tracks.into_iter().flat_map(move |tracks| {
            let interfaces = tracks.interfaces.iter().map(move |t| {
                let link = known.link(t.id);
                let up = link.index != 0 && link.up;
                (Tracked::Interface(*t, up), known.of_interface(t))
            });
            let scripts = tracks.scripts.iter();
            let scripts = scripts.map(move |t| (Tracked::Script(*t), known.of_script(t)));
            let files = tracks.files.iter();
            let files = files.map(move |t| (Tracked::File(*t, known.file(t.id)), known.of_file(t)));
            interfaces.chain(scripts).chain(files)
        })
    }

    /// A tracked script at this moment.
    pub fn script_snapshot(&self, id: ScriptId) -> Option<ScriptSnapshot> {
        let script = self.watch.scripts.get(usize::from(id.0))?;
        Some(ScriptSnapshot {
            level: script.level(),
            last: script.last(),
            running: script.running(),
            count: script.count(),
        })
    }

    /// The value of a tracked file.
    pub fn file_value(&self, id: FileId) -> Option<i32> {
        self.watch.files.get(usize::from(id.0)).copied()
    }

    /// The sync group at this moment.
    pub fn group_snapshot(&self, group: GroupId) -> Option<GroupSnapshot> {
        self.params.groups.get(usize::from(group.0))?;
        let unit = self.units.iter().find(|unit| unit.group == Some(group));
        Some(GroupSnapshot {
            state: unit.map_or(State::Init, |unit| unit.state),
            last_transition: unit.and_then(|unit| unit.last_transition),
        })
    }

    /// What an instance has counted.
    pub fn counters(&self, id: InstanceId) -> Counters {
        self.pair(id)
            .map_or_else(Counters::default, |(_, i)| i.core.counters)
    }

    /// What reached no instance.
    pub fn unrouted(&self) -> Unrouted {
        self.unrouted
    }

    /// Sets every counter to 0.
    pub fn clear_counters(&mut self) {
        self.unrouted = Unrouted::default();
        for instance in &mut self.instances {
            instance.core.counters = Default::default();
        }
    }
}
