//! Sync groups: the state of a group is a pure function of all its members.
//!
//! An instance without a group counts as a group of one, so there is one rule for both.

use super::State;

/// What a group needs to know of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// It cannot take part, for a reason of its own.
    pub faulty: bool,
    /// It is Master and means to stay, or would be if it were alone.
    pub willing: bool,
}

/// The state all members take.
///
/// One faulty member puts all in Fault; all together are Master or none is. Compat: as in
/// keepalived a member whose timer ran out waits for the others rather than going alone.
pub(super) fn target(members: impl Iterator<Item = Member>) -> State {
    let mut all_willing = true;
    for member in members {
        if member.faulty {
            return State::Fault;
        }
        all_willing &= member.willing;
    }
    if all_willing {
        State::Master
    } else {
        State::Backup
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(members: &[(bool, bool)]) -> State {
        target(
            members
                .iter()
                .map(|&(faulty, willing)| Member { faulty, willing }),
        )
    }

    #[test]
    fn one_for_all() {
        const SOUND: (bool, bool) = (false, false);
        const WILLING: (bool, bool) = (false, true);
        const FAULTY: (bool, bool) = (true, false);
        const OWNER_DOWN: (bool, bool) = (true, true);
        assert_eq!(of(&[SOUND]), State::Backup);
        assert_eq!(of(&[WILLING]), State::Master);
        assert_eq!(of(&[FAULTY]), State::Fault);
        assert_eq!(of(&[OWNER_DOWN]), State::Fault);
        assert_eq!(of(&[WILLING, SOUND]), State::Backup);
        assert_eq!(of(&[WILLING, WILLING]), State::Master);
        assert_eq!(of(&[WILLING, WILLING, FAULTY]), State::Fault);
        assert_eq!(of(&[SOUND, FAULTY]), State::Fault);
    }
}
