//! When and where this process runs, what of it stays in memory, and what it is called.

use crate::sys::check;
use std::ffi::{CString, c_int, c_ulong};
use std::io;

/// Bits of one word of a processor set.
const WORD: usize = c_ulong::BITS as usize;
/// Processors a set of this size can name.
const CPUS: usize = 1024;

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
/// microseconds; SIGXCPU ends one that exceeds it.
pub fn limit_realtime(micros: u32) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: micros.into(),
        rlim_max: micros.into(),
    };
    // SAFETY: the pointer is to a struct that outlives the call.
    check(unsafe { libc::setrlimit(libc::RLIMIT_RTTIME, &raw const limit) })?;
    Ok(())
}

/// Runs on these processors only.
pub fn affinity(cpus: &[u16]) -> io::Result<()> {
    let mut set: [c_ulong; CPUS / WORD] = [0; CPUS / WORD];
    for cpu in cpus.iter().map(|c| usize::from(*c)) {
        if let Some(word) = set.get_mut(cpu / WORD) {
            *word |= 1 << (cpu % WORD);
        }
    }
    let (len, pointer) = (size_of_val(&set), set.as_ptr());
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
