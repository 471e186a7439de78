//! Points are given to a charity of the rulebook.

use std::collections::BTreeMap;

use ledger::{
    Counted, Donated, Entry, EntryId, Journal, MemberId, Refusal, Spend, Stop, Tally, What,
    from_day_number, local_date, spend,
};

use crate::case::Case;
use crate::document::Per;
use crate::joint::may_give;
use crate::limits::BY_MONTH;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::replay::ReplayStep;

/// The subject of the counters of all donations, one a charity and month.
pub const DONATIONS: &str = "donations";

/// Give points to a charity, at least 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donate {
    /// Its name in the rulebook.
    pub charity: String,
    /// How many.
    pub points: i64,
}

impl Operation for Donate {
    fn name(&self) -> &'static str {
        "donate"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::First(64))
    }

    fn guards(&self) -> Guards {
        Guards::SPENDING
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| self.give(case, journal))
    }
}

impl Donate {
    fn give(&self, case: &Case<'_>, journal: &mut Journal) -> Result<EntryId, Stop> {
        let Self { charity, points } = self;
        let (book, now) = (case.book, journal.now());
        let rule = book.document.donations.get(charity);
        let rule = *rule.ok_or_else(|| Refusal::not_offered("donations to this charity"))?;
        let counter = format!("donate:{charity}");
        let counts = may_give(book, rule, &counter, journal.member(), *points, *points, now)?;
        let given = Tally {
            subject: DONATIONS.to_owned(),
            name: format!("{charity}{BY_MONTH}"),
            period: Per::Month.period(now, local_date(now, book.zone())),
            // Reports ask for months however long ago.
            keep_from: i32::MIN,
            amount: *points,
            most: None,
        };
        let donation = Spend {
            on: What::Donate(Donated { charity: charity.clone() }),
            points: *points,
            first_in_first_out: book.first_in_first_out(),
            extends: book.extended(journal.member(), now, now)?,
            counts,
            tallies: vec![given],
            coupons: Vec::new(),
        };
        spend(journal, donation, case.origin.clone())
    }
}

/// Points are given to the same charity again.
pub(crate) fn replay(entry: &Entry) -> ReplayStep {
    let What::Donate(Donated { charity }) = &entry.what else { return ReplayStep::Follows };
    let (charity, points) = (charity.clone(), entry.points.saturating_neg());
    ReplayStep::ask(Donate { charity, points })
}

/// What each charity was given in each month (`2026-03`), less what came back in that month.
#[must_use]
pub fn donated(counted: &[Counted]) -> BTreeMap<&str, BTreeMap<String, i64>> {
    let mut charities: BTreeMap<&str, BTreeMap<String, i64>> = BTreeMap::new();
    for Counted { name, period, amount, .. } in counted {
        if let Some(charity) = name.strip_suffix(BY_MONTH) {
            let month = from_day_number(*period).format("%Y-%m").to_string();
            charities.entry(charity).or_default().insert(month, *amount);
        }
    }
    charities
}
