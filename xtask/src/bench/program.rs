//! The finished program: how soon it is there, and its admin's pages with very many users.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

use crate::bench::load::median;
use crate::bench::server::Server;
use crate::bench::{Effort, PASSWORD};

/// From nothing to the first page, median of the rounds; and the memory of the last.
pub(super) fn measure_start(program: &Path, effort: Effort) -> anyhow::Result<(f64, f64)> {
    let mut times = Vec::new();
    let mut memory = 0.0;
    for _ in 0..effort.rounds {
        let folder = tempfile::tempdir()?;
        let started = Instant::now();
        let server = Server::start(program, folder.path(), &[])?;
        let page = server.request("GET", "/login", "", "")?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        if !page.contains("<h1>Log in</h1>") {
            bail!("no login page: {page}");
        }
        memory = server.memory_mb()?;
    }
    Ok((median(times), memory))
}

/// Users in the admin's list.
pub(super) const USERS: u32 = 1_000_000;

/// How long the admin's pages take with very many users: from the request to the whole answer,
/// median of some.
pub(super) fn measure_admin(program: &Path) -> anyhow::Result<Vec<(&'static str, f64)>> {
    const TIMES: usize = 25;
    let folder = tempfile::tempdir()?;
    let command = |arguments: &[&str], input: &str| {
        let mut child = Command::new(program)
            .current_dir(folder.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        child
            .stdin
            .take()
            .context("a pipe")?
            .write_all(input.as_bytes())?;
        anyhow::ensure!(child.wait()?.success(), "{arguments:?} failed");
        Ok(())
    };
    command(&["user", "add", "carol"], PASSWORD)?;
    command(&["user", "grant", "carol", "admin"], "")?;
    let rows = format!(
        "INSERT INTO users (id, username, canonical_username, session_epoch, created_at, updated_at)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {USERS})
         SELECT 'id-' || i, printf('user-%07d', i), printf('user-%07d', i), 0, 0, 0 FROM n;
         INSERT INTO user_roles SELECT id, 'admin', 0 FROM users WHERE id LIKE 'id-1%';"
    );
    let database = folder.path().join("instance/site.db");
    crate::run(Command::new("sqlite3").arg(database).arg(rows))?;

    let server = Server::start(program, folder.path(), &[])?;
    let cookie = format!("{}\r\n", server.log_in("carol", PASSWORD)?);
    let pages = [
        ("the admin's list", "/admin", "user-0000049"),
        (
            "half-way through it",
            "/admin?after=user-0500000",
            "user-0500050",
        ),
        ("its search by name", "/admin?q=user-09999", "user-0999900"),
        ("one user's page", "/admin/users/id-777777", "user-0777777"),
    ];
    let mut times = Vec::new();
    for (what, path, content) in pages {
        let mut page_times = Vec::new();
        for _ in 0..TIMES {
            let started = Instant::now();
            let page = server.request("GET", path, &cookie, "")?;
            page_times.push(started.elapsed().as_secs_f64() * 1_000.0);
            anyhow::ensure!(
                page.contains(content),
                "{path} does not show {content}: {page}"
            );
        }
        times.push((what, median(page_times)));
    }
    Ok(times)
}
