use super::*;
use crate::notify::mail::Mailbox;
use mio::{Events, Poll};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A post that sends to 127.0.0.1, its clock, and its poll.
struct Bench {
    post: Post,
    poll: Poll,
    now: Instant,
}

impl Bench {
    fn new(port: u16) -> Bench {
        Bench {
            post: Post::new(Box::new(Mail {
                router_id: "R".into(),
                from: Mailbox::parse("ka@example.org").unwrap(),
                to: vec![
                    Mailbox::parse("a@example.org").unwrap(),
                    Mailbox::parse("b@example.org").unwrap(),
                ],
                server: Server::Address([127, 0, 0, 1].into(), None),
                port,
                helo: "r.example".into(),
                timeout: Span::from_secs(30),
                no_faults: false,
                no_checkers: false,
            })),
            poll: Poll::new().unwrap(),
            now: Instant::from_secs(100),
        }
    }

    /// Works until there is nothing to be done before its deadline.
    fn turn(&mut self) -> bool {
        let mut events = Events::with_capacity(8);
        let mut buf = [0; 64];
        let more = self.post.work(self.poll.registry(), &mut buf, self.now);
        let wait = if more { 0 } else { 20 };
        let wait = Some(Duration::from_millis(wait));
        match self.poll.poll(&mut events, wait) {
            // Children of other tests end.
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            other => other.unwrap(),
        }
        for event in &events {
            assert_eq!(event.token().0, crate::engine::TOKEN_MAIL);
            self.post.ready();
        }
        more || !events.is_empty()
    }

    fn turns(&mut self, count: usize) {
        for _ in 0..count {
            self.turn();
        }
    }

    fn run(&mut self, what: &str, mut done: impl FnMut(&Post) -> bool) {
        for _ in 0..5_000 {
            if done(&self.post) {
                return;
            }
            self.turn();
        }
        panic!("{what} never comes");
    }
}

/// One connection after the other, each answered with these replies: one to each line, a text counts
/// as one. Sends what it heard.
fn server(listener: TcpListener, talks: Vec<&'static [&'static str]>) -> Receiver<Vec<String>> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for replies in talks {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut heard = Vec::new();
            let mut over = false;
            for reply in replies {
                // One byte a time.
                for byte in reply.bytes().chain(*b"\r\n") {
                    let _ = stream.write_all(&[byte]);
                }
                let text = reply.starts_with("354");
                loop {
                    let Some(Ok(line)) = lines.next() else {
                        over = true;
                        break;
                    };
                    let end = !text || line == ".";
                    heard.push(line);
                    if end {
                        break;
                    }
                }
                if over {
                    break;
                }
            }
            let _ = stream.shutdown(std::net::Shutdown::Both);
            tell.send(heard).unwrap();
        }
    });
    told
}

/// All is sent, and the connection is gone.
fn over(post: &Post) -> bool {
    post.rested() && matches!(post.line, Line::Closed)
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

const WELL: &[&str] = &[
    "220 mx",
    "250 you",
    "250 from",
    "250 to",
    "250 to",
    "354 go",
    "250 taken",
    "221 bye",
];

#[test]
fn letters_go_in_order_over_one_connection() {
    let (listener, port) = listen();
    const TWO: &[&str] = &[
        "220 mx", "250 you", "250 ok", "250 ok", "250 ok", "354 go", "250 ok", "250 ok", "250 ok",
        "250 ok", "354 go", "250 ok", "221 bye",
    ];
    let told = server(listener, vec![TWO]);
    let mut bench = Bench::new(port);
    assert!(bench.post.rested() && bench.post.deadline().is_none());
    bench.post.write("first", "=> 1 <=", bench.now);
    bench.post.write("second", "=> 2 <=", bench.now);
    assert_eq!(bench.post.deadline(), Some(bench.now));
    bench.run("the end", over);
    let heard = told.recv().unwrap();
    let subjects: Vec<&String> = heard.iter().filter(|l| l.starts_with("Subject")).collect();
    assert_eq!(subjects, ["Subject: [R] first", "Subject: [R] second"]);
    assert_eq!(
        heard
            .iter()
            .filter(|l| l.starts_with("MAIL FROM:<ka@"))
            .count(),
        2
    );
    assert_eq!(heard.last().unwrap(), "QUIT");
    assert_eq!(bench.post.deadline(), None);
}

#[test]
fn who_says_later_is_asked_later_and_who_says_never_is_not() {
    let (listener, port) = listen();
    let never: &[&str] = &["220 mx", "250 you", "554 not you"];
    let later: &[&str] = &["421 busy"];
    let told = server(listener, vec![never, later, WELL]);
    let mut bench = Bench::new(port);
    bench.post.write("lost", "", bench.now);
    bench.post.write("kept", "", bench.now);
    bench.run("a pause", |post| {
        post.queue.due() > Some(Instant::from_secs(100))
    });
    assert_eq!(
        (bench.post.queue.len(), bench.post.letter.is_none()),
        (1, true)
    );
    let due = bench.post.deadline().unwrap();
    assert_eq!(due, bench.now + Span::from_secs(2));
    assert!(!bench.turn(), "nothing before");
    bench.now = due;
    bench.run("the end", over);
    let all: Vec<String> = (0..3).flat_map(|_| told.recv().unwrap()).collect();
    assert!(!all.contains(&"Subject: [R] lost".to_owned()));
    assert!(all.contains(&"Subject: [R] kept".to_owned()));
}

#[test]
fn recipients_each_for_themselves() {
    let (listener, port) = listen();
    let some: &[&str] = &[
        "220 mx",
        "250 you",
        "250 from",
        "450 grey",
        "250 to",
        "354 go",
        "250 taken",
        "221 bye",
    ];
    let rest: &[&str] = &[
        "220 mx",
        "250 you",
        "250 from",
        "550 gone after all",
        "221 bye",
    ];
    let told = server(listener, vec![some, rest]);
    let mut bench = Bench::new(port);
    bench.post.write("x", "", bench.now);
    bench.run("the first half", |post| {
        matches!(post.line, Line::Closed) && post.queue.due() > Some(Instant::from_secs(100))
    });
    assert_eq!(
        told.recv()
            .unwrap()
            .iter()
            .filter(|l| l.starts_with("RCPT"))
            .count(),
        2
    );
    let due = bench.post.deadline().unwrap();
    assert_eq!(due, bench.now + Span::from_secs(60));
    bench.now = due;
    bench.run("the end", over);
    let heard = told.recv().unwrap();
    let to: Vec<&String> = heard.iter().filter(|l| l.starts_with("RCPT")).collect();
    assert_eq!(to, ["RCPT TO:<a@example.org>"]);
    assert_eq!(
        bench.post.deadline().unwrap_or(Instant::ZERO),
        bench.post.queue.due().unwrap_or_default()
    );
}

#[test]
fn what_waits_goes_the_new_way() {
    let (listener, old) = listen();
    let mut bench = Bench::new(old);
    bench.post.write("x", "", bench.now);
    bench.turns(4);
    let _peer = listener.accept().unwrap();
    let (listener, port) = listen();
    const ONE: &[&str] = &[
        "220 mx",
        "250 you",
        "250 from",
        "250 to",
        "354 go",
        "250 taken",
    ];
    let told = server(listener, vec![ONE]);
    let mut mail = bench.post.mail().clone();
    (mail.port, mail.to) = (port, vec![Mailbox::parse("c@example.org").unwrap()]);
    bench.post.replace(Box::new(mail));
    bench.run("the letter", |post| post.letter.is_some());
    bench.run("the end", |post| post.letter.is_none());
    let line = "RCPT TO:<c@example.org>".to_owned();
    bench.run("the goodbye", over);
    assert!(told.recv().unwrap().contains(&line));
}

#[test]
fn what_waits_when_the_settings_go_is_counted() {
    let (listener, port) = listen();
    let mut bench = Bench::new(port);
    assert_eq!(bench.post.farewell(), None);
    bench.post.write("x", "", bench.now);
    let why = "given up: the new configuration has no settings for mail";
    let one = format!("1 mail to a@example.org, b@example.org {why}");
    assert_eq!(bench.post.farewell(), Some(one));
    bench.turns(4);
    let _peer = listener.accept().unwrap();
    assert!(bench.post.letter.is_some());
    bench.post.write("y", "", bench.now);
    let two = format!("2 mails to a@example.org, b@example.org {why}");
    assert_eq!(bench.post.farewell(), Some(two), "that on its way too");
    bench.post.retire();
}

#[test]
fn a_server_that_closes_at_each_step() {
    // Behind the last one the letter is taken.
    for steps in 0..WELL.len() - 1 {
        let (listener, port) = listen();
        let told = server(listener, vec![&WELL[..steps], WELL]);
        let mut bench = Bench::new(port);
        bench.post.write("once more", "", bench.now);
        bench.run("a pause", |post| {
            post.queue.due() > Some(Instant::from_secs(100))
        });
        bench.now += Span::from_secs(2);
        bench.run("the end", over);
        told.recv().unwrap();
        assert!(
            told.recv()
                .unwrap()
                .contains(&"Subject: [R] once more".to_owned())
        );
    }
}

#[test]
fn each_step_has_its_time_and_no_more() {
    let (listener, port) = listen();
    let mut bench = Bench::new(port);
    bench.post.write("x", "", bench.now);
    let mut peer: Option<TcpStream> = None;
    let limit = bench.now + Span::from_secs(30);
    // A byte a second, without end: no byte makes it longer.
    for second in 0..40 {
        for _ in 0..5 {
            bench.turn();
        }
        let stream = peer.get_or_insert_with(|| listener.accept().unwrap().0);
        let _ = stream.write_all(if second < 4 { b"2" } else { b"x" });
        if bench.post.letter.is_none() {
            assert!(second < 10, "garbage is no greeting");
            break;
        }
        bench.now += Span::from_secs(1);
    }
    assert!(bench.post.letter.is_none() && bench.now < limit);
    drop(peer);

    // Silence.
    let (listener, port) = listen();
    let mut bench = Bench::new(port);
    bench.post.write("x", "", bench.now);
    bench.turns(4);
    let _peer = listener.accept().unwrap();
    bench.run("the connection", |post| post.line.connected());
    assert_eq!(bench.post.deadline(), Some(limit));
    bench.now = limit;
    bench.turn();
    assert!(bench.post.letter.is_none() && bench.post.queue.len() == 1);
}

#[test]
fn a_stop_waits_for_mail_but_not_for_ever() {
    let (listener, port) = listen();
    let mut bench = Bench::new(port);
    for n in 0..5 {
        bench.post.write(&n.to_string(), "", bench.now);
    }
    bench.turns(4);
    let _peer = listener.accept().unwrap();
    bench.post.stop(bench.now);
    assert!(!bench.post.rested());
    bench.now = bench.post.deadline().unwrap();
    assert_eq!(bench.now, Instant::from_secs(103));
    bench.turn();
    assert!(bench.post.rested() && bench.post.deadline().is_none());

    // Nobody listens: given up at the first failure.
    drop(listener);
    let mut bench = Bench::new(port);
    bench.post.write("x", "", bench.now);
    bench.post.write("y", "", bench.now);
    bench.post.stop(bench.now);
    bench.run("the end", Post::rested);
}
