//! How often a stranger can make us talk.

use crate::time::{Instant, Span};

/// Token buckets by key: each key may say a few lines at once and then one per period; what is
/// hushed is counted and can be said later. A bounded table made at the start; a flood of new keys
/// is held down by one bucket for all.
#[derive(Debug)]
pub struct RateLimit {
    buckets: Vec<Bucket>,
    keys: usize,
    burst: u32,
    every: Span,
    all: Bucket,
    /// Counts of keys that had to make room.
    forgotten: u32,
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Say it; so many of its kind were hushed since the last one said.
    Say(u32),
    /// Count it only.
    Hush,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    key: u64,
    tokens: u32,
    /// Since when the next token grows.
    since: Instant,
    /// The last line, said or not.
    last: Instant,
    hushed: u32,
}

/// All keys together may say so many times what one may.
const ALL: u32 = 4;

impl RateLimit {
    /// At most `keys` kinds at a time; each may say `burst` lines at once, then one per `every`.
    pub fn new(keys: usize, burst: u32, every: Span) -> Self {
        let keys = keys.max(1);
        let burst = burst.max(1);
        let every = every.max(Span::from_micros(u64::from(ALL)));
        RateLimit {
            buckets: Vec::with_capacity(keys),
            keys,
            burst,
            every,
            all: Bucket::full(0, burst.saturating_mul(ALL), Instant::ZERO),
            forgotten: 0,
        }
    }

    /// Whether a line of this kind may be said now.
    pub fn pass(&mut self, key: u64, now: Instant) -> Pass {
        let (burst, every) = (self.burst, self.every);
        let at = self.find(key, now);
        self.all
            .refill(burst.saturating_mul(ALL), every.over(u64::from(ALL)), now);
        let Some(bucket) = self.buckets.get_mut(at) else {
            return Pass::Hush;
        };
        bucket.refill(burst, every, now);
        bucket.last = now;
        if bucket.tokens == 0 || self.all.tokens == 0 {
            bucket.hushed = bucket.hushed.saturating_add(1);
            return Pass::Hush;
        }
        bucket.tokens -= 1;
        self.all.tokens -= 1;
        Pass::Say(std::mem::take(&mut bucket.hushed))
    }

    /// A kind that has been quiet for a period, and how many of its lines were hushed: say so. Key
    /// 0 also stands for kinds that had to make room. Call until `None`.
    pub fn settle(&mut self, now: Instant) -> Option<(u64, u32)> {
        let every = self.every;
        if let Some(bucket) = self
            .buckets
            .iter_mut()
            .find(|b| b.hushed > 0 && b.last + every <= now)
        {
            return Some((bucket.key, std::mem::take(&mut bucket.hushed)));
        }
        if self.forgotten > 0 && self.all.last + every <= now {
            return Some((0, std::mem::take(&mut self.forgotten)));
        }
        None
    }

    /// When [`RateLimit::settle`] will have something to say, if nothing more happens.
    pub fn settle_at(&self) -> Option<Instant> {
        let of_keys = self
            .buckets
            .iter()
            .filter(|b| b.hushed > 0)
            .map(|b| b.last + self.every);
        let of_all = (self.forgotten > 0).then_some(self.all.last + self.every);
        of_keys.chain(of_all).min()
    }

    /// The bucket of a key, made if need be; the one quiet for longest makes room.
    fn find(&mut self, key: u64, now: Instant) -> usize {
        if let Some(at) = self.buckets.iter().position(|bucket| bucket.key == key) {
            return at;
        }
        let fresh = Bucket::full(key, self.burst, now);
        if self.buckets.len() < self.keys {
            self.buckets.push(fresh);
            return self.buckets.len() - 1;
        }
        let oldest = self
            .buckets
            .iter()
            .enumerate()
            .min_by_key(|(_, bucket)| bucket.last);
        let at = oldest.map_or(0, |(at, _)| at);
        if let Some(bucket) = self.buckets.get_mut(at) {
            if bucket.hushed > 0 {
                self.forgotten = self.forgotten.saturating_add(bucket.hushed);
                self.all.last = now;
            }
            *bucket = fresh;
        }
        at
    }
}

impl Bucket {
    fn full(key: u64, tokens: u32, now: Instant) -> Bucket {
        Bucket {
            key,
            tokens,
            since: now,
            last: now,
            hushed: 0,
        }
    }

    fn refill(&mut self, most: u32, every: Span, now: Instant) {
        let grown = now.since(self.since).micros() / every.micros().max(1);
        if grown == 0 {
            return;
        }
        let room = u64::from(most.saturating_sub(self.tokens));
        if grown >= room {
            (self.tokens, self.since) = (most, now);
        } else {
            self.tokens += grown as u32;
            self.since += every.times(grown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Instant {
        Instant::from_millis(n)
    }

    #[test]
    fn a_burst_then_one_per_period_with_the_count_of_the_hushed() {
        let mut limit = RateLimit::new(8, 3, Span::from_secs(1));
        let said: Vec<(u64, u32)> = (0..10_000)
            .filter_map(|n| match limit.pass(7, ms(n)) {
                Pass::Say(hushed) => Some((n, hushed)),
                Pass::Hush => None,
            })
            .collect();
        let mut expected = vec![(0, 0), (1, 0), (2, 0), (1_000, 997)];
        expected.extend((2..10).map(|s| (s * 1_000, 999)));
        assert_eq!(said, expected);
        assert_eq!(limit.settle(ms(9_999)), None);
        assert_eq!(limit.settle_at(), Some(ms(10_999)));
        assert_eq!(limit.settle(ms(10_999)), Some((7, 999)));
        assert_eq!((limit.settle(ms(10_999)), limit.settle_at()), (None, None));
        // Quiet long enough: the burst is back.
        assert!((0..3).all(|_| limit.pass(7, ms(60_000)) == Pass::Say(0)));
        assert_eq!(limit.pass(7, ms(60_000)), Pass::Hush);
    }

    #[test]
    fn one_noisy_kind_does_not_hush_another() {
        let mut limit = RateLimit::new(8, 2, Span::from_secs(1));
        for n in 0..100 {
            limit.pass(1, ms(n));
        }
        assert_eq!(limit.pass(2, ms(100)), Pass::Say(0));
    }

    #[test]
    fn ever_new_keys_do_not_get_ever_new_bursts() {
        let mut limit = RateLimit::new(16, 5, Span::from_secs(1));
        let mut hushed = 0;
        let mut said = 0;
        for n in 0..100_000_u64 {
            match limit.pass(n, ms(n)) {
                Pass::Say(before) => (said, hushed) = (said + 1, hushed + before),
                Pass::Hush => {}
            }
            assert!(limit.buckets.len() <= 16);
        }
        // 20 at once, then 4 a second for 100 seconds.
        assert!((400..=425).contains(&said), "{said}");
        while let Some((_, count)) = limit.settle(ms(200_000)) {
            hushed += count;
        }
        assert_eq!(said + hushed, 100_000, "every line is said or counted");
    }
}
