//! A member in a small world: commands are written in a line, and so is what comes of them.
//!
//! Shared by the table tests; the model test has its own machinery.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::collections::BTreeMap;
use std::rc::Rc;

use ledger::{
    Context, Counted, Currency, Entry, EntryId, Kind, Member, MemberId, Money, Origin, ProgrammeId,
    Reference, Refusal, Tally, Timestamp,
};
use rules::operations::{Earn, Hold, Redeem, Redemption, ReturnScope, Reverse, ToReverse};
use rules::{
    Case, Decided, Document, EarnEvent, Line, MemberProof, Operation, Past, PriorRecords, Reward,
    Rulebook, decide, default_document, kept, living,
};

pub struct World {
    pub book: Rulebook,
    pub member: Member,
    pub entries: Vec<Entry>,
    /// Operation and document → the entries that recorded it.
    used: BTreeMap<(&'static str, String), Vec<EntryId>>,
    next_id: u128,
    /// The catalogue, all of it in version 1.
    pub rewards: BTreeMap<String, Reward>,
    /// The caller.
    pub actor: &'static str,
    /// Where it is asked from.
    pub channel: Option<&'static str>,
    pub store: Option<&'static str>,
    /// Why it is asked for.
    pub reason: Option<&'static str>,
    /// What is told about the member.
    pub attributes: BTreeMap<String, String>,
    /// Whether the device is new for the member.
    pub is_new_device: bool,
    /// What shows that it is the member who asks.
    pub proof: MemberProof,
}

/// How many random histories a test plays: `cargo xtask test` asks for ten times as many.
pub fn histories() -> u64 {
    std::env::var("ACCRUE_HISTORIES").map_or(1_000, |text| text.parse().unwrap())
}

/// xorshift: enough to wander about.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("not an instant: {text}"))
}

/// What a test asks for.
pub type AnyOperation = Rc<dyn Operation>;

pub fn ask(operation: impl Operation + 'static) -> AnyOperation {
    Rc::new(operation)
}

/// A purchase with a line for each amount, in minor units.
pub fn purchase(amounts: &[i64]) -> EarnEvent {
    let currency = Currency::new("CNY").unwrap();
    let line = |(number, amount_minor): (usize, &i64)| Line {
        line: number.to_string(),
        sku: None,
        category: None,
        quantity: 1,
        amount: Money { amount_minor: *amount_minor, currency },
    };
    let lines = amounts.iter().enumerate().map(line).collect();
    EarnEvent { event: "purchase".into(), occurred_at: None, lines, device: None }
}

pub fn action(event: &str) -> EarnEvent {
    EarnEvent { event: event.into(), occurred_at: None, lines: vec![], device: None }
}

pub fn buy(amounts: &[i64]) -> AnyOperation {
    ask(Earn(purchase(amounts)))
}

pub fn act(event: &str) -> AnyOperation {
    ask(Earn(action(event)))
}

pub fn spend(points: i64) -> AnyOperation {
    ask(Redeem { points })
}

/// An event, reported with its own time.
pub fn happened(occurred_at: &str, event: EarnEvent) -> AnyOperation {
    ask(Earn(EarnEvent { occurred_at: Some(at(occurred_at)), ..event }))
}

/// `earn 128, silver 500, remind(30), hold(20)` or `refused insufficient-points`.
pub fn told(entries: &[Entry]) -> String {
    let one = |entry: &Entry| match entry.kind() {
        Kind::TierChange => {
            format!("{} {}", entry.tier().map_or("", |tier| tier.to.as_str()), entry.points)
        }
        Kind::Remind => {
            format!("remind({})", entry.reminder().map_or(0, |reminder| reminder.points))
        }
        Kind::Hold => {
            let lots = entry.reservation().into_iter().flat_map(|reservation| &reservation.lots);
            format!("hold({})", lots.map(|lot| lot.points).sum::<i64>())
        }
        kind => format!("{} {}", kind.as_str(), entry.points),
    };
    entries.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a document is recorded once for: it may be earned for and paid with points, and its hold is
/// captured as a redemption.
fn operation(asked: &AnyOperation) -> &'static str {
    match asked.name() {
        "redeem" | "hold" | "capture" => "redeem",
        name @ ("earn" | "reverse") => name,
        _ => "",
    }
}

/// Points set aside for half an hour.
pub fn aside(points: i64) -> AnyOperation {
    ask(Hold { points, minutes: 30 })
}

impl World {
    /// The default programme in Shanghai, accepting late events for seven days, with some change.
    pub fn new(change: impl FnOnce(&mut Document)) -> Self {
        let mut document = default_document();
        change(&mut document);
        Self {
            book: Rulebook::new(&document, 1).unwrap(),
            member: Member::new(MemberId::new("m").unwrap()),
            entries: Vec::new(),
            used: BTreeMap::new(),
            next_id: 1 << 64,
            rewards: BTreeMap::new(),
            actor: "till",
            channel: None,
            store: None,
            reason: None,
            attributes: BTreeMap::new(),
            is_new_device: false,
            proof: MemberProof::Missing,
        }
    }

    /// Decides without writing anything: what a client that has just loaded `member` would do.
    pub fn decide(
        &mut self,
        member: &Member,
        now: Timestamp,
        command: &AnyOperation,
        document: Option<&str>,
    ) -> Result<Decided, Refusal> {
        self.next_id += 1000;
        let context = Context {
            programme: ProgrammeId::new("p").unwrap(),
            spread: 1,
            rulebook_version: self.book.version(),
            now,
            first_id: EntryId(self.next_id),
            seed: ledger::Seed::default(),
        };
        let reference = document.map(|text| Reference::new(text).unwrap());
        let used = document.and_then(|text| self.used.get(&(operation(command), text.to_owned())));
        let pasts: Vec<Past> = used.into_iter().flatten().filter_map(|id| self.past(*id)).collect();
        let used = living(&pasts, None).map(|past| past.entry.id);
        let recorded =
            PriorRecords { used, kept: kept(&pasts, &member.id, None), ..self.recorded(command) };
        let (channel, store) = (self.channel.map(str::to_owned), self.store.map(str::to_owned));
        let reason = self.reason.map(str::to_owned);
        let origin = Origin { actor: self.actor.into(), channel, store, reference, reason };
        let case = Case { book: &self.book, origin: &origin, recorded: &recorded, context };
        decide(&**command, &case, member.clone()).map_err(|stop| stop.refusal().unwrap())
    }

    /// An entry with what corrects it.
    fn past(&self, id: EntryId) -> Option<Past> {
        let entry = self.entries.iter().find(|entry| entry.id == id)?.clone();
        let corrections =
            self.entries.iter().filter(|other| other.corrects() == Some(id)).cloned().collect();
        Some(Past { entry, corrections })
    }

    /// What the entries say of what a command is to undo.
    fn recorded(&self, command: &AnyOperation) -> PriorRecords {
        let mut tallies: Vec<Counted> = Vec::new();
        for tally in self.entries.iter().flat_map(|entry| &entry.effects.tallies) {
            let Tally { subject, name, period, amount, .. } = tally.clone();
            let same =
                |c: &&mut Counted| (&c.subject, &c.name, c.period) == (&subject, &name, period);
            match tallies.iter_mut().find(same) {
                Some(counted) => counted.amount += amount,
                None => tallies.push(Counted { subject, name, period, amount }),
            }
        }
        let reversals = self
            .entries
            .iter()
            .filter_map(|entry| Some((entry.corrects()?, entry.reversal().cloned()?)));
        let mut expired: BTreeMap<ledger::LotNumber, i64> = BTreeMap::new();
        for draw in self
            .entries
            .iter()
            .filter(|entry| entry.kind() == Kind::Expire)
            .flat_map(|entry| &entry.lots.draws)
        {
            *expired.entry(draw.number).or_default() += draw.points;
        }
        let reward = command.needs(&self.member.id).reward;
        let reward = reward.and_then(|id| Some((1, self.rewards.get(&id)?.clone())));
        let attributes = self.attributes.clone();
        PriorRecords {
            used: None,
            reversals: reversals.collect(),
            expired,
            tallies,
            reward,
            attributes,
            is_new_device: self.is_new_device,
            proof: self.proof,
            ..PriorRecords::default()
        }
    }

    /// Undoes what the entry with that number (counted from 0) earned, or spent, or both when both
    /// are given.
    pub fn undo(
        &self,
        earn: Option<usize>,
        redemption: Option<usize>,
        part: ReturnScope,
    ) -> AnyOperation {
        ask(Reverse(Some(Box::new(self.to_undo(earn, redemption, part)))))
    }

    pub fn to_undo(
        &self,
        earn: Option<usize>,
        redemption: Option<usize>,
        part: ReturnScope,
    ) -> ToReverse {
        let redemption = redemption.map(|at| {
            let entry = self.entries[at].clone();
            let lots = self.entries.iter().flat_map(|entry| &entry.lots.grants);
            let lots = lots
                .filter(|lot| entry.lots.draws.iter().any(|draw| draw.number == lot.number))
                .cloned()
                .collect();
            Redemption::new(entry, lots)
        });
        let earn = earn.map(|at| self.entries[at].clone());
        let is_gift = |entry: &&Entry| {
            entry.kind() == Kind::TierChange
                && !(entry.lots.grants.is_empty() && entry.effects.coupons.is_empty())
        };
        let gifts =
            self.entries.iter().filter(is_gift).filter(|_| earn.is_some()).cloned().collect();
        ToReverse { earn, redemption, part, gifts, merged: None }
    }

    /// The open hold that was placed last.
    pub fn last_hold(&self) -> EntryId {
        self.entries.iter().rev().find(|entry| entry.kind() == Kind::Hold).unwrap().id
    }

    /// Writes a decision when the member is still the one it was made for.
    pub fn commit(
        &mut self,
        decided_on: &Member,
        decided: Decided,
        document: Option<&str>,
    ) -> bool {
        if decided_on.head != self.member.head {
            return false;
        }
        if let (Some(document), Some(entry)) = (document, decided.decision.primary()) {
            let operation = match entry.kind() {
                Kind::Earn => Some("earn"),
                Kind::Redeem | Kind::Capture => Some("redeem"),
                Kind::Reverse => Some("reverse"),
                _ => None,
            };
            if let Some(operation) = operation {
                self.used.entry((operation, document.to_owned())).or_default().push(entry.id);
            }
        }
        self.entries.extend(decided.decision.postings.into_iter().map(|posting| posting.entry));
        self.member = decided.member;
        true
    }

    pub fn run(
        &mut self,
        now: Timestamp,
        command: &AnyOperation,
        document: Option<&str>,
    ) -> String {
        let (member, before) = (self.member.clone(), self.entries.len());
        match self.decide(&member, now, command, document) {
            Ok(decided) => {
                assert!(self.commit(&member, decided, document));
                told(&self.entries[before..])
            }
            Err(refusal) => format!("refused {}", refusal.slug()),
        }
    }

    /// Plays a table of instant, command and outcome, and audits what it left.
    pub fn play(&mut self, table: &[(&str, AnyOperation, &str)]) {
        for (row, (now, command, outcome)) in table.iter().enumerate() {
            assert_eq!(self.run(at(now), command, None), *outcome, "row {row}: {now} {command:?}");
        }
        self.audit();
    }

    pub fn audit(&self) {
        assert_eq!(ledger::verify(&self.entries, &self.member), [], "the books do not hold");
    }
}
