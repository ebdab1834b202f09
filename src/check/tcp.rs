//! TCP_CHECK: the connection comes about. The probe to read first.

use super::Got;
use super::probe::{Ask, Cx, Outcome, Step, refused};

/// One try: nothing to remember.
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
}
