//! A time of the local day, as people write it.

use serde::{Deserialize, Serialize};

/// Minutes of the local day, written `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// That hour and minute.
    pub(crate) const fn at(hour: u16, minute: u16) -> Self {
        Self(hour * 60 + minute)
    }

    /// Reads `HH:MM`, from `00:00` to `23:59`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| {
            let is_two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_two { part.parse::<u16>().ok() } else { None }
        };
        let (hour, minute) = (two(hour)?, two(minute)?);
        (hour < 24 && minute < 60).then(|| Self::at(hour, minute))
    }

    /// Minutes since midnight by the wall clock.
    #[must_use]
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a time must be 00:00 to 23:59, two digits each")
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_two_digits_each() {
        for (text, minutes) in [
            ("00:00", Some(0)),
            ("10:05", Some(605)),
            ("23:59", Some(1_439)),
            ("24:00", None),
            ("10:60", None),
            ("9:00", None),
            ("+9:00", None),
            ("1000", None),
            ("10:00:00", None),
            ("", None),
        ] {
            assert_eq!(TimeOfDay::parse(text).map(TimeOfDay::minutes), minutes, "{text}");
            if let Some(time) = TimeOfDay::parse(text) {
                assert_eq!(String::from(time), text);
            }
        }
    }
}
