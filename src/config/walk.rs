//! Walking the tree: what all blocks have in common.

use super::diag::{Class, Diags, Severity, quote};
use super::lexer::{BROKEN, Word};
use super::source::{Sources, Span};
use super::table::{self, Again, Defined, Head, Item, Row, Shape, State};
use super::tree::Node;
use super::{Options, Outside};
use crate::vrrp::IfaceId;
use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};

/// The statements of all files, and what is known so far.
pub(super) struct Walk<'a> {
    pub outside: &'a dyn Outside,
    pub options: &'a Options,
    pub sources: &'a Sources,
    pub words: &'a [Word],
    pub nodes: &'a [Node],
    pub diags: &'a mut Diags,
    /// What `global_defs` has said so far.
    pub defaults: super::global::Defaults,
    /// What is said once only.
    said: BTreeSet<&'a str>,
    /// Scripts, track files … by kind and name.
    pub defined: BTreeMap<(Defined, &'a [u8]), Thing>,
    /// Where things are defined, before or after their use.
    pub everywhere: BTreeMap<(Defined, &'a [u8]), Span>,
    /// Names of instances outside sync groups.
    pub references: Vec<Word>,
    /// The addresses of interfaces, once someone asked.
    pub networks: Option<Vec<(Box<str>, IpAddr, u8)>>,
    /// Virtual routers by interface, unicast source, VRID and destination: name and place of their
    /// instance.
    pub routers: BTreeMap<RouterKey<'a>, (Box<str>, Span)>,
    /// Settings of interfaces.
    pub ports: super::ports::Ports,
    /// Scripts and files that can be tracked.
    pub definitions: super::track::Definitions,
    /// Names for the numbers of routing.
    pub names: super::names::Names,
    /// `default_interface`
    pub default_interface: Option<&'a [u8]>,
    /// Words that name a `track_group`, and its number.
    pub grouped: BTreeMap<super::source::Text, Option<u16>>,
    /// Interfaces that have a number.
    pub interfaces: BTreeMap<&'a [u8], IfaceId>,
    /// The first script that would run, for the security rule.
    pub first_script: Option<Span>,
    /// Where mail is spoken of.
    pub mail: super::mail::Places,
    /// An interface that must exist does not.
    pub absent: bool,
    /// Statements of the block at hand that must not be used.
    pub refused: BTreeSet<u32>,
    /// Its scripts.
    pub programs: BTreeMap<u32, crate::notify::Script>,
}

/// Interface, unicast source, VRID and destination.
pub(super) type RouterKey<'a> = (&'a [u8], Option<IpAddr>, u8, IpAddr);

/// Something that is defined by name and referred to from instances.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thing {
    pub at: Span,
    /// Its own weight, and whether that is reversed.
    pub weight: i16,
    pub reverse: bool,
    /// Its number among its kind; `None`: it cannot be tracked.
    pub index: Option<u16>,
}

/// The keywords seen in a block: row number and node.
pub(super) type Seen = Vec<(u8, u32)>;

impl<'a> Walk<'a> {
    pub(super) fn new(
        outside: &'a dyn Outside,
        options: &'a Options,
        sources: &'a Sources,
        words: &'a [Word],
        nodes: &'a [Node],
        diags: &'a mut Diags,
    ) -> Walk<'a> {
        Walk {
            outside,
            options,
            sources,
            words,
            nodes,
            diags,
            defaults: super::global::Defaults::default(),
            said: BTreeSet::new(),
            defined: BTreeMap::new(),
            everywhere: BTreeMap::new(),
            references: Vec::new(),
            routers: BTreeMap::new(),
            networks: None,
            ports: super::ports::Ports::default(),
            names: super::names::Names::default(),
            definitions: super::track::Definitions::default(),
            interfaces: BTreeMap::new(),
            default_interface: None,
            grouped: BTreeMap::new(),
            first_script: None,
            mail: super::mail::Places::default(),
            absent: false,
            refused: BTreeSet::new(),
            programs: BTreeMap::new(),
        }
    }

    pub(super) fn node(&self, node: u32) -> Node {
        self.nodes.get(node as usize).copied().unwrap_or(Node {
            first: 0,
            count: 0,
            next: u32::MAX,
            row: None,
            torn: false,
        })
    }
    /// All words of a statement, the keyword first.
    pub(super) fn all(&self, node: u32) -> &'a [Word] {
        let n = self.node(node);
        let from = n.first as usize;
        self.words
            .get(from..from + n.count as usize)
            .unwrap_or_default()
    }
    /// The words behind the keyword.
    pub(super) fn args(&self, node: u32) -> &'a [Word] {
        self.all(node).get(1..).unwrap_or_default()
    }
    pub(super) fn bytes(&self, word: Word) -> &'a [u8] {
        self.sources.get(word.text)
    }
    /// The word as text; bytes that are no UTF-8 are taken for Latin-1.
    pub(super) fn text(&self, word: Word) -> Box<str> {
        super::value::text(self.bytes(word))
    }
    pub(super) fn span(&self, word: Word) -> Span {
        self.sources.span(word.text)
    }
    /// Where a statement's keyword stands.
    pub(super) fn head(&self, node: u32) -> Span {
        self.all(node)
            .first()
            .map_or_else(Span::default, |w| self.span(*w))
    }
    pub(super) fn row(&self, node: u32) -> Option<Row> {
        self.node(node).row.map(|r| r.get())
    }
    pub(super) fn name(&self, node: u32) -> &'static str {
        self.row(node).map_or("", |r| r.name)
    }
    pub(super) fn line_of(&self, span: Span) -> u32 {
        self.sources.line_number(span)
    }

    /// Another place, for a message about `here`: `line 3`, or `line 3 of PATH` in another file.
    pub(super) fn other(&self, there: Span, here: Span) -> String {
        let line = self.line_of(there);
        match there.file == here.file {
            true => format!("line {line}"),
            false => format!("line {line} of {}", self.sources.path(there.file)),
        }
    }

    /// The statements directly inside a block; `None`: at the root.
    pub(super) fn children(&self, node: Option<u32>) -> Children<'a> {
        self.outside.breathe();
        let (at, end) = match node {
            Some(n) => (n.saturating_add(1), self.node(n).next),
            None => (0, u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)),
        };
        Children {
            nodes: self.nodes,
            at,
            end,
        }
    }

    /// Says something once only.
    pub(super) fn once(&mut self, key: &'a str) -> bool {
        self.said.insert(key)
    }

    /// Checks one statement. `false`: it must not be used.
    ///
    /// `quiet`: the block around it is not supported, so nothing needs to be said about its parts.
    pub(super) fn line(&mut self, node: u32, seen: &mut Seen, quiet: bool) -> bool {
        let Some(id) = self.node(node).row else {
            return false;
        };
        let row = id.get();
        let before = seen.iter().find(|(i, _)| *i == id.index).map(|s| s.1);
        let valid = self.shape(node, row);
        if valid || row.opens() || !matches!(row.state, State::Later(_)) {
            self.notice(node, row, quiet);
        }
        if let Some(first) = before {
            match row.again {
                Again::Adds => {}
                Again::First => {
                    let head = self.head(node);
                    let text = format!(
                        "'{}' given twice (first on {}); the first one counts",
                        row.name,
                        self.other(self.head(first), head)
                    );
                    self.diags.error(head, text).severity(Severity::Warning);
                    return false;
                }
                Again::Last => {
                    let head = self.head(node);
                    let text = format!(
                        "'{}' given twice (first on {}); the last one counts",
                        row.name,
                        self.other(self.head(first), head)
                    );
                    self.diags.warning(head, text);
                }
            }
        } else {
            seen.push((id.index, node));
        }
        valid
    }

    /// Says what does not work yet, is old, or never will be.
    fn notice(&mut self, node: u32, row: Row, quiet: bool) {
        let head = self.head(node);
        match row.state {
            State::Works | State::Idle => {}
            State::Later("") if !quiet => {
                if self.once(row.name) {
                    let text = format!("'{}' is not supported yet", row.name);
                    self.diags.warning(head, text);
                }
            }
            State::Later(what) if !quiet && !what.is_empty() => {
                if self.once(what) {
                    let text = match what == row.name {
                        true => format!("'{what}' is not supported yet"),
                        false => format!("'{}': {what} is not supported yet", row.name)
                            .replace("s is not supported", "s are not supported"),
                    };
                    self.diags.warning(head, text);
                }
            }
            State::Absent(what) if !quiet => {
                if self.once(what) {
                    let text = format!("'{}': {what} is not in this build", row.name);
                    self.diags.warning(head, text);
                }
            }
            State::Later(_) | State::Absent(_) => {}
            State::Never(what) => {
                if self.once(what) {
                    let text = format!("'{}': {what} is not supported", row.name);
                    self.diags.warning(head, text);
                }
            }
            State::Old(new) => {
                let text = format!("'{}' is an old name", row.name);
                self.diags
                    .error(head, text)
                    .severity(Severity::Warning)
                    .hint(format!("write {}", new_name(new)));
                let known = self
                    .node(node)
                    .row
                    .and_then(|r| table::rows(r.block).iter().find(|r| r.name == new));
                if let Some(known) = known {
                    self.notice(node, known, quiet);
                }
            }
            State::Foreign(why) => {
                let text = format!("keepalived does not know '{}' here", row.name);
                self.diags
                    .error(head, text)
                    .severity(Severity::Warning)
                    .hint(why);
            }
        }
    }

    /// A block of which only the words are checked; what must not be used is `refused`, its scripts
    /// are `programs`. `false`: it could not be used.
    pub(super) fn generic(&mut self, block: u32) -> bool {
        let mut usable = true;
        let mut seen = Seen::new();
        for node in self.children(Some(block)) {
            if self.row(node).is_none() {
                continue;
            }
            let valid = self.line(node, &mut seen, true);
            if !valid {
                self.refused.insert(node);
            }
            let script = match self.row(node).map(|r| r.shape) {
                Some(Shape::Script | Shape::OptScript) if valid => Some(self.script(node)),
                Some(Shape::Command) if valid => Some(self.command(node, block)),
                _ => None,
            };
            let found = !matches!(script, Some(None));
            if let Some(script) = script.flatten() {
                self.programs.insert(node, script);
            }
            if valid {
                match (self.name(block), self.name(node)) {
                    ("FILE_CHECK", "track_file") => self.defined_name(node, Defined::File),
                    ("BFD_CHECK", "name") => self.defined_name(node, Defined::Bfd),
                    _ => {}
                }
            }
            usable &= found;
            self.inside(node, valid);
        }
        self.required(block, &seen) && usable
    }

    /// The content of a block nothing acts on yet.
    pub(super) fn inside(&mut self, node: u32, valid: bool) -> bool {
        match self.row(node).map(|r| r.shape) {
            Some(Shape::Block(..)) if valid => self.generic(node),
            Some(Shape::Words(item) | Shape::Lines(item, _)) => {
                self.list(node, item);
                true
            }
            _ => valid,
        }
    }

    fn list(&mut self, node: u32, item: Item) {
        for child in self.children(Some(node)) {
            self.item(child, item);
        }
    }

    /// The words between a block's keyword and its `{`.
    pub(super) fn header(&mut self, node: u32, head: Head) -> bool {
        let args = self.args(node);
        let row = self.name(node);
        let at = self.all(node).last().map_or_else(Span::default, |w| {
            let span = self.span(*w).after();
            Span {
                start: span.start.saturating_add(1),
                ..span
            }
        });
        match (head, args) {
            (Head::None, []) => true,
            (Head::Name | Head::Required, [_]) => {
                self.unfilled(args);
                true
            }
            (Head::Name, []) => {
                let text = format!("{row} needs a name; the block is ignored");
                self.diags
                    .error(at, text)
                    .hint(format!("write '{row} NAME {{'"));
                false
            }
            (Head::Required, []) => {
                let text = format!("{row} needs a name; the block is ignored");
                self.diags
                    .error(at, text)
                    .class(Class::MissingArgument)
                    .hint(format!("write '{row} NAME {{'"));
                false
            }
            (Head::Name, [_, more, ..]) => {
                let at = self.span(*more);
                let text = format!("{row} takes exactly one name; the block is ignored");
                self.diags
                    .error(at, text)
                    .hint("put a name with blanks into double quotes");
                false
            }
            (Head::None | Head::Required, [.., more]) => {
                let at = self.span(*more);
                self.diags
                    .warning(at, "surplus words before '{' are ignored");
                true
            }
            (Head::VirtualServer, args) => self.virtual_server(node, args),
            (Head::RealServer, args) => self.address_port(node, args),
        }
    }

    /// A word that was wrong already needs no second message.
    pub(super) fn broken(&self, words: &[Word]) -> bool {
        words.iter().any(|w| w.is(BROKEN))
    }

    pub(super) fn surplus(&mut self, node: u32, used: usize) {
        let args = self.args(node);
        let Some(word) = args.get(used).copied() else {
            return;
        };
        if word.is(BROKEN) {
            return;
        }
        let span = self.span(word);
        let block = self.node(node).row.map(|r| r.block);
        let keyword = block.is_some_and(|b| table::find(b, self.bytes(word)).is_some());
        let text = match args.len() - used {
            1 => format!("surplus word {} is ignored", quote(self.bytes(word))),
            n => format!(
                "{n} surplus words from {} on are ignored",
                quote(self.bytes(word))
            ),
        };
        let diag = self.diags.warning(span, text);
        if keyword {
            diag.hint("one statement per line");
        }
    }
}

fn new_name(new: &str) -> String {
    match new.contains(' ') {
        true => new.to_owned(),
        false => format!("'{new}'"),
    }
}

/// Iterates over the statements of one block.
#[derive(Clone)]
pub(super) struct Children<'a> {
    nodes: &'a [Node],
    at: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        if self.at >= self.end {
            return None;
        }
        let now = self.at;
        self.at = self.nodes.get(now as usize)?.next.max(now + 1);
        Some(now)
    }
}
