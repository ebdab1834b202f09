//! Patterns for bodies: compiled once, looked for while a body comes.
//!
//! A body is searched in windows that overlap by half: it may be of any size, nothing grows with it,
//! and no step takes long. A match longer than half a window may be missed.

use super::super::{Params, Probe, Regex};
use super::dialect::translate;
use regex_lite::Regex as Pattern;

/// Bytes that are searched at a time.
pub const WINDOW: usize = 16 * 1024;
/// What two windows have in common.
const HALF: usize = WINDOW / 2;
/// Bytes kept before the first place where a match may begin, for `\b` and the like.
const BEFORE: usize = 4;
/// Stands for each byte that is no UTF-8, so that what follows keeps its place.
const SUBSTITUTE: u8 = 0x1a;

/// What is prepared once for all tries: each pattern compiled, whoever uses it.
#[derive(Default)]
pub struct Kit {
    /// In the order of their texts.
    patterns: Vec<(Box<str>, Pattern)>,
}

impl Kit {
    /// Prepares what the checkers will need.
    pub fn new(params: &Params) -> Self {
        let mut texts: Vec<&str> = params
            .checkers
            .iter()
            .filter_map(|checker| match &checker.probe {
                Probe::Http(http) => Some(&http.urls),
                _ => None,
            })
            .flatten()
            .filter_map(|url| url.regex.as_ref().map(|r| &*r.pattern))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let compiled = |text: &str| Some((text.into(), Pattern::new(&translate(text)).ok()?));
        Kit {
            patterns: texts.into_iter().filter_map(compiled).collect(),
        }
    }

    fn pattern(&self, regex: &Regex) -> Option<&Pattern> {
        let by = |(text, _): &(Box<str>, _)| text.as_ref().cmp(&*regex.pattern);
        let at = self.patterns.binary_search_by(by).ok()?;
        self.patterns.get(at).map(|(_, pattern)| pattern)
    }
}

/// Why a text is no pattern; `None`: it is one. For the configuration.
pub fn complaint(pattern: &str) -> Option<String> {
    Pattern::new(&translate(pattern))
        .err()
        .map(|e| e.to_string())
}

/// One search of one body.
#[derive(Debug)]
pub(super) struct Search {
    kept: Vec<u8>,
    /// Bytes of the body before the kept ones that are still to come.
    skip: u64,
    /// Where in the body the kept ones begin.
    base: u64,
    /// No match begins before this.
    from: u64,
    /// What came of it, once it is over.
    found: Option<bool>,
}

impl Search {
    pub fn new(regex: &Regex) -> Self {
        let from = u64::from(regex.min);
        let base = from.saturating_sub(BEFORE as u64);
        Search {
            kept: Vec::new(),
            skip: base,
            base,
            from,
            found: None,
        }
    }

    /// Bytes of memory held.
    pub fn held(&self) -> usize {
        self.kept.capacity()
    }

    /// Takes the next bytes of the body.
    pub fn data(&mut self, data: &[u8], regex: &Regex, kit: &Kit) {
        let skipped = usize::try_from(self.skip).map_or(data.len(), |n| n.min(data.len()));
        self.skip = self.skip.saturating_sub(skipped as u64);
        let mut data = data.get(skipped..).unwrap_or_default();
        while self.found.is_none() && !data.is_empty() {
            let room = WINDOW.saturating_sub(self.kept.len()).min(data.len());
            let (now, later) = data.split_at(room);
            self.kept.extend_from_slice(now);
            data = later;
            if self.kept.len() >= WINDOW {
                self.look(regex, kit, false);
                self.advance(regex);
            }
        }
    }

    /// The body is complete: whether it is as the pattern wants it.
    ///
    /// A pattern that is none is never satisfied: see [`complaint`].
    pub fn agrees(&mut self, regex: &Regex, kit: &Kit) -> bool {
        if kit.pattern(regex).is_none() {
            return false;
        }
        if self.found.is_none() {
            self.look(regex, kit, true);
        }
        (self.found == Some(true)) != regex.absent
    }

    /// Looks into the window; `last`: nothing will follow it.
    fn look(&mut self, regex: &Regex, kit: &Kit, last: bool) {
        let Some(pattern) = kit.pattern(regex) else {
            self.found = Some(false);
            return;
        };
        let text = text(&mut self.kept, last);
        let ahead = usize::try_from(self.from.saturating_sub(self.base)).unwrap_or(usize::MAX);
        // A match cannot begin inside a character.
        let from = (ahead..=text.len()).find(|at| text.is_char_boundary(*at));
        let Some(found) = from.and_then(|from| pattern.find_at(text, from)) else {
            return;
        };
        let start = self.base.saturating_add(found.start() as u64);
        if regex.max.is_some_and(|max| start >= u64::from(max)) {
            // The first match is the one that begins first.
            self.found = Some(false);
        } else if last || found.end() < text.len() || found.start() < HALF {
            self.found = Some(true);
        }
        // Else it ends where the window does: what follows may change it (`$`).
    }

    /// Forgets all but what the next window shares with this one.
    fn advance(&mut self, regex: &Regex) {
        if self.found.is_some() {
            self.kept = Vec::new();
            return;
        }
        self.from = self.from.max(self.base.saturating_add(HALF as u64));
        if regex.max.is_some_and(|max| self.from >= u64::from(max)) {
            self.found = Some(false);
        }
        self.base = self.base.saturating_add((HALF - BEFORE) as u64);
        self.kept.drain(..(HALF - BEFORE).min(self.kept.len()));
    }
}

/// Bytes as text, in place; without a character at the end that may go on.
fn text(bytes: &mut [u8], last: bool) -> &str {
    let mut at = 0;
    let mut end = bytes.len();
    while let Some(Err(bad)) = bytes.get(at..end).map(str::from_utf8) {
        let from = at + bad.valid_up_to();
        match bad.error_len() {
            None if !last => end = from,
            length => {
                at = length.map_or(end, |length| from + length);
                for byte in bytes.get_mut(from..at).unwrap_or_default() {
                    *byte = SUBSTITUTE;
                }
            }
        }
    }
    let text = bytes.get(..end).unwrap_or_default();
    str::from_utf8(text).unwrap_or_default()
}
