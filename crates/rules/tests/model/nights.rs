//! A history comes to the same whether nights run on time, late, twice or never, or somebody looks
//! at the member in between.
//!
//! The same commands are carried out in several worlds at once. In the first one nothing happens
//! between the commands. The others have their own nights and touches. After each command all of
//! them must show the same member, and every command must have the same answer.

use crate::steps::Command;
use ledger::{Context, Entry, EntryId, Member, Origin, ProgrammeId, Reference, Stop, Timestamp};
use rules::operations::{Redemption, Stolen, ToReverse};
use rules::{Case, Document, PriorRecords, Reward, Rulebook};

use crate::calendar::{DAY_MS, date_of, first_instant};
use crate::history::{History, kind_of};
use crate::number;
use crate::random::Random;
use crate::risk::Brought;
use crate::steps;
use crate::store::Store;

const STEPS: usize = 60;

/// When somebody looks at the member between two commands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Nights {
    OnTime,
    Twice,
    /// Only some of them.
    Late,
    /// Whenever somebody registers the member anew.
    Touched,
}

struct World {
    nights: Nights,
    store: Store,
    /// The place of the entry that each command asked for; `None` where it was refused.
    asked: Vec<Option<usize>>,
    next_id: u128,
}

/// A command with what it was asked with.
struct Asked<'a> {
    command: Command,
    reference: Option<String>,
    actor: &'static str,
    reward: Option<(i64, Reward)>,
    book: &'a Rulebook,
    shown: Brought,
}

/// Whether the member is due at some instant until `now`, and the first one.
fn due_at(member: &Member, document: &Document, now: i64) -> Option<i64> {
    let tier_end =
        member.tier.as_ref().and_then(|tier| tier.until).filter(|_| document.tiers.is_some());
    let due = member.next_due_at().into_iter().chain(tier_end).min()?;
    Some(due.0).filter(|at| *at <= now)
}

impl World {
    fn new(nights: Nights) -> Self {
        Self { nights, store: Store::new(), asked: Vec::new(), next_id: (nights as u128 + 2) << 90 }
    }

    fn member(&self) -> Member {
        Member {
            lots: self.store.replayed.lots.clone(),
            lots_complete: true,
            ..self.store.row.clone()
        }
    }

    fn ask(&mut self, asked: &Asked<'_>, now: i64) -> Result<Result<usize, &'static str>, String> {
        let Asked { command, reference, actor, reward, book, shown, .. } = asked;
        let pasts = self.store.pasts(kind_of(command), reference.as_deref());
        let used = Store::used(command, &pasts);
        let kept = self.store.kept(command, &pasts);
        let recorded = PriorRecords {
            reward: reward.clone(),
            kept,
            is_new_device: shown.is_new_device,
            proof: shown.proof,
            ..self.store.recorded(used)
        };
        let reference_of = reference.as_ref().map(|text| Reference::new(text).unwrap());
        let origin =
            Origin { actor: (*actor).to_owned(), reference: reference_of, ..Origin::default() };
        let context = self.context(book, now);
        let member = self.member();
        let case = Case { book, origin: &origin, recorded: &recorded, context };
        let decided = match command.decide(&case, member.clone()) {
            Ok(decided) => decided,
            Err(Stop::Refused(refusal)) => return Ok(Err(refusal.slug())),
            Err(Stop::Fault(fault)) => return Err(format!("{:?}: {fault:?}", self.nights)),
        };
        let primary = self.store.entries.len() + decided.decision.primary;
        let committed = self.store.commit(&member, &decided.decision, reference.as_deref());
        committed.map_err(|skipped| format!("{:?}: {skipped:?}", self.nights))?;
        Ok(Ok(primary))
    }

    fn context(&mut self, book: &Rulebook, now: i64) -> Context {
        self.next_id += 1 << 40;
        Context {
            programme: ProgrammeId::new("p").unwrap(),
            spread: 1,
            rulebook_version: book.version(),
            now: Timestamp(now),
            first_id: EntryId(self.next_id),
            seed: ledger::Seed::default(),
        }
    }

    /// What happens between two commands.
    fn between(
        &mut self,
        history: &History,
        random: &mut Random,
        (last, now): (i64, i64),
    ) -> Result<(), String> {
        let job = |command| Asked {
            command,
            reference: None,
            actor: "night",
            reward: None,
            book: &history.book,
            shown: Brought::default(),
        };
        let mut missed = last;
        match self.nights {
            Nights::Touched => {
                let mut at = last;
                for _ in 0..3 {
                    at += random.below((now - at) / 2 + 1);
                    let exists = self.store.row.exists() && self.store.row.closed.is_none();
                    let command =
                        if random.chance(50) && exists { Command::Enrol } else { Command::Settle };
                    self.ask(&job(command), at)?.map_err(str::to_owned)?;
                }
            }
            Nights::OnTime | Nights::Twice | Nights::Late => {
                // Nights at which nothing is due write nothing.
                while let Some(due) = due_at(&self.member(), &history.document, now) {
                    let zone = history.reference.zone;
                    let midnight = first_instant(date_of(due.max(missed), zone), zone);
                    let tomorrow = first_instant(
                        date_of(due.max(missed), zone) + chrono::Duration::days(1),
                        zone,
                    );
                    let night = if midnight >= due.max(missed) { midnight } else { tomorrow };
                    if night > now {
                        break;
                    }
                    missed = night + DAY_MS / 2;
                    if self.nights == Nights::Late && random.chance(70) {
                        continue;
                    }
                    for _ in 0..=usize::from(self.nights == Nights::Twice) {
                        self.ask(&job(Command::Settle), night.max(last))?.map_err(str::to_owned)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What a look at the member shows now, whether or not anything of it is written down.
    fn shows(&mut self, book: &Rulebook, now: i64) -> Result<Shown, String> {
        let (context, member) = (self.context(book, now), self.member());
        shown(book, member, context)
    }
}

/// What everybody must see alike.
type Shown = String;

fn shown(book: &Rulebook, member: Member, context: Context) -> Result<Shown, String> {
    let case =
        Case { book, origin: &Origin::default(), recorded: &PriorRecords::default(), context };
    let settled = Command::Settle.decide(&case, member);
    let mut member = settled.map_err(|stop| format!("{stop:?}"))?.member;
    member.lots.sort_by_key(|lot| lot.number);
    let holds: Vec<_> = member.holds.iter().map(|hold| (hold.until, &hold.lots)).collect();
    let requests: Vec<_> =
        member.requests.iter().map(|open| (&open.terms, &open.approvals)).collect();
    let coupons: Vec<_> =
        member.coupons.iter().map(|coupon| (&coupon.name, coupon.expires_at)).collect();
    let reviews: Vec<_> = member.reviews.iter().map(|open| (&open.lots, &open.review)).collect();
    Ok(format!(
        "balance {} debt {} tier {:?}\nstanding {:?}\nlots {:#?}\nholds {holds:?} requests {requests:?} coupons {coupons:?} reviews {reviews:?} frozen {:?} reminded {:?} closed {:?}",
        member.balance,
        member.debt,
        member.tier,
        member.qualification,
        member.lots,
        member.frozen,
        member.reminded_at,
        member.closed,
    ))
}

/// Finds in one world what an entry of the first world is there: the command that wrote it, and its
/// place behind the entry that it asked for.
struct Twins<'a> {
    first: (&'a Store, &'a [Option<usize>]),
    other: (&'a Store, &'a [Option<usize>]),
}

impl Twins<'_> {
    fn of(&self, id: EntryId) -> Option<&Entry> {
        let (store, asked) = self.first;
        let at = store.entries.iter().position(|entry| entry.id == id)?;
        let (step, primary) = asked
            .iter()
            .enumerate()
            .filter_map(|(step, at)| Some((step, (*at)?)))
            .rfind(|(_, primary)| *primary <= at)?;
        let twin = (*self.other.1.get(step)?)? + (at - primary);
        self.other.0.entries.get(twin)
    }

    fn id(&self, id: EntryId) -> EntryId {
        self.of(id).map_or(id, |entry| entry.id)
    }

    fn redemption(&self, redemption: &Redemption) -> Redemption {
        self.of(redemption.entry.id)
            .map_or(redemption.clone(), |entry| self.other.0.redemption(entry))
    }

    fn reverse(&self, wish: &ToReverse) -> ToReverse {
        ToReverse {
            earn: wish.earn.as_ref().map(|earn| self.of(earn.id).unwrap_or(earn).clone()),
            redemption: wish.redemption.as_ref().map(|redemption| self.redemption(redemption)),
            part: wish.part.clone(),
            gifts: wish.earn.iter().flat_map(|_| self.other.0.gifts()).collect(),
            merged: None,
        }
    }

    /// The same coupon of the same entry.
    fn code(&self, code: &str) -> String {
        let issues =
            |entry: &&Entry| entry.effects.coupons.iter().any(|coupon| coupon.code == code);
        let issued = self.first.0.entries.iter().find(issues);
        let place =
            |entry: &Entry| entry.effects.coupons.iter().position(|coupon| coupon.code == code);
        let twin = issued.and_then(|entry| self.of(entry.id)?.effects.coupons.get(place(entry)?));
        twin.map_or_else(|| code.to_owned(), |coupon| coupon.code.clone())
    }

    fn command(&self, command: &Command) -> Command {
        match command.clone() {
            Command::Capture { hold, points } => Command::Capture { hold: self.id(hold), points },
            Command::Release { hold } => Command::Release { hold: self.id(hold) },
            Command::DecideAdjustment { request, verdict, by, role } => {
                Command::DecideAdjustment { request: self.id(request), verdict, by, role }
            }
            Command::ApproveReview { earn, occurred_at, promises } => {
                Command::ApproveReview { earn: self.id(earn), occurred_at, promises }
            }
            Command::Reverse(Some(wish)) => Command::Reverse(Some(Box::new(self.reverse(&wish)))),
            Command::RejectReview(wish) => Command::RejectReview(Box::new(self.reverse(&wish))),
            Command::RestoreCoupon { used } => {
                Command::RestoreCoupon { used: Box::new(self.of(used.id).unwrap_or(&used).clone()) }
            }
            Command::RedeemCoupon { code, lines, of } => {
                Command::RedeemCoupon { code: self.code(&code), lines, of }
            }
            Command::CancelCoupon { code } => Command::CancelCoupon { code: self.code(&code) },
            Command::Recover(stolen) => {
                let twin = |one: &Stolen| Stolen {
                    redemption: self.redemption(&one.redemption),
                    received: None,
                };
                Command::Recover(stolen.iter().map(twin).collect())
            }
            other => other,
        }
    }
}

/// Runs one history in all worlds.
fn run(seed: u64, logged: bool) -> Result<(), String> {
    let mut history = History::new(seed, logged);
    let mut random = Random::new(seed ^ 0xA5A5);
    let mut worlds = [Nights::OnTime, Nights::Twice, Nights::Late, Nights::Touched].map(World::new);
    let mut first: Vec<Option<usize>> = Vec::new();
    let told = |history: &History, what: String| {
        let steps = history.log.clone().unwrap_or_default().join("\n");
        format!("{steps}\n\n{what}\n\nseed {seed}")
    };
    for _ in 0..STEPS {
        let last = history.now;
        // Publishing is for all members at once; what fell due by then is written down by the rules
        // of then.
        if random.chance(2) {
            let (settle, before) = (Command::Settle, history.store.entries.len());
            history
                .step(&settle, None, "night")
                .map_err(|what| told(&history, what))?
                .map_err(str::to_owned)?;
            first.push(Some(before));
            for world in &mut worlds {
                let book = &history.book;
                let asked = Asked {
                    command: settle.clone(),
                    reference: None,
                    actor: "night",
                    reward: None,
                    book,
                    shown: Brought::default(),
                };
                let place = world.ask(&asked, last)?.map_err(str::to_owned)?;
                world.asked.push(Some(place));
            }
            history.publish();
        }
        history.now = steps::next_instant(&mut history).max(last);
        let command = steps::command(&mut history);
        let reference = steps::reference(&mut history, &command);
        let actor = steps::actor(&mut history, &command);
        history.note(|h| {
            format!("{} {command:?} {reference:?}", crate::calendar::show(h.now, h.reference.zone))
        });
        let now = history.now;
        for world in &mut worlds {
            world
                .between(&history, &mut random, (last, now))
                .map_err(|what| told(&history, what))?;
        }
        let twins: Vec<Command> = worlds
            .iter()
            .map(|world| {
                let twins =
                    Twins { first: (&history.store, &first), other: (&world.store, &world.asked) };
                twins.command(&command)
            })
            .collect();
        let reward = match &command {
            Command::RedeemReward { reward, .. } => {
                history.rewards.get(reward).cloned().map(|reward| (1, reward))
            }
            _ => None,
        };
        let answer = history
            .step(&command, reference.as_deref(), actor)
            .map_err(|what| told(&history, what))?;
        first.push(answer.ok());
        let member = Member {
            lots: history.store.replayed.lots.clone(),
            lots_complete: true,
            ..history.store.row.clone()
        };
        let context = Context {
            programme: ProgrammeId::new("p").unwrap(),
            spread: 1,
            rulebook_version: history.book.version(),
            now: Timestamp(now),
            first_id: EntryId(1),
            seed: ledger::Seed::default(),
        };
        let expected = shown(&history.book, member, context)?;
        for (world, command) in worlds.iter_mut().zip(twins) {
            let book = &history.book;
            let asked = Asked {
                command,
                reference: reference.clone(),
                actor,
                reward: reward.clone(),
                book,
                shown: history.reference.shown,
            };
            let own = world.ask(&asked, now).map_err(|what| told(&history, what))?;
            world.asked.push(own.ok());
            if own.err() != answer.err() {
                let what = format!(
                    "with nights {:?} the answer is {own:?} and not {answer:?}",
                    world.nights
                );
                return Err(told(&history, what));
            }
            let shows = world.shows(&history.book, now)?;
            if shows != expected {
                let what = format!(
                    "with nights {:?} the member is {shows}\n\nwithout {expected}",
                    world.nights
                );
                return Err(told(&history, what));
            }
        }
    }
    Ok(())
}

#[test]
fn late_nights_change_nothing() {
    // Each of them is carried out in four worlds.
    let histories = number("ACCRUE_HISTORIES").unwrap_or(1_000) / 5;
    for seed in number("ACCRUE_MODEL_SEED").map_or(0..histories, |seed| seed..seed + 1) {
        if run(seed, false).is_err() {
            panic!("{}", run(seed, true).unwrap_err());
        }
    }
}
