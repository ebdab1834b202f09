//! Options of the command line, and those of the sysconfig file.

use super::{Facts, notes, yes};
use crate::lab::{Daemon, Kind, Node, wait_for};
use crate::witness::table;
use std::fs;

/// With the address of the file's own.
fn config(last: u8) -> String {
    format!(
        "global_defs {{\n script_user root\n}}\nvrrp_instance VI_1 {{\n state MASTER\n interface eth0\n \
         virtual_router_id 51\n priority 150\n advert_int 1\n notify_master \"/bin/sh /run/note master\"\n \
         virtual_ipaddress {{\n  192.0.2.{last}\n }}\n}}\n\
         virtual_server 192.0.2.100 80 {{\n lb_algo rr\n lb_kind NAT\n protocol TCP\n \
         real_server 192.0.2.250 80 {{\n }}\n}}\n"
    )
}

/// A router of its own, without a switch.
fn router(name: &str) -> Node {
    let node = Node::new(name);
    for line in [
        "link set lo up",
        "link add eth0 type dummy",
        "addr add 192.0.2.1/24 dev eth0",
        "link set eth0 up multicast on",
    ] {
        node.ip(line);
    }
    node.write("other.conf", &config(112));
    notes(&node);
    node
}

/// What it has: an address of one of the files, a table of IPVS.
fn has(node: &Node) -> String {
    let address = node.holds("192.0.2.111") || node.holds("192.0.2.112");
    format!(
        "address {}, table {}",
        yes(address),
        yes(!table(node).is_empty())
    )
}

/// Which file's address.
fn file(node: &Node) -> &'static str {
    match (node.holds("192.0.2.111"), node.holds("192.0.2.112")) {
        (true, false) => "keepalived.conf",
        (false, true) => "other.conf",
        _ => "neither",
    }
}

/// Name, options, and what it has then and after the stop.
const RUNS: &[(&str, &[&str], &str, &str)] = &[
    (
        "no options",
        &[],
        "address yes, table yes",
        "address no, table no",
    ),
    (
        "-P",
        &["-P"],
        "address yes, table no",
        "address no, table no",
    ),
    (
        "--vrrp",
        &["--vrrp"],
        "address yes, table no",
        "address no, table no",
    ),
    (
        "-C",
        &["-C"],
        "address no, table yes",
        "address no, table no",
    ),
    (
        "--check",
        &["--check"],
        "address no, table yes",
        "address no, table no",
    ),
    (
        "-V",
        &["-V", "-f", "/run/other.conf"],
        "address yes, table yes",
        "address yes, table no",
    ),
    (
        "--dont-release-vrrp",
        &["--dont-release-vrrp", "--use-file=/run/other.conf"],
        "address yes, table yes",
        "address yes, table no",
    ),
    (
        "-I",
        &["-I", "-d", "-S", "3"],
        "address yes, table yes",
        "address no, table yes",
    ),
    (
        "--dont-release-ipvs",
        &["--dont-release-ipvs", "--dump-conf", "--log-facility=3"],
        "address yes, table yes",
        "address no, table yes",
    ),
    (
        "-D",
        &["-D"],
        "address yes, table yes",
        "address no, table no",
    ),
    (
        "--log-detail",
        &["--log-detail"],
        "address yes, table yes",
        "address no, table no",
    ),
];

pub fn observe(facts: &mut Facts) {
    let nodes: Vec<Node> = (0..RUNS.len()).map(|n| router(&format!("o{n}"))).collect();
    let daemons: Vec<Daemon<'_>> = nodes
        .iter()
        .zip(RUNS)
        .map(|(node, (_, options, ..))| {
            let options = [&["-n"], *options].concat();
            node.start_with(Kind::under_test(), &config(111), &options)
        })
        .collect();
    let mut of = |name: &str| {
        let at = RUNS.iter().position(|run| run.0 == name);
        &nodes[at.expect("a run")]
    };
    for (node, (name, _, wanted, _)) in nodes.iter().zip(RUNS) {
        facts.wait(name, wanted, || has(node));
    }
    logs(facts, &mut of);
    for (name, run) in [
        ("no options", "no options"),
        ("-f", "-V"),
        ("--use-file", "--dont-release-vrrp"),
    ] {
        facts.set(&format!("{name}: address of"), file(of(run)));
    }
    for daemon in daemons {
        daemon.stop();
    }
    for (node, (name, _, _, wanted)) in nodes.iter().zip(RUNS) {
        facts.wait(&format!("{name}, after the stop"), wanted, || has(node));
    }
    help(facts, &nodes[0]);
    service(facts);
}

/// What is logged, and under which facility.
fn logs<'a>(facts: &mut Facts, of: &mut dyn FnMut(&str) -> &'a Node) {
    let none = "no options";
    for (name, run) in [
        (none, none),
        ("-d", "-I"),
        ("--dump-conf", "--dont-release-ipvs"),
    ] {
        let shown = of(run).log.count("virtual_router_id 51") > 0;
        facts.set(&format!("{name}: configuration in the log"), yes(shown));
    }
    for (name, run, wanted) in [
        ("-D", "-D", "yes"),
        ("--log-detail", "--log-detail", "yes"),
        (none, none, "no"),
    ] {
        let node = of(run);
        wait_for("its script has run", 60, || {
            node.read("notes").contains("master")
        });
        let fact = format!("{name}: scripts in the log");
        facts.wait(&fact, wanted, || {
            let log = node.log.text();
            yes(log
                .lines()
                .any(|l| l.contains("script ") && l.contains(" started (pid ")))
        });
    }
    for (name, run) in [
        (none, none),
        ("-S 3", "-I"),
        ("--log-facility", "--dont-release-ipvs"),
    ] {
        let lines = of(run).log.lines();
        let number = |text: &str| {
            text.strip_prefix('<')?
                .split_once('>')?
                .0
                .parse::<u32>()
                .ok()
        };
        let mut all: Vec<String> = lines
            .iter()
            .filter_map(|l| Some((number(&l.text)? >> 3).to_string()))
            .collect();
        all.sort();
        all.dedup();
        facts.set(&format!("{name}: facility"), all.join(" "));
    }
}

fn help(facts: &mut Facts, node: &Node) {
    for option in ["--help", "--halp"] {
        let done = node
            .command(&Kind::under_test().program())
            .arg(option)
            .output();
        let done = done.expect("running it");
        // Like keepalived's, it goes to standard error.
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let options = [
            "-f, --use-file",
            "-P, --vrrp",
            "-C, --check",
            "-V, --dont-release-vrrp",
            "-I, --dont-release-ipvs",
            "-d, --dump-conf",
            "-D, --log-detail",
            "-S, --log-facility",
            "-h, --help",
        ];
        let line = |option: &&str| said.lines().any(|l| l.trim_start().starts_with(option));
        let all = options.iter().all(line);
        let status = if done.status.success() { "0" } else { "not 0" };
        facts.set(
            &format!("{option} names the options"),
            format!("{}, status {status}", yes(all)),
        );
    }
}

/// The options of a process, behind those the init script gives it.
fn options(pid: Option<i32>) -> String {
    let line = pid.and_then(|pid| fs::read(format!("/proc/{pid}/cmdline")).ok());
    let line = String::from_utf8_lossy(&line.unwrap_or_default()).into_owned();
    let words: Vec<&str> = line.split('\0').filter(|w| !w.is_empty()).collect();
    // The program, -f and -p with their files.
    words.get(5..).unwrap_or_default().join(" ")
}

/// The init script and its settings, as they are installed.
fn service(facts: &mut Facts) {
    let node = router("init");
    let root = "/run/system";
    let done = node
        .command("sh")
        .args([
            "-c",
            "cd \"$HERE\" && exec sh board/make/install.sh install",
        ])
        .env("HERE", env!("CARGO_MANIFEST_DIR"))
        .env("BIN", Kind::Ours.program())
        .env("INIT", "redhat")
        .env("DESTDIR", "")
        .env("PREFIX", root)
        .env("SBINDIR", format!("{root}/sbin"))
        .env("BINDIR", format!("{root}/bin"))
        .env("MANDIR", format!("{root}/man"))
        .env("SYSCONFDIR", format!("{root}/etc"))
        .output()
        .expect("the installer");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    node.write("system/etc/keepalived/keepalived.conf", &config(111));
    let script = format!("{root}/etc/rc.d/init.d/keepalived");
    let pid = || node.pid_in("keepalived.pid");
    node.run(&format!("sh {script} start"));
    let name = "started by the init script, as installed";
    facts.wait(name, "address yes, table yes", || has(&node));
    facts.set("options in the process list, as installed", options(pid()));
    let settings = "system/etc/sysconfig/keepalived";
    let changed = node.read(settings).replace("\"-D\"", "\"-D -P\"");
    node.write(settings, &changed);
    node.run(&format!("sh {script} restart"));
    let name = "started by the init script, changed";
    facts.wait(name, "address yes, table no", || has(&node));
    facts.set("options in the process list, changed", options(pid()));
    node.run(&format!("sh {script} stop"));
    wait_for("it is gone", 60, || has(&node) == "address no, table no");
}
