//! What IPVS answers: dumps, acknowledgements, refusals.

use super::queue::{Brief, Verb};
use super::{Ipvs, Missing, Stage};
use crate::check::Room;
use crate::engine::outside::plain;
use crate::sys;
use crate::sys::process::Spawn;
use crate::time::Instant;
use crate::wire::ipvs::{self, Item, Key};
use crate::wire::netlink::{Ack, Control, Message, Messages};
use std::io;
use std::net::IpAddr;

const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const ESRCH: i32 = 3;
const EEXIST: i32 = 17;
/// Errors taken from the socket in one go.
const ERRORS: usize = 4;
/// Datagrams read in one go.
const DATAGRAMS: usize = 64;
/// What loads modules, unless the kernel says otherwise.
const MODPROBE: &str = "/sbin/modprobe";

/// What is answered.
impl Ipvs {
    pub(super) fn take_answers(&mut self, room: &Room, buf: &mut [u8], now: Instant) {
        let mut errors = 0;
        self.unread = false;
        for _ in 0..DATAGRAMS {
            if errors >= ERRORS {
                return;
            }
            match self.netlink.recv(buf) {
                Ok(Some(length)) => {
                    for message in Messages::new(buf.get(..length).unwrap_or_default()) {
                        let Ok(message) = message else { break };
                        self.answer(room, &message, now);
                    }
                }
                Ok(None) => return,
                Err(e) => {
                    errors += 1;
                    log::warn!("answers of IPVS were lost ({}): asking again", plain(&e));
                    self.queue.forget();
                    if self.stage != Stage::Ready {
                        self.stage = Stage::Off;
                    }
                    self.doubt(now);
                }
            }
        }
        self.unread = true;
    }

    fn answer(&mut self, room: &Room, message: &Message<'_>, now: Instant) {
        match message.control() {
            Ok(Some(Control::Ack(ack))) => self.acknowledged(room, ack, now),
            Ok(Some(Control::Done(ack))) => self.dumped(room, ack, now),
            Ok(Some(_)) => {}
            Ok(None) => self.item(message),
            Err(e) => log::warn!("answer of IPVS ignored: {e}"),
        }
    }

    fn item(&mut self, message: &Message<'_>) {
        let found = match self.stage {
            Stage::Lookup(sequence) if sequence == message.sequence => {
                match ipvs::family(message) {
                    Ok(Some(family)) => self.family = family,
                    Ok(None) => {}
                    Err(e) => log::warn!("answer of IPVS ignored: {e}"),
                }
                return;
            }
            Stage::Services(sequence) | Stage::Timeouts(sequence)
                if sequence == message.sequence =>
            {
                ipvs::item(message, self.family, false)
            }
            Stage::Destinations(sequence, key) if sequence == message.sequence => {
                ipvs::item(message, self.family, is_six(key))
            }
            _ => return,
        };
        self.interrupted |= message.dump_interrupted();
        match (found, self.stage) {
            (Ok(Some(Item::Service(service))), Stage::Services(_)) => {
                self.table.found_service(&service);
            }
            (Ok(Some(Item::Destination(to))), Stage::Destinations(_, key)) => {
                self.table.found_destination(key, to);
            }
            (Ok(Some(Item::Timeouts(found))), Stage::Timeouts(_)) => self.timeouts = Some(found),
            (Err(e), _) => log::warn!("entry of the table of IPVS ignored: {e}"),
            _ => {}
        }
    }

    /// A dump came to its end.
    fn dumped(&mut self, room: &Room, ack: Ack, now: Instant) {
        match self.stage {
            Stage::Services(sequence) | Stage::Destinations(sequence, _)
                if sequence == ack.sequence => {}
            _ => return,
        }
        if ack.error != 0 {
            return self.denied(ack.error, now);
        }
        if matches!(self.stage, Stage::Services(_)) {
            let ours = room.params().services.iter().flat_map(|s| &s.keys);
            self.keys.clear();
            self.keys
                .extend(ours.copied().filter(|key| self.table.has(*key)));
        }
        self.dump_next(room, now);
    }

    fn acknowledged(&mut self, room: &Room, ack: Ack, now: Instant) {
        match self.stage {
            Stage::Lookup(sequence) if sequence == ack.sequence => {
                if ack.error != 0 || self.family == 0 {
                    return self.missing(now);
                }
                if self.said.missing == Missing::Said {
                    log::info!("this kernel has IPVS now");
                }
                self.said.missing = Missing::Nothing;
                return self.look(now);
            }
            // Whether or not they are known: they are not what this is about.
            Stage::Timeouts(sequence) if sequence == ack.sequence => return self.dump(now),
            Stage::Services(sequence) | Stage::Destinations(sequence, _)
                if sequence == ack.sequence =>
            {
                if ack.error != 0 {
                    self.denied(ack.error, now);
                }
                return;
            }
            _ => {}
        }
        if let Some(brief) = self.queue.acknowledged(ack.sequence)
            && ack.error != 0
        {
            self.refused(room, brief, ack.error, now);
        }
    }

    /// The kernel does not know IPVS: its module may be to be loaded.
    fn missing(&mut self, now: Instant) {
        match core::mem::replace(&mut self.said.missing, Missing::Said) {
            Missing::Nothing => self.said.missing = Missing::Loaded,
            Missing::Loaded => {
                log::error!(
                    "this kernel has no IPVS, and 'modprobe ip_vs' did not bring it: real servers \
                     are checked, but nothing is balanced; it is looked for again"
                );
                return self.fail(now);
            }
            Missing::Said => return self.fail(now),
        }
        let path = sys::outside::read("/proc/sys/kernel/modprobe").unwrap_or_default();
        let path = core::str::from_utf8(&path).unwrap_or_default().trim();
        let path = if path.is_empty() { MODPROBE } else { path };
        let started = sys::process::spawn(&Spawn {
            argv: &[path, "-q", "ip_vs"],
            ..Spawn::default()
        });
        match started {
            Ok(started) => {
                log::info!("the kernel knows no IPVS: loading the module ip_vs");
                self.loading = Some(started);
                self.stage = Stage::Loading;
            }
            Err(e) => {
                log::warn!("cannot run modprobe ip_vs: {}", plain(&e));
                self.fail(now);
            }
        }
    }

    /// A dump was refused.
    fn denied(&mut self, errno: i32, now: Instant) {
        let e = plain(&io::Error::from_raw_os_error(errno));
        match errno {
            EPERM => log::error!("IPVS may not be used: it needs CAP_NET_ADMIN ({e})"),
            _ => log::warn!("cannot read the table of IPVS: {e}"),
        }
        self.fail(now);
    }

    /// A request was refused.
    fn refused(&mut self, room: &Room, brief: Brief, errno: i32, now: Instant) {
        let gone = matches!(errno, ESRCH | ENOENT);
        let known = match brief {
            Brief::Daemon(Verb::Add) => errno == EEXIST,
            Brief::Daemon(_) | Brief::Service(Verb::Delete, _) => gone,
            Brief::Destination(Verb::Delete, ..) => gone,
            _ => false,
        };
        let about = match brief {
            Brief::Service(_, key) => Some((key, None)),
            Brief::Destination(_, key, address, port) => Some((key, Some((address, port)))),
            _ => None,
        };
        let sync = brief == Brief::Daemon(Verb::Add) && !known && self.ending.is_none();
        let said = sync && core::mem::replace(&mut self.said.sync, true);
        let old = said || about.is_some_and(|about| self.is_old(about, errno));
        let silent = self.ending.is_some() || old;
        if !known && !silent {
            let e = plain(&io::Error::from_raw_os_error(errno));
            match scheduler(room, brief).filter(|_| errno == ENOENT) {
                Some(name) => log::error!(
                    "cannot {brief}: this kernel has no scheduler {name} (module ip_vs_{name})"
                ),
                None => log::error!("cannot {brief}: {e}"),
            }
        }
        self.sync_again |= sync;
        if (about.is_some() || sync) && self.ending.is_none() {
            self.doubt(now);
        }
    }

    /// Whether a refusal is known already, or follows from one that is. Notes it.
    fn is_old(&mut self, about: (Key, Option<(IpAddr, u16)>), errno: i32) -> bool {
        let follows = about.1.is_some() && errno == ESRCH;
        let parent = self.said.refused.contains(&(about.0, None));
        !self.said.refused.insert(about) || (follows && parent)
    }
}

/// The scheduler a refused service was to have.
fn scheduler(room: &Room, brief: Brief) -> Option<&str> {
    let (Brief::Service(Verb::Add, key) | Brief::Service(Verb::Change, key)) = brief else {
        return None;
    };
    let services = &room.params().services;
    let service = services.iter().find(|s| s.keys.contains(&key));
    service.map(|s| &*s.scheduler)
}

fn is_six(key: Key) -> bool {
    match key {
        Key::Address { address, .. } => address.is_ipv6(),
        Key::Mark { v6, .. } => v6,
    }
}
