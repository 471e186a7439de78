//! Points are given to another member.

use ledger::{Journal, MemberId, Refusal, give, receive};

use crate::case::Case;
use crate::joint::{first, joined, may_give, spendable};
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};

/// Give points to another member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The member who gets them.
    pub to: MemberId,
    /// How many, at least 1.
    pub points: i64,
}

impl Operation for Transfer {
    fn name(&self) -> &'static str {
        "transfer"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::others(Lots::All, vec![self.to.clone()])
    }

    fn guards(&self) -> Guards {
        Guards::GIVING
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        transfer(case, own, self.points)
    }
}

/// A gift: points move to another member and keep their dates.
fn transfer(case: &Case<'_>, mut giver: Journal, points: i64) -> Outcome {
    let receiver = case.other()?;
    if receiver.id == giver.member().id {
        return Err(Refusal::SameMember.into());
    }
    if receiver.frozen.earning {
        return Err(Refusal::MemberFrozen { side: "earning" }.into());
    }
    let primary = giver.posted();
    let Some(rule) = case.book.document.transfers else {
        return Err(Refusal::not_offered("transfers").into());
    };
    let counts =
        may_give(case.book, rule, "transfer", giver.member(), points, points, giver.now())?;
    let draws = first(&spendable(&[&giver], case.book), points)?
        .into_iter()
        .map(|(_, draw)| draw)
        .collect();
    let (cause, grants) = give(&mut giver, draws, &receiver.id, counts, case.origin.clone())?;
    case.expire_and_repay(&mut giver)?;
    let mut taker = case.journal(1, receiver.clone())?;
    let from = giver.member().id.clone();
    receive(&mut taker, grants, &from, cause, case.without_reference())?;
    case.expire_and_repay(&mut taker)?;
    joined(vec![giver, taker], 0, primary)
}
