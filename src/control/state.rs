//! What `status` and `explain` both say of something: one word for its state, and whether that is
//! a fault.

use crate::check::{CheckerId, CheckerSnapshot, RealId, Room};
use crate::vrrp::{ScriptSnapshot, State};

/// A tracked script.
pub(super) fn script(s: &ScriptSnapshot) -> &'static str {
    match s.level {
        None => "INIT",
        Some(true) => "GOOD",
        Some(false) => "BAD",
    }
}

/// UP or DOWN.
pub(super) fn up(up: bool) -> &'static str {
    if up { "UP" } else { "DOWN" }
}

/// Whether an instance in this state needs somebody.
pub(super) fn faulty(state: State) -> bool {
    state == State::Fault
}

/// The checkers of a real server, with their numbers.
pub(super) fn checkers(
    room: &Room,
    real: RealId,
) -> impl Iterator<Item = (CheckerId, CheckerSnapshot)> + Clone + '_ {
    let params = room.params().reals.get(usize::from(real.0));
    let range = params.map_or(0..0, |p| p.checkers.clone());
    range
        .map(CheckerId)
        .filter_map(move |id| Some((id, room.checker(id)?)))
}

/// Whether an object of this name is meant by `wanted`: by its whole name, by one without brackets,
/// or by its address alone.
pub(super) fn is(name: &str, wanted: &str) -> bool {
    if name == wanted {
        return true;
    }
    let Some((address, rest)) = name.strip_prefix('[').and_then(|n| n.split_once(']')) else {
        return false;
    };
    // `[192.0.2.1]:tcp:80` is meant by 192.0.2.1, 192.0.2.1:tcp:80 and 192.0.2.1:80.
    let wanted = wanted.strip_prefix('[').unwrap_or(wanted);
    let Some(left) = wanted.strip_prefix(address) else {
        return false;
    };
    let left = left.strip_prefix(']').unwrap_or(left);
    let port = rest.rsplit_once(':').map_or("", |(_, port)| port);
    left.is_empty() || left == rest || left.strip_prefix(':').is_some_and(|p| p == port)
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn servers_go_by_several_names() {
        let name = "[192.0.2.1]:tcp:80";
        for good in [
            name,
            "192.0.2.1",
            "192.0.2.1:80",
            "192.0.2.1:tcp:80",
            "[192.0.2.1]",
        ] {
            assert!(is(name, good), "{good}");
        }
        for bad in [
            "192.0.2",
            "192.0.2.1:8",
            "192.0.2.10",
            "",
            "tcp:80",
            "192.0.2.1:tcp",
        ] {
            assert!(!is(name, bad), "{bad}");
        }
        assert!(is("[2001:db8::1]:udp:53", "2001:db8::1"));
        assert!(is("[2001:db8::1]:udp:53", "[2001:db8::1]:53"));
        assert!(is("VI_1", "VI_1") && !is("VI_1", "VI"));
        assert!(is("FWM 5", "FWM 5"));
    }
}
