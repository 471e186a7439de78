//! Members as files: JSON lines, or CSV whose cells no spreadsheet takes for a formula.

use serde_json::Value as Json;
use shell::Reply;
use store::ListedMember;

/// The format of an exported list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    JsonLines,
    /// Comma-separated values.
    Csv,
}

const HEADINGS: &str =
    "member_id,joined_at,tier,tier_until,ledger_balance,debt,closed,aliases,attributes\r\n";

impl Format {
    /// Reads the name in the query.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "jsonl" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// One page of the file. The first page of a table has the headings, so the pages in sequence
    /// are the file.
    pub fn reply(self, members: &[ListedMember], is_first: bool, next: Option<&str>) -> Reply {
        let (content_type, body) = match self {
            Self::JsonLines => {
                let line = |member: &ListedMember| format!("{}\n", super::shown(member));
                ("application/x-ndjson", members.iter().map(line).collect::<String>())
            }
            Self::Csv => {
                let mut body = String::from(if is_first { HEADINGS } else { "" });
                members.iter().for_each(|member| row(member, &mut body));
                ("text/csv; charset=utf-8", body)
            }
        };
        let reply = Reply::text(200, content_type, body);
        match next {
            Some(next) => reply.with("next-cursor", next),
            None => reply,
        }
    }
}

fn row(member: &ListedMember, body: &mut String) {
    let shown = super::shown(member);
    let text = |name: &str| match shown.get(name) {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let aliases = member.aliases.join(" ");
    let names =
        ["member_id", "joined_at", "tier", "tier_until", "ledger_balance", "debt", "closed"];
    for name in names {
        // Numbers of the books are numbers, also below zero.
        let cell = text(name);
        body.push_str(&if matches!(name, "ledger_balance" | "debt") { cell } else { safe(&cell) });
        body.push(',');
    }
    body.push_str(&safe(&aliases));
    body.push(',');
    body.push_str(&safe(&text("attributes")));
    body.push_str("\r\n");
}

/// A cell that a spreadsheet shows unchanged: a text that looks like a formula gets an apostrophe.
fn safe(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r', ';', '\t']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}
