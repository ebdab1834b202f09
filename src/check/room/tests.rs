//! The room as an engine sees it: when it tries, what it asks for.

mod follow;
mod moving;
mod sim;
mod storm;

use super::super::trial::{MISC, World, add, checker, ip, one, pages};
use super::super::*;
use super::*;
use crate::time::Span;

/// Numbers for random lives: the same seed, the same numbers.
struct Dice(u32);

impl Dice {
    /// 0 to n - 1.
    fn roll(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % n
    }
}

fn secs(s: u64) -> Span {
    Span::from_secs(s)
}

#[test]
fn the_first_run_comes_a_second_after_the_start_and_the_next_from_the_end_of_it() {
    let mut world = World::started(one(&[(2, 1)], &[checker(Probe::Tcp)]));
    let start = world.now;
    assert_eq!(world.tick(), Some(0));
    assert_eq!(world.now, start + secs(1));
    assert!(world.open.contains(&0));
    world.now = start + secs(3);
    world.got(0, Got::Connected);
    assert!(world.open.is_empty());
    assert_eq!(world.timers[&0], start + secs(13));
}

#[test]
fn a_failure_is_tried_again_as_often_as_configured() {
    let mut params = one(&[(2, 1)], &[checker(Probe::Tcp)]);
    params.checkers[0].retry = 2;
    let mut world = World::started(params);
    let start = world.now;
    let began: Vec<_> = [true, false, false, false, false, true]
        .map(|good| world.run(0, good, start))
        .into();
    assert_eq!(began, [1, 11, 12, 13, 23, 33].map(secs));
}

#[test]
fn no_answer_in_time_is_a_failure() {
    let mut world = World::started(one(&[(2, 1)], &[checker(Probe::Tcp)]));
    let start = world.now;
    world.tick();
    assert_eq!(world.timers[&0], start + secs(6), "from when it opened");
    // A timer that comes too early is armed again.
    world.event(Event::Timer(CheckerId(0)));
    assert_eq!(world.timers[&0], start + secs(6));
    assert!(world.open.contains(&0));
    world.tick();
    assert!(world.open.is_empty());
    assert_eq!(world.room.checker(CheckerId(0)).unwrap().why, Why::Timeout);
    assert_eq!(world.timers[&0], start + secs(16));
    // What comes for it now is for nobody.
    world.news();
    world.got(0, Got::Connected);
    assert_eq!(world.news(), []);
    assert!(!world.room.checker(CheckerId(0)).unwrap().up);
}

#[test]
fn never_more_sockets_than_allowed_and_the_first_come_first() {
    let reals: Vec<_> = (2..12).map(|last| (last, 1)).collect();
    let mut world = World::new(one(&reals, &[checker(Probe::Tcp)]), 3);
    world.event(Event::Start { seed: 7 });
    let begin = world.now + secs(1);
    for id in 0..10 {
        world.now = begin;
        world.event(Event::Timer(CheckerId(id)));
        world
            .timers
            .retain(|&i, _| i != id || world.open.contains(&i));
    }
    assert_eq!(world.open.iter().copied().collect::<Vec<_>>(), [0, 1, 2]);
    let load = world.room.load();
    assert_eq!((load.running, load.waiting), (3, 7));
    assert!(world.room.checker(CheckerId(9)).unwrap().queued);
    // Whoever waits has no timer: its time begins when its socket opens.
    assert_eq!(world.timers.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    world.now = begin + secs(4);
    world.got(1, Got::Connected);
    assert!(world.open.contains(&3));
    assert_eq!(world.timers[&3], begin + secs(9));
    // One that runs out of time makes room too.
    world.now = begin + secs(5);
    for id in [0, 2] {
        world.event(Event::Timer(CheckerId(id)));
    }
    assert_eq!(world.open.iter().copied().collect::<Vec<_>>(), [3, 4, 5]);
    for id in 3..10 {
        world.got(id, Got::Connected);
    }
    assert!(world.open.is_empty());
    assert_eq!(world.most, 3);
    assert_eq!(
        world.room.load(),
        Load {
            running: 0,
            waiting: 0
        }
    );
}

#[test]
fn slow_programs_do_not_keep_sockets_waiting() {
    let reals: Vec<_> = (2..6).map(|last| (last, 1)).collect();
    let both = [checker(MISC), checker(Probe::Tcp)];
    let mut world = World::new(one(&reals, &both), 2);
    world.event(Event::Start { seed: 7 });
    world.now += secs(1);
    for id in 0..8 {
        world.event(Event::Timer(CheckerId(id)));
    }
    assert_eq!(world.open.iter().copied().collect::<Vec<_>>(), [0, 1, 2, 3]);
    world.got(1, Got::Connected);
    assert!(world.open.contains(&5));
}

#[test]
fn a_program_is_killed_when_its_time_is_over_and_not_when_it_ended() {
    let mut world = World::started(one(&[(2, 1)], &[checker(MISC)]));
    let start = world.now;
    world.tick();
    world.now = start + secs(3);
    // World::got asserts that no Close follows the end.
    world.got(0, Got::Exited(0));
    assert_eq!(world.timers[&0], start + secs(11), "from its start");
    world.tick();
    assert!(world.open.contains(&0));
    world.tick();
    assert!(world.open.is_empty(), "killed");
    assert_eq!(world.now, start + secs(16));
    // A retry, reckoned from the start like everything of a program: at once.
    assert_eq!(world.timers[&0], start + secs(16));
    world.tick();
    world
        .room
        .handle(Event::Got(CheckerId(0), Got::Failed(2)), world.now);
    world.open.remove(&0);
    world.drain();
    assert_eq!(
        world.room.checker(CheckerId(0)).unwrap().why,
        Why::System(2)
    );
}

#[test]
fn exit_statuses() {
    // status, dynamic: up, weight after it (10 is configured).
    for (status, dynamic, up, weight) in [
        (0, false, true, 10),
        (1, false, false, 10),
        (2, false, false, 10),
        (255, false, false, 10),
        (0, true, true, 10),
        (1, true, false, 10),
        (2, true, true, 0),
        (3, true, true, 1),
        (12, true, true, 10),
        (255, true, true, 253),
    ] {
        let probe = Probe::Misc {
            command: 0,
            dynamic,
        };
        let mut world = World::started(one(&[(2, 10)], &[checker(probe)]));
        world.tick();
        world.got(0, Got::Exited(status));
        let real = world.room.real(RealId(0)).unwrap();
        assert_eq!(
            (real.alive, real.weight),
            (up, weight),
            "{status} {dynamic}"
        );
    }
    let mut world = World::started(one(&[(2, 10)], &[checker(MISC)]));
    world.tick();
    world.got(0, Got::Signaled(9));
    assert_eq!(
        world.room.checker(CheckerId(0)).unwrap().why,
        Why::Signal(9)
    );
}

#[test]
fn first_runs_are_spread() {
    let reals: Vec<_> = (2..102).map(|last| (last, 1)).collect();
    let mut slow = checker(Probe::Tcp);
    slow.warmup = secs(100);
    let world = World::started(one(&reals, &[slow]));
    let early = world.now + secs(1);
    let at = |n: u64| early + secs(n);
    assert!(world.timers.values().all(|&t| t >= at(0) && t < at(100)));
    for quarter in 0..4u64 {
        let (from, to) = (at(quarter * 25), at(quarter * 25 + 25));
        let there = world.timers.values().filter(|&&t| t >= from && t < to);
        assert!(there.count() >= 10, "quarter {quarter}");
    }
}

#[test]
fn a_stop_closes_and_disarms_everything() {
    let mut params = one(&[(2, 1), (3, 1), (4, 1)], &[checker(Probe::Tcp)]);
    add(&mut params, 11, &[(2, 1)], &[checker(MISC)]);
    let mut world = World::new(params, 1);
    world.event(Event::Start { seed: 7 });
    world.now += secs(1);
    for id in [0, 1, 3] {
        world.event(Event::Timer(CheckerId(id)));
    }
    world.timers.remove(&1);
    world.news();
    world.event(Event::Stop);
    assert!(world.open.is_empty() && world.timers.is_empty());
    let tables = [ServiceId(0), ServiceId(1)].map(Action::Table);
    assert_eq!(world.news(), tables, "without omega nobody is told");
    assert_eq!((world.table(0), world.table(1)), (vec![], vec![]));
    assert!(!world.room.present(ServiceId(0)));
    for event in [Event::Stop, Event::Timer(CheckerId(0))] {
        world.event(event);
    }
    assert_eq!(world.news(), []);
    assert!(world.timers.is_empty() && world.open.is_empty());
    // And again, as on the first day.
    world.event(Event::Start { seed: 8 });
    assert_eq!(world.timers.len(), 4);
}

#[test]
fn checkers_rest_while_the_address_is_elsewhere() {
    let mut params = one(&[(2, 1), (3, 1)], &[checker(Probe::Tcp)]);
    params.services[0].ha_suspend = true;
    let mut world = World::started(params);
    assert!(world.timers.is_empty());
    assert_eq!(
        world.table(0),
        [(2, 1), (3, 1)],
        "but they are in the table"
    );
    let local = |present| Event::Local {
        address: ip(1),
        present,
    };
    world.event(Event::Local {
        address: ip(9),
        present: true,
    });
    assert!(world.timers.is_empty(), "of no interest");
    world.event(local(true));
    assert_eq!(world.timers.len(), 2);
    let start = world.now;
    for id in [0, 1] {
        world.event(Event::Timer(CheckerId(id)));
    }
    world.got(0, Got::Failed(111));
    assert_eq!(world.table(0), [(3, 1)]);
    world.event(local(false));
    assert!(world.timers.is_empty() && world.open.is_empty());
    assert!(world.room.service(ServiceId(0)).unwrap().suspended);
    assert_eq!(world.table(0), [(3, 1)], "what was known stays");
    world.event(local(false));
    world.event(local(true));
    assert!(world.timers.values().all(|&t| t <= start + secs(10)));
    assert_eq!(world.timers.len(), 2);
    world.event(Event::Stop);
}

#[test]
fn what_is_for_nobody_is_ignored() {
    let mut world = World::started(one(&[(2, 1)], &[checker(Probe::Tcp)]));
    let timers = world.timers.clone();
    world.news();
    let nobody = CheckerId(77);
    for event in [
        Event::Timer(nobody),
        Event::Got(nobody, Got::Connected),
        Event::Got(CheckerId(0), Got::Closed),
        Event::File { file: 3, value: 1 },
        Event::Start { seed: 1 },
        Event::Resume {
            checker: CheckerId(0),
            up: false,
        },
    ] {
        world.event(event);
    }
    assert_eq!(world.news(), []);
    assert_eq!(world.timers, timers);
    assert_eq!(world.room.outgoing(nobody), []);
    assert_eq!(world.room.outgoing(CheckerId(0)), []);
    assert!(world.room.checker(nobody).is_none());
    assert_eq!(world.room.desired(ServiceId(9)).count(), 0);
}

#[test]
fn a_file_that_keeps_a_server_out_from_the_start_is_named() {
    let file = Probe::File {
        file: 3,
        weight: 0,
        reverse: false,
    };
    let mut world = World::new(one(&[(2, 1)], &[checker(file)]), 100);
    world.event(Event::File { file: 3, value: 5 });
    assert_eq!(world.news(), []);
    world.event(Event::Start { seed: 1 });
    let named = Action::Note(Note::Verdict {
        checker: CheckerId(0),
        up: false,
        why: Why::File(5),
        attempts: 0,
        page: 0,
    });
    assert_eq!(world.news().first(), Some(&named));
    assert_eq!(world.table(0), []);
}

#[test]
fn ranges_that_lead_nowhere_are_empty() {
    let mut params = one(&[(2, 1)], &[checker(Probe::Tcp)]);
    params.services[0].reals = 0..9;
    params.reals[0].checkers = 5..7;
    params.checkers[0].real = RealId(44);
    let mut world = World::started(params);
    world.tick();
    world.got(0, Got::Failed(1));
    world.event(Event::Local {
        address: ip(1),
        present: true,
    });
    world.event(Event::Stop);
}

#[test]
fn a_page_after_the_other_goes_out_at_once_while_it_comes_up_fast() {
    let mut params = one(&[(2, 1)], &[checker(pages(2, true))]);
    params.checkers[0].alpha = true;
    let mut world = World::started(params);
    world.tick();
    let began = world.now;
    let asked = world.room.checker(CheckerId(0)).unwrap();
    assert_eq!((asked.url, asked.running), (0, true));
    world.event(Event::Stop);
    assert!(began > Instant::ZERO && world.open.is_empty());
}

/// As many checkers as ids can name, a second of their life: nothing is lost, nothing is slow.
#[test]
fn many() {
    let mut params = Params::default();
    for vip in 0..250 {
        let reals: Vec<_> = (0..250).map(|last| (last, 1)).collect();
        add(&mut params, vip, &reals, &[checker(Probe::Tcp)]);
    }
    let count = params.checkers.len() as u16;
    let mut room = Room::new(params, 800);
    let mut now = Instant::from_secs(5);
    room.handle(Event::Start { seed: 3 }, now);
    let drain = |room: &mut Room| -> Vec<CheckerId> {
        let mut opened = Vec::new();
        while let Some(action) = room.next_action() {
            if let Action::Open(id) = action {
                opened.push(id);
            }
        }
        opened
    };
    assert_eq!(drain(&mut room), []);
    now += secs(1);
    let mut open = Vec::new();
    for id in 0..count {
        room.handle(Event::Timer(CheckerId(id)), now);
        open.extend(drain(&mut room));
    }
    assert_eq!(open.len(), 800);
    let mut done = vec![0u8; usize::from(count)];
    while let Some(id) = open.pop() {
        let good = id.0 % 50 != 7;
        let got = if good {
            Got::Connected
        } else {
            Got::Failed(111)
        };
        room.handle(Event::Got(id, got), now);
        done[usize::from(id.0)] += 1;
        open.extend(drain(&mut room));
        assert!(open.len() <= 800);
    }
    assert!(done.iter().all(|&n| n == 1));
    let table: usize = (0..250).map(|s| room.desired(ServiceId(s)).count()).sum();
    assert_eq!(table, 62_500 - 62_500 / 50);
}
