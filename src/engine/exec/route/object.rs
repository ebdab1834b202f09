//! One route, rule or static address.

use super::{ENODEV, is_not_there};
use crate::engine::links::Links;
use crate::time::Instant;
use crate::vrrp::routing::{Position, Table};
use crate::vrrp::{Address, Params, Route, RouteLine, RuleLine};
use crate::wire::rtnetlink::route::Resolve as _;

/// What an object is.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// A static address.
    Address(&'a Address),
    /// A route.
    Route(&'a RouteLine),
    /// A rule.
    Rule(&'a RuleLine),
}

/// Where in the parameters an object is written: an instance (`None`: static), and the place in its
/// list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Address(u16),
    Route(Option<u16>, u16),
    Rule(Option<u16>, u16),
}

impl At {
    /// What is written there.
    pub fn what(self, params: &Params) -> Option<What<'_>> {
        let statics = &params.statics;
        let instance = |at: u16| params.instances.get(usize::from(at));
        Some(match self {
            At::Address(at) => What::Address(&statics.addresses.get(usize::from(at))?.0),
            At::Route(of, at) => {
                let list = match of {
                    Some(of) => &instance(of)?.routes,
                    None => &statics.routes,
                };
                What::Route(list.get(usize::from(at))?)
            }
            At::Rule(of, at) => {
                let list = match of {
                    Some(of) => &instance(of)?.rules,
                    None => &statics.rules,
                };
                What::Rule(list.get(usize::from(at))?)
            }
        })
    }
}

/// Where an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Absent,
    /// It may be there or not; asking is harmless.
    Unknown,
    Adding,
    Present,
    /// An address somebody else had put there: good enough, but not ours to delete.
    Foreign,
    Deleting,
    /// The kernel refused it with this errno.
    Failed(i32),
}

#[derive(Debug)]
pub(super) struct Object {
    pub at: At,
    /// How many want it.
    pub wanted: u32,
    pub slot: Slot,
    pub queued: bool,
    /// It was in place since it is wanted: if it can be added again, it had gone.
    pub vouched: bool,
    /// When to ask whether it is there.
    pub due: Option<Instant>,
    /// Not before this.
    pub next: Instant,
    pub group: Option<u16>,
    /// The last refusal that was told.
    pub told: i32,
    /// It may have been there when it was last asked for.
    pub unsure: bool,
}

impl What<'_> {
    /// Its loss is made good: it is tracked, and does not end by itself.
    pub fn kept(self) -> bool {
        match self {
            What::Address(_) => true,
            What::Route(line) => line.track && line.route.expires.is_none(),
            What::Rule(line) => line.track,
        }
    }
}

impl Object {
    /// EEXIST says that somebody else's is there.
    pub fn exists_elsewhere(&self, what: What<'_>) -> bool {
        match what {
            What::Address(_) => !self.vouched && !self.unsure,
            What::Route(line) => {
                line.route.position == Position::Add && !self.vouched && !self.unsure
            }
            What::Rule(_) => false,
        }
    }

    /// It is not there and nothing is being done about it now, or its interface is down.
    pub fn missing(&self, what: What<'_>, links: &Links) -> bool {
        let down = match what {
            What::Address(a) => !links.get(a.iface).up,
            What::Route(line) => line.route.devices().any(|d| !links.get(d).up),
            What::Rule(_) => false,
        };
        down || matches!(self.slot, Slot::Failed(_))
    }
}

/// Whether the interfaces an object needs are there.
pub(super) fn ready(what: What<'_>, links: &Links) -> bool {
    match what {
        What::Address(a) => links.index(a.iface) != 0,
        What::Route(line) => {
            let vrf = match line.route.table {
                Table::Vrf(device) => links.table(device) != 0,
                Table::Id(_) => true,
            };
            let hops = core::iter::once(&line.route.hop).chain(&line.route.hops);
            let mut devices = hops.filter_map(|h| h.device);
            vrf && devices.all(|d| links.index(d) != 0)
        }
        What::Rule(_) => true,
    }
}

/// One and the same thing to the kernel.
pub(super) fn same(a: What<'_>, b: What<'_>) -> bool {
    let routes = |a: &Route, b: &Route| a.same(b);
    match (a, b) {
        (What::Address(a), What::Address(b)) => {
            (a.address, a.prefix, a.iface) == (b.address, b.prefix, b.iface)
        }
        (What::Route(a), What::Route(b)) => routes(&a.route, &b.route),
        (What::Rule(a), What::Rule(b)) => a.rule == b.rule,
        _ => false,
    }
}

/// Whether what stood in the way may go by itself.
pub(super) fn passes(errno: i32) -> bool {
    match errno {
        ENODEV => true,
        // EAGAIN, ENOMEM, EBUSY
        11 | 12 | 16 => true,
        // ENETDOWN, ENETUNREACH, ENOBUFS; then the same on MIPS.
        100 | 101 | 105 | 127 | 128 | 132 => true,
        other => is_not_there(other),
    }
}
