//! Netlink: headers, attributes as deep as they nest, the rtnetlink messages we read, and those of
//! generic netlink with the table of IPVS.

use holdfast::check::Table;
use holdfast::wire::ipvs::{self, Item, Key, Request};
use holdfast::wire::netlink::{Attributes, Builder, Control, HEADER_LEN, Message, Messages};
use holdfast::wire::rtnetlink::{self, Report};

/// Attributes are walked this deep.
const DEPTH: usize = 4;

/// Shows the bytes to every reader of netlink.
pub fn check(data: &[u8]) {
    let mut failed = false;
    let mut seen = 0;
    let mut table = Dumped::default();
    for message in Messages::new(data) {
        assert!(!failed, "the walk goes on after an error");
        match message {
            Ok(message) => {
                seen += HEADER_LEN + message.payload.len();
                one(&message, data);
                table.takes(&message, data);
            }
            Err(_) => failed = true,
        }
    }
    assert!(seen <= data.len());
    table.proves_its_own_wish();
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

/// What a dump of the table of IPVS would be made of, were each message of its family.
#[derive(Default)]
struct Dumped {
    table: Table,
    /// Of whom the destinations that follow are.
    last: Option<Key>,
    items: usize,
}

impl Dumped {
    fn takes(&mut self, message: &Message<'_>, whole: &[u8]) {
        if let Ok(Some(number)) = ipvs::family(message) {
            assert_eq!(message.kind, ipvs::CONTROL_FAMILY);
            let mut bytes = Vec::new();
            assert!(ipvs::dump_services(&mut bytes, number, 1).is_ok());
        }
        for v6 in [false, true] {
            let other = message.kind.wrapping_add(1);
            assert_eq!(ipvs::item(message, other, v6), Ok(None));
            match ipvs::item(message, message.kind, v6) {
                Ok(Some(Item::Service(service))) => {
                    inside(service.scheduler.as_bytes(), whole);
                    self.table.found_service(&service);
                    (self.last, self.items) = (Some(service.key), self.items + 1);
                    again(message.kind, &Request::NewService(service), |item| {
                        item == Some(Item::Service(service))
                    });
                }
                Ok(Some(Item::Destination(to))) => {
                    if let Some(key) = self.last {
                        self.table.found_destination(key, to);
                        self.items += 1;
                    }
                }
                Ok(Some(Item::Daemon { interface, .. })) => inside(interface.as_bytes(), whole),
                Ok(Some(Item::Timeouts(_)) | None) | Err(_) => {}
            }
        }
    }

    /// Nothing is in the table that no message told of; and what is in it can be taken out, after
    /// which nothing is.
    fn proves_its_own_wish(mut self) {
        let keys: Vec<Key> = self.table.keys().collect();
        let lines = |key: &Key| 1 + self.table.destinations(*key).count();
        assert!(keys.iter().map(lines).sum::<usize>() <= self.items);
        for key in keys {
            let mut requests = Vec::new();
            self.table.gone(key, &mut |request| requests.push(request));
            assert_eq!(requests.pop(), Some(Request::DelService(key)));
            for request in requests {
                again(0x20, &request, |item| item.is_some());
                self.table.done(&request);
            }
            assert_eq!(self.table.destinations(key).count(), 0);
            self.table.done(&Request::DelService(key));
        }
        assert_eq!(self.table.keys().count(), 0);
    }
}

/// A request is read as the item it speaks of.
fn again(family: u16, what: &Request<'_>, is: impl Fn(Option<Item<'_>>) -> bool) {
    let mut bytes = Vec::new();
    let length = ipvs::request(&mut bytes, family, 1, what).expect("nothing in it is too long");
    assert_eq!(length, bytes.len());
    let mut messages = Messages::new(&bytes);
    let message = messages.next().expect("one").expect("well formed");
    assert!(messages.next().is_none());
    let item = ipvs::item(&message, family, false).expect("well formed");
    assert!(is(item), "{what:?} is read as {item:?}");
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
