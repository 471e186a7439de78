//! Conditions about an event: what its fields are worth.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use ledger::{Member, Origin, Timestamp, Zone, local_date, local_hour};

use super::cost::MAX_SPENT;
use super::evaluate::{Asked, Failed, List, Value, birthday, tags_of, text};
use super::field::WITHOUT_END;
use super::{COPIED_TAGS, Condition, Field};
use crate::event::{EarnEvent, Line};

/// What conditions are asked about: one event of one member.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    event: &'a EarnEvent,
    origin: &'a Origin,
    member: &'a Member,
    tier: &'a str,
    attributes: &'a BTreeMap<String, String>,
    /// The local day it happened on.
    pub(crate) date: NaiveDate,
    hour: i64,
    member_days: i64,
    tier_days_left: i64,
    order_minor: i64,
    quantity: i64,
    /// On how many days in a row the member did this.
    pub(crate) streak_days: i64,
    categories: List<'a>,
    skus: List<'a>,
    tags: List<'a>,
    /// How many steps were taken so far.
    steps: Cell<u64>,
}

impl<'a> Facts<'a> {
    /// Of an event that happened at `occurred_at`; sums of the order that leave 64 bits count as
    /// the largest number.
    pub(crate) fn new(
        event: &'a EarnEvent,
        origin: &'a Origin,
        member: &'a Member,
        tier: &'a str,
        attributes: &'a BTreeMap<String, String>,
        occurred_at: Timestamp,
        zone: Zone,
    ) -> Self {
        let date = local_date(occurred_at, zone);
        let joined = member.joined_at.map_or(date, |at| local_date(at, zone));
        let until = member.tier.as_ref().and_then(|tier| tier.until);
        let until = until.map(|until| local_date(until.plus_ms(-1), zone));
        let sum = |of: fn(&Line) -> i64| event.lines.iter().map(of).fold(0, i64::saturating_add);
        Self {
            event,
            origin,
            member,
            tier,
            attributes,
            date,
            hour: local_hour(occurred_at, zone),
            member_days: (date - joined).num_days().max(0),
            tier_days_left: until.map_or(WITHOUT_END, |last| (last - date).num_days()),
            order_minor: sum(|line| line.amount.amount_minor),
            quantity: sum(|line| line.quantity),
            streak_days: 0,
            categories: List::default(),
            skus: List::default(),
            tags: List::default(),
            steps: Cell::new(0),
        }
    }

    /// The event's name.
    pub(crate) fn event(&self) -> &'a str {
        &self.event.event
    }

    /// Whether the condition holds for the event.
    pub(crate) fn holds(&self, condition: &Condition) -> Result<bool, Failed> {
        self.bool(&condition.0, None)
    }

    /// Whether a line of the order is among those that the condition names, which are all where
    /// there is none. A line that it cannot be told of is not.
    pub(crate) fn counts(&self, among: Option<&Condition>, line: &Line) -> bool {
        among.is_none_or(|condition| self.bool(&condition.0, Some(line)) == Ok(true))
    }

    /// How many steps the conditions have taken so far.
    #[cfg(test)]
    pub(crate) fn steps_taken(&self) -> u64 {
        self.steps.get()
    }

    /// Whether the conditions took more steps than an event has: what they said after that is worth
    /// nothing.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.steps.get() > MAX_SPENT
    }

    /// Which of these tags the member has.
    pub(crate) fn tags_among(&self, named: &[String]) -> Vec<String> {
        if named.is_empty() {
            return Vec::new();
        }
        let all = self.tags.get(|| self.all_tags());
        named.iter().filter(|tag| all.iter().any(|one| one == *tag)).cloned().collect()
    }

    /// Those of the attribute, then the copied ones that are not among them.
    fn all_tags(&self) -> Vec<&'a str> {
        let told = |name: &str| self.attributes.get(name).map(String::as_str);
        let mut all: Vec<&str> = tags_of(told("tags")).collect();
        let of_attribute = all.len();
        for tag in tags_of(told(COPIED_TAGS)) {
            if !all.iter().take(of_attribute).any(|one| *one == tag) {
                all.push(tag);
            }
        }
        all
    }

    fn birthday(&self) -> (i32, u8, u8) {
        birthday(self.attribute("birthday"))
    }
}

impl Asked for Facts<'_> {
    type Field = Field;

    fn steps(&self) -> &Cell<u64> {
        &self.steps
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn lines(&self) -> &[Line] {
        &self.event.lines
    }

    fn field<'v>(&'v self, field: &'v Field, line: Option<&'v Line>) -> Result<Value<'v>, Failed> {
        let lifetime = self.member.qualification.lifetime;
        let lines = &self.event.lines;
        Ok(match field {
            Field::Event => text(Some(&self.event.event)),
            Field::EventReference => {
                text(self.origin.reference.as_ref().map(|reference| reference.as_str()))
            }
            Field::EventChannel => text(self.origin.channel.as_deref()),
            Field::EventStore => text(self.origin.store.as_deref()),
            Field::EventDate => Value::Text(Cow::Owned(self.date.to_string())),
            Field::EventYear => Value::Int(self.date.year().into()),
            Field::EventMonth => Value::Int(self.date.month().into()),
            Field::EventDay => Value::Int(self.date.day().into()),
            Field::EventWeekday => Value::Int(self.date.weekday().number_from_monday().into()),
            Field::EventHour => Value::Int(self.hour),
            Field::EventStreakDays => Value::Int(self.streak_days),
            Field::OrderAmountMinor => Value::Int(self.order_minor),
            Field::OrderQuantity => Value::Int(self.quantity),
            Field::OrderCategories => self
                .categories
                .of(|| lines.iter().filter_map(|line| line.category.as_deref()).collect()),
            Field::OrderSkus => {
                self.skus.of(|| lines.iter().filter_map(|line| line.sku.as_deref()).collect())
            }
            Field::MemberId => text(Some(self.member.id.as_str())),
            Field::MemberTier => text(Some(self.tier)),
            Field::MemberTierDaysLeft => Value::Int(self.tier_days_left),
            Field::MemberBalance => Value::Int(self.member.balance),
            Field::MemberIsNew => Value::Bool(!self.member.exists()),
            Field::MemberDays => Value::Int(self.member_days),
            Field::MemberOrders => Value::Int(lifetime.orders),
            Field::MemberSpendMinor => Value::Int(lifetime.spend_minor),
            Field::MemberGrowth => Value::Int(lifetime.growth),
            Field::MemberTags => self.tags.of(|| self.all_tags()),
            Field::MemberBirthMonth => Value::Int(self.birthday().1.into()),
            Field::MemberBirthDay => Value::Int(self.birthday().2.into()),
            Field::LineCategory => text(line.ok_or(Failed)?.category.as_deref()),
            Field::LineSku => text(line.ok_or(Failed)?.sku.as_deref()),
            Field::LineAmountMinor => Value::Int(line.ok_or(Failed)?.amount.amount_minor),
            Field::LineQuantity => Value::Int(line.ok_or(Failed)?.quantity),
        })
    }
}
