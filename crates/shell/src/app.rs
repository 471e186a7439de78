//! What an instance keeps between requests: one connection to the database and the rulebooks it has
//! read.
//!
//! Set up by the first request. Every step can be repeated, as instances that start at once, or
//! requests whose first one failed, set it up side by side.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ledger::{Hash, Timestamp};
use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamWriter};
use spin_sdk::wasip3::wit_stream;
use store::{InFlight, Spin, begin};

use crate::auth::Bearer;
use crate::ids::now;
use crate::keeping::Salt;
use crate::problem::Problem;

thread_local! {
    static INSTANCE: RefCell<Option<Rc<App>>> = const { RefCell::new(None) };
    static FIRST: RefCell<Option<Vec<StreamWriter<u8>>>> = const { RefCell::new(None) };
}

/// What the first request of an instance holds while it sets the instance up. The bells of those
/// that wait ring by being dropped.
struct First;

impl Drop for First {
    fn drop(&mut self) {
        let bells = FIRST.with_borrow_mut(Option::take);
        drop(bells);
    }
}

/// A bell that rings when the first request is done, unless the asking one is the first.
fn wait_for_the_first(bells: &mut Option<Vec<StreamWriter<u8>>>) -> Option<StreamReader<u8>> {
    let Some(bells) = bells else {
        *bells = Some(Vec::new());
        return None;
    };
    let (bell, rung) = wit_stream::new::<u8>();
    bells.push(bell);
    Some(rung)
}

/// An instance's connections. Holds nothing that belongs to one request.
pub struct App {
    /// The ledger's database.
    pub sql: Spin,
    /// What digests are keyed with.
    pub(crate) salt: Salt,
    /// Members with writes under way.
    pub(crate) in_flight: InFlight,
    /// When this instance noted that a key was used, by the key's prefix.
    used: RefCell<BTreeMap<String, Timestamp>>,
}

/// How exactly a key's last use is kept: not every request writes.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// Keys that an instance remembers.
const MAX_KEYS: usize = 10_000;

impl App {
    /// The instance's, set up when this is its first request: schema, default programme, operator's
    /// key. Requests that come meanwhile wait for it, as each would else open connections of its
    /// own.
    ///
    /// # Errors
    /// What the database does.
    pub async fn of_this_instance() -> Result<Rc<Self>, Problem> {
        if let Some(app) = INSTANCE.with_borrow(Clone::clone) {
            return Ok(app);
        }
        if let Some(mut rung) = FIRST.with_borrow_mut(wait_for_the_first) {
            rung.next().await;
            // Where the first one failed, each tries on its own.
            if let Some(app) = INSTANCE.with_borrow(Clone::clone) {
                return Ok(app);
            }
        }
        let first = First;
        let app = Self::set_up().await?;
        INSTANCE.set(Some(app.clone()));
        drop(first);
        Ok(app)
    }

    async fn set_up() -> Result<Rc<Self>, Problem> {
        let sql = Spin::open("default").await?;
        // Without the variable there is no operator: keys made earlier go on working.
        let key = Bearer::parse(&spin_sdk::variables::get("admin_key").await.unwrap_or_default());
        if key.is_none() {
            eprintln!(
                "{}",
                serde_json::json!({"level": "warn", "message": "admin_key has not 32 to 255 visible characters: there is no operator"})
            );
        }
        let mut random = [0u8; 32];
        getrandom::fill(&mut random)
            .map_err(|_| Problem::Internal("the host gives no randomness".to_owned()))?;
        let operator = key.as_ref().map(|bearer| (bearer.prefix(), bearer.hash()));
        let stored = begin(&sql, operator, &Hash(random).to_string(), now()).await?;
        let salt =
            Salt::of(&stored, &spin_sdk::variables::get("digest_key").await.unwrap_or_default());
        Ok(Rc::new(Self { sql, salt, in_flight: InFlight::default(), used: RefCell::default() }))
    }

    /// Whether it has to be written down that a key is used: once in so many milliseconds, by one
    /// of the requests that are under way.
    pub(crate) fn is_first_use(
        &self,
        prefix: &str,
        last_used_at: i64,
        every_ms: i64,
        now: Timestamp,
    ) -> bool {
        if now.0.saturating_sub(last_used_at) < every_ms {
            return false;
        }
        let mut used = self.used.borrow_mut();
        if used.get(prefix).is_some_and(|noted| now.0.saturating_sub(noted.0) < every_ms) {
            return false;
        }
        if used.len() >= MAX_KEYS {
            used.clear();
        }
        used.insert(prefix.to_owned(), now);
        true
    }
}
