//! Large configurations: what a load costs grows with the text and not faster, in time and memory.

#[path = "fuzz/checks/peak.rs"]
mod peak;

use holdfast::config::memory::Memory;
use holdfast::config::{self, Config, Options, Severity};
use nix::time::ClockId;
use std::fmt::Write as _;
use std::hint::black_box;

/// Blocks of the smaller file; the larger one has twice as many.
const BLOCKS: usize = 10_000;
/// Times the processor's work is measured; the least counts.
const TRIES: usize = 3;
/// Bytes of memory per byte of text, at most.
const MEMORY: usize = 40;

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
            "vrrp_instance VI_{n} {{\n    interfase eth0\n    virtual_router_id 300\n    colour {n}\n}}"
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

struct Cost {
    /// Bytes of text.
    text: usize,
    /// Microseconds of the processor.
    work: i64,
    /// Bytes at once, the text itself included.
    peak: usize,
    config: Config,
    errors: usize,
}

/// Loads a file of so many blocks.
fn cost(kind: fn(&mut String, usize), blocks: usize) -> Cost {
    let mut text = String::new();
    kind(&mut text, blocks);
    let text_len = text.len();
    let mut memory = Memory::new();
    memory.interfaces = None;
    memory.file("/big.conf", text);
    let load = || config::load(&memory, "/big.conf", &Options::default());
    let (loaded, peak) = peak::peak_of(load);
    let work = (0..TRIES).map(|_| {
        let before = processor();
        black_box(load());
        processor() - before
    });
    Cost {
        text: text_len,
        work: work.min().expect("measured"),
        peak,
        errors: loaded.diags.count(Severity::Error) + loaded.diags.count(Severity::Fatal),
        config: loaded.config,
    }
}

/// Microseconds this thread has worked: waiting for others on a busy machine does not count.
fn processor() -> i64 {
    let time = ClockId::CLOCK_THREAD_CPUTIME_ID.now().expect("a clock");
    time.tv_sec() * 1_000_000 + time.tv_nsec() / 1_000
}

/// Measures, and holds the cost to its limits.
fn hold(name: &str, kind: fn(&mut String, usize)) -> Cost {
    let small = cost(kind, BLOCKS);
    let large = cost(kind, 2 * BLOCKS);
    println!(
        "{name}: {} and {} bytes, {} and {} us, {} and {} tenths of a byte per byte",
        small.text,
        large.text,
        small.work,
        large.work,
        small.peak * 10 / small.text,
        large.peak * 10 / large.text
    );
    assert!(
        large.work * 10 <= small.work * 25,
        "{name}: {} us for {BLOCKS} blocks, {} us for twice as many",
        small.work,
        large.work
    );
    for cost in [&small, &large] {
        assert!(
            cost.peak < MEMORY * cost.text,
            "{name}: {} bytes at once for a text of {}",
            cost.peak,
            cost.text
        );
    }
    large
}

#[test]
fn instances_scale() {
    let large = hold("instances", instances);
    assert_eq!(
        (large.config.vrrp.instances.len(), large.errors),
        (20_000, 0)
    );
}

#[test]
fn servers_scale() {
    let large = hold("servers", servers);
    assert_eq!(large.errors, 0);
}

#[test]
fn instances_and_servers_scale() {
    let large = hold("instances and servers", mixed);
    assert_eq!(
        (large.config.vrrp.instances.len(), large.errors),
        (10_000, 0)
    );
}

#[test]
fn groups_scale() {
    let large = hold("groups", groups);
    assert_eq!((large.config.vrrp.groups.len(), large.errors), (5_000, 0));
}

#[test]
fn mistakes_scale() {
    let large = hold("mistakes", mistakes);
    assert!(large.errors >= 40_000, "only {} errors", large.errors);
}

#[test]
fn definitions_scale() {
    let large = hold("definitions", definitions);
    assert_eq!(large.errors, 0);
}
