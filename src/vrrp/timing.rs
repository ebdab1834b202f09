//! Skew and down interval in exact arithmetic.
//!
//! A deadline is never rounded to an earlier microsecond than the exact value.

use crate::time::{Instant, Span};
use crate::wire::vrrp::Version;

/// `Skew_Time`: how much longer a lower priority waits.
///
/// RFC 3768 §6.1: (256 − priority) / 256 seconds.
/// RFC 9568 §6.1: ((256 − priority) × Active_Adver_Interval) / 256.
pub fn skew(version: Version, priority: u8, interval: Span) -> Span {
    let unit = match version {
        Version::V2 => Span::from_secs(1),
        Version::V3 => interval,
    };
    let parts = unit.times(256 - u64::from(priority));
    Span::from_micros(parts.micros().div_ceil(256))
}

/// `Master_Down_Interval` / `Active_Down_Interval`: `adverts` (3 by RFC) intervals and the skew.
pub fn down(version: Version, priority: u8, interval: Span, adverts: u8) -> Span {
    interval.times(u64::from(adverts)) + skew(version, priority, interval)
}

/// One phase for all Masters of an interval, so that their adverts leave in the same wake-up.
///
/// The grid has a point at the phase and one half an interval later. Whoever joins moves its second
/// advert to the latest grid point not after the natural time; that is earlier by less than half an
/// interval, so two adverts are never closer than half an interval. After that it keeps the phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    interval: Span,
    origin: Instant,
    users: u32,
}

impl Phase {
    pub fn new(interval: Span) -> Self {
        Phase {
            interval,
            origin: Instant::ZERO,
            users: 0,
        }
    }

    pub fn interval(&self) -> Span {
        self.interval
    }

    /// A reload: the phase of the same interval goes on, without its users so far.
    pub fn go_on(&mut self, was: &Phase) {
        self.origin = was.origin;
    }

    /// A reload: a Master goes on being one.
    pub fn carry_on(&mut self) {
        self.users = self.users.saturating_add(1);
    }

    /// A new Master sends now; returns when its second advert is due.
    pub fn join(&mut self, now: Instant) -> Instant {
        self.users = self.users.saturating_add(1);
        self.after(now)
    }

    /// A Master stopped being one.
    pub fn leave(&mut self) {
        self.users = self.users.saturating_sub(1);
    }

    /// When the next advert is due if one leaves now, out of turn.
    ///
    /// RFC 9568 §6.4.3 restarts Adver_Timer; a single Master does just that and takes the phase
    /// along, one of several comes back into the phase.
    pub fn after(&mut self, now: Instant) -> Instant {
        if self.users <= 1 {
            self.origin = now;
        }
        let interval = self.interval.micros().max(1);
        let ahead = now.since(self.origin).micros() % interval;
        let half = interval / 2;
        let earlier = if half > 0 && ahead >= half {
            ahead - half
        } else {
            ahead
        };
        now + self.interval - Span::from_micros(earlier)
    }

    /// When the next advert is due after the one that was due at `due` leaves at `now`.
    pub fn next(&mut self, due: Instant, now: Instant) -> Instant {
        let next = due + self.interval;
        if next > now { next } else { self.after(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked values: version, priority, interval, skew and down interval in nanoseconds.
    const WORKED: [(Version, u8, Span, u64, u64); 9] = [
        (
            Version::V2,
            1,
            Span::from_secs(1),
            996_093_750,
            3_996_093_750,
        ),
        (
            Version::V2,
            100,
            Span::from_secs(1),
            609_375_000,
            3_609_375_000,
        ),
        (
            Version::V2,
            254,
            Span::from_secs(1),
            7_812_500,
            3_007_812_500,
        ),
        (
            Version::V2,
            100,
            Span::from_secs(2),
            609_375_000,
            6_609_375_000,
        ),
        (
            Version::V3,
            100,
            Span::from_centis(100),
            609_375_000,
            3_609_375_000,
        ),
        (
            Version::V3,
            100,
            Span::from_centis(10),
            60_937_500,
            360_937_500,
        ),
        (
            Version::V3,
            254,
            Span::from_centis(50),
            3_906_250,
            1_503_906_250,
        ),
        // Own interval 100 cs, learnt 20 cs.
        (
            Version::V3,
            150,
            Span::from_centis(20),
            82_812_500,
            682_812_500,
        ),
        (
            Version::V3,
            200,
            Span::from_centis(4095),
            8_957_812_500,
            131_807_812_500,
        ),
    ];

    #[test]
    fn worked_values_never_early_and_less_than_a_microsecond_late() {
        for (version, priority, interval, skew_ns, down_ns) in WORKED {
            let (skew, down) = (
                skew(version, priority, interval).micros(),
                down(version, priority, interval, 3).micros(),
            );
            assert_eq!(skew, skew_ns.div_ceil(1000), "{version:?} {priority} skew");
            assert_eq!(down, down_ns.div_ceil(1000), "{version:?} {priority} down");
        }
    }

    #[test]
    fn neighbouring_priorities_differ_at_the_shortest_interval() {
        for priority in 1..255 {
            let interval = Span::from_centis(1);
            let (this, next) = (
                skew(Version::V3, priority, interval),
                skew(Version::V3, priority + 1, interval),
            );
            assert!(this > next, "{priority}");
        }
    }

    #[test]
    fn joining_masters_share_a_phase() {
        let mut phase = Phase::new(Span::from_secs(1));
        assert_eq!(
            phase.join(Instant::from_millis(300)),
            Instant::from_millis(1300)
        );
        // 0.2 s after the phase: moved 0.2 s earlier.
        assert_eq!(
            phase.join(Instant::from_millis(5500)),
            Instant::from_millis(6300)
        );
        // 0.7 s after the phase: to the point half an interval from it.
        assert_eq!(
            phase.join(Instant::from_millis(9000)),
            Instant::from_millis(9800)
        );
        // Just before the phase: nearly half an interval, never more.
        assert_eq!(
            phase.join(Instant::from_millis(9299)),
            Instant::from_millis(9800)
        );
        assert_eq!(
            phase.join(Instant::from_millis(9300)),
            Instant::from_millis(10_300)
        );
        for _ in 0..5 {
            phase.leave();
        }
        // Nobody left: the next one sets the phase.
        assert_eq!(
            phase.join(Instant::from_millis(20_123)),
            Instant::from_millis(21_123)
        );
    }

    #[test]
    fn a_stall_does_not_cause_a_burst_of_missed_adverts() {
        let mut phase = Phase::new(Span::from_secs(1));
        phase.join(Instant::ZERO);
        phase.join(Instant::ZERO);
        assert_eq!(
            phase.next(Instant::from_secs(5), Instant::from_millis(5010)),
            Instant::from_secs(6)
        );
        assert_eq!(
            phase.next(Instant::from_secs(5), Instant::from_millis(9300)),
            Instant::from_secs(10)
        );
    }

    #[test]
    fn a_single_master_restarts_its_timer() {
        let mut phase = Phase::new(Span::from_secs(1));
        phase.join(Instant::ZERO);
        assert_eq!(
            phase.after(Instant::from_millis(300)),
            Instant::from_millis(1300)
        );
        // The next one to join finds the phase there.
        assert_eq!(
            phase.join(Instant::from_millis(1400)),
            Instant::from_millis(2300)
        );
    }
}
