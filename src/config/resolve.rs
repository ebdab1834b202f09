//! The root: blocks in file order, then what refers to what.

use super::diag::{Class, Severity};
use super::group::GroupDraft;
use super::instance::Draft;
use super::ipvs::Services;
use super::source::Span as At;
use super::table::{Defined, HAS_IPVS, HAS_VRRP, Shape};
use super::walk::{Seen, Thing, Walk};
use super::{Config, Global};
use crate::time::Span;
use crate::vrrp::InstanceId;
use std::collections::BTreeMap;

/// Instances a configuration can have: their number is 16 bits.
const MAX_INSTANCES: usize = 65_535;

/// Everything that is sound.
pub(super) fn config(walk: &mut Walk<'_>) -> Config {
    let mut root = Root::default();
    let mut seen = Seen::new();
    for node in walk.children(None) {
        if walk.name(node) == "global_defs" {
            // It counts for all scripts, also those written before it.
            let mut inside = walk.children(Some(node));
            walk.defaults.security |= inside.any(|n| walk.name(n) == "enable_script_security");
            walk.lookup_paths(node);
            if HAS_IPVS {
                walk.service_defaults(node, &mut root.services);
            }
        }
        if HAS_IPVS && walk.name(node) == "virtual_server_group" {
            walk.service_group(node, &mut root.services);
        }
        if let (Some(kind), Some(word)) = (defines(walk, node), walk.first(node)) {
            let at = walk.span(word);
            let key = (kind, walk.bytes(word));
            walk.everywhere.entry(key).or_insert(at);
        }
    }
    for node in walk.children(None) {
        let Some(row) = walk.row(node) else {
            continue;
        };
        if !walk.line(node, &mut seen, false) {
            continue;
        }
        match row.name {
            "global_defs" => {
                walk.refused.clear();
                walk.global(node, &mut root.global);
                if HAS_IPVS {
                    walk.service_globals(node, &mut root.services);
                }
            }
            "vrrp_instance" if HAS_VRRP => root.instance(walk, node),
            "vrrp_sync_group" if HAS_VRRP => root.group(walk, node),
            "garp_group" => walk.garp_group(node),
            "interface_up_down_delays" => {
                if let Shape::Lines(item, _) = row.shape {
                    walk.up_down_delays(node, item);
                }
            }
            "child_wait_time" => {
                let seconds = u64::from(walk.number(node));
                let process = root.global.process.get_or_insert_default();
                process.child_wait = Some(Span::from_secs(seconds));
            }
            name if walk.static_block(node, name, &mut root.statics) => {}
            _ => root.other(walk, node),
        }
    }
    root.finish(walk)
}

#[derive(Default)]
struct Root<'a> {
    services: Services<'a>,
    statics: super::statics::Drafts,
    global: Global,
    drafts: Vec<Draft>,
    groups: Vec<GroupDraft>,
    instances: BTreeMap<Box<str>, At>,
    group_names: BTreeMap<Box<str>, At>,
}

impl<'a> Root<'a> {
    fn instance(&mut self, walk: &mut Walk<'a>, node: u32) {
        let Some(draft) = walk.instance(node) else {
            return;
        };
        if taken(
            walk,
            &mut self.instances,
            &draft.name,
            draft.name_at,
            "vrrp_instance",
        ) {
            return;
        }
        if self.drafts.len() >= MAX_INSTANCES {
            let text = "there are more vrrp_instances than 65535; this one is ignored";
            walk.diags.error(draft.at, text);
            return;
        }
        self.drafts.push(draft);
    }

    fn group(&mut self, walk: &mut Walk<'a>, node: u32) {
        let Some(group) = walk.sync_group(node) else {
            return;
        };
        let (name, at) = (group.name.clone(), group.name_at);
        if !taken(walk, &mut self.group_names, &name, at, "vrrp_sync_group") {
            self.groups.push(group);
        }
    }

    /// A block nothing acts on yet.
    fn other(&mut self, walk: &mut Walk<'a>, node: u32) {
        let kind = defines(walk, node);
        let Some(kind) = kind else {
            walk.refused.clear();
            walk.programs.clear();
            walk.inside(node, true);
            match walk.name(node) {
                "virtual_server" if HAS_IPVS => walk.virtual_service(node, &mut self.services),
                "SSL" if HAS_IPVS => walk.tls(node, &mut self.services),
                _ => {}
            }
            return;
        };
        let before = walk.first_script;
        let index = match kind {
            Defined::Script => walk.script_block(node),
            Defined::File => walk.file_block(node),
            Defined::Process | Defined::Bfd => {
                walk.inside(node, true);
                None
            }
        };
        if index.is_none() {
            // What never runs is no danger. What nothing tracks counts, as in keepalived.
            walk.first_script = before;
        }
        let Some(word) = walk.first(node) else {
            return;
        };
        let at = walk.span(word);
        let name = walk.bytes(word);
        if let Some(first) = walk.defined.get(&(kind, name)) {
            let line = walk.other(first.at, at);
            let text = format!(
                "{} {} is already defined on {line}; this one is ignored",
                walk.name(node),
                super::diag::quote(name)
            );
            walk.diags.error(at, text);
            // That nothing tracks it need not be said too.
            if let Some(index) = index {
                walk.definitions.name(kind, index);
            }
            return;
        }
        let (weight, reverse) = walk.weight_of(node);
        let thing = Thing {
            at,
            weight,
            reverse,
            index,
        };
        walk.defined.insert((kind, name), thing);
    }

    fn finish(self, walk: &mut Walk<'a>) -> Config {
        let Root {
            global,
            mut drafts,
            mut groups,
            instances,
            statics,
            mut services,
            ..
        } = self;
        let mut config = Config {
            global,
            ..Config::default()
        };
        if config.global.router_id.is_none() {
            let host = walk.outside.hostname();
            config.global.router_id = (!host.is_empty()).then(|| host.into());
        }
        for draft in &mut drafts {
            walk.settle(draft, &mut config.vrrp);
        }
        walk.clashes(&drafts);
        let mut names: BTreeMap<Box<str>, (At, Option<InstanceId>)> = instances
            .into_iter()
            .map(|(name, at)| (name, (at, None)))
            .collect();
        let alert = services.vrrp_alert();
        for group in &mut groups {
            group.scripts.smtp_alert = group.alert.unwrap_or(alert);
        }
        let mut tracks = Vec::new();
        for draft in drafts {
            let Some(params) = draft.params else {
                continue;
            };
            let id = u16::try_from(config.vrrp.instances.len()).unwrap_or(u16::MAX);
            if let Some(entry) = names.get_mut(&draft.name) {
                entry.1 = Some(InstanceId(id));
            }
            tracks.push(draft.tracks);
            if let Some(word) = draft.sync {
                walk.own_sync(word, id, params.vrid, &mut services);
            }
            config.vrrp.instances.push(params);
            let mut scripts = draft.scripts;
            scripts.smtp_alert = draft.alert.unwrap_or(alert);
            config.notify.instances.push((draft.name, scripts));
        }
        walk.unknown_instances(&names);
        walk.settle_statics(statics, &names, &mut config.vrrp);
        config.notify.groups = walk.groups(groups, &names, &mut tracks, &mut config.vrrp);
        services.finish(&names, &mut config);
        let checkers = &mut config.check.checkers;
        config.notify.tracked = walk.follow(&mut config.vrrp, tracks, checkers);
        super::number::canonical(&mut config.vrrp);
        walk.settings(&mut config.vrrp);
        config.vrrp.startup_delay = walk.startup_delay();
        config.notify.mail = walk.mail(&config.global);
        config.notify.security = walk.defaults.security;
        insecure(walk);
        config
    }
}

/// There are scripts, and nothing says that they must be safe; says so.
fn insecure(walk: &mut Walk<'_>) {
    if let Some(at) = walk.first_script
        && !walk.defaults.security
    {
        // keepalived gives up at an interface that does not exist, before it looks at scripts.
        let class = match walk.absent {
            true => Class::General,
            false => Class::Security,
        };
        let text = "there are scripts, but enable_script_security is not set";
        walk.diags
            .add(Severity::Warning, Some(at), text)
            .class(class)
            .hint("add 'enable_script_security' and 'script_user USER' to global_defs");
    }
}

/// Whether a name was used before; says so.
fn taken(
    walk: &mut Walk<'_>,
    names: &mut BTreeMap<Box<str>, At>,
    name: &str,
    at: At,
    what: &str,
) -> bool {
    if let Some(first) = names.get(name) {
        let text = format!(
            "{what} {} is already defined on {}; this one is ignored",
            super::diag::quote(name.as_bytes()),
            walk.other(*first, at)
        );
        walk.diags.error(at, text);
        return true;
    }
    names.insert(name.into(), at);
    false
}

/// What a root block defines by name.
fn defines(walk: &Walk<'_>, node: u32) -> Option<Defined> {
    match walk.name(node) {
        "vrrp_script" => Some(Defined::Script),
        "track_file" | "vrrp_track_file" => Some(Defined::File),
        "vrrp_track_process" => Some(Defined::Process),
        "bfd_instance" => Some(Defined::Bfd),
        _ => None,
    }
}
