//! A reader of Rust source that sees just enough: words, paths and inline modules.
//!
//! Comments, strings and character literals are skipped, so that prose never counts as code.

/// A word or a punctuation character, with its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// A path as written, `super` and `self` resolved: `crate::…` or `std::…`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub segments: Vec<String>,
    pub line: usize,
}

/// Words and punctuation of a source text.
pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let (mut at, mut line, mut out) = (0, 1, Vec::new());
    while at < chars.len() {
        let end = skip(&chars, at).unwrap_or_else(|| {
            let end = word_end(&chars, at).max(at + 1);
            let text: String = chars[at..end].iter().collect();
            if !text.trim().is_empty() {
                let text = text.strip_prefix("r#").unwrap_or(&text).to_owned();
                out.push(Token { text, line });
            }
            end
        });
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    out
}

fn word_end(chars: &[char], at: usize) -> usize {
    let from = match chars[at..] {
        ['r', '#', c, ..] if c.is_alphabetic() || c == '_' => at + 2,
        _ => at,
    };
    let len = chars[from..]
        .iter()
        .take_while(|c| c.is_alphanumeric() || **c == '_')
        .count();
    from + len
}

/// End of the comment or literal that begins at `at`, if one does.
fn skip(chars: &[char], at: usize) -> Option<usize> {
    let rest = &chars[at..];
    match rest {
        ['/', '/', ..] => Some(at + rest.iter().take_while(|c| **c != '\n').count()),
        ['/', '*', ..] => Some(block_comment(chars, at)),
        ['"', ..] => Some(quoted(chars, at + 1, '"')),
        ['b' | 'c', '"', ..] if starts_word(chars, at) => Some(quoted(chars, at + 2, '"')),
        ['b', '\'', ..] if starts_word(chars, at) => Some(quoted(chars, at + 2, '\'')),
        ['r', ..] if starts_word(chars, at) => raw_string(chars, at + 1),
        ['b' | 'c', 'r', ..] if starts_word(chars, at) => raw_string(chars, at + 2),
        // A character literal, not a lifetime: 'x' or an escape.
        ['\'', '\\', ..] => Some(quoted(chars, at + 1, '\'')),
        ['\'', _, '\'', ..] => Some(at + 3),
        _ => None,
    }
}

fn starts_word(chars: &[char], at: usize) -> bool {
    at == 0 || !(chars[at - 1].is_alphanumeric() || chars[at - 1] == '_')
}

fn block_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match chars[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(chars: &[char], mut at: usize, quote: char) -> usize {
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn raw_string(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let mut end = at + hashes + 1;
    while end < chars.len() {
        end += 1;
        if chars[end - 1] == '"'
            && chars[end..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes
        {
            break;
        }
    }
    Some((end + hashes).min(chars.len()))
}

/// Every path of a file that lies in module `module` of its crate. A glob ends in `*`.
pub fn paths(tokens: &[Token], module: &[String]) -> Vec<Path> {
    let mut reader = Reader {
        tokens,
        at: 0,
        module: module.to_vec(),
        braces: Vec::new(),
        out: Vec::new(),
    };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.out
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    /// For each open brace: whether it is that of an inline module.
    braces: Vec<bool>,
    out: Vec<Path>,
}

impl Reader<'_> {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |t| &t.text)
    }

    fn before(&self, back: usize) -> &str {
        let at = self.at.checked_sub(back);
        at.and_then(|at| self.tokens.get(at))
            .map_or("", |t| &t.text)
    }

    fn colons(&self, ahead: usize) -> bool {
        self.text(ahead) == ":" && self.text(ahead + 1) == ":"
    }

    fn step(&mut self) {
        match self.text(0) {
            "mod" if self.text(2) == "{" => {
                self.module.push(self.text(1).to_owned());
                self.braces.push(true);
                self.at += 3;
            }
            "{" => {
                self.braces.push(false);
                self.at += 1;
            }
            "}" => {
                if self.braces.pop() == Some(true) {
                    self.module.pop();
                }
                self.at += 1;
            }
            // `use<'a>` is a list of captured lifetimes, not an import.
            "use" if self.text(1) != "<" => {
                self.at += 1;
                self.tree(&[]);
            }
            // `pub(crate)`, `pub(super)`, `pub(in crate::x)` say who may look, not what is used.
            "crate" | "super" | "self" | "in"
                if self.before(1) == "(" && self.before(2) == "pub" =>
            {
                while self.at < self.tokens.len() && self.text(0) != ")" {
                    self.at += 1;
                }
            }
            _ => self.expression(),
        }
    }

    /// One import tree: `a::{b, c::*, d as e}`.
    fn tree(&mut self, prefix: &[String]) {
        let mut path = prefix.to_vec();
        loop {
            let Some(token) = self.tokens.get(self.at).cloned() else {
                return;
            };
            match token.text.as_str() {
                ":" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.tree(&path);
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => self.at += 2,
                "," | "}" | ";" => {
                    self.push(path, token.line);
                    return;
                }
                _ => {
                    path.push(token.text);
                    self.at += 1;
                }
            }
        }
    }

    /// A path in code: only its beginning is looked for; type parameters end it.
    fn expression(&mut self) {
        let token = self.tokens[self.at].clone();
        let continues = self.before(1) == ":"
            && self.before(2) == ":"
            && self.at > 2
            && self.tokens[self.at - 3].is_word();
        if !token.is_word() || !self.colons(1) || continues {
            self.at += 1;
            return;
        }
        let mut path = vec![token.text];
        self.at += 1;
        while self.colons(0) && self.tokens.get(self.at + 2).is_some_and(Token::is_word) {
            path.push(self.text(2).to_owned());
            self.at += 3;
        }
        self.push(path, token.line);
    }

    fn push(&mut self, path: Vec<String>, line: usize) {
        let mut segments: Vec<String> = Vec::new();
        for (i, segment) in path.into_iter().enumerate() {
            match segment.as_str() {
                "self" if i > 0 => {}
                "self" => segments = self.here(),
                "super" if i == 0 => {
                    segments = self.here();
                    segments.truncate(segments.len().saturating_sub(1).max(1));
                }
                "super" => segments.truncate(segments.len().saturating_sub(1).max(1)),
                // A module of this very file is meant before a crate of that name.
                _ if i == 0 && self.declares(&segment) => {
                    segments = self.here();
                    segments.push(segment);
                }
                _ => segments.push(segment),
            }
        }
        if !segments.is_empty() {
            self.out.push(Path { segments, line });
        }
    }

    fn declares(&self, name: &str) -> bool {
        let mut pairs = self.tokens.windows(2);
        pairs.any(|pair| pair[0].text == "mod" && pair[1].text == name)
    }

    fn here(&self) -> Vec<String> {
        let mut here = vec!["crate".to_owned()];
        here.extend_from_slice(&self.module);
        here
    }
}
