//! What an entry does outside its member, as the command table takes it: one JSON object, absent
//! for nearly every entry.
//!
//! What each field does in the database is in the trigger `posting_effects_commit`.

use ledger::{Coupons, Entry, Posting, Tally};
use serde::Serialize;

use crate::Error;
use crate::submission::ClientInfo;

/// Another account of a decision: member, the head that it must have now (none before its first
/// entry), and the number of its programme where that is another one than the entry's.
pub(crate) type OtherRow = (String, Option<String>, Option<i64>);

#[derive(Default, PartialEq, Serialize)]
struct Effects<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tallies: Vec<Tally>,
    /// Device and address.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<(Option<String>, Option<String>)>,
    /// Other accounts of the decision.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    others: &'a [OtherRow],
    /// All the names that the member is known by.
    #[serde(skip_serializing_if = "Option::is_none")]
    aliases: Option<Vec<String>>,
    /// The member that becomes part of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    adopts: Option<String>,
    /// The entry has to be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<bool>,
    /// Codes of new coupons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    coupons: Vec<String>,
    /// The proof that is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'a str>,
    /// The reward that is taken, and the version that it must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<(String, i64)>,
}

/// What goes with an entry beside what it says itself.
#[derive(Default)]
pub(crate) struct With<'a> {
    /// Where it was asked from.
    pub(crate) trace: Option<&'a ClientInfo>,
    /// All the names that its member is known by from now on.
    pub(crate) aliases: Option<&'a [String]>,
    /// The proof that is used up, by which its member showed that it is they who ask.
    pub(crate) proof: Option<&'a str>,
    /// Other accounts of the decision.
    pub(crate) others: Vec<OtherRow>,
    /// The other entries of the decision, for its first one. That asks for everything that the
    /// decision needs, or what fell due would be written and the command that brought it would not.
    pub(crate) following: &'a [Posting],
}

/// The text for the command table; `None` when there is nothing to do.
pub(crate) fn write(entry: &Entry, with: &With<'_>) -> Result<Option<String>, Error> {
    let With { trace, aliases, proof, others, following } = with;
    let reward = |entry: &Entry| entry.reward().map(|taken| (taken.reward.clone(), taken.version));
    let here = |posting: &&Posting| posting.entry.programme == entry.programme;
    let later = || following.iter().filter(here).map(|posting| &posting.entry);
    let effects = Effects {
        others,
        aliases: aliases.map(<[String]>::to_vec),
        adopts: entry.carried().and(entry.counterparty()).map(ToString::to_string),
        tallies: entry
            .effects
            .tallies
            .iter()
            .cloned()
            .chain(later().flat_map(|later| &later.effects.tallies).filter_map(room))
            .collect(),
        trace: trace.map(|trace| (trace.device.clone(), trace.ip.clone())),
        coupons: entry
            .effects
            .coupons
            .iter()
            .filter(|_| entry.kind().row().coupons == Coupons::Issues)
            .map(|coupon| coupon.code.clone())
            .collect(),
        proof: *proof,
        reward: reward(entry).or_else(|| later().find_map(reward)),
        review: entry.earned().and_then(|earned| earned.review.as_ref()).map(|_| true),
    };
    if effects == Effects::default() {
        return Ok(None);
    }
    serde_json::to_string(&effects).map(Some).map_err(|_| Error::Corrupt("effects to be written"))
}

/// Asks whether a counter has room for what a later entry will add to it, and adds nothing.
fn room(tally: &Tally) -> Option<Tally> {
    let most = tally.most?.saturating_sub(tally.amount);
    Some(Tally { amount: 0, most: Some(most), ..tally.clone() })
}
