//! What a request says: its caller, its key and its body. Reads nothing but the request.

use crate::answers::Problem;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;

/// Max minor units of a line, as of Accrue.
const MAX_AMOUNT: i64 = 1_000_000_000_000_000;
const MAX_REFERENCE: usize = 128;
const MAX_KEY: usize = 255;

/// The digest of the bearer key. The database has no keys, only such digests.
pub struct Caller(pub [u8; 32]);

impl Caller {
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key =
            header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Problem::UNAUTHORIZED)?;
        Ok(Self(Sha256::digest(key).into()))
    }
}

pub fn idempotency_key(headers: &HeaderMap) -> Result<&str, Problem> {
    let header = headers.get("idempotency-key").ok_or(Problem::KEY_MISSING)?;
    header
        .to_str()
        .ok()
        .filter(|key| (1..=MAX_KEY).contains(&key.len()) && is_visible(key))
        .ok_or(Problem::KEY_INVALID)
}

/// The rival numbers its members; `m7` is 7.
pub fn member_number(id: &str) -> Result<i64, Problem> {
    let digits = id.strip_prefix('m').filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or(Problem::invalid("member_id is `m` and a number"))
}

#[derive(Deserialize)]
struct PurchaseBody<'a> {
    #[serde(borrow)]
    member_id: Cow<'a, str>,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    reference: Cow<'a, str>,
    #[serde(borrow)]
    lines: Vec<Line<'a>>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    amount: Money<'a>,
}

#[derive(Deserialize)]
struct Money<'a> {
    amount_minor: i64,
    #[serde(borrow)]
    currency: Cow<'a, str>,
}

/// A purchase, checked.
pub struct Purchase<'a> {
    pub member_id: Cow<'a, str>,
    pub number: i64,
    pub cents: i64,
    pub reference: Cow<'a, str>,
}

impl<'a> Purchase<'a> {
    pub fn read(body: &'a [u8]) -> Result<Self, Problem> {
        let body: PurchaseBody = read(body)?;
        if body.event != "purchase" {
            return Err(Problem::invalid("event is `purchase`"));
        }
        let length = body.reference.len();
        if !(1..=MAX_REFERENCE).contains(&length) || !is_visible(&body.reference) {
            return Err(Problem::invalid("reference has 1 to 128 visible ASCII characters"));
        }
        if body.lines.is_empty() {
            return Err(Problem::invalid("lines has at least one line"));
        }
        let mut cents = 0_i64;
        for Line { amount } in &body.lines {
            if !(0..=MAX_AMOUNT).contains(&amount.amount_minor) {
                return Err(Problem::invalid("amount_minor is from 0 to 10^15"));
            }
            if amount.currency != "CNY" {
                return Err(Problem::invalid("currency is CNY"));
            }
            cents = cents
                .checked_add(amount.amount_minor)
                .ok_or(Problem::invalid("the lines cost too much"))?;
        }
        let number = member_number(&body.member_id)?;
        Ok(Self { member_id: body.member_id, number, cents, reference: body.reference })
    }

    /// The points that the function `earn` of rival.sql grants.
    pub fn points(&self) -> i64 {
        self.cents / 100
    }
}

#[derive(Deserialize)]
struct RedemptionBody<'a> {
    #[serde(borrow)]
    member_id: Cow<'a, str>,
    points: i64,
}

/// A redemption, checked.
pub struct Redemption<'a> {
    pub member_id: Cow<'a, str>,
    pub number: i64,
    pub points: i64,
}

impl<'a> Redemption<'a> {
    pub fn read(body: &'a [u8]) -> Result<Self, Problem> {
        let body: RedemptionBody = read(body)?;
        if body.points < 1 {
            return Err(Problem::invalid("points is at least 1"));
        }
        let number = member_number(&body.member_id)?;
        Ok(Self { member_id: body.member_id, number, points: body.points })
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        if error.is_data() {
            Problem::invalid("a field is missing, or has another type")
        } else {
            Problem::MALFORMED_JSON
        }
    })
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchase(member: &str, lines: &str) -> String {
        format!(
            r#"{{"member_id":"{member}","event":"purchase","reference":"r","lines":[{lines}]}}"#
        )
    }

    fn line(minor: &str) -> String {
        format!(
            r#"{{"line_id":"1","sku":"A","category":"G","quantity":1,"amount":{{"amount_minor":{minor},"currency":"CNY"}}}}"#
        )
    }

    #[test]
    fn a_purchase_is_the_sum_of_its_lines() {
        let body = purchase("m7", &format!("{},{}", line("250"), line("149")));
        let read = Purchase::read(body.as_bytes()).unwrap();
        assert_eq!((read.number, read.cents, read.points()), (7, 399, 3));
    }

    #[test]
    fn bad_bodies_are_refused() {
        let many = vec![line("1000000000000000"); 9_300].join(",");
        for (body, status) in [
            ("{".to_owned(), 400),
            ("[]".to_owned(), 400),
            ("\u{1f}".to_owned(), 400),
            (purchase("m1", ""), 400),
            (purchase("7", &line("100")), 400),
            (purchase("m-1", &line("100")), 400),
            (purchase("m99999999999999999999", &line("100")), 400),
            (purchase("m1", &line("-1")), 400),
            (purchase("m1", &line("1.5")), 400),
            (purchase("m1", &line("1000000000000001")), 400),
            (purchase("m1", &many), 400),
        ] {
            let refused = Purchase::read(body.as_bytes()).err().map(|problem| problem.status);
            assert_eq!(refused, Some(status), "{body:.80}");
        }
        for body in [r#"{"member_id":"m1","points":0}"#, r#"{"member_id":"m1","points":"1"}"#] {
            assert!(Redemption::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
