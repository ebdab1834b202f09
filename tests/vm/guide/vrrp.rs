//! Virtual routers, their adverts, their scripts and their mail.

use super::{Facts, notes, yes};
use crate::lab::frames::icv;
use crate::lab::smtp::{Answer, Mail, Server, well};
use crate::lab::{Advert, Capture, Frame, Kind, Lab, Node, sh, stays, wait_for};
use crate::witness::ipvsadm;
use std::net::TcpListener;
use std::time::Duration;

/// An instance; its address ends as its number.
fn instance(name: &str, number: u8, more: &str) -> String {
    format!("vrrp_instance {name} {{\n virtual_router_id {number}\n {more}\n}}\n")
}

fn first() -> String {
    let globals = "global_defs {\n notification_email {\n noc@example.org\n ops@example.org\n }\n \
                   notification_email_from r1@example.org\n smtp_server 192.0.2.250\n \
                   smtp_connect_timeout 30\n router_id LVS_1\n script_user root\n}\n\
                   vrrp_sync_group VG {\n group {\n  C\n  F\n }\n notify_master \"/bin/sh /run/note VG-master\"\n \
                   notify_backup \"/bin/sh /run/note VG-backup\"\n notify_fault \"/bin/sh /run/note VG-fault\"\n \
                   notify \"/bin/sh /run/note VG-any\"\n}\n";
    let note = |name: &str| {
        ["master", "backup", "fault"]
            .map(|s| format!("notify_{s} \"/bin/sh /run/note {name}-{s}\"\n "))
            .concat()
            + &format!("notify \"/bin/sh /run/note {name}-any\"\n")
    };
    let each = [
        instance(
            "A",
            51,
            &("state MASTER\n interface eth0\n mcast_src_ip 192.0.2.201\n \
              lvs_sync_daemon_interface eth0\n priority 150\n advert_int 2\n smtp_alert\n \
              authentication {\n  auth_type PASS\n  auth_pass secret51\n }\n \
              virtual_ipaddress {\n  192.0.2.151\n }\n "
                .to_owned()
                + &note("A")),
        ),
        instance(
            "B",
            52,
            &("state BACKUP\n interface eth0\n priority 100\n advert_int 1\n \
              authentication {\n  auth_type AH\n  auth_pass another1\n }\n \
              virtual_ipaddress {\n  192.0.2.152\n }\n "
                .to_owned()
                + &note("B")),
        ),
        instance(
            "C",
            53,
            &("state MASTER\n interface eth1\n priority 150\n advert_int 1\n \
              virtual_ipaddress {\n  198.51.100.153\n }\n "
                .to_owned()
                + &note("C")),
        ),
        instance("D", 54, &plain(100, "", 154)),
        instance("E", 55, &plain(100, "", 155)),
        instance("F", 56, &plain(150, "", 156)),
        instance("G", 58, &plain(255, "", 158).replace("BACKUP", "MASTER")),
        instance("H", 59, &plain(255, "", 159)),
    ];
    globals.to_owned() + &each.concat()
}

fn plain(priority: u8, more: &str, last: u8) -> String {
    format!(
        "state BACKUP\n interface eth0\n priority {priority}\n advert_int 1\n {more}\n \
         virtual_ipaddress {{\n  192.0.2.{last}\n }}"
    )
}

/// A mail server that says nothing for a while or for ever.
fn silent(id: &str, timeout: u16) -> String {
    format!(
        "global_defs {{\n notification_email {{\n noc@example.org\n }}\n \
         notification_email_from {id}@example.org\n smtp_server 192.0.2.251\n \
         smtp_connect_timeout {timeout}\n router_id {id}\n}}\n"
    )
}

/// Whether the router's note of this is there.
fn noted(node: &Node, words: &str) -> &'static str {
    let notes = node.read("notes");
    yes(notes.lines().any(|line| line.trim_end().starts_with(words)))
}

fn to(mail: Option<&Mail>) -> String {
    mail.map_or(String::new(), |m| m.to.join(" "))
}

/// What a mail says of its sender.
fn letter(facts: &mut Facts, who: &str, mail: Option<&Mail>) {
    let name = mail.map_or(String::new(), |m| m.header("Subject"));
    let name = name.split_whitespace().next().unwrap_or_default();
    facts.set(&format!("name in {who}'s mail"), name);
    facts.set(&format!("{who}'s mail goes to"), to(mail));
    let from = mail.map_or("", |m| m.from.as_str());
    facts.set(&format!("{who}'s mail is from"), from);
}

/// The server that takes mail, as long as the test runs.
pub fn post() -> Server {
    let listener = TcpListener::bind(("192.0.2.250", 25)).expect("a mail server at the switch");
    Server::start(listener, well)
}

pub fn about(facts: &mut Facts, who: &str, name: &str, server: &Server) {
    let find = || {
        let mails = server.mails();
        let mut mails = mails.into_iter();
        mails.find(|m| m.header("Subject").starts_with(name))
    };
    let start = std::time::Instant::now();
    while find().is_none() && start.elapsed().as_secs() < super::LONG {
        crate::lab::pause(50);
    }
    letter(facts, who, find().as_ref());
}

pub fn observe(lab: &Lab, facts: &mut Facts, server: &Server) {
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    let (r1, r2, r3) = (lab.r(1), lab.r(2), lab.r(3));
    r1.ip("addr add 192.0.2.201/24 dev eth0");
    notes(r1);
    let mute = TcpListener::bind(("192.0.2.251", 25)).expect("a mail server at the switch");
    let mute = Server::start(mute, |_, _| Answer::Never);
    let wires = ["eth0", "eth1"].map(|i| (i, Capture::start(Some(r1.holder()), i)));

    facts.set("r1 holds A, before the start", yes(r1.holds("192.0.2.151")));
    for words in [
        "VG-master",
        "A-master",
        "A-any INSTANCE A MASTER 150",
        "B-backup",
    ] {
        let name = format!("{words} noted, before the start");
        facts.set(&name, noted(r1, words));
    }
    let daemon = r1.start_with(Kind::under_test(), &first(), &["-n", "-D"]);
    for (name, last) in [("A", 151), ("F", 156)] {
        facts.wait(&format!("r1 holds {name}"), "yes", || {
            yes(r1.holds(&format!("192.0.2.{last}")))
        });
    }
    wait_for("r1 is Master of all", 60, || {
        (151..157).all(|n| n == 153 || r1.holds(&format!("192.0.2.{n}")))
    });
    let others = [
        r2.start(
            Kind::under_test(),
            &(silent("R2", 2)
                + &instance("D", 54, &plain(200, "nopreempt", 154))
                + &instance("E", 55, &plain(200, "smtp_alert", 155))),
        ),
        r3.start(
            Kind::under_test(),
            &(silent("R3", 500) + &instance("X", 57, &plain(200, "smtp_alert", 157))),
        ),
    ];
    preempting(facts, r2);
    for words in [
        "VG-master",
        "A-master",
        "A-any INSTANCE A MASTER 150",
        "B-backup",
    ] {
        facts.wait(&format!("{words} noted"), "yes", || noted(r1, words));
    }
    begun(facts, r1);
    adverts(facts, r1, &wires);
    synchronised(facts, r1, r2);

    mailed(facts, server, [r2, r3], &mute);
    falls(facts, r1);
    daemon.stop();
    facts.set("r1 holds A, after the stop", yes(r1.holds("192.0.2.151")));
    for daemon in others {
        daemon.stop();
    }
}

/// Who got mail, and from whom; `silenced` have a server that says nothing.
fn mailed(facts: &mut Facts, server: &Server, silenced: [&Node; 2], mute: &Server) {
    about(facts, "r1", "[LVS_1]", server);
    silence(facts, silenced, mute);
    let subject = |part: &str| {
        let mails = server.mails();
        yes(mails.iter().any(|m| m.header("Subject").contains(part)))
    };
    facts.wait("r1's mail is at .250", "yes", || subject("[LVS_1]"));
    facts.set("r2's mail, for .251, is at .250", subject("[R2]"));
    facts.wait("mail about A", "yes", || subject("VRRP Instance A - "));
    facts.set("mail about B", subject("VRRP Instance B - "));
}

fn preempting(facts: &mut Facts, r2: &Node) {
    facts.wait("r2 holds E", "yes", || yes(r2.holds("192.0.2.155")));
    // As long again as E took.
    let mut never = true;
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        never &= !r2.holds("192.0.2.154");
        crate::lab::pause(100);
    }
    facts.set("r2 holds D (nopreempt)", yes(!never));
}

fn begun(facts: &mut Facts, r1: &Node) {
    for name in ["G", "H"] {
        let log = r1.log.text();
        let entered = format!("({name}) Entering ");
        let state = log.lines().find_map(|l| l.split_once(&entered));
        let state = state.and_then(|(_, rest)| rest.split_whitespace().next());
        facts.set(&format!("{name} begins as"), state.unwrap_or(""));
    }
}

/// The kernel's synchronisation.
fn synchronised(facts: &mut Facts, r1: &Node, r2: &Node) {
    for (who, node, wanted) in [("r1", r1, "master mcast=eth0"), ("r2", r2, "none")] {
        facts.wait(&format!("{who}'s synchronisation"), wanted, || {
            let text = ipvsadm(node, &["-L", "--daemon"]);
            let word = |w: &str| text.contains(w);
            match (word("master sync daemon"), word("mcast=eth0")) {
                (true, true) => "master mcast=eth0".to_owned(),
                _ if text.trim().is_empty() => "none".to_owned(),
                _ => text,
            }
        });
    }
}

/// A mail server that says nothing.
fn silence(facts: &mut Facts, nodes: [&Node; 2], mute: &Server) {
    wait_for("both have asked it", 60, || mute.connections() >= 2);
    let [r2, r3] = nodes;
    let left = |node: &Node| yes(node.log.count("in time") > 0);
    facts.wait("r2 (2 s) leaves the silent mail server", "yes", || left(r2));
    facts.set("r3 (500 s) leaves the silent mail server", left(r3));
}

fn falls(facts: &mut Facts, r1: &Node) {
    let fault = ["VG-fault", "C-fault", "VG-any GROUP VG FAULT"];
    for words in fault {
        facts.set(&format!("{words} noted, before that"), noted(r1, words));
    }
    // The group began as Backup: what comes from now on counts.
    let backups = || r1.read("notes").matches("VG-backup").count();
    let before = backups();
    sh("ip link set p-r1-eth1 down");
    facts.wait("r1 holds F, C's interface is down", "no", || {
        yes(r1.holds("192.0.2.156"))
    });
    for words in fault {
        let name = format!("{words} noted, C's interface is down");
        facts.wait(&name, "yes", || noted(r1, words));
    }
    stays("A stays", 1000, || r1.holds("192.0.2.151"));
    let held = yes(r1.holds("192.0.2.151"));
    facts.set("r1 holds A, C's interface is down", held);
    facts.set("VG-backup noted, before that", yes(backups() > before));
    sh("ip link set p-r1-eth1 up");
    facts.wait("VG-backup noted, C's interface is up again", "yes", || {
        yes(backups() > before)
    });
}

/// The adverts of an instance, found by its address: as frames, with the interface.
fn seen(wires: &[(&str, Capture)], address: [u8; 4]) -> Vec<(String, Frame, Advert)> {
    let of = |(interface, wire): &(&str, Capture)| {
        let frames = wire.frames().into_iter();
        let adverts = frames.filter_map(|f| f.advert().map(|a| (interface.to_string(), f, a)));
        let mine = adverts.filter(|(_, _, a)| a.outgoing && a.message.get(8..12) == Some(&address));
        mine.collect::<Vec<_>>()
    };
    wires.iter().flat_map(of).collect()
}

/// Whole seconds between adverts on average.
fn interval(all: &[(String, Frame, Advert)]) -> u128 {
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return 0;
    };
    let span = last.2.at.saturating_sub(first.2.at).as_millis();
    let pauses = u128::try_from(all.len() - 1).unwrap_or(0).max(1);
    (span / pauses + 500) / 1000
}

fn adverts(facts: &mut Facts, r1: &Node, wires: &[(&str, Capture)]) {
    let addresses = [
        ("A", [192, 0, 2, 151]),
        ("B", [192, 0, 2, 152]),
        ("C", [198, 51, 100, 153]),
        ("F", [192, 0, 2, 156]),
    ];
    for (name, address) in addresses {
        wait_for("adverts", 120, || seen(wires, address).len() > 4);
        let all = seen(wires, address);
        let (_, frame, advert) = all.last().expect("several");
        let message = &advert.message;
        let mut own = |what: &str, value: String| facts.set(&format!("{name}'s {what}"), value);
        own("adverts are from", advert.source.to_string());
        own("adverts have number", advert.vrid.to_string());
        own("adverts have priority", advert.priority.to_string());
        let every = interval(&all);
        own(
            "interval",
            format!("{} s, on the wire {every} s", message[5]),
        );
        let protocol = frame.bytes[14 + 9];
        own(
            "authentication",
            format!("{} in protocol {protocol}", message[4]),
        );
        let tail = message.get(12..20).unwrap_or_default();
        let tail = String::from_utf8_lossy(tail).replace('\0', "");
        own("adverts end with", tail);
        let mut out: Vec<&str> = all.iter().map(|(i, ..)| i.as_str()).collect();
        out.dedup();
        let dotted = address.map(|n: u8| n.to_string()).join(".");
        let on = ["eth0", "eth1"].map(|i| (i, r1.addresses(i)));
        let on = on
            .iter()
            .find(|(_, all)| all.iter().any(|a| a.starts_with(&dotted)));
        let on = on.map_or("nowhere", |(i, _)| i);
        own(
            "interfaces",
            format!("advert {}, address {on}", out.join(" ")),
        );
        if name == "B" {
            for key in [b"another1", b"secret51"] {
                let datagram = &frame.bytes[14..];
                let length = usize::from(u16::from_be_bytes([datagram[2], datagram[3]]));
                let signed = datagram[32..44] == icv(&datagram[..length], key);
                let key = String::from_utf8_lossy(key);
                own(
                    &format!("adverts are signed with {key}"),
                    yes(signed).to_owned(),
                );
            }
        }
    }
}
