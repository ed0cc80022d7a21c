//! `cargo xtask bench-sessions`: what many sessions cost, and how soon an ended one is refused by
//! another node, on each store.

use std::io::Write;
use std::process::Command;

use crate::databases::{self, MariaDb, Postgres, Redis};
use crate::{cargo, packages, run, target_folder};

const MANY: &str = "10000000";

pub(crate) fn run_on_each() -> anyhow::Result<()> {
    let mut missing = packages::missing(&[("make", "make"), ("wrk", "wrk")]);
    missing.extend(databases::missing());
    packages::install(&missing)?;
    cargo(&["build", "--profile", "dist", "--package", "vestibule-bench"])?;
    let program = target_folder()?.join("dist/bench-sessions");
    let bench = |name: &str, url: &str, more: &[&str]| {
        let mut bench = Command::new(&program);
        bench.args(["--name", name, "--database-url", url]);
        run(bench.args(more))
    };
    let mut out = std::io::stdout();
    writeln!(
        out,
        "| what | median | p99 | longest | |\n|---|---:|---:|---:|---|"
    )?;
    let many = ["--sessions", MANY];
    let folder = tempfile::tempdir()?;
    let in_folder = |file: &str| {
        let path = folder.path().join(file);
        format!("sqlite://{}?mode=rwc", path.display())
    };
    bench("SQLite", &in_folder("sessions.db"), &many)?;
    let redis = Redis::start()?;
    let users = in_folder("users.db");
    bench("Redis", &users, &["--session-store", &redis.url])?;
    drop(folder);
    {
        let postgres = Postgres::start()?;
        bench("PostgreSQL", &postgres.url, &many)?;
    }
    let mariadb = MariaDb::start()?;
    // Its sessions are asked for by the same statements.
    bench("MariaDB", &mariadb.url, &[])
}
