//! What a wave came to: for its attempts and their addresses, its touches and its account.

use channels::{Account, Outcome, Repeat, Scope};
use ledger::Timestamp;
use store::{TouchDelivery, WaveOutcome};

use super::DeliverReport;
use super::run::{Going, Sending};
use super::vendors::SettledTouch;

/// Max characters of a kept reason.
const REASON: usize = 200;
/// How long another account may have a touch on its way, in milliseconds.
const LOST_MS: i64 = 600_000;

/// What a wave came to.
#[derive(Default)]
pub(super) struct Settled {
    pub(super) outcomes: Vec<WaveOutcome>,
    pub(super) touches: Vec<(i64, SettledTouch)>,
    pub(super) accepted: i64,
    pub(super) failed: i64,
    pub(super) asked_s: Option<i64>,
    pub(super) paused_because: Option<String>,
    pub(super) renews: bool,
}

impl Settled {
    pub(super) fn add(&mut self, run: &Sending, one: &Going, outcome: Outcome, now: Timestamp) {
        let closes = match &outcome {
            Outcome::Refused { contact, .. } => *contact,
            _ => None,
        };
        let (state, provider_id, error, touch) = self.settle(run, one, outcome, now);
        let error = error.as_deref().map(kept);
        self.outcomes.push(WaveOutcome { no: one.no, state, provider_id, error, closes });
        self.touches.push((one.due.touch_no, touch));
    }

    fn settle(
        &mut self,
        run: &Sending,
        one: &Going,
        outcome: Outcome,
        now: Timestamp,
    ) -> (&'static str, Option<String>, Option<String>, SettledTouch) {
        match outcome {
            Outcome::Accepted { provider_id } => {
                self.accepted += 1;
                ("accepted", provider_id, None, SettledTouch::Sent)
            }
            Outcome::Retry { after_s, scope, is_uncertain, why } => {
                // A limit of one number, or of one country, is no failure of the account.
                if scope == Scope::Account || is_uncertain {
                    self.failed += 1;
                }
                if scope == Scope::Account {
                    self.asked_s = self.asked_s.max(Some(after_s));
                }
                let next = now.plus_ms(after_s.saturating_mul(1_000));
                let was_uncertain = one.tried.as_ref().is_some_and(|tried| tried.is_uncertain);
                let is_uncertain = is_uncertain || was_uncertain;
                let tried = one.tried.as_ref();
                let tried = tried.filter(|tried| tried.reserved == one.due.message.reserved);
                let first_at = tried.and_then(|tried| tried.first_at).unwrap_or(now);
                let is_in_time = next <= one.due.deadline
                    && (!is_uncertain || next <= repeats_until(&run.account, first_at));
                match (is_in_time, is_uncertain) {
                    (true, true) => ("again", None, Some(why), SettledTouch::Later(next)),
                    (true, false) => ("retry", None, Some(why), SettledTouch::Later(next)),
                    (false, true) => {
                        ("unknown", None, Some(why.clone()), SettledTouch::Unknown(why))
                    }
                    (false, false) => {
                        let why = format!("too late: {why}");
                        ("failed", None, Some(why.clone()), SettledTouch::Failed(why))
                    }
                }
            }
            Outcome::Renew { why } if run.has_renewed => {
                self.settle(run, one, Outcome::Pause { why }, now)
            }
            Outcome::Renew { why } => {
                self.renews = true;
                ("retry", None, Some(why), SettledTouch::Later(now))
            }
            Outcome::Pause { why } => {
                self.paused_because = Some(kept(&why));
                ("retry", None, Some(why), SettledTouch::Later(now))
            }
            Outcome::Refused { why, .. } => {
                ("failed", None, Some(why.clone()), SettledTouch::Failed(why))
            }
            Outcome::Unknown { why } => {
                self.failed += 1;
                ("unknown", None, Some(why.clone()), SettledTouch::Unknown(why))
            }
        }
    }
}

/// A reason as it is kept.
pub(super) fn kept(why: &str) -> String {
    why.chars().take(REASON).collect()
}

/// Until when the vendor takes the same id for the same message.
pub(super) fn repeats_until(account: &Account, first_at: Timestamp) -> Timestamp {
    match account.capability().repeat {
        Repeat::Never => Timestamp(0),
        Repeat::SameId { within_s } | Repeat::Reserved { within_s } => {
            first_at.plus_ms(within_s.saturating_mul(1_000))
        }
    }
}

/// What an attempt's state means for its touch.
pub(super) fn settled_as(state: &str, error: Option<String>, now: Timestamp) -> SettledTouch {
    let why = error.unwrap_or_else(|| "the run that sent it was lost".to_owned());
    match state {
        "accepted" | "delivered" => SettledTouch::Sent,
        "failed" | "bounced" => SettledTouch::Failed(why),
        "retry" | "again" => SettledTouch::Later(now),
        _ => SettledTouch::Unknown(why),
    }
}

/// What the attempts of a touch by a channel, the last first, mean for it where it may not go by an
/// account now. `None`: another run has it on its way, or its member is to be asked again.
pub(super) fn settled_by(
    attempts: &[TouchDelivery],
    account_no: i64,
    now: Timestamp,
) -> Option<SettledTouch> {
    let last = attempts.first()?;
    // A vendor's word about an earlier attempt may have come later than the last attempt.
    let among = |states: &[&str]| attempts.iter().find(|one| states.contains(&one.state.as_str()));
    let settled = among(&["accepted", "delivered"])
        .or_else(|| among(&["unknown"]))
        .or_else(|| among(&["failed", "bounced"]));
    if last.state != "sending"
        && let Some(one) = settled
    {
        return Some(settled_as(&one.state, one.error.clone(), now));
    }
    let elsewhere = |one: &&TouchDelivery| one.state == "again" && one.account_no != account_no;
    match last.state.as_str() {
        // A run has had the time for many waves: it was lost, and its account may never run again.
        "sending" => (now > last.started_at.plus_ms(LOST_MS) && last.account_no != account_no)
            .then(|| settled_as("unknown", None, now)),
        // The vendor of another account may have it, and only that account could send it again; or
        // that of this account may, which has other settings since.
        "retry" | "again"
            if attempts.iter().any(|one| elsewhere(&one) || one.state == "unknown") =>
        {
            let why = "the vendor of another account may have it".to_owned();
            Some(SettledTouch::Unknown(why))
        }
        state => Some(settled_as(state, last.error.clone(), now)),
    }
}

pub(super) fn count(report: &mut DeliverReport, touch: &SettledTouch) {
    match touch {
        SettledTouch::Sent => report.accepted += 1,
        SettledTouch::Later(_) => report.again += 1,
        SettledTouch::Failed(_) => report.failed += 1,
        SettledTouch::Unknown(_) => report.unknown += 1,
    }
}
