//! What follows from a verdict, and in which order.

use super::super::super::trial::{MISC, World, add, checker, line, one};
use super::super::super::*;
use super::secs;

fn real(real: u16, up: bool, by: Option<u16>) -> Action {
    Action::Tell(Change::Real {
        real: RealId(real),
        up,
        by: by.map(CheckerId),
    })
}

fn quorum(service: u16, up: bool, alive: u64) -> Action {
    Action::Tell(Change::Quorum {
        service: ServiceId(service),
        up,
        alive,
    })
}

const TABLE: Action = Action::Table(ServiceId(0));

/// The line and the mail of a checker that failed with errno 111, and of one that is well again.
fn said(checker: u16, up: bool, attempts: u32) -> (Action, Action) {
    let why = if up { Why::Well } else { Why::System(111) };
    let checker = CheckerId(checker);
    (
        Action::Note(Note::Verdict {
            checker,
            up,
            why,
            attempts,
            page: 0,
        }),
        Action::Tell(Change::Checker { checker, up, why }),
    )
}

#[test]
fn a_start_tells_what_is_there() {
    let mut params = one(&[(2, 1), (3, 2)], &[checker(Probe::Tcp)]);
    params.table.init_notifies = true;
    // Too little, and nobody to stand in: nothing is said.
    add(&mut params, 11, &[(4, 1)], &[]);
    params.services[1].quorum = 2;
    // Too little, and somebody to stand in.
    add(&mut params, 12, &[(5, 1)], &[]);
    params.services[2].quorum = 2;
    params.services[2].sorry = Some(Sorry {
        destination: line(99, 1),
        inhibit: false,
    });
    let mut world = World::started(params);
    assert_eq!(
        world.news(),
        [
            TABLE,
            real(0, true, None),
            real(1, true, None),
            quorum(0, true, 3),
            Action::Table(ServiceId(1)),
            real(2, true, None),
            Action::Table(ServiceId(2)),
            real(3, true, None),
            quorum(2, false, 1),
        ]
    );
    assert_eq!(world.table(0), [(2, 1), (3, 2)]);
    assert_eq!(world.table(1), [(4, 1)]);
    assert_eq!(world.table(2), [(99, 1)]);
}

#[test]
fn down_and_up_in_order_with_and_without_a_sorry_server() {
    for sorry in [false, true] {
        let mut params = one(&[(2, 1), (3, 1)], &[checker(Probe::Tcp)]);
        params.services[0].quorum = 2;
        params.services[0].sorry = sorry.then(|| Sorry {
            destination: line(99, 1),
            inhibit: false,
        });
        let mut world = World::started(params);
        let start = world.now;
        world.news();
        world.run(0, false, start);
        let (line_down, mail_down) = said(0, false, 0);
        let down = [
            line_down,
            TABLE,
            real(0, false, Some(0)),
            quorum(0, false, 1),
            mail_down,
        ];
        assert_eq!(world.news(), down);
        let left = if sorry { (99, 1) } else { (3, 1) };
        assert_eq!(world.table(0), [left]);
        // The other one too: with the sorry server in, the table is as it was.
        world.run(1, false, start);
        let (line_down, mail_down) = said(1, false, 0);
        let news = world.news();
        if sorry {
            assert_eq!(news, [line_down, real(1, false, Some(1)), mail_down]);
        } else {
            assert_eq!(news, [line_down, TABLE, real(1, false, Some(1)), mail_down]);
            assert_eq!(world.table(0), []);
        }
        world.run(1, true, start);
        world.news();
        world.run(0, true, start);
        let (line_up, mail_up) = said(0, true, 0);
        let up = [
            line_up,
            TABLE,
            real(0, true, Some(0)),
            quorum(0, true, 2),
            mail_up,
        ];
        assert_eq!(world.news(), up);
        assert_eq!(world.table(0), [(2, 1), (3, 1)]);
    }
}

#[test]
fn a_real_server_is_alive_when_no_checker_fails() {
    let mut params = one(&[(2, 1)], &[checker(Probe::Tcp), checker(Probe::Tcp)]);
    params.reals[0].inhibit = true;
    let mut world = World::started(params);
    let start = world.now;
    for id in [0, 1] {
        world.event(Event::Timer(CheckerId(id)));
        world.now = start + secs(1);
        world.event(Event::Timer(CheckerId(id)));
    }
    world.news();
    world.got(0, Got::Failed(111));
    assert_eq!(world.table(0), [(2, 0)], "inhibited, not deleted");
    world.news();
    world.got(1, Got::Failed(111));
    let (line, mail) = said(1, false, 0);
    assert_eq!(world.news(), [line, mail], "its mail, and nothing else");
    assert_eq!(world.room.real(RealId(0)).unwrap().failed, 2);
    for (id, alive) in [(0, false), (1, true)] {
        world.now = start + secs(60);
        world.event(Event::Timer(CheckerId(id)));
        world.got(id, Got::Connected);
        assert_eq!(world.room.real(RealId(0)).unwrap().alive, alive);
    }
    assert_eq!(world.table(0), [(2, 1)]);
}

#[test]
fn the_first_success_is_silent_and_an_alpha_checker_always_says_its_first_result() {
    let mut params = one(&[(2, 1)], &[checker(Probe::Tcp)]);
    let mut world = World::started(params.clone());
    let start = world.now;
    world.news();
    world.run(0, true, start);
    assert_eq!(world.news(), []);

    params.checkers[0].alpha = true;
    let mut world = World::started(params.clone());
    assert_eq!(world.news(), [TABLE], "nobody is up");
    assert_eq!(world.table(0), []);
    world.run(0, false, start);
    let (line, mail) = said(0, false, 0);
    assert_eq!(world.news(), [line, real(0, false, Some(0)), mail]);
    world.run(0, false, start);
    assert_eq!(world.news(), []);
    world.run(0, true, start);
    let (line, mail) = said(0, true, 0);
    let up = [
        line,
        TABLE,
        real(0, true, Some(0)),
        quorum(0, true, 1),
        mail,
    ];
    assert_eq!(world.news(), up);

    params.reals[0].inhibit = true;
    let world = World::started(params);
    assert_eq!(
        world.table(0),
        [(2, 0)],
        "alpha and inhibit: there, with weight 0"
    );
}

#[test]
fn weights_change_the_table_and_the_quorum() {
    let mut params = one(&[(2, 10), (3, 1)], &[checker(MISC)]);
    params.services[0].quorum = 5;
    let mut world = World::started(params);
    let start = world.now;
    world.news();
    world.tick();
    world.got(0, Got::Exited(5));
    let weight = |from, to| {
        Action::Note(Note::Weight {
            real: RealId(0),
            from,
            to,
        })
    };
    assert_eq!(world.news(), [weight(10, 3), TABLE, quorum(0, false, 4)]);
    assert_eq!(world.table(0), [(2, 3), (3, 1)]);
    world.now = start + secs(20);
    for (status, news) in [
        (5, vec![]),
        (255, vec![weight(3, 253), TABLE, quorum(0, true, 254)]),
        (0, vec![weight(253, 10), TABLE]),
        (2, vec![weight(10, 0), TABLE, quorum(0, false, 1)]),
    ] {
        world.now += secs(20);
        world.event(Event::Timer(CheckerId(0)));
        world.got(0, Got::Exited(status));
        assert_eq!(world.news(), news, "{status}");
    }
    assert_eq!(world.table(0), [(2, 0), (3, 1)], "weight 0 is in the table");
}

#[test]
fn files_are_levels_known_before_the_start() {
    let file = |weight| Probe::File {
        file: 4,
        weight,
        reverse: false,
    };
    let mut params = one(&[(2, 10)], &[checker(file(0))]);
    add(&mut params, 11, &[(3, 10)], &[checker(file(2))]);
    let mut world = World::new(params, 10);
    world.event(Event::File { file: 4, value: 1 });
    world.event(Event::File { file: 3, value: 9 });
    world.event(Event::Start { seed: 1 });
    assert_eq!((world.table(0), world.table(1)), (vec![], vec![(3, 12)]));
    assert!(world.timers.is_empty(), "nothing to run");
    world.news();
    world.event(Event::File { file: 4, value: 0 });
    assert_eq!(
        (world.table(0), world.table(1)),
        (vec![(2, 10)], vec![(3, 10)])
    );
    assert_eq!(world.news().len(), 7);
    world.event(Event::File { file: 4, value: 0 });
    assert_eq!(world.news(), []);
    world.event(Event::File { file: 4, value: -7 });
    assert_eq!((world.table(0), world.table(1)), (vec![], vec![(3, 0)]));
    let dead = world.room.checker(CheckerId(0)).unwrap();
    assert_eq!(dead.why, Why::File(-7));
}

#[test]
fn every_failed_attempt_is_said_if_wanted() {
    let mut params = one(&[(2, 1)], &[checker(Probe::Tcp)]);
    (
        params.checkers[0].log_all_failures,
        params.checkers[0].retry,
    ) = (true, 2);
    let mut world = World::started(params);
    let start = world.now;
    world.run(0, true, start);
    world.news();
    let attempt = |left| {
        let (checker, why) = (CheckerId(0), Why::System(111));
        [Action::Note(Note::Try { checker, why, left })]
    };
    for left in [2, 1] {
        world.run(0, false, start);
        assert_eq!(world.news(), attempt(left));
    }
    world.run(0, false, start);
    assert_eq!(world.news()[0], said(0, false, 2).0);
    world.run(0, false, start);
    assert_eq!(world.news(), attempt(0));
}

#[test]
fn omega_tells_of_the_end() {
    let mut params = one(&[(2, 1), (3, 1)], &[checker(Probe::Tcp)]);
    params.services[0].omega = true;
    let mut world = World::started(params);
    let start = world.now;
    world.run(0, false, start);
    world.news();
    world.event(Event::Stop);
    assert_eq!(
        world.news(),
        [TABLE, real(1, false, None), quorum(0, false, 0)]
    );
}

#[test]
fn what_an_earlier_worker_knew_counts() {
    let params = one(&[(2, 1), (3, 1)], &[checker(Probe::Tcp)]);
    let mut world = World::new(params, 10);
    world.event(Event::Resume {
        checker: CheckerId(0),
        up: false,
    });
    world.event(Event::Resume {
        checker: CheckerId(1),
        up: true,
    });
    world.event(Event::Start { seed: 1 });
    assert_eq!(world.table(0), [(3, 1)]);
    let start = world.now;
    world.news();
    world.run(0, true, start);
    assert_eq!(world.table(0), [(2, 1), (3, 1)]);
    // A result is known: the next failure is tried again.
    world.run(1, false, start);
    assert_eq!(world.table(0), [(2, 1), (3, 1)]);
}

#[test]
fn who_was_down_before_the_start_is_tried_soon() {
    let mut slow = checker(Probe::Tcp);
    (slow.warmup, slow.delay_loop) = (secs(3600), secs(3600));
    let reals: Vec<_> = (2..12).map(|last| (last, 1)).collect();
    let mut world = World::new(one(&reals, &[slow]), 10);
    for (at, up) in (0..10).map(|n| (n, n % 2 == 0)) {
        let checker = CheckerId(at);
        world.event(Event::Resume { checker, up });
    }
    world.event(Event::Start { seed: 1 });
    let soon = world.now + secs(2);
    for (checker, due) in &world.timers {
        assert!(checker % 2 == 0 || *due <= soon, "{checker}");
    }
    assert!(world.timers.values().any(|due| *due > soon), "the others");
}

#[test]
fn a_sorry_server_that_is_a_real_server_has_one_line() {
    for inhibit in [false, true] {
        let mut params = one(&[(2, 5), (3, 5)], &[checker(Probe::Tcp)]);
        params.services[0].quorum = 10;
        params.services[0].sorry = Some(Sorry {
            destination: line(2, 1),
            inhibit,
        });
        for real in &mut params.reals {
            real.inhibit = inhibit;
        }
        let mut world = World::started(params);
        let start = world.now;
        world.run(0, true, start);
        world.run(1, false, start);
        let others = if inhibit {
            vec![(3, 0), (2, 1)]
        } else {
            vec![(2, 1)]
        };
        assert_eq!(world.table(0), others);
        world.run(1, true, start);
        assert_eq!(world.table(0), [(2, 5), (3, 5)]);
    }
}
