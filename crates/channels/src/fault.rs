//! What is wrong with an account or a message.

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer into the account or the message: `/settings/region`, `/to`.
    pub path: String,
    /// What is wrong with it. It repeats nothing of what is there.
    pub detail: String,
}

impl Fault {
    /// A fault at a place.
    #[must_use]
    pub fn new(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), detail: detail.into() }
    }
}
