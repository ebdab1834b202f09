//! The timer wheel: who is to be woken, and when exactly.
//!
//! Timers are dense numbers below a capacity fixed at construction; nothing is allocated after
//! that. Slots of one millisecond are only an index: every entry keeps its deadline to the
//! microsecond, fires at or after it and never before, in order of deadlines, and equal deadlines
//! in the order they were armed.
//!
//! Three levels of 64 slots cover 64 ms, 4 s and 262 s from the wheel's position; what is later is
//! parked and filed when the position gets there. Level 0 lists are sorted, all others are in
//! arming order and sorted when they come down. Never reads a clock, never calls anybody.

use crate::time::Instant;

/// A hierarchical timer wheel over the ids `0..capacity`.
#[derive(Debug)]
pub struct Wheel {
    entries: Vec<Entry>,
    lists: [List; LISTS],
    /// Bit n of word l: slot n of level l has entries.
    occupied: [u64; LEVELS],
    /// Position in ticks; no entry is filed before it.
    tick: u64,
    armed: usize,
}

/// One timer, linked into the list of its slot.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Instant,
    previous: u32,
    next: u32,
    /// Index into `lists`, [`OFF`] when not armed.
    list: u16,
}

/// First and last entry of a slot.
#[derive(Clone, Copy, Debug)]
struct List {
    first: u32,
    last: u32,
}

impl Wheel {
    /// A wheel for the ids `0..capacity`, none armed.
    pub fn new(capacity: usize) -> Self {
        Wheel {
            entries: vec![Entry::OFF; capacity],
            lists: [List::EMPTY; LISTS],
            occupied: [0; LEVELS],
            tick: 0,
            armed: 0,
        }
    }

    /// Makes room for the ids `0..capacity`. Armed timers stay armed; a smaller capacity than
    /// before changes nothing.
    pub fn grow(&mut self, capacity: usize) {
        if capacity > self.entries.len() {
            self.entries.resize(capacity, Entry::OFF);
        }
    }

    /// How many ids there are.
    pub fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// How many timers are armed.
    pub fn armed(&self) -> usize {
        self.armed
    }

    /// Arms `id` for `at`; an armed timer is re-armed and goes behind others of the same deadline.
    /// An instant already past fires at the next [`Wheel::pop`]. Ids out of range do nothing.
    pub fn arm(&mut self, id: u32, at: Instant) {
        self.disarm(id);
        let Some(entry) = self.entries.get_mut(id as usize) else {
            debug_assert!(false, "timer {id} is out of range");
            return;
        };
        entry.at = at;
        self.file(id, at);
        self.armed += 1;
    }

    /// Disarms `id`; not armed is fine.
    pub fn disarm(&mut self, id: u32) {
        if self
            .entries
            .get(id as usize)
            .is_some_and(|entry| entry.list != OFF)
        {
            self.unlink(id);
            self.armed -= 1;
        }
    }

    /// When `id` fires; `None` if it is not armed.
    pub fn deadline(&self, id: u32) -> Option<Instant> {
        self.entries
            .get(id as usize)
            .filter(|entry| entry.list != OFF)
            .map(|entry| entry.at)
    }

    /// The earliest deadline of all, exactly.
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.armed == 0 {
            return None;
        }
        let (level, list) = self.earliest_list();
        let first = self.lists[list].first;
        if level == 0 {
            return self.entries.get(first as usize).map(|entry| entry.at);
        }
        self.walk(first).map(|(_, entry)| entry.at).min()
    }

    /// Takes one timer whose deadline is `now` or earlier: the earliest, and of equal ones the one
    /// armed first. It is disarmed then. Call until `None`; what is disarmed or re-armed for later
    /// between two calls does not fire.
    pub fn pop(&mut self, now: Instant) -> Option<(u32, Instant)> {
        let now_tick = tick_of(now);
        while self.armed > 0 {
            let (level, list) = self.earliest_list();
            if level == 0 {
                let id = self.lists[list].first;
                let at = self.entries[id as usize].at;
                if at > now {
                    break;
                }
                self.unlink(id);
                self.armed -= 1;
                return Some((id, at));
            }
            let start = self.start_of(level, list);
            if start > now_tick {
                break;
            }
            // Everything before `start` is empty: move there and file the slot's entries finer.
            self.tick = start;
            self.refile(list);
        }
        // What is left is later than `now`, so the position may follow it.
        self.tick = self.tick.max(now_tick);
        None
    }

    /// Level and index of the list that holds the earliest deadline. Call only with timers armed.
    fn earliest_list(&self) -> (usize, usize) {
        for (level, slots) in self.occupied.iter().enumerate() {
            if *slots != 0 {
                return (level, level * SLOTS + slots.trailing_zeros() as usize);
            }
        }
        (LEVELS, PARKED)
    }

    /// The first tick a list of level 1 and up stands for.
    fn start_of(&self, level: usize, list: usize) -> u64 {
        if list == PARKED {
            let first = self
                .walk(self.lists[PARKED].first)
                .map(|(_, entry)| tick_of(entry.at))
                .min();
            return first.unwrap_or(u64::MAX) & !(HORIZON - 1);
        }
        let shift = BITS * level as u32;
        let above = !((1_u64 << (shift + BITS)) - 1);
        self.tick & above | ((list % SLOTS) as u64) << shift
    }

    /// Files every entry of a list anew, in order, from the position just reached.
    fn refile(&mut self, list: usize) {
        let mut id = self.lists[list].first;
        while id != NONE {
            let Entry { at, next, .. } = self.entries[id as usize];
            // Parked entries of a later turn stay where they are.
            if list != PARKED || self.list_for(at) != PARKED {
                self.unlink(id);
                self.file(id, at);
            }
            id = next;
        }
    }

    /// The list a deadline belongs into: the level is the highest digit (base 64, in ticks) in
    /// which it differs from the position.
    fn list_for(&self, at: Instant) -> usize {
        let tick = tick_of(at).max(self.tick);
        let differs = tick ^ self.tick;
        if differs >= HORIZON {
            return PARKED;
        }
        let level = if differs == 0 {
            0
        } else {
            differs.ilog2() / BITS
        };
        level as usize * SLOTS + (tick >> (BITS * level)) as usize % SLOTS
    }

    /// Links an entry into the list it belongs into: level 0 by deadline, all others at the end.
    fn file(&mut self, id: u32, at: Instant) {
        let list = self.list_for(at);
        let mut previous = self.lists[list].last;
        if list < SLOTS {
            while previous != NONE && self.entries[previous as usize].at > at {
                previous = self.entries[previous as usize].previous;
            }
        }
        let next = match self.entries.get(previous as usize) {
            Some(entry) => entry.next,
            None => self.lists[list].first,
        };
        self.entries[id as usize] = Entry {
            at,
            previous,
            next,
            list: list as u16,
        };
        match self.entries.get_mut(previous as usize) {
            Some(entry) => entry.next = id,
            None => self.lists[list].first = id,
        }
        match self.entries.get_mut(next as usize) {
            Some(entry) => entry.previous = id,
            None => self.lists[list].last = id,
        }
        if list != PARKED {
            self.occupied[list / SLOTS] |= 1 << (list % SLOTS);
        }
    }

    /// Takes an armed entry out of its list.
    fn unlink(&mut self, id: u32) {
        let Entry {
            previous,
            next,
            list,
            ..
        } = self.entries[id as usize];
        let list = usize::from(list);
        match self.entries.get_mut(previous as usize) {
            Some(entry) => entry.next = next,
            None => self.lists[list].first = next,
        }
        match self.entries.get_mut(next as usize) {
            Some(entry) => entry.previous = previous,
            None => self.lists[list].last = previous,
        }
        self.entries[id as usize].list = OFF;
        if self.lists[list].first == NONE && list != PARKED {
            self.occupied[list / SLOTS] &= !(1 << (list % SLOTS));
        }
    }

    /// The entries of a list from `id` on.
    fn walk(&self, id: u32) -> impl Iterator<Item = (u32, &Entry)> {
        let mut id = id;
        std::iter::from_fn(move || {
            let (here, entry) = (id, self.entries.get(id as usize)?);
            id = entry.next;
            Some((here, entry))
        })
    }
}

impl Entry {
    const OFF: Entry = Entry {
        at: Instant::ZERO,
        previous: NONE,
        next: NONE,
        list: OFF,
    };
}

impl List {
    const EMPTY: List = List {
        first: NONE,
        last: NONE,
    };
}

fn tick_of(at: Instant) -> u64 {
    at.micros() / TICK
}

/// Microseconds in a slot of level 0.
const TICK: u64 = 1_000;
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 3;
/// Ticks the levels cover together.
const HORIZON: u64 = 1 << (BITS * LEVELS as u32);
/// The list beyond the levels.
const PARKED: usize = SLOTS * LEVELS;
const LISTS: usize = PARKED + 1;
/// No entry. Never a valid index: capacity stays below it.
const NONE: u32 = u32::MAX;
/// No list.
const OFF: u16 = u16::MAX;

#[cfg(test)]
mod tests;
