//! Alert mail, to servers that are real, slow, refusing, or hostile.

use crate::lab::daemon::memory;
use crate::lab::harness::Test;
use crate::lab::smtp::{Answer, Server, well};
use crate::lab::smtpd::{Smtpd, boxes};
use crate::lab::stage::in_network;
use crate::lab::{Kind, Lab, Node, pause, stays, wait_for};
use std::net::{TcpListener, UdpSocket};

const OURS: &str = "it sends its mails side by side, in no order, once, or not at all";

pub const TESTS: &[Test] = &[
    Test::new("mail::opensmtpd_has_each_once", opensmtpd)
        .needs(&["smtpd"])
        .ours_only(OURS),
    Test::new("mail::a_moody_server", moody).ours_only(OURS),
    Test::new("mail::settings_that_go", settings_go).ours_only(OURS),
    Test::new("mail::a_storm", storm).ours_only(OURS),
    Test::new("mail::hostile_servers", hostile).ours_only(OURS),
];

/// A listener in a machine's network.
fn listen(node: &Node, address: &str) -> TcpListener {
    in_network(node.holder(), || {
        TcpListener::bind(address).expect("a mail server's port")
    })
}

/// `global_defs` with mail.
fn globals(id: &str, more: &str) -> String {
    format!(
        "global_defs {{\n router_id {id}\n notification_email {{\n noc@example.org\n \
         \"On Call <root@example.org>\"\n }}\n \
         notification_email_from \"{id} <ka@example.org>\"\n {more}\n}}\n"
    )
}

fn instance(name: &str, interface: &str, vrid: u8, priority: u8, more: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface {interface}\n virtual_router_id {vrid}\n \
         priority {priority}\n version 3\n advert_int 0.3\n {more}\n \
         virtual_ipaddress {{\n 203.0.113.{vrid}/24\n }}\n}}\n"
    )
}

/// Of one object: `BACKUP`, `MASTER`, …
fn of(subjects: &[String], who: &str) -> Vec<String> {
    let about = subjects
        .iter()
        .filter_map(|s| s.strip_prefix(who)?.strip_prefix(" - "));
    about
        .map(|s| s.replace("Entering ", "").replace(" state", ""))
        .collect()
}

/// A name server that drops the first question, lies first, and knows mx.lan alone.
fn name_server(node: &Node) {
    let socket = in_network(node.holder(), || {
        UdpSocket::bind("192.0.2.25:53").expect("port 53")
    });
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        let mut n = 0;
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            n += 1;
            if n == 1 {
                continue;
            }
            let question = &buffer[..length];
            let ours = question[12..].starts_with(b"\x02mx\x03lan\0\0\x01");
            let mut answer = question.to_vec();
            answer[2] |= 0x80;
            let known = question[12..].starts_with(b"\x02mx\x03lan\0");
            answer[3] = if known { 0x80 } else { 0x83 };
            if ours {
                answer[7] = 1;
                answer.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04");
                let mut lie = answer.clone();
                lie[0] ^= 0xff;
                lie.extend_from_slice(&[192, 0, 2, 66]);
                let _ = socket.send_to(&lie, from);
                answer.extend_from_slice(&[192, 0, 2, 25]);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
}

/// A group fails over, loses a link, comes back, stops: each alert once, in order, by name.
fn opensmtpd() {
    let mut lab = Lab::new(2);
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    lab.cable(2, "eth1", "br1", "198.51.100.2/24");
    lab.plug("mx", "02:00:00:00:00:25", "192.0.2.25/24");
    let (r1, r2, mx) = (lab.r(1), lab.r(2), lab.node("mx"));
    let _smtpd = Smtpd::start(mx);
    name_server(mx);
    for router in [r1, r2] {
        let conf = "nameserver 192.0.2.25\nsearch lan\noptions timeout:1\n";
        let path = router.write("resolv.conf", conf);
        router.run(&format!("mount --bind {path} /etc/resolv.conf"));
    }
    let config = |id: &str, priority| {
        globals(id, "smtp_server mx\n smtp_alert_vrrp")
            + "vrrp_sync_group VG {\n group {\n VI_1\n VI_2\n }\n}\n"
            + &instance("VI_1", "eth0", 51, priority, "")
            + &instance("VI_2", "eth1", 52, priority, "")
    };
    let held = |n: &Node| n.holds("203.0.113.51");
    let a = r1.start(Kind::Ours, &config("R1", 150));
    wait_for("r1 is Master", 15, || held(r1));
    let b = r2.start(Kind::Ours, &config("R2", 100));
    wait_for("r2 is there", 15, || {
        r2.log.count("VG) Entering BACKUP") + r2.log.count("Entering BACKUP STATE") >= 2
    });
    crate::lab::sh("ip link set p-r1-eth1 down");
    wait_for("r2 took over", 15, || held(r2) && !held(r1));
    crate::lab::sh("ip link set p-r1-eth1 up");
    wait_for("r1 took it back", 15, || held(r1) && !held(r2));
    a.stop();
    wait_for("r2 took over again", 15, || held(r2));
    b.stop();
    let all = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "Stopping"];
    let second = ["BACKUP", "MASTER", "BACKUP", "MASTER", "Stopping"];
    let total = 2 * 3 * (all.len() + second.len());
    let count = || boxes(mx).values().map(Vec::len).sum::<usize>();
    let start = std::time::Instant::now();
    while count() < total && start.elapsed().as_secs() < 30 {
        pause(100);
    }
    pause(500);
    let boxes = boxes(mx);
    let report = || format!("{boxes:#?}\n{}\n{}", r1.log.report(), r2.log.report());
    for to in ["noc@example.org", "root@example.org"] {
        for (router, expected) in [("R1", &all[..]), ("R2", &second[..])] {
            let mails = boxes.get(&(to.to_owned(), router.to_owned()));
            let mails = mails.unwrap_or_else(|| panic!("nothing for {to}: {}", report()));
            for who in ["VRRP Instance VI_1", "VRRP Instance VI_2", "VRRP Group VG"] {
                assert_eq!(
                    of(mails, who),
                    expected,
                    "{to} {router} {who}: {}",
                    report()
                );
            }
            assert_eq!(mails.len(), 3 * expected.len(), "{}", report());
        }
    }
    assert_eq!(r1.log.count("mail given up"), 0, "{}", report());
}

/// Never, later, closed, refused for good, and then well.
fn moods(n: usize, line: &str) -> Answer {
    match (n, line) {
        (0, _) => Answer::Never,
        (1, "") => Answer::Say("421-so much\r\n421 to do"),
        (2, l) if l.starts_with("RCPT") => Answer::Say("451 greylisted"),
        (3, l) if l.starts_with(". ") => Answer::Say("552 5.2.2 too much of it"),
        (4, "DATA") => Answer::Close,
        (_, "RCPT TO:<noc@example.org>") => Answer::Say("550 5.1.1 nobody of this name"),
        (_, l) if l.starts_with("MAIL") => Answer::Late(300, "250 well"),
        _ => well(n, line),
    }
}

fn moody() {
    let mut lab = Lab::new(1);
    lab.plug("mx", "02:00:00:00:00:25", "192.0.2.25/24");
    let (r1, mx) = (lab.r(1), lab.node("mx"));
    let server = Server::start(listen(mx, "192.0.2.25:2525"), moods);
    let more = "smtp_server 192.0.2.25 2525\n smtp_connect_timeout 2\n smtp_helo_name r1.example";
    let config = globals("R1", more) + &instance("VI_1", "eth0", 51, 150, "smtp_alert");
    let daemon = r1.start(Kind::Ours, &config);
    wait_for("the second letter", 90, || !server.mails().is_empty());
    daemon.stop();
    let mails = server.mails();
    let report = || format!("{mails:#?}\n{}", r1.log.report());
    let subjects: Vec<String> = mails.iter().map(|m| m.header("Subject")).collect();
    let expected = ["MASTER state", "Stopping"].map(|s| {
        let doing = if s == "Stopping" {
            s.to_owned()
        } else {
            format!("Entering {s}")
        };
        format!("[R1] VRRP Instance VI_1 - {doing}")
    });
    assert_eq!(subjects, expected, "{}", report());
    for mail in &mails {
        assert_eq!(mail.from, "<ka@example.org>");
        assert_eq!(mail.to.last().unwrap(), "<root@example.org>");
        assert_eq!(mail.header("From"), "R1 <ka@example.org>");
        assert_eq!(
            mail.header("To"),
            "noc@example.org, On Call <root@example.org>"
        );
        assert_eq!(mail.header("X-Mailer"), "Keepalived");
        assert!(mail.header("Date").ends_with(" +0000"), "{}", report());
        assert!(
            mail.header("Message-ID").ends_with("@r1.example>"),
            "{}",
            report()
        );
    }
    assert_eq!(
        mails[0].body(),
        "=> VRRP Instance is now owning VRRP VIPs <="
    );
    assert_eq!(mails[1].body(), "=> VRRP Instance stopping <=");
    assert_eq!(server.connections(), 7, "{}", report());
    let backup = "mail given up: [R1] VRRP Instance VI_1 - Entering BACKUP state";
    for line in [
        "mail server 192.0.2.25 port 2525: no greeting in time; ",
        &format!("{backup}: to noc@example.org: 550 5.1.1 nobody of this name"),
        &format!("{backup}: 552 5.2.2 too much of it (the text)"),
    ] {
        assert_eq!(r1.log.count(line), 1, "{line}: {}", report());
    }
}

/// A reload takes the settings away while letters wait: the log says how many, and for whom.
fn settings_go() {
    let mut lab = Lab::new(1);
    lab.plug("mx", "02:00:00:00:00:25", "192.0.2.25/24");
    let (r1, mx) = (lab.r(1), lab.node("mx"));
    let server = Server::start(listen(mx, "192.0.2.25:25"), |_, _| Answer::Never);
    let vrrp = instance("VI_1", "eth0", 51, 150, "smtp_alert");
    let mail = globals("R1", "smtp_server 192.0.2.25\n smtp_connect_timeout 600");
    let daemon = r1.start(Kind::Ours, &(mail.clone() + &vrrp));
    wait_for("r1 is Master", 60, || {
        server.connections() == 1 && r1.log.count("Entering MASTER") == 1
    });
    // As Backup and as Master.
    let line = "2 mails to noc@example.org, root@example.org given up: the new configuration has \
                no settings for mail";
    let reload = |text: &str, done: usize| {
        r1.write("keepalived.conf", text);
        daemon.signal(nix::sys::signal::Signal::SIGHUP);
        let force = "the new configuration is in force";
        wait_for("the reload", 60, || r1.log.count(force) == done);
    };
    reload(&vrrp, 1);
    assert_eq!(r1.log.count(line), 1, "{}", r1.log.report());
    // Nothing waits, nothing is said.
    reload(&(mail + &vrrp), 2);
    reload(&vrrp, 3);
    assert_eq!(r1.log.count("given up"), 1, "{}", r1.log.report());
    assert_eq!(server.connections(), 1);
}

/// A server at which every step takes a tenth of a second.
fn slow(n: usize, line: &str) -> Answer {
    match well(n, line) {
        Answer::Say(reply) => Answer::Late(100, reply),
        other => other,
    }
}

/// r2 would take over within 0.4 s: it must never.
fn watched(priority: u8) -> String {
    format!(
        "vrrp_instance WATCHED {{\n interface eth0\n virtual_router_id 250\n priority {priority}\n \
         version 3\n advert_int 0.1\n virtual_ipaddress {{\n 203.0.113.250/24\n }}\n}}\n"
    )
}

/// 500 changes at once beside adverts ten times a second.
fn storm() {
    let mut lab = Lab::new(2);
    lab.plug("mx", "02:00:00:00:00:25", "192.0.2.25/24");
    let (r1, r2, mx) = (lab.r(1), lab.r(2), lab.node("mx"));
    let server = Server::start(listen(mx, "192.0.2.25:25"), slow);
    r1.write("value", "0\n");
    let mut config = globals("R1", "smtp_server 192.0.2.25\n smtp_alert");
    config += "vrrp_track_file f {\n file /run/value\n}\n";
    config += &watched(150).replace("advert_int", "smtp_alert off\n advert_int");
    for n in 1..=50 {
        config += &format!(
            "vrrp_instance I{n:02} {{\n interface eth0\n virtual_router_id {n}\n priority 150\n \
             advert_int 60\n track_file {{\n f weight 0\n }}\n no_virtual_ipaddress\n}}\n"
        );
    }
    let daemon = r1.start(Kind::Ours, &config);
    wait_for("r1 is Master", 15, || r1.holds("203.0.113.250"));
    let _other = r2.start(Kind::Ours, &watched(100));
    wait_for("r2 is there", 15, || {
        r2.log.count("Entering BACKUP STATE") == 1
    });
    let quiet = memory(daemon.pid);
    for round in 1..=5 {
        r1.write("value", "1\n");
        wait_for("all fail", 20, || {
            r1.log.count("Entering FAULT STATE") == 50 * round
        });
        r1.write("value", "0\n");
        wait_for("all are back", 20, || {
            r1.log.count("Entering BACKUP STATE") == 50 * (round + 1) + 1
        });
    }
    stays("r1 stays Master", 3000, || r1.holds("203.0.113.250"));
    let full = memory(daemon.pid);
    assert!(full < quiet + 1024, "{quiet} kB, then {full} kB");
    daemon.stop();
    let mails = server.mails();
    let report = || {
        format!(
            "{} mails\n{}\n{}",
            mails.len(),
            r1.log.report(),
            r2.log.report()
        )
    };
    assert_eq!(
        r2.log.count("Entering MASTER STATE"),
        1,
        "only at the end: {}",
        report()
    );
    // At each moment a hundred waited at the most, one was on its way.
    // Each time it is full it says so, and later how many there were.
    let lines = r1.log.lines();
    let more = lines.iter().filter_map(|l| {
        let said = l
            .text
            .split_once(" more mails were given up while more than 100 waited");
        said?.0.rsplit(' ').next()?.parse::<usize>().ok()
    });
    let pushed = r1.log.count("mail given up, more than 100 wait: ") + more.sum::<usize>();
    let ended = r1.log.count("mail given up: ");
    assert!(pushed >= 300, "{}", report());
    assert_eq!(r1.log.count("mail sent: "), mails.len(), "{}", report());
    // 50 at the start, 500 in the storm, 50 at the stop.
    assert_eq!(
        mails.len() + pushed + ended,
        600,
        "{pushed} {ended} {}",
        report()
    );
    let ids: Vec<u32> = mails
        .iter()
        .map(|m| {
            m.header("Message-ID")
                .split(['.', '@'])
                .nth(3)
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert!(
        ids.is_sorted_by(|a, b| a < b),
        "each once, in order: {ids:?}"
    );
}

/// What comes first is what it is asked first, in turns.
fn hostile_manner(n: usize, line: &str) -> Answer {
    match (n % 6, line) {
        (0, "") => Answer::Flood(b"220 an endless line, an endless line, an endless line "),
        (1, "") => Answer::Flood(b"220-and one line more\r\n"),
        (2, "") => Answer::Flood(b"220 ready\r\n250 well\r\n354 go on\r\n"),
        (3, "") => Answer::Flood(b"\0\xff\r\n\r\n.\r\n"),
        (4, "DATA") => Answer::Flood(b"354 go on\r\n354 go on\r\n"),
        (5, "") => Answer::Close,
        _ => well(n, line),
    }
}

/// Whatever it sends: no memory, no advert late, no end of trying.
fn hostile() {
    let mut lab = Lab::new(2);
    lab.plug("mx", "02:00:00:00:00:25", "192.0.2.25/24");
    let (r1, r2, mx) = (lab.r(1), lab.r(2), lab.node("mx"));
    let server = Server::start(listen(mx, "192.0.2.25:25"), hostile_manner);
    let more = "smtp_server 192.0.2.25\n smtp_connect_timeout 1";
    let alert = watched(150).replace("advert_int", "smtp_alert\n advert_int");
    let daemon = r1.start(Kind::Ours, &(globals("R1", more) + &alert));
    wait_for("r1 is Master", 15, || r1.holds("203.0.113.250"));
    let _other = r2.start(Kind::Ours, &watched(100));
    wait_for("r2 is there", 15, || {
        r2.log.count("Entering BACKUP STATE") == 1
    });
    let before = memory(daemon.pid);
    wait_for("four attempts", 60, || server.connections() >= 4);
    stays("r1 stays Master", 2000, || {
        r1.holds("203.0.113.250") && !r2.holds("203.0.113.250")
    });
    let after = memory(daemon.pid);
    assert!(after < before + 1024, "{before} kB, then {after} kB");
    assert!(
        r1.log.count("mail server 192.0.2.25 port 25: ") >= 1,
        "{}",
        r1.log.report()
    );
    let (took, _) = daemon.stop();
    assert!(took.as_secs() < 8, "{took:?}");
    wait_for("r2 takes over", 10, || {
        r2.log.count("Entering MASTER STATE") > 0
    });
    assert_eq!(r2.log.count("Entering MASTER STATE"), 1, "not before");
}
