//! What a message knows by its strategy.

use super::{Action, Grant, Known, Trigger};

/// The variables that a message about such an occasion can show. What is known of every member is
/// not among them, and links are the message's own.
pub(super) fn gives(
    trigger: &Trigger,
    action: &Action,
    known: Option<&Known>,
) -> Vec<&'static str> {
    let mut given = vec!["link", "unsubscribe"];
    match trigger {
        Trigger::PointsExpiring { .. } => given.extend(["points", "expires_on", "days_left"]),
        Trigger::TierEnding { .. } | Trigger::Date { .. } => {
            given.extend(["expires_on", "days_left"]);
        }
        Trigger::CouponExpiring { .. } => given.extend(["coupon", "expires_on", "days_left"]),
        Trigger::Entry { .. } | Trigger::BalanceChanged { .. } => given.push("points"),
        _ => {}
    }
    let brings_coupon = |grant: &Grant| {
        let Some(known) = known else { return true };
        let found = grant.of(&known.grants).and_then(|name| known.grants.get(name));
        found.is_some_and(|grant| grant.coupon.is_some())
    };
    if action.grant.as_ref().is_some_and(brings_coupon) {
        given.push("coupon");
    }
    if action.recommend.is_some() {
        given.push("rewards");
    }
    given
}
