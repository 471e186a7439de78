//! Templates, links and clicks in the second schema.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use crate::support::wait;
use ledger::Timestamp;
use reach::{Channel, Doubt, Purpose};
use store::{
    LinkSettings, Native, NewLink, Sql, StoredTemplate, add_click, begin_reach, click_counts,
    link_settings, links_delivered, list_templates, make_links, put_link_settings, put_template,
    remove_template, stored_template, template_versions, visited_link,
};

fn reach_database() -> Native {
    let reach = Native::in_memory().unwrap();
    wait(begin_reach(&reach, &Native::in_memory().unwrap())).unwrap();
    reach
}

fn count(reach: &Native, table: &str) -> i64 {
    let text = format!("SELECT count(*) FROM {table}");
    reach.connection().query_row(&text, [], |row| row.get(0)).unwrap()
}

fn version(of: &StoredTemplate) -> (i64, &str) {
    (of.version, of.document.as_str())
}

#[test]
fn a_template_has_versions() {
    let reach = reach_database();
    let put = |programme, id: &str, document: &str, at| {
        wait(put_template(
            &reach,
            programme,
            (id, document, "{}"),
            (Timestamp(at), "anna"),
            (3, None),
        ))
        .unwrap()
    };
    assert_eq!(put(1, "a", "one", 10), Some(1));
    assert_eq!(put(1, "a", "two", 20), Some(2));
    assert_eq!(put(1, "a", "two", 30), Some(2), "the same text is no version");
    assert_eq!(put(2, "a", "other", 10), Some(1), "programmes have their own");
    let stored = wait(stored_template(&reach, 1, "a")).unwrap().unwrap();
    assert_eq!((version(&stored), stored.by.as_str()), ((2, "two"), "anna"));
    let versions = |from, most| {
        let found = wait(template_versions(&reach, 1, "a", from, most)).unwrap();
        found.iter().map(|of| (of.version, of.document.clone())).collect::<Vec<_>>()
    };
    assert_eq!(versions(99, 9), [(2, "two".to_owned()), (1, "one".to_owned())]);
    assert_eq!(versions(1, 1), [(1, "one".to_owned())]);

    // A removed one is found by its version, and goes on where it was.
    let by = (Timestamp(40), "bert");
    assert!(wait(remove_template(&reach, 1, "a", by)).unwrap());
    assert!(!wait(remove_template(&reach, 1, "a", by)).unwrap());
    assert_eq!(wait(stored_template(&reach, 1, "a")).unwrap(), None);
    assert_eq!(versions(2, 1), [(2, "two".to_owned())]);
    assert_eq!(put(1, "a", "two", 50), Some(3));

    // The last 20 are kept.
    for number in 0..40 {
        put(1, "a", &format!("text {number}"), 60);
    }
    assert_eq!(versions(99, 99).len(), 20);
    assert_eq!(versions(99, 1)[0].0, 43);
}

#[test]
fn templates_are_bounded_and_listed_by_id() {
    let reach = reach_database();
    let put = |id: &str| {
        wait(put_template(&reach, 1, (id, "x", "{}"), (Timestamp(1), "anna"), (3, None)))
            .unwrap()
            .is_some()
    };
    assert!(put("c") && put("a") && put("b"));
    assert!(!put("d"), "three are enough");
    assert!(put("a"), "those that are there may change");
    let list = |after: &str, most| {
        let found = wait(list_templates(&reach, 1, after, most)).unwrap();
        found.into_iter().map(|of| of.id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((list("", 9), list("a", 1), list("c", 9)), ("a b c".into(), "b".into(), "".into()));
    // A person who makes and removes for ever comes to an end, too.
    let mut made = 3;
    for number in 0..50 {
        let id = format!("n{number}");
        let is_room =
            wait(remove_template(&reach, 1, "a", (Timestamp(2), "anna"))).unwrap() || number > 0;
        if is_room && put(&id) {
            made += 1;
            wait(remove_template(&reach, 1, &id, (Timestamp(2), "anna"))).unwrap();
        }
    }
    assert_eq!(made, 12);
    assert_eq!(count(&reach, "template"), 12);
}

fn link(member_no: i64, touch_no: i64, target: &str) -> NewLink {
    NewLink {
        member_no,
        touch_no,
        channel: Channel::Email,
        purpose: Purpose::Marketing,
        target: target.to_owned(),
        is_trap: false,
    }
}

fn made(reach: &Native, links: &[NewLink]) -> Vec<i64> {
    let made = wait(make_links(reach, 1, links, Timestamp(1_000))).unwrap();
    made.into_iter().flatten().collect()
}

#[test]
fn a_run_that_is_repeated_makes_no_second_link() {
    let reach = reach_database();
    let links = [link(7, 1, "https://a"), link(7, 1, "https://b"), link(8, 2, "https://a")];
    let numbers = made(&reach, &links);
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(made(&reach, &links), numbers);
    let trap = NewLink { is_trap: true, ..link(7, 1, "https://a") };
    assert_eq!(made(&reach, &[trap, link(7, 1, "https://a")])[1], 1);
    assert_eq!(count(&reach, "link"), 4);
    assert_eq!(made(&reach, &[]), [] as [i64; 0]);
}

#[test]
fn a_visit_knows_what_came_before_it() {
    let reach = reach_database();
    let links: Vec<NewLink> =
        (0..4).map(|number| link(7, 1, &format!("https://{number}"))).collect();
    let numbers = made(&reach, &links);
    let other = made(&reach, &[link(8, 2, "https://0")])[0];
    let visit = |number, network: &str, at| {
        wait(visited_link(&reach, number, network, Timestamp(at))).unwrap().unwrap()
    };
    let click = |number, at, network: &str| {
        wait(add_click(&reach, number, Timestamp(at), (None, false), network)).unwrap()
    };
    let first = visit(numbers[0], "n", 5_000);
    assert_eq!((first.links, first.network_clicks, first.is_of_several), (1, 1, false));
    assert_eq!((first.member_no, first.touch_no, first.target.as_str()), (7, 1, "https://0"));
    assert_eq!((first.delivered_at, first.hosts.len()), (Timestamp(1_000), 0), "as it was made");

    // The first word of the delivery counts, and the list of hosts.
    for at in [2_000, 3_000] {
        wait(links_delivered(&reach, 1, &[(1, Channel::Email, Timestamp(at))])).unwrap();
    }
    let settings = LinkSettings {
        hosts: vec!["shop.example".into()],
        base: None,
        at: Timestamp(1),
        by: "anna".into(),
    };
    wait(put_link_settings(&reach, 1, &settings)).unwrap();
    assert_eq!(wait(link_settings(&reach, 1)).unwrap(), Some(settings));
    assert_eq!(wait(link_settings(&reach, 2)).unwrap(), None);
    let first = visit(numbers[0], "n", 5_000);
    assert_eq!((first.delivered_at, first.hosts), (Timestamp(2_000), vec!["shop.example".into()]));
    assert_eq!(visit(other, "n", 5_000).delivered_at, Timestamp(1_000), "another message");

    // Other links within 10 seconds; the same one does not count twice.
    assert!(click(numbers[0], 5_000, "n") && click(numbers[0], 6_000, "n"));
    assert_eq!(visit(numbers[1], "m", 15_000).links, 2);
    assert_eq!(visit(numbers[1], "m", 16_001).links, 1);
    assert!(click(numbers[1], 15_000, "n"));
    assert_eq!(visit(numbers[2], "m", 16_000).links, 3);
    assert_eq!(visit(numbers[0], "m", 16_000).links, 2);

    // The network within a minute.
    let seen = visit(numbers[0], "n", 65_000);
    assert_eq!((seen.network_clicks, seen.is_of_several), (4, false));
    assert_eq!(visit(numbers[0], "n", 65_001).network_clicks, 3);
    assert_eq!(visit(numbers[0], "other", 65_000).network_clicks, 1);
    assert!(click(other, 64_000, "n"));
    assert!(visit(numbers[0], "n", 65_000).is_of_several);
    assert_eq!(wait(visited_link(&reach, 99, "n", Timestamp(1))).unwrap(), None);
}

#[test]
fn a_burst_takes_its_first_visits_along() {
    let reach = reach_database();
    let links: Vec<NewLink> =
        (0..3).map(|number| link(7, 1, &format!("https://{number}"))).collect();
    let numbers = made(&reach, &links);
    let other = made(&reach, &[link(7, 2, "https://0")])[0];
    let click = |number, at, doubt, is_pressed| {
        assert!(wait(add_click(&reach, number, Timestamp(at), (doubt, is_pressed), "n")).unwrap());
    };
    click(numbers[0], 1_000, None, false);
    click(numbers[0], 9_000, None, false);
    click(numbers[1], 10_000, None, true);
    click(other, 10_000, None, false);
    click(numbers[2], 12_000, Some(Doubt::Burst), false);
    let counts = wait(click_counts(&reach, 1, &[1, 2, 3])).unwrap();
    let told: Vec<_> =
        counts.iter().map(|of| (of.touch_no, of.links, of.visits, of.clicks)).collect();
    // Of the first message: one came too early, one pressed.
    assert_eq!(told, [(1, 3, 4, 2), (2, 1, 1, 1)]);
    assert_eq!(counts[0].between, Some((Timestamp(1_000), Timestamp(10_000))));
}

#[test]
fn a_link_keeps_so_many_visits() {
    let reach = reach_database();
    let number = made(&reach, &[link(7, 1, "https://a")])[0];
    let doubts = [Some(Doubt::Agent), None];
    for doubt in doubts {
        let kept = (0..80).filter(|at| {
            wait(add_click(&reach, number, Timestamp(*at), (doubt, false), "n")).unwrap()
        });
        assert_eq!(kept.count(), 50, "{doubt:?}");
    }
    assert!(!wait(add_click(&reach, 99, Timestamp(1), (None, false), "n")).unwrap(), "no link");
    assert_eq!(count(&reach, "click"), 100);
}

#[test]
fn links_leave_with_an_erased_person_and_follow_a_merged_one() {
    let reach = reach_database();
    let numbers = made(&reach, &[link(7, 1, "https://a"), link(8, 2, "https://a")]);
    for number in &numbers {
        wait(add_click(&reach, *number, Timestamp(1), (None, false), "n")).unwrap();
    }
    let departs = |member: i64, into: &str| {
        let text = format!(
            "INSERT INTO departed (member_no, programme_no, into_no, at) VALUES ({member}, 1, {into}, 1)"
        );
        wait(reach.query(&text, vec![])).unwrap();
    };
    departs(7, "9");
    let moved = wait(visited_link(&reach, numbers[0], "n", Timestamp(9))).unwrap().unwrap();
    assert_eq!(moved.member_no, 9);
    departs(8, "NULL");
    assert_eq!(wait(visited_link(&reach, numbers[1], "n", Timestamp(9))).unwrap(), None);
    assert!(!wait(add_click(&reach, numbers[1], Timestamp(1), (None, false), "n")).unwrap());
    assert_eq!(count(&reach, "click"), 1);
    assert_eq!(count(&reach, "link WHERE member_no = 8 OR touch_no = 2"), 0);
    // Nothing comes back, and no number is given twice.
    let late = wait(make_links(&reach, 1, &[link(8, 3, "https://a")], Timestamp(1))).unwrap();
    assert_eq!(late, [None]);
    assert!(made(&reach, &[link(9, 3, "https://a")])[0] > numbers[1]);
}

#[test]
fn a_template_is_changed_from_the_version_that_was_read() {
    let reach = reach_database();
    let put = |document: &str, base| {
        let by = (Timestamp(10), "anna");
        wait(put_template(&reach, 1, ("a", document, "{}"), by, (3, base))).unwrap()
    };
    assert_eq!(put("one", Some(1)), None, "there is none yet");
    assert_eq!(put("one", Some(0)), Some(1));
    assert_eq!((put("two", Some(0)), put("two", Some(1))), (None, Some(2)));
    assert_eq!((put("three", Some(1)), put("three", None)), (None, Some(3)));
    assert!(wait(remove_template(&reach, 1, "a", (Timestamp(20), "anna"))).unwrap());
    assert_eq!((put("four", Some(3)), put("four", Some(0))), (None, Some(4)));
}
