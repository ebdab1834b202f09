//! Tracked files: an integer somebody writes, read when the kernel says that it changed.
//!
//! The folder of a file is watched, so a file may come and go and be replaced. A folder that is
//! not there (yet), or a kernel without inotify, is made up for by looking once a second.

use crate::engine::outside::plain;
use crate::sys::file::{read_head, real_path, write_small};
use crate::sys::inotify::{self, Inotify};
use crate::time::{Instant, Span};
use crate::vrrp::{FileId, FileParams, Kept};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// All tracked files.
#[derive(Debug)]
pub struct Files {
    /// `None`: there is nothing to track, or the kernel cannot.
    inotify: Option<Inotify>,
    /// By [`FileId`].
    entries: Box<[Entry]>,
    /// Files to be read again, each once.
    stale: VecDeque<FileId>,
    /// The descriptor was not read to the end yet.
    unread: bool,
    /// When to look after those that are not watched.
    look_at: Option<Instant>,
    /// That something cannot be watched has been said.
    complained: bool,
}

#[derive(Debug)]
struct Entry {
    name: Box<str>,
    path: Box<str>,
    /// Where its changes show: under its own name, and if that is a link, where it leads.
    spots: [Option<Spot>; 2],
    /// The watches are in place.
    watched: bool,
    stale: bool,
    /// As it was last told.
    value: Option<i32>,
    complained: bool,
}

/// A name in a watched folder.
#[derive(Debug)]
struct Spot {
    watch: i32,
    name: Box<[u8]>,
}

/// How often is looked after what cannot be watched.
const LOOK: Span = Span::from_secs(1);
/// Bytes of a file that are looked at.
const HEAD: usize = 128;
/// Reads of the descriptor in one turn.
const READS: usize = 4;

impl Files {
    /// Knows the files; nothing is read or watched yet.
    pub fn new(params: &[FileParams]) -> Self {
        let inotify = match params.is_empty() {
            true => None,
            false => Inotify::new()
                .inspect_err(|e| {
                    log::warn!(
                        "tracked files are read every second: the kernel does not watch them ({})",
                        plain(e)
                    );
                })
                .ok(),
        };
        Files::with(inotify, params)
    }

    fn with(inotify: Option<Inotify>, params: &[FileParams]) -> Self {
        let entry = |file: &FileParams| Entry {
            name: file.name.clone(),
            path: file.path.clone(),
            spots: [None, None],
            watched: false,
            stale: false,
            value: None,
            complained: false,
        };
        Files {
            complained: inotify.is_none(),
            inotify,
            entries: params.iter().map(entry).collect(),
            stale: VecDeque::with_capacity(params.len()),
            unread: false,
            look_at: None,
        }
    }

    /// A reload: files that are still there keep their values; the others are looked for.
    pub fn reload(&mut self, params: &[FileParams], kept: &Kept, now: Instant) {
        let inotify = self.inotify.take();
        let fresh = match inotify {
            Some(_) => Files::with(inotify, params),
            None => Files::new(params),
        };
        let mut old = core::mem::replace(self, fresh);
        self.unread = old.unread;
        self.complained |= old.complained;
        for (is, was) in kept.files.pairs() {
            let (Some(entry), Some(was)) = (
                self.entries.get_mut(usize::from(is)),
                old.entries.get_mut(usize::from(was)),
            ) else {
                continue;
            };
            entry.spots = core::mem::take(&mut was.spots);
            (entry.watched, entry.value) = (was.watched, was.value);
            entry.complained = was.complained;
        }
        self.forget(
            old.entries
                .iter()
                .flat_map(|entry| entry.spots.iter().flatten()),
        );
        for at in 0..self.entries.len() {
            if !self.entries[at].watched {
                self.attach(at);
            }
            if self.entries[at].value.is_none() {
                let entry = &mut self.entries[at];
                entry.value = Some(entry.read().unwrap_or(0));
            }
        }
        for file in old.stale {
            if let Some(file) = kept.file(file) {
                self.spoil(usize::from(file.0));
            }
        }
        self.schedule(now);
    }

    /// Folders that none of our files are in are not watched any longer.
    fn forget<'s>(&self, spots: impl Iterator<Item = &'s Spot>) {
        let used = |watch: i32| {
            let mut spots = self.entries.iter().flat_map(|e| e.spots.iter().flatten());
            spots.any(|spot| spot.watch == watch)
        };
        for spot in spots {
            if let (Some(inotify), false) = (&self.inotify, used(spot.watch)) {
                inotify.forget(spot.watch);
            }
        }
    }

    /// The values, in order.
    pub fn values(&self) -> Vec<i32> {
        self.entries.iter().map(|e| e.value.unwrap_or(0)).collect()
    }

    /// What to poll.
    pub fn descriptor(&self) -> Option<RawFd> {
        self.inotify.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Writes the initial values. Only at the very start: a worker that takes a dead one's place
    /// must not undo what was written since.
    pub fn initialise(params: &[FileParams]) {
        for file in params {
            let Some(value) = file.initial else { continue };
            let text = format!("{value}\n");
            if let Err(e) = write_small(&file.path, text.as_bytes(), file.overwrite) {
                let (name, path) = (&file.name, &file.path);
                log::warn!("track_file {name}: cannot write {path}: {}", plain(&e));
            }
        }
    }

    /// Watches all and has all read.
    pub fn begin(&mut self, now: Instant) {
        for at in 0..self.entries.len() {
            self.attach(at);
            self.spoil(at);
        }
        self.schedule(now);
    }

    /// The descriptor became readable.
    pub fn ready(&mut self) {
        self.unread = true;
    }

    /// Takes what the kernel says, up to a budget. Whether more waits.
    pub fn take(&mut self, buf: &mut [u8], now: Instant) -> bool {
        for _ in 0..READS {
            if !self.unread {
                break;
            }
            match self.inotify.as_ref().map(|inotify| inotify.read(buf)) {
                Some(Ok(Some(len))) => {
                    for event in inotify::events(&buf[..len.min(buf.len())]) {
                        self.happened(&event);
                    }
                }
                Some(Err(e)) => {
                    log::warn!("cannot read what happens to tracked files: {}", plain(&e));
                    self.unread = false;
                }
                Some(Ok(None)) | None => self.unread = false,
            }
        }
        self.schedule(now);
        self.unread
    }

    /// The second is over: tries again to watch what is not watched, and reads it.
    pub fn look(&mut self, now: Instant) {
        self.look_at = None;
        for at in 0..self.entries.len() {
            if !self.entries[at].watched {
                self.attach(at);
                self.spoil(at);
            }
        }
        self.schedule(now);
    }

    /// When [`Files::look`] wants to be called.
    pub fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// Reads what may have changed: the next file that did, and its value.
    pub fn next_change(&mut self) -> Option<(FileId, i32)> {
        while let Some(file) = self.stale.pop_front() {
            let Some(entry) = self.entries.get_mut(usize::from(file.0)) else {
                continue;
            };
            entry.stale = false;
            let value = entry.read().or(entry.value).unwrap_or(0);
            if entry.value != Some(value) {
                entry.value = Some(value);
                return Some((file, value));
            }
        }
        None
    }

    fn schedule(&mut self, now: Instant) {
        let blind = self.entries.iter().any(|entry| !entry.watched);
        self.look_at = match self.look_at {
            _ if !blind => None,
            None => Some(now + LOOK),
            later => later,
        };
    }

    fn spoil(&mut self, at: usize) {
        let (Some(entry), Ok(id)) = (self.entries.get_mut(at), u16::try_from(at)) else {
            return;
        };
        if !entry.stale {
            entry.stale = true;
            self.stale.push_back(FileId(id));
        }
    }

    /// Something happened in a watched folder.
    fn happened(&mut self, event: &inotify::Happened<'_>) {
        if event.mask & inotify::OVERFLOW != 0 {
            log::warn!("too much happened to tracked files at once: all are read again");
            (0..self.entries.len()).for_each(|at| self.spoil(at));
            return;
        }
        if event.mask & inotify::MOVED_SELF != 0
            && let Some(inotify) = &self.inotify
        {
            // What the name stands for now is looked for anew.
            inotify.forget(event.watch);
        }
        let folder = event.mask & (inotify::MOVED_SELF | inotify::IGNORED) != 0;
        for at in 0..self.entries.len() {
            let mut concerned = None;
            for (n, spot) in self.entries[at].spots.iter().enumerate() {
                let Some(spot) = spot else { continue };
                if spot.watch == event.watch && (folder || *spot.name == *event.name) {
                    concerned = Some(n);
                }
            }
            let Some(n) = concerned else { continue };
            if folder {
                self.entries[at].spots = [None, None];
                self.entries[at].watched = false;
            }
            // Its own name may be a link that leads elsewhere now.
            if folder || n == 0 {
                self.attach(at);
            }
            self.spoil(at);
        }
    }

    /// Watches the folder of a file, and that of what it is a link to.
    fn attach(&mut self, at: usize) {
        let (Some(inotify), Some(entry)) = (&self.inotify, self.entries.get_mut(at)) else {
            return;
        };
        match entry.attach(inotify) {
            Ok(()) => entry.watched = true,
            Err(e) => {
                entry.watched = false;
                // A missing folder may come; anything else is a limit somebody can raise.
                if e.kind() != io::ErrorKind::NotFound && !self.complained {
                    self.complained = true;
                    let (name, path) = (&entry.name, &entry.path);
                    log::warn!(
                        "track_file {name}: {path} cannot be watched ({}): it is read every second",
                        plain(&e)
                    );
                }
            }
        }
    }
}

impl Entry {
    fn attach(&mut self, inotify: &Inotify) -> io::Result<()> {
        let spot = |path: &str| {
            let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
            let folder = if folder.is_empty() { "/" } else { folder };
            let watch = inotify.watch(folder)?;
            let name = name.as_bytes().into();
            Ok::<_, io::Error>(Spot { watch, name })
        };
        self.spots[0] = Some(spot(&self.path)?);
        self.spots[1] = match real_path(&self.path) {
            // The same spot twice where nothing is a link.
            Ok(real) => Some(spot(&real)?),
            Err(_) => None,
        };
        Ok(())
    }

    /// Its value; `None` if it says one that is no 32-bit number, which changes nothing.
    fn read(&mut self) -> Option<i32> {
        let mut head = [0; HEAD];
        match read_head(&self.path, &mut head) {
            Ok(len) => {
                self.complained = false;
                integer(&head[..len])
            }
            Err(e) => {
                let missing = e.kind() == io::ErrorKind::NotFound;
                if !missing && !self.complained {
                    self.complained = true;
                    let (name, path) = (&self.name, &self.path);
                    log::warn!(
                        "track_file {name}: cannot read {path} ({}): it counts as 0",
                        plain(&e)
                    );
                }
                Some(0)
            }
        }
    }
}

/// An integer as C reads it (strtol, base 0); what is none is 0, what is none of 32 bits `None`.
fn integer(text: &[u8]) -> Option<i32> {
    let mut rest = text.trim_ascii_start();
    // Vertical tab is a blank to C only.
    while let [0x0b, more @ ..] = rest {
        rest = more.trim_ascii_start();
    }
    let negative = rest.first() == Some(&b'-');
    if matches!(rest.first(), Some(b'-' | b'+')) {
        rest = &rest[1..];
    }
    let digit = |byte: &u8, base: u32| char::from(*byte).to_digit(base);
    let (base, digits) = match rest {
        [b'0', b'x' | b'X', more @ ..] if more.first().is_some_and(|b| digit(b, 16).is_some()) => {
            (16, more)
        }
        [b'0', more @ ..] => (8, more),
        all => (10, all),
    };
    let value = digits
        .iter()
        .map_while(|byte| digit(byte, base))
        .fold(0_i64, |value, digit| {
            value
                .saturating_mul(i64::from(base))
                .saturating_add(i64::from(digit))
        });
    i32::try_from(if negative { -value } else { value }).ok()
}

#[cfg(test)]
mod tests;
