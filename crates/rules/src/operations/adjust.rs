//! Points by hand: which reasons the rulebook knows, which roles have to approve how much, in all
//! of a day and a month, and how long granted points live.

use ledger::{
    AdjustmentTerms, ApprovalVerdict, Concern, Count, EntryId, Fault, Journal, Member, MemberId,
    Person, Refusal, Ruling, Stop, Tally, Undone, decide_request, local_date, request,
};

use crate::case::Case;
use crate::document::{ApprovalStep, Approvals, Multiples, Per};
use crate::operation::{Guards, Lots, Needs, Operation, Outcome, Stores};
use crate::rulebook::{DAY_MS, Rulebook};

/// Ask for an adjustment by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestAdjustment(pub NewAdjustment);

impl Operation for RequestAdjustment {
    fn name(&self) -> &'static str {
        "request_adjustment"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs { subjects: vec![person_subject(&self.0.by)], ..Needs::lots(Lots::None) }
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING.in_stores(Stores::Optional)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| ask(journal, case, &self.0, None))
    }
}

/// Ask for something else that moves points by hand; the adjustment tells how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestConcern(pub NewAdjustment, pub Concern);

impl Operation for RequestConcern {
    fn name(&self) -> &'static str {
        "request_concern"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs { subjects: vec![person_subject(&self.0.by)], ..Needs::lots(Lots::None) }
    }

    fn guards(&self) -> Guards {
        Guards::STAFF
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| ask(journal, case, &self.0, Some(&self.1)))
    }
}

/// Decide on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideAdjustment {
    /// The entry that made it.
    pub request: EntryId,
    /// What is decided.
    pub verdict: ApprovalVerdict,
    /// The person who decides.
    pub by: Person,
    /// As what.
    pub role: String,
}

impl Operation for DecideAdjustment {
    fn name(&self) -> &'static str {
        "decide_adjustment"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs { subjects: vec![person_subject(&self.by)], ..Needs::lots(Lots::First(64)) }
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING.in_stores(Stores::Optional)
    }

    fn allows(&self, _: &Case<'_>, member: &Member) -> Result<(), Refusal> {
        is_open(member, self.request)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone_at(own, |journal| {
            let Self { request, verdict, by, role } = self;
            let vote = Vote { request: *request, verdict: *verdict, by, role };
            decide(journal, case, &vote)?;
            // The last approval executes what was asked for, and that is the answer.
            journal.posted().checked_sub(1).ok_or(Fault::Request.into())
        })
    }
}

/// What is decided is decided once.
pub(super) fn is_open(member: &Member, request: EntryId) -> Result<(), Refusal> {
    member.request(request).map(drop).ok_or(Refusal::RequestResolved)
}

/// An adjustment that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAdjustment {
    /// Points to be granted, or (negative) taken; not 0.
    pub points: i64,
    /// Why, as one of the rulebook's codes.
    pub reason_code: String,
    /// What proves it.
    pub evidence: Option<String>,
    /// Name of the expiry policy of granted points; that of purchases when `None`.
    pub expiry: Option<String>,
    /// The person who asks.
    pub by: Person,
    /// The grant by hand that it undoes, and how many points that was.
    pub undoes: Option<(Undone, i64)>,
}

/// What a person decides on a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vote<'a> {
    pub(super) request: EntryId,
    pub(super) verdict: ApprovalVerdict,
    pub(super) by: &'a Person,
    /// The role in which the person decides.
    pub(super) role: &'a str,
}

/// What the counters of the programme count for a person who asks or approves.
#[must_use]
pub fn person_subject(person: &Person) -> String {
    format!("person:{}", person.label)
}

/// Counters are kept for the month before, as the server's clock may be set back.
const KEPT_MS: i64 = 32 * DAY_MS;

const MAX_COUNTED: i64 = 1_000_000_000_000;

/// What is counted of one kind in a day and a month. It is counted without a bound, too: one that
/// is published later holds for what was before.
struct Windows(Vec<Window>);

struct Window {
    per: Per,
    /// Which multiple of what a step is good for is the most; `None` is any number.
    multiple: Option<i64>,
    name: String,
    period: i32,
    keep_from: i32,
    /// What was counted before, and this.
    sum: i64,
}

impl Windows {
    /// `before` gives what a counter stands at.
    fn new(
        book: &Rulebook,
        journal: &Journal,
        multiples: Multiples,
        what: &str,
        points: i64,
        before: impl Fn(&str, i32) -> i64,
    ) -> Self {
        let now = journal.now();
        let mut windows = Vec::new();
        for (per, multiple) in [(Per::Day, multiples.day), (Per::Month, multiples.month)] {
            let number = |at| per.period(at, local_date(at, book.zone()));
            let (name, period) = (format!("{what}:{}", per.as_str()), number(now));
            let keep_from = number(now.plus_ms(-KEPT_MS));
            let sum = before(&name, period).saturating_add(points);
            windows.push(Window { per, multiple, name, period, keep_from, sum });
        }
        Self(windows)
    }

    /// Of the programme's counters for a person.
    fn of_person(
        case: &Case<'_>,
        journal: &Journal,
        multiples: Multiples,
        what: &str,
        points: i64,
        subject: &str,
    ) -> Self {
        let before = |name: &str, period: i32| {
            let found = case
                .recorded
                .tallies
                .iter()
                .find(|c| c.subject == subject && c.name == name && c.period == period);
            found.map_or(0, |counted| counted.amount)
        };
        Self::new(case.book, journal, multiples, what, points, before)
    }

    /// Of the member's own counters.
    fn of_member(book: &Rulebook, journal: &Journal, points: i64) -> Self {
        let before = |name: &str, period: i32| journal.member().counted(name, period).1;
        Self::new(book, journal, book.document.approvals.totals.member, "adjusted", points, before)
    }

    /// The first period in which more is counted than a step up to `most` is good for.
    fn exceeded(&self, of: &'static str, most: i64) -> Option<Refusal> {
        self.0.iter().find_map(|window| {
            let most = most.saturating_mul(window.multiple?);
            (window.sum > most).then_some(Refusal::ApprovalsExceeded {
                of,
                per: window.per.as_str(),
                most,
            })
        })
    }

    /// `most` is what a step is good for; any number when `None`.
    fn tallies(self, subject: &str, points: i64, most: Option<i64>) -> Vec<Tally> {
        let tally = |window: Window| Tally {
            subject: subject.to_owned(),
            name: window.name,
            period: window.period,
            keep_from: window.keep_from,
            amount: points,
            most: most.zip(window.multiple).map(|(most, multiple)| most.saturating_mul(multiple)),
        };
        self.0.into_iter().map(tally).collect()
    }

    fn counts(self, points: i64) -> Vec<Count> {
        let count = |window: Window| Count {
            counter: window.name,
            period: window.period,
            keep_from: window.keep_from,
            times: 1,
            points,
        };
        self.0.into_iter().map(count).collect()
    }
}

fn size(points: i64) -> i64 {
    i64::try_from(points.unsigned_abs()).unwrap_or(i64::MAX)
}

/// What counters count of it: no number of adjustments brings them beyond what can be counted.
fn counted(points: i64) -> i64 {
    size(points).min(MAX_COUNTED)
}

/// The first step that is good for these points, and for what else was approved of the member and
/// asked for by the person.
fn step<'a>(
    approvals: &'a Approvals,
    points: i64,
    windows: &[&Windows],
) -> Result<&'a ApprovalStep, Fault> {
    let is_enough = |step: &&ApprovalStep| {
        let fits = |most: i64| {
            points <= most && windows.iter().all(|windows| windows.exceeded("", most).is_none())
        };
        step.up_to.is_none_or(fits)
    };
    approvals.steps.iter().find(is_enough).ok_or(Fault::Draft)
}

/// What approvals by these roles are good for at once; any number when `None`. Steps that the
/// rulebook has no more are good for what was asked for.
fn good_for(approvals: &Approvals, terms: &AdjustmentTerms) -> Option<i64> {
    let same = approvals.steps.iter().filter(|step| step.roles == terms.steps);
    let most = same.map(|step| step.up_to.unwrap_or(i64::MAX)).max();
    let most = most.unwrap_or(0).max(size(terms.points));
    (most < i64::MAX).then_some(most)
}

/// Posts the request, with the approvals that its size takes, and what else there was.
fn ask(
    journal: &mut Journal,
    case: &Case<'_>,
    wish: &NewAdjustment,
    concern: Option<&Concern>,
) -> Result<EntryId, Stop> {
    let (book, now) = (case.book, journal.now());
    if let Some((_, left)) =
        wish.undoes.filter(|(_, granted)| wish.points.saturating_neg() > *granted)
    {
        return Err(Refusal::MoreThanLeft { line: None, left }.into());
    }
    let approvals = &book.document.approvals;
    let is_known = approvals.reasons.is_empty() || approvals.reasons.contains(&wish.reason_code);
    if concern.is_none() && !is_known {
        return Err(Refusal::UnknownReason { reason: wish.reason_code.clone() }.into());
    }
    if matches!(concern, Some(Concern::Merge(from)) if *from == journal.member().id) {
        return Err(Refusal::SameMember.into());
    }
    let policy = match &wish.expiry {
        None => Some(&book.purchase.expiry),
        Some(name) => book.policies.get(name),
    };
    let Some(policy) = policy else {
        return Err(
            Refusal::UnknownPolicy { policy: wish.expiry.clone().unwrap_or_default() }.into()
        );
    };
    let (points, subject) = (counted(wish.points), person_subject(&wish.by));
    let multiples = approvals.totals.requester;
    let of_person = Windows::of_person(case, journal, multiples, "requested", points, &subject);
    let of_member = Windows::of_member(book, journal, points);
    let step = step(approvals, size(wish.points), &[&of_person, &of_member])?;
    let tallies = of_person.tallies(&subject, points, step.up_to);
    let terms = AdjustmentTerms {
        points: wish.points,
        reason_code: wish.reason_code.clone(),
        // Told on the day of the request, so that an approver sees it.
        expires_at: policy
            .expires_at(now, book.zone())
            .filter(|_| wish.points > 0 && concern.is_none()),
        steps: step.roles.clone(),
        until: now.plus_ms(i64::from(approvals.days) * DAY_MS),
        undoes: wish.undoes.map(|(undone, _)| undone),
        concern: concern.cloned(),
    };
    let (evidence, by) = (wish.evidence.clone(), wish.by.clone());
    request(journal, terms, evidence, by, tallies, case.origin.clone())
}

/// Posts the decision on a request; an approval counts for the person who approves, the last one
/// for the member, too.
pub(super) fn decide(
    journal: &mut Journal,
    case: &Case<'_>,
    vote: &Vote<'_>,
) -> Result<EntryId, Stop> {
    let (book, Vote { request, verdict, by, role }) = (case.book, *vote);
    let (mut exceeded, mut counts) = (None, (Vec::new(), Vec::new()));
    let open = journal.member().request(request).filter(|_| verdict == ApprovalVerdict::Approve);
    if let Some(open) = open {
        let (points, most) =
            (counted(open.terms.points), good_for(&book.document.approvals, &open.terms));
        let subject = person_subject(by);
        let multiples = book.document.approvals.totals.approver;
        let of_approver =
            Windows::of_person(case, journal, multiples, "approved", points, &subject);
        let of_member = Windows::of_member(book, journal, points);
        let is_last = open.approvals.len() + 1 == open.terms.steps.len();
        exceeded = most.and_then(|most| {
            let of_member = of_member.exceeded("member", most).filter(|_| is_last);
            of_approver.exceeded("approver", most).or(of_member)
        });
        let of_member = if is_last { of_member.counts(points) } else { Vec::new() };
        counts = (of_member, of_approver.tallies(&subject, points, most));
    }
    let ruling = Ruling {
        request,
        verdict,
        by: by.clone(),
        role: role.to_owned(),
        exceeded,
        counted: counts,
    };
    decide_request(journal, ruling, book.first_in_first_out(), case.origin.clone())
}

/// Whether more points move than the request that was approved of is good for, as accounts go on
/// while a request waits.
pub(super) fn goes_too_far(
    book: &Rulebook,
    terms: &AdjustmentTerms,
    points: i64,
) -> Option<Refusal> {
    let most = good_for(&book.document.approvals, terms)?;
    (points > most).then_some(Refusal::ApprovalsExceeded { of: "request", per: "", most })
}
