//! JSON as it is written here: by hand, since only a few shapes are and none is read.
//!
//! Writing to a `String` cannot fail, so nothing here returns a result.

use core::fmt::{self, Display, Write};

/// Whether a character is invisible, or does something to a terminal.
pub fn unseen(c: char) -> bool {
    // Directional overrides and invisible characters could fake a message.
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}')
}

/// A JSON string, in which nothing is invisible or does something to a terminal.
pub fn string(out: &mut dyn Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    escape(out, text)?;
    out.write_char('"')
}

fn escape(out: &mut dyn Write, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(out, "\\{c}")?,
            // All of them have at most four digits.
            c if unseen(c) => write!(out, "\\u{:04x}", u32::from(c))?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
}

/// Escapes what passes through.
struct Escaped<'o>(&'o mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text)
    }
}

/// A string that is displayed as it is written.
pub fn text(out: &mut String, value: impl Display) {
    out.push('"');
    let _ = write!(Escaped(out), "{value}");
    out.push('"');
}

/// An object that is being written; [`Object::end`] closes it.
pub struct Object<'o> {
    out: &'o mut String,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Opens it.
    pub fn new(out: &'o mut String) -> Self {
        out.push('{');
        Object { out, empty: true }
    }

    /// The place of the value of `key`, a plain name.
    pub fn key(&mut self, key: &str) -> &mut String {
        if !core::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    /// A number, or what is displayed as one: `true`, `null`.
    pub fn plain(&mut self, key: &str, value: impl Display) -> &mut Self {
        let _ = write!(self.key(key), "{value}");
        self
    }

    /// A string.
    pub fn text(&mut self, key: &str, value: impl Display) -> &mut Self {
        text(self.key(key), value);
        self
    }

    /// A string, or `null`.
    pub fn maybe(&mut self, key: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.text(key, value),
            None => self.plain(key, "null"),
        }
    }

    /// A number, or `null`.
    pub fn maybe_plain(&mut self, key: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.plain(key, value),
            None => self.plain(key, "null"),
        }
    }

    /// Strings.
    pub fn texts<T: Display>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let out = self.key(key);
        out.push('[');
        for (n, value) in values.into_iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            text(out, value);
        }
        out.push(']');
        self
    }

    /// Closes it.
    pub fn end(self) {
        self.out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_with_everything() {
        let mut out = String::new();
        let mut object = Object::new(&mut out);
        object.plain("n", 5).plain("yes", true).text("t", "a\"\\\n");
        object
            .texts("list", ["x", "\u{202e}"])
            .maybe("no", None::<&str>);
        Object::new(object.key("in")).end();
        object.end();
        assert_eq!(
            out,
            "{\"n\":5,\"yes\":true,\"t\":\"a\\\"\\\\\\u000a\",\"list\":[\"x\",\"\\u202e\"],\
             \"no\":null,\"in\":{}}"
        );
    }
}
