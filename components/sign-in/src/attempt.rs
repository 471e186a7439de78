//! A person's attempt to prove who they are, with a password and a code: to sign in, or to change
//! something about oneself. Both are counted together, so a session that was stolen is no oracle.

use std::net::IpAddr;

use credential::proof::{Account, Proof, prove};
use serde_json::json;
use shell::{App, Problem, Request, now, sealed_of, visitor};
use store::{
    Counted, KnownFor, Settled, SignIn, attempt_sign_in, counted, find_sign_in, note, undo_attempt,
};

use crate::{device, opened};

/// From so many failures on the audit log has a row for each.
const MANY_FAILURES: i64 = 5;

/// What became of an attempt that did not have to wait.
pub(crate) struct Attempt {
    /// What was known of the person.
    pub(crate) found: SignIn,
    /// Whether it is them.
    pub(crate) proof: Proof,
    /// For whom it was no failure, once it is known to be none.
    pub(crate) settled: Vec<Settled>,
    /// The session in which it was made.
    session: Option<String>,
    /// How often the person, or the browser that is known for them, has failed with it.
    failures: i64,
}

impl Attempt {
    /// Compares what was given, outside of a session or in the one of this prefix.
    ///
    /// # Errors
    /// [`Problem::SignInFailed`] while nobody may try, [`Problem::CodeNeeded`], or what the
    /// database does.
    pub(crate) async fn of(
        app: &App,
        request: &Request,
        (programme, person, session): (&str, &str, Option<&str>),
        (password, code): (&str, Option<&str>),
    ) -> Result<Self, Problem> {
        let mut attempt = Self::counted(app, request, (programme, person, session)).await?;
        let found = &attempt.found;
        let secret = match (&found.totp, &found.programme) {
            (Some(stored), Some((no, _))) => opened(stored, *no, person).await,
            _ => None,
        };
        let account = Account {
            password: found.password.as_deref(),
            is_suspended: found.person.as_ref().is_none_or(|person| person.is_suspended),
            has_code: found.totp.is_some(),
            secret: secret.as_deref(),
            last_step: found.totp_step,
            recovery: &found.recovery,
        };
        attempt.proof = prove(&account, password, code, now().0);
        if attempt.proof == Proof::CodeNeeded {
            attempt.undo(app).await?;
            return Err(Problem::CodeNeeded);
        }
        Ok(attempt)
    }

    /// Counts an attempt as failed before anything is compared, so that many at once are no more
    /// guesses than one after the other.
    ///
    /// # Errors
    /// [`Problem::SignInFailed`] while nobody may try, or what the database does.
    pub(crate) async fn counted(
        app: &App,
        request: &Request,
        (programme, person, session): (&str, &str, Option<&str>),
    ) -> Result<Self, Problem> {
        let address = request.address().map(place);
        let device = device::of(request);
        let from = (address.as_deref().unwrap_or_default(), device.as_deref());
        let found = find_sign_in(&app.sql, programme, person, from, now().0).await?;
        wait(&found)?;
        let no = found.programme.as_ref().map(|(no, _)| *no);
        // Of a known browser neither the failures of strangers count nor those of its address. It
        // and its person have a part of what all known browsers have, else one would keep out all.
        let known = no.zip(device.as_deref()).filter(|_| found.device == KnownFor::ThePerson);
        let (all, who, place) = match known {
            Some((no, device)) => (
                vec![counted::uses(no, device), counted::known_of(no, person), counted::known(no)],
                Some(counted::device(no, device)),
                None,
            ),
            None => (
                vec![counted::strangers(no)],
                no.map(|no| counted::person(no, person)),
                address.as_deref().map(counted::address),
            ),
        };
        let own = who.clone();
        let mut settled: Vec<Settled> = Vec::new();
        settled.extend(who.map(|who| (who, true)));
        settled.extend(place.map(|place| (place, false)));
        // Of the first also those attempts count that are no failures.
        let counted: Vec<Counted> =
            all.into_iter().chain(settled.iter().map(|(of, _)| of.clone())).collect();
        let failures = attempt_sign_in(&app.sql, &counted, now().0).await?;
        if failures.is_empty() {
            wait(&find_sign_in(&app.sql, programme, person, from, now().0).await?)?;
            return Err(Problem::SignInFailed(None));
        }
        let failures = failures.into_iter().find(|(of, _)| Some(of) == own.as_ref());
        let failures = failures.map_or(0, |(_, failures)| failures);
        let (proof, session) = (Proof::Failed, session.map(str::to_owned));
        Ok(Self { found, proof, settled, session, failures })
    }

    /// Whether somebody is known to have signed in with this browser.
    pub(crate) fn is_of_known_device(&self) -> bool {
        self.found.device != KnownFor::Nobody
    }

    /// The step of the one-time code that was right.
    pub(crate) fn step(&self) -> Option<i64> {
        if let Proof::ByCode(step) = &self.proof { Some(*step) } else { None }
    }

    /// The hash of the recovery code that was right.
    pub(crate) fn recovery(&self) -> Option<&str> {
        if let Proof::ByRecovery(hash) = &self.proof { Some(hash) } else { None }
    }

    /// It was none.
    pub(crate) async fn undo(&self, app: &App) -> Result<(), Problem> {
        let counted: Vec<Counted> = self.settled.iter().map(|(of, _)| of.clone()).collect();
        undo_attempt(&app.sql, &counted).await?;
        Ok(())
    }

    /// The problem that a failure is.
    pub(crate) async fn failed(&self, app: &App, request: &Request) -> Problem {
        let noted = self.note(app, request).await;
        noted.err().unwrap_or(Problem::SignInFailed(None))
    }

    /// Guesses at a person leave a trace for their admins, with the session that they come from;
    /// they come no faster than the waits allow.
    pub(crate) async fn note(&self, app: &App, request: &Request) -> Result<(), Problem> {
        let (Some((no, _)), Some(person)) = (&self.found.programme, &self.found.person) else {
            return Ok(());
        };
        if self.failures >= MANY_FAILURES {
            let with = json!({"failures": self.failures}).to_string();
            let session = self.session.as_deref().map(|session| (person.id.as_str(), session));
            let who = visitor(request, session);
            note(&app.sql, *no, ("sign_in_failed", &person.id), &who, Some(with)).await?;
            sealed_of(app, *no).await;
        }
        Ok(())
    }
}

/// # Errors
/// [`Problem::SignInFailed`] while nobody may try.
fn wait(found: &SignIn) -> Result<(), Problem> {
    let left = found.locked_until.saturating_sub(now().0);
    if left > 0 {
        return Err(Problem::SignInFailed(Some(left.div_euclid(1_000).saturating_add(1))));
    }
    Ok(())
}

/// The address as attempts are counted for it: a caller with one IPv6 address has 2⁶⁴ of them.
fn place(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string()
        }
    }
}
