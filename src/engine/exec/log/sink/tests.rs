use super::*;
use crate::sys::tests::Scratch;
use std::os::unix::net::UnixDatagram;

/// A syslogd that reads when told to.
struct Daemon {
    path: String,
    _scratch: Scratch,
    socket: UnixDatagram,
}

impl Daemon {
    fn start(name: &str) -> Daemon {
        let scratch = Scratch::new(&format!("log-{name}"));
        let path = scratch.path("log");
        Daemon {
            socket: Daemon::bind(&path),
            path,
            _scratch: scratch,
        }
    }
    /// It comes back under the same name.
    fn restart(&mut self) {
        self.socket = Daemon::bind(&self.path);
    }
    fn bind(path: &str) -> UnixDatagram {
        let _ = std::fs::remove_file(path);
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }
    fn read(&self) -> Vec<String> {
        let mut buffer = [0; 2048];
        let mut lines = Vec::new();
        while let Ok(length) = self.socket.recv(&mut buffer) {
            lines.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        lines
    }
    fn sink(&self) -> Sink {
        let mut sink = Sink::CLOSED;
        let settings = Settings {
            ident: "hold fast",
            facility: Facility::LOG_LOCAL3,
            path: &self.path,
            ..Settings::default()
        };
        sink.open(&settings);
        sink
    }
}

fn say(sink: &mut Sink, text: &str) {
    sink.say(Severity::LOG_INFO, &Line::new(&format_args!("{text}")));
}

/// The part behind the header.
fn texts(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line.split_once(": ").unwrap().1)
        .collect()
}

fn at(secs: u64) -> Instant {
    Instant::from_secs(secs)
}

#[test]
fn a_line_has_priority_ident_and_pid() {
    let daemon = Daemon::start("format");
    let mut sink = daemon.sink();
    sink.say(Severity::LOG_ERR, &Line::new(&format_args!("one {}", 1)));
    sink.drain(at(1));
    // local3 is 19: 19 * 8 + 3.
    assert_eq!(
        daemon.read(),
        [format!("<155>holdfast[{}]: one 1", std::process::id())]
    );
    assert!(!sink.waiting() && sink.retry_at().is_none());
}

#[test]
fn a_burst_arrives_whole_and_in_order_through_a_queue_of_ten() {
    let daemon = Daemon::start("burst");
    let mut sink = daemon.sink();
    for n in 0..300 {
        say(
            &mut sink,
            &format!("line {n} of a burst, about as long as lines are"),
        );
    }
    let mut arrived = Vec::new();
    for round in 0..1_000 {
        if !sink.blocked() {
            sink.drain(at(1));
        }
        assert!(
            !sink.waiting() || sink.retry_at().is_some(),
            "somebody must wake us"
        );
        arrived.extend(daemon.read());
        sink.unblock();
        if !sink.waiting() {
            break;
        }
        assert!(round < 999);
    }
    arrived.extend(daemon.read());
    let expected: Vec<String> = (0..300)
        .map(|n| format!("line {n} of a burst, about as long as lines are"))
        .collect();
    assert_eq!(texts(&arrived), expected);
}

#[test]
fn a_full_ring_loses_counts_and_says_so_once() {
    let mut daemon = Daemon::start("lost");
    let mut sink = daemon.sink();
    // Nobody listens: the ring fills and stays full.
    std::fs::remove_file(&daemon.path).unwrap();
    let text = "x".repeat(100);
    for n in 0..1_000 {
        say(&mut sink, &format!("{n} {text}"));
    }
    let held = 1_000 - sink.lost as usize;
    assert!((200..400).contains(&held), "{held}");
    daemon.restart();
    let mut arrived = Vec::new();
    for second in 0..200 {
        sink.unblock();
        sink.drain(at(100_000 + second));
        arrived.extend(daemon.read());
    }
    say(&mut sink, "afterwards");
    sink.drain(at(200_000));
    arrived.extend(daemon.read());
    let said = texts(&arrived);
    assert_eq!(said.len(), held + 2);
    for (n, line) in said[..held].iter().enumerate() {
        assert!(line.starts_with(&format!("{n} x")), "{n}: {line}");
    }
    assert_eq!(
        said[held..],
        [
            format!("{} lines lost", 1_000 - held).as_str(),
            "afterwards"
        ]
    );
}

#[test]
fn syslogd_may_die_and_come_back() {
    let mut daemon = Daemon::start("restart");
    let mut sink = daemon.sink();
    say(&mut sink, "first");
    sink.drain(at(1));
    assert_eq!(texts(&daemon.read()), ["first"]);
    // Restarted between two lines: nothing is lost and nobody waits.
    daemon.restart();
    say(&mut sink, "second");
    sink.drain(at(2));
    assert_eq!(texts(&daemon.read()), ["second"]);
    // Killed: lines wait, tries are spaced, then everything arrives.
    daemon.socket = UnixDatagram::unbound().unwrap();
    let mut tries = Vec::new();
    say(&mut sink, "third");
    for tenth in 30..600 {
        let now = Instant::from_millis(tenth * 100);
        let before = sink.retry_at;
        sink.drain(now);
        if sink.retry_at != before {
            tries.push(tenth);
        }
        assert!(sink.fd().is_none() && sink.retry_at().is_some());
    }
    assert_eq!(
        tries,
        [30, 33, 38, 48, 68, 108, 188, 268, 348, 428, 508, 588]
    );
    daemon.restart();
    say(&mut sink, "fourth");
    sink.drain(at(67));
    assert_eq!(texts(&daemon.read()), ["third", "fourth"]);
    assert_eq!(sink.pause, FIRST_PAUSE);
}

#[test]
fn without_syslog_nothing_is_kept() {
    let daemon = Daemon::start("off");
    let mut sink = daemon.sink();
    sink.open(&Settings {
        syslog: false,
        path: &daemon.path,
        ..Settings::default()
    });
    say(&mut sink, "nowhere");
    sink.drain(at(1));
    assert!(!sink.waiting() && sink.fd().is_none());
    assert!(daemon.read().is_empty());
}

#[test]
fn a_forked_child_does_not_repeat_its_parents_lines() {
    let daemon = Daemon::start("fork");
    let mut sink = daemon.sink();
    say(&mut sink, "of the parent");
    sink.forget();
    say(&mut sink, "of the child");
    sink.drain(at(1));
    assert_eq!(texts(&daemon.read()), ["of the child"]);
}
