//! `cargo xtask test`: formatting, lints, and each test on each store.

mod jobs;
mod suite;

use std::process::Command;

use anyhow::Context;

use crate::databases::{self, MariaDb, Postgres, Redis};
use crate::test::jobs::Job;
use crate::{EVERYTHING, cargo, packages, python, target_folder};

/// Names the server on which each test creates its database.
const DATABASE_URL: &str = "VESTIBULE_TEST_DATABASE_URL";

/// Names the session store of the site under test.
const SESSION_STORE: &str = "VESTIBULE_TEST_SESSION_STORE";

/// The suites that run on each session store and on each database.
const ON_EACH_STORE: [&str; 6] = [
    "vestibule/src/lib.rs",
    "vestibule/tests/attacks/main.rs",
    "vestibule/tests/authorization.rs",
    "vestibule/tests/pending_login.rs",
    "vestibule/tests/session_data/main.rs",
    "vestibule/tests/throttle/main.rs",
];

/// The suites that run on each database too.
const ON_EACH_DATABASE: [&str; 7] = [
    "vestibule/tests/cache.rs",
    "vestibule/tests/faults.rs",
    "vestibule/tests/names.rs",
    "vestibule/tests/nodes.rs",
    "vestibule/tests/own_tables_beside.rs",
    "vestibule/tests/pools.rs",
    "vestibule/tests/readiness.rs",
];

/// The library's modules that cannot reach a store, so their tests run only once. The test
/// `imports_run_one_way` holds them to it.
const WITHOUT_STORE: [&str; 4] = ["clock::", "crypto::", "password::", "web::"];

/// Tests that read or change stored sessions directly, which is impossible in memory.
const CHANGED_BY_HAND: [&str; 3] = [
    "a_credential_shown_in_the_future_is_none",
    "a_remembered_login_ends_on_time_and_one_from_the_future_is_refused",
    "nothing_in_the_database_is_a_cookie",
];

/// Formatting and lints run first, because they fail soonest.
pub(crate) fn all() -> anyhow::Result<()> {
    install()?;
    cargo(&["fmt", "--all", "--check"])?;
    crate::run(&mut clippy(&[&EVERYTHING[..], &["--all-targets"]].concat()))?;
    // An app that uses only the login manager has no database.
    let alone = ["--package", "vestibule", "--lib", "--no-default-features"];
    crate::run(&mut clippy(&alone))?;
    let mut suites = suite::build()?;
    // It builds all dependencies once more, so `cargo xtask check` runs it.
    suites.retain(|suite| suite.source != "vestibule/tests/compiler.rs");

    let postgres = Postgres::start()?;
    let mariadb = MariaDb::start()?;
    let redis = Redis::start()?;
    // The first waits most of the time, so it runs beside all others.
    let mut jobs = vec![
        script("three nodes behind nginx", "docs/deploy/three-nodes.sh")?,
        script("below a path behind nginx", "docs/deploy/sub-path.sh")?,
    ];
    jobs.extend(suites.iter().map(|suite| Job {
        title: suite.source.clone(),
        command: suite.command(),
    }));
    for (name, url) in [("PostgreSQL", &postgres.url), ("MariaDB", &mariadb.url)] {
        for source in ON_EACH_STORE.iter().chain(&ON_EACH_DATABASE) {
            let command = suite::named(source, &suites)?.command_for(uses_store)?;
            jobs.push(on(name, source, command, DATABASE_URL, url));
        }
    }
    for source in ON_EACH_STORE {
        let suite = suite::named(source, &suites)?;
        let command = suite.command_for(uses_store)?;
        jobs.push(on("Redis", source, command, SESSION_STORE, &redis.url));
        let in_memory = |test: &str| uses_store(test) && !is_by_hand(test) && !is_flow(test);
        let command = suite.command_for(in_memory)?;
        jobs.push(on("memory", source, command, SESSION_STORE, "memory"));
    }
    jobs.push(doctests());
    jobs::run_all(jobs)
}

/// Makes the pictures of the pages in the book.
pub(crate) fn screenshots() -> anyhow::Result<()> {
    install()?;
    let folder = crate::workspace()?.join("docs/src/screenshots");
    let mut tour = Command::new("cargo");
    tour.args(["test", "--package", "vestibule-server"]);
    tour.args(["--features", "browser-tests", "--test", "accessibility"]);
    crate::run(tour.env("SCREENSHOTS_FOLDER", folder))
}

/// Lints this choice of packages and features. A warning is an error.
pub(crate) fn clippy(choice: &[&str]) -> Command {
    let mut clippy = Command::new("cargo");
    clippy.arg("clippy").args(choice);
    clippy.args(["--", "-Dwarnings"]);
    clippy
}

fn install() -> anyhow::Result<()> {
    let mut missing = packages::missing(&[
        ("make", "make"),
        ("chromium", "chromium"),
        ("nginx", "nginx"),
        ("curl", "curl"),
        ("openssl", "openssl"),
        ("kill", "procps"),
    ]);
    missing.extend(databases::missing());
    if !packages::has_python_venv() {
        missing.push("python3-venv");
    }
    packages::install(&missing)?;
    let requirements = "vestibule/tests/flask_login/requirements.txt";
    python::install("flask-login", requirements, &[]).context("tests compare with Flask-Login")?;
    let requirements = "vestibule/tests/pyotp/requirements.txt";
    python::install("pyotp", requirements, &[]).context("tests log in by pyotp")?;
    let requirements = "vestibule/tests/soft_webauthn/requirements.txt";
    python::install("soft-webauthn", requirements, &[])
        .context("tests add passkeys by soft-webauthn")?;
    // For the script axe.min.js in it; Chromium is Debian's, so Playwright is not needed.
    let requirements = "server/tests/axe/requirements.txt";
    python::install("axe", requirements, &["--no-deps"]).context("tests run axe on each page")?;
    let requirements = "server/tests/mail/requirements.txt";
    python::install("aiosmtpd", requirements, &[]).context("tests send mail to aiosmtpd")?;
    build_passkey_client()
}

/// Builds the program by which tests add passkeys of passkey-rs. It is not in the workspace, so it
/// has its own folder.
fn build_passkey_client() -> anyhow::Result<()> {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--locked", "--manifest-path"]);
    build.arg(crate::workspace()?.join("vestibule/tests/passkey_rs/Cargo.toml"));
    build
        .arg("--target-dir")
        .arg(target_folder()?.join("passkey-rs"));
    crate::run(&mut build).context("tests add passkeys by passkey-rs")
}

fn uses_store(test: &str) -> bool {
    !WITHOUT_STORE.iter().any(|module| test.starts_with(module))
}

/// Whether it is a test of the ready-made pages. They run with sessions outside of the database
/// once, in Redis.
fn is_flow(test: &str) -> bool {
    test.starts_with("flows::")
}

fn is_by_hand(test: &str) -> bool {
    CHANGED_BY_HAND.iter().any(|name| test.contains(name))
}

fn on(store: &str, source: &str, mut command: Command, variable: &str, value: &str) -> Job {
    command.env(variable, value);
    Job {
        title: format!("{source} on {store}"),
        command,
    }
}

/// A script that starts the program.
fn script(title: &str, path: &str) -> anyhow::Result<Job> {
    let mut command = Command::new(path);
    command.env("VESTIBULE", target_folder()?.join("debug/vestibule"));
    Ok(Job {
        title: title.to_owned(),
        command,
    })
}

/// The code in doc comments and in the book.
fn doctests() -> Job {
    let mut command = Command::new("cargo");
    command.args(["test", "--doc"]).args(EVERYTHING);
    Job {
        title: "doctests".to_owned(),
        command,
    }
}
