//! Where a command comes from, as far as the caller tells: the headers `Device-Id` and `Client-Ip`.
//!
//! They are kept beside the entries and can be erased. Limits per device count by a digest, which tells nobody which device it is.

use std::net::IpAddr;

use ledger::Hash;
use rules::Command;
use sha2::{Digest, Sha256};
use store::{Order, Trace};

use crate::problem::{FieldError, Problem};
use crate::request::Request;

const MOST_CHARACTERS: usize = 128;

/// The order with the place it was asked from.
///
/// # Errors
/// [`Problem::InvalidRequest`] with each header that is wrong.
pub(crate) fn placed(order: Order, request: &Request) -> Result<Order, Problem> {
    let mut order = order;
    let trace = trace(request)?;
    if let (Command::Earn(event), Some(device)) = (&mut order.command, &trace.device) {
        event.device = Some(digest(device));
    }
    order.trace = Some(trace).filter(|trace| *trace != Trace::default());
    Ok(order)
}

fn trace(request: &Request) -> Result<Trace, Problem> {
    let mut errors = Vec::new();
    let device = request.header("device-id").and_then(|text| {
        let is_short = |text: &&str| (1..=MOST_CHARACTERS).contains(&text.len());
        let device = text.ok().map(str::trim).filter(is_short).map(str::to_owned);
        if device.is_none() {
            errors.push(FieldError::new("Device-Id", "must be 1 to 128 visible ASCII characters, sent once"));
        }
        device
    });
    let ip = request.header("client-ip").and_then(|text| {
        let ip: Option<IpAddr> = text.ok().and_then(|text| text.trim().parse().ok());
        if ip.is_none() {
            errors.push(FieldError::new("Client-Ip", "must be one IPv4 or IPv6 address"));
        }
        ip.map(|ip| ip.to_string())
    });
    if errors.is_empty() { Ok(Trace { device, ip }) } else { Err(Problem::InvalidRequest(errors)) }
}

/// The first half of SHA-256 over the device's name.
fn digest(device: &str) -> String {
    let mut digest = Hash(Sha256::digest(device.as_bytes()).into()).to_string();
    digest.truncate(32);
    digest
}
