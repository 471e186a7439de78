//! The request bytes of each mix, and how an answer counts by its status.

use super::zipf::Zipf;
use crate::http;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mix {
    /// every request a purchase
    Earn,
    /// four purchases, then a redemption of one point
    EarnRedeem,
    /// the member's view with its balance
    Balance,
    /// the host's empty handler: the limit of this load and of HTTP
    Empty,
    /// every request a purchase of one and the same member
    HotEarn,
    /// every request a purchase, by a rulebook of fifty rules
    RuledEarn,
}

/// Creates one client's requests, each with its own key and order.
pub struct Requests {
    mix: Mix,
    key: String,
    /// Different for each client and run, so that no idempotency key or order repeats.
    prefix: String,
    zipf: Zipf,
    count: u64,
}

impl Mix {
    pub fn name(self) -> &'static str {
        match self {
            Self::Earn => "earn",
            Self::EarnRedeem => "earn 80, redeem 20",
            Self::Balance => "balance",
            Self::Empty => "empty handler",
            Self::HotEarn => "earn, one hot member",
            Self::RuledEarn => "earn, fifty rules",
        }
    }
}

impl Requests {
    pub fn new(mix: Mix, key: &str, prefix: String, zipf: Zipf) -> Self {
        Self { mix, key: key.to_owned(), prefix, zipf, count: 0 }
    }

    pub fn next(&mut self) -> Vec<u8> {
        self.count += 1;
        let member = self.zipf.draw();
        match self.mix {
            Mix::Empty => http::request("GET", "/healthz", "", None, b""),
            Mix::Balance => {
                http::request("GET", &format!("/v1/members/m{member}"), &self.key, None, b"")
            }
            Mix::EarnRedeem if self.count.is_multiple_of(5) => self.redeem(member),
            Mix::Earn | Mix::EarnRedeem | Mix::RuledEarn => self.earn(member),
            Mix::HotEarn => self.earn(0),
        }
    }

    fn earn(&mut self, member: usize) -> Vec<u8> {
        let order = format!("{}-{}", self.prefix, self.count);
        let cents = 100 + self.zipf.random.below(20_000);
        let body = purchase(member, &order, cents);
        http::request("POST", "/v1/earn", &self.key, Some(&order), format!("{{{body}}}").as_bytes())
    }

    fn redeem(&mut self, member: usize) -> Vec<u8> {
        let key = format!("{}-{}", self.prefix, self.count);
        let body = format!("{{\"member_id\":\"m{member}\",\"points\":1}}");
        http::request("POST", "/v1/redeem", &self.key, Some(&key), body.as_bytes())
    }
}

/// The fields of a purchase event with one line, without the braces around them.
pub fn purchase(member: usize, order: &str, cents: u32) -> String {
    format!(
        "\"member_id\":\"m{member}\",\"event\":\"purchase\",\"reference\":\"{order}\",\"lines\":[{{\"line_id\":\"1\",\
         \"sku\":\"A\",\"category\":\"GROCERY\",\"quantity\":1,\"amount\":{{\"amount_minor\":{cents},\"currency\":\"CNY\"}}}}]"
    )
}

/// How an answer counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Success,
    /// A documented refusal (422 insufficient points, 409): the ledger did its work.
    Refusal,
    /// Busy, broken or unexpected.
    Error,
}

pub fn outcome(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Success,
        409 | 422 => Outcome::Refusal,
        _ => Outcome::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_five_is_a_redemption_and_no_key_comes_twice() {
        let mut requests = Requests::new(Mix::EarnRedeem, "k", "p".to_owned(), Zipf::new(10, 1));
        let made: Vec<String> =
            (0..100).map(|_| String::from_utf8(requests.next()).unwrap()).collect();
        assert_eq!(
            made.iter().filter(|request| request.starts_with("POST /v1/redeem ")).count(),
            20
        );
        let keys: std::collections::BTreeSet<&str> = made
            .iter()
            .filter_map(|request| request.lines().find(|line| line.starts_with("idempotency-key")))
            .collect();
        assert_eq!(keys.len(), 100);
    }
}
