//! Reads every member's entries back and compares them with the file: an independent sum, made
//! without the ledger's rules.

use super::baskets::Basket;
use super::import::{member, number};
use crate::http::Client;
use crate::server::Server;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The rule that every purchase fires. A tier's multiplier is a rule of its own beside it.
const BASE_RULE: &str = "purchase";
/// Exact amounts are compared in millionths of a point.
const SCALE: i128 = 1_000_000;
/// The points of the demo rulebook per cent, in millionths: 1 point per 1.00 USD.
const BASE_PER_CENT: i128 = SCALE / 100;

/// The ledger's figures, summed from its entries.
#[derive(Default)]
pub struct Books {
    pub members: usize,
    /// Points by kind of entry, and the number of entries.
    kinds: BTreeMap<String, (i64, u64)>,
    /// Points granted by rule.
    rules: BTreeMap<String, i64>,
    /// Points that the base rule desired (millionths) and granted (whole), by basket.
    baskets: BTreeMap<String, (i128, i64)>,
    /// Points earned, redeemed and expired by month of recording (UTC).
    months: BTreeMap<String, [i64; 3]>,
    balances: i64,
    tiers: BTreeMap<String, u64>,
}

pub async fn read(server: &Server, baskets: &[Basket]) -> Result<Books> {
    let mut client = server.client();
    let mut books = Books::default();
    for member in baskets.iter().map(member).collect::<BTreeSet<_>>() {
        books
            .read_member(&mut client, &member)
            .await
            .with_context(|| format!("the books of {member}"))?;
    }
    Ok(books)
}

impl Books {
    async fn read_member(&mut self, client: &mut Client, member: &str) -> Result<()> {
        let view = client.get(&format!("/v1/members/{member}")).await?;
        self.members += 1;
        self.balances += number(&view, "ledger_balance")?;
        let tier = view
            .get("tier")
            .and_then(|tier| tier.get("id").or_else(|| tier.get("tier")).or(Some(tier)));
        *self
            .tiers
            .entry(tier.and_then(Value::as_str).unwrap_or("none").to_owned())
            .or_default() += 1;

        let mut path = format!("/v1/members/{member}/entries?limit=200");
        loop {
            let page = client.get(&path).await?;
            for entry in
                page.get("items").and_then(Value::as_array).context("a page without items")?
            {
                self.read_entry(entry).with_context(|| format!("entry {entry}"))?;
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => {
                    path = format!("/v1/members/{member}/entries?limit=200&cursor={next}")
                }
                None => return Ok(()),
            }
        }
    }

    fn read_entry(&mut self, entry: &Value) -> Result<()> {
        let kind = entry.get("kind").and_then(Value::as_str).context("no kind")?;
        let points = number(entry, "points")?;
        let of_kind = self.kinds.entry(kind.to_owned()).or_default();
        of_kind.0 += points;
        of_kind.1 += 1;
        let month = entry
            .get("recorded_at")
            .and_then(Value::as_str)
            .and_then(|at| at.get(..7))
            .unwrap_or("unknown");
        let column = match kind {
            "redeem" => 1,
            "expire" => 2,
            _ => 0,
        };
        if let Some(sum) = self.months.entry(month.to_owned()).or_default().get_mut(column) {
            *sum += points;
        }
        if kind != "earn" {
            return Ok(());
        }
        let (mut base, mut desired_sum, mut granted_sum) = ((0, 0), 0, 0);
        for rule in entry.get("rules").and_then(Value::as_array).context("no rules")? {
            let name = rule.get("rule").and_then(Value::as_str).context("a rule without name")?;
            let desired = millionths(rule.get("desired").context("a rule without desired")?)?;
            let granted = number(rule, "granted")?;
            *self.rules.entry(name.to_owned()).or_default() += granted;
            desired_sum += desired;
            granted_sum += granted;
            if name == BASE_RULE {
                base = (base.0 + desired, base.1 + granted);
            }
        }
        if points != granted_sum || i128::from(points) != desired_sum.div_euclid(SCALE) {
            bail!(
                "granted {points} points, but its rules grant {granted_sum} and desire {desired_sum} millionths"
            );
        }
        let basket =
            entry.get("reference").and_then(Value::as_str).context("an earn without reference")?;
        if self.baskets.insert(basket.to_owned(), base).is_some() {
            bail!("basket {basket} earned twice");
        }
        Ok(())
    }

    fn of_kind(&self, kind: &str) -> i64 {
        self.kinds.get(kind).map_or(0, |(points, _)| *points)
    }

    pub fn outstanding(&self) -> i64 {
        self.kinds.values().map(|(points, _)| points).sum()
    }

    /// Checks against the file: every basket is there once, and the base rule gave a point for each
    /// whole 1.00 of it.
    pub fn check(&self, baskets: &[Basket]) -> Result<()> {
        let mut points = 0;
        for basket in baskets {
            let found = self
                .baskets
                .get(&basket.basket)
                .with_context(|| format!("basket {} is missing", basket.basket))?;
            let desired = i128::from(basket.sales_cents) * BASE_PER_CENT;
            let granted = basket.sales_cents.div_euclid(100);
            if *found != (desired, granted) {
                bail!(
                    "basket {}: desired and granted are {found:?}, by the file {:?}",
                    basket.basket,
                    (desired, granted)
                );
            }
            points += granted;
        }
        if self.baskets.len() != baskets.len() {
            bail!(
                "the ledger holds {} earned baskets, the file {}",
                self.baskets.len(),
                baskets.len()
            );
        }
        let ledger = self.rules.get(BASE_RULE).copied().unwrap_or(0);
        if ledger != points {
            bail!("the base rule granted {ledger} points in all, by the file {points}");
        }
        if self.balances != self.outstanding() {
            bail!(
                "the members' balances sum to {}, their entries to {}",
                self.balances,
                self.outstanding()
            );
        }
        Ok(())
    }
}

/// `"12.85"` or `12` as millionths.
fn millionths(value: &Value) -> Result<i128> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() > 6 {
        bail!("`{text}` has more than six decimals");
    }
    let digits = format!("{whole}{fraction:0<6}");
    digits.parse().with_context(|| format!("`{text}` is no exact number"))
}

impl fmt::Display for Books {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "month (UTC)    {:>12} {:>12} {:>12} {:>12}",
            "earned", "redeemed", "expired", "outstanding"
        )?;
        let mut outstanding = 0;
        for (month, [earned, redeemed, expired]) in &self.months {
            outstanding += earned + redeemed + expired;
            writeln!(
                formatter,
                "{month:<14} {earned:>12} {:>12} {:>12} {outstanding:>12}",
                -redeemed, -expired
            )?;
        }
        writeln!(formatter, "members                   {:>12}", self.members)?;
        writeln!(formatter, "baskets                   {:>12}", self.baskets.len())?;
        for (kind, (points, entries)) in &self.kinds {
            writeln!(formatter, "points, {kind:<17} {points:>12}   in {entries} entries")?;
        }
        let earned = self.of_kind("earn") + self.of_kind("tier_change");
        for (rule, points) in &self.rules {
            writeln!(formatter, "  of rule {rule:<15}   {points:>12}")?;
        }
        writeln!(formatter, "points earned             {earned:>12}")?;
        writeln!(formatter, "points redeemed           {:>12}", -self.of_kind("redeem"))?;
        writeln!(formatter, "points expired            {:>12}", -self.of_kind("expire"))?;
        writeln!(formatter, "points outstanding        {:>12}", self.outstanding())?;
        for (tier, members) in &self.tiers {
            writeln!(formatter, "members of tier {tier:<10}{members:>12}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn exact_numbers_are_read_without_floats() {
        for (value, expected) in [
            (json!("12.85"), Some(12_850_000)),
            (json!(7), Some(7_000_000)),
            (json!("-0.5"), Some(-500_000)),
            (json!("0.0000001"), None),
            (json!("x"), None),
        ] {
            assert_eq!(millionths(&value).ok(), expected, "{value}");
        }
    }

    #[test]
    fn an_entry_that_grants_more_than_its_rules_desire_is_refused() {
        let entry = |points: i64| {
            let rules = json!([
                {"rule": "purchase", "desired": "1.5", "granted": 1},
                {"rule": "tier:gold", "desired": "0.75", "granted": points - 1},
            ]);
            json!({"kind": "earn", "points": points, "reference": "b1", "rules": rules})
        };
        assert!(Books::default().read_entry(&entry(2)).is_ok());
        assert!(Books::default().read_entry(&entry(3)).is_err());
    }
}
