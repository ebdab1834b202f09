//! Netlink messages: headers, attributes, nesting, acknowledgements (linux/netlink.h).
//!
//! All numbers are in the machine's own byte order. Reading is strict: a length that contradicts
//! another one is [`Error::Netlink`], never a guess and never a panic. Writing appends to a buffer
//! the caller owns, so several messages can leave in one send.

use super::Error;

/// Length of `struct nlmsghdr`.
pub const HEADER_LEN: usize = 16;
/// Length of `struct nlattr`.
const ATTRIBUTE_LEN: usize = 4;

/// The message asks for something.
pub const NLM_F_REQUEST: u16 = 0x01;
/// More messages of the same answer follow, until `NLMSG_DONE`.
pub const NLM_F_MULTI: u16 = 0x02;
/// Answer with an acknowledgement.
pub const NLM_F_ACK: u16 = 0x04;
/// The table changed while it was dumped: dump again.
pub const NLM_F_DUMP_INTR: u16 = 0x10;
/// Return everything that matches (`NLM_F_ROOT | NLM_F_MATCH`).
pub const NLM_F_DUMP: u16 = 0x300;
/// Replace what exists.
pub const NLM_F_REPLACE: u16 = 0x100;
/// Fail if it exists.
pub const NLM_F_EXCL: u16 = 0x200;
/// Create it if it does not exist.
pub const NLM_F_CREATE: u16 = 0x400;
/// Put it behind what exists.
pub const NLM_F_APPEND: u16 = 0x800;

const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;

/// The attribute holds attributes.
const NLA_F_NESTED: u16 = 0x8000;
/// Attribute type without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
const NLA_TYPE_MASK: u16 = 0x3fff;

/// The next multiple of `NLMSG_ALIGNTO` and `NLA_ALIGNTO`, which are both 4.
const fn align(len: usize) -> usize {
    len.saturating_add(3) & !3
}

/// A message being written. Dropped without [`Builder::end`], it leaves no trace in the buffer.
#[must_use = "a message that is not ended is taken back"]
pub struct Builder<'a> {
    buf: &'a mut Vec<u8>,
    start: usize,
    /// An attribute did not fit its 16-bit length.
    overflow: bool,
    ended: bool,
}

/// Takes the wish for an acknowledgement back from the message at the start of `messages`: the
/// kernel then answers only if it fails.
pub fn unacknowledged(messages: &mut [u8]) {
    if let Some([low, high]) = messages.get_mut(6..8) {
        let flags = u16::from_ne_bytes([*low, *high]) & !NLM_F_ACK;
        [*low, *high] = flags.to_ne_bytes();
    }
}

/// A nest that was begun; give it back to [`Builder::end_nest`].
#[must_use]
pub struct Nest(usize);

impl<'a> Builder<'a> {
    /// Begins a message behind whatever `buf` already holds.
    pub fn begin(buf: &'a mut Vec<u8>, kind: u16, flags: u16, sequence: u32) -> Self {
        let start = buf.len();
        buf.extend_from_slice(&0u32.to_ne_bytes()); // length, written by `end`
        buf.extend_from_slice(&kind.to_ne_bytes());
        buf.extend_from_slice(&flags.to_ne_bytes());
        buf.extend_from_slice(&sequence.to_ne_bytes());
        buf.extend_from_slice(&0u32.to_ne_bytes()); // port: the kernel knows it from the socket
        Builder {
            buf,
            start,
            overflow: false,
            ended: false,
        }
    }
    /// Appends a fixed structure, such as `struct ifaddrmsg`, padded to a multiple of 4.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
        self.pad();
    }
    /// Appends an attribute.
    pub fn attr(&mut self, kind: u16, payload: &[u8]) {
        self.attr_pieces(kind, &[payload]);
    }
    /// Appends an attribute with one byte.
    pub fn attr_u8(&mut self, kind: u16, value: u8) {
        self.attr(kind, &[value]);
    }
    /// Appends an attribute with a 16-bit number.
    pub fn attr_u16(&mut self, kind: u16, value: u16) {
        self.attr(kind, &value.to_ne_bytes());
    }
    /// Appends an attribute with a 32-bit number.
    pub fn attr_u32(&mut self, kind: u16, value: u32) {
        self.attr(kind, &value.to_ne_bytes());
    }
    /// Appends an attribute with a text and the NUL the kernel wants behind it.
    pub fn attr_text(&mut self, kind: u16, text: &str) {
        self.attr_pieces(kind, &[text.as_bytes(), &[0]]);
    }
    fn attr_pieces(&mut self, kind: u16, pieces: &[&[u8]]) {
        let len = pieces
            .iter()
            .fold(ATTRIBUTE_LEN, |sum, piece| sum.saturating_add(piece.len()));
        let Ok(len) = u16::try_from(len) else {
            self.overflow = true;
            return;
        };
        self.buf.extend_from_slice(&len.to_ne_bytes());
        self.buf.extend_from_slice(&kind.to_ne_bytes());
        for piece in pieces {
            self.buf.extend_from_slice(piece);
        }
        self.pad();
    }
    /// Begins an attribute that holds attributes.
    pub fn begin_nest(&mut self, kind: u16) -> Nest {
        let at = self.buf.len();
        self.buf.extend_from_slice(&0u16.to_ne_bytes()); // length, written by `end_nest`
        self.buf
            .extend_from_slice(&(kind | NLA_F_NESTED).to_ne_bytes());
        Nest(at)
    }
    /// Begins a structure whose first field is its 16-bit length, attributes included, such as
    /// `struct rtnexthop`.
    pub fn begin_record(&mut self, fixed: &[u8]) -> Nest {
        let at = self.buf.len();
        self.bytes(fixed);
        Nest(at)
    }
    /// Ends the nest; inner ones first.
    pub fn end_nest(&mut self, nest: Nest) {
        let len = self.buf.len().saturating_sub(nest.0);
        match (u16::try_from(len), self.buf.get_mut(nest.0..nest.0 + 2)) {
            (Ok(len), Some(field)) => field.copy_from_slice(&len.to_ne_bytes()),
            _ => self.overflow = true,
        }
    }
    /// Completes the message; returns its length. `Error::Netlink` if an attribute was too long:
    /// then the buffer is as it was before `begin`.
    pub fn end(mut self) -> Result<usize, Error> {
        let len = self.buf.len() - self.start;
        let field = self.buf.get_mut(self.start..self.start + 4);
        match (u32::try_from(len), field) {
            (Ok(stated), Some(field)) if !self.overflow => {
                field.copy_from_slice(&stated.to_ne_bytes());
            }
            _ => return Err(Error::Netlink),
        }
        self.ended = true;
        Ok(len)
    }
    fn pad(&mut self) {
        let len = self.buf.len() - self.start;
        self.buf.resize(self.start + align(len), 0);
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.buf.truncate(self.start);
        }
    }
}

/// A received message: the fields of `struct nlmsghdr` and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Type: below 16 control, else the family's own.
    pub kind: u16,
    /// `NLM_F_*`.
    pub flags: u16,
    /// Sequence number of the request that it answers or that caused it.
    pub sequence: u32,
    /// Port of the socket that asked; 0 if the kernel acted by itself.
    pub port: u32,
    /// Everything behind the header.
    pub payload: &'a [u8],
}

/// The kernel's answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Sequence number of the request.
    pub sequence: u32,
    /// 0: done; else a positive errno.
    pub error: i32,
}

/// What the messages below type 16 say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// An acknowledgement or an error.
    Ack(Ack),
    /// End of a dump; `error` as in [`Ack`].
    Done(Ack),
    /// Nothing.
    Noop,
    /// Messages were lost.
    Overrun,
}

impl<'a> Message<'a> {
    /// The table changed during the dump this belongs to: what was collected is not to be trusted.
    pub fn dump_interrupted(&self) -> bool {
        self.flags & NLM_F_DUMP_INTR != 0
    }
    /// Reads a control message; `None` if it is one of the family's own.
    pub fn control(&self) -> Result<Option<Control>, Error> {
        Ok(Some(match self.kind {
            NLMSG_NOOP => Control::Noop,
            NLMSG_OVERRUN => Control::Overrun,
            NLMSG_ERROR => Control::Ack(self.verdict().ok_or(Error::Netlink)?),
            // Old kernels end some dumps with an empty message.
            NLMSG_DONE if self.payload.is_empty() => Control::Done(Ack {
                sequence: self.sequence,
                error: 0,
            }),
            NLMSG_DONE => Control::Done(self.verdict().ok_or(Error::Netlink)?),
            _ => return Ok(None),
        }))
    }
    /// The number an answer starts with: 0 or a negative errno.
    fn verdict(&self) -> Option<Ack> {
        let error = i32::from_ne_bytes(*self.payload.first_chunk()?);
        Some(Ack {
            sequence: self.sequence,
            error: error.saturating_neg().max(0),
        })
    }
    /// Splits off a fixed structure of `N` bytes; the attributes begin behind its padding.
    pub fn fixed<const N: usize>(&self) -> Result<(&'a [u8; N], Attributes<'a>), Error> {
        let (fixed, _) = self
            .payload
            .split_first_chunk::<N>()
            .ok_or(Error::Netlink)?;
        Ok((
            fixed,
            Attributes::new(self.payload.get(align(N)..).unwrap_or_default()),
        ))
    }
}

/// The messages of one received datagram. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    /// Over everything one receive call returned.
    pub fn new(datagram: &'a [u8]) -> Self {
        Messages { rest: datagram }
    }
    fn take(&mut self) -> Option<Message<'a>> {
        let header = self.rest.first_chunk::<HEADER_LEN>()?;
        let [
            l0,
            l1,
            l2,
            l3,
            k0,
            k1,
            f0,
            f1,
            s0,
            s1,
            s2,
            s3,
            p0,
            p1,
            p2,
            p3,
        ] = *header;
        let len = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).ok()?;
        let payload = self.rest.get(HEADER_LEN..len)?;
        // The padding of the last message may be missing.
        self.rest = self.rest.get(align(len)..).unwrap_or_default();
        Some(Message {
            kind: u16::from_ne_bytes([k0, k1]),
            flags: u16::from_ne_bytes([f0, f1]),
            sequence: u32::from_ne_bytes([s0, s1, s2, s3]),
            port: u32::from_ne_bytes([p0, p1, p2, p3]),
            payload,
        })
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let message = self.take();
        if message.is_none() {
            self.rest = &[];
        }
        Some(message.ok_or(Error::Netlink))
    }
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Type, without the flag bits.
    pub kind: u16,
    /// Value, without padding.
    pub payload: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The attributes inside.
    pub fn nested(&self) -> Attributes<'a> {
        Attributes::new(self.payload)
    }
    /// A value of exactly `N` bytes.
    pub fn array<const N: usize>(&self) -> Result<[u8; N], Error> {
        self.payload.try_into().map_err(|_| Error::Netlink)
    }
    /// A value of one byte.
    pub fn u8(&self) -> Result<u8, Error> {
        self.array().map(|[byte]| byte)
    }
    /// A 16-bit number.
    pub fn u16(&self) -> Result<u16, Error> {
        self.array().map(u16::from_ne_bytes)
    }
    /// A 32-bit number.
    pub fn u32(&self) -> Result<u32, Error> {
        self.array().map(u32::from_ne_bytes)
    }
    /// A text up to its NUL or its end; empty if it is not UTF-8.
    pub fn text(&self) -> &'a str {
        let end = self
            .payload
            .iter()
            .position(|b| *b == 0)
            .unwrap_or(self.payload.len());
        core::str::from_utf8(&self.payload[..end]).unwrap_or_default()
    }
}

/// A sequence of attributes. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
    /// See [`Attributes::but_a_bare_end`].
    bare_end: bool,
}

impl<'a> Attributes<'a> {
    /// Over exactly the bytes of the attributes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Attributes {
            rest: bytes,
            bare_end: false,
        }
    }
    /// Ends without an error before a last header that is wrong but has no room for a value behind
    /// it: nothing can be lost there.
    ///
    /// qemu-user, which turns messages over for a program of the other byte order, forgets an empty
    /// attribute at the end, and Linux 6.7 and later end every link with one (`IFLA_DPLL_PIN`). The
    /// kernel, too, passes over bytes that are left behind the last attribute.
    pub fn but_a_bare_end(self) -> Self {
        Attributes {
            bare_end: true,
            ..self
        }
    }
    fn take(&mut self) -> Option<Attribute<'a>> {
        let [l0, l1, k0, k1] = *self.rest.first_chunk::<ATTRIBUTE_LEN>()?;
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let payload = self.rest.get(ATTRIBUTE_LEN..len)?;
        self.rest = self.rest.get(align(len)..).unwrap_or_default();
        Some(Attribute {
            kind: u16::from_ne_bytes([k0, k1]) & NLA_TYPE_MASK,
            payload,
        })
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let attribute = self.take();
        if attribute.is_none() {
            let bare = self.bare_end && self.rest.len() == ATTRIBUTE_LEN;
            self.rest = &[];
            if bare {
                return None;
            }
        }
        Some(attribute.ok_or(Error::Netlink))
    }
}
