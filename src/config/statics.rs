//! `static_ipaddress`, `static_routes`, `static_rules` and the `track_group`s that depend on them.

use super::address::Line;
use super::diag::{Severity, quote};
use super::lexer::{BROKEN, RAW, Word};
use super::route::{RouteDraft, RuleDraft};
use super::source::Span as At;
use super::table::Item;
use super::walk::Walk;
use crate::vrrp::{IfaceId, InstanceId, Params};
use std::collections::BTreeMap;

/// The interface of a static address that names none.
const DEFAULT_INTERFACE: &[u8] = b"eth0";

/// What is to be there as long as the daemon runs, as written.
#[derive(Default)]
pub(super) struct Drafts {
    addresses: Vec<Line>,
    routes: Vec<RouteDraft>,
    rules: Vec<RuleDraft>,
    groups: Vec<Group>,
}

/// A `track_group`.
struct Group {
    name: Box<str>,
    at: At,
    members: Vec<Word>,
}

impl Drafts {
    /// The number of a group that is defined by now.
    fn find(&self, walk: &mut Walk<'_>, word: Word) -> Option<u16> {
        let name = walk.text(word);
        if let Some(at) = self.groups.iter().position(|g| g.name == name) {
            return u16::try_from(at).ok();
        }
        let near = walk
            .diags
            .nearest(name.as_bytes(), self.groups.iter().map(|g| &*g.name))
            .map(|n| format!("did you mean '{n}'?"));
        let text = format!(
            "track_group {} is not defined above",
            quote(name.as_bytes())
        );
        walk.wrong(word, text, near.as_deref());
        None
    }
}

impl<'a> Walk<'a> {
    /// A root block of static objects, or a `track_group`. `false`: it is another one.
    pub(super) fn static_block(&mut self, node: u32, name: &str, drafts: &mut Drafts) -> bool {
        match name {
            "track_group" => {
                self.inside(node, true);
                self.track_group(node, drafts);
            }
            "static_ipaddress" => {
                for child in self.children(Some(node)) {
                    drafts.addresses.extend(self.address(child));
                }
            }
            "static_routes" => {
                for child in self.children(Some(node)) {
                    drafts.routes.extend(self.route_of(child));
                }
            }
            "static_rules" => {
                for child in self.children(Some(node)) {
                    drafts.rules.extend(self.rule_of(child));
                }
            }
            _ => return false,
        }
        // A group must be there before what names it, as in keepalived.
        let groups = drafts
            .addresses
            .iter()
            .map(|l| l.group)
            .chain(drafts.routes.iter().map(|l| l.group))
            .chain(drafts.rules.iter().map(|l| l.group));
        let known = groups.flatten().collect::<Vec<Word>>();
        for word in known {
            if !self.grouped.contains_key(&word.text) {
                let found = drafts.find(self, word);
                self.grouped.insert(word.text, found);
            }
        }
        true
    }

    fn track_group(&mut self, node: u32, drafts: &mut Drafts) {
        let Some(word) = self.first(node) else {
            return;
        };
        let (name, at) = (self.text(word), self.span(word));
        if let Some(first) = drafts.groups.iter().find(|g| g.name == name) {
            let text = format!(
                "track_group {} is already defined on line {}; this one is ignored",
                quote(name.as_bytes()),
                self.line_of(first.at)
            );
            self.diags.error(at, text);
            return;
        }
        let mut members = Vec::new();
        for block in self.children(Some(node)) {
            for line in self.children(Some(block)) {
                let words = self.all(line).iter();
                members.extend(words.filter(|w| !w.is(BROKEN | RAW)));
            }
        }
        if members.is_empty() && !self.node(node).torn {
            let text = format!("track_group {} has no members", quote(name.as_bytes()));
            self.diags.error(at, text).severity(Severity::Warning);
        }
        drafts.groups.push(Group { name, at, members });
    }

    /// A route line of a block.
    pub(super) fn route_of(&mut self, node: u32) -> Option<RouteDraft> {
        let words = self.all(node);
        if self.broken(words) {
            return None;
        }
        self.route(words)
    }

    /// A rule line of a block.
    pub(super) fn rule_of(&mut self, node: u32) -> Option<RuleDraft> {
        let words = self.all(node);
        if self.broken(words) {
            return None;
        }
        self.rule(words)
    }

    /// Says that `track_group` is for static objects only.
    pub(super) fn no_group(&mut self, group: Option<Word>) {
        if let Some(word) = group {
            self.warn(word, "'track_group' is for static objects only; ignored");
        }
    }

    /// Drafts become parameters; `names`: every instance, and its number if it runs.
    pub(super) fn settle_statics(
        &mut self,
        drafts: Drafts,
        names: &BTreeMap<Box<str>, (At, Option<InstanceId>)>,
        params: &mut Params,
    ) {
        for group in &drafts.groups {
            let members: Vec<InstanceId> = group
                .members
                .iter()
                .filter_map(|word| names.get(&self.text(*word))?.1)
                .collect();
            params.track_groups.push(members.into());
        }
        let group =
            |walk: &Self, word: Option<Word>| walk.grouped.get(&word?.text).copied().flatten();
        let own = match drafts.addresses.iter().any(|line| line.dev.is_none()) {
            true => self.default_interface(params),
            false => IfaceId(0),
        };
        let addresses = self.held(&drafts.addresses, own, params);
        let groups = drafts.addresses.iter().map(|line| group(self, line.group));
        params.statics.addresses = addresses.into_iter().zip(groups).collect();
        let groups: Vec<_> = drafts.routes.iter().map(|d| group(self, d.group)).collect();
        params.statics.routes = self.routes(drafts.routes, params);
        for (line, group) in params.statics.routes.iter_mut().zip(groups) {
            line.group = group;
        }
        let groups: Vec<_> = drafts.rules.iter().map(|d| group(self, d.group)).collect();
        params.statics.rules = self.rules(drafts.rules, params);
        for (line, group) in params.statics.rules.iter_mut().zip(groups) {
            line.group = group;
        }
    }

    fn default_interface(&mut self, params: &mut Params) -> IfaceId {
        let name = self.default_interface.unwrap_or(DEFAULT_INTERFACE);
        if let Some(index) = self.interfaces.get(name) {
            return *index;
        }
        let index = IfaceId(u16::try_from(params.interfaces.len()).unwrap_or(0));
        params.interfaces.push(super::value::text(name));
        self.interfaces.insert(name, index);
        index
    }

    /// An item of a list of which only the words are checked.
    pub(super) fn checked(&mut self, words: &'a [Word], item: Item) {
        match item {
            Item::Route => {
                self.route(words);
            }
            _ => {
                self.rule(words);
            }
        }
    }
}
