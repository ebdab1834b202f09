//! Settings of interfaces: how long a change must last, and the pauses between announcements.

use super::diag::quote;
use super::lexer::{BROKEN, RAW, Word};
use super::table::Shape;
use super::value;
use super::walk::{Seen, Walk};
use crate::time::Span;
use crate::vrrp::{IfaceId, Params, PortParams};
use std::collections::{BTreeMap, BTreeSet};

/// What was written about interfaces.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// `interface_up_down_delays`: interface, down, up.
    delays: Vec<(Word, Span, Span)>,
    groups: Vec<Group>,
    /// `vrrp_garp_interval`
    pub garp: Span,
    /// `vrrp_gna_interval`
    pub gna: Span,
}

/// A `garp_group`.
#[derive(Debug, Default)]
struct Group {
    garp: Span,
    gna: Span,
    members: Vec<Word>,
}

impl<'a> Walk<'a> {
    /// `interface_up_down_delays`
    pub(super) fn up_down_delays(&mut self, node: u32, item: super::table::Item) {
        for child in self.children(Some(node)) {
            self.item(child, item);
            let words = self.all(child);
            let [name, down, rest @ ..] = words else {
                continue;
            };
            let delay = |w: &Word| match value::decimal(self.bytes(*w), 0, 255_000_000, 6) {
                Ok(us) | Err(value::Fault::Digits(us)) => Some(Span::from_micros(us)),
                Err(_) => None,
            };
            let up = rest.first().map_or(Some(Span::ZERO), delay);
            if let (Some(down), Some(up), false) = (delay(down), up, self.broken(words)) {
                self.ports.delays.push((*name, down, up));
            }
        }
    }

    /// A block `garp_group`.
    pub(super) fn garp_group(&mut self, block: u32) {
        let mut group = Group::default();
        let mut seen = Seen::new();
        for node in self.children(Some(block)) {
            let Some(row) = self.row(node) else {
                continue;
            };
            if !self.line(node, &mut seen, false) {
                continue;
            }
            match row.shape {
                Shape::Words(item) => {
                    for line in self.children(Some(node)) {
                        self.item(line, item);
                        let words = self.all(line).iter().copied();
                        let fits =
                            |w: &Word| !w.is(BROKEN | RAW) && self.bytes(*w).len() <= value::IFNAME;
                        group.members.extend(words.filter(fits));
                    }
                }
                _ if row.name == "garp_interval" => group.garp = self.timer(node),
                _ if row.name == "gna_interval" => group.gna = self.timer(node),
                _ => group.members.extend(self.first(node)),
            }
        }
        let at = self.head(block);
        if group.garp.is_zero() && group.gna.is_zero() {
            let text = "garp_group without garp_interval or gna_interval does nothing";
            self.diags.warning(at, text);
        } else if group.members.is_empty() {
            self.diags
                .warning(at, "garp_group without an interface does nothing");
        } else {
            self.ports.groups.push(group);
        }
    }

    /// The settings of all interfaces that somebody uses.
    pub(super) fn settings(&mut self, params: &mut Params) {
        let Ports {
            delays,
            groups,
            garp,
            gna,
        } = core::mem::take(&mut self.ports);
        let ids: BTreeMap<&[u8], IfaceId> = (0u16..)
            .zip(&params.interfaces)
            .map(|(i, name)| (name.as_bytes(), IfaceId(i)))
            .collect();
        let mut ports: BTreeMap<IfaceId, PortParams> = BTreeMap::new();
        for (name, down, up) in delays {
            let Some(iface) = self.used(&ids, name) else {
                continue;
            };
            let port = ports.entry(iface).or_insert_with(|| plain(iface));
            (port.down_delay, port.up_delay) = (self.limited(params, iface, name, down), up);
        }
        let mut grouped = BTreeSet::new();
        for (number, group) in (0u16..).zip(&groups) {
            let mut members = Vec::new();
            for name in &group.members {
                let Some(iface) = self.used(&ids, *name) else {
                    continue;
                };
                if !grouped.insert(iface) {
                    let text = format!("{} is in a garp_group already", quote(self.bytes(*name)));
                    self.warn(*name, text);
                    continue;
                }
                members.push(iface);
            }
            for iface in &members {
                let port = ports.entry(*iface).or_insert_with(|| plain(*iface));
                (port.garp_interval, port.gna_interval) = (group.garp, group.gna);
                port.pacing = (members.len() > 1).then_some(number);
            }
        }
        if !garp.is_zero() || !gna.is_zero() {
            let announced: BTreeSet<IfaceId> = params
                .instances
                .iter()
                .flat_map(|p| p.addresses.iter().chain(&p.excluded))
                .map(|a| a.iface)
                .collect();
            for iface in announced.difference(&grouped) {
                let port = ports.entry(*iface).or_insert_with(|| plain(*iface));
                (port.garp_interval, port.gna_interval) = (garp, gna);
            }
        }
        let mut numbers = BTreeMap::new();
        let mut ports: Vec<PortParams> = ports.into_values().collect();
        for port in &mut ports {
            // In the order of the interfaces, however the groups were written.
            let next = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
            port.pacing = port.pacing.map(|n| *numbers.entry(n).or_insert(next));
        }
        ports.retain(|p| *p != plain(p.iface));
        params.ports = ports;
    }

    /// The number of an interface; says so if nobody uses it.
    fn used(&mut self, ids: &BTreeMap<&[u8], IfaceId>, name: Word) -> Option<IfaceId> {
        let found = ids.get(self.bytes(name)).copied();
        if found.is_none() {
            let text = format!(
                "no vrrp_instance uses interface {}",
                quote(self.bytes(name))
            );
            self.diags.warning(self.sources.span(name.text), text);
        }
        found
    }

    /// A delay that is not longer than an instance on the interface can be without adverts.
    fn limited(&mut self, params: &Params, iface: IfaceId, name: Word, delay: Span) -> Span {
        let limit = |p: &crate::vrrp::InstanceParams| {
            let interval = p.advert_int.micros();
            let adverts = u64::from(p.down_timer_adverts.saturating_sub(1));
            interval
                .saturating_mul(adverts)
                .saturating_sub(interval / 256)
        };
        let own = params.instances.iter().filter(|p| p.iface == iface);
        let Some(limit) = own.map(limit).min().map(Span::from_micros) else {
            return delay;
        };
        if delay <= limit {
            return delay;
        }
        let text = format!(
            "a down delay of {delay} is longer than the other routers wait; {limit} is used"
        );
        self.warn(name, text);
        limit
    }
}

/// An interface about which nothing was said.
pub(super) fn plain(iface: IfaceId) -> PortParams {
    PortParams {
        iface,
        down_delay: Span::ZERO,
        up_delay: Span::ZERO,
        garp_interval: Span::ZERO,
        gna_interval: Span::ZERO,
        pacing: None,
    }
}
