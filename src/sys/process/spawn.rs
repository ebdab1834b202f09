//! Starts programs without waiting for them: not even until they have become the program.
//!
//! vfork(2) would stop the loop until the program is loaded, a millisecond or many from a slow
//! flash, and an advert would be late for it. A plain fork of a process as small as the daemon
//! costs less than that. So the child reports into a pipe, which is read when it has ended.

use super::sched::{self, Before};
use crate::sys::signal::{disposition, every, none, set_mask};
use crate::sys::{check, check_len};
use nix::fcntl::OFlag;
use std::ffi::{CStr, CString, OsStr, c_char, c_int};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

/// A program to start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spawn<'a> {
    /// Program and arguments. A program without `/` is looked for in PATH.
    pub argv: &'a [&'a str],
    /// User and group to become; `None`: stay who we are.
    pub user: Option<(u32, u32)>,
    /// Environment variables the program does not get.
    pub without: &'a [&'a str],
}

/// A program on its way: a child that has become it, or soon will, or has failed to.
#[derive(Debug)]
pub struct Started {
    pid: i32,
    /// Where the child writes the error if it cannot become the program.
    report: Option<OwnedFd>,
}

impl Started {
    /// A process that somebody else started.
    pub fn of(pid: i32) -> Self {
        Started { pid, report: None }
    }

    /// Its process id, which is also its process group.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Why it did not become the program; to be asked when it has ended. `None` if it did, and as
    /// long as it still tries.
    pub fn failure(&self) -> Option<io::Error> {
        let mut bytes = [0_u8; 4];
        let fd = self.report.as_ref()?.as_raw_fd();
        // SAFETY: pointer and length describe `bytes`, which outlives the call.
        let read = check_len(unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) });
        matches!(read, Ok(4)).then(|| io::Error::from_raw_os_error(i32::from_ne_bytes(bytes)))
    }
}

/// Starts a program.
///
/// It gets /dev/null three times, default signals, no other descriptor, the priority and processors
/// that we had before we changed ours, and SIGTERM when we die.
/// A file that is no binary and has no `#!` is given to /bin/sh, as `execvp` does. An error here
/// means that no child was made; a child that cannot become the user or the program exits with
/// status 127 and tells [`Started::failure`] why.
pub fn spawn(what: &Spawn<'_>) -> io::Result<Started> {
    let prepared = Prepared::new(what)?;
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    let pid = launch(&prepared.plan(writer.as_raw_fd()))?;
    Ok(Started {
        pid,
        report: Some(reader),
    })
}

/// Starts a process that only opens a file to read it: status 0 if that goes, else 1. In a process
/// of its own, as it may be the user's right that is asked about, and a dead network file system
/// must not stop the loop.
pub fn try_open(path: &str, user: Option<(u32, u32)>) -> io::Result<Started> {
    let path = text(path.as_bytes())?;
    let pid = launch(&Plan {
        opens: path.as_ptr(),
        program: std::ptr::null(),
        argv: std::ptr::null(),
        script: std::ptr::null(),
        env: std::ptr::null(),
        user: user.filter(|user| *user != super::own_user()),
        parent: std::process::id() as c_int,
        report: -1,
        before: sched::before(),
    })?;
    Ok(Started { pid, report: None })
}

/// Everything the child needs, made before it starts: it does not allocate.
struct Prepared {
    program: CString,
    /// Owns what `argv` points to.
    _argv: Vec<CString>,
    argv: Vec<*const c_char>,
    script: Vec<*const c_char>,
    _env: Vec<CString>,
    env: Vec<*const c_char>,
    user: Option<(u32, u32)>,
}

/// What the child is handed: pointers into a [`Prepared`] that outlives it.
struct Plan {
    /// Not null: no program is started, only this file is opened.
    opens: *const c_char,
    program: *const c_char,
    argv: *const *const c_char,
    script: *const *const c_char,
    env: *const *const c_char,
    user: Option<(u32, u32)>,
    parent: c_int,
    report: RawFd,
    /// How it is to run, if we run otherwise ourselves.
    before: Option<&'static Before>,
}

impl Prepared {
    fn new(what: &Spawn<'_>) -> io::Result<Self> {
        let name = *what
            .argv
            .first()
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        let program = find(name)?;
        let argv = what
            .argv
            .iter()
            .map(|a| text(a.as_bytes()))
            .collect::<io::Result<Vec<_>>>()?;
        let mut env = Vec::new();
        for (key, value) in std::env::vars_os() {
            if what.without.iter().any(|name| OsStr::new(name) == key) {
                continue;
            }
            let mut line = key.into_encoded_bytes();
            line.push(b'=');
            line.extend(value.as_bytes());
            env.push(text(&line)?);
        }
        let mut script = vec![SHELL.as_ptr(), program.as_ptr()];
        script.extend(pointers(&argv).into_iter().skip(1));
        // Becoming who we already are would drop groups for nothing, and fails where setgroups
        // is not ours to call.
        let user = what.user.filter(|user| *user != super::own_user());
        Ok(Prepared {
            program,
            argv: pointers(&argv),
            _argv: argv,
            script,
            env: pointers(&env),
            _env: env,
            user,
        })
    }

    fn plan(&self, report: RawFd) -> Plan {
        Plan {
            opens: std::ptr::null(),
            program: self.program.as_ptr(),
            argv: self.argv.as_ptr(),
            script: self.script.as_ptr(),
            env: self.env.as_ptr(),
            user: self.user,
            parent: std::process::id() as c_int,
            report,
            before: sched::before(),
        }
    }
}

fn launch(plan: &Plan) -> io::Result<i32> {
    // A signal must not find the child before it has its defaults back.
    let mut old = none();
    // SAFETY: both sets are initialised and outlive the call.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, &every(), &mut old) })?;
    // SAFETY: the child makes only system calls until it is the program or has ended, so no state
    // that a thread of ours might hold matters to it.
    let pid = check(unsafe { libc::fork() });
    if matches!(pid, Ok(0)) {
        child(plan);
    }
    set_mask(libc::SIG_SETMASK, &old)?;
    let pid = pid?;
    // The child does the same: whoever comes first, its group exists when we return. It may
    // already be the program (EACCES) or gone.
    // SAFETY: takes two numbers and touches no memory.
    unsafe { libc::setpgid(pid, pid) };
    Ok(pid)
}

/// The child: system calls only, no allocation, no lock, no panic, no return.
fn child(plan: &Plan) -> ! {
    let error = become_program(plan).raw_os_error().unwrap_or(libc::EIO);
    let bytes = error.to_ne_bytes();
    // SAFETY: pointer and length describe `bytes`; a failed write leaves the exit status.
    unsafe { libc::write(plan.report, bytes.as_ptr().cast(), bytes.len()) };
    // SAFETY: ends this process and touches no memory.
    unsafe { libc::_exit(127) }
}

/// Returns only on failure, with the reason.
fn become_program(plan: &Plan) -> io::Error {
    if let Err(error) = prepare(plan) {
        return error;
    }
    if !plan.opens.is_null() {
        // As a shell would, but for a FIFO without a writer: that would wait for one.
        let flags = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
        // SAFETY: the path is NUL-terminated and outlives the call.
        let opened = unsafe { libc::open(plan.opens, flags) };
        // SAFETY: ends this process and touches no memory.
        unsafe { libc::_exit((opened < 0).into()) }
    }
    // SAFETY: null-terminated arrays of NUL-terminated strings that outlive the call.
    unsafe { libc::execve(plan.program, plan.argv, plan.env) };
    let error = io::Error::last_os_error();
    if error.raw_os_error() == Some(libc::ENOEXEC) {
        // SAFETY: as above.
        unsafe { libc::execve(SHELL.as_ptr(), plan.script, plan.env) };
    }
    error
}

fn prepare(plan: &Plan) -> io::Result<()> {
    // SAFETY: takes two numbers: a process group of its own, named after it.
    check(unsafe { libc::setpgid(0, 0) })?;
    // SAFETY: the path is NUL-terminated.
    let null = check(unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) })?;
    for fd in 0..3 {
        if fd == null {
            // It came out as one of the three: dup2 onto itself would keep close-on-exec.
            // SAFETY: takes three numbers.
            check(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) })?;
        } else {
            // SAFETY: takes two numbers; this process has a descriptor table of its own.
            check(unsafe { libc::dup2(null, fd) })?;
        }
    }
    close_strays(plan.report);
    // Before the change of user, who may not do that.
    if let Some(before) = plan.before {
        before.restore();
    }
    if let Some((uid, gid)) = plan.user {
        become_user(uid, gid)?;
    }
    // After the change of user, which clears it.
    // SAFETY: PR_SET_PDEATHSIG takes a number and touches no memory.
    check(unsafe {
        libc::prctl(
            libc::PR_SET_PDEATHSIG,
            libc::SIGTERM as libc::c_ulong,
            0,
            0,
            0,
        )
    })?;
    // SAFETY: takes nothing and touches no memory.
    if unsafe { libc::getppid() } != plan.parent {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    for signal in 1..=libc::SIGRTMAX() {
        // KILL, STOP and the C library's own refuse; that is their default anyway.
        let _ = disposition(signal, libc::SIG_DFL);
    }
    set_mask(libc::SIG_SETMASK, &none())
}

/// Everything from 3 on but the report goes, and now: until exec, or as long as a dead file system
/// holds it, the child would hold our locks and listen at our sockets, and who takes our place when
/// we are killed would find them taken.
fn close_strays(report: RawFd) {
    const LAST: libc::c_uint = libc::c_uint::MAX;
    let report = libc::c_uint::try_from(report).unwrap_or(0).max(2);
    let mut done = true;
    for (first, last) in [(3, report.saturating_sub(1)), (report + 1, LAST)] {
        if first <= last {
            // SAFETY: takes three numbers; this process has a descriptor table of its own.
            done &= unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0;
        }
    }
    if done {
        return;
    }
    // Kernels before 5.9: one by one, as far as a careless starter is likely to have got.
    for fd in (3..256).filter(|fd| libc::c_uint::try_from(*fd) != Ok(report)) {
        // SAFETY: takes a number; a descriptor that is not open is an error we ignore.
        unsafe { libc::close(fd) };
    }
}

/// Groups, group, user, for good. Bare system calls: the C library's versions would try to tell
/// threads that this process does not have.
fn become_user(uid: u32, gid: u32) -> io::Result<()> {
    let gid_pointer = std::ptr::from_ref(&gid);
    // SAFETY: one group id, and the pointer to it outlives the call.
    bare(unsafe { libc::syscall(SETGROUPS, 1, gid_pointer) })?;
    // SAFETY: takes three numbers.
    bare(unsafe { libc::syscall(SETRESGID, gid, gid, gid) })?;
    // SAFETY: takes three numbers.
    bare(unsafe { libc::syscall(SETRESUID, uid, uid, uid) })
}

fn bare(returned: libc::c_long) -> io::Result<()> {
    if returned < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// The file behind a program's name: itself with a `/`, else the first executable in PATH.
fn find(name: &str) -> io::Result<CString> {
    if name.contains('/') {
        return text(name.as_bytes());
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into());
    for folder in path
        .as_bytes()
        .split(|b| *b == b':')
        .filter(|folder| !folder.is_empty())
    {
        let file = text(&[folder, b"/", name.as_bytes()].concat())?;
        if nix::unistd::access(file.as_c_str(), nix::unistd::AccessFlags::X_OK).is_ok()
            && !name.is_empty()
        {
            return Ok(file);
        }
    }
    Err(io::Error::from_raw_os_error(libc::ENOENT))
}

fn text(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|s| s.as_ptr())
        .chain([std::ptr::null()])
        .collect()
}

const SHELL: &CStr = c"/bin/sh";

#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
use libc::{SYS_setgroups as SETGROUPS, SYS_setresgid as SETRESGID, SYS_setresuid as SETRESUID};
#[cfg(any(target_arch = "x86", target_arch = "arm"))]
use libc::{
    SYS_setgroups32 as SETGROUPS, SYS_setresgid32 as SETRESGID, SYS_setresuid32 as SETRESUID,
};

#[cfg(test)]
mod tests;
