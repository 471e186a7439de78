//! Accounts at vendors, waves, and reports, on the real statements.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support::wait;
use ledger::Timestamp;
use reach::{Channel, ContactState};
use serde_json::{Value as Json, json};
use store::{
    AccountState, Again, ChannelAccount, ChannelWish, Contact, DeliveryReport, DueChannel, Native,
    SEALED, Sealed, SealedName, TriedTouch, WaveAttempt, WaveOutcome, WaveTouch,
    account_of_callback, begin_reach, begin_wave, channel_account, channel_counts, channel_token,
    claim_channel, close_contacts, contact_holders, deliveries_of_touch, drop_channel_token,
    due_channels, end_wave, forget_deliveries, know_reports, known_reports, last_attempt,
    list_channels, list_contacts, members_of_reports, message_costs, pause_channel, put_callback,
    put_channel, put_channel_token, put_contact, put_sealed, remove_channel, result_messages,
    sealed_rows, settle_lost, tried_touches, write_reports,
};

const NOW: Timestamp = Timestamp(1_773_108_000_000);

fn later(ms: i64) -> Timestamp {
    NOW.plus_ms(ms)
}

/// A database where messages of the first touches of two programmes wait for every channel.
fn database() -> Native {
    let reach = Native::in_memory().unwrap();
    wait(begin_reach(&reach, &reach)).unwrap();
    let waits =
        "WITH RECURSIVE touch (no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM touch WHERE no < 2000)
        INSERT INTO outbox SELECT no, c.value, iif(no < 1900, 1, 2), 0, 9e15, NULL, 0
        FROM touch CROSS JOIN json_each(?1) AS c";
    let channels: Vec<&str> = Channel::ALL.iter().map(|channel| channel.as_str()).collect();
    reach.connection().execute(waits, [json!(channels).to_string()]).unwrap();
    reach
}

/// A hundred thousand messages that end in 48 hours wait for the morning, and one that is less
/// urgent is due: it is found by a jump for each of these hours, and by no look at the messages.
#[test]
fn what_is_due_is_found_by_jumps() {
    let reach = Native::in_memory().unwrap();
    wait(begin_reach(&reach, &reach)).unwrap();
    let waits = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO outbox SELECT i, 'sms', 1, ?1 + 1, ?1 + (i % 48) * 3600000 + i, NULL, 5 FROM n";
    reach.connection().execute(waits, [NOW.0]).unwrap();
    let due = "INSERT INTO outbox VALUES (200000, 'sms', 1, ?1, ?1 + 999, NULL, 0)";
    reach.connection().execute(due, [NOW.0]).unwrap();
    put(&reach, 1, "sms", |_| {});
    let steps = |name: &str, values: &[&dyn rusqlite::ToSql]| {
        let texts = crate::support::sql_files("queries/reach");
        let (_, text) = texts.iter().find(|(of, _)| of == name).unwrap();
        let mut statement = reach.connection().prepare(text).unwrap();
        let rows = statement.query_map(values, |_| Ok(())).unwrap().count();
        (rows, statement.get_status(rusqlite::StatementStatus::VmStep))
    };
    let (accounts, walked) = steps("channel_due", &[&NOW.0, &1, &0, &100, &0]);
    assert_eq!(accounts, 1);
    assert!(walked < 3_000, "{walked}");
    // There is no such touch, so it is read and not shown.
    let (_, walked) = steps("outbox_due", &[&1, &"sms", &NOW.0, &250]);
    assert!(walked < 3_000, "{walked}");
    // And where nothing is due.
    let earlier = NOW.0 - 1;
    let (accounts, walked) = steps("channel_due", &[&earlier, &1, &0, &100, &0]);
    assert_eq!(accounts, 0);
    assert!(walked < 3_000, "{walked}");
}

fn put(reach: &Native, programme: i64, id: &str, change: impl Fn(&mut ChannelWish<'_>)) -> bool {
    put_settings(reach, (programme, id), &json!({"sign_name": "小店"}), change)
}

fn put_settings(
    reach: &Native,
    (programme, id): (i64, &str),
    settings: &Json,
    change: impl Fn(&mut ChannelWish<'_>),
) -> bool {
    let mut wish = ChannelWish {
        id,
        vendor: "aliyun_sms",
        channel: Channel::Sms,
        settings,
        secrets: Some("sealed:1"),
        rank: 10,
        per_second: 50,
        burst: 100,
        message_cost_minor: 0,
    };
    change(&mut wish);
    wait(put_channel(reach, programme, &wish, (NOW, "anna"), 3)).unwrap().is_some()
}

fn account(reach: &Native, id: &str) -> ChannelAccount {
    wait(channel_account(reach, 1, id)).unwrap().unwrap()
}

fn touch(no: i64) -> WaveTouch {
    WaveTouch {
        touch_no: no,
        member_no: 100 + no,
        reserved: None,
        digest: format!("d{no}"),
        known_attempt: 0,
    }
}

/// Claims the account `sms`, and begins a wave of these touches.
fn wave(reach: &Native, lease: &str, now: Timestamp, touches: &[i64]) -> Vec<WaveAttempt> {
    let no = account(reach, "sms").no;
    let until = now.plus_ms(60_000);
    let Some(claimed) = wait(claim_channel(reach, (no, lease), now, until)).unwrap() else {
        return Vec::new();
    };
    let touches: Vec<_> = touches.iter().map(|no| touch(*no)).collect();
    wait(begin_wave(reach, &claimed.account, lease, (now, 5_000), &touches)).unwrap().unwrap()
}

fn outcome(attempt: WaveAttempt, state: &'static str, id: Option<&str>) -> WaveOutcome {
    let provider_id = id.map(str::to_owned);
    WaveOutcome { no: attempt.no, state, provider_id, error: None, closes: None }
}

fn end(reach: &Native, lease: &str, outcomes: &[WaveOutcome]) {
    let no = account(reach, "sms").no;
    wait(end_wave(reach, (no, lease), NOW, outcomes, &AccountState::default())).unwrap();
}

fn states(reach: &Native, touch: i64) -> Vec<String> {
    let found = wait(deliveries_of_touch(reach, touch)).unwrap();
    found.into_iter().map(|attempt| attempt.state).collect()
}

fn report(reach: &Native, provider_id: Option<&str>, touch_no: Option<i64>, what: &'static str) {
    let provider_id = provider_id.map(str::to_owned);
    let report = DeliveryReport { provider_id, touch_no, what, why: "because".into(), at: None };
    wait(write_reports(reach, account(reach, "sms").no, NOW, &[report])).unwrap();
}

#[test]
fn accounts_are_made_changed_and_removed() {
    let reach = database();
    assert!(!put(&reach, 1, "sms", |wish| wish.secrets = None), "a new one needs secrets");
    assert!(put(&reach, 1, "sms", |_| {}));
    assert!(put(&reach, 1, "sms", |wish| (wish.secrets, wish.rank) = (None, 5)));
    let found = account(&reach, "sms");
    assert_eq!((found.secrets.as_str(), found.rank), ("sealed:1", 5), "secrets stay");
    // The secrets of one vendor are no secrets of another.
    assert!(!put(&reach, 1, "sms", |wish| (wish.secrets, wish.vendor) = (None, "twilio")));
    assert!(put(&reach, 1, "b", |_| {}) && put(&reach, 1, "c", |_| {}));
    assert!(!put(&reach, 1, "d", |_| {}), "three are enough");
    assert!(put(&reach, 1, "c", |_| {}), "which may be changed");
    assert!(put(&reach, 2, "sms", |_| {}), "another programme has its own");
    let ids = |after: &str| -> Vec<String> {
        let found = wait(list_channels(&reach, 1, after, 2)).unwrap();
        found.into_iter().map(|account| account.id).collect()
    };
    assert_eq!((ids(""), ids("c")), (vec!["b".into(), "c".into()], vec!["sms".into()]));
    assert!(wait(remove_channel(&reach, 1, "c")).unwrap());
    assert!(!wait(remove_channel(&reach, 1, "c")).unwrap());
    assert!(wait(channel_account(&reach, 1, "c")).unwrap().is_none());
    assert!(put(&reach, 1, "d", |_| {}), "there is room again");
}

#[test]
fn secrets_go_to_no_other_address() {
    let reach = database();
    let first = json!({"sign_name": "小店", "base_url": "https://a.example"});
    assert!(put_settings(&reach, (1, "sms"), &first, |_| {}));
    for (settings, keeps) in [
        (json!({"sign_name": "x", "base_url": "https://a.example"}), true),
        (json!({"base_url": "https://a.example", "url": null}), true),
        (json!({"base_url": "https://b.example"}), false),
        (json!({"sign_name": "小店"}), false),
        (json!({"base_url": "https://a.example", "token_url": "https://b.example"}), false),
        (json!({"base_url": "https://a.example", "url": "https://b.example/x"}), false),
        (json!({"base_url": "https://a.example", "region": "evil"}), false),
    ] {
        let kept = put_settings(&reach, (1, "sms"), &settings, |wish| wish.secrets = None);
        assert_eq!(kept, keeps, "{settings}");
        assert!(put_settings(&reach, (1, "sms"), &settings, |_| {}), "with secrets it may change");
        assert!(put_settings(&reach, (1, "sms"), &first, |_| {}));
    }
}

#[test]
fn of_a_channel_the_first_account_that_is_not_paused_sends() {
    let reach = database();
    put(&reach, 1, "first", |wish| wish.rank = 1);
    put(&reach, 1, "second", |wish| wish.rank = 2);
    put(&reach, 1, "mail", |wish| wish.channel = Channel::Email);
    put(&reach, 2, "other", |_| {});
    let no = |id: &str| account(&reach, id).no;
    let start = DueChannel::default();
    let listed = |programme, after, most| {
        let found = wait(due_channels(&reach, (NOW, programme), after, most)).unwrap();
        found.into_iter().map(|due| due.no).collect::<Vec<_>>()
    };
    let due = |programme| listed(programme, start, 10);
    assert_eq!(due(Some(1)), [no("first"), no("mail")]);
    assert_eq!(due(None).len(), 3);
    let first = DueChannel { no: no("first"), ..start };
    assert_eq!(listed(None, first, 1), [no("mail")], "the next page");
    assert!(wait(pause_channel(&reach, 1, "first", (Some("no money"), NOW))).unwrap());
    assert_eq!(due(Some(1)), [no("second"), no("mail")]);
    assert_eq!(account(&reach, "first").paused, Some(("no money".into(), NOW)));
    let claim = |id: &str, lease, now| {
        wait(claim_channel(&reach, (no(id), lease), now, now.plus_ms(1_000))).unwrap().is_some()
    };
    assert_eq!(
        due(None),
        [no("second"), no("mail"), wait(channel_account(&reach, 2, "other")).unwrap().unwrap().no]
    );
    assert!(!claim("first", "a", NOW), "it is paused");
    assert!(claim("second", "a", NOW));
    assert!(!claim("second", "b", NOW), "another run has it");
    assert_eq!(due(Some(1)), [no("mail")]);
    assert!(claim("second", "b", later(1_000)), "the lease is over");
    assert!(wait(pause_channel(&reach, 1, "first", (None, NOW))).unwrap());
    assert!(claim("first", "c", NOW));
    // An account that had a turn comes after all others, the last one last.
    assert!(claim("mail", "d", NOW));
    let page = wait(due_channels(&reach, (later(1_001), None), start, 10)).unwrap();
    let other = wait(channel_account(&reach, 2, "other")).unwrap().unwrap().no;
    assert_eq!(page.iter().map(|due| due.no).collect::<Vec<_>>(), [other, no("first"), no("mail")]);
    let next = wait(due_channels(&reach, (later(1_001), None), page[0], 10)).unwrap();
    assert_eq!(next, page[1..]);
    assert!(!wait(pause_channel(&reach, 1, "nothing", (None, NOW))).unwrap());
    // A change of an account lets it send again.
    wait(pause_channel(&reach, 1, "mail", (Some("x"), NOW))).unwrap();
    put(&reach, 1, "mail", |wish| wish.channel = Channel::Email);
    assert_eq!(account(&reach, "mail").paused, None);
}

#[test]
fn a_message_costs_what_the_account_asks_that_sends() {
    let reach = database();
    let costs = || wait(message_costs(&reach, 1)).unwrap().into_iter().collect::<Vec<_>>();
    assert_eq!(costs(), []);
    for (id, rank, cost) in [("dear", 10, 9), ("cheap", 20, 4)] {
        assert!(put(&reach, 1, id, |wish| {
            wish.rank = rank;
            wish.message_cost_minor = cost;
        }));
    }
    assert!(put(&reach, 2, "others", |wish| wish.message_cost_minor = 77));
    assert_eq!(costs(), [(Channel::Sms, 9)]);
    wait(pause_channel(&reach, 1, "dear", (Some("no money"), NOW))).unwrap();
    assert_eq!(costs(), [(Channel::Sms, 4)]);
    wait(pause_channel(&reach, 1, "cheap", (Some("no money"), NOW))).unwrap();
    assert_eq!(costs(), [(Channel::Sms, 9)], "it sends when it is resumed");
    assert_eq!(account(&reach, "cheap").message_cost_minor, 4);
}

#[test]
fn a_touch_goes_again_only_where_it_was_handed_back() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    for (state, goes_again) in [
        ("retry", true),
        ("again", true),
        ("accepted", false),
        ("failed", false),
        ("unknown", false),
    ] {
        reach.connection().execute("DELETE FROM touch_delivery", []).unwrap();
        let first = wave(&reach, "a", NOW, &[1]);
        assert_eq!(first.len(), 1);
        assert!(wave(&reach, "b", later(60_001), &[1]).is_empty(), "it is on its way");
        // The run that lost its lease tells what became of its wave all the same.
        end(&reach, "a", &[outcome(first[0], state, None)]);
        let again = wave(&reach, "c", later(200_000), &[1]);
        assert_eq!(again.len(), usize::from(goes_again), "{state}");
        assert!(again.iter().all(|attempt| attempt.attempt == 2));
        end(&reach, "c", &[]);
    }
}

#[test]
fn a_wave_begins_wholly_or_not_at_all() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    assert_eq!(wave(&reach, "a", NOW, &[1, 2, 2, 3]).len(), 3);
    let claimed = account(&reach, "sms");
    let late = wait(begin_wave(&reach, &claimed, "lost", (NOW, 1), &[touch(9)])).unwrap();
    assert!(late.is_none() && states(&reach, 9).is_empty());
    let left: i64 = reach
        .connection()
        .query_row("SELECT left_milli FROM channel_account", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 5_000);
}

#[test]
fn what_a_dead_run_left_is_unknown_or_goes_again() {
    for (again, expected) in [
        (Again::Never, "unknown"),
        (Again::After(later(-60_000)), "again"),
        (Again::After(NOW), "unknown"),
        (Again::ReservedAfter(later(-60_000)), "unknown"),
    ] {
        let reach = database();
        put(&reach, 1, "sms", |_| {});
        let first = wave(&reach, "dead", NOW, &[1]);
        let no = account(&reach, "sms").no;
        let at = later(70_000);
        wait(claim_channel(&reach, (no, "b"), at, at.plus_ms(60_000))).unwrap().unwrap();
        let lost = wait(settle_lost(&reach, (no, "b"), again, at)).unwrap();
        assert_eq!(lost, [(1, expected.to_owned())], "{again:?}");
        assert_eq!(states(&reach, 1), [expected]);
        // It was not dead, but slow: what it heard counts where nothing else happened since.
        end(&reach, "dead", &[outcome(first[0], "accepted", Some("p1"))]);
        let expected = if expected == "unknown" { "accepted" } else { "again" };
        assert_eq!(states(&reach, 1), [expected]);
        assert!(wait(settle_lost(&reach, (no, "b"), again, at)).unwrap().is_empty());
    }
}

#[test]
fn reports_settle_what_was_accepted() {
    for (before, what, expected) in [
        ("accepted", "delivered", "delivered"),
        ("accepted", "failed", "failed"),
        ("accepted", "bounced", "bounced"),
        ("unknown", "delivered", "delivered"),
        ("failed", "delivered", "failed"),
        ("retry", "delivered", "retry"),
        ("again", "delivered", "delivered"),
        ("again", "failed", "failed"),
    ] {
        let reach = database();
        put(&reach, 1, "sms", |_| {});
        let first = wave(&reach, "a", NOW, &[1]);
        end(&reach, "a", &[outcome(first[0], before, Some("p1"))]);
        report(&reach, Some("p1"), None, what);
        assert_eq!(states(&reach, 1), [expected], "{before} {what}");
        // One that comes twice changes nothing more, but what was delivered may come back.
        report(&reach, Some("p1"), None, "failed");
        assert_eq!(states(&reach, 1), [expected], "{before} {what}");
        report(&reach, Some("p1"), None, "bounced");
        let expected = if expected == "delivered" { "bounced" } else { expected };
        assert_eq!(states(&reach, 1), [expected], "{before} {what}");
    }
    // By our own id, before anybody told the vendor's.
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let first = wave(&reach, "a", NOW, &[7]);
    report(&reach, Some("p7"), Some(7), "delivered");
    assert_eq!(states(&reach, 7), ["delivered"]);
    end(&reach, "a", &[outcome(first[0], "accepted", Some("p7"))]);
    assert_eq!(states(&reach, 7), ["delivered"], "the answer was slower than the report");
}

#[test]
fn a_report_may_be_faster_than_the_answer() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    put(&reach, 1, "other", |_| {});
    let attempts = wave(&reach, "a", NOW, &[1, 2]);
    report(&reach, Some("p1"), None, "delivered");
    assert_eq!(states(&reach, 1), ["sending"]);
    let accepted = [
        outcome(attempts[0], "accepted", Some("p1")),
        outcome(attempts[1], "accepted", Some("p2")),
    ];
    end(&reach, "a", &accepted);
    assert_eq!(
        (states(&reach, 1), states(&reach, 2)),
        (vec!["delivered".into()], vec!["accepted".into()])
    );
    // A report by another account of the same id is of another message.
    let other = account(&reach, "other").no;
    let report = DeliveryReport {
        provider_id: Some("p2".into()),
        touch_no: Some(2),
        what: "failed",
        why: String::new(),
        at: None,
    };
    wait(write_reports(&reach, other, NOW, &[report])).unwrap();
    assert_eq!(states(&reach, 2), ["accepted"]);
    let kept = || -> i64 {
        let text = "SELECT count(*) FROM early_report";
        reach.connection().query_row(text, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(kept(), 1);
    assert_eq!(wait(forget_deliveries(&reach, (NOW, NOW), 100)).unwrap(), 0);
    assert_eq!(wait(forget_deliveries(&reach, (later(1), later(1)), 100)).unwrap(), 3);
    assert_eq!(kept(), 0);
}

#[test]
fn an_account_pauses_rests_and_counts() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let attempts = wave(&reach, "a", NOW, &[1]);
    let no = account(&reach, "sms").no;
    let state = AccountState {
        failures: 3,
        rests_until: later(30_000).0,
        paused_because: Some("out of money".into()),
        leased_until: 0,
    };
    let outcomes = [outcome(attempts[0], "retry", None)];
    wait(end_wave(&reach, (no, "lost"), NOW, &outcomes, &state)).unwrap();
    assert_eq!(account(&reach, "sms").failures, 0, "another run's lease");
    assert_eq!(states(&reach, 1), ["sending"], "another run's attempt");
    wait(end_wave(&reach, (no, "a"), NOW, &outcomes, &state)).unwrap();
    let found = account(&reach, "sms");
    assert_eq!((found.failures, found.rests_until), (3, later(30_000)));
    assert_eq!(found.paused, Some(("out of money".into(), NOW)));
    let counts = wait(channel_counts(&reach, no, NOW)).unwrap();
    assert_eq!(counts, [("retry".to_owned(), 1)]);
    assert!(wait(channel_counts(&reach, no, later(1))).unwrap().is_empty());
}

#[test]
fn tokens_end_and_go_with_secrets() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let no = account(&reach, "sms").no;
    let token = |at| wait(channel_token(&reach, no, at)).unwrap().map(|(token, _)| token);
    wait(put_channel_token(&reach, no, "t1", later(10))).unwrap();
    assert_eq!((token(later(9)), token(later(10))), (Some("t1".into()), None));
    wait(put_channel_token(&reach, no, "t2", later(10))).unwrap();
    wait(drop_channel_token(&reach, no, "t1")).unwrap();
    assert_eq!(token(NOW), Some("t2".into()), "another run has fetched it");
    wait(drop_channel_token(&reach, no, "t2")).unwrap();
    assert_eq!(token(NOW), None);
    wait(put_channel_token(&reach, no, "t3", later(10))).unwrap();
    put(&reach, 1, "sms", |wish| wish.rank = 1);
    assert_eq!(token(NOW), Some("t3".into()));
    put(&reach, 1, "sms", |wish| wish.secrets = Some("sealed:2"));
    assert_eq!(token(NOW), None);
    wait(remove_channel(&reach, 1, "sms")).unwrap();
    wait(put_channel_token(&reach, no, "t4", later(10))).unwrap();
    assert_eq!(token(NOW), None);
}

#[test]
fn callbacks_are_found_by_the_digest_of_their_secret() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    assert!(!account(&reach, "sms").has_callback);
    assert!(wait(put_callback(&reach, 1, "sms", ("d1", "sealed:1"))).unwrap());
    assert!(!wait(put_callback(&reach, 1, "none", ("d2", "sealed:2"))).unwrap());
    let of =
        |digest: &str| wait(account_of_callback(&reach, digest)).unwrap().map(|found| found.id);
    assert_eq!((of("d1"), of("d2")), (Some("sms".into()), None));
    assert!(account(&reach, "sms").has_callback);
    wait(put_callback(&reach, 1, "sms", ("d3", "sealed:3"))).unwrap();
    assert_eq!((of("d1"), of("d3")), (None, Some("sms".into())));
    // The job that sends by the account has the secret, too.
    let claim = claim_channel(&reach, (account(&reach, "sms").no, "l"), NOW, later(1));
    assert_eq!(wait(claim).unwrap().unwrap().callback_secret.as_deref(), Some("sealed:3"));
    // The vendor before would report for the next one.
    put(&reach, 1, "sms", |wish| wish.rank = 7);
    assert!(account(&reach, "sms").has_callback);
    put(&reach, 1, "sms", |wish| wish.vendor = "tencent_sms");
    assert_eq!((of("d3"), account(&reach, "sms").has_callback), (None, false));
}

fn contact(reach: &Native, member: i64, digest: &str, state: ContactState) {
    let kept = Contact {
        channel: Channel::Sms,
        address: "sealed".into(),
        state,
        verified_at: None,
        updated_at: 0,
        updated_by: "anna".into(),
    };
    wait(put_contact(reach, (1, member), &kept, false, digest)).unwrap();
}

#[test]
fn the_address_is_closed_that_a_report_speaks_of() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    contact(&reach, 101, "d1", ContactState::Open);
    contact(&reach, 102, "another since", ContactState::Open);
    contact(&reach, 103, "d3", ContactState::Complained);
    let attempts = wave(&reach, "a", NOW, &[1, 2, 3]);
    let no = account(&reach, "sms").no;
    end(&reach, "a", &[outcome(attempts[0], "accepted", Some("p1"))]);
    let asked = [(Some("p1"), None), (None, Some(2)), (Some("p9"), Some(9)), (None, Some(3))];
    let mut found = wait(members_of_reports(&reach, no, &asked)).unwrap();
    found.sort();
    let expected = [(0, 101, "d1"), (1, 102, "d2"), (3, 103, "d3")];
    assert_eq!(found, expected.map(|(place, no, digest)| (place, no, digest.to_owned())));
    let closings = [
        ("d1", ContactState::Bounced),
        ("d2", ContactState::Bounced),
        ("d3", ContactState::Bounced),
    ];
    let closed = wait(close_contacts(&reach, (1, Channel::Sms), &closings, (NOW, "vendor")));
    assert_eq!(closed.unwrap(), [101]);
    let state = |member| wait(list_contacts(&reach, 1, member)).unwrap()[0].state;
    assert_eq!(state(101), ContactState::Bounced);
    assert_eq!(state(102), ContactState::Open, "it has another address by now");
    assert_eq!(state(103), ContactState::Complained, "what is closed stays as it is");
    let holders = wait(contact_holders(&reach, (1, Channel::Sms), &["d1", "d2"])).unwrap();
    assert_eq!(holders, [("d1".to_owned(), 101)]);
    assert!(wait(contact_holders(&reach, (2, Channel::Sms), &["d1"])).unwrap().is_empty());
}

#[test]
fn tried_touches_say_what_was_reserved() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let no = account(&reach, "sms").no;
    let claimed = wait(claim_channel(&reach, (no, "a"), NOW, later(60_000))).unwrap().unwrap();
    let with = WaveTouch { reserved: Some("cid-1".into()), ..touch(1) };
    let begin = |touches: &[WaveTouch], at: Timestamp| {
        wait(begin_wave(&reach, &claimed.account, "a", (at, 0), touches)).unwrap().unwrap()
    };
    let going = begin(&[with, touch(2), touch(4), touch(5)], NOW);
    // Of 4 and 5 nothing was reserved or taken at first.
    let first = [outcome(going[2], "retry", None), outcome(going[3], "retry", None)];
    end(&reach, "a", &first);
    let with = WaveTouch { reserved: Some("cid-4".into()), ..touch(4) };
    let second = begin(&[with], later(500));
    let outcomes = [outcome(going[1], "again", None), outcome(second[0], "again", None)];
    end(&reach, "a", &outcomes);
    let found = wait(tried_touches(&reach, no, &[1, 2, 3, 4, 5])).unwrap();
    let tried = |touch_no, reserved: Option<&str>, is_uncertain| TriedTouch {
        touch_no,
        reserved: reserved.map(str::to_owned),
        first_at: Some(NOW),
        is_uncertain,
    };
    let expected = [
        tried(1, Some("cid-1"), false),
        tried(2, None, true),
        TriedTouch { first_at: Some(later(500)), ..tried(4, Some("cid-4"), true) },
        TriedTouch { first_at: None, ..tried(5, None, false) },
    ];
    assert_eq!(found, expected);
    // Another account of the channel knows that a vendor may have it, and nothing to repeat it by.
    put(&reach, 1, "other", |_| {});
    let found = wait(tried_touches(&reach, account(&reach, "other").no, &[4])).unwrap();
    assert_eq!(found, [TriedTouch { first_at: None, ..tried(4, None, true) }]);
}

#[test]
fn the_erased_leave_no_attempts() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    wave(&reach, "a", NOW, &[1, 2]);
    departs(&reach, 101, None);
    departs(&reach, 102, Some(500));
    assert!(states(&reach, 1).is_empty());
    let member: i64 = reach
        .connection()
        .query_row("SELECT member_no FROM touch_delivery", [], |row| row.get(0))
        .unwrap();
    assert_eq!(member, 500);
}

#[test]
fn secrets_are_sealed_anew() {
    let reach = database();
    put(&reach, 1, "a", |_| {});
    put(&reach, 1, "b", |_| {});
    assert!(SEALED.contains(&Sealed::Channels) && Sealed::Channels.is_of_reach());
    let first = SealedName::first(Sealed::Channels);
    let rows = wait(sealed_rows(&reach, Sealed::Channels, &first, 1)).unwrap();
    assert_eq!(rows[0].stored, [Some("sealed:1".to_owned()), None]);
    let rest = wait(sealed_rows(&reach, Sealed::Channels, &rows[0].of, 9)).unwrap();
    assert_eq!(rest.len(), 1);
    put(&reach, 1, "b", |wish| wish.secrets = Some("sealed:other"));
    let anew: Vec<_> = rows
        .into_iter()
        .chain(rest)
        .map(|row| (row, [Some("sealed:new".to_owned()), None]))
        .collect();
    assert_eq!(wait(put_sealed(&reach, Sealed::Channels, &anew)).unwrap(), 1);
    assert_eq!(account(&reach, "a").secrets, "sealed:new");
    assert_eq!(account(&reach, "b").secrets, "sealed:other");
}

fn departs(reach: &Native, member: i64, into: Option<i64>) {
    let text = "INSERT INTO departed (member_no, programme_no, into_no, at) VALUES (?1, 1, ?2, 0)";
    reach.connection().execute(text, rusqlite::params![member, into]).unwrap();
}

#[test]
fn no_attempt_begins_for_who_is_gone() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    departs(&reach, 102, None);
    let going = wave(&reach, "a", NOW, &[1, 2, 3]);
    assert_eq!(going.iter().map(|attempt| attempt.touch_no).collect::<Vec<_>>(), [1, 3]);
    assert!(states(&reach, 2).is_empty(), "not even the digest of the address");
}

#[test]
fn a_wave_is_told_as_it_was_begun() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let touches: Vec<i64> = (1..=1_500).collect();
    assert_eq!(wave(&reach, "a", NOW, &touches).len(), 1_500);
}

#[test]
fn what_a_vendor_may_have_goes_again_by_the_same_account_only() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    put(&reach, 1, "other", |_| {});
    let going = wave(&reach, "a", NOW, &[1, 2]);
    let outcomes = [outcome(going[0], "again", None), outcome(going[1], "retry", None)];
    end(&reach, "a", &outcomes);
    let no = account(&reach, "other").no;
    let at = later(100_000);
    let other = wait(claim_channel(&reach, (no, "b"), at, at.plus_ms(60_000))).unwrap().unwrap();
    let touches = [touch(1), touch(2)];
    let begun = wait(begin_wave(&reach, &other.account, "b", (at, 0), &touches)).unwrap().unwrap();
    let begun: Vec<i64> = begun.iter().map(|attempt| attempt.touch_no).collect();
    assert_eq!(begun, [2]);
    assert_eq!(wave(&reach, "c", later(200_000), &[1]).len(), 1);
}

#[test]
fn the_number_of_a_removed_account_is_not_given_again() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let old = account(&reach, "sms").no;
    wave(&reach, "a", NOW, &[1]);
    wait(remove_channel(&reach, 1, "sms")).unwrap();
    assert_eq!(states(&reach, 1), ["unknown"], "nobody is left to settle it");
    put(&reach, 2, "sms", |_| {});
    put(&reach, 1, "sms", |_| {});
    assert!(account(&reach, "sms").no > old + 1);
    // Rows of another programme under the number of an account, whatever made them, are not its.
    let text = "UPDATE touch_delivery SET account_no = ?1, programme_no = 2, provider_id = 'p1',
        state = 'sending'";
    let no = account(&reach, "sms").no;
    reach.connection().execute(text, [no]).unwrap();
    let asked = [(Some("p1"), None), (None, Some(1))];
    assert!(wait(members_of_reports(&reach, no, &asked)).unwrap().is_empty());
    assert!(wait(channel_counts(&reach, no, NOW)).unwrap().is_empty());
    assert!(wait(settle_lost(&reach, (no, "b"), Again::Never, NOW)).unwrap().is_empty());
    assert!(wait(tried_touches(&reach, no, &[1])).unwrap().is_empty());
    report(&reach, Some("p1"), Some(1), "delivered");
    assert_eq!(states(&reach, 1), ["sending"]);
}

#[test]
fn of_reports_in_one_post_the_worst_counts() {
    let (bounced, failed, delivered) = ("bounced", "failed", "delivered");
    for (order, expected) in [
        ([delivered, bounced, failed], bounced),
        ([bounced, failed, delivered], bounced),
        ([failed, delivered, bounced], bounced),
        ([failed, delivered, delivered], failed),
        ([delivered, delivered, failed], failed),
    ] {
        for is_early in [false, true] {
            let reach = database();
            put(&reach, 1, "sms", |_| {});
            let going = wave(&reach, "a", NOW, &[1]);
            let accepted = [outcome(going[0], "accepted", Some("p1"))];
            if !is_early {
                end(&reach, "a", &accepted);
            }
            let reports = order.map(|what| DeliveryReport {
                provider_id: Some("p1".into()),
                touch_no: None,
                what,
                why: what.to_owned(),
                at: None,
            });
            wait(write_reports(&reach, account(&reach, "sms").no, NOW, &reports)).unwrap();
            if is_early {
                end(&reach, "a", &accepted);
            }
            let found = wait(deliveries_of_touch(&reach, 1)).unwrap();
            assert_eq!(found[0].state, expected, "{order:?} {is_early}");
            assert_eq!(found[0].error.as_deref(), Some(expected), "{order:?} {is_early}");
        }
    }
}

#[test]
fn a_touch_that_arrived_after_all_is_sent() {
    let delivered = "delivered";
    for (attempt, touch_state, what, expected) in [
        ("unknown", "unknown", delivered, "sent"),
        ("again", "due", delivered, "sent"),
        ("unknown", "suppressed", delivered, "suppressed"),
        ("accepted", "sent", delivered, "sent"),
        ("unknown", "unknown", "failed", "failed"),
        ("unknown", "unknown", "bounced", "failed"),
        ("unknown", "suppressed", "failed", "suppressed"),
        // Perhaps by another channel: that is for the next run.
        ("again", "due", "failed", "due"),
        ("accepted", "sent", "failed", "sent"),
    ] {
        let reach = database();
        put(&reach, 1, "sms", |_| {});
        let text = "INSERT INTO touch (no, programme_no, member_no, strategy, node, cycle,
              playbook_version, purpose, priority, due_at, deadline_at, state, mode, channels,
              wait_hours, messages, cost_minor, points, decided_at)
            VALUES (1, 1, 101, 's', 0, 'c', 1, 'marketing', 1, 0, 1, ?1, 'm', '[]', 0, 1, 0, 0, 0)";
        reach.connection().execute(text, [touch_state]).unwrap();
        let going = wave(&reach, "a", NOW, &[1]);
        end(&reach, "a", &[outcome(going[0], attempt, Some("p1"))]);
        reach.connection().execute("DELETE FROM outbox WHERE touch_no = 1", []).unwrap();
        report(&reach, Some("p1"), None, what);
        let text = "SELECT state, error FROM touch";
        let found = reach.connection().query_row(text, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let (state, error): (String, Option<String>) = found.unwrap();
        assert_eq!(state, expected, "{attempt} {touch_state} {what}");
        let why = (state == "failed").then_some("because");
        assert_eq!(error.as_deref(), why, "{attempt} {touch_state} {what}");
    }
}

#[test]
fn an_account_with_other_settings_repeats_nothing_of_before() {
    type Change = fn(&mut ChannelWish<'_>);
    let other = json!({"sign_name": "another"});
    let same = json!({"sign_name": "小店"});
    let cases: [(&Json, Change, bool); 4] = [
        (&other, |_| {}, true),
        (&same, |wish| wish.vendor = "tencent_sms", true),
        (&same, |wish| wish.channel = Channel::Phone, true),
        (&same, |wish| (wish.rank, wish.secrets) = (5, Some("sealed:2")), false),
    ];
    for (settings, change, is_other) in cases {
        for (told, kept) in [("again", "unknown"), ("accepted", "accepted"), ("retry", "retry")] {
            let reach = database();
            put(&reach, 1, "sms", |_| {});
            let going = wave(&reach, "a", NOW, &[1, 2, 3]);
            end(&reach, "a", &[outcome(going[0], "again", None), outcome(going[1], "retry", None)]);
            assert!(put_settings(&reach, (1, "sms"), settings, change));
            let name = format!("{is_other} {told}");
            assert_eq!(states(&reach, 3), [if is_other { "unknown" } else { "sending" }], "{name}");
            // A run that began before tells what it heard, and begins no other wave.
            end(&reach, "a", &[outcome(going[2], told, None)]);
            assert_eq!(states(&reach, 3), [if is_other { kept } else { told }], "{name}");
            let claimed = account(&reach, "sms");
            let late = wait(begin_wave(&reach, &claimed, "a", (NOW, 0), &[touch(9)])).unwrap();
            assert_eq!(late.is_none(), is_other, "{name}");
            let begun = wave(&reach, "b", later(120_001), &[1, 2]);
            let begun: Vec<i64> = begun.iter().map(|attempt| attempt.touch_no).collect();
            let (expected, state): (&[i64], _) =
                if is_other { (&[2], "unknown") } else { (&[1, 2], "sending") };
            // Under another channel attempts are counted for themselves.
            if claimed.channel == Channel::Sms {
                assert_eq!((begun.as_slice(), states(&reach, 1)[0].as_str()), (expected, state));
            }
        }
    }
}

#[test]
fn what_was_reserved_elsewhere_or_before_is_not_told() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let begin = |lease: &str, at: Timestamp, reserved: &str| {
        let no = account(&reach, "sms").no;
        let claimed = wait(claim_channel(&reach, (no, lease), at, at.plus_ms(60_000)));
        let claimed = claimed.unwrap().unwrap();
        let touches = [WaveTouch { reserved: Some(reserved.into()), ..touch(1) }];
        let begun = wait(begin_wave(&reach, &claimed.account, lease, (at, 0), &touches));
        end(&reach, lease, &[outcome(begun.unwrap().unwrap()[0], "retry", None)]);
    };
    let tried = || {
        let no = account(&reach, "sms").no;
        let mut found = wait(tried_touches(&reach, no, &[1])).unwrap();
        let tried = found.remove(0);
        (tried.reserved, tried.first_at)
    };
    let cid = |of: &str| Some(of.to_owned());
    begin("a", NOW, "cid-1");
    begin("b", later(1_000), "cid-1");
    assert_eq!(tried(), (cid("cid-1"), Some(NOW)));
    begin("c", later(90_000_000), "cid-2");
    begin("d", later(90_001_000), "cid-2");
    assert_eq!(tried(), (cid("cid-2"), Some(later(90_000_000))));
    put_settings(&reach, (1, "sms"), &json!({"sign_name": "x"}), |_| {});
    assert_eq!(tried(), (None, None));
}

#[test]
fn reports_that_count_once_are_remembered() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    put(&reach, 1, "other", |_| {});
    let no = |id: &str| account(&reach, id).no;
    let known = |id: &str| {
        let mut found: Vec<_> =
            wait(known_reports(&reach, no(id), &["SM1", "SM2"])).unwrap().into_iter().collect();
        found.sort_unstable();
        found
    };
    wait(know_reports(&reach, no("sms"), &["SM1"], NOW)).unwrap();
    wait(know_reports(&reach, no("sms"), &["SM1", "SM2"], later(5))).unwrap();
    assert_eq!((known("sms"), known("other")), (vec!["SM1".into(), "SM2".into()], vec![]));
    assert_eq!(wait(forget_deliveries(&reach, (later(1), later(1)), 100)).unwrap(), 1);
    assert_eq!(known("sms"), ["SM2"]);
    wait(remove_channel(&reach, 1, "sms")).unwrap();
    let left: i64 = reach
        .connection()
        .query_row("SELECT count(*) FROM known_report", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn leases_and_rests_of_a_clock_that_was_ahead_are_over() {
    let day = 86_400_000;
    for (column, ahead, is_over) in [
        ("leased_until", 60_000, false),
        ("leased_until", 120_001, true),
        ("leased_until", 400 * day, true),
        ("rests_until", day, false),
        ("rests_until", day + 1, true),
    ] {
        let reach = database();
        put(&reach, 1, "sms", |_| {});
        let text = format!("UPDATE channel_account SET {column} = ?1");
        reach.connection().execute(&text, [later(ahead).0]).unwrap();
        let due = wait(due_channels(&reach, (NOW, None), DueChannel::default(), 10)).unwrap();
        assert_eq!(due.len(), usize::from(is_over), "{column} {ahead}");
        let no = account(&reach, "sms").no;
        let claimed = wait(claim_channel(&reach, (no, "a"), NOW, later(60_000))).unwrap();
        assert_eq!(claimed.is_some(), is_over, "{column} {ahead}");
    }
}

/// Makes touch `no` of the first programme, of the member that [`touch`] has.
fn touch_row(reach: &Native, no: i64, state: &str) {
    let text = "INSERT INTO touch (no, programme_no, member_no, strategy, node, cycle,
          playbook_version, purpose, priority, due_at, deadline_at, state, mode, channels,
          wait_hours, messages, cost_minor, points, decided_at)
        VALUES (?1, 1, 100 + ?1, 's', 0, 'c', 1, 'marketing', 1, 0, 1, ?2, 'm', '[]', 0, 1, 0, 0,
          0)";
    reach.connection().execute(text, rusqlite::params![no, state]).unwrap();
}

fn text(reach: &Native, question: &str) -> String {
    reach.connection().query_row(question, [], |row| row.get(0)).unwrap()
}

/// An account made 20,000 attempts. Reports, waves, and a look at the last attempts walk none of
/// those that they do not ask for.
#[test]
fn nothing_walks_all_attempts_of_an_account() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let no = account(&reach, "sms").no;
    let made = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO touch_delivery (programme_no, touch_no, member_no, channel, attempt, account_no,
          state, digest, started_at, lease)
        SELECT 1, 10000 + i, 1, 'sms', 1, ?1, 'again', 'd', i, 'x' FROM n";
    reach.connection().execute(made, [no]).unwrap();
    put_settings(&reach, (1, "sms"), &json!({"sign_name": "another"}), |_| {});
    let claim = claim_channel(&reach, (no, "a"), NOW, later(60_000));
    wait(claim).unwrap().unwrap();
    let texts = crate::support::sql_files("queries/reach");
    let steps = |name: &str, values: &[&dyn rusqlite::ToSql]| {
        let (_, text) = texts.iter().find(|(of, _)| of == name).unwrap();
        let mut statement = reach.connection().prepare(text).unwrap();
        assert!(statement.query_map(values, |_| Ok(())).unwrap().all(|row| row.is_ok()));
        statement.get_status(rusqlite::StatementStatus::VmStep)
    };
    let reports = json!([[null, 5, "delivered", "", null], ["p", 6, "failed", "", null]]);
    let wave = json!([[1, 1, 101, null, "d1", 20_000], [1, 2, 102, null, "d2", 20_000]]);
    for (name, walked) in [
        ("report_write", steps("report_write", &[&no, &NOW.0, &reports.to_string()])),
        ("wave_begin", steps("wave_begin", &[&no, &"a", &NOW.0, &5_000, &wave.to_string()])),
        ("delivery_last", steps("delivery_last", &[&no, &20])),
    ] {
        assert!(walked < 3_000, "{name}: {walked}");
    }
}

#[test]
fn numbers_of_the_erased_are_not_given_again() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    let first = wave(&reach, "a", NOW, &[1])[0].no;
    let last = || wait(last_attempt(&reach)).unwrap();
    assert_eq!(last(), first);
    departs(&reach, 101, None);
    assert_eq!(last(), 0, "none is left");
    let next = wave(&reach, "b", later(60_001), &[2, 3]);
    assert!(next.iter().all(|attempt| attempt.no > first), "{next:?}");
    assert_eq!(wait(forget_deliveries(&reach, (later(99_999), NOW), 100)).unwrap(), 2);
    let after = wave(&reach, "c", later(120_002), &[4])[0].no;
    assert!(after > next[1].no, "{after}");
    // Nor are those of set changes, and of what happened.
    let change = "INSERT INTO member_set (no, programme_no, family, name, kind, refresh,
          is_exclusive, document, version, updated_at, updated_by)
        VALUES (1, 1, 'tag', 't', 'passive', 'never', 0, '{}', 1, 0, '')";
    reach.connection().execute(change, []).unwrap();
    let came = |member: i64| {
        let text = "INSERT INTO set_wish VALUES (1, ?1, 1, 1, 0, NULL, 'anna', 1, NULL)";
        reach.connection().execute(text, [member]).unwrap();
    };
    came(201);
    came(202);
    departs(&reach, 202, None);
    came(203);
    let numbers = "SELECT group_concat(no) FROM set_change";
    // The member left the set with number 3.
    assert_eq!(text(&reach, numbers), "1,4");
    reach.connection().execute("DELETE FROM set_change", []).unwrap();
    came(204);
    assert_eq!(text(&reach, numbers), "5");
    let heard = |position: i64, member: i64| {
        let text = "INSERT INTO touch_heard VALUES ('entry', nullif(?1, 1) - 1, ?1,
            json_array(json_array(1, ?2, 'entry:' || ?1, 0, '{}', 9, 0)))";
        reach.connection().execute(text, [position, member]).unwrap();
    };
    heard(1, 301);
    heard(2, 302);
    departs(&reach, 302, None);
    heard(3, 303);
    assert_eq!(text(&reach, "SELECT group_concat(no) FROM touch_occasion"), "1,3");
}

#[test]
fn a_wave_closes_no_address_of_another_ones_attempt() {
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    contact(&reach, 101, "d1", ContactState::Open);
    let going = wave(&reach, "a", NOW, &[1]);
    let closes = Some(ContactState::Bounced);
    let told = WaveOutcome { closes, ..outcome(going[0], "failed", None) };
    end(&reach, "another", std::slice::from_ref(&told));
    let state = || wait(list_contacts(&reach, 1, 101)).unwrap()[0].state;
    assert_eq!(state(), ContactState::Open);
    end(&reach, "a", &[told]);
    assert_eq!(state(), ContactState::Bounced);
}

#[test]
fn what_was_delivered_before_it_was_settled_is_sent() {
    // It is due still, or another account settled it as unknown before the wave ended.
    for before in ["due", "unknown"] {
        let reach = database();
        put(&reach, 1, "sms", |_| {});
        touch_row(&reach, 1, before);
        let going = wave(&reach, "a", NOW, &[1]);
        end(&reach, "a", &[outcome(going[0], "accepted", Some("p1"))]);
        report(&reach, Some("p1"), None, "delivered");
        assert_eq!(text(&reach, "SELECT state FROM touch"), "sent", "{before}");
    }
    // Where nothing tells so of the touch, it takes room all the same.
    let reach = database();
    put(&reach, 1, "sms", |_| {});
    touch_row(&reach, 1, "suppressed");
    let going = wave(&reach, "a", NOW, &[1]);
    end(&reach, "a", &[outcome(going[0], "accepted", Some("p1"))]);
    report(&reach, Some("p1"), None, "delivered");
    reach.connection().execute("UPDATE touch SET state = 'due'", []).unwrap();
    let texts = crate::support::sql_files("queries/reach");
    let (_, of) = texts.iter().find(|(name, _)| name == "touches_of").unwrap();
    let state: String = reach.connection().query_row(of, (1, "[101]"), |row| row.get(9)).unwrap();
    assert_eq!(state, "sending");
}

/// All attempts of a touch go under one id of ours, so they are one message.
#[test]
fn a_report_by_our_id_is_of_one_message() {
    for (what, second, expected) in [
        ("delivered", "accepted", ["delivered", "again"]),
        ("bounced", "accepted", ["bounced", "failed"]),
        ("failed", "accepted", ["failed", "failed"]),
        // What was not taken is not what the vendor reports of.
        ("delivered", "retry", ["retry", "delivered"]),
        ("delivered", "failed", ["failed", "delivered"]),
    ] {
        let reach = database();
        put(&reach, 1, "sms", |_| {});
        let first = wave(&reach, "a", NOW, &[1]);
        end(&reach, "a", &[outcome(first[0], "again", None)]);
        let next = wave(&reach, "b", later(60_001), &[1]);
        end(&reach, "b", &[outcome(next[0], second, None)]);
        report(&reach, None, Some(1), what);
        assert_eq!(states(&reach, 1), expected, "{what} {second}");
        let sent = wait(result_messages(&reach, 1, &[1], later(99_999))).unwrap();
        let taken: i64 = sent.iter().map(|message| message.taken).sum();
        assert_eq!(taken, i64::from(what != "failed"), "{what} {second}");
        // It came back after all, also where the word is told twice.
        if what == "delivered" && second == "accepted" {
            report(&reach, None, Some(1), "bounced");
            report(&reach, None, Some(1), "delivered");
            assert_eq!(states(&reach, 1), ["bounced", "failed"]);
        }
    }
}
