//! Reads settings and secrets from JSON, so that faults name their place and repeat nothing.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::fault::Fault;
use crate::secret::Secret;

/// The longest secret, in bytes: a private key.
const MAX_SECRET: usize = 8_192;

/// Settings of a vendor.
///
/// # Errors
/// Where they have another shape.
pub(crate) fn settings<T: DeserializeOwned>(json: &Json) -> Result<T, Fault> {
    // A list would be read as the values of the fields in their order.
    if !json.is_object() {
        return Err(Fault::new("/settings", "must be an object"));
    }
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string().replace('.', "/");
        let path = if path == "/" { String::new() } else { format!("/{path}") };
        let error = error.into_inner().to_string();
        // Values are not repeated: somebody may have put a secret there.
        let detail = match error.split_once(", expected ") {
            Some((_, expected)) => format!("must be {expected}"),
            None => error,
        };
        Fault::new(format!("/settings{path}"), detail)
    })
}

/// The secrets of these names. `needed` ones are not empty; `optional` ones may be left out.
///
/// # Errors
/// What is missing, unknown, or no text.
pub(crate) fn secrets<const N: usize>(
    json: &Json,
    names: [(&'static str, bool); N],
) -> Result<[Secret; N], Vec<Fault>> {
    let mut faults = Vec::new();
    let empty = serde_json::Map::new();
    let fields = match json {
        Json::Object(fields) => fields,
        Json::Null => &empty,
        _ => return Err(vec![Fault::new("/secrets", "must be an object")]),
    };
    if fields.keys().any(|name| names.iter().all(|(known, _)| known != name)) {
        let known = names.map(|(name, _)| name).join(", ");
        faults.push(Fault::new("/secrets", format!("must have no other names than {known}")));
    }
    let found = names.map(|(name, is_needed)| {
        let fault = |detail: &str| Fault::new(format!("/secrets/{name}"), detail);
        match fields.get(name) {
            Some(Json::String(text)) if text.len() > MAX_SECRET => {
                faults.push(fault("must be at most 8,192 bytes"));
            }
            Some(Json::String(text)) if !text.is_empty() => return Secret::new(text),
            None | Some(Json::Null | Json::String(_)) if !is_needed => {}
            None | Some(Json::Null | Json::String(_)) => faults.push(fault("is needed")),
            Some(_) => faults.push(fault("must be a text")),
        }
        Secret::default()
    });
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// Settings and secrets, or what is wrong with either.
///
/// # Errors
/// All faults of both.
pub(crate) fn both<T, U>(
    settings: Result<T, Fault>,
    secrets: Result<U, Vec<Fault>>,
) -> Result<(T, U), Vec<Fault>> {
    match (settings, secrets) {
        (Ok(settings), Ok(secrets)) => Ok((settings, secrets)),
        (settings, secrets) => {
            let own = settings.err().into_iter();
            Err(own.chain(secrets.err().into_iter().flatten()).collect())
        }
    }
}
