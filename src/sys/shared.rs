//! A page of words that parent and worker both see.

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};

/// An anonymous shared mapping, inherited across fork, never unmapped.
///
/// Words are 32 bits because 32-bit MIPS and PowerPC have no larger atomics. Each word is read and
/// written whole; nothing orders one word against another. Out-of-range reads give 0, out-of-range
/// writes do nothing. A copy refers to the same words.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    words: &'static [AtomicU32],
}

impl Page {
    /// A mapping of at least `words` words, all 0.
    pub fn new(words: usize) -> io::Result<Page> {
        let bytes = words.checked_mul(4).and_then(NonZeroUsize::new);
        let bytes = bytes.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        // SAFETY: a new anonymous mapping at an address the kernel chooses touches no other memory.
        let start = unsafe {
            mmap_anonymous(
                None,
                bytes,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
            )
        }?;
        // SAFETY: the mapping is page aligned, zeroed, `words` * 4 bytes long, never unmapped, and
        // only ever reached through atomics.
        let words =
            unsafe { std::slice::from_raw_parts(start.cast::<AtomicU32>().as_ptr(), words) };
        Ok(Page { words })
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none (never: a page has at least one).
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Word `at`.
    pub fn get(&self, at: usize) -> u32 {
        self.words
            .get(at)
            .map_or(0, |word| word.load(Ordering::Relaxed))
    }

    /// Sets word `at`.
    pub fn set(&self, at: usize, value: u32) {
        if let Some(word) = self.words.get(at) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// The 64-bit value kept in the [`WIDE`] words from `at`; `None` if never set, or torn by a
    /// writer killed half way.
    pub fn get_wide(&self, at: usize) -> Option<u64> {
        let (low, high) = (self.get(at), self.get(at.saturating_add(1)));
        let sealed = self.get(at.saturating_add(2)) == seal(low, high);
        sealed.then_some(u64::from(high) << 32 | u64::from(low))
    }

    /// Keeps a 64-bit value in the [`WIDE`] words from `at`.
    pub fn set_wide(&self, at: usize, value: u64) {
        let (low, high) = (value as u32, (value >> 32) as u32);
        self.set(at, low);
        self.set(at.saturating_add(1), high);
        self.set(at.saturating_add(2), seal(low, high));
    }

    /// Sets all words from `at` on to 0.
    pub fn clear_from(&self, at: usize) {
        for word in self.words.iter().skip(at) {
            word.store(0, Ordering::Relaxed);
        }
    }
}

/// Words a 64-bit value takes: low half, high half, seal.
pub const WIDE: usize = 3;

/// Differs from 0 for the all-zero page and from the seal of any half-written neighbour.
fn seal(low: u32, high: u32) -> u32 {
    low.wrapping_mul(0x9e37_79b1) ^ high.rotate_left(16) ^ 0xa5a5_5a5a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_wide_values() {
        let page = Page::new(8).unwrap();
        assert_eq!((page.len(), page.get(7), page.get(8)), (8, 0, 0));
        page.set(7, 9);
        page.set(8, 9);
        assert_eq!((page.get(7), page.get(8)), (9, 0));
        assert_eq!(page.get_wide(0), None);
        for value in [0, 1, u64::MAX, 0x1_0000_0000] {
            page.set_wide(0, value);
            assert_eq!(page.get_wide(0), Some(value));
        }
        page.set(0, 77);
        assert_eq!(page.get_wide(0), None);
        page.clear_from(0);
        assert_eq!(page.get(7), 0);
        assert!(Page::new(0).is_err());
        assert!(Page::new(usize::MAX).is_err());
    }
}
