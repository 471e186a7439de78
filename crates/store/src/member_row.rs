//! Rows of members and lots to the types of the ledger, and back to the JSON texts that the
//! database keeps of them.

use std::borrow::Cow;

use ledger::{
    Claim, Counter, Lot, LotNumber, Member, MemberId, Qualification, Sequence, Tier, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::member_extras::MemberExtras;
use crate::sql::Row;

/// How `lot.expires_at` says "never", so that ascending order is consumption order.
pub(crate) const NEVER: i64 = i64::MAX;

type LotRow = (i64, String, i64, i64, i64, i64, i64, i64);

/// What counts towards tiers, and what the member's level is held by.
#[derive(Serialize, Deserialize)]
struct TierRow<'a>(
    Cow<'a, Qualification>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")] Cow<'a, [Claim]>,
);

pub(crate) fn instant(value: i64) -> Timestamp {
    Timestamp(value)
}

/// Reads a member from 16 columns from `at` on (id, no, sequence … reminded_at, debt, state) and
/// the lots from the one after. A null number is a new member.
pub(crate) fn member(row: &mut Row, at: usize) -> Result<(Member, Option<i64>), Error> {
    let id = MemberId::stored(row.text(at)?).map_err(|_| Error::Corrupt("member id"))?;
    let Some(number) = row.optional_integer(at + 1)? else { return Ok((Member::new(id), None)) };
    let tier = match (row.optional_text(at + 7)?, row.optional_integer(at + 8)?) {
        (Some(id), Some(since)) => {
            Some((id, instant(since), row.optional_integer(at + 9)?.map(instant)))
        }
        _ => None,
    };
    let (qualification, claims) = read_qualification(&row.text(at + 10)?)?;
    let in_lots = row.integer(at + 4)?;
    let debt = row.integer(at + 14)?;
    let lots = row.optional_text(at + 16)?.map_or(Ok(Vec::new()), |text| lots(&text))?;
    // The sum tells whether all of them were loaded.
    let lots_complete = lots.iter().map(|lot| lot.remaining).sum::<i64>() == in_lots;
    let extras = row.optional_text(at + 15)?;
    let extras = extras.map_or(Ok(MemberExtras::default()), |text| MemberExtras::read(&text))?;
    let member = Member {
        id,
        sequence: Sequence(row.integer(at + 2)?),
        head: row.hash(at + 3)?,
        balance: in_lots.checked_sub(debt).ok_or(Error::Corrupt("balance"))?,
        debt,
        lots_granted: row.integer(at + 5)?,
        joined_at: row.optional_integer(at + 6)?.map(instant),
        tier: tier.map(|(id, since, until)| Tier { id, since, until, claims }),
        qualification,
        counters: counters(&row.text(at + 11)?)?,
        closed: extras.closed()?,
        holds: extras.holds.into_owned(),
        requests: extras.requests.into_owned(),
        reviews: extras.reviews.into_owned(),
        coupons: extras.coupons.into_owned(),
        frozen: extras.frozen.unwrap_or_default(),
        pool: extras.pool.map(Cow::into_owned),
        pool_members: extras.pool_members.into_owned(),
        invitations: extras.invitations.into_owned(),
        due_at: row.optional_integer(at + 12)?.map(instant),
        reminded_at: row.optional_integer(at + 13)?.map(instant),
        lots,
        lots_complete,
        lots_counted: None,
    };
    Ok((member, Some(number)))
}

fn lots(text: &str) -> Result<Vec<Lot>, Error> {
    let rows: Vec<LotRow> = serde_json::from_str(text).map_err(|_| Error::Corrupt("lots"))?;
    let lot = |(
        number,
        source,
        granted,
        remaining,
        earned_at,
        available_at,
        expires_at,
        pending,
    ): LotRow| Lot {
        number: LotNumber(number),
        source,
        granted,
        remaining,
        earned_at: instant(earned_at),
        available_at: instant(available_at),
        expires_at: (expires_at != NEVER).then_some(instant(expires_at)),
        pending: pending != 0,
    };
    Ok(rows.into_iter().map(lot).collect())
}

pub(crate) fn read_qualification(text: &str) -> Result<(Qualification, Vec<Claim>), Error> {
    let TierRow(qualification, claims) =
        serde_json::from_str(text).map_err(|_| Error::Corrupt("qualification"))?;
    Ok((qualification.into_owned(), claims.into_owned()))
}

pub(crate) fn write_qualification(member: &Member) -> Result<String, Error> {
    let claims = member.tier.as_ref().map_or(&[][..], |tier| &tier.claims);
    let row = TierRow(Cow::Borrowed(&member.qualification), Cow::Borrowed(claims));
    serde_json::to_string(&row).map_err(|_| Error::Corrupt("qualification to be written"))
}

fn counters(text: &str) -> Result<Vec<Counter>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("counters"))
}

pub(crate) fn write_counters(counters: &[Counter]) -> Result<String, Error> {
    serde_json::to_string(counters).map_err(|_| Error::Corrupt("counters to be written"))
}
