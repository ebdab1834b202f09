//! Replies that want to be kept, or never to end.

use super::*;

/// What a pattern finds in a body with `needle` at each of these places, in pieces of any size.
#[cfg(feature = "regex")]
fn found(regex: Url, length: usize, needles: &[usize]) -> bool {
    let checker = checker(HttpVersion::V10, regex.clone());
    let kit = Kit::new(&Params {
        checkers: vec![checker.clone(), checker],
        ..Params::default()
    });
    let mut body = vec![b' '; length];
    for at in needles {
        body[*at..*at + 6].copy_from_slice(b"needle");
    }
    let by = |size| {
        let mut page = Page::new(HttpVersion::V10, &regex);
        assert_eq!(page.data(b"HTTP/1.0 200 OK\r\n\r\n", &regex, &kit), None);
        for piece in body.chunks(size) {
            assert_eq!(page.data(piece, &regex, &kit), None);
            assert!(page.held() <= 2 * WINDOW);
        }
        page.close(&regex, &kit)
    };
    let want = by(length);
    for size in [1_000, 16_384, 65_536] {
        assert_eq!(by(size), want, "by {size}");
    }
    assert!(matches!(want, Ok(()) | Err(Why::Pattern)));
    want.is_ok()
}

#[cfg(feature = "regex")]
#[test]
fn a_pattern_anywhere_in_a_body() {
    let half = WINDOW / 2;
    for at in [
        0,
        half - 3,
        half,
        WINDOW - 6,
        WINDOW - 3,
        WINDOW,
        5 * half - 2,
        190_000,
    ] {
        let needle = |min, max| found(regex(r"\bneedle\b", false, min, max), 200_000, &[at]);
        let place = at as u32;
        assert!(needle(0, None), "{at}");
        assert!(needle(place, Some(place + 1)), "{at}");
        assert!(!needle(place + 1, None), "{at}");
        assert!(!needle(0, Some(place)), "{at}");
        assert!(!found(regex("needle", true, 0, None), 200_000, &[at]));
        assert!(!found(regex("needle$", false, 0, None), 200_000, &[at]));
        assert_eq!(
            found(regex("^needle", false, 0, None), 200_000, &[at]),
            at == 0
        );
        assert!(found(regex("^needle", true, 1, None), 200_000, &[at]));
    }
    assert!(found(regex("needle$", false, 0, None), 100_000, &[99_994]));
    assert!(!found(regex("needle", false, 0, None), 100_000, &[]));
    assert!(found(regex("needle", true, 0, None), 100_000, &[]));
    assert!(found(
        regex("needle.+needle", false, 0, None),
        100_000,
        &[50_000, 58_000]
    ));
    assert!(
        found(regex("needle.+", false, 0, None), 100_000, &[50_000]),
        "goes on and on"
    );
    // The second is the one that begins late enough.
    let two = found(
        regex("needle", false, 40_000, Some(50_001)),
        100_000,
        &[39_999, 50_000],
    );
    assert!(two);
}

/// A character that a window cuts is whole in the next one.
#[cfg(feature = "regex")]
#[test]
fn characters_across_windows() {
    let wants = regex("^[^\u{1a}]*\u{20ac}x$", false, WINDOW as u32 - 2, None);
    let any = regex("\u{1a}", true, 0, None);
    for url in [wants, any] {
        let checker = checker(HttpVersion::V10, url.clone());
        for before in 0..3 {
            let body = format!("{}{}x", "a".repeat(before), "\u{20ac}".repeat(8_000));
            let reply = format!("HTTP/1.0 200 OK\r\n\r\n{body}");
            let told = tried(&checker, &[reply.as_bytes()], Some(Got::Closed));
            let want = if url.regex.as_ref().is_some_and(|r| r.absent) {
                PASS
            } else {
                fail(Why::Pattern)
            };
            assert_eq!(told.outcome, want, "`^` is the start alone");
        }
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
