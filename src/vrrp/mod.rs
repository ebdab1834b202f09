//! The VRRP room: virtual routers and sync groups as one pure machine.
//!
//! `Router` gets `(Event, now)` and answers with [`Action`]s. It never opens a socket, reads a clock,
//! allocates after construction in steady state, or logs; what is worth saying goes out as
//! [`Action::Tell`] and [`Action::Note`].
//!
//! Order of calls: `handle` one event, then `next_action` until it returns `None`.

mod backup;
mod fault;
mod group;
mod instance;
mod kept;
mod master;
mod outbox;
pub mod params;
mod port;
mod receive;
mod router;
mod script;
mod snapshot;
mod template;
mod text;
pub mod timing;
mod track;

pub use kept::{Kept, Map, Seek};
pub use params::*;
pub use router::{Router, World};
pub use snapshot::{Counters, GroupSnapshot, REASONS, ScriptSnapshot, Snapshot, Tracked, Unrouted};
pub use template::{Destination, Template};
pub use text::Text;
pub use track::Effect;

/// What routes and rules are made of.
pub mod routing {
    pub use crate::wire::rtnetlink::PROTOCOL_KEEPALIVED;
    pub use crate::wire::rtnetlink::route::{
        Encap, Hop, MPLS_LABELS, Metrics, Position, Prefix, RTN_UNICAST, Route, TABLE_MAIN, Table,
        metric,
    };
    pub use crate::wire::rtnetlink::rule::{Rule, RuleAction};
}

use crate::time::{Instant, Span};
use crate::wire::{self, vrrp::Packet};
use core::net::IpAddr;

/// Index of an instance in [`Params::instances`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u16);
/// Index of a sync group in [`Params::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u16);
/// Index of an interface in [`Params::interfaces`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfaceId(pub u16);

/// Index of a tracked script in [`Params::scripts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScriptId(pub u16);
/// Index of a tracked file in [`Params::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u16);

/// What has one timer of its own beside the instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// The end of `vrrp_startup_delay`.
    Startup,
    /// The next run of a script.
    Script(ScriptId),
    /// The end of an interface's up or down delay.
    Interface(IfaceId),
}

/// How a run of a tracked script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Exit status; 0 is success.
    Exited(u8),
    /// Killed by this signal (not by us).
    Signaled(u8),
    /// It ran too long; its process group was killed.
    TimedOut,
    /// It could not be started.
    NotStarted,
}

/// State of an instance or group; the numbers are keepalived's (JSON dump).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not started, or stopped.
    Init = 0,
    /// Listening to a Master.
    Backup = 1,
    /// Holding the addresses.
    Master = 2,
    /// Cannot take part; see the reasons.
    Fault = 3,
}

/// What is known of an interface by name. `index == 0` means it does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Kernel index, 0 if there is no such interface.
    pub index: u32,
    /// IFF_UP and IFF_RUNNING.
    pub up: bool,
    /// First IPv4 address that is no virtual address of ours.
    pub ipv4: Option<core::net::Ipv4Addr>,
    /// Link-local IPv6 address, not tentative.
    pub ipv6: Option<core::net::Ipv6Addr>,
    /// IFF_MULTICAST is not set: adverts can only be unicast.
    pub no_multicast: bool,
}

/// One name per timer of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Master: the next advert is due.
    Advert = 0,
    /// Backup: no Master heard for 3 intervals and the skew.
    MasterDown = 1,
    /// Backup: `preempt_delay` has passed.
    PreemptDelay = 2,
    /// Master: second burst of announcements (`garp_master_delay`).
    SecondBurst = 3,
    /// Master: periodic announcements (`garp_master_refresh`).
    Refresh = 4,
    /// Master: second burst after a lower-priority advert (`garp_lower_prio_delay`).
    LowerPrioBurst = 5,
    /// Master: announcements on other interfaces (`garp_extra_if`).
    Elsewhere = 6,
}

/// Number of timers an instance has.
pub const TIMERS: usize = 7;

impl Timer {
    /// All of them, in the order of their numbers.
    pub const ALL: [Timer; TIMERS] = [
        Timer::Advert,
        Timer::MasterDown,
        Timer::PreemptDelay,
        Timer::SecondBurst,
        Timer::Refresh,
        Timer::LowerPrioBurst,
        Timer::Elsewhere,
    ];
}

/// What can happen to the room.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// All interfaces have been reported once; begin.
    Start,
    /// Leave: a priority 0 advert and a release from every Master, everything to Init.
    Stop,
    /// An earlier worker of ours died as Master of this instance; sent before `Start`.
    Resume {
        /// Which one.
        instance: InstanceId,
        /// When its last advert left.
        last_advert: Instant,
        /// Its AH sequence number.
        sequence: u32,
    },
    /// An interface appeared, changed or went away.
    Interface {
        /// Which one.
        iface: IfaceId,
        /// What is known now.
        link: Link,
    },
    /// A datagram of protocol 112 or 51 arrived on `iface`.
    Packet {
        /// Where.
        iface: IfaceId,
        /// What.
        packet: Packet<'a>,
    },
    /// A datagram arrived that could not even be viewed.
    Malformed {
        /// Where.
        iface: IfaceId,
        /// Why.
        why: wire::Error,
    },
    /// A timer armed by [`Action::Arm`] expired.
    Timer(InstanceId, Timer),
    /// The time of [`Action::Wake`] has come.
    Clock(Clock),
    /// A run asked for by [`Action::Run`] ended.
    Script {
        /// Which one.
        script: ScriptId,
        /// How.
        ended: Ended,
    },
    /// A tracked file was read; missing, empty and unreadable ones count as 0.
    File {
        /// Which one.
        file: FileId,
        /// Its integer.
        value: i32,
    },
    /// The configured source address of an instance can (not) be used: IPv6 duplicate detection is
    /// still going on, or the address is not there. Usable until said otherwise.
    Source {
        /// Whose.
        instance: InstanceId,
        /// It can be bound to and sent from.
        usable: bool,
    },
    /// A static address, route or rule of a `track_group` could not be kept in place, or could
    /// again.
    Static {
        /// Index in [`Params::track_groups`].
        group: u16,
        /// All its objects are in place.
        whole: bool,
    },
}

/// What the room wants done. Intents, not system calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Send one advert now. The rest of the packet is described by [`Router::outline`];
    /// `revision` changes whenever anything but priority and sequence does.
    Advertise {
        /// Who sends.
        instance: InstanceId,
        /// Priority to state (0 = giving up).
        priority: u8,
        /// AH sequence number to carry (0 without AH).
        sequence: u32,
        /// Changes when the prepared packet must be rebuilt.
        revision: u32,
    },
    /// Put all addresses of the instance in place; announce each `repeat` times as it appears.
    Claim {
        /// Whose addresses.
        instance: InstanceId,
        /// Size of the first burst of announcements per address.
        repeat: u8,
    },
    /// Take all addresses of the instance away.
    Release(InstanceId),
    /// Announce every address of the instance `repeat` times, round robin.
    Announce {
        /// Whose addresses.
        instance: InstanceId,
        /// Rounds.
        repeat: u8,
    },
    /// Some time after a [`Action::Claim`]: announce once more what that one has announced.
    AnnounceAgain {
        /// Whose addresses.
        instance: InstanceId,
        /// Rounds.
        repeat: u8,
    },
    /// Arm or re-arm a timer; replaces an earlier deadline of the same timer.
    Arm(InstanceId, Timer, Instant),
    /// Disarm a timer, armed or not.
    Disarm(InstanceId, Timer),
    /// Announce once, on each other interface that carries one, the addresses that live there.
    AnnounceElsewhere(InstanceId),
    /// Announce the instance's own source address once: it speaks again after a fault (unicast).
    AnnounceSource(InstanceId),
    /// Arm, re-arm (`Some`) or disarm (`None`) the one timer of something.
    Wake(Clock, Option<Instant>),
    /// Run a tracked script now, with the timeout of its parameters. Never asked for while it runs.
    Run(ScriptId),
    /// A state changed.
    Tell(Transition),
    /// Something to log that is no transition (already counted; exec rate-limits).
    Note(Note),
}

/// Who changed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// A virtual router.
    Instance(InstanceId),
    /// A sync group.
    Group(GroupId),
}

/// A change of state, with its reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// Who.
    pub who: Who,
    /// State before.
    pub from: State,
    /// State now; `Init` means stopped.
    pub to: State,
    /// Effective priority at that moment (0 for a group).
    pub priority: u8,
    /// Why, for the log line.
    pub reason: Reason,
}

/// Why a state changed. `Display` gives the words of the log line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// The daemon started.
    Started,
    /// The daemon stops.
    Stopping,
    /// No advert for the whole down interval, which was this long.
    MasterSilent(Span),
    /// The Master gave up (priority 0).
    MasterLeft(IpAddr),
    /// Ours is the higher priority and preemption is on.
    Preempting(IpAddr),
    /// Priority 255: owner of the addresses.
    Owner,
    /// An earlier worker of ours held this instance until just now.
    Resumed,
    /// A Master with a higher priority spoke.
    Higher(IpAddr, u8),
    /// A Master with equal priority and a higher address spoke.
    HigherAddress(IpAddr),
    /// The interface went down.
    LinkDown(IfaceId),
    /// The interface does not exist.
    NoInterface(IfaceId),
    /// The interface has no address to send from.
    NoAddress(IfaceId),
    /// What kept the instance in Fault is gone.
    Recovered,
    /// The sync group took it along; the member that caused it.
    Group(GroupId, InstanceId),
    /// A script it depends on failed.
    ScriptFailed(ScriptId),
    /// A script that must not succeed did (`reverse`).
    ScriptSucceeded(ScriptId),
    /// A script it depends on has no result yet.
    ScriptPending(ScriptId),
    /// The value of a file it depends on forbids it.
    FileValue(FileId, i32),
    /// An interface that it must not see up is up (`reverse`).
    LinkUp(IfaceId),
    /// There is no unicast peer.
    NoPeer,
    /// Its source address is not usable (yet).
    SourceUnusable,
    /// A static address, route or rule of this track_group is not in place.
    StaticMissing(u16),
    /// The interface cannot multicast and there is no unicast peer.
    NoMulticast(IfaceId),
    /// A reload took it out of the configuration.
    Removed,
}

/// Something a person may want to read in the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    /// An advert was discarded.
    Rejected {
        /// Interface it came in on.
        iface: IfaceId,
        /// Instance it was for, if one was found.
        instance: Option<InstanceId>,
        /// Sender, if known.
        source: Option<IpAddr>,
        /// Why.
        why: Reject,
    },
    /// Still Master: a lower-priority (or lower-address) Master spoke; new election forced.
    /// Its priority and ours.
    LowerMaster(InstanceId, IpAddr, u8, u8),
    /// v3: the peer's interval differs from ours (said once per Master).
    IntervalDiffers(InstanceId, IpAddr, Span),
    /// v3 over IPv4: the peer forms its checksum this way (said once per peer).
    PeerChecksum(InstanceId, IpAddr, wire::vrrp::ChecksumForm),
    /// The address list differs from ours; accepted all the same, as keepalived does.
    AddressList(InstanceId, IpAddr),
    /// Another router sends with our own address.
    OwnAddress(InstanceId, IpAddr),
    /// A tracked script changed its level; how its last run ended.
    Script(ScriptId, bool, Ended),
    /// A script was due while its last run had not ended: left out until it has (said once per run).
    ScriptBusy(ScriptId),
    /// The effective priority changed, from, to.
    Priority(InstanceId, u8, u8),
    /// One more reason for Fault arose (`true`), or one is gone while others remain. An instance
    /// that has not begun because of it ([`Reason::ScriptPending`]) says so too.
    Fault(InstanceId, Reason, bool),
    /// A unicast advert came from somebody who is no peer, or with a TTL out of the peer's bounds.
    NoPeer(InstanceId, IpAddr, u8),
}

/// Why an advert was discarded; each has its counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reject {
    /// Unreadable bytes.
    Malformed(wire::Error),
    /// Length is not what version and count call for.
    Length,
    /// TTL is not 255.
    Ttl(u8),
    /// Version is not ours.
    Version(u8),
    /// Type is not 1.
    Kind(u8),
    /// No such VRID on this interface.
    UnknownVrid(u8),
    /// v2: authentication type unknown.
    AuthType(u8),
    /// v2: authentication type is not ours.
    AuthMismatch(u8),
    /// v2: wrong password.
    Password,
    /// AH: wrong integrity check value.
    Icv,
    /// AH: SPI is not the source address.
    Spi,
    /// AH: sequence number is not new.
    Replay(u32),
    /// v2: interval is not ours; v3: interval 0.
    Interval(Span),
    /// Checksum wrong in every form.
    Checksum,
    /// Unicast to a multicast instance or the reverse.
    Destination(IpAddr),
    /// `check_unicast_src`: the sender is no peer.
    NotPeer,
    /// No addresses listed.
    NoAddresses,
    /// We own the addresses and ignore adverts.
    Owner,
}
