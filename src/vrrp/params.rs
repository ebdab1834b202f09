//! What the VRRP room is built from: plain values, no text, no spans.

use crate::time::Span;
use crate::wire::rtnetlink;
use crate::wire::vrrp::{Auth, ChecksumForm, GROUP4, Version};
use core::net::{IpAddr, Ipv4Addr};

use super::{FileId, IfaceId, InstanceId, ScriptId};

/// Everything the room needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// Every interface named anywhere, each once. `IfaceId` indexes this list.
    pub interfaces: Vec<Box<str>>,
    /// The virtual routers.
    pub instances: Vec<InstanceParams>,
    /// The sync groups.
    pub groups: Vec<GroupParams>,
    /// Scripts that are tracked by somebody; [`super::ScriptId`] indexes this list. Their commands
    /// are in `notify::Params::tracked`, in the same order.
    pub scripts: Vec<ScriptParams>,
    /// Files that are tracked by somebody; [`super::FileId`] indexes this list.
    pub files: Vec<FileParams>,
    /// Settings of interfaces that have any; at most one each, sorted by interface.
    pub ports: Vec<PortParams>,
    /// Named lists of instances that static objects belong to (`track_group`).
    pub track_groups: Vec<Box<[InstanceId]>>,
    /// What is present as long as the daemon runs.
    pub statics: Statics,
    /// `vrrp_startup_delay`: nothing is sent, taken or believed for so long.
    pub startup_delay: Span,
}

/// A tracked script (`vrrp_script`); the schedule and the counting, not the command.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptParams {
    /// Name in the configuration.
    pub name: Box<str>,
    /// Where it was defined.
    pub place: Place,
    /// From the start of one run to the start of the next.
    pub interval: Span,
    /// A run is killed and counts as failed after so long; zero: `interval`.
    pub timeout: Span,
    /// Successes in a row that bring it up.
    pub rise: u32,
    /// Failures in a row that take it down.
    pub fall: u32,
    /// It counts as failed until the first `rise` successes.
    pub init_fail: bool,
}

/// A tracked file (`track_file`): an integer somebody writes.
#[derive(Clone, Debug, PartialEq)]
pub struct FileParams {
    /// Name in the configuration.
    pub name: Box<str>,
    /// Where it was defined.
    pub place: Place,
    /// The file, an absolute path.
    pub path: Box<str>,
    /// `init_file`: write this at the start, over what is there if `overwrite`.
    pub initial: Option<i32>,
    /// Replace an existing file at the start.
    pub overwrite: bool,
}

/// Settings of one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortParams {
    /// Which one.
    pub iface: IfaceId,
    /// `interface_up_down_delays`: how long it must be down to count as down.
    pub down_delay: Span,
    /// How long it must be up to count as up.
    pub up_delay: Span,
    /// Pause between two gratuitous ARP frames (`garp_interval`), zero: none.
    pub garp_interval: Span,
    /// Pause between two unsolicited neighbour advertisements (`gna_interval`), zero: none.
    pub gna_interval: Span,
    /// Interfaces with the same number share one queue (`garp_group`); `None`: an own one.
    pub pacing: Option<u16>,
}

/// What follows a level: an interface, a script, a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track<Id> {
    /// What is watched.
    pub id: Id,
    /// Added to the priority (positive: while good; negative: while bad); 0: bad is a fault. For a
    /// file: factor of its value; 0: any value but 0 is a fault.
    pub weight: i16,
    /// What is added to the priority changes its sign; with weight 0 good and bad are exchanged.
    pub reverse: bool,
}

/// A unicast peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Smallest TTL or hop limit its adverts may have.
    pub min_ttl: u8,
    /// Largest one.
    pub max_ttl: u8,
}

/// Unicast operation; boxed, most instances have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unicast {
    /// Whom to send to, in order.
    pub peers: Vec<Peer>,
    /// TTL or hop limit of our adverts.
    pub ttl: u8,
    /// Believe only peers (`check_unicast_src`).
    pub check_source: bool,
    /// Fault while there is no peer (`unicast_fault_no_peer`).
    pub fault_without_peer: bool,
    /// v3 over IPv4: whether the checksum is keepalived's before 1.3.7 (`old_unicast_checksum`).
    pub old_checksum: OldChecksum,
}

/// The checksum that keepalived up to 1.3.6 sends to unicast peers, [`ChecksumForm::Group`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OldChecksum {
    /// Accepted; a peer that sends it gets it back from then on.
    #[default]
    Detect,
    /// Neither accepted nor sent.
    Never,
    /// Sent to all peers, and accepted.
    Always,
}

impl Default for Unicast {
    fn default() -> Self {
        Unicast {
            peers: Vec::new(),
            ttl: 255,
            check_source: false,
            fault_without_peer: false,
            old_checksum: OldChecksum::Detect,
        }
    }
}

impl Peer {
    /// A peer whose TTL is not looked at.
    pub fn new(address: IpAddr) -> Self {
        Peer {
            address,
            min_ttl: 0,
            max_ttl: 255,
        }
    }
}

/// A route line (`virtual_routes`, `static_routes`).
#[derive(Clone, Debug, PartialEq)]
pub struct RouteLine {
    /// What the kernel is told; interfaces are named by `IfaceId` in it.
    pub route: Route,
    /// Not `no_track`: its interface is watched and its loss is noticed.
    pub track: bool,
    /// `track_group` of a static one: index in [`Params::track_groups`].
    pub group: Option<u16>,
    /// Where it was written.
    pub line: u32,
}

/// A rule line (`virtual_rules`, `static_rules`).
#[derive(Clone, Debug, PartialEq)]
pub struct RuleLine {
    /// What the kernel is told.
    pub rule: Rule,
    /// Not `no_track`: its loss is noticed.
    pub track: bool,
    /// `track_group` of a static one: index in [`Params::track_groups`].
    pub group: Option<u16>,
    /// Where it was written.
    pub line: u32,
}

/// A route as it is configured.
pub type Route = rtnetlink::route::Route<IfaceId>;

/// A rule as it is configured.
pub type Rule = rtnetlink::rule::Rule<IfaceId>;

/// Addresses, routes and rules that are there as long as the daemon runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statics {
    /// `static_ipaddress`, each with its `track_group`.
    pub addresses: Vec<(Address, Option<u16>)>,
    /// `static_routes`
    pub routes: Vec<RouteLine>,
    /// `static_rules`
    pub rules: Vec<RuleLine>,
}

/// Where in the configuration something was defined, for messages at run time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// File.
    pub file: Box<str>,
    /// Line, from 1.
    pub line: u32,
}

/// Address family of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6 (v3 only).
    V6,
}

/// One virtual router.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceParams {
    /// Name in the configuration.
    pub name: Box<str>,
    /// Where it was defined.
    pub place: Place,
    /// Interface the adverts use. One whose name is empty stands for any: a unicast instance
    /// without `interface`, which sends from its source address wherever that leads.
    pub iface: IfaceId,
    /// Virtual router identifier, 1..=255.
    pub vrid: u8,
    /// Protocol version.
    pub version: Version,
    /// Address family.
    pub family: Family,
    /// Base priority, 1..=255.
    pub priority: u8,
    /// `state MASTER` was written.
    pub wants_master: bool,
    /// Advertisement interval.
    pub advert_int: Span,
    /// Configured source address.
    pub source: Option<IpAddr>,
    /// Multicast group to send to.
    pub group_address: IpAddr,
    /// A higher priority takes over from a lower one.
    pub preempt: bool,
    /// How long a stronger starter holds back.
    pub preempt_delay: Span,
    /// v2 authentication.
    pub auth: Auth,
    /// v3 over IPv4: how our checksum is formed.
    pub checksum: ChecksumForm,
    /// Advertised addresses.
    pub addresses: Vec<Address>,
    /// Addresses held but not advertised.
    pub excluded: Vec<Address>,
    /// Fault when the own interface goes down.
    pub track_primary: bool,
    /// Do not compare address lists of a Master already checked.
    pub skip_check_adv_addr: bool,
    /// An owner (255) ignores adverts.
    pub owner_ignore_adverts: bool,
    /// Do not answer a lower-priority advert with an advert.
    pub lower_prio_no_advert: bool,
    /// One more advert before yielding.
    pub higher_prio_send_advert: bool,
    /// Adverts missed before the Master counts as down.
    pub down_timer_adverts: u8,
    /// Announcements.
    pub garp: Garp,
    /// Unicast instead of multicast.
    pub unicast: Option<Box<Unicast>>,
    /// What moves the priority or causes a fault; the group's trackers are in the members' lists,
    /// and what a sync group or priority 255 forbids has been taken out.
    pub tracks: Option<Box<Tracks>>,
    /// `virtual_routes`
    pub routes: Vec<RouteLine>,
    /// `virtual_rules`
    pub rules: Vec<RuleLine>,
    /// Set the interface's promote_secondaries while Master.
    pub promote_secondaries: bool,
    /// Strict adherence to the protocol: the corrections have been made, this is for the reports.
    pub strict: bool,
}

/// What an instance tracks; boxed, many instances track nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracks {
    /// Interfaces beside the own one.
    pub interfaces: Vec<Track<IfaceId>>,
    /// Scripts.
    pub scripts: Vec<Track<ScriptId>>,
    /// Files.
    pub files: Vec<Track<FileId>>,
}

/// Gratuitous ARP / neighbour advertisement settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garp {
    /// Delay of the second burst, 0 = none.
    pub delay: Span,
    /// Packets per address in a burst.
    pub repeat: u8,
    /// Period of refresh bursts, 0 = none.
    pub refresh: Span,
    /// Packets per address in a refresh.
    pub refresh_repeat: u8,
    /// Delay of the second burst after a lower-priority advert.
    pub lower_prio_delay: Span,
    /// Packets per address after a lower-priority advert, 0 = none.
    pub lower_prio_repeat: u8,
    /// Period of single announcements on the other interfaces that carry an address of the
    /// instance (`garp_extra_if`), 0 = none.
    pub elsewhere: Span,
}

impl Default for Garp {
    fn default() -> Self {
        Garp {
            delay: Span::from_secs(5),
            repeat: 5,
            refresh: Span::ZERO,
            refresh_repeat: 1,
            lower_prio_delay: Span::from_secs(5),
            lower_prio_repeat: 5,
            elsewhere: Span::ZERO,
        }
    }
}

/// An address line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// Prefix length.
    pub prefix: u8,
    /// Interface it lives on (`dev`), else the instance's.
    pub iface: IfaceId,
    /// rtnetlink scope (RT_SCOPE_*).
    pub scope: u8,
    /// Label, at most 15 bytes.
    pub label: Option<Box<str>>,
    /// Broadcast address.
    pub broadcast: Option<Ipv4Addr>,
    /// The other end of a point-to-point link.
    pub peer: Option<IpAddr>,
    /// IFA_F_* bits beside NODAD (`home`, `mngtmpaddr`, `noprefixroute`, `autojoin`); NODAD is set
    /// unless `dad` is.
    pub flags: u32,
    /// `-nodad`: let the kernel look for duplicates (IPv6).
    pub dad: bool,
    /// `preferred_lft` in seconds; `None`: for ever. 0 = never chosen as a source.
    pub preferred: Option<u32>,
    /// Not `no_track`: its interface is watched.
    pub track: bool,
}

impl Address {
    /// A plain address with the defaults of an address line.
    pub fn new(address: IpAddr, prefix: u8, iface: IfaceId) -> Self {
        Address {
            address,
            prefix,
            iface,
            scope: 0,
            label: None,
            broadcast: None,
            peer: None,
            flags: 0,
            dad: false,
            preferred: None,
            track: true,
        }
    }
}

/// A sync group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupParams {
    /// Name in the configuration.
    pub name: Box<str>,
    /// Where it was defined.
    pub place: Place,
    /// Its members.
    pub members: Vec<InstanceId>,
}

impl InstanceParams {
    /// An instance with keepalived's defaults, for tests and for the configuration to fill in.
    pub fn new(name: &str, iface: IfaceId, vrid: u8) -> Self {
        InstanceParams {
            name: name.into(),
            place: Place::default(),
            iface,
            vrid,
            version: Version::V2,
            family: Family::V4,
            priority: 100,
            wants_master: false,
            advert_int: Span::from_secs(1),
            source: None,
            group_address: IpAddr::V4(GROUP4),
            preempt: true,
            preempt_delay: Span::ZERO,
            auth: Auth::None,
            checksum: ChecksumForm::Pseudo,
            addresses: Vec::new(),
            excluded: Vec::new(),
            track_primary: true,
            skip_check_adv_addr: false,
            owner_ignore_adverts: false,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            down_timer_adverts: 3,
            garp: Garp::default(),
            unicast: None,
            tracks: None,
            routes: Vec::new(),
            rules: Vec::new(),
            promote_secondaries: false,
            strict: false,
        }
    }

    /// The authentication that applies: version 3 has none (RFC 9568 §9).
    pub fn authentication(&self) -> Auth {
        match self.version {
            Version::V2 => self.auth,
            Version::V3 => Auth::None,
        }
    }

    /// The number of its authentication (RFC 2338 §5.3.6).
    pub fn auth_type(&self) -> u8 {
        match self.authentication() {
            Auth::None => 0,
            Auth::Pass(_) => 1,
            Auth::Ah(_) => 2,
        }
    }

    /// Whether an address of it lives on another interface than its own.
    pub fn lives_elsewhere(&self) -> bool {
        let mut held = self.addresses.iter().chain(&self.excluded);
        held.any(|line| line.iface != self.iface)
    }

    /// The group that version 3 checksums of old unicast routers name.
    pub fn old_group(&self) -> Ipv4Addr {
        match self.group_address {
            IpAddr::V4(group) => group,
            IpAddr::V6(_) => GROUP4,
        }
    }

    /// The addresses an advert lists, in configured order: those of the family, at most the 255
    /// the count field can say.
    pub fn advertised(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.addresses
            .iter()
            .map(|line| line.address)
            .filter(|address| address.is_ipv4() == (self.family == Family::V4))
            .take(255)
    }
}
