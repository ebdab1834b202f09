//! What goes on around the run: settings of the worker, scripts before the start and after the end.

use super::outside::plain;
use crate::config::Process;
use crate::notify::Script;
use crate::sys;
use crate::sys::process::{Exit, Spawn, sched};
use crate::sys::signal::Signal;
use crate::time::Span;
use std::io;

/// What scripts do not get of our environment: what keepalived keeps back, and what is between a
/// service manager and us.
pub(super) const WITHOUT: [&str; 6] = [
    "IFS",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];
/// The number of SIGKILL everywhere.
const SIGKILL: i32 = 9;
/// Between SIGTERM and SIGKILL.
const GRACE: Span = Span::from_secs(2);

/// How this process, the worker, is to run. What is refused is said; the worker runs without it.
pub fn prepare(p: &Process, umask_given: bool) {
    let said = |what: &str, done: io::Result<()>| {
        if let Err(e) = done {
            log::warn!("cannot set {what}: {}", plain(&e));
        }
    };
    sched::remember();
    if let Some(mask) = p.umask.filter(|_| !umask_given) {
        sys::process::umask(mask.into());
    }
    if let Some(name) = &p.worker_name {
        said("vrrp_process_name", sched::rename(name));
    }
    if !p.cpus.is_empty() {
        said("vrrp_cpu_affinity", sched::affinity(&p.cpus));
    }
    if let Some(nice) = p.nice {
        said("vrrp_priority", sys::process::nice(nice.into()));
    }
    if let Some(us) = p.rttime {
        said("vrrp_rlimit_rttime", sched::limit_realtime(us));
    }
    if let Some(priority) = p.realtime {
        said("vrrp_rt_priority", sched::round_robin(priority));
    }
    if p.no_swap {
        said("vrrp_no_swap", sched::lock_memory());
    }
}

/// Runs `startup_script` or `shutdown_script` and waits for it.
pub fn script(what: &str, script: Option<&(Script, Span)>) {
    let Some((script, limit)) = script else {
        return;
    };
    let argv: Vec<&str> = script.argv.iter().map(|w| &**w).collect();
    let started = sys::process::spawn(&Spawn {
        argv: &argv,
        user: script.user.map(|u| (u.uid, u.gid)),
        without: &WITHOUT,
    });
    let started = match started {
        Ok(started) => started,
        Err(e) => {
            log::error!("cannot start {what}: {}", plain(&e));
            return;
        }
    };
    let pid = started.pid();
    let mut ended = sys::process::wait_until(pid, sys::now() + *limit);
    for (signal, grace) in [(Signal::Term.number(), GRACE), (SIGKILL, GRACE)] {
        if matches!(ended, Ok(None)) {
            if signal == Signal::Term.number() {
                log::warn!("{what} did not end within {limit} s: stopped");
            }
            // It may have ended meanwhile.
            let _ = sys::process::kill_group(pid, signal);
            ended = sys::process::wait_until(pid, sys::now() + grace);
        }
    }
    match (ended, started.failure()) {
        (_, Some(e)) => log::error!("cannot run {what}: {}", plain(&e)),
        (Ok(Some(Exit::Status(0)) | None), None) => {}
        (Ok(Some(exit)), None) => log::warn!("{what} {exit}"),
        (Err(e), None) => log::warn!("cannot wait for {what}: {}", plain(&e)),
    }
}
