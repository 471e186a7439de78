//! Bytes as text: encodings and delimiters.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use crate::FileError;

/// Decodes the text and unifies its line ends. The encoding is never guessed, as a wrong guess
/// would be written into the books.
pub(crate) fn decode(bytes: &[u8], charset: Option<&str>) -> Result<String, FileError> {
    let refuse = |what: String| Err(FileError::Encoding(what));
    let marked = Encoding::for_bom(bytes)
        .map(|(encoding, length)| (encoding, bytes.get(length..).unwrap_or_default()));
    let (encoding, bytes) = match (marked, charset) {
        (Some(marked), _) => marked,
        (None, Some(label)) => match Encoding::for_label(label.trim().as_bytes()) {
            Some(encoding) => (encoding, bytes),
            None => return refuse(format!("the encoding {label:?} is not known")),
        },
        (None, None) => (UTF_8, bytes),
    };
    if let Some(text) = encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .filter(|_| has_valid_zeros(bytes, encoding))
    {
        return Ok(with_unix_line_ends(&text));
    }
    refuse(if charset.is_some() || marked.is_some() {
        format!("is not {}", encoding.name().to_ascii_lowercase())
    } else if bytes.contains(&0) {
        "is UTF-16 without a byte order mark; save it as CSV UTF-8".to_owned()
    } else if is_gbk(bytes) {
        "is not UTF-8, but may be GBK: save it as CSV UTF-8, or send Content-Type: text/csv; charset=gbk".to_owned()
    } else {
        "is not UTF-8: save it as CSV UTF-8, or tell its encoding in Content-Type: text/csv; charset=…".to_owned()
    })
}

/// Checks for zero bytes, which text has only in UTF-16.
fn has_valid_zeros(bytes: &[u8], encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE || !bytes.contains(&0)
}

fn is_gbk(bytes: &[u8]) -> bool {
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.is_some_and(|text| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)))
}

/// Carriage returns alone end lines, too.
fn with_unix_line_ends(text: &str) -> String {
    let text: Cow<'_, str> = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    };
    text.into_owned()
}

/// Returns the delimiter of cells, the number of lines that only name it, and the text after those.
pub(crate) fn delimiter(text: &str) -> (u8, u64, &str) {
    let first = text.lines().next().unwrap_or_default();
    if let Some(named) = first.to_ascii_lowercase().strip_prefix("sep=") {
        let delimiter = named.bytes().next().filter(u8::is_ascii).unwrap_or(b',');
        return (delimiter, 1, text.split_once('\n').map_or("", |(_, rest)| rest));
    }
    let mut counts = [(b',', 0usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut is_quoted = false;
    for byte in first.bytes() {
        is_quoted ^= byte == b'"';
        if let Some((_, count)) =
            counts.iter_mut().find(|(delimiter, _)| *delimiter == byte && !is_quoted)
        {
            *count += 1;
        }
    }
    // The first of those that appear equally often.
    let best = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    (best.map_or(b',', |(delimiter, _)| delimiter), 0, text)
}
