use super::*;

/// An answer to A of www.example.org: an alias, then two addresses, as servers compress it.
const ALIAS: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x03\0\0\0\0\
    \x03www\x07example\x03org\0\0\x01\0\x01\
    \xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x05\x02lb\xc0\x10\
    \xc0\x2d\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01\
    \x02LB\xc0\x10\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x02";

const WWW: Question<'_> = Question {
    id: 0x1234,
    name: "www.example.org",
    kind: A,
};

#[test]
fn questions() {
    fn bytes(name: &str, kind: u16) -> Result<Vec<u8>, (Bad, Vec<u8>)> {
        let mut out = b"x".to_vec();
        let done = Question { id: 1, name, kind }.emit(&mut out);
        done.map(|()| out[1..].to_vec()).map_err(|bad| (bad, out))
    }
    let head = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0";
    let want = [&head[..], b"\x01a\x02bc\0\0\x0f\0\x01"].concat();
    assert_eq!(bytes("a.bc", MX), Ok(want.clone()));
    assert_eq!(bytes("a.bc.", MX), Ok(want));
    let root = [&head[..], b"\0\0\x06\0\x01"].concat();
    assert_eq!(bytes("", SOA), Ok(root.clone()));
    assert_eq!(bytes(".", SOA), Ok(root));
    let none = Err((Bad::Name, b"x".to_vec()));
    for name in ["a..b", "..", ".a", "a.."] {
        assert_eq!(bytes(name, A), none, "{name}");
    }
    assert_eq!(bytes(&"x".repeat(64), A), none);
    assert!(bytes(&"x".repeat(63), A).is_ok());
    let long = "abcdefg.".repeat(32);
    assert_eq!(
        bytes(&long[..255], A),
        none,
        "255 and the root, with lengths 257"
    );
    assert_eq!(bytes(&long[..253], A).map(|b| b.len()), Ok(12 + 255 + 4));
    assert_eq!(bytes(&long[..254], A), none, "256");
}

#[test]
fn an_answer_with_an_alias() {
    let answer = WWW.answer(ALIAS).unwrap();
    assert!(!answer.cut());
    let records: Vec<_> = answer.records().collect::<Result<_, _>>().unwrap();
    let kinds: Vec<u16> = records.iter().map(|r| r.kind).collect();
    assert_eq!(kinds, [CNAME, A, A]);
    assert_eq!((records[1].ttl, records[1].class), (60, 1));
    assert_eq!(records[0].target.is("LB.example.ORG"), Ok(true));
    assert_eq!(records[0].target.is("lb.example"), Ok(false));
    assert_eq!(records[0].target.is("lb.example.org.x"), Ok(false));
    assert_eq!(records[1].owner.same(&records[2].owner), Ok(true));
    assert_eq!(records[1].owner.same(&records[0].owner), Ok(false));
    let addresses: Vec<IpAddr> = answer.addresses().collect();
    assert_eq!(
        addresses,
        [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])]
    );
}

#[test]
fn six() {
    let message = b"\0\x07\x81\x80\0\x01\0\x02\0\0\0\0\x01x\0\0\x1c\0\x01\
        \xc0\x0c\0\x1c\0\x01\0\0\0\x01\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\
        \xc0\x0c\0\x1c\0\x01\0\0\0\x01\0\x04abcd";
    let question = Question {
        id: 7,
        name: "X.",
        kind: AAAA,
    };
    let addresses: Vec<IpAddr> = question.answer(message).unwrap().addresses().collect();
    assert_eq!(
        addresses,
        ["2001:db8::1".parse::<IpAddr>().unwrap()],
        "one is too short"
    );
}

#[test]
fn what_is_no_answer_to_it() {
    let with = |at: usize, byte: u8| {
        let mut message = ALIAS.to_vec();
        message[at] = byte;
        WWW.answer(&message)
            .map(|answer| answer.addresses().count())
    };
    assert_eq!(with(0, 0x12), Ok(2));
    assert_eq!(with(1, 0), Err(Bad::Other));
    assert_eq!(with(2, 0x01), Err(Bad::Question));
    assert_eq!(with(3, 0x82), Err(Bad::Code(2)));
    assert_eq!(with(5, 0), Err(Bad::Other));
    assert_eq!(with(13, b'x'), Err(Bad::Other));
    assert_eq!(with(30, 28), Err(Bad::Other), "type");
    assert_eq!(with(32, 3), Err(Bad::Other), "class");
    assert_eq!(with(12, 0x40), Err(Bad::Name));
    assert_eq!(with(12, 0xc0), Err(Bad::Other), "a pointer");
    for len in 0..33 {
        assert_eq!(
            WWW.answer(&ALIAS[..len]).err(),
            Some(Bad::Truncated),
            "{len}"
        );
    }
    for len in 33..ALIAS.len() {
        let answer = WWW.answer(&ALIAS[..len]).unwrap();
        assert!(answer.addresses().count() < 2);
        let last = answer.records().last().unwrap();
        assert_eq!(last.err(), Some(Bad::Truncated), "{len}");
    }
}

/// A name whose bytes stand behind a header, read to its end.
fn name(bytes: &[u8], at: usize) -> Result<Vec<u8>, Bad> {
    let mut out = Vec::new();
    for label in Name::new(bytes, at).labels() {
        out.extend_from_slice(label?);
        out.push(b'.');
    }
    Ok(out)
}

#[test]
fn pointers_go_back_only() {
    assert_eq!(name(b"\x01a\0\x01b\xc0\0", 3), Ok(b"b.a.".to_vec()));
    assert_eq!(name(b"\xc0\0", 0), Err(Bad::Name), "to itself");
    assert_eq!(name(b"\xc0\x02\xc0\0", 0), Err(Bad::Name), "ahead");
    assert_eq!(name(b"\xc0\x02\xc0\0", 2), Err(Bad::Name), "to and fro");
    assert_eq!(
        name(b"\x01a\xc0\0", 0),
        Err(Bad::Name),
        "a loop with labels"
    );
    assert_eq!(
        name(b"\x01a\xc0\0", 2),
        Err(Bad::Name),
        "a loop further back"
    );
    assert_eq!(name(b"\x01a\xff\xff", 0), Err(Bad::Name));
    assert_eq!(name(b"\x01a\xc0", 0), Err(Bad::Truncated));
    assert_eq!(name(b"\x05a", 0), Err(Bad::Truncated));
    assert_eq!(name(b"", 0), Err(Bad::Truncated));
    assert_eq!(name(b"\x80", 0), Err(Bad::Name));
    // A chain of pointers, each two bytes back, is walked once.
    let mut chain = b"\x01a\0".to_vec();
    for at in 0..5_000u16 {
        let to = if at == 0 { 0 } else { 3 + (at - 1) * 2 };
        chain.extend_from_slice(&(0xc000 | to).to_be_bytes());
    }
    assert_eq!(name(&chain, chain.len() - 2), Ok(b"a.".to_vec()));
    // No name is longer than 255 bytes, however it is put together.
    let mut long = b"\0".to_vec();
    for _ in 0..5 {
        let at = long.len();
        long.push(63);
        long.extend_from_slice(&[b'x'; 63]);
        let to = if at == 1 { 0 } else { at - 66 };
        long.extend_from_slice(&(0xc000 | to as u16).to_be_bytes());
    }
    assert_eq!(name(&long, 133).map(|n| n.len()), Ok(3 * 64));
    assert_eq!(name(&long, 265), Err(Bad::Name));
}

#[test]
fn aliases_in_a_circle() {
    // a is b, b is a.
    let message = b"\0\x01\x81\x80\0\x01\0\x03\0\0\0\0\x01a\0\0\x01\0\x01\
        \x01a\0\0\x05\0\x01\0\0\0\0\0\x03\x01b\0\
        \x01b\0\0\x05\0\x01\0\0\0\0\0\x03\x01a\0\
        \x01a\0\0\x01\0\x01\0\0\0\0\0\x04abcd";
    let question = Question {
        id: 1,
        name: "a",
        kind: A,
    };
    let answer = question.answer(message).unwrap();
    assert_eq!(answer.records().count(), 3);
    assert_eq!(answer.addresses().count(), 0);
}
