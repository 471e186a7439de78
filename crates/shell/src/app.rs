//! What an instance keeps between requests: one connection to the database and the rulebooks it has
//! read.
//!
//! Set up by the first request. Several first requests may set it up at once: every step can be
//! repeated, and the last one is kept.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ledger::{Hash, Timestamp};
use store::{InFlight, Spin, ensure_operator, migrate, seed};

use crate::auth::Bearer;
use crate::ids::now;
use crate::keeping::Salt;
use crate::problem::Problem;

thread_local! {
    static INSTANCE: RefCell<Option<Rc<App>>> = const { RefCell::new(None) };
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
    /// key.
    ///
    /// # Errors
    /// What the database does.
    pub async fn of_this_instance() -> Result<Rc<Self>, Problem> {
        if let Some(app) = INSTANCE.with_borrow(Clone::clone) {
            return Ok(app);
        }
        let sql = Spin::open("default").await?;
        migrate(&sql).await?;
        seed(&sql, now().0).await?;
        // Without the variable there is no operator: keys made earlier go on working.
        let key = spin_sdk::variables::get("admin_key").await.unwrap_or_default();
        match Bearer::parse(&key) {
            Some(bearer) => ensure_operator(&sql, bearer.prefix(), bearer.hash(), now().0).await?,
            None => eprintln!(
                "{}",
                serde_json::json!({"level": "warn", "message": "admin_key has not 32 to 255 visible characters: there is no operator"})
            ),
        }
        let mut random = [0u8; 32];
        getrandom::fill(&mut random)
            .map_err(|_| Problem::Internal("the host gives no randomness".to_owned()))?;
        let stored = store::secret(&sql, "salt", &Hash(random).to_string()).await?;
        let salt =
            Salt::of(&stored, &spin_sdk::variables::get("digest_key").await.unwrap_or_default());
        let app =
            Rc::new(Self { sql, salt, in_flight: InFlight::default(), used: RefCell::default() });
        INSTANCE.set(Some(app.clone()));
        Ok(app)
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
