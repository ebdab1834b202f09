//! What a receiver must make of wrong adverts (RFC 3768 §7.1, RFC 9568 §7.1, and keepalived's own
//! checks), as frames sent to a running daemon.
//!
//! One daemon with an instance per row, all of them Master. Each hears its row's kind of wrong
//! advert with a high priority: whoever discards it stays Master. Sound ones make every instance
//! Backup. Then the forged Masters send only wrong adverts: whoever discards them takes over.

use crate::lab::frames::ForgeAh;
use crate::lab::harness::Test;
use crate::lab::{Capture, Forge, Injector, Kind, Lab, now, pause, wait_for};
use crate::rows::{AH, Fate, KEY, PASS, Row, SHORT, rows_v2, rows_v3};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("conformance::receive_v2", || receive(2, &rows_v2())),
    Test::new("conformance::receive_v3", || receive(3, &rows_v3())),
    Test::new("conformance::strange_sources", strange_sources),
    Test::new("conformance::flood", flood),
];

/// The forged Masters of all rows.
struct Masters<'a> {
    rows: &'a [Row],
    version: u8,
    injector: Injector,
    sequence: u32,
    /// r1's own Ethernet address, for what is not sent to the group.
    station: [u8; 6],
}

impl Masters<'_> {
    fn vip(index: usize) -> Ipv4Addr {
        Ipv4Addr::new(10, 9, 0, index as u8 + 1)
    }

    fn sound(&self, index: usize, priority: u8) -> Forge {
        let (vrid, addresses) = (index as u8 + 1, [Self::vip(index)]);
        let mut forge = match self.version {
            2 => Forge::v2(vrid, priority, &addresses),
            _ => Forge::v3(vrid, priority, 50, &addresses),
        };
        match self.rows[index].auth {
            PASS => (forge.auth_type, forge.auth_data) = (1, KEY),
            SHORT => (forge.auth_type, forge.auth_data) = (1, *b"abc\0\0\0\0\0"),
            AH => {
                forge.auth_type = 2;
                forge.ah = Some(ForgeAh {
                    key: KEY,
                    sequence: self.sequence,
                    spi: None,
                });
            }
            _ => {}
        }
        forge
    }

    /// One advert per row every `pace` ms, sound or wrong, for so long.
    fn send(&mut self, wrong: bool, priority: u8, milliseconds: u64, pace: u64) {
        for _ in 0..milliseconds.div_ceil(pace) {
            self.sequence += 1;
            for (index, row) in self.rows.iter().enumerate() {
                let mut forge = self.sound(index, priority);
                if wrong {
                    (row.wrong)(&mut forge);
                }
                let group = forge.destination.is_multicast();
                let frame = if group {
                    forge.frame()
                } else {
                    forge.frame_to(self.station)
                };
                self.injector.send(&frame);
            }
            pause(pace);
        }
    }
}

/// VRIDs the daemon sent adverts of in the last `milliseconds`.
fn masters(wire: &Capture, milliseconds: u64) -> BTreeSet<u8> {
    let since = now() - Duration::from_millis(milliseconds);
    let own = Ipv4Addr::new(192, 0, 2, 1);
    wire.adverts(|a| a.source == own && a.at > since && !a.outgoing)
        .iter()
        .map(|a| a.vrid)
        .collect()
}

fn config(version: u8, rows: &[Row]) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let (vrid, vip) = (index + 1, Masters::vip(index));
        let interval = if version == 2 { "1" } else { "0.5" };
        writeln!(
            text,
            "vrrp_instance R{vrid} {{\n state BACKUP\n interface eth0\n virtual_router_id {vrid}\n \
             priority 100\n version {version}\n advert_int {interval}\n {}\n \
             garp_master_delay 0\n virtual_ipaddress {{\n {vip}/32\n }}\n}}",
            row.auth
        )
        .expect("writing to a string");
    }
    text
}

fn receive(version: u8, rows: &[Row]) {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    // The kernel would drop what seems to come from ourselves before the daemon could.
    r1.sysctl("net/ipv4/conf/all/accept_local", "1");
    let wire = lab.capture();
    let station = [0x02, 0, 0, 0, 0, 1];
    let mut masters_of = Masters {
        rows,
        version,
        injector: lab.injector(),
        sequence: 1000,
        station,
    };
    let daemon = r1.start(Kind::under_test(), &config(version, rows));
    let (down, interval) = if version == 2 {
        (3800, 1000)
    } else {
        (2000, 500)
    };
    // keepalived 2.2.7 starts its timers anew for adverts it discards: it is given time between them.
    let ours = Kind::under_test() == Kind::Ours;
    let pace = if ours { 200 } else { interval * 7 / 5 };
    let lately = interval + pace + 200;

    pause(down + 1200);
    let mut mistakes = Vec::new();
    let mut expect = |when: &str, found: BTreeSet<u8>, wanted: &dyn Fn(&Row) -> bool| {
        for (index, row) in rows.iter().enumerate() {
            if found.contains(&(index as u8 + 1)) != wanted(row) {
                let is = if wanted(row) {
                    "is not Master"
                } else {
                    "is Master"
                };
                mistakes.push(format!("{}: {is} {when}", row.name));
            }
        }
    };
    let discarded = |row: &Row| match row.fate {
        Fate::Discarded => true,
        Fate::Accepted => false,
        Fate::OursDiscards => ours,
        Fate::OursAccepts => !ours,
    };
    expect("alone", masters(&wire, lately), &|_| true);
    masters_of.send(true, 254, 2 * interval + lately, pace);
    expect(
        "under wrong adverts of priority 254",
        masters(&wire, lately),
        &discarded,
    );
    masters_of.send(false, 200, 2 * interval + lately, 200);
    expect(
        "under sound adverts of priority 200",
        masters(&wire, lately),
        &|_| false,
    );
    if ours {
        masters_of.send(true, 200, down + interval + lately, pace);
        expect(
            "although its Master is sound no more",
            masters(&wire, lately),
            &discarded,
        );
        masters_of.send(false, 254, 2 * interval + lately, pace);
        expect(
            "under sound adverts of priority 254",
            masters(&wire, lately),
            &|_| false,
        );
    }
    println!(
        "  {} rows, {} lines logged",
        rows.len(),
        r1.log.lines().len()
    );
    assert!(
        mistakes.is_empty(),
        "{} mistakes:\n{}",
        mistakes.len(),
        mistakes.join("\n")
    );
    assert!(daemon.alive());
}

const ONE: &str = "vrrp_instance VI_1 {
 state BACKUP\n interface eth0\n virtual_router_id 51\n priority 100\n version 3\n advert_int 0.2
 virtual_ipaddress {\n 192.0.2.100/24\n }\n}\n";

/// Senders that cannot be, and bytes that mean nothing: nobody falls over.
fn strange_sources() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), ONE);
    wait_for("it is Master", 10, || r1.holds("192.0.2.100"));
    let injector = lab.injector();
    let vip = [Ipv4Addr::new(192, 0, 2, 100)];
    for source in [
        "0.0.0.0",
        "224.0.0.5",
        "255.255.255.255",
        "127.0.0.1",
        "198.51.100.7",
    ] {
        let source: Ipv4Addr = source.parse().expect("an address");
        injector.send(
            &Forge {
                source,
                ..Forge::v3(51, 50, 20, &vip)
            }
            .frame(),
        );
        injector.send(
            &Forge {
                source,
                ..Forge::v3(51, 50, 20, &[])
            }
            .frame(),
        );
    }
    // A simple generator, the same bytes in every run.
    let mut state = 0x2545_f491_u32;
    for round in 0..3000usize {
        let mut forge = Forge::v3(51, 50, 20, &vip);
        for _ in 0..round % 7 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            forge
                .flips
                .push((state as usize >> 16 & 7, (state >> 8) as u8));
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        forge.surplus = if round % 3 == 0 {
            state as usize >> 20 & 0x3ff
        } else {
            0
        };
        forge.cut = (round % 5 == 0).then_some(state as usize >> 12 & 15);
        forge.ah = (round % 11 == 0).then_some(ForgeAh {
            key: KEY,
            sequence: state,
            spi: None,
        });
        let mut frame = forge.frame();
        if round % 4 == 0 {
            let at = 14 + (state as usize >> 5) % (frame.len() - 14);
            frame[at] ^= (state >> 24) as u8;
        }
        injector.send(&frame);
        if round % 50 == 0 {
            pause(2);
        }
    }
    pause(1000);
    assert!(daemon.alive(), "it fell over");
    let since = now();
    pause(1500);
    let sent = wire
        .adverts(|a| a.at > since && a.vrid == 51 && !a.outgoing)
        .len();
    assert!(sent >= 5, "only {sent} adverts in 1.5 s afterwards");
    assert!(r1.holds("192.0.2.100"));
    let lines = r1.log.lines().len();
    assert!(
        Kind::under_test() == Kind::Theirs || lines < 300,
        "{lines} lines for 3000 packets"
    );
}

/// A thousand wrong adverts in a second, then a thousand weaker ones: adverts go on, the log is
/// not filled, and not every one is answered.
fn flood() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let _daemon = r1.start(Kind::under_test(), ONE);
    wait_for("it is Master", 10, || r1.holds("192.0.2.100"));
    let injector = lab.injector();
    let weaker = Forge::v3(51, 50, 20, &[Ipv4Addr::new(192, 0, 2, 100)]);
    let bad = Forge {
        checksum_flip: 1,
        ..weaker.clone()
    };
    for (what, forge) in [("bad", &bad), ("weaker", &weaker)] {
        let (from, lines) = (now(), r1.log.lines().len());
        for _ in 0..1000 {
            injector.send(&forge.frame());
            std::thread::sleep(Duration::from_micros(900));
        }
        let took = now() - from;
        pause(500);
        let own = wire.adverts(|a| a.at > from && !a.outgoing);
        let gap = own
            .windows(2)
            .map(|w| w[1].at - w[0].at)
            .max()
            .expect("adverts");
        let logged = r1.log.lines().len() - lines;
        let sent = own.len();
        println!(
            "  1000 {what} adverts in {took:?}: sent {sent}, widest gap {gap:?}, {logged} lines"
        );
        assert!(
            gap < Duration::from_millis(600),
            "its adverts stopped for {gap:?}"
        );
        if Kind::under_test() == Kind::Ours {
            assert!(logged <= 100, "{logged} lines for 1000 adverts");
            assert!(sent <= 250, "{sent} adverts in answer to 1000");
        }
    }
    assert!(r1.holds("192.0.2.100"));
}
