//! Giving memory back that was needed only at the start.

use nix::sys::mman::MmapAdvise;
use std::ffi::c_void;
use std::ptr::NonNull;

/// Gives memory that was freed back to the system, where the allocator keeps it otherwise.
pub fn trim_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes a number; it only touches the allocator's own free memory.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Mappings of code and constants of one program: its own, and those of a few libraries.
const MAPPINGS: usize = 16;

/// Length of a piece of code that is mapped at once, in bytes: a multiple of every page size.
const PIECE: usize = 16 * 1024;

/// The program's code and constants, which can be let go until they are used again: a process that
/// only waits then holds next to nothing, and what ran only at the start (reading the
/// configuration, opening sockets) is no longer held. The kernel maps a page again when it is
/// touched, from its cache or from the file.
#[derive(Clone, Debug, Default)]
pub struct Code {
    mappings: heapless::Vec<(usize, usize), MAPPINGS>,
}

impl Code {
    /// Looks up where they are; nowhere, if /proc is not there.
    pub fn find() -> Self {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        let mut code = Code::default();
        for (start, len) in droppable(&maps) {
            match code.mappings.last_mut() {
                // A parent of ours has cut it already.
                Some((from, length)) if *from + *length == start => *length += len,
                // What finds no room is just not let go.
                _ => drop(code.mappings.push((start, len))),
            }
        }
        drop(maps);
        trim_heap();
        code.cut();
        code
    }

    /// Cuts the mappings into small pieces. The kernel maps 64 KB around each page that is touched
    /// (fault-around, mm/memory.c), but never beyond a mapping: what runs lies scattered, so this
    /// decides how much is held. Neighbouring pieces stay apart because they differ in a flag, that
    /// of core dumps, which leave out unchanged pages of files anyway.
    fn cut(&self) {
        for (start, len) in &self.mappings {
            for offset in (0..*len).step_by(2 * PIECE) {
                let Some(piece) = NonNull::new((start + offset) as *mut c_void) else {
                    continue;
                };
                let len = PIECE.min(len - offset);
                // SAFETY: the range lies in a mapping of this process; the advice changes what a
                // core dump holds and nothing that the program sees.
                let _ = unsafe { nix::sys::mman::madvise(piece, len, MmapAdvise::MADV_DONTDUMP) };
            }
        }
    }

    /// Lets them go.
    pub fn let_go(&self) {
        for (start, len) in &self.mappings {
            let Some(start) = NonNull::new(*start as *mut c_void) else {
                continue;
            };
            // SAFETY: the range is a mapping of a file in this process, without right to write and
            // without a page of its own when it was found (and a page of one's own comes only by
            // writing): all its pages are those of the file, and are read from there again.
            let _ = unsafe { nix::sys::mman::madvise(start, *len, MmapAdvise::MADV_DONTNEED) };
        }
    }
}

/// Start and length of the mappings of /proc/PID/smaps (proc(5)) that are a file's and unchanged.
fn droppable(maps: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut candidate = None;
    maps.lines().filter_map(move |line| {
        if let Some(range) = header(line) {
            candidate = range;
        }
        // Relocated tables are read-only too, but their pages are no longer the file's.
        let unchanged = line.split_ascii_whitespace().eq(["Anonymous:", "0", "kB"]);
        if unchanged { candidate.take() } else { None }
    })
}

/// Whether a line begins a mapping, and the mapping if it is a file's and read-only.
fn header(line: &str) -> Option<Option<(usize, usize)>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let start = usize::from_str_radix(start, 16).ok()?;
    let end = usize::from_str_radix(end, 16).ok()?;
    let readable = matches!(words.next()?, "r-xp" | "r--p");
    let of_file = words.nth(3).is_some_and(|path| path.starts_with('/'));
    Some((readable && of_file).then_some((start, end.checked_sub(start)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unchanged_pages_of_files_are_dropped() {
        let smaps = "\
1000-3000 r-xp 00001000 fe:00 123   /usr/sbin/holdfast
Rss:                   8 kB
Anonymous:             0 kB
3000-4000 r--p 00003000 fe:00 123   /usr/sbin/holdfast
Anonymous:             0 kB
4000-6000 r--p 00004000 fe:00 123   /usr/sbin/holdfast
Anonymous:             4 kB
6000-7000 rw-p 00006000 fe:00 123   /usr/sbin/holdfast
Anonymous:             0 kB
7000-8000 r-xp 00000000 00:00 0     [vdso]
Anonymous:             0 kB
8000-9000 r--p 00000000 00:00 0
Anonymous:             0 kB
nonsense
";
        let found: Vec<_> = droppable(smaps).collect();
        assert_eq!(found, [(0x1000, 0x2000), (0x3000, 0x1000)]);
    }

    #[test]
    fn the_program_goes_on_after_its_code_was_dropped() {
        Code::find().let_go();
        assert_eq!("4".parse::<u32>().map(|n| n + 1), Ok(5));
    }
}
