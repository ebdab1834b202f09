//! The kernel's table of IPVS: what the check room wants there is sent as differences.
//!
//! The family is looked up (and its module loaded if it is missing), the table is dumped, and from
//! then on `check::Table` says what to ask for. A request counts as done when it is sent; if the
//! kernel refuses one, the table is dumped again after a pause that doubles, and whatever differs is
//! asked for again. Now and then it is dumped anyway: somebody else may have changed it.
//!
//! The kernel works on requests before a send returns, so answers are read right behind it. Of a
//! batch only the last request wants an acknowledgement: it speaks for all before it that failed
//! not.

mod answer;
mod queue;
mod reload;

use crate::check::{Room, ServiceId, Table};
use crate::engine::outside::plain;
use crate::sys::net::Netlink;
use crate::sys::process::{Exit, Started};
use crate::time::{Instant, Span};
use crate::wire::ipvs::{self, Key, Request};
use queue::Queue;
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// The hand that holds the table.
pub struct Ipvs {
    netlink: Netlink,
    /// The number of the family, 0: not known.
    family: u16,
    stage: Stage,
    /// The room has not started: nothing is asked for.
    held: bool,
    /// What is there, as last dumped and asked for.
    table: Table,
    queue: Queue,
    /// Room for a request that is none about the table.
    request: Vec<u8>,
    /// Services to be looked at, each once.
    stale: VecDeque<ServiceId>,
    marks: Box<[Mark]>,
    /// Services whose destinations are still to be dumped.
    keys: Vec<Key>,
    /// Services that a reload took out.
    departed: Vec<Key>,
    /// `modprobe`, while it runs.
    loading: Option<Started>,
    /// The state of the instances that synchronisation daemons follow: who is Master.
    masters: BTreeSet<u16>,
    /// The timeouts as they were before ours, which come back at a stop.
    timeouts: Option<[u32; 3]>,
    /// A synchronisation daemon was refused: they are asked for again.
    sync_again: bool,
    /// The table changed while it was dumped.
    interrupted: bool,
    /// What is done once has been done.
    begun: bool,
    /// It takes the place of a worker that died: the table is not emptied.
    again: bool,
    /// The daemon stops: with what is to become of the services.
    ending: Option<Ending>,
    /// Something was refused since the last dump.
    trouble: bool,
    retry_at: Option<Instant>,
    retry_delay: Span,
    audit_at: Option<Instant>,
    /// The last dump was made without a cause of our own.
    audit: bool,
    /// Requests that undo what somebody else did.
    foreign: u32,
    /// The socket was not read to the end.
    unread: bool,
    said: Said,
}

/// What has been said, so that it is not said again every time.
#[derive(Default)]
struct Said {
    missing: Missing,
    /// That a synchronisation daemon was refused.
    sync: bool,
    /// What was refused: a service, or a destination of it.
    refused: BTreeSet<(Key, Option<(std::net::IpAddr, u16)>)>,
}

/// What was done about a kernel without IPVS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Missing {
    #[default]
    Nothing,
    /// Its module was to be loaded.
    Loaded,
    /// It has been said.
    Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing, until it is time to try again.
    Off,
    /// The family is asked for.
    Lookup(u32),
    /// The timeouts as they are before ours.
    Timeouts(u32),
    /// `modprobe` runs.
    Loading,
    /// Services are dumped.
    Services(u32),
    /// Destinations of a service are dumped.
    Destinations(u32, Key),
    /// The table is known.
    Ready,
}

/// Why a service is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Clean,
    /// The table was dumped anew.
    Doubted,
    /// The room wants something else.
    Changed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Services stay (`-I`).
    Keep,
    /// They go.
    Remove,
    /// What is to go has been asked for.
    Asked,
}

/// First pause after something was refused; it doubles.
const RETRY: Span = Span::from_millis(200);
/// The longest one.
const RETRY_LIMIT: Span = Span::from_secs(60);
/// How often the table is looked at although nothing happened.
const AUDIT: Span = Span::from_secs(30);
/// Receive queue of the socket: more than the answers to a batch.
const RECEIVE: usize = 1 << 20;

impl Ipvs {
    /// Opens the socket. `again`: the table is not emptied, whatever the configuration says.
    pub fn new(services: usize, again: bool) -> io::Result<Self> {
        Ok(Ipvs {
            netlink: Netlink::generic(RECEIVE)?,
            family: 0,
            stage: Stage::Off,
            held: true,
            table: Table::default(),
            queue: Queue::default(),
            request: Vec::new(),
            stale: VecDeque::with_capacity(services),
            marks: vec![Mark::Clean; services].into_boxed_slice(),
            keys: Vec::new(),
            departed: Vec::new(),
            loading: None,
            masters: BTreeSet::new(),
            timeouts: None,
            sync_again: false,
            interrupted: false,
            begun: false,
            again,
            ending: None,
            trouble: false,
            retry_at: None,
            retry_delay: RETRY,
            audit_at: None,
            audit: false,
            foreign: 0,
            unread: false,
            said: Said::default(),
        })
    }

    /// Asks for the family.
    pub fn begin(&mut self, now: Instant) {
        let sequence = self.queue.number();
        self.stage = Stage::Lookup(sequence);
        self.send(now, |buf| ipvs::find_family(buf, sequence, "IPVS").is_ok());
    }

    /// What an earlier run left behind, once it is known; `None` as long as it is asked for. Empty
    /// if there is no IPVS (yet), or if the table is emptied at the start.
    pub fn legacy(&self, room: &Room) -> Option<Option<&Table>> {
        match self.stage {
            Stage::Lookup(_)
            | Stage::Timeouts(_)
            | Stage::Services(_)
            | Stage::Destinations(..) => None,
            Stage::Off | Stage::Loading => Some(None),
            Stage::Ready => {
                let flushed = room.params().table.flush && !self.again;
                Some((!flushed).then_some(&self.table))
            }
        }
    }

    /// The room has started.
    pub fn release(&mut self) {
        self.held = false;
    }

    /// The room wants something else of a service.
    pub fn changed(&mut self, id: ServiceId) {
        self.mark(id, Mark::Changed);
    }

    /// An instance became Master, or is it no longer.
    pub fn follow(&mut self, room: &Room, instance: u16, master: bool) {
        let params = &room.params().table;
        if !params.sync.iter().any(|s| s.instance == Some(instance)) {
            return;
        }
        let news = match master {
            true => self.masters.insert(instance),
            false => self.masters.remove(&instance),
        };
        if news && self.begun && self.ending.is_none() {
            let (queue, family) = (&mut self.queue, self.family);
            params.sync_follow(instance, master, &mut |r| queue.ask(family, &r));
        }
    }

    /// The daemon stops. `keep`: services stay as they are (`-I`).
    pub fn stop(&mut self, keep: bool) {
        self.ending = Some(if keep { Ending::Keep } else { Ending::Remove });
        self.stale.clear();
        self.held = false;
    }

    /// Whether requests are on their way, or services are to be looked at.
    pub fn filling(&self) -> bool {
        self.stage == Stage::Ready && !(self.queue.is_empty() && self.stale.is_empty())
    }

    /// Whether nothing more is to be done for a stop.
    pub fn rested(&self) -> bool {
        match self.stage {
            Stage::Off | Stage::Loading => true,
            // What an earlier run left there goes as well.
            Stage::Lookup(_)
            | Stage::Timeouts(_)
            | Stage::Services(_)
            | Stage::Destinations(..) => false,
            Stage::Ready => self.ending == Some(Ending::Asked) && self.queue.is_empty(),
        }
    }

    /// When [`Ipvs::tick`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        if self.ending.is_some() {
            // Nothing is asked again; a time that is over would keep the loop busy.
            return None;
        }
        self.retry_at.into_iter().chain(self.audit_at).min()
    }

    /// Asks again for what was refused, or looks whether somebody changed the table.
    pub fn tick(&mut self, now: Instant) {
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        self.audit = self.retry_at.is_none();
        (self.retry_at, self.audit_at) = (None, None);
        if self.stage == Stage::Ready && !self.queue.is_empty() {
            // What is on its way would be missing in a dump.
            self.retry_at = Some(now + RETRY);
            return;
        }
        match self.stage {
            Stage::Off => self.begin(now),
            Stage::Ready => self.dump(now),
            _ => {}
        }
    }

    /// A program ended: whether it was ours.
    pub fn reaped(&mut self, pid: i32, exit: Exit, now: Instant) -> bool {
        let Some(started) = self.loading.take_if(|started| started.pid() == pid) else {
            return false;
        };
        match started.failure() {
            Some(e) => log::warn!("cannot run modprobe ip_vs: {}", plain(&e)),
            None if exit != Exit::Status(0) => log::warn!("modprobe ip_vs {exit}"),
            None => {}
        }
        if self.stage == Stage::Loading {
            self.begin(now);
        }
        true
    }

    /// One step of what is to be done. `readable`: answers are there. Whether there is more.
    pub fn work(&mut self, room: &Room, readable: bool, buf: &mut [u8], now: Instant) -> bool {
        if readable || self.unread || self.expects() {
            self.take_answers(room, buf, now);
        }
        if self.stage != Stage::Ready || self.held || self.queue.expects() {
            // Dumps are answered piece by piece as they are read.
            return self.unread;
        }
        self.fill(room);
        if let Some(batch) = self.queue.batch() {
            if let Err(e) = self.netlink.send(batch) {
                log::error!("cannot change the table of IPVS: {}", plain(&e));
                self.queue.forget();
                self.doubt(now);
            }
            self.take_answers(room, buf, now);
        }
        if !self.queue.is_empty() || !self.stale.is_empty() {
            return true;
        }
        self.settle(now);
        false
    }

    fn expects(&self) -> bool {
        self.queue.expects() || !matches!(self.stage, Stage::Off | Stage::Loading | Stage::Ready)
    }

    /// Nothing is left to be asked for.
    fn settle(&mut self, now: Instant) {
        if self.ending.is_some() {
            return;
        }
        let foreign = core::mem::take(&mut self.foreign);
        if foreign > 0 {
            log::warn!("somebody else changed the table of IPVS: {foreign} entries put right");
        }
        if !self.trouble {
            self.retry_delay = RETRY;
            self.said.refused.clear();
            self.said.sync = false;
            if self.audit_at.is_none() {
                self.audit_at = Some(now + AUDIT);
            }
        }
    }

    /// Sends one request that is none about the table.
    fn send(&mut self, now: Instant, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        self.request.clear();
        if !write(&mut self.request) {
            return;
        }
        if let Err(e) = self.netlink.send(&self.request) {
            log::error!("cannot ask the kernel about IPVS: {}", plain(&e));
            self.fail(now);
        }
    }

    /// Not now: later again.
    fn fail(&mut self, now: Instant) {
        self.stage = Stage::Off;
        self.doubt(now);
    }

    /// What is known may be wrong: another dump, after a pause.
    fn doubt(&mut self, now: Instant) {
        self.trouble = true;
        if self.retry_at.is_none() {
            self.retry_at = Some(now + self.retry_delay);
            self.retry_delay = self.retry_delay.times(2).min(RETRY_LIMIT);
        }
    }

    fn mark(&mut self, id: ServiceId, mark: Mark) {
        let Some(known) = self.marks.get_mut(usize::from(id.0)) else {
            return;
        };
        match (*known, mark) {
            (Mark::Clean, _) => {
                *known = mark;
                self.stale.push_back(id);
            }
            (_, Mark::Changed) => *known = mark,
            _ => {}
        }
    }
}

/// What is asked for.
impl Ipvs {
    /// Makes the next batch full, if there is enough to be done.
    fn fill(&mut self, room: &Room) {
        match self.ending {
            Some(Ending::Asked) => return,
            Some(ending) => return self.end(room, ending),
            None if !self.begun => self.first(room),
            None if core::mem::take(&mut self.sync_again) => self.sync(room),
            None => {}
        }
        self.remove_departed();
        while !self.queue.is_full()
            && let Some(id) = self.stale.pop_front()
        {
            let Some(mark) = self.marks.get_mut(usize::from(id.0)) else {
                continue;
            };
            let doubted = core::mem::replace(mark, Mark::Clean) == Mark::Doubted;
            let (queue, family) = (&mut self.queue, self.family);
            let mut count = 0u32;
            self.table.sent(room, id, &mut |request| {
                count = count.saturating_add(1);
                queue.ask(family, &request);
            });
            if doubted && self.audit {
                self.foreign = self.foreign.saturating_add(count);
            }
        }
    }

    /// What is done once: the table as a whole, the synchronisation daemons.
    fn first(&mut self, room: &Room) {
        self.begun = true;
        let params = &room.params().table;
        let (queue, family) = (&mut self.queue, self.family);
        let mut table = Vec::new();
        if !self.again {
            self.table.begin(params, &mut |r| table.push(r));
        }
        for request in table {
            queue.ask(family, &request);
            self.table.done(&request);
        }
        self.sync(room);
    }

    /// The synchronisation daemons, whatever runs now: what a crash left behind may follow another
    /// state, or be another daemon.
    fn sync(&mut self, room: &Room) {
        let params = &room.params().table;
        let (queue, family) = (&mut self.queue, self.family);
        params.sync_end(&mut |r| queue.ask(family, &r));
        let masters = &self.masters;
        params.sync_begin(|i| masters.contains(&i), &mut |r| queue.ask(family, &r));
    }

    /// The last requests.
    fn end(&mut self, room: &Room, how: Ending) {
        self.ending = Some(Ending::Asked);
        let params = &room.params().table;
        let (queue, family) = (&mut self.queue, self.family);
        if how == Ending::Remove {
            self.table.end(room, &mut |r| queue.ask(family, &r));
            // Compat: keepalived puts back what it found.
            if let Some(timeouts) = self.timeouts.filter(|_| params.timeouts != [0; 3]) {
                queue.ask(family, &Request::Timeouts(timeouts));
            }
        }
        params.sync_end(&mut |r| queue.ask(family, &r));
    }

    /// Asks for the timeouts that ours replace, now or after a reload; later for the table at once.
    fn look(&mut self, now: Instant) {
        if self.begun {
            return self.dump(now);
        }
        let (sequence, family) = (self.queue.number(), self.family);
        self.stage = Stage::Timeouts(sequence);
        self.send(now, |buf| ipvs::ask_timeouts(buf, family, sequence).is_ok());
    }

    /// Asks for the whole table.
    fn dump(&mut self, now: Instant) {
        self.trouble = false;
        self.interrupted = false;
        self.table.dump();
        let (sequence, family) = (self.queue.number(), self.family);
        self.stage = Stage::Services(sequence);
        self.send(now, |buf| {
            ipvs::dump_services(buf, family, sequence).is_ok()
        });
    }

    /// Asks for the destinations of the next service; after the last one the table is known.
    fn dump_next(&mut self, room: &Room, now: Instant) {
        if let Some(key) = self.keys.pop() {
            let (sequence, family) = (self.queue.number(), self.family);
            self.stage = Stage::Destinations(sequence, key);
            self.send(now, |buf| {
                ipvs::dump_destinations(buf, family, sequence, key).is_ok()
            });
            return;
        }
        self.stage = Stage::Ready;
        self.table.dumped();
        if self.interrupted {
            self.doubt(now);
        }
        if self.ending.is_none() {
            for id in (0..).map(ServiceId).take(room.params().services.len()) {
                let mark = match self.begun {
                    true => Mark::Doubted,
                    false => Mark::Changed,
                };
                self.mark(id, mark);
            }
        }
    }
}

impl AsRawFd for Ipvs {
    fn as_raw_fd(&self) -> RawFd {
        self.netlink.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_asks_for_nothing_again() {
        let mut ipvs = Ipvs::new(0, false).unwrap();
        let now = Instant::from_secs(5);
        ipvs.doubt(now);
        let at = ipvs.deadline();
        assert_eq!(at, Some(now + RETRY));
        ipvs.stop(false);
        assert_eq!(ipvs.deadline(), None, "the loop would never sleep");
        ipvs.tick(now + RETRY);
        assert_eq!(ipvs.stage, Stage::Off);
    }
}
