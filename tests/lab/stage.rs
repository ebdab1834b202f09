//! How a process gets into namespaces of its own: it starts itself again, once per step.
//!
//! * `enter` leaves the machine's namespaces (a user namespace first where it is not root);
//! * `init` is process 1 in there: mounts, then reaps whatever daemons leave behind;
//! * `main` runs the work itself, in what will be the switch's namespace;
//! * `hold` keeps one router's or client's namespaces alive;
//! * `in` runs a command inside those of a holder.
//!
//! Each step dies with its parent, and process 1 takes every other one along: nothing is left on
//! the machine, however the work ends.

use super::SKIP_STATUS;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{getegid, geteuid};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio, exit};

/// First argument of a process started by this module.
pub const STAGE: &str = "--lab-stage";

/// Where a lab keeps its files: a tmpfs nobody outside sees.
pub const DIR: &str = "/run/lab";

/// A command that runs this program again at a step.
pub fn stage(step: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(STAGE).arg(step).args(arguments);
    command
}

/// To be called first of all in `main`. Returns unless this process is a step;
/// `work` is called with the arguments of `main`'s step and its result is the exit status.
pub fn dispatch(work: impl FnOnce(&[&str]) -> i32) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [flag, step, rest @ ..] = arguments.as_slice() else {
        return;
    };
    if *flag != STAGE {
        return;
    }
    set_pdeathsig(Signal::SIGKILL).expect("PR_SET_PDEATHSIG");
    exit(match *step {
        "enter" => enter(rest),
        "init" => init(rest),
        "main" if *rest == ["nothing"] => 0,
        "main" => work(rest),
        "hold" => hold(rest),
        "in" => within(rest),
        other => panic!("no such step: {other}"),
    })
}

fn enter(rest: &[&str]) -> i32 {
    let (uid, gid) = (geteuid(), getegid());
    if !uid.is_root() {
        if let Err(e) = unshare(CloneFlags::CLONE_NEWUSER) {
            return skip(&format!(
                "not root, and this system allows no user namespace ({e}): \
                 run as root, or allow them (sysctl kernel.unprivileged_userns_clone=1, \
                 kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces)"
            ));
        }
        let written = fs::write("/proc/self/setgroups", "deny")
            .and_then(|()| fs::write("/proc/self/uid_map", format!("0 {uid} 1")))
            .and_then(|()| fs::write("/proc/self/gid_map", format!("0 {gid} 1")));
        if let Err(e) = written {
            return skip(&format!(
                "a user namespace without rights ({e}): run as root"
            ));
        }
    }
    let flags = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
    if let Err(e) = unshare(flags) {
        return skip(&format!(
            "no network namespace for us ({e}): run as root on a full kernel"
        ));
    }
    let status = stage("init", rest).status().expect("starting process 1");
    status.code().unwrap_or(1)
}

/// Process 1: private mounts, then the work as a child, and children reaped until it ends.
fn init(rest: &[&str]) -> i32 {
    let none: Option<&str> = None;
    let mounted = mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .and_then(|()| mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none));
    if let Err(e) = mounted {
        return skip(&format!(
            "no mounts of our own ({e}): run it outside this container, or give it CAP_SYS_ADMIN"
        ));
    }
    tmpfs("/run", "mode=755");
    fs::create_dir_all(DIR).expect("the lab's directory");
    fs::create_dir_all("/run/netns").expect("/run/netns");
    private_dev();
    #[expect(
        clippy::zombie_processes,
        reason = "the loop below waits for every child"
    )]
    let child = stage("main", rest).spawn().expect("starting the work");
    loop {
        match wait() {
            Ok(WaitStatus::Exited(pid, status)) if pid.as_raw() as u32 == child.id() => {
                return status;
            }
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid.as_raw() as u32 == child.id() => {
                eprintln!("the work was ended by {signal}");
                return 1;
            }
            Err(nix::errno::Errno::ECHILD) => return 1,
            _ => {}
        }
    }
}

/// One router: its own network and mounts, where /run is `rest[0]`. Lives until stdin closes.
fn hold(rest: &[&str]) -> i32 {
    let none: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("a router's namespaces");
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("private mounts");
    private_dev();
    mount(
        Some(rest[0]),
        "/run",
        none,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        none,
    )
    .expect("its /run");
    let var_run_is_real = fs::symlink_metadata("/var/run").is_ok_and(|m| m.is_dir());
    if var_run_is_real {
        mount(Some("/run"), "/var/run", none, MsFlags::MS_BIND, none).expect("its /var/run");
    }
    for (name, value) in [("all/disable_ipv6", "1"), ("default/disable_ipv6", "1")] {
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{name}"), value);
    }
    println!("ready");
    let _ = std::io::stdout().flush();
    let _ = std::io::stdin().read(&mut [0]);
    0
}

/// Runs `rest[1..]` inside the namespaces of process `rest[0]`.
fn within(rest: &[&str]) -> i32 {
    let [holder, program, arguments @ ..] = rest else {
        panic!("in PID COMMAND…")
    };
    let open = |kind: &str| File::open(format!("/proc/{holder}/ns/{kind}")).expect("its namespace");
    let (net, mnt) = (open("net"), open("mnt"));
    setns(net, CloneFlags::CLONE_NEWNET).expect("entering its network");
    setns(mnt, CloneFlags::CLONE_NEWNS).expect("entering its mounts");
    let error = Command::new(program).args(arguments).exec();
    eprintln!("{program}: {error}");
    127
}

/// Whether this machine gives us namespaces; `Err` says what would make it.
pub fn possible() -> Result<(), String> {
    let done = stage("enter", &["nothing"]).stdin(Stdio::null()).output();
    let done = done.map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    match said.lines().find_map(|l| l.strip_prefix("SKIPPED: ")) {
        Some(reason) => Err(reason.to_owned()),
        None if done.status.success() => Ok(()),
        None => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
    }
}

/// Says why nothing can run here.
pub fn skip(reason: &str) -> i32 {
    println!("SKIPPED: {reason}");
    SKIP_STATUS
}

fn tmpfs(path: &str, options: &str) {
    mount(
        Some("tmpfs"),
        path,
        Some("tmpfs"),
        MsFlags::empty(),
        Some(options),
    )
    .unwrap_or_else(|e| panic!("tmpfs on {path}: {e}"));
}

/// A /dev with the plain devices and nothing to log to, so that no line reaches the machine's log.
fn private_dev() {
    let none: Option<&str> = None;
    let staging = "/run/dev-before";
    let have = fs::create_dir_all(staging).is_ok();
    if have {
        mount(
            Some("/dev"),
            staging,
            none,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            none,
        )
        .expect("keeping /dev");
    }
    tmpfs("/dev", "mode=755");
    for name in ["null", "zero", "full", "random", "urandom", "tty"] {
        let (from, to) = (format!("{staging}/{name}"), format!("/dev/{name}"));
        if !Path::new(&from).exists() {
            continue;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&to)
            .expect("a device node");
        mount(
            Some(from.as_str()),
            to.as_str(),
            none,
            MsFlags::MS_BIND,
            none,
        )
        .expect("a device");
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "fd/0"),
        ("stdout", "fd/1"),
        ("stderr", "fd/2"),
    ] {
        let _ = std::os::unix::fs::symlink(target, format!("/dev/{name}"));
    }
    let _ = fs::create_dir("/dev/shm");
    if have {
        let _ = nix::mount::umount2(staging, nix::mount::MntFlags::MNT_DETACH);
        let _ = fs::remove_dir(staging);
    }
}

/// Starts a holder whose /run is `run`; returns once its namespaces are there.
pub fn holder(run: &Path) -> std::process::Child {
    fs::create_dir_all(run).expect("a router's /run");
    let mut child = stage("hold", &[run.to_str().expect("a plain path")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starting a router");
    let mut line = [0; 6];
    child
        .stdout
        .as_mut()
        .expect("piped")
        .read_exact(&mut line)
        .expect("a router that starts");
    child
}

/// Runs `work` on a thread inside the network of process `holder`; sockets it opens stay there.
pub fn in_network<T: Send>(holder: u32, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let inside = scope.spawn(move || {
            let net = File::open(format!("/proc/{holder}/ns/net")).expect("its network");
            setns(net, CloneFlags::CLONE_NEWNET).expect("entering its network");
            work()
        });
        inside.join().expect("work inside a network")
    })
}
