//! The page of reference shows every row of every table.

use channels::{Row, Scope, Then, Vendor};

use crate::support::parts;

fn follows(row: &Row) -> String {
    let doubt = if row.is_doubtful { " in doubt" } else { "" };
    match row.then {
        Then::Accepted => "accepted".to_owned(),
        Then::Retry { after_s, scope: Scope::Account } => format!("all wait {after_s} s"),
        Then::Retry { after_s, scope: Scope::Message } => format!("waits {after_s} s"),
        Then::Renew => "another token".to_owned(),
        Then::Pause => "pause".to_owned(),
        Then::Refused(None) => "refused".to_owned(),
        Then::Refused(Some(state)) => format!("refused, address `{}`{doubt}", state.as_str()),
        Then::Unknown => "unknown".to_owned(),
    }
}

fn line(row: &Row) -> String {
    format!("| `{}` | {} | {} |", row.code, follows(row), row.text)
}

#[test]
fn the_page_has_every_row() {
    let path = format!("{}/../../docs/reference/channels.md", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(path).unwrap();
    for vendor in Vendor::ALL {
        let start = format!("\n### `{}`", vendor.as_str());
        let section = page.split(&start).nth(1).unwrap_or_else(|| panic!("{vendor:?}"));
        let section = section.split("\n#").next().unwrap();
        let expected: Vec<String> = vendor.table().rows.iter().map(line).collect();
        let found: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
        let is_of_account = |line: &&&str| {
            let kind = line.split('|').nth(2).unwrap_or_default().trim();
            !matches!(kind, "setting" | "secret")
        };
        let found: Vec<&str> = found.iter().filter(is_of_account).copied().collect();
        assert_eq!(found, expected, "{vendor:?}: the rows must be\n{}", expected.join("\n"));
        // And names its settings, so that an account here is one that the page describes.
        let (settings, secrets) = parts(*vendor);
        let names = [settings, secrets];
        for name in names.iter().flat_map(|json| json.as_object().unwrap().keys()) {
            assert!(section.contains(&format!("`{name}`")), "{vendor:?} {name}");
        }
    }
}
