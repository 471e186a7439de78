//! Sources: the names under which documents are recorded, each once in a programme.
//!
//! A document is first recorded under its own name, `purchase:o-1`. When all of that was undone and
//! it comes again, a number follows (`purchase:o-1 2`). While another store's document has the
//! name, a store records its own as `purchase:o-1 @shanghai 1`. References have no spaces, so no
//! two documents share a name. Two that want the same next name at once are told apart by the
//! unique index: the second is loaded and decided again. Which record stands in the way is decided
//! in `rules::living`.

use std::collections::BTreeMap;

use ledger::{Entry, EntryId, Kind, RecordedAs};
use rules::{MAX_RECORDS, Past};
use serde_json::json;

use crate::Error;
use crate::entry_row;
use crate::history::corrections_of;
use crate::load::{LoadRequest, LoadedMember};
use crate::sql::Sql;
use crate::statement::statement;

/// The name of what may be recorded once only: the order of a purchase, the document of a
/// redemption (`redeem`).
#[must_use]
pub fn source(event: &str, reference: &str) -> String {
    format!("{event}:{reference}")
}

/// What is recorded under a source, in whichever store, and what became of it.
struct Bearing {
    source: String,
    past: Past,
}

/// Everything that was recorded for documents of these sources, oldest first, with what corrects
/// it.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn records(
    sql: &impl Sql,
    programme_no: i64,
    sources: &[String],
) -> Result<Vec<Past>, Error> {
    let ranges = sources.iter().map(|source| (0, all_of(source))).collect();
    let found = bearing(sql, programme_no, ranges).await?;
    Ok(found.into_values().flatten().map(|bearing| bearing.past).collect())
}

/// For each that is wanted and whose source is taken: whether that stands in its way, and under
/// which name it can be recorded otherwise.
pub(crate) async fn make_room(
    sql: &impl Sql,
    programme_no: i64,
    wanted: &[LoadRequest],
    loaded: &mut [LoadedMember],
) -> Result<(), Error> {
    let is_asked = |loaded: &LoadedMember| {
        loaded.recorded.used.is_some() && loaded.hit.is_none() && loaded.refusal.is_none()
    };
    let asked: Vec<_> = wanted.iter().zip(loaded).filter(|(_, loaded)| is_asked(loaded)).collect();
    let of = |(at, (wanted, _)): (usize, &(&LoadRequest, &mut LoadedMember))| {
        let source = wanted.source.as_deref().unwrap_or_default();
        ranges(source, wanted.store.as_deref())
            .into_iter()
            .map(move |range| (at, range))
            .collect::<Vec<_>>()
    };
    let mut found = match asked.iter().enumerate().flat_map(of).collect::<Vec<_>>() {
        ranges if ranges.is_empty() => return Ok(()),
        ranges => bearing(sql, programme_no, ranges).await?,
    };
    for (at, (wanted, loaded)) in asked.into_iter().enumerate() {
        let Some(source) = &wanted.source else { continue };
        let store = wanted.store.as_deref();
        let found = found.remove(&at).unwrap_or_default();
        let (chains, pasts): (Vec<String>, Vec<Past>) =
            found.into_iter().map(|one| (one.source, one.past)).unzip();
        let recorded = &mut loaded.recorded;
        let used = if wanted.once_ever {
            rules::ever(&pasts, store)
        } else {
            rules::living(&pasts, store)
        };
        recorded.used = used.map(|past| past.entry.id);
        recorded.is_of_another = used.is_some_and(|past| past.entry.member != loaded.member.id);
        recorded.kept = rules::kept(&pasts, &loaded.member.id, store);
        let discounts =
            pasts.iter().filter(|past| !past.is_undone()).filter_map(|past| past.entry.discount());
        recorded.off_minor =
            discounts.map(|discount| discount.off_minor).fold(0, i64::saturating_add);
        let is_shared = pasts.iter().any(|past| past.entry.kind() == Kind::CouponRedeem);
        let is_free =
            |(chain, past): (&String, &Past)| store_of(source, chain).is_some() || past.is_undone();
        let is_own_free = is_shared || chains.iter().zip(&pasts).all(is_free);
        let scope = store.filter(|_| !is_own_free);
        let before = chains
            .iter()
            .filter(|chain| store_of(source, chain).as_deref() == scope.map(escaped).as_deref());
        let number = before.count() + 1;
        if number > MAX_RECORDS {
            recorded.used = recorded.used.or(pasts.last().map(|past| past.entry.id));
        }
        loaded.source = Some(named(source, scope, number));
    }
    Ok(())
}

/// The number-th name of a document, of a store's own where another store's has the first one.
fn named(source: &str, store: Option<&str>, number: usize) -> String {
    match store {
        None => format!("{source} {number}"),
        Some(store) => format!("{source} @{} {number}", escaped(store)),
    }
}

/// A store in a name, which has spaces only between its parts.
fn escaped(store: &str) -> String {
    store.replace('%', "%25").replace(' ', "%20")
}

/// The store, as it stands in a name of that document.
fn store_of(source: &str, name: &str) -> Option<String> {
    let (store, _) = name.strip_prefix(source)?.strip_prefix(" @")?.split_once(' ')?;
    Some(store.to_owned())
}

/// The source of the document that an entry records.
pub(crate) fn source_of(entry: &Entry) -> Option<String> {
    let event = match entry.kind().row().recorded_as {
        RecordedAs::Nothing => None,
        RecordedAs::Event => entry.event(),
        RecordedAs::Named(name) => Some(name),
    };
    Some(source(event?, entry.origin.reference.as_ref()?.as_str()))
}

/// Whether an entry that records a document is rightly recorded under a name.
pub(crate) fn is_name_of(name: Option<&str>, entry: &Entry) -> bool {
    let is_its_own = || {
        let rest = name?.strip_prefix(&source_of(entry)?)?;
        let store = entry.origin.store.as_deref().map(escaped);
        let number = match (rest.strip_prefix(" @"), store) {
            _ if rest.is_empty() => return Some(true),
            (None, _) => rest.strip_prefix(' ')?,
            (Some(scoped), Some(store)) => scoped.strip_prefix(&store)?.strip_prefix(' ')?,
            (Some(_), None) => return Some(false),
        };
        Some(number.parse::<usize>().is_ok_and(|number| (1..=MAX_RECORDS).contains(&number)))
    };
    is_its_own().unwrap_or(false)
}

type Range = (String, String);

/// All names of a document: its own, and those that a space follows.
pub(crate) fn all_of(source: &str) -> Range {
    (source.to_owned(), format!("{source}!"))
}

/// The names that matter to a document of that store: those of no store's own, and its own.
fn ranges(source: &str, store: Option<&str>) -> Vec<Range> {
    let Some(store) = store else { return vec![all_of(source)] };
    let scoped = format!("{source} @{}", escaped(store));
    // Numbers begin with a digit; ':' follows on '9'.
    vec![
        (source.to_owned(), format!("{source} ")),
        (format!("{source} 0"), format!("{source} :")),
        (format!("{scoped} 0"), format!("{scoped} :")),
    ]
}

/// What is recorded within the ranges, by the asker's number.
async fn bearing(
    sql: &impl Sql,
    programme_no: i64,
    ranges: Vec<(usize, Range)>,
) -> Result<BTreeMap<usize, Vec<Bearing>>, Error> {
    let (askers, ranges): (Vec<usize>, Vec<Range>) = ranges.into_iter().unzip();
    let values = vec![programme_no.into(), json!(ranges).to_string().into()];
    let mut found: BTreeMap<usize, Vec<Bearing>> = BTreeMap::new();
    let mut ids = Vec::new();
    for mut row in sql.look_up(statement!("queries/bearing"), values).await? {
        let (source, place) = (row.text(13)?, row.integer(14)?);
        let asker = usize::try_from(place).ok().and_then(|place| askers.get(place));
        let past = Past { entry: entry_row::read(&mut row, 0)?, corrections: Vec::new() };
        ids.push(past.entry.id);
        found
            .entry(*asker.ok_or(Error::Corrupt("answer"))?)
            .or_default()
            .push(Bearing { source, past });
    }
    if ids.is_empty() {
        return Ok(found);
    }
    let mut corrections: BTreeMap<EntryId, Vec<Entry>> = BTreeMap::new();
    ids.sort_unstable();
    ids.dedup();
    for entry in corrections_of(sql, programme_no, &ids).await? {
        if let Some(id) = entry.corrects() {
            corrections.entry(id).or_default().push(entry);
        }
    }
    for Bearing { past, .. } in found.values_mut().flatten() {
        past.corrections = corrections.get(&past.entry.id).cloned().unwrap_or_default();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_within_their_ranges_and_no_others() {
        let within =
            |(from, before): &Range, name: &str| from.as_str() <= name && name < before.as_str();
        let names = [
            "purchase:o",
            "purchase:o 2",
            "purchase:o @a 1",
            "purchase:o @a%20b 1",
            "purchase:o!",
            "purchase:o1",
        ];
        for (store, found) in [
            (None, vec![true, true, true, true, false, false]),
            (Some("a"), vec![true, true, true, false, false, false]),
            (Some("a b"), vec![true, true, false, true, false, false]),
        ] {
            let ranges = ranges("purchase:o", store);
            let is_found = |name: &&str| ranges.iter().any(|range| within(range, name));
            assert_eq!(names.iter().map(is_found).collect::<Vec<_>>(), found, "{store:?}");
        }
        assert_eq!(named("purchase:o", Some("a b"), 1), "purchase:o @a%20b 1");
        assert_eq!(store_of("purchase:o", "purchase:o @a%20b 1").as_deref(), Some("a%20b"));
        assert_eq!(store_of("purchase:o", "purchase:o 2"), None);
    }
}
