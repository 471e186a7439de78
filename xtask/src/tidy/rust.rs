//! The part of Rust's lexical grammar that separates code, comments and string literals. It does
//! not parse syntax.

/// A piece of a Rust file.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    pub kind: PieceKind,
    pub text: &'a str,
    pub line: usize,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum PieceKind {
    Code,
    Comment,
    /// The text between the quotes, with escapes as written.
    Literal,
}

/// The pieces of `text` in order.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut lexer = Lexer { text, at: 0, line: 1, pieces: Vec::new() };
    lexer.run();
    lexer.pieces
}

/// The part of a file before its `#[cfg(test)]`; tests are last in a file.
pub fn without_tests(text: &str) -> &str {
    let end = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        let mut code_from = 0;
        while self.at < self.text.len() {
            let rest = self.rest();
            let previous = self.text.get(..self.at).and_then(|before| before.chars().next_back());
            // For each piece: the bytes that open it, its text, and the bytes that close it.
            let found = if rest.starts_with("//") {
                Some((PieceKind::Comment, 0, rest.find('\n').unwrap_or(rest.len()), 0))
            } else if rest.starts_with("/*") {
                Some((PieceKind::Comment, 0, block_comment(rest), 0))
            } else if rest.starts_with('"') {
                Some((PieceKind::Literal, 1, quoted(rest), 1))
            } else if rest.starts_with('r')
                && !previous.is_some_and(|c| c.is_alphanumeric() && c != 'b' && c != 'c')
            {
                raw(rest)
            } else {
                None
            };
            if let Some((kind, open, length, close)) = found {
                self.push(PieceKind::Code, code_from, self.at);
                let start = self.at + open;
                self.push(kind, start, start + length);
                self.at = (start + length + close).min(self.text.len());
                code_from = self.at;
            } else {
                self.at += character(rest);
            }
        }
        self.push(PieceKind::Code, code_from, self.text.len());
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: PieceKind, from: usize, to: usize) {
        let text = self.text.get(from..to).unwrap_or_default();
        if !text.is_empty() {
            self.pieces.push(Piece { kind, text, line: self.line });
            self.line += text.matches('\n').count();
        }
    }
}

/// One character of code; a character literal is taken whole, so that `'"'` opens no string.
fn character(rest: &str) -> usize {
    let mut characters = rest.chars();
    let first = characters.next().map_or(1, char::len_utf8);
    if !rest.starts_with('\'') {
        return first;
    }
    match (characters.next(), characters.next()) {
        (Some('\\'), Some(escaped)) => {
            let opened = 2 + escaped.len_utf8();
            rest.get(opened..)
                .and_then(|rest| rest.find('\''))
                .map_or(first, |closing| opened + closing + 1)
        }
        (Some(one), Some('\'')) => 2 + one.len_utf8(),
        _ => first,
    }
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (offset, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset - 1,
            _ => {}
        }
    }
    rest.len() - 1
}

fn raw(rest: &str) -> Option<(PieceKind, usize, usize, usize)> {
    let hashes = rest.bytes().skip(1).take_while(|byte| *byte == b'#').count();
    let open = 2 + hashes;
    let body = rest.get(open..)?;
    if rest.as_bytes().get(open - 1) != Some(&b'"') {
        return None;
    }
    let closing = format!("\"{}", "#".repeat(hashes));
    Some((PieceKind::Literal, open, body.find(&closing).unwrap_or(body.len()), closing.len()))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(here) = rest.get(at..) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            match here.chars().next() {
                Some(next) => at += next.len_utf8(),
                None => return rest.len(),
            }
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_comments_and_quotes_are_separated() {
        let text = "let a = \"x\\\"y\"; // \"no\"\nlet b = '\"'; /* \"no /* n */ \" */ let c = r#\"raw \"x\" \"#;\nlet d: &'a str = b\"z\";";
        let literals: Vec<(&str, usize)> = pieces(text)
            .into_iter()
            .filter(|piece| piece.kind == PieceKind::Literal)
            .map(|piece| (piece.text, piece.line))
            .collect();
        assert_eq!(literals, [("x\\\"y", 1), ("raw \"x\" ", 2), ("z", 3)]);
    }

    #[test]
    fn pieces_lose_no_code() {
        let text = "fn f<'a>(x: &'a str) -> char { '\\'' } // ü\n/* ü */ fn g() { \"ü\" }";
        let kept: usize = pieces(text).iter().map(|piece| piece.text.len()).sum();
        assert_eq!(kept, text.len() - 2, "all but the two quotes of the literal");
    }
}
