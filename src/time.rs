//! Time as the rooms see it: microseconds on a monotonic clock, handed in from outside.
//!
//! Nothing here reads a clock. Tests write `Instant::from_millis(1500)`.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A point on the monotonic clock, in microseconds since an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

/// A length of time in microseconds. All arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Instant {
    /// The start of the clock.
    pub const ZERO: Instant = Instant(0);
    /// Later than anything that happens.
    pub const FAR: Instant = Instant(u64::MAX);

    /// Microseconds since the start of the clock.
    pub const fn from_micros(us: u64) -> Self {
        Instant(us)
    }
    /// Milliseconds since the start of the clock.
    pub const fn from_millis(ms: u64) -> Self {
        Instant(ms.saturating_mul(1_000))
    }
    /// Seconds since the start of the clock.
    pub const fn from_secs(s: u64) -> Self {
        Instant(s.saturating_mul(1_000_000))
    }
    /// Microseconds since the start of the clock.
    pub const fn micros(self) -> u64 {
        self.0
    }
    /// The span from `earlier` to `self`, zero if `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of microseconds.
    pub const fn from_micros(us: u64) -> Self {
        Span(us)
    }
    /// A span of milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Span(ms.saturating_mul(1_000))
    }
    /// A span of hundredths of a second, the unit of VRRPv3 intervals (RFC 9568 §5.2.7).
    pub const fn from_centis(cs: u64) -> Self {
        Span(cs.saturating_mul(10_000))
    }
    /// A span of seconds.
    pub const fn from_secs(s: u64) -> Self {
        Span(s.saturating_mul(1_000_000))
    }
    /// The span in microseconds.
    pub const fn micros(self) -> u64 {
        self.0
    }
    /// `self * n`, saturating.
    pub const fn times(self, n: u64) -> Span {
        Span(self.0.saturating_mul(n))
    }
    /// `self / n` rounded down; `n` must not be 0.
    pub const fn over(self, n: u64) -> Span {
        Span(self.0 / n)
    }
    /// Whether the span is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, rhs: Span) -> Instant {
        Instant(self.0.saturating_add(rhs.0))
    }
}
impl AddAssign<Span> for Instant {
    fn add_assign(&mut self, rhs: Span) {
        *self = *self + rhs;
    }
}
impl Sub<Span> for Instant {
    type Output = Instant;
    fn sub(self, rhs: Span) -> Instant {
        Instant(self.0.saturating_sub(rhs.0))
    }
}
impl Add for Span {
    type Output = Span;
    fn add(self, rhs: Span) -> Span {
        Span(self.0.saturating_add(rhs.0))
    }
}
impl Sub for Span {
    type Output = Span;
    fn sub(self, rhs: Span) -> Span {
        Span(self.0.saturating_sub(rhs.0))
    }
}

fn decimal(f: &mut fmt::Formatter<'_>, us: u64) -> fmt::Result {
    let (whole, mut frac, mut digits) = (us / 1_000_000, us % 1_000_000, 6);
    if frac == 0 {
        return write!(f, "{whole}");
    }
    while frac % 10 == 0 {
        frac /= 10;
        digits -= 1;
    }
    write!(f, "{whole}.{frac:0digits$}")
}

/// Seconds with as many decimals as needed: `3.609375`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, self.0)
    }
}
/// Seconds with as many decimals as needed: `0.5`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_seconds_without_trailing_zeros() {
        assert_eq!(Span::from_micros(3_609_375).to_string(), "3.609375");
        assert_eq!(Span::from_secs(3).to_string(), "3");
        assert_eq!(Span::from_micros(10_050).to_string(), "0.01005");
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Instant::FAR + Span::from_secs(1), Instant::FAR);
        assert_eq!(Instant::ZERO - Span::from_secs(1), Instant::ZERO);
        assert_eq!(Instant::ZERO.since(Instant::from_secs(1)), Span::ZERO);
    }
}
