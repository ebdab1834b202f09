//! The owner: finds whom an event concerns, lets sync groups agree, queues the actions.

use super::fault;
use super::group::{self, Member};
use super::instance::{Cx, Input, Instance, Wish};
use super::outbox::Outbox;
use super::receive::{Advert, OWNER};
use super::timing::Phase;
use super::{
    Action, Event, Family, GroupId, GroupSnapshot, IfaceId, InstanceId, InstanceParams, Link, Note,
    Params, Reason, Reject, Snapshot, State, Template, Timer, Transition, Unrouted, Who,
};
use crate::time::{Instant, Span};
use crate::wire::vrrp::{Auth, Packet};
use core::net::IpAddr;

/// All virtual routers and sync groups: one pure machine.
pub struct Router {
    params: Params,
    links: Vec<Link>,
    instances: Vec<Instance>,
    /// What the router knows of each instance.
    sites: Vec<Site>,
    /// Sync groups, and every other instance alone.
    units: Vec<Unit>,
    /// Sorted: where an advert belongs.
    routes: Vec<(u32, InstanceId)>,
    /// One per advertisement interval in use.
    phases: Vec<Phase>,
    out: Outbox,
    unrouted: Unrouted,
    running: bool,
}

struct Site {
    unit: usize,
    phase: usize,
    /// Interfaces of its addresses, other than its own.
    watched: Box<[IfaceId]>,
    faulty: bool,
    /// An earlier worker was Master: when it last sent.
    resume: Option<Instant>,
}

/// Instances that share one state.
struct Unit {
    group: Option<GroupId>,
    members: Box<[InstanceId]>,
    state: State,
    last_transition: Option<Instant>,
    /// A member found or lost a fault in this event.
    changed: Option<(InstanceId, Reason)>,
}

/// Why a unit is looked at.
#[derive(Clone, Copy)]
enum Cause {
    Start,
    /// A member's event; with the advert it yields to.
    Member(InstanceId, Reason, Option<Advert>),
}

/// Shortest interval the protocol can say; a shorter one is taken as this.
const SHORTEST: Span = Span::from_centis(1);
/// Sequence numbers skipped on resuming: adverts that may have left without being noted down.
const SEQUENCE_GAP: u32 = 4;
/// Actions one instance may need in one event.
const ACTIONS: usize = 8;

impl Router {
    /// Builds the machine; everything it will need in steady state is allocated here.
    ///
    /// Ids in `params` that lead nowhere are ignored: a missing interface is a fault, a missing
    /// group member is none. An instance in two groups belongs to the first.
    pub fn new(mut params: Params) -> Self {
        for instance in &mut params.instances {
            instance.advert_int = instance.advert_int.max(SHORTEST);
            instance.priority = instance.priority.max(1);
            instance.down_timer_adverts = instance.down_timer_adverts.max(1);
        }
        let mut phases: Vec<Phase> = Vec::new();
        let mut sites: Vec<Site> = Vec::with_capacity(params.instances.len());
        for instance in &params.instances {
            let interval = instance.advert_int;
            let known = phases.iter().position(|p| p.interval() == interval);
            let phase = known.unwrap_or(phases.len());
            if known.is_none() {
                phases.push(Phase::new(interval));
            }
            sites.push(Site {
                unit: usize::MAX,
                phase,
                watched: fault::watched(instance),
                faulty: false,
                resume: None,
            });
        }
        let units = units(&params, &mut sites);
        let mut routes: Vec<_> = (0..)
            .map(InstanceId)
            .zip(&params.instances)
            .map(|(id, p)| (route(p.iface, p.family, p.vrid), id))
            .collect();
        routes.sort_unstable();
        routes.dedup_by_key(|(key, _)| *key);
        let capacity = params.instances.len() * ACTIONS + params.groups.len() * 2 + 32;
        Router {
            links: vec![Link::default(); params.interfaces.len()],
            instances: params.instances.iter().map(Instance::new).collect(),
            sites,
            units,
            routes,
            phases,
            out: Outbox::with_capacity(capacity),
            unrouted: Unrouted::default(),
            running: false,
            params,
        }
    }

    /// Takes one event. Drain [`Router::next_action`] before the next one.
    pub fn handle(&mut self, event: Event<'_>, now: Instant) {
        match event {
            Event::Start => self.start(now),
            Event::Stop => self.stop(now),
            Event::Resume {
                instance,
                last_advert,
                sequence,
            } => self.resume(instance, last_advert, sequence),
            Event::Interface { iface, link } => self.interface(iface, link, now),
            Event::Packet { iface, packet } => self.packet(iface, &packet, now),
            Event::Malformed { iface, why } => {
                self.unrouted.malformed += 1;
                self.reject(iface, None, Reject::Malformed(why));
            }
            Event::Timer(id, timer) => self.timer(id, timer, now),
        }
        self.out.seal();
    }

    /// The next thing to be done.
    pub fn next_action(&mut self) -> Option<Action> {
        self.out.next()
    }

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

/// Events.
impl Router {
    fn start(&mut self, now: Instant) {
        if self.running {
            return;
        }
        self.running = true;
        for at in 0..self.instances.len() {
            self.look(at);
        }
        for unit in 0..self.units.len() {
            self.settle(unit, Cause::Start, now);
        }
        for site in &mut self.sites {
            site.resume = None;
        }
    }

    fn stop(&mut self, now: Instant) {
        if !self.running {
            return;
        }
        self.running = false;
        for at in 0..self.units.len() {
            self.enter(at, State::Init, Cause::Start, now);
        }
    }

    fn resume(&mut self, id: InstanceId, last_advert: Instant, sequence: u32) {
        let at = usize::from(id.0);
        if let (false, Some(instance), Some(site)) = (
            self.running,
            self.instances.get_mut(at),
            self.sites.get_mut(at),
        ) {
            let sequence = sequence.saturating_add(SEQUENCE_GAP);
            instance.core.sequence = instance.core.sequence.max(sequence);
            site.resume = Some(last_advert);
        }
    }

    fn interface(&mut self, iface: IfaceId, link: Link, now: Instant) {
        let Some(known) = self.links.get_mut(usize::from(iface.0)) else {
            return;
        };
        let before = core::mem::replace(known, link);
        if !self.running || before == link {
            return;
        }
        if before.index != 0 && link.index != 0 && before.index != link.index {
            // Another device by the same name: what was on the old one is gone.
            self.links[usize::from(iface.0)] = Link::default();
            self.reconsider(iface, now);
            self.links[usize::from(iface.0)] = link;
        }
        self.reconsider(iface, now);
    }

    fn packet(&mut self, iface: IfaceId, packet: &Packet<'_>, now: Instant) {
        let family = match packet.source {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        };
        let Some(&vrid) = packet.message.get(1) else {
            self.unrouted.malformed += 1;
            return self.reject(iface, Some(packet.source), Reject::Length);
        };
        let key = route(iface, family, vrid);
        let Ok(at) = self.routes.binary_search_by_key(&key, |(key, _)| *key) else {
            self.unrouted.unknown_vrid += 1;
            return self.reject(iface, Some(packet.source), Reject::UnknownVrid(vrid));
        };
        let id = self.routes[at].1;
        if let Some(wish) = self.with(id, now, |i, cx| i.receive(iface, packet, cx)) {
            self.consider(id, wish, now);
        }
    }

    fn timer(&mut self, id: InstanceId, timer: Timer, now: Instant) {
        if let Some(wish) = self.with(id, now, |i, cx| i.handle(Input::Timer(timer), cx)) {
            self.consider(id, wish, now);
        }
    }
}

/// Decisions.
impl Router {
    /// Grants a wish, or lets the sync group refuse it.
    fn consider(&mut self, id: InstanceId, wish: Wish, now: Instant) {
        let Some(unit) = self.sites.get(usize::from(id.0)).map(|site| site.unit) else {
            return;
        };
        match wish {
            Wish::Stay => {}
            Wish::Burst => self.others(unit, id, now, |i, cx| i.burst_with_group(cx)),
            Wish::Yield(reason, advert) => {
                self.settle(unit, Cause::Member(id, reason, Some(advert)), now);
            }
            Wish::Rise(reason) => {
                self.settle(unit, Cause::Member(id, reason, None), now);
                self.with(id, now, |i, cx| i.wait_for_group(cx));
            }
        }
    }

    /// Brings a unit to the state that all its members together call for.
    fn settle(&mut self, unit: usize, cause: Cause, now: Instant) {
        let Some(members) = self.units.get(unit).map(|unit| &unit.members) else {
            return;
        };
        let target = group::target(members.iter().map(|&id| Member {
            faulty: self.faulty(id),
            willing: self.willing(id, cause, now),
        }));
        self.enter(unit, target, cause, now);
    }

    /// Takes every member of a unit that is not there yet to `target`, and tells of it.
    fn enter(&mut self, at: usize, target: State, cause: Cause, now: Instant) {
        for member in 0..self.units[at].members.len() {
            let id = self.units[at].members[member];
            if self.note_vital(id).0 == target {
                continue;
            }
            let reason = self.reason(at, id, target, cause);
            self.with(id, now, |i, cx| match (target, cause) {
                (State::Init, _) => i.enter_init(reason, cx),
                (State::Fault, _) => i.enter_fault(reason, cx),
                (State::Master, _) => i.enter_master(reason, cx),
                (State::Backup, Cause::Member(by, _, heard)) if by == id => {
                    i.enter_backup(reason, heard, cx);
                }
                (State::Backup, _) => i.enter_backup(reason, None, cx),
            });
        }
        let Some(unit) = self.units.get(at).filter(|unit| unit.state != target) else {
            return;
        };
        let from = unit.state;
        let reason = self.unit_reason(at, target, cause);
        let unit = &mut self.units[at];
        unit.state = target;
        unit.last_transition = Some(now);
        if let Some(group) = unit.group {
            self.out.push(Action::Tell(Transition {
                who: Who::Group(group),
                from,
                to: target,
                priority: 0,
                reason,
            }));
        }
    }

    /// Whether a member would be Master if it were alone.
    fn willing(&self, id: InstanceId, cause: Cause, now: Instant) -> bool {
        let Some((params, instance)) = self.pair(id) else {
            return false;
        };
        // RFC 9568 §6.4.1: the owner starts as Master. Compat: with `state MASTER` only, which is
        // the default for priority 255.
        let owner = params.priority == OWNER && params.wants_master;
        match instance.state() {
            State::Init => owner || self.resumes(id, now),
            State::Fault => owner,
            State::Backup => instance.backup().is_some_and(|backup| backup.willing),
            State::Master => !matches!(cause, Cause::Member(by, _, Some(_)) if by == id),
        }
    }

    /// Whether an earlier worker was Master until less than two intervals ago.
    fn resumes(&self, id: InstanceId, now: Instant) -> bool {
        let at = usize::from(id.0);
        match (self.sites.get(at), self.params.instances.get(at)) {
            (Some(site), Some(params)) => site
                .resume
                .is_some_and(|last| now.since(last) < params.advert_int.times(2)),
            _ => false,
        }
    }

    fn faulty(&self, id: InstanceId) -> bool {
        self.sites
            .get(usize::from(id.0))
            .is_some_and(|site| site.faulty)
    }

    /// Why member `id` goes to `target`.
    fn reason(&self, unit: usize, id: InstanceId, target: State, cause: Cause) -> Reason {
        if target == State::Init {
            return Reason::Stopping;
        }
        let own = self.pair(id).zip(self.sites.get(usize::from(id.0)));
        if let (State::Fault, Some(((params, _), site))) = (target, own) {
            let reason = fault::reasons(params, &site.watched, &self.links)
                .chain(self.faulty_others(unit, id))
                .next();
            return reason.unwrap_or(Reason::Started);
        }
        match (cause, self.units[unit].group) {
            (Cause::Member(by, _, _), Some(group)) if by != id => Reason::Group(group, by),
            (Cause::Member(_, reason, _), _) => reason,
            (Cause::Start, _) if target == State::Master => {
                match self.sites.get(usize::from(id.0)).and_then(|s| s.resume) {
                    Some(_) => Reason::Resumed,
                    None => Reason::Owner,
                }
            }
            (Cause::Start, _) => Reason::Started,
        }
    }

    /// Why a whole unit goes to `target`.
    fn unit_reason(&self, unit: usize, target: State, cause: Cause) -> Reason {
        let Some(group) = self.units[unit].group else {
            return Reason::Started;
        };
        let members = &self.units[unit].members;
        match (target, cause) {
            (State::Init, _) => Reason::Stopping,
            (State::Fault, _) => members
                .iter()
                .find(|&&id| self.faulty(id))
                .map_or(Reason::Started, |&id| Reason::Group(group, id)),
            (_, Cause::Member(by, _, _)) => Reason::Group(group, by),
            (_, Cause::Start) => members
                .first()
                .map_or(Reason::Started, |&id| self.reason(unit, id, target, cause)),
        }
    }

    /// The other members of the sync group that have faults of their own.
    fn faulty_others(&self, unit: usize, id: InstanceId) -> impl Iterator<Item = Reason> + '_ {
        self.units
            .get(unit)
            .into_iter()
            .filter_map(|unit| unit.group.map(|group| (group, &unit.members)))
            .flat_map(|(group, members)| members.iter().map(move |&other| (group, other)))
            .filter(move |&(_, other)| other != id && self.faulty(other))
            .map(|(group, other)| Reason::Group(group, other))
    }

    /// After a change on `iface`: who has become faulty or sound, who sends from another address.
    fn reconsider(&mut self, iface: IfaceId, now: Instant) {
        for at in 0..self.instances.len() {
            let site = &self.sites[at];
            if self.params.instances[at].iface != iface && !site.watched.contains(&iface) {
                continue;
            }
            let (before, unit) = (site.faulty, site.unit);
            self.look(at);
            if self.sites[at].faulty != before
                && let (Ok(id), Some(unit)) = (u16::try_from(at), self.units.get_mut(unit))
            {
                unit.changed = Some((InstanceId(id), Reason::Recovered));
            }
        }
        for at in 0..self.units.len() {
            if let Some((by, reason)) = self.units[at].changed.take() {
                self.settle(at, Cause::Member(by, reason, None), now);
            }
        }
    }

    /// Recomputes what depends on interfaces.
    fn look(&mut self, at: usize) {
        let (params, site) = (&self.params.instances[at], &mut self.sites[at]);
        let source = fault::source(params, &self.links);
        self.instances[at].core.set_source(source);
        let mut reasons = fault::reasons(params, &site.watched, &self.links);
        site.faulty = reasons.next().is_some();
    }
}

/// Plumbing.
impl Router {
    fn pair(&self, id: InstanceId) -> Option<(&InstanceParams, &Instance)> {
        let at = usize::from(id.0);
        self.params.instances.get(at).zip(self.instances.get(at))
    }

    /// Lets an instance act.
    fn with<R>(
        &mut self,
        id: InstanceId,
        now: Instant,
        act: impl FnOnce(&mut Instance, &mut Cx<'_>) -> R,
    ) -> Option<R> {
        let at = usize::from(id.0);
        let phase = self.sites.get(at)?.phase;
        let mut cx = Cx {
            id,
            params: self.params.instances.get(at)?,
            now,
            phase: self.phases.get_mut(phase)?,
            out: &mut self.out,
        };
        Some(act(self.instances.get_mut(at)?, &mut cx))
    }

    /// Lets all members of a unit but one act.
    fn others(
        &mut self,
        unit: usize,
        but: InstanceId,
        now: Instant,
        act: impl Fn(&mut Instance, &mut Cx<'_>),
    ) {
        for member in 0..self.units.get(unit).map_or(0, |u| u.members.len()) {
            let id = self.units[unit].members[member];
            if id != but {
                self.with(id, now, &act);
            }
        }
    }

    fn reject(&mut self, iface: IfaceId, source: Option<IpAddr>, why: Reject) {
        self.out.push(Action::Note(Note::Rejected {
            iface,
            instance: None,
            source,
            why,
        }));
    }
}

/// The key of the routing table.
fn route(iface: IfaceId, family: Family, vrid: u8) -> u32 {
    let family = match family {
        Family::V4 => 0,
        Family::V6 => 1,
    };
    u32::from(iface.0) << 16 | family << 8 | u32::from(vrid)
}

/// Groups as configured, then every instance that is in none.
fn units(params: &Params, sites: &mut [Site]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::with_capacity(params.groups.len() + sites.len());
    let mut add = |group, members: Box<[InstanceId]>| {
        if !members.is_empty() {
            units.push(Unit {
                group,
                members,
                state: State::Init,
                last_transition: None,
                changed: None,
            });
        }
        units.len().saturating_sub(1)
    };
    for (id, group) in (0..).map(GroupId).zip(&params.groups) {
        let mut members = Vec::with_capacity(group.members.len());
        for &member in &group.members {
            if let Some(site) = sites.get_mut(usize::from(member.0))
                && site.unit == usize::MAX
            {
                site.unit = 0;
                members.push(member);
            }
        }
        let unit = add(Some(id), members.clone().into());
        for member in members {
            sites[usize::from(member.0)].unit = unit;
        }
    }
    for (id, site) in (0..).map(InstanceId).zip(sites) {
        if site.unit == usize::MAX {
            site.unit = add(None, [id].into());
        }
    }
    units
}
