//! What is done about braces that are missing or too many.

use super::{Builder, Closed, Frame, Kind, NONE};
use crate::config::diag::quote;
use crate::config::lexer::{CLOSE, LINE};
use crate::config::table::{self, Block, Shape};

impl Builder<'_> {
    /// Blocks above `depth` lack their `}` before word `at`.
    pub(super) fn missing_brace(&mut self, depth: usize, at: u32) {
        let inner = self.top();
        let line = self.line(at);
        let here = if self.is(at, CLOSE) {
            format!(
                "{} opened here is not closed: missing '}}' before line {line}?",
                self.label(&inner)
            )
        } else {
            let (open_line, column) = self.sources.place(self.span(inner.open));
            format!(
                "{} (line {line}) is not valid inside {} opened at {open_line}:{column}: \
                 missing '}}' before line {line}?",
                quote(self.word(at)),
                self.label(&inner)
            )
        };
        let span = self.span(if inner.open == NONE {
            inner.head
        } else {
            inner.open
        });
        self.diags.broken_syntax = true;
        self.diags.error(span, here);
        while self.stack.len() > depth + 1 {
            self.pop(true);
            self.missing -= 1;
        }
    }

    /// A block goes on after the `}` that seemed to close it.
    pub(super) fn reopen(&mut self, closed: Closed, first: u32) {
        let text = format!(
            "{} is not valid at {}: {} was closed by '}}' on line {}",
            quote(self.word(first)),
            match self.top().head {
                NONE => "top level".to_owned(),
                _ => self.label(&self.top()),
            },
            self.label(&closed.frame),
            self.line(closed.close)
        );
        let span = self.span(first);
        self.diags.broken_syntax = true;
        self.diags
            .error(span, text)
            .hint("one '}' too many before this line?");
        self.missing += 1;
        self.stack.push(closed.frame);
    }

    /// A block's header was not followed by `{`.
    pub(super) fn no_brace(&mut self, next: u32) {
        let Some(node) = self.pending.take() else {
            return;
        };
        self.expected_brace(node);
        if self.missing < 0 || self.belongs(node, next) {
            self.missing += 1;
            self.enter(node, NONE);
        }
    }

    /// Whether a word makes sense only inside the block a header opens.
    pub(super) fn belongs(&self, node: u32, next: u32) -> bool {
        let name = self.word(next);
        let here = |b: Block| table::find(b, name).is_some();
        let around = |f: &Frame| matches!(f.kind, Kind::Keywords(b) if here(b));
        if self.stack.iter().any(around) {
            return false;
        }
        let row = self.nodes.get(node as usize).and_then(|n| n.row);
        match row.map(|r| r.get().shape) {
            Some(Shape::Block(block, _)) => here(block),
            Some(_) => true,
            None => false,
        }
    }

    pub(super) fn expected_brace(&mut self, node: u32) {
        let Some(n) = self.nodes.get(node as usize).copied() else {
            return;
        };
        let last = self.span(n.first + n.count.saturating_sub(1)).after();
        let text = format!("expected '{{' after {}", quote(self.word(n.first)));
        self.diags.broken_syntax = true;
        self.diags.error(last, text);
    }

    /// The outer block whose header starts in the column of this `}`, if the innermost does not.
    pub(super) fn aligned(&self, at: u32) -> Option<usize> {
        let column = |at: u32| self.sources.place(self.span(at)).1;
        let want = column(at);
        let file = self.span(at).file;
        let fits = |f: &Frame| {
            f.head != NONE
                && self.is(f.head, LINE)
                && self.span(f.head).file == file
                && column(f.head) == want
        };
        let top = self.stack.len() - 1;
        if top == 0 || fits(&self.stack[top]) || matches!(self.stack[top].kind, Kind::Nothing) {
            return None;
        }
        let depth = self.stack[..top].iter().rposition(fits)?;
        let explained = self.missing >= (top - depth) as i64;
        explained.then_some(depth)
    }

    pub(super) fn end(&mut self) {
        if let Some(node) = self.pending.take() {
            self.expected_brace(node);
        }
        let inner = self.stack.iter().rposition(|f| f.head != NONE);
        if let Some(frame) = inner.map(|i| self.stack[i]) {
            let open: Vec<&Frame> = self.stack.iter().filter(|f| f.head != NONE).collect();
            let label = self.label(&frame);
            let text = match open.len() {
                1 => format!("{label} opened here is never closed"),
                n => {
                    let names: Vec<&[u8]> = open.iter().map(|f| self.word(f.head)).collect();
                    let path = String::from_utf8_lossy(&names.join(&b" > "[..])).into_owned();
                    format!(
                        "{label} opened here is never closed; {n} blocks are open at the end: {path}"
                    )
                }
            };
            let span = self.span(if frame.open == NONE {
                frame.head
            } else {
                frame.open
            });
            self.diags.broken_syntax = true;
            self.diags.error(span, text);
        }
        while self.stack.len() > 1 {
            self.pop(true);
        }
    }
}
