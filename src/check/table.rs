//! The table of IPVS as it is, and what has to be asked for to make it what it should be.
//!
//! The only producer of requests about services and destinations. What the kernel already has as
//! wanted is adopted; what differs is edited in place, so that connections survive; destinations of
//! our services that are not wanted are deleted, whoever added them; services that are not ours are
//! left alone.

use super::{FlushOnStop, Room, ServiceId, ServiceParams, TableParams};
use crate::wire::ipvs::{Destination, Forward, Key, Request, Service};
use std::collections::BTreeMap;

/// `IP_VS_SCHEDNAME_MAXLEN`, `IP_VS_PENAME_MAXLEN`: 16 bytes with the end.
type Name = heapless::String<15>;

/// The table as last acknowledged or dumped.
#[derive(Clone, Debug, Default)]
pub struct Table {
    lines: BTreeMap<Key, Line>,
}

/// A service in it.
#[derive(Clone, Debug, Default)]
struct Line {
    scheduler: Name,
    flags: u32,
    timeout: u32,
    netmask: u32,
    engine: Option<Name>,
    destinations: Vec<Entry>,
    /// The dump that runs has found it.
    found: bool,
}

/// A destination of a service. What a look at it found is noted here, and not in a list of its own:
/// a look at a table that is as it should be takes no memory.
#[derive(Clone, Copy, Debug)]
struct Entry {
    to: Destination,
    /// The dump that runs has found it; or the room wants it.
    marked: bool,
}

impl Line {
    /// All but the destinations. A name no kernel can have is none, and equal to nothing wanted.
    fn set(&mut self, service: &Service<'_>) {
        self.scheduler = name(service.scheduler);
        self.flags = service.flags;
        self.timeout = service.timeout;
        self.netmask = service.netmask;
        self.engine = service.engine.map(name);
    }

    fn is(&self, service: &Service<'_>) -> bool {
        self.scheduler.as_str() == service.scheduler
            && self.flags == service.flags
            && self.timeout == service.timeout
            && self.netmask == service.netmask
            && self.engine.as_deref() == service.engine
    }

    /// Where a destination is; it is known by address and port. Looks at `near` first.
    fn find(&self, to: &Destination, near: usize) -> Option<usize> {
        let same = |e: &Entry| (e.to.address, e.to.port) == (to.address, to.port);
        if self.destinations.get(near).is_some_and(same) {
            return Some(near);
        }
        self.destinations.iter().position(same)
    }
}

fn name(text: &str) -> Name {
    Name::try_from(text).unwrap_or_default()
}

/// Whether the kernel's line is what is wanted.
fn equal(have: &Destination, want: &Destination) -> bool {
    let forward = match have.forward {
        Forward::Local => Forward::Local,
        _ => want.forward,
    };
    *have == Destination { forward, ..*want }
}

impl ServiceParams {
    /// The service as the kernel is to know it, once for each of its keys.
    pub fn lines(&self) -> impl Iterator<Item = Service<'_>> {
        self.keys.iter().map(|&key| Service {
            key,
            scheduler: &self.scheduler,
            flags: self.flags,
            timeout: self.persistence,
            netmask: self.netmask,
            engine: self.engine.as_deref(),
        })
    }
}

/// What is known.
impl Table {
    /// A dump begins. Until [`Table::dumped`] what was known before is still there.
    pub fn dump(&mut self) {
        for line in self.lines.values_mut() {
            line.found = false;
            line.destinations.iter_mut().for_each(|e| e.marked = false);
        }
    }

    /// The dump is complete: what it did not find is not there.
    pub fn dumped(&mut self) {
        self.lines.retain(|_, line| line.found);
        for line in self.lines.values_mut() {
            line.destinations.retain(|e| e.marked);
        }
    }

    /// A dump found a service.
    pub fn found_service(&mut self, service: &Service<'_>) {
        let line = self.lines.entry(service.key).or_default();
        line.set(service);
        line.found = true;
    }

    /// A dump found a destination of a service found before.
    pub fn found_destination(&mut self, key: Key, to: Destination) {
        if let Some(line) = self.lines.get_mut(&key) {
            let known = line.find(&to, 0);
            let entry = Entry { to, marked: true };
            match known.and_then(|at| line.destinations.get_mut(at)) {
                Some(known) => *known = entry,
                None => line.destinations.push(entry),
            }
        }
    }

    /// The kernel has acknowledged a request; or it was sent, and an error will be answered with
    /// another dump.
    pub fn done(&mut self, request: &Request<'_>) {
        match request {
            Request::NewService(service) => {
                let mut line = Line::default();
                line.set(service);
                self.lines.insert(service.key, line);
            }
            Request::SetService(service) => self.found_service(service),
            Request::DelService(key) => {
                self.lines.remove(key);
            }
            Request::NewDestination(key, to) | Request::SetDestination(key, to) => {
                self.found_destination(*key, *to);
            }
            Request::DelDestination(key, to) => {
                if let Some(line) = self.lines.get_mut(key)
                    && let Some(at) = line.find(to, 0)
                {
                    line.destinations.remove(at);
                }
            }
            Request::Flush => self.lines.clear(),
            Request::NewDaemon(_) | Request::DelDaemon(_) | Request::Timeouts(_) => {}
        }
    }

    /// Services in it, whoever made them.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.lines.keys().copied()
    }

    /// Whether a service is there.
    pub fn has(&self, key: Key) -> bool {
        self.lines.contains_key(&key)
    }

    /// The destinations of a service.
    pub fn destinations(&self, key: Key) -> impl Iterator<Item = &Destination> {
        let line = self.lines.get(&key);
        line.into_iter()
            .flat_map(|l| &l.destinations)
            .map(|e| &e.to)
    }
}

/// What to ask for. `each` gets the requests in the order in which they are to be sent.
impl Table {
    /// Makes a service what the room wants it to be.
    pub fn diff<'a>(&mut self, room: &'a Room, id: ServiceId, each: &mut impl FnMut(Request<'a>)) {
        let Some(params) = room.params().services.get(usize::from(id.0)) else {
            return;
        };
        for service in params.lines() {
            if room.present(id) {
                let key = service.key;
                let wanted = room.desired(id).map(|to| to.behind(key));
                self.one(service, wanted, each);
            } else {
                self.gone(service.key, each);
            }
        }
    }

    /// [`Table::diff`], and takes what it asks for as done: whoever sends it must dump again when the
    /// kernel refuses one (EEXIST, ESRCH, ENOENT, ENOBUFS).
    pub fn sent<'a>(&mut self, room: &'a Room, id: ServiceId, each: &mut impl FnMut(Request<'a>)) {
        let mut requests = Vec::new();
        self.diff(room, id, &mut |request| requests.push(request));
        for request in requests {
            self.done(&request);
            each(request);
        }
    }

    /// Makes one service what it should be.
    pub fn one<'a>(
        &mut self,
        service: Service<'a>,
        wanted: impl Iterator<Item = Destination>,
        each: &mut impl FnMut(Request<'a>),
    ) {
        let key = service.key;
        let Some(line) = self.lines.get_mut(&key) else {
            each(Request::NewService(service));
            wanted.for_each(|to| each(Request::NewDestination(key, to)));
            return;
        };
        if !line.is(&service) {
            each(Request::SetService(service));
        }
        // First what is to serve, then away with the rest: clients find somebody at all times.
        line.destinations.iter_mut().for_each(|e| e.marked = false);
        let mut near = 0;
        for to in wanted {
            let Some(at) = line.find(&to, near) else {
                each(Request::NewDestination(key, to));
                continue;
            };
            near = at + 1;
            if let Some(entry) = line.destinations.get_mut(at) {
                entry.marked = true;
                if !equal(&entry.to, &to) {
                    each(Request::SetDestination(key, to));
                }
            }
        }
        for entry in line.destinations.iter().filter(|e| !e.marked) {
            each(Request::DelDestination(key, entry.to));
        }
    }

    /// Takes a service out that is no longer ours: its destinations, then itself.
    pub fn gone<'a>(&self, key: Key, each: &mut impl FnMut(Request<'a>)) {
        if let Some(line) = self.lines.get(&key) {
            for entry in &line.destinations {
                each(Request::DelDestination(key, entry.to));
            }
            each(Request::DelService(key));
        }
    }

    /// At the start, before anything else: what concerns the table as a whole. After a `Flush` was
    /// acknowledged the table is known to be empty.
    pub fn begin<'a>(&self, params: &TableParams, each: &mut impl FnMut(Request<'a>)) {
        if params.flush {
            each(Request::Flush);
        }
        if params.timeouts != [0; 3] {
            each(Request::Timeouts(params.timeouts));
        }
    }

    /// At a stop: everything of ours, as `lvs_flush_on_stop` says.
    pub fn end<'a>(&self, room: &'a Room, each: &mut impl FnMut(Request<'a>)) {
        let params = room.params();
        if params.table.flush_on_stop == FlushOnStop::All {
            return each(Request::Flush);
        }
        for service in params.services.iter().flat_map(ServiceParams::lines) {
            match params.table.flush_on_stop {
                FlushOnStop::No => self.gone(service.key, each),
                _ if self.has(service.key) => each(Request::DelService(service.key)),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
