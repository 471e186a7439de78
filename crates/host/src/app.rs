//! Builds the running parts from manifest and command line: databases, stores, grants, components,
//! schedules. The host builds them once at the start, so every fault shows before the first
//! request.

use crate::{
    affinity::Affinity,
    back_room::BackRoom,
    cli::{Cli, Switch},
    clock::GuestClock,
    cron::{self, Job},
    engine,
    instance::Component,
    interfaces::{
        self,
        cron::bindings::CronPre,
        guest::{Grants, Guest},
        outbound_hosts::AllowedHost,
        outbound_http::{Outbound, SharedClient},
    },
    key_value::Store,
    manifest::{Component as Declared, Manifest},
    metrics::Metrics,
    router::Router,
    runtime_config::{KeyValueStore, RuntimeConfig, SqliteDatabase},
    sqlite::{Bounds, Database},
    variables,
};
use anyhow::{Context as _, Result, anyhow, ensure};
use std::{
    collections::{BTreeMap, HashMap},
    os::unix::fs::DirBuilderExt as _,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use wasmtime::component::{InstancePre, Linker};
use wasmtime_wasi_http::p3::bindings::ServicePre;

pub struct App {
    pub name: String,
    pub router: Router<Arc<Component>>,
    pub jobs: BTreeMap<String, Arc<Job>>,
    pub schedules: Vec<(Arc<Job>, croner::Cron)>,
    databases: Vec<Database>,
}

struct Builder<'a> {
    cli: &'a Cli,
    config: RuntimeConfig,
    clock: GuestClock,
    metrics: Arc<Metrics>,
    back_room: Arc<BackRoom>,
    outbound: SharedClient,
    values: BTreeMap<String, String>,
    databases: HashMap<String, Database>,
    stores: HashMap<String, Store>,
    key_value_file: Option<Database>,
}

impl App {
    pub async fn build(
        cli: &Cli,
        clock: &GuestClock,
        metrics: &Arc<Metrics>,
        back_room: &Arc<BackRoom>,
    ) -> Result<Self> {
        let mut manifest = Manifest::load(&cli.from)?;
        manifest.keep_only(&cli.components)?;
        let config =
            cli.runtime_config.as_deref().map(RuntimeConfig::load).transpose()?.unwrap_or_default();
        let mut blocked = config.blocked_networks()?;
        blocked.private &= !cli.allow_private_networks;
        // Only the operator may read the folder: it holds the databases, and machine code that this
        // process runs.
        let mut folder = std::fs::DirBuilder::new();
        folder
            .recursive(true)
            .mode(0o700)
            .create(&cli.state_dir)
            .with_context(|| format!("cannot create {}", cli.state_dir.display()))?;
        let values = variables::resolve(&manifest.variables, &cli.variables, |name| {
            std::env::var(name).ok()
        })?;
        let mut builder = Builder {
            cli,
            config,
            clock: clock.clone(),
            metrics: metrics.clone(),
            back_room: back_room.clone(),
            outbound: SharedClient::new(blocked),
            values,
            databases: HashMap::new(),
            stores: HashMap::new(),
            key_value_file: None,
        };
        let engine = engine::build(cli, manifest.components.len())?;
        let linker = interfaces::linker(&engine).map_err(plain)?;
        let (mut served, mut jobs) = (HashMap::new(), BTreeMap::new());
        for declared in &manifest.components {
            let by_http = manifest.http.iter().any(|trigger| trigger.component == declared.id);
            let by_cron = manifest.cron.iter().any(|trigger| trigger.component == declared.id);
            if !by_http && !by_cron {
                tracing::info!(component = declared.id, "has no public trigger and is not started");
                continue;
            }
            let pre = load(&linker, declared)?;
            let grants = Arc::new(builder.grants(declared).await?);
            if by_http {
                let component = builder.http(&pre, &grants, declared)?;
                served.insert(declared.id.clone(), Arc::new(component));
            }
            if by_cron {
                jobs.insert(declared.id.clone(), Arc::new(builder.job(pre, grants)?));
            }
        }
        let mut router = Router::default();
        for trigger in &manifest.http {
            if let Some(component) = served.get(&trigger.component) {
                router
                    .insert(&trigger.route, component.clone())
                    .map_err(|fault| at(cli, trigger.line, &fault))?;
            }
        }
        let mut schedules = Vec::new();
        for trigger in &manifest.cron {
            let schedule =
                cron::parse(&trigger.expression).map_err(|fault| at(cli, trigger.line, &fault))?;
            if let Some(job) = jobs.get(&trigger.component) {
                schedules.push((job.clone(), schedule));
            }
        }
        let databases = builder.databases.into_values().chain(builder.key_value_file).collect();
        Ok(Self { name: manifest.application, router, jobs, schedules, databases })
    }

    /// Lets the databases finish and checkpoint.
    pub fn close(&self) {
        for database in &self.databases {
            database.close();
        }
    }
}

/// wasmtime has an error type of its own.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

fn at(cli: &Cli, line: usize, fault: &str) -> anyhow::Error {
    anyhow!("{}:{line}: {fault}", cli.from.display())
}

fn load(linker: &Linker<Guest>, declared: &Declared) -> Result<InstancePre<Guest>> {
    let file = &declared.source;
    ensure!(
        file.exists(),
        "component `{}`: {} does not exist; build it first",
        declared.id,
        file.display()
    );
    let started = Instant::now();
    let component = wasmtime::component::Component::from_file(linker.engine(), file);
    let took = started.elapsed();
    if took > COMPILED {
        tracing::info!(component = declared.id, ?took, "compiled");
    }
    component
        .and_then(|component| linker.instantiate_pre(&component))
        .map_err(plain)
        .with_context(|| format!("component `{}`: {}", declared.id, file.display()))
}

impl Builder<'_> {
    fn http(
        &self,
        pre: &InstancePre<Guest>,
        grants: &Arc<Grants>,
        declared: &Declared,
    ) -> Result<Component> {
        let service = ServicePre::new(pre.clone()).map_err(plain);
        let service = service.with_context(|| {
            format!("component `{}` cannot serve HTTP (WASI 0.3)", grants.component)
        })?;
        let metrics = self.metrics.component(&grants.component);
        let affinity = declared.affinity.as_deref().filter(|_| self.cli.affinity == Switch::On);
        Ok(Component::start(
            service,
            grants.clone(),
            &self.cli.limits,
            metrics,
            self.back_room.clone(),
            affinity.map(Affinity::new),
        ))
    }

    fn job(&self, pre: InstancePre<Guest>, grants: Arc<Grants>) -> Result<Job> {
        let pre = CronPre::new(pre).map_err(plain);
        let pre = pre.with_context(|| {
            format!("component `{}` exports no handle-cron-event", grants.component)
        })?;
        Ok(Job {
            pre,
            grants,
            metrics: self.metrics.clone(),
            clock: self.clock.clone(),
            time_limit: self.cli.limits.cron_timeout,
            back_room: self.back_room.clone(),
            running: tokio::sync::Mutex::default(),
        })
    }

    async fn grants(&mut self, declared: &Declared) -> Result<Grants> {
        let (mut databases, mut stores) = (HashMap::new(), HashMap::new());
        for label in &declared.sqlite_databases {
            databases.insert(label.clone(), self.database(label)?.for_another());
        }
        for label in &declared.key_value_stores {
            stores.insert(label.clone(), self.store(label).await?);
        }
        let mut allowed = Vec::new();
        for (template, line) in &declared.allowed_outbound_hosts {
            // A pattern whose variable is not set allows nothing.
            if let Some(pattern) = variables::fill(template, &self.values) {
                allowed.push(
                    AllowedHost::parse(&pattern).map_err(|fault| at(self.cli, *line, &fault))?,
                );
            }
        }
        let outbound = Outbound {
            component: declared.id.as_str().into(),
            allowed: allowed.into(),
            client: self.outbound.clone(),
        };
        let memory = usize::try_from(self.cli.limits.memory_mib).unwrap_or(usize::MAX);
        Ok(Grants {
            component: declared.id.clone(),
            databases,
            stores,
            variables: variables::of_component(declared, &self.values),
            environment: declared.environment.clone().into_iter().collect(),
            outbound,
            clock: self.clock.clone(),
            memory_bytes: memory.saturating_mul(1024 * 1024),
        })
    }

    fn database(&mut self, label: &str) -> Result<Database> {
        if let Some(database) = self.databases.get(label) {
            return Ok(database.clone());
        }
        let configured = self.config.sqlite_databases.get(label);
        let (path, max_mib) = match configured {
            Some(SqliteDatabase::Spin { path, max_mib }) => (path.clone(), *max_mib),
            None => (None, None),
        };
        let path = path.map_or_else(|| self.file(label), Ok)?;
        let database = Database::open(
            &path,
            label,
            READERS,
            self.bounds(max_mib),
            self.metrics.database(label),
        )?;
        self.databases.insert(label.to_owned(), database.clone());
        Ok(database)
    }

    async fn store(&mut self, label: &str) -> Result<Store> {
        if let Some(store) = self.stores.get(label) {
            return Ok(store.clone());
        }
        let store = match self.config.key_value_stores.get(label) {
            Some(KeyValueStore::Redis { url }) => {
                let store = Store::in_redis(url).await;
                store.with_context(|| format!("key-value store `{label}`: cannot reach Redis"))?
            }
            Some(KeyValueStore::Spin) | None => {
                let file = match &self.key_value_file {
                    Some(file) => file.clone(),
                    None => {
                        let (path, metrics) =
                            (self.file("key-value")?, self.metrics.database("key-value"));
                        Database::open(&path, "key-value", 1, self.bounds(None), metrics)?
                    }
                };
                self.key_value_file = Some(file.clone());
                Store::in_sqlite(&file, label).await?
            }
        };
        self.stores.insert(label.to_owned(), store.clone());
        Ok(store)
    }

    /// The bounds on statements and on the size of a file.
    fn bounds(&self, max_mib: Option<u64>) -> Bounds {
        const MIB: u64 = 1024 * 1024;
        let limits = &self.cli.limits;
        let statement_bytes = u64::from(limits.statement_memory_mib).saturating_mul(MIB);
        Bounds {
            read_time: limits.read_timeout,
            write_time: limits.write_timeout,
            statement_bytes: usize::try_from(statement_bytes).unwrap_or(usize::MAX),
            file_bytes: max_mib.unwrap_or(limits.database_mib).saturating_mul(MIB),
        }
    }

    /// The file of a label under the state directory; a label is a name, not a path.
    fn file(&self, label: &str) -> Result<PathBuf> {
        let plain = label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        ensure!(
            plain && !label.is_empty(),
            "database label `{label}`: letters, digits, - and _ only"
        );
        Ok(self.cli.state_dir.join(format!("{label}.db")))
    }
}

/// Cached code is there sooner, so a component that took longer was compiled.
const COMPILED: Duration = Duration::from_millis(200);

/// Reader threads per database.
const READERS: usize = 2;
