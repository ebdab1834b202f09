//! What is tracked: scripts and files by their blocks, and who follows them or an interface.

use super::diag::{Severity, quote};
use super::instance::Draft;
use super::ipvs::tracked_files;
use super::lexer::Word;
use super::source::Span as At;
use super::table::{Defined, Item};
use super::value;
use super::walk::{Seen, Walk};
use crate::check::CheckerParams;
use crate::notify::Script;
use crate::time::Span;
use crate::vrrp::{FileId, FileParams, Params, ScriptId, ScriptParams, Track, Tracks};
use std::collections::BTreeSet;

/// Largest weight of an interface or a script.
const MAX_WEIGHT: i16 = 253;

/// A line of `track_interface`, `track_script`, …
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracked {
    pub at: At,
    pub what: What,
    pub weight: i16,
    pub reverse: bool,
}

/// What is followed.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Interface(Word),
    /// Index in [`Definitions::scripts`].
    Script(u16),
    /// Index in [`Definitions::files`].
    File(u16),
    /// Something that is not supported, or that cannot be used.
    Nothing,
}

/// What the blocks `vrrp_script` and `track_file` define.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    scripts: Vec<(ScriptParams, Script, At)>,
    files: Vec<(FileParams, At)>,
    /// Somebody names them, even somebody who does not run.
    named: BTreeSet<(Defined, u16)>,
}

impl Definitions {
    /// Somebody names one of them.
    pub(super) fn name(&mut self, kind: Defined, index: u16) {
        self.named.insert((kind, index));
    }
}

impl<'a> Walk<'a> {
    /// A block `vrrp_script`; `None`: it cannot be used.
    pub(super) fn script_block(&mut self, block: u32) -> Option<u16> {
        let name = self.first(block)?;
        let mut seen = Seen::new();
        let mut script = None;
        let mut p = ScriptParams {
            name: self.text(name),
            place: self.place(self.head(block)),
            interval: Span::from_secs(1),
            timeout: Span::ZERO,
            rise: 1,
            fall: 1,
            init_fail: false,
        };
        for node in self.children(Some(block)) {
            if self.row(node).is_none() || !self.line(node, &mut seen, false) {
                continue;
            }
            match self.name(node) {
                "script" => script = self.command(node, block),
                "interval" => p.interval = self.millis(node),
                "timeout" => p.timeout = self.millis(node),
                "rise" => p.rise = self.number(node).max(1),
                "fall" => p.fall = self.number(node).max(1),
                "init_fail" => p.init_fail = true,
                _ => {}
            }
        }
        if !self.required(block, &seen) {
            return None;
        }
        let index = u16::try_from(self.definitions.scripts.len()).ok()?;
        let at = self.span(name);
        self.definitions.scripts.push((p, script?, at));
        Some(index)
    }

    /// A block `track_file`; `None`: it cannot be used.
    pub(super) fn file_block(&mut self, block: u32) -> Option<u16> {
        let name = self.first(block)?;
        let mut seen = Seen::new();
        let mut p = FileParams {
            name: self.text(name),
            place: self.place(self.head(block)),
            path: Box::default(),
            initial: None,
            overwrite: false,
        };
        for node in self.children(Some(block)) {
            if self.row(node).is_none() || !self.line(node, &mut seen, false) {
                continue;
            }
            match (self.name(node), self.first(node)) {
                ("file", Some(path)) => p.path = self.tracked_path(path),
                ("init_file", _) => self.init_file(node, &mut p),
                _ => {}
            }
        }
        if !self.required(block, &seen) || p.path.is_empty() {
            return None;
        }
        let index = u16::try_from(self.definitions.files.len()).ok()?;
        let at = self.span(name);
        self.definitions.files.push((p, at));
        Some(index)
    }

    /// A path that can be watched; empty: it cannot.
    fn tracked_path(&mut self, word: Word) -> Box<str> {
        let bytes = self.bytes(word);
        let why = match core::str::from_utf8(bytes) {
            Err(_) => "is no UTF-8 text",
            Ok(path) if !path.starts_with('/') => "does not begin with '/'",
            Ok(path) if path.ends_with('/') => "is a directory",
            Ok(path) => return path.into(),
        };
        let text = format!("file {} {why}; it is not tracked", quote(bytes));
        self.wrong(word, text, None);
        Box::default()
    }

    /// `init_file [VALUE] [overwrite]`.
    fn init_file(&mut self, node: u32, p: &mut FileParams) {
        let mut initial = 0;
        for word in self.args(node).iter().copied() {
            let bytes = self.bytes(word);
            let number = value::int(bytes, i64::from(i32::MIN), i64::from(i32::MAX)).ok();
            match number.and_then(|n| i32::try_from(n).ok()) {
                Some(n) => initial = n,
                None if bytes == b"overwrite" => p.overwrite = true,
                None => {
                    let text = format!(
                        "init_file: {} is neither a number nor 'overwrite'",
                        quote(bytes)
                    );
                    self.wrong(word, text, None);
                }
            }
        }
        p.initial = Some(initial);
    }

    /// The first argument in seconds with thousandths; nothing is shorter than one of them.
    fn millis(&self, node: u32) -> Span {
        let ms = self.timer(node).micros().saturating_add(500) / 1_000;
        Span::from_micros(ms.max(1).saturating_mul(1_000))
    }

    /// The weight of a block `vrrp_script`, `track_file` …, and whether it is reversed.
    pub(super) fn weight_of(&self, block: u32) -> (i16, bool) {
        let mut found = match self.name(block) {
            "track_file" | "vrrp_track_file" => (1, false),
            _ => (0, false),
        };
        for node in self.children(Some(block)) {
            let args = self.args(node);
            if self.name(node) == "weight"
                && let Some(weight) = args.first().and_then(|w| self.a_weight(*w))
            {
                let reverse = args.get(1).map(|w| self.bytes(*w));
                found = (weight, reverse == Some(b"reverse"));
            }
        }
        found
    }

    fn a_weight(&self, word: Word) -> Option<i16> {
        let weight = value::int(self.bytes(word), -254, 254).ok()?;
        i16::try_from(weight).ok()
    }

    /// The lines of `track_interface`, `track_script`, `track_file` …
    pub(super) fn tracked(&mut self, node: u32, item: Item, list: &mut Vec<Tracked>) {
        for child in self.children(Some(node)) {
            self.item(child, item);
            let Some(name) = self.all(child).first().copied() else {
                continue;
            };
            let Some((what, weight, reverse)) = self.followed(item, name) else {
                continue;
            };
            let at = self.span(name);
            if let Some(first) = list.iter().find(|t| self.same(t.what, what)) {
                let line = self.other(first.at, at);
                let text = format!(
                    "{} is tracked already ({line}); ignored",
                    quote(self.bytes(name))
                );
                self.warn(name, text);
                continue;
            }
            let mut new = Tracked {
                at,
                what,
                weight,
                reverse,
            };
            self.weighed(child, item, &mut new);
            list.push(new);
        }
    }

    fn same(&self, a: What, b: What) -> bool {
        match (a, b) {
            (What::Interface(a), What::Interface(b)) => self.bytes(a) == self.bytes(b),
            (What::Script(a), What::Script(b)) | (What::File(a), What::File(b)) => a == b,
            _ => false,
        }
    }

    /// What a name means, with its own weight. `None`: nothing; that has been said.
    fn followed(&mut self, item: Item, name: Word) -> Option<(What, i16, bool)> {
        let Item::Track(kind, _) = item else {
            let bytes = self.bytes(name);
            let fits = !bytes.is_empty() && bytes.len() <= value::IFNAME;
            return (fits && core::str::from_utf8(bytes).is_ok()).then_some((
                What::Interface(name),
                0,
                false,
            ));
        };
        let thing = *self.defined.get(&(kind, self.bytes(name)))?;
        let what = match (kind, thing.index) {
            (Defined::Script, Some(index)) => What::Script(index),
            (Defined::File, Some(index)) => What::File(index),
            _ => What::Nothing,
        };
        if let Some(index) = thing.index {
            self.definitions.name(kind, index);
        }
        Some((what, thing.weight, thing.reverse))
    }

    /// `weight W [reverse|noreverse]`, as far as it makes sense.
    fn weighed(&self, node: u32, item: Item, tracked: &mut Tracked) {
        let words = self.all(node);
        if let Some(b"weight") = words.get(1).map(|w| self.bytes(*w))
            && let Some(weight) = words.get(2).and_then(|w| self.a_weight(*w))
        {
            tracked.weight = weight;
            match words.get(3).map(|w| self.bytes(*w)) {
                Some(b"reverse") => tracked.reverse = true,
                Some(b"noreverse") => tracked.reverse = false,
                _ => {}
            }
        }
        if !matches!(item, Item::Track(Defined::File | Defined::Process, _)) {
            tracked.weight = tracked.weight.clamp(-MAX_WEIGHT, MAX_WEIGHT);
        }
    }

    /// The own interface needs no tracking.
    pub(super) fn own_interface(&mut self, d: &mut Draft) {
        let Some(own) = d.interface else {
            return;
        };
        let mut list = core::mem::take(&mut d.tracks);
        list.retain(|t| match t.what {
            What::Interface(word) if self.bytes(word) == self.bytes(own) => {
                let text = format!(
                    "{} is the instance's own interface, which is tracked anyway",
                    quote(self.bytes(word))
                );
                self.warn(word, text);
                false
            }
            _ => true,
        });
        d.tracks = list;
    }

    /// Weights that cannot change anything.
    pub(super) fn useless_weights(&mut self, d: &mut Draft) {
        let priority = d.priority.unwrap_or(100);
        for tracked in d.tracks.iter().filter(|t| t.weight != 0) {
            let rises = (tracked.weight > 0) != tracked.reverse;
            let why = match (priority, tracked.what) {
                (255, _) => "the owner (priority 255) keeps its priority",
                (_, What::File(_)) => continue,
                (254, _) if rises => "a priority cannot rise above 254",
                (1, _) if !rises => "a priority cannot fall below 1",
                _ => continue,
            };
            let text = format!("this weight does nothing: {why}");
            let diag = self.diags.warning(tracked.at, text);
            if priority == 255 {
                diag.class(super::diag::Class::General);
            }
        }
        if priority == 255 {
            d.tracks.retain(|t| t.weight == 0);
        }
    }

    /// What a member of a sync group cannot follow: weights, unless the group lets it.
    pub(super) fn grouped(&mut self, list: &mut Vec<Tracked>, group: &str) {
        const HINT: &str = "write 'sync_group_tracking_weight' in the group";
        list.retain_mut(|t| {
            if t.weight == 0 {
                return true;
            }
            let usual = t.weight == 1 && !t.reverse;
            let keeps = match t.what {
                What::Interface(_) => true,
                What::File(_) => usual,
                What::Script(_) | What::Nothing => false,
            };
            let what = match keeps {
                true => "this weight is dropped",
                false => "what has a weight is not tracked",
            };
            let text = format!("{what}: the instance is in vrrp_sync_group {group}");
            self.diags.warning(t.at, text).hint(HINT);
            if keeps {
                (t.weight, t.reverse) = (0, t.reverse && !usual);
            }
            keeps
        });
    }

    /// What a group follows, all its members follow.
    pub(super) fn shared(&mut self, own: &mut Vec<Tracked>, from: &[Tracked], interface: &[u8]) {
        for new in from {
            if matches!(new.what, What::Interface(w) if self.bytes(w) == interface) {
                continue;
            }
            match own.iter().position(|t| self.same(t.what, new.what)) {
                Some(at) => {
                    let line = self.other(own[at].at, new.at);
                    let text = format!("a member tracks this too ({line}); once is enough");
                    self.diags.warning(new.at, text);
                    if own[at].weight != 0 {
                        (own[at].weight, own[at].reverse) = (new.weight, new.reverse);
                    }
                }
                None => own.push(*new),
            }
        }
    }

    /// A group's weights, which an owner among its members makes useless.
    pub(super) fn group_weights(&mut self, list: &mut [Tracked], owner: Option<&str>) {
        let Some(owner) = owner else {
            return;
        };
        for tracked in list.iter_mut().filter(|t| t.weight != 0) {
            let text =
                format!("this weight is dropped: the member {owner} is the owner (priority 255)");
            self.diags
                .error(tracked.at, text)
                .severity(Severity::Warning);
            tracked.weight = 0;
        }
    }

    /// The trackers of all instances as the room takes them, and what they follow.
    pub(super) fn follow(
        &mut self,
        params: &mut Params,
        lists: Vec<Vec<Tracked>>,
        checkers: &mut [CheckerParams],
    ) -> Vec<Script> {
        let mut used: BTreeSet<_> = tracked_files(checkers)
            .map(|f| (Defined::File, *f))
            .collect();
        for (i, list) in lists.into_iter().enumerate() {
            used.extend(list.iter().filter_map(|t| match t.what {
                What::Script(index) => Some((Defined::Script, index)),
                What::File(index) => Some((Defined::File, index)),
                _ => None,
            }));
            let tracks = self.tracks(params, list);
            if let Some(instance) = params.instances.get_mut(i) {
                instance.tracks = tracks;
            }
        }
        let Definitions {
            scripts,
            files,
            named,
        } = core::mem::take(&mut self.definitions);
        let unused = |diags: &mut super::Diags, what: &str, name: &str, at| {
            let text = format!("nothing tracks {what} {name}; it is left out");
            diags.warning(at, text);
        };
        let (mut renamed_scripts, mut commands) = (Vec::new(), Vec::new());
        for (i, (script, command, at)) in (0u16..).zip(scripts) {
            if !named.contains(&(Defined::Script, i)) {
                unused(self.diags, "vrrp_script", &script.name, at);
            }
            renamed_scripts.push(ScriptId(u16::try_from(params.scripts.len()).unwrap_or(0)));
            if used.contains(&(Defined::Script, i)) {
                params.scripts.push(script);
                commands.push(command);
            }
        }
        let mut renamed_files = Vec::new();
        for (i, (file, at)) in (0u16..).zip(files) {
            if !named.contains(&(Defined::File, i)) {
                unused(self.diags, "track_file", &file.name, at);
            }
            renamed_files.push(FileId(u16::try_from(params.files.len()).unwrap_or(0)));
            if used.contains(&(Defined::File, i)) {
                params.files.push(file);
            }
        }
        let tracks = params
            .instances
            .iter_mut()
            .filter_map(|p| p.tracks.as_mut());
        for tracks in tracks {
            for t in &mut tracks.scripts {
                t.id = renamed_scripts[usize::from(t.id.0)];
            }
            for t in &mut tracks.files {
                t.id = renamed_files[usize::from(t.id.0)];
            }
        }
        for file in tracked_files(checkers) {
            *file = renamed_files[usize::from(*file)].0;
        }
        commands
    }

    fn tracks(&mut self, params: &mut Params, list: Vec<Tracked>) -> Option<Box<Tracks>> {
        let mut tracks = Tracks::default();
        for t in list {
            let (weight, reverse) = (t.weight, t.reverse);
            match t.what {
                What::Interface(word) => {
                    self.exists(word, self.defaults.dynamic_interfaces);
                    let id = self.intern(params, word);
                    tracks.interfaces.push(Track {
                        id,
                        weight,
                        reverse,
                    });
                }
                What::Script(index) => tracks.scripts.push(Track {
                    id: ScriptId(index),
                    weight,
                    reverse,
                }),
                What::File(index) => tracks.files.push(Track {
                    id: FileId(index),
                    weight,
                    reverse,
                }),
                What::Nothing => {}
            }
        }
        tracks.interfaces.shrink_to_fit();
        tracks.scripts.shrink_to_fit();
        tracks.files.shrink_to_fit();
        (tracks != Tracks::default()).then(|| Box::new(tracks))
    }
}
