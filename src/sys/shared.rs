//! A page of words that parent and worker both see.

use crate::sys::file::Memory;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use std::ffi::c_void;
use std::io;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

const ACCESS: ProtFlags = ProtFlags::PROT_READ.union(ProtFlags::PROT_WRITE);

/// The length of so many words in bytes.
fn length(words: usize) -> io::Result<NonZeroUsize> {
    let bytes = words.checked_mul(size_of::<AtomicU32>());
    let bytes = bytes.and_then(NonZeroUsize::new);
    bytes.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
}

/// A shared mapping, inherited across fork, never unmapped.
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
        // SAFETY: a new anonymous mapping at an address the kernel chooses touches no other memory.
        let start = unsafe { mmap_anonymous(None, length(words)?, ACCESS, MapFlags::MAP_SHARED) }?;
        Ok(Page::at(start, words))
    }

    /// The words in this memory, for processes that cannot inherit the mapping from each other. The
    /// memory must not become shorter.
    pub fn of(memory: &Memory) -> io::Result<Page> {
        let words = memory.size()? / size_of::<AtomicU32>();
        let (length, shared) = (length(words)?, MapFlags::MAP_SHARED);
        // SAFETY: a new mapping at an address the kernel chooses touches no other memory.
        let start = unsafe { mmap(None, length, ACCESS, shared, memory.descriptor(), 0) }?;
        Ok(Page::at(start, words))
    }

    /// `start` is that of a shared mapping of at least `words` words.
    fn at(start: NonNull<c_void>, words: usize) -> Page {
        // SAFETY: the mapping is page aligned, initialised, `words` * 4 bytes long, never unmapped,
        // and only ever reached through atomics.
        let words =
            unsafe { std::slice::from_raw_parts(start.cast::<AtomicU32>().as_ptr(), words) };
        Page { words }
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
    fn two_mappings_of_one_memory_are_the_same_words() {
        let memory = Memory::new(c"words").unwrap();
        assert!(Page::of(&memory).is_err(), "nothing is there");
        memory.resize(4 * 3000).unwrap();
        let (one, other) = (Page::of(&memory).unwrap(), Page::of(&memory).unwrap());
        assert_eq!((one.len(), one.get(2999)), (3000, 0));
        drop(memory);
        one.set(2999, 7);
        assert_eq!((other.get(2999), other.get(3000)), (7, 0));
    }

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
