//! Earn and spend.

use super::{MARKETING, READERS, STAFF, STOREFRONT};
use crate::auth::Role;
use crate::route::{DRY_RUN, KIB, Route};

/// Earning points.
pub const EARN: &[Route] = &[
    Route::command("/v1/earn", "Earn points for a purchase or an action", STOREFRONT, "EarnBody")
        .takes("EarnBody", 256 * KIB),
    Route::command(
        "/v1/earn/bulk",
        "Earn for up to 500 events, each with its own key and outcome",
        STOREFRONT,
        "BulkEarn",
    )
    .takes("BulkEarn", 1024 * KIB)
    .without_key()
    .answers(&[200], "BulkOutcomes"),
];

/// Spending points.
pub const REDEEM: &[Route] = &[Route::command(
    "/v1/redeem",
    "Spend points or set them aside, all or nothing",
    STOREFRONT,
    "RedeemBody",
)];

/// What becomes of points that were set aside.
pub const HOLD: &[Route] = &[
    Route::read("/v1/holds/{id}", "A hold and what became of it", READERS).for_stores(),
    Route::command(
        "/v1/holds/{id}/capture",
        "Spend the points of a hold, all or some",
        STOREFRONT,
        "CaptureBody",
    )
    .or_none(),
    Route::command("/v1/holds/{id}/release", "Give a hold up", STOREFRONT, "ReleaseBody").or_none(),
];

/// Undoing.
pub const REVERSE: &[Route] = &[Route::command(
    "/v1/reverse",
    "Undo an order, an action or a redemption, wholly or in part",
    STAFF,
    "ReverseBody",
)];

/// Ending the wait of pending points.
pub const ACTIVATE: &[Route] = &[Route::command(
    "/v1/activate",
    "Make pending points spendable before their time",
    STOREFRONT,
    "ActivateBody",
)];

const CATALOGUE_READERS: &[Role] = &[
    Role::Storefront,
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];
const CATALOGUE_DECIDERS: &[Role] =
    &[Role::Marketing, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// The catalogue.
pub const REWARD: &[Route] = &[
    Route::list("/v1/rewards", "The catalogue", CATALOGUE_READERS).for_stores(),
    Route::read("/v1/rewards/{id}", "A reward, with what is left of it", CATALOGUE_READERS)
        .for_stores(),
    Route::write("/v1/rewards/{id}", "Put a reward into the catalogue, or change it", MARKETING)
        .by("PUT")
        .takes("Reward", 64 * KIB)
        .answers(&[200, 201, 202], "Object"),
    Route::write(
        "/v1/rewards/{id}/changes/{change}/approve",
        "Put a change into the catalogue that waits",
        CATALOGUE_DECIDERS,
    ),
    Route::write(
        "/v1/rewards/{id}/changes/{change}/reject",
        "Drop a change of the catalogue that waits",
        CATALOGUE_DECIDERS,
    ),
];

const COUPON_KEEPERS: &[Role] = &[Role::Storefront, Role::Service, Role::Marketing];

/// Coupons.
pub const COUPON: &[Route] = &[
    Route::read("/v1/coupons/{code}", "What a coupon is good for", READERS).for_stores(),
    Route::command(
        "/v1/coupons/{code}/redeem",
        "Use a coupon for an order",
        STOREFRONT,
        "CouponBody",
    )
    .takes("CouponBody", 256 * KIB),
    Route::command(
        "/v1/coupons/{code}/cancel",
        "Take a coupon away",
        COUPON_KEEPERS,
        "DecisionBody",
    )
    .takes("DecisionBody", 256 * KIB)
    .or_none(),
    Route::command(
        "/v1/coupons/{code}/restore",
        "Undo the use of a coupon",
        COUPON_KEEPERS,
        "CouponRestoreBody",
    )
    .takes("CouponRestoreBody", 256 * KIB),
];

/// Gifts.
pub const TRANSFER: &[Route] =
    &[Route::command("/v1/transfers", "Give points to another member", STOREFRONT, "TransferBody")];

/// Points of another programme.
pub const EXCHANGE: &[Route] = &[Route::command(
    "/v1/exchanges",
    "Exchange points for those of another programme of the group",
    STOREFRONT,
    "ExchangeBody",
)];

/// Households.
pub const POOL: &[Route] = &[
    Route::command(
        "/v1/pools/{id}/members/{member_id}",
        "Let a member join a pool",
        STAFF,
        "Object",
    )
    .by("PUT")
    .takes_bytes(64 * KIB)
    .or_none(),
    Route::command(
        "/v1/pools/{id}/members/{member_id}",
        "Let a member leave a pool",
        STAFF,
        "Object",
    )
    .by("DELETE")
    .takes_bytes(64 * KIB)
    .or_none(),
    Route::write(
        "/v1/pools/{id}/invitations/{member_id}",
        "Let a member join a pool within seven days, as its head wishes",
        STAFF,
    )
    .by("PUT")
    .takes("InvitationBody", 64 * KIB)
    .asks(DRY_RUN)
    .answers(&[201], "Written")
    .for_stores(),
    Route::read("/v1/pools/{id}", "A pool, and what its members can spend together", READERS)
        .for_stores(),
    Route::list("/v1/pools/{id}/entries", "History of the pool's own account", READERS)
        .for_stores(),
    Route::command("/v1/pools/{id}/redeem", "Spend points of a pool", STOREFRONT, "PoolRedeemBody"),
];
