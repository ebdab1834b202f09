//! The turn of the checks: what ended, whose timer has run out, what has been heard.

use super::{Checks, speaks_tls};
use crate::check::{CheckerId, Event, Got, tls};
use crate::engine::exec::probe::Heard;
use crate::engine::exec::program::Ended;
use crate::engine::exec::{Hands, SLICE};
use crate::sys;
use crate::time::Instant;
use mio::Registry;

/// Of each kind of work, so much before the others have their turn.
const TURN: usize = 8;
/// So often a socket is read before its time is over.
const LOOKS: usize = 4;

impl Checks {
    /// Does what is to be done, for a millisecond at the most; whether more is left.
    pub fn work(
        &mut self,
        hands: &mut Hands,
        registry: &Registry,
        buf: &mut [u8],
        now: Instant,
    ) -> bool {
        let end = now + SLICE;
        while let Some((id, ended)) = self.programs.next_ended() {
            let got = match ended {
                Ended::Exited(status) => Got::Exited(status),
                Ended::Signaled(signal) => Got::Signaled(signal),
                Ended::Failed(errno) => Got::Failed(errno),
            };
            self.tell(Event::Got(id, got), hands, now);
        }
        self.programs.start();
        loop {
            // Whose timer has run out wants a socket: it is opened in the same pass.
            let mut more = self.expire(hands, buf, now);
            more |= self.serve(hands, registry, buf, now);
            if let Some(ipvs) = &mut self.ipvs {
                let readable = core::mem::take(&mut self.answered);
                more |= ipvs.work(&self.room, readable, buf, now);
            }
            if self.starting {
                self.begin(hands, now);
                more |= !self.starting;
            }
            let spent = self.probes.spent();
            if spent {
                self.complain();
            }
            // A handshake's step may have been long: VRRP comes first.
            if !more || spent || sys::now() >= end {
                return more || self.programs.waiting();
            }
        }
    }

    /// Some sockets; whether there are more.
    fn serve(
        &mut self,
        hands: &mut Hands,
        registry: &Registry,
        buf: &mut [u8],
        now: Instant,
    ) -> bool {
        for _ in 0..TURN {
            if !self.probes.busy() {
                return false;
            }
            let heard = self.probes.step(&self.room, registry, buf);
            let spent = self.probes.is_spent();
            let Some((id, heard)) = heard else {
                if spent {
                    break;
                }
                continue;
            };
            self.heard(id, heard, hands, buf, now);
            if spent {
                break;
            }
        }
        self.probes.busy()
    }

    /// Some of those whose timer has run out; whether there are more.
    fn expire(&mut self, hands: &mut Hands, buf: &mut [u8], now: Instant) -> bool {
        for _ in 0..TURN {
            let Some(id) = self.due.pop_front() else {
                return false;
            };
            // Not tried: neither a success nor a failure. It stays as it was.
            if !tls::SUPPORTED && self.is_tls(id) {
                continue;
            }
            self.look(id, hands, buf, now);
            self.tell(Event::Timer(id), hands, now);
        }
        !self.due.is_empty()
    }

    /// Whoever was busy must not blame a server: before its time is over, what it has said is read.
    fn look(&mut self, id: CheckerId, hands: &mut Hands, buf: &mut [u8], now: Instant) {
        for _ in 0..LOOKS {
            let Some(heard) = self.probes.look(id, &self.room, buf) else {
                return;
            };
            self.heard(id, heard, hands, buf, now);
        }
    }

    fn heard(&mut self, id: CheckerId, heard: Heard, hands: &mut Hands, buf: &[u8], now: Instant) {
        let got = match heard {
            Heard::Connected => Got::Connected,
            Heard::Data(length) => Got::Data(buf.get(..length).unwrap_or_default()),
            Heard::Closed => Got::Closed,
            Heard::Failed(errno) => Got::Failed(errno),
            Heard::TlsFailed(code) => Got::TlsFailed(code),
        };
        self.tell(Event::Got(id, got), hands, now);
    }

    fn is_tls(&self, id: CheckerId) -> bool {
        let params = self.room.params().checkers.get(usize::from(id.0));
        params.is_some_and(|p| speaks_tls(&p.probe))
    }

    /// Complains if a part of a TLS handshake took so long that adverts suffer: once, and again when
    /// it is twice as long.
    fn complain(&mut self) {
        let longest = self.probes.longest();
        if longest < self.complained.times(2) || longest <= self.complained {
            return;
        }
        if let Some(advert) = self.advert.filter(|advert| *advert < longest.times(10)) {
            self.complained = longest;
            log::warn!(
                "a step of a TLS handshake took {} ms, which is much beside an advert_int of {} \
                 ms: run VRRP (-P) and virtual servers (-C) as two daemons",
                longest.micros() / 1_000,
                advert.micros() / 1_000
            );
        }
    }
}
