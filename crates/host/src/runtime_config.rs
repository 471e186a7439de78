//! The runtime configuration: the parts that the operator replaces under the same manifest. It has
//! Spin's file format, restricted to the features of this host.

use crate::interfaces::outbound_hosts::BlockedNetworks;
use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeConfig {
    #[serde(default, rename = "key_value_store")]
    pub key_value_stores: BTreeMap<String, KeyValueStore>,
    #[serde(default, rename = "sqlite_database")]
    pub sqlite_databases: BTreeMap<String, SqliteDatabase>,
    #[serde(default)]
    outbound_networking: OutboundNetworking,
}

/// `[key_value_store.<label>]`
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum KeyValueStore {
    /// The SQLite file of this host.
    Spin,
    Redis {
        url: String,
    },
}

/// `[sqlite_database.<label>]`
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum SqliteDatabase {
    /// A file, relative to the runtime configuration, and its max size.
    Spin { path: Option<PathBuf>, max_mib: Option<u64> },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutboundNetworking {
    #[serde(default = "private")]
    block_networks: Vec<String>,
}

impl Default for OutboundNetworking {
    fn default() -> Self {
        Self { block_networks: private() }
    }
}

fn private() -> Vec<String> {
    vec!["private".into()]
}

impl RuntimeConfig {
    pub fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let mut config =
            Self::parse(&text).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for SqliteDatabase::Spin { path, .. } in config.sqlite_databases.values_mut() {
            if let Some(path) = path {
                *path = folder.join(&*path);
            }
        }
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.blocked_networks().map(|_| config)
    }

    /// The networks that outbound requests may not reach. Without an `[outbound_networking]`
    /// section: private networks.
    pub fn blocked_networks(&self) -> Result<BlockedNetworks> {
        let mut blocked = BlockedNetworks::default();
        for entry in &self.outbound_networking.block_networks {
            if entry == "private" {
                blocked.private = true;
            } else {
                let network = entry
                    .parse()
                    .with_context(|| format!("block_networks: `{entry}` is no network"))?;
                blocked.networks.push(network);
            }
        }
        Ok(blocked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stores_and_networks() {
        let config = RuntimeConfig::parse(
            "[key_value_store.default]\ntype = 'redis'\nurl = 'redis://127.0.0.1/'\n[outbound_networking]\nblock_networks = ['10.0.0.0/8']",
        )
        .unwrap();
        assert!(matches!(config.key_value_stores["default"], KeyValueStore::Redis { .. }));
        let blocked = config.blocked_networks().unwrap();
        assert!(
            blocked.blocks("10.1.1.1".parse().unwrap())
                && !blocked.blocks("127.0.0.1".parse().unwrap())
        );
    }

    #[test]
    fn private_networks_are_blocked_unless_said_otherwise() {
        for (text, blocks) in [
            ("", true),
            ("[outbound_networking]", true),
            ("[outbound_networking]\nblock_networks = []", false),
        ] {
            let blocked = RuntimeConfig::parse(text).unwrap().blocked_networks().unwrap();
            assert_eq!(blocked.blocks("127.0.0.1".parse().unwrap()), blocks, "{text}");
        }
    }

    #[test]
    fn mistakes_name_their_line() {
        let error = RuntimeConfig::parse("[key_value_store.default]\ntype = 'redis'\nulr = 'x'")
            .unwrap_err();
        assert!(error.to_string().contains("line "), "{error}");
        assert!(
            RuntimeConfig::parse("[outbound_networking]\nblock_networks = ['everything']").is_err()
        );
    }
}
