//! From SIGTERM until the last process is gone, with addresses to give back.

use crate::lab::daemon::alive;
use crate::lab::{Kind, pause, wait_for};
use crate::table::Table;
use crate::wire::{Wire, wait_for_masters};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

pub const EXIT: &str = "SIGTERM to exit, 20 addresses";

const ADDRESSES: usize = 20;

pub fn measure(kind: Kind, _quick: bool, table: &mut Table) {
    let wire = Wire::new();
    let capture = wire.capture();
    let daemon = wire.start(kind, &config());
    wait_for_masters(&capture, 1);
    wait_for("20 addresses", 10, || wire.held() == ADDRESSES + 1);
    pause(1500);
    let processes = daemon.processes();
    let start = Instant::now();
    daemon.signal(Signal::SIGTERM);
    while processes.iter().any(|pid| alive(*pid)) {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{} does not end",
            kind.name()
        );
        std::thread::sleep(Duration::from_micros(100));
    }
    let took = start.elapsed();
    assert_eq!(wire.held(), 1, "{} left addresses behind", kind.name());
    pause(20);
    let farewells = capture.adverts(|a| a.priority == 0).len();
    assert_eq!(
        farewells,
        1,
        "{} left with {farewells} adverts of priority 0",
        kind.name()
    );
    table.put(EXIT, kind, took.as_nanos() as i64);
}

fn config() -> String {
    let mut text = String::from(
        "global_defs {\n router_id pace\n vrrp_version 3\n}\n\
         vrrp_instance VI_1 {\n state MASTER\n interface eth0\n virtual_router_id 51\n \
         priority 200\n advert_int 0.1\n virtual_ipaddress {\n",
    );
    for n in 1..=ADDRESSES {
        text += &format!(" 10.0.0.{n}/32\n");
    }
    text + " }\n}\n"
}
