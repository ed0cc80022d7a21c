//! What a second factor adds to a log-in, and what a log-in by passkey takes: of the complete site on
//! SQLite, in this process and without a socket. Passwords are hashed so fast that they do not count,
//! except in the flood.
//!
//! Prints lines of a name, milliseconds, milliseconds of the processors, and statements sent to the
//! database; for the flood, the 99th percentiles of log-ins by passkey without and with it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use sea_orm::ConnectOptions;
use serde_json::{Value, json};
use vestibule::database::Database;
use vestibule::flows::SiteConfig;
use vestibule::password::PasswordAlgorithm;
use vestibule::testing::{PASSWORD, TestApp, TestAuthenticator, TestClient, TestPasskey};
use vestibule_bench::median;

const WARM_UP: usize = 20;
/// Log-ins of each kind.
const LOG_INS: usize = 300;
/// Clients of the flood.
const CLIENTS: usize = 64;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for kind in [Kind::Password, Kind::Code, Kind::Passkey] {
        let folder = tempfile::tempdir()?;
        let timed = database(folder.path()).await?;
        let (ms, cpu_ms) = Users::new(TestApp::on(timed, |_| {}).await)
            .await
            .time(kind)
            .await?;
        let statements = count(kind).await?;
        writeln!(out, "{}\t{ms:.3}\t{cpu_ms:.3}\t{statements}", kind.name())?;
    }
    let (idle, flooded) = flood().await?;
    writeln!(out, "flood\t{idle:.3}\t{flooded:.3}")?;
    Ok(())
}

async fn database(folder: &Path) -> anyhow::Result<Database> {
    let url = format!("sqlite://{}/bench.db?mode=rwc", folder.display());
    Ok(Database::connect(&url).await?)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Password,
    /// A password, and a code of an authenticator app.
    Code,
    Passkey,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Passkey => "passkey",
        }
    }

    /// The user who logs in so.
    fn username(self) -> &'static str {
        match self {
            Self::Password => "alice",
            Self::Code => "bob",
            Self::Passkey => "carol",
        }
    }
}

/// A user for each kind of log-in.
struct Users {
    app: TestApp,
    phone: TestAuthenticator,
    passkey: TestPasskey,
}

impl Users {
    async fn new(app: TestApp) -> Self {
        app.registered(Kind::Password.username()).await;
        let phone = app
            .add_totp(&app.registered(Kind::Code.username()).await)
            .await;
        let mut passkey = TestPasskey::new(1);
        let owner = app.registered(Kind::Passkey.username()).await;
        let options = owner
            .post_json("/account/passkeys/options", &json!({}))
            .await;
        let made = passkey.create(&options.json());
        owner.post_json("/account/passkeys", &made).await;
        Self {
            app,
            phone,
            passkey,
        }
    }

    /// Logs in by a browser that the account does not know.
    async fn log_in(&mut self, kind: Kind) -> anyhow::Result<()> {
        let browser = self.app.browser();
        let answer = match kind {
            Kind::Password | Kind::Code => {
                let fields = json!({ "username": kind.username(), "password": PASSWORD });
                browser.post_json("/login", &fields).await.json()
            }
            Kind::Passkey => by_passkey(&browser, &mut self.passkey).await,
        };
        let answer = match kind {
            Kind::Code => {
                let code = json!({ "code": self.phone.next_code() });
                browser.post_json("/login/factor", &code).await.json()
            }
            _ => answer,
        };
        let name = answer["username"].as_str();
        anyhow::ensure!(name == Some(kind.username()), "{answer}");
        Ok(())
    }

    /// The median time of a log-in, and the time of the processors for one, in milliseconds.
    async fn time(mut self, kind: Kind) -> anyhow::Result<(f64, f64)> {
        for _ in 0..WARM_UP {
            self.log_in(kind).await?;
        }
        let mut times = Vec::new();
        let before = cpu_time()?;
        for _ in 0..LOG_INS {
            let started = Instant::now();
            self.log_in(kind).await?;
            times.push(milliseconds(started.elapsed()));
        }
        let cpu = milliseconds(cpu_time()?.saturating_sub(before));
        Ok((median(times), cpu / LOG_INS as f64))
    }
}

async fn by_passkey(browser: &TestClient, passkey: &mut TestPasskey) -> Value {
    let options = browser
        .post_json("/login/passkey/options", &json!({}))
        .await;
    let shown = passkey.get(&options.json());
    browser.post_json("/login/passkey", &shown).await.json()
}

/// The statements of one log-in. `TestApp` waits for those after the response too.
async fn count(kind: Kind) -> anyhow::Result<usize> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}/bench.db?mode=rwc", folder.path().display());
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(1);
    let mut connection = sea_orm::Database::connect(options).await?;
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    connection.set_metric_callback(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let database = Database::from_connection(connection);
    let mut users = Users::new(TestApp::on(database, |_| {}).await).await;
    let mut counts = Vec::new();
    for _ in 0..WARM_UP {
        let before = count.load(Ordering::SeqCst);
        users.log_in(kind).await?;
        counts.push(count.load(Ordering::SeqCst) - before);
    }
    Ok(median(counts))
}

/// The 99th percentile of log-ins by passkey, without and with a flood of wrong passwords.
async fn flood() -> anyhow::Result<(f64, f64)> {
    let folder = tempfile::tempdir()?;
    let slow = |config: &mut SiteConfig| {
        config.passwords.algorithm = PasswordAlgorithm::default();
        config.throttle.is_on = false;
    };
    let app = TestApp::on(database(folder.path()).await?, slow).await;
    let mut users = Users::new(app.clone()).await;
    let idle = percentile(&mut users).await?;
    let is_on = Arc::new(AtomicBool::new(true));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (browser, is_on) = (app.browser(), is_on.clone());
            tokio::spawn(async move {
                let fields = json!({ "username": format!("nobody{client}"), "password": "wrong" });
                while is_on.load(Ordering::SeqCst) {
                    browser.post_json("/login", &fields).await;
                }
            })
        })
        .collect();
    let flooded = percentile(&mut users).await;
    is_on.store(false, Ordering::SeqCst);
    for client in clients {
        client.await?;
    }
    Ok((idle, flooded?))
}

async fn percentile(users: &mut Users) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..WARM_UP + LOG_INS {
        let started = Instant::now();
        users.log_in(Kind::Passkey).await?;
        times.push(milliseconds(started.elapsed()));
    }
    let mut times = times.split_off(WARM_UP);
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() * 99 / 100])
}

/// What all threads of this process have computed.
fn cpu_time() -> anyhow::Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        // A thread may have ended meanwhile.
        if let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) {
            let time = text.split_whitespace().next().context("schedstat")?;
            nanoseconds += time.parse::<u64>()?;
        }
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
