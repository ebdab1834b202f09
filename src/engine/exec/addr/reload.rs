//! Another configuration: addresses that are in it no longer go, the others stay as they are.

use super::job::{Job, Slot};
use super::{IN_FLIGHT, Jobs, list};
use crate::vrrp::{InstanceId, Kept, Params, Seek};
use std::rc::Rc;

impl Jobs {
    /// The first half: takes away what those that stay no longer have. (Whoever goes gives up
    /// everything by itself.) How many addresses go.
    pub fn part(&mut self, kept: &Kept, new: &Params) -> usize {
        let mut count = 0;
        for (is, was) in kept.instances.pairs() {
            let (Some(before), Some(now), Some(job)) = (
                self.params.instances.get(usize::from(was)),
                new.instances.get(usize::from(is)),
                self.jobs.get_mut(usize::from(was)),
            ) else {
                continue;
            };
            let (all, mut seek) = (list(now).collect::<Vec<_>>(), Seek::new());
            let mut stays = |a| seek.has(&all, |b| kept.same_address(a, b));
            let dropped: Vec<bool> = list(before).map(|a| !stays(a)).collect();
            if dropped.contains(&true) {
                let there = job.slots.iter().zip(&dropped);
                count += there.filter(|(s, d)| **d && s.is_present()).count();
                job.dropped = dropped.into();
                if job.settled {
                    // Who stays has been announced.
                    job.repeat = 0;
                }
                job.rewind();
                self.enqueue(InstanceId(was));
            }
        }
        count
    }

    /// The reload was called off.
    pub fn stay(&mut self) {
        for at in 0..self.jobs.len() {
            let job = &mut self.jobs[at];
            if !core::mem::take(&mut job.dropped).is_empty() {
                job.rewind();
                self.enqueue(InstanceId(at as u16));
            }
        }
    }

    /// The second half: from here on the numbers are those of `params`. What is on its way is asked
    /// for once more, which is harmless. `announcing`: whether an instance (by its old number) has
    /// announcements to make.
    pub fn reload(
        &mut self,
        params: &Rc<Params>,
        kept: &Kept,
        announcing: &dyn Fn(InstanceId) -> bool,
    ) {
        let mut next = Jobs::new(params);
        // Answers to what was sent must find nobody.
        next.next_seq = self.next_seq;
        next.oldest = self.next_seq;
        next.flights = vec![None; IN_FLIGHT];
        (next.second, next.waiting) = (self.second, self.waiting);
        for (is, was) in kept.instances.pairs() {
            let (Some(before), Some(now), Some(job), Some(known)) = (
                self.params.instances.get(usize::from(was)),
                params.instances.get(usize::from(is)),
                next.jobs.get_mut(usize::from(is)),
                self.jobs.get(usize::from(was)),
            ) else {
                continue;
            };
            let (all, mut seek) = (list(before).collect::<Vec<_>>(), Seek::new());
            let again = known.young && !before.garp.delay.is_zero() && before.garp.repeat > 0;
            let busy = !known.settled || again || announcing(InstanceId(was));
            let mut fresh = Vec::with_capacity(job.slots.len());
            for (slot, a) in job.slots.iter_mut().zip(list(now)) {
                let found = seek.find(&all, |b| kept.same_address(b, a));
                let known_there = |at: &usize| known.slots.get(*at).is_some_and(|s| s.is_present());
                let there = found.filter(known_there);
                fresh.push(there.is_none_or(|at| busy && known.announces(at)));
                if let Some(known) = found.and_then(|at| known.slots.get(at)) {
                    *slot = match *known {
                        Slot::Adding | Slot::Deleting => Slot::Unknown,
                        other => other,
                    };
                }
            }
            job.take(known);
            if known.wanted && fresh.contains(&false) {
                job.fresh = Some(fresh.into());
            }
            if !known.settled || job.slots.contains(&Slot::Unknown) {
                next.enqueue(InstanceId(is));
            }
        }
        *self = next;
    }
}

impl Job {
    /// What is known but for the slots.
    fn take(&mut self, known: &Job) {
        self.wanted = known.wanted;
        self.repeat = known.repeat;
        self.added = known.added;
        self.young = known.young;
        self.settled = known.settled;
        self.retrying = known.retrying;
        self.rewind();
    }
}
