//! The parent process that restarts a dead or silent worker.
//!
//! It holds no configuration and no socket but the log's: it forks the worker, passes signals on,
//! looks at the heartbeat word of the shared page, and waits in one poll. How the new worker takes
//! its predecessor's place is written in the rest of the page, which is never cleared.

mod backoff;
mod parent;

pub use backoff::Backoff;

use crate::engine::exec::log as journal;
use crate::sys::process;
use crate::sys::shared::Page;
use crate::sys::signal::{self, Signal};
use crate::time::Span;
use parent::{Parent, Turn};
use std::io;

/// The page word a worker changes at least once a second while its loop turns.
pub const HEARTBEAT: usize = 0;
/// A worker silent for this long is killed and replaced.
pub const SILENCE: Span = Span::from_secs(5);
/// A new worker has this long until its first heartbeat: it reads the configuration first.
pub const START_SILENCE: Span = Span::from_secs(30);
/// How long a worker may take to stop in order before it is killed.
pub const STOP_GRACE: Span = Span::from_secs(5);
/// How long the last log lines may take at exit.
const FLUSH: Span = Span::from_millis(50);

/// What the command line has to say about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// `-R`: a worker's death stops the daemon.
    pub no_respawn: bool,
    /// `--ignore-sigint`
    pub ignore_sigint: bool,
    /// `child_wait_time`: microseconds the worker may take to stop; `None`: [`STOP_GRACE`].
    pub stop_grace: Option<u64>,
    /// A worker that runs already, a child of the caller: the first one, generation 0.
    pub first: Option<i32>,
    /// Whether, by the page, a dead worker left addresses behind. `None`: they are to stay (`-V`).
    pub left_behind: Option<fn(&Page) -> bool>,
}

/// What a worker is told.
#[derive(Clone, Copy, Debug)]
pub struct WorkerContext<'a> {
    /// The page; a former worker's words are still in it, [`HEARTBEAT`] is 0.
    pub page: &'a Page,
    /// 0 for the first worker, then 1, 2, …
    pub generation: u32,
}

impl WorkerContext<'_> {
    /// The loop turns.
    pub fn beat(&self) {
        self.page
            .set(HEARTBEAT, self.page.get(HEARTBEAT).wrapping_add(1).max(1));
    }
}

/// Runs workers until told to stop, and answers with the daemon's exit status.
///
/// `worker` is called in each forked child, with the signals of [`signal::block`] blocked; what it
/// returns becomes the child's exit status (1, 2 and 4 stop the daemon with the same status). The
/// child never returns from here. Fails only before the first fork.
pub fn run(
    options: Options,
    page: &Page,
    mut worker: impl FnMut(WorkerContext<'_>) -> i32,
) -> io::Result<i32> {
    signal::block()?;
    if let Err(error) = process::subreaper() {
        log::warn!("cannot adopt orphans of scripts: {error}");
    }
    let mut parent = Parent::new(options, *page)?;
    loop {
        match parent.turn() {
            Turn::Again => {}
            Turn::Done(status) => {
                journal::flush_for(FLUSH);
                return Ok(status);
            }
            Turn::Worker {
                generation,
                parent: id,
            } => {
                // The parent's descriptors are no business of the worker.
                drop(parent);
                journal::after_fork();
                if !process::pdeathsig(Signal::Term.number(), id).unwrap_or(true) {
                    process::exit(0);
                }
                let status = worker(WorkerContext { page, generation });
                journal::flush_for(FLUSH);
                process::exit(status)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_is_never_the_silent_value() {
        let page = Page::new(4).unwrap();
        let context = WorkerContext {
            page: &page,
            generation: 0,
        };
        page.set(HEARTBEAT, u32::MAX);
        context.beat();
        assert_eq!(page.get(HEARTBEAT), 1);
        context.beat();
        assert_eq!(page.get(HEARTBEAT), 2);
    }
}
