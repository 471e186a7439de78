//! `accrue`: runs the components of a Spin manifest on wasmtime. It knows nothing of loyalty.
//!
//! A request passes `server` (connection) → `public` (route, body) → `instance` (queue, guest) → `interfaces` (what the guest calls)
//! → `sqlite` (one writer, readers beside it), and comes back the same way. `app` builds these parts from the manifest.

mod admin;
mod app;
mod cli;
mod clock;
mod cron;
mod engine;
mod instance;
mod interfaces;
mod key_value;
mod manifest;
mod metrics;
mod problem;
mod public;
mod router;
mod runtime_config;
mod server;
mod sqlite;
mod variables;

use anyhow::{Context as _, Result};
use clap::Parser;
use std::{process::ExitCode, sync::Arc};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Requests are many small allocations on several threads; this one costs a tenth less than the system's.
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
    let outcome = runtime.block_on(run(&cli));
    // Guests' tasks that are still about have no client left to answer.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &cli::Cli) -> Result<()> {
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
    let mut app = app::App::build(cli, &clock, &metrics).await?;

    let public = server::bind(cli.listen).with_context(|| format!("cannot listen on {}", cli.listen))?;
    let operator = server::bind(cli.admin).with_context(|| format!("cannot listen on {}", cli.admin))?;
    let (public_address, operator_address) = (public.local_addr()?, operator.local_addr()?);
    let (drain, draining) = watch::channel(false);
    let router = std::mem::take(&mut app.router);
    let service = Arc::new(public::Public { router, limits: cli.limits.clone() });
    let bounds = server::Bounds {
        header_timeout: cli.limits.header_timeout,
        max_connections: cli.limits.max_connections,
        open: metrics.connections.clone(),
    };
    let serving = tokio::spawn(server::serve(public, bounds.clone(), draining.clone(), move |request| {
        let service = service.clone();
        async move { service.answer(request).await }
    }));
    let admin =
        Arc::new(admin::Admin { metrics, jobs: app.jobs.clone(), clock: cli.clock.is_some().then(|| clock.clone()) });
    let bounds = server::Bounds { max_connections: 256, open: Default::default(), ..bounds };
    tokio::spawn(server::serve(operator, bounds, draining, move |request| {
        let admin = admin.clone();
        async move { admin.answer(request).await }
    }));
    if cli.cron == cli::Switch::On {
        for (job, schedule) in std::mem::take(&mut app.schedules) {
            tokio::spawn(async move { job.follow(schedule).await });
        }
    }
    tracing::info!(application = app.name, sqlite = rusqlite::version(), "started");
    eprintln!("listening on http://{public_address}");
    eprintln!("admin on http://{operator_address}");

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining");
    drain.send_replace(true);
    let finish = async {
        // It only fails if a connection panicked, which is logged; the drain goes on.
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
