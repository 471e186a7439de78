//! The stage `console` of `cargo xtask test`: types, words, licences, sizes, the same bytes twice,
//! and the pages in a browser against a host. What was green once is not run again until a file of
//! it changes.

use super::node::Node;
use super::{MAX_ALL_BYTES, MAX_FIRST_BYTES, bundle, compress, files, folder, install, sizes};
use crate::process;
use crate::server::{self, Options, Server};
use crate::wasm;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// Licences of what is sent to browsers.
const SHIPPED: &[&str] = &["MIT", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "ISC", "0BSD"];
/// Further ones, of tools that only build and test.
const OF_TOOLS: &[&str] =
    &["MPL-2.0", "Python-2.0", "(MIT OR CC0-1.0)", "BlueOak-1.0.0", "CC-BY-4.0"];

/// The tests set the clock and run the jobs, and one has a gateway of its own on this machine.
const ARGUMENTS: [&str; 9] = [
    "--clock",
    "2026-02-01T08:00:00+08:00",
    "--compile=soon",
    "--cron=off",
    "--allow-private-networks",
    "--variable",
    "webhook_allow_http=true",
    "--variable",
    "webhook_allow_private=true",
];

pub fn check(workspace: &Workspace) -> Result<()> {
    let node = match Node::find(workspace)? {
        Ok(node) => node,
        Err(how) => {
            eprintln!("not checked: {how}");
            return Ok(());
        }
    };
    let green = workspace.root.join("target/console/green");
    let digest = digest(workspace)?;
    if fs::read_to_string(&green).ok().as_deref() == Some(digest.as_str()) {
        eprintln!("nothing has changed since it was green");
        return Ok(());
    }
    install(workspace, &node)?;
    licences(&folder(workspace).join("package-lock.json"))?;
    twice(workspace, &node)?;
    let output = workspace.root.join("target/console");
    let (first, all) = sizes(&output)?;
    println!("console: first page {first} bytes, all {all} bytes, as gzip");
    if first > MAX_FIRST_BYTES || all > MAX_ALL_BYTES {
        bail!(
            "the console may have {MAX_FIRST_BYTES} and {MAX_ALL_BYTES} bytes: load the part that grew later, or do without it"
        );
    }
    script(
        workspace,
        &node,
        "node_modules/oxlint/bin/oxlint",
        &["--deny-warnings", "src", "tests"],
    )?;
    script(workspace, &node, "node_modules/vitest/vitest.mjs", &["run"])?;
    // The component has embedded what was there when the stage of components ran.
    wasm::build(workspace, wasm::Build::Quick, wasm::Output::Quiet, &["console".to_owned()])?;
    let binary = server::build_host(workspace)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(with_host(workspace, &node, &binary))?;
    fs::write(&green, digest)?;
    Ok(())
}

/// Types come from the API that is running; then the pages are used in a browser.
async fn with_host(workspace: &Workspace, node: &Node, binary: &Path) -> Result<()> {
    let state = workspace.root.join("target/console/state");
    if state.exists() {
        fs::remove_dir_all(&state)?;
    }
    let options = Options {
        listen: "127.0.0.1:0".to_owned(),
        admin: "127.0.0.1:0".to_owned(),
        state,
        key: server::random_key()?,
        arguments: ARGUMENTS.map(str::to_owned).to_vec(),
        log: Some(workspace.root.join("target/console/host.log")),
    };
    let server = Server::start(workspace, binary, &options).await?;
    let (api, admin) = (format!("http://{}", server.api), format!("http://{}", server.admin));
    let outcome = tokio::task::spawn_blocking({
        let (node, workspace, key) = (node.clone(), workspace.clone(), options.key.clone());
        move || -> Result<()> {
            let openapi = format!("{api}/openapi.json");
            let types = [openapi.as_str(), "--output", "generated/schema.d.ts"];
            script(&workspace, &node, "node_modules/openapi-typescript/bin/cli.js", &types)?;
            script(&workspace, &node, "node_modules/typescript/bin/tsc", &["--noEmit"])?;
            let Some(browser) = browser() else {
                eprintln!(
                    "not checked in a browser: install Chromium (Debian: `apt-get install chromium`)"
                );
                return Ok(());
            };
            let mut command = node.run("node_modules/vitest/vitest.mjs");
            command.current_dir(folder(&workspace)).arg("run");
            command.env("ACCRUE_API", api).env("ACCRUE_ADMIN", admin).env("ACCRUE_KEY", key);
            command.env("ACCRUE_BROWSER", browser);
            process::run(&mut command, "see the pictures in target/console/pictures")
        }
    });
    outcome.await??;
    server.stop().await
}

fn script(workspace: &Workspace, node: &Node, script: &str, arguments: &[&str]) -> Result<()> {
    let mut command = node.run(script);
    command.current_dir(folder(workspace)).args(arguments);
    process::run(&mut command, "fix what is reported above")
}

/// Chromium of this machine, never one that a package downloads.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    named.into_iter().chain(usual.map(PathBuf::from)).find(|path| path.is_file())
}

/// Builds two times. The bytes must be the same, or releases could not be compared.
fn twice(workspace: &Workspace, node: &Node) -> Result<()> {
    let output = workspace.root.join("target/console");
    bundle(workspace, node, &output.join("again"))?;
    bundle(workspace, node, &output.join("dist"))?;
    let (first, second) = (contents(&output.join("dist"))?, contents(&output.join("again"))?);
    fs::remove_dir_all(output.join("again"))?;
    if first != second {
        let differing: Vec<String> = first
            .symmetric_difference(&second)
            .map(|(path, _)| path.display().to_string())
            .collect();
        bail!("two builds of the console differ: {}", differing.join(", "));
    }
    compress(&output.join("dist"), &output.join("gzip"))
}

fn contents(folder: &Path) -> Result<BTreeSet<(PathBuf, Vec<u8>)>> {
    let mut found = BTreeSet::new();
    for path in files(folder)? {
        found.insert((path.strip_prefix(folder)?.to_owned(), fs::read(&path)?));
    }
    Ok(found)
}

/// Every package of the lock file has a licence of the lists.
fn licences(lock: &Path) -> Result<()> {
    let lock: serde_json::Value = serde_json::from_str(&fs::read_to_string(lock)?)?;
    let packages = lock.get("packages").and_then(|packages| packages.as_object());
    let mut faults = Vec::new();
    for (name, package) in packages.context("a lock file without packages")? {
        if name.is_empty() {
            continue;
        }
        let is =
            |field: &str| package.get(field).and_then(serde_json::Value::as_bool) == Some(true);
        let licence = package.get("license").and_then(serde_json::Value::as_str).unwrap_or("none");
        let is_tool = is("dev") || is("devOptional") || is("optional");
        if !(SHIPPED.contains(&licence) || is_tool && OF_TOOLS.contains(&licence)) {
            faults.push(format!("{name}: {licence}"));
        }
        if package.get("resolved").is_some() {
            faults.push(format!("{name}: the lock file names a registry"));
        }
    }
    if !faults.is_empty() {
        bail!("packages of the console:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

/// Of the console, of this stage, and of the components that the pages call.
fn digest(workspace: &Workspace) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    super::stamp(workspace)?.hash(&mut hasher);
    let tests = folder(workspace).join("tests");
    let here = workspace.root.join("xtask/src/console");
    let components = workspace.component_output();
    for path in
        [tests, here, components].iter().flat_map(|folder| files(folder).unwrap_or_default())
    {
        // It holds the console's own files, which were looked at.
        if path.ends_with("console.wasm") {
            continue;
        }
        path.hash(&mut hasher);
        fs::read(&path)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
