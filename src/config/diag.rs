//! What is to be said about a configuration.

mod show;

pub(super) use show::quote;

use super::source::{Sources, Span};
use super::suggest;
use std::collections::BTreeMap;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Runs, but probably not as meant.
    Warning,
    /// This part cannot run, the rest does.
    Error,
    /// Nothing can run.
    Fatal,
}

/// How keepalived would have classed it; decides the exit status of a configuration test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The configuration file does not exist or cannot be read.
    FileNotFound,
    /// Any other complaint: keyword, brace, quote, value, deprecation.
    General,
    /// Scripts without `enable_script_security`, or a strict include that fails.
    Security,
    /// A keyword without its argument.
    MissingArgument,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Diag {
    /// How bad it is.
    pub severity: Severity,
    /// What keepalived would call it; `None`: it would say nothing.
    pub class: Option<Class>,
    /// Where.
    pub span: Option<Span>,
    /// What is wrong.
    pub text: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Diag {
    /// Adds what to write instead.
    pub(super) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }
    /// keepalived says nothing about this.
    pub(super) fn ours(&mut self) -> &mut Self {
        self.class = None;
        self
    }
    /// keepalived's class, if it is not the general one.
    pub(super) fn class(&mut self, class: Class) -> &mut Self {
        self.class = Some(class);
        self
    }
    /// Lowers an error to a warning, or raises a warning.
    pub(super) fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }
}

/// Messages about one place: the numbers of those kept, and how many more there are.
#[derive(Debug, Default)]
struct Told {
    kept: heapless::Vec<usize, PER_PLACE>,
    more: usize,
}

/// All messages of one load.
#[derive(Debug, Default)]
pub struct Diags {
    list: Vec<Diag>,
    sources: Sources,
    /// The configuration file named does not exist or cannot be read.
    pub missing_file: bool,
    /// Messages not kept because there were too many.
    dropped: usize,
    /// What has been said about each place.
    told: BTreeMap<(u16, u32), Told>,
    counts: [usize; 3],
    classes: [bool; 4],
    scratch: Option<Diag>,
    /// How often a word was looked for among the known ones.
    searches: u32,
    /// A brace or quote is missing: a reload must refuse this.
    pub(super) broken_syntax: bool,
}

/// Messages kept about one place.
const PER_PLACE: usize = 3;
/// Messages kept at all.
const KEPT: usize = 1_000;
/// Words that are compared with all known ones before only the place is named.
const SEARCHES: u32 = 100;
impl Diags {
    /// Says something. The returned message can still be completed.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        span: Option<Span>,
        text: impl Into<String>,
    ) -> &mut Diag {
        self.settle();
        self.scratch.insert(Diag {
            severity,
            class: Some(Class::General),
            span,
            text: text.into(),
            hint: None,
        })
    }
    /// An error that keepalived reports too.
    pub(super) fn error(&mut self, span: Span, text: impl Into<String>) -> &mut Diag {
        self.add(Severity::Error, Some(span), text)
    }
    /// A warning that keepalived does not give.
    pub(super) fn warning(&mut self, span: Span, text: impl Into<String>) -> &mut Diag {
        self.add(Severity::Warning, Some(span), text).ours()
    }

    /// The known word that differs least from `word`. Gives up after many: it takes a while.
    pub(super) fn nearest<'k>(
        &mut self,
        word: &[u8],
        known: impl IntoIterator<Item = &'k str>,
    ) -> Option<&'k str> {
        self.searches += 1;
        match self.searches > SEARCHES {
            true => None,
            false => suggest::nearest(word, known),
        }
    }

    /// No further message is kept: its text does not matter.
    pub(super) fn full(&self) -> bool {
        self.list.len() >= KEPT
    }

    /// Books the message under construction.
    fn settle(&mut self) {
        let Some(diag) = self.scratch.take() else {
            return;
        };
        // What a definition or repetition says again and again is said once.
        let place = diag.span.map(|s| (s.file, s.start));
        let told = place.and_then(|p| self.told.get_mut(&p));
        if let Some(told) = &told {
            let mut kept = told.kept.iter().filter_map(|n| self.list.get(*n));
            if kept.any(|k| k.text == diag.text) {
                return;
            }
        }
        self.counts[diag.severity as usize] += 1;
        if let Some(class) = diag.class {
            self.classes[class as usize] = true;
        }
        match told {
            Some(told) if told.kept.is_full() => told.more += 1,
            _ if self.list.len() >= KEPT => self.dropped += 1,
            _ => {
                if let Some(place) = place {
                    let told = self.told.entry(place).or_default();
                    // It is not full.
                    let _ = told.kept.push(self.list.len());
                }
                self.list.push(diag);
            }
        }
    }

    /// Puts the messages into file order and takes the texts over, for printing.
    pub(super) fn finish(&mut self, sources: Sources) {
        self.settle();
        self.sources = sources;
        for told in core::mem::take(&mut self.told).into_values() {
            let last = told.kept.last().and_then(|n| self.list.get_mut(*n));
            if let (Some(last), 1..) = (last, told.more) {
                let s = if told.more == 1 { "" } else { "s" };
                let more = format!(" (and {} more message{s} about this place)", told.more);
                last.text.push_str(&more);
            }
        }
        self.list
            .sort_by_key(|d| d.span.map_or((0, 0), |s| (s.file, s.start)));
    }

    /// The messages, in file order.
    pub fn iter(&self) -> impl Iterator<Item = &Diag> {
        self.list.iter()
    }
    /// How many messages of this severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }
    /// Nothing was said.
    pub fn is_empty(&self) -> bool {
        self.scratch.is_none() && self.counts.iter().all(|n| *n == 0)
    }
    /// Nothing of this can run: a start must be refused.
    pub fn fatal(&self) -> bool {
        self.count(Severity::Fatal) > 0
    }
    /// A brace or quote is missing somewhere: a start goes on with what is sound, a reload does not.
    pub fn broken_syntax(&self) -> bool {
        self.broken_syntax
    }
    /// Line and column of a message, from 1.
    pub fn place(&self, diag: &Diag) -> Option<(&str, u32, u32)> {
        let span = diag.span?;
        let (line, column) = self.sources.place(span);
        Some((self.sources.path(span.file), line, column))
    }

    /// The exit status of a configuration test: 0 clean, 2 a keyword lacks its argument, 6 security,
    /// 5 anything else keepalived complains about, 4 no such file.
    pub fn status(&self) -> u8 {
        let seen = |c: Class| self.classes[c as usize];
        match () {
            () if seen(Class::MissingArgument) => 2,
            () if seen(Class::Security) => 6,
            () if seen(Class::General) => 5,
            () if seen(Class::FileNotFound) => 4,
            () => 0,
        }
    }
}
