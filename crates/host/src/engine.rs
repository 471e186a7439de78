//! The wasmtime engine: its features, how it allocates instances, where it keeps compiled code, and
//! its heartbeat. It knows no manifest and no interface.

use crate::cli::{Cli, Compile, Limits};
use anyhow::{Result, anyhow};
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use wasmtime::{
    Cache, CacheConfig, Config, Engine, OptLevel, PoolingAllocationConfig, RegallocAlgorithm,
};

/// A guest that computes yields the thread at least this often.
pub const EPOCH: Duration = Duration::from_millis(10);

static EPOCHS: AtomicU64 = AtomicU64::new(0);

/// How many epochs have begun. wasmtime does not expose its own count.
pub fn epochs() -> u64 {
    EPOCHS.load(Relaxed)
}

/// An engine for about `components` components.
pub fn build(cli: &Cli, components: usize) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    if cli.compile == Compile::Soon {
        config.cranelift_opt_level(OptLevel::None);
        config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    }
    config.cache(Some(
        Cache::new(cache_config(&cli.state_dir)?).map_err(|error| anyhow!("{error:#}"))?,
    ));
    if let Some(reserved_mib) = cli.limits.reserved_mib {
        config.memory_reservation(u64::from(reserved_mib) * 1024 * 1024);
    }
    config.allocation_strategy(pooling(&cli.limits, components));
    let engine =
        Engine::new(&config).map_err(|error| anyhow!("cannot start wasmtime: {error:#}"))?;
    let beat = engine.weak();
    std::thread::Builder::new().name("epoch".into()).spawn(move || {
        while let Some(engine) = beat.upgrade() {
            EPOCHS.fetch_add(1, Relaxed);
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    })?;
    Ok(engine)
}

/// Compiled code is kept beside the databases: a second start takes milliseconds.
fn cache_config(state_dir: &Path) -> Result<CacheConfig> {
    let directory = std::path::absolute(state_dir.join("code-cache"))?;
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    // wasmtime would compress what was read often a second time, at a level that takes a core for
    // seconds a file, and, when the host ends meanwhile, begin anew at the next start.
    config.with_optimized_compression_usage_counter_threshold(u64::MAX);
    Ok(config)
}

/// Each stack and its guard page are two of the 65,530 mappings that Linux allows a process by
/// default.
const MAX_STACKS: u32 = 16_384;

/// Room for each component's instances, for as many successors, and for the runs of cron
/// components.
fn pooling(limits: &Limits, components: usize) -> PoolingAllocationConfig {
    // Instances in front and in the back room, each with a successor.
    let of_component = (u32::from(limits.instances) + 1) * 2;
    let instances = u32::try_from(components).unwrap_or(u32::MAX).saturating_mul(of_component);
    let instances = instances.saturating_mul(2).saturating_add(8);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(16))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(8))
        .total_stacks(instances.saturating_mul(64).min(MAX_STACKS))
        .max_core_instances_per_component(64)
        .max_memories_per_component(4)
        .max_tables_per_component(32)
        .max_component_instance_size(4 * 1024 * 1024)
        .max_core_instance_size(4 * 1024 * 1024)
        .max_memory_size(
            usize::try_from(limits.memory_mib).unwrap_or(usize::MAX).saturating_mul(1024 * 1024),
        )
        .table_elements(100_000);
    pool
}
