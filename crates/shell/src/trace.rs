//! Where a command comes from, as far as the caller tells: the headers `Device-Id` and `Client-Ip`,
//! or fields of an event in bulk.
//!
//! They are kept beside the entries and can be erased. Limits per device count by a digest, which
//! tells nobody which device it is.

use std::net::IpAddr;

use store::{ClientInfo, Submission};

use crate::problem::{FieldError, Problem};
use crate::request::Request;

const MAX_CHARACTERS: usize = 128;

/// The submission with the place it was asked from, as the headers tell it.
///
/// # Errors
/// [`Problem::InvalidRequest`] with each header that is wrong.
pub(crate) fn with_client_info(
    submission: Submission,
    request: &Request,
) -> Result<Submission, Problem> {
    Ok(asked_from(submission, headers(request)?))
}

/// Where a request was asked from. A header that was sent twice, or is not text, is as wrong as one
/// that says nothing.
fn headers(request: &Request) -> Result<ClientInfo, Problem> {
    let text = |name: &str| request.header(name).map(|text| text.unwrap_or_default().trim());
    trace_of(("Device-Id", text("device-id")), ("Client-Ip", text("client-ip")))
}

/// Refuses what only commands about one member can tell.
///
/// # Errors
/// [`Problem::InvalidRequest`] when a header tells where all of a bulk call was asked from.
pub(crate) fn none_for_all(request: &Request) -> Result<(), Problem> {
    let names = ["Device-Id", "Client-Ip"]
        .into_iter()
        .filter(|name| request.header(&name.to_ascii_lowercase()).is_some());
    let errors: Vec<FieldError> = names
        .map(|name| FieldError::new(name, "is told by each event: device_id, client_ip"))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::InvalidRequest(errors)) }
}

/// A device and an address, checked, each with the name of where it was told.
///
/// # Errors
/// [`Problem::InvalidRequest`] with each that is wrong.
pub(crate) fn trace_of(
    (device_name, device): (&str, Option<&str>),
    (ip_name, ip): (&str, Option<&str>),
) -> Result<ClientInfo, Problem> {
    let mut errors = Vec::new();
    let is_device = |text: &str| {
        (1..=MAX_CHARACTERS).contains(&text.len())
            && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    };
    if device.is_some_and(|text| !is_device(text)) {
        errors.push(FieldError::new(
            device_name,
            "must be 1 to 128 visible ASCII characters, sent once",
        ));
    }
    let address = ip.map(str::parse::<IpAddr>);
    if matches!(address, Some(Err(_))) {
        errors.push(FieldError::new(ip_name, "must be one IPv4 or IPv6 address"));
    }
    let ip = address.and_then(Result::ok).map(|ip| ip.to_string());
    if errors.is_empty() {
        Ok(ClientInfo { device: device.map(str::to_owned), ip })
    } else {
        Err(Problem::InvalidRequest(errors))
    }
}

/// The submission with the place it was asked from.
pub(crate) fn asked_from(submission: Submission, client: ClientInfo) -> Submission {
    Submission {
        client: Some(client).filter(|client| *client != ClientInfo::default()),
        ..submission
    }
}
