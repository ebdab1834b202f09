//! Giving memory back that was needed only at the start.

use nix::sys::mman::MmapAdvise;
use std::ffi::c_void;
use std::io::Read;
use std::ptr::NonNull;

/// Gives memory that was freed back to the system, where the allocator keeps it otherwise.
pub fn trim_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes a number; it only touches the allocator's own free memory.
    unsafe {
        libc::malloc_trim(0);
    }
}

<<<<<<< HEAD
/// Mappings of code and constants of one program: its own, and those of a few libraries.
const MAPPINGS: usize = 16;

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
        Code {
            mappings: droppable(&maps).take(MAPPINGS).collect(),
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
=======
/// Unmaps the program's code and constants until they are used again: what ran only at the start
/// (reading the configuration, opening sockets) is then no longer held. The kernel maps a page
/// again when it is touched, from its cache or from the file.
pub fn drop_code() {
    let Ok(file) = std::fs::File::open("/proc/self/smaps") else {
        return;
    };
    each_droppable(file, |start, len| {
        let Some(start) = NonNull::new(start as *mut c_void) else {
            return;
        };
        // SAFETY: the range is a mapping of a file in this process, without right to write and
        // without a page of its own: all its pages are those of the file, and what is dropped is
        // read from there again.
        let _ = unsafe { nix::sys::mman::madvise(start, len, MmapAdvise::MADV_DONTNEED) };
    });
>>>>>>> attack
}

/// Start and length of the mappings of /proc/PID/smaps (proc(5)) that are a file's and unchanged.
/// Reads line by line from a buffer of its own: a settled daemon allocates nothing.
fn each_droppable(mut smaps: impl Read, mut act: impl FnMut(usize, usize)) {
    let mut buffer = [0_u8; LONGEST];
    let (mut filled, mut candidate) = (0, None);
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match smaps.read(room) {
            Ok(0) | Err(_) => return,
            Ok(more) => filled += more,
        }
        let mut from = 0;
        while let Some(end) = buffer[from..filled].iter().position(|b| *b == b'\n') {
            let line = std::str::from_utf8(&buffer[from..from + end]).unwrap_or_default();
            if let Some(range) = header(line) {
                candidate = range;
            }
            // Relocated tables are read-only too, but their pages are no longer the file's.
            if line.split_ascii_whitespace().eq(["Anonymous:", "0", "kB"])
                && let Some((start, len)) = candidate.take()
            {
                act(start, len);
            }
            from += end + 1;
        }
        buffer.copy_within(from..filled, 0);
        filled -= from;
    }
}

/// No line of it is longer: a path and some numbers.
const LONGEST: usize = 4096 + 256;

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
        let mut found = Vec::new();
        each_droppable(smaps.as_bytes(), |start, len| found.push((start, len)));
        assert_eq!(found, [(0x1000, 0x2000), (0x3000, 0x1000)]);
    }

    #[test]
    fn reads_in_pieces_and_stops_at_a_line_without_end() {
        /// One byte at a time.
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                let some = self.0.len().min(1);
                self.0.read(&mut out[..some])
            }
        }
        let smaps = "1000-3000 r-xp 0 fe:00 1 /x\nAnonymous:  0 kB\n";
        let mut found = Vec::new();
        each_droppable(Slow(smaps.as_bytes()), |start, len| {
            found.push((start, len))
        });
        assert_eq!(found, [(0x1000, 0x2000)]);
        each_droppable([b'x'; 3 * LONGEST].as_slice(), |_, _| {
            panic!("nothing there")
        });
    }

    #[test]
    fn the_program_goes_on_after_its_code_was_dropped() {
        Code::find().let_go();
        assert_eq!("4".parse::<u32>().map(|n| n + 1), Ok(5));
    }
}
