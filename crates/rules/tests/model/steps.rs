//! What happens next in a history: an instant, a command and the reference it bears.

use chrono::Duration;
use ledger::{
    ApprovalVerdict, Currency, Entry, EntryId, Frozen, Kind, LotNumber, Member, MemberId, Money,
    Person, Timestamp,
};
use rules::operations::{self, Activation, NewAdjustment, ReturnScope, Stolen, ToReverse};
use rules::{Case, EarnEvent, Line, Operation, Outcome, Promise};

use crate::calendar::{DAY_MS, add_months, first_instant};
use crate::history::History;
use crate::random::Random;

const HOUR: i64 = 3_600_000;

/// What the model asks for, as values that its reference can tell apart. What concerns several
/// members, and members that move in, have tests of their own.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Earn(EarnEvent),
    Redeem { points: i64 },
    Donate { charity: String, points: i64 },
    Grant { name: String },
    Hold { points: i64, minutes: u32 },
    PayLines { lines: Vec<(String, i64, i64)>, minutes: Option<u32> },
    RedeemReward { reward: String, quantity: i64 },
    PayWithPoints { order: Money, most: Option<i64>, minutes: Option<u32> },
    RedeemCoupon { code: String, lines: Vec<Line>, of: Option<MemberId> },
    CancelCoupon { code: String },
    RestoreCoupon { used: Box<Entry> },
    Capture { hold: EntryId, points: Option<i64> },
    Release { hold: EntryId },
    Reverse(Option<Box<ToReverse>>),
    RequestAdjustment(NewAdjustment),
    DecideAdjustment { request: EntryId, verdict: ApprovalVerdict, by: Person, role: String },
    Activate(Option<Activation>),
    Freeze(Frozen),
    Restore(Frozen),
    ApproveReview { earn: EntryId, occurred_at: Timestamp, promises: Vec<(LotNumber, Promise)> },
    RejectReview(Box<ToReverse>),
    Recover(Vec<Stolen>),
    Erase,
    Enrol,
    Settle,
    Upgrade,
    Remind,
}

impl Command {
    fn operation(&self) -> Box<dyn Operation> {
        match self.clone() {
            Self::Earn(it) => Box::new(operations::Earn(it)),
            Self::Redeem { points } => Box::new(operations::Redeem { points }),
            Self::Donate { charity, points } => Box::new(operations::Donate { charity, points }),
            Self::Grant { name: grant } => {
                let by = "till".to_owned();
                Box::new(operations::Grant {
                    grant,
                    strategy: None,
                    store: None,
                    by,
                    at_most: None,
                })
            }
            Self::Hold { points, minutes } => Box::new(operations::Hold { points, minutes }),
            Self::PayLines { lines, minutes } => Box::new(operations::PayLines { lines, minutes }),
            Self::RedeemReward { reward, quantity } => {
                Box::new(operations::RedeemReward { reward, quantity })
            }
            Self::PayWithPoints { order, most, minutes } => {
                Box::new(operations::PayWithPoints { order, most, minutes })
            }
            Self::RedeemCoupon { code, lines, of } => {
                Box::new(operations::RedeemCoupon { code, lines, of })
            }
            Self::CancelCoupon { code } => Box::new(operations::CancelCoupon { code }),
            Self::RestoreCoupon { used } => Box::new(operations::RestoreCoupon { used }),
            Self::Capture { hold, points } => Box::new(operations::Capture { hold, points }),
            Self::Release { hold } => Box::new(operations::Release { hold }),
            Self::Reverse(it) => Box::new(operations::Reverse(it)),
            Self::RequestAdjustment(it) => Box::new(operations::RequestAdjustment(it)),
            Self::DecideAdjustment { request, verdict, by, role } => {
                Box::new(operations::DecideAdjustment { request, verdict, by, role })
            }
            Self::Activate(it) => Box::new(operations::Activate(it)),
            Self::Freeze(it) => Box::new(operations::Freeze(it)),
            Self::Restore(it) => Box::new(operations::Restore(it)),
            Self::ApproveReview { earn, occurred_at, promises } => {
                Box::new(operations::ApproveReview { earn, occurred_at, promises })
            }
            Self::RejectReview(it) => Box::new(operations::RejectReview(it)),
            Self::Recover(it) => Box::new(operations::Recover(it)),
            Self::Erase => Box::new(operations::Erase),
            Self::Enrol => Box::new(operations::Enrol),
            Self::Settle => Box::new(operations::Settle),
            Self::Upgrade => Box::new(operations::Upgrade),
            Self::Remind => Box::new(operations::Remind),
        }
    }

    pub fn decide(&self, case: &Case<'_>, member: Member) -> Outcome {
        rules::decide(&*self.operation(), case, member)
    }
}

pub fn next_instant(history: &mut History) -> i64 {
    let now = history.now;
    let zone = history.reference.zone;
    match history.random.below(100) {
        0..25 => now + history.random.below(5_000),
        25..40 => now + history.random.below(12 * HOUR),
        40..55 => now + history.random.below(5 * DAY_MS),
        55..90 => boundary(history),
        90..95 => {
            let months = history.random.between(1, 14) as u32;
            first_instant(add_months(history.today(), months), zone) + history.random.below(DAY_MS)
        }
        // The server's clock is set back a little.
        95..97 => now - history.random.below(HOUR),
        _ => now,
    }
}

/// Just before, at or just after an instant at which something changes by the clock.
fn boundary(history: &mut History) -> i64 {
    let reference = &history.reference;
    let (now, today, zone) = (history.now, history.today(), reference.zone);
    let mut instants = Vec::new();
    for lot in reference.lots.iter().filter(|lot| lot.remaining > 0) {
        instants.extend(lot.expires_at);
        instants.push(lot.available_at);
        instants.extend(reference.stages(&history.document, lot));
    }
    instants.extend(reference.holds.iter().map(|hold| hold.until));
    instants.extend(reference.requests.iter().map(|request| request.until));
    instants.extend(reference.tier.as_ref().and_then(|tier| tier.until));
    for days in [1, 2] {
        instants.push(first_instant(today + Duration::days(days), zone));
    }
    instants.push(first_instant(add_months(today, 1), zone));
    instants.retain(|at| (now + 1..now + 500 * DAY_MS).contains(at));
    instants.sort_unstable();
    // Near ones more often, or a history would soon be over for all lots.
    let most = if history.random.chance(70) { 3 } else { instants.len() };
    instants.truncate(most);
    let at = *history.random.pick(&instants);
    at + history.random.pick(&[-1, -1, 0, 0, 0, 1, 1, -HOUR, HOUR])
}

pub fn command(history: &mut History) -> Command {
    // What is open is decided while it is, or most of it would only time out.
    let row = &history.store.row;
    let (asked, frozen) = (!row.requests.is_empty() || !row.reviews.is_empty(), row.frozen.any());
    if asked && history.random.chance(15) {
        return if history.store.row.requests.is_empty() {
            risk(history)
        } else {
            adjustment(history)
        };
    }
    if frozen && history.random.chance(10) {
        return risk(history);
    }
    if history.random.below(400) == 0 {
        return Command::Erase;
    }
    // What comes back may be given again, mostly on the same day.
    match history.store.entries.last().map(|entry| entry.kind()) {
        Some(Kind::Donate) if history.random.chance(30) => {
            return Command::Reverse(returned_donation(history).map(Box::new));
        }
        Some(Kind::Donate | Kind::Reverse) if history.random.chance(30) => {
            return donation(history);
        }
        _ => {}
    }
    match history.random.below(100) {
        0..26 => Command::Earn(purchase(history)),
        26..41 => Command::Earn(action(history)),
        41..47 => Command::Redeem { points: points(history) },
        47..49 => pay_lines(history),
        49..56 => spending(history),
        56..60 => Command::Hold {
            points: points(history),
            minutes: *history.random.pick(&[1, 30, 30, 1_440, 43_200]),
        },
        60..67 => resolution(history),
        67..76 => Command::Reverse(reverse(history).map(Box::new)),
        76..82 => adjustment(history),
        82..84 => Command::Activate(activation(history)),
        84..87 => risk(history),
        87..90 => donation(history),
        90..91 => Command::Settle,
        91..94 => Command::Remind,
        94..96 => Command::Upgrade,
        96..99 => {
            let name = *history.random.pick(&["birthday", "birthday", "welcome", "jubilee"]);
            Command::Grant { name: name.to_owned() }
        }
        _ => Command::Enrol,
    }
}

/// A new document, one that was recorded before (a duplicate or a retry under another key), or
/// none. Jobs have none.
pub fn reference(history: &mut History, command: &Command) -> Option<String> {
    if let Command::Capture { hold, .. } = command {
        let placed = history.store.entries.iter().find(|entry| entry.id == *hold);
        return placed
            .and_then(|entry| entry.origin.reference.as_ref())
            .map(|reference| reference.to_string());
    }
    match history.random.below(10) {
        // One earn may be activated once only, and refuses itself; so does a hold that is given up.
        _ if matches!(
            command,
            Command::Activate(_)
                | Command::Release { .. }
                | Command::DecideAdjustment { .. }
                | Command::Freeze(_)
                | Command::Restore(_)
                | Command::ApproveReview { .. }
                | Command::RejectReview(_)
                | Command::Recover(_)
                | Command::Erase
                | Command::RedeemCoupon { .. }
                | Command::CancelCoupon { .. }
                | Command::RestoreCoupon { .. }
                | Command::Settle
                | Command::Remind
                | Command::Upgrade
        ) =>
        {
            None
        }
        0..4 => Some(format!("order-{}", history.random.below(1_000_000))),
        4 => {
            let known: Vec<String> =
                history.store.used.keys().map(|(_, document)| document.clone()).collect();
            let held = history.store.row.holds.iter().filter_map(|hold| hold.reference.as_ref());
            let known: Vec<String> =
                known.into_iter().chain(held.map(ToString::to_string)).collect();
            (!known.is_empty()).then(|| history.random.pick(&known).clone())
        }
        _ => None,
    }
}

/// The caller. The one that reported an earn may not decide on it.
pub fn actor(history: &mut History, command: &Command) -> &'static str {
    let is_decision = matches!(command, Command::ApproveReview { .. } | Command::RejectReview(_));
    if is_decision && history.random.chance(90) { "clerk" } else { "till" }
}

/// What becomes of a hold, more often of an open one.
fn resolution(history: &mut History) -> Command {
    let open: Vec<EntryId> = history.store.row.holds.iter().map(|hold| hold.id).collect();
    let placed = history.store.entries.iter().filter(|entry| entry.kind() == Kind::Hold);
    let all: Vec<EntryId> = placed.map(|entry| entry.id).collect();
    let random = &mut history.random;
    let ids = if open.is_empty() || random.chance(15) { all } else { open };
    if ids.is_empty() {
        return Command::Hold { points: points(history), minutes: 30 };
    }
    let hold = *random.pick(&ids);
    let held = history
        .store
        .row
        .hold(hold)
        .map_or(1, |hold| hold.lots.iter().map(|lot| lot.points).sum::<i64>());
    let random = &mut history.random;
    match random.below(10) {
        0..3 => Command::Release { hold },
        3..6 => Command::Capture { hold, points: None },
        6..9 => Command::Capture { hold, points: Some(random.between(1, held)) },
        _ => Command::Capture { hold, points: Some(held + 1) },
    }
}

/// Something from the catalogue, an order paid with points, or a coupon, more often an open one.
fn spending(history: &mut History) -> Command {
    let codes: Vec<String> =
        history.store.row.coupons.iter().map(|coupon| coupon.code.clone()).collect();
    let used = recent(history, &[Kind::CouponRedeem]);
    let random = &mut history.random;
    let what = random.below(10);
    if what < 3 {
        let reward =
            (*random.pick(&["rare", "rare", "coupon", "coupon", "gone", "none"])).to_owned();
        return Command::RedeemReward { reward, quantity: *random.pick(&[1, 1, 1, 2, 5]) };
    }
    if what < 5 {
        let currency =
            Currency::new(if random.chance(3) { "XAU" } else { &history.document.currency })
                .unwrap();
        let most = *random.pick(&[100, 5_000, 200_000]);
        let order = Money { amount_minor: random.below(most), currency };
        let most = *random.pick(&[None, None, Some(1), Some(30)]);
        return Command::PayWithPoints {
            order,
            most,
            minutes: *random.pick(&[None, None, Some(30)]),
        };
    }
    if !used.is_empty() && random.chance(25) {
        return Command::RestoreCoupon { used: Box::new(random.pick(&used).clone()) };
    }
    let unknown = codes.is_empty() || random.chance(5);
    let code = if unknown { "0000000000000000".to_owned() } else { random.pick(&codes).clone() };
    if random.chance(25) {
        return Command::CancelCoupon { code };
    }
    Command::RedeemCoupon { code, lines: purchase(history).lines, of: None }
}

/// A freeze or its end, a decision on an earn that looks odd, more often an open one, or what a
/// thief spent.
fn risk(history: &mut History) -> Command {
    let open: Vec<EntryId> = history.store.row.reviews.iter().map(|open| open.earn).collect();
    let frozen = history.store.row.frozen.any();
    let sides = |random: &mut Random| {
        let (earning, spending) = *random.pick(&[(true, false), (false, true), (true, true)]);
        Frozen { earning, spending }
    };
    match history.random.below(10) {
        // Nobody is frozen for long, or little else would happen.
        _ if frozen && history.random.chance(60) => Command::Restore(sides(&mut history.random)),
        0 => Command::Freeze(sides(&mut history.random)),
        1 => Command::Restore(sides(&mut history.random)),
        2 => {
            let mut stolen = recent(history, &[Kind::Redeem, Kind::Donate, Kind::Capture]);
            stolen.truncate(3);
            let stolen = stolen
                .iter()
                .map(|entry| Stolen { redemption: history.store.redemption(entry), received: None })
                .collect();
            Command::Recover(stolen)
        }
        _ => {
            let earns = recent(history, &[Kind::Earn]);
            let waiting =
                earns.iter().filter(|entry| open.contains(&entry.id)).cloned().collect::<Vec<_>>();
            let choice = if waiting.is_empty() { earns } else { waiting };
            if choice.is_empty() {
                return Command::Freeze(sides(&mut history.random));
            }
            let earn = history.random.pick(&choice).clone();
            if history.random.chance(40) {
                let wish = ToReverse { earn: Some(earn), ..ToReverse::default() };
                return Command::RejectReview(Box::new(wish));
            }
            let book = &history.published[usize::try_from(earn.rulebook_version).unwrap() - 1];
            let promises = earn
                .lots
                .grants
                .iter()
                .map(|lot| (lot.number, book.promise(&lot.source).unwrap()))
                .collect();
            Command::ApproveReview { earn: earn.id, occurred_at: earn.occurred_at, promises }
        }
    }
}

/// A request, or what somebody decides on one, more often on an open one and as the role it waits
/// for.
fn adjustment(history: &mut History) -> Command {
    let open: Vec<_> = history.store.row.requests.clone();
    let old = recent(history, &[Kind::AdjustmentRequest]);
    let points = points(history);
    let random = &mut history.random;
    let person = |random: &mut Random| {
        let name = *random.pick(&["anna", "ben", "carl", "dora"]);
        Person { actor: format!("key:{name}"), label: name.to_owned() }
    };
    if old.is_empty() || random.chance(35) {
        let points = if random.chance(50) { random.between(1, 200) } else { -points };
        let reason_code = (*random.pick(&["goodwill", "goodwill", "lost"])).to_owned();
        let expiry = random.pick(&[None, Some("a"), Some("b"), Some("z")]).map(str::to_owned);
        return Command::RequestAdjustment(NewAdjustment {
            points,
            reason_code,
            evidence: None,
            expiry,
            by: person(random),
            undoes: None,
        });
    }
    let verdict = *random.pick(&[
        ApprovalVerdict::Approve,
        ApprovalVerdict::Approve,
        ApprovalVerdict::Approve,
        ApprovalVerdict::Reject,
        ApprovalVerdict::Withdraw,
    ]);
    let role = (*random.pick(&["approver", "department_head", "vice_president"])).to_owned();
    let by = person(random);
    if open.is_empty() || random.chance(10) {
        return Command::DecideAdjustment { request: random.pick(&old).id, verdict, by, role };
    }
    let request = random.pick(&open);
    let needed = request.terms.steps.get(request.approvals.len()).cloned().unwrap_or_default();
    let role = if random.chance(70) { needed } else { role };
    let by = match request.approvals.last() {
        Some(before) if random.chance(20) => before.by.clone(),
        _ => by,
    };
    Command::DecideAdjustment { request: request.id, verdict, by, role }
}

/// Up to three lines that points pay, some by the names that orders use.
fn pay_lines(history: &mut History) -> Command {
    let points = points(history);
    let random = &mut history.random;
    let mut lines: Vec<(String, i64, i64)> = Vec::new();
    for name in ["1", "2", "mug"] {
        if random.chance(60) {
            lines.push((name.to_owned(), random.between(1, 3), (points / 3).max(1)));
        }
    }
    if lines.is_empty() {
        lines.push(("mug".to_owned(), 1, points));
    }
    Command::PayLines { lines, minutes: None }
}

fn donation(history: &mut History) -> Command {
    let points = points(history);
    let random = &mut history.random;
    let charity = *random.pick(&["pandas", "pandas", "pandas", "trees", "whales"]);
    // Some come near the bounds.
    let points = if random.chance(60) { random.between(1, 60) } else { points };
    Command::Donate { charity: charity.to_owned(), points }
}

/// A donation from the books, in full or in part.
fn returned_donation(history: &mut History) -> Option<ToReverse> {
    let given = recent(history, &[Kind::Donate]);
    if given.is_empty() {
        return None;
    }
    let entry = history.random.pick(&given).clone();
    let part = match history.random.below(3) {
        0 => ReturnScope::Rest,
        _ => ReturnScope::Points(history.random.between(1, 1 - entry.points)),
    };
    let redemption = Some(history.store.redemption(&entry));
    Some(ToReverse { redemption, part, ..ToReverse::default() })
}

/// An earn, a redemption or both from the books, more often of the last ones; none is a reference
/// that nothing bears.
fn reverse(history: &mut History) -> Option<ToReverse> {
    let earns = recent(history, &[Kind::Earn, Kind::Grant]);
    let redemptions = recent(history, &[Kind::Redeem, Kind::Capture]);
    let own = Currency::new(&history.document.currency).unwrap();
    let random = &mut history.random;
    if random.chance(5) {
        return None;
    }
    if random.chance(10) {
        return returned_donation(history);
    }
    let random = &mut history.random;
    let earn = (!earns.is_empty() && random.chance(70)).then(|| random.pick(&earns).clone());
    let with_redemption = !redemptions.is_empty() && (earn.is_none() || random.chance(30));
    let redemption = with_redemption.then(|| random.pick(&redemptions).clone());
    let part = match (&earn, &redemption) {
        (None, None) => return None,
        _ if random.chance(35) => ReturnScope::Rest,
        (Some(earn), _) if earn.lines().is_empty() && random.chance(90) => ReturnScope::Rest,
        (Some(earn), _) if random.chance(25) => refund(random, earn, own),
        (Some(earn), redemption) => {
            let paid = redemption.iter().flat_map(|redemption| redemption.lines());
            let mut lines: Vec<(String, i64)> = Vec::new();
            for line in earn.lines().iter().chain(paid) {
                if random.chance(50) && lines.iter().all(|(name, _)| *name != line.line) {
                    lines.push((line.line.clone(), random.between(1, line.quantity)));
                }
            }
            if random.chance(5) || lines.is_empty() {
                lines.push(("x".to_owned(), 1));
            }
            match redemption {
                Some(redemption) if random.chance(20) => {
                    ReturnScope::LinesFor(lines, random.between(0, 1 - redemption.points))
                }
                _ => ReturnScope::Lines(lines),
            }
        }
        (None, Some(redemption)) if random.chance(30) && !redemption.lines().is_empty() => {
            let line = random.pick(redemption.lines());
            ReturnScope::Lines(vec![(line.line.clone(), random.between(1, line.quantity))])
        }
        (None, Some(redemption)) if redemption.reward().is_some() && random.chance(50) => {
            ReturnScope::Pieces(
                random.between(1, redemption.reward().map_or(1, |taken| taken.quantity)),
            )
        }
        (None, Some(redemption)) => ReturnScope::Points(random.between(1, 1 - redemption.points)),
    };
    let redemption = redemption.map(|entry| history.store.redemption(&entry));
    let gifts = earn.iter().flat_map(|_| history.store.gifts()).collect();
    Some(ToReverse { earn, redemption, part, gifts, merged: None })
}

/// Money of an order that goes back without goods: of the whole of it, or of a line.
fn refund(random: &mut Random, earn: &Entry, own: Currency) -> ReturnScope {
    let line =
        (!earn.lines().is_empty() && random.chance(50)).then(|| random.pick(earn.lines()).clone());
    let price = line
        .as_ref()
        .map_or(earn.lines().iter().map(|line| line.amount_minor).sum(), |line| line.amount_minor);
    let most = *random.pick(&[price / 4, price / 2, price, price.saturating_add(1)]);
    let currency = if random.chance(3) { Currency::new("XAU").unwrap() } else { own };
    let money = Money { amount_minor: random.between(1, most.max(1)), currency };
    let name = if random.chance(3) { Some("x".to_owned()) } else { line.map(|line| line.line) };
    ReturnScope::Money(vec![(name, money)])
}

/// Entries of some kinds: the last few, or all of them.
fn recent(history: &mut History, kinds: &[Kind]) -> Vec<Entry> {
    let found: Vec<&Entry> =
        history.store.entries.iter().filter(|entry| kinds.contains(&entry.kind())).collect();
    let first = if history.random.chance(70) { found.len().saturating_sub(4) } else { 0 };
    found[first..].iter().map(|entry| (*entry).clone()).collect()
}

fn purchase(history: &mut History) -> EarnEvent {
    let random = &mut history.random;
    let extreme = random.chance(2);
    let foreign = random.chance(2);
    let code = if foreign { "XAU" } else { &history.document.currency };
    let currency = Currency::new(code).unwrap();
    let most = *random.pick(&[1, 100, 5_000, 60_000]);
    let lines = (0..random.below(5)).map(|number| {
        let amount_minor = match random.below(10) {
            0 if extreme => *random.pick(&[i64::MAX, i64::MAX / 2, -1]),
            0 => 0,
            1 => *random.pick(&[1, 49, 50, 99, 100, 150]),
            _ => random.below(most),
        };
        Line {
            line: number.to_string(),
            sku: Some("A-1".to_owned()),
            category: random.pick(&[None, Some("BAKERY"), Some("DAIRY")]).map(str::to_owned),
            quantity: *random.pick(&[1, 1, 2, 3, 7]),
            amount: Money { amount_minor, currency },
        }
    });
    let lines = lines.collect();
    EarnEvent {
        event: "purchase".to_owned(),
        occurred_at: occurred_at(history),
        lines,
        device: None,
    }
}

fn action(history: &mut History) -> EarnEvent {
    let event = *history
        .random
        .pick(&["check_in", "check_in", "check_in", "review", "sign_up", "sign_up", "dance"]);
    let event = if event == "dance" && history.random.chance(70) { "review" } else { event };
    let device =
        history.random.pick(&[None, None, Some("d1"), Some("d1"), Some("d2")]).map(str::to_owned);
    EarnEvent { event: event.to_owned(), occurred_at: occurred_at(history), lines: vec![], device }
}

/// Now, or late, or a little ahead; often at the very edge of what is accepted, or at the ends of a
/// local day.
fn occurred_at(history: &mut History) -> Option<Timestamp> {
    let (now, today, zone) = (history.now, history.today(), history.reference.zone);
    let late = i64::from(history.document.accept_late_days);
    let random = &mut history.random;
    let at = match random.below(20) {
        0..10 => return None,
        10 | 11 => now - random.below(late * DAY_MS + 1),
        12 => now - late * DAY_MS,
        13 => now - late * DAY_MS - 1,
        14 => now + *random.pick(&[300_000, 300_001, 299_999]),
        15 => now + random.below(300_000),
        16 => first_instant(today + Duration::days(1), zone).min(now + 300_000),
        17 | 18 => {
            first_instant(today - Duration::days(random.below(late + 1)), zone)
                + random.pick(&[-1, 0, 1])
        }
        _ => now - random.below(HOUR),
    };
    Some(Timestamp(at))
}

/// An earn from the books, more often one of the last; none is a reference that nothing bears.
fn activation(history: &mut History) -> Option<Activation> {
    let earned = recent(history, &[Kind::Earn]);
    let known = !earned.is_empty() && !history.random.chance(5);
    let entry = known.then(|| history.random.pick(&earned).clone())?;
    let book = &history.published[usize::try_from(entry.rulebook_version).unwrap() - 1];
    let life = |lot: &ledger::LotGrant| (lot.number, book.expiry(&lot.source).unwrap().clone());
    Some(Activation { lots: entry.lots.grants.iter().map(life).collect() })
}

fn points(history: &mut History) -> i64 {
    let spendable = history.reference.spendable(history.now);
    let one_lot = history
        .reference
        .lots
        .iter()
        .rev()
        .find(|lot| lot.remaining > 0)
        .map_or(1, |lot| lot.remaining);
    let random = &mut history.random;
    let points = match random.below(10) {
        0 | 1 => spendable,
        2 => spendable.saturating_add(1),
        3 => one_lot,
        4 => one_lot.saturating_add(1),
        5 => i64::MAX,
        6 | 7 => random.between(1, 10),
        _ => random.between(1, spendable.clamp(1, 1_000_000)),
    };
    points.max(1)
}
