//! A clock set by an hour, forward and back: nothing in here looks at it.

use crate::lab::{Kind, Lab, Node, pause, stays, wait_for};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::time::{ClockId, clock_gettime, clock_settime};

fn config(priority: u8) -> String {
    format!(
        "vrrp_script well {{\n script \"/bin/true\"\n interval 1\n}}\n\
         vrrp_instance VI_1 {{\n state BACKUP\n interface eth0\n virtual_router_id 51\n \
         priority {priority}\n advert_int 1\n garp_master_refresh 2\n \
         track_script {{\n  well\n }}\n virtual_ipaddress {{\n  192.0.2.100/24\n }}\n}}\n"
    )
}

/// Sets the machine's clock, which is nobody else's.
fn step(seconds: i64) {
    let now = clock_gettime(ClockId::CLOCK_REALTIME).expect("the time");
    let then = now + TimeSpec::seconds(seconds);
    clock_settime(ClockId::CLOCK_REALTIME, then).expect("setting the clock");
}

fn entered(node: &Node) -> usize {
    node.log.count("Entering ")
}

pub fn steps() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let first = r1.start(Kind::under_test(), &config(150));
    let second = r2.start(Kind::under_test(), &config(100));
    wait_for("the Master", 60, || r1.holds("192.0.2.100"));
    wait_for("the Backup", 60, || r2.log.count("Entering BACKUP") > 0);
    let changes = entered(r1) + entered(r2);
    for seconds in [3600, -7200, 86400 * 400, -86400 * 400 + 3600] {
        step(seconds);
        // Three down intervals.
        stays("nothing changes", 11_000, || {
            entered(r1) + entered(r2) == changes
        });
        assert!(r1.holds("192.0.2.100") && !r2.holds("192.0.2.100"));
    }
    let sent = first.stats_of("VI_1").sent;
    pause(3000);
    assert!(first.stats_of("VI_1").sent > sent, "it goes on");
    // And the election still works.
    first.crash();
    wait_for("the other takes over", 60, || r2.holds("192.0.2.100"));
    second.stop();
}
