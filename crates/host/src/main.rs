//! `accrue`: runs the components of a Spin manifest on wasmtime. It knows nothing of loyalty.
//!
//! A request passes `server` (connection) → `public` (quotas, route, body) → `instance` (queue,
//! guest) → `interfaces` (what the guest calls) → `sqlite` (one writer, readers beside it), and
//! comes back the same way. `app` builds these parts from the manifest.

mod account;
mod admin;
mod affinity;
mod app;
mod back_room;
mod budget;
mod caller;
mod cli;
mod clock;
mod conduct;
mod cron;
mod engine;
mod fair;
mod instance;
mod interfaces;
mod key_value;
mod limits;
mod manifest;
mod metrics;
mod priority;
mod problem;
mod public;
mod router;
mod runtime_config;
mod server;
mod sqlite;
mod tenants;
mod tls;
mod variables;

use anyhow::{Context as _, Result};
use clap::Parser;
use std::{process::ExitCode, sync::Arc};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Requests make many small allocations on several threads. This allocator costs a tenth less than
/// the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    start_log(cli.log);
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let back_room = match back_room::threads() {
        Ok(back_room) => back_room,
        Err(error) => {
            tracing::error!("cannot start the threads of the back room: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(&cli, back_room.handle()));
    // Guests' tasks that still run have no client left to answer.
    runtime.shutdown_background();
    back_room.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &cli::Cli, back_room: &tokio::runtime::Handle) -> Result<()> {
    let back_room = back_room::BackRoom::watch(back_room.clone());
    let clock = clock::GuestClock::default();
    if let Some(instant) = cli.clock {
        clock.set(instant.to_utc());
    }
    let metrics = Arc::new(metrics::Metrics::new());
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    if let Some(file) = &cli.database_key_file {
        sqlite::take_key(file)?;
    }
    let mut app = app::App::build(cli, &clock, &metrics, &back_room).await?;

    let public_listener =
        server::bind(cli.listen).with_context(|| format!("cannot listen on {}", cli.listen))?;
    let operator =
        server::bind(cli.admin).with_context(|| format!("cannot listen on {}", cli.admin))?;
    let (public_address, operator_address) =
        (public_listener.local_addr()?, operator.local_addr()?);
    let (tls, operators_tls) =
        (cli.callers.tls().map(tls::acceptor), cli.callers.admin_tls().map(tls::acceptor));
    let (tls, operators_tls) = (tls.transpose()?, operators_tls.transpose()?);
    let scheme = |tls: &Option<_>| if tls.is_some() { "https" } else { "http" };
    let (public_scheme, operators_scheme) = (scheme(&tls), scheme(&operators_tls));
    let (drain, draining) = watch::channel(false);
    let service = Arc::new(public(cli, std::mem::take(&mut app.router), &metrics)?);
    let bounds = server::Bounds {
        header_timeout: cli.limits.header_timeout,
        max_head: cli.limits.max_head,
        max_connections: cli.limits.max_connections,
        open: metrics.connections.clone(),
    };
    let serving =
        tokio::spawn(server::serve(public_listener, tls, bounds.clone(), draining.clone(), {
            move |request, peer| {
                let service = service.clone();
                async move { service.answer(request, peer).await }
            }
        }));
    let admin = Arc::new(admin::Admin {
        metrics,
        jobs: app.jobs.clone(),
        clock: cli.clock.is_some().then(|| clock.clone()),
        names: cli.callers.admin_hosts.clone(),
    });
    let bounds = server::Bounds { max_connections: 256, open: Default::default(), ..bounds };
    tokio::spawn(server::serve(operator, operators_tls, bounds, draining, move |request, _| {
        let admin = admin.clone();
        async move { admin.answer(request).await }
    }));
    if cli.cron == cli::Switch::On {
        for (job, schedule) in std::mem::take(&mut app.schedules) {
            tokio::spawn(async move { job.follow(schedule).await });
        }
    }
    tracing::info!(application = app.name, sqlite = rusqlite::version(), "started");
    eprintln!("listening on {public_scheme}://{public_address}");
    eprintln!("admin on {operators_scheme}://{operator_address}");

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining");
    drain.send_replace(true);
    let finish = async {
        // The await fails only if a connection panicked, which is logged; the drain goes on.
        drop(serving.await);
        for job in app.jobs.values() {
            drop(job.running.lock().await);
        }
    };
    if tokio::time::timeout(cli.limits.drain_timeout, finish).await.is_err() {
        tracing::warn!("some requests or runs did not finish in {:?}", cli.limits.drain_timeout);
    }
    app.close();
    tracing::info!("stopped");
    Ok(())
}

/// Builds the public service with the settings for callers from the command line.
fn public(
    cli: &cli::Cli,
    router: router::Router<Arc<instance::Component>>,
    metrics: &Arc<metrics::Metrics>,
) -> Result<public::Public> {
    let callers = &cli.callers;
    Ok(public::Public {
        router,
        limits: cli.limits.clone(),
        proxies: caller::Proxies {
            trusted: callers.trusted_proxies.clone(),
            header: callers.proxy_header.clone(),
        },
        tenants: tenants::Tenants::new(callers.tenant_header.clone()),
        limiter: limiter(callers)?,
        budget: budget::Budget::new(
            cli.limits.max_bytes_in_flight,
            cli.limits.max_body,
            metrics.body_bytes.clone(),
        ),
        metrics: metrics.clone(),
    })
}

/// Quotas of the command line and of the file, which the host follows.
fn limiter(callers: &cli::Callers) -> Result<Arc<limits::Limiter>> {
    let list = |quotas: &[Option<limits::Quota>]| quotas.iter().flatten().copied().collect();
    let mut own = limits::Quotas::default();
    own.key = list(&callers.key_limits);
    own.tenant = list(&callers.tenant_limits);
    own.address = list(&callers.address_limits);
    own.refused = list(&callers.refused_limits);
    let Some(file) = callers.quotas.clone() else { return Ok(Arc::new(limits::Limiter::new(own))) };
    let limiter = Arc::new(limits::Limiter::new(own.with_file(&file)?));
    tls::follow(vec![file.clone()], {
        let limiter = limiter.clone();
        move || match own.with_file(&file) {
            Ok(quotas) => {
                limiter.set(quotas);
                tracing::info!(file = %file.display(), "quotas read again");
            }
            Err(error) => tracing::error!("the quotas before stay in force: {error:#}"),
        }
    });
    Ok(limiter)
}

/// Log lines go to standard error; `RUST_LOG` chooses which.
fn start_log(format: cli::LogFormat) {
    use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt};
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let installed = match format {
        cli::LogFormat::Text => lines.with_ansi(false).finish().try_init(),
        cli::LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    };
    if let Err(error) = installed {
        eprintln!("cannot start the log: {error}");
    }
}
