//! Conditions about a member outside an event: what its fields are worth.

use std::cell::Cell;

use chrono::{Datelike, NaiveDate};
use ledger::from_day_number;

use super::evaluate::{Asked, Failed, List, Value, birthday, text};
use super::{Condition, MemberField, Node, Scope};
use crate::event::Line;

/// A condition about a member.
pub type MemberCondition = Condition<MemberField>;

/// The most steps that one condition may take for a member.
pub const MAX_MEMBER_STEPS: u64 = 5_000;

/// The member that a condition is asked about.
pub trait AskedMember {
    /// The local day that it is asked on: days since 1970-01-01.
    fn today(&self) -> i32;

    /// What a field with a number is worth. Those of the birthday are not asked for.
    fn number(&self, field: &MemberField) -> i64;

    /// What a field with a text is worth.
    fn text(&self, field: &MemberField) -> &str;

    /// The tags, with those of the attribute.
    fn tags(&self) -> Vec<&str>;

    /// What the merchant told under that name.
    fn attribute(&self, name: &str) -> Option<&str>;
}

struct OfMember<'a, M> {
    member: &'a M,
    tags: List<'a>,
    steps: Cell<u64>,
}

impl<M: AskedMember> Asked for OfMember<'_, M> {
    type Field = MemberField;

    fn steps(&self) -> &Cell<u64> {
        &self.steps
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.member.attribute(name)
    }

    fn lines(&self) -> &[Line] {
        &[]
    }

    fn field<'v>(
        &'v self,
        field: &'v MemberField,
        _: Option<&'v Line>,
    ) -> Result<Value<'v>, Failed> {
        let born = || birthday(self.member.attribute("birthday"));
        Ok(match field {
            MemberField::Age => {
                Value::Int(age(born(), from_day_number(self.member.today())).ok_or(Failed)?)
            }
            MemberField::BirthMonth => Value::Int(born().1.into()),
            MemberField::BirthDay => Value::Int(born().2.into()),
            MemberField::Tags => self.tags.of(|| self.member.tags()),
            MemberField::Id | MemberField::Tier | MemberField::HomeStore | MemberField::Group => {
                text(Some(self.member.text(field)))
            }
            _ => Value::Int(self.member.number(field)),
        })
    }
}

impl MemberCondition {
    /// Whether it holds for the member. What cannot be computed does not hold.
    #[must_use]
    pub fn holds(&self, member: &impl AskedMember) -> bool {
        self.counted(member).0
    }

    fn counted(&self, member: &impl AskedMember) -> (bool, u64) {
        let asked = OfMember { member, tags: List::default(), steps: Cell::new(0) };
        (asked.bool(&self.0, None) == Ok(true), asked.steps.get())
    }

    /// The most steps that it takes for a member.
    #[must_use]
    pub fn most_steps(&self) -> u64 {
        self.steps(Scope::Event)
    }

    /// Whether it asks for more than facts and tags tell: for what the ledger keeps of a member.
    #[must_use]
    pub fn asks_the_ledger(&self) -> bool {
        self.0.any(&|node| match node {
            Node::Attribute(_) | Node::HasAttribute(_) => true,
            Node::Field(field) => matches!(
                field,
                MemberField::Id
                    | MemberField::Days
                    | MemberField::Age
                    | MemberField::BirthMonth
                    | MemberField::BirthDay
                    | MemberField::HomeStore
                    | MemberField::Tags
            ),
            _ => false,
        })
    }
}

/// Years since a birthday whose year is told.
fn age((year, month, day): (i32, u8, u8), today: NaiveDate) -> Option<i64> {
    let had_it = (today.month(), today.day()) >= (month.into(), day.into());
    let years = today.year().checked_sub(year)?.checked_sub(i32::from(!had_it))?;
    (year > 0 && years >= 0).then_some(years.into())
}

#[cfg(test)]
#[path = "of_member_tests.rs"]
mod tests;
