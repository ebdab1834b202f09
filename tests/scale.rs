//! Large configurations: what a load costs grows with the text and not faster, in time and memory.

#[path = "fuzz/checks/peak.rs"]
mod peak;

use holdfast::config::memory::Memory;
use holdfast::config::{self, Config, Loaded, Options, Severity};
use nix::time::ClockId;
use std::fmt::Write as _;
use std::hint::black_box;

/// Blocks of the smaller file; the larger one has twice as many.
const BLOCKS: usize = 10_000;
/// Times the processor's work is measured at most; the least counts.
const TRIES: usize = 9;
/// Tenths that twice the blocks may cost.
const RATIO: i64 = 25;
/// Bytes of memory per byte of text, at most.
const MEMORY: usize = 40;
const FILE: &str = "/big.conf";

/// Instances of 255 to an interface, each with what people write into one.
fn instances(out: &mut String, blocks: usize) {
    for n in 0..blocks {
        let (iface, vrid) = (n / 255, n % 255 + 1);
        let (a, b) = (n / 250, n % 250 + 1);
        let text = format_args!(
            "vrrp_instance VI_{n} {{\n    state BACKUP\n    interface eth{iface}\n    \
             virtual_router_id {vrid}\n    priority {}\n    advert_int 1\n    authentication {{\n        \
             auth_type PASS\n        auth_pass s3cr{n}\n    }}\n    virtual_ipaddress {{\n        \
             10.{}.{}.{b}/24\n    }}\n    notify_master \"/usr/bin/logger -t VI_{n} master\"\n}}\n",
            n % 254 + 1,
            a / 256,
            a % 256,
        );
        out.write_fmt(text).expect("a String takes everything");
    }
}

/// Virtual servers with two real servers each.
fn servers(out: &mut String, blocks: usize) {
    for n in 0..blocks {
        let (a, b, c) = (n / 62_500, n / 250 % 250, n % 250 + 1);
        let text = format_args!(
            "virtual_server 10.{a}.{b}.{c} 80 {{\n    delay_loop 6\n    lb_algo wrr\n    lb_kind DR\n    \
             persistence_timeout 50\n    protocol TCP\n"
        );
        out.write_fmt(text).expect("a String takes everything");
        for real in 1..=2 {
            let text = format_args!(
                "    real_server 172.16.{b}.{real} 80 {{\n        weight {real}\n        TCP_CHECK {{\n            \
                 connect_timeout 3\n        }}\n    }}\n"
            );
            out.write_fmt(text).expect("a String takes everything");
        }
        out.push_str("}\n");
    }
}

/// One group after another, two instances in each.
fn groups(out: &mut String, blocks: usize) {
    instances(out, blocks / 2);
    for n in 0..blocks / 4 {
        let (one, two) = (2 * n, 2 * n + 1);
        writeln!(
            out,
            "vrrp_sync_group G_{n} {{\n    group {{\n        VI_{one}\n        VI_{two}\n    }}\n}}"
        )
        .expect("a String takes everything");
    }
}

/// Half of each.
fn mixed(out: &mut String, blocks: usize) {
    instances(out, blocks / 2);
    servers(out, blocks / 2);
}

/// A mistake in every block.
fn mistakes(out: &mut String, blocks: usize) {
    for n in 0..blocks {
        writeln!(
            out,
            "vrrp_instance VI_{n} {{\n    interfase eth0\n    virtual_router_id 300\n    colour_{n} 1\n}}"
        )
        .expect("a String takes everything");
    }
}

/// Many lines from few: definitions and repetitions.
fn definitions(out: &mut String, blocks: usize) {
    for n in 0..blocks {
        writeln!(out, "$NAME_{n}=10.0.0.{}\n# ${{NAME_{n}}}", n % 255)
            .expect("a String takes everything");
        if n % 50 == 0 {
            writeln!(out, "global_defs {{\n    router_id R${{NAME_{n}}}\n}}")
                .expect("a String takes everything");
        }
    }
}

/// A large file on a machine.
struct Big {
    memory: Memory,
    /// Bytes of text.
    text: usize,
}

impl Big {
    fn new(kind: fn(&mut String, usize), blocks: usize) -> Big {
        let mut text = String::new();
        kind(&mut text, blocks);
        let mut memory = Memory::new();
        // It has the hundreds of interfaces that are named, or it cannot tell.
        memory.interfaces = None;
        let len = text.len();
        memory.file(FILE, text);
        Big { memory, text: len }
    }

    fn load(&self) -> Loaded {
        config::load(&self.memory, FILE, &Options::default())
    }

    /// Microseconds this thread works for a load: waiting on a busy machine does not count.
    fn work(&self) -> i64 {
        let now = || {
            let time = ClockId::CLOCK_THREAD_CPUTIME_ID.now().expect("a clock");
            time.tv_sec() * 1_000_000 + time.tv_nsec() / 1_000
        };
        let before = now();
        black_box(self.load());
        now() - before
    }
}

/// Holds memory and work to their limits; returns what the larger file gives and its errors.
fn hold(name: &str, kind: fn(&mut String, usize)) -> (Config, usize) {
    let (small, large) = (Big::new(kind, BLOCKS), Big::new(kind, 2 * BLOCKS));
    let (_, once) = peak::peak_of(|| small.load());
    let (loaded, twice) = peak::peak_of(|| large.load());
    for (big, peak) in [(&small, once), (&large, twice)] {
        let (most, text) = (MEMORY * big.text, big.text);
        assert!(
            peak < most,
            "{name}: {peak} bytes at once for a text of {text}"
        );
    }
    let (mut less, mut more) = (i64::MAX, i64::MAX);
    for _ in 0..TRIES {
        less = less.min(small.work());
        more = more.min(large.work());
        if more * 10 <= less * RATIO {
            break;
        }
    }
    println!(
        "{name}: {} and {} bytes take {less} and {more} us, {once} and {twice} bytes of memory",
        small.text, large.text
    );
    assert!(
        more * 10 <= less * RATIO,
        "{name}: {less} us for {BLOCKS} blocks, {more} us for twice as many"
    );
    let errors = [Severity::Error, Severity::Fatal].map(|s| loaded.diags.count(s));
    (loaded.config, errors.iter().sum())
}

#[test]
fn instances_scale() {
    let (config, errors) = hold("instances", instances);
    assert_eq!((config.vrrp.instances.len(), errors), (20_000, 0));
}

#[test]
fn servers_scale() {
    let (_, errors) = hold("servers", servers);
    assert_eq!(errors, 0);
}

#[test]
fn instances_and_servers_scale() {
    let (config, errors) = hold("instances and servers", mixed);
    assert_eq!((config.vrrp.instances.len(), errors), (10_000, 0));
}

#[test]
fn groups_scale() {
    let (config, errors) = hold("groups", groups);
    assert_eq!((config.vrrp.groups.len(), errors), (5_000, 0));
}

#[test]
fn mistakes_scale() {
    let (_, errors) = hold("mistakes", mistakes);
    assert!(errors >= 40_000, "only {errors} errors");
}

#[test]
fn definitions_scale() {
    let (_, errors) = hold("definitions", definitions);
    assert_eq!(errors, 0);
}
