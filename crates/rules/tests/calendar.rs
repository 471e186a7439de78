//! Properties of the local calendar and of expiry policies, over every zone there is, against the
//! model test's own calendar.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

#[path = "model/calendar.rs"]
mod naive;

use std::sync::OnceLock;

use chrono::{Days, NaiveDate, Offset};
use chrono_tz::{TZ_VARIANTS, Tz};
use ledger::{
    ExpiryPolicy, Period, Timestamp, Zone, day_number, from_day_number, local_date, start_of_day,
};
use proptest::prelude::*;
use rules::{Expiry, RoundUpTo};

/// Zones whose clocks change at or around midnight, by half an hour, or by a day.
const ODD_ZONES: [Tz; 14] = [
    Tz::America__Sao_Paulo,
    Tz::America__Havana,
    Tz::America__Santiago,
    Tz::America__Asuncion,
    Tz::America__St_Johns,
    Tz::America__Nuuk,
    Tz::Atlantic__Azores,
    Tz::Africa__Cairo,
    Tz::Africa__Casablanca,
    Tz::Asia__Beirut,
    Tz::Asia__Gaza,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Pacific__Kwajalein,
];

/// The zone as the ledger knows it.
fn told(zone: Tz) -> Zone {
    zone.name().parse().unwrap()
}

/// The zones that the two databases tell alike: editions differ in what was found out or decided
/// lately (Tehran 1979, Casablanca 2026).
fn agreed() -> &'static [Tz] {
    static AGREED: OnceLock<Vec<Tz>> = OnceLock::new();
    AGREED.get_or_init(|| TZ_VARIANTS.into_iter().filter(|zone| is_agreed(*zone)).collect())
}

fn is_agreed(zone: Tz) -> bool {
    let Ok(ledgers) = zone.name().parse::<Zone>() else { return false };
    let ledgers_offset = |second: i64| {
        let before = ledgers.changes().iter().rev().find(|(from, _)| *from <= second);
        before.map_or(ledgers.first_offset(), |(_, offset)| *offset)
    };
    let around_changes = ledgers.changes().iter().flat_map(|(from, _)| [from - 1, *from]);
    let mut seconds = (0..4_102_444_800i64).step_by(20 * 24 * 3600).chain(around_changes);
    seconds.all(|second| {
        let at = chrono::DateTime::from_timestamp(second, 0).unwrap();
        at.with_timezone(&zone).offset().fix().local_minus_utc() == ledgers_offset(second)
    })
}

#[test]
fn the_databases_agree_on_nearly_every_zone() {
    assert!(
        agreed().len() > TZ_VARIANTS.len() * 9 / 10,
        "{} of {}",
        agreed().len(),
        TZ_VARIANTS.len()
    );
}

fn zones() -> impl Strategy<Value = Tz> {
    (0..agreed().len()).prop_map(|index| agreed()[index])
}

/// 1970 to 2099.
fn instants() -> impl Strategy<Value = i64> {
    0i64..4_102_444_800_000
}

fn dates() -> impl Strategy<Value = NaiveDate> {
    (0i32..47_000).prop_map(from_day_number)
}

fn periods() -> impl Strategy<Value = (Period, RoundUpTo)> {
    prop_oneof![
        Just((Period::Month, RoundUpTo::Month)),
        Just((Period::Quarter, RoundUpTo::Quarter)),
        Just((Period::Half, RoundUpTo::Half)),
        Just((Period::Year, RoundUpTo::Year)),
    ]
}

/// The same policy as the ledger knows it and as the document names it.
fn policies() -> impl Strategy<Value = (ExpiryPolicy, Expiry)> {
    let days = (0u32..800, proptest::option::of(periods())).prop_map(|(days, rounded)| {
        let (a, b) = rounded.unzip();
        (ExpiryPolicy::Days { days, round_up_to: a }, Expiry::Days { days, round_up_to: b })
    });
    let months = (0u32..40, proptest::option::of(periods())).prop_map(|(months, rounded)| {
        let (a, b) = rounded.unzip();
        (ExpiryPolicy::Months { months, round_up_to: a }, Expiry::Months { months, round_up_to: b })
    });
    let fixed =
        (proptest::collection::vec(0u32..366, 1..4), 0u32..400).prop_map(|(days, min_days)| {
            // 2028 is a leap year, so that 29 February is among the dates.
            let first = NaiveDate::from_ymd_opt(2028, 1, 1).unwrap();
            let days: Vec<NaiveDate> =
                days.into_iter().map(|day| first + Days::new(u64::from(day))).collect();
            let dates = days
                .iter()
                .map(|day| (chrono::Datelike::month(day), chrono::Datelike::day(day)))
                .collect();
            let names = days.iter().map(|day| day.format("%m-%d").to_string()).collect();
            (
                ExpiryPolicy::FixedDates { dates, min_days },
                Expiry::FixedDates { dates: names, min_days },
            )
        });
    prop_oneof![days, months, fixed]
}

#[test]
fn every_day_of_the_odd_zones_starts_at_its_first_instant() {
    for zone in ODD_ZONES.into_iter().filter(|zone| agreed().contains(zone)) {
        for number in
            day_number("1991-01-01".parse().unwrap())..day_number("2031-01-01".parse().unwrap())
        {
            let date = from_day_number(number);
            let start = start_of_day(date, told(zone)).0;
            assert_eq!(
                start,
                naive::first_instant(date, zone),
                "{zone} {date}: {}",
                naive::show(start, zone)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_day_starts_where_the_naive_calendar_says(date in dates(), zone in zones()) {
        prop_assert_eq!(start_of_day(date, told(zone)).0, naive::first_instant(date, zone));
    }

    #[test]
    fn the_local_day_is_the_naive_one(at in instants(), zone in zones()) {
        prop_assert_eq!(local_date(Timestamp(at), told(zone)), naive::date_of(at, zone));
    }

    #[test]
    fn points_end_where_the_naive_calendar_says((policy, named) in policies(), from in instants(), zone in zones()) {
        prop_assert_eq!(policy.expires_at(Timestamp(from), told(zone)).map(|at| at.0), naive::expires_at(&named, from, zone));
    }

    #[test]
    fn the_last_good_instant_lies_in_the_last_good_day(days in 0u32..800, from in instants(), zone in zones()) {
        let end = ExpiryPolicy::Days { days, round_up_to: None }.expires_at(Timestamp(from), told(zone)).unwrap();
        let last = local_date(Timestamp(from), told(zone)) + Days::new(u64::from(days));
        prop_assert!(local_date(end.plus_ms(-1), told(zone)) <= last);
        prop_assert!(local_date(end, told(zone)) > last);
        // Promised days are given: nearly 24 hours each, and never gone at once but in an hour that
        // the clocks repeat over midnight.
        let floor = i64::from(days) * naive::DAY_MS - 25 * 3_600_000;
        prop_assert!(end.0 - from > floor.max(-3_600_000), "{} to {}", naive::show(from, zone), naive::show(end.0, zone));
    }

    #[test]
    fn earned_later_never_ends_sooner((policy, _) in policies(), a in instants(), b in 0i64..100_000_000_000, zone in zones()) {
        let (sooner, later) = (Timestamp(a), Timestamp(a + b));
        prop_assume!(local_date(sooner, told(zone)) <= local_date(later, told(zone)));
        prop_assert!(policy.expires_at(sooner, told(zone)) <= policy.expires_at(later, told(zone)));
    }

    #[test]
    fn periods_tile_the_calendar(date in dates(), (period, _) in periods(), back in 0u32..50) {
        let (first, last) = (period.first_day(date), period.last_day(date));
        prop_assert!(first <= date && date <= last);
        prop_assert_eq!((period.first_day(last), period.last_day(first)), (first, last));
        let next = last.succ_opt().unwrap();
        prop_assert_eq!(period.first_day(next), next);
        prop_assert_eq!(period.first_day_back(next, 1), first);
        prop_assert_eq!(period.first_day_back(date, back + 1), period.first_day_back(period.first_day_back(date, back), 1));
    }

    #[test]
    fn instants_and_days_read_back(at in 0..=Timestamp::LAST.0, number in -700_000i32..2_900_000) {
        prop_assert_eq!(Timestamp::parse(&Timestamp(at).to_string()), Some(Timestamp(at)));
        prop_assert_eq!(day_number(from_day_number(number)), number);
    }
}
