//! What the VRRP room is built from: plain values, no text, no spans.

use crate::time::Span;
use crate::wire::vrrp::{Auth, ChecksumForm, GROUP4, Version};
use core::net::{IpAddr, Ipv4Addr};

use super::{IfaceId, InstanceId};

/// Everything the room needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// Every interface named anywhere, each once. `IfaceId` indexes this list.
    pub interfaces: Vec<Box<str>>,
    /// The virtual routers.
    pub instances: Vec<InstanceParams>,
    /// The sync groups.
    pub groups: Vec<GroupParams>,
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
    /// Interface the adverts use.
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
        }
    }

    /// The authentication that applies: version 3 has none (RFC 9568 §9).
    pub fn authentication(&self) -> Auth {
        match self.version {
            Version::V2 => self.auth,
            Version::V3 => Auth::None,
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
