//! Every form of a virtual server, as the kernel then has it.

use super::forms;
use super::witness::{CHECKERS, becomes, ipvsadm, table};
use crate::lab::{Kind, Lab, Node, stays, wait_for};
use nix::sys::signal::Signal;

/// Every scheduler, kind, protocol, way to address and flag; what concerns the table as a whole;
/// the synchronisation daemons.
pub fn forms() {
    let kind = Kind::under_test();
    let lab = Lab::new(2);
    for (number, form) in forms::FORMS.iter().enumerate() {
        // Each in a table of its own would be as good; one after the other shows that each goes.
        let node = lab.r(1 + number % 2);
        let daemon = node.start_with(kind, form.config, &CHECKERS);
        becomes(node, form.name, form.table);
        if let Some((options, expected)) = form.also {
            let shown = squeezed(&ipvsadm(node, options));
            for line in expected {
                assert!(
                    shown.iter().any(|l| l == line),
                    "{}: no {line} in\n{shown:#?}",
                    form.name
                );
            }
        }
        daemon.stop();
        becomes::<&str>(node, form.name, &[]);
    }
    whole(kind, lab.r(1));
    twos(kind, lab.r(2));
    daemons(kind, &lab);
}

/// The lines of a text, with one blank where there were several.
fn squeezed(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|l| l.split_whitespace().collect::<Vec<_>>());
    lines.map(|words| words.join(" ")).collect()
}

const PLAIN: &str = "virtual_server 192.0.2.100 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n \
     real_server 192.0.2.250 80 {\n }\n}\n";
const PLAIN_TABLE: [&str; 2] = [
    "-A -t 192.0.2.100:80 -s rr",
    "-a -t 192.0.2.100:80 -r 192.0.2.250:80 -m -w 1",
];
const FOREIGN: &str = "-A -t 192.0.2.200:22 -s wlc";

/// `lvs_timeouts`, `lvs_flush`, `lvs_flush_on_stop`, `-I`.
fn whole(kind: Kind, node: &Node) {
    let all = [&PLAIN_TABLE[..], &[FOREIGN]].concat();
    let foreign = || node.run("ipvsadm -A -t 192.0.2.200:22 -s wlc");
    foreign();
    let timeouts = "global_defs {\n lvs_timeouts tcp 1000 tcpfin 100 udp 15\n}\n";
    let daemon = node.start_with(kind, &format!("{timeouts}{PLAIN}"), &CHECKERS);
    becomes(node, "beside a foreign service", &all);
    let said = ipvsadm(node, &["-L", "--timeout"]);
    assert!(said.contains("1000 100 15"), "{said}");
    daemon.stop();
    becomes(node, "ours has gone", &[FOREIGN]);
    let said = ipvsadm(node, &["-L", "--timeout"]);
    assert!(said.contains("900 120 300"), "as they were before: {said}");

    // Timeouts that come with a reload, and go with another or at the stop.
    let daemon = node.start_with(kind, PLAIN, &CHECKERS);
    becomes(node, "beside it again", &all);
    for (text, expected) in [
        (format!("{timeouts}{PLAIN}"), "1000 100 15"),
        (PLAIN.to_owned(), "900 120 300"),
        (format!("{timeouts}{PLAIN}"), "1000 100 15"),
    ] {
        node.write("keepalived.conf", &text);
        daemon.signal(Signal::SIGHUP);
        wait_for(expected, 20, || {
            ipvsadm(node, &["-L", "--timeout"]).contains(expected)
        });
    }
    daemon.stop();
    becomes(node, "ours has gone", &[FOREIGN]);
    let said = ipvsadm(node, &["-L", "--timeout"]);
    assert!(said.contains("900 120 300"), "as they were before: {said}");

    let udp = "global_defs {\n lvs_timeouts udp 77\n lvs_flush\n lvs_flush_on_stop VS\n}\n";
    let daemon = node.start_with(kind, &format!("{udp}{PLAIN}"), &CHECKERS);
    becomes(node, "flushed at the start", &PLAIN_TABLE);
    let said = ipvsadm(node, &["-L", "--timeout"]);
    assert!(said.contains("900 120 77"), "{said}");
    foreign();
    daemon.stop();
    becomes(node, "only services of ours go", &[FOREIGN]);

    let stop = "global_defs {\n lvs_flush_on_stop\n}\n";
    let daemon = node.start_with(kind, &format!("{stop}{PLAIN}"), &CHECKERS);
    becomes(node, "not flushed at the start", &all);
    daemon.stop();
    becomes::<&str>(node, "flushed at the stop", &[]);

    let daemon = node.start_with(kind, PLAIN, &["-n", "-C", "-D", "-I"]);
    becomes(node, "as configured", &PLAIN_TABLE);
    daemon.stop();
    stays("left as it is", 1000, || table(node) == PLAIN_TABLE);
    let daemon = node.start_with(kind, PLAIN, &CHECKERS);
    stays("adopted", 2000, || table(node) == PLAIN_TABLE);
    daemon.stop();
    becomes::<&str>(node, "nothing stays", &[]);
}

/// A scheduler that came with Linux 5.11 and that not every kernel is built with.
fn twos(kind: Kind, node: &Node) {
    let config = PLAIN.replace("lb_algo rr", "lb_algo twos");
    let daemon = node.start_with(
        kind,
        &format!("{config}{}", PLAIN.replace("100", "101")),
        &CHECKERS,
    );
    let other = PLAIN_TABLE.map(|line| line.replace("100", "101"));
    let there = node
        .command("modprobe")
        .args(["-n", "-q", "ip_vs_twos"])
        .status();
    if there.is_ok_and(|status| status.success()) {
        let lines = PLAIN_TABLE.map(|line| line.replace("-s rr", "-s twos"));
        becomes(node, "twos", &[&lines[..], &other[..]].concat());
    } else {
        println!("         twos: this kernel does not have it");
        becomes(node, "all but what the kernel does not have", &other);
        if kind == Kind::Ours {
            wait_for("a word about it", 20, || {
                node.log
                    .count("this kernel has no scheduler twos (module ip_vs_twos)")
                    == 1
            });
        }
    }
    daemon.stop();
    becomes::<&str>(node, "nothing stays", &[]);
}

const INSTANCE: &str = "vrrp_instance VI_1 {\n state BACKUP\n interface eth0\n \
     virtual_router_id 51\n priority 100\n advert_int 0.5\n SYNC\n \
     virtual_ipaddress {\n  192.0.2.100\n }\n}\n";

/// The kernel's synchronisation daemons, as `ipvsadm -L --daemon` shows them.
fn syncs(node: &Node) -> Vec<String> {
    squeezed(&ipvsadm(node, &["-L", "--daemon"]))
}

#[track_caller]
fn sync_becomes(node: &Node, expected: &[&str]) {
    let start = std::time::Instant::now();
    loop {
        let last = syncs(node);
        let same = |(have, want): (&String, &&str)| have.starts_with(*want);
        if last.len() == expected.len() && last.iter().zip(expected).all(same) {
            return;
        }
        assert!(
            start.elapsed().as_secs() < 60,
            "{last:#?}\nand not\n{expected:#?}\n{}",
            node.log.report()
        );
        crate::lab::pause(50);
    }
}

/// `lvs_sync_daemon` and `lvs_sync_daemon_interface` follow the state of their instance.
fn daemons(kind: Kind, lab: &Lab) {
    let (r1, r2) = (lab.r(1), lab.r(2));
    let global = "global_defs {\n lvs_sync_daemon eth0 VI_1 id 7 maxlen 1300 port 8850 ttl 3 \
         group 224.0.0.99\n}\n";
    let instance = INSTANCE.replace("SYNC", "");
    let config = format!("{global}{instance}{PLAIN}");
    let shown =
        "sync daemon (mcast=eth0, syncid=7, maxlen=1300, group=224.0.0.99, port=8850, ttl=3)";
    let (master, backup) = (format!("master {shown}"), format!("backup {shown}"));
    let daemon = r1.start_with(kind, &config, &["-n", "-D"]);
    sync_becomes(r1, &[&master]);
    let stronger = instance.replace("priority 100", "priority 200");
    let other = r2.start(Kind::Ours, &stronger);
    sync_becomes(r1, &[&backup]);
    other.stop();
    sync_becomes(r1, &[&master]);
    becomes(r1, "beside it all", &PLAIN_TABLE);
    daemon.stop();
    sync_becomes(r1, &[]);

    let config = INSTANCE.replace("SYNC", "lvs_sync_daemon_interface eth0");
    let daemon = r1.start_with(kind, &format!("{config}{PLAIN}"), &["-n", "-D"]);
    sync_becomes(r1, &["master sync daemon (mcast=eth0, syncid=51,"]);
    let other = r2.start(Kind::Ours, &stronger);
    sync_becomes(r1, &["backup sync daemon (mcast=eth0, syncid=51,"]);
    // What a crash leaves behind is no obstacle.
    daemon.crash();
    other.stop();
    let daemon = r1.start_with(kind, &format!("{config}{PLAIN}"), &["-n", "-D"]);
    sync_becomes(r1, &["master sync daemon (mcast=eth0, syncid=51,"]);
    daemon.stop();
    sync_becomes(r1, &[]);

    let config = format!("global_defs {{\n lvs_sync_daemon eth0\n}}\n{PLAIN}");
    let daemon = r1.start_with(kind, &config, &CHECKERS);
    sync_becomes(
        r1,
        &[
            "master sync daemon (mcast=eth0, syncid=0,",
            "backup sync daemon (mcast=eth0, syncid=0,",
        ],
    );
    daemon.stop();
    sync_becomes(r1, &[]);
}
