//! How TLS fails, in numbers and in words.
//!
//! What the server sends as an alert keeps its number (RFC 8446 §6); what is found here has one that
//! no alert has.

use core::fmt::{Formatter, Result};

/// TLS is compiled in (feature `ssl`).
pub const SUPPORTED: bool = cfg!(feature = "ssl");

/// The connection ended in the middle of the handshake.
pub const CLOSED: u8 = 250;
/// What the server sends is not TLS.
pub const NOT_TLS: u8 = 251;
/// No version, cipher or curve that both sides know.
pub const NOTHING_COMMON: u8 = 252;
/// The server does what the protocol does not allow.
pub const MISBEHAVED: u8 = 253;
/// Its bytes cannot be deciphered.
pub const UNDECIPHERED: u8 = 254;
/// The kernel has not collected enough random numbers yet.
pub const UNREADY: u8 = 255;
/// Anything else.
pub const OTHER: u8 = 249;

/// The alerts of servers (RFC 8446 §6, RFC 5246 §7.2).
const ALERTS: [(u8, &str); 24] = [
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (22, "record_overflow"),
    (40, "handshake_failure"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (112, "unrecognized_name"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
];

/// Why TLS failed, behind "TLS: ".
pub(super) fn words(code: u8, f: &mut Formatter<'_>) -> Result {
    f.write_str(match code {
        CLOSED => "connection closed during the handshake",
        NOT_TLS => "what the server sends is not TLS",
        NOTHING_COMMON => "the server has no version, cipher or curve in common with us",
        MISBEHAVED => "the server breaks the rules of the protocol",
        UNDECIPHERED => "what the server sends cannot be deciphered",
        UNREADY => "the kernel has no random numbers yet",
        OTHER => "it failed",
        alert => {
            let name = ALERTS.iter().find(|(number, _)| *number == alert);
            let name = name.map_or("unknown", |(_, name)| name);
            return write!(f, "the server sent alert {alert} ({name})");
        }
    })
}
