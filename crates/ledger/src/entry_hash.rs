//! The bytes an entry is hashed over, and the hash.
//!
//! Every field in a fixed order; integers big-endian; texts, lists and options with their length or
//! presence in front, so that no two different entries have the same bytes. The layout has a
//! version: entries are never encoded anew in another one.

use sha2::{Digest, Sha256};

use crate::adjustments::{Adjustment, Concern, Person};
use crate::coupons::Coupon;
use crate::entry::{ClaimPeriod, Entry, LotDraw, LotGrant, Qualifying};
use crate::id::Hash;
use crate::standing::{Standing, Totals};

const LAYOUT: &[u8] = b"accrue.entry.v1";

impl Entry {
    /// SHA-256 over the canonical encoding of everything but [`Entry::hash`] itself.
    #[must_use]
    pub fn computed_hash(&self) -> Hash {
        let mut bytes = Encoder(Vec::with_capacity(512));
        bytes.0.extend_from_slice(LAYOUT);
        bytes.0.extend_from_slice(&self.previous_hash.0);
        bytes.0.extend_from_slice(&self.id.0.to_be_bytes());
        bytes.text(self.programme.as_str());
        bytes.text(self.member.as_str());
        bytes.integer(self.sequence.0);
        bytes.text(self.kind.as_str());
        bytes.integer(self.points);
        bytes.integer(self.balance_after);
        bytes.integer(self.occurred_at.0);
        bytes.integer(self.recorded_at.0);
        bytes.text(&self.origin.actor);
        bytes.optional_text(self.origin.channel.as_deref());
        bytes.optional_text(self.origin.store.as_deref());
        bytes.optional_text(self.origin.reference.as_ref().map(|r| r.as_str()));
        bytes.optional_text(self.origin.reason.as_deref());
        bytes.integer(self.rulebook_version);
        bytes.optional_text(self.event.as_deref());
        bytes.option(self.cause, |b, id| b.0.extend_from_slice(&id.0.to_be_bytes()));
        bytes.list(&self.awards, |b, award| {
            b.text(&award.rule);
            b.text(&award.desired.to_string());
            b.integer(award.granted);
        });
        bytes.list(&self.lines, |b, line| {
            b.text(&line.line);
            b.optional_text(line.sku.as_deref());
            b.optional_text(line.category.as_deref());
            b.integer(line.quantity);
            b.integer(line.amount_minor);
            b.integer(line.granted);
        });
        bytes.list(&self.grants, Encoder::grant);
        bytes.list(&self.draws, Encoder::draw);
        bytes.list(&self.activations, Encoder::draw);
        bytes.list(&self.counts, |b, count| {
            b.text(&count.counter);
            b.integer(i64::from(count.period));
            b.integer(i64::from(count.keep_from));
            b.integer(count.times);
            b.integer(count.points);
        });
        bytes.option(self.qualifying, Encoder::qualifying);
        bytes.option(self.tier.as_ref(), |b, tier| {
            b.optional_text(tier.from.as_deref());
            b.text(&tier.to);
            b.option(tier.until, |b, at| b.integer(at.0));
        });
        bytes.option(self.reminder.as_ref(), |b, reminder| {
            b.integer(reminder.points);
            b.list(&reminder.lots, Encoder::draw);
            b.integer(reminder.first_expires_at.0);
        });
        // What later versions added follows with its name in front, and only where there is any:
        // entries from before keep their hash.
        if !self.dates.is_empty() {
            bytes.text("dates");
            bytes.list(&self.dates, |b, lot| {
                b.integer(lot.number.0);
                b.integer(lot.available_at.0);
                b.option(lot.expires_at, |b, at| b.integer(at.0));
            });
        }
        if let Some(id) = self.corrects {
            bytes.text("corrects");
            bytes.0.extend_from_slice(&id.0.to_be_bytes());
        }
        if let Some(reservation) = &self.reservation {
            bytes.text("reservation");
            bytes.integer(reservation.until.0);
            bytes.list(&reservation.lots, Encoder::draw);
        }
        if !self.returns.is_empty() {
            bytes.text("returns");
            bytes.list(&self.returns, |b, back| {
                b.grant(&back.lot);
                b.integer(back.points);
            });
        }
        if let Some(reversal) = &self.reversal {
            bytes.text("reversal");
            bytes.list(&reversal.lines, |b, line| {
                b.text(&line.line);
                b.integer(line.quantity);
                b.integer(line.amount_minor);
                b.integer(line.points);
            });
            bytes.integer(reversal.desired);
            bytes.integer(reversal.expired);
        }
        if self.debt != 0 {
            bytes.text("debt");
            bytes.integer(self.debt);
        }
        if let Some(Adjustment { terms, by, approvals }) = &self.adjustment {
            bytes.text("adjustment");
            bytes.integer(terms.points);
            bytes.text(&terms.reason_code);
            bytes.optional_text(terms.evidence.as_deref());
            bytes.option(terms.expires_at, |b, at| b.integer(at.0));
            bytes.list(&terms.steps, |b, role| b.text(role));
            bytes.integer(terms.until.0);
            bytes.person(by);
            bytes.list(approvals, |b, approval| {
                b.person(&approval.by);
                b.text(&approval.role);
                b.integer(approval.at.0);
            });
            match &terms.concern {
                None => {}
                Some(Concern::Recover(ids)) => {
                    bytes.text("recover");
                    bytes.list(ids, |b, id| b.0.extend_from_slice(&id.0.to_be_bytes()));
                }
                Some(Concern::Merge(from)) => {
                    bytes.text("merge");
                    bytes.text(from.as_str());
                }
            }
        }
        if let Some(frozen) = self.frozen {
            bytes.text("frozen");
            bytes.0.extend_from_slice(&[u8::from(frozen.earning), u8::from(frozen.spending)]);
        }
        if let Some(review) = &self.review {
            bytes.text("review");
            bytes.text(&review.because);
            bytes.option(review.qualifying, Encoder::qualifying);
        }
        if !self.tallies.is_empty() {
            bytes.text("tallies");
            bytes.list(&self.tallies, |b, tally| {
                b.text(&tally.subject);
                b.text(&tally.name);
                b.integer(i64::from(tally.period));
                b.integer(i64::from(tally.keep_from));
                b.integer(tally.amount);
                b.option(tally.most, Encoder::integer);
            });
        }
        if !self.coupons.is_empty() {
            bytes.text("coupons");
            bytes.list(&self.coupons, Encoder::coupon);
        }
        if let Some(discount) = &self.discount {
            bytes.text("discount");
            bytes.integer(discount.order_minor);
            bytes.integer(discount.off_minor);
        }
        if let Some(taken) = &self.reward {
            bytes.text("reward");
            bytes.text(&taken.reward);
            bytes.integer(taken.version);
            bytes.integer(taken.quantity);
            bytes.integer(taken.cash_minor);
        }
        if let Some(deduction) = &self.deduction {
            bytes.text("deduction");
            bytes.integer(deduction.order_minor);
            bytes.option(deduction.wished, Encoder::integer);
            bytes.integer(deduction.money_minor);
        }
        if let Some(other) = &self.counterparty {
            bytes.text("counterparty");
            bytes.text(other.as_str());
        }
        if let Some(change) = self.pool {
            bytes.text("pool");
            bytes.0.extend_from_slice(&[u8::from(change.is_pool), u8::from(change.joins)]);
        }
        if let Some(Standing { lifetime, months }) = &self.carried {
            bytes.text("carried");
            bytes.totals(*lifetime);
            bytes.list(months, |b, (month, totals)| {
                b.integer(i64::from(*month));
                b.totals(*totals);
            });
        }
        if !self.uncounted.is_empty() {
            bytes.text("uncounted");
            bytes.list(&self.uncounted, |b, line| b.text(line));
        }
        if !self.silent.is_empty() {
            bytes.text("silent");
            bytes.list(&self.silent, |b, silent| {
                b.text(&silent.because);
                b.list(&silent.rules, |b, rule| b.text(rule));
            });
        }
        if let Some(exchange) = &self.exchange {
            bytes.text("exchange");
            bytes.text(exchange.programme.as_str());
            bytes.integer(exchange.points);
            bytes.text(&exchange.rate.to_string());
        }
        if self.coupons.iter().any(|coupon| coupon.terms.stacks) {
            bytes.text("stacks");
            bytes.list(&self.coupons, |b, coupon| b.0.push(u8::from(coupon.terms.stacks)));
        }
        if let Some(claims) =
            self.tier.as_ref().map(|tier| &tier.claims).filter(|claims| !claims.is_empty())
        {
            bytes.text("claims");
            bytes.list(claims, |b, claim| {
                b.text(&claim.tier);
                b.integer(claim.at.0);
                b.option(claim.until, |b, at| b.integer(at.0));
                b.option(claim.period, |b, period| {
                    let days = if let ClaimPeriod::Days(first, last) = period {
                        Some((first, last))
                    } else {
                        None
                    };
                    b.option(days, |b, (first, last)| {
                        b.integer(i64::from(first));
                        b.integer(i64::from(last));
                    });
                });
            });
        }
        if let Some(until) = self.invitation {
            bytes.text("invitation");
            bytes.integer(until.0);
        }
        if let Some(undone) =
            self.adjustment.as_ref().and_then(|adjustment| adjustment.terms.undoes)
        {
            bytes.text("undoes");
            bytes.0.extend_from_slice(&undone.entry.0.to_be_bytes());
            bytes.integer(undone.lot.0);
        }
        Hash(Sha256::digest(&bytes.0).into())
    }
}

struct Encoder(Vec<u8>);

impl Encoder {
    fn integer(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn optional_text(&mut self, text: Option<&str>) {
        self.option(text, Self::text);
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.length(items.len());
        items.iter().for_each(|item| write(self, item));
    }

    fn qualifying(&mut self, q: Qualifying) {
        self.integer(i64::from(q.month));
        self.integer(i64::from(q.keep_from));
        self.integer(q.spend_minor);
        self.integer(q.growth);
        self.integer(q.orders);
    }

    fn totals(&mut self, totals: Totals) {
        self.integer(totals.spend_minor);
        self.integer(totals.growth);
        self.integer(totals.orders);
    }

    fn coupon(&mut self, coupon: &Coupon) {
        self.text(&coupon.code);
        self.text(&coupon.name);
        let terms = &coupon.terms;
        self.integer(terms.off_minor);
        self.integer(terms.off_percent);
        self.option(terms.max_off_minor, Self::integer);
        self.integer(terms.min_minor);
        for names in [&terms.categories, &terms.channels, &terms.stores] {
            self.list(names, |b, name| b.text(name));
        }
        self.option(coupon.expires_at, |b, at| b.integer(at.0));
    }

    fn person(&mut self, person: &Person) {
        self.text(&person.actor);
        self.text(&person.label);
    }

    fn grant(&mut self, lot: &LotGrant) {
        self.integer(lot.number.0);
        self.integer(lot.points);
        self.text(&lot.source);
        self.integer(lot.earned_at.0);
        self.integer(lot.available_at.0);
        self.option(lot.expires_at, |b, at| b.integer(at.0));
    }

    fn draw(&mut self, draw: &LotDraw) {
        self.integer(draw.number.0);
        self.integer(draw.points);
    }

    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&(length as u64).to_be_bytes());
    }
}
