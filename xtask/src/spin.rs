//! The command line that starts Accrue on stock Spin. It names every component that answers HTTP,
//! because Spin refuses a manifest with a trigger that it does not know. `cargo xtask spin` writes
//! it into the documents; `tidy` compares.

use crate::workspace::Workspace;
use anyhow::{Context as _, Result};
use std::fs;

/// The start of the line in every document.
pub const START: &str = "spin up -c ";
/// The documents that contain it.
pub const DOCUMENTS: [&str; 2] = ["README.md", "docs/recipes/run-on-spin.md"];

/// The line for a manifest: each component of an HTTP trigger once, in the order of the routes.
pub fn line(manifest: &str) -> Result<String> {
    let manifest: toml::Table = manifest.parse()?;
    let triggers = manifest
        .get("trigger")
        .and_then(|trigger| trigger.get("http"))
        .and_then(toml::Value::as_array);
    let mut names: Vec<&str> = Vec::new();
    for trigger in triggers.context("spin.toml has no [[trigger.http]]")? {
        let is_private = trigger.get("route").is_some_and(toml::Value::is_table);
        let component = trigger
            .get("component")
            .and_then(toml::Value::as_str)
            .context("a trigger names no component")?;
        if !is_private && !names.contains(&component) {
            names.push(component);
        }
    }
    Ok(format!("{START}{}", names.join(" -c ")))
}

pub fn run(workspace: &Workspace) -> Result<()> {
    let expected = line(&fs::read_to_string(workspace.root.join("spin.toml"))?)?;
    for name in DOCUMENTS {
        let path = workspace.root.join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
        let renewed: String = text
            .split_inclusive('\n')
            .map(
                |old| if old.starts_with(START) { format!("{expected}\n") } else { old.to_owned() },
            )
            .collect();
        if renewed != text {
            fs::write(&path, renewed).with_context(|| format!("cannot write {name}"))?;
        }
    }
    println!("{expected}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_component_once_in_the_order_of_its_routes() {
        let manifest = "[[trigger.http]]\nroute = '/b'\ncomponent = 'b'\n[[trigger.http]]\nroute = '/a'\ncomponent = 'a'\n\
                        [[trigger.http]]\nroute = '/b/c'\ncomponent = 'b'\n\
                        [[trigger.http]]\nroute = { private = true }\ncomponent = 'hidden'\n\
                        [[trigger.cron]]\ncomponent = 'night'\n";
        assert_eq!(line(manifest).unwrap(), "spin up -c b -c a");
        assert!(line("x = 1").is_err());
    }
}
