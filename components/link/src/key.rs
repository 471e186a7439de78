//! The key of tokens: random, made by the first instance that needs it, and sealed with the
//! variable `secrets_key`, so that a copy of the database makes no tokens.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

use reach::LinkKey;
use seal::Place;
use shell::{Problem, opened_text, random, sealed_text};
use store::{Spin, reach_secret};

const NAME: &str = "link_tokens";
const KEY: usize = 32;

thread_local! {
    static TOKENS: RefCell<Option<Rc<Tokens>>> = const { RefCell::new(None) };
}

/// The key, and its text.
pub struct Tokens {
    /// What makes and reads tokens.
    pub key: LinkKey,
    /// Its 64 digits, which other digests are keyed with.
    pub text: String,
}

impl Tokens {
    /// That of the database.
    ///
    /// # Errors
    /// [`Problem::Internal`] where no key of `secrets_key` opens it: another one in its place would
    /// close every link that was sent.
    pub async fn of(reach: &Spin) -> Result<Rc<Self>, Problem> {
        if let Some(known) = TOKENS.with_borrow(Clone::clone) {
            return Ok(known);
        }
        let mut fresh = String::new();
        for byte in random::<KEY>()? {
            write!(fresh, "{byte:02x}").map_err(|error| Problem::Internal(error.to_string()))?;
        }
        let place = Place::database(NAME);
        let sealed = sealed_text(&fresh, &place, "the key of links").await?;
        let stored = reach_secret(reach, NAME, &sealed).await?;
        let closed = "secrets_key does not open the key of links: see Secrets at rest in docs/recipes/operate.md";
        let text = opened_text(&stored, &place).await;
        let text = text.ok_or_else(|| Problem::Internal(closed.to_owned()))?;
        let key = LinkKey::of_digits(&text).ok_or_else(|| Problem::Internal(closed.to_owned()))?;
        let tokens = Rc::new(Self { key, text });
        TOKENS.set(Some(tokens.clone()));
        Ok(tokens)
    }
}
