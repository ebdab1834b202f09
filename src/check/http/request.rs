//! The request: the very bytes that keepalived sends.

use super::super::HttpVersion;
use core::net::IpAddr;
use std::io::Write;

/// A page to ask for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Path with its query.
    pub path: &'a str,
    /// Version, and whether the server is told to close.
    pub version: HttpVersion,
    /// `Host:`, as it is; `None`: address and port.
    pub host: Option<&'a str>,
    /// Whom to ask.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

impl Request<'_> {
    /// Writes it to the end of `out`.
    ///
    /// Compat: these headers in this order, the port even if it is the protocol's own.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let (version, close) = match self.version {
            HttpVersion::V10 => ("1.0", ""),
            HttpVersion::V10Close => ("1.0", "Connection: close\r\n"),
            HttpVersion::V11 => ("1.1", "Connection: close\r\n"),
        };
        let path = self.path;
        // Writing to memory cannot fail.
        let _ = write!(
            out,
            "GET {path} HTTP/{version}\r\nUser-Agent: KeepAliveClient\r\n{close}Host: "
        );
        let _ = match (self.host, self.address) {
            (Some(host), _) => write!(out, "{host}\r\n\r\n"),
            (None, IpAddr::V4(a)) => write!(out, "{a}:{}\r\n\r\n", self.port),
            (None, IpAddr::V6(a)) => write!(out, "[{a}]:{}\r\n\r\n", self.port),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(version: HttpVersion, host: Option<&str>, address: &str) -> String {
        let mut out = Vec::new();
        Request {
            path: "/x?y",
            version,
            host,
            address: address.parse().unwrap(),
            port: 8080,
        }
        .emit(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// What keepalived 2.2.7 sends, as read at the other end.
    #[test]
    fn the_bytes_of_keepalived() {
        assert_eq!(
            text(HttpVersion::V10, None, "127.0.0.1"),
            "GET /x?y HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:8080\r\n\r\n"
        );
        assert_eq!(
            text(HttpVersion::V11, None, "127.0.0.1"),
            "GET /x?y HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n\
             Host: 127.0.0.1:8080\r\n\r\n"
        );
        assert_eq!(
            text(HttpVersion::V10Close, Some("vh.example"), "::1"),
            "GET /x?y HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n\
             Host: vh.example\r\n\r\n"
        );
        assert_eq!(
            text(HttpVersion::V10, None, "::1"),
            "GET /x?y HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: [::1]:8080\r\n\r\n"
        );
    }
}
