//! PostgreSQL, MariaDB and Redis for tests and benchmarks: servers of our own, on free ports, in
//! temporary folders. One that runs already is never touched.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::{packages, run};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The packages of the servers that are not installed.
pub(crate) fn missing() -> Vec<&'static str> {
    let mut missing = packages::missing(&[
        ("mariadbd", "mariadb-server"),
        ("redis-server", "redis-server"),
    ]);
    if postgres_folder().is_err() {
        missing.push("postgresql");
    }
    missing
}

/// Runs one of each until Enter is pressed, for tests of one suite by hand.
pub(crate) fn run_all() -> anyhow::Result<()> {
    packages::install(&missing())?;
    let (postgres, mariadb, redis) = (Postgres::start()?, MariaDb::start()?, Redis::start()?);
    writeln!(
        io::stdout(),
        "VESTIBULE_TEST_DATABASE_URL={}\nVESTIBULE_TEST_DATABASE_URL={}\n\
         VESTIBULE_TEST_SESSION_STORE={}\nEnter stops them.",
        postgres.url,
        mariadb.url,
        redis.url
    )?;
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// A Redis that keeps nothing on disk. It is stopped when dropped.
pub(crate) struct Redis {
    server: Child,
    pub(crate) url: String,
}

impl Redis {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let port = free_port()?;
        let server = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()?;
        let mut redis = Self {
            server,
            url: format!("redis://127.0.0.1:{port}"),
        };
        wait_for(&mut redis.server, port).context("Redis does not start")?;
        Ok(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// Where files are kept in memory, and how much room MariaDB may need there.
const MEMORY: (&str, u64) = ("/dev/shm", 4 << 30);

/// Where MariaDB writes: in memory if there is room, because creating a table takes ten times as
/// long on a disk, and each test creates all tables.
fn fast_folder() -> PathBuf {
    let (memory, needed) = MEMORY;
    let df = Command::new("df")
        .args(["--output=avail", "-B1", memory])
        .output();
    let free = df.ok().and_then(|df| {
        let said = String::from_utf8(df.stdout).ok()?;
        said.lines().last()?.trim().parse::<u64>().ok()
    });
    match free {
        Some(free) if free >= needed => memory.into(),
        _ => std::env::temp_dir(),
    }
}

/// A folder that the user of a server can write. PostgreSQL and MariaDB refuse to run as root.
fn folder_of(user: Option<&str>, inside: &Path) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir_in(inside)?;
    if let Some(user) = user {
        run(Command::new("chown").arg(user).arg(folder.path()))?;
    }
    Ok(folder)
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A PostgreSQL. It is stopped when dropped.
pub(crate) struct Postgres {
    pub(crate) url: String,
    programs: PathBuf,
    user: Option<&'static str>,
    folder: TempDir,
}

impl Postgres {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let user = packages::is_root()?.then_some("postgres");
        let port = free_port()?;
        let postgres = Self {
            url: format!("postgres://test@127.0.0.1:{port}/postgres"),
            programs: postgres_folder()?,
            user,
            folder: folder_of(user, &std::env::temp_dir())?,
        };
        let data = postgres.folder.path().join("data");
        // By the rules of a language, as most databases out there: names are then not ordered by
        // their code points.
        run(postgres
            .program("initdb")
            .args([
                "--username=test",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-sync",
            ])
            .args([
                "--locale=C.UTF-8",
                "--locale-provider=icu",
                "--icu-locale=en-US",
            ])
            .arg("--pgdata")
            .arg(&data)
            .stdout(Stdio::null()))?;
        let folder = postgres.folder.path().display();
        // What a power cut would lose is nothing to a test.
        let options = format!(
            "-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=500 -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off"
        );
        run(postgres
            .program("pg_ctl")
            .args(["start", "--wait", "--options", &options])
            .arg("--log")
            .arg(postgres.folder.path().join("log"))
            .arg("--pgdata")
            .arg(&data)
            .stdout(Stdio::null()))?;
        Ok(postgres)
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let Some(user) = self.user else {
            return Command::new(program);
        };
        let mut command = Command::new("runuser");
        command.args(["-u", user, "--"]).arg(program);
        // Where it may not be, it complains.
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"]);
        stop.arg(self.folder.path().join("data")).status().ok();
    }
}

/// Where Debian keeps the programs of the newest version, which are on nobody's path.
fn postgres_folder() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").context("PostgreSQL is missing")?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let newest = folders
        .filter(|folder| folder.join("initdb").exists())
        .max();
    newest.context("PostgreSQL is missing")
}

/// A MariaDB. It is stopped when dropped.
pub(crate) struct MariaDb {
    pub(crate) url: String,
    server: Child,
    folder: TempDir,
}

impl MariaDb {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let user = packages::is_root()?.then_some("mysql");
        let folder = folder_of(user, &fast_folder())?;
        let data = format!("--datadir={}", folder.path().join("data").display());
        let as_user = user.map(|user| format!("--user={user}"));
        let mut install = Command::new("mariadb-install-db");
        install.arg("--no-defaults").args(&as_user).arg(&data);
        install.arg("--auth-root-authentication-method=normal");
        run(install.stdout(Stdio::null()))?;

        let port = free_port()?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let mut command = Command::new("mariadbd");
        command.arg("--no-defaults").args(&as_user).arg(&data);
        command
            .arg(format!("--port={port}"))
            .arg(format!(
                "--socket={}",
                folder.path().join("socket").display()
            ))
            .args(["--bind-address=127.0.0.1", "--max-connections=500"])
            // As some are set up; we ask for more.
            .arg("--transaction-isolation=READ-COMMITTED")
            // What a power cut would lose is nothing to a test.
            .args(["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"])
            // Takes less room, and is as fast.
            .arg("--innodb-file-per-table=0")
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut mariadb = Self {
            url: format!("mysql://root@127.0.0.1:{port}/mysql"),
            server: command.spawn().context("cannot start mariadbd")?,
            folder,
        };
        wait_for(&mut mariadb.server, port).with_context(|| {
            let log = log_of(mariadb.folder.path());
            format!("MariaDB does not start: {log}")
        })?;
        Ok(mariadb)
    }
}

/// Waits until a server answers at this port.
fn wait_for(server: &mut Child, port: u16) -> anyhow::Result<()> {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = server.try_wait()? {
            bail!("it ended: {status}");
        }
        anyhow::ensure!(started.elapsed() < PATIENCE, "it does not answer");
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
