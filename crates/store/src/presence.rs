//! What is known of whether it is the member who asks: whether the device is one of theirs, and
//! whether a proof that they sent was used. Looked up only where the rulebook asks for it.

use ledger::Timestamp;
use rules::{MemberProof, PriorRecords, Rulebook, SignedProof, StepUpUse};

use crate::Error;
use crate::commit::UniqueKeys;
use crate::load::LoadedMember;
use crate::sql::Sql;
use crate::statement::statement;
use crate::submission::{SentProof, Submission};

/// From when on any entry makes its device known: a thief who checks in spends nothing by it soon.
const KNOWN_AFTER_MS: i64 = 24 * 3_600_000;

/// Tells the records of a submission what its rulebook asks of a member who spends. Costs a read by
/// index where the request names a device that has to be known, or brings a proof.
pub(crate) async fn look(
    sql: &impl Sql,
    programme_no: i64,
    book: &Rulebook,
    (submission, now): (&Submission, Timestamp),
    loaded: &mut LoadedMember,
) -> Result<(), Error> {
    let Some(rule) = book.step_up() else { return Ok(()) };
    if submission.operation.guards().step_up == StepUpUse::Never {
        return Ok(());
    }
    let device = submission.client.as_ref().and_then(|client| client.device.as_deref());
    let device = device.filter(|_| rule.new_device);
    let id = match &submission.proof {
        Some(SentProof::Signed { id, .. }) => Some(id.as_str()),
        Some(SentProof::Unread(_)) | None => None,
    };
    let (mut is_used, mut is_known) = (false, true);
    if device.is_some() || id.is_some() {
        let account = &loaded.member.id;
        let asked_by = submission.operation.asked_by(account);
        let pool = (asked_by != account).then(|| account.as_str());
        let key = submission.idem.as_ref().map(|(key, _)| key.as_str());
        let values = vec![
            programme_no.into(),
            id.into(),
            asked_by.as_str().into(),
            device.into(),
            key.into(),
            pool.into(),
            now.plus_ms(-KNOWN_AFTER_MS).0.into(),
        ];
        let mut rows = sql.look_up(statement!("queries/member_presence"), values).await?;
        let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
        is_used = row.integer(0)? == 1;
        is_known = device.is_none() || row.integer(1)? == 1;
    }
    loaded.recorded.is_new_device = !is_known;
    loaded.recorded.proof = match &submission.proof {
        None => MemberProof::Missing,
        Some(SentProof::Unread(_)) => MemberProof::Unknown,
        Some(SentProof::Signed { points, until, .. }) => {
            MemberProof::Signed(SignedProof { points: *points, until: *until, is_used })
        }
    };
    Ok(())
}

/// Claims the proof with which a decision was made. One that nobody asked for stays good.
pub(crate) fn claim(
    claims: &mut UniqueKeys,
    submission: &Submission,
    (book, recorded): (&Rulebook, &PriorRecords),
    decision: &ledger::Decision,
) {
    if let Some(SentProof::Signed { id, .. }) = &submission.proof
        && submission.operation.guards().step_up == StepUpUse::Asked
        && rules::asks_for_proof(book, recorded, decision)
    {
        claims.proof = Some(id.clone());
    }
}
