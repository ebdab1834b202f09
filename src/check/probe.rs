//! What all probes share: one try of one protocol, as a small machine.
//!
//! A probe begins with its `start`, gets what came of its wishes through `got`, and ends with
//! [`Step::Done`]. It knows nothing of other tries, of retries, of real servers; `verdict` does, once
//! for all of them. Read `tcp` first.
//!
//! What every probe may rely on: the timer of a step is the room's ([`CheckerParams::timeout`]), the
//! socket is closed and the program killed by the room when the try is over, nothing comes after
//! `Done`, and [`Got::Connected`] comes before any [`Got::Data`].

use super::{CheckerParams, Got, Probe, Why, dns, http, misc, ping, smtp, tcp, udp};

/// A wish of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Open the socket (with TLS where the parameters say so): `Connected` or `Failed` will come.
    /// The timer begins when the room lets it open.
    Open,
    /// Send what is in [`Cx::out`], and wait for an answer; the timer begins anew.
    Send,
    /// Run the program: `Exited`, `Signaled` or `Failed` will come.
    Spawn,
    /// Wait for more within the time that is left.
    More,
    /// Wait for more; the timer begins anew. Only for an answer that goes on well: whoever sends
    /// a byte a second for ever must run out of time.
    Renew,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server is well.
    Pass,
    /// It is not.
    Fail(Why),
    /// It is well, and this much is to be added to its configured weight.
    Weight(i32),
}

/// What a probe answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The try goes on.
    Wait(Ask),
    /// It is over.
    Done(Outcome),
}

/// What a probe gets to see and to write.
pub(super) struct Cx<'a> {
    /// Its parameters.
    pub params: &'a CheckerParams,
    /// The configured weight of its real server.
    pub weight: i32,
    /// HTTP_GET: which of the pages it is to ask for.
    pub url: usize,
    /// Another random number in each call.
    pub random: u32,
    /// What [`Ask::Send`] sends. Lent for the try: empty at `start`, then as the probe left it. It
    /// must stay as it is between two `Send`s, so clear it just before writing the next.
    pub out: &'a mut Vec<u8>,
    /// What is prepared once for all tries: compiled patterns.
    pub kit: &'a mut http::Kit,
}

/// A try that runs. Exists only while it does.
///
/// Each probe's `Try` has
/// `new(&CheckerParams) -> Self` (or `Default`), `start(&mut self, &mut Cx) -> Step`,
/// `got(&mut self, Got, &mut Cx) -> Step`; `timeout(&self, &Cx) -> Outcome` where running out of
/// time is something else than a failure.
pub(super) enum Try {
    Tcp(tcp::Try),
    Http(http::Try),
    Misc(misc::Try),
    Smtp(smtp::Try),
    Dns(dns::Try),
    Udp(udp::Try),
    Ping(ping::Try),
}

impl Try {
    /// A try of what `probe` is; `None`: it is nothing that is tried (FILE_CHECK).
    pub fn new(probe: &Probe) -> Option<Self> {
        Some(match probe {
            Probe::Tcp => Try::Tcp(tcp::Try),
            Probe::Http(_) => Try::Http(http::Try::default()),
            Probe::Misc { .. } => Try::Misc(misc::Try),
            Probe::Smtp { .. } => Try::Smtp(smtp::Try::default()),
            Probe::Dns { .. } => Try::Dns(dns::Try::default()),
            Probe::Udp(_) => Try::Udp(udp::Try),
            Probe::Ping => Try::Ping(ping::Try::default()),
            Probe::File { .. } => return None,
        })
    }

    /// Begins.
    pub fn start(&mut self, cx: &mut Cx<'_>) -> Step {
        match self {
            Try::Tcp(t) => t.start(cx),
            Try::Http(t) => t.start(cx),
            Try::Misc(t) => t.start(cx),
            Try::Smtp(t) => t.start(cx),
            Try::Dns(t) => t.start(cx),
            Try::Udp(t) => t.start(cx),
            Try::Ping(t) => t.start(cx),
        }
    }

    /// Something came of its wish.
    pub fn got(&mut self, got: Got<'_>, cx: &mut Cx<'_>) -> Step {
        match self {
            Try::Tcp(t) => t.got(got, cx),
            Try::Http(t) => t.got(got, cx),
            Try::Misc(t) => t.got(got, cx),
            Try::Smtp(t) => t.got(got, cx),
            Try::Dns(t) => t.got(got, cx),
            Try::Udp(t) => t.got(got, cx),
            Try::Ping(t) => t.got(got, cx),
        }
    }

    /// The time for this step is over.
    pub fn timeout(&mut self, cx: &mut Cx<'_>) -> Outcome {
        match self {
            Try::Udp(t) => t.timeout(cx),
            Try::Smtp(t) => t.timeout(cx),
            _ => Outcome::Fail(Why::Timeout),
        }
    }
}

/// What a refusal, a failed handshake or an early end means to every probe that has no use for it;
/// `None`: something else.
pub(super) fn refused(got: Got<'_>) -> Option<Step> {
    let why = match got {
        Got::Failed(errno) => Why::System(errno),
        Got::TlsFailed(code) => Why::Tls(code),
        Got::Closed => Why::Closed,
        _ => return None,
    };
    Some(Step::Done(Outcome::Fail(why)))
}

#[cfg(test)]
pub(super) mod testing;
