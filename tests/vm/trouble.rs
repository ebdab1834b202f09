//! IPVS that is missing, not allowed, or changed by others.

use super::witness::{CHECKERS, Server, becomes, ipvsadm, table};
use crate::lab::{Kind, Lab, Node, pause, wait_for};
use std::fs;
use std::path::Path;

/// Where the kernel is told how to load a module.
const LOADER: &str = "/proc/sys/kernel/modprobe";

const CONFIG: &str = "virtual_server 192.0.2.100 80 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 8080 {
  TCP_CHECK {
   connect_timeout 5
   retry 3
  }
 }
 real_server 127.0.0.1 9 {
  TCP_CHECK {
   retry 0
   delay_before_retry 1
  }
 }
}
";
const SERVICE: &str = "-A -t 192.0.2.100:80 -s rr";
const FIRST: &str = "-a -t 192.0.2.100:80 -r 192.0.2.250:8080 -m -w 1";
const TABLE: [&str; 2] = [SERVICE, FIRST];

/// Everything that keeps a table from being what it should be.
pub fn trouble() {
    let lab = Lab::new(3);
    crate::lab::sh("ip addr add 192.0.2.250/24 dev br0");
    let _server = Server::new(None, "first", "192.0.2.250:8080");
    missing(lab.r(1));
    let patient = lab.r(3);
    let third = patient.start_with(Kind::under_test(), CONFIG, &CHECKERS);
    becomes(patient, "as configured", &TABLE);
    // Nothing happens that would make anybody look at it.
    ipvsadm(patient, &["-C"]);
    allowed(lab.r(2));
    early(lab.r(2));
    meddled(lab.r(1));
    sync(lab.r(2));
    becomes(patient, "put right without a cause", &TABLE);
    wait_for("a word about it", 20, || {
        patient.log.count("somebody else changed the table of IPVS") == 1
    });
    third.stop();
}

/// Without the module it says what to do, goes on checking, and balances as soon as it is there.
fn missing(node: &Node) {
    assert!(!Path::new("/proc/net/ip_vs").exists(), "not loaded before");
    let loader = fs::read_to_string(LOADER).expect("a kernel with modules");
    fs::write(LOADER, "/bin/false").expect("as root");
    let daemon = node.start_with(Kind::under_test(), CONFIG, &CHECKERS);
    wait_for("what to do", 30, || {
        node.log.count("modprobe ip_vs") > 0 && node.log.count("nothing is balanced") == 1
    });
    wait_for("checks without a table", 30, || {
        node.log.count("[127.0.0.1]:tcp:9") > 0
    });
    assert!(daemon.alive());
    fs::write(LOADER, loader.trim()).expect("as root");
    node.run("ipvsadm -L");
    becomes(node, "the module has come", &TABLE);
    assert_eq!(node.log.count("nothing is balanced"), 1, "once");
    daemon.stop();
    becomes::<&str>(node, "nothing stays", &[]);
}

/// For checks and the table it needs CAP_NET_ADMIN, and CAP_NET_RAW only for VRRP.
fn allowed(node: &Node) {
    let path = node.write("keepalived.conf", CONFIG);
    let start = |drop: &str, arguments: &[&str]| {
        let mut command = node.command("setpriv");
        command.args([
            &format!("--bounding-set=-{drop}"),
            &format!("--inh-caps=-{drop}"),
        ]);
        command
            .arg(Kind::Ours.program())
            .args(["-f", &path])
            .args(arguments);
        command.stdin(std::process::Stdio::null());
        command.stderr(std::process::Stdio::piped());
        command.spawn().expect("setpriv")
    };
    let mut child = start("net_raw", &CHECKERS);
    becomes(node, "without CAP_NET_RAW", &TABLE);
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("our own child");
    child.wait().expect("our own child");
    becomes::<&str>(node, "nothing stays", &[]);
    let refused = start("net_admin", &["-n", "-C", "-l"]).wait_with_output();
    let refused = refused.expect("our own child");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("it needs CAP_NET_ADMIN:"), "{said}");
}

/// A stop that comes before anything is known of the table leaves nothing of a crash behind.
fn early(node: &Node) {
    for wait in [0, 20, 50, 100, 200] {
        let daemon = node.start_with(Kind::Ours, CONFIG, &CHECKERS);
        becomes(node, "as configured", &TABLE);
        daemon.crash();
        let daemon = node.start_with(Kind::Ours, CONFIG, &CHECKERS);
        pause(wait);
        let (_, status) = daemon.stop();
        let left = table(node);
        // The signal may have come before anybody waited for it.
        match status.is_some_and(|s| s.success()) {
            true => assert!(left.is_empty(), "after {wait} ms: {left:?}"),
            false => assert_eq!(left, TABLE),
        }
        ipvsadm(node, &["-C"]);
    }
}

/// Whatever others do to our services is put right; theirs are left alone.
fn meddled(node: &Node) {
    let daemon = node.start_with(Kind::Ours, CONFIG, &CHECKERS);
    becomes(node, "as configured", &TABLE);
    let foreign = "-A -t 192.0.2.200:22 -s wlc";
    for line in [
        "ipvsadm -D -t 192.0.2.100:80",
        "ipvsadm -A -t 192.0.2.200:22 -s wlc",
    ] {
        node.run(line);
    }
    // A change of our own finds out what is not there.
    let config = CONFIG.replace("127.0.0.1 9", "192.0.2.250 8081");
    daemon.stop();
    becomes(node, "theirs stays", &[foreign]);
    let second = Server::new(None, "second", "192.0.2.250:8081");
    let daemon = node.start_with(Kind::Ours, &config, &CHECKERS);
    let added = FIRST.replace(":8080", ":8081");
    becomes(node, "two of them", &[SERVICE, FIRST, &added, foreign]);
    ipvsadm(node, &["-C"]);
    drop(second);
    becomes(node, "put right by a change of our own", &TABLE);
    let _second = Server::new(None, "second", "192.0.2.250:8081");
    node.run("ipvsadm -a -t 192.0.2.100:80 -r 192.0.2.77:1 -m -w 9");
    becomes(node, "what others added goes", &[SERVICE, FIRST, &added]);
    daemon.stop();
    becomes::<&str>(node, "nothing stays", &[]);
}

/// A synchronisation daemon that the kernel refuses is asked for again.
fn sync(node: &Node) {
    let config = format!("global_defs {{\n lvs_sync_daemon late0 id 9\n}}\n{CONFIG}");
    let daemon = node.start_with(Kind::Ours, &config, &CHECKERS);
    wait_for("a refusal", 30, || {
        node.log
            .count("cannot start the IPVS synchronisation daemon")
            == 1
    });
    becomes(node, "the table does not suffer", &TABLE);
    node.ip("link add late0 type dummy");
    node.ip("addr add 203.0.113.1/24 dev late0");
    node.ip("link set late0 up");
    wait_for("both daemons", 60, || {
        let said = ipvsadm(node, &["-L", "--daemon"]);
        said.matches("syncid=9").count() == 2
    });
    assert_eq!(
        node.log
            .count("cannot start the IPVS synchronisation daemon"),
        1,
        "said once"
    );
    daemon.stop();
    assert_eq!(ipvsadm(node, &["-L", "--daemon"]).trim(), "");
}
