use super::*;
use crate::time::Span;

fn us(n: u64) -> Instant {
    Instant::from_micros(n)
}

fn drain(wheel: &mut Wheel, now: Instant) -> Vec<u32> {
    std::iter::from_fn(|| wheel.pop(now).map(|(id, _)| id)).collect()
}

#[test]
fn never_early_and_to_the_microsecond() {
    let mut wheel = Wheel::new(4);
    for at in [
        1,
        999,
        1_000,
        63_999,
        64_000,
        4_096_000,
        262_144_000,
        600_000_001,
        u64::MAX,
    ] {
        wheel.arm(2, us(at));
        assert_eq!(wheel.next_deadline(), Some(us(at)));
        assert_eq!(wheel.pop(us(at - 1)), None);
        assert_eq!(wheel.deadline(2), Some(us(at)));
        assert_eq!(wheel.pop(us(at)), Some((2, us(at))));
        assert_eq!(
            (wheel.pop(us(at)), wheel.next_deadline(), wheel.armed()),
            (None, None, 0)
        );
    }
}

#[test]
fn deadlines_in_order_and_ties_as_armed() {
    let mut wheel = Wheel::new(8);
    for (id, at) in [
        (0, 900),
        (1, 100),
        (2, 100),
        (3, 5_000_000),
        (4, 100),
        (5, 70_000),
    ] {
        wheel.arm(id, us(at));
    }
    wheel.arm(2, us(100)); // re-armed: now behind 4
    assert_eq!(drain(&mut wheel, us(10_000_000)), [1, 4, 2, 0, 5, 3]);
}

#[test]
fn ties_hold_across_levels() {
    let mut wheel = Wheel::new(3);
    let at = Instant::from_secs(1_000);
    wheel.arm(0, at); // parked
    assert_eq!(wheel.pop(at - Span::from_secs(2)), None);
    wheel.arm(1, at); // level 1
    assert_eq!(wheel.pop(at - Span::from_micros(10)), None);
    wheel.arm(2, at); // level 0
    assert_eq!(drain(&mut wheel, at), [0, 1, 2]);
}

#[test]
fn what_is_disarmed_between_two_pops_does_not_fire() {
    let mut wheel = Wheel::new(3);
    for id in 0..3 {
        wheel.arm(id, us(50));
    }
    assert_eq!(wheel.pop(us(60)), Some((0, us(50))));
    wheel.disarm(1);
    wheel.arm(2, us(61));
    assert_eq!(wheel.pop(us(60)), None);
    assert_eq!(wheel.pop(us(61)), Some((2, us(61))));
}

#[test]
fn the_past_fires_next_and_in_order() {
    let mut wheel = Wheel::new(3);
    assert_eq!(wheel.pop(Instant::from_secs(100)), None);
    wheel.arm(0, Instant::from_secs(100));
    wheel.arm(1, Instant::from_secs(7));
    wheel.arm(2, Instant::ZERO);
    assert_eq!(wheel.next_deadline(), Some(Instant::ZERO));
    assert_eq!(drain(&mut wheel, Instant::from_secs(100)), [2, 1, 0]);
}

#[test]
fn growing_keeps_what_is_armed() {
    let mut wheel = Wheel::new(1);
    wheel.arm(0, us(10));
    wheel.grow(100);
    wheel.grow(5);
    wheel.arm(99, us(5));
    assert_eq!(wheel.capacity(), 100);
    assert_eq!(drain(&mut wheel, us(10)), [99, 0]);
    wheel.disarm(7);
    wheel.disarm(5_000);
    assert_eq!(wheel.deadline(5_000), None);
}

/// SplitMix64: seeds in, the same numbers out everywhere.
struct Random(u64);
impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    /// A span of any size: each power of two is as likely as any other.
    fn span(&mut self, most: u64) -> u64 {
        let bits = self.below(u64::from(most.ilog2()) + 1);
        self.below(1 << bits).min(most)
    }
}

/// The same promises kept by looking at everything.
#[derive(Default)]
struct Model {
    armed: std::collections::BTreeMap<(Instant, u64), u32>,
    of: std::collections::HashMap<u32, (Instant, u64)>,
    order: u64,
}
impl Model {
    fn disarm(&mut self, id: u32) {
        if let Some(key) = self.of.remove(&id) {
            self.armed.remove(&key);
        }
    }
    fn arm(&mut self, id: u32, at: Instant) {
        self.disarm(id);
        self.order += 1;
        self.of.insert(id, (at, self.order));
        self.armed.insert((at, self.order), id);
    }
    fn pop(&mut self, now: Instant) -> Option<(u32, Instant)> {
        let (&(at, _), &id) = self.armed.first_key_value()?;
        (at <= now).then(|| {
            self.disarm(id);
            (id, at)
        })
    }
}

/// `steps` random operations on both; panics at the first difference.
fn compare(seed: u64, steps: usize, ids: u64, arm_span: u64, move_span: u64) {
    let mut random = Random(seed);
    let (mut wheel, mut model) = (Wheel::new(ids as usize), Model::default());
    let mut now = us(random.span(1 << 50));
    for step in 0..steps {
        match random.below(10) {
            0..=4 => {
                let id = random.below(ids) as u32;
                let span = random.span(arm_span);
                // Now and then in the past; often on a coarse grid, so that ties happen.
                let at = match random.below(8) {
                    0 => now.micros().saturating_sub(span),
                    1..=3 => now.micros().saturating_add(span) / 1_000 * 1_000,
                    _ => now.micros().saturating_add(span),
                };
                wheel.arm(id, us(at));
                model.arm(id, us(at));
            }
            5 => {
                let id = random.below(ids) as u32;
                wheel.disarm(id);
                model.disarm(id);
            }
            6 => now = us(now.micros().saturating_add(random.span(move_span))),
            7 => {
                // Straight to the next deadline, or just before it.
                let next = model.armed.keys().next().map_or(now, |key| key.0);
                now = now.max(next - Span::from_micros(random.below(2)));
            }
            _ => loop {
                let popped = wheel.pop(now);
                assert_eq!(
                    popped,
                    model.pop(now),
                    "seed {seed}, step {step}, now {now}"
                );
                match popped {
                    // A handler re-arms, as a Master's advert timer does.
                    Some((id, at)) if random.below(3) == 0 => {
                        let at = at.max(now) + Span::from_micros(1 + random.span(arm_span));
                        wheel.arm(id, at);
                        model.arm(id, at);
                    }
                    Some(_) if random.below(9) > 0 => {}
                    _ => break,
                }
            },
        }
        let next = model.armed.keys().next().map(|key| key.0);
        assert_eq!(
            wheel.next_deadline(),
            next,
            "seed {seed}, step {step}, now {now}"
        );
        assert_eq!(wheel.armed(), model.of.len());
    }
}

#[test]
fn agrees_with_a_sorted_list() {
    let spans = [1 << 4, 1 << 10, 1 << 17, 1 << 23, 1 << 29, 1 << 40, 1 << 62];
    let mut seed = 1;
    for arm_span in spans {
        for move_span in spans {
            compare(seed, 6_000, 1 + seed * 7 % 61, arm_span, move_span);
            seed += 1;
        }
    }
    compare(1_000, 100_000, 2_000, 1 << 23, 1 << 20);
    compare(1_001, 100_000, 300, 1 << 33, 1 << 31);
}
