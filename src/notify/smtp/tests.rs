use super::super::mail::tests::{letter, mail};
use super::*;

/// What a conversation came to.
#[derive(Debug, Default, PartialEq)]
struct Told {
    sent: String,
    steps: Vec<String>,
    later: Vec<u16>,
}

/// Reads these pieces, giving one letter after another as long as there are `letters`.
fn talk(pieces: &[&[u8]], letters: usize) -> Told {
    let (mail, letter) = (mail(), letter("about", "=> body <="));
    let (mut session, mut out) = (Session::default(), Vec::new());
    let (mut told, mut left) = (Told::default(), letters);
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let step = session.read(&mut rest, Some(&letter), &mail, &mut out);
            match step {
                Step::Wait => break,
                Step::On => {}
                Step::Ready | Step::Delivered => {
                    told.later.extend(session.later());
                    told.steps.push(format!("{step:?}"));
                    if left == 0 {
                        session.quit(&mut out);
                    } else {
                        left -= 1;
                        session.letter(&letter, &mail, &mut out);
                    }
                }
                Step::Refused(..) | Step::Failed(_) => {
                    let words = String::from_utf8_lossy(session.words()).into_owned();
                    told.steps.push(format!("{step:?} {words}"));
                }
                Step::Over => told.steps.push("Over".into()),
            }
            if matches!(step, Step::Failed(_) | Step::Over) {
                told.sent = String::from_utf8(out).unwrap();
                return told;
            }
        }
    }
    told.sent = String::from_utf8(out).unwrap();
    told
}

/// In every split into two, and byte by byte: always the same.
#[track_caller]
fn splits(bytes: &[u8], letters: usize) -> Told {
    let whole = talk(&[bytes], letters);
    for cut in 0..=bytes.len() {
        let (a, b) = bytes.split_at(cut);
        assert_eq!(talk(&[a, b], letters), whole, "split at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(talk(&single, letters), whole, "byte by byte");
    whole
}

fn text() -> String {
    let mut out = Vec::new();
    letter("about", "=> body <=").emit(&mail(), &mut out);
    String::from_utf8(out).unwrap()
}

const HELO: &str = "HELO router.example\r\n";
const FROM: &str = "MAIL FROM:<ka@example.org>\r\n";
const TO: &str = "RCPT TO:<a@example.org>\r\nRCPT TO:<bob@example.org>\r\nRCPT TO:<root>\r\n";

#[test]
fn one_letter() {
    let replies = b"220-mx.example\r\n220 ready\r\n250 hello\r\n250 ok\r\n250 a\r\n251 b\r\n\
        252 c\r\n354 go\r\n250-queued\r\n250 as 1\r\n221 bye\r\n";
    let told = splits(replies, 1);
    assert_eq!(
        told.sent,
        format!("{HELO}{FROM}{TO}DATA\r\n{}QUIT\r\n", text())
    );
    assert_eq!(told.steps, ["Ready", "Delivered", "Over"]);
    assert!(told.later.is_empty());
}

#[test]
fn several_letters_in_one_conversation() {
    let once = "250 ok\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 done\r\n";
    let replies = format!("220 mx\r\n250 hello\r\n{once}{once}221 bye\r\n");
    let told = splits(replies.as_bytes(), 2);
    let one = format!("{FROM}{TO}DATA\r\n{}", text());
    assert_eq!(told.sent, format!("{HELO}{one}{one}QUIT\r\n"));
    assert_eq!(told.steps, ["Ready", "Delivered", "Delivered", "Over"]);
}

#[test]
fn failures_at_each_step() {
    let so_far = [
        "220 mx\r\n",
        "250 hello\r\n",
        "250 from\r\n",
        "250 to\r\n",
        "250 to\r\n",
        "250 to\r\n",
        "354 go\r\n",
    ];
    let codes = [
        ("421 busy\r\n", "Failed(Later(421)) busy"),
        ("554 go away\r\n", "Failed(Never(554)) go away"),
        ("299 what\r\n", "Failed(Odd(299)) what"),
        ("SSH-2.0\r\n", "Failed(Garbage)"),
    ];
    for n in 0..=so_far.len() {
        for (reply, expected) in codes {
            // A recipient is refused alone, and any 2xx takes a text.
            if (3..6).contains(&n) && !reply.starts_with('4') && !reply.starts_with('S')
                || n == 7 && reply.starts_with('2')
            {
                continue;
            }
            let replies = format!("{}{reply}", so_far[..n].concat());
            let told = splits(replies.as_bytes(), 1);
            let last = told.steps.last().unwrap();
            assert!(last.starts_with(expected), "step {n}, {reply}: {last}");
        }
    }
}

#[test]
fn some_recipients() {
    let begin = "220 mx\r\n250 hello\r\n250 ok\r\n";
    let told = splits(
        format!("{begin}550 no such user\r\n450 later\r\n250 ok\r\n354 go\r\n250 ok\r\n")
            .as_bytes(),
        1,
    );
    let steps = ["Ready", "Refused(0, 550) no such user", "Delivered"];
    assert_eq!(told.steps, steps);
    assert_eq!(told.later, [1]);
    assert!(told.sent.ends_with("QUIT\r\n"));

    let none = format!("{begin}550 x\r\n551 y\r\n552 z\r\n");
    let told = splits(none.as_bytes(), 1);
    let steps = [
        "Ready",
        "Refused(0, 550) x",
        "Refused(1, 551) y",
        "Refused(2, 552) z",
        "Failed(Never(550)) z",
    ];
    assert_eq!(told.steps, steps);
    assert!(told.sent.ends_with(TO), "no DATA");

    let grey = format!("{begin}451 grey\r\n550 no\r\n451 list\r\n");
    let told = splits(grey.as_bytes(), 1);
    assert_eq!(
        told.steps,
        ["Ready", "Refused(1, 550) no", "Failed(Later(451)) list"]
    );
}

#[test]
fn a_server_without_end() {
    let line = [b"220 ".as_slice(), &[b'x'; 100_000]].concat();
    assert_eq!(
        talk(&[&line], 1).steps,
        ["Failed(Garbage) ".to_owned() + &"x".repeat(80)]
    );
    let lines = b"220-x\r\n".repeat(10_000);
    assert_eq!(talk(&[&lines], 1).steps.len(), 1);
    // Thousands of replies to one command: nothing grows.
    let replies = b"220 mx\r\n".repeat(10_000);
    let told = talk(&[&replies], 1);
    assert_eq!((told.sent.as_str(), told.steps.len()), (HELO, 1));
}
