//! Netlink: headers, attributes as deep as they nest, and the rtnetlink messages we read.

use holdfast::wire::netlink::{Attributes, Builder, Control, HEADER_LEN, Message, Messages};
use holdfast::wire::rtnetlink::{self, Report};

/// Attributes are walked this deep.
const DEPTH: usize = 4;

/// Shows the bytes to every reader of netlink.
pub fn check(data: &[u8]) {
    let mut failed = false;
    let mut seen = 0;
    for message in Messages::new(data) {
        assert!(!failed, "the walk goes on after an error");
        match message {
            Ok(message) => {
                seen += HEADER_LEN + message.payload.len();
                one(&message, data);
            }
            Err(_) => failed = true,
        }
    }
    assert!(seen <= data.len());
    walk(Attributes::new(data), data, DEPTH);
}

fn one(message: &Message<'_>, whole: &[u8]) {
    inside(message.payload, whole);
    match message.control() {
        Ok(Some(Control::Ack(ack) | Control::Done(ack))) => {
            assert!(ack.error >= 0);
            assert_eq!(ack.sequence, message.sequence);
        }
        Ok(Some(Control::Noop | Control::Overrun)) | Err(_) => assert!(message.kind < 16),
        Ok(None) => {}
    }
    match rtnetlink::parse(message) {
        Ok(Some(Report::Link(link) | Report::LinkGone(link))) => {
            inside(link.name.as_bytes(), whole);
        }
        Ok(Some(Report::Address(address) | Report::AddressGone(address))) => {
            inside(address.label.as_bytes(), whole);
        }
        _ => {}
    }
    if let Ok((_, attributes)) = message.fixed::<8>() {
        walk(attributes, whole, DEPTH);
    }
    if let Ok((_, attributes)) = message.fixed::<16>() {
        copies(attributes.clone(), message);
        walk(attributes, whole, DEPTH);
    }
}

/// Walks attributes as deep as they can be read as nested.
fn walk(attributes: Attributes<'_>, whole: &[u8], depth: usize) {
    let mut failed = false;
    for attribute in attributes {
        assert!(!failed, "the walk goes on after an error");
        let Ok(attribute) = attribute else {
            failed = true;
            continue;
        };
        inside(attribute.payload, whole);
        assert!(attribute.text().len() <= attribute.payload.len());
        assert_eq!(attribute.u8().is_ok(), attribute.payload.len() == 1);
        assert_eq!(attribute.u16().is_ok(), attribute.payload.len() == 2);
        assert_eq!(attribute.u32().is_ok(), attribute.payload.len() == 4);
        if depth > 0 {
            walk(attribute.nested(), whole, depth - 1);
        }
    }
}

/// What is read and written again reads the same.
fn copies(attributes: Attributes<'_>, message: &Message<'_>) {
    let Ok(attributes): Result<Vec<_>, _> = attributes.collect() else {
        return;
    };
    let mut buffer = vec![0xee; 8];
    let mut copy = Builder::begin(&mut buffer, message.kind, message.flags, message.sequence);
    copy.bytes(&message.payload[..16]);
    for attribute in &attributes {
        copy.attr(attribute.kind, attribute.payload);
    }
    let len = copy.end().expect("no attribute is longer than one can be");
    assert_eq!((buffer.len(), len % 4), (8 + len, 0));
    let mut again = Messages::new(&buffer[8..]);
    let read = again.next().expect("one message").expect("well formed");
    assert!(again.next().is_none());
    assert_eq!(
        (read.kind, read.flags, read.sequence, read.port),
        (message.kind, message.flags, message.sequence, 0)
    );
    let (fixed, again) = read.fixed::<16>().expect("as long as before");
    assert_eq!(fixed, &message.payload[..16]);
    let again: Result<Vec<_>, _> = again.collect();
    assert_eq!(again.as_ref(), Ok(&attributes));
}

/// `part` lies inside `whole`.
fn inside(part: &[u8], whole: &[u8]) {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    assert!(part.is_empty() || (whole.start <= part.start && part.end <= whole.end));
}
