//! `cargo xtask test`, `check`, `bench`, `bench-sessions`: what the project runs on itself.

mod bench;
mod bench_sessions;
mod databases;
mod packages;
mod python;
mod removable;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::bench::{Effort, Part};

const USAGE: &str = "cargo xtask test    installs what the tests need (apt, pip), runs all of them, on each database
cargo xtask check   the tests, the documentation, the dependencies' licences (cargo-deny), and that a
                    flow can be deleted
cargo xtask bench   measures the release build beside others, prints one table and draws it
                    (--quick: one short round, to try it out; --log-ins: only these, and floods)
cargo xtask bench-sessions   measures 10 million sessions on SQLite and PostgreSQL, and on each store
                    how soon an ended one is refused elsewhere; takes an hour and 10 GB";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test(),
        ["check"] => check(),
        ["bench"] => bench::run(Part::All, Effort::FULL),
        ["bench", "--quick"] => bench::run(Part::All, Effort::QUICK),
        ["bench", "--log-ins"] => bench::run(Part::LogIns, Effort::FULL),
        ["bench-sessions"] => bench_sessions::run_on_each(),
        _ => bail!("{USAGE}"),
    }
}

/// Formatting and lints first, as they fail soonest; the test runner has the last word.
fn test() -> anyhow::Result<()> {
    packages::install("make", "make")?;
    packages::install("chromium", "chromium")?;
    packages::install("redis-server", "redis-server")?;
    packages::install("nginx", "nginx")?;
    databases::install()?;
    python::install(
        "flask-login",
        "vestibule/tests/flask_login/requirements.txt",
    )
    .context("tests compare with Flask-Login")?;
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-Dwarnings",
    ])?;
    // A user of the login manager alone has no database. What lies between is built nowhere: each
    // choice of features builds the dependencies anew. A test of libsodium compares it with the
    // crate that is the default.
    cargo(&[
        "clippy",
        "--package",
        "vestibule",
        "--no-default-features",
        "--lib",
        "--",
        "-Dwarnings",
    ])?;
    cargo(&["test", "--workspace", "--all-features"])?;
    // What has a database is tested on each.
    databases::with_each(|name, url| {
        let mut tests = library_tests(&ON_EACH_STORE);
        for test in ON_EACH_DATABASE {
            tests.args(["--test", test]);
        }
        tests.env("VESTIBULE_TEST_DATABASE_URL", url);
        run(&mut tests).with_context(|| format!("on {name}"))
    })?;
    let redis = databases::Redis::start()?;
    for store in [&*redis.url, "memory"] {
        let mut tests = library_tests(&ON_EACH_STORE);
        if store == "memory" {
            tests.arg("--");
            for by_hand in CHANGED_BY_HAND {
                tests.args(["--skip", by_hand]);
            }
        }
        tests.env("VESTIBULE_TEST_SESSION_STORE", store);
        run(&mut tests).with_context(|| format!("with sessions in {store}"))?;
    }
    let mut nodes = Command::new("docs/deploy/three-nodes.sh");
    nodes.env("VESTIBULE", target_folder()?.join("debug/vestibule"));
    run(&mut nodes).context("three nodes behind nginx")
}

/// The suites that hold whatever keeps the sessions.
const ON_EACH_STORE: [&str; 4] = ["attacks", "authorization", "pending_login", "session_data"];

/// The suites that hold on each database besides.
const ON_EACH_DATABASE: [&str; 4] = ["cache", "faults", "names", "nodes"];

/// The tests of the library and these suites. With all packages and features, so that nothing is
/// built anew.
fn library_tests(suites: &[&str]) -> Command {
    let mut tests = Command::new("cargo");
    tests.args(["test", "--workspace", "--all-features", "--lib"]);
    for suite in suites {
        tests.args(["--test", suite]);
    }
    tests
}

/// Tests that read or write what a store keeps as a hand would, which no hand can do in memory.
const CHANGED_BY_HAND: [&str; 3] = [
    "a_credential_shown_in_the_future_is_none",
    "a_remembered_login_ends_on_time_and_one_from_the_future_is_refused",
    "nothing_in_the_database_is_a_cookie",
];

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
    test()
}

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

fn target_folder() -> anyhow::Result<PathBuf> {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    folder
        .or_else(|| own.map(|workspace| workspace.join("target")))
        .context("xtask lies in the workspace")
}
