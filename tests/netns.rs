//! System tests: daemons on a real kernel, in network namespaces.
//!
//! `cargo test --test netns [-- FILTER]`. With `HOLDFAST_UNDER_TEST=theirs` Debian's keepalived
//! takes holdfast's place, which tests the tests.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]
#![allow(
    clippy::too_many_lines,
    reason = "a scenario is read from top to bottom"
)]

#[path = "netns/bytes.rs"]
mod bytes;
#[path = "netns/conformance.rs"]
mod conformance;
#[path = "netns/control.rs"]
mod control;
#[path = "netns/crash.rs"]
mod crash;
#[path = "netns/crash6.rs"]
mod crash6;
#[path = "netns/crowd.rs"]
mod crowd;
#[path = "netns/dynamic.rs"]
mod dynamic;
#[path = "netns/effect.rs"]
mod effect;
#[path = "netns/family.rs"]
mod family;
#[path = "netns/files.rs"]
mod files;
#[path = "netns/frr.rs"]
mod frr;
#[path = "netns/group.rs"]
mod group;
#[path = "netns/hash.rs"]
mod hash;
mod lab;
#[path = "netns/mail.rs"]
mod mail;
#[path = "netns/odd.rs"]
mod odd;
#[path = "netns/peer.rs"]
mod peer;
#[path = "netns/process.rs"]
mod process;
#[path = "netns/reload.rs"]
mod reload;
#[path = "netns/robust.rs"]
mod robust;
#[path = "netns/routing.rs"]
mod routing;
#[path = "netns/rows.rs"]
mod rows;
#[path = "netns/scripts.rs"]
mod scripts;
#[path = "netns/start.rs"]
mod start;
#[path = "netns/syslog.rs"]
mod syslog;
#[path = "netns/tracking.rs"]
mod tracking;

use lab::harness::{self, Test};

/// Long ones first, the ones that measure time last.
fn tests() -> Vec<Test> {
    let all = [
        crash::TESTS,
        crash6::TESTS,
        mail::TESTS,
        start::TESTS,
        control::TESTS,
        files::TESTS,
        bytes::TESTS,
        conformance::TESTS,
        syslog::TESTS,
        reload::TESTS,
        robust::TESTS,
        group::TESTS,
        odd::TESTS,
        peer::TESTS,
        routing::TESTS,
        family::TESTS,
        frr::TESTS,
        effect::TESTS,
        hash::TESTS,
        tracking::TESTS,
        dynamic::TESTS,
        process::TESTS,
        scripts::TESTS,
        crowd::TESTS,
    ];
    all.concat()
}

fn main() -> std::process::ExitCode {
    harness::main(&tests())
}
