//! Coupons as they are stored, in the body of an entry and among a member's state, and whose a code
//! is.

use ledger::{Coupon, CouponTerms, MemberId};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::member_row::instant;
use crate::sql::Sql;
use crate::statement::statement;

/// Off in minor units, in percent, at most, minimum, categories, channels, stores, and whether it
/// stacks, which stands there only where it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TermsRow(
    i64,
    i64,
    Option<i64>,
    i64,
    Vec<String>,
    Vec<String>,
    Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")] bool,
);

/// Code, name, terms, end. Part of the stored format.
pub(crate) type CouponRow = (String, String, TermsRow, Option<i64>);

fn is_false(value: &bool) -> bool {
    !value
}

pub(crate) fn coupon_row(coupon: &Coupon) -> CouponRow {
    let CouponTerms {
        off_minor,
        off_percent,
        max_off_minor,
        min_minor,
        categories,
        channels,
        stores,
        stacks,
    } = coupon.terms.clone();
    let terms = TermsRow(
        off_minor,
        off_percent,
        max_off_minor,
        min_minor,
        categories,
        channels,
        stores,
        stacks,
    );
    (coupon.code.clone(), coupon.name.clone(), terms, coupon.expires_at.map(|at| at.0))
}

pub(crate) fn coupon((code, name, terms, expires_at): CouponRow) -> Coupon {
    let TermsRow(
        off_minor,
        off_percent,
        max_off_minor,
        min_minor,
        categories,
        channels,
        stores,
        stacks,
    ) = terms;
    let terms = CouponTerms {
        off_minor,
        off_percent,
        max_off_minor,
        min_minor,
        categories,
        channels,
        stores,
        stacks,
    };
    Coupon { code, name, terms, expires_at: expires_at.map(instant) }
}

/// The member whose coupon that code is, used or not.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn coupon_holder(
    sql: &impl Sql,
    programme_no: i64,
    code: &str,
) -> Result<Option<MemberId>, Error> {
    let values = vec![programme_no.into(), code.into()];
    let mut rows = sql.look_up(statement!("queries/coupon_holder"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    MemberId::stored(row.text(0)?).map(Some).map_err(|_| Error::Corrupt("member id"))
}
