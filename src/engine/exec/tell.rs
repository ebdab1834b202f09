//! What is said in the log, and which scripts are run: the daemon's mouth.
//!
//! Whatever a stranger's packet can cause goes through the rate limit.

use super::addr::Op;
use super::child::{Children, Job};
use super::log::{Pass, RateLimit};
use crate::engine::outside::plain;
use crate::notify;
use crate::time::{Instant, Span};
use crate::vrrp::{
    Address, IfaceId, InstanceId, Kept, Note, Params, Reason, State, Transition, Who,
};
use core::fmt::Display;
use core::net::IpAddr;
use std::io;
use std::rc::Rc;

/// Kinds of message with a limit of their own, per instance or interface.
#[derive(Clone, Copy)]
enum Kind {
    Rejected = 1,
    LowerMaster = 2,
    Interval = 3,
    PeerChecksum = 4,
    AddressList = 5,
    OwnAddress = 6,
    SendFailed = 7,
    ReceiveFailed = 8,
    Refused = 9,
    Vanished = 10,
    OpenFailed = 11,
    ObjectRefused = 12,
    ObjectRestored = 13,
}

/// Says things.
pub struct Teller {
    params: Rc<Params>,
    notify: notify::Params,
    limit: RateLimit,
}

impl Teller {
    /// With the names of everything.
    pub fn new(params: Rc<Params>, notify: notify::Params) -> Self {
        Teller {
            params,
            notify,
            limit: RateLimit::new(LIMIT_KEYS, LIMIT_BURST, LIMIT_EVERY),
        }
    }

    /// A reload: other names, other people to tell. What was not logged is counted first.
    pub fn reload(&mut self, params: Rc<Params>, notify: notify::Params) {
        self.settle(Instant::FAR);
        self.params = params;
        self.notify = notify;
        self.limit = RateLimit::new(LIMIT_KEYS, LIMIT_BURST, LIMIT_EVERY);
    }

    /// Queues of scripts in the numbers of the new configuration; those of nobody any longer are
    /// put where they are in nobody's way.
    pub fn queue(kept: &Kept, old: u32) -> u32 {
        let of = match u16::try_from(old) {
            Ok(at) => kept.instances.new_of(at).map(u32::from),
            Err(_) => match u16::try_from(old - GROUPS) {
                Ok(at) => kept.groups.new_of(at).map(|at| GROUPS + u32::from(at)),
                Err(_) => Some(old),
            },
        };
        of.unwrap_or(old | NOBODY)
    }

    /// The scripts of instances and groups.
    pub fn notify(&self) -> &notify::Params {
        &self.notify
    }

    fn params(&self) -> &Params {
        &self.params
    }

    /// A state changed: one line with the reason, then the scripts.
    pub fn change(&self, change: &Transition, children: &mut Children) {
        let params = self.params();
        let reason = params.text(change.reason);
        // The words up to the colon are keepalived's: people search logs for them.
        let who = params.text(change.who);
        match change.to {
            State::Init => log::info!("{who} Stopped: {reason}"),
            to => log::info!("{who} Entering {to} STATE: {reason}"),
        }
        let (object, state) = notified(change);
        for run in self.notify.runs(object, state, change.priority) {
            children.enqueue(Job {
                object: match run.object {
                    notify::Object::Instance(at) => u32::from(at),
                    notify::Object::Group(at) => GROUPS + u32::from(at),
                },
                argv: run.argv,
                user: run.user.map(|c| (c.uid, c.gid)),
                stop: state == notify::State::Stop,
            });
        }
    }

    /// Something that is no change of state.
    pub fn note(&mut self, note: &Note, children: &mut Children, now: Instant) {
        let (kind, at) = match note {
            Note::Rejected {
                iface, instance, ..
            } => (Kind::Rejected, instance.map_or(iface.0 | IFACE, |i| i.0)),
            Note::LowerMaster(i, ..) => (Kind::LowerMaster, i.0),
            Note::IntervalDiffers(i, ..) => (Kind::Interval, i.0),
            Note::PeerChecksum(i, ..) => (Kind::PeerChecksum, i.0),
            Note::AddressList(i, ..) => (Kind::AddressList, i.0),
            Note::OwnAddress(i, ..) => (Kind::OwnAddress, i.0),
            Note::NoPeer(i, ..) => (Kind::Rejected, i.0),
            Note::Script(..) | Note::ScriptBusy(_) | Note::Priority(..) | Note::Fault(..) => {
                log::info!("{}", self.params.text(*note));
                return;
            }
        };
        let params = Rc::clone(&self.params);
        let text = params.text(*note);
        let level = match note {
            Note::PeerChecksum(..) | Note::IntervalDiffers(..) => log::Level::Info,
            _ => log::Level::Warn,
        };
        let said = self.limited(level, kind, at, &text, now);
        // No oftener than the line: a stranger's packets must not start programs without end.
        if let (Note::LowerMaster(instance, ..), true) = (note, said) {
            self.lower_priority(*instance, children);
        }
    }

    /// `notify_master_rx_lower_pri`: in the queue of its instance, without arguments.
    fn lower_priority(&self, instance: InstanceId, children: &mut Children) {
        let of = self.notify.instances.get(usize::from(instance.0));
        if let Some(script) = of.and_then(|(_, scripts)| scripts.lower_priority.as_deref()) {
            children.enqueue(Job {
                object: u32::from(instance.0),
                argv: script.argv.clone(),
                user: script.user.map(|c| (c.uid, c.gid)),
                stop: false,
            });
        }
    }

    /// An advert could not leave, or not to this destination.
    pub fn send_failed(
        &mut self,
        instance: InstanceId,
        to: Option<IpAddr>,
        e: &io::Error,
        now: Instant,
    ) {
        let params = Rc::clone(&self.params);
        let name = params.text(instance);
        let (kind, at) = (Kind::SendFailed, instance.0);
        if let Some(to) = to.filter(|to| !to.is_multicast()) {
            let text = format_args!("({name}) advert to {to} not sent: {}", Plain(e));
            self.limited(log::Level::Warn, kind, at, &text, now);
            return;
        }
        // A farewell over an interface that is down is expected to fail.
        let down = matches!(
            e.kind(),
            io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::NotConnected
        );
        let level = if down {
            log::Level::Debug
        } else {
            log::Level::Warn
        };
        let text = format_args!("({name}) advert not sent: {}", Plain(e));
        self.limited(level, kind, at, &text, now);
    }

    /// A socket could not be read.
    pub fn receive_failed(&mut self, iface: IfaceId, name: &str, e: &io::Error, now: Instant) {
        let text = format!("interface {name}: cannot receive: {}", plain(e));
        self.limited(
            log::Level::Warn,
            Kind::ReceiveFailed,
            iface.0 | IFACE,
            &text,
            now,
        );
    }

    /// The sockets of an interface could not be opened.
    pub fn open_failed(&mut self, iface: IfaceId, name: &str, e: &io::Error, now: Instant) {
        let text = format!(
            "interface {name}: cannot open the VRRP sockets: {}",
            plain(e)
        );
        let at = iface.0 | IFACE;
        self.limited(log::Level::Error, Kind::OpenFailed, at, &text, now);
    }

    /// The kernel refused to add or delete an address.
    pub fn address_refused(&mut self, op: Op, a: &Address, errno: i32, dev: &str, now: Instant) {
        let what = if op.add { "add" } else { "delete" };
        let e = plain(&io::Error::from_raw_os_error(errno));
        let name = self.params().text(op.instance);
        let e = match a.address.is_ipv6() && crate::sys::net::is_disabled(errno) {
            true => format!("IPv6 is disabled ({e})"),
            false => e,
        };
        let text = format!(
            "({name}) cannot {what} {}/{} on {dev}: {e}",
            a.address, a.prefix
        );
        self.limited(log::Level::Error, Kind::Refused, op.instance.0, &text, now);
    }

    /// An address that should be there was taken away, and is put back.
    pub fn address_vanished(&mut self, instance: InstanceId, address: IpAddr, now: Instant) {
        let name = self.params().text(instance);
        let text = format!("({name}) {address} was removed by someone else: putting it back");
        self.limited(log::Level::Warn, Kind::Vanished, instance.0, &text, now);
    }

    /// The kernel refused to add or delete a route, a rule or a static address.
    pub fn object_refused(
        &mut self,
        owner: Option<InstanceId>,
        add: bool,
        object: &dyn Display,
        errno: i32,
        now: Instant,
    ) {
        let what = if add { "add" } else { "delete" };
        let e = plain(&io::Error::from_raw_os_error(errno));
        let text = format!("{}cannot {what} {object}: {e}", self.owner(owner));
        let at = owner.map_or(STATIC, |i| i.0);
        self.limited(log::Level::Error, Kind::ObjectRefused, at, &text, now);
    }

    /// A route, a rule or a static address had gone, and was put back.
    pub fn object_restored(
        &mut self,
        owner: Option<InstanceId>,
        object: &dyn Display,
        now: Instant,
    ) {
        let text = format!("{}{object} had gone: put back", self.owner(owner));
        let at = owner.map_or(STATIC, |i| i.0);
        self.limited(log::Level::Warn, Kind::ObjectRestored, at, &text, now);
    }

    /// `(NAME) ` in front of a line, or that it is a static object.
    fn owner(&self, owner: Option<InstanceId>) -> String {
        match owner {
            Some(instance) => format!("({}) ", self.params().text(instance)),
            None => "static ".to_owned(),
        }
    }

    /// Says it unless it was said too often; whether it did.
    fn limited(
        &mut self,
        level: log::Level,
        kind: Kind,
        at: u16,
        text: &dyn Display,
        now: Instant,
    ) -> bool {
        let key = u64::from(kind as u32) << 16 | u64::from(at);
        match self.limit.pass(key, now) {
            Pass::Say(0) => log::log!(level, "{text}"),
            Pass::Say(n) => log::log!(level, "{text} ({n} more like this were not logged)"),
            Pass::Hush => return false,
        }
        true
    }

    /// Says how many lines were not logged, once it is quiet again.
    pub fn settle(&mut self, now: Instant) {
        while let Some((key, lines)) = self.limit.settle(now) {
            let params = self.params();
            let at = key as u16;
            let about = match WORDS.get((key >> 16) as usize) {
                Some(words) if at == STATIC => format!("static {words}"),
                Some(words) if at & IFACE != 0 => {
                    format!("{words} on {}", params.text(IfaceId(at & !IFACE)))
                }
                Some(words) => format!("{words} of {}", params.text(InstanceId(at))),
                None => "other messages".to_owned(),
            };
            log::warn!("{lines} more lines about {about} were not logged");
        }
    }

    /// When [`Teller::settle`] has something to say.
    pub fn settle_at(&self) -> Option<Instant> {
        self.limit.settle_at()
    }
}

/// A change in the words of the notify room.
pub fn notified(change: &Transition) -> (notify::Object, notify::State) {
    let object = match change.who {
        Who::Instance(id) => notify::Object::Instance(id.0),
        Who::Group(id) => notify::Object::Group(id.0),
    };
    let state = match change.to {
        State::Master => notify::State::Master,
        State::Backup => notify::State::Backup,
        State::Fault if change.reason == Reason::Removed => notify::State::Removed,
        State::Fault => notify::State::Fault,
        State::Init => notify::State::Stop,
    };
    (object, state)
}

/// An error in words, made only if somebody reads them.
struct Plain<'a>(&'a io::Error);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&plain(self.0))
    }
}

/// What a [`Kind`] is called when its lines are counted.
const WORDS: [&str; 14] = [
    "other things",
    "rejected adverts",
    "lower-priority adverts",
    "other intervals",
    "checksum forms",
    "differing address lists",
    "adverts from our own address",
    "adverts not sent",
    "failing sockets",
    "refused addresses",
    "removed addresses",
    "sockets that cannot be opened",
    "refused routes and rules",
    "routes and rules put back",
];
/// The key of static objects.
const STATIC: u16 = u16::MAX;
/// Marks the key of an interface.
const IFACE: u16 = 0x8000;
/// Groups queue their scripts behind the instances' numbers.
const GROUPS: u32 = 1 << 16;
/// Queues of those whom a reload took out.
const NOBODY: u32 = 1 << 31;
/// Kinds of line watched at a time.
const LIMIT_KEYS: usize = 64;
/// Lines of one kind that may come at once.
const LIMIT_BURST: u32 = 5;
/// Then one in so long.
const LIMIT_EVERY: Span = Span::from_secs(10);
