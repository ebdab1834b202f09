//! The table of IPVS as `ipvsadm` shows it.

use super::witness::{CHECKERS as ARGUMENTS, becomes, table};
use crate::lab::{Kind, Lab, Node, sh, stays, wait_for};
use std::net::TcpListener;

const FORMS: &str = "
virtual_server 192.0.2.100 80 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 8080 {
  weight 3
 }
 real_server 192.0.2.251 8080 {
  weight 0
 }
}
virtual_server 192.0.2.100 53 {
 lb_algo wlc
 lb_kind DR
 protocol UDP
 ops
 real_server 192.0.2.250 53 {
  weight 2
 }
}
virtual_server 192.0.2.101 443 {
 lb_algo sh
 sh-port
 lb_kind NAT
 protocol TCP
 persistence_timeout 50
 persistence_granularity 255.255.255.0
 real_server 192.0.2.250 443 {
 }
}
virtual_server fwmark 5 {
 lb_algo wrr
 lb_kind TUN
 real_server 192.0.2.250 0 {
  weight 7
 }
}
";

const FORMS_TABLE: [&str; 9] = [
    "-A -t 192.0.2.100:80 -s rr",
    "-a -t 192.0.2.100:80 -r 192.0.2.250:8080 -m -w 3",
    "-a -t 192.0.2.100:80 -r 192.0.2.251:8080 -m -w 0",
    "-A -u 192.0.2.100:53 -s wlc -o",
    "-a -u 192.0.2.100:53 -r 192.0.2.250:53 -g -w 2",
    "-A -t 192.0.2.101:443 -s sh -p 50 -M 255.255.255.0 -b sh-port",
    "-a -t 192.0.2.101:443 -r 192.0.2.250:443 -m -w 1",
    "-A -f 5 -s wrr",
    "-a -f 5 -r 192.0.2.250:0 -i -w 7",
];

const CHECKED: &str = "
global_defs {
 script_user root
}
virtual_server 192.0.2.100 80 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 quorum_up \"/bin/sh /run/note up\"
 quorum_down \"/bin/sh /run/note down\"
 sorry_server 192.0.2.99 80
 real_server 192.0.2.250 8080 {
  TCP_CHECK {
   connect_timeout 3
   retry 0
   delay_before_retry 1
  }
 }
 real_server 192.0.2.250 8081 {
  TCP_CHECK {
   connect_timeout 3
   retry 0
   delay_before_retry 1
  }
 }
}
";

const SERVICE: &str = "-A -t 192.0.2.100:80 -s rr";
const FIRST: &str = "-a -t 192.0.2.100:80 -r 192.0.2.250:8080 -m -w 1";
const SECOND: &str = "-a -t 192.0.2.100:80 -r 192.0.2.250:8081 -m -w 1";
const SORRY: &str = "-a -t 192.0.2.100:80 -r 192.0.2.99:80 -m -w 1";

/// Somebody who answers at the switch, until dropped.
fn server(port: u16) -> TcpListener {
    TcpListener::bind(("192.0.2.250", port)).expect("a server at the switch")
}

/// What is configured is in the table; what fails leaves it and comes back; nothing stays at a stop.
pub fn shown() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    sh("ip addr add 192.0.2.250/24 dev br0");
    let daemon = r1.start_with(Kind::under_test(), FORMS, &ARGUMENTS);
    becomes(r1, "as configured", &FORMS_TABLE);
    daemon.stop();
    becomes::<&str>(r1, "nothing stays", &[]);

    // What a crash left behind is adopted, and not made anew.
    let daemon = r1.start_with(Kind::under_test(), FORMS, &ARGUMENTS);
    becomes(r1, "as configured", &FORMS_TABLE);
    daemon.crash();
    becomes(r1, "left behind", &FORMS_TABLE);
    let daemon = r1.start_with(Kind::under_test(), FORMS, &ARGUMENTS);
    stays("adopted", 3000, || table(r1).len() == FORMS_TABLE.len());
    daemon.stop();
    becomes::<&str>(r1, "nothing stays", &[]);

    checked(r1);
}

fn checked(r1: &Node) {
    r1.write("note", "echo $1 >> /run/quorum\n");
    let first = server(8080);
    let second = server(8081);
    let daemon = r1.start_with(Kind::under_test(), CHECKED, &ARGUMENTS);
    becomes(r1, "both serve", &[SERVICE, FIRST, SECOND]);
    stays("both go on", 3000, || table(r1).len() == 3);
    drop(first);
    becomes(r1, "one was killed", &[SERVICE, SECOND]);
    drop(second);
    becomes(r1, "all were killed", &[SERVICE, SORRY]);
    let first = server(8080);
    becomes(r1, "one came back", &[SERVICE, FIRST]);
    let _second = server(8081);
    becomes(r1, "both came back", &[SERVICE, FIRST, SECOND]);
    wait_for("the quorum's scripts", 20, || {
        r1.read("quorum") == "up\ndown\nup\n"
    });
    assert_eq!(r1.read("quorum"), "up\ndown\nup\n", "once per change");

    // Over a crash, who is down stays out.
    drop(first);
    becomes(r1, "one was killed", &[SERVICE, SECOND]);
    daemon.crash();
    let daemon = r1.start_with(Kind::under_test(), CHECKED, &ARGUMENTS);
    if Kind::under_test() == Kind::Ours {
        stays("it stays out", 4000, || table(r1) == [SERVICE, SECOND]);
    }
    daemon.stop();
    becomes::<&str>(r1, "nothing stays", &[]);
}
