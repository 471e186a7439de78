//! SQL texts as they go into components: without the lines that only speak to people.
#![expect(
    clippy::indexing_slicing,
    reason = "runs when it is compiled, and does not compile where it would panic"
)]

/// The text of a file in this crate, by its name without `.sql`.
macro_rules! statement {
    ($name:literal) => {{
        const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $name, ".sql"));
        const KEPT: [u8; $crate::statement::length(TEXT.as_bytes())] =
            $crate::statement::kept(TEXT.as_bytes());
        const STATEMENT: &str = match std::str::from_utf8(&KEPT) {
            Ok(text) => text,
            Err(_) => panic!("not UTF-8"),
        };
        STATEMENT
    }};
}

pub(crate) use statement;

/// Whether the line that begins at `start` is a comment, and where the next one begins. `-- then`
/// separates statements.
const fn line(text: &[u8], start: usize) -> (bool, usize) {
    let mut end = start;
    while end < text.len() && text[end] != b'\n' {
        end += 1;
    }
    let mut at = start;
    while at < end && text[at] == b' ' {
        at += 1;
    }
    let is_comment = at + 1 < end && text[at] == b'-' && text[at + 1] == b'-';
    let is_separator =
        end - at == 7 && text[at + 3] == b't' && text[at + 4] == b'h' && text[at + 6] == b'n';
    (is_comment && !is_separator, if end < text.len() { end + 1 } else { end })
}

/// How many bytes are kept.
pub(crate) const fn length(text: &[u8]) -> usize {
    let (mut at, mut kept) = (0, 0);
    while at < text.len() {
        let (is_comment, next) = line(text, at);
        if !is_comment {
            kept += next - at;
        }
        at = next;
    }
    kept
}

/// The text without its comments.
pub(crate) const fn kept<const LENGTH: usize>(text: &[u8]) -> [u8; LENGTH] {
    let (mut bytes, mut at, mut to) = ([0; LENGTH], 0, 0);
    while at < text.len() {
        let (is_comment, next) = line(text, at);
        while at < next {
            if !is_comment {
                bytes[to] = text[at];
                to += 1;
            }
            at += 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_to_people_is_left_out() {
        const TEXT: &[u8] =
            b"-- Tells.\nSELECT 1,\n  -- The second.\n  2 -- kept\n-- then\nSELECT '--'";
        const KEPT: [u8; length(TEXT)] = kept(TEXT);
        assert_eq!(KEPT, *b"SELECT 1,\n  2 -- kept\n-- then\nSELECT '--'");
    }
}
