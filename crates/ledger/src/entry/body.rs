//! The text of an entry that the database stores and the hash covers: one JSON object.
//!
//! This is the one place of the ledger that knows JSON, and the one place of the product that
//! writes or reads the text. The fields of the object are those of `Origin`, [`Decided`], the
//! payload of the entry's kind, [`LotMoves`] and [`Effects`], in this order; empty ones are left
//! out. Numbers are integers. What the columns beside it say is not in the text. Free texts are a
//! second object, [`StoredTexts`], of which the first has the digest.
//!
//! [`LotMoves`]: super::LotMoves
//! [`Effects`]: super::Effects

use std::fmt;

use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::value::RawValue;

use super::{Columns, Entry};
use crate::fault::Fault;
use crate::id::{EntryId, Hash, hexadecimal};
use crate::kind::What;

/// Why a stored text is not the body of an entry.
pub type Unreadable = serde_json::Error;

/// What the body says of the free texts that are stored beside it, and what the entry was decided
/// by.
#[derive(Serialize, Deserialize)]
struct Decided {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    texts: Option<Hash>,
    rulebook: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<EntryId>,
}

/// The free texts that are stored beside a body.
#[derive(Serialize)]
struct StoredTexts<'a> {
    salt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
}

pub(super) fn write_texts(
    salt: [u8; 16],
    reason: Option<&str>,
    evidence: Option<&str>,
) -> Result<String, Fault> {
    let salt = &hexadecimal(&salt);
    let texts = StoredTexts { salt, reason, evidence };
    serde_json::to_string(&texts).map_err(|_| Fault::Draft)
}

/// The reason and the evidence.
pub(super) fn read_texts(stored: &str) -> Result<(Option<String>, Option<String>), Unreadable> {
    let Fields(fields) = serde_json::from_str(stored)?;
    let (mut salt, mut reason, mut evidence) = (None, None, None);
    for (name, value) in fields {
        let text = match name {
            "salt" => &mut salt,
            "reason" => &mut reason,
            "evidence" => &mut evidence,
            _ => return Err(unknown(name)),
        };
        *text = Some(serde_json::from_str(value.get())?);
    }
    let _: String = salt.ok_or_else(|| Unreadable::missing_field("salt"))?;
    Ok((reason, evidence))
}

impl Entry {
    /// The text that is stored of this entry beside its columns.
    ///
    /// # Errors
    /// [`Fault::Draft`] when it cannot be written.
    pub fn body(&self) -> Result<String, Fault> {
        let mut body = Writer(Vec::with_capacity(512));
        body.add(&self.origin)?;
        body.add(&Decided {
            texts: self.texts.as_ref().map(|texts| texts.digest),
            rulebook: self.rulebook_version,
            cause: self.cause,
        })?;
        self.what.write(&mut body)?;
        body.add(&self.lots)?;
        body.add(&self.effects)?;
        body.finish()
    }

    /// The entry of these columns with this body, and the free texts that are stored beside it. An
    /// unknown field is an error, and so are texts of which the body says nothing.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(columns: Columns, body: &str, texts: Option<String>) -> Result<Self, Unreadable> {
        let mut fields: Fields<'_> = serde_json::from_str(body)?;
        let origin = fields.take()?;
        let Decided { texts: digest, rulebook, cause } = fields.take()?;
        let what = What::read(columns.kind, &mut fields)?;
        let (lots, effects) = (fields.take()?, fields.take()?);
        fields.finish()?;
        let mut entry = Self {
            id: columns.id,
            programme: columns.programme,
            member: columns.member,
            sequence: columns.sequence,
            points: columns.points,
            balance_after: columns.balance_after,
            occurred_at: columns.occurred_at,
            recorded_at: columns.recorded_at,
            origin,
            rulebook_version: rulebook,
            cause,
            lots,
            effects,
            what,
            texts: None,
            previous_hash: columns.previous_hash,
            hash: columns.hash,
        };
        entry.open_texts(digest, texts)?;
        Ok(entry)
    }
}

/// Writes one object whose fields belong to several structs.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Adds the fields of a struct.
    pub(crate) fn add(&mut self, part: &impl Serialize) -> Result<(), Fault> {
        let start = self.0.len();
        serde_json::to_writer(&mut self.0, part).map_err(|_| Fault::Draft)?;
        if self.0.len() == start + "{}".len() {
            self.0.truncate(start);
            return Ok(());
        }
        // `{"a":1}` becomes `,"a":1` behind other fields. `finish` closes the object.
        self.0.pop();
        if let Some(brace) = self.0.get_mut(start).filter(|_| start > 0) {
            *brace = b',';
        }
        Ok(())
    }

    fn finish(mut self) -> Result<String, Fault> {
        self.0.push(b'}');
        String::from_utf8(self.0).map_err(|_| Fault::Draft)
    }
}

/// The fields of an object that no struct has taken yet.
///
/// Serde's `flatten` would do the same, but it copies every value and accepts unknown fields.
pub(crate) struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'a> Fields<'a> {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| *field == name)
    }

    /// Takes the fields of a struct.
    pub(crate) fn take<T: Deserialize<'a>>(&mut self) -> Result<T, Unreadable> {
        T::deserialize(self)
    }

    fn finish(self) -> Result<(), Unreadable> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(unknown(name)),
        }
    }
}

fn unknown(field: &str) -> Unreadable {
    Unreadable::custom(format_args!("unknown field `{field}`"))
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the body of an entry")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'de> Deserializer<'de> for &mut Fields<'de> {
    type Error = Unreadable;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let all = std::mem::take(&mut self.0);
        let (own, others): (Vec<_>, _) =
            all.into_iter().partition(|(name, _)| names.contains(name));
        self.0 = others;
        visitor.visit_map(MapDeserializer::new(own.into_iter()))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("only structs have fields"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
