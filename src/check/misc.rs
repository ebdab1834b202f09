//! MISC_CHECK: a program; its exit status is the verdict, or a weight.

use super::probe::{Ask, Cx, Outcome, Step, refused};
use super::{Got, Probe, Why};

/// One run: nothing to remember.
pub(super) struct Try;

impl Try {
    pub fn start(&mut self, _: &mut Cx<'_>) -> Step {
        Step::Wait(Ask::Spawn)
    }

    pub fn got(&mut self, got: Got<'_>, cx: &mut Cx<'_>) -> Step {
        let dynamic = matches!(cx.params.probe, Probe::Misc { dynamic: true, .. });
        Step::Done(match got {
            // Compat: 0 leaves the weight at what is configured, 2 to 255 make it status - 2.
            Got::Exited(0) if dynamic => Outcome::Weight(0),
            Got::Exited(0) => Outcome::Pass,
            Got::Exited(status) if dynamic && status >= 2 => {
                Outcome::Weight((i32::from(status) - 2).saturating_sub(cx.weight))
            }
            Got::Exited(status) => Outcome::Fail(Why::Exit(status)),
            Got::Signaled(signal) => Outcome::Fail(Why::Signal(signal)),
            _ => return refused(got).unwrap_or(Step::Wait(Ask::More)),
        })
    }
}
