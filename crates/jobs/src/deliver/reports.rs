//! What vendors report: attempts are settled, addresses closed, and consents withdrawn.

use std::collections::HashSet;

use channels::{Report, Reported};
use ledger::Timestamp;
use reach::{ContactState, Decision, Purpose};
use store::{
    ChannelAccount, Consent, DeliveryReport, Error, Sql, add_consents, close_contacts,
    contact_holders, know_reports, known_reports, members_of_reports, write_reports,
};

/// The name that a closed address and a withdrawal are recorded under.
const VENDOR: &str = "vendor";

/// So old is at most what a vendor tells, in milliseconds: it posts again for a day. What is older,
/// or of the future, is of a clock or unit that is wrong.
const OLDEST_MS: i64 = 26 * 3_600_000;

/// Reports that are written at once.
const PIECE: usize = 1_000;

/// Keeps what a vendor reported of messages of an account. `digest_of` gives the digest of an
/// address. What comes twice changes nothing. A touch whose message arrived after all is sent.
///
/// # Errors
/// [`Error`] when the database fails; what was kept stays, and the vendor posts it again.
pub async fn keep_reports(
    reach: &impl Sql,
    account: &ChannelAccount,
    reports: &[Report],
    digest_of: &dyn Fn(&str) -> String,
    now: Timestamp,
) -> Result<(), Error> {
    for piece in reports.chunks(PIECE) {
        keep_piece(reach, account, piece, digest_of, now).await?;
    }
    Ok(())
}

async fn keep_piece(
    reach: &impl Sql,
    account: &ChannelAccount,
    reports: &[Report],
    digest_of: &dyn Fn(&str) -> String,
    now: Timestamp,
) -> Result<(), Error> {
    let kept: Vec<DeliveryReport> =
        reports.iter().filter_map(|report| delivery(report, now)).collect();
    if !kept.is_empty() {
        write_reports(reach, account.no, now, &kept).await?;
    }
    let (mut closings, mut leaving) = (Vec::new(), Vec::new());
    let ids: Vec<&str> = reports.iter().filter_map(|report| report.once.as_deref()).collect();
    let known = match ids.is_empty() {
        true => HashSet::new(),
        false => known_reports(reach, account.no, &ids).await?,
    };
    for (report, digest) in addresses(reach, account, reports, digest_of).await? {
        // Since it counted, the address may have been opened or the consent given again.
        if report.once.as_ref().is_some_and(|id| known.contains(id)) {
            continue;
        }
        match report.what {
            Reported::Bounced => closings.push((digest, ContactState::Bounced)),
            Reported::Complained => closings.push((digest, ContactState::Complained)),
            Reported::Failed(Some(state)) => closings.push((digest, state)),
            Reported::Unsubscribed => leaving.push((digest, report)),
            Reported::Delivered | Reported::Failed(None) => {}
        }
    }
    let of = (account.programme_no, account.channel);
    if !closings.is_empty() {
        let closings: Vec<_> =
            closings.iter().map(|(digest, state)| (digest.as_str(), *state)).collect();
        close_contacts(reach, of, &closings, (now, VENDOR)).await?;
    }
    if !leaving.is_empty() {
        let digests: Vec<&str> = leaving.iter().map(|(digest, _)| digest.as_str()).collect();
        let holders = contact_holders(reach, of, &digests).await?;
        let mut consents = Vec::new();
        for (digest, report) in &leaving {
            let members = holders.iter().filter(|(held, _)| held == digest);
            consents.extend(members.map(|(_, no)| (*no, withdrawal(account, digest, report, now))));
        }
        add_consents(reach, account.programme_no, &consents).await?;
    }
    // Last, as what failed before is to count when it comes again.
    match ids.is_empty() {
        true => Ok(()),
        false => know_reports(reach, account.no, &ids, now).await,
    }
}

/// The digests of the addresses that reports speak of: of the attempt that they name, or of the
/// address that they name.
async fn addresses<'a>(
    reach: &impl Sql,
    account: &ChannelAccount,
    reports: &'a [Report],
    digest_of: &dyn Fn(&str) -> String,
) -> Result<Vec<(&'a Report, String)>, Error> {
    let named: Vec<_> =
        reports.iter().map(|report| (report.provider_id.as_deref(), touch_no(report))).collect();
    let mut found: Vec<(&Report, String)> = Vec::new();
    let mut is_found = vec![false; reports.len()];
    for (place, _, digest) in members_of_reports(reach, account.no, &named).await? {
        if let (Some(report), Some(seen)) = (reports.get(place), is_found.get_mut(place)) {
            *seen = true;
            found.push((report, digest));
        }
    }
    for (report, is_found) in reports.iter().zip(is_found) {
        if let Some(to) = report.to.as_deref().filter(|_| !is_found) {
            found.push((report, digest_of(to)));
        }
    }
    Ok(found)
}

/// What a report says of an attempt. A complaint says that it was delivered, and so does that a
/// reader wants no more.
fn delivery(report: &Report, now: Timestamp) -> Option<DeliveryReport> {
    let what = match report.what {
        Reported::Delivered | Reported::Complained => "delivered",
        Reported::Failed(_) => "failed",
        Reported::Bounced => "bounced",
        Reported::Unsubscribed => return None,
    };
    let (provider_id, touch_no) = (report.provider_id.clone(), touch_no(report));
    if provider_id.is_none() && touch_no.is_none() {
        return None;
    }
    let oldest = now.0.saturating_sub(OLDEST_MS);
    let at = report.at_ms.map(|at| Timestamp(at.clamp(oldest, now.0)));
    let why = report.why.clone();
    Some(DeliveryReport { provider_id, touch_no, what, why, at })
}

/// The touch that our id of a message names.
fn touch_no(report: &Report) -> Option<i64> {
    report.message_id.as_deref()?.split_once('-')?.0.parse().ok()
}

/// An instant that cannot be right would place the withdrawal before the consent: then it was said
/// now.
fn withdrawal(account: &ChannelAccount, digest: &str, report: &Report, now: Timestamp) -> Consent {
    let may_be = now.0.saturating_sub(OLDEST_MS)..=now.0;
    Consent {
        no: 0,
        purpose: Purpose::Marketing,
        channel: account.channel,
        decision: Decision::Withdrawn,
        digest: digest.to_owned(),
        at: report.at_ms.filter(|at| may_be.contains(at)).unwrap_or(now.0),
        source: account.vendor.clone(),
        evidence: Some(report.why.clone()),
        recorded_at: now.0,
        recorded_by: VENDOR.to_owned(),
    }
}
