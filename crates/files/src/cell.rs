//! Cleans one cell, and reads it as a number if it is one without doubt.

/// Invisible marks: of direction, of zero width, of byte order.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Removes the invisible characters around the text and the marks that keep a spreadsheet from
/// reading a number. The result is one line.
pub(crate) fn cleaned(cell: &str) -> String {
    let around = |c: char| c.is_whitespace() || is_invisible(c);
    let text = cell.trim_matches(around);
    let text = text
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|inner| !inner.contains('"'))
        .unwrap_or(text);
    // An apostrophe keeps a spreadsheet from reading a number or a formula; exports write it, too.
    let is_guarded = |rest: &&str| {
        rest.starts_with(['=', '+', '-', '@'])
            || (!rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let text = text.strip_prefix('\'').filter(is_guarded).unwrap_or(text);
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_matches(around)).collect();
    lines.join(" ")
}

/// Whether a text is a number in the short form of spreadsheets, such as `1.39E+10`. The number
/// itself is lost.
#[must_use]
pub fn is_scientific(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let signed = exponent.strip_prefix(['+', '-']);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let is_decimal = mantissa.len() > whole.len();
    // Without sign and point it may be an identifier, such as 3E123.
    is_digits(whole)
        && (part.is_empty() || is_digits(part))
        && is_digits(signed.unwrap_or(exponent))
        && (is_decimal || signed.is_some())
}

/// A cell as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// A whole number.
    Whole(i64),
    /// A number in scientific notation; its digits are lost.
    Scientific,
    /// No number.
    None,
}

/// Reads a whole number: digits with or without a sign, nothing else (not hexadecimal either).
#[must_use]
pub fn integer(cell: &str) -> Number {
    if is_scientific(cell) {
        return Number::Scientific;
    }
    let digits = cell.strip_prefix(['+', '-', '\u{2212}']).unwrap_or(cell);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Number::None;
    }
    cell.replace('\u{2212}', "-").parse().map_or(Number::None, Number::Whole)
}

/// Reads a whole number whose digits may be grouped by three with a comma or a space, as `12,400`.
#[must_use]
pub fn grouped_integer(cell: &str) -> Number {
    let unsigned = cell.strip_prefix(['+', '-', '\u{2212}']).unwrap_or(cell);
    let is_separator = |c: char| matches!(c, ',' | ' ' | '\u{a0}' | '\u{202f}');
    let groups: Vec<&str> = unsigned.split(is_separator).collect();
    let is_grouped = groups.len() > 1
        && groups.first().is_some_and(|first| (1..=3).contains(&first.len()))
        && groups.iter().skip(1).all(|group| group.len() == 3);
    if is_grouped { integer(&cell.replace(is_separator, "")) } else { integer(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_stand() {
        for (text, number) in [
            ("10", Number::Whole(10)),
            ("-10", Number::Whole(-10)),
            ("+10", Number::Whole(10)),
            ("\u{2212}10", Number::Whole(-10)),
            ("007", Number::Whole(7)),
            ("1E3", Number::None),
            ("1E+3", Number::Scientific),
            ("1.39E+10", Number::Scientific),
            ("1,39E+10", Number::Scientific),
            ("-1.5e-7", Number::Scientific),
            ("0x1F", Number::None),
            ("1F", Number::None),
            ("10.0", Number::None),
            ("1,000", Number::None),
            ("１０", Number::None),
            ("", Number::None),
            ("-", Number::None),
            ("9223372036854775808", Number::None),
        ] {
            assert_eq!(integer(text), number, "{text}");
        }
        for (text, number) in [
            ("12,400", Number::Whole(12_400)),
            ("-1,234,567", Number::Whole(-1_234_567)),
            ("1 250", Number::Whole(1_250)),
            ("1250", Number::Whole(1_250)),
            ("1,25", Number::None),
            ("1,2500", Number::None),
            (",250", Number::None),
            ("1.250", Number::None),
            ("1,000E+3", Number::Scientific),
        ] {
            assert_eq!(grouped_integer(text), number, "{text}");
        }
        for (text, is) in
            [("3E123", false), ("E+1", false), ("1.5E", false), ("1E+", false), ("1.39E10", true)]
        {
            assert_eq!(is_scientific(text), is, "{text}");
        }
    }
}
