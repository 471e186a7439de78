//! `cargo xtask up`: builds everything, starts the host on 127.0.0.1:3000 and prints a first
//! request.

use crate::console;
use crate::server::{self, Options, Server};
use crate::wasm::Build;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use clap::Args;
use rustix::process::Signal;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

#[derive(Args)]
pub struct Arguments {
    /// Build the components as they are deployed: faster ones, after five more minutes
    #[arg(long)]
    shipped: bool,
    /// Arguments for the host itself (see `accrue --help`)
    #[arg(last = true)]
    host: Vec<String>,
}

pub fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    let how = if arguments.shipped { Build::Shipped } else { Build::Quick };
    console::build_or_say(workspace);
    let binary = server::build(workspace, Some(how))?;
    let state = workspace.root.join(".accrue");
    let mut host = arguments.host;
    if !arguments.shipped && !host.iter().any(|argument| argument.starts_with("--compile")) {
        host.push("--compile=soon".to_owned());
    }
    let options = Options {
        listen: "127.0.0.1:3000".to_owned(),
        admin: "127.0.0.1:3001".to_owned(),
        key: admin_key(&state)?,
        state,
        arguments: host,
        log: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(workspace, &binary, &options))
}

async fn serve(workspace: &Workspace, binary: &Path, options: &Options) -> Result<()> {
    let ends = Ends::listen()?;
    let server = Server::start(workspace, binary, options).await.context(
        "Accrue did not start; when the port is taken, end what holds it or choose another: \
         `cargo xtask up -- --listen 127.0.0.1:3010 --admin 127.0.0.1:3011`",
    )?;
    println!("{}", welcome(&server));
    ends.follow(server).await
}

/// The signals that end a host of this terminal. Listened for before the host starts, so that none
/// is lost in between.
pub struct Ends {
    interrupt: Signals,
    terminate: Signals,
}

impl Ends {
    pub fn listen() -> Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Passes the signals on to the host, and waits for its end.
    pub async fn follow(mut self, mut server: Server) -> Result<()> {
        loop {
            tokio::select! {
                status = server.wait() => {
                    let status = status?;
                    if !status.success() {
                        bail!("the host ended with {status}: its last lines are above");
                    }
                    return Ok(());
                }
                _ = self.interrupt.recv() => server.signal(Signal::INT),
                _ = self.terminate.recv() => server.signal(Signal::TERM),
            }
        }
    }
}

fn welcome(server: &Server) -> String {
    let (api, admin, key) = (server.api, server.admin, &server.key);
    format!(
        r#"
Accrue is ready. A first purchase of 128.50 CNY, in another terminal:

  export ACCRUE_KEY={key}
  curl -s http://{api}/v1/earn -H "Authorization: Bearer $ACCRUE_KEY" -H 'Idempotency-Key: first-1' \
    -d '{{"member_id":"m1","event":"purchase","reference":"order-1","lines":[{{"line_id":"1","sku":"A","category":"BAKERY","quantity":1,"amount":{{"amount_minor":12850,"currency":"CNY"}}}}]}}'
  curl -s http://{api}/v1/members/m1 -H "Authorization: Bearer $ACCRUE_KEY"

Console: http://{api}/console/ (sign in with that key)
Metrics: http://{admin}/metrics · API: http://{api}/openapi.json · the key is kept in .accrue/admin-key · Ctrl-C ends it
"#
    )
}

/// Created once, readable by its owner only.
fn admin_key(state: &Path) -> Result<String> {
    let path = state.join("admin-key");
    if let Ok(key) = fs::read_to_string(&path) {
        let key = key.trim().to_owned();
        if key.len() < 32 {
            bail!(
                "{} holds fewer than 32 characters: delete it, and the next `cargo xtask up` makes one",
                path.display()
            );
        }
        return Ok(key);
    }
    fs::create_dir_all(state).with_context(|| format!("making {}", state.display()))?;
    let key = server::random_key()?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let file =
        file.as_mut().map_err(|error| anyhow::anyhow!("writing {}: {error}", path.display()))?;
    writeln!(file, "{key}")?;
    Ok(key)
}
