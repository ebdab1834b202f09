use super::*;
use crate::time::Span;

const CONF: &[u8] = b"# comment\nnameserver 192.0.2.53\nnameserver fe80::53%eth0 ; trailing\n\
    nameserver nonsense\ndomain old.example\nsearch one.example. two.example\n\
    options ndots:2 timeout:3 attempts:1 rotate\nnameserver 192.0.2.54\nnameserver 192.0.2.55\n";
const HOSTS: &[u8] = b"127.0.0.1 localhost\n::1 localhost # mail\n\n2001:db8::25 Mail.Example mx\n\
    192.0.2.25 mail.example\nbroken mail.example\n192.0.2.25 mail.example\n";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn resolv_conf() {
    let files = Files::parse(CONF);
    let servers: Vec<String> = files
        .servers
        .iter()
        .map(|s| format!("{} {:?}", s.address, s.interface))
        .collect();
    let expected = [
        "192.0.2.53 None",
        "fe80::53 Some(\"eth0\")",
        "192.0.2.54 None",
    ];
    assert_eq!(servers, expected);
    assert_eq!(files.search, ["one.example".into(), "two.example".into()]);
    assert_eq!((files.ndots, files.attempts), (2, 1));
    assert_eq!(files.timeout, Span::from_secs(3));
    let none = Files::parse(b"\xff\0nameserver\noptions timeout:0 attempts:99 ndots:x");
    assert_eq!(none.servers[0].address, ip("127.0.0.1"));
    assert_eq!((none.ndots, none.attempts), (1, 5));
    assert_eq!(none.timeout, Span::from_secs(1));
}

#[test]
fn the_file_of_hosts() {
    assert_eq!(
        hosts(HOSTS, "mail.EXAMPLE."),
        [ip("192.0.2.25"), ip("2001:db8::25")]
    );
    assert_eq!(hosts(HOSTS, "mx"), [ip("2001:db8::25")]);
    assert!(hosts(HOSTS, "mail").is_empty());
    let mut lookup = Lookup::new("mx", Files::parse(CONF), HOSTS);
    assert!(lookup.question(1, &mut Vec::new()).is_none());
    assert_eq!(lookup.result(), Ok(vec![ip("2001:db8::25")]));
}

/// The answer to a question: a code, and addresses.
fn reply(question: &[u8], code: u8, addresses: &[&str]) -> Vec<u8> {
    let mut out = question.to_vec();
    (out[2], out[3]) = (0x81, 0x80 | code);
    out[7] = addresses.len() as u8;
    for address in addresses {
        let (kind, bytes) = match ip(address) {
            IpAddr::V4(a) => (A, a.octets().to_vec()),
            IpAddr::V6(a) => (AAAA, a.octets().to_vec()),
        };
        out.extend_from_slice(&[0xc0, 12]);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 1, 0, 0, 0, 60, 0, bytes.len() as u8]);
        out.extend_from_slice(&bytes);
    }
    out
}

/// Server, name and kind of a question.
fn shown(server: IpAddr, question: &[u8]) -> String {
    let mut name = String::new();
    let mut at = 12;
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        name += std::str::from_utf8(&question[at + 1..end]).unwrap();
        name.push('.');
        at = end;
    }
    let kind = if question[at + 2] == 1 { "A" } else { "AAAA" };
    format!("{server} {name} {kind}")
}

/// All questions of a lookup where `answer` says what comes.
fn asked(
    name: &str,
    conf: &[u8],
    mut answer: impl FnMut(&str, &[u8]) -> Option<Vec<u8>>,
) -> (Vec<String>, Result<Vec<IpAddr>, &'static str>) {
    let mut lookup = Lookup::new(name, Files::parse(conf), b"");
    let (mut log, mut out, mut id) = (Vec::new(), Vec::new(), 1_u16);
    loop {
        id = id.wrapping_mul(25_173).wrapping_add(13_849);
        let Some(server) = lookup.question(id, &mut out) else {
            return (log, lookup.result());
        };
        let line = shown(server.address, &out);
        assert!(log.len() < 200, "it has no end");
        let next = match answer(&line, &out) {
            Some(message) => lookup.answer(&message),
            None => lookup.silent(),
        };
        log.push(line);
        match next {
            Next::Over => return (log, lookup.result()),
            Next::Ask => {}
            Next::Listen => panic!("not an answer"),
        }
    }
}

const TWO: &[u8] = b"nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch lan\noptions attempts:1\n";

#[test]
fn both_families_and_the_search_list() {
    let (log, found) = asked("mx", TWO, |line, q| match line {
        "192.0.2.1 mx.lan. A" => Some(reply(q, 3, &[])),
        "192.0.2.1 mx. A" => Some(reply(q, 0, &["192.0.2.25", "192.0.2.26"])),
        _ => Some(reply(q, 0, &["2001:db8::25"])),
    });
    let expected = [
        "192.0.2.1 mx.lan. A",
        "192.0.2.1 mx. A",
        "192.0.2.1 mx. AAAA",
    ];
    assert_eq!(log, expected);
    let all = ["192.0.2.25", "192.0.2.26", "2001:db8::25"].map(ip);
    assert_eq!(found.unwrap(), all);
    let (log, found) = asked("mx.example.", TWO, |_, q| Some(reply(q, 3, &[])));
    assert_eq!(log, ["192.0.2.1 mx.example. A"]);
    assert_eq!(found, Err("there is no such name"));
}

#[test]
fn servers_that_fail() {
    // The first never answers, the second one cannot.
    let (log, found) = asked("mx.example", TWO, |line, q| {
        line.contains("192.0.2.2").then(|| reply(q, 2, &[]))
    });
    assert_eq!(log.len(), 8, "two names, two kinds, two servers: {log:?}");
    assert_eq!(found, Err("no name server answers"));
    // One family is enough.
    let (_, found) = asked("mx.example", TWO, |line, q| {
        line.ends_with("AAAA")
            .then(|| reply(q, 0, &["2001:db8::25"]))
    });
    assert_eq!(found.unwrap(), [ip("2001:db8::25")]);
}

#[test]
fn nobody_else_is_believed() {
    let mut lookup = Lookup::new("mx.example", Files::parse(TWO), b"");
    let mut out = Vec::new();
    assert!(lookup.question(0x1234, &mut out).is_some());
    let good = reply(&out, 0, &["192.0.2.66"]);
    for (at, byte) in [
        (0, 0xff),
        (1, 0),
        (2, 0),
        (5, 2),
        (13, b'y'),
        (good.len() - 27, 9),
    ] {
        let mut bad = good.clone();
        bad[at] = byte;
        if bad != good {
            assert_eq!(lookup.answer(&bad), Next::Listen, "byte {at}");
        }
    }
    for cut in 0..out.len() {
        assert_eq!(lookup.answer(&good[..cut]), Next::Listen, "{cut} bytes");
    }
    assert!(lookup.found.is_empty());
    // Any garbage at all: never a panic, never more than there is room for.
    let mut state = 7_u32;
    for _ in 0..2_000 {
        let mut bytes = good.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            let at = (state >> 16) as usize % (bytes.len() - 2) + 2;
            bytes[at] = (state >> 8) as u8;
        }
        lookup.answer(&bytes);
        assert!(lookup.found.len() <= MOST);
    }
}
