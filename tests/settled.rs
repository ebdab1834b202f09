//! Settled means silent: once a worker runs, its thread neither takes memory nor gives any back,
//! however many adverts it sends or receives, however often servers are checked.
//!
//! `cargo test --test settled`. The engine runs inside this program, on a real interface.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

mod lab;
#[path = "settled/servers.rs"]
mod servers;

use holdfast::config::{self, Config};
use holdfast::engine::outside::Real;
use holdfast::engine::{Outcome, Setup, run};
use holdfast::notify::Scripts;
use holdfast::time::Span;
use holdfast::vrrp::IfaceId;
use holdfast::vrrp::params::{Address, InstanceParams};
use holdfast::wire::vrrp::Version;
use lab::harness::{self, Test};
use lab::{Capture, Forge, Injector, pause, sh};
use nix::sys::signal::{SigSet, Signal};
use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::thread::JoinHandleExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const TESTS: &[Test] = &[
    Test::new("settled::thousand_adverts_sent", sent).ours_only("it runs in this process"),
    Test::new("settled::thousand_adverts_received", received).ours_only("it runs in this process"),
    Test::new("settled::hundreds_of_checks", checked).ours_only("it runs in this process"),
];

fn main() -> std::process::ExitCode {
    harness::main(TESTS)
}

/// The system's allocator, and a count of what one thread asks of it.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations and reallocations of the engine's thread.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
/// Releases of the engine's thread.
static GIVEN: AtomicUsize = AtomicUsize::new(0);
/// From now on each one is a fault, and the first is to be remembered.
static SETTLED: AtomicBool = AtomicBool::new(false);
/// Where the first one came from.
static CULPRIT: Mutex<Option<Backtrace>> = Mutex::new(None);

thread_local! {
    /// Whether this thread is the one that counts.
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

fn note(counter: &AtomicUsize) {
    if !COUNTED.get() {
        return;
    }
    counter.fetch_add(1, Ordering::SeqCst);
    if SETTLED.swap(false, Ordering::SeqCst) {
        // Taking a backtrace allocates.
        COUNTED.set(false);
        let trace = Backtrace::force_capture();
        if let Ok(mut culprit) = CULPRIT.lock() {
            *culprit = Some(trace);
        }
        COUNTED.set(true);
    }
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches no block.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(&TAKEN);
        // SAFETY: the caller keeps `alloc`'s contract, which is the system's as well.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(&TAKEN);
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(&TAKEN);
        // SAFETY: the block came from the system's allocator, through this one.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note(&GIVEN);
        // SAFETY: the block came from the system's allocator, through this one.
        unsafe { System.dealloc(block, layout) }
    }
}

/// This program's end of the cable, and the engine's.
const SINK: &str = "sink0";
const CABLE: &str = "eth0";
const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const VRID: u8 = 51;
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);
/// Centiseconds.
const INTERVAL: u16 = 1;
/// Where the count begins and where it ends.
const FIRST: usize = 100;
const LAST: usize = 1100;

/// The engine on a thread of its own, and the wire it speaks on.
struct Worker {
    thread: JoinHandle<std::io::Result<Outcome>>,
    capture: Capture,
}

impl Worker {
    fn start() -> Worker {
        // An IPv6 address that the kernel gives late would be news, and news may be remembered.
        for of in ["all", "default"] {
            let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{of}/disable_ipv6"), "1");
        }
        for line in [
            "ip link set lo up".to_owned(),
            format!("ip link add {SINK} type veth peer name {CABLE}"),
            format!("ip addr add {ROUTER}/24 dev {CABLE}"),
            format!("ip link set {SINK} up"),
            format!("ip link set {CABLE} up"),
        ] {
            sh(&line);
        }
        let capture = Capture::start(None, SINK);
        // As the program does before it starts a worker: signals wait for the loop.
        SigSet::all().thread_block().expect("blocking signals");
        let thread = engine(config);
        Worker { thread, capture }
    }

    /// Adverts of the engine so far.
    fn sent(&self) -> usize {
        self.capture.adverts(|a| a.source == ROUTER).len()
    }

    /// Stops it in order and sees that it did.
    fn stop(self) {
        stop(self.thread);
    }
}

/// The engine on a thread of its own; what it takes is counted.
fn engine(config: fn() -> Config) -> JoinHandle<std::io::Result<Outcome>> {
    std::thread::spawn(move || {
        let setup = Setup {
            dump_dir: "/run",
            ..Setup::new(config())
        };
        COUNTED.set(true);
        run(setup)
    })
}

fn stop(thread: JoinHandle<std::io::Result<Outcome>>) {
    nix::sys::pthread::pthread_kill(thread.as_pthread_t(), Signal::SIGTERM)
        .expect("signalling the engine");
    let outcome = thread.join().expect("an engine that does not panic");
    assert_eq!(outcome.expect("an engine that runs"), Outcome::Stopped);
}

/// One virtual router of version 3; a second burst of announcements falls into the count.
fn config() -> Config {
    let mut config = Config::default();
    config.vrrp.interfaces.push(CABLE.into());
    let address = Address::new(IpAddr::V4(ADDRESS), 24, IfaceId(0));
    config.vrrp.instances.push(InstanceParams {
        version: Version::V3,
        advert_int: Span::from_millis(u64::from(INTERVAL) * 10),
        addresses: vec![address],
        ..InstanceParams::new("VI_1", IfaceId(0), VRID)
    });
    config
        .notify
        .instances
        .push(("VI_1".into(), Scripts::default()));
    config
}

/// What the engine's thread took and gave back so far.
fn count() -> (usize, usize) {
    (TAKEN.load(Ordering::SeqCst), GIVEN.load(Ordering::SeqCst))
}

/// Begins to count.
fn settle() -> (usize, usize) {
    let before = count();
    assert!(
        before.0 > 0,
        "the engine started without any memory: nothing is counted"
    );
    SETTLED.store(true, Ordering::SeqCst);
    before
}

/// Ends it and judges.
fn judge(before: (usize, usize), what: &str) {
    let after = count();
    SETTLED.store(false, Ordering::SeqCst);
    println!(
        "  {what}: {} allocations, {} releases",
        after.0 - before.0,
        after.1 - before.1
    );
    if after != before {
        let culprit = CULPRIT.lock().expect("nobody panics holding it").take();
        panic!(
            "the first came from:\n{}",
            culprit.expect("one was remembered")
        );
    }
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "not within a minute: {what}"
        );
        pause(2);
    }
}

fn sent() {
    let worker = Worker::start();
    until("its first adverts", || worker.sent() >= FIRST);
    let before = settle();
    until("its adverts", || worker.sent() >= LAST);
    judge(before, "1000 adverts sent");
    worker.stop();
}

/// A stronger router speaks a little faster than it says, so that a busy machine delays it rather
/// than silences it.
fn received() {
    let worker = Worker::start();
    let injector = Injector::new(SINK);
    let advert = Forge::v3(VRID, 200, INTERVAL, &[ADDRESS]).frame();
    let speak = |count: usize| {
        for _ in 0..count {
            injector.send(&advert);
            pause(8);
        }
    };
    speak(FIRST);
    for attempt in 0.. {
        let heard = worker.sent();
        let before = settle();
        speak(LAST - FIRST);
        if worker.sent() == heard {
            judge(before, "1000 adverts received");
            break;
        }
        // The machine slept for four intervals: the engine rightly took over.
        assert!(
            attempt < 5,
            "the engine took over from a living Master again and again"
        );
        println!("  once more: this machine kept the other router silent for too long");
        CULPRIT.lock().expect("nobody panics holding it").take();
        speak(FIRST);
    }
    // It had been listening all the while.
    let heard = worker.sent();
    until("it to take over from the silent one", || {
        worker.sent() > heard
    });
    worker.stop();
}

/// One virtual server, with a real server for each kind of check that needs no program.
fn balanced() -> Config {
    let path = "/run/checks.conf";
    std::fs::write(path, servers::config()).expect("writing a configuration");
    let loaded = config::load(&Real, path, &config::Options::default());
    assert_eq!(loaded.config.check.checkers.len(), servers::KINDS);
    loaded.config
}

/// Whoever asks a server every 50 ms allocates nothing for it.
fn checked() {
    sh("ip link set lo up");
    SigSet::all().thread_block().expect("blocking signals");
    let servers = servers::Servers::start();
    let thread = engine(balanced);
    let each = |count: usize| servers.asked().iter().all(|asked| *asked >= count);
    // What an earlier one needed is kept; and the kernel has said that it has no IPVS.
    until("the first checks of each kind", || each(30));
    pause(3000);
    for attempt in 1.. {
        let before = settle();
        let asked = servers.asked();
        until("a hundred more of each kind", || {
            let now = servers.asked();
            now.iter().zip(&asked).all(|(now, then)| now - then >= 100)
        });
        // On a busy machine more of them may be under way than ever before, which takes places: there
        // are no more of those than checks, so this ends. What each check takes does not.
        if count() == before || attempt == servers::KINDS {
            judge(before, &format!("checks, beside {asked:?} before"));
            break;
        }
        println!("  once more: more checks were under way than ever before");
        CULPRIT.lock().expect("nobody panics holding it").take();
    }
    stop(thread);
}
