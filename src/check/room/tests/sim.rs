//! Random lives against a model that is written the other way round: it keeps no state of its own
//! beyond the list of results, and reads everything off that list.

use super::super::super::trial::{World, add, checker, line};
use super::super::super::*;
use super::Dice;
use crate::time::Span;

fn params(dice: &mut Dice) -> Params {
    let mut params = Params::default();
    for vip in 0..1 + dice.roll(3) as u8 {
        let reals: Vec<(u8, i32)> = (0..dice.roll(5) as u8)
            .map(|n| (10 * vip + n, dice.roll(4) as i32))
            .collect();
        let checkers = (0..1 + dice.roll(2)).map(|_| {
            let probe = if dice.roll(3) == 0 {
                Probe::Misc {
                    command: 0,
                    dynamic: dice.roll(2) == 0,
                }
            } else {
                Probe::Tcp
            };
            let mut checker = checker(probe);
            checker.alpha = dice.roll(4) == 0;
            checker.retry = dice.roll(4);
            checker.warmup = Span::from_millis(u64::from(dice.roll(20_000)));
            checker.delay_loop = Span::from_millis(1 + u64::from(dice.roll(9_000)));
            checker.delay_before_retry = Span::from_millis(u64::from(dice.roll(3_000)));
            checker
        });
        let checkers: Vec<_> = checkers.collect();
        add(&mut params, 100 + vip, &reals, &checkers);
        let service = params.services.last_mut().unwrap();
        service.quorum = 1 + dice.roll(6);
        service.hysteresis = dice.roll(service.quorum);
        if dice.roll(2) == 0 {
            let inhibit = dice.roll(2) == 0;
            service.sorry = Some(Sorry {
                destination: line(200, 1),
                inhibit,
            });
        }
    }
    for real in &mut params.reals {
        real.inhibit = dice.roll(3) == 0;
    }
    params
}

/// A result: good, and the weight it asks for.
type Run = (bool, Option<i32>);

/// Whether a checker counts as succeeding after these results: find the last success; what came
/// after it are failures.
fn up(p: &CheckerParams, runs: &[Run]) -> bool {
    match runs.iter().rposition(|(good, _)| *good) {
        None => runs.is_empty() && !p.alpha,
        Some(last) => (runs.len() - 1 - last) as u32 <= p.retry,
    }
}

/// Quorum and sorry server depend on the order of events: replayed.
struct Model {
    up: bool,
    sorry: Option<i32>,
}

fn weights(params: &Params, runs: &[Vec<Run>], service: &ServiceParams) -> Vec<Option<i32>> {
    let real = |at: u16| {
        let real = &params.reals[usize::from(at)];
        let own = usize::from(real.checkers.start)..usize::from(real.checkers.end);
        let mut weight = i64::from(real.destination.weight);
        let mut alive = true;
        for at in own {
            alive &= up(&params.checkers[at], &runs[at]);
            let asked = runs[at].iter().rev().find_map(|(_, weight)| *weight);
            weight += asked.map_or(0, |w| i64::from(w) - i64::from(real.destination.weight));
        }
        alive.then(|| weight.max(0) as i32)
    };
    service.reals.clone().map(real).collect()
}

impl Model {
    fn step(&mut self, service: &ServiceParams, weights: &[Option<i32>]) -> bool {
        let alive: i64 = weights.iter().flatten().map(|&w| i64::from(w)).sum();
        let (quorum, slack) = (i64::from(service.quorum), i64::from(service.hysteresis));
        let was = self.up;
        self.up = match was {
            true => alive != 0 && alive + slack >= quorum,
            false => alive >= quorum + slack,
        };
        if let Some(sorry) = service.sorry {
            self.sorry = match self.up {
                false => Some(1),
                true if sorry.inhibit => Some(0),
                true => None,
            };
        }
        was != self.up
    }

    fn table(
        &self,
        params: &Params,
        service: &ServiceParams,
        weights: &[Option<i32>],
    ) -> Vec<(u8, i32)> {
        let mut table = Vec::new();
        for (at, weight) in service.reals.clone().zip(weights) {
            let real = &params.reals[usize::from(at)];
            let IpAddr::V4(address) = real.destination.address else {
                continue;
            };
            let serves = weight.filter(|_| self.sorry != Some(1));
            if let Some(weight) = serves.or(real.inhibit.then_some(0)) {
                table.push((address.octets()[3], weight));
            }
        }
        table.extend(self.sorry.map(|weight| (200, weight)));
        table
    }
}

/// As they are right after the start.
fn models(params: &Params, runs: &[Vec<Run>]) -> Vec<Model> {
    let begin = |service| {
        let mut model = Model {
            up: false,
            sorry: None,
        };
        model.step(service, &weights(params, runs, service));
        model
    };
    params.services.iter().map(begin).collect()
}

fn life(seed: u32) {
    let mut dice = Dice(seed);
    let params = params(&mut dice);
    let limit = 1 + dice.roll(3) as usize;
    let mut world = World::new(params.clone(), limit);
    world.event(Event::Start { seed });
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); params.checkers.len()];
    let mut models = models(&params, &runs);
    world.news();
    let services = 0..params.services.len() as u16;
    let mut tables: Vec<_> = services.map(|at| world.table(at)).collect();
    for _ in 0..300 {
        let before = world.open.clone();
        // Either something that runs ends, or a timer comes.
        let some = dice.roll(world.open.len().max(1) as u32) as usize;
        let running = world.open.iter().nth(some).copied();
        let ended = match running {
            Some(id) if dice.roll(3) != 0 => {
                world.now += Span::from_millis(u64::from(dice.roll(900)));
                Some((id, end(&mut world, id, &params, &mut dice)))
            }
            _ => {
                let timer = world.tick().filter(|id| before.contains(id));
                timer.map(|id| (id, (false, None)))
            }
        };
        assert!(world.most <= 2 * limit, "seed {seed}");
        if let Some((id, run)) = ended {
            runs[usize::from(id)].push(run);
        }
        let news = world.news();
        for (at, service) in params.services.iter().enumerate() {
            let weights = weights(&params, &runs, service);
            let crossed = models[at].step(service, &weights);
            let id = ServiceId(at as u16);
            let told = news.iter().any(
                |n| matches!(n, Action::Tell(Change::Quorum { service, .. }) if *service == id),
            );
            assert_eq!(told, crossed, "seed {seed}");
            let changed = news.contains(&Action::Table(id));
            let table = models[at].table(&params, service, &weights);
            assert_eq!(world.table(at as u16), table, "seed {seed}");
            assert_eq!(changed, tables[at] != table, "seed {seed}");
            tables[at] = table;
            assert_eq!(
                world.room.service(id).unwrap().up,
                models[at].up,
                "seed {seed}"
            );
        }
    }
    world.event(Event::Stop);
    assert!(
        world.open.is_empty() && world.timers.is_empty(),
        "seed {seed}"
    );
}

/// Ends a try somehow.
fn end(world: &mut World, id: u16, params: &Params, dice: &mut Dice) -> Run {
    let good = dice.roll(2) == 0;
    match params.checkers[usize::from(id)].probe {
        Probe::Misc { dynamic, .. } => {
            let status = if good && dynamic {
                dice.roll(8) as u8
            } else {
                u8::from(!good)
            };
            world.got(id, Got::Exited(status));
            let of = params.checkers[usize::from(id)].real;
            let configured = params.reals[usize::from(of.0)].destination.weight;
            match status {
                0 => (true, dynamic.then_some(configured)),
                2.. => (true, Some(i32::from(status) - 2)),
                1 => (false, None),
            }
        }
        _ => {
            world.got(
                id,
                if good {
                    Got::Connected
                } else {
                    Got::Failed(111)
                },
            );
            (good, None)
        }
    }
}

#[test]
fn random_lives() {
    for seed in 0..400 {
        life(seed);
    }
}
