//! Lines that wait, in a fixed ring of bytes.

/// A first-in first-out queue of byte strings in one allocation made at the start.
#[derive(Debug)]
pub(super) struct Ring {
    bytes: Vec<u8>,
    /// Where the oldest record starts.
    head: usize,
    used: usize,
}

/// Bytes before each record: its length, little endian.
const PREFIX: usize = 2;

impl Ring {
    /// A ring without room.
    pub(super) const EMPTY: Ring = Ring {
        bytes: Vec::new(),
        head: 0,
        used: 0,
    };

    /// A ring of `size` bytes.
    pub(super) fn new(size: usize) -> Self {
        Ring {
            bytes: vec![0; size],
            head: 0,
            used: 0,
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Whether more than half is used.
    pub(super) fn over_half(&self) -> bool {
        self.used > self.bytes.len() / 2
    }

    /// Appends the parts as one record; `false`, and no change, if it does not fit.
    pub(super) fn push(&mut self, parts: &[&[u8]]) -> bool {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let Ok(prefix) = u16::try_from(length) else {
            return false;
        };
        if self.used + PREFIX + length > self.bytes.len() {
            return false;
        }
        self.append(&prefix.to_le_bytes());
        for part in parts {
            self.append(part);
        }
        true
    }

    /// Copies the oldest record into `out`; its length. `None`: nothing waits.
    pub(super) fn front(&self, out: &mut [u8]) -> Option<usize> {
        if self.used == 0 {
            return None;
        }
        let length = self.front_length();
        let fits = length.min(out.len());
        self.copy(PREFIX, &mut out[..fits]);
        Some(fits)
    }

    /// Removes the oldest record.
    pub(super) fn pop(&mut self) {
        if self.used == 0 {
            return;
        }
        let length = PREFIX + self.front_length();
        self.used -= length;
        // Starting over when empty keeps a quiet log to its first page of memory.
        self.head = if self.used == 0 {
            0
        } else {
            (self.head + length) % self.bytes.len()
        };
    }

    /// Removes everything.
    pub(super) fn clear(&mut self) {
        (self.head, self.used) = (0, 0);
    }

    fn front_length(&self) -> usize {
        let mut prefix = [0; PREFIX];
        self.copy(0, &mut prefix);
        usize::from(u16::from_le_bytes(prefix))
    }

    fn append(&mut self, part: &[u8]) {
        let start = (self.head + self.used) % self.bytes.len();
        let first = part.len().min(self.bytes.len() - start);
        self.bytes[start..start + first].copy_from_slice(&part[..first]);
        self.bytes[..part.len() - first].copy_from_slice(&part[first..]);
        self.used += part.len();
    }

    /// Copies from `offset` bytes behind the head.
    fn copy(&self, offset: usize, out: &mut [u8]) {
        let start = (self.head + offset) % self.bytes.len();
        let first = out.len().min(self.bytes.len() - start);
        let rest = out.len() - first;
        out[..first].copy_from_slice(&self.bytes[start..start + first]);
        out[first..].copy_from_slice(&self.bytes[..rest]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn keeps_order_across_the_edge_and_refuses_what_does_not_fit() {
        let (mut ring, mut model) = (Ring::new(257), VecDeque::<Vec<u8>>::new());
        let mut refused = 0;
        for n in 0..5_000_usize {
            let record: Vec<u8> = (0..n * 31 % 67).map(|at| (n + at) as u8).collect();
            let half = record.len() / 2;
            let before: usize = model.iter().map(|r| r.len() + PREFIX).sum();
            if ring.push(&[&record[..half], &record[half..]]) {
                assert!(before + record.len() + PREFIX <= 257);
                model.push_back(record);
            } else {
                assert!(before + record.len() + PREFIX > 257);
                refused += 1;
            }
            if n * 7 % 5 < 2 {
                let mut out = [0; 80];
                assert_eq!(
                    ring.front(&mut out).map(|l| out[..l].to_vec()),
                    model.pop_front()
                );
                ring.pop();
            }
            assert_eq!(ring.is_empty(), model.is_empty());
        }
        assert!(refused > 100);
        ring.clear();
        assert_eq!(ring.front(&mut [0; 4]), None);
    }

    #[test]
    fn a_ring_without_room_takes_nothing() {
        let mut ring = Ring::EMPTY;
        assert!(!ring.push(&[b"x"]));
        ring.pop();
        assert!(ring.is_empty() && ring.front(&mut [0; 4]).is_none());
        assert!(!Ring::new(1 << 20).push(&[&[0; 65_536]]));
    }
}
