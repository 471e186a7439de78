//! `cargo xtask`: the command line only. Each command has a file or folder of its name.

mod bench;
mod console;
mod demo;
mod deny;
mod fmt;
mod fuzz;
mod http;
mod interop;
mod new_operation;
mod process;
mod processor;
mod server;
mod spin;
mod test;
mod tidy;
mod tools;
mod up;
mod wasm;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workspace::Workspace;

/// Every command that a person needs to build, run, check and measure Accrue.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build every component, copy it to target/components, check its imports and size
    Wasm {
        /// Only these, such as `redeem member`; all when none is named
        components: Vec<String>,
        /// Build as the tests do: without whole-program optimisation, in a fifth of the time, sizes
        /// unchecked
        #[arg(long)]
        quick: bool,
    },
    /// Build the pages of the console for its component; needs Node, or Python to fetch it
    Console(console::Arguments),
    /// Build all and start Accrue on 127.0.0.1:3000; prints an admin key and a first request
    Up(up::Arguments),
    /// Everything that CI runs
    Test,
    /// Send to fakes of vendors that verify with the vendors' own SDKs; needs Python 3.10 with pip
    Interop,
    /// Format all Rust files; `cargo fmt` does not see the end-to-end tests
    Fmt,
    /// Check the rules of the source tree that no compiler checks
    Tidy,
    /// Print the arguments of `spin up`: the components of spin.toml that answer HTTP
    Spin,
    /// Write the files of a new operation, and its lines in the lists
    NewOperation(new_operation::Arguments),
    /// Import half a year of real baskets, night by night, and check the books
    Demo(demo::Arguments),
    /// Measure earns, redeems and reads; `bench night` measures the night run
    Bench(bench::Arguments),
    /// Fuzz the rulebook; needs a C++ compiler
    Fuzz(fuzz::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    match command {
        Command::Wasm { components, quick } => {
            let how = if quick { wasm::Build::Quick } else { wasm::Build::Shipped };
            wasm::run(&workspace, how, &components)
        }
        Command::Console(arguments) => console::run(&workspace, &arguments),
        Command::Up(arguments) => up::run(&workspace, arguments),
        Command::Test => test::run(&workspace),
        Command::Interop => interop::run(&workspace),
        Command::Fmt => fmt::run(&workspace, fmt::Mode::Write),
        Command::Tidy => tidy::run(&workspace),
        Command::Spin => spin::run(&workspace),
        Command::NewOperation(arguments) => new_operation::run(&workspace, &arguments),
        Command::Demo(arguments) => demo::run(&workspace, arguments),
        Command::Bench(arguments) => bench::run(&workspace, arguments),
        Command::Fuzz(arguments) => fuzz::run(&workspace, arguments),
    }
}
