//! What needs a kernel of its own: tests inside User Mode Linux.
//!
//! `cargo test --test vm [-- FILTER]`. Each test boots a kernel (package `user-mode-linux`) whose
//! root is this machine's file system, and runs its other half in there, as root, with namespaces,
//! modules and a clock that are nobody else's.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "vm/clock.rs"]
mod clock;
#[path = "vm/forms.rs"]
mod forms;
#[path = "vm/guide.rs"]
mod guide;
#[path = "vm/interchange.rs"]
mod interchange;
#[path = "vm/ipvs.rs"]
mod ipvs;
mod lab;
#[path = "vm/machine.rs"]
mod machine;
#[path = "vm/mail.rs"]
mod mail;
#[path = "vm/reload.rs"]
mod reload;
#[path = "vm/schedule.rs"]
mod schedule;
#[path = "vm/table.rs"]
mod table;
#[path = "vm/tls.rs"]
mod tls;
#[path = "vm/traffic.rs"]
mod traffic;
#[path = "vm/trouble.rs"]
mod trouble;
#[path = "vm/verdicts.rs"]
mod verdicts;
#[path = "vm/witness.rs"]
mod witness;

use lab::harness::{self, Test};

/// On this machine: boots, and waits for the verdict of the half inside.
macro_rules! inside {
    ($name:literal) => {
        Test::new($name, || machine::boot($name))
            .needs(&["linux.uml", "modprobe", "busybox"])
            .alone()
    };
}

/// What a test of IPVS needs.
const IPVS: &[&str] = &["linux.uml", "modprobe", "busybox", "ipvsadm"];

const OUTSIDE: &[Test] = &[
    inside!("vm::clock_steps"),
    inside!("vm::mail_about_servers"),
    inside!("vm::schedule").needs(IPVS),
    inside!("vm::ipvs_table").needs(IPVS),
    inside!("vm::ipvs_forms").needs(IPVS).within(600),
    inside!("vm::ipvs_interchange")
        .needs(&["linux.uml", "modprobe", "busybox", "ipvsadm", "keepalived"])
        .ours_only("it runs both")
        .within(600),
    inside!("vm::ipvs_traffic").needs(IPVS).within(600),
    inside!("vm::reload")
        .needs(&["linux.uml", "modprobe", "busybox", "ipvsadm", "openssl"])
        .ours_only("its words in the log are others")
        .within(600),
    inside!("vm::ipvs_trouble")
        .needs(&["linux.uml", "modprobe", "busybox", "ipvsadm", "setpriv"])
        .ours_only("keepalived has other words, and does not look again")
        .within(600),
    inside!("vm::verdicts").needs(&[
        "linux.uml",
        "modprobe",
        "busybox",
        "ipvsadm",
        "nginx",
        "dnsmasq",
        "smtpd",
    ]),
    Test::new("vm::guide", || {
        guide::complete();
        machine::boot("vm::guide");
    })
    .needs(&["linux.uml", "modprobe", "busybox", "ipvsadm", "openssl"])
    .alone()
    .ours_only("its words in the log are others")
    .within(600),
    inside!("vm::ssl_get").needs(&["linux.uml", "modprobe", "busybox", "ipvsadm", "openssl"]),
];

/// Inside the machine.
const INSIDE: &[Test] = &[
    Test::new("vm::clock_steps", clock::steps),
    Test::new("vm::ipvs_table", ipvs::shown),
    Test::new("vm::mail_about_servers", mail::servers).within(600),
    Test::new("vm::schedule", schedule::kept).within(600),
    Test::new("vm::reload", reload::shown).within(600),
    Test::new("vm::ipvs_forms", table::forms).within(600),
    Test::new("vm::ipvs_interchange", interchange::interchange).within(600),
    Test::new("vm::ipvs_traffic", traffic::traffic).within(600),
    Test::new("vm::ipvs_trouble", trouble::trouble).within(600),
    Test::new("vm::verdicts", verdicts::shown),
    Test::new("vm::ssl_get", tls::verdicts),
    Test::new("vm::guide", guide::shown).within(600),
];

fn main() -> std::process::ExitCode {
    harness::main(if machine::inside() { INSIDE } else { OUTSIDE })
}
