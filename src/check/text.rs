//! Plain English for people who run servers: log lines, mails, FIFO lines.
//!
//! What holds ids needs the parameters for the names: `params.text(change)`.

use super::{Change, CheckerId, Note, Params, Probe, RealId, ServiceId, Why, tls};
use core::fmt::{Display, Formatter, Result};

/// Something with ids, together with the names; `Display` gives the words.
#[derive(Clone, Copy)]
pub struct Text<'a, T>(&'a Params, T);

/// The line of a change in a notify FIFO, as programs read it, without its end; empty if there is
/// none.
#[derive(Clone, Copy)]
pub struct Fifo<'a>(&'a Params, Change);

/// The subject of the mail about a change, without the router's name in front.
#[derive(Clone, Copy)]
pub struct Subject<'a>(&'a Params, Change);

/// The text of the mail about a change.
#[derive(Clone, Copy)]
pub struct Body<'a>(&'a Params, Change);

impl Params {
    /// Ids in words.
    pub fn text<T>(&self, of: T) -> Text<'_, T> {
        Text(self, of)
    }
    /// The line for a FIFO.
    pub fn fifo(&self, change: Change) -> Fifo<'_> {
        Fifo(self, change)
    }
    /// The subject of a mail.
    pub fn subject(&self, change: Change) -> Subject<'_> {
        Subject(self, change)
    }
    /// The text of a mail.
    pub fn body(&self, change: Change) -> Body<'_> {
        Body(self, change)
    }

    /// Whose real server that is.
    fn service_of(&self, real: RealId) -> ServiceId {
        let real = self.reals.get(usize::from(real.0));
        real.map_or(ServiceId(u16::MAX), |r| r.service)
    }

    /// Whose checker that is.
    fn real_of(&self, checker: CheckerId) -> RealId {
        let checker = self.checkers.get(usize::from(checker.0));
        checker.map_or(RealId(u16::MAX), |c| c.real)
    }
}

impl Probe {
    /// Its block in the configuration.
    pub fn name(&self) -> &'static str {
        match self {
            Probe::Tcp => "TCP_CHECK",
            Probe::Http(http) if http.tls => "SSL_GET",
            Probe::Http(_) => "HTTP_GET",
            Probe::Misc { .. } => "MISC_CHECK",
            Probe::Smtp { .. } => "SMTP_CHECK",
            Probe::Dns { .. } => "DNS_CHECK",
            Probe::Udp(_) => "UDP_CHECK",
            Probe::Ping => "PING_CHECK",
            Probe::File { .. } => "FILE_CHECK",
        }
    }
}

impl Display for Text<'_, ServiceId> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.services.get(usize::from(self.1.0)) {
            Some(service) => f.write_str(&service.name),
            None => write!(f, "#{}", self.1.0),
        }
    }
}

impl Display for Text<'_, RealId> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.reals.get(usize::from(self.1.0)) {
            Some(real) => f.write_str(&real.name),
            None => write!(f, "#{}", self.1.0),
        }
    }
}

/// `TCP_CHECK of [192.0.2.1]:tcp:80 in [192.0.2.9]:tcp:80`
impl Display for Text<'_, CheckerId> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, id) = *self;
        let Some(checker) = params.checkers.get(usize::from(id.0)) else {
            return write!(f, "#{}", id.0);
        };
        write!(
            f,
            "{} of {} in {}",
            checker.probe.name(),
            params.text(checker.real),
            params.text(params.service_of(checker.real))
        )
    }
}

impl Display for Text<'_, Note> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, note) = *self;
        match note {
            Note::Verdict {
                checker, up: true, ..
            } => write!(f, "{} succeeds", params.text(checker)),
            Note::Verdict {
                checker,
                why,
                attempts,
                page,
                ..
            } => {
                let at = params.checkers.get(usize::from(checker.0));
                write!(f, "{} failed", params.text(checker))?;
                if let Some(Probe::Http(http)) = at.map(|c| &c.probe)
                    && let Some(url) = http.urls.get(usize::from(page))
                {
                    write!(f, " on {}", url.path)?;
                }
                match attempts {
                    0 => {}
                    1 => f.write_str(" after 1 retry")?,
                    n => write!(f, " after {n} retries")?,
                }
                write!(f, ": {why}")
            }
            Note::Try { checker, why, left } => {
                write!(f, "{} failed: {why}", params.text(checker))?;
                match left {
                    0 => Ok(()),
                    1 => f.write_str("; 1 more attempt before it counts"),
                    n => write!(f, "; {n} more attempts before it counts"),
                }
            }
            Note::Weight { real, from, to } => write!(
                f,
                "weight of {} in {}: {from} -> {to}",
                params.text(real),
                params.text(params.service_of(real))
            ),
        }
    }
}

/// The line in the log.
impl Display for Text<'_, Change> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Text(params, change) = *self;
        match change {
            Change::Real { real, up, .. } => write!(
                f,
                "real server {} of {} is {}",
                params.text(real),
                params.text(params.service_of(real)),
                word(up)
            ),
            Change::Checker { checker, up, .. } => {
                let verb = if up { "succeeds" } else { "fails" };
                write!(f, "{} {verb}", params.text(checker))
            }
            Change::Quorum { service, up, alive } => {
                write!(
                    f,
                    "virtual server {} is {}: ",
                    params.text(service),
                    word(up)
                )?;
                quorum(params, service, up, alive, f)
            }
        }
    }
}

impl Display for Fifo<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Fifo(params, change) = *self;
        match change {
            Change::Real { real, up, .. } => write!(
                f,
                "RS {} {} {}",
                params.text(real),
                params.text(params.service_of(real)),
                word(up)
            ),
            Change::Quorum { service, up, .. } => {
                write!(f, "VS {} {}", params.text(service), word(up))
            }
            Change::Checker { .. } => Ok(()),
        }
    }
}

impl Display for Subject<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Subject(params, change) = *self;
        let (real, up) = match change {
            Change::Quorum { service, up, .. } => {
                return write!(f, "Virtualserver {} - {}", params.text(service), word(up));
            }
            Change::Real { real, up, .. } => (real, up),
            Change::Checker { checker, up, .. } => (params.real_of(checker), up),
        };
        write!(
            f,
            "Realserver {} of virtual server {} - {}",
            params.text(real),
            params.text(params.service_of(real)),
            word(up)
        )
    }
}

impl Display for Body<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Body(params, change) = *self;
        f.write_str("=> ")?;
        match change {
            Change::Quorum { service, up, alive } => quorum(params, service, up, alive, f)?,
            Change::Real { by: None, up, .. } => {
                f.write_str(if up { "Starting" } else { "Shutting down" })?;
            }
            Change::Real {
                by: Some(by), up, ..
            }
            | Change::Checker {
                checker: by, up, ..
            } => {
                let probe = params.checkers.get(usize::from(by.0)).map(|c| &c.probe);
                let verb = if up { "succeeded" } else { "failed" };
                match probe {
                    Some(Probe::Http(_)) => {
                        write!(f, "CHECK {verb} on service : HTTP/SSL request {verb}")?;
                    }
                    Some(probe) => {
                        let name = probe.name().trim_end_matches("_CHECK");
                        write!(f, "{name} CHECK {verb} on service")?;
                    }
                    None => write!(f, "CHECK {verb} on service")?,
                }
            }
        }
        f.write_str(" <=")
    }
}

/// The arithmetic of an edge.
fn quorum(p: &Params, id: ServiceId, up: bool, alive: u64, f: &mut Formatter<'_>) -> Result {
    let service = p.services.get(usize::from(id.0));
    let (q, h) = service.map_or((0, 0), |s| (s.quorum, s.hysteresis));
    if up {
        let sum = u64::from(q) + u64::from(h);
        write!(f, "Gained quorum {q}+{h}={sum} <= {alive}")
    } else {
        write!(f, "Lost quorum {q}-{h}={} > {alive}", q.saturating_sub(h))
    }
}

fn word(up: bool) -> &'static str {
    if up { "UP" } else { "DOWN" }
}

impl Display for Why {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match *self {
            Why::Well => f.write_str("well"),
            Why::Timeout => f.write_str("no answer in time"),
            Why::System(errno) => errno_words(errno, f),
            Why::Tls(code) => {
                f.write_str("TLS: ")?;
                tls::words(code, f)
            }
            Why::Closed => f.write_str("connection closed too early"),
            Why::Garbage => f.write_str("not an answer of this protocol"),
            Why::Status(code) => write!(f, "status code {code}"),
            Why::Digest(digest) => {
                f.write_str("digest ")?;
                digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Why::Pattern => f.write_str("the body does not satisfy the pattern"),
            Why::Smtp(code) => write!(f, "reply {code}"),
            Why::Dns(code) => write!(f, "response code {code}"),
            Why::Reply => f.write_str("not the expected reply"),
            Why::Exit(status) => write!(f, "exit status {status}"),
            Why::Signal(signal) => write!(f, "ended by signal {signal}"),
            Why::File(value) => write!(f, "the file holds {value}"),
        }
    }
}

/// The system's words without its number.
fn errno_words(errno: i32, f: &mut Formatter<'_>) -> Result {
    let words = std::io::Error::from_raw_os_error(errno).to_string();
    f.write_str(words.split(" (os error").next().unwrap_or_default())
}

#[cfg(test)]
mod tests;
