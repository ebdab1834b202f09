//! The pause before the next worker.

use crate::time::Span;

/// How long to wait before the next start: 0, 1, 2, 4, 8, 16, 32, 60, 60 … seconds after deaths
/// in the first minute of life, none after a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    early: usize,
}

/// A worker that lived so long did not die early.
const EARLY: Span = Span::from_secs(60);
const PAUSES: [u64; 8] = [0, 1, 2, 4, 8, 16, 32, 60];

impl Backoff {
    /// A worker has died after running for `ran`: wait this long.
    pub fn died(&mut self, ran: Span) -> Span {
        if ran >= EARLY {
            self.early = 0;
            return Span::ZERO;
        }
        let pause = PAUSES.get(self.early).copied().unwrap_or(60);
        self.early = (self.early + 1).min(PAUSES.len());
        Span::from_secs(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Span {
        Span::from_secs(n)
    }

    #[test]
    fn early_deaths_are_spaced() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..11)
            .map(|_| backoff.died(secs(59)).micros() / 1_000_000)
            .collect();
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn a_long_life_starts_at_once_and_forgets() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.died(secs(0));
        }
        assert_eq!(backoff.died(secs(60)), Span::ZERO);
        assert_eq!(backoff.died(secs(1)), Span::ZERO);
        assert_eq!(backoff.died(secs(1)), secs(1));
        assert_eq!(backoff.died(secs(1)), secs(2));
    }
}
