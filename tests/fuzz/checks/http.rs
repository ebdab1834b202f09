//! Pages: whatever the bytes and however they are cut, one verdict, and nothing grows.
//!
//! The first byte says what is wanted of the page, the second how it is cut; the reply follows.

use super::trying;
use holdfast::check::http::{Chunked, Digests, Hash, Kit, Page, WINDOW, hex};
use holdfast::check::{Http, HttpVersion, Params, Probe, Regex, Url, Why};

/// More than this is never held: a head, a window, and what a vector takes in advance.
const HELD: usize = 2 * WINDOW + 64 * 1024;
/// Patterns, one of which is no pattern.
const PATTERNS: [&str; 4] = ["l+o", r"(?i)^\bX", "(", ""];

/// What is wanted, and the reply.
struct Case<'a> {
    version: HttpVersion,
    url: Url,
    kit: Kit,
    cut: usize,
    reply: &'a [u8],
}

/// Reads the bytes as a reply.
pub fn check(data: &[u8]) {
    let Some(([wish, cut], reply)) = data.split_first_chunk() else {
        return;
    };
    let version = match wish & 3 {
        0 => HttpVersion::V10,
        1 => HttpVersion::V10Close,
        _ => HttpVersion::V11,
    };
    let mut url = url(*wish, *cut);
    let hash = hash(version, reply, *cut);
    if let (true, Ok((_, digests))) = (wish & 4 != 0, &hash) {
        url.digest = Some(digests.decoded);
    }
    let case = Case {
        version,
        kit: kit(version, &url),
        url,
        cut: usize::from(*cut),
        reply,
    };
    let want = case.verdict(reply.len().max(1));
    assert_eq!(case.verdict(1), want, "byte by byte");
    assert_eq!(case.verdict(usize::from(*cut).max(1)), want, "by {cut}");
    assert_eq!(case.halves(), want, "in two");
    case.agrees(&want, &hash);
    chunks(reply, usize::from(*cut).max(1));
}

fn url(wish: u8, cut: u8) -> Url {
    let regex = (wish & 8 != 0).then(|| {
        Box::new(Regex {
            pattern: PATTERNS[usize::from(wish >> 5) % 4].into(),
            absent: wish & 16 != 0,
            min: u32::from(cut) / 8,
            max: (cut & 1 != 0).then_some(u32::from(cut)),
        })
    });
    Url {
        path: "/".into(),
        host: None,
        digest: None,
        codes: vec![(200, 299), (404, 404)],
        regex,
        sni: None,
        tls_compliant: false,
    }
}

/// The pattern of this page, compiled.
fn kit(version: HttpVersion, url: &Url) -> Kit {
    let http = Http {
        tls: false,
        version,
        urls: vec![url.clone()],
        fast_recovery: false,
    };
    Kit::new(&Params {
        checkers: vec![trying::checker(Probe::Http(Box::new(http)))],
        ..Params::default()
    })
}

impl Case<'_> {
    fn page(&self) -> Page {
        Page::new(self.version, &self.url)
    }

    /// The verdict on the reply in pieces of this size, and whether it stood before the end.
    fn verdict(&self, size: usize) -> (bool, Result<(), Why>) {
        self.pieces(self.reply.chunks(size))
    }

    fn halves(&self) -> (bool, Result<(), Why>) {
        let (a, b) = self.reply.split_at(self.cut.min(self.reply.len()));
        self.pieces([a, b].into_iter())
    }

    fn pieces<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>) -> (bool, Result<(), Why>) {
        let mut page = self.page();
        for piece in pieces {
            let verdict = page.data(piece, &self.url, &self.kit);
            assert!(page.held() <= HELD, "{} bytes held", page.held());
            if let Some(verdict) = verdict {
                return (true, verdict);
            }
        }
        (false, page.close(&self.url, &self.kit))
    }

    /// What two readers say of one reply fits together.
    fn agrees(&self, want: &(bool, Result<(), Why>), hash: &Result<(u16, Digests), Why>) {
        match (&want.1, hash) {
            (Err(Why::Closed), hash) => assert_eq!(hash.as_ref().err(), Some(&Why::Closed)),
            (Err(Why::Status(a)), Ok((b, _))) => assert_eq!(a, b),
            (Err(Why::Status(status)), Err(why)) => {
                assert!(*why == Why::Garbage && *status != 200);
            }
            (Err(Why::Garbage), hash) => assert_eq!(hash.as_ref().err(), Some(&Why::Garbage)),
            (Err(Why::Pattern), _) => assert!(self.url.regex.is_some()),
            (Ok(()), Ok((status, _))) => assert!(matches!(status, 200..=299 | 404)),
            other => panic!("{other:?}"),
        }
    }
}

/// What genhash makes of it, the same in every cut.
fn hash(version: HttpVersion, reply: &[u8], cut: u8) -> Result<(u16, Digests), Why> {
    let one = |size: usize| {
        let mut hash = Hash::new(version);
        for piece in reply.chunks(size) {
            if hash.data(piece)? {
                break;
            }
        }
        let done = hash.finish()?;
        Ok((hash.status().expect("a head"), done))
    };
    let want = one(reply.len().max(1));
    assert_eq!(one(1), want);
    assert_eq!(one(usize::from(cut).max(1)), want);
    want
}

/// Chunks alone: what is taken out of them, sent plainly, has the digest they have decoded.
fn chunks(bytes: &[u8], size: usize) {
    let take = |size: usize| {
        let (mut chunked, mut out) = (Chunked::default(), Vec::new());
        for piece in bytes.chunks(size) {
            let mut rest = piece;
            while let Some(data) = chunked.next(&mut rest).map_err(|_| out.clone())? {
                assert!(!data.is_empty());
                out.extend_from_slice(data);
            }
            assert!(rest.is_empty() || chunked.ended());
        }
        Ok::<_, Vec<u8>>((out, chunked.ended()))
    };
    let want = take(bytes.len().max(1));
    assert_eq!(take(size), want);
    let Ok((decoded, _)) = want else {
        return;
    };
    assert!(decoded.len() <= bytes.len());
    let coded = whole(
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        bytes,
    );
    let plain = whole(b"HTTP/1.0 200 OK\r\n\r\n", &decoded);
    assert_eq!(hex(coded.decoded), hex(plain.raw));
    assert_eq!(plain.raw, plain.decoded);
    assert_eq!(coded.raw, whole(b"HTTP/1.0 200 OK\r\n\r\n", bytes).raw);
}

fn whole(head: &[u8], body: &[u8]) -> Digests {
    let mut hash = Hash::new(HttpVersion::V10);
    assert_eq!(hash.data(head), Ok(false));
    assert_eq!(hash.data(body), Ok(false));
    hash.finish().expect("a head")
}
