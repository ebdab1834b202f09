//! Reload: who is still there keeps what is known.

use super::super::super::trial::{MISC, World, add, checker, key, line, one, pages};
use super::super::super::*;
use super::secs;
use crate::wire::ipvs::Key;

/// Both halves of a reload; commands and files are the same if their indices are.
fn reload(world: &mut World, params: &Params) -> Vec<Key> {
    world.room.part(params, world.now);
    world.drain();
    assert!(world.timers.is_empty() && world.open.is_empty());
    let gone = world.room.reload(params.clone(), &|a, b| a == b, world.now);
    world.drain();
    gone
}

fn two() -> Params {
    let mut params = one(&[(2, 1), (3, 1)], &[checker(Probe::Tcp)]);
    add(&mut params, 11, &[(2, 1), (3, 1)], &[checker(Probe::Tcp)]);
    params
}

fn told(world: &mut World) -> Vec<Change> {
    let change = |action| match action {
        Action::Tell(change) => Some(change),
        _ => None,
    };
    world.news().into_iter().filter_map(change).collect()
}

#[test]
fn nothing_changes_if_nothing_changes() {
    let mut world = World::started(two());
    let start = world.now;
    world.run(0, false, start);
    world.run(1, true, start);
    let (timers, tables) = (world.timers.clone(), (world.table(0), world.table(1)));
    world.news();
    assert_eq!(reload(&mut world, &two()), []);
    assert_eq!(told(&mut world), []);
    assert_eq!((world.table(0), world.table(1)), tables);
    assert_eq!(world.timers[&0], timers[&0], "its next run is when it was");
    assert_eq!(world.timers.len(), 4);
}

#[test]
fn a_dead_server_stays_dead_wherever_its_place_is() {
    let mut world = World::started(two());
    let start = world.now;
    world.run(0, false, start);
    let mut params = Params::default();
    params.table.init_notifies = true;
    add(&mut params, 11, &[(3, 4), (2, 4)], &[checker(Probe::Tcp)]);
    add(
        &mut params,
        1,
        &[(9, 4), (3, 4), (2, 4)],
        &[checker(Probe::Tcp)],
    );
    world.news();
    assert_eq!(reload(&mut world, &params), []);
    assert_eq!(world.table(0), [(3, 4), (2, 4)]);
    assert_eq!(world.table(1), [(9, 4), (3, 4)]);
    let fresh = Change::Real {
        real: RealId(2),
        up: true,
        by: None,
    };
    assert_eq!(told(&mut world), [fresh]);
    assert!(world.room.checker(CheckerId(4)).unwrap().tried);
    assert!(!world.room.checker(CheckerId(2)).unwrap().tried);
}

#[test]
fn who_leaves_is_told_of_under_the_old_name() {
    let mut world = World::started(two());
    let mut params = Params::default();
    add(&mut params, 1, &[(3, 1)], &[checker(Probe::Tcp)]);
    params.services[0].keys = vec![key(1), key(21)];
    world.news();
    world.room.part(&params, world.now);
    world.drain();
    let down = |real| Change::Real {
        real: RealId(real),
        up: false,
        by: None,
    };
    let lost = Change::Quorum {
        service: ServiceId(1),
        up: false,
        alive: 0,
    };
    assert_eq!(told(&mut world), [down(0), down(2), down(3), lost]);
    assert!(!world.room.present(ServiceId(1)));
    let gone = world.room.reload(params, &|a, b| a == b, world.now);
    world.drain();
    assert_eq!(gone, [key(11)]);
    assert_eq!(told(&mut world), []);
    assert_eq!(world.table(0), [(3, 1)]);
}

#[test]
fn another_quorum_or_sorry_server_counts_at_once() {
    let mut world = World::started(one(&[(2, 1), (3, 1)], &[checker(Probe::Tcp)]));
    let mut params = one(&[(2, 1), (3, 1)], &[checker(Probe::Tcp)]);
    params.services[0].quorum = 3;
    world.news();
    reload(&mut world, &params);
    let quorum = |up| Change::Quorum {
        service: ServiceId(0),
        up,
        alive: 2,
    };
    assert_eq!(told(&mut world), [quorum(false)]);
    params.services[0].sorry = Some(Sorry {
        destination: line(99, 1),
        inhibit: true,
    });
    reload(&mut world, &params);
    assert_eq!((told(&mut world), world.table(0)), (vec![], vec![(99, 1)]));
    params.services[0].quorum = 2;
    reload(&mut world, &params);
    assert_eq!(told(&mut world), [quorum(true)]);
    assert_eq!(world.table(0), [(2, 1), (3, 1), (99, 0)]);
    params.services[0].sorry = None;
    reload(&mut world, &params);
    assert_eq!(world.table(0), [(2, 1), (3, 1)]);
}

#[test]
fn checkers_are_known_by_what_they_do() {
    let misc = |command| Probe::Misc {
        command,
        dynamic: true,
    };
    let mut params = one(&[(2, 10)], &[checker(MISC), checker(Probe::Tcp)]);
    let mut world = World::started(params.clone());
    let start = world.now;
    world.now = start + secs(1);
    world.event(Event::Timer(CheckerId(0)));
    world.got(0, Got::Exited(5));
    world.event(Event::Timer(CheckerId(1)));
    world.got(1, Got::Failed(111));
    assert_eq!(world.table(0), []);
    // Another order, another command number, other times: still the same.
    params.checkers.swap(0, 1);
    params.checkers[1].probe = misc(8);
    params.checkers[0].delay_loop = secs(3);
    world.room.part(&params, world.now);
    world.drain();
    let same = |a: &Probe, b: &Probe| *a == MISC && *b == misc(8);
    world.room.reload(params.clone(), &same, world.now);
    world.drain();
    let [tcp, script] = [0, 1].map(|id| world.room.checker(CheckerId(id)).unwrap());
    assert_eq!((tcp.up, script.up, script.delta), (false, true, -7));
    assert_eq!(world.timers[&0], world.now + secs(3));
    // Another weight is configured: what the program said counts.
    params.reals[0].destination.weight = 4;
    assert_eq!(reload(&mut world, &params), []);
    let script = world.room.checker(CheckerId(1)).unwrap();
    assert_eq!(script.delta, -1);
    assert_eq!(world.room.real(RealId(0)).unwrap().weight, 3);
    // Another program: nothing is known of it. The check that failed is gone.
    world.news();
    reload(&mut world, &one(&[(2, 10)], &[checker(misc(1))]));
    assert_eq!(world.table(0), [(2, 10)]);
    let alive = Change::Real {
        real: RealId(0),
        up: true,
        by: None,
    };
    assert!(
        told(&mut world).contains(&alive),
        "nobody is told twice in a row"
    );
    // One more check, alpha: the server is alive and stays so.
    let mut more = checker(Probe::Ping);
    more.alpha = true;
    reload(
        &mut world,
        &one(&[(2, 10)], &[checker(misc(1)), more.clone()]),
    );
    assert_eq!(world.table(0), [(2, 10)]);
    // On a new server it is not.
    reload(&mut world, &one(&[(3, 10)], &[more]));
    assert_eq!(world.table(0), []);
}

#[test]
fn tries_that_go_on_are_ended_and_made_again_at_once() {
    let mut world = World::started(two());
    world.tick();
    assert_eq!(world.open.len(), 1);
    let id = *world.open.first().unwrap();
    reload(&mut world, &two());
    assert_eq!(world.timers[&id], world.now);
    assert_eq!(world.room.load().running, 0);
}

#[test]
fn a_reload_can_make_more_room() {
    let servers = [(2, 1), (3, 1), (4, 1)];
    let mut world = World::new(one(&servers, &[checker(Probe::Tcp)]), 1);
    world.event(Event::Start { seed: 7 });
    for (limit, running) in [(1, 1), (3, 3), (2, 2)] {
        world.room.set_limit(limit);
        reload(&mut world, &one(&servers, &[checker(Probe::Tcp)]));
        for _ in servers {
            world.tick();
        }
        assert_eq!(
            (world.open.len(), world.room.load().running),
            (running, running)
        );
    }
}

#[test]
fn before_the_start_it_is_only_another_configuration() {
    let mut world = World::new(two(), 10);
    reload(&mut world, &one(&[(7, 1)], &[]));
    assert_eq!(world.news(), []);
    world.event(Event::Start { seed: 1 });
    assert_eq!(world.table(0), [(7, 1)]);
}

#[test]
fn a_dead_server_asked_by_another_version_of_http_stays_dead() {
    let mut world = World::started(one(&[(2, 1)], &[checker(pages(1, false))]));
    let start = world.now;
    world.run(0, false, start);
    assert_eq!(world.table(0), []);
    let mut params = one(&[(2, 1)], &[checker(pages(1, true))]);
    if let Probe::Http(http) = &mut params.checkers[0].probe {
        http.version = HttpVersion::V11;
    }
    world.news();
    reload(&mut world, &params);
    assert_eq!((told(&mut world), world.table(0)), (vec![], vec![]));
    // Another page is another check.
    let more = one(&[(2, 1)], &[checker(pages(2, true))]);
    reload(&mut world, &more);
    assert_eq!(world.table(0), [(2, 1)]);
}
