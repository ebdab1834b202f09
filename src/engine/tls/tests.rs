//! What a session says first, and what it makes of answers that are none.

use super::*;
use crate::sys::tests::Scratch;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn session(name: Option<&str>) -> Session {
    Tls::new(None).unwrap().session(name, HERE, false).unwrap()
}

/// The first message.
fn hello(name: Option<&str>) -> Vec<u8> {
    let (mut session, mut out) = (session(name), Vec::new());
    assert!(session.handshaking() && session.pending());
    session.connection.write_tls(&mut out).unwrap();
    assert!(!session.pending());
    out
}

#[test]
fn a_server_is_told_a_name_that_is_one() {
    let told = |name, part: &[u8]| {
        let hello = hello(name);
        hello.windows(part.len()).any(|w| w == part)
    };
    assert!(told(Some("www.example"), b"\x00\x0bwww.example"));
    assert!(told(Some("www.example:8443"), b"\x00\x0bwww.example"));
    assert!(told(Some("a_b.example."), b"\x00\x0ba_b.example"));
    let least = hello(None).len();
    for none in ["192.0.2.1", "2001:db8::1", "", "a b", "ä.example"] {
        assert_eq!(hello(Some(none)).len(), least, "{none}");
    }
}

#[test]
fn answers_that_are_none() {
    let huge = [&[0x16, 3, 3, 0xff, 0xff][..], &[0; 70_000]].concat();
    let table: &[(&[u8], u8)] = &[
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NOT_TLS),
        (b"220 mail.example ESMTP\r\n", NOT_TLS),
        (&[0; 32], NOT_TLS),
        (&[0x15, 3, 3, 0, 2, 2, 40], 40),
        (&[0x15, 3, 1, 0, 2, 2, 70], 70),
        (&[0x17, 3, 3, 0, 1, 0], MISBEHAVED),
        (&huge, NOT_TLS),
    ];
    for (bytes, want) in table {
        for size in [1, 7, 4096] {
            let mut session = session(None);
            let done: Result<(), u8> = bytes.chunks(size).try_for_each(|part| session.feed(part));
            assert_eq!(done, Err(*want), "{:?} by {size}", &bytes[..6]);
        }
    }
}

#[test]
fn what_never_ends_does_not_grow() {
    // A handshake message of 16 MB, and warnings, one after the other.
    let long = [
        &[0x16, 3, 3, 0x40, 0, 11, 0xff, 0xff, 0xff][..],
        &[0; 16_380],
    ]
    .concat();
    let warning = [0x15, 3, 3, 0, 2, 1, 90];
    for bytes in [&long[..], &warning[..]] {
        let mut session = session(None);
        let refused = (0..100_000).any(|_| session.feed(bytes).is_err());
        assert!(refused, "{:?}", &bytes[..7]);
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let scratch = Scratch::new("tls-own");
    let (certificate, key) = (scratch.path("crt"), scratch.path("key"));
    let params = |certificate: &str, key: &str| TlsParams {
        certificate: Some(certificate.into()),
        key: Some(key.into()),
        ..TlsParams::default()
    };
    let both = params(&certificate, &key);
    let why = |params: &TlsParams| Own::load(params).err().unwrap_or_default();
    assert!(why(&both).contains("cannot read"), "{}", why(&both));
    std::fs::write(&certificate, "nothing").unwrap();
    assert!(why(&both).contains("holds no certificate"));
    let block = |kind: &str| format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n");
    std::fs::write(&certificate, block("CERTIFICATE")).unwrap();
    std::fs::write(&key, block("ENCRYPTED PRIVATE KEY")).unwrap();
    assert!(why(&both).contains("is encrypted"), "{}", why(&both));
    std::fs::write(&key, block("PRIVATE KEY")).unwrap();
    assert!(Own::load(&both).is_ok_and(|own| own.is_some()));
    // It is no key after all: there is a session, without a certificate.
    assert!(Tls::new(Some(&both)).is_some());
    let half = TlsParams { key: None, ..both };
    assert_eq!(why(&half), "there is a certificate and no key");
    assert!(Own::load(&TlsParams::default()).is_ok_and(|own| own.is_none()));
}
