//! One random history: what happens next is drawn with the state in view, carried out by the code
//! under test and by the reference, and compared.

use std::collections::BTreeMap;

use crate::steps::Command;
use chrono::Duration;
use ledger::{
    Context, Entry, EntryId, Origin, ProgrammeId, Reference as DocumentReference, Stop, Timestamp,
};
use rules::{Case, Decided, Document, PriorRecords, Reward, Rulebook, projection};

use crate::again;
use crate::books;
use crate::calendar::{DAY_MS, date_of, first_instant, show};
use crate::invariants::{self, Books};
use crate::random::Random;
use crate::reference::{NaiveLot, Reference, Said, scaled};
use crate::risk::Brought;
use crate::steps;
use crate::store::{Skipped, Store};
use crate::tally::Tally;

pub struct History {
    pub seed: u64,
    pub random: Random,
    pub document: Document,
    pub book: Rulebook,
    pub now: i64,
    pub store: Store,
    pub reference: Reference,
    pub tally: Tally,
    /// What was done so far, for people; kept only when a failed history is run again, as telling
    /// costs more than doing.
    pub log: Option<Vec<String>>,
    books: Books,
    version: i64,
    /// Every rulebook that was published, the first as number 0.
    pub published: Vec<Rulebook>,
    /// The catalogue.
    pub rewards: BTreeMap<String, Reward>,
    next_id: u128,
    /// A state somebody loaded some steps ago and still holds.
    held: Option<ledger::Member>,
}

type Checked = Result<(), String>;

impl History {
    pub fn new(seed: u64, logged: bool) -> Self {
        let mut random = Random::new(seed);
        let (zone, days) = *random.pick(books::ZONES);
        let document = books::document(&mut random, zone);
        let day = random.pick(days).parse::<chrono::NaiveDate>().unwrap()
            - Duration::days(random.below(12));
        let now = first_instant(day, zone) + random.below(DAY_MS);
        let book = Rulebook::new(&document, 1).unwrap();
        let rewards = books::rewards(&mut random);
        Self {
            rewards,
            seed,
            random,
            published: vec![book.clone()],
            book,
            document,
            now,
            store: Store::new(),
            reference: Reference::new(zone),
            tally: Tally::default(),
            log: logged.then(Vec::new),
            books: Books::default(),
            version: 1,
            next_id: 1 << 76,
            held: None,
        }
    }

    pub fn run(&mut self, steps: usize) -> Checked {
        self.note(|history| format!("rulebook {:#?}", history.document));
        for _ in 0..steps {
            if self.random.chance(2) {
                self.publish();
            }
            self.now = steps::next_instant(self);
            let command = steps::command(self);
            let reference = steps::reference(self, &command);
            self.note(|h| format!("{} {command:?} {reference:?}", show(h.now, h.reference.zone)));
            let actor = steps::actor(self, &command);
            self.step(&command, reference.as_deref(), actor)?.ok();
            self.stale(&command)?;
            self.books.check(&self.store)?;
            self.compare_state()?;
        }
        if self.version == 1 {
            again::check(&self.store, &self.book, Timestamp(self.now))?;
        }
        invariants::audit(&self.store, self.seed as usize)
    }

    pub fn note(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.log.is_some() {
            let line = line(self);
            self.log.get_or_insert_default().push(line);
        }
    }

    pub fn publish(&mut self) {
        books::republish(&mut self.random, &mut self.document);
        self.version += 1;
        self.book = Rulebook::new(&self.document, self.version).unwrap();
        self.published.push(self.book.clone());
        self.note(|history| format!("publish {:#?}", history.document));
    }

    fn context(&mut self) -> Context {
        self.next_id += 1 << 40;
        Context {
            programme: ProgrammeId::new("p").unwrap(),
            spread: 1,
            rulebook_version: self.version,
            now: Timestamp(self.now),
            first_id: EntryId(self.next_id),
            seed: ledger::Seed::default(),
        }
    }

    /// Carries out a command here and in the reference. Tells the number of the entry that it asked
    /// for (counted from 0), or its refusal.
    pub fn step(
        &mut self,
        command: &Command,
        reference: Option<&str>,
        actor: &str,
    ) -> Result<Result<usize, &'static str>, String> {
        let pasts = self.store.pasts(kind_of(command), reference);
        let used = Store::used(command, &pasts);
        let kept = self.store.kept(command, &pasts);
        let reward = match command {
            Command::RedeemReward { reward, .. } => self.rewards.get(reward).cloned(),
            _ => None,
        };
        let offer = reward.clone().map(|reward| (1, reward));
        let shown = Brought::by(&mut self.random, self.now);
        self.reference.shown = shown;
        let recorded = PriorRecords {
            reward: offer,
            kept,
            is_new_device: shown.is_new_device,
            proof: shown.proof,
            ..self.store.recorded(used)
        };
        let origin = Origin {
            actor: actor.to_owned(),
            reference: reference.map(|text| DocumentReference::new(text).unwrap()),
            ..Origin::default()
        };
        let loaded =
            self.store.load_for(command, &self.document, Timestamp(self.now), &mut self.random);
        let context = self.context();
        let partial = !loaded.lots_complete;
        let case = Case { book: &self.book, origin: &origin, recorded: &recorded, context };
        let mut decided = command.decide(&case, loaded.clone());
        let mut decided_on = loaded;
        if partial && matches!(decided, Err(Stop::Refused(_))) {
            // A refusal on part of the lots may be wrong; the caller then has to load all of them
            // and ask again.
            decided_on = self.store.load_all(&mut self.random);
            let context = self.context();
            let case = Case { book: &self.book, origin: &origin, recorded: &recorded, context };
            decided = command.decide(&case, decided_on.clone());
        }
        let placed = match command {
            Command::Capture { hold: entry, .. }
            | Command::Release { hold: entry }
            | Command::DecideAdjustment { request: entry, .. }
            | Command::ApproveReview { earn: entry, .. } => self.store.sequence_of(*entry),
            Command::RedeemCoupon { code, .. } | Command::CancelCoupon { code } => {
                let at = self.store.row.coupons.iter().position(|coupon| coupon.code == *code);
                at.map_or(-1, |at| at as i64)
            }
            Command::RestoreCoupon { used } => used.sequence.0,
            Command::RejectReview(wish) => wish.earn.as_ref().map_or(0, |earn| earn.sequence.0),
            _ => 0,
        };
        let expected = self.reference.carry_out(
            &self.document,
            command,
            reference,
            (placed, actor, reward.as_ref()),
            self.now,
        );
        self.note(|_| format!("    -> {expected:?}"));
        match (decided, expected) {
            (Err(Stop::Refused(refusal)), Err(slug)) if refusal.slug() == slug => {
                self.tally.refused(slug);
                Ok(Err(slug))
            }
            (Ok(decided), Ok(said)) => {
                let primary = self.store.entries.len() + decided.decision.primary;
                self.commit(&decided_on, &decided, said, reference).map(|()| Ok(primary))
            }
            (decided, expected) => Err(format!("decided {decided:?}\nexpected {expected:?}")),
        }
    }

    fn commit(
        &mut self,
        decided_on: &ledger::Member,
        decided: &Decided,
        expected: Vec<Said>,
        reference: Option<&str>,
    ) -> Checked {
        let postings = &decided.decision.postings;
        let said: Vec<Said> =
            postings.iter().map(|posting| told(&self.store, &posting.entry)).collect();
        if said != expected {
            return Err(format!("said     {said:#?}\nexpected {expected:#?}"));
        }
        let mut member = decided_on.clone();
        for (at, posting) in postings.iter().enumerate() {
            let entry = &posting.entry;
            if entry.rulebook_version != self.version || entry.recorded_at.0 != self.now {
                return Err(format!("wrong version or clock: {entry:?}"));
            }
            if posting.entry.sequence.0 != member.sequence.0 + 1
                || member.clone().apply(&tampered(entry)).is_ok()
            {
                return Err(format!("a tampered entry is taken: {entry:?}"));
            }
            member.apply(entry).map_err(|fault| format!("apply: {fault:?}"))?;
            let without_lots = ledger::Member { lots: Vec::new(), ..member.clone() };
            if without_lots != posting.after {
                return Err(format!("after {:?}\napplied {without_lots:?}", posting.after));
            }
            if member.clone().apply(entry).is_ok() {
                return Err(format!("an entry is taken twice: {entry:?}"));
            }
            let after_reversal = at > 0 && postings[at - 1].entry.kind() == ledger::Kind::Reverse;
            self.tally.posted(entry, after_reversal);
        }
        if member != decided.member {
            return Err(format!("decided member {:?}\nreplayed {member:?}", decided.member));
        }
        if let [_, second, ..] = &postings[..]
            && decided_on.clone().apply(&second.entry).is_ok()
        {
            return Err("entries are taken out of order".to_owned());
        }
        if self.random.chance(10) {
            self.held = Some(decided_on.clone());
        }
        self.store
            .commit(decided_on, &decided.decision, reference)
            .map_err(|skipped| format!("commit: {skipped:?}"))
    }

    /// Somebody who loaded the member a while ago decides now: whatever comes of it must not be
    /// written.
    fn stale(&mut self, command: &Command) -> Checked {
        let Some(old) = self.held.clone().filter(|old| old.sequence != self.store.row.sequence)
        else {
            return Ok(());
        };
        if !self.random.chance(30) {
            return Ok(());
        }
        self.held = None;
        let context = self.context();
        // A fault is an answer here: the old lots may not fit the new clock.
        let recorded = self.store.recorded(None);
        let case =
            Case { book: &self.book, origin: &Origin::default(), recorded: &recorded, context };
        let Ok(decided) = command.decide(&case, old.clone()) else {
            return Ok(());
        };
        let Some(first) = decided.decision.postings.first() else { return Ok(()) };
        self.tally.refused("stale");
        if self.store.replayed.clone().apply(&first.entry).is_ok() {
            return Err("an entry decided on an old state fits the new one".to_owned());
        }
        match self.store.commit(&old, &decided.decision, None) {
            Err(Skipped::Stale) => Ok(()),
            other => Err(format!("a stale decision was not skipped: {other:?}")),
        }
    }

    /// Balance, lots, tier and projection as the reference has them.
    fn compare_state(&mut self) -> Checked {
        let (member, naive) = (&self.store.replayed, &self.reference);
        let shown = |lot: &ledger::Lot| {
            let ends = lot.expires_at.map(|at| at.0);
            (lot.number.0, lot.granted, lot.remaining, lot.pending, lot.available_at.0, ends)
        };
        let mut lots: Vec<_> = member.lots.iter().map(shown).collect();
        lots.sort_unstable();
        let open = naive.lots.iter().filter(|lot| lot.remaining > 0);
        let shown = |lot: &NaiveLot| {
            (
                lot.number,
                lot.granted,
                lot.remaining,
                lot.awaits_activation,
                lot.available_at,
                lot.expires_at,
            )
        };
        let expected: Vec<_> = open.map(shown).collect();
        let holds: Vec<_> =
            member.holds.iter().map(|hold| (hold.until.0, pairs(&hold.lots))).collect();
        let requests: Vec<_> = member
            .requests
            .iter()
            .map(|open| (open.terms.points, open.terms.until.0, open.approvals.len()))
            .collect();
        let asked =
            naive.requests.iter().map(|open| (open.points, open.until, open.approved_by.len()));
        if requests != asked.collect::<Vec<_>>() {
            return Err(format!("requests {requests:?}\nexpected {:?}", naive.requests));
        }
        let open = naive.holds.iter().map(|hold| (hold.until, hold.lots.clone()));
        if holds != open.collect::<Vec<_>>() || member.debt != naive.debt {
            return Err(format!(
                "holds {holds:?}, debt {}\nexpected {:?}, {}",
                member.debt, naive.holds, naive.debt
            ));
        }
        let reviews: Vec<_> =
            member.reviews.iter().map(|open| store_sequence(&self.store, open)).collect();
        let waiting: Vec<_> =
            naive.reviews.iter().map(|open| (open.sequence, open.kept_back)).collect();
        if reviews != waiting || (member.frozen.earning, member.frozen.spending) != naive.frozen {
            return Err(format!(
                "reviews {reviews:?}, frozen {:?}\nexpected {waiting:?}",
                member.frozen
            ));
        }
        let coupons: Vec<_> = member
            .coupons
            .iter()
            .map(|open| (open.name.clone(), open.expires_at.map(|at| at.0)))
            .collect();
        if coupons != crate::spending::told(&naive.coupons) {
            return Err(format!("coupons {coupons:?}\nexpected {:?}", naive.coupons));
        }
        if lots != expected || i128::from(member.balance) != naive.balance() {
            return Err(format!("lots {lots:?}\nexpected {expected:?}"));
        }
        let tier = member
            .tier
            .as_ref()
            .map(|tier| (tier.id.clone(), tier.since.0, tier.until.map(|at| at.0)));
        let expected = naive.tier.as_ref().map(|tier| (tier.id.clone(), tier.since, tier.until));
        if tier != expected || member.sequence.0 != naive.entries {
            return Err(format!("tier {tier:?}, expected {expected:?}"));
        }
        let told = projection(&self.book, member, Timestamp(self.now)).map(|p| {
            let missing = |goal: &rules::Goal| i128::from(goal.missing);
            (
                p.tier.clone(),
                i128::from(p.value),
                p.next.as_ref().map(missing),
                p.keep.as_ref().map(missing),
            )
        });
        let expected = naive.projection(&self.document, self.now);
        if told == expected {
            Ok(())
        } else {
            Err(format!("projection {told:?}, expected {expected:?}"))
        }
    }

    pub fn today(&self) -> chrono::NaiveDate {
        date_of(self.now, self.reference.zone)
    }
}

/// The earn under review and what of its qualification is kept back.
fn store_sequence(store: &Store, open: &ledger::OpenReview) -> (i64, Option<(i64, i64, i64)>) {
    (
        store.sequence_of(open.earn),
        open.review.qualifying.map(|q| (q.spend_minor, q.growth, q.orders)),
    )
}

/// The kind of the entry that bears the command's reference.
pub fn kind_of(command: &Command) -> &'static str {
    match command {
        Command::Earn(_) => "earn",
        Command::Redeem { .. }
        | Command::Hold { .. }
        | Command::RedeemReward { .. }
        | Command::PayLines { .. }
        | Command::PayWithPoints { .. }
        | Command::Capture { .. } => "redeem",
        Command::Donate { .. } => "donate",
        Command::Grant { .. } => "grant",
        Command::Reverse(_) => "reverse",
        Command::RequestAdjustment(_) => "request",
        Command::Activate(_) => "activate",
        _ => "profile",
    }
}

/// What an entry says, in the reference's words.
fn told(store: &Store, entry: &Entry) -> Said {
    let mut draws = pairs(&entry.lots.draws);
    let mut activations: Vec<i64> = entry.lots.activations.iter().map(|lot| lot.number.0).collect();
    if matches!(entry.kind(), ledger::Kind::Expire | ledger::Kind::Activate | ledger::Kind::Erase) {
        // The order of consumption matters; the order in which lots expire or activate at one
        // instant does not.
        draws.sort_unstable();
        activations.sort_unstable();
    }
    let grants = entry.lots.grants.iter();
    Said {
        kind: entry.kind().as_str(),
        points: entry.points,
        occurred_at: entry.occurred_at.0,
        draws,
        grants: grants
            .map(|g| (g.points, g.earned_at.0, g.available_at.0, g.expires_at.map(|at| at.0)))
            .collect(),
        activations,
        dates: entry
            .lots
            .dates
            .iter()
            .map(|d| (d.number.0, d.available_at.0, d.expires_at.map(|at| at.0)))
            .collect(),
        tier: entry
            .tier()
            .map(|tier| (tier.from.clone(), tier.to.clone(), tier.until.map(|at| at.0))),
        reminder: entry.reminder().map(|r| (r.points, pairs(&r.lots), r.first_expires_at.0)),
        desired: entry.awards().iter().map(|award| scaled(&award.desired.to_string(), 16)).sum(),
        qualifying: entry.effects.qualifying.map(|q| (q.spend_minor, q.growth, q.orders)),
        corrects: entry.corrects().map(|id| store.sequence_of(id)),
        held: entry.reservation().map(|r| (r.until.0, pairs(&r.lots))),
        returns: entry.lots.returns.iter().map(|back| (back.lot.number.0, back.points)).collect(),
        reversal: entry.reversal().map(|reversal| {
            let line =
                |l: &ledger::LineReturn| (l.line.clone(), l.quantity, l.amount_minor, l.points);
            (reversal.lines.iter().map(line).collect(), reversal.desired, reversal.expired)
        }),
        debt: entry.lots.debt,
        coupons: entry
            .effects
            .coupons
            .iter()
            .map(|coupon| (coupon.name.clone(), coupon.expires_at.map(|at| at.0)))
            .collect(),
        off: entry.discount().map(|discount| discount.off_minor),
        taken: entry.reward().map(|taken| (taken.reward.clone(), taken.quantity, taken.cash_minor)),
        money: entry.payment().map(|deduction| deduction.money_minor),
        frozen: entry.frozen().map(|frozen| (frozen.earning, frozen.spending)),
        review: entry
            .review()
            .map(|review| review.qualifying.map(|q| (q.spend_minor, q.growth, q.orders))),
        names: entry.adjustment().map_or(Vec::new(), |adjustment| {
            let approvals = adjustment.approvals.iter().map(|approval| &approval.by);
            std::iter::once(&adjustment.by)
                .chain(approvals)
                .map(|person| person.label.clone())
                .collect()
        }),
    }
}

fn pairs(draws: &[ledger::LotDraw]) -> Vec<(i64, i64)> {
    draws.iter().map(|draw| (draw.number.0, draw.points)).collect()
}

/// The entry with another channel afterwards and everything else left alone.
fn tampered(entry: &Entry) -> Entry {
    let origin = Origin { channel: Some("changed".to_owned()), ..entry.origin.clone() };
    Entry { origin, ..entry.clone() }
}
