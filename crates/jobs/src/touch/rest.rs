//! What decisions ask of members besides facts: read of those alone for whom something may be due.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use reach::playbook::Playbook;
use reach::touch::{
    Happening, ORDER, Occasion, Recipient, Touch, answered_for_ms, behaviours_asked, entries_asked,
};
use reach::{Facts, Family};
use store::{
    Error, OpenOccasions, RareState, Reachability, Sql, behaviour_of_members, following_entries,
    occasions_of_members,
};

use crate::context::JobContext;
use crate::customers::{Databases, Moment, Piece};

/// Of a member and kind so many of the last events, and of the last entries, are looked at. What
/// follows all of them is among these.
const LAST: i64 = 200;
/// Entries of a member that are read at once after the first ones, and of how many members.
const PAGE: i64 = 2_000;
const MEMBERS: usize = 25;

/// What happened to members and may be answered at an instant. Of who did something that a strategy
/// asks for, all that was reported is read, and what the ledger wrote since.
pub(crate) async fn occasions<L: Sql, R: Sql>(
    databases: &Databases<'_, '_, L, R>,
    playbook: &Playbook,
    members: &[i64],
    at: Timestamp,
) -> Result<BTreeMap<i64, OpenOccasions>, Error> {
    let Databases { ledger, reach, programme_no: no } = *databases;
    let mut found =
        reach.with_retries(async || occasions_of_members(reach.sql, no, members, at).await).await?;
    let is_behaviour = |one: &Occasion| matches!(one.what, Happening::Behaviour { .. });
    let has_acted = |of: &OpenOccasions| of.all.iter().any(is_behaviour);
    let acted: Vec<i64> =
        found.iter().filter(|(_, of)| has_acted(of)).map(|(member_no, _)| *member_no).collect();
    if acted.is_empty() {
        return Ok(found);
    }
    let (kinds, since) = (behaviours_asked(playbook), at.plus_ms(-answered_for_ms(playbook)));
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let events = reach.with_retries(async || {
        behaviour_of_members(reach.sql, &acted, &kinds, (since, LAST)).await
    });
    for (member_no, events) in events.await? {
        let event = |(kind, at)| Occasion { at, what: Happening::Behaviour { kind } };
        found.entry(member_no).or_default().all.extend(events.into_iter().map(event));
    }
    let kinds = entries_asked(playbook);
    if !kinds.is_empty() {
        for ((member_no, by), all) in followed(ledger, &acted, &kinds, since).await? {
            let each = all.into_iter();
            let each = each.map(|at| Occasion { at, what: Happening::Followed { by: by.into() } });
            found.entry(member_no).or_default().all.extend(each);
        }
    }
    Ok(found)
}

/// When entries of these kinds happened that were recorded since an instant, by member and kind.
/// All entries since are read, page by page: the one that follows may be the first of many.
async fn followed<'k, L: Sql>(
    ledger: &JobContext<'_, L>,
    members: &[i64],
    kinds: &BTreeSet<&'k str>,
    since: Timestamp,
) -> Result<BTreeMap<(i64, &'k str), Vec<Timestamp>>, Error> {
    let most = usize::try_from(LAST).unwrap_or(usize::MAX);
    let mut found: BTreeMap<(i64, &str), Vec<Timestamp>> = BTreeMap::new();
    let mut pages: Vec<Vec<(i64, Option<i64>)>> =
        vec![members.iter().map(|member_no| (*member_no, None)).collect()];
    let mut size = LAST;
    while !pages.is_empty() {
        let mut open = Vec::new();
        for page in pages {
            let read = async || following_entries(ledger.sql, &page, (since, size)).await;
            let mut seen: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
            for entry in ledger.with_retries(read).await? {
                let (count, first) = seen.entry(entry.member_no).or_insert((0, entry.sequence));
                (*count, *first) = (*count + 1, entry.sequence.min(*first));
                let by = [Some(entry.kind.as_str()), entry.is_order.then_some(ORDER)];
                for by in by.into_iter().flatten().filter_map(|by| kinds.get(by)) {
                    let all = found.entry((entry.member_no, *by)).or_default();
                    all.push(entry.at);
                    if all.len() >= 2 * most {
                        all.sort_unstable_by_key(|at| Reverse(*at));
                        all.truncate(most);
                    }
                }
            }
            let goes_on = |(_, (count, first)): &(i64, (i64, i64))| *count >= size && *first > 1;
            let seen = seen.into_iter().filter(goes_on);
            open.extend(seen.map(|(member_no, (_, first))| (member_no, Some(first))));
        }
        pages = open.chunks(MEMBERS).map(<[_]>::to_vec).collect();
        size = PAGE;
    }
    Ok(found)
}

/// What is known of some members besides facts, by their numbers.
pub(crate) struct Rest {
    pub(crate) occasions: BTreeMap<i64, OpenOccasions>,
    pub(crate) ways: BTreeMap<i64, Reachability>,
    pub(crate) rare: BTreeMap<i64, RareState>,
    pub(crate) touches: BTreeMap<i64, Vec<Touch>>,
}

impl Rest {
    /// A member as decisions ask for it.
    pub(crate) fn recipient<'a>(
        &'a self,
        piece: &'a Piece,
        (member_no, facts): (i64, &'a Facts),
        moment: Moment<'a>,
        sets: &'a BTreeMap<i64, (Family, String)>,
    ) -> Recipient<'a> {
        let ways = self.ways.get(&member_no).cloned().unwrap_or_default();
        let rare = self.rare.get(&member_no);
        let held = piece.held(member_no).iter().filter(|held| held.counts(moment.now));
        let mut customer = piece.customer((member_no, facts), moment);
        let mut segments = BTreeSet::new();
        for held in held {
            match sets.get(&held.set_no) {
                Some((Family::Tag, path)) => customer.tags.push(path),
                Some((Family::Segment, id)) => drop(segments.insert(id.as_str())),
                None => {}
            }
        }
        Recipient {
            customer,
            segments,
            contacts: ways.contacts,
            consents: ways.consents,
            quiet: ways.quiet,
            coupons: rare.map(|rare| rare.coupons.clone()).unwrap_or_default(),
            occasions: self.occasions.get(&member_no).map(|of| of.all.clone()).unwrap_or_default(),
            controls: BTreeSet::new(),
            is_frozen: rare.is_some_and(|rare| rare.is_frozen),
            is_erased: false,
            touches: self.touches.get(&member_no).map_or(&[], Vec::as_slice),
        }
    }
}
