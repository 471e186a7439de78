//! Tables as spreadsheets write them: bytes become rows of texts, each with its line number.
//!
//! Handles the problems of every import: encodings, delimiters, headings in several languages,
//! missing trailing cells, blank rows, invisible characters. The caller decides the meaning of a
//! cell: this crate never guesses that one is a number or a date.
//!
//! Architecture invariant: pure, and without any knowledge of loyalty.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod cell;
mod date;
mod list;
mod text;

use std::fmt;

use csv::{ReaderBuilder, StringRecord, Trim};

pub use cell::{Number, grouped_integer, integer, is_scientific};
pub use date::{Date, DateOrder, Day, MixedOrders, date, order};
pub use list::{Item, list};

/// Why a file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// The bytes are no text, or in an unnamed encoding; the text is a hint for the user.
    Encoding(String),
    /// A quote is opened and never closed, so the rest would become one cell.
    OpenQuote,
    /// Unknown headings, with their places.
    UnknownHeadings(Vec<String>),
    /// Headings that appear twice.
    RepeatedHeadings(Vec<String>),
    /// Missing headings of required columns.
    MissingHeadings(Vec<String>),
    /// No row, or more rows than this.
    Rows(usize),
    /// The table is unreadable at this place.
    Unreadable(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(what) => f.write_str(what),
            Self::OpenQuote => f.write_str("a quote is opened and never closed"),
            Self::UnknownHeadings(names) => {
                write!(f, "has headings that are not known: {}", names.join(", "))
            }
            Self::RepeatedHeadings(names) => {
                write!(f, "has the same heading twice: {}", names.join(", "))
            }
            Self::MissingHeadings(names) => write!(f, "lacks headings: {}", names.join(", ")),
            Self::Rows(most) => write!(f, "must be a line of headings and 1 to {most} rows"),
            Self::Unreadable(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for FileError {}

/// A column that a table may have.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, which is its first heading.
    pub name: &'static str,
    /// Other headings it may have, in any language. Case, spaces, dashes and underscores do not
    /// matter.
    pub headings: &'static [&'static str],
    /// Whether the table must have it.
    pub is_required: bool,
}

impl Column {
    /// A column by its name, its other headings, and whether the table must have it.
    #[must_use]
    pub const fn new(
        name: &'static str,
        headings: &'static [&'static str],
        is_required: bool,
    ) -> Self {
        Self { name, headings, is_required }
    }
}

/// A row that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line of the file that it begins on, counted from 1.
    pub line: u64,
    /// Its cells, in the order of the requested columns. A cell is `None` if it is empty or the
    /// table has no such column.
    pub cells: Vec<Option<String>>,
    /// The first cell that is under no heading.
    pub stray: Option<String>,
}

/// Reads a table. `charset` is the encoding that the sender names. Without one the file must be
/// UTF-8, or UTF-16 with a byte order mark.
///
/// # Errors
/// [`FileError`], which concerns the file as a whole.
pub fn read(
    bytes: &[u8],
    charset: Option<&str>,
    columns: &[Column],
    most_rows: usize,
) -> Result<Vec<Row>, FileError> {
    let text = text::decode(bytes, charset)?;
    let (delimiter, skipped, text) = text::delimiter(&text);
    let mut reader = reader(text, delimiter)?;
    let mut records = reader.records();
    let heading = records.next().ok_or(FileError::Rows(most_rows))?.map_err(unreadable)?;
    let places = places(&heading, columns)?;
    let mut rows = Vec::new();
    for record in records {
        let record = record.map_err(unreadable)?;
        let cleaned: Vec<String> = record.iter().map(cell::cleaned).collect();
        if cleaned.iter().all(String::is_empty) {
            continue;
        }
        let line = line_of(text, &record) + skipped;
        let at = |place: &Option<usize>| {
            place.and_then(|place| cleaned.get(place)).filter(|cell| !cell.is_empty()).cloned()
        };
        let is_stray =
            |(place, cell): &(usize, &String)| !cell.is_empty() && !places.contains(&Some(*place));
        let stray = cleaned.iter().enumerate().find(is_stray).map(|(_, cell)| cell.clone());
        rows.push(Row { line, cells: places.iter().map(at).collect(), stray });
        if rows.len() > most_rows {
            break;
        }
    }
    if rows.is_empty() || rows.len() > most_rows {
        Err(FileError::Rows(most_rows))
    } else {
        Ok(rows)
    }
}

fn reader(text: &str, delimiter: u8) -> Result<csv::Reader<&[u8]>, FileError> {
    if text.matches('"').count() % 2 == 1 {
        return Err(FileError::OpenQuote);
    }
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).trim(Trim::None);
    Ok(builder.from_reader(text.as_bytes()))
}

/// The line that a record begins on. The reader counts empty lines before a record as its own.
fn line_of(text: &str, record: &StringRecord) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.get(from..).unwrap_or_default();
    let empty = rest.len() - rest.trim_start_matches('\n').len();
    position.line() + u64::try_from(empty).unwrap_or_default()
}

fn unreadable(error: csv::Error) -> FileError {
    FileError::Unreadable(error.to_string())
}

/// The place of each column. A column without a heading has none; its cells are checked row by row.
fn places(heading: &StringRecord, columns: &[Column]) -> Result<Vec<Option<usize>>, FileError> {
    let mut places = vec![None; columns.len()];
    let (mut unknown, mut repeated) = (Vec::new(), Vec::new());
    for (at, text) in heading.iter().enumerate() {
        let text = cell::cleaned(text);
        if text.is_empty() {
            continue;
        }
        let is_meant = |column: &Column| is_heading(column, &text);
        match columns.iter().position(is_meant).and_then(|column| places.get_mut(column)) {
            None => unknown.push(text),
            Some(Some(_)) => repeated.push(text),
            Some(place) => *place = Some(at),
        }
    }
    let is_missing =
        |(column, place): &(&Column, &Option<usize>)| column.is_required && place.is_none();
    let missing: Vec<String> = columns
        .iter()
        .zip(&places)
        .filter(is_missing)
        .map(|(column, _)| column.name.to_owned())
        .collect();
    if !unknown.is_empty() {
        Err(FileError::UnknownHeadings(unknown))
    } else if !repeated.is_empty() {
        Err(FileError::RepeatedHeadings(repeated))
    } else if !missing.is_empty() {
        Err(FileError::MissingHeadings(missing))
    } else {
        Ok(places)
    }
}

fn is_heading(column: &Column, text: &str) -> bool {
    let name = folded(text);
    std::iter::once(&column.name).chain(column.headings).any(|heading| folded(heading) == name)
}

fn folded(heading: &str) -> String {
    let letters = heading.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {

    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { name: "member_id", headings: &["会员编号"], is_required: true },
        Column { name: "points", headings: &["积分"], is_required: true },
        Column { name: "evidence", headings: &["依据"], is_required: false },
    ];

    /// Formats rows as `line member points evidence`, or the reason for a refusal.
    fn shown(bytes: &[u8], charset: Option<&str>) -> String {
        let one = |row: &Row| {
            let cells: Vec<&str> =
                row.cells.iter().map(|cell| cell.as_deref().unwrap_or("-")).collect();
            let stray = row.stray.as_ref().map(|cell| format!(" +{cell}")).unwrap_or_default();
            format!("{} {}{stray}", row.line, cells.join(" "))
        };
        match read(bytes, charset, &COLUMNS, 3) {
            Ok(rows) => rows.iter().map(one).collect::<Vec<_>>().join("; "),
            Err(error) => error.to_string(),
        }
    }

    fn utf_16(text: &str, little: bool) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units
            .flat_map(|unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn tables_are_read_as_spreadsheets_write_them() {
        for (file, rows) in [
            ("member_id,points,evidence\nm1,10,a\n", "2 m1 10 a"),
            ("\u{feff}member_id,points\r\nm1,10\r\nm2,20\r\n", "2 m1 10 -; 3 m2 20 -"),
            ("member_id,points\n\n\nm1,10\n\nm2,20\n", "4 m1 10 -; 6 m2 20 -"),
            ("member_id,points\rm1,10\rm2,20\r", "2 m1 10 -; 3 m2 20 -"),
            ("Member ID;Points\nm1;10\n", "2 m1 10 -"),
            ("member_id\tpoints\nm1\t10\n", "2 m1 10 -"),
            ("sep=;\nmember_id;points\nm1;10\n", "3 m1 10 -"),
            ("会员编号，积分\n", "has headings that are not known: 会员编号，积分"),
            ("会员编号,积分,依据\nm1,10,门店\n", "2 m1 10 门店"),
            ("member_id,points,evidence,\nm1,10,a,\n", "2 m1 10 a"),
            ("member_id,points,evidence,\nm1,10,a,b\n", "2 m1 10 a +b"),
            ("member_id,points,evidence\nm1,10\nm2,20,b,,\n", "2 m1 10 -; 3 m2 20 b"),
            ("member_id,points\n,\n\n  ,\nm1,10\n,,,\n", "5 m1 10 -"),
            (
                "member_id,points,evidence\nm1,10,\"a\nb \"\"c\"\"\"\nm2,20,\n",
                "2 m1 10 a b \"c\"; 4 m2 20 -",
            ),
            (
                "member_id,points\n\u{200b}m1,10\nm2\u{a0},\u{202a}20\u{202c}\n",
                "2 m1 10 -; 3 m2 20 -",
            ),
            (
                "member_id,points\n'007001,10\n\"=\"\"007001\"\"\",10\n",
                "2 007001 10 -; 3 007001 10 -",
            ),
            ("member_id,points,evidence\nm1,10,'s Avonds\n", "2 m1 10 's Avonds"),
            ("member_id,colour,points\nm1,red,10\n", "has headings that are not known: colour"),
            ("member_id,points,Points\nm1,10,10\n", "has the same heading twice: Points"),
            ("member_id\nm1\n", "lacks headings: points"),
            ("member_id,points\nm1,\"10\nm2,20\n", "a quote is opened and never closed"),
            ("member_id,points\n", "must be a line of headings and 1 to 3 rows"),
            ("", "must be a line of headings and 1 to 3 rows"),
            (
                "member_id,points\n1,1\n2,1\n3,1\n4,1\n",
                "must be a line of headings and 1 to 3 rows",
            ),
        ] {
            assert_eq!(shown(file.as_bytes(), None), rows, "{file:?}");
        }
    }

    #[test]
    fn a_file_of_an_unnamed_encoding_is_refused() {
        let text = "member_id,points,evidence\nm1,10,补偿\n";
        assert_eq!(shown(&utf_16(text, true), None), "2 m1 10 补偿");
        assert_eq!(shown(&utf_16(text, false), None), "2 m1 10 补偿");
        let gbk =
            [b"member_id,points,evidence\nm1,10,".as_slice(), &[0xb2, 0xb9, 0xb3, 0xa5], b"\n"]
                .concat();
        assert_eq!(shown(&gbk, Some("gbk")), "2 m1 10 补偿");
        assert_eq!(shown(&gbk, Some("GB2312")), "2 m1 10 补偿");
        assert!(shown(&gbk, None).contains("charset=gbk"), "{}", shown(&gbk, None));
        assert!(
            shown(&gbk, Some("utf-8")).contains("is not utf-8"),
            "{}",
            shown(&gbk, Some("utf-8"))
        );
        assert!(shown(text.as_bytes(), Some("klingon")).contains("klingon"));
        let bare: Vec<u8> = utf_16(text, true).into_iter().skip(2).collect();
        assert!(shown(&bare, None).contains("UTF-16"), "{}", shown(&bare, None));
        assert!(shown(b"member_id,points\nm1,\xff\n", None).contains("UTF-8"));
    }
}
