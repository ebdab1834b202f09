//! Networks worth looking at one by one.

use crate::laws;
use crate::world::World;
use holdfast::time::{Instant, Span};
use holdfast::vrrp::{Address, Event, IfaceId, InstanceId, InstanceParams, Params, State};
use holdfast::wire::vrrp::{Auth, Packet, Version, emit};

const V0: InstanceId = InstanceId(0);

/// One LAN, one instance, a router per priority.
fn lan(priorities: &[u8], change: impl Fn(&mut InstanceParams)) -> World {
    let routers = priorities
        .iter()
        .map(|&priority| {
            let mut instance = InstanceParams::new("V0", IfaceId(0), 51);
            instance.priority = priority;
            instance
                .addresses
                .push(Address::new([10, 0, 255, 100].into(), 16, IfaceId(0)));
            change(&mut instance);
            Params {
                interfaces: vec!["eth0".into()],
                instances: vec![instance],
                ..Params::default()
            }
        })
        .collect();
    World::new(routers, 1, 0, false)
}

fn start_all(world: &mut World) {
    for n in 0..world.nodes.len() {
        world.start(n, false);
    }
}

fn masters(world: &World) -> Vec<usize> {
    laws::masters(world, V0).collect()
}

fn later(world: &mut World, span: Span) -> Instant {
    let until = world.now + span;
    world.run(until);
    assert_eq!(world.broken, None);
    until
}

fn transitions(world: &World, n: usize) -> u64 {
    let router = world.nodes[n].router.as_ref().unwrap();
    let counters = router.snapshot(V0).unwrap().counters;
    counters.become_master + counters.release_master
}

/// Row 55: nodes 200, 150, 100; 200 is killed: only 150 takes over, 100 sends nothing.
#[test]
fn the_second_best_takes_over_alone() {
    for (version, interval) in [
        (Version::V2, Span::from_secs(1)),
        (Version::V3, Span::from_centis(10)),
    ] {
        let mut world = lan(&[200, 150, 100], |instance| {
            instance.version = version;
            instance.advert_int = interval;
        });
        start_all(&mut world);
        later(&mut world, interval.times(6));
        assert_eq!(masters(&world), [0]);
        world.crash(0);
        later(&mut world, interval.times(4));
        assert_eq!(masters(&world), [1]);
        later(&mut world, interval.times(10));
        assert_eq!(masters(&world), [1]);
        assert_eq!(world.nodes[2].shadows[0].sent, 0, "{version:?}");
    }
}

/// Row 51: a Master that says goodbye is missed for the skew only, a killed one for at most the down
/// interval and at least two intervals and the skew.
#[test]
fn goodbye_shortens_the_gap() {
    let skew = Span::from_micros(609_375);
    let gap = |goodbye: bool| {
        let mut world = lan(&[200, 100], |_| {});
        start_all(&mut world);
        later(&mut world, Span::from_millis(7_777));
        assert_eq!(masters(&world), [0]);
        let gone = world.now;
        if goodbye {
            world.event(0, Event::Stop);
        }
        world.crash(0);
        while masters(&world).is_empty() {
            later(&mut world, Span::from_micros(100));
        }
        world.now.since(gone)
    };
    let slack = Span::from_millis(3);
    let (polite, killed) = (gap(true), gap(false));
    assert!(polite >= skew && polite <= skew + slack, "{polite}");
    assert!(killed >= Span::from_secs(2) + skew - slack, "{killed}");
    assert!(killed <= Span::from_secs(3) + skew + slack, "{killed}");
}

/// Rule 15: the worker dies and is replaced within two intervals; nobody else notices.
#[test]
fn a_resumed_master_is_not_noticed() {
    for auth in [Auth::None, Auth::Ah(*b"sesame12")] {
        let mut world = lan(&[200, 100, 50], |instance| instance.auth = auth);
        start_all(&mut world);
        later(&mut world, Span::from_secs(6));
        assert_eq!(masters(&world), [0]);
        for round in 0..20 {
            let died = world.nodes[0].shadows.clone();
            world.crash(0);
            world.nodes[0].shadows = died;
            for shadow in &mut world.nodes[0].shadows {
                shadow.armed = Default::default();
            }
            later(&mut world, Span::from_millis(50 * round));
            world.start(0, true);
            later(&mut world, Span::from_millis(1234));
            assert_eq!(masters(&world), [0]);
        }
        assert_eq!([transitions(&world, 1), transitions(&world, 2)], [0, 0]);
    }
}

/// Row 49: a thousand lower adverts a second are answered a bounded number of times.
#[test]
fn a_flood_is_not_echoed() {
    let mut world = lan(&[200], |_| {});
    start_all(&mut world);
    later(&mut world, Span::from_secs(6));
    assert_eq!(masters(&world), [0]);
    let mut buffer = [0; 128];
    for (priority, from) in [(100, [10, 0, 0, 9]), (0, [10, 0, 0, 10])] {
        world.nodes[0].shadows[0].sent = 0;
        world.nodes[0].shadows[0].announced = 0;
        let router = world.nodes[0].router.as_ref().unwrap();
        let len = router
            .outline(V0)
            .unwrap()
            .outline(priority, |outline| {
                outline.source = from.into();
                emit(outline, &mut buffer)
            })
            .unwrap();
        let bytes = buffer[..len].to_vec();
        for _ in 0..10_000 {
            later(&mut world, Span::from_millis(1));
            let packet = Packet::parse_ipv4(&bytes).unwrap();
            let iface = IfaceId(0);
            world.event(0, Event::Packet { iface, packet });
        }
        let sent = world.nodes[0].shadows[0].sent;
        assert!((10..=50).contains(&sent), "{sent} adverts in 10 s");
        let rounds = world.nodes[0].shadows[0].announced;
        // Three bursts of 5 an interval, and one more each garp_lower_prio_delay.
        assert!(rounds <= 5 * (3 * 11 + 3), "{rounds} rounds in 10 s");
        // A goodbye calls for none; one burst is left from the flood before.
        assert!(rounds <= 5 || priority > 0, "{rounds} rounds");
    }
    assert_eq!(masters(&world), [0]);
}

/// Row 54: two Masters meet: within one advert one is left, and nothing changes for 100 s.
#[test]
fn two_masters_meet() {
    for priorities in [[200, 100], [100, 100]] {
        let mut world = lan(&priorities, |_| {});
        world.net.side[0] = vec![0, 1];
        start_all(&mut world);
        later(&mut world, Span::from_millis(6_500));
        assert_eq!(masters(&world), [0, 1]);
        world.net.side[0] = vec![0, 0];
        later(&mut world, Span::from_millis(1_010));
        let left = if priorities[0] > priorities[1] { 0 } else { 1 };
        assert_eq!(masters(&world), [left]);
        later(&mut world, Span::from_secs(100));
        assert_eq!(
            [transitions(&world, left), transitions(&world, 1 - left)],
            [1, 2]
        );
    }
}

/// The dumps agree with what happened.
#[test]
fn counters_add_up_between_two_routers() {
    let mut world = lan(&[200, 100], |_| {});
    start_all(&mut world);
    later(&mut world, Span::from_secs(20));
    let counters = |n: usize| {
        let router = world.nodes[n].router.as_ref().unwrap();
        let snapshot = router.snapshot(V0).unwrap();
        (snapshot.state, snapshot.counters)
    };
    let ((first, master), (second, backup)) = (counters(0), counters(1));
    assert_eq!([first, second], [State::Master, State::Backup]);
    assert_eq!(master.advert_sent, backup.advert_rcvd);
    assert!(master.advert_sent >= 16, "{}", master.advert_sent);
    assert_eq!((master.advert_rcvd, backup.advert_sent), (0, 0));
    assert_eq!(backup.pri_zero_rcvd + master.pri_zero_sent, 0);
}
