//! Replies that want to be kept, or never to end.

use super::*;

#[cfg(feature = "regex")]
#[test]
fn a_pattern_deep_in_a_body() {
    let url = regex(r"\bneedle\b", false, 5_000_000, None);
    let checker = checker(HttpVersion::V10, url.clone());
    let kit = Kit::new(&Params {
        checkers: vec![checker.clone(), checker],
        ..Params::default()
    });
    for (at, want) in [
        (5_000_000, Ok(())),
        (5_050_000, Ok(())),
        (4_999_999, Err(Why::Pattern)),
        (5_070_000, Err(Why::Pattern)),
    ] {
        let mut page = Page::new(HttpVersion::V10, &url);
        assert_eq!(page.data(b"HTTP/1.0 200 OK\r\n\r\n", &url, &kit), None);
        let mut body = vec![b' '; 6_000_000];
        body[at..at + 6].copy_from_slice(b"needle");
        for piece in body.chunks(16_384) {
            assert_eq!(page.data(piece, &url, &kit), None);
            assert!(page.held() <= 2 * WINDOW);
        }
        assert_eq!(page.close(&url, &kit), want, "{at}");
    }
}

#[test]
fn hostile_heads_are_bounded() {
    let (url, kit) = (url(), Kit::default());
    for line in ["X: y\r\n", "x", " ", "\r\n", "HTTP/1.1 100 Go on\r\n\r\n"] {
        for size in [1, 700, 40_000] {
            let mut page = Page::new(HttpVersion::V11, &url);
            let start = if line == "\r\n" {
                ""
            } else {
                "HTTP/1.1 200 OK\r\n"
            };
            let start = if line.starts_with('H') { "" } else { start };
            let flood: Vec<u8> = start
                .bytes()
                .chain(line.bytes().cycle().take(40_000))
                .collect();
            let mut verdict = None;
            for piece in flood.chunks(size) {
                verdict = page.data(piece, &url, &kit);
                assert!(page.held() <= 32 * 1024, "{} for {line:?}", page.held());
                if verdict.is_some() {
                    break;
                }
            }
            assert_eq!(verdict, Some(Err(Why::Garbage)), "{line:?} by {size}");
        }
    }
    let lines = "X: y\r\n".repeat(200);
    let reply = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
    let page = verdict(HttpVersion::V11, super::url(), reply.as_bytes(), false);
    assert_eq!(page, fail(Why::Garbage), "too many lines");
}

#[test]
fn a_large_body_is_not_kept() {
    let url = digest([0; 16]);
    let mut page = Page::new(HttpVersion::V11, &url);
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n";
    assert_eq!(page.data(head, &url, &Kit::default()), None);
    let piece = vec![7; 65_536];
    for _ in 0..160 {
        assert_eq!(page.data(&piece, &url, &Kit::default()), None);
        assert_eq!(page.held(), 0);
    }
}

/// Progress gets time, a byte a second does not.
#[test]
fn time_for_an_answer() {
    let checker = checker(HttpVersion::V10, url());
    let reply = [HELLO, &[b'x'; 5_000]].concat();
    let asks = |size| {
        let pieces: Vec<&[u8]> = reply.chunks(size).collect();
        tried(&checker, &pieces, None).asks
    };
    let count = |asks: &[Ask]| asks.iter().filter(|a| **a == Ask::Renew).count();
    let single = asks(1);
    assert_eq!(single[..2], [Ask::Open, Ask::Send]);
    assert_eq!(count(&single), 1 + 5_000 / PROGRESS);
    assert!(single[2..30].iter().all(|a| *a == Ask::More), "the head");
    assert_eq!(count(&asks(PROGRESS)), 4);
}
