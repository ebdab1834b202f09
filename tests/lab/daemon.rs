//! Running holdfast or keepalived in a machine of the lab.

use super::{Node, Stats, now, packages, pause, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// holdfast.
    Ours,
    /// Debian's keepalived.
    Theirs,
}

impl Kind {
    /// What the tests test: holdfast, or keepalived in its place with
    /// `HOLDFAST_UNDER_TEST=theirs` (which tests the tests).
    pub fn under_test() -> Kind {
        match std::env::var("HOLDFAST_UNDER_TEST").as_deref() {
            Ok("theirs") => Kind::Theirs,
            _ => Kind::Ours,
        }
    }

    /// The file to run.
    pub fn program(self) -> String {
        match self {
            Kind::Theirs => packages::find("keepalived").unwrap_or_else(|| "keepalived".into()),
            Kind::Ours => ours().to_str().expect("a plain path").to_owned(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Ours => "holdfast",
            Kind::Theirs => "keepalived",
        }
    }
}

/// The holdfast binary: `HOLDFAST_BIN`, else the one built for these tests, else the one that
/// lies where this program's own build lies.
fn ours() -> PathBuf {
    if let Ok(path) = std::env::var("HOLDFAST_BIN") {
        return path.into();
    }
    if let Some(path) = option_env!("CARGO_BIN_EXE_holdfast") {
        return path.into();
    }
    let own = std::env::current_exe().expect("our own path");
    own.ancestors()
        .skip(1)
        .take(3)
        .map(|dir| dir.join("holdfast"))
        .find(|file| file.is_file())
        .expect("no holdfast beside this program: run `cargo build` with the same profile first")
}

/// A running daemon.
pub struct Daemon<'a> {
    pub node: &'a Node,
    pub kind: Kind,
    /// The process that was started, or the one its pid file names.
    pub pid: i32,
    /// When it was started.
    pub since: Duration,
    child: Option<Child>,
}

impl Node {
    /// Starts a daemon in the foreground with VRRP only and detailed logs.
    pub fn start(&self, kind: Kind, config: &str) -> Daemon<'_> {
        self.start_with(kind, config, &["-n", "-P", "-D"])
    }

    /// The same with other arguments (`-f` is added); `-n` must be among them.
    pub fn start_with(&self, kind: Kind, config: &str, arguments: &[&str]) -> Daemon<'_> {
        let path = self.write("keepalived.conf", config);
        let since = now();
        let output = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.run.join("output"))
            .expect("a file for its output");
        let child = self
            .command(&kind.program())
            .args(["-f", &path])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("one more descriptor"))
            .stderr(output)
            .spawn()
            .expect("starting a daemon");
        Daemon {
            node: self,
            kind,
            pid: child.id() as i32,
            since,
            child: Some(child),
        }
    }

    /// Starts a daemon that goes to the background, with its own pid files.
    pub fn daemonise(&self, kind: Kind, config: &str, arguments: &[&str]) -> Daemon<'_> {
        let path = self.write("keepalived.conf", config);
        let since = now();
        let done = self
            .command(&kind.program())
            .args([
                "-f",
                &path,
                "-P",
                "-D",
                "-p",
                "/run/parent.pid",
                "-r",
                "/run/worker.pid",
            ])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("starting a daemon");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(
            done.status.success(),
            "it did not start: {} {said}",
            done.status
        );
        wait_for("a pid file", 5, || {
            self.pid_in("parent.pid").is_some_and(alive)
        });
        let pid = self.pid_in("parent.pid").expect("just read");
        Daemon {
            node: self,
            kind,
            pid,
            since,
            child: None,
        }
    }

    /// The number in a pid file.
    pub fn pid_in(&self, name: &str) -> Option<i32> {
        self.read(name).trim().parse().ok()
    }
}

impl Daemon<'_> {
    /// The process that speaks VRRP: the parent's first child, or the only process.
    pub fn worker(&self) -> i32 {
        // holdfast in the foreground is one process; what it has for children are scripts.
        if self.kind == Kind::Ours && self.child.is_some() {
            return self.pid;
        }
        children(self.pid).first().copied().unwrap_or(self.pid)
    }

    /// Every process of it.
    pub fn processes(&self) -> Vec<i32> {
        tree(self.pid)
    }

    pub fn alive(&self) -> bool {
        alive(self.pid)
    }

    /// Sends a signal to the process that was started.
    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.pid), signal);
    }

    /// kill -9 of the process that speaks VRRP; the parent stays.
    pub fn kill_worker(&self) {
        let _ = kill(Pid::from_raw(self.worker()), Signal::SIGKILL);
    }

    /// Power cut: every process dies without a chance to do anything.
    pub fn crash(mut self) {
        self.kill_all();
    }

    fn kill_all(&mut self) {
        self.signal(Signal::SIGSTOP);
        let all = tree(self.pid);
        for pid in all.iter().rev() {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        self.reap(Duration::from_secs(5));
        // A zombie still counts as running to whoever asks with kill(pid, 0).
        let start = Instant::now();
        let gone = |pid: &i32| !Path::new(&format!("/proc/{pid}")).exists();
        while !all.iter().all(gone) && start.elapsed() < Duration::from_secs(5) {
            pause(2);
        }
    }

    fn reap(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Some(child) = &mut self.child {
                if let Ok(Some(status)) = child.try_wait() {
                    return Some(status);
                }
            } else if !alive(self.pid) {
                return None;
            }
            pause(2);
        }
        None
    }

    /// SIGTERM; how long it took to exit, and with what status (foreground only).
    pub fn stop(mut self) -> (Duration, Option<ExitStatus>) {
        let start = Instant::now();
        self.signal(Signal::SIGTERM);
        let status = self.reap(Duration::from_secs(10));
        let took = start.elapsed();
        assert!(
            !alive(self.pid),
            "{} still runs 10 s after SIGTERM",
            self.kind.name()
        );
        (took, status)
    }

    /// SIGTERM to a daemon in the foreground; exactly how long it took to exit.
    pub fn terminate(mut self) -> Duration {
        let start = Instant::now();
        self.signal(Signal::SIGTERM);
        self.child
            .as_mut()
            .expect("in the foreground")
            .wait()
            .expect("our own child");
        start.elapsed()
    }

    /// Waits for it to end by itself.
    pub fn exited(&mut self, limit: Duration) -> Option<ExitStatus> {
        self.reap(limit)
    }

    /// Its statistics, written on SIGUSR2.
    pub fn stats(&self) -> Vec<Stats> {
        let file = self.node.run.join("tmp/keepalived.stats");
        let _ = fs::remove_file(&file);
        self.signal(Signal::SIGUSR2);
        settled(&file);
        Stats::parse(&fs::read_to_string(&file).expect("the statistics"))
    }

    /// The statistics of its instance `name`.
    pub fn stats_of(&self, name: &str) -> Stats {
        let all = self.stats();
        let found = all.iter().find(|s| s.name == name).cloned();
        found.unwrap_or_else(|| panic!("no statistics of {name} in {all:?}"))
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        if alive(self.pid) {
            self.kill_all();
        }
        if std::thread::panicking() {
            println!("--- log of {} ({})", self.node.name, self.kind.name());
            print!("{}", self.node.log.report());
            println!("{}", self.node.read("output"));
            let addresses = self.node.command("ip").args(["-br", "addr"]).output();
            let addresses = addresses.map(|o| o.stdout).unwrap_or_default();
            println!("--- its addresses: {}", String::from_utf8_lossy(&addresses));
        }
    }
}

/// Waits until a file is there and no longer grows.
pub fn settled(file: &Path) {
    let mut before = None;
    wait_for(&format!("{} to be written", file.display()), 10, || {
        let size = fs::metadata(file).ok().map(|m| m.len()).filter(|n| *n > 0);
        let same = size.is_some() && size == before;
        before = size;
        pause(30);
        same
    });
}

/// State letter and parent of a process.
fn stat(pid: i32) -> Option<(char, i32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut words = text.rsplit_once(") ")?.1.split(' ');
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

/// Descriptors a process has open; 0 when it is gone.
pub fn descriptors(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// KiB of memory that a process has taken for itself. Its code is not in it: that comes when it is
/// used and goes again, whatever is kept.
pub fn memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"));
    let kib = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
    kib.expect("RssAnon")
}

/// Whether a process runs (a zombie does not).
pub fn alive(pid: i32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// Live children, oldest first.
pub fn children(parent: i32) -> Vec<i32> {
    let mut found: Vec<i32> = fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| stat(*pid).is_some_and(|(s, p)| p == parent && s != 'Z'))
        .collect();
    found.sort_unstable();
    found
}

/// A process and all below it, ancestors first.
pub fn tree(pid: i32) -> Vec<i32> {
    let mut all = vec![pid];
    let mut next = 0;
    while next < all.len() {
        all.extend(children(all[next]));
        next += 1;
    }
    all
}
