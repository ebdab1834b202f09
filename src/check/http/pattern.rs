//! Patterns for bodies: compiled once, looked for in what was kept of a body.
//!
//! Without the feature `regex` there is none, and pages are judged by status and digest alone.

use super::super::{Params, Regex};

/// Bytes kept before the first place where a match may begin, for `\b` and the like.
const BEFORE: u32 = 4;
/// Stands for each byte that is no UTF-8, so that what follows keeps its place.
#[cfg(feature = "regex")]
const SUBSTITUTE: u8 = 0x1a;

/// What is prepared once for all tries: each pattern compiled, whoever uses it.
#[derive(Default)]
pub struct Kit {
    /// In the order of their texts.
    #[cfg(feature = "regex")]
    patterns: Vec<(Box<str>, regex_lite::Regex)>,
}

/// The first byte of a body that is to be kept for a pattern.
pub(super) fn keep(regex: &Regex) -> u32 {
    regex.min.saturating_sub(BEFORE)
}

#[cfg(feature = "regex")]
impl Kit {
    /// Prepares what the checkers will need.
    pub fn new(params: &Params) -> Self {
        let mut texts: Vec<&str> = params
            .checkers
            .iter()
            .filter_map(|checker| match &checker.probe {
                super::super::Probe::Http(http) => Some(&http.urls),
                _ => None,
            })
            .flatten()
            .filter_map(|url| url.regex.as_ref().map(|r| &*r.pattern))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let compiled = |text: &str| Some((text.into(), regex_lite::Regex::new(text).ok()?));
        Kit {
            patterns: texts.into_iter().filter_map(compiled).collect(),
        }
    }

    /// Whether a body is as the pattern wants it; `kept` begins at [`keep`].
    ///
    /// A pattern that is none is never satisfied: see [`complaint`].
    pub(super) fn agrees(&self, regex: &Regex, kept: &mut [u8]) -> bool {
        let by = |(text, _): &(Box<str>, _)| text.as_ref().cmp(&*regex.pattern);
        let Ok(index) = self.patterns.binary_search_by(by) else {
            return false;
        };
        let Some((_, pattern)) = self.patterns.get(index) else {
            return false;
        };
        let text = text(kept);
        let base = keep(regex);
        let Ok(from) = usize::try_from(regex.min.saturating_sub(base)) else {
            return regex.absent;
        };
        // A match cannot begin inside a character.
        let from = (from..=text.len()).find(|at| text.is_char_boundary(*at));
        // The first match is the one that begins first.
        let found = from.and_then(|from| pattern.find_at(text, from));
        let within = found.is_some_and(|found| {
            let start = u32::try_from(found.start()).unwrap_or(u32::MAX);
            regex.max.is_none_or(|max| base.saturating_add(start) < max)
        });
        within != regex.absent
    }
}

#[cfg(not(feature = "regex"))]
impl Kit {
    /// Prepares what the checkers will need.
    pub fn new(_: &Params) -> Self {
        Kit {}
    }

    pub(super) fn agrees(&self, _: &Regex, _: &mut [u8]) -> bool {
        true
    }
}

/// Why a text is no pattern; `None`: it is one. For the configuration.
#[cfg(feature = "regex")]
pub fn complaint(pattern: &str) -> Option<String> {
    regex_lite::Regex::new(pattern).err().map(|e| e.to_string())
}

/// Why a text is no pattern; `None`: it is one. For the configuration.
#[cfg(not(feature = "regex"))]
pub fn complaint(_: &str) -> Option<String> {
    Some("built without regular expressions".to_owned())
}

/// Bytes as text, in place.
#[cfg(feature = "regex")]
fn text(bytes: &mut [u8]) -> &str {
    let mut at = 0;
    while let Some(Err(bad)) = bytes.get(at..).map(str::from_utf8) {
        let from = at + bad.valid_up_to();
        let to = bad.error_len().map_or(bytes.len(), |len| from + len);
        for byte in bytes.get_mut(from..to).unwrap_or_default() {
            *byte = SUBSTITUTE;
        }
        at = to;
    }
    str::from_utf8(bytes).unwrap_or_default()
}
