//! Giving memory back that was needed only at the start.

use nix::sys::mman::MmapAdvise;
use std::ffi::c_void;
use std::fs::File;
use std::io::{self, Read};
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
    /// `None`: not looked up yet. That is done when it is needed first: at the start it would only
    /// take time, and slow down what runs in the small pieces.
    mappings: Option<Mappings>,
}

type Mappings = heapless::Vec<(usize, usize), MAPPINGS>;

impl Code {
    /// Lets them go. Nowhere, if /proc is not there. Takes nothing from the heap.
    pub fn let_go(&mut self) {
        let mappings = self.mappings.get_or_insert_with(|| {
            trim_heap();
            let found = find("/proc/self/smaps").unwrap_or_default();
            cut(&found);
            found
        });
        for (start, len) in mappings {
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

/// Cuts the mappings into small pieces. The kernel maps 64 KB around each page that is touched
/// (fault-around, mm/memory.c), but never beyond a mapping: what runs lies scattered, so this
/// decides how much is held. Neighbouring pieces stay apart because they differ in a flag, that
/// of core dumps, which leave out unchanged pages of files anyway.
fn cut(mappings: &Mappings) {
    for (start, len) in mappings {
        for offset in (0..*len).step_by(2 * PIECE) {
            let Some(piece) = NonNull::new((start + offset) as *mut c_void) else {
                continue;
            };
            let len = PIECE.min(len - offset);
            // SAFETY: the range lies in a mapping of this process; the advice changes what a core
            // dump holds and nothing that the program sees.
            let _ = unsafe { nix::sys::mman::madvise(piece, len, MmapAdvise::MADV_DONTDUMP) };
        }
    }
}

/// The mappings of a file like /proc/self/smaps that can be let go.
fn find(path: &str) -> io::Result<Mappings> {
    let mut file = File::open(path)?;
    let (mut found, mut finder) = (Mappings::new(), Finder::default());
    let mut buffer = [0; 4096];
    let mut held = 0;
    loop {
        let room = buffer.get_mut(held..).unwrap_or_default();
        if room.is_empty() {
            // No line is that long, but for one with the path of a file that is not ours.
            held = 0;
            continue;
        }
        let length = file.read(room)?;
        if length == 0 {
            return Ok(found);
        }
        let filled = buffer.get(..held + length).unwrap_or_default();
        let lines = filled
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        for line in filled
            .get(..lines)
            .unwrap_or_default()
            .split(|b| *b == b'\n')
        {
            let Some((start, len)) = finder.line(std::str::from_utf8(line).unwrap_or_default())
            else {
                continue;
            };
            match found.last_mut() {
                // A parent of ours has cut it already.
                Some((from, length)) if *from + *length == start => *length += len,
                // What finds no room is just not let go.
                _ => drop(found.push((start, len))),
            }
        }
        held += length;
        buffer.copy_within(lines..held, 0);
        held -= lines;
    }
}

/// Finds the mappings of /proc/PID/smaps (proc(5)) that are a file's and unchanged.
#[derive(Default)]
struct Finder {
    candidate: Option<(usize, usize)>,
}

impl Finder {
    /// Start and length of a mapping, once the line that says so is seen.
    fn line(&mut self, line: &str) -> Option<(usize, usize)> {
        if let Some(range) = header(line) {
            self.candidate = range;
        }
        // Relocated tables are read-only too, but their pages are no longer the file's.
        let unchanged = line.split_ascii_whitespace().eq(["Anonymous:", "0", "kB"]);
        if unchanged {
            self.candidate.take()
        } else {
            None
        }
    }
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
        let mut finder = Finder::default();
        let found: Vec<_> = smaps.lines().filter_map(|line| finder.line(line)).collect();
        assert_eq!(found, [(0x1000, 0x2000), (0x3000, 0x1000)]);
        // The same in pieces, and beyond a line without end; neighbours become one.
        let scratch = crate::sys::tests::Scratch::new("smaps");
        let path = scratch.path("smaps");
        let text = format!(
            "{}\n{}{}{smaps}",
            "x".repeat(10_000),
            smaps,
            "Rss: 1 kB\n".repeat(999)
        );
        std::fs::write(&path, text).unwrap();
        let found = find(&path).unwrap();
        assert_eq!(found, [(0x1000, 0x3000), (0x1000, 0x3000)]);
    }

    #[test]
    fn the_program_goes_on_after_its_code_was_dropped() {
        let mut code = Code::default();
        code.let_go();
        assert!(
            code.mappings
                .as_ref()
                .is_some_and(|found| !found.is_empty())
        );
        code.let_go();
        assert_eq!("4".parse::<u32>().map(|n| n + 1), Ok(5));
    }
}
