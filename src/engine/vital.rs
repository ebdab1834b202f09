//! What outlives a worker: a page shared with the watchdog (house rule: a new worker takes the place
//! of a dead one before the Backup's timer runs out).
//!
//! Word 0 is the heartbeat, word 1 counts static objects in place. Then there are two sides, each
//! with [`WORDS`] words per instance: a reload, which gives the instances other numbers, writes the
//! other side and then changes sides with one word, so that whoever dies on the way leaves a whole
//! one. The accepted configuration is kept on two sides in the same way.

use crate::sys::shared::{Page, WIDE};
use crate::time::Instant;
use crate::vrrp::{InstanceId, Kept, State};

/// Words per instance.
const WORDS: usize = 5 + WIDE;
/// Number of addresses in place, among the words of an instance.
const HELD: usize = 3 + WIDE;
/// Whether `promote_secondaries` of its interface was set for the instance, and was not before.
const PROMOTED: usize = 4 + WIDE;
/// Number of static addresses, routes and rules in place.
const STATICS: usize = 1;
/// The side that counts, 0 or 1.
const SIDE: usize = 2;
/// Number of instances on each side.
const COUNT: usize = 3;
const FIRST: usize = 5;
/// So many instances more than at the start fit after reloads. Words that are never written cost
/// no memory.
const SPARE: usize = 4096;

/// Words a page needs for this many instances.
pub const fn page_words(instances: usize) -> usize {
    FIRST + 2 * WORDS * (instances + SPARE)
}

/// The side that counts.
pub fn side(page: &Page) -> usize {
    page.get(SIDE) as usize & 1
}

fn first(page: &Page, side: usize) -> usize {
    FIRST + side * (page.len().saturating_sub(FIRST) / 2)
}

/// Whether a worker that is dead held addresses: nobody else takes them away.
pub fn left_behind(page: &Page) -> bool {
    let of_instance = |at: usize| {
        page.get(at) == State::Master as u32
            || page.get(at + HELD) != 0
            || page.get(at + PROMOTED) != 0
    };
    let (side, from) = (side(page), first(page, side(page)));
    let count = page.get(COUNT + side) as usize;
    page.get(STATICS) != 0 || (0..count).any(|n| of_instance(from + n * WORDS))
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

    /// How many instances there are.
    pub fn count(self, instances: usize) {
        if let Some(page) = self.0 {
            page.set(COUNT + side(&page), instances.min(room(&page)) as u32);
        }
    }

    /// The side that does not count.
    pub fn other_side(self) -> usize {
        self.0.map_or(0, |page| 1 - side(&page))
    }

    /// A reload: writes the other side. Whether all instances fit.
    pub fn prepare(self, kept: &Kept, instances: usize) -> bool {
        let Some(page) = self.0 else { return true };
        let (from, other) = (first(&page, side(&page)), self.other_side());
        let to = first(&page, other);
        let room = room(&page);
        for at in 0..instances.min(room) {
            let was = u16::try_from(at).ok().and_then(|at| kept.instances.old(at));
            for word in 0..WORDS {
                let old = |was: u16| page.get(from + usize::from(was) * WORDS + word);
                page.set(to + at * WORDS + word, was.map_or(0, old));
            }
        }
        page.set(COUNT + other, instances.min(room) as u32);
        instances <= room
    }

    /// From here on the other side counts.
    pub fn turn(self) {
        if let Some(page) = self.0 {
            page.set(SIDE, self.other_side() as u32);
        }
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
            page.set(base(&page, instance), state as u32);
        }
    }

    /// Records an advert that left.
    pub fn advert(self, instance: InstanceId, now: Instant, sequence: u32, ip_id: u16) {
        let Some(page) = self.0 else { return };
        let at = base(&page, instance);
        page.set_wide(at + 1, now.micros());
        page.set(at + 1 + WIDE, sequence);
        page.set(at + 2 + WIDE, u32::from(ip_id));
    }

    /// Records how many addresses are in place.
    pub fn held(self, instance: InstanceId, addresses: usize) {
        if let Some(page) = self.0 {
            page.set(
                base(&page, instance) + HELD,
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
            page.set(base(&page, instance) + PROMOTED, u32::from(set));
        }
    }

    /// Whether the worker before us had set it.
    pub fn was_promoted(self, instance: InstanceId) -> bool {
        self.0
            .is_some_and(|page| page.get(base(&page, instance) + PROMOTED) != 0)
    }

    /// What the worker before us left.
    pub fn legacy(self, instance: InstanceId) -> Option<Legacy> {
        let page = self.0?;
        if u32::from(instance.0) >= page.get(COUNT + side(&page)) {
            return None;
        }
        let at = base(&page, instance);
        let us = page.get_wide(at + 1)?;
        Some(Legacy {
            master: page.get(at) == State::Master as u32,
            last_advert: Instant::from_micros(us),
            sequence: page.get(at + 1 + WIDE),
            ip_id: page.get(at + 2 + WIDE) as u16,
        })
    }
}

/// The first word of an instance; one there is no room for has none.
fn base(page: &Page, instance: InstanceId) -> usize {
    let at = usize::from(instance.0);
    match at < room(page) {
        true => first(page, side(page)) + WORDS * at,
        false => usize::MAX / 2,
    }
}

/// Instances that fit on a side.
fn room(page: &Page) -> usize {
    page.len().saturating_sub(FIRST) / 2 / WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_master_and_a_half_done_release_leave_addresses_behind() {
        let page = Page::new(page_words(3)).unwrap();
        let vital = Vital::new(Some(&page));
        vital.count(3);
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
