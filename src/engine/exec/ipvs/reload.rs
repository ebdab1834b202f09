//! Another configuration: services have other numbers, some are gone, the daemons may differ.

use super::{Ipvs, Mark};
use crate::check::{Room, ServiceId, TableParams};
use crate::wire::ipvs::{Daemon, Key, Request};
use std::collections::BTreeSet;

impl Ipvs {
    /// Takes out what a reload took out of the configuration, once the table is known.
    pub(super) fn remove_departed(&mut self) {
        for key in core::mem::take(&mut self.departed) {
            let mut removals: Vec<Request<'_>> = Vec::new();
            self.table.gone(key, &mut |request| removals.push(request));
            for request in &removals {
                self.queue.ask(self.family, request);
                self.table.done(request);
            }
        }
    }

    /// `room` is the new one already. `old`: what was wanted of the table as a whole; `gone`: keys
    /// that no service has any longer; `masters`: the instances that are Master, in new numbers.
    pub fn reload(&mut self, room: &Room, old: &TableParams, gone: &[Key], masters: &[u16]) {
        let services = room.params().services.len();
        self.marks = vec![Mark::Clean; services].into_boxed_slice();
        self.stale.clear();
        let before = core::mem::take(&mut self.masters);
        let new = &room.params().table;
        let follows = |at: &&u16| new.sync.iter().any(|s| s.instance == Some(**at));
        self.masters = masters.iter().filter(follows).copied().collect();
        for id in (0..).map(ServiceId).take(services) {
            self.changed(id);
        }
        if !self.begun || self.ending.is_some() {
            return;
        }
        self.departed.extend(gone);
        let (queue, family) = (&mut self.queue, self.family);
        if new.timeouts != old.timeouts {
            let wanted = match new.timeouts {
                [0, 0, 0] => self.timeouts,
                wanted => Some(wanted),
            };
            if let Some(wanted) = wanted {
                queue.ask(family, &Request::Timeouts(wanted));
            }
        }
        // The same daemon may follow the same instance by another number.
        let was: Vec<_> = old
            .sync
            .iter()
            .map(|s| (s.daemon(true), s.instance))
            .collect();
        let is: Vec<_> = new
            .sync
            .iter()
            .map(|s| (s.daemon(true), s.instance))
            .collect();
        let sends = |list: &[(Daemon<'_>, Option<u16>)], masters: &BTreeSet<u16>| {
            let master = |at: u16| masters.contains(&at);
            let each = list.iter().map(|(_, instance)| instance.map(master));
            each.collect::<Vec<Option<bool>>>()
        };
        let daemons = was.iter().map(|(daemon, _)| daemon);
        let same = daemons.eq(is.iter().map(|(daemon, _)| daemon));
        if same && sends(&was, &before) == sends(&is, &self.masters) {
            return;
        }
        old.sync_end(&mut |r| queue.ask(family, &r));
        let masters = &self.masters;
        new.sync_begin(|at| masters.contains(&at), &mut |r| queue.ask(family, &r));
    }
}
