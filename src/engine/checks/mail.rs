//! Mail about virtual and real servers.

use super::Checks;
use crate::check::Change;
use crate::engine::exec::mail::Post;
use crate::time::Instant;

impl Checks {
    /// Writes about a change what keepalived writes: of a quorum at once, of a real server when the
    /// checker that moved it has had its word, of each other checker too unless `no_checker_emails`.
    pub(super) fn write(&mut self, change: Change, post: &mut Post, now: Instant) {
        let params = self.room.params();
        let wanted = |real: crate::check::RealId| {
            let of = self.reals.get(usize::from(real.0));
            of.is_some_and(|r| r.smtp_alert)
        };
        let about = match change {
            Change::Quorum { service, .. } => {
                let of = self.services.get(usize::from(service.0));
                of.is_some_and(|s| s.smtp_alert).then_some(change)
            }
            Change::Real { by: Some(by), .. } => {
                self.moved = Some(by);
                None
            }
            // Nobody found out: it goes with the daemon or the configuration.
            Change::Real { real, up, by: None } => (!up && wanted(real)).then_some(change),
            Change::Checker { checker, .. } => {
                let moved = self.moved.take() == Some(checker);
                let of = params.checkers.get(usize::from(checker.0));
                let real = of.map(|c| c.real);
                let told = moved || !post.mail().no_checkers;
                real.filter(|real| told && wanted(*real)).map(|real| {
                    // The subject says how the real server is, whatever this checker says.
                    let up = self.room.real(real).is_some_and(|r| r.alive);
                    let by = Some(checker);
                    Change::Real { real, up, by }
                })
            }
        };
        if let Some(about) = about {
            let (subject, body) = (params.subject(about), params.body(change));
            post.write(&subject.to_string(), &body.to_string(), now);
        }
    }
}
