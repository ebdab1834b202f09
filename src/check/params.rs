//! What the check room is built from: plain values, no text to interpret, no scripts.
//!
//! Services, their real servers and their checkers are three flat lists; each names a range of the
//! next one.

use crate::time::Span;
use crate::wire::ipvs::{Destination, Key};
use core::net::IpAddr;
use core::ops::Range;

use super::{RealId, ServiceId};

/// Everything the room needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// The virtual servers. [`ServiceId`] indexes this list.
    pub services: Vec<ServiceParams>,
    /// Their real servers, those of one service side by side. [`RealId`] indexes this list.
    pub reals: Vec<RealParams>,
    /// Their checkers, those of one real server side by side. `CheckerId` indexes this list.
    pub checkers: Vec<CheckerParams>,
    /// What concerns the table as a whole.
    pub table: TableParams,
    /// The block `SSL`, if there is one.
    pub tls: Option<Box<TlsParams>>,
}

/// What SSL_GET shows a server that asks for it, and whom it could ask about the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsParams {
    /// `password`: of the key.
    pub password: Option<Box<str>>,
    /// `ca`: path of a file of certificates.
    pub ca: Option<Box<str>>,
    /// `certificate`: path of a file with a chain.
    pub certificate: Option<Box<str>>,
    /// `key`: path of a PEM file.
    pub key: Option<Box<str>>,
}

/// `lvs_*` of global_defs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableParams {
    /// `lvs_timeouts`: tcp, tcpfin, udp in seconds; 0: unchanged.
    pub timeouts: [u32; 3],
    /// `lvs_flush`: empty the whole table at the start.
    pub flush: bool,
    /// `lvs_flush_on_stop`.
    pub flush_on_stop: FlushOnStop,
    /// `lvs_sync_daemon`, or the first instance that names an interface; the kernel has one.
    pub sync: Vec<SyncParams>,
    /// `rs_init_notifies`: what is up at the start runs `notify_up` too.
    pub init_notifies: bool,
}

/// What is emptied at a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlushOnStop {
    /// What was added, one by one.
    #[default]
    No,
    /// The whole table.
    All,
    /// Services as a whole, without taking the real servers out first (`VS`).
    Services,
}

/// The connection synchronisation daemon of the kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncParams {
    /// Interface it speaks on.
    pub interface: Box<str>,
    /// Index in `vrrp::Params::instances` whose state it follows; `None`: both daemons, always.
    pub instance: Option<u16>,
    /// Sync id, 0..=255.
    pub id: u8,
    /// Largest message, 0: the kernel's default.
    pub maxlen: u16,
    /// Multicast group, `None`: the kernel's default.
    pub group: Option<IpAddr>,
    /// UDP port, 0: the kernel's default.
    pub port: u16,
    /// TTL, 0: the kernel's default.
    pub ttl: u8,
}

/// A virtual server.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceParams {
    /// As logs and mails name it: `[192.0.2.1]:tcp:80`, `FWM 5`, `[group]:0`.
    pub name: Box<str>,
    /// What the kernel is told to balance: one, or what its group lists (ranges counted out). Where
    /// it is a group's, a destination that is not translated has the key's port.
    pub keys: Vec<Key>,
    /// Scheduler.
    pub scheduler: Box<str>,
    /// `SVC_*` flags.
    pub flags: u32,
    /// Persistence in seconds, 0: none.
    pub persistence: u32,
    /// Persistence granularity, as `wire::ipvs::Service` has it for the family of the first key;
    /// keys of the other family have one address.
    pub netmask: u32,
    /// Persistence engine.
    pub engine: Option<Box<str>>,
    /// Its real servers in [`Params::reals`].
    pub reals: Range<u16>,
    /// Who answers when too few are left.
    pub sorry: Option<Sorry>,
    /// Weight that must be alive; at most the sum of the configured weights.
    pub quorum: u32,
    /// Less than `quorum`.
    pub hysteresis: u32,
    /// Down notifications at a stop.
    pub omega: bool,
    /// Checkers rest while its address is not on this machine.
    pub ha_suspend: bool,
}

/// A sorry server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sorry {
    /// Its line in the table.
    pub destination: Destination,
    /// Weight 0 instead of removal (`sorry_server_inhibit`).
    pub inhibit: bool,
}

/// A real server.
#[derive(Clone, Debug, PartialEq)]
pub struct RealParams {
    /// As logs and mails name it: `[192.0.2.1]:tcp:80`.
    pub name: Box<str>,
    /// Whose.
    pub service: ServiceId,
    /// Its line in the table, with the configured weight.
    pub destination: Destination,
    /// Weight 0 instead of removal when it fails.
    pub inhibit: bool,
    /// Its checkers in [`Params::checkers`].
    pub checkers: Range<u16>,
    /// Line of its definition, for messages.
    pub line: u32,
}

/// A checker.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckerParams {
    /// Whose.
    pub real: RealId,
    /// Taken for failed until it has succeeded once.
    pub alpha: bool,
    /// From the end of one run (MISC_CHECK: its start) to the next.
    pub delay_loop: Span,
    /// The first run begins at a random moment of this span after the start.
    pub warmup: Span,
    /// Further attempts before it counts as failed.
    pub retry: u32,
    /// Pause before each.
    pub delay_before_retry: Span,
    /// Longest wait for a connection, and for each answer (`connect_timeout`, `misc_timeout`).
    pub timeout: Span,
    /// Log every failed attempt.
    pub log_all_failures: bool,
    /// Where to; `None` for MISC_CHECK and FILE_CHECK.
    pub connection: Option<Connection>,
    /// What to do.
    pub probe: Probe,
}

/// The socket of a checker.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Whom to ask.
    pub address: IpAddr,
    /// Port; 0 for PING_CHECK.
    pub port: u16,
    /// `bindto`
    pub from: Option<IpAddr>,
    /// `bind_port`, 0: any.
    pub from_port: u16,
    /// `bind_if`
    pub interface: Option<Box<str>>,
    /// SO_MARK, 0: none.
    pub mark: u32,
}

/// What a checker does.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// TCP_CHECK: the connection comes about.
    Tcp,
    /// HTTP_GET and SSL_GET.
    Http(Box<Http>),
    /// MISC_CHECK: a program; its command is in `notify::Params::checks`.
    Misc {
        /// Index of the command.
        command: u16,
        /// Its exit status is a weight.
        dynamic: bool,
    },
    /// SMTP_CHECK.
    Smtp {
        /// How it introduces itself.
        helo: Box<str>,
    },
    /// DNS_CHECK over UDP.
    Dns {
        /// Name asked for, without the last dot; empty: the root.
        name: Box<str>,
        /// Type asked for (RFC 1035 §3.2.2).
        kind: u16,
    },
    /// UDP_CHECK.
    Udp(Box<Udp>),
    /// PING_CHECK.
    Ping,
    /// FILE_CHECK: the value of a tracked file.
    File {
        /// Index in `vrrp::Params::files`.
        file: u16,
        /// Factor; 0: any value but 0 is a failure.
        weight: i32,
        /// The value is negated.
        reverse: bool,
    },
}

/// HTTP_GET, SSL_GET.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Over TLS.
    pub tls: bool,
    /// `http_protocol`
    pub version: HttpVersion,
    /// Asked for in turn, one each run.
    pub urls: Vec<Url>,
    /// No delay between them while it comes up.
    pub fast_recovery: bool,
}

/// `http_protocol`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.0
    V10,
    /// HTTP/1.0 with `Connection: close`
    V10Close,
    /// HTTP/1.1 with `Connection: close`
    V11,
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Url {
    /// Path with its query.
    pub path: Box<str>,
    /// `Host:`, as it is; `None`: address and port.
    pub host: Option<Box<str>>,
    /// MD5 of the body, raw or decoded.
    pub digest: Option<[u8; 16]>,
    /// Accepted status codes, ranges with both ends.
    pub codes: Vec<(u16, u16)>,
    /// What the body must (not) hold.
    pub regex: Option<Box<Regex>>,
    /// Server name to send with TLS: `sni_name`, or the page's virtual host with `enable_sni`.
    pub sni: Option<Box<str>>,
    /// Send close_notify (`tls_compliant`).
    pub tls_compliant: bool,
}

/// A pattern for a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Regex {
    /// The pattern with its options in front (`(?i)` …).
    pub pattern: Box<str>,
    /// It must not be found.
    pub absent: bool,
    /// Only matches that begin at this byte or later.
    pub min: u32,
    /// Only matches that begin before this byte.
    pub max: Option<u32>,
}

/// UDP_CHECK.
#[derive(Clone, Debug, PartialEq)]
pub struct Udp {
    /// What is sent; empty: something random.
    pub payload: Vec<u8>,
    /// An answer must come: value and mask of its first bytes (empty: any answer).
    pub reply: Option<Vec<(u8, u8)>>,
    /// Shortest answer, bytes.
    pub min: u16,
    /// Longest answer, bytes.
    pub max: u16,
}
