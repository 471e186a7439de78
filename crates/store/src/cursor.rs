//! Places in the streams of entries.
//!
//! The entries of a home are numbered in the order of their commits, each home by itself: a reader
//! that has seen a number has seen all before it of that stream. One SQLite file numbers all
//! entries together, in stream 0. Callers get a cursor as an opaque text.

use std::fmt;

/// The stream of a database that numbers all entries together.
pub const ONLY_STREAM: u16 = 0;

/// A place in one stream: after the entry of that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The stream.
    pub stream: u16,
    /// The number of the entry within it; 0 is the beginning.
    pub no: i64,
}

impl Cursor {
    /// The place after that entry where all entries are numbered together.
    #[must_use]
    pub fn at(no: i64) -> Self {
        Self { stream: ONLY_STREAM, no }
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (stream, no) = text.split_once('-')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(stream) || !is_number(no) {
            return None;
        }
        Some(Self { stream: stream.parse().ok()?, no: no.parse().ok()? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.stream, self.no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        for cursor in [Cursor::default(), Cursor::at(i64::MAX), Cursor { stream: u16::MAX, no: 7 }]
        {
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }
        for bad in
            ["", "7", "-7", "0-", "0--7", "0-+7", "65536-1", "0-9223372036854775808", "0-1-2"]
        {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
