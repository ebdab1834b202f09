//! An interface whose going up or down is believed only after a while
//! (`interface_up_down_delays`).

use super::outbox::Outbox;
use super::{Action, Clock, IfaceId, Link, Params, PortParams};
use crate::time::{Instant, Span};

/// One interface with delays.
#[derive(Debug)]
pub(super) struct Port {
    pub iface: IfaceId,
    down_delay: Span,
    up_delay: Span,
    /// What was last reported.
    seen: Link,
    /// When that is believed; [`Instant::FAR`]: it is.
    due: Instant,
}

/// The interfaces that have delays.
pub(super) fn ports(params: &Params) -> Box<[Port]> {
    params
        .ports
        .iter()
        .filter(|port| !port.down_delay.is_zero() || !port.up_delay.is_zero())
        .map(|port| Port::new(port, params))
        .collect()
}

impl Port {
    /// Compat: a link may not be down for so long that a Backup would take over meanwhile, as the
    /// Master behind it would not know.
    fn new(port: &PortParams, params: &Params) -> Self {
        let limits = params.instances.iter().filter(|i| i.iface == port.iface);
        let limits = limits.map(|i| {
            let adverts = u64::from(i.down_timer_adverts).saturating_sub(1);
            let margin = Span::from_micros(i.advert_int.micros().div_ceil(256));
            i.advert_int.times(adverts) - margin
        });
        Port {
            iface: port.iface,
            down_delay: limits.fold(port.down_delay, Span::min),
            up_delay: port.up_delay,
            seen: Link::default(),
            due: Instant::FAR,
        }
    }

    /// A reload: `was` is what it was before, if it had delays; the interface is as in `link`.
    pub fn go_on(&mut self, was: Option<&Port>, link: Link) {
        self.seen = was.map_or(link, |was| was.seen);
        self.due = was.map_or(Instant::FAR, |was| was.due);
    }

    /// What was last reported.
    pub fn seen(&self) -> Link {
        self.seen
    }

    /// The daemon stops: nothing is waited for; what was last seen.
    pub fn stop(&mut self, out: &mut Outbox) -> Link {
        self.settled(out);
        self.seen
    }

    /// The interface is reported to be as `seen`; returns how it counts, so far `believed`.
    ///
    /// Only up and down wait, and nothing does before the start. An interface that goes away is gone
    /// at once, a new one begins down.
    pub fn report(
        &mut self,
        believed: Link,
        seen: Link,
        cx: (Instant, bool),
        out: &mut Outbox,
    ) -> Link {
        let (now, running) = cx;
        self.seen = seen;
        let same = believed.index == seen.index;
        let up = same && believed.up;
        let delay = if seen.up {
            self.up_delay
        } else {
            self.down_delay
        };
        if !running || seen.index == 0 || seen.up == up || delay.is_zero() {
            self.settled(out);
            return seen;
        }
        if !same || self.due == Instant::FAR {
            self.due = now + delay;
            out.push(Action::Wake(Clock::Interface(self.iface), Some(self.due)));
        }
        Link { up, ..seen }
    }

    /// Its time may have come: what is believed from now on.
    pub fn clock(&mut self, now: Instant, out: &mut Outbox) -> Option<Link> {
        if self.due == Instant::FAR {
            return None;
        }
        if now < self.due {
            out.push(Action::Wake(Clock::Interface(self.iface), Some(self.due)));
            return None;
        }
        self.due = Instant::FAR;
        Some(self.seen)
    }

    fn settled(&mut self, out: &mut Outbox) {
        if core::mem::replace(&mut self.due, Instant::FAR) != Instant::FAR {
            out.push(Action::Wake(Clock::Interface(self.iface), None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::InstanceParams;

    const ETH0: IfaceId = IfaceId(0);

    fn port(down: u64, up: u64, change: impl Fn(&mut InstanceParams)) -> Port {
        let mut instance = InstanceParams::new("V1", ETH0, 51);
        change(&mut instance);
        let params = Params {
            instances: vec![instance],
            ports: vec![PortParams {
                iface: ETH0,
                down_delay: Span::from_millis(down),
                up_delay: Span::from_millis(up),
                garp_interval: Span::ZERO,
                gna_interval: Span::ZERO,
                pacing: None,
            }],
            ..Params::default()
        };
        ports(&params).into_iter().next().unwrap()
    }

    fn link(index: u32, up: bool) -> Link {
        Link {
            index,
            up,
            ..Link::default()
        }
    }

    fn wakes(out: &mut Outbox) -> Vec<Option<u64>> {
        out.seal();
        core::iter::from_fn(|| out.next())
            .map(|action| match action {
                Action::Wake(Clock::Interface(ETH0), at) => at.map(|at| at.micros() / 1000),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_down_delay_stays_below_what_a_backup_waits() {
        let limit = |change: &dyn Fn(&mut InstanceParams)| port(200_000, 0, change).down_delay;
        assert_eq!(limit(&|_| {}), Span::from_micros(2_000_000 - 3907));
        assert_eq!(
            limit(&|i| i.advert_int = Span::from_centis(10)),
            Span::from_micros(200_000 - 391)
        );
        assert_eq!(limit(&|i| i.down_timer_adverts = 1), Span::ZERO);
        assert_eq!(limit(&|i| i.iface = IfaceId(1)), Span::from_secs(200));
        assert_eq!(port(500, 0, |_| {}).down_delay, Span::from_millis(500));
    }

    #[test]
    fn up_and_down_wait_and_a_short_change_is_none() {
        let (mut port, mut out) = (port(500, 3000, |_| {}), Outbox::with_capacity(4));
        let at = Instant::from_millis;
        let (up, down) = (link(2, true), link(2, false));
        assert_eq!(port.report(up, down, (at(1000), true), &mut out), up);
        assert_eq!(wakes(&mut out), [Some(1500)]);
        // Reported again: the delay goes on.
        assert_eq!(port.report(up, down, (at(1300), true), &mut out), up);
        assert_eq!(wakes(&mut out), []);
        assert_eq!(port.report(up, up, (at(1400), true), &mut out), up);
        assert_eq!(wakes(&mut out), [None]);
        assert_eq!(port.clock(at(1500), &mut out), None);
        assert_eq!(port.report(up, down, (at(2000), true), &mut out), up);
        wakes(&mut out);
        assert_eq!(port.clock(at(2400), &mut out), None);
        assert_eq!(wakes(&mut out), [Some(2500)]);
        assert_eq!(port.clock(at(2500), &mut out), Some(down));
        assert_eq!(port.report(down, up, (at(3000), true), &mut out), down);
        assert_eq!(wakes(&mut out), [Some(6000)]);
        assert_eq!(port.clock(at(6000), &mut out), Some(up));
    }

    #[test]
    fn addresses_and_deletion_pass_at_once() {
        let (mut port, mut out) = (port(500, 3000, |_| {}), Outbox::with_capacity(4));
        let at = Instant::from_millis;
        let (up, down) = (link(2, true), link(2, false));
        let moved = Link {
            ipv4: Some([10, 0, 0, 1].into()),
            ..down
        };
        port.report(up, down, (at(1000), true), &mut out);
        let believed = port.report(up, moved, (at(1100), true), &mut out);
        assert_eq!(believed, Link { up: true, ..moved });
        assert_eq!(
            port.report(believed, link(0, false), (at(1200), true), &mut out),
            link(0, false)
        );
        assert_eq!(wakes(&mut out), [Some(1500), None]);
        // A new one begins down; so does another by the same name.
        let begins = port.report(link(0, false), up, (at(2000), true), &mut out);
        assert_eq!(begins, down);
        assert_eq!(
            port.report(up, link(3, true), (at(2500), true), &mut out),
            link(3, false)
        );
        assert_eq!(wakes(&mut out), [Some(5000), Some(5500)]);
    }
}
