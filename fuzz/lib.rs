//! Shared by the targets: uses a parsed rulebook and checks its behaviour.

use std::collections::BTreeMap;

use ledger::{
    Context, Currency, EntryId, Member, MemberId, Money, Origin, ProgrammeId, Reference, Timestamp,
};
use rules::operations::{Earn, Reverse, ToReverse};
use rules::{Case, Document, EarnEvent, Line, Operation, PriorRecords, Rulebook, decide};

/// Validates a document. A valid one must survive being stored, and earn without a fault.
pub fn work_with(document: &Document) {
    let Ok(book) = Rulebook::new(document, 1) else { return };
    let text = serde_json::to_string(document).unwrap();
    assert_eq!(
        serde_json::from_str::<Document>(&text).unwrap(),
        *document,
        "a document reads back as it was written"
    );
    let text = serde_json::to_string(book.conditions()).unwrap();
    let conditions = serde_json::from_str(&text).unwrap();
    let again = Rulebook::published(document.clone(), Some(book.zone()), &conditions, 1);
    assert!(again.is_ok(), "a publishable document can be read: {again:?}");
    let events =
        ["purchase".to_owned()].into_iter().chain(document.actions.keys().take(3).cloned());
    let mut member = Member::new(MemberId::new("li").unwrap());
    for (at, event) in events.enumerate() {
        member = earn_and_return(&book, member, &event, at as u128 + 1);
    }
}

/// Earns for an event at the turn of a year, and returns all of it a month later.
fn earn_and_return(book: &Rulebook, member: Member, event: &str, number: u128) -> Member {
    let now = Timestamp::parse("2027-12-31T16:00:00Z").unwrap();
    let lines = if event == "purchase" { lines(book.currency()) } else { Vec::new() };
    let operation =
        Earn(EarnEvent { event: event.to_owned(), occurred_at: None, lines, device: None });
    let told = [("birthday", "2000-01-01"), ("tags", "vip,staff")];
    let attributes: BTreeMap<String, String> =
        told.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let recorded = PriorRecords { attributes, ..PriorRecords::default() };
    let origin =
        Origin { reference: Reference::new(format!("o{number}")).ok(), ..Origin::default() };
    let Some((earned, after)) =
        carry_out(book, &member, &operation, &origin, &recorded, now, number)
    else {
        return member;
    };
    let granted: i64 = earned.lots.grants.iter().map(|lot| lot.points).sum();
    let awarded: i64 = earned.awards().iter().map(|award| award.granted).sum();
    assert_eq!(granted, awarded, "awards sum to the granted points");
    if event == "purchase" {
        let by_line: i64 = earned.lines().iter().map(|line| line.granted).sum();
        assert_eq!(by_line, awarded, "the shares of the lines sum to the award");
    }
    let wish = ToReverse { earn: Some(earned.clone()), ..ToReverse::default() };
    let origin = Origin { reference: None, ..origin };
    let later = now.plus_ms(31 * 86_400_000);
    let operation = Reverse(Some(Box::new(wish)));
    match carry_out(book, &after, &operation, &origin, &recorded, later, number + 1_000_000) {
        Some((returned, after)) => {
            assert!(-returned.points <= earned.points, "no more is taken back than was earned");
            after
        }
        None => after,
    }
}

fn lines(currency: Currency) -> Vec<Line> {
    let rows = [
        ("A", "food", 1, 12_850),
        ("B", "delivery", 3, 99),
        ("C", "", 1, 0),
        ("D", "books", 2, 1_000_001),
    ];
    let line = |(line, category, quantity, amount_minor): (&str, &str, i64, i64)| Line {
        line: line.to_owned(),
        sku: Some(format!("sku-{line}")),
        category: Some(category.to_owned()).filter(|category| !category.is_empty()),
        quantity,
        amount: Money { amount_minor, currency },
    };
    rows.into_iter().map(line).collect()
}

/// The requested entry, unless it was refused, and the member after it.
fn carry_out(
    book: &Rulebook,
    member: &Member,
    operation: &dyn Operation,
    origin: &Origin,
    recorded: &PriorRecords,
    now: Timestamp,
    first_id: u128,
) -> Option<(ledger::Entry, Member)> {
    let programme = ProgrammeId::new("p").unwrap();
    let context = Context {
        programme,
        spread: 1,
        rulebook_version: 1,
        now,
        first_id: EntryId(first_id << 64),
        seed: ledger::Seed::default(),
    };
    let case = Case { book, origin, recorded, context };
    let decided = match decide(operation, &case, member.clone()) {
        Ok(decided) => decided,
        Err(stop) => {
            stop.refusal().expect("a valid rulebook leads to no fault");
            return None;
        }
    };
    let mut replayed = member.clone();
    for posting in &decided.decision.postings {
        replayed.apply(&posting.entry).expect("a decision can be replayed");
    }
    assert_eq!(replayed, decided.member, "a member is its entries");
    Some((decided.decision.primary()?.clone(), decided.member))
}
