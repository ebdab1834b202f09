//! The command line of genhash, which has its own options.

use super::say;
use crate::engine::tools::genhash::{self, HttpVersion, Page, TLS, Trouble};
use getopts::{HasArg, Matches, Occur, Options};
use std::ffi::OsString;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

/// Where nothing is said, seconds.
const TIMEOUT: u32 = 30;

const HELP: &str = "\
Usage: genhash -s ADDRESS -p PORT -u PATH [OPTION]...

Gets a page and prints its MD5 sum: the 'digest' of a url in HTTP_GET and
SSL_GET.

  -s, --server=ADDRESS        the server, an IP address
  -p, --port=PORT             its port
  -u, --url=PATH              the page
  -S, --use-ssl               by TLS
  -I, --use-sni               name the virtual host in the TLS handshake
  -V, --use-virtualhost=NAME  the virtual host
  -P, --protocol=VERSION      HTTP 1.0 (default), 1.1, or 1.0c: 1.0 with
                              'Connection: close'
  -m, --fwmark=MARK           mark of the packets
  -t, --timeout=SECONDS       for the connection and each answer; default 30
  -v, --verbose               show everything that comes
  -h, --help                  print this text

Exit status: 0 if there is a sum, otherwise 1.
";

/// Does what genhash does; the exit status.
pub fn run(args: Vec<OsString>) -> ExitCode {
    let page = match parse(&args) {
        Ok(Some(page)) => page,
        Ok(None) => return say(HELP, 0),
        Err(what) => return say(&format!("genhash: {what}\n\n{HELP}"), 1),
    };
    let mut out = std::io::stdout().lock();
    let done = genhash::run(&page, &mut out).and_then(|()| Ok(out.flush()?));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Server(why)) => say(&format!("{why}\n"), 1),
        // Whoever has read enough closes the pipe.
        Err(Trouble::Output(_)) => ExitCode::FAILURE,
    }
}

/// `None`: help is wanted.
fn parse(args: &[OsString]) -> Result<Option<Page>, String> {
    let mut options = Options::new();
    for (short, long, value) in [
        ("s", "server", true),
        ("p", "port", true),
        ("u", "url", true),
        ("S", "use-ssl", false),
        ("I", "use-sni", false),
        ("V", "use-virtualhost", true),
        ("P", "protocol", true),
        ("m", "fwmark", true),
        ("t", "timeout", true),
        ("v", "verbose", false),
        ("h", "help", false),
    ] {
        let has = if value { HasArg::Yes } else { HasArg::No };
        options.opt(short, long, "", "", has, Occur::Multi);
    }
    let given = options.parse(args).map_err(|e| e.to_string())?;
    if given.opt_present("help") {
        return Ok(None);
    }
    if !given.free.is_empty() {
        return Err(format!("unexpected argument(s): {}", given.free.join(" ")));
    }
    page(&given).map(Some)
}

fn page(given: &Matches) -> Result<Page, String> {
    let value = |name: &str| given.opt_strs(name).pop();
    let needed = |name: &str| value(name).ok_or_else(|| format!("--{name} is missing"));
    let number = |name: &str, text: &str, most: u64| {
        let number = c_number(text).filter(|n| *n <= most);
        number.ok_or_else(|| format!("--{name}: '{text}' is no number from 0 to {most}"))
    };
    let server = needed("server")?;
    let address: IpAddr = server
        .parse()
        .map_err(|_| format!("--server: '{server}' is no IP address"))?;
    let port = number("port", &needed("port")?, u64::from(u16::MAX))?;
    let port = u16::try_from(port).ok().filter(|port| *port != 0);
    let port = port.ok_or("--port: 0 is no port")?;
    let mark = match value("fwmark") {
        Some(text) => number("fwmark", &text, u64::from(u32::MAX))?,
        None => 0,
    };
    let timeout = match value("timeout") {
        Some(text) => number("timeout", &text, 1_000_000)?,
        None => TIMEOUT.into(),
    };
    let version = match value("protocol").as_deref() {
        None | Some("1.0") => HttpVersion::V10,
        Some("1.0c" | "1.0C") => HttpVersion::V10Close,
        Some("1.1") => HttpVersion::V11,
        Some(other) => return Err(format!("--protocol: '{other}' is none of 1.0, 1.0c, 1.1")),
    };
    if given.opt_present("use-ssl") && !TLS {
        return Err("--use-ssl: this program was built without TLS".to_owned());
    }
    Ok(Page {
        to: SocketAddr::new(address, port),
        mark: u32::try_from(mark).unwrap_or(0),
        tls: given.opt_present("use-ssl"),
        sni: given.opt_present("use-sni"),
        host: value("use-virtualhost").map(String::into_boxed_str),
        path: needed("url")?.into(),
        version,
        timeout: u32::try_from(timeout).unwrap_or(TIMEOUT),
        verbose: given.opt_present("verbose"),
    })
}

/// A number as C writes it: `12`, `0x0c`, `014`.
fn c_number(text: &str) -> Option<u64> {
    let digits = |text: &str, radix| {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
        u64::from_str_radix(text, radix).ok().filter(|_| plain)
    };
    match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(hex), _) => digits(hex, 16),
        (None, Some(octal)) if !octal.is_empty() => digits(octal, 8),
        _ => digits(text, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<Page>, String> {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        parse(&args)
    }

    #[test]
    fn options_of_keepalived() {
        let page = parsed("-s 192.0.2.1 -p 80 -u /x").unwrap().unwrap();
        assert_eq!(page.to, "192.0.2.1:80".parse().unwrap());
        assert_eq!((&*page.path, page.tls, page.verbose), ("/x", false, false));
        assert_eq!(page.version, HttpVersion::V10);
        assert_eq!(page.timeout, TIMEOUT);
        let line = "--server 2001:db8::1 --port=443 --url / --use-ssl --use-sni --verbose \
                    --use-virtualhost a.example --protocol 1.1 --fwmark 0x10 --timeout 3";
        let page = parsed(line).unwrap().unwrap();
        assert_eq!(page.to, "[2001:db8::1]:443".parse().unwrap());
        assert!(page.sni && page.verbose && page.mark == 16);
        assert_eq!(page.host.as_deref(), Some("a.example"));
        assert_eq!(page.version, HttpVersion::V11);
        assert_eq!(page.timeout, 3);
        assert_eq!(parsed("-h"), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, why) in [
            ("", "--server is missing"),
            ("-s 192.0.2.1 -u /", "--port is missing"),
            ("-s 192.0.2.1 -p 80", "--url is missing"),
            ("-s localhost -p 80 -u /", "'localhost' is no IP address"),
            ("-s 192.0.2.1 -p 70000 -u /", "'70000' is no number"),
            ("-s 192.0.2.1 -p 0 -u /", "0 is no port"),
            ("-s 192.0.2.1 -p 80 -u / -m abc", "'abc' is no number"),
            ("-s 192.0.2.1 -p 80 -u / -P 2", "'2' is none of 1.0"),
            ("-s 192.0.2.1 -p 80 -u / x y", "unexpected argument(s): x y"),
            ("-Z", "'Z'"),
        ] {
            let said = parsed(line).unwrap_err();
            assert!(said.contains(why), "{line}: {said}");
        }
    }
}
