//! What must hold: after every event, and at rest.

use crate::outside::Expected;
use crate::world::{Node, World};
use holdfast::time::Span;
use holdfast::vrrp::{GroupId, InstanceId, Reason, Router, State, Timer};

/// Laws of a single router, checked after each of its events.
pub fn after_event(node: &Node, router: &Router) -> Result<(), String> {
    for (id, shadow) in (0..).map(InstanceId).zip(&node.shadows) {
        let name = &node.params.instances[usize::from(id.0)].name;
        let (state, _) = router.note_vital(id);
        if shadow.held != (state == State::Master) {
            return Err(format!(
                "{name} is {state}, addresses held: {}",
                shadow.held
            ));
        }
        if state != shadow.told.unwrap_or(State::Init) {
            return Err(format!("{name} is {state} but told {:?}", shadow.told));
        }
        let armed = |timer: Timer| shadow.armed[timer as usize].is_some();
        let may = |timer: Timer| match state {
            State::Init | State::Fault => false,
            State::Backup => matches!(timer, Timer::MasterDown | Timer::PreemptDelay),
            State::Master => !matches!(timer, Timer::MasterDown | Timer::PreemptDelay),
        };
        if let Some(timer) = Timer::ALL.into_iter().find(|&t| armed(t) && !may(t)) {
            return Err(format!("{name} is {state} and has timer {timer} armed"));
        }
        let alive = match state {
            State::Init | State::Fault => true,
            State::Backup => armed(Timer::MasterDown),
            State::Master => armed(Timer::Advert),
        };
        if !alive {
            return Err(format!("{name} is {state} and waits for nothing"));
        }
    }
    reasons(node, router)?;
    for (id, group) in (0..).map(GroupId).zip(&node.params.groups) {
        let state = router.group_snapshot(id).map(|snapshot| snapshot.state);
        let apart = group
            .members
            .iter()
            .any(|&member| Some(router.note_vital(member).0) != state);
        if apart || state != Some(node.group_told[usize::from(id.0)]) {
            return Err(format!("members of {} are apart", group.name));
        }
    }
    Ok(())
}

/// What is expected of an instance as far as it alone is concerned.
fn expected(node: &Node, at: usize) -> Expected {
    let up = |iface: u16| {
        let lan = node.up.get(usize::from(iface));
        lan.copied().unwrap_or(node.outside.aux)
    };
    node.outside.expected(&node.params.instances[at], at, up)
}

/// The state follows the reasons, the priority follows what is tracked.
fn reasons(node: &Node, router: &Router) -> Result<(), String> {
    let all = node.params.instances.iter().enumerate();
    for (at, params) in all.filter(|(_, params)| params.tracks.is_some()) {
        let id = InstanceId(at as u16);
        let expected = expected(node, at);
        let own = || {
            router
                .reasons(id)
                .filter(|r| !matches!(r, Reason::Group(..)))
        };
        let sound = own().next().is_none();
        let snapshot = router.snapshot(id).ok_or("no snapshot")?;
        let (state, priority) = (snapshot.state, snapshot.effective_priority);
        let running = !sound || state != State::Init;
        let faulty = expected.failed || expected.pending;
        if running && faulty == sound {
            let own: Vec<Reason> = own().collect();
            return Err(format!("{} is faulty: {faulty}, for {own:?}", params.name));
        }
        let group = node.params.groups.iter().find(|g| g.members.contains(&id));
        let members = group.map_or(std::slice::from_ref(&id), |group| &group.members);
        let member = |m: &InstanceId| self::expected(node, usize::from(m.0));
        let failed = members.iter().any(|m| member(m).failed);
        let pending = members.iter().any(|m| member(m).pending);
        let right = match state {
            State::Init => !failed || !running,
            State::Fault => failed || pending,
            State::Backup | State::Master => !failed && !pending,
        };
        if !right {
            return Err(format!(
                "{} is {state}, failed: {failed}, pending: {pending}",
                params.name
            ));
        }
        let demoted = params.priority == 255 && priority == 254;
        if running && priority != expected.priority && !demoted {
            let (name, wanted) = (&params.name, expected.priority);
            return Err(format!("{name} has priority {priority}, not {wanted}"));
        }
    }
    Ok(())
}

/// Which nodes are Master of instance `id`.
pub fn masters(world: &World, id: InstanceId) -> impl Iterator<Item = usize> + '_ {
    world
        .nodes
        .iter()
        .enumerate()
        .filter(move |(_, node)| {
            let state = node.router.as_ref().map(|router| router.note_vital(id).0);
            state == Some(State::Master)
        })
        .map(|(n, _)| n)
}

/// Exactly one Master of every instance, and with `together` the same node for all of them.
pub fn one_master(world: &World, instances: usize, together: bool) -> Result<(), String> {
    let mut holder = None;
    for at in 0..instances {
        let id = InstanceId(at as u16);
        let found: Vec<usize> = masters(world, id).collect();
        let [one] = found[..] else {
            return Err(format!("instance {at}: Masters are nodes {found:?}"));
        };
        if together && *holder.get_or_insert(one) != one {
            return Err(format!("split: instance {at} is on node {one}: {holder:?}"));
        }
    }
    Ok(())
}

/// At rest and with preemption the Master is one of the strongest that can take part.
pub fn strongest(world: &World, instances: usize) -> Result<(), String> {
    for at in 0..instances {
        let priority = |n: usize| expected(&world.nodes[n], at).priority;
        let id = InstanceId(at as u16);
        let alive = (0..world.nodes.len()).filter(|&n| {
            let router = world.nodes[n].router.as_ref();
            router.is_some_and(|r| r.note_vital(id).0 != State::Fault)
        });
        let best = alive.map(priority).max();
        for n in masters(world, InstanceId(at as u16)) {
            if Some(priority(n)) != best {
                return Err(format!(
                    "instance {at}: node {n} of priority {} is Master, the best is {best:?}",
                    priority(n)
                ));
            }
        }
    }
    Ok(())
}

/// At rest the Master sends one advert per interval, nobody else any. `span` is how long was counted.
pub fn pace(world: &World, instances: usize, span: Span) -> Result<(), String> {
    for at in 0..instances {
        for (n, node) in world.nodes.iter().enumerate() {
            let sent = node.shadows[at].sent;
            let interval = node.params.instances[at].advert_int;
            let due = span.micros() / interval.micros();
            let master = masters(world, InstanceId(at as u16)).any(|master| master == n);
            let (least, most) = if master { (due - 1, due + 1) } else { (0, 0) };
            if sent < least || sent > most {
                return Err(format!(
                    "instance {at}: node {n} sent {sent} adverts, not {least} to {most}"
                ));
            }
        }
    }
    Ok(())
}
