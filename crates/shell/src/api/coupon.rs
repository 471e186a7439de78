//! Coupons.

use ledger::{Entry, MemberId};
use rules::Line;
use rules::operations::{CancelCoupon, RedeemCoupon, RestoreCoupon};
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::{LineBody, MAX_LINES, ReasonBody, fingerprint, line};
use super::roles::{READERS, STOREFRONT};
use crate::auth::Role;
use crate::check::Check;
use crate::json::objects;
use crate::problem::Problem;
use crate::route::{KIB, Route};

const COUPON_KEEPERS: &[Role] = &[Role::Storefront, Role::Service, Role::Marketing];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/v1/coupons/{code}", "What a coupon is good for", READERS).for_stores(),
    Route::command(
        "/v1/coupons/{code}/redeem",
        "Use a coupon for an order",
        STOREFRONT,
        "CouponBody",
    )
    .takes("CouponBody", 256 * KIB),
    Route::command("/v1/coupons/{code}/cancel", "Take a coupon away", COUPON_KEEPERS, "ReasonBody")
        .takes("ReasonBody", 256 * KIB)
        .or_none(),
    Route::command(
        "/v1/coupons/{code}/restore",
        "Undo the use of a coupon",
        COUPON_KEEPERS,
        "CouponRestoreBody",
    )
    .takes("CouponRestoreBody", 256 * KIB),
];

/// Using a coupon for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CouponBody {
    /// Whose it must be; anybody's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_id: Option<String>,
    /// The lines of the order.
    #[serde(deserialize_with = "objects")]
    pub lines: Vec<LineBody>,
    /// The merchant's document, such as the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// Undoing the use of a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CouponRestoreBody {
    /// The entry that used it.
    pub entry_id: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl CouponBody {
    /// Checks the values and makes a submission of it, for the member whose coupon it is.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        code: &str,
        holder: &MemberId,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            check.wrong("/lines", "must be 1 to 500 lines");
        }
        let lines = self.lines.iter().take(MAX_LINES).enumerate();
        let lines: Vec<Line> =
            lines.filter_map(|(index, body)| line(index, body, &mut check)).collect();
        let (reference, source) = check.document("coupon", self.reference.as_deref());
        let origin =
            check.origin(actor, reference, None, self.channel.as_ref(), self.store_id.as_ref());
        let of = self.member_id.as_deref().and_then(|id| check.id("/member_id", MemberId::new(id)));
        let operation = RedeemCoupon { code: code.to_owned(), lines, of };
        let idem = Some((format!("coupon-redeem:{key}"), fingerprint(&(code, self))));
        let member = holder.clone();
        check.done(Some(Submission { idem, source, ..Submission::new(member, operation, origin) }))
    }
}

impl ReasonBody {
    /// Checks the values and makes a submission of it that takes this coupon away.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn cancel_coupon(
        &self,
        code: &str,
        holder: &MemberId,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let operation = CancelCoupon { code: code.to_owned() };
        let idem = Some((format!("coupon-cancel:{key}"), fingerprint(&(code, self))));
        let member = holder.clone();
        check.done(Some(Submission { idem, ..Submission::new(member, operation, origin) }))
    }
}

impl CouponRestoreBody {
    /// Checks the values and makes a submission of it, for the entry that used the coupon.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, used: Entry, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let idem = Some((format!("coupon-restore:{key}"), fingerprint(self)));
        let member = used.member.clone();
        let operation = RestoreCoupon { used: Box::new(used) };
        check.done(Some(Submission { idem, ..Submission::new(member, operation, origin) }))
    }
}
