//! Lists: files of which one column counts, with or without a line of headings.

use crate::{Column, FileError, cell, is_heading, line_of, reader, text, unreadable};

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The line of the file that it begins on, counted from 1.
    pub line: u64,
    /// The cell of the column. Empty where the row has other cells only.
    pub text: String,
}

/// Reads the cells of one column. Other columns may be there. A file without the heading is a list
/// of its first cells, where its first row has one cell. Blank rows are skipped. `charset` is as of
/// [`read`](crate::read).
///
/// # Errors
/// [`FileError`], which concerns the file as a whole.
pub fn list(
    bytes: &[u8],
    charset: Option<&str>,
    column: &Column,
    most_rows: usize,
) -> Result<Vec<Item>, FileError> {
    let text = text::decode(bytes, charset)?;
    let (delimiter, skipped, text) = text::delimiter(&text);
    let mut reader = reader(text, delimiter)?;
    let mut place = None;
    let mut items = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let cells: Vec<String> = record.iter().map(cell::cleaned).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let at = match place {
            Some(at) => at,
            None => {
                let (at, is_headed) = place_in(&cells, column)?;
                place = Some(at);
                if is_headed {
                    continue;
                }
                at
            }
        };
        if items.len() == most_rows {
            return Err(FileError::Rows(most_rows));
        }
        let line = line_of(text, &record) + skipped;
        items.push(Item { line, text: cells.into_iter().nth(at).unwrap_or_default() });
    }
    if items.is_empty() { Err(FileError::Rows(most_rows)) } else { Ok(items) }
}

/// Where the column stands, and whether these cells are headings.
fn place_in(cells: &[String], column: &Column) -> Result<(usize, bool), FileError> {
    let places = |is: &dyn Fn(&String) -> bool| -> Vec<usize> {
        cells.iter().enumerate().filter(|(_, cell)| is(cell)).map(|(at, _)| at).collect()
    };
    // Exports have a column `id` of their own beside the one that is meant.
    let own = Column { headings: &[], ..*column };
    let named = places(&|cell| is_heading(&own, cell));
    let named = if named.is_empty() { places(&|cell| is_heading(column, cell)) } else { named };
    match named.as_slice() {
        [at] => return Ok((*at, true)),
        [] => {}
        _ => return Err(FileError::RepeatedHeadings(vec![column.name.to_owned()])),
    }
    match places(&|cell| !cell.is_empty()).as_slice() {
        [at] => Ok((*at, false)),
        _ => Err(FileError::MissingHeadings(vec![column.name.to_owned()])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: Column = Column::new("member_id", &["会员编号"], true);

    /// Formats items as `line text`, or the reason for a refusal.
    fn shown(bytes: &[u8], charset: Option<&str>) -> String {
        match list(bytes, charset, &MEMBER, 3) {
            Ok(items) => {
                let one = |item: &Item| format!("{} {}", item.line, item.text);
                items.iter().map(one).collect::<Vec<_>>().join("; ")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn lists_are_read_as_people_send_them() {
        for (file, items) in [
            ("m1\nm2\n", "1 m1; 2 m2"),
            ("\u{feff}m1\r\n\r\n m2 \r\n", "1 m1; 3 m2"),
            ("m1\rm2\r", "1 m1; 2 m2"),
            ("member_id\nm1\n", "2 m1"),
            ("Member ID;name\nm1;Li\n;Wang\nm3\n", "2 m1; 3 ; 4 m3"),
            ("会员编号,member_id\n1,m1\n", "2 m1"),
            ("姓名,会员编号\n李雷,m1\n", "2 m1"),
            ("sep=,\r\n会员编号\r\n\'007\r\n\"=\"\"007\"\"\"\r\n", "3 007; 4 007"),
            ("\n\n\u{200b}m1\u{3000}\n,,,\n", "3 m1"),
            ("m1,\nm2,\n", "1 m1; 2 m2"),
            ("m1,Li\nm2,Wang\n", "lacks headings: member_id"),
            ("member_id,Member-Id\nm1,m2\n", "has the same heading twice: member_id"),
            ("m1\n\"m2\n", "a quote is opened and never closed"),
            ("member_id\n", "must be a line of headings and 1 to 3 rows"),
            ("", "must be a line of headings and 1 to 3 rows"),
            ("1\n2\n3\n4\n", "must be a line of headings and 1 to 3 rows"),
        ] {
            assert_eq!(shown(file.as_bytes(), None), items, "{file:?}");
        }
        let gbk = [b"m1\n".as_slice(), &[0xb2, 0xb9, 0xb3, 0xa5], b"\n"].concat();
        assert_eq!(shown(&gbk, Some("gbk")), "1 m1; 2 补偿");
        assert!(shown(&gbk, None).contains("charset=gbk"), "{}", shown(&gbk, None));
    }
}
