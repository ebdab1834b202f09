//! System tests: daemons on a real kernel, in network namespaces.
//!
//! `cargo test --test netns [-- FILTER]`. With `HOLDFAST_UNDER_TEST=theirs` Debian's keepalived
//! takes holdfast's place, which tests the tests.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

mod lab;
#[path = "netns/bytes.rs"]
mod bytes;
#[path = "netns/peer.rs"]
mod peer;

use lab::harness::{self, Test};

/// Cheap first, the ones that measure time last.
fn tests() -> Vec<Test> {
    [bytes::TESTS, peer::TESTS].into_iter().flatten().copied().collect()
}

fn main() -> std::process::ExitCode {
    harness::main(&tests())
}
