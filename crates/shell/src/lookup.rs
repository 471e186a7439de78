//! Digests of addresses: by them an address is told from another one without being known.
//!
//! Telephone numbers can be counted through. So the key of the digests is random, and sealed with
//! the variable `secrets_key`; it stays the same when that one is changed.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

use reach::Channel;
use seal::Place;
use serde::Serialize;
use store::{Spin, reach_secret};

use crate::keeping::keyed_digest;
use crate::problem::Problem;
use crate::sealing::{opened_text, random, sealed_text};

const NAME: &str = "contact_digests";
const KEY: usize = 32;

thread_local! {
    static LOOKUP: RefCell<Option<Rc<Lookup>>> = const { RefCell::new(None) };
}

/// The key of the digests.
pub struct Lookup(String);

impl Lookup {
    /// That of the database, which the first instance that needs it makes.
    ///
    /// # Errors
    /// [`Problem::Internal`] where no key of `secrets_key` opens it: another one in its place would
    /// take every consent its address.
    pub async fn of(reach: &Spin) -> Result<Rc<Self>, Problem> {
        if let Some(known) = LOOKUP.with_borrow(Clone::clone) {
            return Ok(known);
        }
        let mut fresh = String::new();
        for byte in random::<KEY>()? {
            write!(fresh, "{byte:02x}").map_err(|error| Problem::Internal(error.to_string()))?;
        }
        let place = Place::database(NAME);
        let sealed = sealed_text(&fresh, &place, "the key of digests of addresses").await?;
        let stored = reach_secret(reach, NAME, &sealed).await?;
        let key = opened_text(&stored, &place).await.ok_or_else(|| {
            Problem::Internal(
                "secrets_key does not open the key of digests of addresses: see Secrets at rest in docs/recipes/operate.md"
                    .to_owned(),
            )
        })?;
        let lookup = Rc::new(Self(key));
        LOOKUP.set(Some(lookup.clone()));
        Ok(lookup)
    }

    /// The digest of an address of a programme. No two programmes have the same of one address.
    #[must_use]
    pub fn digest(&self, programme_no: i64, channel: Channel, address: &str) -> String {
        self.keyed(&format!("{programme_no}:{}:{address}", channel.as_str()))
    }

    /// What tells a request from another one, from which nobody guesses what it tells of a member.
    ///
    /// # Errors
    /// [`Problem::Internal`] where it cannot be written.
    pub fn fingerprint(&self, asked: &impl Serialize) -> Result<String, Problem> {
        let asked = serde_json::to_string(asked);
        let asked = asked.map_err(|error| Problem::Internal(error.to_string()))?;
        Ok(self.keyed(&format!("request:{asked}")))
    }

    fn keyed(&self, text: &str) -> String {
        keyed_digest(self.0.as_bytes(), text)
    }
}
