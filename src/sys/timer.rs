//! The loop's one clock source: an absolute CLOCK_MONOTONIC timerfd.

use crate::time::Instant;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

/// Becomes readable when its instant has come. Non-blocking, close-on-exec.
#[derive(Debug)]
pub struct Timerfd {
    fd: TimerFd,
}

impl Timerfd {
    /// A disarmed timer.
    pub fn new() -> io::Result<Self> {
        let fd = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC,
        )?;
        Ok(Timerfd { fd })
    }

    /// Fires once at `at`, replacing what was armed; an instant in the past fires at once.
    pub fn arm(&self, at: Instant) -> io::Result<()> {
        // (0, 0) would disarm, so the start of the clock becomes its first nanosecond. Seconds
        // stop at 2^31 - 1 since boot: 32-bit C libraries have no more, and nobody waits longer.
        let seconds = (at.micros() / 1_000_000).min(MAX_SECONDS);
        let nanos = (at.micros() % 1_000_000) * 1_000;
        let nanos = if seconds == 0 { nanos.max(1) } else { nanos };
        let time = TimeSpec::new(seconds as _, nanos as _);
        self.fd.set(
            Expiration::OneShot(time),
            TimerSetTimeFlags::TFD_TIMER_ABSTIME,
        )?;
        Ok(())
    }

    /// Never fires until armed again.
    pub fn disarm(&self) -> io::Result<()> {
        Ok(self.fd.unset()?)
    }

    /// Makes it unreadable again; whether it had fired.
    pub fn drain(&self) -> bool {
        let mut count = [0_u8; 8];
        nix::unistd::read(self.fd.as_fd(), &mut count).is_ok()
    }
}

impl AsRawFd for Timerfd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_fd().as_raw_fd()
    }
}

/// The last second a 32-bit `time_t` can name.
const MAX_SECONDS: u64 = i32::MAX as u64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{now, poll};
    use crate::time::Span;

    #[test]
    fn fires_not_before_its_instant() {
        let timer = Timerfd::new().unwrap();
        let at = now() + Span::from_millis(20);
        timer.arm(at).unwrap();
        assert!(!timer.drain());
        let ready = poll::wait(&[poll::Want::read(&timer)], Some(Span::from_secs(60))).unwrap();
        assert_eq!(ready, 1);
        assert!(now() >= at);
        assert!(timer.drain());
        assert!(!timer.drain());
    }

    #[test]
    fn the_past_fires_at_once_and_far_is_accepted() {
        let timer = Timerfd::new().unwrap();
        for past in [Instant::ZERO, Instant::from_micros(1), now()] {
            timer.arm(past).unwrap();
            assert_eq!(
                poll::wait(&[poll::Want::read(&timer)], Some(Span::from_secs(60))).unwrap(),
                1
            );
            assert!(timer.drain());
        }
        timer.arm(Instant::FAR).unwrap();
        assert_eq!(
            poll::wait(&[poll::Want::read(&timer)], Some(Span::ZERO)).unwrap(),
            0
        );
        timer.arm(now()).unwrap();
        timer.disarm().unwrap();
        assert_eq!(
            poll::wait(&[poll::Want::read(&timer)], Some(Span::from_millis(5))).unwrap(),
            0
        );
    }
}
