//! Plain English for people who run routers: log lines and transcripts.
//!
//! What holds ids needs the parameters for the names: `params.text(transition)`.

use super::{
    Action, Clock, Ended, FileId, GroupId, IfaceId, InstanceId, Note, Params, Reason, Reject,
    ScriptId, State, Timer, Transition, Who,
};
use crate::wire::vrrp::ChecksumForm;
use core::fmt::{self, Display, Formatter, Result};

/// Something with ids, together with the names; `Display` gives the words.
#[derive(Clone, Copy)]
pub struct Text<'a, T>(&'a Params, T);

impl Params {
    /// Ids in words.
    pub fn text<T>(&self, of: T) -> Text<'_, T> {
        Text(self, of)
    }
}

impl Display for State {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.pad(match self {
            State::Init => "INIT",
            State::Backup => "BACKUP",
            State::Master => "MASTER",
            State::Fault => "FAULT",
        })
    }
}

impl Display for Timer {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Display for ChecksumForm {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            ChecksumForm::Pseudo => "with the IPv4 pseudo-header",
            ChecksumForm::Plain => "without the IPv4 pseudo-header",
            ChecksumForm::Group(_) => "as keepalived before 1.3.7 did over unicast",
        })
    }
}

impl Display for Text<'_, InstanceId> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.instances.get(usize::from(self.1.0)) {
            Some(instance) => f.write_str(&instance.name),
            None => write!(f, "#{}", self.1.0),
        }
    }
}

impl Display for Text<'_, GroupId> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.groups.get(usize::from(self.1.0)) {
            Some(group) => f.write_str(&group.name),
            None => write!(f, "#{}", self.1.0),
        }
    }
}

impl Display for Text<'_, IfaceId> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.interfaces.get(usize::from(self.1.0)) {
            Some(name) if name.is_empty() => f.write_str("(any)"),
            Some(name) => f.write_str(name),
            None => write!(f, "#{}", self.1.0),
        }
    }
}

impl Display for Text<'_, Who> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.1 {
            // As keepalived writes them: people search logs for these.
            Who::Instance(id) => write!(f, "({})", self.0.text(id)),
            Who::Group(id) => write!(f, "VRRP_Group({})", self.0.text(id)),
        }
    }
}

impl Display for Text<'_, Transition> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, t) = self;
        write!(
            f,
            "{} {} -> {}: {}",
            params.text(t.who),
            t.from,
            t.to,
            params.text(t.reason)
        )
    }
}

impl Display for Text<'_, Reason> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, reason) = self;
        match *reason {
            Reason::Started => f.write_str("starting"),
            Reason::Stopping => f.write_str("stopping"),
            Reason::Removed => f.write_str("it is no longer in the configuration"),
            Reason::MasterSilent(span) => write!(f, "no advert for {span} s"),
            Reason::MasterLeft(from) => write!(f, "{from} gave up (priority 0)"),
            Reason::Preempting(from) => write!(f, "preempting {from}, which has lower priority"),
            Reason::Owner => f.write_str("owner of the addresses (priority 255)"),
            Reason::Resumed => f.write_str("was MASTER until the restart just now"),
            Reason::Higher(from, priority) => {
                write!(f, "advert from {from} with higher priority {priority}")
            }
            Reason::HigherAddress(from) => {
                write!(
                    f,
                    "advert from {from} with equal priority and higher address"
                )
            }
            Reason::LinkDown(iface) => write!(f, "interface {} is down", params.text(iface)),
            Reason::NoInterface(iface) => {
                write!(f, "interface {} does not exist", params.text(iface))
            }
            Reason::NoAddress(iface) => write!(
                f,
                "interface {} has no address to send from",
                params.text(iface)
            ),
            Reason::Recovered => f.write_str("the fault is gone"),
            Reason::Group(group, by) => write!(
                f,
                "following {} in group {}",
                params.text(by),
                params.text(group)
            ),
            Reason::ScriptFailed(id) => write!(f, "script {} failed", params.text(id)),
            Reason::ScriptSucceeded(id) => write!(f, "script {} succeeded", params.text(id)),
            Reason::ScriptPending(id) => {
                write!(f, "script {} has no result yet", params.text(id))
            }
            Reason::FileValue(id, value) => {
                write!(f, "track file {} holds {value}", params.text(id))
            }
            Reason::LinkUp(iface) => write!(f, "interface {} is up", params.text(iface)),
            Reason::NoPeer => f.write_str("there is no unicast peer"),
            Reason::SourceUnusable => f.write_str("the source address cannot be used yet"),
            Reason::StaticMissing(group) => {
                write!(f, "a static object of track_group {group} is missing")
            }
            Reason::NoMulticast(iface) => write!(
                f,
                "interface {} cannot multicast (name unicast peers)",
                params.text(iface)
            ),
        }
    }
}

impl Display for Reject {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Reject::Malformed(why) => why.fmt(f),
            Reject::Length => f.write_str("wrong length"),
            Reject::Ttl(ttl) => write!(f, "TTL {ttl}, must be 255"),
            Reject::Version(version) => write!(f, "VRRP version {version}, not ours"),
            Reject::Kind(kind) => write!(f, "type {kind}, must be 1"),
            Reject::UnknownVrid(vrid) => write!(f, "no virtual router {vrid} here"),
            Reject::AuthType(kind) => write!(f, "unknown authentication type {kind}"),
            Reject::AuthMismatch(kind) => {
                write!(f, "authentication type {} is not ours", AuthName(*kind))
            }
            Reject::Password => f.write_str("wrong password"),
            Reject::Icv => f.write_str("wrong AH integrity check value (another key?)"),
            Reject::Spi => f.write_str("AH SPI is not the source address"),
            Reject::Replay(sequence) => write!(f, "AH sequence number {sequence} is not new"),
            Reject::Interval(span) if span.is_zero() => f.write_str("advert interval 0"),
            Reject::Interval(span) => write!(f, "advert interval {span} s, not ours"),
            Reject::Checksum => f.write_str("wrong checksum"),
            Reject::Destination(to) => write!(f, "sent to {to}, where we do not listen"),
            Reject::NotPeer => f.write_str("the sender is no unicast peer"),
            Reject::NoAddresses => f.write_str("lists no addresses"),
            Reject::Owner => f.write_str("we own the addresses and ignore adverts"),
        }
    }
}

/// v2 authentication types (RFC 2338 §5.3.6).
struct AuthName(u8);

impl Display for AuthName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            0 => f.write_str("none"),
            1 => f.write_str("PASS"),
            2 => f.write_str("AH"),
            other => other.fmt(f),
        }
    }
}

impl Display for Text<'_, Note> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, note) = self;
        match *note {
            Note::Rejected {
                iface,
                instance,
                source,
                why,
            } => {
                if let Some(id) = instance {
                    write!(f, "{} ", params.text(Who::Instance(id)))?;
                }
                f.write_str("advert ")?;
                if let Some(from) = source {
                    write!(f, "from {from} ")?;
                }
                write!(f, "on {} ignored: {why}", params.text(iface))
            }
            Note::LowerMaster(id, from, priority, ours) => {
                let who = params.text(Who::Instance(id));
                if ours == priority {
                    write!(
                        f,
                        "{who}: {from} is MASTER too, with equal priority and lower address"
                    )
                } else {
                    write!(
                        f,
                        "{who}: {from} is MASTER too, with lower priority {priority}"
                    )
                }
            }
            Note::IntervalDiffers(id, from, span) => write!(
                f,
                "{} {from} advertises every {span} s, which is not our interval",
                params.text(Who::Instance(id))
            ),
            Note::PeerChecksum(id, from, form) => write!(
                f,
                "{} {from} forms its checksum {form}",
                params.text(Who::Instance(id))
            ),
            Note::AddressList(id, from) => write!(
                f,
                "{} the address list of {from} differs from ours",
                params.text(Who::Instance(id))
            ),
            Note::OwnAddress(id, from) => write!(
                f,
                "{} advert from our own address {from}: is it in use twice?",
                params.text(Who::Instance(id))
            ),
            _ => params.tracking(*note, f),
        }
    }
}

impl Params {
    /// Notes about what is tracked and about unicast peers.
    fn tracking(&self, note: Note, f: &mut Formatter<'_>) -> Result {
        let params = self;
        match note {
            Note::Script(id, good, ended) => write!(
                f,
                "script {} {}: {ended}",
                params.text(id),
                if good { "succeeded" } else { "failed" }
            ),
            Note::ScriptBusy(id) => write!(
                f,
                "script {} still runs when it is due again; left out until it ends",
                params.text(id)
            ),
            Note::Priority(id, from, to) => write!(
                f,
                "{} effective priority {from} -> {to}",
                params.text(Who::Instance(id))
            ),
            Note::Fault(id, reason, arose) => {
                let words = match (arose, reason) {
                    (true, Reason::ScriptPending(_)) => "waits",
                    (true, _) => "another fault",
                    (false, _) => "this fault is gone, others are left",
                };
                let who = params.text(Who::Instance(id));
                write!(f, "{who} {words}: {}", params.text(reason))
            }
            Note::NoPeer(id, from, ttl) => write!(
                f,
                "{} advert from {from} with TTL {ttl}, which is not what a peer sends",
                params.text(Who::Instance(id))
            ),
            _ => Ok(()),
        }
    }
}

impl Display for Ended {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Ended::Exited(status) => write!(f, "exit status {status}"),
            Ended::Signaled(signal) => write!(f, "ended by signal {signal}"),
            Ended::TimedOut => f.write_str("killed, it ran too long"),
            Ended::NotStarted => f.write_str("could not be started"),
        }
    }
}

impl Display for Text<'_, ScriptId> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, id) = self;
        match params.scripts.get(usize::from(id.0)) {
            Some(script) => f.write_str(&script.name),
            None => write!(f, "#{}", id.0),
        }
    }
}

impl Display for Text<'_, FileId> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, id) = self;
        match params.files.get(usize::from(id.0)) {
            Some(file) => f.write_str(&file.name),
            None => write!(f, "#{}", id.0),
        }
    }
}

impl Display for Text<'_, Clock> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, clock) = self;
        match *clock {
            Clock::Startup => f.write_str("startup"),
            Clock::Script(id) => write!(f, "script {}", params.text(id)),
            Clock::Interface(id) => write!(f, "interface {}", params.text(id)),
        }
    }
}

/// One line of a transcript.
impl Display for Text<'_, Action> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, action) = self;
        match *action {
            Action::Advertise {
                instance,
                priority,
                sequence,
                revision,
            } => {
                write!(f, "advertise {} prio={priority}", params.text(instance))?;
                if sequence != 0 {
                    write!(f, " seq={sequence}")?;
                }
                write!(f, " rev={revision}")
            }
            Action::Claim { instance, repeat } => {
                write!(f, "claim {} repeat={repeat}", params.text(instance))
            }
            Action::Release(instance) => write!(f, "release {}", params.text(instance)),
            Action::Announce { instance, repeat } | Action::AnnounceAgain { instance, repeat } => {
                write!(f, "announce {} repeat={repeat}", params.text(instance))
            }
            Action::AnnounceElsewhere(instance) => {
                write!(f, "announce {} elsewhere", params.text(instance))
            }
            Action::AnnounceSource(instance) => {
                write!(f, "announce {} source", params.text(instance))
            }
            Action::Wake(clock, Some(at)) => write!(f, "wake {} @{at}", params.text(clock)),
            Action::Wake(clock, None) => write!(f, "wake {} never", params.text(clock)),
            Action::Run(script) => write!(f, "run {}", params.text(script)),
            Action::Arm(instance, timer, at) => {
                write!(f, "arm {} {timer} @{at}", params.text(instance))
            }
            Action::Disarm(instance, timer) => {
                write!(f, "disarm {} {timer}", params.text(instance))
            }
            Action::Tell(transition) => write!(f, "tell {}", params.text(transition)),
            Action::Note(note) => write!(f, "note {}", params.text(note)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;
    use crate::vrrp::{GroupParams, InstanceParams, Place};

    fn line(who: Who, from: State, to: State, reason: Reason) -> String {
        let params = Params {
            interfaces: vec!["eth0".into()],
            instances: vec![InstanceParams::new("VI_1", IfaceId(0), 51)],
            groups: vec![GroupParams {
                name: "VG_1".into(),
                place: Place::default(),
                members: vec![InstanceId(0)],
            }],
            ..Params::default()
        };
        let priority = 100;
        let transition = Transition {
            who,
            from,
            to,
            priority,
            reason,
        };
        params.text(transition).to_string()
    }

    #[test]
    fn a_line_names_instance_states_and_reason() {
        let (vi, vg) = (Who::Instance(InstanceId(0)), Who::Group(GroupId(0)));
        let peer = [10, 0, 0, 2].into();
        let (backup, master, fault) = (State::Backup, State::Master, State::Fault);
        let silent = Reason::MasterSilent(Span::from_micros(3_609_375));
        assert_eq!(
            line(vi, backup, master, silent),
            "(VI_1) BACKUP -> MASTER: no advert for 3.609375 s"
        );
        assert_eq!(
            line(vi, master, backup, Reason::Higher(peer, 150)),
            "(VI_1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 150"
        );
        assert_eq!(
            line(vi, master, fault, Reason::LinkDown(IfaceId(0))),
            "(VI_1) MASTER -> FAULT: interface eth0 is down"
        );
        assert_eq!(
            line(vg, master, fault, Reason::Group(GroupId(0), InstanceId(0))),
            "VRRP_Group(VG_1) MASTER -> FAULT: following VI_1 in group VG_1"
        );
    }

    #[test]
    fn a_rejected_advert_says_why() {
        let params = Params {
            interfaces: vec!["eth0".into()],
            instances: vec![InstanceParams::new("VI_1", IfaceId(0), 51)],
            ..Params::default()
        };
        let rejected = |instance| Note::Rejected {
            iface: IfaceId(0),
            instance,
            source: Some([10, 0, 0, 2].into()),
            why: Reject::Ttl(64),
        };
        assert_eq!(
            params.text(rejected(Some(InstanceId(0)))).to_string(),
            "(VI_1) advert from 10.0.0.2 on eth0 ignored: TTL 64, must be 255"
        );
        assert_eq!(
            params.text(rejected(None)).to_string(),
            "advert from 10.0.0.2 on eth0 ignored: TTL 64, must be 255"
        );
    }

    #[test]
    fn ids_that_lead_nowhere_still_print() {
        let params = Params::default();
        assert_eq!(params.text(InstanceId(7)).to_string(), "#7");
        assert_eq!(params.text(GroupId(7)).to_string(), "#7");
        assert_eq!(params.text(IfaceId(7)).to_string(), "#7");
    }
}
