//! When and where this process runs, what of it stays in memory, and what it is called.

use crate::sys::check;
use crate::sys::signal::disposition;
use std::ffi::{CString, c_int, c_ulong};
use std::io;
use std::sync::OnceLock;

/// Bits of one word of a processor set.
const WORD: usize = c_ulong::BITS as usize;
/// Processors a set of this size can name.
const CPUS: usize = 1024;

/// A processor set as the kernel's simple interface takes it.
type Set = [c_ulong; CPUS / WORD];

/// How this process ran before it was told otherwise: how the programs that it starts are to run.
/// (SCHED_RR and mlockall end with the fork.)
#[derive(Debug)]
pub(super) struct Before {
    nice: Option<c_int>,
    set: Option<Set>,
    realtime: libc::rlimit,
}

static BEFORE: OnceLock<Before> = OnceLock::new();

/// To be called before the first change of nice value, processors or limits. Programs started later
/// get what there was at the first call.
pub fn remember() {
    BEFORE.get_or_init(|| {
        // SAFETY: takes two numbers and touches no memory. The bare call: 20 - the nice value.
        let nice = unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, 0) };
        let mut set: Set = [0; CPUS / WORD];
        let (len, pointer) = (size_of_val(&set), set.as_mut_ptr());
        // SAFETY: length and pointer describe `set`, which outlives the call.
        let filled = unsafe { libc::syscall(libc::SYS_sched_getaffinity, 0, len, pointer) };
        let mut realtime = libc::rlimit {
            rlim_cur: libc::RLIM_INFINITY,
            rlim_max: libc::RLIM_INFINITY,
        };
        // SAFETY: the pointer is to a struct that outlives the call. On failure it stays unlimited.
        unsafe { libc::getrlimit(libc::RLIMIT_RTTIME, &raw mut realtime) };
        Before {
            nice: (nice > 0).then(|| 20 - nice as c_int),
            set: (filled > 0).then_some(set),
            realtime,
        }
    });
}

/// What [`remember`] found, if it was called.
pub(super) fn before() -> Option<&'static Before> {
    BEFORE.get()
}

impl Before {
    /// In a child that is to become another program: system calls only. What is refused stays as
    /// it is; the program matters more.
    pub(super) fn restore(&self) {
        if let Some(nice) = self.nice {
            let _ = super::nice(nice);
        }
        if let Some(set) = &self.set {
            let _ = run_on(set);
        }
        // SAFETY: the pointer is to a struct that outlives the call.
        unsafe { libc::setrlimit(libc::RLIMIT_RTTIME, &raw const self.realtime) };
    }
}

/// Keeps all of this process in memory, now and later (mlockall(2)).
pub fn lock_memory() -> io::Result<()> {
    // SAFETY: takes flags and touches no memory of ours.
    check(unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) })?;
    Ok(())
}

/// Runs before all normal processes from now on (SCHED_RR, 1..=99); children do not.
pub fn round_robin(priority: u8) -> io::Result<()> {
    // struct sched_param of the kernel: one int. Not every C library has a wrapper that works.
    let param: c_int = priority.into();
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    let pointer = &raw const param;
    // SAFETY: the pointer is to the int the kernel reads, which outlives the call.
    let done = unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, pointer) };
    check(c_int::from(done != 0).saturating_neg())?;
    Ok(())
}

/// Limits the processor time between two waits of a process that runs first (RLIMIT_RTTIME), in
/// microseconds; SIGXCPU ends one that exceeds it. Only the soft limit: a hard one could not be
/// lifted again for the programs that are started.
pub fn limit_realtime(micros: u32) -> io::Result<()> {
    disposition(libc::SIGXCPU, libc::SIG_DFL)?;
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a struct that outlives the call.
    check(unsafe { libc::getrlimit(libc::RLIMIT_RTTIME, &raw mut limit) })?;
    limit.rlim_cur = libc::rlim_t::from(micros).min(limit.rlim_max);
    // SAFETY: the pointer is to a struct that outlives the call.
    check(unsafe { libc::setrlimit(libc::RLIMIT_RTTIME, &raw const limit) })?;
    Ok(())
}

/// Runs on these processors only.
pub fn affinity(cpus: &[u16]) -> io::Result<()> {
    let mut set: Set = [0; CPUS / WORD];
    for cpu in cpus.iter().map(|c| usize::from(*c)) {
        if let Some(word) = set.get_mut(cpu / WORD) {
            *word |= 1 << (cpu % WORD);
        }
    }
    run_on(&set)
}

fn run_on(set: &Set) -> io::Result<()> {
    let (len, pointer) = (size_of_val(set), set.as_ptr());
    // SAFETY: length and pointer describe `set`, which outlives the call.
    let done = unsafe { libc::syscall(libc::SYS_sched_setaffinity, 0, len, pointer) };
    check(c_int::from(done != 0).saturating_neg())?;
    Ok(())
}

/// What this process is called in `ps` and /proc/PID/comm; at most 15 bytes count.
pub fn rename(name: &str) -> io::Result<()> {
    let name = CString::new(name)?;
    // SAFETY: the pointer is to a C string that outlives the call.
    check(unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_without_processors_is_refused() {
        assert_eq!(
            affinity(&[]).map_err(|e| e.raw_os_error()),
            Err(Some(libc::EINVAL))
        );
    }

    #[test]
    fn a_name_is_seen_by_others() {
        let named = std::thread::spawn(|| {
            rename("a-name-of-18-bytes").unwrap();
            std::fs::read_to_string("/proc/thread-self/comm").unwrap()
        });
        assert_eq!(named.join().unwrap(), "a-name-of-18-by\n");
    }
}
