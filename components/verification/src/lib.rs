//! Codes by which members confirm a spending: one is sent to an address of the member, and the
//! caller that tells it gets a proof.
//!
//! The code stands in the message alone: what is kept is a keyed digest of it.

mod text;

use std::cell::Cell;

use channels::Message;
use ledger::Timestamp;
use reach::{Channel, ContactState};
use seal::Place;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shell::api::contact::masked;
use shell::{
    App, Problem, Proof, Reply, Request, VerificationBody, VerificationCodeBody, authenticate,
    authenticated_body, digest, fingerprint, noted, now, once_of_member, open_member, opened_text,
    parse_json, published, random, reach, scoped,
};
use store::{
    BegunVerification, Caller, NamedMember, NewVerification, Spin, VerificationLimits,
    begin_verification, confirm_verification, list_contacts, preference, try_verification,
    verification_wait,
};
use subtle::ConstantTimeEq as _;

/// A code counts for so long.
const CODE_MS: i64 = 5 * 60_000;
/// A proof counts for so long after its code was told.
const PROOF_MS: i64 = 10 * 60_000;
/// Tries at a code.
const MAX_TRIES: i64 = 5;
/// Codes of a member within an hour. What all members get is told by the rulebook: it bounds what a
/// loop in somebody's script costs.
const MAX_CODES: i64 = 5;

shell::component! { shell::api::verification::ROUTES {
    "POST /v1/members/{id}/verifications" => begin(id),
    "POST /v1/members/{id}/verifications/{verification_id}/confirm" => confirm(id, verification_id),
} }

/// What of an answer its request does not tell. Nothing of it is an address or a code.
#[derive(Serialize, Deserialize)]
struct Kept {
    verification_id: String,
    expires_at: String,
    outcome: String,
}

/// A repetition with the same key sends nothing again.
async fn begin(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: VerificationBody = parse_json(text)?;
    let channel = body.check()?;
    let member = open_member(app, &caller, name).await?;
    let reach = reach().await?;
    let address = address_of(&reach, &caller, member.no, channel).await?;
    let programme = published(&app.sql, &caller.programme).await?.codes_per_hour();
    let limits = VerificationLimits { member: MAX_CODES, programme };
    let unkept = Cell::new(None);
    let asked = (&member.id, &body);
    // Requests at once with one key name one code, so that one of them sends it.
    let own_key = format!("{}\n{}", scoped(&caller, &key), fingerprint(&asked));
    let id = digest(app, &format!("verification id\n{own_key}"));
    let act = async || {
        let to = address.clone().ok_or_else(|| no_address(channel))?;
        let caller = &caller;
        let by = Sender { app, request, caller, reach: &reach, id: &id, limits, unkept: &unkept };
        by.send(&member, &body, (channel, to)).await
    };
    let shown = |kept: Kept| {
        let shown = json!({
            "verification_id": kept.verification_id,
            "member_id": member.id,
            "channel": channel.as_str(),
            "address": address.as_deref().map(masked),
            "points": body.points,
            "expires_at": kept.expires_at,
            "outcome": kept.outcome,
        });
        Reply::json(201, &shown).private()
    };
    let done = once_of_member(app, &key, &caller, ("verification", &asked), act, shown).await;
    match unkept.take() {
        Some(Unkept::TooMany(seconds)) => Ok(Reply::too_many(&too_many(limits), seconds)),
        Some(Unkept::Begun(kept)) => Ok(shown(kept)),
        None => done,
    }
}

/// An answer that is not kept under the key.
enum Unkept {
    /// A limit is met for so many seconds: the same request may go later.
    TooMany(i64),
    /// Another request has begun to send the code, and keeps what becomes of it.
    Begun(Kept),
}

fn too_many(limits: VerificationLimits) -> String {
    let VerificationLimits { member, programme } = limits;
    format!(
        "A member gets {member} codes within an hour, and all members of the programme {programme}. Nothing was sent."
    )
}

fn no_address(channel: Channel) -> Problem {
    not_possible(format!("The member has no open address for {}.", channel.as_str()))
}

fn not_possible(why: impl Into<String>) -> Problem {
    Problem::VerificationNotPossible(why.into())
}

/// Where the member is reached by a channel now, while that is open. A code is asked for by the
/// member's own wish, so it needs no consent to messages.
async fn address_of(
    reach: &Spin,
    caller: &Caller,
    member_no: i64,
    channel: Channel,
) -> Result<Option<String>, Problem> {
    let no = caller.programme.no;
    let found = list_contacts(reach, no, member_no).await?;
    let is_it = |state| matches!(state, ContactState::Open);
    let found = found.into_iter().find(|one| one.channel == channel && is_it(one.state));
    match found {
        Some(one) => Ok(opened_text(&one.address, &Place::contact(no, channel.as_str())).await),
        None => Ok(None),
    }
}

/// What a code is sent with.
struct Sender<'a> {
    app: &'a App,
    request: &'a Request,
    caller: &'a Caller,
    reach: &'a Spin,
    /// Names the code.
    id: &'a str,
    limits: VerificationLimits,
    unkept: &'a Cell<Option<Unkept>>,
}

impl Sender<'_> {
    async fn send(
        &self,
        member: &NamedMember,
        body: &VerificationBody,
        (channel, to): (Channel, String),
    ) -> Result<Kept, Problem> {
        let no = self.caller.programme.no;
        let account = sending::account(self.reach, no, (channel, None)).await?;
        let account = account.ok_or_else(|| {
            not_possible(format!(
                "The programme has no account for {} that sends.",
                channel.as_str()
            ))
        })?;
        let language = match &body.language {
            Some(language) => Some(language.clone()),
            None => preference(self.reach, no, member.no).await?.and_then(|told| told.language),
        };
        let code = code()?;
        let about = text::About { channel, language: language.as_deref(), points: body.points };
        let words = text::words(self.reach, no, &account, &about, &code).await?;
        let (id, at) = (self.id, now());
        let until = at.plus_ms(CODE_MS);
        let new = NewVerification {
            id,
            digest: &digest_of(self.app, id, &code),
            points: body.points,
            until,
        };
        let whose = (no, member.no);
        let kept = |until: Timestamp, outcome: &str| Kept {
            verification_id: id.to_owned(),
            expires_at: until.to_string(),
            outcome: outcome.to_owned(),
        };
        match begin_verification(self.reach, whose, &new, at, self.limits).await? {
            BegunVerification::Now => {}
            // The request that began it was not answered yet, and the code may have gone.
            BegunVerification::Before(until) => {
                self.unkept.set(Some(Unkept::Begun(kept(until, "unknown"))));
                return Err(Problem::Busy);
            }
            BegunVerification::Refused => return Err(self.limited(whose, at).await?),
        }
        let with = json!({
            "verification_id": id,
            "points": body.points,
            "channel": channel.as_str(),
            "channel_id": account.id,
        });
        let what = ("verification_sent", member.id.as_str());
        noted(self.app, self.request, self.caller, what, Some(with)).await?;
        let message = Message { id: format!("verify-{id}"), to, ..words };
        let told = sending::told(sending::send(self.reach, &account, message).await?);
        Ok(kept(until, told.outcome))
    }

    async fn limited(&self, whose: (i64, i64), at: Timestamp) -> Result<Problem, Problem> {
        let until = verification_wait(self.reach, whose, at, self.limits).await?;
        let seconds = |until: Timestamp| until.0.saturating_sub(at.0).div_euclid(1_000) + 1;
        self.unkept.set(until.map(|until| Unkept::TooMany(seconds(until).clamp(1, 3_600))));
        // Where no limit is met, the account was closed since it was looked up.
        Ok(Problem::Busy)
    }
}

/// Six digits, each code as likely as another one to within 1 in 10^13.
fn code() -> Result<String, Problem> {
    Ok(format!("{:06}", u64::from_le_bytes(random()?) % 1_000_000))
}

/// What is kept of a code.
fn digest_of(app: &App, id: &str, code: &str) -> String {
    digest(app, &format!("code\n{id}\n{code}"))
}

async fn confirm(app: &App, request: &Request, name: &str, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: VerificationCodeBody = parse_json(request.body()?)?;
    body.check()?;
    let member = open_member(app, &caller, name).await?;
    let (reach, whose) = (reach().await?, (caller.programme.no, member.no));
    // Counted before it is compared: two guesses at once count twice.
    let tried = try_verification(&*reach, whose, id, now(), MAX_TRIES).await?;
    let tried = tried.ok_or(Problem::VerificationFailed(0))?;
    let is_it = digest_of(app, id, &body.code).as_bytes().ct_eq(tried.digest.as_bytes());
    let with = json!({"verification_id": id, "try": tried.tries});
    if !bool::from(is_it) {
        let what = ("verification_failed", member.id.as_str());
        noted(app, request, &caller, what, Some(with)).await?;
        return Err(Problem::VerificationFailed(MAX_TRIES.saturating_sub(tried.tries)));
    }
    let at = confirm_verification(&*reach, whose, id, now()).await?;
    // The account was closed meanwhile.
    let at = at.ok_or(Problem::VerificationFailed(0))?;
    noted(app, request, &caller, ("verification_confirmed", &member.id), Some(with)).await?;
    // Told twice, it is the same proof, which is used once.
    let proof = Proof { id: id.to_owned(), points: tried.points, until: at.plus_ms(PROOF_MS) };
    let shown = json!({
        "verification": proof.signed(app, caller.programme.no, &member.id),
        "points": tried.points,
        "expires_at": proof.until.to_string(),
    });
    Ok(Reply::json(200, &shown).private())
}
