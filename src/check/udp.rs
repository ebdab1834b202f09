//! UDP_CHECK. So far: the socket opens.

use super::Got;
use super::probe::{Ask, Cx, Outcome, Step, refused};

/// One try.
#[derive(Default)]
pub(super) struct Try;

impl Try {
    pub fn start(&mut self, _: &mut Cx<'_>) -> Step {
        Step::Wait(Ask::Open)
    }

    pub fn got(&mut self, got: Got<'_>, _: &mut Cx<'_>) -> Step {
        match got {
            Got::Connected => Step::Done(Outcome::Pass),
            _ => refused(got).unwrap_or(Step::Wait(Ask::More)),
        }
    }

    /// Without `require_reply`, silence is what was hoped for.
    pub fn timeout(&mut self, _: &mut Cx<'_>) -> Outcome {
        Outcome::Pass
    }
}
