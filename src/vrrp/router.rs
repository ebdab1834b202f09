//! The owner: finds whom an event concerns, lets sync groups agree, queues the actions.

mod addressee;
mod reload;
mod settle;
mod views;
mod watch;

use super::fault;
use super::instance::{Cx, Input, Instance};
use super::outbox::Outbox;
use super::receive::Advert;
use super::timing::Phase;
use super::{
    Action, Clock, Event, GroupId, IfaceId, InstanceId, InstanceParams, Link, Note, Params, Reason,
    Reject, State, Timer, Unrouted,
};
use crate::time::{Instant, Span};
pub use reload::World;
use std::rc::Rc;
use watch::Watch;

/// All virtual routers and sync groups: one pure machine.
pub struct Router {
    params: Rc<Params>,
    links: Vec<Link>,
    instances: Vec<Instance>,
    /// What the router knows of each instance.
    sites: Vec<Site>,
    /// Sync groups, and every other instance alone.
    units: Vec<Unit>,
    /// Sorted: where an advert belongs. See [`Router::addressee`].
    routes: Vec<(u32, InstanceId)>,
    /// One per advertisement interval in use.
    phases: Vec<Phase>,
    out: Outbox,
    unrouted: Unrouted,
    running: bool,
    /// What instances depend on beside the interfaces.
    watch: Watch,
    /// The end of `vrrp_startup_delay` is waited for.
    delayed: bool,
}

struct Site {
    unit: usize,
    phase: usize,
    /// Interfaces of its addresses, other than its own.
    watched: Box<[IfaceId]>,
    /// Why the instance itself cannot take part, each once; what only waits comes last.
    reasons: Vec<Reason>,
    /// Its source address can be used.
    usable: bool,
    /// An earlier worker was Master: when it last sent.
    resume: Option<Instant>,
    /// It went on as Master after that: a script without a result does not put an end to it.
    trusting: bool,
    /// A reload takes it out.
    gone: bool,
    /// New in a sync group that is Master.
    joins: bool,
}

impl Site {
    fn faulty(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// Instances that share one state.
struct Unit {
    group: Option<GroupId>,
    members: Box<[InstanceId]>,
    state: State,
    last_transition: Option<Instant>,
    /// A member found or lost a fault in this event.
    changed: Option<InstanceId>,
}

impl Unit {
    /// Started or not, it has not begun to take part.
    fn waits(&self) -> bool {
        self.state == State::Init
    }
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
/// Room kept per instance for the actions of one event; more is made in an upheaval.
const ACTIONS: usize = 1;
/// And of all of them, in one event that is no upheaval.
const USUAL: usize = 64;

impl Router {
    /// Builds the machine; everything it will need in steady state is allocated here.
    ///
    /// Ids in `params` that lead nowhere are ignored: a missing interface is a fault, a missing
    /// group member is none. An instance in two groups belongs to the first.
    pub fn new(params: impl Into<Rc<Params>>) -> Self {
        let mut params = params.into();
        if !params.instances.iter().all(within_bounds) {
            for instance in &mut Rc::make_mut(&mut params).instances {
                instance.advert_int = instance.advert_int.max(SHORTEST);
                instance.priority = instance.priority.max(1);
                instance.down_timer_adverts = instance.down_timer_adverts.max(1);
            }
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
                reasons: Vec::new(),
                usable: true,
                resume: None,
                trusting: false,
                gone: false,
                joins: false,
            });
        }
        let units = units(&params, &mut sites);
        let capacity = params.instances.len() * ACTIONS + params.groups.len() * 2;
        let capacity = capacity.min(USUAL) + 32;
        let links = params.interfaces.iter().map(|name| fault::unreported(name));
        Router {
            links: links.collect(),
            instances: params.instances.iter().map(Instance::new).collect(),
            sites,
            units,
            routes: addressee::routes(&params),
            phases,
            out: Outbox::with_capacity(capacity),
            unrouted: Unrouted::default(),
            running: false,
            watch: Watch::new(&params),
            delayed: false,
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
            Event::Clock(clock) => self.clock(clock, now),
            Event::Script { script, ended } => self.script_ended(script, ended, now),
            Event::File { file, value } => self.file_read(file, value, now),
            Event::Source { instance, usable } => self.source_checked(instance, usable, now),
            Event::Static { group, whole } => self.statics_checked(group, whole, now),
        }
        self.out.seal();
    }

    /// The next thing to be done.
    pub fn next_action(&mut self) -> Option<Action> {
        self.out.next()
    }
}

/// Events.
impl Router {
    fn start(&mut self, now: Instant) {
        if self.running || self.delayed {
            return;
        }
        // Before the delay is over there may be results already.
        self.start_scripts(now);
        // Compat: `vrrp_startup_delay`. Whoever was Master a moment ago has been through it.
        let resumed = self.sites.iter().any(|site| site.resume.is_some());
        if self.params.startup_delay.is_zero() || resumed {
            return self.begin(now);
        }
        self.delayed = true;
        let end = now + self.params.startup_delay;
        self.out.push(Action::Wake(Clock::Startup, Some(end)));
    }

    /// The time of [`Clock::Startup`] has come; one that was not asked for is none.
    pub(super) fn delay_over(&mut self, now: Instant) {
        if core::mem::take(&mut self.delayed) {
            self.begin(now);
        }
    }

    fn begin(&mut self, now: Instant) {
        self.running = true;
        for (id, at) in (0..).map(InstanceId).zip(0..self.instances.len()) {
            self.sites[at].trusting = self.resumes(id, now);
            self.look(at, now);
        }
        for unit in 0..self.units.len() {
            self.settle(unit, Cause::Start, now);
        }
        for (id, site) in (0..).map(InstanceId).zip(&mut self.sites) {
            site.resume = None;
            if self.units.get(site.unit).is_some_and(Unit::waits) {
                for &reason in &site.reasons {
                    self.out.push(Action::Note(Note::Fault(id, reason, true)));
                }
            }
        }
    }

    fn stop(&mut self, now: Instant) {
        if core::mem::take(&mut self.delayed) {
            self.out.push(Action::Wake(Clock::Startup, None));
            self.stop_watching();
        }
        if !self.running {
            return;
        }
        self.running = false;
        self.stop_watching();
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

    fn timer(&mut self, id: InstanceId, timer: Timer, now: Instant) {
        if let Some(wish) = self.with(id, now, |i, cx| i.handle(Input::Timer(timer), cx)) {
            self.consider(id, wish, now);
        }
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
}

/// What the arithmetic of the machine relies on.
fn within_bounds(p: &InstanceParams) -> bool {
    p.advert_int >= SHORTEST && p.priority > 0 && p.down_timer_adverts > 0
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
