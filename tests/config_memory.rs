//! How much memory loading takes: under 40 bytes for each byte of a large file, and no more per byte
//! when the file doubles.

use holdfast::config::{self, Options, memory::Memory};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grown(by: usize) {
    let now = NOW.fetch_add(by, Relaxed) + by;
    PEAK.fetch_max(now, Relaxed);
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both blocks may exist for a moment.
        grown(size);
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Half instances, half servers.
fn generated(count: usize) -> String {
    let mut out = String::new();
    for i in 0..count {
        let (a, b) = (i / 250 % 250, i % 250);
        let text = if i % 2 == 0 {
            format!(
                "vrrp_instance VI_{i} {{\n    interface eth{a}\n    virtual_router_id {}\n    \
                 priority 100\n    authentication {{\n        auth_type PASS\n        auth_pass x\n    \
                 }}\n    virtual_ipaddress {{\n        10.{a}.{b}.1/24 dev eth0\n    }}\n}}\n",
                b + 1
            )
        } else {
            format!(
                "virtual_server 10.{a}.{b}.1 80 {{\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n    \
                 real_server 10.1.1.1 80 {{\n        TCP_CHECK {{\n            connect_timeout 3\n        \
                 }}\n    }}\n}}\n"
            )
        };
        out.write_str(&text).expect("a String takes everything");
    }
    out
}

/// Peak memory of one load, in bytes per thousand bytes of text.
fn peak(text: &str, instances: usize) -> usize {
    let mut m = Memory::new();
    m.interfaces = None;
    m.file("/x.conf", text);
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let loaded = config::load(&m, "/x.conf", &Options::default());
    let peak = PEAK.load(Relaxed) - before;
    assert_eq!(loaded.config.vrrp.instances.len(), instances);
    peak * 1000 / text.len()
}

/// One test only: the counters belong to the whole process.
#[test]
fn loading_takes_little_memory() {
    large_files();
    short_files_cannot_ask_for_much();
}

fn large_files() {
    // VRIDs repeat every 250, interfaces change as often: nothing clashes.
    let once = peak(&generated(10_000), 5_000);
    assert!(once < 40_000, "{once} bytes for 1000 bytes of text");
    let twice = peak(&generated(20_000), 10_000);
    assert!(twice < once + once / 5, "{once}, then {twice}");
}

fn short_files_cannot_ask_for_much() {
    let nasty = [
        "~SEQ(a, 60000) ~SEQ(b, 60000) x$a$b {\n".to_owned(),
        "~SEQ(a, 60000) vrrp_instance V${a} { interface eth0 }\n".to_owned(),
        "$a= x \\\n$a \\\n\n$a\n".to_owned(),
        (0..40).fold("$x0=yyyyyyyy\n".to_owned(), |s, i| {
            s + &format!("$x{}=${{x{i}}}${{x{i}}}\n", i + 1)
        }) + "router_id $x40\n",
        "a {".repeat(10_000),
        "}\n".repeat(10_000),
    ];
    for text in nasty {
        let mut m = Memory::new();
        m.file("/x.conf", &text);
        let before = NOW.load(Relaxed);
        PEAK.store(before, Relaxed);
        let loaded = config::load(&m, "/x.conf", &Options::default());
        let peak = PEAK.load(Relaxed) - before;
        let start: String = text.chars().take(40).collect();
        assert!(peak < 64 << 20, "{peak} bytes for {start}");
        assert!(!loaded.diags.is_empty(), "{start}");
    }
}
