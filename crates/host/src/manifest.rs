//! Reads a Spin manifest (version 2). Every error names the file and the line. An unknown key is an
//! error, because silently ignoring a misspelt grant or limit is worse than a refusal to start.
//! `variables.rs` resolves variables.

use crate::interfaces::outbound_hosts::AllowedHost;
use anyhow::{Context as _, Result, anyhow, ensure};
use serde::{Deserialize, de::IgnoredAny};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::{Path, PathBuf},
};
use toml::Spanned;

/// A manifest whose parts refer to each other correctly.
#[derive(Debug)]
pub struct Manifest {
    pub application: String,
    pub variables: BTreeMap<String, Variable>,
    pub http: Vec<HttpTrigger>,
    pub cron: Vec<CronTrigger>,
    pub components: Vec<Component>,
}

/// `[variables]`: values that the operator may or must set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    #[serde(default)]
    pub required: bool,
    pub default: Option<String>,
    /// Accepted as Spin does; this host never prints any variable.
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(default, rename = "description")]
    _description: Option<String>,
}

/// One public route. A private one (`route = { private = true }`) is left out, as no request from
/// outside can reach it.
#[derive(Debug)]
pub struct HttpTrigger {
    pub route: String,
    pub component: String,
    pub line: usize,
}

#[derive(Debug)]
pub struct CronTrigger {
    pub expression: String,
    pub component: String,
    pub line: usize,
}

#[derive(Debug)]
pub struct Component {
    pub id: String,
    pub source: PathBuf,
    /// Also those of `[component.<id>.tool.accrue]`, which Spin ignores.
    pub sqlite_databases: BTreeSet<String>,
    pub key_value_stores: BTreeSet<String>,
    /// Templates such as `{{ admin_key }}`.
    pub variables: BTreeMap<String, String>,
    pub environment: BTreeMap<String, String>,
    /// Templates, too; checked as patterns once they are filled in.
    pub allowed_outbound_hosts: Vec<(String, usize)>,
    /// Of `[component.<id>.tool.accrue]`, which Spin ignores.
    pub affinity: Option<String>,
}

impl Manifest {
    /// Reads `from`, or `from/spin.toml` when it is a folder. Paths in it are relative to the
    /// manifest.
    pub fn load(from: &Path) -> Result<Self> {
        let file = if from.is_dir() { from.join("spin.toml") } else { from.to_owned() };
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, &folder)
            .map_err(|fault| anyhow!("{}:{}: {}", file.display(), fault.line, fault.message))
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, Fault> {
        let raw: Raw = toml::from_str(text).map_err(|error| {
            Fault::new(text, error.span().unwrap_or_default(), error.message().to_owned())
        })?;
        if *raw.spin_manifest_version.get_ref() != 2 {
            let span = raw.spin_manifest_version.span();
            return Err(Fault::new(
                text,
                span,
                "only spin_manifest_version = 2 is understood".into(),
            ));
        }
        let known: BTreeSet<&str> = raw.component.keys().map(|id| id.get_ref().as_str()).collect();
        let named = |component: &Spanned<String>| {
            if known.contains(component.get_ref().as_str()) {
                return Ok(component.get_ref().clone());
            }
            Err(Fault::new(
                text,
                component.span(),
                format!("there is no [component.{}]", component.get_ref()),
            ))
        };
        let mut http = Vec::new();
        for trigger in &raw.trigger.http {
            let component = named(&trigger.component)?;
            let line = line_of(text, trigger.route.span());
            match trigger.route.get_ref() {
                Route::Path(route) => {
                    http.push(HttpTrigger { route: route.clone(), component, line })
                }
                Route::Private { private: true } => {}
                Route::Private { private: false } => {
                    return Err(Fault::new(
                        text,
                        trigger.route.span(),
                        "write a path instead of private = false".into(),
                    ));
                }
            }
        }
        let mut cron = Vec::new();
        for trigger in &raw.trigger.cron {
            let expression = trigger.cron_expression.get_ref().clone();
            let line = line_of(text, trigger.cron_expression.span());
            cron.push(CronTrigger { expression, component: named(&trigger.component)?, line });
        }
        let mut components = Vec::new();
        for (id, component) in raw.component {
            let mut hosts = Vec::new();
            for host in component.allowed_outbound_hosts {
                let (span, host) = (host.span(), host.into_inner());
                if !host.contains("{{") {
                    AllowedHost::parse(&host)
                        .map_err(|message| Fault::new(text, span.clone(), message))?;
                }
                hosts.push((host, line_of(text, span)));
            }
            for (variable, template) in &component.variables {
                for used in crate::variables::names_in(template.get_ref()) {
                    if !raw.variables.contains_key(used) {
                        let message = format!(
                            "variable `{variable}` uses `{used}`, which [variables] does not declare"
                        );
                        return Err(Fault::new(text, template.span(), message));
                    }
                }
            }
            let HostSettings { affinity, sqlite_databases } = component.tool.accrue;
            if let Some(empty) = affinity.as_ref().filter(|field| field.get_ref().is_empty()) {
                return Err(Fault::new(text, empty.span(), "name a field of the body".into()));
            }
            let affinity = affinity.map(Spanned::into_inner);
            let databases = component.sqlite_databases.into_iter().chain(sqlite_databases);
            components.push(Component {
                id: id.into_inner(),
                source: folder.join(component.source),
                sqlite_databases: databases.collect(),
                key_value_stores: component.key_value_stores,
                variables: component
                    .variables
                    .into_iter()
                    .map(|(name, value)| (name, value.into_inner()))
                    .collect(),
                environment: component.environment,
                allowed_outbound_hosts: hosts,
                affinity,
            });
        }
        Ok(Self {
            application: raw.application.name,
            variables: raw.variables,
            http,
            cron,
            components,
        })
    }

    /// Keeps only the named components and their triggers (`-c`).
    pub fn keep_only(&mut self, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            ensure!(
                self.components.iter().any(|component| component.id == *name),
                "-c {name}: no such component"
            );
        }
        self.components.retain(|component| names.contains(&component.id));
        self.http.retain(|trigger| names.contains(&trigger.component));
        self.cron.retain(|trigger| names.contains(&trigger.component));
        Ok(())
    }
}

#[derive(Debug)]
struct Fault {
    line: usize,
    message: String,
}

impl Fault {
    fn new(text: &str, span: Range<usize>, message: String) -> Self {
        Self { line: line_of(text, span), message }
    }
}

fn line_of(text: &str, span: Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|byte| *byte == b'\n').count().saturating_add(1)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    spin_manifest_version: Spanned<i64>,
    application: Application,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    #[serde(default)]
    trigger: Triggers,
    #[serde(default)]
    component: BTreeMap<Spanned<String>, RawComponent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    #[serde(rename = "version")]
    _version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
    #[serde(rename = "tool")]
    _tool: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggers {
    #[serde(default)]
    http: Vec<RawHttp>,
    #[serde(default)]
    cron: Vec<RawCron>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHttp {
    #[serde(rename = "id")]
    _id: Option<String>,
    route: Spanned<Route>,
    component: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a path such as \"/v1/...\" or { private = true }")]
enum Route {
    Path(String),
    Private { private: bool },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCron {
    #[serde(rename = "id")]
    _id: Option<String>,
    component: Spanned<String>,
    cron_expression: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawComponent {
    source: PathBuf,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(default)]
    sqlite_databases: BTreeSet<String>,
    #[serde(default)]
    key_value_stores: BTreeSet<String>,
    #[serde(default)]
    variables: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<Spanned<String>>,
    #[serde(rename = "build")]
    _build: Option<Build>,
    #[serde(default)]
    tool: Tools,
}

/// Settings for tools. Those of others are theirs to check.
#[derive(Default, Deserialize)]
struct Tools {
    #[serde(default)]
    accrue: HostSettings,
}

/// What this host is told about a component.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostSettings {
    /// Field of the body: see affinity.rs.
    affinity: Option<Spanned<String>>,
    /// Databases that the component may open here. Spin refuses a manifest that names one which
    /// nobody has configured, so those that a component can do without stand here.
    #[serde(default)]
    sqlite_databases: BTreeSet<String>,
}

/// The build command of the component. This host only checks its shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    #[serde(rename = "command")]
    _command: IgnoredAny,
    #[serde(rename = "workdir")]
    _workdir: Option<String>,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"spin_manifest_version = 2
[application]
name = "shop"
authors = ["us"]
[application.tool.x]
y = 1
[variables]
key = { required = true, secret = true }
greeting = { default = "hello" }
[[trigger.http]]
route = "/v1/members/..."
component = "member"
[[trigger.http]]
route = { private = true }
component = "member"
[[trigger.cron]]
component = "sweep"
cron_expression = "0 0 0 * * * *"
[component.member]
source = "target/components/member.wasm"
sqlite_databases = ["default"]
variables = { key = "{{ key }}" }
allowed_outbound_hosts = ["https://*:*"]
[component.member.build]
command = "cargo xtask wasm"
watch = ["src/**/*.rs"]
[component.member.tool.accrue]
affinity = "member_id"
sqlite_databases = ["second", "default"]
[component.sweep]
source = "sweep.wasm"
[component.sweep.tool.spin]
anything = true
"#;

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest::parse(GOOD, Path::new("app")).unwrap();
        assert_eq!(manifest.application, "shop");
        assert_eq!(manifest.http.len(), 1, "the private route is not served");
        assert_eq!(manifest.http[0].route, "/v1/members/...");
        assert_eq!(manifest.cron[0].component, "sweep");
        let [member, sweep] = manifest.components.as_slice() else { panic!() };
        assert_eq!(member.source, Path::new("app/target/components/member.wasm"));
        assert_eq!((member.affinity.as_deref(), &sweep.affinity), (Some("member_id"), &None));
        let databases: Vec<&str> = member.sqlite_databases.iter().map(String::as_str).collect();
        assert_eq!((databases, sweep.sqlite_databases.len()), (vec!["default", "second"], 0));
    }

    #[test]
    fn every_fault_has_its_line() {
        for (from, to, line, word) in [
            ("sqlite_databases", "sqlite_database", 21, "unknown field `sqlite_database`"),
            ("component = \"sweep\"", "component = \"swep\"", 17, "there is no [component.swep]"),
            ("\"{{ key }}\"", "\"{{ kee }}\"", 22, "`kee`"),
            ("https://*:*", "https://", 23, "host"),
            ("version = 2", "version = 1", 1, "only spin_manifest_version = 2"),
            ("secret", "secretive", 8, "unknown field `secretive`"),
            ("{ private = true }", "{ private = false }", 14, "private"),
            ("cron_expression = ", "expression = ", 18, "unknown field `expression`"),
            ("watch", "wacht", 26, "unknown field `wacht`"),
            ("\"member_id\"", "\"\"", 28, "name a field"),
            ("affinity", "afinity", 28, "unknown field `afinity`"),
            (
                "sqlite_databases = [\"second",
                "databases = [\"second",
                29,
                "unknown field `databases`",
            ),
            ("name = \"shop\"", "name = shop", 3, ""),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let fault = Manifest::parse(&text, Path::new("")).unwrap_err();
            assert_eq!(fault.line, line, "{from}: {}", fault.message);
            assert!(fault.message.contains(word), "{from}: {}", fault.message);
        }
    }

    #[test]
    fn only_the_named_components_are_kept() {
        let mut manifest = Manifest::parse(GOOD, Path::new("")).unwrap();
        assert!(manifest.keep_only(&["nobody".into()]).is_err());
        manifest.keep_only(&["member".into()]).unwrap();
        assert_eq!(
            (manifest.components.len(), manifest.http.len(), manifest.cron.len()),
            (1, 1, 0)
        );
    }
}
