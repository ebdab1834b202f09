//! What is said over the control socket: one line, then an answer, then the end.
//!
//! A request is `status`, `explain`, `reload` or `stop`, then `text` or `json`, then perhaps a name,
//! which goes to the end of the line and may hold blanks. An answer is a line with an exit status
//! and the number of bytes that follow, and those.

use core::fmt::{self, Display, Formatter, Write};

/// Exit statuses of the commands, as answers carry them.
pub mod code {
    /// All is well.
    pub const OK: u8 = 0;
    /// Something is in FAULT or DOWN; or what was asked for was refused.
    pub const FAULT: u8 = 1;
    /// There is nothing of that name; or the command is wrong.
    pub const UNKNOWN: u8 = 2;
    /// Not running; what init scripts expect of `status`.
    pub const NOT_RUNNING: u8 = 3;
    /// It runs, but does not answer, or may not be asked.
    pub const NO_ANSWER: u8 = 4;
}

/// Bounds of what is said.
#[derive(Clone, Copy, Debug)]
pub struct Limit;

impl Limit {
    /// Longest request in bytes, with its end.
    pub const LINE: usize = 512;
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// How everything, or what has this name, is.
    Status {
        /// For programs.
        json: bool,
        /// What alone is of interest.
        name: Option<Box<str>>,
    },
    /// Why something is as it is.
    Explain {
        /// What.
        name: Box<str>,
    },
    /// Read the configuration again.
    Reload,
    /// Stop.
    Stop,
}

impl Request {
    /// Reads a line, without its end. The error says what is wrong.
    pub fn parse(line: &[u8]) -> Result<Request, &'static str> {
        let line = core::str::from_utf8(line).map_err(|_| "the request is no text")?;
        let mut words = line.splitn(3, ' ');
        let verb = words.next().unwrap_or("");
        let json = match words.next().unwrap_or("text") {
            "text" => false,
            "json" => true,
            _ => return Err("the form is neither text nor json"),
        };
        let name = words.next().filter(|name| !name.is_empty());
        match (verb, json, name) {
            ("status", json, name) => Ok(Request::Status {
                json,
                name: name.map(Box::from),
            }),
            ("explain", false, Some(name)) => Ok(Request::Explain { name: name.into() }),
            ("reload", false, None) => Ok(Request::Reload),
            ("stop", false, None) => Ok(Request::Stop),
            _ => Err("there is no such request"),
        }
    }
}

/// The line of a request, without its end.
impl Display for Request {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Request::Status { json, name } => {
                let form = if *json { "json" } else { "text" };
                write!(f, "status {form}")?;
                name.iter().try_for_each(|name| write!(f, " {name}"))
            }
            Request::Explain { name } => write!(f, "explain text {name}"),
            Request::Reload => f.write_str("reload text"),
            Request::Stop => f.write_str("stop text"),
        }
    }
}

/// Puts the line that tells exit status and length in front of `text`.
pub fn answer(status: u8, text: &str) -> Vec<u8> {
    let mut head = String::with_capacity(text.len().saturating_add(16));
    let _ = writeln!(head, "{status} {}", text.len());
    head.push_str(text);
    head.into_bytes()
}

/// An answer that came whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Exit status.
    pub status: u8,
    /// What to print.
    pub text: &'a str,
}

impl<'a> Answer<'a> {
    /// Reads everything that came; `None`: it is none, or not whole.
    pub fn parse(bytes: &'a [u8]) -> Option<Answer<'a>> {
        let all = core::str::from_utf8(bytes).ok()?;
        let (head, text) = all.split_once('\n')?;
        let (status, length) = head.split_once(' ')?;
        let whole = length.parse() == Ok(text.len());
        let status = status.parse().ok()?;
        whole.then_some(Answer { status, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_both_ways() {
        for request in [
            Request::Status {
                json: false,
                name: None,
            },
            Request::Status {
                json: true,
                name: Some("FWM 5".into()),
            },
            Request::Explain {
                name: "VI 1".into(),
            },
            Request::Reload,
            Request::Stop,
        ] {
            assert_eq!(Request::parse(request.to_string().as_bytes()), Ok(request));
        }
        assert!(Request::parse(b"status").is_ok());
        for bad in [
            &b""[..],
            b"STATUS",
            b"status xml",
            b"explain",
            b"explain text",
            b"explain text ",
            b"reload json",
            b"stop text now",
            b"\xff\xfe",
            b"GET / HTTP/1.0",
        ] {
            assert!(Request::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn half_an_answer_is_none() {
        let bytes = answer(1, "text\n");
        assert_eq!(bytes, b"1 5\ntext\n");
        let text = "text\n";
        assert_eq!(Answer::parse(&bytes), Some(Answer { status: 1, text }));
        for n in 0..bytes.len() {
            assert_eq!(Answer::parse(&bytes[..n]), None, "{n}");
        }
    }
}
