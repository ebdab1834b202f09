//! TLS between a socket and a probe: bytes of the wire on one side, bytes of the page on the other.
//!
//! rustls does the protocol and ring the arithmetic. Compat: a server's certificate is not looked
//! at, as keepalived does not; a check asks whether the server works, not who it is. Nothing is kept
//! from one session to the next.

mod provider;

use crate::check::TlsParams;
use crate::check::tls::{MISBEHAVED, NOT_TLS, NOTHING_COMMON, OTHER, UNDECIPHERED, UNREADY};
use crate::engine::outside::plain;
use crate::sys::net::Stream;
use crate::sys::random;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Error, version};
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::sync::Arc;

/// What all sessions share: how much of TLS is spoken, and the client's certificate.
pub struct Tls(Arc<ClientConfig>);

/// Bytes to be sent that a session takes at once; a request is shorter.
const MOST_OUT: usize = 16 * 1024;

impl Tls {
    /// Prepares; what is wrong with the block `SSL` goes to the log, and is left out. `None`: it
    /// does not work at all.
    pub fn new(params: Option<&TlsParams>) -> Option<Self> {
        let builder = ClientConfig::builder_with_details(
            Arc::new(provider::provider()),
            Arc::new(provider::Clock),
        );
        let builder = builder
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(|_| log::error!("TLS does not work"))
            .ok()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(provider::Anybody));
        let own = params.and_then(|p| {
            let own = Own::load(p);
            own.map_err(|why| log::error!("SSL: {why}; there is no client certificate"))
                .ok()?
        });
        let mut config = match own {
            Some(own) => match builder.clone().with_client_auth_cert(own.chain, own.key) {
                Ok(config) => config,
                // In rustls' words it would be 20 kB of program.
                Err(_) => {
                    log::error!(
                        "SSL: the key is neither RSA nor ECDSA, or not that of the certificate; \
                         there is no client certificate"
                    );
                    builder.with_no_client_auth()
                }
            },
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        Some(Tls(Arc::new(config)))
    }

    /// A session with a server, from its first message on; `name` is sent if it is a host name.
    /// `farewell`: the end is announced.
    ///
    /// A code of [`crate::check::tls`] if there can be none now.
    pub fn session(&self, name: Option<&str>, to: IpAddr, farewell: bool) -> Result<Session, u8> {
        // Not waited for: it may take minutes after a start.
        if !random::ready() {
            return Err(UNREADY);
        }
        // RFC 6066 §3: a host name and nothing else; a virtual host may come with its port.
        let host = name.and_then(|name| name.split(':').next());
        let name = host.and_then(|name| ServerName::try_from(name).ok());
        let name = name.map_or_else(|| ServerName::from(to), |name| name.to_owned());
        let connection = ClientConnection::new(Arc::clone(&self.0), name);
        let mut connection = connection.map_err(|e| code(&e))?;
        connection.set_buffer_limit(Some(MOST_OUT));
        Ok(Session {
            connection,
            farewell,
        })
    }
}

/// The client's certificate.
struct Own {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Own {
    /// Reads the files; `None`: none is wanted.
    fn load(params: &TlsParams) -> Result<Option<Own>, String> {
        let (certificate, key) = match (&params.certificate, &params.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) => return Err("there is a certificate and no key".to_owned()),
            (None, Some(_)) => return Err("there is a key and no certificate".to_owned()),
        };
        let read = |path: &str| {
            let read = std::fs::read(path);
            read.map_err(|e| format!("cannot read {path}: {}", plain(&e)))
        };
        let chain = read(certificate)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| format!("{certificate} holds no certificate (PEM)"))?;
        let text = read(key)?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
            match text.windows(9).any(|word| word == b"ENCRYPTED") {
                true => format!("the key in {key} is encrypted, which holdfast cannot read"),
                false => format!("{key} holds no key (PEM)"),
            }
        })?;
        Ok(Some(Own { chain, key }))
    }
}

/// One connection's TLS.
pub struct Session {
    connection: ClientConnection,
    farewell: bool,
}

impl Session {
    /// The handshake goes on.
    pub fn handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// There is something for the socket.
    pub fn pending(&self) -> bool {
        self.connection.wants_write()
    }

    /// Takes bytes to be sent; how many.
    pub fn put(&mut self, bytes: &[u8]) -> usize {
        self.connection.writer().write(bytes).unwrap_or(0)
    }

    /// Gives bytes that came, 0 when the server has ended; `None`: there are none now.
    pub fn take(&mut self, buf: &mut [u8]) -> Option<usize> {
        self.connection.reader().read(buf).ok()
    }

    /// Takes bytes of the socket; a code if they are not what may come now.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), u8> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.connection.read_tls(&mut rest) {
                // Behind close_notify comes nothing.
                Ok(0) => break,
                Ok(_) => {}
                // It does not fit into what a message may have.
                Err(_) => return Err(MISBEHAVED),
            }
            let state = self.connection.process_new_packets();
            state.map_err(|e| code(&e))?;
        }
        Ok(())
    }

    /// Sends what is there for the socket; whether the socket may take more.
    pub fn flush(&mut self, stream: &Stream) -> io::Result<bool> {
        let mut wire = Wire(stream);
        match self.connection.write_tls(&mut wire) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Announces the end, if that is wanted and the socket takes it at once.
    pub fn farewell(&mut self, stream: &Stream) {
        if self.farewell && !self.handshaking() {
            self.connection.send_close_notify();
            let _ = self.flush(stream);
        }
    }
}

/// A socket as rustls likes it.
struct Wire<'a>(&'a Stream);

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(bytes)?;
        sent.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The number of a failure.
fn code(e: &Error) -> u8 {
    match e {
        Error::AlertReceived(alert) => u8::from(*alert),
        Error::InvalidMessage(_) => NOT_TLS,
        Error::PeerIncompatible(_) => NOTHING_COMMON,
        Error::DecryptError => UNDECIPHERED,
        Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::NoCertificatesPresented
        | Error::PeerSentOversizedRecord => MISBEHAVED,
        Error::FailedToGetRandomBytes => UNREADY,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests;
