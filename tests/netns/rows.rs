//! The wrong adverts of `conformance`, one row each, with what must become of them.

use crate::lab::Forge;
use crate::lab::frames::ForgeAh;
use std::net::Ipv4Addr;

/// What both ends of an authenticated row know.
pub const KEY: [u8; 8] = *b"sesame12";

/// What becomes of the advert.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Discarded,
    /// As if it were sound.
    Accepted,
    /// Discarded by us; keepalived 2.2.7 takes it.
    OursDiscards,
    /// Accepted by us; keepalived 2.2.7 discards it.
    OursAccepts,
}
use Fate::{Accepted, Discarded, OursAccepts, OursDiscards};

pub struct Row {
    pub name: String,
    pub auth: &'static str,
    pub fate: Fate,
    pub wrong: Box<dyn Fn(&mut Forge)>,
}

fn row(name: &str, fate: Fate, wrong: impl Fn(&mut Forge) + 'static) -> Row {
    Row {
        name: name.to_owned(),
        auth: "",
        fate,
        wrong: Box::new(wrong),
    }
}

fn with(auth: &'static str, row: Row) -> Row {
    Row { auth, ..row }
}

/// Rows that both versions have; `sound` is the message's length with one address.
fn common(sound: usize) -> Vec<Row> {
    let mut rows = vec![row("sound", Accepted, |_| ())];
    for ttl in [254, 1, 0] {
        rows.push(row(&format!("TTL {ttl}"), Discarded, move |f| f.ttl = ttl));
    }
    for version in [0, 1, 4, 15] {
        rows.push(row(&format!("version {version}"), Discarded, move |f| {
            f.version = version
        }));
    }
    for kind in [0, 2, 15] {
        rows.push(row(&format!("type {kind}"), Discarded, move |f| {
            f.kind = kind
        }));
    }
    for cut in [1, 4, 7, 8, sound - 4, sound - 1] {
        rows.push(row(&format!("cut to {cut} bytes"), Discarded, move |f| {
            f.cut = Some(cut)
        }));
    }
    for surplus in [4, 28] {
        rows.push(row(&format!("{surplus} bytes more"), Discarded, move |f| {
            f.surplus = surplus
        }));
    }
    rows.push(row("padded as Ethernet does", Accepted, |f| f.padding = 6));
    for count in [2, 255] {
        let name = format!("count {count} with one address");
        rows.push(row(&name, Discarded, move |f| f.count = Some(count)));
    }
    rows.push(row("count 0 with one address", Discarded, |f| {
        f.count = Some(0)
    }));
    rows.push(row("no address", Discarded, |f| f.addresses.clear()));
    rows.push(row("checksum 0x1234 off", Discarded, |f| {
        f.checksum_flip = 0x1234
    }));
    for offset in (0..sound).filter(|o| *o != 1) {
        let name = format!("a bit of byte {offset} flipped");
        rows.push(row(&name, Discarded, move |f| {
            f.flips = vec![(offset, 0x10)]
        }));
    }
    rows.push(row("another VRID", Discarded, |f| f.vrid = 250));
    rows.push(row("other addresses", OursAccepts, |f| {
        f.addresses = vec![Ipv4Addr::new(10, 9, 9, 9)]
    }));
    rows.push(row("more addresses", OursAccepts, |f| {
        f.addresses.push(Ipv4Addr::new(10, 9, 9, 9))
    }));
    rows.push(row("sent to our own address", Discarded, |f| {
        f.destination = Ipv4Addr::new(192, 0, 2, 1);
    }));
    rows.push(row("from our own address", OursDiscards, |f| {
        f.source = Ipv4Addr::new(192, 0, 2, 1)
    }));
    rows
}

pub const PASS: &str = "authentication {\n auth_type PASS\n auth_pass sesame12\n }";
pub const SHORT: &str = "authentication {\n auth_type PASS\n auth_pass abc\n }";
pub const AH: &str = "authentication {\n auth_type AH\n auth_pass sesame12\n }";

pub fn rows_v2() -> Vec<Row> {
    let mut rows = common(20);
    rows.push(row("a v3 advert", Discarded, |f| {
        *f = Forge::v3(f.vrid, f.priority, 100, &f.addresses)
    }));
    for interval in [0, 2, 255] {
        rows.push(row(
            &format!("interval {interval} s"),
            Discarded,
            move |f| f.interval = interval,
        ));
    }
    for kind in [1, 2, 3, 255] {
        rows.push(row(
            &format!("authentication type {kind}"),
            Discarded,
            move |f| f.auth_type = kind,
        ));
    }
    rows.push(with(PASS, row("PASS right", Accepted, |_| ())));
    rows.push(with(SHORT, row("PASS short and right", Accepted, |_| ())));
    rows.push(with(
        PASS,
        row("PASS wrong", Discarded, |f| f.auth_data = *b"sesame13"),
    ));
    rows.push(with(
        PASS,
        row("PASS wrong at first", Discarded, |f| f.auth_data[0] ^= 1),
    ));
    rows.push(with(
        SHORT,
        row("PASS wrong in the pad", Discarded, |f| f.auth_data[7] = 1),
    ));
    rows.push(with(
        PASS,
        row("PASS called none", Discarded, |f| f.auth_type = 0),
    ));
    rows.push(with(
        PASS,
        row("PASS called AH", Discarded, |f| f.auth_type = 2),
    ));
    rows.push(with(AH, row("AH right", Accepted, |_| ())));
    rows.push(with(AH, row("AH missing", Discarded, |f| f.ah = None)));
    rows.push(with(
        AH,
        row("AH under another key", Discarded, |f| ah(f).key[7] ^= 1),
    ));
    rows.push(with(
        AH,
        row("AH of another sender", Discarded, |f| {
            ah(f).spi = Some(0x0102_0304)
        }),
    ));
    rows.push(with(
        AH,
        row("AH replayed", Discarded, |f| ah(f).sequence = 1),
    ));
    rows.push(with(
        PASS,
        row("AH where PASS is expected", Discarded, |f| {
            f.ah = Some(ForgeAh {
                key: KEY,
                sequence: 1 << 20,
                spi: None,
            });
        }),
    ));
    rows.push(with(
        "",
        row("AH where none is expected", Discarded, |f| {
            f.ah = Some(ForgeAh {
                key: KEY,
                sequence: 1 << 20,
                spi: None,
            });
        }),
    ));
    rows
}

fn ah(forge: &mut Forge) -> &mut ForgeAh {
    forge.ah.as_mut().expect("a row with AH")
}

pub fn rows_v3() -> Vec<Row> {
    let mut rows = common(12);
    rows.push(row("a v2 advert", Discarded, |f| {
        *f = Forge::v2(f.vrid, f.priority, &f.addresses)
    }));
    rows.push(row("checksum without pseudo-header", OursAccepts, |f| {
        f.pseudo = false
    }));
    rows.push(row("interval 1 s instead of 0.5 s", Accepted, |f| {
        f.interval = 100
    }));
    rows.push(row("interval 0", Discarded, |f| f.interval = 0));
    rows.push(row("reserved bits set", Accepted, |f| f.interval |= 0xf000));
    rows
}
