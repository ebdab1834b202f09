//! Letters that wait: a bounded queue, one server, longer and longer pauses while it takes none.

use super::mail::Letter;
use crate::time::{Instant, Span};
use std::collections::VecDeque;

/// Most letters that wait; one more pushes out the oldest.
pub const MOST: usize = 100;
/// Older letters are given up when they fail once more.
pub const MAX_AGE: Span = Span::from_secs(3600);
/// First pause after a failure; it doubles.
const PAUSE: Span = Span::from_secs(2);
/// Longest pause.
const LONGEST: Span = Span::from_secs(300);
/// Pause before a letter is tried again for the recipients that were put off alone.
const PUT_OFF: Span = Span::from_secs(60);

/// The queue.
#[derive(Debug)]
pub struct Queue {
    letters: VecDeque<Letter>,
    /// No connection before.
    closed: Instant,
    /// The last pause, none: the last attempt went well.
    pause: Span,
}

impl Default for Queue {
    fn default() -> Self {
        Queue {
            // One that was tried may come back.
            letters: VecDeque::with_capacity(MOST + 1),
            closed: Instant::ZERO,
            pause: Span::ZERO,
        }
    }
}

impl Queue {
    /// Takes a letter in; one that has to go for it comes back.
    pub fn push(&mut self, letter: Letter) -> Option<Letter> {
        let oldest = match self.letters.len() >= MOST {
            true => self.letters.pop_front(),
            false => None,
        };
        self.letters.push_back(letter);
        oldest
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// When [`Queue::next`] has one.
    pub fn due(&self) -> Option<Instant> {
        let first = self.letters.iter().map(|l| l.not_before).min()?;
        Some(first.max(self.closed))
    }

    /// The next letter, taken out.
    pub fn next(&mut self, now: Instant) -> Option<Letter> {
        if now < self.closed {
            return None;
        }
        let at = self.letters.iter().position(|l| l.not_before <= now)?;
        self.letters.remove(at)
    }

    /// A letter was taken: the server is well.
    pub fn went_well(&mut self) {
        self.pause = Span::ZERO;
    }

    /// The server takes nothing now. The letter that was tried stays the first. Returns the pause,
    /// and whether it is the first after all was well.
    pub fn failed(&mut self, letter: Letter, now: Instant) -> (Span, bool) {
        self.letters.push_front(letter);
        let first = self.pause.is_zero();
        self.pause = match first {
            true => PAUSE,
            false => self.pause.times(2).min(LONGEST),
        };
        self.closed = now + self.pause;
        (self.pause, first)
    }

    /// A letter that went to some of its recipients waits for the others; those behind it need not.
    pub fn put_off(&mut self, mut letter: Letter, now: Instant) {
        letter.not_before = now + PUT_OFF;
        self.letters.push_back(letter);
    }

    /// Everything is tried now: there will be no later.
    pub fn hurry(&mut self) {
        self.closed = Instant::ZERO;
        for letter in &mut self.letters {
            letter.not_before = Instant::ZERO;
        }
    }

    /// The letter that was being sent waits again, and all go to these recipients: another server,
    /// and other recipients, from now on.
    pub fn begin_anew(&mut self, letter: Option<Letter>, to: &[u16]) {
        if let Some(letter) = letter {
            self.letters.push_front(letter);
        }
        for letter in &mut self.letters {
            letter.to = to.to_vec();
        }
        self.pause = Span::ZERO;
        self.hurry();
    }

    /// Takes out one that is too old; after a failure.
    pub fn expired(&mut self, now: Instant) -> Option<Letter> {
        let at = self.letters.iter().position(|l| is_old(l, now))?;
        self.letters.remove(at)
    }

    /// Takes one out, whenever it is due.
    pub fn pop(&mut self) -> Option<Letter> {
        self.letters.pop_front()
    }
}

/// Whether a letter is not worth another attempt.
pub fn is_old(letter: &Letter, now: Instant) -> bool {
    now.since(letter.at) >= MAX_AGE
}

#[cfg(test)]
mod tests {
    use super::super::mail::tests::letter;
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_secs(seconds)
    }

    #[test]
    fn in_order_and_never_more_than_that() {
        let mut queue = Queue::default();
        let mut pushed_out = Vec::new();
        for n in 0..MOST + 3 {
            pushed_out.extend(queue.push(letter(&n.to_string(), "")));
        }
        let room = queue.letters.capacity();
        assert_eq!(queue.len(), MOST);
        let gone: Vec<&str> = pushed_out.iter().map(|l| &*l.subject).collect();
        assert_eq!(gone, ["[R1] 0", "[R1] 1", "[R1] 2"]);
        for n in 3..MOST + 3 {
            let next = queue.next(at(2)).unwrap();
            assert_eq!(&*next.subject, format!("[R1] {n}"));
        }
        assert!(queue.is_empty() && queue.next(at(2)).is_none() && queue.due().is_none());
        assert_eq!(queue.letters.capacity(), room);
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut queue = Queue::default();
        queue.push(letter("a", ""));
        queue.push(letter("b", ""));
        let (mut now, mut pauses) = (at(10), Vec::new());
        for _ in 0..10 {
            let first = queue.next(now).unwrap();
            assert_eq!(&*first.subject, "[R1] a");
            let (pause, _) = queue.failed(first, now);
            pauses.push(pause.micros() / 1_000_000);
            assert!(queue.next(now).is_none());
            assert_eq!(queue.due(), Some(now + pause));
            now += pause;
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        queue.went_well();
        let first = queue.next(now).unwrap();
        assert_eq!(queue.failed(first, now), (PAUSE, true));
        queue.hurry();
        assert!(queue.next(now).is_some());
    }

    #[test]
    fn who_is_put_off_keeps_nobody_waiting() {
        let mut queue = Queue::default();
        queue.push(letter("a", ""));
        queue.push(letter("b", ""));
        let a = queue.next(at(1)).unwrap();
        queue.put_off(a, at(1));
        assert_eq!(&*queue.next(at(1)).unwrap().subject, "[R1] b");
        assert_eq!(queue.due(), Some(at(61)));
        assert!(queue.next(at(60)).is_none());
        assert!(queue.expired(at(3600)).is_none());
        assert!(queue.expired(at(3601)).is_some());
        assert!(queue.pop().is_none());
    }
}
