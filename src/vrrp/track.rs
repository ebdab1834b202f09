//! What the things an instance tracks do to it: a difference of priority, or a fault.
//!
//! Compat: the arithmetic is keepalived's, cell by cell.

use super::script::Script;
use super::{Link, Reason, Track, Tracks};

/// The levels of everything that can be tracked, as last heard of.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub links: &'a [Link],
    pub scripts: &'a [Script],
    pub files: &'a [i32],
    /// Goes on as Master after a restart: a script without a result is taken as whatever suits.
    pub trusting: bool,
}

/// What a tracked thing does to an instance at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Added to the priority.
    Add(i32),
    /// Keeps the instance from taking part.
    Fault,
    /// A fault until there is a first result.
    Pending,
}

/// A file's product of value and weight at or below this is a fault.
const FILE_FAULT: i32 = -254;
/// Most that a file can add.
const FILE_MOST: i32 = 253;

/// An interface or a script: good or bad.
fn level<Id>(track: &Track<Id>, good: bool) -> Effect {
    let weight = i32::from(track.weight);
    let counted = match (weight, good) {
        (0, _) if good == track.reverse => return Effect::Fault,
        (1.., true) | (..0, false) => weight,
        _ => 0,
    };
    Effect::Add(if track.reverse { -counted } else { counted })
}

/// A script; nothing is known of it before its first result.
fn script<Id>(track: &Track<Id>, script: &Script, trusting: bool) -> Effect {
    if trusting && script.last().is_none() {
        return match (level(track, true), level(track, false)) {
            (Effect::Add(a), Effect::Add(b)) => Effect::Add(a.max(b)),
            _ => Effect::Add(0),
        };
    }
    match script.level() {
        Some(good) => level(track, good),
        None if track.weight == 0 => Effect::Pending,
        None => Effect::Add(0),
    }
}

/// A file: its value counts.
fn file<Id>(track: &Track<Id>, value: i32) -> Effect {
    if track.weight == 0 {
        return match (value != 0) == track.reverse {
            true => Effect::Add(0),
            false => Effect::Fault,
        };
    }
    let product = value.saturating_mul(i32::from(track.weight));
    let product = match track.reverse {
        true => product.saturating_neg(),
        false => product,
    };
    match product {
        ..=FILE_FAULT => Effect::Fault,
        _ => Effect::Add(product.min(FILE_MOST)),
    }
}

impl<'a> Known<'a> {
    pub fn link(&self, id: super::IfaceId) -> Link {
        let link = self.links.get(usize::from(id.0));
        link.copied().unwrap_or_default()
    }

    pub fn file(&self, id: super::FileId) -> i32 {
        let value = self.files.get(usize::from(id.0));
        value.copied().unwrap_or_default()
    }

    pub fn of_interface(&self, track: &Track<super::IfaceId>) -> Effect {
        let link = self.link(track.id);
        level(track, link.index != 0 && link.up)
    }

    pub fn of_script(&self, track: &Track<super::ScriptId>) -> Effect {
        match self.scripts.get(usize::from(track.id.0)) {
            Some(known) => script(track, known, self.trusting),
            None => Effect::Add(0),
        }
    }

    pub fn of_file(&self, track: &Track<super::FileId>) -> Effect {
        file(track, self.file(track.id))
    }

    /// The sum of what is added to the priority; not clamped.
    pub fn sum(self, tracks: &Tracks) -> i32 {
        let interfaces = tracks.interfaces.iter().map(|t| self.of_interface(t));
        let scripts = tracks.scripts.iter().map(|t| self.of_script(t));
        let files = tracks.files.iter().map(|t| self.of_file(t));
        interfaces
            .chain(scripts)
            .chain(files)
            .fold(0, |sum: i32, effect| match effect {
                Effect::Add(some) => sum.saturating_add(some),
                Effect::Fault | Effect::Pending => sum,
            })
    }

    /// Why what is tracked keeps the instance out; what only waits comes last.
    pub fn reasons(self, tracks: &'a Tracks) -> impl Iterator<Item = Reason> + 'a {
        let interfaces = tracks
            .interfaces
            .iter()
            .filter(move |t| self.of_interface(t) == Effect::Fault)
            .map(move |t| match (t.reverse, self.link(t.id)) {
                (true, _) => Reason::LinkUp(t.id),
                (false, Link { index: 0, .. }) => Reason::NoInterface(t.id),
                (false, _) => Reason::LinkDown(t.id),
            });
        let scripts = move |effect: Effect| {
            let of = tracks.scripts.iter();
            of.filter(move |t| self.of_script(t) == effect)
        };
        let failed = scripts(Effect::Fault).map(|t| match t.reverse {
            true => Reason::ScriptSucceeded(t.id),
            false => Reason::ScriptFailed(t.id),
        });
        let files = tracks
            .files
            .iter()
            .filter(move |t| self.of_file(t) == Effect::Fault)
            .map(move |t| Reason::FileValue(t.id, self.file(t.id)));
        let pending = scripts(Effect::Pending).map(|t| Reason::ScriptPending(t.id));
        interfaces.chain(failed).chain(files).chain(pending)
    }
}

/// What an instance of this base priority states and compares.
///
/// Compat: clamped to 1..=254, and an owner stays one (RFC 9568 §5.2.4: 255 means just that).
pub(super) fn effective(base: u8, sum: i32) -> u8 {
    if base == super::receive::OWNER {
        return base;
    }
    let total = i32::from(base).saturating_add(sum).clamp(1, 254);
    u8::try_from(total).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::{FileId, IfaceId, ScriptId};

    const FAULT: Effect = Effect::Fault;

    fn add(some: i32) -> Effect {
        Effect::Add(some)
    }

    fn track(weight: i16, reverse: bool) -> Track<IfaceId> {
        let id = IfaceId(0);
        Track {
            id,
            weight,
            reverse,
        }
    }

    #[test]
    fn every_cell_of_the_table() {
        for (weight, reverse, up, down) in [
            (0, false, add(0), FAULT),
            (0, true, FAULT, add(0)),
            (20, false, add(20), add(0)),
            (20, true, add(-20), add(0)),
            (-20, false, add(0), add(-20)),
            (-20, true, add(0), add(20)),
            (253, false, add(253), add(0)),
            (-253, true, add(0), add(253)),
            (i16::MIN, true, add(0), add(32768)),
        ] {
            let track = track(weight, reverse);
            assert_eq!(level(&track, true), up, "{track:?} up");
            assert_eq!(level(&track, false), down, "{track:?} down");
        }
    }

    #[test]
    fn every_cell_of_a_file() {
        for (weight, reverse, value, effect) in [
            (0, false, 0, add(0)),
            (0, false, 1, FAULT),
            (0, false, -1, FAULT),
            (0, true, 0, FAULT),
            (0, true, 7, add(0)),
            (1, false, 0, add(0)),
            (1, false, 5, add(5)),
            (1, false, 253, add(253)),
            (1, false, 1000, add(253)),
            (1, false, -253, add(-253)),
            (1, false, -254, FAULT),
            (1, true, 254, FAULT),
            (1, true, -300, add(253)),
            (-2, false, 10, add(-20)),
            (-2, true, 10, add(20)),
            (-2, false, 127, FAULT),
            (254, false, i32::MAX, add(253)),
            (254, false, i32::MIN, FAULT),
            (-254, false, i32::MIN, add(253)),
            (-254, true, i32::MIN, FAULT),
            (i16::MIN, true, i32::MIN, FAULT),
        ] {
            let track = track(weight, reverse);
            assert_eq!(file(&track, value), effect, "{track:?} {value}");
        }
    }

    #[test]
    fn effective_priority_stays_in_its_bounds() {
        for (base, sum, effective_is) in [
            (100, 0, 100),
            (100, 20, 120),
            (100, -20, 80),
            (100, -99, 1),
            (100, -100, 1),
            (100, i32::MIN, 1),
            (100, 154, 254),
            (100, 155, 254),
            (254, i32::MAX, 254),
            (1, -253, 1),
            (255, -253, 255),
            (255, 253, 255),
        ] {
            assert_eq!(effective(base, sum), effective_is, "{base} {sum}");
        }
    }

    fn script_at(level: Option<bool>) -> Script {
        use crate::time::{Instant, Span};
        use crate::vrrp::{Ended, Place, ScriptParams, outbox::Outbox};
        let params = ScriptParams {
            name: "chk".into(),
            place: Place::default(),
            interval: Span::from_secs(1),
            timeout: Span::ZERO,
            rise: 1,
            fall: 1,
            init_fail: false,
        };
        let (mut script, mut out) = (Script::new(), Outbox::with_capacity(4));
        script.start(ScriptId(0), &params, Instant::ZERO, &mut out);
        if let Some(good) = level {
            let ended = Ended::Exited(u8::from(!good));
            script.ended(ScriptId(0), &params, ended, &mut out);
        }
        script
    }

    #[test]
    fn a_script_without_a_result() {
        for (weight, reverse, unknown, trusted) in [
            (0, false, Effect::Pending, add(0)),
            (0, true, Effect::Pending, add(0)),
            (20, false, add(0), add(20)),
            (20, true, add(0), add(0)),
            (-20, false, add(0), add(0)),
            (-20, true, add(0), add(20)),
        ] {
            let track = track(weight, reverse);
            let pending = script_at(None);
            assert_eq!(script(&track, &pending, false), unknown, "{track:?}");
            assert_eq!(script(&track, &pending, true), trusted, "{track:?}");
            // A result ends the trust.
            for good in [true, false] {
                let known = script_at(Some(good));
                for trusting in [true, false] {
                    let effect = script(&track, &known, trusting);
                    assert_eq!(effect, level(&track, good), "{track:?}");
                }
            }
        }
    }

    fn all<Id>(of: &[(Id, i16, bool)]) -> Vec<Track<Id>>
    where
        Id: Copy,
    {
        let track = |&(id, weight, reverse)| Track {
            id,
            weight,
            reverse,
        };
        of.iter().map(track).collect()
    }

    #[test]
    fn sums_and_names() {
        let up = Link {
            index: 2,
            up: true,
            ..Link::default()
        };
        let down = Link { up: false, ..up };
        let links = [up, down, Link::default()];
        let scripts = [
            script_at(Some(true)),
            script_at(Some(false)),
            script_at(None),
        ];
        let known = Known {
            links: &links,
            scripts: &scripts,
            files: &[3, 0],
            trusting: false,
        };
        let weighted = Tracks {
            interfaces: all(&[(IfaceId(0), 10, false), (IfaceId(1), -4, false)]),
            scripts: all(&[(ScriptId(0), 7, true), (ScriptId(2), 50, false)]),
            files: all(&[(FileId(0), 2, false), (FileId(9), 2, false)]),
        };
        assert_eq!(known.sum(&weighted), 10 - 4 - 7 + 6);
        assert_eq!(known.reasons(&weighted).next(), None);
        let (iface, script, file) = (IfaceId, ScriptId, FileId);
        let zero = Tracks {
            interfaces: all(&[0, 1, 2].map(|n| (iface(n), 0, n == 0))),
            scripts: all(&[
                (script(2), 0, false),
                (script(1), 0, false),
                (script(0), 0, true),
                (script(9), 0, false),
            ]),
            files: all(&[(file(0), 0, false), (file(1), 0, true)]),
        };
        assert_eq!(known.sum(&zero), 0);
        let found: Vec<Reason> = known.reasons(&zero).collect();
        assert_eq!(
            found,
            [
                Reason::LinkUp(iface(0)),
                Reason::LinkDown(iface(1)),
                Reason::NoInterface(iface(2)),
                Reason::ScriptFailed(script(1)),
                Reason::ScriptSucceeded(script(0)),
                Reason::FileValue(file(0), 3),
                Reason::FileValue(file(1), 0),
                Reason::ScriptPending(script(2)),
            ]
        );
    }
}
