//! What a daemon watches beside its peers, and an independent idea of what follows from it.

use crate::rng::Rng;
use holdfast::time::{Instant, Span};
use holdfast::vrrp::{
    Action, Clock, Ended, InstanceParams, Params, ScriptId, ScriptParams, Track, Tracks,
};

/// Scripts, files and one more interface of a router.
#[derive(Default)]
pub struct Outside {
    /// The interface without a LAN.
    pub aux: bool,
    /// Whether a script would succeed now.
    pub good: Vec<bool>,
    pub values: Vec<i32>,
    scripts: Vec<Model>,
    /// Per instance: it went on as Master after a restart.
    pub trusting: Vec<bool>,
    clocks: Vec<(Clock, Instant)>,
}

/// A script as its results in a row make it.
#[derive(Clone, Default)]
struct Model {
    level: Option<bool>,
    /// The last result, and how often it came in a row.
    row: Option<(bool, u32)>,
    /// When the run that goes on ends, and whether it is too long.
    run: Option<(Instant, bool)>,
}

/// What should become of an instance, as far as it alone is concerned.
pub struct Expected {
    /// It cannot take part.
    pub failed: bool,
    /// It waits for results.
    pub pending: bool,
    pub priority: u8,
}

/// A kind of level to change, and which one.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    Aux(bool),
    Script(usize, bool),
    File(usize, i32),
}

impl Outside {
    pub fn new(params: &Params) -> Self {
        Outside {
            aux: true,
            good: vec![true; params.scripts.len()],
            values: vec![0; params.files.len()],
            scripts: vec![Model::default(); params.scripts.len()],
            trusting: vec![false; params.instances.len()],
            clocks: Vec::new(),
        }
    }

    /// A daemon begins: it knows nothing yet.
    pub fn begin(&mut self, params: &Params) {
        self.clocks.clear();
        self.trusting.fill(false);
        for (model, script) in self.scripts.iter_mut().zip(&params.scripts) {
            *model = Model {
                level: script.init_fail.then_some(false),
                ..Model::default()
            };
        }
    }

    /// Follows an action; an error is a law broken.
    pub fn act(
        &mut self,
        action: Action,
        params: &Params,
        now: Instant,
        calm: bool,
        rng: &mut Rng,
    ) -> Result<(), String> {
        match action {
            Action::Wake(clock, at) => {
                self.clocks.retain(|(known, _)| *known != clock);
                self.clocks.extend(at.map(|at| (clock, at)));
            }
            Action::Run(ScriptId(id)) => {
                let interval = params.scripts[usize::from(id)].interval.micros();
                let most = if calm { interval / 2 } else { interval * 3 / 2 };
                let run = &mut self.scripts[usize::from(id)].run;
                let hangs = !calm && rng.once_in(20);
                let end = now + Span::from_micros(rng.range(1, most));
                if run.replace((end, hangs)).is_some() {
                    return Err(format!("script {id} is to run while it runs"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The timer due first.
    pub fn next_clock(&self) -> Option<(Instant, Clock)> {
        let first = self.clocks.iter().min_by_key(|(_, at)| *at);
        first.map(|(clock, at)| (*at, *clock))
    }

    pub fn take_clock(&mut self, clock: Clock) {
        self.clocks.retain(|(known, _)| *known != clock);
    }

    /// The run that ends first.
    pub fn next_end(&self) -> Option<(Instant, ScriptId)> {
        let runs = (0..).map(ScriptId).zip(&self.scripts);
        let ends = runs.filter_map(|(id, model)| model.run.map(|(end, _)| (end, id)));
        ends.min_by_key(|(end, _)| *end)
    }

    /// A run ends: how, by what is true at this moment.
    pub fn end(&mut self, id: ScriptId, params: &ScriptParams) -> Ended {
        let at = usize::from(id.0);
        let model = &mut self.scripts[at];
        let hung = model.run.take().is_some_and(|(_, hung)| hung);
        let good = self.good[at] && !hung;
        let times = match model.row {
            Some((before, times)) if before == good => times + 1,
            _ => 1,
        };
        let first = model.row.replace((good, times)).is_none();
        let enough = match good {
            true => params.rise,
            false => params.fall,
        };
        // The first result decides, but a success does not after `init_fail`.
        if times >= enough || (first && model.level.is_none()) {
            model.level = Some(good);
        }
        match (good, hung) {
            (true, _) => Ended::Exited(0),
            (false, true) => Ended::TimedOut,
            (false, false) => Ended::Exited(1),
        }
    }

    /// What all this makes of an instance; `up` says which interfaces are.
    pub fn expected(
        &self,
        params: &InstanceParams,
        at: usize,
        up: impl Fn(u16) -> bool,
    ) -> Expected {
        let homes = params.addresses.iter().map(|a| a.iface.0);
        let mut expected = Expected {
            failed: !homes.chain([params.iface.0]).all(&up),
            pending: false,
            priority: 0,
        };
        let none = Tracks::default();
        let tracks = params.tracks.as_deref().unwrap_or(&none);
        let mut sum = i64::from(params.priority);
        let mut count = |weight: i16, reverse: bool, good: bool| {
            let sign = if reverse { -1 } else { 1 };
            match weight {
                0 if good == reverse => expected.failed = true,
                w if (w > 0) == good => sum += sign * i64::from(w),
                _ => {}
            }
        };
        for Track {
            id,
            weight,
            reverse,
        } in &tracks.interfaces
        {
            count(*weight, *reverse, up(id.0));
        }
        for Track {
            id,
            weight,
            reverse,
        } in &tracks.scripts
        {
            let model = &self.scripts[usize::from(id.0)];
            let trusted = self.trusting[at] && model.row.is_none();
            match (model.level, weight) {
                // The better of the two: with a reversed weight that is a failure.
                _ if trusted => count(*weight, *reverse, !reverse),
                (Some(good), _) => count(*weight, *reverse, good),
                (None, 0) => expected.pending = true,
                (None, _) => {}
            }
        }
        for Track {
            id,
            weight,
            reverse,
        } in &tracks.files
        {
            let value = i64::from(self.values[usize::from(id.0)]);
            let sign = if *reverse { -1 } else { 1 };
            match sign * value * i64::from(*weight) {
                _ if *weight == 0 => expected.failed |= (value != 0) != *reverse,
                product if product <= -254 => expected.failed = true,
                product => sum += product.min(253),
            }
        }
        expected.priority = match params.priority {
            255 => 255,
            _ => sum.clamp(1, 254) as u8,
        };
        expected
    }
}

/// What a seed adds to a router: scripts, files, and who tracks what. `together`: the members of a
/// group are ranked alike on all routers, so they track the same.
pub fn add_tracks(rng: &mut Rng, params: &mut Params, together: bool, slowest: Span) {
    let lans = params.interfaces.len() as u16;
    params.interfaces.push("aux".into());
    for n in 0..rng.range(1, 2) {
        params.scripts.push(ScriptParams {
            name: format!("s{n}").into(),
            place: Default::default(),
            interval: slowest.times(rng.range(1, 3)),
            timeout: Span::ZERO,
            rise: rng.range(1, 3) as u32,
            fall: rng.range(1, 3) as u32,
            init_fail: rng.once_in(6),
        });
    }
    params.files.push(holdfast::vrrp::FileParams {
        name: "f".into(),
        place: Default::default(),
        path: "/run/f".into(),
        initial: None,
        overwrite: false,
    });
    let mut shared = None;
    for at in 0..params.instances.len() {
        let fresh = shared.take().filter(|_| together);
        let tracks = fresh.unwrap_or_else(|| tracks(rng, params, at, lans));
        params.instances[at].tracks =
            (!rng.once_in(6) || together).then(|| Box::new(tracks.clone()));
        shared = Some(tracks);
    }
}

/// Whether a router means this of its tracks without weight: they must not contradict each other, or
/// nothing would suit all instances.
fn zero_reverse(params: &Params, weight: i16, id: u16, rng: &mut Rng) -> bool {
    if weight != 0 {
        return rng.once_in(3);
    }
    params.scripts[0].rise == 1 + u32::from(id % 2)
}

fn tracks(rng: &mut Rng, params: &Params, at: usize, lans: u16) -> Tracks {
    let owner = params.instances[at].priority == 255;
    let own = params.instances[at].iface.0;
    // An owner tracks without weights; the configuration sees to that.
    let weight = |rng: &mut Rng| match rng.below(if owner { 1 } else { 3 }) {
        0 => 0,
        1 => rng.range(1, 60) as i16,
        _ => -(rng.range(1, 60) as i16),
    };
    let mut tracks = Tracks::default();
    // Both LANs are up in the end: an interface of theirs is not tracked in reverse.
    for lan in (0..lans).filter(|&lan| lan != own) {
        let weight = weight(rng);
        tracks
            .interfaces
            .push(track(holdfast::vrrp::IfaceId(lan), weight, false));
    }
    if rng.once_in(2) {
        let (id, weight) = (holdfast::vrrp::IfaceId(lans), weight(rng));
        let reverse = zero_reverse(params, weight, 0, rng);
        tracks.interfaces.push(track(id, weight, reverse));
    }
    for id in (0..params.scripts.len() as u16).map(ScriptId) {
        if !rng.once_in(4) {
            let weight = weight(rng);
            let reverse = zero_reverse(params, weight, id.0, rng);
            tracks.scripts.push(track(id, weight, reverse));
        }
    }
    if rng.once_in(2) {
        let weight = weight(rng) / 20;
        let reverse = zero_reverse(params, weight, 1, rng);
        let id = holdfast::vrrp::FileId(0);
        tracks.files.push(track(id, weight, reverse));
    }
    tracks
}

fn track<Id>(id: Id, weight: i16, reverse: bool) -> Track<Id> {
    Track {
        id,
        weight,
        reverse,
    }
}

/// A level that may change.
pub fn any_level(rng: &mut Rng, params: &Params) -> Level {
    match rng.below(3) {
        0 => Level::Aux(rng.once_in(2)),
        1 => Level::Script(
            rng.below(params.scripts.len() as u64) as usize,
            rng.once_in(2),
        ),
        _ => Level::File(0, rng.pick(&[0, 0, 1, -1, 10, -20, 127, -300, i32::MAX])),
    }
}

/// Levels with which nothing is a fault.
pub fn sound_levels(params: &Params) -> Vec<Level> {
    let all = || params.instances.iter().filter_map(|i| i.tracks.as_deref());
    let aux = params.interfaces.len() - 1;
    let reverse = all()
        .flat_map(|t| &t.interfaces)
        .any(|t| usize::from(t.id.0) == aux && t.weight == 0 && t.reverse);
    let mut levels = vec![Level::Aux(!reverse)];
    for at in 0..params.scripts.len() {
        let mut scripts = all().flat_map(|t| &t.scripts);
        let reverse = scripts.any(|t| usize::from(t.id.0) == at && t.weight == 0 && t.reverse);
        levels.push(Level::Script(at, !reverse));
    }
    let mut files = all().flat_map(|t| &t.files);
    let reverse = files.any(|t| t.weight == 0 && t.reverse);
    levels.push(Level::File(0, i32::from(reverse)));
    levels
}
