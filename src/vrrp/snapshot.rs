//! What the outside may look at: plain copies, no references into the machine.

use super::{Ended, FileId, IfaceId, Reason, Reject, ScriptId, State, Track};
use crate::time::{Instant, Span};
use core::net::IpAddr;

/// Counters of an instance; the names are those of keepalived's JSON dump where it has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Adverts accepted.
    pub advert_rcvd: u64,
    /// Adverts sent, those of priority 0 included.
    pub advert_sent: u64,
    /// Times it became Master.
    pub become_master: u64,
    /// Times it stopped being Master.
    pub release_master: u64,
    /// Wrong length.
    pub packet_len_err: u64,
    /// v2: interval not ours; v3: interval 0.
    pub advert_interval_err: u64,
    /// TTL not 255.
    pub ip_ttl_err: u64,
    /// Type not 1.
    pub invalid_type_rcvd: u64,
    /// Address list differs (the advert was accepted) or is empty.
    pub addr_list_err: u64,
    /// Authentication type unknown.
    pub invalid_authtype: u64,
    /// Authentication type not ours.
    pub authtype_mismatch: u64,
    /// Wrong password, integrity check value, SPI or sequence number.
    pub auth_failure: u64,
    /// Adverts of priority 0 received.
    pub pri_zero_rcvd: u64,
    /// Adverts of priority 0 sent.
    pub pri_zero_sent: u64,
    /// Version not ours (no counter of keepalived's).
    pub version_err: u64,
    /// Wrong checksum (no counter of keepalived's).
    pub checksum_err: u64,
    /// Sent to another destination than ours, or by no unicast peer (no counter of keepalived's).
    pub destination_err: u64,
    /// Ignored by an owner told to ignore adverts (no counter of keepalived's).
    pub owner_ignored: u64,
}

impl Counters {
    /// Counts a rejected advert.
    pub(super) fn reject(&mut self, why: Reject) {
        *match why {
            Reject::Malformed(_) | Reject::UnknownVrid(_) | Reject::Length => {
                &mut self.packet_len_err
            }
            Reject::Ttl(_) => &mut self.ip_ttl_err,
            Reject::Version(_) => &mut self.version_err,
            Reject::Kind(_) => &mut self.invalid_type_rcvd,
            Reject::AuthType(_) => &mut self.invalid_authtype,
            Reject::AuthMismatch(_) => &mut self.authtype_mismatch,
            Reject::Password | Reject::Icv | Reject::Spi | Reject::Replay(_) => {
                &mut self.auth_failure
            }
            Reject::Interval(_) => &mut self.advert_interval_err,
            Reject::Checksum => &mut self.checksum_err,
            Reject::Destination(_) | Reject::NotPeer => &mut self.destination_err,
            Reject::NoAddresses => &mut self.addr_list_err,
            Reject::Owner => &mut self.owner_ignored,
        } += 1;
    }
}

/// Counters of what reached no instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unrouted {
    /// Datagrams that could not be viewed.
    pub malformed: u64,
    /// No such virtual router on that interface.
    pub unknown_vrid: u64,
}

/// Most reasons a [`Snapshot`] lists.
pub const REASONS: usize = 8;

/// An instance at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// State.
    pub state: State,
    /// The state it would like: Master if `state MASTER` counts or its timer ran out, else Backup.
    pub wanted: State,
    /// Priority of the configuration.
    pub base_priority: u8,
    /// Priority it states and compares.
    pub effective_priority: u8,
    /// Address its adverts come from.
    pub source: Option<IpAddr>,
    /// Backup: whom it listens to, and that router's priority.
    pub master: Option<(IpAddr, u8)>,
    /// The interval its down timer is built on: learnt (v3) or its own.
    pub master_interval: Span,
    /// Time of the last change of state.
    pub last_transition: Option<Instant>,
    /// Why it changed.
    pub why: Option<Reason>,
    /// Master: when the next advert leaves.
    pub next_advert: Option<Instant>,
    /// Backup: when it takes over unless an advert comes.
    pub down: Option<Instant>,
    /// Backup: when the last advert of the Master was heard.
    pub heard: Option<Instant>,
    /// Backup: a Master of lower priority is tolerated until then (`preempt_delay`).
    pub tolerates: Option<Instant>,
    /// Whether it holds its addresses.
    pub holds_addresses: bool,
    /// Last AH sequence number used or seen.
    pub sequence: u32,
    /// Counters.
    pub counters: Counters,
    /// What all that is tracked adds to the priority, not clamped.
    pub tracked_priority: i32,
    /// What keeps it from taking part (the first [`REASONS`]; [`super::Router::reasons`] has all).
    pub reasons: heapless::Vec<Reason, REASONS>,
}

/// A tracked script at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptSnapshot {
    /// Up or down; `None` before the first result.
    pub level: Option<bool>,
    /// How the last run since the start ended.
    pub last: Option<Ended>,
    /// A run goes on.
    pub running: bool,
    /// 0 to `rise + fall - 1`; up from `rise` on.
    pub count: u32,
}

/// Something an instance tracks, with what it makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// An interface, and whether it counts as up.
    Interface(Track<IfaceId>, bool),
    /// A script.
    Script(Track<ScriptId>),
    /// A file, and its value.
    File(Track<FileId>, i32),
}

/// A sync group at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupSnapshot {
    /// State, shared by all members.
    pub state: State,
    /// Time of the last change of state.
    pub last_transition: Option<Instant>,
}
