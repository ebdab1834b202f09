//! Built without TLS: there is no session, and whoever wants one is told so.

use crate::check::TlsParams;
use crate::check::tls::OTHER;
use crate::sys::net::Stream;
use std::io;
use std::net::IpAddr;

/// No TLS.
pub struct Tls;

/// There is none.
pub enum Session {}

impl Tls {
    /// Nothing to prepare.
    pub fn new(_: Option<&TlsParams>) -> Option<Self> {
        None
    }

    /// None comes about.
    pub fn session(&self, _: Option<&str>, _: IpAddr, _: bool) -> Result<Session, u8> {
        Err(OTHER)
    }
}

impl Session {
    pub fn handshaking(&self) -> bool {
        match *self {}
    }
    pub fn pending(&self) -> bool {
        match *self {}
    }
    pub fn put(&mut self, _: &[u8]) -> usize {
        match *self {}
    }
    pub fn take(&mut self, _: &mut [u8]) -> Option<usize> {
        match *self {}
    }
    pub fn feed(&mut self, _: &[u8]) -> Result<(), u8> {
        match *self {}
    }
    pub fn flush(&mut self, _: &Stream) -> io::Result<bool> {
        match *self {}
    }
    pub fn farewell(&mut self, _: &Stream) {
        match *self {}
    }
}
