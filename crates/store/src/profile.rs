//! What is told about a member, as a change finds it.

use std::collections::BTreeMap;

use ledger::Hash;
use rules::{Command, PriorRecords};
use sha2::{Digest, Sha256};

use crate::commit::UniqueKeys;

/// Tells one state of attributes and other names apart from any other, whatever else changes about
/// the member.
pub(crate) fn tag(attributes: &BTreeMap<String, String>, aliases: &[String]) -> String {
    let mut names = aliases.to_owned();
    names.sort_unstable();
    let text = serde_json::json!([attributes, names]).to_string();
    let mut tag = Hash(Sha256::digest(text).into()).to_string();
    tag.truncate(16);
    tag
}

/// The claims of a command with all that is told about the member after it, where the command tells
/// a part.
pub(crate) fn merged(claims: UniqueKeys, command: &Command, recorded: &PriorRecords) -> UniqueKeys {
    let change = match command {
        Command::Change(change) => change,
        Command::Open(opening) => &opening.profile,
        _ => return claims,
    };
    let attributes = change.attributes_after(&recorded.attributes);
    let attributes = attributes.and_then(|all| serde_json::to_string(&all).ok());
    let aliases = change.aliases_after(&recorded.aliases);
    UniqueKeys {
        attributes: attributes.or(claims.attributes),
        aliases: aliases.or(claims.aliases),
        ..claims
    }
}
