//! The members who are left alone, so that it can be told what messages bring.

use chrono::Datelike;
use ledger::{Hash, day_number, from_day_number};

/// Members fall into so many buckets.
pub const BUCKETS: u64 = 10_000;

/// The first 8 bytes of the SHA-256 of a text, as a big-endian number.
pub(crate) fn number_of(text: &str) -> u64 {
    let Hash(digest) = Hash::of(text.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn bucket(salt: &str, scope: &str, member: &str) -> u64 {
    number_of(&format!("{salt}/{scope}\n{member}")) % BUCKETS
}

/// The bucket of a member in the quarter that a local day (since 1970-01-01) lies in: of the text
/// `{salt}/{year}Q{quarter}`, a new line, and the member's id. Each quarter has other buckets.
#[must_use]
pub fn programme_bucket(salt: &str, day: i32, member: &str) -> u64 {
    let date = from_day_number(day);
    bucket(salt, &format!("{}Q{}", date.year(), date.month0() / 3 + 1), member)
}

/// The bucket of a member for a strategy: of the text `{salt}/{strategy}`, a new line, and the
/// member's id.
#[must_use]
pub fn strategy_bucket(salt: &str, strategy: &str, member: &str) -> u64 {
    bucket(salt, strategy, member)
}

/// The first local day (since 1970-01-01) of the quarter that a day lies in.
#[must_use]
pub fn quarter_start(day: i32) -> i32 {
    let date = from_day_number(day);
    let first = date.with_day(1).and_then(|date| date.with_month(date.month0() / 3 * 3 + 1));
    first.map_or(day, day_number)
}

/// Whether a bucket is one of the first so many percent. Most programmes hold out nobody, and a
/// hash is slow to come by: so the bucket is asked for where there is a percentage alone.
pub(crate) fn is_held_out(bucket: impl FnOnce() -> u64, percent: u32) -> bool {
    percent > 0 && bucket() < u64::from(percent) * (BUCKETS / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A member who was left alone must stay so: results compare them with the others. The figures
    /// are by `printf 's/2027Q1\nm-1' | sha256sum`, first 16 digits, modulo 10,000.
    #[test]
    fn buckets_are_what_they_ever_were() {
        assert_eq!(programme_bucket("s", 20_820, "m-1"), 4_386);
        assert_eq!(strategy_bucket("s", "row_1", "m-1"), 164);
    }

    #[test]
    fn quarters_begin_in_january_april_july_and_october() {
        // 2027-01-01, 2027-03-31, 2027-04-01, 2027-08-31, 2027-12-31.
        for (day, start) in [
            (20_819, 20_819),
            (20_908, 20_819),
            (20_909, 20_909),
            (21_061, 21_000),
            (21_183, 21_092),
        ] {
            assert_eq!(quarter_start(day), start, "{day}");
        }
    }

    #[test]
    fn shares_are_near_their_percent_and_change_each_quarter() {
        let out = |day: i32| {
            let is_out = move |member: &i32| {
                is_held_out(|| programme_bucket("salt", day, &format!("m-{member}")), 5)
            };
            (0..20_000).filter(is_out).collect::<Vec<_>>()
        };
        // 2027-01-01 and 03-31 are of one quarter, 2027-04-01 of the next.
        let (january, march, april) = (out(20_819), out(20_908), out(20_909));
        assert_eq!(january, march);
        assert!((900..1_100).contains(&january.len()), "{}", january.len());
        let both = january.iter().filter(|member| april.contains(member)).count();
        assert!((20..90).contains(&both), "{both}");
        let of = |strategy| strategy_bucket("salt", strategy, "m-1");
        assert_ne!(of("a"), of("b"));
        assert!(!is_held_out(|| 0, 0) && is_held_out(|| 4_999, 50) && !is_held_out(|| 5_000, 50));
    }
}
