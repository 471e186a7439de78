//! Which points a member is to be warned about now.

use chrono::Days;
use ledger::{
    Journal, Lot, LotDraw, LotState, Member, MemberId, Reminder, Timestamp, local_date, remind,
    start_of_day,
};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::rulebook::Rulebook;

/// Warn about points that expire soon, after settling. Needs every open lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remind;

impl Operation for Remind {
    fn name(&self) -> &'static str {
        "remind"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::JOB
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone_at(own, |journal| {
            let primary = journal.posted();
            if let Some(due) = reminder(case.book, journal.member(), journal.now()) {
                remind(journal, due, case.origin.clone())?;
            }
            Ok(primary)
        })
    }
}

/// The reminder that is due for the member, or `None`. Needs every open lot.
///
/// A lot is due for a warning when it has come within one of the rulebook's numbers of days before
/// its end since the member was last warned: late runs still warn, a second run on the same day
/// finds nothing new, and several lots share one reminder.
#[must_use]
pub fn reminder(book: &Rulebook, member: &Member, now: Timestamp) -> Option<Reminder> {
    let mut lots: Vec<&Lot> =
        member.lots.iter().filter(|lot| is_due(book, member, lot, now)).collect();
    lots.sort_by_key(|lot| lot.expiring_first());
    let first_expires_at = lots.first()?.expires_at?;
    let lots: Vec<LotDraw> =
        lots.iter().map(|lot| LotDraw { number: lot.number, points: member.free(lot) }).collect();
    let points = lots.iter().try_fold(0i64, |sum, lot| sum.checked_add(lot.points))?;
    Some(Reminder { points, lots, first_expires_at })
}

fn is_due(book: &Rulebook, member: &Member, lot: &Lot, now: Timestamp) -> bool {
    // What a hold keeps is as good as spent.
    let is_spendable = lot.state(now) == LotState::Active && member.free(lot) > 0;
    let Some(end) = lot.expires_at.filter(|_| is_spendable) else { return false };
    let end_day = local_date(end, book.zone());
    let stage = |days: &u32| {
        Some(start_of_day(end_day.checked_sub_days(Days::new(u64::from(*days)))?, book.zone()))
    };
    // The days ascend: the first stage already reached is the nearest to the end.
    let Some(reached) = book.reminder_days.iter().filter_map(stage).find(|at| *at <= now) else {
        return false;
    };
    reached > lot.available_at && member.reminded_at.is_none_or(|last| reached > last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::default_document;
    use ledger::{LotNumber, MemberId};

    #[test]
    fn one_reminder_a_stage() {
        let book = Rulebook::new(&default_document(), 1).unwrap();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let lot = |number, points, earned: &str, ends: &str| Lot {
            number: LotNumber(number),
            source: "purchase".into(),
            granted: points,
            remaining: points,
            earned_at: at(earned),
            available_at: at(earned),
            expires_at: Some(at(ends)),
            pending: false,
        };
        let mut member = Member::new(MemberId::new("m").unwrap());
        member.lots = vec![
            lot(1, 10, "2026-01-01T00:00:00Z", "2026-11-20T00:00:00+08:00"),
            lot(2, 20, "2026-01-01T00:00:00Z", "2026-11-24T00:00:00+08:00"),
            // Granted only three days before its end: never seven days away.
            lot(3, 40, "2026-11-19T00:30:00+08:00", "2026-11-22T00:00:00+08:00"),
        ];
        for (now, reminded, points) in [
            ("2026-11-12T23:59:59+08:00", None, None),
            ("2026-11-13T00:00:00+08:00", None, Some(10)),
            // The same night again, and later that day.
            ("2026-11-13T09:00:00+08:00", Some("2026-11-13T00:00:05+08:00"), None),
            // Three days before the first, seven before the second: one reminder.
            ("2026-11-17T00:00:00+08:00", Some("2026-11-13T00:00:05+08:00"), Some(30)),
            // The run of the 17th was missed; the 18th makes up for it.
            ("2026-11-18T00:00:00+08:00", Some("2026-11-13T00:00:05+08:00"), Some(30)),
            ("2026-11-19T00:00:00+08:00", Some("2026-11-17T00:00:05+08:00"), Some(10)),
            // At its end the first lot is gone; the third has its first stage on the 21st.
            ("2026-11-20T00:00:00+08:00", Some("2026-11-19T00:00:05+08:00"), None),
            ("2026-11-21T00:00:00+08:00", Some("2026-11-19T00:00:05+08:00"), Some(60)),
            // Clock an hour back: nothing is told twice.
            ("2026-11-20T23:00:00+08:00", Some("2026-11-21T00:00:05+08:00"), None),
        ] {
            member.reminded_at = reminded.map(at);
            assert_eq!(reminder(&book, &member, at(now)).map(|r| r.points), points, "{now}");
        }
    }
}
