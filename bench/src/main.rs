//! An app on the library, for the benchmark: its users may register, log in, see their page and
//! log out. Beside it in the same process is a bare axum route to compare with.
//!
//! The peers have the same routes: `bench/axum-login`, `bench/flask`.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Form, Router};
use clap::{Parser, ValueEnum};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde::Deserialize;
use vestibule::access::{Guard, Rule};
use vestibule::accounts::{self, Account, Accounts, Registration};
use vestibule::credentials::throttle::Throttle;
use vestibule::credentials::{Check, Credentials, Step, Username, Users};
use vestibule::database::Database;
use vestibule::password::{PasswordAlgorithm, Passwords};
use vestibule::session::SessionStore;
use vestibule::stores::{RedisStore, SqlCounters, SqlStore, sql};
use vestibule::web::PublicUrl;
use vestibule::{Allowed, CurrentUser, Error, Login, LoginManager};

/// Vestibule under load.
#[derive(Debug, Parser)]
struct Arguments {
    /// Address and port to listen on
    #[arg(long)]
    listen: SocketAddr,
    /// Database of users and sessions
    #[arg(long, default_value = "sqlite://bench.db?mode=rwc")]
    database_url: String,
    /// Redis for sessions: redis://HOST:PORT
    #[arg(long)]
    session_store: Option<String>,
    /// Where wrong passwords are counted
    #[arg(long, default_value = "memory")]
    throttle: Counting,
    /// Say in `Server-Timing` how long each answer hashed; for one client at a time
    #[arg(long)]
    server_timing: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Counting {
    Off,
    Memory,
    Sql,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
    let public_url = format!("http://{}", listener.local_addr()?);
    let database = Database::connect(&arguments.database_url).await?;
    database.migrate(accounts::MIGRATIONS).await?;
    database.migrate(sql::MIGRATIONS).await?;
    let throttle = match arguments.throttle {
        Counting::Off => Throttle::off(),
        Counting::Memory => Throttle::in_memory(),
        Counting::Sql => {
            database.migrate(sql::COUNTER_MIGRATIONS).await?;
            Throttle::new(SqlCounters::new(database.clone()))
        }
    };
    let at = public_url.parse()?;
    let mut app = match &arguments.session_store {
        Some(url) => app(database, RedisStore::connect(url).await?, throttle, at)?,
        None => app(database.clone(), SqlStore::new(database), throttle, at)?,
    };

    if arguments.server_timing {
        let recorder = DebuggingRecorder::new();
        let recorded = recorder.snapshotter();
        recorder.install()?;
        app = app.layer(middleware::from_fn_with_state(recorded, server_timing));
    }

    writeln!(std::io::stdout(), "Open {public_url}")?;
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, app).await?;
    Ok(())
}

/// The app with its sessions in this store.
fn app(
    database: Database,
    sessions: impl SessionStore + Clone,
    throttle: Throttle,
    public_url: PublicUrl,
) -> Result<Router, Error> {
    let passwords = Passwords::new(PasswordAlgorithm::default())?;
    let accounts = Accounts::new(database, passwords.clone(), sessions.clone());
    let credentials = Credentials::new(Users::new(accounts.clone()), passwords, sessions.clone());
    let credentials = credentials.throttle(throttle);
    let manager = LoginManager::new(accounts.clone(), sessions).public_url(public_url);
    Ok(Router::new()
        .route("/register", post(register))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/welcome", get(welcome))
        .route("/guarded", get(guarded))
        .route("/public", get(hello))
        .with_state(Shared(Arc::new((accounts, credentials))))
        .layer(manager.layer())
        // After the layer, and so outside of it.
        .route("/plain", get(hello)))
}

/// What the user whom the benchmark registers sees, for everybody.
async fn hello() -> Html<String> {
    page("world")
}

/// Written anew for each request, with the login layer and without it.
fn page(username: &str) -> Html<String> {
    Html(format!("<h1>Welcome {username}</h1>"))
}

/// Says what the answer's hash took, by the library's metrics.
async fn server_timing(
    State(recorded): State<Snapshotter>,
    request: Request,
    next: Next,
) -> impl IntoResponse {
    let answer = next.run(request).await;
    let mut hashing = 0.0;
    for (key, _, _, value) in recorded.snapshot().into_vec() {
        if key.key().name() == "vestibule_hashing_seconds"
            && let DebugValue::Histogram(values) = value
        {
            hashing += values.into_iter().map(f64::from).sum::<f64>();
        }
    }
    let timing = format!("hash;dur={:.3}", hashing * 1_000.0);
    ([("server-timing", timing)], answer)
}

/// Behind one pointer, as axum clones a router's state for each request.
#[derive(Clone)]
struct Shared(Arc<(Accounts, Credentials<Account>)>);

#[derive(Deserialize)]
struct LoginForm {
    username: String,
    password: String,
}

async fn register(
    State(Shared(shared)): State<Shared>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    let Ok(username) = form.username.parse::<Username>() else {
        return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response());
    };
    let registration = shared.0.register(&username, &form.password.into()).await?;
    Ok(match registration {
        Registration::Registered(_) => StatusCode::CREATED.into_response(),
        _ => StatusCode::CONFLICT.into_response(),
    })
}

async fn log_in(
    State(Shared(shared)): State<Shared>,
    login: Login<Account>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    let (password, credentials) = (form.password.into(), &shared.1);
    let check = credentials.check_password(&login, &form.username, &password);
    if let Check::Proved(proof) = check.await?
        && let Step::LoggedIn { .. } = credentials.proceed(&login, proof).await?
    {
        return Ok(Redirect::to("/welcome").into_response());
    }
    Ok(StatusCode::UNAUTHORIZED.into_response())
}

async fn log_out(login: Login<Account>) -> Result<Redirect, Error> {
    login.log_out().await?;
    Ok(Redirect::to("/public"))
}

async fn welcome(user: CurrentUser<Account>) -> Html<String> {
    page(user.name())
}

/// As `welcome`, behind a guard that everybody who is logged in passes in the end.
async fn guarded(user: Allowed<Anybody>) -> Html<String> {
    page(user.name())
}

struct Anybody;

impl Guard for Anybody {
    type User = Account;
    type Object = ();
    const RULE: Rule = Rule::AnyOf(&[Rule::Role("admin"), Rule::Permission("a.b"), Rule::Login]);
}
