//! The answer of a call with many parts: an outcome for each, as the single route would have
//! answered.

use serde_json::value::RawValue;

use crate::answer::Reply;
use crate::problem::Problem;

/// The answer of a call that had a reply for each of its parts.
///
/// # Errors
/// [`Problem::Internal`] for a reply that is no JSON.
pub fn outcomes(replies: Vec<Reply>) -> Result<Reply, Problem> {
    one_each(replies.iter().map(|_| None).collect(), replies, None)
}

/// One outcome for each place: its own problem, or the next reply.
pub(crate) fn one_each(
    places: Vec<Option<Problem>>,
    replies: Vec<Reply>,
    lines: Option<&[u64]>,
) -> Result<Reply, Problem> {
    let mut replies = replies.into_iter();
    let mut outcomes = Vec::new();
    for (at, place) in places.into_iter().enumerate() {
        let reply = match place {
            Some(problem) => problem.reply(),
            None => replies.next().unwrap_or_else(|| Problem::Busy.reply()),
        };
        let replayed = reply.headers.iter().any(|(name, _)| *name == "idempotent-replayed");
        let body = RawValue::from_string(reply.body)
            .map_err(|error| Problem::Internal(error.to_string()))?;
        let line = lines.and_then(|lines| lines.get(at)).copied();
        outcomes.push(BulkOutcome { line, status: reply.status, replayed, body });
    }
    Ok(Reply::json(200, &Bulk { outcomes }))
}

#[derive(serde::Serialize)]
struct Bulk {
    outcomes: Vec<BulkOutcome>,
}

/// One outcome of a bulk call.
#[derive(serde::Serialize)]
struct BulkOutcome {
    /// Where it stands in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    status: u16,
    replayed: bool,
    body: Box<RawValue>,
}
