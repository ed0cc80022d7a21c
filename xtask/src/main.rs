//! `cargo xtask test`, `check`, `ledger`, `databases`, `running`, `fuzz`, `mutants`, `bench`,
//! `bench-build`, `bench-sessions`: what the project runs on itself.

mod bench;
mod bench_build;
mod bench_sessions;
mod databases;
mod fuzz;
mod ledger;
mod mutants;
mod packages;
mod python;
mod removable;
mod running;
mod test;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::bench::{Effort, Part};

const USAGE: &str = "cargo xtask test    installs what the tests need (apt, as root or by sudo; pip), runs all of them,
                    on each database
cargo xtask check   the tests, the documentation, the dependencies' licences (cargo-deny), that a
                    flow can be deleted, the compiler's messages, and ten minutes of each fuzz target
cargo xtask ledger  prints how many requirements and attacks have a test; fails if docs/security or
                    the page of the book is wrong (--write: writes the page)
cargo xtask databases   runs a PostgreSQL, a MariaDB and a Redis, for tests by hand, until Enter is
                    pressed
cargo xtask running   runs the commands of the chapters on running the program, as root, on a copy of
                    this machine in memory; installs Caddy, fail2ban, Prometheus and the like by apt
cargo xtask screenshots   makes the pictures of the pages in the book, with Chromium
cargo xtask fuzz    runs the fuzz targets (cargo-fuzz), a minute each
                    (--seconds N: so long; TARGET: only this one)
cargo xtask mutants [K/N]   whether a test notices each of the changes that .cargo/mutants.toml
                    chooses (cargo-mutants), or of every Nth of them; takes hours
cargo xtask bench   measures the release build beside others, prints one table and draws it
                    (--quick: one short round, to try it out; --log-ins: only these, and floods)
cargo xtask bench-build   measures clean builds beside that of an app on axum-login; takes half an hour
                    (--debug: without the optimised ones)
cargo xtask bench-sessions   measures 10 million sessions on SQLite and PostgreSQL, and on each store
                    how soon an ended one is refused elsewhere; takes an hour and 10 GB";

/// An error is printed without a backtrace: it says which command failed, and the output of that
/// command comes before it.
fn main() -> ExitCode {
    match run_command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if nobody reads it.
            writeln!(std::io::stderr(), "error: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

fn run_command() -> anyhow::Result<()> {
    packages::find_system_programs()?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::all(),
        ["check"] => check(),
        ["ledger"] => ledger::run(false),
        ["ledger", "--write"] => ledger::run(true),
        ["running"] => running::run_all(),
        ["databases"] => databases::run_all(),
        ["screenshots"] => test::screenshots(),
        ["fuzz", ref choice @ ..] => run_fuzz(choice),
        ["mutants"] => mutants::run_all(None),
        ["mutants", shard] => mutants::run_all(Some(shard)),
        ["bench"] => bench::run(Part::All, Effort::FULL),
        ["bench", "--quick"] => bench::run(Part::All, Effort::QUICK),
        ["bench", "--log-ins"] => bench::run(Part::LogIns, Effort::FULL),
        ["bench-build"] => bench_build::run_all(true),
        ["bench-build", "--debug"] => bench_build::run_all(false),
        ["bench-sessions"] => bench_sessions::run_on_each(),
        _ => bail!("{USAGE}"),
    }
}

/// What the tests do not check comes first, because it takes less time.
fn check() -> anyhow::Result<()> {
    cargo(&[
        "deny",
        "--all-features",
        "check",
        "bans",
        "licenses",
        "sources",
    ])
    .context("is it installed? `cargo install cargo-deny`")?;
    let mut doc = Command::new("cargo");
    doc.args(["doc", "--workspace", "--all-features", "--no-deps"]);
    run(doc.env("RUSTDOCFLAGS", "-Dwarnings"))?;
    removable::check("sessions").context("a flow is its folder and its lines")?;
    cargo(&[
        "test",
        "--all-features",
        "--package",
        "vestibule",
        "--test",
        "compiler",
    ])
    .context("the compiler's messages; those in tests/compiler are of rustc 1.95")?;
    test::all()?;
    fuzz::run_all(Duration::from_mins(10), None)
}

fn run_fuzz(choice: &[&str]) -> anyhow::Result<()> {
    let (seconds, choice) = match choice {
        ["--seconds", seconds, rest @ ..] => (seconds.parse().context(USAGE)?, rest),
        _ => (60, choice),
    };
    match choice {
        [] => fuzz::run_all(Duration::from_secs(seconds), None),
        [target] => fuzz::run_all(Duration::from_secs(seconds), Some(target)),
        _ => bail!("{USAGE}"),
    }
}

/// All packages with all features. Every build of the tests makes this choice: with another one
/// the dependencies have other features, and cargo compiles them again.
const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    run(Command::new("cargo").args(arguments))
}

/// Runs a command to its end and fails if it does.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    let status = command
        .status()
        .with_context(|| format!("cannot run {shown}"))?;
    if !status.success() {
        bail!("failed: {shown}");
    }
    Ok(())
}

fn workspace() -> anyhow::Result<&'static Path> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    workspace.context("xtask lies in the workspace")
}

fn target_folder() -> anyhow::Result<PathBuf> {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => Ok(workspace()?.join("target")),
    }
}
