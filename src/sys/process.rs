//! Processes: fork, leave the terminal, reap, kill, limits. Starting programs is in [`spawn`].

mod promise;
pub mod sched;
mod spawn;

pub use promise::{Promise, Promised, promise};
pub use spawn::{Spawn, Started, spawn, try_open};

use crate::sys::check;
use crate::time::Instant;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, Pid};
use std::io;

/// Which side of a fork one is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The old process, with the child's id.
    Parent(i32),
    /// The new process.
    Child,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this status, 0..=255.
    Status(i32),
    /// This signal killed it.
    Signal(i32),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "exited with status {status}"),
            Exit::Signal(signal) => write!(f, "was killed by signal {signal}"),
        }
    }
}

/// Splits the process in two. The daemon is single-threaded, so the child may do anything.
/// The signal mask, descriptors and shared pages are inherited; pending signals are not.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: the daemon has one thread; no lock can be held by a thread that the child lacks.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Fork::Parent(child.as_raw())),
        ForkResult::Child => Ok(Fork::Child),
    }
}

/// A session of its own, which a terminal that closes does not end. It can still be written to.
pub fn leave_session() -> io::Result<()> {
    nix::unistd::setsid()?;
    Ok(())
}

/// What a daemon does once it has started: `/` as working directory so that no file system is kept
/// busy, /dev/null as standard input, output and error. What is to be said to the terminal must have
/// been said.
pub fn leave_terminal() -> io::Result<()> {
    nix::unistd::chdir("/")?;
    null_stdio()
}

/// Points standard input, output and error at /dev/null.
fn null_stdio() -> io::Result<()> {
    let null = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    Ok(())
}

/// This process's id.
pub fn pid() -> i32 {
    std::process::id() as i32
}

/// The parent's process id; 1 (or a subreaper's) once the parent is gone.
pub fn parent() -> i32 {
    nix::unistd::getppid().as_raw()
}

/// Effective user and group.
pub fn own_user() -> (u32, u32) {
    (
        nix::unistd::geteuid().as_raw(),
        nix::unistd::getegid().as_raw(),
    )
}

/// Asks for `signal` when the parent dies, and says whether `parent` still is the parent (it may
/// have died before the request).
pub fn pdeathsig(signal: i32, parent: i32) -> io::Result<bool> {
    // SAFETY: PR_SET_PDEATHSIG takes a number and touches no memory.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong, 0, 0, 0) })?;
    Ok(self::parent() == parent)
}

/// Orphaned grandchildren become our children and are reaped here.
pub fn subreaper() -> io::Result<()> {
    Ok(nix::sys::prctl::set_child_subreaper(true)?)
}

/// The next child that has ended, without waiting. Call until `None`.
pub fn reap() -> Option<(i32, Exit)> {
    let mut status = 0;
    // SAFETY: the pointer is to an int that outlives the call. (nix's waitpid fails on a child
    // killed by a real-time signal, after having reaped it.)
    let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
    if pid <= 0 {
        return None;
    }
    Some((pid, exit_of(status)))
}

/// Waits a little.
fn pause() {
    let _ = crate::sys::poll::wait(&[], Some(crate::time::Span::from_millis(5)));
}

/// Waits for one child to end, until then; `None`: it goes on. Only before or after the loop turns.
pub fn wait_until(pid: i32, until: Instant) -> io::Result<Option<Exit>> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to an int that outlives the call.
        match check(unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) }) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
            Ok(0) if crate::sys::now() >= until => return Ok(None),
            Ok(0) => pause(),
            Ok(_) => return Ok(Some(exit_of(status))),
        }
    }
}

/// How one child has ended, without waiting: for tests, which share a process.
#[cfg(test)]
pub fn reap_one(pid: i32) -> Option<Exit> {
    let mut status = 0;
    // SAFETY: the pointer is to an int that outlives the call.
    let waited = unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) };
    (waited == pid).then(|| exit_of(status))
}

/// Waits for one child to end. Only before the loop turns: nothing else may wait.
pub fn wait(pid: i32) -> io::Result<Exit> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to an int that outlives the call.
        match check(unsafe { libc::waitpid(pid, &mut status, 0) }) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
            Ok(_) => return Ok(exit_of(status)),
        }
    }
}

fn exit_of(status: i32) -> Exit {
    if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Status(libc::WEXITSTATUS(status))
    }
}

/// Sends a signal to a process. Ids below 2 are refused: they mean groups, everybody or init.
pub fn kill(pid: i32, signal: i32) -> io::Result<()> {
    send(pid, pid, signal)
}

/// Sends a signal to every process of a group.
pub fn kill_group(group: i32, signal: i32) -> io::Result<()> {
    send(group, group.saturating_neg(), signal)
}

/// Whether a process group has a process, be it a zombie that nobody has waited for.
pub fn group_alive(group: i32) -> bool {
    // EPERM: there is one, of somebody else.
    match kill_group(group, 0) {
        Ok(()) => true,
        Err(e) => e.raw_os_error() == Some(libc::EPERM),
    }
}

fn send(id: i32, target: i32, signal: i32) -> io::Result<()> {
    if id < 2 {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: takes two numbers and touches no memory.
    check(unsafe { libc::kill(target, signal) })?;
    Ok(())
}

/// Whether a process with this id exists (it may belong to somebody else).
pub fn alive(pid: i32) -> bool {
    !matches!(
        nix::sys::signal::kill(Pid::from_raw(pid), None),
        Err(nix::errno::Errno::ESRCH)
    )
}

/// Sets this process's nice value, -20..=19.
pub fn nice(value: i32) -> io::Result<()> {
    // SAFETY: takes three numbers and touches no memory.
    check(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, value) })?;
    Ok(())
}

/// Sets the file creation mask (`-u`), permission bits only.
pub fn umask(mask: u32) {
    nix::sys::stat::umask(Mode::from_bits_truncate(mask & 0o777));
}

/// Allows core dumps of any size (`-m`): unlimited, else as far as the hard limit lets us.
pub fn core_unlimited() -> io::Result<()> {
    let infinite = libc::RLIM_INFINITY;
    if setrlimit(Resource::RLIMIT_CORE, infinite, infinite).is_ok() {
        return Ok(());
    }
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    Ok(setrlimit(Resource::RLIMIT_CORE, hard, hard)?)
}

/// Lets this process open `wanted` descriptors, if it may; more than that stays as it is.
pub fn descriptors(wanted: usize) -> io::Result<()> {
    let wanted = nix::libc::rlim_t::try_from(wanted).unwrap_or(libc::RLIM_INFINITY);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= wanted {
        return Ok(());
    }
    if hard < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, wanted).is_ok() {
        return Ok(());
    }
    Ok(setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard)?)
}

/// How many descriptors this process may have open.
pub fn descriptor_limit() -> usize {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    usize::try_from(soft).unwrap_or(usize::MAX)
}

/// What the kernel must allow (linux/capability.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// CAP_NET_ADMIN: addresses, filters.
    NetAdmin = 12,
    /// CAP_NET_RAW: raw and packet sockets.
    NetRaw = 13,
}

/// Whether this process has a capability in effect. `true` where the kernel does not say: then the
/// call that needs it will.
pub fn may(capability: Capability) -> bool {
    // struct __user_cap_header_struct: version 3 (two words of each set), our own process.
    let header: [u32; 2] = [0x2008_0522, 0];
    // struct __user_cap_data_struct, twice: effective, permitted, inheritable.
    let mut data = [0_u32; 6];
    let (head, body) = (header.as_ptr(), data.as_mut_ptr());
    // SAFETY: version 3 reads two words from the first pointer and writes six to the second; both
    // arrays are that long and outlive the call.
    let done = unsafe { libc::syscall(libc::SYS_capget, head, body) };
    done != 0 || data[0] & (1 << capability as u32) != 0
}

/// Ends the process now, running no destructors: the only way out of a forked child.
pub fn exit(status: i32) -> ! {
    std::process::exit(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_ids_are_refused() {
        for pid in [i32::MIN, -1, 0, 1] {
            assert_eq!(kill(pid, 0).unwrap_err().raw_os_error(), Some(libc::EINVAL));
            assert_eq!(
                kill_group(pid, 0).unwrap_err().raw_os_error(),
                Some(libc::EINVAL)
            );
        }
        assert!(alive(std::process::id() as i32));
    }

    #[test]
    fn descriptors_are_only_ever_added() {
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        descriptors(1).unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (soft, hard));
        descriptors(soft as usize + 1).ok();
        assert!(getrlimit(Resource::RLIMIT_NOFILE).unwrap().0 >= soft);
    }

    #[test]
    fn capabilities_are_what_proc_says() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("CapEff:"));
        let effective = u64::from_str_radix(line.unwrap().trim(), 16).unwrap();
        for capability in [Capability::NetAdmin, Capability::NetRaw] {
            assert_eq!(
                may(capability),
                effective >> capability as u32 & 1 != 0,
                "{capability:?}"
            );
        }
    }

    #[test]
    fn exits_read_well() {
        assert_eq!(Exit::Status(3).to_string(), "exited with status 3");
        assert_eq!(Exit::Signal(9).to_string(), "was killed by signal 9");
    }
}
