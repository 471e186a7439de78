//! Gifts of tiers that would not have been reached without what came back.
//!
//! They are taken back as points of an order are, the last ones first, and noted: who reaches the
//! level again is given them again.

use ledger::{ClawBack, Entry, EntryId, Fault, Journal, Member, Reversal, claw_back};

use super::{expired_of, open_coupons, returned::share};
use crate::case::Case;
use crate::document::GiftPolicy;
use crate::tiers::{gift_due, lost_gifts};

/// Takes back what these moves on the ladder gave for levels that were reached before the return
/// and are not any more. `cause` is the correction that this belongs to.
pub(super) fn take_back(
    journal: &mut Journal,
    case: &Case<'_>,
    (earn, gifts): (&Entry, &[Entry]),
    before: &Member,
    cause: EntryId,
) -> Result<(), Fault> {
    let Case { book, recorded, .. } = *case;
    if book.document.returns.gifts == GiftPolicy::Keep {
        return Ok(());
    }
    let mut newest: Vec<&Entry> = gifts.iter().collect();
    newest.sort_by_key(|gift| std::cmp::Reverse(gift.sequence));
    for gift in newest {
        let lost = lost_gifts(book, before, journal, earn, gift);
        if lost.is_empty() {
            continue;
        }
        let earlier = || recorded.of(gift);
        let (before, set_off) =
            earlier().fold((0, 0), |sum: (i64, i64), r| (sum.0 + r.desired, sum.1 + r.expired));
        let all = lost.len() == gift.awards().len();
        let points: i64 = lost.iter().map(|(_, points)| points).sum();
        let desired = points.min(gift.points - before).max(0);
        let gone = expired_of(journal, gift, recorded);
        let excused = share(gone, (before + desired).into(), gift.points.into());
        let is_lost = |name: &str| {
            all || lost.iter().any(|(level, _)| level.gift_coupon.as_deref() == Some(name))
        };
        let coupons =
            open_coupons(journal, gift).filter(|coupon| is_lost(&coupon.name)).cloned().collect();
        let wish = ClawBack {
            earn: gift,
            reversal: Reversal {
                lines: Vec::new(),
                desired,
                expired: (excused - set_off).clamp(0, desired),
            },
            shortfall: book.returns.shortfall,
            first_in_first_out: book.first_in_first_out(),
            counts: lost.iter().map(|(level, _)| gift_due(level, 1)).collect(),
            qualifying: None,
            coupons,
            review: None,
            of: None,
        };
        claw_back(journal, wish, Some(cause), case.without_reference())?;
    }
    Ok(())
}
