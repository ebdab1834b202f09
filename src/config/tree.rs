//! Words become blocks. The keyword tables say what may stand where, so a missing or surplus brace
//! is found at the first word that does not fit, said once, and does not spoil what follows.

mod recover;

use super::diag::{Diags, quote};
use super::lexer::{BROKEN, CLOSE, FIRST, LINE, OPEN, Word};
use super::source::{Sources, Span};
use super::suggest;
use super::table::{self, Block, RowId, Shape};

/// A statement: a keyword with its words, perhaps with a block; or an item of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Its first word.
    pub first: u32,
    /// How many words.
    pub count: u32,
    /// Behind its last descendant.
    pub next: u32,
    /// The keyword's row; `None` for an item.
    pub row: Option<RowId>,
    /// Its `}` is missing, so something else may be missing in it too.
    pub torn: bool,
}

/// What may stand inside an open block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Keywords(Block),
    /// A list of words or lines.
    List,
    /// Nothing of interest; so many braces are open inside.
    Skip(u32),
    /// A pair of braces too many: as if it were not there.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    /// `NONE` for the root and for what is skipped.
    node: u32,
    kind: Kind,
    /// First word of the header, `NONE` for the root.
    head: u32,
    /// The opening brace, `NONE` if it is missing.
    open: u32,
}

/// No node, no word.
const NONE: u32 = u32::MAX;

/// A block that was closed just now.
#[derive(Clone, Copy)]
struct Closed {
    frame: Frame,
    close: u32,
}

/// Builds the nodes.
pub(super) struct Builder<'a> {
    sources: &'a Sources,
    words: &'a [Word],
    diags: &'a mut Diags,
    nodes: Vec<Node>,
    stack: Vec<Frame>,
    /// A block's header that waits for its `{`.
    pending: Option<u32>,
    /// What the statement just before this brace was.
    before: Before,
    closed: Option<Closed>,
    /// Opening braces without a closing one, as far as not yet explained; negative: the reverse.
    missing: i64,
    /// A `}` too many has been said.
    extra_said: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A keyword that takes no block.
    Simple(u32),
    /// Something unknown, already said.
    Unknown(u32),
    /// A `{` too many, already said.
    Brace,
}

/// The statements of all files.
pub(super) fn build(sources: &Sources, words: &[Word], diags: &mut Diags) -> Vec<Node> {
    let count = |flag| words.iter().filter(|w| w.is(flag)).count();
    let missing = count(OPEN) as i64 - count(CLOSE) as i64;
    let mut b = Builder {
        sources,
        words,
        diags,
        nodes: Vec::with_capacity(count(FIRST)),
        stack: Vec::new(),
        pending: None,
        before: Before::Nothing,
        closed: None,
        missing,
        extra_said: false,
    };
    b.stack.push(Frame {
        node: NONE,
        kind: Kind::Keywords(Block::Root),
        head: NONE,
        open: NONE,
    });
    let mut i = 0;
    while let Some(word) = words.get(i) {
        let at = i as u32;
        if word.is(OPEN) {
            b.open(at);
            i += 1;
        } else if word.is(CLOSE) {
            b.close(at);
            i += 1;
        } else {
            let rest = &words[i + 1..];
            let more = rest.iter().take_while(|w| !w.brace() && !w.is(FIRST));
            let count = 1 + more.count();
            b.statement(at, count as u32);
            i += count;
        }
    }
    b.end();
    b.nodes
}

impl<'a> Builder<'a> {
    fn word(&self, at: u32) -> &'a [u8] {
        self.words
            .get(at as usize)
            .map_or(&[], |w| self.sources.get(w.text))
    }
    fn span(&self, at: u32) -> Span {
        self.words
            .get(at as usize)
            .map_or_else(Span::default, |w| self.sources.span(w.text))
    }
    fn is(&self, at: u32, flag: u16) -> bool {
        self.words.get(at as usize).is_some_and(|w| w.is(flag))
    }
    fn line(&self, at: u32) -> u32 {
        self.sources.line_number(self.span(at))
    }
    /// `vrrp_instance VI_1`, for messages.
    fn label(&self, frame: &Frame) -> String {
        if frame.head == NONE {
            return "top level".into();
        }
        let mut text = self.word(frame.head).to_vec();
        for name in frame.head + 1..frame.head.saturating_add(3) {
            if self.is(name, OPEN | CLOSE | FIRST) || name as usize >= self.words.len() {
                break;
            }
            text.push(b' ');
            text.extend(self.word(name).iter().take(40));
        }
        quote(&text)
    }
    fn top(&self) -> Frame {
        self.stack.last().copied().unwrap_or(Frame {
            node: NONE,
            kind: Kind::Keywords(Block::Root),
            head: NONE,
            open: NONE,
        })
    }

    fn statement(&mut self, first: u32, count: u32) {
        self.no_brace(first);
        let top = self.top();
        match top.kind {
            Kind::Skip(_) => {
                if self.missing > 0 && self.root_header(first, count) {
                    self.missing_brace(0, first);
                    self.keyword(first, count, Block::Root);
                }
            }
            Kind::List => match self.keyword_above(first, count) {
                Some(depth) => {
                    self.missing_brace(depth, first);
                    self.statement(first, count);
                }
                None => {
                    self.push(first, count, None);
                    self.before = Before::Simple(first);
                }
            },
            Kind::Nothing | Kind::Keywords(_) => {
                let block = self.block();
                self.keyword(first, count, block);
            }
        }
    }

    /// The block whose keywords count here.
    fn block(&self) -> Block {
        let kinds = self.stack.iter().rev().map(|f| f.kind);
        let mut blocks = kinds.filter_map(|k| match k {
            Kind::Keywords(block) => Some(block),
            _ => None,
        });
        blocks.next().unwrap_or(Block::Root)
    }

    /// Inside a list: the open block around it to which a word belongs as a keyword.
    fn keyword_above(&self, first: u32, count: u32) -> Option<usize> {
        if self.missing <= 0 {
            return self.root_header(first, count).then_some(0);
        }
        let name = self.word(first);
        let fits =
            |f: &Frame| matches!(f.kind, Kind::Keywords(b) if table::find(b, name).is_some());
        self.stack.iter().rposition(fits)
    }

    /// A header of a block that can only stand at the root.
    fn root_header(&self, first: u32, count: u32) -> bool {
        let opens = table::find(Block::Root, self.word(first)).is_some_and(|r| r.get().opens());
        opens && self.is(first + count, OPEN)
    }

    fn keyword(&mut self, first: u32, count: u32, block: Block) {
        let name = self.word(first);
        if self.is(first, BROKEN) {
            self.before = Before::Unknown(first);
            return;
        }
        if let Some(row) = table::find(block, name) {
            self.extra_said = false;
            let node = self.push(first, count, Some(row));
            if row.get().opens() {
                self.pending = Some(node);
                self.before = Before::Nothing;
            } else {
                self.before = Before::Simple(first);
            }
            return;
        }
        // A brace is missing before it, or one too many stands before it?
        let fits =
            |f: &Frame| matches!(f.kind, Kind::Keywords(b) if table::find(b, name).is_some());
        if let Some(depth) = self.stack.iter().rposition(fits)
            && (self.missing > 0 || depth == 0 && self.root_header(first, count))
        {
            self.missing_brace(depth, first);
            return self.statement(first, count);
        }
        if self.missing < 0
            && let Some(closed) = self.closed
            && self.nodes.get(closed.frame.node as usize).map(|n| n.next) == Some(self.len())
            && fits(&closed.frame)
        {
            self.reopen(closed, first);
            return self.statement(first, count);
        }
        let place = self.label(&self.stack[self.stack.len() - 1]);
        let whole = self.is(first + count, OPEN);
        let word = self.span(first);
        let next = (count > 1).then(|| self.word(first + 1));
        suggest::unknown(self.diags, word, name, next, block, &place, whole);
        self.before = Before::Unknown(first);
    }

    fn len(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(NONE)
    }

    fn push(&mut self, first: u32, count: u32, row: Option<RowId>) -> u32 {
        let node = self.len();
        self.nodes.push(Node {
            first,
            count,
            next: node.saturating_add(1),
            row,
            torn: false,
        });
        node
    }

    fn pop(&mut self, torn: bool) {
        let len = self.len();
        if self.stack.len() > 1
            && let Some(frame) = self.stack.pop()
            && let Some(node) = self.nodes.get_mut(frame.node as usize)
        {
            node.next = len;
            node.torn |= torn;
        }
    }

    fn enter(&mut self, node: u32, open: u32) {
        let Some(n) = self.nodes.get(node as usize).copied() else {
            return;
        };
        let kind = match n.row.map(|r| r.get().shape) {
            Some(Shape::Block(block, _)) => Kind::Keywords(block),
            _ => Kind::List,
        };
        self.stack.push(Frame {
            node,
            kind,
            head: n.first,
            open,
        });
    }

    fn open(&mut self, at: u32) {
        if let Some(Frame {
            kind: Kind::Skip(depth),
            ..
        }) = self.stack.last_mut()
        {
            *depth += 1;
            return;
        }
        if let Some(node) = self.pending.take() {
            self.before = Before::Nothing;
            return self.enter(node, at);
        }
        let span = self.span(at);
        let before = core::mem::replace(&mut self.before, Before::Brace);
        let skip = match before {
            Before::Unknown(head) => Some(head),
            Before::Simple(head) => {
                let text = format!("unexpected '{{' after {}", quote(self.word(head)));
                self.diags.error(span, text);
                (self.missing <= 0).then_some(head)
            }
            Before::Brace | Before::Nothing => {
                if before == Before::Nothing {
                    self.diags.broken_syntax = true;
                    self.diags.error(span, "unexpected '{'");
                }
                None
            }
        };
        if let Some(head) = skip {
            self.before = Before::Nothing;
            self.stack.push(Frame {
                node: NONE,
                kind: Kind::Skip(0),
                head,
                open: at,
            });
        } else if self.missing > 0 {
            self.missing -= 1;
        } else {
            self.stack.push(Frame {
                node: NONE,
                kind: Kind::Nothing,
                head: NONE,
                open: at,
            });
        }
    }

    fn close(&mut self, at: u32) {
        if let Some(node) = self.pending.take() {
            self.expected_brace(node);
            if self.missing < 0 {
                self.missing += 1;
                return;
            }
        }
        self.before = Before::Nothing;
        if let Some(Frame {
            kind: Kind::Skip(depth),
            ..
        }) = self.stack.last_mut()
            && *depth > 0
        {
            *depth -= 1;
            return;
        }
        if self.missing > 0
            && self.is(at, LINE)
            && let Some(depth) = self.aligned(at)
        {
            self.missing_brace(depth, at);
        }
        if self.stack.len() <= 1 {
            self.missing += 1;
            if !core::mem::replace(&mut self.extra_said, true) {
                let span = self.span(at);
                self.diags.broken_syntax = true;
                self.diags.error(span, "unexpected '}': no block is open");
            }
            return;
        }
        let frame = self.top();
        self.pop(false);
        if frame.kind != Kind::Nothing {
            self.closed = Some(Closed { frame, close: at });
        }
        if frame.open != NONE && self.span(frame.open).file != self.span(at).file {
            let span = self.span(frame.open);
            let text = format!(
                "{} is opened in this file and closed in {} line {}",
                self.label(&frame),
                self.sources.path(self.span(at).file),
                self.line(at)
            );
            self.diags.warning(span, text);
        }
    }
}
