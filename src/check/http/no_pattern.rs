//! Built without regular expressions: pages are judged by status and digest alone.

use super::super::{Params, Regex};

/// Bytes that are searched at a time.
pub const WINDOW: usize = 0;

/// What is prepared once for all tries: nothing.
#[derive(Default)]
pub struct Kit;

impl Kit {
    /// Prepares what the checkers will need.
    pub fn new(_: &Params) -> Self {
        Kit
    }
}

/// Why a text is no pattern, for the configuration: none is one.
pub fn complaint(_: &str) -> Option<String> {
    Some("built without regular expressions".to_owned())
}

/// No search.
#[derive(Debug)]
pub(super) struct Search;

impl Search {
    pub fn new(_: &Regex) -> Self {
        Search
    }

    pub fn held(&self) -> usize {
        0
    }

    pub fn data(&mut self, _: &[u8], _: &Regex, _: &Kit) {}

    pub fn agrees(&mut self, _: &Regex, _: &Kit) -> bool {
        true
    }
}
