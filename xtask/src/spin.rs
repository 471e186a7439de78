//! The arguments that start Accrue on stock Spin: `spin up $(cargo xtask spin)`. They name every
//! component that answers HTTP, because Spin refuses a manifest with a trigger that it does not
//! know. Standard output has nothing else.

use crate::workspace::Workspace;
use anyhow::{Context as _, Result};
use std::fs;

pub fn run(workspace: &Workspace) -> Result<()> {
    println!("{}", arguments(&fs::read_to_string(workspace.root.join("spin.toml"))?)?);
    Ok(())
}

/// Each component of an HTTP trigger once, in the order of the routes.
fn arguments(manifest: &str) -> Result<String> {
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
    Ok(names.iter().map(|name| format!("-c {name}")).collect::<Vec<_>>().join(" "))
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
        assert_eq!(arguments(manifest).unwrap(), "-c b -c a");
        assert!(arguments("x = 1").is_err());
    }
}
