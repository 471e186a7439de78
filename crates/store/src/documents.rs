//! The documents that programmes draft, publish and follow in versions: the rulebook, which decides
//! about points, and the playbook, which decides about messages.
//!
//! Drafts, publications, approvals and groups are the same for both. Where they need a document,
//! they take it as JSON with every default written out.

use serde_json::Value as Json;

use crate::Error;
use crate::document_diff::written;
use crate::playbooks::{parse_playbook, playbook_json};
use crate::programmes::{asked_of_load, document_of};

/// Which document something is a draft, a version or a publication of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// What points are given and taken for.
    Rulebook,
    /// The members that messages go to, when and how.
    Playbook,
}

/// Both, in the order in which they came.
pub const DOCUMENT_KINDS: [DocumentKind; 2] = [DocumentKind::Rulebook, DocumentKind::Playbook];

impl DocumentKind {
    /// Its name, in the database and for readers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rulebook => "rulebook",
            Self::Playbook => "playbook",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        DOCUMENT_KINDS.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A document as it is stored once it is published, and what the load of a command looks up under
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publishable {
    /// The stored text.
    pub(crate) text: String,
    /// Whether it asks for profiles, and its budgets (a JSON text).
    pub(crate) asked: (bool, Option<String>),
}

impl Publishable {
    /// A rulebook: its stored text, and the same, read.
    #[must_use]
    pub fn rulebook(text: String, book: &rules::Rulebook) -> Self {
        Self { text, asked: asked_of_load(book) }
    }

    /// A playbook by its stored text. No command reads it.
    #[must_use]
    pub fn playbook(text: String) -> Self {
        Self { text, asked: (false, None) }
    }
}

/// The document of a stored text.
pub(crate) fn document_json(kind: DocumentKind, stored: &str) -> Result<Json, Error> {
    match kind {
        DocumentKind::Rulebook => written(&document_of(stored)?),
        DocumentKind::Playbook => playbook_json(&parse_playbook(stored)?),
    }
}
