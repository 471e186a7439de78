//! Dry runs: what submissions come to, in order, without writing anything.
//!
//! Each submission sees what those before it in the same call would have written: the state of its
//! member, keys, documents and shared counters. So a dry run tells what the call itself would
//! answer, as long as nobody else writes in between.

use std::collections::HashMap;

use ledger::{Counted, Decision, Fresh, Member, MemberId};
use rules::{Past, living};

use crate::Error;
use crate::execute::{Attempt, Executor, attempt, reload, settled_before};
use crate::load::LoadedMember;
use crate::presence;
use crate::sql::Sql;
use crate::submission::{Answer, Outcome, Submission, fingerprint_now, is_fingerprint};

/// Decides submissions without writing anything; outcomes come in the same order. A key or source
/// that is taken shows as it would in earnest. `loaded` is what [`load`](crate::load()) found for
/// them.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn dry_run<S: Sql, I: FnMut() -> Fresh>(
    executor: &mut Executor<'_, S, I>,
    submissions: &[Submission],
    loaded: Vec<LoadedMember>,
) -> Result<Vec<Outcome>, Error> {
    let mut before = Before::default();
    let mut outcomes = Vec::new();
    for (place, (submission, loaded)) in submissions.iter().zip(loaded).enumerate() {
        if place > 0 {
            // A call of many submissions must not hold up the others of its instance until all are
            // decided.
            executor.sql.give_way().await;
        }
        let outcome = match settled_before(executor.sql, submission, &loaded).await? {
            Some(outcome) => outcome,
            None => before.execute_one(executor, submission, loaded).await?,
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// What the submissions before would have written.
#[derive(Default)]
struct Before {
    members: HashMap<MemberId, Member>,
    /// By key: the fingerprint of the request, and its answer.
    answers: HashMap<String, (String, Outcome)>,
    /// By source.
    documents: HashMap<String, Vec<Past>>,
    counters: Vec<Counted>,
}

impl Before {
    async fn execute_one<S: Sql, I: FnMut() -> Fresh>(
        &mut self,
        executor: &mut Executor<'_, S, I>,
        submission: &Submission,
        loaded: LoadedMember,
    ) -> Result<Outcome, Error> {
        if let Some(outcome) = self.heard(submission) {
            return Ok(outcome);
        }
        let outcome = self.decide(executor, submission, loaded).await?;
        if let Some((key, fingerprint)) = &submission.idem {
            self.answers
                .insert(key.clone(), (fingerprint_now(fingerprint).to_owned(), outcome.clone()));
        }
        Ok(outcome)
    }

    /// The answer that an submission of this call with the same key got.
    fn heard(&self, submission: &Submission) -> Option<Outcome> {
        let (key, fingerprint) = submission.idem.as_ref()?;
        let (heard, outcome) = self.answers.get(key)?;
        if !is_fingerprint(heard, fingerprint) {
            return Some(Outcome::KeyReused);
        }
        Some(match outcome.clone() {
            Outcome::Done(answer) => Outcome::Done(Answer { replayed: true, ..answer }),
            Outcome::Refused { refusal, id, .. } => {
                Outcome::Refused { refusal, id, replayed: true }
            }
            other => other,
        })
    }

    async fn decide<S: Sql, I: FnMut() -> Fresh>(
        &mut self,
        executor: &mut Executor<'_, S, I>,
        submission: &Submission,
        mut loaded: LoadedMember,
    ) -> Result<Outcome, Error> {
        for _ in 0..2 {
            self.set_before(submission, &mut loaded);
            let (no, book) = (executor.programme.no, executor.book);
            presence::look(executor.sql, no, book, (submission, executor.now), &mut loaded).await?;
            let fresh = (executor.fresh)();
            match attempt(executor, submission, loaded.member, &loaded.recorded, fresh)? {
                Attempt::Decided(decided) => {
                    self.note(submission, &decided.decision);
                    let states = std::iter::once(decided.member).chain(decided.others);
                    self.members.extend(states.map(|member| (member.id.clone(), member)));
                    let (entries, primary) = decided.decision.entries_for_caller();
                    return Ok(Outcome::Done(Answer { entries, primary, replayed: false }));
                }
                Attempt::Refused(refusal) => {
                    return Ok(Outcome::Refused {
                        refusal,
                        id: fresh.id.to_string(),
                        replayed: false,
                    });
                }
                // Only before the first submission of a member: nothing is due or owed after it
                // that was not before.
                Attempt::NeedsAllLots => {
                    let mut again =
                        reload(executor, std::slice::from_ref(submission), vec![0], true).await?;
                    loaded = again.pop().ok_or(Error::Corrupt("answer"))?.1;
                }
            }
        }
        Err(Error::Busy)
    }

    /// Puts what the submissions before did in the place of what was loaded.
    fn set_before(&self, submission: &Submission, loaded: &mut LoadedMember) {
        if let Some(member) = self.members.get(&loaded.member.id) {
            loaded.member = member.clone();
        }
        let recorded = &mut loaded.recorded;
        let documents = submission.source.as_ref().and_then(|source| self.documents.get(source));
        if let (None, Some(documents)) = (recorded.used, documents)
            && let Some(past) = living(documents, submission.origin.store.as_deref())
        {
            recorded.used = Some(past.entry.id);
            recorded.is_of_another = past.entry.member != loaded.member.id;
        }
        for counted in &self.counters {
            match recorded.tallies.iter_mut().find(|known| is_same(known, counted)) {
                Some(known) => known.amount = known.amount.saturating_add(counted.amount),
                None => recorded.tallies.push(counted.clone()),
            }
        }
    }

    fn note(&mut self, submission: &Submission, decision: &Decision) {
        if let (Some(source), Some(entry)) = (&submission.source, decision.primary()) {
            let past = Past { entry: entry.clone(), corrections: Vec::new() };
            self.documents.entry(source.clone()).or_default().push(past);
        }
        for tally in decision.postings.iter().flat_map(|posting| &posting.entry.effects.tallies) {
            let (subject, name) = (tally.subject.clone(), tally.name.clone());
            let counted = Counted { subject, name, period: tally.period, amount: tally.amount };
            match self.counters.iter_mut().find(|known| is_same(known, &counted)) {
                Some(known) => known.amount = known.amount.saturating_add(counted.amount),
                None => self.counters.push(counted),
            }
        }
    }
}

fn is_same(a: &Counted, b: &Counted) -> bool {
    (&a.subject, &a.name, a.period) == (&b.subject, &b.name, b.period)
}
