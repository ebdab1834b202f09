//! What needs a kernel of its own: tests inside User Mode Linux.
//!
//! `cargo test --test vm [-- FILTER]`. Each test boots a kernel (package `user-mode-linux`) whose
//! root is this machine's file system, and runs its other half in there, as root, with namespaces,
//! modules and a clock that are nobody else's.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "vm/clock.rs"]
mod clock;
#[path = "vm/ipvs.rs"]
mod ipvs;
mod lab;
#[path = "vm/machine.rs"]
mod machine;
#[path = "vm/schedule.rs"]
mod schedule;
#[path = "vm/verdicts.rs"]
mod verdicts;

use lab::harness::{self, Test};

/// On this machine: boots, and waits for the verdict of the half inside.
macro_rules! inside {
    ($name:literal) => {
        Test::new($name, || machine::boot($name))
            .needs(&["linux.uml", "modprobe", "busybox"])
            .alone()
    };
}

const OUTSIDE: &[Test] = &[
    inside!("vm::clock_steps"),
    inside!("vm::ipvs_table").needs(&["linux.uml", "modprobe", "busybox", "ipvsadm"]),
    inside!("vm::schedule").needs(&["linux.uml", "modprobe", "busybox", "ipvsadm"]),
    inside!("vm::verdicts").needs(&[
        "linux.uml",
        "modprobe",
        "busybox",
        "ipvsadm",
        "nginx",
        "dnsmasq",
        "smtpd",
    ]),
];

/// Inside the machine.
const INSIDE: &[Test] = &[
    Test::new("vm::clock_steps", clock::steps),
    Test::new("vm::ipvs_table", ipvs::shown),
    Test::new("vm::schedule", schedule::kept),
    Test::new("vm::verdicts", verdicts::shown),
];

fn main() -> std::process::ExitCode {
    harness::main(if machine::inside() { INSIDE } else { OUTSIDE })
}
