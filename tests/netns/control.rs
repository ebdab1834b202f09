//! The control socket: what it says, and that nobody who connects to it can harm an advert.

use crate::lab::daemon::memory;
use crate::lab::harness::Test;
use crate::lab::{Daemon, Kind, Lab, Node, now, pause, wait_for};
use nix::sys::signal::Signal;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("control::commands", commands).ours_only("it has no control socket"),
    Test::new("control::two_daemons", two_daemons).ours_only("it has no control socket"),
    Test::new("control::a_place_that_is_taken", taken).ours_only("it has no control socket"),
    Test::new("control::hostile_clients", hostile)
        .ours_only("it has no control socket")
        .within(120)
        .alone(),
    Test::new("control::dumps_beside_adverts", dumps)
        .ours_only("it dumps at one go")
        .within(120)
        .alone(),
    Test::new("control::json_like_keepalived", like_keepalived)
        .needs(&["keepalived"])
        .ours_only("both are run"),
];

fn holdfast(node: &Node, arguments: &[&str]) -> Output {
    let mut command = node.command(&Kind::Ours.program());
    command.args(arguments).output().expect("holdfast")
}

/// Exit status and standard output.
fn ask(node: &Node, arguments: &[&str]) -> (i32, String) {
    let out = holdfast(node, arguments);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    (out.status.code().unwrap_or(-1), text)
}

const PLAIN: &str = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 150\n \
    advert_int 1\n virtual_ipaddress {\n 192.0.2.100/24\n }\n}\n";

fn commands() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    for command in [
        &["status"][..],
        &["explain", "VI_1"],
        &["reload"],
        &["stop"],
    ] {
        assert_eq!(ask(r1, command).0, 3, "{command:?} of nobody");
    }
    assert_eq!(ask(r1, &["explain"]).0, 2);
    let mut daemon = r1.start(Kind::Ours, PLAIN);
    wait_for("it is Master", 20, || {
        let (status, text) = ask(r1, &["status", "VI_1"]);
        status == 0 && text.starts_with("instance\tVI_1\tMASTER\t")
    });
    let mode = std::fs::symlink_metadata(socket(r1))
        .expect("a socket")
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let (status, text) = ask(r1, &["status"]);
    assert!(status == 0 && text.starts_with("daemon\t"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    let (status, text) = ask(r1, &["status", "--json"]);
    assert!(
        status == 0 && text.contains("\"state\":\"MASTER\""),
        "{text}"
    );
    let (status, text) = ask(r1, &["explain", "VI_1"]);
    assert!(status == 0, "{text}");
    for words in [
        "is MASTER",
        "because: no advert for",
        "it yields to a priority above 150",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(ask(r1, &["explain", "VI_2"]).0, 2);
    r1.write("keepalived.conf", &PLAIN.replace("VI_1", "VI_9"));
    let (status, text) = ask(r1, &["reload"]);
    assert_eq!(status, 0, "{text}");
    wait_for("the new name is in force", 20, || {
        ask(r1, &["status", "VI_9"]).0 == 0
    });
    r1.write("keepalived.conf", "vrrp_instance VI_9 {\n interface eth0\n");
    let (status, text) = ask(r1, &["reload"]);
    assert!(status == 1 && !text.is_empty(), "{text}");
    let running = ask(r1, &["status", "VI_9"]).0;
    assert_eq!(running, 0, "the running one stays");
    r1.admin(false);
    wait_for("a fault is a status", 10, || ask(r1, &["status"]).0 == 1);
    assert!(
        ask(r1, &["explain", "VI_9"])
            .1
            .contains("fault: interface eth0 is down")
    );
    assert_eq!(ask(r1, &["stop"]).0, 0);
    assert!(
        daemon
            .exited(Duration::from_secs(5))
            .is_some_and(|s| s.success())
    );
    assert!(!socket(r1).exists(), "the socket is gone with it");
    assert_eq!(ask(r1, &["status"]).0, 3);
    supervised(r1);
}

/// The same of a daemon with a parent: a new worker takes the socket over, the parent stops.
fn supervised(r1: &Node) {
    r1.admin(true);
    let daemon = r1.daemonise(Kind::Ours, PLAIN, &[]);
    let named = ["status", "-p", "/run/parent.pid"];
    wait_for("it answers", 10, || ask(r1, &named).0 == 0);
    daemon.kill_worker();
    wait_for("another worker answers", 20, || ask(r1, &named).0 == 0);
    assert_eq!(ask(r1, &["stop", "-p", "/run/parent.pid"]).0, 0);
    assert!(!daemon.alive(), "the parent has stopped");
    assert!(!r1.run.join("parent.sock").exists());
}

fn two_daemons() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let _vrrp = r1.start_with(Kind::Ours, PLAIN, &["-n", "-P", "-p", "/run/a.pid"]);
    let silent = [
        "-n",
        "-P",
        "-p",
        "/run/c.pid",
        "-r",
        "/run/c2.pid",
        "--socket=none",
    ];
    let _checks = r1.start_with(Kind::Ours, PLAIN, &["-n", "-C", "-p", "/run/b.pid"]);
    for (file, instances) in [("/run/a.pid", 1), ("/run/b.pid", 0)] {
        wait_for("it answers", 10, || {
            let (_, text) = ask(r1, &["status", "-p", file]);
            let found = text.lines().filter(|l| l.starts_with("instance\t")).count();
            text.starts_with("daemon\t") && found == instances
        });
    }
    let mut third = r1.start_with(Kind::Ours, PLAIN, &silent);
    wait_for("it runs", 10, || r1.pid_in("c.pid").is_some());
    assert_eq!(
        ask(r1, &["status", "-p", "/run/c.pid"]).0,
        4,
        "it runs, but silently"
    );
    third.signal(Signal::SIGTERM);
    assert!(third.exited(Duration::from_secs(5)).is_some());
    assert_eq!(ask(r1, &["status", "-p", "/run/c.pid"]).0, 3);
}

/// Somebody else listens there for a while.
fn taken() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let other = UnixListener::bind(socket(r1)).expect("listening");
    let _daemon = r1.start(Kind::Ours, PLAIN);
    wait_for("it says so", 10, || {
        r1.log.count("no control socket at") == 1
    });
    drop(other);
    wait_for("it listens", 20, || {
        ask(r1, &["status"]).1.starts_with("daemon\t")
    });
    assert_eq!(r1.log.count("control socket at"), 2, "{}", r1.log.text());
}

fn socket(node: &Node) -> PathBuf {
    node.run.join("holdfast.sock")
}

/// Many instances with many addresses: an answer that no socket buffer holds.
fn many(instances: u32, addresses: u32, priority: u8) -> String {
    let mut text = String::from("global_defs {\n vrrp_down_timer_adverts 20\n}\n");
    for n in 1..=instances {
        writeln!(
            text,
            "vrrp_instance N{n} {{\n interface eth0\n virtual_router_id {n}\n priority {priority}\n \
             version 3\n advert_int 0.1\n virtual_ipaddress {{\n  10.1.0.{n}/32\n }}\n \
             virtual_ipaddress_excluded {{"
        )
        .unwrap();
        for a in 1..=addresses {
            let [_, b, c, d] = (n * addresses + a).to_be_bytes();
            writeln!(text, "  10.{}.{c}.{d}/32", b + 100).unwrap();
        }
        text += " }\n}\n";
    }
    text
}

/// Two routers: the second one takes over if the first is silent for two seconds, which must not
/// be, whatever `work` does; then how many adverts left.
fn unharmed(lab: &Lab, config: &dyn Fn(u8) -> String, work: impl FnOnce(&Node, &Daemon<'_>)) {
    let (r1, r2) = (lab.r(1), lab.r(2));
    let daemon = r1.start(Kind::Ours, &config(200));
    let all_master = || {
        let (status, text) = ask(r1, &["status"]);
        let mut states = text.lines().filter(|l| l.starts_with("instance\t"));
        status == 0 && states.all(|l| l.contains("\tMASTER\t"))
    };
    wait_for("all are Master", 60, all_master);
    let _peer = r2.start(Kind::Ours, &config(100));
    wait_for("the peer is Backup", 30, || {
        ask(r2, &["status"]).1.contains("\tBACKUP\t")
    });
    let masters = r2.log.count("Entering MASTER");
    let wire = lab.capture();
    let from = now();
    work(r1, &daemon);
    let until = now();
    assert!(daemon.alive());
    wait_for("it answers afterwards", 20, all_master);
    let sent = wire.adverts(|a| a.vrid == 1 && a.at >= from && a.at <= until);
    let expected = (until - from).as_millis() / 100;
    let gaps = sent.windows(2).map(|w| w[1].at - w[0].at);
    println!(
        "  {} of {expected} adverts in {:?}, widest gap {:?}",
        sent.len(),
        until - from,
        gaps.max()
    );
    assert!(sent.len() as u128 * 10 >= expected * 7, "adverts were lost");
    let lost = r2.log.count("Entering MASTER");
    assert_eq!(lost, masters, "another router took over");
}

fn connect(node: &Node) -> UnixStream {
    let mut result = UnixStream::connect(socket(node));
    for _ in 0..200 {
        if result.is_ok() {
            break;
        }
        pause(20);
        result = UnixStream::connect(socket(node));
    }
    let stream = result.expect("connecting");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// What comes until the end; a connection that is cut off says what it has said.
fn rest(stream: &mut UnixStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hostile() {
    let lab = Lab::new(2);
    let config = |priority| many(100, 40, priority);
    unharmed(&lab, &config, |r1, daemon| {
        garbage(r1);
        crowd(r1);
        deaf(r1, daemon);
    });
}

fn garbage(r1: &Node) {
    for (said, status) in [
        (&b"\n"[..], "2 "),
        (b"GET / HTTP/1.1\r\n", "2 "),
        (b"\x00\xff\xfe\n", "2 "),
        (b"status xml\n", "2 "),
        (b"explain text \n", "2 "),
    ] {
        let mut stream = connect(r1);
        stream.write_all(said).unwrap();
        let answer = rest(&mut stream);
        assert!(answer.starts_with(status), "{said:?}: {answer}");
    }
    // A line without an end, longer than any request.
    let mut stream = connect(r1);
    let _ = stream.write_all(&vec![b'x'; 100_000]);
    let answer = rest(&mut stream);
    assert!(answer.is_empty() || answer.starts_with("2 "), "{answer}");
    // Half a request, the other half later; then half a request and the end; then no word at all.
    let mut stream = connect(r1);
    stream.write_all(b"status te").unwrap();
    pause(300);
    stream.write_all(b"xt N1\n").unwrap();
    let answer = rest(&mut stream);
    assert!(
        answer.starts_with("0 ") && answer.contains("instance\tN1\tMASTER"),
        "{answer}"
    );
    let mut stream = connect(r1);
    stream.write_all(b"status te").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(rest(&mut stream), "");
    let mut mute = connect(r1);
    assert_eq!(rest(&mut mute), "", "dropped after its time");
}

/// A thousand at once, each with half a request.
fn crowd(r1: &Node) {
    let limit = nix::libc::rlimit {
        rlim_cur: 4096,
        rlim_max: 4096,
    };
    let _ = nix::sys::resource::setrlimit(
        nix::sys::resource::Resource::RLIMIT_NOFILE,
        limit.rlim_cur,
        limit.rlim_max,
    );
    let mut streams = Vec::new();
    for _ in 0..1000 {
        let mut stream = connect(r1);
        let _ = stream.write_all(b"sta");
        streams.push(stream);
    }
    drop(streams);
    wait_for("others are served again", 20, || {
        ask(r1, &["status", "N1"]).0 == 0
    });
}

/// Readers that never read: the room for answers is bounded, and they lose their places.
fn deaf(r1: &Node, daemon: &Daemon<'_>) {
    let before = memory(daemon.worker());
    let mut streams = Vec::new();
    for _ in 0..16 {
        let mut stream = connect(r1);
        let _ = stream.write_all(b"status json\n");
        streams.push(stream);
    }
    pause(1000);
    let during = memory(daemon.worker());
    println!("  {before} kB before, {during} kB with 16 who do not read");
    assert!(during < before + 8192, "answers are bounded");
    wait_for("their places are free again", 40, || {
        ask(r1, &["status", "N1"]).0 == 0
    });
    // Whoever reads slowly gets a whole answer all the same.
    let mut slow = connect(r1);
    slow.write_all(b"status json\n").unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 30_000];
    while let Ok(read @ 1..) = slow.read(&mut buffer) {
        bytes.extend(&buffer[..read]);
        pause(10);
    }
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text.split_once('\n').expect("a first line");
    assert_eq!(head, format!("0 {}", body.len()));
    assert!(body.len() > 100_000 && body.ends_with("}\n"));
}

/// Every dump, over and over.
fn dumps() {
    let lab = Lab::new(2);
    let config = |priority| many(200, 25, priority);
    unharmed(&lab, &config, |r1, daemon| {
        for _ in 0..10 {
            for name in ["DATA", "STATS", "JSON"] {
                let number = ask(r1, &[&format!("--signum={name}")]).1;
                r1.run(&format!("kill -{} {}", number.trim(), daemon.pid));
            }
            pause(200);
        }
        let data = r1.read("tmp/keepalived.data");
        wait_for("all are written", 20, || {
            r1.log.count("keepalived.data") >= 10
        });
        assert_eq!(data.matches(" VRRP Instance = ").count(), 200);
        assert_eq!(
            r1.read("tmp/keepalived.stats")
                .matches("VRRP Instance: ")
                .count(),
            200
        );
        let json = r1.read("tmp/keepalived.json");
        assert_eq!(json.matches("\"iname\":").count(), 200);
        assert!(json.starts_with('[') && json.ends_with(']'));
        let left = std::fs::read_dir(r1.run.join("tmp")).unwrap();
        let left = left.filter(|e| {
            e.as_ref()
                .is_ok_and(|e| e.path().to_string_lossy().ends_with(".tmp"))
        });
        assert_eq!(left.count(), 0, "no temporary file stays");
    });
}

const RICH: &str = "global_defs {\n enable_script_security\n script_user root\n}\n\
vrrp_script chk {\n script \"/bin/true\"\n interval 1\n weight 10\n}\n\
vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 150\n advert_int 1\n \
authentication {\n auth_type PASS\n auth_pass secret\n }\n track_interface {\n eth0 weight 5\n }\n \
track_script {\n chk\n }\n virtual_ipaddress {\n 192.0.2.100/24 label eth0:1\n 192.0.2.101\n }\n \
virtual_ipaddress_excluded {\n 198.51.100.1/32\n }\n \
virtual_routes {\n 203.0.113.0/24 via 192.0.2.7 dev eth0 metric 5\n }\n \
virtual_rules {\n from 192.0.2.100 table 100\n }\n \
notify_master \"/bin/true a b\"\n notify_backup /bin/true\n notify_fault /bin/true\n \
notify_stop /bin/true\n notify /bin/true\n}\n\
vrrp_instance VI_2 {\n interface eth0\n virtual_router_id 52\n version 3\n priority 100\n \
advert_int 0.5\n nopreempt\n virtual_ipaddress {\n 192.0.2.102/24\n }\n}\n";

/// The shape of a JSON text: every value is a letter for its kind, strings that are keys stay.
fn shape(json: &str) -> String {
    let mut out = String::new();
    let mut rest = json.trim_end();
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '"' => {
                let mut end = 1;
                while !rest[end..].starts_with('"') {
                    end += if rest[end..].starts_with('\\') { 2 } else { 1 };
                }
                end + 1
            }
            '0'..='9' | '-' => rest.find([',', ']', '}']).unwrap_or(rest.len()),
            't' => 4,
            'f' => 5,
            c => c.len_utf8(),
        };
        let (word, after) = rest.split_at(end);
        match c {
            '"' if after.starts_with(':') => out += word,
            '"' => out += "S",
            '0'..='9' | '-' => out += "N",
            't' | 'f' => out += "B",
            _ => out += word,
        }
        rest = after;
    }
    out
}

/// The same file with both programs: what is the same to whoever reads the JSON.
fn like_keepalived() {
    let lab = Lab::new(2);
    let mut shapes = Vec::new();
    for (node, kind) in [(lab.r(1), Kind::Theirs), (lab.r(2), Kind::Ours)] {
        node.ip("link set eth0 up");
        let daemon = node.start(kind, RICH);
        wait_for("it is Master", 20, || {
            node.holds("192.0.2.100") && node.holds("192.0.2.102")
        });
        pause(1200);
        // The second one does not fight with the first one, which is gone.
        node.run(&format!("kill -36 {}", daemon.pid));
        wait_for("it is written", 10, || {
            node.read("tmp/keepalived.json").ends_with(['}', ']', '\n'])
        });
        shapes.push(shape(&node.read("tmp/keepalived.json")));
        daemon.stop();
    }
    // What 2.2.7 does not have yet: the counters of the authentication of 2.4.
    let mut ours = shapes[1].clone();
    for key in [
        "missing",
        "malformed",
        "unknown_key",
        "invalid_hmac",
        "stale",
        "replay",
    ] {
        ours = ours.replace(&format!("\"auth_ext_{key}\":N,"), "");
    }
    let theirs = &shapes[0];
    if theirs.contains("auth_ext_") {
        ours = shapes[1].clone();
    }
    assert_eq!(theirs, &ours, "keepalived's shape and ours");
}
