//! What a submission carries through the store, and what became of it.

use std::rc::Rc;

use ledger::{Entry, Member, MemberId, Origin, Refusal, Timestamp};
use rules::{Lots, Needs, Operation, PriorRecords, ReferenceUse};

use crate::commit::UniqueKeys;
use crate::load::LoadRequest;

/// One operation for one member.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The member.
    pub member: MemberId,
    /// What is asked. A component holds the decisions of those operations that it names, and no
    /// others.
    pub operation: Rc<dyn Operation>,
    /// The caller, and the place.
    pub origin: Origin,
    /// The idempotency key with its operation in front, and the fingerprint of the request; jobs
    /// have none. Once the caller is known, the line of API keys is in front of the key, and the
    /// fingerprint has all its forms with commas between, as it is stored first.
    pub idem: Option<(String, String)>,
    /// Whether a refusal is kept under the key, so that a repetition hears the same.
    pub keeps_refusals: bool,
    /// The source that may be recorded once only.
    pub source: Option<String>,
    /// New profile attributes, a JSON text.
    pub attributes: Option<String>,
    /// Where it was asked from.
    pub client: Option<ClientInfo>,
    /// What was sent to show that it is the member who asks.
    pub proof: Option<SentProof>,
    /// All the names that the member is known by from now on, each with its kind in front.
    pub aliases: Option<Vec<String>>,
}

/// Where a submission was asked from, as far as the caller tells. Says who somebody is: kept beside
/// the entries, never in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientInfo {
    /// The device.
    pub device: Option<String>,
    /// The address.
    pub ip: Option<String>,
}

/// What was sent to show that it is the member who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentProof {
    /// A text that nobody has looked at. It counts as one that the server did not sign.
    Unread(String),
    /// What the server signed for the member who asks.
    Signed {
        /// Names it; used once.
        id: String,
        /// For how many points at most it is good.
        points: i64,
        /// From when on it counts no more.
        until: Timestamp,
    },
}

impl Submission {
    /// An operation that claims nothing: no key, no source, no names.
    #[must_use]
    pub fn new(member: MemberId, operation: impl Operation + 'static, origin: Origin) -> Self {
        Self::of(member, Rc::new(operation), origin)
    }

    /// As [`Submission::new`], of an operation that is shared.
    #[must_use]
    pub fn of(member: MemberId, operation: Rc<dyn Operation>, origin: Origin) -> Self {
        Self {
            member,
            operation,
            origin,
            idem: None,
            keeps_refusals: true,
            source: None,
            attributes: None,
            client: None,
            proof: None,
            aliases: None,
        }
    }

    /// A submission of a job.
    #[must_use]
    pub fn of_job(member: MemberId, operation: Rc<dyn Operation>, job: &str) -> Self {
        let origin = Origin { actor: format!("job:{job}"), ..Origin::default() };
        Self::of(member, operation, origin)
    }

    /// The submission under an idempotency key. `scope` tells apart keys of different routes.
    #[must_use]
    pub fn under_key(self, scope: &str, key: &str, fingerprint: String) -> Self {
        Self { idem: Some((format!("{scope}:{key}"), fingerprint)), ..self }
    }

    /// The submission of a document that may be recorded once only.
    #[must_use]
    pub fn with_source(self, source: Option<String>) -> Self {
        Self { source, ..self }
    }

    /// What its operation needs.
    pub(crate) fn needs(&self) -> Needs {
        self.operation.needs(&self.member)
    }

    /// What must be loaded to decide it.
    #[must_use]
    pub fn wanted(&self) -> LoadRequest {
        let needs = self.needs();
        let aliases = match needs.names {
            Some(names) => {
                Some(names.into_iter().chain(self.aliases.iter().flatten().cloned()).collect())
            }
            None => self.aliases.clone(),
        };
        let reference = self.operation.guards().reference;
        let is_of_stores = reference != ReferenceUse::OnceInProgramme;
        LoadRequest {
            member: self.member.clone(),
            idem: self.idem.clone(),
            source: self.source.clone(),
            store: self.origin.store.clone().filter(|_| is_of_stores),
            once_ever: matches!(reference, ReferenceUse::OnceEver | ReferenceUse::OnceInProgramme),
            undoes: needs.undoes,
            subjects: needs.subjects,
            reward: needs.reward,
            others: needs.others,
            abroad: needs.other_programme,
            aliases,
            beside: needs.columns,
        }
    }

    /// How many lots are likely to be enough.
    #[must_use]
    pub fn lots(&self) -> Lots {
        self.needs().lots
    }

    /// What it claims. Where the operation changes a part of what is told about the member, all of
    /// it as it is after that.
    pub(crate) fn claims(&self, recorded: &PriorRecords) -> UniqueKeys {
        let (idem, fingerprint) = self.idem.as_ref().map_or((None, None), |(key, fingerprint)| {
            (Some(key.clone()), Some(fingerprint_now(fingerprint).to_owned()))
        });
        let change = self.operation.profile();
        let attributes = change.and_then(|change| change.attributes_after(&recorded.attributes));
        let attributes = attributes.and_then(|all| serde_json::to_string(&all).ok());
        let aliases = change.and_then(|change| change.aliases_after(&recorded.aliases));
        UniqueKeys {
            idem,
            fingerprint,
            source: self.source.clone(),
            attributes: attributes.or_else(|| self.attributes.clone()),
            trace: self.client.clone(),
            aliases: aliases.or_else(|| self.aliases.clone()),
            proof: None,
        }
    }
}

/// The form of a fingerprint that is stored.
pub(crate) fn fingerprint_now(fingerprint: &str) -> &str {
    fingerprint.split(',').next().unwrap_or(fingerprint)
}

/// Whether a stored fingerprint is that of the request, in any of its forms.
#[must_use]
pub fn is_fingerprint(stored: &str, of: &str) -> bool {
    of.split(',').any(|form| form.eq_ignore_ascii_case(stored))
}

/// What a submission wrote.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// Which of them was asked for.
    pub primary: usize,
    /// True when it was written by an earlier request with the same key.
    pub replayed: bool,
}

/// What became of a submission.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is written.
    Done(Answer),
    /// It is refused.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Names the occurrence; a UUID.
        id: String,
        /// True when an earlier request with the same key heard so.
        replayed: bool,
    },
    /// Its key belongs to another request.
    KeyReused,
    /// There was nothing to do (jobs only). Carries the member as it is.
    Nothing(Box<Member>),
}

/// The most that any of the submissions is likely to need.
pub(crate) fn most_lots<'a>(submissions: impl Iterator<Item = &'a Submission>) -> Lots {
    submissions.map(Submission::lots).fold(Lots::None, |most, lots| match (most, lots) {
        (Lots::All, _) | (_, Lots::All) => Lots::All,
        (Lots::First(a), Lots::First(b)) => Lots::First(a.max(b)),
        (Lots::None, lots) | (lots, Lots::None) => lots,
    })
}
