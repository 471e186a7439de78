//! What a strategy does beside a message: a grant of the rulebook, a task for people, a tag, an
//! attribute. Each is done once for a touch, however often it is tried.

use std::collections::BTreeMap;

use ledger::{Hash, MemberId, Reference, Refusal};
use reach::playbook::{Task, TaskTo};
use reach::touch::Reason;
use reach::{Change, Family};
use rules::operations::{Change as ChangeProfile, Grant, ProfileChange};
use serde_json::json;
use store::{
    Error, Executor, NewTask, Outcome, Scope, SetChange, Settlement, Sql, Submission, change_sets,
    execute, load, make_task, registered_store, stored_set,
};

use super::Outbox;
use super::asked::Asked;
use super::opened::Opened;
use crate::Messaging;
use crate::context::ActiveProgramme;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// A touch that failed for a reason of its own is tried again after so long.
const FAILED_MS: i64 = 60_000;

/// What a message may name of what was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Done {
    /// The code of the coupon that the grant brought.
    pub(super) coupon: Option<String>,
    /// Points that facts do not know yet.
    pub(super) points: i64,
}

impl<L: Sql, R: Sql, M: AsyncFn(i64) -> Result<Messaging, Error>> Outbox<'_, '_, L, R, M> {
    /// Does what a touch asks for beside its message. The inner error is what becomes of the touch
    /// where that was refused: a message that promises something goes out with it or not at all.
    async fn act(&self, opened: &Opened, asked: &Asked) -> Result<Result<Done, Settlement>, Error> {
        let action = &asked.touch.action;
        let mut done = Done::default();
        if let Some(grant) = &action.grant {
            let Some(name) = opened.grant(grant) else {
                let why = "the rulebook has no such grant any more";
                return Ok(Err(Settlement::Failed(why.to_owned())));
            };
            match self.grant(opened, asked, name).await? {
                Ok(given) => done = given,
                Err(settlement) => return Ok(Err(settlement)),
            }
        }
        if let Some(task) = &action.task {
            self.task(opened, asked, task).await?;
        }
        if let Some(tag) = &action.set_tag {
            self.tag(opened, asked, tag).await?;
        }
        if let Some(attribute) = &action.set_attribute {
            let told = BTreeMap::from([(attribute.name.clone(), Some(attribute.value.clone()))]);
            if asked.attributes.get(&attribute.name) != Some(&attribute.value) {
                let change = ProfileChange { attributes: told, ..ProfileChange::default() };
                let submission = self.submission(asked, ChangeProfile(change))?;
                if let Some(Err(refusal)) = self.submit(opened, submission).await? {
                    return Ok(Err(refused("attribute", &refusal)));
                }
            }
        }
        Ok(Ok(done))
    }

    /// The same. Where the member's own state stands in the way, the touch waits, so that others go
    /// on.
    pub(super) async fn act_or_wait(
        &self,
        opened: &Opened,
        asked: &Asked,
    ) -> Result<Result<Done, Settlement>, Error> {
        match self.act(opened, asked).await {
            Err(error @ (Error::Corrupt(_) | Error::Fault(_))) => {
                self.fail(format!("touch {}: {error}", asked.no));
                let later = (self.reach.now)().plus_ms(FAILED_MS);
                Ok(Err(Settlement::Later(later)))
            }
            outcome => outcome,
        }
    }

    /// Grants once for a touch: the touch is the grant's reference, and its key.
    async fn grant(
        &self,
        opened: &Opened,
        asked: &Asked,
        grant: String,
    ) -> Result<Result<Done, Settlement>, Error> {
        let strategy = asked.touch.key.strategy.clone();
        let by = format!("strategy:{strategy}");
        let store = Some(asked.home_store.clone()).filter(|store| !store.is_empty());
        // As many points as were counted to the budget, whatever the grant says by now.
        let at_most = Some(asked.touch.uses.points);
        let operation = Grant { grant, strategy: Some(strategy), store, by, at_most };
        // A database that was put back to an earlier copy gives numbers again, but no instants.
        let name = format!("touch:{}.{}", asked.no, asked.touch.decided_at.0);
        let mut submission = self.submission(asked, operation)?;
        submission.origin.reference = Reference::new(name.as_str()).ok();
        submission.keeps_refusals = false;
        let mut fingerprint = Hash::of(name.as_bytes()).to_string();
        fingerprint.truncate(32);
        let source = Some(store::source("grant", &name));
        let submission = submission.under_key("grant", &name, fingerprint).with_source(source);
        match self.submit(opened, submission).await? {
            Some(Ok(given)) => Ok(Ok(given)),
            // Granted before.
            None | Some(Err(Refusal::ReferenceAlreadyUsed { .. })) => Ok(Ok(Done::default())),
            Some(Err(Refusal::BudgetSpent { .. })) => {
                Ok(Err(Settlement::Suppressed(Reason::Budget)))
            }
            Some(Err(Refusal::MemberFrozen { .. })) => {
                Ok(Err(Settlement::Suppressed(Reason::Frozen)))
            }
            Some(Err(refusal)) => Ok(Err(refused("grant", &refusal))),
        }
    }

    fn submission(
        &self,
        asked: &Asked,
        operation: impl rules::Operation + 'static,
    ) -> Result<Submission, Error> {
        let member = MemberId::new(asked.member.as_str()).map_err(|_| Error::Corrupt("member"))?;
        Ok(Submission::of_job(member, std::rc::Rc::new(operation), "deliver"))
    }

    /// What a submission came to, or why it was refused. `None` where there was nothing to do.
    async fn submit(
        &self,
        opened: &Opened,
        submission: Submission,
    ) -> Result<Option<Result<Done, Refusal>>, Error> {
        let ledger = self.ledger;
        let attempt = async || {
            let submissions = std::slice::from_ref(&submission);
            let wanted = [submission.wanted()];
            let scope = Scope::Programme(opened.active.programme.no);
            let found = load(ledger.sql, scope, &wanted, submission.lots()).await?;
            let (programme, _, loaded) = found.ok_or(Error::Corrupt("programme"))?;
            let mut active = opened.active.clone();
            if programme.rulebook_version != active.programme.rulebook_version {
                active = ActiveProgramme::open(ledger, programme).await?;
            }
            let mut executor = Executor {
                sql: ledger.sql,
                programme: &active.programme,
                book: &active.book,
                now: (ledger.now)(),
                fresh: || (ledger.fresh)(),
                abroad: None,
                in_flight: None,
            };
            execute(&mut executor, submissions, loaded).await
        };
        let outcome = ledger.with_retries(attempt).await?.into_iter().next();
        Ok(match outcome {
            Some(Outcome::Done(answer)) => {
                let coupons = answer.entries.iter().flat_map(|entry| &entry.effects.coupons);
                let coupon = coupons.map(|coupon| coupon.code.clone()).next();
                let points = answer.entries.iter().map(|entry| entry.points);
                let points = if answer.replayed { 0 } else { points.sum() };
                Some(Ok(Done { coupon, points }))
            }
            Some(Outcome::Refused { refusal, .. }) => Some(Err(refusal)),
            _ => None,
        })
    }

    /// Somebody is asked to do something; once, as the touch's number tells tasks apart.
    async fn task(&self, opened: &Opened, asked: &Asked, task: &Task) -> Result<(), Error> {
        let (ledger, reach, no) = (self.ledger, self.reach, opened.active.programme.no);
        let strategy = asked.touch.key.strategy.as_str();
        let manager = match task.to {
            TaskTo::Manager if !asked.home_store.is_empty() => {
                let id = asked.home_store.as_str();
                let found =
                    ledger.with_retries(async || registered_store(ledger.sql, no, id).await);
                found.await?.and_then(|found| found.store.manager)
            }
            _ => None,
        };
        let (to, name) = match (task.to, manager.as_deref().or(task.name.as_deref())) {
            (TaskTo::Manager, Some(person)) => (TaskTo::Person, person),
            (TaskTo::Manager, None) => (TaskTo::Store, ""),
            (to, name) => (to, name.unwrap_or_default()),
        };
        let strategies = &opened.messaging.playbook.strategies;
        let title = strategies.iter().find(|one| one.id == strategy).map(|one| json!(one.name));
        let now = (reach.now)();
        let new = NewTask {
            touch_no: asked.no,
            strategy,
            member_no: asked.member_no,
            to_kind: to.as_str(),
            to_name: name,
            title: title.unwrap_or_else(|| json!({})),
            text: json!(task.text),
            due_at: now.plus_ms(i64::from(task.due_in_hours) * HOUR_MS),
        };
        reach.with_retries(async || make_task(reach.sql, no, &new, now).await).await.map(drop)
    }

    /// The member gets a tag, as if by hand; one that is gone meanwhile is left out.
    async fn tag(&self, opened: &Opened, asked: &Asked, tag: &str) -> Result<(), Error> {
        let (reach, no) = (self.reach, opened.active.programme.no);
        let found =
            reach.with_retries(async || stored_set(reach.sql, no, Family::Tag, tag).await).await?;
        let Some(set) = found.filter(|set| set.wish.condition.is_none()) else { return Ok(()) };
        let now = (reach.now)();
        let until = set.wish.lives_days.map(|days| now.plus_ms(days.saturating_mul(DAY_MS)));
        let change = Change { set_no: set.no, is_in: true, version: set.version };
        let row = SetChange { member_no: asked.member_no, change, until, score: None };
        let source = format!("strategy:{}", asked.touch.key.strategy);
        reach
            .with_retries(async || {
                change_sets(reach.sql, no, std::slice::from_ref(&row), &source, now).await
            })
            .await
            .map(drop)
    }
}

fn refused(what: &str, refusal: &Refusal) -> Settlement {
    Settlement::Failed(format!("the {what} was refused: {}", refusal.slug()))
}
