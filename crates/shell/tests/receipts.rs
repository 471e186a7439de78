//! Receipts: those that another program signed, in the table of docs/reference/api/scan.md, and
//! what is none.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::path::Path;

use ledger::Timestamp;
use shell::{Contents, Receipt, ReceiptLine};

const SECRET: &str = "qrs_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
const KID: &str = "k7hm2xyz";
const AT: Timestamp = Timestamp(1_772_000_000_000);

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/api/scan.md");
    std::fs::read_to_string(path).unwrap()
}

/// Contents, reference and receipt of each row.
fn vectors(page: &str) -> Vec<(Contents, String, String)> {
    let rows = page.lines().skip_while(|line| !line.starts_with("| Contents")).skip(2);
    let cells = |row: &str| -> Vec<String> {
        row.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`']).to_owned()).collect()
    };
    let contents = |text: &str| match text.parse() {
        Ok(amount) => Contents::Amount(amount),
        Err(_) => {
            let rows: Vec<(Option<String>, Option<String>, i64, i64)> =
                serde_json::from_str(text).unwrap();
            let line = |(sku, category, quantity, amount_minor)| ReceiptLine {
                sku,
                category,
                quantity,
                amount_minor,
            };
            Contents::Lines(rows.into_iter().map(line).collect())
        }
    };
    rows.take_while(|row| row.starts_with('|'))
        .map(|row| {
            let cells = cells(row);
            (contents(&cells[0]), cells[1].clone(), cells[2].clone())
        })
        .collect()
}

#[test]
fn receipts_of_another_program_are_ours() {
    let page = page();
    let vectors = vectors(&page);
    assert_eq!(vectors.len(), 3);
    for (contents, reference, receipt) in &vectors {
        let signed = Receipt::sign((KID, SECRET), AT, contents, reference).unwrap();
        assert_eq!(signed, *receipt);
        let url = Receipt::url("points.example.com", receipt);
        assert!(url.len() <= 180, "{url}");
        // Browsers and shops add parameters to what they open.
        let opened = format!("  {url}?from=singlemessage#top\n");
        for scanned in [receipt, &url, &opened, &url.replace("https", "http")] {
            let read = Receipt::read(scanned).unwrap();
            assert!(read.is_signed_with(SECRET) && !read.is_signed_with(&SECRET[1..]), "{scanned}");
            assert_eq!((read.kid.as_str(), read.issued_at), (KID, AT));
            assert_eq!(read.reference, *reference);
            match contents {
                Contents::Lines(lines) => assert_eq!(read.lines, *lines),
                Contents::Amount(amount) => {
                    let line = ReceiptLine {
                        quantity: 1,
                        amount_minor: *amount,
                        ..ReceiptLine::default()
                    };
                    assert_eq!(read.lines, [line]);
                }
            }
        }
    }
    let url = Receipt::url("points.example.com", &vectors[1].2);
    assert!(page.contains(&format!("`{url}`")), "{url}");
}

/// An order may look like an address itself.
#[test]
fn an_order_that_is_an_address_is_read() {
    let order = "http://till/q/7";
    let receipt = Receipt::sign((KID, SECRET), AT, &Contents::Amount(1), order).unwrap();
    for scanned in [receipt.clone(), Receipt::url("h", &receipt)] {
        let read = Receipt::read(&scanned).unwrap();
        assert_eq!(read.reference, order, "{scanned}");
        assert!(read.is_signed_with(SECRET));
    }
}

/// The longest order that a receipt of 180 characters has room for, with a long host.
#[test]
fn a_url_without_lines_is_short() {
    let host = "a-rather-long-name.example.com";
    let receipt =
        Receipt::sign((KID, SECRET), AT, &Contents::Amount(1_000_000_000_000_000), &"x".repeat(70));
    assert!(Receipt::url(host, &receipt.unwrap()).len() <= 180);
}

/// Each character counts: a receipt with one changed is not genuine.
#[test]
fn a_receipt_that_was_changed_is_not_genuine() {
    for (_, _, receipt) in vectors(&page()) {
        for place in 0..receipt.len() {
            for other in ['0', '1', 'A', 'z', '-', '.'] {
                let mut changed: Vec<char> = receipt.chars().collect();
                if changed[place] == other {
                    continue;
                }
                changed[place] = other;
                let changed: String = changed.into_iter().collect();
                let is_genuine =
                    Receipt::read(&changed).is_ok_and(|read| read.is_signed_with(SECRET));
                assert!(!is_genuine, "{changed}");
            }
        }
        for length in 0..receipt.len() {
            let is_genuine =
                Receipt::read(&receipt[..length]).is_ok_and(|read| read.is_signed_with(SECRET));
            assert!(!is_genuine, "{length}");
        }
    }
}

#[test]
fn what_is_no_receipt_is_told_so() {
    let tag = "PEyYK1qfP_EZ1bwIwa8pWA";
    let long = format!("A1.{KID}.1.1.{}.{tag}", "x".repeat(5_000));
    let many = format!("A1.{KID}.1.{}.o.{tag}", "9".repeat(17));
    for (text, detail) in [
        ("", "is no receipt"),
        ("hello", "is no receipt"),
        ("https://example.com/q/", "is no receipt"),
        ("https://example.com/q/%FF%FE", "is no whole receipt: scan the code once more"),
        ("https://example.com/other", "is no receipt"),
        ("A1.k", "is no whole receipt: scan the code once more"),
        ("A3.k.1.1.o.PEyYK1qfP_EZ1bwIwa8pWA", "is no receipt"),
        ("A1.k.1.1.o.PEyYK1qfP_EZ1bwIwa8pW", "is no whole receipt: scan the code once more"),
        ("A1.k.1.1.o.PEyYK1qfP_EZ1bwIwa8pWB", "is no whole receipt: scan the code once more"),
        ("A1.k.1.1.o.PEyYK1qfP+EZ1bwIwa8pWA", "is no whole receipt: scan the code once more"),
        ("A1.k.1.1.o.PEyYK1qfP_EZ1bwIwa8pWA==", "is no whole receipt: scan the code once more"),
        ("A1.k.-1.1.o.PEyYK1qfP_EZ1bwIwa8pWA", "is no whole receipt: scan the code once more"),
        (
            "A1.k.9999999999999.1.o.PEyYK1qfP_EZ1bwIwa8pWA",
            "is no whole receipt: scan the code once more",
        ),
        ("A1.k.01.1.o.PEyYK1qfP_EZ1bwIwa8pWA", "is no whole receipt: scan the code once more"),
        ("A1..1.1.o.PEyYK1qfP_EZ1bwIwa8pWA", "is no whole receipt: scan the code once more"),
        ("A1.k_.1.1.o.PEyYK1qfP_EZ1bwIwa8pWA", "is no whole receipt: scan the code once more"),
        ("A1.k.1.-5.o.PEyYK1qfP_EZ1bwIwa8pWA", "has no amount that is a number"),
        ("A1.k.1.+5.o.PEyYK1qfP_EZ1bwIwa8pWA", "has no amount that is a number"),
        ("A1.k.1.1e3.o.PEyYK1qfP_EZ1bwIwa8pWA", "has no amount that is a number"),
        (many.as_str(), "has no amount that is a number"),
        ("A2.k.1.W10.o.PEyYK1qfP_EZ1bwIwa8pWA", "has no lines that can be read"),
        ("A2.k.1.!!.o.PEyYK1qfP_EZ1bwIwa8pWA", "has no lines that can be read"),
        (
            "A1.k.1.1.订单.PEyYK1qfP_EZ1bwIwa8pWA",
            "is no receipt: it has other characters than receipts have",
        ),
        (
            "A1.k.1.1.o o.PEyYK1qfP_EZ1bwIwa8pWA",
            "is no receipt: it has other characters than receipts have",
        ),
        (long.as_str(), "is longer than 4096 characters"),
    ] {
        assert_eq!(Receipt::read(text).err(), Some(detail), "{text:.60}");
    }
}
