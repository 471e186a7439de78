//! Reads the CSV of baskets, plain or gzipped. It knows the eight columns and nothing of points.

use anyhow::{Context, Result, bail};
use chrono::NaiveDateTime;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

const COLUMNS: &str =
    "household_id,store_id,basket_id,occurred_at,sales_cents,coupon_cents,lines,top_department";

#[derive(Clone, Debug)]
pub struct Basket {
    pub household: String,
    pub store: String,
    pub basket: String,
    /// The till's wall clock.
    pub occurred_at: NaiveDateTime,
    pub sales_cents: i64,
    pub department: String,
}

/// All baskets, by time.
pub fn read(path: &Path) -> Result<Vec<Basket>> {
    let at = || format!("reading {}", path.display());
    let mut file = File::open(path).with_context(at)?;
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(file).read_to_string(&mut text).with_context(at)?;
    } else {
        file.read_to_string(&mut text).with_context(at)?;
    }
    parse(&text).with_context(at)
}

fn parse(text: &str) -> Result<Vec<Basket>> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default().trim();
    if header != COLUMNS {
        bail!("the first line is `{header}`; it must be `{COLUMNS}`");
    }
    let mut baskets = Vec::new();
    for (number, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        baskets.push(
            parse_line(line.trim()).with_context(|| format!("line {}: `{line}`", number + 2))?,
        );
    }
    if baskets.is_empty() {
        bail!("no baskets in it");
    }
    baskets.sort_by(|a: &Basket, b| (a.occurred_at, &a.basket).cmp(&(b.occurred_at, &b.basket)));
    Ok(baskets)
}

fn parse_line(line: &str) -> Result<Basket> {
    let fields: Vec<&str> = line.split(',').collect();
    let [household, store, basket, occurred_at, sales_cents, _coupon_cents, _lines, department] =
        fields.as_slice()
    else {
        bail!("{} fields instead of 8", fields.len());
    };
    Ok(Basket {
        household: (*household).to_owned(),
        store: (*store).to_owned(),
        basket: (*basket).to_owned(),
        occurred_at: NaiveDateTime::parse_from_str(occurred_at, "%Y-%m-%dT%H:%M:%S")
            .context("occurred_at")?,
        sales_cents: sales_cents.parse().context("sales_cents")?,
        department: (*department).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_sorted_and_faults_name_their_line() {
        let row = "900,330,2,2017-01-01T11:53:26,50,0,1,PASTRY";
        let earlier = "900,330,1,2017-01-01T11:53:25,0,0,1,TRAVEL & LEISURE";
        let baskets = parse(&format!("{COLUMNS}\r\n{row}\r\n{earlier}\r\n")).unwrap();
        assert_eq!(
            baskets.iter().map(|basket| basket.basket.as_str()).collect::<Vec<_>>(),
            ["1", "2"]
        );
        for (text, message) in [
            (format!("{COLUMNS}\n{row}\n1,2"), "line 3"),
            (format!("{COLUMNS}\n"), "no baskets"),
            ("a,b\n".to_owned(), "first line"),
        ] {
            assert!(format!("{:#}", parse(&text).unwrap_err()).contains(message));
        }
    }
}
