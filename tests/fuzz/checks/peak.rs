//! How much memory something takes at its worst moment, exactly.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting for each thread what it has and had at most.
pub struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn change(by: isize) {
    let live = LIVE.get().saturating_add(by);
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

fn signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

// SAFETY: every call goes to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promises of `alloc`.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            change(signed(layout.size()));
        }
        block
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `System` with this layout.
        unsafe { System.dealloc(block, layout) };
        change(-signed(layout.size()));
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: `block` came from `System` with this layout.
        let grown = unsafe { System.realloc(block, layout, size) };
        if !grown.is_null() {
            change(signed(size).saturating_sub(signed(layout.size())));
        }
        grown
    }
}

/// Does `work`; says how many bytes more than before this thread had at most meanwhile.
///
/// A block that grows in place counts once, as large blocks do that the kernel moves.
pub fn peak_of<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = work();
    let most = PEAK.get().saturating_sub(before);
    (result, usize::try_from(most).unwrap_or(0))
}
