//! What is told about a member, as a change finds it.

use std::collections::BTreeMap;

use ledger::Hash;

/// Tells one state of attributes and other names apart from any other, whatever else changes about
/// the member.
pub(crate) fn tag(attributes: &BTreeMap<String, String>, aliases: &[String]) -> String {
    let mut names = aliases.to_owned();
    names.sort_unstable();
    let text = serde_json::json!([attributes, names]).to_string();
    let mut tag = Hash::of(text.as_bytes()).to_string();
    tag.truncate(16);
    tag
}
