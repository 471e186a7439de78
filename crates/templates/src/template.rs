//! The shape of a template, and its bounds.

use std::collections::BTreeMap;
use std::fmt;

use reach::{Channel, Purpose};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Parameters of a text, at most.
pub const MAX_PARAMETERS: usize = 20;
/// Characters of a parameter's rendered value, at most.
pub const MAX_PARAMETER_CHARS: usize = 200;

/// Something in a template that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as an RFC 6901 JSON pointer into the template.
    pub path: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl Fault {
    pub(crate) fn new(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.detail)
    }
}

/// A language that members are written to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Chinese. Every text is there in it, so that there is always one to send.
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// Its tag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The language for a member's tag: English for tags of English, else Chinese.
    #[must_use]
    pub fn of_member(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("en") { Self::English } else { Self::Chinese }
    }
}

/// What a strategy writes to members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its id in the programme.
    #[serde(default)]
    pub id: String,
    /// Which version of it; the store counts them from 1.
    #[serde(default)]
    pub version: u32,
    /// What messages of it are for. The vendor decides by the text whether it is marketing, so it
    /// stands here and not in the strategy.
    #[serde(with = "by_name")]
    pub purpose: Purpose,
    /// The texts, by channel and language.
    #[serde(with = "by_channel")]
    pub texts: BTreeMap<Channel, BTreeMap<Language, Text>>,
}

/// A message of a channel in a language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The title of a push message, the subject of an e-mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The message; HTML of an e-mail. Where the vendor keeps the text (SMS, WeChat), this is what
    /// it has approved, for previews and for vendors that take whole texts.
    pub body: String,
    /// The vendor's name of the text that it has approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_template_id: Option<String>,
    /// What the vendor puts into its text, in the vendor's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Where the message's link leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// A picture beside the text, by its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

/// A parameter of a vendor's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What the vendor calls it.
    pub name: String,
    /// Its value, with variables.
    pub value: String,
}

/// The bounds of a channel's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Characters of a rendered title; 0 where the channel has none.
    pub title: usize,
    /// Bytes of a body as it is written.
    pub source: usize,
    /// Characters of a rendered body.
    pub body: usize,
}

/// The bounds of a channel; `None` where no texts are sent by it.
#[must_use]
pub fn bounds(channel: Channel) -> Option<Bounds> {
    match channel {
        Channel::Sms => Some(Bounds { title: 0, source: 4_000, body: 500 }),
        Channel::Email => Some(Bounds { title: 150, source: 60_000, body: 60_000 }),
        Channel::Push => Some(Bounds { title: 60, source: 4_000, body: 500 }),
        Channel::Wecom => Some(Bounds { title: 60, source: 8_000, body: 600 }),
        Channel::Wechat => Some(Bounds { title: 60, source: 4_000, body: 600 }),
        Channel::Phone => None,
    }
}

impl Template {
    /// The text that a member with that language gets by that channel, and its language.
    #[must_use]
    pub fn text(&self, channel: Channel, language: Language) -> Option<(Language, &Text)> {
        let texts = self.texts.get(&channel)?;
        [language, Language::Chinese]
            .into_iter()
            .find_map(|language| texts.get(&language).map(|text| (language, text)))
    }
}

/// An enum of `reach` by its name.
mod by_name {
    use super::{Deserialize, Deserializer, Purpose, Serializer};
    use serde::de::Error as _;

    pub fn serialize<S: Serializer>(of: &Purpose, into: S) -> Result<S::Ok, S::Error> {
        into.serialize_str(of.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Purpose, D::Error> {
        let name = String::deserialize(from)?;
        Purpose::parse(&name).ok_or_else(|| D::Error::custom("must be service or marketing"))
    }
}

/// Texts under the names of their channels.
mod by_channel {
    use super::{BTreeMap, Channel, Deserialize, Deserializer, Language, Serializer, Text};

    type Texts = BTreeMap<Channel, BTreeMap<Language, Text>>;

    pub fn serialize<S: Serializer>(of: &Texts, into: S) -> Result<S::Ok, S::Error> {
        into.collect_map(of.iter().map(|(channel, texts)| (channel.as_str(), texts)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Texts, D::Error> {
        let named = BTreeMap::<super::Named, BTreeMap<Language, Text>>::deserialize(from)?;
        Ok(named.into_iter().map(|(channel, texts)| (channel.0, texts)).collect())
    }
}

/// A channel as a key of JSON.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Named(Channel);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Channel::parse(&name)
            .filter(|channel| bounds(*channel).is_some())
            .map(Self)
            .ok_or_else(|| D::Error::custom("must be sms, email, push, wecom or wechat"))
    }
}
