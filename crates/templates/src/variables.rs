//! What a text may name: the closed list of variables, their kinds, and members that every text is
//! tried with before it is saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use minijinja::value::{Object, ObjectRepr, Value};
use std::fmt;

use crate::grammar::Kind;

/// Rewards that a message may name, at most.
pub const MAX_REWARDS: usize = 10;
/// Characters of a name or code, at most; longer ones are cut.
const MAX_CHARS: usize = 200;

/// What is known of the member and of the occasion. Empty texts and `None` are what is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variables {
    /// The member's name.
    pub name: String,
    /// The points of the occasion, such as those that expire.
    pub points: Option<i64>,
    /// The local day of the occasion, such as the one on which points expire, as
    /// [`reach::Today::day`] counts days.
    pub expires_on: Option<i32>,
    /// Local days until then.
    pub days_left: Option<i64>,
    /// The points that the member has.
    pub balance: i64,
    /// The name of the member's level.
    pub tier: String,
    /// Rewards that are recommended, the best one first.
    pub rewards: Vec<Reward>,
    /// The coupon that the strategy gave.
    pub coupon: Option<Coupon>,
    /// The code by which the member shows that it is they who spend; messages of strategies have
    /// none.
    pub code: Option<String>,
    /// The name of the member's home store.
    pub store: String,
    /// The message's own link.
    pub link: Option<String>,
    /// Where the member says that no more messages are wanted.
    pub unsubscribe: Option<String>,
}

/// A reward that is recommended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reward {
    /// Its name, in the language of the message.
    pub name: String,
    /// What it costs in points.
    pub points: i64,
    /// What it costs in money beside them, in minor units.
    pub cash_minor: i64,
}

/// A coupon that was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coupon {
    /// What the member shows at the till.
    pub code: String,
}

/// A variable that a message may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// `points`.
    Points,
    /// `expires_on`.
    ExpiresOn,
    /// `days_left`.
    DaysLeft,
    /// `rewards`.
    Rewards,
    /// `coupon`.
    Coupon,
    /// `code`.
    Code,
    /// `link`.
    Link,
    /// `unsubscribe`.
    Unsubscribe,
}

impl Variable {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Points,
        Self::ExpiresOn,
        Self::DaysLeft,
        Self::Rewards,
        Self::Coupon,
        Self::Code,
        Self::Link,
        Self::Unsubscribe,
    ];

    /// Its name in texts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::ExpiresOn => "expires_on",
            Self::DaysLeft => "days_left",
            Self::Rewards => "rewards",
            Self::Coupon => "coupon",
            Self::Code => "code",
            Self::Link => "link",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// The variables and their kinds, in the order of the documentation.
pub(crate) const LIST: [(&str, Kind); 12] = [
    ("name", Kind::Text),
    ("points", Kind::Number),
    ("expires_on", Kind::Day),
    ("days_left", Kind::Number),
    ("balance", Kind::Number),
    ("tier", Kind::Text),
    ("rewards", Kind::Rewards),
    ("coupon", Kind::Coupon),
    ("code", Kind::Text),
    ("store", Kind::Text),
    ("link", Kind::Link),
    ("unsubscribe", Kind::Unsubscribe),
];

/// A local day in a text; it shows as 2026-12-31 where no filter says otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day(pub NaiveDate);

impl Object for Day {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl Variables {
    /// The same without one of them.
    #[must_use]
    pub fn without(&self, variable: Variable) -> Self {
        let mut rest = self.clone();
        match variable {
            Variable::Points => rest.points = None,
            Variable::ExpiresOn => rest.expires_on = None,
            Variable::DaysLeft => rest.days_left = None,
            Variable::Rewards => rest.rewards.clear(),
            Variable::Coupon => rest.coupon = None,
            Variable::Code => rest.code = None,
            Variable::Link => rest.link = None,
            Variable::Unsubscribe => rest.unsubscribe = None,
        }
        rest
    }

    /// A usual member on a usual occasion, for previews.
    #[must_use]
    pub fn sample() -> Self {
        Self::samples().into_iter().next().map(|(_, usual)| usual).unwrap_or_default()
    }

    /// As the engine reads them. What is not known is `none`, which no text can show by mistake.
    pub(crate) fn values(&self) -> Value {
        let day = |day: i32| Value::from_object(Day(ledger::from_day_number(day)));
        let rewards = self.rewards.iter().take(MAX_REWARDS).map(|reward| {
            Value::from(BTreeMap::from([
                ("name", text(&reward.name)),
                ("points", Value::from(reward.points)),
                ("cash_minor", Value::from(reward.cash_minor)),
            ]))
        });
        let coupon = |coupon: &Coupon| Value::from(BTreeMap::from([("code", text(&coupon.code))]));
        let number = |number: i64| Value::from(number);
        let address = |address: &String| Value::from(address.as_str());
        let or_none = |value: Option<Value>| value.unwrap_or_else(|| Value::from(()));
        Value::from(BTreeMap::from([
            ("name", text(&self.name)),
            ("points", or_none(self.points.map(number))),
            ("expires_on", or_none(self.expires_on.map(day))),
            ("days_left", or_none(self.days_left.map(number))),
            ("balance", number(self.balance)),
            ("tier", text(&self.tier)),
            ("rewards", Value::from(rewards.collect::<Vec<_>>())),
            ("coupon", or_none(self.coupon.as_ref().map(coupon))),
            ("code", or_none(self.code.as_deref().map(text))),
            ("store", text(&self.store)),
            ("link", or_none(self.link.as_ref().map(address))),
            ("unsubscribe", or_none(self.unsubscribe.as_ref().map(address))),
        ]))
    }

    /// Members that every text is tried with: a usual one, one of whom little is known, one with
    /// long names and large numbers, and one whose name is an attack.
    pub(crate) fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            name: "张三".to_owned(),
            points: Some(500),
            // 31 December 2026.
            expires_on: Some(20_818),
            days_left: Some(7),
            balance: 5_200,
            tier: "金卡".to_owned(),
            rewards: ["咖啡杯", "保温壶", "手机支架", "雨伞", "帆布包"]
                .into_iter()
                .map(|name| Reward { name: name.to_owned(), points: 2_000, cash_minor: 990 })
                .collect(),
            coupon: Some(Coupon { code: "K7PQ4MZ2".to_owned() }),
            code: Some("402718".to_owned()),
            store: "静安店".to_owned(),
            link: Some("https://example.com/l/4tq0p3x8m2ab".to_owned()),
            unsubscribe: Some("https://example.com/u/4tq0p3x8m2ab".to_owned()),
        };
        let little = Self {
            name: String::new(),
            balance: 0,
            tier: String::new(),
            store: String::new(),
            ..usual.clone()
        };
        let long = Self {
            name: "阿卜杜热西提·买买提依明江".to_owned(),
            points: Some(9_999_999),
            days_left: Some(365),
            balance: 9_999_999,
            tier: "黑钻尊享年度会员".to_owned(),
            rewards: usual
                .rewards
                .iter()
                .map(|reward| Reward { name: reward.name.repeat(10), ..reward.clone() })
                .collect(),
            store: "上海市静安区南京西路旗舰体验中心店".to_owned(),
            ..usual.clone()
        };
        let attack = Self {
            name: "<b>\"O'Neil\"</b> & {{ balance }}\r\nBcc: x\u{202e}😀".to_owned(),
            ..usual.clone()
        };
        vec![
            ("a usual member", usual),
            ("a member of whom little is known", little),
            ("a member with long names", long),
            ("a member with odd characters", attack),
        ]
    }
}

fn text(of: &str) -> Value {
    Value::from(clean(of))
}

/// One line of a name: what breaks lines or turns the direction of writing becomes a space or is
/// left out, as a name could else write headers or hide what follows.
pub(crate) fn clean(of: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    of.chars()
        .filter(|c| !turns(*c))
        .map(|c| if breaks(c) { ' ' } else { c })
        .take(MAX_CHARS)
        .collect()
}
