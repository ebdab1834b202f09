//! What outlives a worker: a page shared with the watchdog (house rule: a new worker takes the place
//! of a dead one before the Backup's timer runs out).
//!
//! Word 0 is the heartbeat, word 1 counts static objects in place; then [`WORDS`] words per instance.

use crate::sys::shared::{Page, WIDE};
use crate::time::Instant;
use crate::vrrp::{InstanceId, State};

/// Words per instance.
const WORDS: usize = 5 + WIDE;
/// Number of addresses in place, among the words of an instance.
const HELD: usize = 3 + WIDE;
/// Whether `promote_secondaries` of its interface was set for the instance, and was not before.
const PROMOTED: usize = 4 + WIDE;
/// Number of static addresses, routes and rules in place.
const STATICS: usize = 1;
const FIRST: usize = 2;

/// Words a page needs for this many instances.
pub const fn page_words(instances: usize) -> usize {
    FIRST + WORDS * instances
}

/// Whether a worker that is dead held addresses: nobody else takes them away.
pub fn left_behind(page: &Page) -> bool {
    let of_instance = |at: usize| {
        page.get(at) == State::Master as u32
            || page.get(at + HELD) != 0
            || page.get(at + PROMOTED) != 0
    };
    page.get(STATICS) != 0 || (FIRST..page.len()).step_by(WORDS).any(of_instance)
}

/// The page, or nothing when there is no watchdog.
#[derive(Clone, Copy)]
pub struct Vital(Option<Page>);

/// What an earlier worker left behind for an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legacy {
    /// It was Master when it was last heard of.
    pub master: bool,
    /// When its last advert left.
    pub last_advert: Instant,
    /// Its AH sequence number.
    pub sequence: u32,
    /// Its IP identification.
    pub ip_id: u16,
}

impl Vital {
    /// Wraps the page.
    pub fn new(page: Option<&Page>) -> Self {
        Vital(page.copied())
    }

    /// Tells the watchdog that the loop turns.
    pub fn beat(self) {
        if let Some(page) = self.0 {
            page.set(0, page.get(0).wrapping_add(1));
        }
    }

    /// Records a change of state.
    pub fn state(self, instance: InstanceId, state: State) {
        if let Some(page) = self.0 {
            page.set(base(instance), state as u32);
        }
    }

    /// Records an advert that left.
    pub fn advert(self, instance: InstanceId, now: Instant, sequence: u32, ip_id: u16) {
        let Some(page) = self.0 else { return };
        let at = base(instance);
        page.set_wide(at + 1, now.micros());
        page.set(at + 1 + WIDE, sequence);
        page.set(at + 2 + WIDE, u32::from(ip_id));
    }

    /// Records how many addresses are in place.
    pub fn held(self, instance: InstanceId, addresses: usize) {
        if let Some(page) = self.0 {
            page.set(
                base(instance) + HELD,
                u32::try_from(addresses).unwrap_or(u32::MAX),
            );
        }
    }

    /// Records how many static objects are in place.
    pub fn statics(self, objects: usize) {
        if let Some(page) = self.0 {
            page.set(STATICS, u32::try_from(objects).unwrap_or(u32::MAX));
        }
    }

    /// Records that `promote_secondaries` of its interface was set for the instance.
    pub fn promoted(self, instance: InstanceId, set: bool) {
        if let Some(page) = self.0 {
            page.set(base(instance) + PROMOTED, u32::from(set));
        }
    }

    /// Whether the worker before us had set it.
    pub fn was_promoted(self, instance: InstanceId) -> bool {
        self.0
            .is_some_and(|page| page.get(base(instance) + PROMOTED) != 0)
    }

    /// What the worker before us left.
    pub fn legacy(self, instance: InstanceId) -> Option<Legacy> {
        let page = self.0?;
        let at = base(instance);
        let us = page.get_wide(at + 1)?;
        Some(Legacy {
            master: page.get(at) == State::Master as u32,
            last_advert: Instant::from_micros(us),
            sequence: page.get(at + 1 + WIDE),
            ip_id: page.get(at + 2 + WIDE) as u16,
        })
    }
}

fn base(instance: InstanceId) -> usize {
    FIRST + WORDS * usize::from(instance.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_master_and_a_half_done_release_leave_addresses_behind() {
        let page = Page::new(page_words(3)).unwrap();
        let vital = Vital::new(Some(&page));
        assert!(!left_behind(&page));
        vital.state(InstanceId(2), State::Master);
        assert!(left_behind(&page));
        vital.held(InstanceId(2), 4);
        vital.state(InstanceId(2), State::Backup);
        assert!(
            left_behind(&page),
            "released, but the kernel has not answered"
        );
        vital.held(InstanceId(2), 0);
        assert!(!left_behind(&page));
        vital.advert(InstanceId(1), Instant::from_secs(9), 7, 8);
        assert!(!left_behind(&page), "adverts are no addresses");
        vital.promoted(InstanceId(1), true);
        assert!(left_behind(&page) && vital.was_promoted(InstanceId(1)));
        vital.promoted(InstanceId(1), false);
        assert!(!left_behind(&page));
        vital.statics(1);
        assert!(left_behind(&page), "static objects are to go too");
    }
}
