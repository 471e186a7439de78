//! How a level that is set by hand becomes an order.

use ledger::{MemberId, Timestamp};
use rules::{Command, Rulebook, decide_single};
use store::Submission;

use crate::api::TierBody;
use crate::check::Check;
use crate::imports::end_of;
use crate::orders::fingerprint;
use crate::problem::Problem;

/// The order that puts a member on a level by hand.
///
/// # Errors
/// [`Problem::InvalidRequest`] with every place that is wrong.
pub fn level_order(
    body: &TierBody,
    id: &str,
    (key, actor): (&str, &str),
    book: &Rulebook,
    now: Timestamp,
) -> Result<Submission, Problem> {
    let mut check = Check::default();
    let member = check.id("member_id", MemberId::new(id));
    check.text("/tier", Some(&body.tier), 40);
    let until =
        body.through.as_deref().and_then(|day| end_of(day, book.zone(), "/through", &mut check));
    if until.is_some_and(|until| until <= now) {
        check.wrong("/through", "is over");
    }
    let origin = check.origin(actor, None, Some(&body.reason), None, None);
    let order = member.map(|member| Submission {
        decide: decide_single,
        member,
        command: Command::SetLevel { tier: body.tier.clone(), until },
        origin,
        idem: Some((format!("tier:{key}"), fingerprint(&(id, body)))),
        source: None,
        attributes: None,
        trace: None,
        aliases: None,
    });
    check.done(order)
}
