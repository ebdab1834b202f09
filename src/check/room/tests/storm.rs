//! Anything in any order: nothing panics, what is opened is closed once, what is disarmed was armed
//! (the world asserts that), and the table follows from what the snapshots say.

use super::super::super::trial::{MISC, World, add, checker, ip, line, one, pages};
use super::super::super::*;
use super::Dice;
use crate::time::Span;

fn params(dice: &mut Dice) -> Params {
    let mut params = Params::default();
    for vip in 0..dice.roll(4) as u8 {
        let probe = |dice: &mut Dice| match dice.roll(8) {
            0 => Probe::Tcp,
            1 => MISC,
            2 => pages(1 + dice.roll(3) as usize, true),
            3 => Probe::Smtp { helo: "me".into() },
            4 => Probe::Dns {
                name: "a.b".into(),
                kind: 6,
            },
            5 => Probe::Ping,
            6 => Probe::Udp(Box::new(Udp {
                payload: vec![1, 2],
                reply: Some(Vec::new()),
                min: 0,
                max: 255,
            })),
            _ => Probe::File {
                file: dice.roll(2) as u16,
                weight: dice.roll(3) as i32,
                reverse: false,
            },
        };
        let reals: Vec<_> = (0..dice.roll(4) as u8).map(|n| (n, 1)).collect();
        let checkers: Vec<_> = (0..dice.roll(4)).map(|_| checker(probe(dice))).collect();
        add(&mut params, 100 + vip, &reals, &checkers);
        let service = params.services.last_mut().expect("just added");
        service.ha_suspend = dice.roll(3) == 0;
        service.omega = dice.roll(2) == 0;
        service.sorry = (dice.roll(2) == 0).then(|| Sorry {
            destination: line(1, 1),
            inhibit: false,
        });
    }
    for checker in &mut params.checkers {
        checker.alpha = dice.roll(4) == 0;
    }
    params
}

fn bytes(dice: &mut Dice) -> Vec<u8> {
    let known: [&[u8]; 5] = [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"220 hello\r\n",
        b"250 well\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        &[0; 64],
    ];
    let mut bytes = known[dice.roll(5) as usize].to_vec();
    if dice.roll(3) == 0 && !bytes.is_empty() {
        let at = dice.roll(bytes.len() as u32) as usize;
        bytes[at] ^= 1 << dice.roll(8);
    }
    bytes
}

fn answer(world: &mut World, dice: &mut Dice) {
    let some = dice.roll(world.open.len().max(1) as u32) as usize;
    let Some(id) = world.open.iter().nth(some).copied() else {
        return;
    };
    let _ = world.room.outgoing(CheckerId(id)).len();
    let misc = world.room.params().checkers[usize::from(id)].probe == MISC;
    match dice.roll(6) {
        0 | 1 if misc => world.got(id, Got::Exited(dice.roll(256) as u8)),
        2 if misc => world.got(id, Got::Signaled(9)),
        0 => world.got(id, Got::Failed(111)),
        1 => world.got(id, Got::TlsFailed(40)),
        2 => world.got(id, Got::Closed),
        3 => world.got(id, Got::Connected),
        _ => world.got(id, Got::Data(&bytes(dice))),
    }
}

fn invariants(world: &World) {
    let params = world.room.params();
    let load = world.room.load();
    assert_eq!(load.running, world.open.len());
    for (id, service) in (0..).map(ServiceId).zip(&params.services) {
        let lines: Vec<_> = world.room.desired(id).collect();
        for (at, line) in lines.iter().enumerate() {
            let twice = lines[..at]
                .iter()
                .any(|l| (l.address, l.port) == (line.address, line.port));
            assert!(!twice, "{line:?} twice");
        }
        let state = world.room.service(id).expect("it is there");
        assert!(state.present || lines.is_empty());
        assert_eq!(
            state.sorry,
            state.present && service.sorry.is_some() && !state.up
        );
        for real in service.reals.clone().map(RealId) {
            let own = params.reals[usize::from(real.0)].checkers.clone();
            let down = own.filter(|&c| !world.room.checker(CheckerId(c)).expect("a checker").up);
            let real = world.room.real(real).expect("a real server");
            if state.present {
                assert_eq!(usize::from(real.failed), down.count());
                assert_eq!(real.line.is_some(), real.alive && !state.sorry);
            }
        }
    }
}

fn storm(seed: u32) {
    let mut dice = Dice(seed);
    let mut world = World::new(params(&mut dice), 1 + dice.roll(4) as usize);
    for _ in 0..200 {
        world.now += Span::from_millis(u64::from(dice.roll(2000)));
        match dice.roll(40) {
            0 => world.event(Event::Stop),
            1 => {
                let new = params(&mut dice);
                world.room.part(&new, world.now);
                world.drain();
                assert!(
                    world.open.is_empty() && world.timers.is_empty(),
                    "seed {seed}"
                );
                world.room.reload(new, &|a, b| a == b, world.now);
                world.drain();
            }
            2..4 => world.event(Event::Start { seed }),
            4..7 => {
                let address = ip(100 + dice.roll(4) as u8);
                let present = dice.roll(2) == 0;
                world.event(Event::Local { address, present });
            }
            7..9 => {
                let (file, value) = (dice.roll(2) as u16, dice.roll(3) as i32 - 1);
                world.event(Event::File { file, value });
            }
            // Early, late, or nobody's.
            9 => {
                let id = dice.roll(20) as u16;
                if world.timers.get(&id).is_some_and(|&at| at <= world.now) {
                    world.timers.remove(&id);
                }
                world.event(Event::Timer(CheckerId(id)));
            }
            10 => world.event(Event::Resume {
                checker: CheckerId(dice.roll(20) as u16),
                up: false,
            }),
            11..20 => {
                world.tick();
            }
            _ => answer(&mut world, &mut dice),
        }
        if dice.roll(10) == 0 {
            invariants(&world);
        }
    }
    invariants(&world);
    world.event(Event::Stop);
    assert!(
        world.open.is_empty() && world.timers.is_empty(),
        "seed {seed}"
    );
}

#[test]
fn anything_in_any_order() {
    for seed in 0..1500 {
        storm(seed);
    }
    let mut nothing = World::started(one(&[], &[]));
    assert_eq!(nothing.tick(), None);
}
