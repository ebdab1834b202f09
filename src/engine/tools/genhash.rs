//! genhash: gets a page as a check would, and says which `digest` it has.

pub use crate::check::HttpVersion;
use crate::check::TlsParams;
use crate::check::Why;
use crate::check::http::{Hash, Request, hex};
use crate::check::tls;
use crate::engine::exec::probe::{Heard, Line};
use crate::engine::outside::plain;
use crate::engine::tls::Tls;
use crate::sys;
use crate::sys::net::{Order, Speech};
use crate::sys::poll::{self, Want};
use crate::time::{Instant, Span};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

/// Pages can be got by TLS.
pub const TLS: bool = tls::SUPPORTED;

/// The page that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whom to ask.
    pub to: SocketAddr,
    /// SO_MARK, 0: none.
    pub mark: u32,
    /// Over TLS.
    pub tls: bool,
    /// The virtual host goes into the TLS handshake, too.
    pub sni: bool,
    /// Virtual host.
    pub host: Option<Box<str>>,
    /// Path with its query.
    pub path: Box<str>,
    /// Version of HTTP.
    pub version: HttpVersion,
    /// Longest wait for a connection, and for each piece of the answer, seconds.
    pub timeout: u32,
    /// Show everything that comes.
    pub verbose: bool,
}

/// Why there is no digest.
#[derive(Debug)]
pub enum Trouble {
    /// Something is wrong with the server or the way to it; in words.
    Server(String),
    /// What came of it cannot be written.
    Output(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(e: io::Error) -> Self {
        Trouble::Output(e)
    }
}

/// Bytes that are read at once.
const PIECE: usize = 16 * 1024;
/// The end of a head.
const BLANK: &[u8] = b"\r\n\r\n";
/// A longer head is not shown.
const MOST_HEAD: usize = 16 * 1024;

/// Gets the page and writes its digest, or everything, to `out`.
pub fn run(page: &Page, out: &mut dyn Write) -> Result<(), Trouble> {
    let began = sys::now();
    let mut talk = Talk::open(page)?;
    let mut hash = Hash::new(page.version);
    let mut shown = page.verbose.then(Shown::default);
    let mut buf = vec![0; PIECE];
    loop {
        let data = match talk.next(&mut buf)? {
            0 => break,
            length => buf.get(..length).unwrap_or_default(),
        };
        if let Some(shown) = &mut shown {
            shown.data(data, out)?;
        }
        match hash.data(data) {
            Ok(false) => {}
            Ok(true) => break,
            Err(why) => return Err(no_page(why)),
        }
    }
    let raw = hash.finish().map_err(no_page)?.raw;
    if shown.is_none() {
        writeln!(out, "{}", hex(raw))?;
        return Ok(());
    }
    title(out, "   HTML hash resulting   ")?;
    dump(out, &raw)?;
    title(out, "HTML hash final resulting")?;
    let micros = sys::now().since(began).micros();
    let path = &page.path;
    writeln!(
        out,
        "{}\n\nGlobal response time for [{path}] = {micros} usecs",
        hex(raw)
    )?;
    Ok(())
}

fn no_page(why: Why) -> Trouble {
    Trouble::Server(match why {
        Why::Closed => "no data received from remote webserver".to_owned(),
        why => format!("no page received from remote webserver: {why}"),
    })
}

/// A conversation with the server.
struct Talk {
    line: Line,
    request: Vec<u8>,
    timeout: Span,
}

impl Talk {
    /// Connects and asks.
    fn open(page: &Page) -> Result<Talk, Trouble> {
        let line = Line::open(&Order {
            speech: Speech::Tcp,
            to: page.to,
            from: None,
            from_port: 0,
            interface: None,
            mark: page.mark,
        });
        let failed = |e: io::Error| Trouble::Server(format!("connection failed: {}", plain(&e)));
        let mut request = Vec::new();
        Request {
            path: &page.path,
            version: page.version,
            host: page.host.as_deref(),
            address: page.to.ip(),
            port: page.to.port(),
        }
        .emit(&mut request);
        let mut talk = Talk {
            line: line.map_err(failed)?,
            request,
            timeout: Span::from_secs(page.timeout.into()),
        };
        talk.wait_connected()?;
        if page.tls {
            let name = page.host.as_deref().filter(|_| page.sni);
            let tls = Tls::new(None::<&TlsParams>);
            let session = tls.ok_or(tls::OTHER);
            let session = session.and_then(|tls| tls.session(name, page.to.ip(), false));
            let session = session.map_err(|code| Trouble::Server(Why::Tls(code).to_string()))?;
            talk.line.secure(session);
            talk.wait_connected()?;
        }
        talk.line.send();
        Ok(talk)
    }

    fn wait_connected(&mut self) -> Result<(), Trouble> {
        match self.heard(&mut [0; 4096])? {
            Heard::Connected => Ok(()),
            _ => Err(Trouble::Server("connection failed".to_owned())),
        }
    }

    /// Bytes of the answer; 0: it has ended.
    fn next(&mut self, buf: &mut [u8]) -> Result<usize, Trouble> {
        match self.heard(buf)? {
            Heard::Data(length) => Ok(length),
            _ => Ok(0),
        }
    }

    /// The next thing that happens; failures are errors.
    fn heard(&mut self, buf: &mut [u8]) -> Result<Heard, Trouble> {
        let end: Instant = sys::now() + self.timeout;
        let broken = |why: Why| Err(Trouble::Server(format!("connection failed: {why}")));
        loop {
            match self.line.serve(&self.request, buf) {
                Some(Heard::Failed(errno)) => return broken(Why::System(errno)),
                Some(Heard::TlsFailed(code)) => return broken(Why::Tls(code)),
                Some(heard) => return Ok(heard),
                None if self.line.more() => continue,
                None => {}
            }
            let now = sys::now();
            if now >= end {
                return broken(Why::Timeout);
            }
            let read = Want::read(&self.line);
            let both = [read, Want::write(self.line.as_raw_fd())];
            let wants = match self.line.waits_to_write() {
                true => &both[..],
                false => &both[..1],
            };
            let ready = poll::wait(wants, Some(end.since(now)));
            if ready.map_err(Trouble::Output)? != 0 {
                self.line.ready(false);
            }
        }
    }
}

/// What has been shown of an answer.
#[derive(Default)]
struct Shown {
    head: Vec<u8>,
    body: bool,
}

impl Shown {
    /// The head when it is complete, then the body piece by piece.
    fn data(&mut self, data: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.body {
            return piece(data, out);
        }
        self.head.extend_from_slice(data);
        let end = self.head.windows(BLANK.len()).position(|w| w == BLANK);
        let Some(end) = end.map(|at| at + BLANK.len()) else {
            self.head.truncate(MOST_HEAD);
            return Ok(());
        };
        let head = core::mem::take(&mut self.head);
        let (head, rest) = head.split_at(end);
        title(out, "   HTTP Header Buffer   ")?;
        dump(out, head)?;
        title(out, "HTTP Header Ascii Buffer")?;
        out.write_all(head)?;
        writeln!(out)?;
        self.body = true;
        title(out, "       HTML Buffer       ")?;
        match rest {
            [] => Ok(()),
            rest => piece(rest, out),
        }
    }
}

/// A piece of the body, and a blank line.
fn piece(data: &[u8], out: &mut dyn Write) -> io::Result<()> {
    dump(out, data)?;
    writeln!(out)
}

fn title(out: &mut dyn Write, text: &str) -> io::Result<()> {
    const RULE: &str = "-----------------------";
    writeln!(out, "{RULE}[ {text} ]{RULE}")
}

/// Sixteen bytes a line, in hexadecimal and as characters.
fn dump(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    const WIDTH: usize = 16;
    for (row, line) in bytes.chunks(WIDTH).enumerate() {
        write!(out, "{:04}  ", row * WIDTH)?;
        for at in 0..WIDTH {
            if at == WIDTH / 2 {
                write!(out, "- ")?;
            }
            match line.get(at) {
                Some(byte) => write!(out, "{byte:02x} ")?,
                None => write!(out, "   ")?,
            }
        }
        let shown = |b: &u8| match b {
            b' '..=b'~' => char::from(*b),
            _ => '.',
        };
        let text: String = line.iter().map(shown).collect();
        writeln!(out, "  {text:WIDTH$}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_as_keepalived_shows_them() {
        let mut out = Vec::new();
        dump(&mut out, b"HTTP/1.0 200 OK\r\nhello").unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "0000  48 54 54 50 2f 31 2e 30 - 20 32 30 30 20 4f 4b 0d   HTTP/1.0 200 OK.\n\
             0016  0a 68 65 6c 6c 6f       -                           .hello          \n"
        );
    }

    #[test]
    fn a_head_in_pieces() {
        let (mut shown, mut out) = (Shown::default(), Vec::new());
        for piece in [&b"HTTP/1.0 200 OK\r\n\r"[..], b"\nhel", b"lo"] {
            shown.data(piece, &mut out).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("[ HTTP Header Ascii Buffer ]-----------------------\nHTTP/1.0 200"));
        assert_eq!(text.matches("HTML Buffer").count(), 1);
        assert!(text.contains("hel          ") && text.contains("lo              "));
    }
}
