//! Proofs that it is the member who asks: what a confirmed code gives, and what the header
//! `Verification` of a spending brings back.
//!
//! A proof is a text that the server signs for one member of one programme. Nothing is stored of it
//! until it is used; then its id is claimed with the entry.

use ledger::{MemberId, Timestamp};
use store::{LoadedMember, SentProof, Submission};
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::keeping::Salt;
use crate::problem::{FieldError, Problem};
use crate::request::Request;

/// The header that brings a proof.
const HEADER: &str = "Verification";
/// Digits of the signature before the text.
const DIGITS: usize = 32;
const MAX_CHARACTERS: usize = 200;

/// What a proof says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Names it.
    pub id: String,
    /// For how many points at most it is good.
    pub points: i64,
    /// From when on it counts no more.
    pub until: Timestamp,
}

impl Proof {
    /// The proof as a text, for that member of that programme.
    #[must_use]
    pub fn signed(&self, app: &App, programme_no: i64, member: &str) -> String {
        self.text(&app.salt, programme_no, member)
    }

    fn text(&self, salt: &Salt, programme_no: i64, member: &str) -> String {
        let Self { id, points, until } = self;
        let text = format!("{points}.{}.{id}", until.0);
        format!("{}{text}", signature(salt, programme_no, member, &text))
    }

    /// What a text says that was signed for that member of that programme.
    fn read(salt: &Salt, programme_no: i64, member: &str, sent: &str) -> Option<Self> {
        let (its, text) = sent.split_at_checked(DIGITS)?;
        let own = signature(salt, programme_no, member, text);
        if !bool::from(its.as_bytes().ct_eq(own.as_bytes())) {
            return None;
        }
        let mut parts = text.splitn(3, '.');
        let points = parts.next()?.parse().ok()?;
        let until = Timestamp(parts.next()?.parse().ok()?);
        Some(Self { id: parts.next()?.to_owned(), points, until })
    }
}

/// No text that a caller sends has a line break, so no digest of such a text is a signature.
fn signature(salt: &Salt, programme_no: i64, member: &str, text: &str) -> String {
    salt.digest(&format!("verification\n{programme_no}\n{member}\n{text}"))
}

/// The submission with the proof that the request brings, which nobody has looked at.
///
/// # Errors
/// [`Problem::InvalidRequest`] where the header is no text of visible ASCII, sent once.
pub(crate) fn with_proof(submission: Submission, request: &Request) -> Result<Submission, Problem> {
    let Some(sent) = request.header("verification") else { return Ok(submission) };
    let is_text = |text: &&str| {
        text.len() <= MAX_CHARACTERS && text.bytes().all(|b| (b'!'..=b'~').contains(&b))
    };
    let sent = sent.ok().map(str::trim).filter(is_text).ok_or_else(|| {
        let detail = "must be what a confirmed verification answered, sent once";
        Problem::from(FieldError::new(HEADER, detail))
    })?;
    Ok(Submission { proof: Some(SentProof::Unread(sent.to_owned())), ..submission })
}

/// The submission, its proof read for the member who asks.
pub(crate) fn proved(
    app: &App,
    programme_no: i64,
    mut submission: Submission,
    loaded: Option<&LoadedMember>,
) -> Submission {
    let own = loaded.map_or(&submission.member, |loaded| &loaded.member.id);
    let member: &MemberId = submission.operation.asked_by(own);
    if let Some(SentProof::Unread(sent)) = &submission.proof
        && let Some(Proof { id, points, until }) =
            Proof::read(&app.salt, programme_no, member.as_str(), sent)
    {
        submission.proof = Some(SentProof::Signed { id, points, until });
    }
    submission
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_read_for_its_member_programme_and_server_alone() {
        let salt = Salt::of("a", "");
        let proof = Proof { id: "v-1".to_owned(), points: 6_000, until: Timestamp(99) };
        let text = proof.text(&salt, 1, "li");
        assert_eq!(Proof::read(&salt, 1, "li", &text), Some(proof));
        assert!(!text.contains("li"), "a proof does not tell whose it is");
        let other = Salt::of("b", "");
        for (salt, programme_no, member) in [(&salt, 2, "li"), (&salt, 1, "wu"), (&other, 1, "li")]
        {
            assert_eq!(Proof::read(salt, programme_no, member, &text), None);
        }
        let more = text.replace("6000.", "9000.");
        for forged in [more.as_str(), &text[1..], &text[..DIGITS], "", "漢", &format!("{text}x")] {
            assert_eq!(Proof::read(&salt, 1, "li", forged), None, "{forged}");
        }
    }
}
