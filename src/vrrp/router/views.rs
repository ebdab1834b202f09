//! What the outside may ask; nothing here changes the machine but [`Router::clear_counters`].

use super::Router;
use crate::vrrp::fault;
use crate::vrrp::receive::OWNER;
use crate::vrrp::{
    GroupId, GroupSnapshot, InstanceId, Params, Snapshot, State, Template, Unrouted,
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
        let site = self.sites.get(usize::from(id.0))?;
        let backup = instance.backup();
        let state = instance.state();
        let mut reasons = heapless::Vec::new();
        if state == State::Fault {
            let own = fault::reasons(params, &site.watched, &self.links);
            let others = self.faulty_others(site.unit, id);
            for reason in own.chain(others) {
                if reasons.push(reason).is_err() {
                    break;
                }
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
            holds_addresses: state == State::Master,
            sequence: instance.core.sequence,
            counters: instance.core.counters,
            reasons,
        })
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
