//! The bytes on the wire against those keepalived 2.2.7 and 2.4.3 send for the same configuration.

use crate::lab::frames::{ETH, Frame, checksum, hex, icv};
use crate::lab::harness::Test;
use crate::lab::{Kind, Lab, now, wait_for};
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("bytes::adverts_and_announcements", plain),
    Test::new("bytes::authentication_header", authenticated).needs(&["keepalived"]),
];

const CONFIG: &str = "
vrrp_instance V2PASS {
    state MASTER
    interface eth0
    virtual_router_id 10
    priority 254
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass sesame12
    }
    virtual_ipaddress {
        192.0.2.100/24
        192.0.2.101/24
    }
}
vrrp_instance V3V4 {
    version 3
    state MASTER
    interface eth0
    virtual_router_id 11
    priority 254
    advert_int 0.5
    virtual_ipaddress {
        192.0.2.110/24
    }
}
";

// Captured from both versions of keepalived, which sent the same.
const ADVERT_10: &str = "01005e00001202000000000a080045c0002c00010000ff70188dc0000201e0000012\
                         210afe020101d5c8c0000264c0000265736573616d653132";
const ADVERT_11: &str = "01005e00001202000000000a080045c0002000010000ff701899c0000201e0000012\
                         310bfe0100326bc1c000026e";
const GOODBYE_10: &str = "01005e00001202000000000a080045c0002c00070000ff701887c0000201e0000012\
                          210a00020101d3c9c0000264c0000265736573616d653132";
const GOODBYE_11: &str = "01005e00001202000000000a080045c0002000100000ff70188ac0000201e0000012\
                          310b0001003269c2c000026e";
const GARP_100: &str = "ffffffffffff02000000000a0806000108000604000102000000000a\
                        c0000264ffffffffffffc0000264";
const GARP_101: &str = "ffffffffffff02000000000a0806000108000604000102000000000a\
                        c0000265ffffffffffffc0000265";
const GARP_110: &str = "ffffffffffff02000000000a0806000108000604000102000000000a\
                        c000026effffffffffffc000026e";

/// Without what may differ: IP id and, following from it, the header checksum.
fn masked(frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    if frame[12..14] == [0x08, 0x00] {
        frame[ETH + 4..ETH + 6].fill(0);
        frame[ETH + 10..ETH + 12].fill(0);
    }
    frame
}

fn plain() {
    let mut lab = Lab::new(0);
    lab.plug("r1", "02:00:00:00:00:0a", "192.0.2.1/24");
    let r1 = lab.node("r1");
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), CONFIG);
    let garps = || wire.look(|all| all.iter().filter(|f| f.garp().is_some()).count());
    wait_for("both bursts of all three addresses", 20, || garps() >= 30);
    let stopped = now();
    daemon.stop();
    let frames = wire.frames();

    let adverts: Vec<&Frame> = frames.iter().filter(|f| f.advert().is_some()).collect();
    for frame in &adverts {
        assert_eq!(
            checksum(&frame.bytes[ETH..ETH + 20]),
            0,
            "IP header checksum: {frame:?}"
        );
        let advert = frame.advert().expect("just filtered");
        let expected = match (advert.vrid, advert.priority) {
            (10, 254) => ADVERT_10,
            (11, 254) => ADVERT_11,
            (10, 0) => GOODBYE_10,
            (11, 0) => GOODBYE_11,
            other => panic!("an advert of {other:?}"),
        };
        assert_eq!(masked(&frame.bytes), masked(&hex(expected)), "{advert:?}");
    }
    for vrid in [10, 11] {
        let of = wire.adverts(|a| a.vrid == vrid);
        let goodbyes = of
            .iter()
            .filter(|a| a.priority == 0 && a.at >= stopped)
            .count();
        assert_eq!(goodbyes, 1, "one advert of priority 0 of VRID {vrid}");
        assert_eq!(of.last().map(|a| a.priority), Some(0), "and it is the last");
        let ids: Vec<u16> = of.iter().map(|a| a.ip_id).collect();
        assert!(
            ids.windows(2).all(|w| w[0].wrapping_add(1) == w[1]),
            "IP ids rise: {ids:?}"
        );
    }

    for (address, expected) in [(100, GARP_100), (101, GARP_101), (110, GARP_110)] {
        let of: Vec<&Frame> = frames
            .iter()
            .filter(|f| f.garp().is_some_and(|a| a.octets()[3] == address))
            .collect();
        assert_eq!(of.len(), 10, "announcements of .{address}");
        assert!(of.iter().all(|f| f.bytes == hex(expected)), "{of:?}");
        let first = of[4].at - of[0].at;
        let pause = of[5].at - of[0].at;
        assert!(
            first < Duration::from_millis(500),
            "five at once, not within {first:?}"
        );
        assert!(
            pause > Duration::from_millis(4990),
            "five more after 5 s, not {pause:?}"
        );
    }
}

const AH_CONFIG: &str = "
vrrp_instance VI_AH {
    state BACKUP
    interface eth0
    virtual_router_id 10
    priority 254
    advert_int 1
    authentication {
        auth_type AH
        auth_pass sesame12
    }
    virtual_ipaddress {
        192.0.2.100/24
        192.0.2.101/24
    }
}
";

/// Adverts with an AH of a fresh daemon, from the IP header on, in the order sent.
fn ah_of(kind: Kind, lab: &Lab) -> Vec<(u32, Vec<u8>)> {
    let wire = lab.capture();
    let daemon = lab.node("r1").start(kind, AH_CONFIG);
    wait_for("three adverts", 15, || {
        wire.adverts(|a| a.sequence.is_some()).len() >= 3
    });
    daemon.stop();
    let sequence = |f: &Frame| f.advert().and_then(|a| a.sequence);
    wire.look(|all| {
        all.iter()
            .filter_map(|f| Some((sequence(f)?, f.bytes[ETH..].to_vec())))
            .collect()
    })
}

fn authenticated() {
    let key = b"sesame12";
    let mut lab = Lab::new(0);
    lab.plug("r1", "02:00:00:00:00:0a", "192.0.2.1/24");
    let theirs = ah_of(Kind::Theirs, &lab);
    let ours = ah_of(Kind::under_test(), &lab);
    assert_eq!(theirs[0].0, 1, "sequence numbers start at 1");
    for ((sequence, their), (our_sequence, our)) in theirs.iter().zip(&ours) {
        assert_eq!(sequence, our_sequence, "the same sequence numbers");
        assert_eq!(
            icv(our, key)[..],
            our[32..44],
            "our ICV by an independent computation"
        );
        assert_eq!(
            icv(their, key)[..],
            their[32..44],
            "theirs: the computation itself"
        );
        // The ICV covers the IP id: given theirs, ours must be their frame to the byte.
        let mut same = our.clone();
        same[4..6].copy_from_slice(&their[4..6]);
        same[10..12].copy_from_slice(&their[10..12]);
        holdfast::wire::ah::sign(&mut same, key, *sequence).expect("a packet with an AH");
        assert_eq!(&same, their, "sequence {sequence}");
    }
    assert!(
        theirs.len().min(ours.len()) >= 4,
        "three adverts and the last one of priority 0"
    );
}
