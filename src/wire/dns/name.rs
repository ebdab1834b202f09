//! Names in messages (RFC 1035 §3.1, §4.1.4): labels, and pointers to where the rest stands.

use super::Bad;

/// Longest label.
const MAX_LABEL: usize = 63;
/// Longest name with its length bytes and the root.
const MAX_NAME: usize = 255;
/// The two bits that make a length byte a pointer.
const POINTER: u8 = 0xc0;

/// Writes a name as labels to the end of `out`.
pub(super) fn emit(name: &str, out: &mut Vec<u8>) -> Result<(), Bad> {
    let start = out.len();
    for label in labels(name) {
        let length = match u8::try_from(label.len()) {
            Ok(length @ 1..) if label.len() <= MAX_LABEL => length,
            _ => return Err(Bad::Name),
        };
        out.push(length);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    if out.len() - start > MAX_NAME {
        return Err(Bad::Name);
    }
    Ok(())
}

/// The labels of a name as people write it.
fn labels(name: &str) -> impl Iterator<Item = &str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.split('.').filter(move |_| !name.is_empty())
}

/// A name somewhere in a message.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Name<'a> {
    pub(super) fn new(message: &'a [u8], at: usize) -> Self {
        Name { message, at }
    }

    /// Its labels, pointers followed.
    pub fn labels(&self) -> Labels<'a> {
        Labels {
            message: self.message,
            at: self.at,
            below: self.at,
            left: MAX_NAME,
            over: false,
        }
    }

    /// Where what follows it begins.
    pub(super) fn end(&self) -> Result<usize, Bad> {
        let mut at = self.at;
        loop {
            let length = *self.message.get(at).ok_or(Bad::Truncated)?;
            at = match length {
                0 => return Ok(at + 1),
                POINTER.. => return Ok(at + 2),
                _ if usize::from(length) > MAX_LABEL => return Err(Bad::Name),
                _ => at + 1 + usize::from(length),
            };
        }
    }

    /// Whether it is this one. Case does not matter (RFC 4343).
    pub fn is(&self, name: &str) -> Result<bool, Bad> {
        let mut mine = self.labels();
        for label in labels(name) {
            match mine.next().transpose()? {
                Some(have) if have.eq_ignore_ascii_case(label.as_bytes()) => {}
                _ => return Ok(false),
            }
        }
        Ok(mine.next().transpose()?.is_none())
    }

    /// Whether it is the same as another one.
    pub fn same(&self, other: &Name<'_>) -> Result<bool, Bad> {
        let (mut mine, mut theirs) = (self.labels(), other.labels());
        loop {
            match (mine.next().transpose()?, theirs.next().transpose()?) {
                (None, None) => return Ok(true),
                (Some(a), Some(b)) if a.eq_ignore_ascii_case(b) => {}
                _ => return Ok(false),
            }
        }
    }
}

/// A walk over the labels of a name. Ends behind the first that is none.
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    message: &'a [u8],
    at: usize,
    /// A pointer must go below this, the start of what is being read: so every walk ends.
    below: usize,
    /// Bytes that the name may still take.
    left: usize,
    over: bool,
}

impl<'a> Iterator for Labels<'a> {
    type Item = Result<&'a [u8], Bad>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let label = self.label().transpose();
        self.over = !matches!(label, Some(Ok(_)));
        label
    }
}

impl<'a> Labels<'a> {
    /// The next label; `None`: the root.
    fn label(&mut self) -> Result<Option<&'a [u8]>, Bad> {
        loop {
            let rest = self.message.get(self.at..).ok_or(Bad::Truncated)?;
            let (length, rest) = rest.split_first().ok_or(Bad::Truncated)?;
            match *length {
                0 => return Ok(None),
                POINTER.. => {
                    let low = rest.first().ok_or(Bad::Truncated)?;
                    let to = usize::from(u16::from_be_bytes([length & !POINTER, *low]));
                    if to >= self.below {
                        return Err(Bad::Name);
                    }
                    (self.at, self.below) = (to, to);
                }
                length if usize::from(length) > MAX_LABEL => return Err(Bad::Name),
                length => {
                    let length = usize::from(length);
                    let label = rest.get(..length).ok_or(Bad::Truncated)?;
                    // The root takes one byte more.
                    self.left = self.left.checked_sub(length + 1).ok_or(Bad::Name)?;
                    if self.left == 0 {
                        return Err(Bad::Name);
                    }
                    self.at += 1 + length;
                    return Ok(Some(label));
                }
            }
        }
    }
}
