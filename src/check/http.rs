//! HTTP_GET and SSL_GET: one page asked for, and judged by its status, its digest, a pattern.

mod chunked;
#[cfg(feature = "regex")]
mod dialect;
mod hash;
mod head;
#[cfg(not(feature = "regex"))]
mod no_pattern;
#[cfg(feature = "regex")]
mod pattern;
mod reader;
mod request;

pub use chunked::{Broken, Chunked};
pub use hash::{Hash, hex};
pub use pattern::{Kit, WINDOW, complaint};
pub use reader::{Digests, Reader, Wants};
pub use request::Request;

#[cfg(not(feature = "regex"))]
use no_pattern as pattern;
use pattern::Search;

use super::probe::{Ask, Cx, Outcome, Step, refused};
use super::{Got, Http, HttpVersion, Probe, Url, Why};

/// So much of an answer gives it time for more. Less is no progress: a byte a second is an answer
/// that never ends.
const PROGRESS: usize = 1024;

/// One try.
#[derive(Default)]
pub(super) struct Try {
    page: Option<Box<Page>>,
    /// That of a try before, to be used again.
    spare: Option<Box<Page>>,
    /// Bytes since the timer began.
    progress: usize,
}

impl Try {
    pub fn start(&mut self, _: &mut Cx<'_>) -> Step {
        Step::Wait(Ask::Open)
    }

    pub fn got(&mut self, got: Got<'_>, cx: &mut Cx<'_>) -> Step {
        let Some((http, url)) = asked(cx) else {
            return Step::Done(Outcome::Fail(Why::Garbage));
        };
        match (got, &mut self.page) {
            (Got::Connected, page @ None) => {
                ask(http, url, cx);
                let new = Page::new(http.version, url);
                *page = Some(match self.spare.take() {
                    Some(mut place) => {
                        *place = new;
                        place
                    }
                    None => Box::new(new),
                });
                Step::Wait(Ask::Send)
            }
            (Got::Data(bytes), Some(page)) => {
                let began = page.begun();
                match page.data(bytes, url, cx.kit) {
                    Some(verdict) => done(verdict),
                    None => Step::Wait(self.time(bytes.len(), began)),
                }
            }
            (Got::Closed, Some(page)) => done(page.close(url, cx.kit)),
            _ => refused(got).unwrap_or(Step::Wait(Ask::More)),
        }
    }

    /// Takes what a try before has left.
    pub fn reuse(&mut self, page: Option<Box<Page>>) {
        self.spare = page;
    }

    /// What the next one may use again.
    pub fn leave(&mut self) -> Option<Box<Page>> {
        let mut page = self.page.take().or_else(|| self.spare.take())?;
        // All but its place.
        *page = Page::empty();
        Some(page)
    }

    /// More time, if this was progress.
    fn time(&mut self, bytes: usize, began: bool) -> Ask {
        self.progress = self.progress.saturating_add(bytes);
        let head = !began && self.page.as_ref().is_some_and(|page| page.begun());
        if !head && self.progress < PROGRESS {
            return Ask::More;
        }
        self.progress = 0;
        Ask::Renew
    }
}

/// The page that this try is about.
fn asked<'a>(cx: &Cx<'a>) -> Option<(&'a Http, &'a Url)> {
    let params = cx.params;
    match &params.probe {
        Probe::Http(http) => Some((http, http.urls.get(cx.url)?)),
        _ => None,
    }
}

fn ask(http: &Http, url: &Url, cx: &mut Cx<'_>) {
    let Some(connection) = &cx.params.connection else {
        return;
    };
    cx.out.clear();
    Request {
        path: &url.path,
        version: http.version,
        host: url.host.as_deref(),
        address: connection.address,
        port: connection.port,
    }
    .emit(cx.out);
}

fn done(verdict: Result<(), Why>) -> Step {
    Step::Done(match verdict {
        Ok(()) => Outcome::Pass,
        Err(why) => Outcome::Fail(why),
    })
}

/// A reply that is read and judged as it comes.
#[derive(Debug)]
pub struct Page {
    reader: Reader,
    begun: bool,
    search: Option<Search>,
}

impl Page {
    /// Before the first byte of a reply.
    pub fn new(version: HttpVersion, url: &Url) -> Self {
        let wants = Wants {
            digest: url.digest.is_some(),
            ends: version == HttpVersion::V11,
        };
        Page {
            reader: Reader::new(wants),
            begun: false,
            search: url.regex.as_deref().map(Search::new),
        }
    }

    /// Of nobody, with nothing held.
    fn empty() -> Self {
        Page {
            reader: Reader::new(Wants::default()),
            begun: false,
            search: None,
        }
    }

    /// Its head is complete.
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// Takes bytes; the verdict, as soon as it stands.
    pub fn data(&mut self, bytes: &[u8], url: &Url, kit: &Kit) -> Option<Result<(), Why>> {
        self.read(bytes, url, kit)
            .map(|ended| ended.then(|| self.judge(url, kit)))
            .unwrap_or_else(|why| Some(Err(why)))
    }

    /// The connection has ended: the verdict.
    ///
    /// Compat: a body shorter than its head promised is what it is; the digest will tell.
    pub fn close(&mut self, url: &Url, kit: &Kit) -> Result<(), Why> {
        if !self.begun {
            return Err(Why::Closed);
        }
        self.judge(url, kit)
    }

    /// Bytes of memory that the reply holds at the moment.
    pub fn held(&self) -> usize {
        let search = self.search.as_ref().map_or(0, Search::held);
        self.reader.held().saturating_add(search)
    }

    /// Whether the page has ended.
    fn read(&mut self, bytes: &[u8], url: &Url, kit: &Kit) -> Result<bool, Why> {
        let mut rest = bytes;
        if !self.begun {
            let Some(status) = self.reader.head(&mut rest)? else {
                return Ok(false);
            };
            accept(url, status)?;
            self.begun = true;
        }
        let search = &mut self.search;
        self.reader.body(rest, |data| {
            if let (Some(search), Some(regex)) = (search.as_mut(), &url.regex) {
                search.data(data, regex, kit);
            }
        })
    }

    /// The body: digest first, then the pattern, as keepalived does.
    fn judge(&mut self, url: &Url, kit: &Kit) -> Result<(), Why> {
        if let (Some(want), Some(have)) = (url.digest, self.reader.digests())
            && want != have.raw
            && want != have.decoded
        {
            return Err(Why::Digest(have.raw));
        }
        if let (Some(search), Some(regex)) = (&mut self.search, &url.regex)
            && !search.agrees(regex, kit)
        {
            return Err(Why::Pattern);
        }
        Ok(())
    }
}

/// Whether a status is one of those wanted: 2xx, if none is named.
fn accept(url: &Url, status: u16) -> Result<(), Why> {
    let within = |(from, to): &(u16, u16)| (*from..=*to).contains(&status);
    let fine = match url.codes.as_slice() {
        [] => within(&(200, 299)),
        codes => codes.iter().any(within),
    };
    if fine {
        Ok(())
    } else {
        Err(Why::Status(status))
    }
}

#[cfg(test)]
mod tests;
