//! `cargo xtask wasm`: builds the components, copies them to the paths of spin.toml, and checks
//! that stock Spin can run them.
//!
//! HTTP and cron components are built in two cargo calls: in one, features would unify and pull
//! WASI 0.3 into the cron ones. The most frequent components have calls of their own, with a
//! profile for speed. Tests use a quick build of all.

use crate::process;
use crate::workspace::{Component, Kind, Workspace};
use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use wasmparser::{ComponentTypeRef, Parser, Payload};

const TARGET: &str = "wasm32-wasip2";
/// The largest components are those that are built for speed and those that read files.
const SIZE_LIMIT_BYTES: usize = 2_550_000;
/// It decides touches anew, renders texts, grants by the rules and speaks to each vendor.
const LARGEST: (&str, usize) = ("deliver", 2_900_000);
/// A quick build has up to nine fifths of the bytes. So tests notice what would not be deployed.
const QUICK_FIFTHS: usize = 9;

/// The linker leaves five bytes for each address, and with this takes those back that it did not
/// need: a twelfth of a component. Only what is deployed is linked so, to share builds with tests.
const SHORT_NUMBERS: &str =
    "target.wasm32-wasip2.rustflags = [\"-C\", \"link-arg=--compress-relocations\"]";

/// Reading decides and commits nothing: components that mostly read have these crates for size.
const FOR_SIZE: [&str; 2] =
    ["profile.hot.package.rules.opt-level = \"s\"", "profile.hot.package.store.opt-level = \"s\""];

/// Built with any others, because it turns on what no other does. So the crates below are built
/// once, for some components and for all.
const WITH_ALL_FEATURES: &str = "front";

/// The Spin interfaces that stock Spin 4.1 offers and that a component may import.
const SPIN_INTERFACES: &[&str] = &[
    "spin:sqlite/sqlite@3.0.0",
    "spin:sqlite/sqlite@3.1.0",
    "spin:key-value/key-value@3.0.0",
    "spin:variables/variables@3.0.0",
    "fermyon:spin/sqlite@2.0.0",
    "fermyon:spin/key-value@2.0.0",
    "fermyon:spin/variables@2.0.0",
    // Types only, of the plug-in for the cron trigger.
    "fermyon:spin-cron/cron-types@2.0.0",
];

/// The effort of the compiler for the components.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The deployed build: whole-program optimisation, within the size limits.
    Shipped,
    /// The build of the tests: the same code in a fifth of the time. Its sizes are not
    /// representative.
    Quick,
}

/// Whether cargo shows its progress.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Quiet,
    Shown,
}

impl Output {
    fn apply(self, command: &mut std::process::Command) {
        if self == Self::Quiet {
            command.arg("--quiet");
        }
    }
}

/// Builds the named components, all when none is named, and prints their sizes.
pub fn run(workspace: &Workspace, how: Build, names: &[String]) -> Result<()> {
    let built = build(workspace, how, Output::Quiet, names)?;
    let mut faults = Vec::new();
    println!("{:<24} {:>5} {:>12} {:>12}", "component", "kind", "raw bytes", "gzip bytes");
    for (component, bytes) in &built {
        let kind = if component.kind == Kind::Http { "http" } else { "cron" };
        let name = if component.fixture {
            format!("fixtures/{}", component.name)
        } else {
            component.name.clone()
        };
        println!("{name:<24} {kind:>5} {:>12} {:>12}", bytes.len(), gzip_size(bytes)?);
        faults.extend(check(component, bytes, how)?);
    }
    if !faults.is_empty() {
        bail!(
            "stock Spin 4.1 could not run these components, or they grew too large:\n  {}",
            faults.join("\n  ")
        );
    }
    Ok(())
}

/// Builds and copies the named components, all when none is named; returns each with its bytes.
pub fn build(
    workspace: &Workspace,
    how: Build,
    output: Output,
    names: &[String],
) -> Result<Vec<(Component, Vec<u8>)>> {
    let mut components = workspace.components()?;
    add_target()?;
    remove_strays(workspace, &components)?;
    if let Some(name) = names.iter().find(|name| !components.iter().any(|one| one.name == **name)) {
        bail!("there is no component `{name}`: each is a folder of `components`");
    }
    if !names.is_empty() {
        components.retain(|one| names.contains(&one.name) || one.name == WITH_ALL_FEATURES);
    }
    let profiles = if how == Build::Quick { &["quick"] as &[_] } else { &["release", "hot"] };
    for kind in [Kind::Http, Kind::Cron] {
        for (wanted, reads) in profiles.iter().flat_map(|name| [(*name, false), (*name, true)]) {
            let same = |component: &&Component| {
                component.kind == kind
                    && profile(component, how) == wanted
                    && (component.reads && wanted == "hot") == reads
            };
            let settings = settings(wanted, reads);
            compile(workspace, (wanted, &settings), output, components.iter().filter(same))?;
        }
    }
    let built = components.into_iter().map(|component| {
        let bytes = copy(workspace, &component, how)?;
        Ok((component, bytes))
    });
    built.collect()
}

/// Does nothing if the target is installed. A toolchain from elsewhere (a distribution, nix) may
/// bring the target without rustup.
fn add_target() -> Result<()> {
    let mut command = std::process::Command::new("rustup");
    command.args(["target", "add", TARGET]).stderr(std::process::Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!(
            "`rustup target add {TARGET}` failed: run it by hand to see why (it needs the network once)"
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error)
            .context("cannot start rustup: install it, or the target wasm32-wasip2 by other means"),
    }
}

/// The cargo profile, which is also the name of its folder.
fn profile(component: &Component, how: Build) -> &'static str {
    match how {
        Build::Quick => "quick",
        Build::Shipped if component.hot => "hot",
        Build::Shipped => "release",
    }
}

/// What cargo is told beside the profile.
fn settings(profile: &str, reads: bool) -> Vec<&'static str> {
    let shipped = (profile != "quick").then_some(SHORT_NUMBERS);
    shipped.into_iter().chain(FOR_SIZE.into_iter().filter(|_| reads)).collect()
}

fn compile<'a>(
    workspace: &Workspace,
    (profile, settings): (&str, &[&str]),
    output: Output,
    components: impl Iterator<Item = &'a Component>,
) -> Result<()> {
    let packages: Vec<&str> = components.map(|component| component.package.as_str()).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["build", "--profile", profile, "--target", TARGET]);
    output.apply(&mut command);
    for package in packages {
        command.args(["--package", package]);
    }
    for setting in settings {
        command.args(["--config", setting]);
    }
    process::run(&mut command, "fix the errors that the compiler reports above")
}

/// Copies only changed files, so that modification times show the host and the tests which are new.
fn copy(workspace: &Workspace, component: &Component, how: Build) -> Result<Vec<u8>> {
    let file = format!("{}.wasm", component.package.replace('-', "_"));
    let from = workspace.target.join(TARGET).join(profile(component, how)).join(file);
    let bytes = fs::read(&from).with_context(|| {
        format!(
            "{} was not built: does {} say `crate-type = [\"cdylib\"]`?",
            from.display(),
            component.folder.display()
        )
    })?;
    let bytes = without_names(&bytes)
        .with_context(|| format!("{} is not a whole component", from.display()))?;
    let folder = output_folder(workspace, component.fixture);
    let to = folder.join(format!("{}.wasm", component.name));
    if fs::read(&to).ok().as_deref() != Some(bytes.as_slice()) {
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        // Written under another name and renamed: a host that starts meanwhile reads the old file
        // or the new one, never half of it.
        let temporary = to.with_extension("wasm.new");
        fs::write(&temporary, &bytes)
            .with_context(|| format!("writing {}", temporary.display()))?;
        fs::rename(&temporary, &to).with_context(|| format!("writing {}", to.display()))?;
    }
    Ok(bytes)
}

/// Drops the custom sections around the core module: names of imports, which only debuggers read.
fn without_names(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = bytes.split_at_checked(8)?;
    let mut kept = header.to_vec();
    while !rest.is_empty() {
        let length_bytes = rest.iter().skip(1).position(|byte| byte & 0x80 == 0)? + 1;
        let length = rest.get(1..=length_bytes)?.iter().rev();
        let length = length.fold(0_usize, |sum, byte| (sum << 7) | usize::from(byte & 0x7f));
        let (section, after) = rest.split_at_checked(1 + length_bytes + length)?;
        if section.first() != Some(&0) {
            kept.extend_from_slice(section);
        }
        rest = after;
    }
    Some(kept)
}

fn output_folder(workspace: &Workspace, fixture: bool) -> std::path::PathBuf {
    let output = workspace.component_output();
    if fixture { output.join("fixtures") } else { output }
}

/// Removes wasm files without a component, which a host or a test would still find.
fn remove_strays(workspace: &Workspace, components: &[Component]) -> Result<()> {
    for fixture in [false, true] {
        let folder = output_folder(workspace, fixture);
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let known = components
                .iter()
                .any(|component| component.fixture == fixture && component.name == stem);
            if is_wasm(&path) && !known {
                fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            }
        }
    }
    Ok(())
}

fn is_wasm(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wasm")
}

/// Returns the reasons why this component cannot run on stock Spin 4.1.
fn check(component: &Component, bytes: &[u8], how: Build) -> Result<Vec<String>> {
    let name = &component.name;
    let mut faults: Vec<String> = imports(bytes)
        .with_context(|| format!("{name} is not a component"))?
        .into_iter()
        .filter_map(|import| {
            fault_of(component.kind, &import).map(|fault| format!("{name}: {fault}"))
        })
        .collect();
    let limit = match how {
        Build::Shipped => size_limit(name),
        Build::Quick => size_limit(name) / 5 * QUICK_FIFTHS,
    };
    if bytes.len() > limit {
        faults.push(format!(
            "{name}: {} bytes, more than {limit}: find the dependency that grew with `cargo tree -p {}`",
            bytes.len(),
            component.package
        ));
    }
    Ok(faults)
}

fn size_limit(name: &str) -> usize {
    if name == LARGEST.0 { LARGEST.1 } else { SIZE_LIMIT_BYTES }
}

fn fault_of(kind: Kind, import: &str) -> Option<String> {
    if import.starts_with("wasi:") {
        let asynchronous =
            import.split_once('@').is_some_and(|(_, version)| version.starts_with("0.3"));
        let refused = kind == Kind::Cron && asynchronous;
        return refused.then(|| {
            format!("imports {import}, but Spin's cron trigger runs no WASI 0.3: drop the dependency that brings it")
        });
    }
    let known = SPIN_INTERFACES.contains(&import);
    (!known).then(|| {
        format!(
            "imports {import}, which stock Spin 4.1 does not offer: use one of {SPIN_INTERFACES:?}"
        )
    })
}

/// The names that the component imports from its host (at its own top level, not in inner modules).
fn imports(bytes: &[u8]) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut depth = 0_usize;
    let mut component = false;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding, .. } => {
                depth += 1;
                component |= depth == 1 && encoding == wasmparser::Encoding::Component;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    let import = import?;
                    // An imported type is an alias of one in an imported instance, so the host need
                    // not offer it.
                    if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                        names.insert(import.name.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    if !component {
        bail!("a core module: build it for {TARGET}");
    }
    Ok(names)
}

fn gzip_size(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_imports_that_stock_spin_offers_are_allowed() {
        for (kind, import, allowed) in [
            (Kind::Http, "wasi:http/types@0.3.0", true),
            (Kind::Http, "wasi:clocks/wall-clock@0.2.6", true),
            (Kind::Http, "spin:sqlite/sqlite@3.1.0", true),
            (Kind::Http, "spin:sqlite/sqlite@9.0.0", false),
            (Kind::Http, "accrue:host/clock", false),
            (Kind::Cron, "wasi:clocks/wall-clock@0.2.6", true),
            (Kind::Cron, "wasi:clocks/system-clock@0.3.0", false),
            (Kind::Cron, "fermyon:spin/sqlite@2.0.0", true),
        ] {
            assert_eq!(fault_of(kind, import).is_none(), allowed, "{kind:?} {import}");
        }
    }

    #[test]
    fn custom_sections_are_dropped_and_no_others() {
        let header = b"\0asm\x0d\0\x01\0";
        let type_section = [7, 0x82, 0x00, 1, 2];
        let custom = [0, 3, 2, b'n', b'x'];
        let file = [&header[..], &custom, &type_section, &custom].concat();
        assert_eq!(without_names(&file), Some([&header[..], &type_section].concat()));
        assert_eq!(without_names(&file[..file.len() - 1]), None);
    }

    #[test]
    fn a_core_module_is_not_a_component() {
        assert!(imports(b"\0asm\x01\0\0\0").is_err());
    }
}
