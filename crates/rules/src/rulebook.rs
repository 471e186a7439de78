//! A validated rulebook in the form that decisions use: names resolved, decimals read, the zone at
//! hand.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Currency, ExpiryPolicy, Fault, Journal, Lot, LotDates, LotState, Member, Rate, Redeem,
    Rounding, Shortfall, Timestamp, Zone, from_day_number, last_valid_day,
};

use crate::condition::{Condition, Conditions, LISTS, Scope};
use crate::document::{
    Benefit, CapOf, Consumption, Document, Downgrade, GrantRule, Limit, PurchaseCoupon,
    QualifyingPeriod, Retention, StepUp, TierBasis,
};
use crate::earning::Rule;
use crate::limits::{BUDGET, GRANT, subject_of};
use crate::operations::exchange;
use crate::tiers::TIER_GIFT;

pub(crate) const DAY_MS: i64 = 24 * 3600 * 1000;

/// The rules of one programme, ready to decide with. Made by [`Rulebook::new`] only, so it is
/// always consistent.
#[derive(Debug, Clone)]
pub struct Rulebook {
    pub(crate) version: i64,
    /// The document as it was published. What needs no reading is read here.
    pub(crate) document: Document,
    pub(crate) currency: Currency,
    pub(crate) zone: Zone,
    pub(crate) rounding: Rounding,
    pub(crate) purchase: Purchase,
    pub(crate) actions: BTreeMap<String, Action>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) conditions: Conditions,
    /// Whether some condition asks for what the member has spent or grown.
    pub(crate) asks_for_qualification: bool,
    pub(crate) ladder: Option<Ladder>,
    /// Ascending, without repeats.
    pub(crate) reminder_days: Vec<u32>,
    pub(crate) returns: ReturnRules,
    pub(crate) accepts: BTreeMap<String, Acceptance>,
    /// By name.
    pub(crate) policies: BTreeMap<String, ExpiryPolicy>,
}

/// What points of another programme become here.
#[derive(Debug, Clone)]
pub(crate) struct Acceptance {
    pub(crate) rate: Rate,
    /// `None` where they keep their dates.
    pub(crate) expiry: Option<ExpiryPolicy>,
}

#[derive(Debug, Clone)]
pub(crate) struct ReturnRules {
    pub(crate) shortfall: Shortfall,
    pub(crate) grace: Option<ExpiryPolicy>,
}

#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    pub(crate) points_per_unit: Rate,
    pub(crate) growth_per_unit: Rate,
    /// Which lines earn.
    pub(crate) lines: Option<Condition>,
    pub(crate) points_per_day: Option<i64>,
    pub(crate) expiry: ExpiryPolicy,
    pub(crate) availability: Availability,
    pub(crate) coupon: Option<PurchaseCoupon>,
}

#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) points: i64,
    pub(crate) growth: i64,
    pub(crate) limit: Option<Limit>,
    pub(crate) device_limit: Option<Limit>,
    pub(crate) expiry: ExpiryPolicy,
    pub(crate) availability: Availability,
    pub(crate) coupon: Option<String>,
}

/// From when on the points of a rule can be spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Availability {
    AtOnce,
    /// From the day after the last pending one, which is counted as the last valid day of a policy
    /// is.
    After(ExpiryPolicy),
    /// When somebody says so.
    OnActivation,
}

impl Availability {
    /// From when on what is earned at `occurred_at` and recorded at `now` can be spent.
    /// [`Timestamp::LAST`] is never by the clock.
    pub(crate) fn available_at(
        &self,
        occurred_at: Timestamp,
        now: Timestamp,
        zone: Zone,
    ) -> Timestamp {
        match self {
            // A till whose clock runs ahead must not keep anybody from spending.
            Self::AtOnce => occurred_at.min(now),
            Self::After(pending) => {
                pending.expires_at(occurred_at, zone).unwrap_or(Timestamp::LAST)
            }
            Self::OnActivation => Timestamp::LAST,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Ladder {
    pub(crate) basis: TierBasis,
    /// How many orders an average takes before it counts.
    pub(crate) minimum_orders: u32,
    pub(crate) period: QualifyingPeriod,
    /// Which lines count.
    pub(crate) lines: Option<Condition>,
    pub(crate) downgrade: Downgrade,
    pub(crate) grace_days: u32,
    pub(crate) gift_expiry: ExpiryPolicy,
    pub(crate) levels: Vec<Level>,
}

/// One level of the tier ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Its name.
    pub id: String,
    /// From which value of the basis on.
    pub from: i64,
    /// Or from which growth on.
    pub or_growth: Option<i64>,
    /// Multiplies what purchases earn.
    pub multiplier: Rate,
    /// Points given when it is reached.
    pub gift_points: i64,
    /// The kind of coupon given when it is reached.
    pub gift_coupon: Option<String>,
}

impl Rulebook {
    /// What a level gives besides points.
    #[must_use]
    pub fn benefits(&self, tier: &str) -> &[Benefit] {
        let mut levels = self.document.tiers.iter().flat_map(|tiers| &tiers.levels);
        levels.find(|level| level.id == tier).map_or(&[], |level| &level.benefits)
    }

    /// The roles that approve of so many points, in order, and for how many days they can. Where
    /// levels are given, too, one of them is at least a department head, as for a level set by
    /// hand.
    #[must_use]
    pub fn approvers(&self, points: i64, gives_levels: bool) -> (&[String], u32) {
        let heads = ["department_head", "vice_president"];
        let is_enough = |step: &&crate::document::ApprovalStep| {
            let is_head = step.roles.iter().any(|role| heads.contains(&role.as_str()));
            step.up_to.is_none_or(|most| points <= most) && (is_head || !gives_levels)
        };
        let approvals = &self.document.approvals;
        let step = approvals.steps.iter().find(is_enough).or(approvals.steps.last());
        (step.map_or(&[], |step| step.roles.as_slice()), approvals.days)
    }

    /// The code of the country that telephone numbers are from which do not tell.
    #[must_use]
    pub fn country_code(&self) -> Option<&str> {
        self.document.members.country_code.as_deref()
    }

    /// The last local day on which what ends at that instant can be used: `2026-12-31`.
    #[must_use]
    pub fn last_day(&self, expires_at: Timestamp) -> String {
        last_valid_day(expires_at, self.zone()).to_string()
    }

    /// The version it was published as.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The programme's zone.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// What may be granted, by its name.
    #[must_use]
    pub fn grants(&self) -> &BTreeMap<String, GrantRule> {
        &self.document.grants
    }

    /// What members must show a second proof for when they spend.
    #[must_use]
    pub fn step_up(&self) -> Option<StepUp> {
        self.document.risk.step_up
    }

    /// Codes for such proofs that all members get within an hour.
    #[must_use]
    pub fn codes_per_hour(&self) -> i64 {
        let told = self.step_up().and_then(|step_up| step_up.codes_per_hour);
        told.unwrap_or(StepUp::CODES_PER_HOUR)
    }

    /// Local days from `from` to `until`, as numbers since 1970-01-01, on which points of very many
    /// members may end at once: the dates and the ends of periods that expiry policies name.
    #[must_use]
    pub fn shared_ends(&self, from: i32, until: i32) -> BTreeSet<i32> {
        let is_one = |day: &i32| {
            let date = from_day_number(*day);
            self.policies.values().any(|policy| policy.ends_for_all(date))
        };
        (from..=until).filter(is_one).collect()
    }

    /// The programme's currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// True when points are spent in plain order of earning, which needs every open lot at hand.
    #[must_use]
    pub fn first_in_first_out(&self) -> bool {
        self.document.consumption == Consumption::FirstInFirstOut
    }

    /// How long points from this source (an event, or `rule:` and a rule's name) live; `None` when
    /// the rulebook does not know it.
    #[must_use]
    pub fn expiry(&self, source: &str) -> Option<&ExpiryPolicy> {
        self.life(source).map(|(expiry, _)| expiry)
    }

    /// Whether activity moves the end of some points on, which takes every open lot.
    #[must_use]
    pub fn slides(&self) -> bool {
        self.policies.values().any(|policy| matches!(policy, ExpiryPolicy::Sliding { .. }))
    }

    /// The policy of a lot from this source, gifts of tiers, grants and what came from other
    /// programmes too.
    pub(crate) fn policy_of(&self, source: &str) -> Option<&ExpiryPolicy> {
        if let Some(grant) = source.strip_prefix(GRANT) {
            return self.policies.get(self.document.grants.get(grant)?.expiry.as_ref()?);
        }
        if let Some(programme) = source.strip_prefix(exchange::SOURCE) {
            return self.accepts.get(programme)?.expiry.as_ref();
        }
        let of_gift = || {
            self.ladder.as_ref().map(|ladder| &ladder.gift_expiry).filter(|_| source == TIER_GIFT)
        };
        self.expiry(source).or_else(of_gift)
    }

    /// A wish to spend points: in the order of the rulebook, by a member who is active by that.
    pub(crate) fn spend(&self, journal: &Journal, points: i64) -> Result<Redeem, Fault> {
        let extends = self.extended(journal.member(), journal.now(), journal.now())?;
        Ok(Redeem {
            points,
            first_in_first_out: self.first_in_first_out(),
            payment: None,
            of: None,
            lines: Vec::new(),
            extends,
        })
    }

    /// The new ends of lots that live on, as the member was active at that instant. A [`Fault`]
    /// where not all lots are at hand: the caller has to load them.
    pub(crate) fn extended(
        &self,
        member: &Member,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<LotDates>, Fault> {
        if !self.slides() {
            return Ok(Vec::new());
        }
        if !member.lots_complete {
            return Err(Fault::Lot);
        }
        let lots = member.lots.iter().filter(|lot| lot.state(now) == LotState::Active);
        let extended = |lot: &Lot| {
            let policy = self
                .policy_of(&lot.source)
                .filter(|policy| matches!(policy, ExpiryPolicy::Sliding { .. }))?;
            let expires_at = policy.expires_at(at, self.zone);
            let is_later =
                expires_at.is_some_and(|end| lot.expires_at.is_some_and(|before| before < end));
            is_later.then_some(LotDates {
                number: lot.number,
                available_at: lot.available_at,
                expires_at,
            })
        };
        let mut extended: Vec<LotDates> = lots.filter_map(extended).collect();
        extended.sort_by_key(|dates| dates.number);
        Ok(extended)
    }

    /// Whether something that an event earns can be spent only once somebody activates it.
    pub(crate) fn waits_for_activation(&self, event: &str) -> bool {
        let own = self.life(event).into_iter();
        let lives = own
            .chain(self.rules_of(event).filter_map(|rule| rule.life.as_ref().map(|(e, a)| (e, a))));
        lives.into_iter().any(|(_, availability)| *availability == Availability::OnActivation)
    }

    pub(crate) fn life(&self, source: &str) -> Option<(&ExpiryPolicy, &Availability)> {
        if let Some(id) = source.strip_prefix("rule:") {
            let life = self.rules.iter().find(|rule| rule.id == id)?.life.as_ref();
            return life.map(|(expiry, availability)| (expiry, availability));
        }
        match source {
            "purchase" => Some((&self.purchase.expiry, &self.purchase.availability)),
            action => self.actions.get(action).map(|rule| (&rule.expiry, &rule.availability)),
        }
    }

    /// The conditions of its rules, as they are published with it.
    #[must_use]
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Every condition as often as something asks it.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &Condition> {
        let of_lines = [
            self.purchase.lines.as_ref(),
            self.ladder.as_ref().and_then(|ladder| ladder.lines.as_ref()),
        ];
        let of_rules = self.rules.iter().flat_map(|rule| rule.when.iter().chain(&rule.lines));
        of_lines.into_iter().flatten().chain(of_rules)
    }

    /// How long what is no entry is kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        self.document.retention
    }

    /// What the conditions that are asked for an event take at most, in steps, by their places in
    /// the document.
    pub(crate) fn asked_for(&self, event: &str) -> Vec<(String, u64)> {
        let mut asked = Vec::new();
        if event == "purchase" {
            let of = |lines: Option<&Condition>| lines.map(|lines| lines.steps(Scope::Line));
            asked.extend(
                of(self.purchase.lines.as_ref()).map(|steps| ("/purchase/lines".to_owned(), steps)),
            );
            // Once for what counts, once for what does not.
            let ladder = of(self.ladder.as_ref().and_then(|ladder| ladder.lines.as_ref()));
            asked.extend(ladder.map(|steps| ("/tiers/lines".to_owned(), steps.saturating_mul(2))));
        }
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.event == event) {
            let when = rule.when.iter().map(|when| when.steps(Scope::Event));
            let lines = rule.lines.iter().map(|lines| lines.steps(Scope::Line));
            asked.push((format!("/rules/{index}"), when.chain(lines).fold(0, u64::saturating_add)));
        }
        asked
    }

    /// The event whose conditions take most, and how many steps they take at most.
    #[must_use]
    pub fn condition_steps(&self) -> (String, u64) {
        let events = std::iter::once("purchase").chain(self.actions.keys().map(String::as_str));
        let steps = |event: &str| {
            self.asked_for(event).iter().map(|(_, steps)| *steps).fold(LISTS, u64::saturating_add)
        };
        let all = events.map(|event| (event.to_owned(), steps(event)));
        all.max_by_key(|(_, steps)| *steps).unwrap_or_default()
    }

    /// Whether some condition asks for what the merchant told about the member.
    #[must_use]
    pub fn asks_for_profile(&self) -> bool {
        self.conditions.iter().any(Condition::asks_for_profile)
    }

    /// The tags that its conditions look for by their names, each with the first place in the
    /// document that does.
    #[must_use]
    pub fn tags_named(&self) -> BTreeMap<String, String> {
        let ladder = self.ladder.as_ref().and_then(|ladder| ladder.lines.as_ref());
        let of = |lines: Option<&Condition>| lines.map(Condition::tags).unwrap_or_default();
        let mut named = BTreeMap::new();
        let mut add = |place: &str, tags: &mut dyn Iterator<Item = String>| {
            tags.for_each(|tag| {
                named.entry(tag).or_insert_with(|| place.to_owned());
            });
        };
        add("/purchase/lines", &mut of(self.purchase.lines.as_ref()).into_iter());
        add("/tiers/lines", &mut of(ladder).into_iter());
        for (index, rule) in self.rules.iter().enumerate() {
            add(&format!("/rules/{index}"), &mut rule.tags.iter().cloned());
        }
        named
    }

    /// The counters of the programme that are its budgets.
    #[must_use]
    pub fn budgets(&self) -> Vec<String> {
        let is_budget = |rule: &&Rule| rule.caps.iter().any(|cap| cap.of == CapOf::Programme);
        let rules = self.rules.iter().filter(is_budget).map(|rule| subject_of(&rule.id));
        self.document.caps.budget.iter().map(|_| BUDGET.to_owned()).chain(rules).collect()
    }

    /// Where the document limits what members or devices share, as JSON pointers: what a member
    /// that is told alone cannot be held to.
    #[must_use]
    pub fn shared_limits(&self) -> Vec<String> {
        let budget = self.document.caps.budget.iter().map(|_| "/caps/budget".to_owned());
        let actions = self.actions.iter().filter(|(_, action)| action.device_limit.is_some());
        let actions = actions.map(|(name, _)| format!("/actions/{name}/device_limit"));
        let is_shared = |rule: &&Rule| rule.caps.iter().any(|cap| cap.of != CapOf::Member);
        let rules =
            self.rules.iter().filter(is_shared).map(|rule| format!("/rules/{}/caps", rule.id));
        let grants = self.document.grants.iter().filter(|(_, rule)| !rule.budgets.is_empty());
        let grants = grants.map(|(name, _)| format!("/grants/{name}/budgets"));
        budget.chain(actions).chain(rules).chain(grants).collect()
    }

    /// What points are worth at the common price, in minor units of the currency, rounded down;
    /// `None` where no order can be paid with them.
    #[must_use]
    pub fn worth_minor(&self, points: i128) -> Option<i128> {
        let per_unit = self.document.redemption.as_ref()?.points_per_unit;
        10i128
            .checked_pow(self.currency.decimals())?
            .checked_mul(points)?
            .checked_div(per_unit.into())
    }

    /// The earliest instant that an event reported now may have happened at.
    pub(crate) fn earliest(&self, now: Timestamp) -> Timestamp {
        now.plus_ms(-i64::from(self.document.accept_late_days) * DAY_MS)
    }

    /// The most days before expiry at which a reminder is due; `None` without reminders.
    #[must_use]
    pub fn longest_reminder_days(&self) -> Option<u32> {
        self.reminder_days.last().copied()
    }

    /// The levels of the tier ladder, lowest first.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        self.ladder.as_ref().map_or(&[], |ladder| &ladder.levels)
    }
}
