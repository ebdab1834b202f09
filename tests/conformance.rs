//! The conformance list: every requirement of RFC 3768 and RFC 9568 (and what keepalived does where
//! they are silent), and the tests that hold it.
//!
//! A proof is a transcript (`20-ttl.t`, in `tests/replay`), a function (`wire/ah.rs:name` below
//! `tests`, `src/vrrp/timing.rs:name`), or a test in network namespaces (`start::signals`). A
//! transcript whose name begins with the row's number proves it without being named.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Where a row stands.
enum Row {
    /// What is required, and what proves it.
    Kept(&'static str, &'static [&'static str]),
    /// What is required, why no test here can show it.
    NotHere(&'static str, &'static str),
    /// What is required and is not done (yet); the manual says so.
    Lacks(&'static str, &'static str),
}
use Row::{Kept, Lacks, NotHere};

/// The kernel does it; the daemon has no part in it.
const KERNEL: &str = "the kernel's";
/// Without virtual MACs the hardware address of the interface is used, as by keepalived's default.
const NO_VMAC: &str = "use_vmac is not supported yet";

/// The rows by number, from 1.
const LIST: &[Row] = &[
    // Transmission
    Kept(
        "IPv4: protocol 112 to 224.0.0.18, TTL 255",
        &[
            "wire/conformance.rs:row_1_protocol_group_and_ttl",
            "bytes::adverts_and_announcements",
        ],
    ),
    Kept(
        "IPv6: to ff02::12, hop limit 255",
        &[
            "wire/unicast.rs:row_2_an_ipv6_instance_sends_to_its_group",
            "wire/advert.rs:our_bytes_are_those_of_keepalived",
        ],
    ),
    Kept(
        "the source is the interface's address, link-local over IPv6, and follows it",
        &[
            "wire/conformance.rs:row_3_the_source_is_the_one_given",
            "source-changes.t",
            "44-tentative-v6.t",
            "robust::source_address_changes",
        ],
    ),
    Lacks("the frame's source is the virtual MAC", NO_VMAC),
    Kept(
        "version and type share the first byte",
        &["wire/conformance.rs:row_5_version_and_type_share_the_first_byte"],
    ),
    Kept(
        "count and addresses in configured order, at most 255",
        &[
            "wire/conformance.rs:row_6_count_and_configured_order",
            "50-stop-v6.t",
        ],
    ),
    Kept(
        "v2 without authentication: eight zero bytes",
        &["wire/conformance.rs:row_7_no_authentication_is_eight_zero_bytes"],
    ),
    Kept(
        "v2 PASS: type 1, eight bytes",
        &["wire/conformance.rs:row_8_pass_is_type_1_and_eight_bytes"],
    ),
    Kept(
        "v2 AH: protocol 51, HMAC-MD5-96, rising sequence",
        &[
            "wire/ah.rs:conformance_9_protocol_51_then_112_and_96_bits",
            "ah-sequence.t",
            "bytes::authentication_header",
        ],
    ),
    Kept(
        "v3: reserved bits zero, 12 bits of centiseconds",
        &["wire/conformance.rs:row_10_interval_of_version_3"],
    ),
    Kept(
        "v2: checksum without a pseudo-header",
        &["wire/conformance.rs:row_11_checksum_of_version_2_knows_no_pseudo_header"],
    ),
    Kept(
        "IPv6: checksum with the pseudo-header",
        &[
            "wire/conformance.rs:row_12_checksum_over_ipv6_has_the_pseudo_header",
            "25-checksum-v6.t",
        ],
    ),
    Kept(
        "v3 over IPv4: both forms are accepted, keepalived's is sent",
        &[
            "wire/conformance.rs:row_13_both_forms_of_version_3_are_told_apart",
            "checksum-forms.t",
        ],
    ),
    Kept(
        "unicast: a copy for each peer, its address in the checksum",
        &[
            "wire/conformance.rs:row_14_unicast_changes_destination_ttl_and_pseudo_header",
            "wire/unicast.rs:a_copy_for_another_peer_is_what_would_have_been_written_for_it",
        ],
    ),
    Kept(
        "adverts every interval, never two within half of one",
        &["45-advert-timer.t", "phase-sharing.t", "sim/laws.rs:pace"],
    ),
    Kept(
        "adverts from a Master only",
        &["sim/laws.rs:pace", "36-start.t"],
    ),
    Kept(
        "priority 255 for the owner, 0 for giving up",
        &["35-owner-starts.t", "50-stop-master.t"],
    ),
    Kept(
        "IP header: TOS 0xc0, rising id, no DF",
        &[
            "wire/conformance.rs:row_18_ip_header",
            "bytes::adverts_and_announcements",
        ],
    ),
    NotHere("the group is not forwarded", KERNEL),
    // Reception
    Kept(
        "TTL or hop limit other than 255 is discarded",
        &["conformance::receive_v2", "conformance::receive_v3"],
    ),
    Kept("another version is discarded", &[]),
    Kept("another type is discarded", &[]),
    Kept(
        "a truncated advert is discarded",
        &["wire/reception.rs:row_23_count_and_length_disagree"],
    ),
    Kept(
        "Ethernet padding is forgiven, other surplus is not",
        &[
            "23-truncated-v6.t",
            "wire/reception.rs:row_24_padding_never_counts",
        ],
    ),
    Kept("a wrong checksum is discarded", &[]),
    Kept(
        "an unknown VRID is discarded, on this interface and in this family",
        &["unicast-sharing.t"],
    ),
    Kept(
        "two owners are settled by election; on request an owner ignores adverts",
        &["odd::two_owners"],
    ),
    Kept(
        "v2: another authentication or password is discarded",
        &["conformance::receive_v2"],
    ),
    Kept("v2: another interval is discarded", &[]),
    Kept(
        "v3: another interval is learnt",
        &["31-interval-zero-v6.t", "odd::learnt_interval"],
    ),
    Kept("v3: interval 0 is discarded", &[]),
    Kept(
        "no address: discarded; IPv6 without a link-local one first: accepted, as by keepalived",
        &[],
    ),
    Kept("another address list is noted, not discarded", &[]),
    Kept(
        "own adverts and odd sources or destinations do no harm",
        &["conformance::strange_sources"],
    ),
    // State machine
    Kept(
        "an owner is Master at once",
        &["group::owner_is_master_at_once"],
    ),
    Kept("all others begin as Backup and wait", &["37-learn-v6.t"]),
    Kept(
        "Backup: not lower restarts the timer; v3 learns the interval",
        &[],
    ),
    Kept("Backup: priority 0 leaves the skew", &["37-learn-v6.t"]),
    Kept(
        "Backup: lower is discarded unless preemption is off; a tie never preempts",
        &[],
    ),
    Kept(
        "take-over: advert, announcements, timer",
        &["bytes::adverts_and_announcements"],
    ),
    NotHere(
        "a Backup neither answers for the addresses nor takes packets to them",
        KERNEL,
    ),
    Kept("a Backup that stops says nothing", &[]),
    Kept("preempt_delay", &["group::preempt_delay"]),
    Kept("a fault silences; after it Backup", &["unicast-fault.t"]),
    Kept("Master: adverts by the timer", &[]),
    Kept(
        "Master: priority 0 is answered at once",
        &["47-higher-v6.t"],
    ),
    Kept(
        "Master: yields to a higher priority, without priority 0",
        &[],
    ),
    Kept(
        "Master: a tie goes to the higher address, compared as a number",
        &[],
    ),
    Kept(
        "Master: lower is answered, at a bounded rate",
        &[
            "47-higher-v6.t",
            "sim/cases.rs:a_flood_is_not_echoed",
            "conformance::flood",
        ],
    ),
    Kept(
        "Master: stopping says priority 0 once",
        &["start::stops_in_order"],
    ),
    Kept(
        "a goodbye shortens the gap to the skew",
        &["sim/cases.rs:goodbye_shortens_the_gap"],
    ),
    Lacks(
        "v3 without Accept_Mode refuses packets to the addresses",
        "no_accept is not supported yet",
    ),
    Lacks("a Master answers with the virtual MAC", NO_VMAC),
    Kept(
        "two Masters meet: one is left, it announces again, nothing swings",
        &["sim/cases.rs:two_masters_meet"],
    ),
    Kept(
        "of three the second best takes over alone",
        &[
            "sim/cases.rs:the_second_best_takes_over_alone",
            "group::three_routers",
        ],
    ),
    Kept("a priority changed at run time", &[]),
    Kept("sync groups move together", &[]),
    Kept(
        "stopped and continued processes come back cleanly; only a monotonic clock counts",
        &["group::frozen_master_comes_back"],
    ),
    // Announcements
    Kept(
        "gratuitous ARP: a broadcast request for the address itself",
        &[
            "wire/announce.rs:garp_is_a_broadcast_request_for_the_address_itself",
            "wire/announce.rs:announcements_equal_those_of_keepalived",
        ],
    ),
    Kept(
        "neighbour advertisement: to all nodes, override, not solicited",
        &[
            "wire/announce.rs:announcements_equal_those_of_keepalived",
            "wire/announce.rs:row_60_an_unsolicited_advertisement_field_by_field",
        ],
    ),
    Kept(
        "how many and when",
        &[
            "40-takeover.t",
            "65-refresh.t",
            "bytes::adverts_and_announcements",
        ],
    ),
    Kept(
        "no announcement before the address is there",
        &[
            "sim/laws.rs:after_event",
            "bytes::adverts_and_announcements",
        ],
    ),
    Kept(
        "announcements leave by the interface an address lives on; garp_extra_if",
        &["robust::address_lines"],
    ),
    NotHere("unsolicited advertisements of others are taken", KERNEL),
    Kept(
        "none from Backup or Fault, none after priority 0",
        &["63-garp-extra-if.t", "sim/laws.rs:after_event"],
    ),
    // IPv6
    Kept(
        "first address link-local: wanted, not insisted on",
        &["32-first-address-v6.t"],
    ),
    Kept(
        "addresses of the instance's own family only; version 3",
        &[
            "21-version-v6.t",
            "50-stop-v6.t",
            "wire/unicast.rs:row_2_an_ipv6_instance_sends_to_its_group",
        ],
    ),
    Kept(
        "source link-local, waited for while tentative",
        &[
            "44-tentative-v6.t",
            "wire/unicast.rs:row_2_an_ipv6_instance_sends_to_its_group",
        ],
    ),
    NotHere(
        "the addresses are set without duplicate detection",
        "seen in the kernel, with the other address options",
    ),
    Kept(
        "one VRID in both families is two virtual routers",
        &["26-vrid-v6.t"],
    ),
    NotHere(
        "router advertisements by the Master only",
        "radvd's; keepalived sends none either",
    ),
    Kept(
        "versions are not mixed by one instance",
        &[
            "21-version-of-v3.t",
            "21-version-of-v2.t",
            "21-version-v6.t",
        ],
    ),
    // What changed between the RFCs
    Kept(
        "2 to 3: learnt intervals, scaled skew",
        &["src/vrrp/timing.rs:worked_values_never_early_and_less_than_a_microsecond_late"],
    ),
    Kept(
        "9568: an advert at once against a lower one",
        &["49-lower.t"],
    ),
    Kept(
        "a trailer behind the addresses is discarded",
        &["23-truncated-v3.t", "23-truncated-v6.t"],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files of the namespaces' tests.
fn namespaces() -> String {
    let files: Vec<PathBuf> = fs::read_dir(root().join("tests/netns"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect()
}

fn exists(proof: &str, namespaces: &str) -> bool {
    if proof.ends_with(".t") {
        return root().join("tests/replay").join(proof).exists();
    }
    if let Some((_, _)) = proof.split_once("::") {
        return namespaces.contains(&format!("\"{proof}\""));
    }
    let Some((file, function)) = proof.split_once(':') else {
        return false;
    };
    let path = match file.starts_with("src/") {
        true => root().join(file),
        false => root().join("tests").join(file),
    };
    fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("fn {function}(")))
}

#[test]
fn every_row_has_its_proof() {
    let namespaces = namespaces();
    let transcripts = transcripts();
    let mut wrong = Vec::new();
    for (number, row) in (1..).zip(LIST) {
        match row {
            Kept(what, []) if !transcripts.iter().any(|(row, _)| *row == number) => {
                wrong.push(format!("row {number} ({what}): no proof"));
            }
            Kept(what, proofs) => {
                let missing = proofs.iter().filter(|proof| !exists(proof, &namespaces));
                wrong.extend(missing.map(|proof| format!("row {number} ({what}): no {proof}")));
            }
            NotHere(what, why) | Lacks(what, why) => {
                assert!(!what.is_empty() && !why.is_empty(), "row {number}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(LIST.len(), 75);
}

/// The transcripts named after a row, with its number.
fn transcripts() -> Vec<(usize, String)> {
    let files = fs::read_dir(root().join("tests/replay")).unwrap();
    files
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            Some((name.split('-').next()?.parse().ok()?, name))
        })
        .collect()
}

#[test]
fn transcripts_are_named_after_rows_that_are_kept() {
    for (row, name) in transcripts() {
        let kept = matches!(LIST.get(row.wrapping_sub(1)), Some(Kept(..)));
        assert!(kept, "{name}");
    }
}

/// What a receiver does is the same over IPv6, and shown.
#[test]
fn rows_about_what_arrives_have_a_transcript_over_ipv6() {
    let transcripts = transcripts();
    let wanted = [
        14, 20, 21, 22, 23, 25, 26, 31, 32, 33, 34, 35, 37, 44, 47, 48, 50,
    ];
    for row in wanted {
        let found = transcripts
            .iter()
            .any(|(number, name)| *number == row && name.contains("-v6"));
        assert!(found, "row {row}");
    }
}
