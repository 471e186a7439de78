//! Two documents with the same drafts, publications and groups: neither takes the other's place.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use ledger::Timestamp;
use reach::playbook::Playbook;
use rules::Rulebook;
use serde_json::{Value as Json, json};
use store::{
    DocumentKind, DraftKept, DraftWish, Publication, PublicationState, Publishable, Who,
    ask_for_publication, decide_publication, delete_draft, document_versions, draft,
    follow_playbooks, inherit, inheritance, list_drafts, list_publications, other_drafts,
    playbook_overrides, programme, publication, publish, publish_due, published_playbook,
    published_since, put_draft,
};
use support::{World, wait};

const RULEBOOK: DocumentKind = DocumentKind::Rulebook;
const PLAYBOOK: DocumentKind = DocumentKind::Playbook;

fn who() -> Who {
    Who { at: Timestamp(1), person: Some("ana".into()), key: None, address: None }
}

fn playbook(document: &Json) -> Playbook {
    serde_json::from_value(document.clone()).unwrap()
}

fn text(document: &Json) -> String {
    store::playbook_text(&playbook(document)).unwrap()
}

/// A strategy that sets a tag.
fn strategy(id: &str, tag: &str) -> Json {
    json!({"id": id, "trigger": {"kind": "tier_changed"}, "action": {"set_tag": tag}})
}

/// Plans a publication of the default programme.
fn plans(world: &World, id: &str, (kind, base): (DocumentKind, i64), document: Publishable) {
    let wish = Publication {
        id: id.to_owned(),
        kind,
        draft: "d".to_owned(),
        base_version: base,
        at: Timestamp(10),
        major: Vec::new(),
        role: "department_head".to_owned(),
        asked_at: Timestamp(0),
        asked_by: "ana".to_owned(),
        state: PublicationState::Planned,
        decided: None,
        published_at: None,
        approved: None,
        reason: None,
    };
    wait(ask_for_publication(&world.sql, 1, &wish, document, id, &who())).unwrap();
}

fn plans_playbook(world: &World, id: &str, base: i64, document: &Json) {
    plans(world, id, (PLAYBOOK, base), Publishable::playbook(text(document)));
}

fn plans_rulebook(world: &World, id: &str, base: i64) {
    let mut document = rules::default_document();
    document.caps.points_per_day = Some(base);
    let book = Rulebook::new(&document, base + 1).unwrap();
    let stored = store::as_stored(&document, &book).unwrap();
    plans(world, id, (RULEBOOK, base), Publishable::rulebook(stored, &book));
}

fn publishes(world: &World) -> u64 {
    wait(publish_due(&world.sql, &world.programme, Timestamp(20))).unwrap()
}

fn state(world: &World, id: &str) -> PublicationState {
    wait(publication(&world.sql, 1, id)).unwrap().unwrap().state
}

/// The versions in force: of the rulebook, of the playbook.
fn versions(world: &World) -> (i64, i64) {
    let found = wait(programme(&world.sql, "default")).unwrap().unwrap();
    (found.reference.rulebook_version, in_force(world, 1).0)
}

fn in_force(world: &World, programme_no: i64) -> (i64, Playbook) {
    let found = wait(published_playbook(&world.sql, programme_no)).unwrap();
    (found.version(), found.playbook)
}

/// A draft that Ana keeps, made from that version.
fn made(name: &str, base_version: Option<i64>) -> DraftKept<'_> {
    DraftKept { name, at: Timestamp(1), by: "ana", base_version, over: None }
}

/// A draft keeps the version that it was made from, until it is published or told another one.
#[test]
fn drafts_keep_the_version_that_they_were_made_from() {
    let world = World::new();
    let keeps = |kind, name, base| {
        let wish = DraftWish { document: "{}".to_owned(), stored: None };
        let kept = wait(put_draft(&world.sql, (1, kind), &made(name, base), wish, &who())).unwrap();
        kept.unwrap().base_version
    };
    let base = |name| {
        let found = wait(draft(&world.sql, (1, PLAYBOOK), name)).unwrap();
        found.map(|(kept, _)| kept.base_version)
    };
    assert_eq!((keeps(RULEBOOK, "d", None), keeps(PLAYBOOK, "d", None)), (1, 0));
    assert_eq!(keeps(PLAYBOOK, "other", None), 0);
    plans_playbook(&world, "a", 0, &json!({"holdout_percent": 1}));
    assert_eq!(publishes(&world), 1);
    // Draft `d` was published: it goes on from there. The other one does not.
    assert_eq!((base("d"), base("other")), (Some(1), Some(0)));
    assert_eq!(keeps(PLAYBOOK, "other", None), 0, "a change is made from what the draft was");
    assert_eq!(keeps(PLAYBOOK, "other", Some(1)), 1, "unless it is told");
    assert_eq!((keeps(PLAYBOOK, "new", None), keeps(PLAYBOOK, "old", Some(0))), (1, 0));
    let listed = wait(list_drafts(&world.sql, (1, PLAYBOOK), "", 9)).unwrap();
    let listed: Vec<_> = listed.iter().map(|one| (one.name.as_str(), one.base_version)).collect();
    assert_eq!(listed, [("d", 1), ("new", 1), ("old", 0), ("other", 1)]);
    // One that was thrown away and made anew is another one.
    plans_playbook(&world, "b", 1, &json!({}));
    assert!(wait(delete_draft(&world.sql, (1, PLAYBOOK), "d", &who())).unwrap());
    assert_eq!(keeps(PLAYBOOK, "d", Some(0)), 0);
    assert_eq!((publishes(&world), base("d")), (1, Some(0)));
    let of_rulebook = wait(draft(&world.sql, (1, RULEBOOK), "d")).unwrap().unwrap().0;
    assert_eq!(of_rulebook.base_version, 1);
}

/// Of two editors who read one revision, the second one hears that there is another.
#[test]
fn a_draft_is_kept_over_the_revision_that_was_read() {
    let world = World::new();
    let keeps = |kind, over: Option<i64>, text: &str| {
        let wish = DraftWish { document: text.to_owned(), stored: None };
        let kept = DraftKept { over, ..made("d", None) };
        wait(put_draft(&world.sql, (1, kind), &kept, wish, &who()))
            .unwrap()
            .map(|kept| kept.revision)
    };
    let text =
        |kind| wait(draft(&world.sql, (1, kind), "d")).unwrap().map(|found| found.1.document);
    for kind in [RULEBOOK, PLAYBOOK] {
        assert_eq!((keeps(kind, Some(1), "x"), text(kind)), (None, None), "there is no draft yet");
        assert_eq!(keeps(kind, Some(0), "a"), Some(1));
        assert_eq!(keeps(kind, Some(0), "b"), None, "it is no new one any more");
        assert_eq!(keeps(kind, Some(1), "c"), Some(2));
        assert_eq!(keeps(kind, Some(1), "d"), None);
        assert_eq!(text(kind).as_deref(), Some("c"), "nothing of the second one is kept");
        assert_eq!(keeps(kind, Some(2), "c"), Some(2), "the same again is no change");
        assert_eq!(keeps(kind, Some(1), "c"), Some(2), "nor is a repetition");
        assert_eq!(keeps(kind, None, "e"), Some(3), "without a revision, over any");
        let listed = wait(list_drafts(&world.sql, (1, kind), "", 9)).unwrap();
        assert_eq!(listed[0].revision, 3);
    }
}

/// A strategy that a later playbook leaves out begins anew with its next publication.
#[test]
fn strategies_are_in_force_since_their_last_gap() {
    let world = World::new();
    let since = |ids: &[&str]| -> Vec<(String, i64)> {
        let found = wait(published_since(&world.sql, 1, ids)).unwrap();
        found.into_iter().map(|(id, at)| (id, at.0)).collect()
    };
    let publishes_at = |base: i64, now: i64, strategies: &[&str]| {
        let strategies: Vec<Json> = strategies.iter().map(|id| strategy(id, "a")).collect();
        let id = format!("p{base}");
        plans_playbook(&world, &id, base, &json!({"strategies": strategies}));
        let due = wait(publish_due(&world.sql, &world.programme, Timestamp(now))).unwrap();
        assert_eq!(due, 1);
    };
    assert_eq!(since(&["a"]), []);
    publishes_at(0, 100, &["a"]);
    publishes_at(1, 200, &["a", "b"]);
    let expected = [("a", 100), ("b", 200)].map(|(id, at)| (id.to_owned(), at));
    assert_eq!(since(&["a", "b"]), expected);
    publishes_at(2, 300, &[]);
    publishes_at(3, 400, &["c", "a"]);
    let expected = [("a", 400), ("c", 400)].map(|(id, at)| (id.to_owned(), at));
    assert_eq!(since(&["a", "b", "c", "d"]), expected);
    assert_eq!((since(&[]), since(&["d"])), (vec![], vec![]));
    assert_eq!(wait(published_since(&world.sql, 2, &["a"])).unwrap().len(), 0);
}

#[test]
fn drafts_of_each_document_have_their_own_names() {
    let world = World::new();
    let sql = &world.sql;
    let kept = |kind: DocumentKind, text: &str| {
        let kept = made("spring", None);
        let wish = DraftWish { document: text.to_owned(), stored: None };
        wait(put_draft(sql, (1, kind), &kept, wish, &who())).unwrap().unwrap();
    };
    kept(RULEBOOK, "rules");
    kept(PLAYBOOK, "plays");
    let text = |kind| wait(draft(sql, (1, kind), "spring")).unwrap().map(|found| found.1.document);
    assert_eq!(
        (text(RULEBOOK).as_deref(), text(PLAYBOOK).as_deref()),
        (Some("rules"), Some("plays"))
    );
    assert_eq!(wait(list_drafts(sql, (1, PLAYBOOK), "", 9)).unwrap().len(), 1);
    assert_eq!(wait(other_drafts(sql, (1, PLAYBOOK), "autumn")).unwrap(), 1);
    assert!(wait(delete_draft(sql, (1, PLAYBOOK), "spring", &who())).unwrap());
    assert!(!wait(delete_draft(sql, (1, PLAYBOOK), "spring", &who())).unwrap());
    assert_eq!((text(RULEBOOK).as_deref(), text(PLAYBOOK)), (Some("rules"), None));
    let mut noted = sql
        .connection()
        .prepare("SELECT action || ' ' || (coalesce(after, before) ->> '$.document') FROM audit_log WHERE subject = 'spring' ORDER BY no")
        .unwrap();
    let noted: Vec<String> =
        noted.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(noted, ["draft_kept rulebook", "draft_kept playbook", "draft_dropped playbook"]);
}

/// Each document is superseded by its own versions only, and each moves on by one.
#[test]
fn a_publication_is_superseded_by_its_own_document() {
    let world = World::new();
    assert_eq!((versions(&world), in_force(&world, 1).1), ((1, 0), Playbook::default()));
    let first = json!({"holdout_percent": 7});
    plans_playbook(&world, "a", 0, &first);
    plans_playbook(&world, "b", 0, &json!({"holdout_percent": 9}));
    plans_rulebook(&world, "c", 1);
    plans_rulebook(&world, "d", 1);
    assert_eq!(publishes(&world), 2, "one of each");
    assert_eq!(versions(&world), (2, 1));
    assert_eq!(in_force(&world, 1).1, playbook(&first));
    use PublicationState::{Published, Superseded};
    let states = ["a", "b", "c", "d"].map(|id| state(&world, id));
    assert_eq!(states, [Published, Superseded, Published, Superseded]);
    let withdrawn = ([PublicationState::Planned], PublicationState::Withdrawn);
    let decides = |id| {
        let states = (&withdrawn.0[..], withdrawn.1);
        wait(decide_publication(&world.sql, 1, id, states, ("ana", None), &who())).unwrap()
    };
    assert!(!decides("b"), "it is superseded");
    // One that was made from the version in force is not.
    plans_playbook(&world, "e", 1, &json!({}));
    plans_playbook(&world, "f", 1, &json!({"holdout_percent": 1}));
    assert!(decides("f"));
    assert_eq!((publishes(&world), versions(&world)), (1, (2, 2)));
    assert_eq!((publishes(&world), versions(&world)), (0, (2, 2)), "nothing is published twice");

    let listed = |kind| {
        let found = wait(list_publications(&world.sql, 1, kind, "", 9)).unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(None), ["f", "e", "d", "c", "b", "a"]);
    assert_eq!(listed(Some(RULEBOOK)), ["d", "c"]);
    assert_eq!(listed(Some(PLAYBOOK)), ["f", "e", "b", "a"]);
    let of = |kind, before| {
        let found = wait(document_versions(&world.sql, kind, "default", before, 9)).unwrap();
        found.into_iter().map(|one| (one.version, one.published_by)).collect::<Vec<_>>()
    };
    assert_eq!(of(PLAYBOOK, 9), [(2, "publication:e".to_owned()), (1, "publication:a".to_owned())]);
    assert_eq!(of(PLAYBOOK, 2), [(1, "publication:a".to_owned())]);
    assert_eq!(of(RULEBOOK, 9).len(), 2);
}

/// What another release wrote, and this one cannot read, keeps nothing else from being published.
#[test]
fn an_unreadable_playbook_stays_planned() {
    let world = World::new();
    let unreadable = Publishable::playbook(r#"{"later": 1}"#.to_owned());
    plans(&world, "a", (PLAYBOOK, 0), unreadable);
    assert!(wait(publish_due(&world.sql, &world.programme, Timestamp(20))).is_err());
    plans_rulebook(&world, "b", 1);
    plans_playbook(&world, "c", 0, &json!({"holdout_percent": 1}));
    assert_eq!((publishes(&world), versions(&world)), (2, (2, 1)));
    assert_eq!(state(&world, "a"), PublicationState::Superseded);
}

/// A subsidiary of the default programme, with the number 2.
fn subsidiary() -> World {
    let world = World::new();
    let document = rules::default_document();
    let book = Rulebook::new(&document, 1).unwrap();
    wait(publish(&world.sql, "south", "South", 0, (&document, &book), 0, "test")).unwrap();
    wait(inherit(&world.sql, "south", Some(("default", 1)))).unwrap();
    world
}

fn publishes_for(world: &World, programme_no: i64, document: &Json) {
    let write = "INSERT INTO playbook SELECT ?1, coalesce(max(version), 0) + 1, ?2, 0, 'test' FROM playbook WHERE programme_no = ?1";
    world.sql.connection().execute(write, (programme_no, text(document))).unwrap();
}

fn follows(world: &World) -> (u64, Vec<String>) {
    wait(follow_playbooks(&world.sql, 5)).unwrap()
}

#[test]
fn a_subsidiary_follows_the_playbook_of_its_parent() {
    let world = subsidiary();
    assert_eq!(follows(&world), (0, vec![]), "there is nothing yet");
    // What it had published before stays beside what the parent brings.
    publishes_for(
        &world,
        2,
        &json!({"holdout_percent": 9, "strategies": [strategy("own", "a"), strategy("both", "a")]}),
    );
    let mut parents = json!({
        "holdout_percent": 3, "quiet_hours": null, "caps": [{"times": 1, "per": "day"}],
        "strategies": [strategy("both", "b"), strategy("new", "b")]});
    publishes_for(&world, 1, &parents);
    assert_eq!(follows(&world), (1, vec![]));
    let mut expected = json!({
        "holdout_percent": 9, "quiet_hours": null, "caps": [{"times": 1, "per": "day"}],
        "strategies": [strategy("both", "a"), strategy("new", "b"), strategy("own", "a")]});
    assert_eq!(in_force(&world, 2), (2, playbook(&expected)));
    let by = wait(document_versions(&world.sql, PLAYBOOK, "south", 9, 1)).unwrap();
    assert_eq!(by.first().unwrap().published_by, "inherited:default:1");
    let of = wait(inheritance(&world.sql, PLAYBOOK, "south")).unwrap().unwrap();
    let overrides = wait(playbook_overrides(&world.sql, &playbook(&expected), &of)).unwrap();
    assert_eq!(
        overrides,
        ["/holdout_percent", "/strategies/both/action/set_tag", "/strategies/own", "/strategies"]
    );
    assert_eq!(follows(&world), (0, vec![]), "once");

    // A version that changes only what the subsidiary has changed makes no version of its own.
    parents["holdout_percent"] = json!(4);
    publishes_for(&world, 1, &parents);
    assert_eq!((follows(&world), in_force(&world, 2).0), ((0, vec![]), 2));
    assert_eq!(wait(inheritance(&world.sql, PLAYBOOK, "south")).unwrap().unwrap().version, 2);

    // What the parent takes away goes; the relation is the same when it is told again.
    wait(inherit(&world.sql, "south", Some(("default", 1)))).unwrap();
    parents["strategies"] = json!([strategy("both", "b")]);
    publishes_for(&world, 1, &parents);
    assert_eq!(follows(&world), (1, vec![]));
    expected["strategies"] = json!([strategy("both", "a"), strategy("own", "a")]);
    assert_eq!(in_force(&world, 2), (3, playbook(&expected)));

    // A programme that stands alone again keeps what there is.
    wait(inherit(&world.sql, "south", None)).unwrap();
    publishes_for(&world, 1, &json!({}));
    assert_eq!((follows(&world), in_force(&world, 2).0), ((0, vec![]), 3));
    assert!(wait(inheritance(&world.sql, RULEBOOK, "south")).unwrap().is_none());
}

/// What both have made is told with its place when it is no playbook, and is tried again when one
/// of them changes.
#[test]
fn a_playbook_that_cannot_follow_tells_why() {
    let world = subsidiary();
    publishes_for(&world, 2, &json!({"strategies": [strategy("own", "a")]}));
    let mut parents = json!({"segments": {"s": {"when": "member.nonsense > 1"}}});
    publishes_for(&world, 1, &parents);
    assert_eq!(follows(&world), (0, vec!["south".to_owned()]));
    assert_eq!(follows(&world), (0, vec![]), "not for nothing");
    let of = wait(inheritance(&world.sql, PLAYBOOK, "south")).unwrap().unwrap();
    let problems: Json = serde_json::from_str(&of.problems.unwrap()).unwrap();
    assert_eq!((of.version, &problems[0]["pointer"]), (0, &json!("/segments/s/when")));
    assert_eq!(in_force(&world, 2).0, 1, "it stays as it is");
    parents["segments"]["s"]["when"] = json!("member.balance > 1");
    publishes_for(&world, 1, &parents);
    assert_eq!((follows(&world), in_force(&world, 2).0), ((1, vec![]), 2));
    let of = wait(inheritance(&world.sql, PLAYBOOK, "south")).unwrap().unwrap();
    assert_eq!((of.version, of.problems), (2, None));
}

/// Two playbooks within their bounds make one that is not, and half of each one's quiet hours are
/// hours that nobody chose.
#[test]
fn what_two_playbooks_make_together_is_within_the_bounds() {
    let hours = |from: &str, until: &str| json!({"quiet_hours": {"from": from, "until": until}});
    let world = subsidiary();
    publishes_for(&world, 1, &hours("22:00", "09:00"));
    assert_eq!(follows(&world), (1, vec![]));
    publishes_for(&world, 2, &hours("08:00", "09:00"));
    publishes_for(&world, 1, &hours("22:00", "08:00"));
    follows(&world);
    let own = playbook(&hours("08:00", "09:00"));
    assert_eq!(in_force(&world, 2).1.quiet_hours, own.quiet_hours);

    let world = subsidiary();
    let many = |of: &str| {
        let strategies: Vec<Json> = (0..150).map(|n| strategy(&format!("{of}{n}"), "a")).collect();
        json!({"strategies": strategies})
    };
    publishes_for(&world, 2, &many("own"));
    publishes_for(&world, 1, &many("parent"));
    assert_eq!(follows(&world), (0, vec!["south".to_owned()]));
    let of = wait(inheritance(&world.sql, PLAYBOOK, "south")).unwrap().unwrap();
    let problems: Json = serde_json::from_str(&of.problems.unwrap()).unwrap();
    assert_eq!(problems[0]["pointer"], json!("/strategies"));
    assert_eq!(in_force(&world, 2).0, 1, "it stays as it is");
}
