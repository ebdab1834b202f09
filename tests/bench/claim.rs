//! From the first advert of a new Master until all of its five thousand addresses are in place,
//! beside fifty virtual routers that advertise ten times a second.

use crate::lab::stage::in_network;
use crate::lab::{Advert, Capture, Forge, Injector, Kind, now, pause, wait_for};
use crate::table::Table;
use crate::wire::{ROUTER, Wire, median, wait_for_masters};
use holdfast::sys::net::Netlink;
use holdfast::wire::{netlink, rtnetlink};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

pub const CLAIM: &str = "advert to 5000 addresses in place";
pub const BARE: &str = "  the kernel's own share of that";
pub const FIRST: &str = "advert to first announcement";

const ADDRESSES: usize = 5000;
/// Virtual routers beside it.
const NEIGHBOURS: u8 = 50;
const BUSY: u8 = 200;

pub fn measure(kind: Kind, quick: bool, table: &mut Table) {
    let wire = Wire::new();
    let capture = wire.capture();
    let injector = wire.injector();
    let daemon = wire.start(kind, &config());
    wait_for_masters(&capture, usize::from(NEIGHBOURS) + 1);
    wait_for("all addresses", 60, || wire.held() > ADDRESSES);
    pause(2000);
    let (mut whole, mut first) = (Vec::new(), Vec::new());
    for _ in 0..if quick { 1 } else { 3 } {
        let (all, announced) = claim(&wire, &capture, &injector);
        whole.push(all.as_nanos() as i64);
        first.push(announced.as_nanos() as i64);
        wait_for("the announcements to end", 30, || silent(&capture));
    }
    table.put(CLAIM, kind, median(whole));
    table.put(FIRST, kind, median(first));
    drop((daemon, capture, injector));
    drop(wire);
    let wire = Wire::new();
    let bare = (0..if quick { 1 } else { 3 }).map(|_| bare(&wire).as_nanos() as i64);
    table.put(BARE, kind, median(bare.collect()));
}

/// The same addresses from nobody but this program, in as few sends as will do, without
/// acknowledgements: no daemon can be faster. They are taken away again.
fn bare(wire: &Wire) -> Duration {
    let link = || {
        (
            Netlink::route(0, 1 << 20),
            nix::net::if_::if_nametoindex("eth0"),
        )
    };
    let (socket, index) = in_network(wire.holder(), link);
    let (socket, index) = (socket.expect("a netlink socket"), index.expect("eth0"));
    let work = |add: bool| {
        let mut sends = Vec::new();
        for n in 0..ADDRESSES {
            if n % 128 == 0 {
                sends.push(Vec::new());
            }
            let address = Ipv4Addr::from_bits(0x0a02_0000 + n as u32);
            let request = rtnetlink::AddrRequest::new(index, IpAddr::V4(address), 32);
            let send = sends.last_mut().expect("one");
            let start = send.len();
            let made = if add {
                rtnetlink::new_address(send, 1, 0, &request)
            } else {
                rtnetlink::del_address(send, 1, &request)
            };
            made.expect("a request");
            netlink::unacknowledged(&mut send[start..]);
        }
        let begin = now();
        for send in &sends {
            socket.send(send).expect("sending");
        }
        now() - begin
    };
    let took = work(true);
    assert!(wire.held() > ADDRESSES, "all addresses are there");
    work(false);
    took
}

/// Takes the addresses away, lets it have them again, and watches.
fn claim(wire: &Wire, capture: &Capture, injector: &Injector) -> (Duration, Duration) {
    let stronger = Forge::v3(BUSY, 250, 10, &[Ipv4Addr::new(10, 2, 0, 0)]).frame();
    wait_for("the addresses to go", 60, || {
        for _ in 0..10 {
            injector.send(&stronger);
            pause(40);
        }
        wire.held() < ADDRESSES / 10
    });
    for _ in 0..10 {
        injector.send(&stronger);
        pause(50);
    }
    capture.clear();
    let since = now();
    let placed = placed(wire);
    pause(50);
    let advert = |a: &Advert| a.source == ROUTER && a.vrid == BUSY && a.at > since;
    let advert = capture.adverts(advert)[0].at;
    let announced = capture.look(|frames| {
        let of_busy = |f: &&crate::lab::Frame| {
            let garp = f.garp().filter(|_| f.at >= advert);
            garp.is_some_and(|ip| ip.octets()[1] == 2)
        };
        frames.iter().find(of_busy).map(|f| f.at)
    });
    let announced = announced.expect("an announcement");
    (placed - advert, announced - advert)
}

/// When the last of the addresses came.
fn placed(wire: &Wire) -> Duration {
    const IPV4_ADDRESSES: u32 = 1 << 4;
    const NEWADDR: [u8; 2] = 20_u16.to_ne_bytes();
    let socket = in_network(wire.holder(), || Netlink::route(IPV4_ADDRESSES, 64 << 20));
    let socket = socket.expect("a netlink socket");
    let (mut seen, mut buffer) = (0, vec![0; 8192]);
    let begin = now();
    while seen < ADDRESSES {
        assert!(
            now() - begin < Duration::from_secs(60),
            "{seen} addresses only"
        );
        // Looking now and then costs the daemon less than being woken by each.
        pause(1);
        while let Ok(Some(length)) = socket.recv(&mut buffer) {
            if length > 6 && buffer[4..6] == NEWADDR {
                seen += 1;
            }
        }
    }
    now()
}

/// Whether nothing was announced for a while.
fn silent(capture: &Capture) -> bool {
    capture.clear();
    pause(500);
    capture.look(|frames| frames.iter().all(|f| f.garp().is_none()))
}

fn config() -> String {
    let mut text = String::from(
        "global_defs {\n router_id pace\n vrrp_version 3\n vrrp_garp_master_delay 1\n}\n",
    );
    for vrid in 1..=NEIGHBOURS {
        text += &format!(
            "vrrp_instance VI_{vrid} {{\n state MASTER\n interface eth0\n \
             virtual_router_id {vrid}\n priority 150\n advert_int 0.1\n \
             virtual_ipaddress {{\n 10.1.0.{vrid}/32\n }}\n}}\n"
        );
    }
    text += &format!(
        "vrrp_instance BUSY {{\n state MASTER\n interface eth0\n virtual_router_id {BUSY}\n \
         priority 150\n advert_int 0.1\n virtual_ipaddress {{\n 10.2.0.0/32\n }}\n \
         virtual_ipaddress_excluded {{\n"
    );
    for n in 1..ADDRESSES {
        text += &format!(" 10.2.{}.{}/32\n", n / 256, n % 256);
    }
    text + " }\n}\n"
}
