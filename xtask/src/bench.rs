//! `cargo xtask bench`: the release build under load, beside a bare axum route.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

use crate::{cargo, packages, target_folder};

const ROUNDS: usize = 5;
const SECONDS: u32 = 4;
const CONNECTIONS: u32 = 32;

pub(crate) fn run() -> anyhow::Result<()> {
    packages::install("wrk", "wrk")?;
    packages::install("sqlite3", "sqlite3")?;
    cargo(&[
        "build",
        "--release",
        "--package",
        "vestibule-server",
        "--package",
        "vestibule-bench",
    ])?;
    let release = target_folder()?.join("release");

    let (start_ms, memory_mb) = measure_start(&release.join("vestibule"))?;
    let admin_times = measure_admin(&release.join("vestibule"))?;
    let rates = measure_rates(&release.join("bench-vestibule"))?;

    let mut out = std::io::stdout();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    writeln!(
        out,
        "\n{cores} cores for server and wrk together; median of {ROUNDS} rounds"
    )?;
    writeln!(
        out,
        "| what | measured | over the bare route |\n|---|---|---|"
    )?;
    writeln!(
        out,
        "| start to first page, program on SQLite | {start_ms:.0} ms | |"
    )?;
    writeln!(out, "| memory after that, idle | {memory_mb:.1} MB | |")?;
    for (what, ms) in admin_times {
        writeln!(out, "| {what}, {USERS} users on SQLite | {ms:.1} ms | |")?;
    }
    let bare = rates.first().map_or(1.0, |(_, rate)| *rate);
    for (what, rate) in &rates {
        writeln!(
            out,
            "| {what} | {rate:.0} requests/s | {:.3} |",
            rate / bare
        )?;
    }
    Ok(())
}

/// From nothing to the first page, median of the rounds; and the memory of the last.
fn measure_start(program: &Path) -> anyhow::Result<(f64, f64)> {
    let mut times = Vec::new();
    let mut memory = 0.0;
    for _ in 0..ROUNDS {
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
const USERS: u32 = 1_000_000;

/// How long the admin's pages take with very many users: from the request to the whole answer,
/// median of some.
fn measure_admin(program: &Path) -> anyhow::Result<Vec<(&'static str, f64)>> {
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
    let password = "correct horse battery staple";
    command(&["user", "add", "carol"], password)?;
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
    let form = "username=carol&password=correct+horse+battery+staple";
    let answer = server.request("POST", "/login", "", form)?;
    let cookie = format!("{}\r\n", session_cookie(&answer)?);
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

/// The session cookie of an answer, as the header of a request.
fn session_cookie(answer: &str) -> anyhow::Result<String> {
    answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: session"))
        .and_then(|cookie| cookie.split(';').next())
        .map(|cookie| format!("Cookie: session{cookie}"))
        .with_context(|| format!("not logged in: {answer}"))
}

/// Requests/s of each route, the rounds interleaved so that a slow minute hits all alike.
fn measure_rates(program: &Path) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let routes = [
        ("bare axum route", "/plain"),
        ("the program's login page, anonymous", "/login"),
        ("own protected route, user loaded, SQLite", "/user"),
        ("the same behind a guard", "/guarded"),
        ("the program's /welcome, logged in, SQLite", "/welcome"),
    ];
    let folder = tempfile::tempdir()?;
    let server = Server::start(program, folder.path(), &[])?;
    let form = "username=alice&password=correct+horse+battery+staple";
    let registered = server.request("POST", "/register", "", form)?;
    let cookie = session_cookie(&registered)?;

    let mut rates = routes.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for ((_, path), rates) in routes.iter().zip(&mut rates) {
            let cookie = if *path == "/login" {
                "X-None: 1"
            } else {
                &cookie
            };
            rates.push(wrk(&format!("http://{}{path}", server.address), cookie)?);
        }
    }
    Ok(routes
        .map(|(what, _)| what)
        .into_iter()
        .zip(rates.map(median))
        .collect())
}

fn wrk(url: &str, header: &str) -> anyhow::Result<f64> {
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", &CONNECTIONS.to_string()])
        .args([
            "--duration",
            &format!("{SECONDS}s"),
            "--header",
            header,
            url,
        ])
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    if text.contains("Non-2xx") {
        bail!("{url} does not answer with a page: {text}");
    }
    let rate = text
        .lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"))
        .with_context(|| format!("wrk did not measure {url}: {text}"))?;
    Ok(rate.trim().parse()?)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A program that prints the address it serves at.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(program: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .current_dir(folder)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child.stdout.take().context("a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://"))
            .map(str::to_owned);
        let address = address.with_context(|| format!("it serves nowhere: {line}"))?;
        Ok(Self { child, address })
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        header: &str,
        body: &str,
    ) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{header}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn memory_mb(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kb = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|line| line.split_whitespace().next())
            .context("VmRSS in /proc")?;
        Ok(kb.parse::<f64>()? / 1_024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
