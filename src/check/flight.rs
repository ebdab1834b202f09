//! Tries that run: a bounded number of them, and a queue of those that wait for a place.

use super::CheckerId;
use super::http::Page;
use super::probe::Try;
use crate::time::Instant;
use std::collections::VecDeque;

/// A buffer that grew beyond this is not kept.
const KEPT: usize = 4096;
/// So many pages that were read are kept for the next ones.
const SPARE: usize = 8;
/// Sockets with TLS at a time. Whoever waits for one loses nothing of its time: that begins with the
/// socket.
pub const MOST_TLS: usize = 16;

/// A try that runs.
pub(super) struct Run {
    pub attempt: Try,
    /// When it began.
    pub began: Instant,
    /// There is a socket or a program.
    pub open: bool,
    /// The bytes to be sent.
    pub out: Vec<u8>,
    pub kind: Kind,
}

/// What a try takes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Socket,
    /// A program: a slow one must not keep sockets waiting.
    Program,
    /// A socket with TLS, which takes some 40 kB of memory while it is open.
    Tls,
}

/// Those of one kind.
#[derive(Default)]
struct Gate {
    running: usize,
    waiting: VecDeque<CheckerId>,
}

/// All of them.
pub(super) struct Flight {
    /// Places; a free one keeps only its buffer.
    places: Vec<Result<Run, Vec<u8>>>,
    free: Vec<u16>,
    /// Room for pages: who is asked again and again takes no memory for it.
    spare: heapless::Vec<Box<Page>, SPARE>,
    gates: [Gate; 3],
    limit: usize,
}

/// At least one, and not more than there are numbers for two kinds.
fn bounded(limit: usize) -> usize {
    limit.clamp(1, usize::from(u16::MAX / 2))
}

impl Flight {
    /// At most `limit` of each kind; fewer of [`Kind::Tls`].
    pub fn new(limit: usize) -> Self {
        Flight {
            places: Vec::new(),
            free: Vec::new(),
            spare: heapless::Vec::new(),
            gates: <[Gate; 3]>::default(),
            limit: bounded(limit),
        }
    }

    /// From here on at most `limit` of each kind. Those that run go on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = bounded(limit);
    }

    fn gate(&mut self, kind: Kind) -> &mut Gate {
        let [sockets, programs, tls] = &mut self.gates;
        match kind {
            Kind::Socket => sockets,
            Kind::Program => programs,
            Kind::Tls => tls,
        }
    }

    /// How many of a kind at a time.
    fn most(&self, kind: Kind) -> usize {
        match kind {
            Kind::Socket | Kind::Program => self.limit,
            Kind::Tls => self.limit.min(MOST_TLS),
        }
    }

    /// Tries that run, and checkers that wait for their place (some may have given up since).
    pub fn count(&self) -> (usize, usize) {
        self.gates.iter().fold((0, 0), |(running, waiting), gate| {
            (running + gate.running, waiting + gate.waiting.len())
        })
    }

    /// A place for `attempt`; `None`: there is none, the checker is queued.
    pub fn enter(
        &mut self,
        id: CheckerId,
        kind: Kind,
        mut attempt: Try,
        began: Instant,
    ) -> Option<u16> {
        let limit = self.most(kind);
        let gate = self.gate(kind);
        if gate.running >= limit {
            gate.waiting.push_back(id);
            return None;
        }
        gate.running += 1;
        if let Try::Http(page) = &mut attempt {
            page.reuse(self.spare.pop());
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Err(Vec::new()));
            u16::try_from(self.places.len() - 1).unwrap_or(u16::MAX)
        });
        if let Some(slot) = self.places.get_mut(usize::from(place)) {
            let mut out = match slot {
                Ok(run) => core::mem::take(&mut run.out),
                Err(out) => core::mem::take(out),
            };
            out.clear();
            *slot = Ok(Run {
                attempt,
                began,
                open: false,
                out,
                kind,
            });
        }
        Some(place)
    }

    /// Whoever has that place.
    pub fn get(&mut self, place: u16) -> Option<&mut Run> {
        self.places.get_mut(usize::from(place))?.as_mut().ok()
    }

    /// What it wants sent.
    pub fn out(&self, place: u16) -> &[u8] {
        match self.places.get(usize::from(place)) {
            Some(Ok(run)) => &run.out,
            _ => &[],
        }
    }

    /// Gives a place back: its kind, when its try began, whether there is something to close.
    pub fn leave(&mut self, place: u16) -> Option<(Kind, Instant, bool)> {
        let slot = self.places.get_mut(usize::from(place))?;
        let run = slot.as_mut().ok()?;
        let (kind, began, open) = (run.kind, run.began, run.open);
        let page = match &mut run.attempt {
            Try::Http(page) => page.leave(),
            _ => None,
        };
        let mut out = core::mem::take(&mut run.out);
        if out.capacity() > KEPT {
            out = Vec::new();
        }
        *slot = Err(out);
        self.free.push(place);
        if let Some(page) = page {
            // More than are kept are let go.
            drop(self.spare.push(page));
        }
        let gate = self.gate(kind);
        gate.running = gate.running.saturating_sub(1);
        Some((kind, began, open))
    }

    /// Whose turn it is, if there is a place.
    pub fn next(&mut self, kind: Kind) -> Option<CheckerId> {
        let limit = self.most(kind);
        let gate = self.gate(kind);
        if gate.running >= limit {
            return None;
        }
        gate.waiting.pop_front()
    }

    /// Nobody runs any longer, and nobody waits.
    pub fn clear(&mut self) {
        *self = Flight::new(self.limit);
    }

    /// Nobody waits any longer.
    pub fn forget(&mut self) {
        for gate in &mut self.gates {
            gate.waiting.clear();
        }
    }
}
