//! The addresses of one instance: where each stands, and what to ask for next.

use crate::vrrp::InstanceId;
use std::collections::VecDeque;

/// Where an address stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Absent,
    Adding,
    Present,
    /// It was present; a new dump has yet to list it.
    Doubtful,
    /// Somebody else put it there: good enough while wanted, never ours to delete.
    Foreign,
    Deleting,
    /// An answer was lost: it may be there or not. Asking again is harmless either way, because
    /// EEXIST and EADDRNOTAVAIL count as done.
    Unknown,
    /// The kernel refused; tried again now and then.
    Failed,
}

/// The addresses of one instance.
#[derive(Debug)]
pub(super) struct Job {
    pub wanted: bool,
    pub slots: Vec<Slot>,
    /// Next slot to look at: counts up when wanted, down when not.
    cursor: usize,
    pub queued: bool,
    pub unanswered: usize,
    /// Announcements per address once all are in place, the first included.
    pub repeat: u8,
    /// Some address was added, and so announced once already.
    pub added: bool,
    pub settled: bool,
    /// What the kernel refused is asked for once more: it was told already.
    pub retrying: bool,
    /// A claim was made, and what it announced is to be announced once more.
    pub young: bool,
    /// Which are announced; after a reload only those that are new. None: all.
    pub fresh: Option<Box<[bool]>>,
    /// Which of them a reload takes out of the configuration; empty: none.
    pub dropped: Box<[bool]>,
    /// Which were put back in this second; none, mostly.
    again: Option<Box<[bool]>>,
}

impl Slot {
    pub fn is_present(self) -> bool {
        matches!(self, Slot::Present | Slot::Doubtful | Slot::Foreign)
    }
}

impl Job {
    pub fn new(len: usize) -> Self {
        Job {
            wanted: false,
            slots: vec![Slot::Absent; len],
            cursor: len,
            queued: false,
            unanswered: 0,
            repeat: 0,
            added: false,
            settled: true,
            retrying: false,
            young: false,
            fresh: None,
            dropped: Box::default(),
            again: None,
        }
    }

    pub fn enqueue(&mut self, instance: InstanceId, work: &mut VecDeque<u16>) {
        self.settled = false;
        if !self.queued {
            self.queued = true;
            work.push_back(instance.0);
        }
    }

    /// Whether the address in this slot is wanted.
    pub fn wants(&self, slot: usize) -> bool {
        self.wanted && !self.drops(slot)
    }

    fn drops(&self, slot: usize) -> bool {
        self.dropped.get(slot).is_some_and(|dropped| *dropped)
    }

    /// Whether a burst announces this slot.
    pub fn announces(&self, slot: usize) -> bool {
        let fresh = self.fresh.as_ref();
        fresh.is_none_or(|fresh| fresh.get(slot).is_some_and(|fresh| *fresh))
    }

    pub fn rewind(&mut self) {
        self.cursor = if self.wanted { 0 } else { self.slots.len() };
    }

    /// Somebody took the address away. No neighbour had time to learn otherwise: the announcement
    /// when it is back is enough, and a burst over all addresses for each that is taken away would
    /// let others make us flood the network.
    pub fn put_back(&mut self, slot: usize) {
        if self.settled {
            self.repeat = 0;
        }
        self.reconsider(slot);
    }

    /// What the kernel refused is to be tried anew. Returns whether there is anything.
    pub fn doubt_failures(&mut self) -> bool {
        let mut any = false;
        for slot in self.slots.iter_mut().filter(|s| **s == Slot::Failed) {
            *slot = Slot::Unknown;
            any = true;
        }
        any
    }

    /// Whether the slot may be put back now: once in a second.
    pub fn may_put_back(&mut self, slot: usize) -> bool {
        let count = self.slots.len();
        let again = self.again.get_or_insert_with(|| vec![false; count].into());
        let known = again.get_mut(slot);
        known.is_some_and(|again| !core::mem::replace(again, true))
    }

    /// A new second begins.
    pub fn forget_put_back(&mut self) {
        self.again = None;
    }

    /// Makes sure the cursor still passes over `slot`.
    pub fn reconsider(&mut self, slot: usize) {
        self.cursor = if self.wanted {
            self.cursor.min(slot)
        } else {
            self.cursor.max(slot + 1)
        };
    }

    /// Moves to the next slot that is not as wanted and free to change.
    pub fn advance(&mut self) -> Option<usize> {
        if self.wanted && !self.dropped.is_empty() {
            // What is to go goes first: the kernel may take others along.
            let to_go = |slot: Slot| matches!(slot, Slot::Present | Slot::Doubtful | Slot::Unknown);
            let mut slots = self.slots.iter().enumerate().rev();
            let found = slots.find(|&(at, slot)| self.drops(at) && to_go(*slot));
            if let Some((at, _)) = found {
                return Some(at);
            }
        }
        if self.wanted {
            while self.cursor < self.slots.len() {
                self.cursor += 1;
                let at = self.cursor - 1;
                if matches!(self.slots[at], Slot::Absent | Slot::Unknown) && !self.drops(at) {
                    return Some(at);
                }
            }
        } else {
            while self.cursor > 0 {
                self.cursor -= 1;
                if matches!(
                    self.slots[self.cursor],
                    Slot::Present | Slot::Doubtful | Slot::Unknown
                ) {
                    return Some(self.cursor);
                }
            }
        }
        None
    }
}
