//! How long a request takes over a bare axum route, in this process and without a socket, and how
//! long the look at a new password. What a request allocates is counted by a test of the library,
//! `tests/allocations.rs`.

use std::io::Write;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use axum::response::{Html, Response};
use axum::routing::{get, post};
use tower::{Service, ServiceExt};
use vestibule::accounts::{self, Account, Accounts, Registration};
use vestibule::crypto::secret::Secret;
use vestibule::database::Database;
use vestibule::password::{PasswordAlgorithm, PasswordPolicy, Passwords, password_advice};
use vestibule::session::SessionStore;
use vestibule::stores::{SqlStore, sql};
use vestibule::{CurrentUser, Login, LoginManager};
use vestibule_bench::median;

const REQUESTS: usize = 20_000;
const ROUNDS: usize = 15;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}/bench.db?mode=rwc", folder.path().display());
    let database = Database::connect(&url).await?;
    database.migrate(accounts::MIGRATIONS).await?;
    database.migrate(sql::MIGRATIONS).await?;
    let store = SqlStore::new(database.clone());
    let passwords = Passwords::new(PasswordAlgorithm::default())?;
    let accounts = Accounts::new(database, passwords, store.clone());
    let password: Secret = "correct horse battery staple".to_owned().into();
    let registered = accounts.register(&"alice".parse()?, &password).await?;
    let Registration::Registered(alice) = registered else {
        anyhow::bail!("alice is there already");
    };

    let manager =
        LoginManager::new(accounts, store.clone()).public_url("https://bench.invalid".parse()?);
    let log_in = move |login: Login<Account>| {
        let alice = alice.clone();
        async move { login.log_in(&alice).await.map(drop) }
    };
    let app = Router::new()
        .route("/public", get(bare))
        .route("/user", get(user))
        .route("/in", post(log_in))
        .layer(manager.layer())
        .merge(
            Router::new()
                .route("/layered", get(bare))
                .layer(tower::layer::util::Identity::new()),
        )
        .route("/bare", get(bare))
        // As it is served: until then axum makes each route anew for each request.
        .with_state(());
    let mut login = request("/in", "");
    *login.method_mut() = axum::http::Method::POST;
    let answer = app.clone().oneshot(login).await?;
    let cookie = answer
        .headers()
        .get(SET_COOKIE)
        .map(|cookie| cookie.to_str());
    let cookie = cookie
        .transpose()?
        .and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.map(str::to_owned).unwrap_or_default();
    while !store.feed().is_some_and(|feed| feed.is_up()) {
        let answer = app.clone().oneshot(request("/user", &cookie)).await?;
        anyhow::ensure!(answer.status().is_success(), "{answer:?}");
    }

    // Given paths are put under load alone, for a profiler.
    let given: Vec<_> = std::env::args().skip(1).collect();
    let all = ["/bare", "/layered", "/public", "/user"];
    let paths = all.map(
        |path| match given.is_empty() || given.iter().any(|one| one == path) {
            true => path,
            false => given[0].as_str(),
        },
    );
    let mut times = paths.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (path, times) in paths.iter().zip(&mut times) {
            times.push(cost(&app, path, &cookie).await);
        }
    }
    let medians = times.map(median);
    let mut out = std::io::stdout();
    for (path, time) in paths.iter().zip(medians) {
        let over = time.saturating_sub(medians[0]);
        let (time, over) = (time.as_nanos(), over.as_nanos());
        writeln!(out, "{path}\t{time} ns\tover bare {over} ns")?;
    }
    if given.is_empty() {
        for (what, password) in [
            ("few would think of", "correct horse battery staple"),
            ("many have", "iloveyouforeverandever1987"),
            // Words that are numbers and keys in a row too, put together in many ways.
            ("was made to take long", &("7357".repeat(60) + "ßß")),
        ] {
            let time = policy_cost(password).as_nanos();
            writeln!(out, "policy of a password that {what}\t{time} ns")?;
        }
        let time = advice_cost().as_micros();
        writeln!(out, "advice on the slowest of some passwords\t{time} us")?;
    }
    Ok(())
}

/// What it takes to find out whether a password may be chosen, blocklist and all.
fn policy_cost(password: &str) -> Duration {
    const TIMES: usize = 2_001;
    let (policy, password) = (PasswordPolicy::default(), password.into());
    let words = ["alice", "alice@example.com", "bench.invalid"];
    let times = (0..TIMES).map(|_| {
        let started = Instant::now();
        std::hint::black_box(policy.objection(&password, &words));
        started.elapsed()
    });
    median(times.collect())
}

/// What advice takes at most, on passwords made to take long.
fn advice_cost() -> Duration {
    let parts = [
        "4@8({[<3690!1|$5+7%2",
        "4@b({dd3ff6gh1!|jk7%2z",
        "1|7!$5",
        "qazwsx",
    ];
    let times = parts.map(|part| {
        let password: String = part.chars().cycle().take(32).collect();
        let password = password.into();
        let started = Instant::now();
        std::hint::black_box(password_advice(&password, &["alice"]));
        started.elapsed()
    });
    times.into_iter().max().unwrap_or_default()
}

async fn bare() -> Html<&'static str> {
    Html("<h1>Welcome alice</h1>")
}

async fn user(user: CurrentUser<Account>) -> Html<&'static str> {
    std::hint::black_box(user.name());
    Html("<h1>Welcome alice</h1>")
}

/// The time of one request, with what it takes to make it.
async fn cost(app: &Router, path: &str, cookie: &str) -> Duration {
    let mut app = app.clone();
    let started = Instant::now();
    for _ in 0..REQUESTS {
        let response: Response = match app.call(request(path, cookie)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        assert!(response.status().is_success(), "{path}: {response:?}");
    }
    started.elapsed() / u32::try_from(REQUESTS).unwrap_or(1)
}

/// A request as a browser sends it.
fn request(path: &str, cookie: &str) -> Request {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let request = Request::builder()
        .uri(path)
        .header(HOST, "bench.invalid")
        .header(USER_AGENT, agent)
        .header(ACCEPT, accept)
        .header("sec-fetch-site", "same-origin")
        .header(COOKIE, cookie)
        .body(Body::empty());
    request.unwrap_or_default()
}
