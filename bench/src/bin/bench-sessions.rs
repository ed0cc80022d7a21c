//! What many sessions cost, and how soon an ended one is refused by another node. Prints rows of
//! a table; `cargo xtask bench-sessions` runs it on each store.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{COOKIE, HOST, SET_COOKIE, USER_AGENT};
use axum::routing::{get, post};
use clap::Parser;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use tower::ServiceExt;
use vestibule::accounts::{self, Account, Accounts, Registration};
use vestibule::clock::Clock;
use vestibule::crypto::secret::Secret;
use vestibule::database::Database;
use vestibule::password::{PasswordAlgorithm, Passwords};
use vestibule::session::{SessionExpiry, SessionStore};
use vestibule::stores::{RedisStore, SqlStore, sql};
use vestibule::{CurrentUser, Login, LoginManager};

#[derive(Parser)]
struct Arguments {
    /// What the rows are called by.
    #[arg(long)]
    name: String,
    /// An empty database.
    #[arg(long)]
    database_url: String,
    /// An empty Redis, where sessions are not in the database.
    #[arg(long)]
    session_store: Option<String>,
    /// How many sessions are many. None for the time until an ended one is refused alone.
    #[arg(long, default_value_t = 0)]
    sessions: u64,
}

/// How many sessions there are at first: those whose tokens are known.
const FEW: usize = 10_000;
/// How many expired sessions are swept.
const EXPIRED: u64 = 1_000_000;
/// How many sessions are ended.
const REVOKED: usize = 1_000;
const BATCH: u64 = 250_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let database = Database::connect(&arguments.database_url).await?;
    database.migrate(accounts::MIGRATIONS).await?;
    database.migrate(sql::MIGRATIONS).await?;
    match &arguments.session_store {
        Some(url) => {
            let store = RedisStore::connect(url).await?;
            let elsewhere = RedisStore::connect(url).await?;
            let here = App::new(&database, store).await?;
            revocations(&arguments.name, &here, elsewhere).await
        }
        None => {
            let here = App::new(&database, SqlStore::new(database.clone())).await?;
            let other = Database::connect(&arguments.database_url).await?;
            revocations(&arguments.name, &here, SqlStore::new(other)).await?;
            if arguments.sessions > 0 {
                let connection = sea_orm::Database::connect(&arguments.database_url).await?;
                many_sessions(&arguments, &here, &connection).await?;
            }
            Ok(())
        }
    }
}

/// An app, and what is needed to make another one like it.
struct App<S> {
    router: Router,
    store: S,
    accounts: Accounts,
    alice: Account,
}

impl<S: SessionStore + Clone> App<S> {
    async fn new(database: &Database, store: S) -> anyhow::Result<Self> {
        let passwords = Passwords::new(PasswordAlgorithm::default())?;
        let accounts = Accounts::new(database.clone(), passwords, store.clone());
        let password: Secret = "correct horse battery staple".to_owned().into();
        let registered = accounts.register(&"alice".parse()?, &password).await?;
        let Registration::Registered(alice) = registered else {
            anyhow::bail!("alice is there already");
        };
        let router = router(
            &accounts,
            &alice,
            store.clone(),
            LoginManager::<Account>::CACHED_SESSIONS,
        )?;
        Ok(Self {
            router,
            store,
            accounts,
            alice,
        })
    }

    /// The same app, which keeps so many sessions between requests.
    fn keeping(&self, sessions: usize) -> anyhow::Result<Router> {
        router(&self.accounts, &self.alice, self.store.clone(), sessions)
    }

    /// Logs in that often. Returns the cookies.
    async fn log_in(&self, times: usize) -> anyhow::Result<Vec<String>> {
        let mut cookies = Vec::with_capacity(times);
        for _ in 0..times {
            let mut request = request("/in", "")?;
            *request.method_mut() = axum::http::Method::POST;
            let answer = self.router.clone().oneshot(request).await?;
            let cookie = answer.headers().get(SET_COOKIE).context("a cookie")?;
            let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
            cookies.push(cookie.to_owned());
        }
        Ok(cookies)
    }
}

fn router(
    accounts: &Accounts,
    alice: &Account,
    store: impl SessionStore,
    cached: usize,
) -> anyhow::Result<Router> {
    let manager = LoginManager::new(accounts.clone(), store)
        .public_url("https://bench.invalid".parse()?)
        .cached_sessions(cached);
    let alice = alice.clone();
    let log_in = move |login: Login<Account>| {
        let alice = alice.clone();
        async move { login.log_in(&alice).await.map(drop) }
    };
    let user = async |user: CurrentUser<Account>| user.name().to_owned();
    Ok(Router::new()
        .route("/user", get(user))
        .route("/in", post(log_in))
        .layer(manager.layer())
        // As it is served: until then axum makes each route anew for each request.
        .with_state(()))
}

fn request(path: &str, cookie: &str) -> anyhow::Result<Request> {
    let request = Request::builder()
        .uri(path)
        .header(HOST, "bench.invalid")
        .header(USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)")
        .header("sec-fetch-site", "same-origin")
        .header(COOKIE, cookie)
        .body(Body::empty());
    Ok(request?)
}

async fn is_in(router: &Router, cookie: &str) -> anyhow::Result<bool> {
    let answer = router.clone().oneshot(request("/user", cookie)?).await?;
    match answer.status() {
        StatusCode::OK => Ok(true),
        StatusCode::UNAUTHORIZED => Ok(false),
        status => anyhow::bail!("answered {status}"),
    }
}

/// How long one request takes, each cookie once.
async fn look_ups(router: &Router, cookies: &[String]) -> anyhow::Result<Times> {
    let mut times = Vec::with_capacity(cookies.len());
    for cookie in cookies {
        let started = Instant::now();
        anyhow::ensure!(is_in(router, cookie).await?, "alice is logged in");
        times.push(started.elapsed());
    }
    Ok(Times::of(times))
}

/// Durations, the shortest first.
struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    fn percentile(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        let at = self.0.get(last * percent / 100);
        at.copied().unwrap_or_default()
    }

    fn shown(&self) -> String {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1_000.0;
        format!("{:.3} ms | {:.3} ms | {:.3} ms", ms(50), ms(99), ms(100))
    }
}

fn row(name: &str, what: &str, times: &Times, note: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    Ok(writeln!(
        out,
        "| {name}: {what} | {} | {note} |",
        times.shown()
    )?)
}

fn met(is_met: bool) -> &'static str {
    match is_met {
        true => "met",
        false => "missed",
    }
}

/// The time from the end of a call that ends a session on one node until the other, which has it
/// in its cache, refuses it.
async fn revocations<S: SessionStore + Clone>(
    name: &str,
    here: &App<S>,
    elsewhere: S,
) -> anyhow::Result<()> {
    let mut times = Vec::with_capacity(REVOKED);
    for _ in 0..REVOKED {
        let cookies = here.log_in(1).await?;
        let cookie = cookies.first().context("a cookie")?;
        while !here.store.feed().is_some_and(|feed| feed.is_up()) {
            anyhow::ensure!(is_in(&here.router, cookie).await?, "alice is logged in");
            pause(Duration::from_millis(5)).await;
        }
        anyhow::ensure!(is_in(&here.router, cookie).await?, "alice is logged in");
        let listed = elsewhere.list_user("", &here.alice.id, None, 1_000).await?;
        let session = listed.first().context("her session")?;
        elsewhere.revoke(session.id).await?;
        let ended = Instant::now();
        while is_in(&here.router, cookie).await? {
            pause(Duration::from_micros(200)).await;
        }
        times.push(ended.elapsed());
    }
    let times = Times::of(times);
    let p99 = times.percentile(99);
    let is_met = met(p99 <= Duration::from_millis(100));
    let what = format!("{REVOKED} sessions ended, until the other node refuses");
    row(name, &what, &times, &format!("goal: p99 100 ms, {is_met}"))
}

async fn many_sessions(
    arguments: &Arguments,
    here: &App<SqlStore>,
    connection: &DatabaseConnection,
) -> anyhow::Result<()> {
    let name = &arguments.name;
    let cookies = here.log_in(FEW).await?;
    let uncached = here.keeping(0)?;
    look_ups(&uncached, &cookies).await?;
    let few = look_ups(&uncached, &cookies).await?;
    row(
        name,
        &format!("{FEW} sessions, not from the cache"),
        &few,
        "",
    )?;

    let before = resident()?;
    let kept = here.keeping(FEW)?;
    look_ups(&kept, &cookies).await?;
    let bytes = resident()?.saturating_sub(before) / FEW as u64;
    let cached = look_ups(&kept, &cookies).await?;
    let note = format!("{bytes} bytes of memory for each");
    row(
        name,
        &format!("{FEW} sessions, from the cache"),
        &cached,
        &note,
    )?;

    fill(connection, arguments.sessions, false).await?;
    settle(connection).await?;
    just_seen(connection, &here.alice).await?;
    look_ups(&uncached, &cookies).await?;
    let many = look_ups(&uncached, &cookies).await?;
    let ratio = many.percentile(50).as_secs_f64() / few.percentile(50).as_secs_f64();
    let is_met = met(ratio <= 1.3);
    let note = format!("median {ratio:.2} of that of {FEW}; goal 1.3, {is_met}");
    let what = format!("{} sessions, not from the cache", arguments.sessions);
    row(name, &what, &many, &note)?;

    fill(connection, EXPIRED, true).await?;
    settle(connection).await?;
    let cookie = cookies.first().context("a cookie")?;
    for (router, what) in [(kept, "from the cache"), (uncached, "not from the cache")] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/user", listener.local_addr()?);
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        just_seen(connection, &here.alice).await?;
        let quiet = wrk(&url, cookie).await?;
        just_seen(connection, &here.alice).await?;
        let (expiry, now) = (SessionExpiry::default(), Clock::system().now());
        let store = here.store.clone();
        let sweep = tokio::spawn(async move { store.sweep("", expiry, now).await });
        let swept = wrk(&url, cookie).await?;
        // What is left is for the next round.
        anyhow::ensure!(!sweep.is_finished(), "the sweep was over too soon");
        sweep.abort();
        server.abort();
        let ratio = swept / quiet;
        let is_met = met(ratio <= 2.0);
        let note = format!("{ratio:.2} of {quiet:.2} ms without; goal 2, {is_met}");
        let mut out = std::io::stdout();
        writeln!(
            out,
            "| {name}: protected page under load, {what}, while {EXPIRED} are swept | \
             | {swept:.2} ms | | {note} |"
        )?;
    }
    let started = Instant::now();
    let (expiry, now) = (SessionExpiry::default(), Clock::system().now());
    let left = here.store.sweep("", expiry, now).await?;
    let rate = left as f64 / started.elapsed().as_secs_f64();
    let mut out = std::io::stdout();
    Ok(writeln!(
        out,
        "| {name}: sweep, alone | | | | {rate:.0} sessions/s |"
    )?)
}

/// The 99th percentile of the time that a page takes under load, in milliseconds.
async fn wrk(url: &str, cookie: &str) -> anyhow::Result<f64> {
    let mut wrk = Command::new("wrk");
    wrk.args([
        "--threads=1",
        "--connections=32",
        "--duration=10s",
        "--latency",
    ]);
    wrk.args(["--header", &format!("Cookie: {cookie}"), url]);
    let output = tokio::task::spawn_blocking(move || wrk.output()).await??;
    let text = String::from_utf8(output.stdout)?;
    anyhow::ensure!(!text.contains("Non-2xx"), "no page: {text}");
    let mut lines = text.lines().map(str::trim);
    let p99 = lines.find_map(|line| line.strip_prefix("99%"));
    let p99 = p99.with_context(|| format!("no times: {text}"))?.trim();
    let (number, factor) = match (p99.strip_suffix("us"), p99.strip_suffix("ms")) {
        (Some(number), _) => (number, 0.001),
        (_, Some(number)) => (number, 1.0),
        _ => anyhow::bail!("wrk measured {p99}"),
    };
    Ok(number.parse::<f64>()? * factor)
}

/// Adds sessions of other users, as they are after a log-in each.
async fn fill(connection: &DatabaseConnection, count: u64, expired: bool) -> anyhow::Result<()> {
    let now = Clock::system().now().as_millis();
    let day = 24 * 60 * 60 * 1_000;
    let ends = if expired { now - day } else { now + day };
    let is_postgres = connection.get_database_backend() == DbBackend::Postgres;
    let (id, public_id) = match is_postgres {
        true => (
            format!("sha256(('{expired}' || i)::bytea)"),
            format!("left(md5('{expired}' || i), 24)"),
        ),
        false => (
            "randomblob(32)".to_owned(),
            "lower(hex(randomblob(12)))".to_owned(),
        ),
    };
    let mut from = 0;
    while from < count {
        let to = (from + BATCH).min(count);
        let (with, numbers) = match is_postgres {
            true => (
                String::new(),
                format!("generate_series({from}, {to} - 1) AS n(i)"),
            ),
            false => (
                format!(
                    "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n \
                     WHERE i + 1 < {to}) "
                ),
                "n".to_owned(),
            ),
        };
        let insert = format!(
            "{with}INSERT INTO sessions (id, public_id, realm, user_id, user_epoch, created_at, \
             authenticated_at, is_fresh, user_agent, address, last_seen_at, expires_at) \
             SELECT {id}, {public_id}, '', 'user ' || (i % 1000000), 0, {now}, {now}, TRUE, \
             'Mozilla/5.0 (X11; Linux x86_64; rv:140.0)', '203.0.113.7', {now} + i % 1000, \
             {ends} + i % 1000 FROM {numbers}"
        );
        connection.execute_unprepared(&insert).await?;
        from = to;
    }
    Ok(())
}

/// What a database does by itself after a while.
async fn settle(connection: &DatabaseConnection) -> anyhow::Result<()> {
    let statement = match connection.get_database_backend() {
        DbBackend::Postgres => "VACUUM ANALYZE sessions",
        _ => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    connection.execute_unprepared(statement).await?;
    Ok(())
}

/// Her sessions need not be touched for a minute.
async fn just_seen(connection: &DatabaseConnection, alice: &Account) -> anyhow::Result<()> {
    let now = Clock::system().now().as_millis();
    let update = format!(
        "UPDATE sessions SET last_seen_at = {now} WHERE user_id = '{}'",
        alice.id
    );
    connection.execute_unprepared(&update).await?;
    Ok(())
}

/// The memory of this process, in bytes.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("VmRSS")?.parse::<u64>()? * 1_024)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is no test, and waits for others"
)]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
