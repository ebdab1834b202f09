//! Short answers: of mail servers, name servers, UDP servers, echoes; and all checkers living on them.

use super::trying;
use holdfast::check::{Udp, udp};
use holdfast::wire::dns::{A, Answer, CNAME, Name, Question};
use holdfast::wire::icmp::Echo;
use holdfast::wire::smtp::{Malformed, Replies, TEXT};

/// The longest name.
const NAME: usize = 255;

/// Shows the bytes to every reader of short answers.
pub fn check(data: &[u8]) {
    let cut = usize::from(data.first().copied().unwrap_or(0)).max(1);
    let want = smtp(data, data.len().max(1));
    assert_eq!(smtp(data, 1), want, "byte by byte");
    assert_eq!(smtp(data, cut), want, "by {cut}");
    dns(data);
    icmp(data);
    datagram(data);
    trying::story(data);
}

/// Codes and the last text of what a mail server says, up to where it says nothing of the kind.
fn smtp(data: &[u8], size: usize) -> (Vec<u16>, Result<Vec<u8>, Malformed>) {
    let (mut replies, mut codes) = (Replies::default(), Vec::new());
    for piece in data.chunks(size) {
        let mut rest = piece;
        loop {
            match replies.read(&mut rest) {
                Ok(Some(code)) => codes.push(code),
                Ok(None) => break assert!(rest.is_empty()),
                Err(bad) => return (codes, Err(bad)),
            }
        }
        assert!(replies.text().len() <= TEXT);
    }
    assert!(codes.iter().all(|code| (200..600).contains(code)));
    (codes, Ok(replies.text().to_vec()))
}

/// The bytes as an answer, and as the records of one.
fn dns(data: &[u8]) {
    let [a, b, ..] = *data else {
        return;
    };
    for (name, kind) in [("", 6), ("www.example.org", A)] {
        let question = Question {
            id: u16::from_be_bytes([a, b]),
            name,
            kind,
        };
        if let Ok(answer) = question.answer(data) {
            records(answer, data);
        }
        let mut mended = Vec::new();
        question.emit(&mut mended).expect("a name");
        (mended[2], mended[6], mended[7]) = (0x81, a & 1, b);
        mended.extend_from_slice(data);
        let answer = question.answer(&mended).expect("sound");
        records(answer, &mended);
    }
    if let Ok(name) = std::str::from_utf8(data) {
        asked(name);
    }
}

fn records(answer: Answer<'_>, whole: &[u8]) {
    let (mut addresses, mut ended) = (0, false);
    for record in answer.records() {
        assert!(!ended, "the walk goes on after an error");
        let Ok(record) = record else {
            ended = true;
            continue;
        };
        let (part, whole) = (record.data.as_ptr_range(), whole.as_ptr_range());
        assert!(whole.start <= part.start && part.end <= whole.end);
        labels(record.owner);
        if record.kind == CNAME {
            labels(record.target);
        }
        addresses += usize::from(record.kind == A || record.kind == 28);
    }
    assert!(answer.addresses().count() <= addresses);
}

/// A name ends, is itself, and is not too long.
fn labels(name: Name<'_>) {
    let (mut length, mut well) = (1, true);
    for label in name.labels() {
        assert!(well, "the walk goes on after an error");
        match label {
            Ok(label) => length += 1 + label.len(),
            Err(_) => well = false,
        }
    }
    assert!(length <= NAME);
    assert_eq!(name.same(&name).is_ok(), well);
    assert_ne!(name.same(&name), Ok(false));
}

/// A question whose name can be asked for is answered by itself.
fn asked(name: &str) {
    let question = Question {
        id: 7,
        name,
        kind: A,
    };
    let mut out = vec![];
    if question.emit(&mut out).is_err() {
        return assert!(out.is_empty());
    }
    assert!(out.len() <= 12 + NAME + 4);
    assert!(question.answer(&out).is_err(), "a question is no answer");
    out[2] |= 0x80;
    let answer = question.answer(&out).expect("the same name");
    assert_eq!(answer.records().count(), 0);
}

fn icmp(data: &[u8]) {
    for v6 in [false, true] {
        let mut request = Vec::new();
        let echo = Echo {
            id: 1,
            sequence: 2,
            data,
        };
        echo.emit(v6, &mut request);
        assert_eq!(Echo::reply(v6, &request), Ok(None), "a request");
        request[0] = if v6 { 129 } else { 0 };
        assert_eq!(Echo::reply(v6, &request), Ok(Some(echo)));
        if let Ok(Some(reply)) = Echo::reply(v6, data) {
            assert!(data.ends_with(reply.data));
        }
    }
}

/// An answer fits itself, and what is shorter fits as far as it goes, unless that is too short.
fn datagram(data: &[u8]) {
    let mask = data.first().copied().unwrap_or(0);
    let wants = |reply| Udp {
        payload: Vec::new(),
        reply,
        min: 0,
        max: u16::MAX,
    };
    let itself = wants(Some(data.iter().map(|b| (*b, mask)).collect()));
    assert!(udp::fits(&itself, data) || data.len() > usize::from(u16::MAX));
    if let Some((last, rest)) = data.split_last() {
        let short = rest.len() <= usize::from(u16::MAX);
        assert_eq!(udp::fits(&itself, rest), short);
        let long = u16::try_from(data.len());
        let long = long.map(|min| Udp {
            min,
            ..itself.clone()
        });
        assert!(!long.is_ok_and(|long| udp::fits(&long, rest)));
        let mut other = data.to_vec();
        other[rest.len()] = last ^ mask;
        assert_eq!(udp::fits(&itself, &other), mask == 0);
    }
    assert!(udp::fits(&wants(None), data));
}
