//! Situation × verdict; each reply in every split of its bytes.

use super::super::probe::testing::{self, fail, splits, tried};
use super::super::{CheckerParams, Params, Regex};
use super::*;

mod hostile;

const HELLO: &[u8] = b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello";
const CHUNKS: &[u8] =
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n";
/// MD5 of `hello`, and of the same in one chunk as `genhash` of keepalived 2.2.7 prints it.
pub(super) const MD5: [u8; 16] = 0x5d41402abc4b2a76b9719d911017c592_u128.to_be_bytes();
pub(super) const MD5_CHUNK: [u8; 16] = 0x79e9489e3bd3f0cb0158215341de046d_u128.to_be_bytes();
const MD5_HEL: [u8; 16] = 0x46356afe55fa3cea9cbe73ad442cad47_u128.to_be_bytes();

fn url() -> Url {
    Url {
        path: "/".into(),
        host: None,
        digest: None,
        codes: vec![(200, 299)],
        regex: None,
        sni: None,
        tls_compliant: false,
    }
}

fn digest(digest: [u8; 16]) -> Url {
    Url {
        digest: Some(digest),
        ..url()
    }
}

fn codes(codes: &[(u16, u16)]) -> Url {
    Url {
        codes: codes.to_vec(),
        ..url()
    }
}

fn regex(pattern: &str, absent: bool, min: u32, max: Option<u32>) -> Url {
    let regex = Regex {
        pattern: pattern.into(),
        absent,
        min,
        max,
    };
    Url {
        regex: Some(Box::new(regex)),
        ..url()
    }
}

fn checker(version: HttpVersion, url: Url) -> CheckerParams {
    testing::checker(Probe::Http(Box::new(Http {
        tls: false,
        version,
        urls: vec![url],
        fast_recovery: false,
    })))
}

/// The verdict on a reply, the same in every split; `None`: it waits for more.
fn verdict(version: HttpVersion, url: Url, reply: &[u8], close: bool) -> Option<Outcome> {
    let checker = checker(version, url);
    let last = close.then_some(Got::Closed);
    splits(reply, |pieces| {
        let told = tried(&checker, pieces, last);
        assert!(told.sent.starts_with(b"GET / HTTP/1."));
        assert_eq!(told.timeout, Outcome::Fail(Why::Timeout));
        told.outcome
    })
}

const PASS: Option<Outcome> = Some(Outcome::Pass);

#[test]
fn statuses() {
    use HttpVersion::{V10, V11};
    let one = |url, reply: &[u8]| verdict(V10, url, reply, true);
    assert_eq!(one(url(), HELLO), PASS);
    assert_eq!(one(url(), b"HTTP/1.1 204\r\n\r\n"), PASS);
    assert_eq!(one(url(), b"\r\nHTTP/1.1 200 OK\n\n"), PASS);
    assert_eq!(
        one(url(), b"HTTP/1.0 404 Not Found\r\n\r\nno"),
        fail(Why::Status(404))
    );
    assert_eq!(
        one(url(), b"HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n"),
        fail(Why::Status(302))
    );
    let odd = codes(&[(302, 302), (400, 404)]);
    assert_eq!(one(odd.clone(), b"HTTP/1.0 302 Found\r\n\r\n"), PASS);
    assert_eq!(one(odd.clone(), b"HTTP/1.0 404 Gone\r\n\r\n"), PASS);
    assert_eq!(
        one(odd.clone(), b"HTTP/1.0 405 No\r\n\r\n"),
        fail(Why::Status(405))
    );
    assert_eq!(one(odd, HELLO), fail(Why::Status(200)));
    assert_eq!(one(codes(&[]), HELLO), PASS, "2xx is the default");
    // Interim replies do not count; that of a change of protocol does.
    let hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(verdict(V11, url(), hints, true), PASS);
    assert_eq!(
        verdict(V11, url(), b"HTTP/1.1 101 Up\r\n\r\n", false),
        fail(Why::Status(101))
    );
}

#[test]
fn what_is_no_reply() {
    let one = |reply: &[u8], close| verdict(HttpVersion::V10, url(), reply, close);
    assert_eq!(one(b"", true), fail(Why::Closed));
    assert_eq!(one(b"", false), None);
    assert_eq!(
        one(b"HTTP/1.0 200 OK\r\nServer: x\r\n", true),
        fail(Why::Closed)
    );
    assert_eq!(one(b"HTTP", true), fail(Why::Closed));
    assert_eq!(one(b"SSH-2.0-OpenSSH_9.2\r\n", false), fail(Why::Garbage));
    assert_eq!(one(b"<html>hello", false), fail(Why::Garbage));
    assert_eq!(one(b"HTTP/2.0 200 OK\r\n\r\n", false), fail(Why::Garbage));
    assert_eq!(one(b"HTTP/1.0 2x0 OK\r\n\r\n", false), fail(Why::Garbage));
    assert_eq!(one(b"HTTP/1.0 -20 OK\r\n\r\n", false), fail(Why::Garbage));
    assert_eq!(one(b"HTTP/1.0 99999 OK\r\n\r\n", false), fail(Why::Garbage));
    assert_eq!(
        one(b"\x15\x03\x01\x00\x02\x02\x46", false),
        fail(Why::Garbage)
    );
    // Odd lines are passed over.
    assert_eq!(
        one(
            b"HTTP/1.0 200 OK\r\nodd line\r\nA : b\r\n c\r\n\xff: x\r\n\r\n",
            true
        ),
        PASS
    );
}

#[test]
fn failures_of_the_connection() {
    let checker = checker(HttpVersion::V10, url());
    let end = |reply: &[u8], last| tried(&checker, &[reply], Some(last)).outcome;
    assert_eq!(end(b"", Got::Failed(111)), fail(Why::System(111)));
    assert_eq!(end(HELLO, Got::Failed(104)), fail(Why::System(104)));
    assert_eq!(end(b"", Got::TlsFailed(40)), fail(Why::Tls(40)));
    let nothing = Got::Exited(0);
    assert_eq!(end(HELLO, nothing), None, "nothing of ours");
}

#[test]
fn digests_of_bodies() {
    use HttpVersion::{V10, V10Close, V11};
    let one = |url, reply: &[u8]| verdict(V10, url, reply, true);
    assert_eq!(one(digest(MD5), HELLO), PASS);
    assert_eq!(one(digest(MD5_HEL), HELLO), fail(Why::Digest(MD5)));
    let short = b"HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nhello";
    assert_eq!(one(digest(MD5_HEL), short), PASS);
    let long = b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    assert_eq!(one(digest(MD5), long), PASS, "what came is what counts");
    assert_eq!(verdict(V11, digest(MD5), long, true), PASS);
    assert_eq!(verdict(V11, url(), long, true), PASS);
    assert_eq!(verdict(V11, url(), long, false), None);
    for odd in ["-5", "5, 5", "x", "", "99999999999999999999999"] {
        let reply = format!("HTTP/1.0 200 OK\r\nContent-Length: {odd}\r\n\r\nhello");
        assert_eq!(one(digest(MD5), reply.as_bytes()), PASS, "{odd:?}");
    }
    // Raw as keepalived has it, or decoded.
    let chunk = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for version in [V10, V10Close, V11] {
        assert_eq!(verdict(version, digest(MD5_CHUNK), chunk, true), PASS);
        assert_eq!(verdict(version, digest(MD5), chunk, true), PASS);
        assert_eq!(verdict(version, digest(MD5), CHUNKS, true), PASS);
        let other = verdict(version, digest(MD5_HEL), chunk, true);
        assert_eq!(other, fail(Why::Digest(MD5_CHUNK)));
    }
    let more = [&chunk[..], b"more"].concat();
    assert_eq!(verdict(V11, digest(MD5_CHUNK), &more, false), PASS);
    // A length counts for the raw one even so.
    let both = b"HTTP/1.0 200 OK\r\nContent-Length: 15\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
        5\r\nhello\r\n0\r\n\r\nmore";
    assert_eq!(one(digest(MD5_CHUNK), both), PASS);
    assert_eq!(one(digest(MD5), both), PASS);
}

#[test]
fn ends_of_bodies() {
    use HttpVersion::{V10, V10Close, V11};
    let length = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more";
    let none = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let bodyless = b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n";
    let empty = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n";
    for reply in [&length[..], none, bodyless, empty, CHUNKS] {
        assert_eq!(
            verdict(V11, url(), reply, false),
            PASS,
            "its own length ends it"
        );
        for version in [V10, V10Close] {
            assert_eq!(
                verdict(version, url(), reply, false),
                None,
                "only the close does"
            );
            assert_eq!(verdict(version, url(), reply, true), PASS);
        }
    }
    assert_eq!(verdict(V11, digest(MD5), length, false), PASS);
    assert_eq!(verdict(V11, url(), HELLO, false), None, "no length");
    assert_eq!(verdict(V11, url(), HELLO, true), PASS);
    // Chunks without an end, and closed.
    let cut = &CHUNKS[..CHUNKS.len() - 12];
    assert_eq!(verdict(V11, url(), cut, false), None);
    assert_eq!(verdict(V11, url(), cut, true), PASS);
    // Broken ones matter where they are what ends the body.
    for size in ["-5", "ffffffffffffffffff", "5x", "", "0x5"] {
        let reply = format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nhello\r\n0\r\n\r\n"
        );
        assert_eq!(
            verdict(V11, url(), reply.as_bytes(), false),
            fail(Why::Garbage),
            "{size:?}"
        );
        assert_eq!(
            verdict(V10, url(), reply.as_bytes(), true),
            PASS,
            "{size:?}"
        );
        let digest = verdict(V10, digest(MD5), reply.as_bytes(), true);
        assert!(matches!(digest, Some(Outcome::Fail(Why::Digest(_)))));
    }
}

#[cfg(feature = "regex")]
#[test]
fn patterns() {
    let one = |url| verdict(HttpVersion::V10, url, HELLO, true);
    let no = fail(Why::Pattern);
    assert_eq!(one(regex("^hel+o$", false, 0, None)), PASS);
    assert_eq!(one(regex("HELLO", false, 0, None)), no);
    assert_eq!(one(regex("(?i)HELLO", false, 0, None)), PASS);
    assert_eq!(one(regex("hello", true, 0, None)), no);
    assert_eq!(one(regex("bye", true, 0, None)), PASS);
    assert_eq!(one(regex("l", false, 3, Some(4))), PASS);
    assert_eq!(one(regex("l", false, 4, None)), no);
    assert_eq!(one(regex("l", false, 0, Some(2))), no);
    assert_eq!(one(regex("l", false, 0, Some(3))), PASS);
    assert_eq!(one(regex("^", false, 3, None)), no, "nothing begins there");
    assert_eq!(one(regex("$", false, 5, None)), PASS);
    assert_eq!(one(regex("", false, 6, None)), no);
    assert_eq!(one(regex("o", false, u32::MAX, Some(u32::MAX))), no);
    assert_eq!(one(regex("(", false, 0, None)), no, "no pattern");
    assert!(complaint("(").is_some() && complaint("a(b)").is_none());
    // The decoded body is what is searched.
    let chunks = |url| verdict(HttpVersion::V11, url, CHUNKS, false);
    assert_eq!(chunks(regex("^hello$", false, 0, None)), PASS);
    let broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\nllo hello\r\n";
    let rest = verdict(HttpVersion::V10, regex("l", false, 0, None), broken, true);
    assert_eq!(rest, no, "what stands behind broken framing is nothing");
    // Bytes that are no UTF-8 keep their place and hide nothing; characters are not cut.
    let odd = "HTTP/1.0 200 OK\r\n\r\n\u{e9}\u{20ac}ab".as_bytes();
    let mut latin = b"HTTP/1.0 200 OK\r\n\r\n\xe9\xff\x80\xe2\x82ab\xf0".to_vec();
    for min in 0..=5 {
        assert_eq!(
            verdict(HttpVersion::V10, regex("a", false, min, Some(6)), odd, true),
            PASS
        );
        assert_eq!(
            verdict(
                HttpVersion::V10,
                regex("a", false, min, Some(6)),
                &latin,
                true
            ),
            PASS
        );
    }
    assert_eq!(
        verdict(
            HttpVersion::V10,
            regex("^\u{e9}.ab$", false, 0, None),
            odd,
            true
        ),
        PASS
    );
    latin.push(b'x');
    assert_eq!(
        verdict(
            HttpVersion::V10,
            regex("b.x$", false, 3, None),
            &latin,
            true
        ),
        PASS
    );
}

#[cfg(not(feature = "regex"))]
#[test]
fn patterns_are_passed_over() {
    let page = verdict(HttpVersion::V10, regex("bye", false, 0, None), HELLO, true);
    assert_eq!(page, PASS);
    assert!(complaint("a").is_some());
}
