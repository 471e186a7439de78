//! Coupons, those who bring them, and how orders are paid with points.

use std::collections::BTreeMap;

use ledger::ProgrammeId;

use super::{Check, MAX_POINTS, escape};
use crate::document::{CouponRule, Document, Exchanges, Redemption, Transfers};
use crate::rulebook::Acceptance;

/// The most programmes that a rulebook names for one direction of exchanges.
const MAX_PARTNERS: usize = 100;

impl Check<'_> {
    pub(super) fn spending(&mut self, document: &Document) {
        if document.coupons.len() > 100 {
            self.problem("/coupons", "must be at most 100");
        }
        for (name, rule) in &document.coupons {
            let at = format!("/coupons/{}", escape(name));
            self.name(&at, name);
            self.coupon_rule(&at, rule);
        }
        if let Some(coupon) = &document.purchase.coupon {
            self.coupon_name("/purchase/coupon/coupon", &coupon.coupon, document);
            self.points("/purchase/coupon/from_minor", coupon.from_minor);
        }
        for (name, rule) in &document.actions {
            if let Some(coupon) = &rule.coupon {
                self.coupon_name(&format!("/actions/{}/coupon", escape(name)), coupon, document);
            }
        }
        for (index, level) in document.tiers.iter().flat_map(|tiers| &tiers.levels).enumerate() {
            if let Some(coupon) = &level.gift_coupon {
                self.coupon_name(&format!("/tiers/levels/{index}/gift_coupon"), coupon, document);
            }
        }
        if let Some(transfers) = document.transfers {
            self.giving("/transfers", transfers);
        }
        if let Some(redemption) = document.redemption {
            self.redemption(redemption);
        }
    }

    pub(super) fn coupon_name(&mut self, pointer: &str, name: &str, document: &Document) {
        if !document.coupons.contains_key(name) {
            self.problem(pointer, "names no kind of /coupons");
        }
    }

    fn coupon_rule(&mut self, at: &str, rule: &CouponRule) {
        match (rule.off_minor, rule.off_percent) {
            (Some(off), None) if (1..=MAX_POINTS).contains(&off) => {}
            (Some(_), None) => self.problem(&format!("{at}/off_minor"), "must be 1 to 1000000000"),
            (None, Some(percent)) if (1..=100).contains(&percent) => {}
            (None, Some(_)) => self.problem(&format!("{at}/off_percent"), "must be 1 to 100"),
            _ => self.problem(at, "needs off_minor or off_percent, and not both"),
        }
        if rule.max_off_minor.is_some_and(|most| !(1..=MAX_POINTS).contains(&most)) {
            self.problem(&format!("{at}/max_off_minor"), "must be 1 to 1000000000");
        }
        if rule.max_off_minor.is_some() && rule.off_percent.is_none() {
            self.problem(&format!("{at}/max_off_minor"), "goes with off_percent");
        }
        self.points(&format!("{at}/min_minor"), rule.min_minor);
        self.policy(&format!("{at}/expiry"), &rule.expiry);
        for (name, list) in [
            ("categories", &rule.categories),
            ("channels", &rule.channels),
            ("stores", &rule.stores),
        ] {
            let is_name = |text: &String| {
                (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control)
            };
            if list.len() > 100 || !list.iter().all(is_name) {
                self.problem(
                    &format!("{at}/{name}"),
                    "must be at most 100 texts of 1 to 64 characters",
                );
            }
        }
    }

    fn giving(&mut self, at: &str, rule: Transfers) {
        for (name, value) in [
            ("min_points", Some(rule.min_points)),
            ("max_points", rule.max_points),
            ("points_per_day", rule.points_per_day),
        ] {
            if value.is_some_and(|value| !(1..=MAX_POINTS).contains(&value)) {
                self.problem(&format!("{at}/{name}"), "must be 1 to 1000000000");
            }
        }
        if rule.max_points.is_some_and(|most| most < rule.min_points) {
            self.problem(&format!("{at}/max_points"), "must not be less than min_points");
        }
        self.limit(&format!("{at}/limit"), rule.limit);
    }

    pub(super) fn exchanges(&mut self, exchanges: &Exchanges) -> BTreeMap<String, Acceptance> {
        for (name, size) in
            [("offers", exchanges.offers.len()), ("accepts", exchanges.accepts.len())]
        {
            if size > MAX_PARTNERS {
                self.problem(&format!("/exchanges/{name}"), "must be at most 100 programmes");
            }
        }
        for (programme, rule) in &exchanges.offers {
            let at = format!("/exchanges/offers/{}", escape(programme));
            self.programme(&at, programme);
            self.giving(&at, *rule);
        }
        let mut accepts = BTreeMap::new();
        for (programme, rule) in &exchanges.accepts {
            let at = format!("/exchanges/accepts/{}", escape(programme));
            self.programme(&at, programme);
            let rate = self.rate(&format!("{at}/rate"), &rule.rate);
            if rate.millionths() == 0 {
                self.problem(&format!("{at}/rate"), "must be above 0");
            }
            let expiry =
                rule.expiry.as_ref().map(|name| self.policy(&format!("{at}/expiry"), name));
            accepts.insert(programme.clone(), Acceptance { rate, expiry });
        }
        accepts
    }

    fn programme(&mut self, at: &str, id: &str) {
        if ProgrammeId::new(id).is_err() {
            self.problem(at, "is not the id of a programme");
        }
    }

    fn redemption(&mut self, rule: Redemption) {
        for (name, value) in [
            ("points_per_unit", rule.points_per_unit),
            ("multiple_of", rule.multiple_of),
            ("min_points", rule.min_points),
            ("max_points", rule.max_points.unwrap_or(1)),
        ] {
            if !(1..=MAX_POINTS).contains(&value) {
                self.problem(&format!("/redemption/{name}"), "must be 1 to 1000000000");
            }
        }
        if !(1..=100).contains(&rule.max_percent) {
            self.problem("/redemption/max_percent", "must be 1 to 100");
        }
    }
}
