//! Runs the audit and reads the trial balance over HTTP. The bench uses it too, as its figures
//! count only with clean books.

use super::books::Books;
use super::import::number;
use crate::http::Client;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;

/// The extent of a clean audit.
pub struct Audited {
    pub members: u64,
    pub entries: u64,
}

/// Reads every page of the audit. A reported violation is an error.
pub async fn everything(client: &mut Client) -> Result<Audited> {
    let mut audited = Audited { members: 0, entries: 0 };
    let mut path = "/v1/reports/audit".to_owned();
    loop {
        let page = client.get(&path).await?;
        if page.get("clean").and_then(Value::as_bool) != Some(true) {
            bail!("the audit found violations: {}", page.get("violations").unwrap_or(&page));
        }
        audited.members += u64::try_from(number(&page, "members_checked")?)?;
        audited.entries += u64::try_from(number(&page, "entries_checked")?)?;
        match page.get("next").and_then(Value::as_str) {
            Some(next) => path = format!("/v1/reports/audit?cursor={next}"),
            None => return Ok(audited),
        }
    }
}

/// Points by account; they sum to zero.
pub struct TrialBalance {
    accounts: BTreeMap<String, i64>,
}

pub async fn trial_balance(client: &mut Client) -> Result<TrialBalance> {
    let answer = client.get("/v1/reports/trial-balance").await?;
    let rows = answer
        .get("accounts")
        .and_then(Value::as_array)
        .context("a trial balance without accounts")?;
    let mut accounts = BTreeMap::new();
    for row in rows {
        let name = row.get("account").and_then(Value::as_str).context("an account without name")?;
        accounts.insert(name.to_owned(), number(row, "points")?);
    }
    if number(&answer, "sum")? != 0 || accounts.values().sum::<i64>() != 0 {
        bail!("the trial balance does not sum to zero: {answer}");
    }
    Ok(TrialBalance { accounts })
}

impl TrialBalance {
    /// Each contra account belongs to one kind of entry, so it holds the negative sum of the
    /// entries of that kind.
    pub fn check_against(&self, books: &Books) -> Result<()> {
        println!("trial balance: {:?}, sum 0", self.accounts);
        let outstanding = books.outstanding();
        if !self.accounts.values().any(|points| points.abs() == outstanding) {
            bail!(
                "no account of the trial balance holds the {outstanding} points that are outstanding"
            );
        }
        Ok(())
    }
}
