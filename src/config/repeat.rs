//! Repetitions: `~SEQ` and `~LST`.

use super::diag::quote;
use super::expand::name_len;
use super::reader::{Frame, Reader, RepeatFrame, Value, Values};
use super::source::Text;

/// Values one repetition may have.
const MAX_VALUES: i64 = 65_536;

impl Reader<'_> {
    /// Gives the variables of a repetition their next values.
    pub(super) fn assign(&mut self, vars: Vec<Vec<u8>>, values: Vec<Vec<u8>>, whole: Text) {
        let span = self.sources.span(whole);
        let mut values = values.into_iter();
        for name in vars {
            let from = self.sources.arena_len();
            let value = values.next().unwrap_or_default();
            self.sources.insert(&value, span);
            let text = self.sources.since(from);
            self.defs.insert(name, Value::Line(text));
        }
    }

    /// `~SEQ(…) rest` or `~LST(…) rest`. `false`: the line is something else.
    pub(super) fn repetition(&mut self, text: Text) -> bool {
        let bytes = self.sources.get(text);
        let (seq, hex, open) = match bytes {
            [b'~', b'S', b'E', b'Q', b'(', ..] => (true, false, 5),
            [b'~', b'S', b'E', b'Q', b'x', b'(', ..] => (true, true, 6),
            [b'~', b'L', b'S', b'T', b'(', ..] => (false, false, 5),
            _ => return false,
        };
        let whole = text.part(0, open - 1);
        let Some(close) = bytes.iter().position(|b| *b == b')') else {
            let span = self.sources.span(whole);
            self.diags
                .error(span, "')' is missing; the line is ignored");
            return true;
        };
        let body = self.trim(text.part(close + 1, bytes.len()));
        let args = text.part(open, close);
        let args = self.substitute(args).unwrap_or(args);
        let parsed = match seq {
            true => self.sequence(args, hex),
            false => self.list(args),
        };
        match parsed {
            Ok((vars, values)) => self.frames.push(Frame::Repeat(RepeatFrame {
                vars,
                values,
                body,
                whole: text.part(0, close + 1),
            })),
            Err((at, why)) => {
                let span = self.sources.span(at);
                self.diags
                    .error(span, format!("{why}; the line is ignored"));
                self.lex_broken(body);
            }
        }
        true
    }

    fn sequence(&mut self, args: Text, hex: bool) -> Result<Repetition, (Text, String)> {
        let parts = self.split_commas(args);
        let Some((var, numbers)) = parts.split_first() else {
            return Err((args, "~SEQ needs a name and a number".into()));
        };
        let name = self.variable(*var)?;
        let mut values = [0i64; 3];
        for (value, part) in values.iter_mut().zip(numbers) {
            let bytes = self.sources.get(*part);
            *value = c_number(bytes)
                .ok_or_else(|| (*part, format!("{} is not a number", quote(bytes))))?;
        }
        let last = numbers.last().copied().unwrap_or(args);
        let toward = |a: i64, b: i64| if b < a { -1 } else { 1 };
        let (start, step, end) = match (numbers.len(), values) {
            (1, [end, ..]) if end < 0 => (-1, -1, end),
            (1, [end, ..]) => (1, toward(1, end), end),
            (2, [start, end, _]) => (start, toward(start, end), end),
            (3, [start, step, end]) => (start, step, end),
            _ => return Err((args, "~SEQ takes one, two or three numbers".into())),
        };
        if step == 0 || (end > start) != (step > 0) && end != start {
            return Err((last, "the step does not lead from start to end".into()));
        }
        let count = (end.saturating_sub(start)) / step + 1;
        if count > MAX_VALUES {
            return Err((last, format!("{count} values are more than {MAX_VALUES}")));
        }
        if hex && (start < 0 || end < 0) {
            return Err((last, "~SEQx takes no negative numbers".into()));
        }
        let values = Values::Numbers {
            next: start,
            step,
            left: u32::try_from(count).unwrap_or(0),
            hex,
        };
        Ok((vec![name], values))
    }

    fn list(&mut self, args: Text) -> Result<Repetition, (Text, String)> {
        let parts = self.split_commas(args);
        let Some((first, rest)) = parts.split_first() else {
            return Err((args, "~LST needs a name and values".into()));
        };
        let tuple = |text: Text| -> Option<Vec<Text>> {
            let bytes = self.sources.get(text);
            let braced = bytes.starts_with(b"{") && bytes.ends_with(b"}") && bytes.len() >= 2;
            braced.then(|| self.split_commas(text.part(1, bytes.len() - 1)))
        };
        let names = tuple(*first);
        let several = names.is_some();
        let mut vars = Vec::new();
        for name in names.unwrap_or_else(|| vec![*first]) {
            vars.push(self.variable(name)?);
        }
        let mut values = Vec::new();
        for part in rest {
            let row = match several {
                true => tuple(*part)
                    .ok_or_else(|| (*part, "values stand in braces as the names do".to_owned()))?,
                false => vec![*part],
            };
            if row.len() > vars.len() {
                return Err((*part, "more values than names".into()));
            }
            values.push(row.iter().map(|t| self.sources.get(*t).to_vec()).collect());
        }
        Ok((vars, Values::List(Vec::into_iter(values))))
    }

    fn variable(&self, text: Text) -> Result<Vec<u8>, (Text, String)> {
        let name = self.sources.get(text);
        match name_len(name) == name.len() && !name.is_empty() {
            true => Ok(name.to_vec()),
            false => Err((text, format!("{} is not a name", quote(name)))),
        }
    }

    /// Pieces between commas that are not inside braces, without surrounding blanks.
    fn split_commas(&self, text: Text) -> Vec<Text> {
        let bytes = self.sources.get(text);
        let mut parts = Vec::new();
        let (mut depth, mut from) = (0u32, 0);
        for (i, b) in bytes.iter().enumerate() {
            match b {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    parts.push(self.trim(text.part(from, i)));
                    from = i + 1;
                }
                _ => {}
            }
        }
        let last = self.trim(text.part(from, bytes.len()));
        if !parts.is_empty() || last.len > 0 {
            parts.push(last);
        }
        parts
    }
}

type Repetition = (Vec<Vec<u8>>, Values);

/// A number as C writes it: decimal, `0x…`, `0…`.
fn c_number(bytes: &[u8]) -> Option<i64> {
    let text = core::str::from_utf8(bytes).ok()?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        u32::from_str_radix(hex, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        u32::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    let value = i64::from(value.ok()?);
    Some(if negative { -value } else { value })
}
