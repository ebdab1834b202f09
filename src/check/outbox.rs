//! The queue of actions.

use super::Action;

/// Actions not taken yet.
#[derive(Default)]
pub(super) struct Outbox {
    queue: Vec<Action>,
    /// How many of `queue` were taken.
    taken: usize,
}

/// Actions there is room for when nothing special happens.
const USUAL: usize = 64;

impl Outbox {
    /// Asks for something.
    pub fn push(&mut self, action: Action) {
        self.queue.push(action);
    }

    /// Takes the next action.
    pub fn next(&mut self) -> Option<Action> {
        let action = self.queue.get(self.taken).copied();
        if action.is_some() {
            self.taken += 1;
        } else {
            self.queue.clear();
            self.taken = 0;
            // What an upheaval (the start) needed is not needed for long.
            if self.queue.capacity() > USUAL * 4 {
                self.queue.shrink_to(USUAL);
            }
        }
        action
    }
}
