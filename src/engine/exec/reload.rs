//! Another configuration: all that acts takes over what it knows of those who are still there.

use super::Hands;
use super::mail::Post;
use super::tell::Teller;
use crate::engine::ids::Ids;
use crate::engine::links::Links;
use crate::engine::wheel::Wheel;
use crate::notify;
use crate::time::Instant;
use crate::vrrp::{Kept, Params};
use std::rc::Rc;

impl Hands {
    /// From here on all numbers are those of `params`. Sockets and objects have been seen to.
    /// `timers`: how many the engine and the checkers have. This is where `notify` is exchanged.
    pub fn reload(
        &mut self,
        params: &Rc<Params>,
        mut notify: notify::Params,
        kept: &Kept,
        timers: (usize, usize),
        now: Instant,
    ) {
        self.take_timers(params, kept, timers);
        let forwarding = core::mem::take(&mut self.forwarding);
        let known = |at: usize| {
            let was = u16::try_from(at)
                .ok()
                .and_then(|at| kept.interfaces.old(at));
            let was = was.and_then(|was| forwarding.get(usize::from(was)));
            was.copied().unwrap_or_default()
        };
        self.forwarding = (0..params.interfaces.len()).map(known).collect();
        let announcements = &self.announcements;
        let pending = |instance| announcements.pending(instance);
        self.jobs.reload(params, kept, &pending);
        self.announcements.reload(params, kept);
        self.adverts.reload(params, kept, self.vital);
        let commands = core::mem::take(&mut notify.tracked);
        self.scripts.reload(&params.scripts, commands, kept, now);
        self.children.renumber(|old| Teller::queue(kept, old));
        match (notify.mail.take(), &mut self.mail) {
            (Some(mail), Some(post)) => post.replace(mail),
            (Some(mail), none) => *none = Some(Box::new(Post::new(mail))),
            (None, None) => {}
            (None, Some(_)) => {
                if let Some(post) = self.mail.take() {
                    post.retire();
                }
            }
        }
        self.teller.reload(Rc::clone(params), notify);
        self.params = Rc::clone(params);
    }

    /// Switches of interfaces, once the interfaces have their new numbers too.
    pub fn reload_switches(&mut self, kept: &Kept, links: &Links) {
        self.reload_promotions(kept, links);
    }

    /// Deadlines stay; checkers see to their own.
    fn take_timers(&mut self, params: &Params, kept: &Kept, (own, checkers): (usize, usize)) {
        let ids = Ids::new(params, own, checkers);
        let mut wheel = Wheel::new(ids.capacity());
        for number in (0..self.ids.capacity()).filter_map(|n| u32::try_from(n).ok()) {
            let Some(at) = self.wheel.deadline(number) else {
                continue;
            };
            let slot = self.ids.slot(number);
            if let Some(slot) = slot.and_then(|slot| Ids::moved(slot, kept)) {
                wheel.arm(ids.number(slot), at);
            }
        }
        (self.ids, self.wheel) = (ids, wheel);
    }
}
