//! `cargo xtask new-operation NAME`: writes the files of a new operation and its lines in the
//! lists. What the operation does is left open: the tree is not tidy until that is written.
//!
//! It adds no kind of entry. An operation that needs one begins in `crates/ledger/src/kind.rs`.

use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

#[derive(clap::Args)]
pub struct Arguments {
    /// The verb, in lower-case letters and underscores, such as `donate`
    name: String,
    /// The path of its route; `/v1/NAME` when absent
    #[arg(long)]
    path: Option<String>,
}

pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let names = Names::of(&arguments.name, arguments.path.as_deref())?;
    let written = write(&workspace.root, &names)?;
    println!("Written:");
    written.iter().for_each(|path| println!("  {path}"));
    println!(
        "\nNow say what it does: each `todo!` of `cargo xtask tidy` is a place, and so is each match \
         that no longer compiles.\nThen a recipe, or a section of one. What the programme has to offer \
         and what a new kind of entry needs: ARCHITECTURE.md, \"Adding an operation\"."
    );
    Ok(())
}

/// A name in the forms that the files need.
struct Names {
    /// `pay_back`
    snake: String,
    /// `pay-back`
    kebab: String,
    /// `PayBack`
    camel: String,
    path: String,
}

impl Names {
    fn of(name: &str, path: Option<&str>) -> Result<Self> {
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        ensure!(
            name.split('_').all(is_word),
            "{name}: a name is lower-case words with underscores between, such as pay_back"
        );
        let capital = |word: &str| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        };
        let kebab = name.replace('_', "-");
        let path = path.map_or_else(|| format!("/v1/{kebab}"), str::to_owned);
        ensure!(path.starts_with("/v1/"), "{path}: a path begins with /v1/");
        Ok(Self {
            snake: name.to_owned(),
            camel: name.split('_').map(capital).collect(),
            kebab,
            path,
        })
    }

    /// A template with the names put in.
    fn fill(&self, template: &str) -> String {
        template
            .replace("{snake}", &self.snake)
            .replace("{kebab}", &self.kebab)
            .replace("{Camel}", &self.camel)
            .replace("{path}", &self.path)
    }
}

/// The files that only this operation has: path and text.
const FILES: [(&str, &str); 6] = [
    ("crates/rules/src/operations/{snake}.rs", OPERATION),
    ("crates/shell/src/api/{snake}.rs", API),
    ("components/{kebab}/Cargo.toml", MANIFEST),
    ("components/{kebab}/src/lib.rs", COMPONENT),
    ("tests/e2e/{snake}.rs", TEST),
    ("docs/reference/api/{kebab}.md", PAGE),
];

/// Lines in lists that are kept in order: path, what lines of the list begin with, the new line.
const LINES: [(&str, &str, &str); 5] = [
    ("crates/rules/src/operations.rs", "mod ", "mod {snake};"),
    ("crates/rules/src/operations.rs", "pub use ", "pub use {snake}::{Camel};"),
    (
        "crates/rules/src/operations.rs",
        "        Rc::new(",
        "        Rc::new({Camel} { points: 10 }),",
    ),
    ("crates/shell/src/api.rs", "pub mod ", "pub mod {snake};"),
    ("crates/shell/src/api.rs", "    activate ", "    {snake} \"{kebab}\": [{Camel}Body];"),
];

fn write(root: &Path, names: &Names) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for (path, template) in FILES {
        let path = names.fill(path);
        let to = root.join(&path);
        ensure!(!to.exists(), "{path} is there: an operation of this name exists");
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&to, names.fill(template)).with_context(|| path.clone())?;
        changed.push(path);
    }
    for (path, beginning, line) in LINES {
        edit(root, path, |text| with_line(text, beginning, &names.fill(line)))?;
        if !changed.iter().any(|known| known == path) {
            changed.push(path.to_owned());
        }
    }
    edit(root, "spin.toml", |text| Some(wired(text, names)))?;
    changed.push("spin.toml".to_owned());
    Ok(changed)
}

fn edit(root: &Path, path: &str, change: impl FnOnce(&str) -> Option<String>) -> Result<()> {
    let text = fs::read_to_string(root.join(path)).with_context(|| path.to_owned())?;
    let changed = change(&text).with_context(|| format!("{path} has no such list"))?;
    fs::write(root.join(path), changed).with_context(|| path.to_owned())
}

/// The text with a line at its place in the first list of such lines.
fn with_line(text: &str, beginning: &str, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|found| found.starts_with(beginning))?;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_end = |found: &&str| found.is_empty() || indent(found) < indent(line);
    let length = lines.iter().skip(first).position(is_end).unwrap_or(lines.len() - first);
    // Lines of an item that is longer than one line begin otherwise.
    let key = |line: &str| line.trim().trim_start_matches("pub(crate) ").to_owned();
    let word =
        |line: &str| key(line).split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned);
    let is_item = |found: &str| {
        indent(found) == indent(line) && (indent(line) == 4 || word(found) == word(line))
    };
    let is_behind = |found: &str| is_item(found) && key(found) > key(line);
    let list = lines.iter().skip(first).take(length);
    let place = first + list.map(|found| is_behind(found)).position(|is| is).unwrap_or(length);
    lines.insert(place, line);
    Some(lines.join("\n") + "\n")
}

/// The manifest with the component and its route.
fn wired(text: &str, names: &Names) -> String {
    let trigger = names.fill("[[trigger.http]]\nroute = \"{path}\"\ncomponent = \"{kebab}\"\n\n");
    let component = names.fill(COMPONENT_ENTRY);
    let at = text.find("[[trigger.cron]]").unwrap_or(text.len());
    let (before, after) = text.split_at(at);
    format!("{before}{trigger}{}\n{component}", after.trim_end().to_owned() + "\n")
}

const COMPONENT_ENTRY: &str = "[component.{kebab}]
source = \"target/components/{kebab}.wasm\"
sqlite_databases = [\"default\"]
key_value_stores = [\"default\"]
variables = { admin_key = \"{{ admin_key }}\", digest_key = \"{{ digest_key }}\" }
[component.{kebab}.build]
command = \"cargo xtask wasm\"
";

const OPERATION: &str = r#"//! TODO: what the operation does, in one sentence.

use ledger::{Journal, MemberId};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};

/// TODO: what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct {Camel} {
    /// How many points, at least 1.
    pub points: i64,
}

impl Operation for {Camel} {
    fn name(&self) -> &'static str {
        "{snake}"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        todo!("Guards::SPENDING, EARNING, FOLLOWING, STAFF or JOB")
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |_journal| todo!("check the rulebook, then post the entry"))
    }
}
"#;

const API: &str = r#"//! TODO: what the operation does, in one sentence.

use ledger::MemberId;
use rules::operations::{Camel};
use store::Submission;

use super::common::{command_body, fingerprint};
use super::roles::STOREFRONT;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] =
    &[Route::command("{path}", "TODO: what it does", STOREFRONT, "{Camel}Body")];

command_body! {
    /// TODO: what is asked.
    pub struct {Camel}Body {
        /// The member.
        pub member_id: String,
        /// How many points, at least 1.
        pub points: i64,
    }
}

impl {Camel}Body {
    /// Checks the values and makes a submission of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        check.points(self.points);
        let (origin, source) = self.origin(&mut check, "{snake}", actor);
        let submission = member.map(|member| {
            Submission::new(member, {Camel} { points: self.points }, origin)
                .under_key("{snake}", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
}
"#;

const MANIFEST: &str = r#"[package]
name = "{kebab}"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[package.metadata.accrue]
kind = "http"

[lib]
crate-type = ["cdylib"]

[lints]
workspace = true

[dependencies]
shell.workspace = true
spin-sdk = { workspace = true, features = ["http"] }
store.workspace = true
"#;

const COMPONENT: &str = r#"//! TODO: what the operation does, in one sentence.

use shell::{App, {Camel}Body, Problem, Reply, Request, parse_json, submit};

shell::component! { shell::api::{snake}::ROUTES {
    "POST {path}" => {snake}(),
} }

async fn {snake}(app: &App, request: &Request) -> Result<Reply, Problem> {
    submit(app, request, |body, key, actor| {
        parse_json::<{Camel}Body>(body)?.submission(key, actor)
    })
    .await
}
"#;

const TEST: &str = r#"//! `POST {path}`.

use serde_json::json;
use tests::Host;

#[test]
fn {snake}_does_what_its_page_says() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m-1", "order-1", 10_000).send().ok();
    let body = json!({"member_id": "m-1", "points": 40, "reference": "d-1"});
    let first = shop.post("{path}", &body).key("k").send();
    assert_eq!(first.outcome(), todo!("status, kind, points and balance of the answer"));
    shop.post("{path}", &body).key("k").send().assert_replays(&first);
}
"#;

const PAGE: &str = r#"# {Camel}

TODO: what it does, in one sentence.

| Route | Roles | Body | Query | Answers |
|---|---|---|---|---|
| `POST {path}` | storefront | 64 KiB | `dry_run` | 201, [answer of a command](README.md#answers-of-commands) |

## Fields

## Semantics

## Refusals

Besides [those of every command](README.md#refusals-of-every-command):
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_lower_case_words() {
        let names = Names::of("pay_back", None).unwrap();
        assert_eq!(
            [names.snake, names.kebab, names.camel, names.path],
            ["pay_back", "pay-back", "PayBack", "/v1/pay-back"]
        );
        for name in ["", "Donate", "pay-back", "pay__back", "_pay", "pay2"] {
            assert!(Names::of(name, None).is_err(), "{name}");
        }
        assert!(Names::of("donate", Some("/donations")).is_err());
    }

    #[test]
    fn a_line_is_put_into_the_first_list_of_its_kind() {
        let text = "//! h\n\nmod a;\npub(crate) mod c;\nmod e;\n\nmod z;\n";
        for (line, expected) in [
            ("mod b;", "//! h\n\nmod a;\nmod b;\npub(crate) mod c;\nmod e;\n\nmod z;\n"),
            ("mod f;", "//! h\n\nmod a;\npub(crate) mod c;\nmod e;\nmod f;\n\nmod z;\n"),
        ] {
            assert_eq!(with_line(text, "mod ", line).as_deref(), Some(expected));
        }
        let text = "pub use a::A;\npub use b::{\n    X, Y,\n};\npub use d::D;\n";
        let expected = "pub use a::A;\npub use b::{\n    X, Y,\n};\npub use c::C;\npub use d::D;\n";
        assert_eq!(with_line(text, "pub use ", "pub use c::C;").as_deref(), Some(expected));
        assert_eq!(with_line(text, "use ", "use x;"), None);
    }

    /// Each list of the tree gets its line, and a second operation of the name is refused.
    #[test]
    fn an_operation_is_wired_into_every_list() {
        let workspace = Workspace::find().unwrap();
        let root = std::env::temp_dir().join(format!("accrue-new-{}", std::process::id()));
        for path in LINES.iter().map(|(path, ..)| *path).chain(["spin.toml"]) {
            let to = root.join(path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(workspace.root.join(path), to).unwrap();
        }
        let names = Names::of("pay_back", Some("/v1/paid-back")).unwrap();
        let written = write(&root, &names).unwrap();
        assert_eq!(written.len(), 9, "{written:?}");
        for (path, _, line) in LINES {
            let text = fs::read_to_string(root.join(path)).unwrap();
            assert!(text.lines().any(|found| found == names.fill(line)), "{path}");
        }
        let manifest: toml::Value =
            toml::from_str(&fs::read_to_string(root.join("spin.toml")).unwrap()).unwrap();
        assert!(manifest["component"].get("pay-back").is_some());
        assert!(write(&root, &names).is_err());
        fs::remove_dir_all(root).unwrap();
    }
}
