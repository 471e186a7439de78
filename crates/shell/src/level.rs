//! How a level that is set by hand becomes a submission.

use ledger::{MemberId, Timestamp};
use rules::Rulebook;
use rules::operations::SetLevel;
use store::Submission;

use crate::api::TierBody;
use crate::check::Check;
use crate::earning::fingerprint;
use crate::imports::end_of;
use crate::problem::Problem;

/// The submission that puts a member on a level by hand.
///
/// # Errors
/// [`Problem::InvalidRequest`] with every place that is wrong.
pub fn level_submission(
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
    let submission = member.map(|member| {
        Submission::new(member, SetLevel { tier: body.tier.clone(), until }, origin).under_key(
            "tier",
            key,
            fingerprint(&(id, body)),
        )
    });
    check.done(submission)
}
