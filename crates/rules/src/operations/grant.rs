//! A member gets points or a coupon of the rulebook without having done anything for it.

use ledger::{
    Count, Counted, Entry, EntryId, Granted, Journal, LotGrant, LotNumber, MemberId, Refusal, Stop,
    Tally, What,
};

use crate::case::Case;
use crate::document::{GrantBudgetOf, GrantRule, Per};
use crate::limits::{BUDGET, GRANT, Limits, subject_of_grant};
use crate::operation::{
    Account, AccountSide, Activity, Guards, Lots, Needs, Operation, Other, Outcome, ReferenceUse,
    StepUpUse, Stores,
};
use crate::replay::ReplayStep;

/// Grant something to a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its name in the rulebook.
    pub grant: String,
    /// The strategy that grants it.
    pub strategy: Option<String>,
    /// The store that grants it, for the budgets of stores.
    pub store: Option<String>,
    /// The person who grants it, for the budgets of persons.
    pub by: String,
    /// No more points than these, whatever the rulebook says; `None` for as many as it says.
    pub at_most: Option<i64>,
}

impl Operation for Grant {
    fn name(&self) -> &'static str {
        "grant"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        let mut subjects = vec![BUDGET.to_owned()];
        subjects.extend(OWNERS.iter().filter_map(|of| self.subject(*of)));
        Needs { subjects, ..Needs::lots(Lots::None) }
    }

    fn guards(&self) -> Guards {
        Guards {
            account: Account::Member,
            other: Other::Unchecked,
            // A strategy that is run twice, or whose grant was taken back, gives nothing again.
            reference: ReferenceUse::OnceInProgramme,
            side: AccountSide::Earning,
            activity: Activity::Leaves,
            stores: Stores::Named,
            step_up: StepUpUse::Never,
        }
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| self.give(case, journal))
    }
}

const OWNERS: [GrantBudgetOf; 3] =
    [GrantBudgetOf::Programme, GrantBudgetOf::Store, GrantBudgetOf::Person];

impl Grant {
    /// Whose counters of the programme the budgets of that owner are; `None` without an owner.
    fn subject(&self, of: GrantBudgetOf) -> Option<String> {
        let Self { grant, store, by, .. } = self;
        match of {
            GrantBudgetOf::Programme => Some(subject_of_grant(grant)),
            GrantBudgetOf::Store => {
                store.as_ref().map(|store| format!("{GRANT}{grant}:store:{store}"))
            }
            GrantBudgetOf::Person => Some(format!("{GRANT}{grant}:person:{by}")),
        }
    }

    fn give(&self, case: &Case<'_>, journal: &mut Journal) -> Result<EntryId, Stop> {
        let (book, now) = (case.book, journal.now());
        let rule = book.document.grants.get(&self.grant);
        let rule = rule.ok_or_else(|| Refusal::not_offered("grant of this name"))?;
        let points = rule.points.min(self.at_most.unwrap_or(i64::MAX));
        if points < 1 && rule.points > 0 && rule.coupon.is_none() {
            return Err(Refusal::not_offered("grant of this name").into());
        }
        let (counts, tallies) = self.count(case, journal, (rule, points))?;
        let source = format!("{GRANT}{}", self.grant);
        let expires_at =
            book.policy_of(&source).and_then(|policy| policy.expires_at(now, book.zone()));
        let lot = LotGrant {
            number: LotNumber(0),
            points,
            source,
            earned_at: now,
            available_at: now,
            expires_at,
        };
        let wish = ledger::Grant {
            on: Granted { grant: self.grant.clone(), strategy: self.strategy.clone() },
            lot: Some(lot).filter(|lot| lot.points > 0),
            coupon: rule.coupon.as_ref().and_then(|name| book.coupon(name, now)),
            counts,
            tallies,
        };
        ledger::grant(journal, wish, case.origin.clone())
    }

    /// What is counted of it, where the member and all budgets have room for the whole.
    fn count(
        &self,
        case: &Case<'_>,
        journal: &Journal,
        (rule, points): (&GrantRule, i64),
    ) -> Result<(Vec<Count>, Vec<Tally>), Refusal> {
        let (book, now) = (case.book, journal.now());
        let counted: &[Counted] = &case.recorded.tallies;
        let mut limits = Limits::new(book, journal.member(), now, now);
        if let Some(limit) = rule.limit {
            limits.allow_several(&format!("{GRANT}{}", self.grant), limit, 1)?;
        }
        for budget in &rule.budgets {
            let subject = self.subject(budget.of);
            let subject = subject
                .ok_or_else(|| Refusal::not_offered("grant of this name without store_id"))?;
            let of = match budget.of {
                GrantBudgetOf::Programme => "grant",
                GrantBudgetOf::Store => "store",
                GrantBudgetOf::Person => "person",
            };
            let has_room = limits.once_of(subject, (budget.times, budget.per), counted);
            has_room.ok_or_else(|| spent(of, budget.per))?;
        }
        if let Some(budget) = book.document.caps.budget.filter(|_| points > 0)
            && limits.budget(Some(budget), points, counted) < points
        {
            return Err(spent("programme", budget.per));
        }
        Ok(limits.into_counts(points, &[]))
    }
}

fn spent(of: &'static str, per: Per) -> Refusal {
    Refusal::BudgetSpent { of, per: per.as_str().to_owned() }
}

/// The same is granted again.
pub(crate) fn replay(entry: &Entry) -> ReplayStep {
    let What::Grant(Granted { grant, strategy }) = &entry.what else { return ReplayStep::Follows };
    ReplayStep::ask(Grant {
        grant: grant.clone(),
        strategy: strategy.clone(),
        store: entry.origin.store.clone(),
        by: entry.origin.actor.clone(),
        at_most: None,
    })
}
