//! The routes of Flask-Login's own test fixture, so that the same requests can be sent to it
//! and to Flask-Login, and the answers compared. `docs/src/flask-login.md` says what differs,
//! and why.
//!
//! `cargo run --example parity -- --listen 127.0.0.1:5001`
//!
//! `/login?id=ID` logs in, with `&remember=1`, `&seconds=N`, `&force=1`, `&fresh=0`;
//! `/delete-user?id=ID` and `/deactivate?id=ID` act on users, of whom there are 1, 2, 3 and 佐藤.
//!
//! It is no example to follow: here GET logs people in and changes things, without a password,
//! because the fixture's does.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use http::Method;
use http::request::Parts;
use tracing_subscriber::filter::LevelFilter;
use vestibule::crypto::{key::SecretKey, random::Random};
use vestibule::login::{
    LoginOutcome, LoginRejection, LoginViews, SessionProtection, User, UserId,
    fresh_login_required, login_required,
};
use vestibule::session::RememberCookie;
use vestibule::stores::MemoryStore;
use vestibule::{CurrentUser, Error, Login, LoginManager};

const USAGE: &str = "\
cargo run --example parity -- [OPTIONS]

  --listen ADDRESS:PORT         default: 127.0.0.1:5001
  --login-view PATH             default: none, and 401
  --refresh-view PATH           default: none, and 401
  --session-protection off|basic|strong
                                default: basic
  --next-in-session             keep `next` in a cookie, not in the address
  --remember-seconds N          default: 30 days
  --refresh-each-request        count the remember cookie's duration anew at each request
  --request-loader              ?user_id=ID says who it is
  --secret-key KEY              signs cookies; default: a random one";

/// The settings, as the command line has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) login_view: Option<String>,
    pub(crate) refresh_view: Option<String>,
    pub(crate) session_protection: SessionProtection,
    pub(crate) next_in_session: bool,
    pub(crate) remember: Option<Duration>,
    pub(crate) refresh_each_request: bool,
    pub(crate) request_loader: bool,
    pub(crate) secret_key: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Player {
    id: String,
    name: String,
    is_active: bool,
}

impl User for Player {
    fn id(&self) -> UserId {
        self.id.as_str().into()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }
}

#[derive(Clone)]
struct Players(Arc<Mutex<HashMap<String, Player>>>);

impl Players {
    fn of_the_fixture() -> Self {
        let players = [
            ("1", "Notch", true),
            ("2", "Steve", true),
            ("3", "Creeper", false),
            ("佐藤", "Müller", true),
        ]
        .map(|(id, name, is_active)| {
            let (id, name) = (id.to_owned(), name.to_owned());
            (
                id.clone(),
                Player {
                    id,
                    name,
                    is_active,
                },
            )
        });
        Self(Arc::new(Mutex::new(players.into())))
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Player>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, id: &str) -> Option<Player> {
        self.with(|players| players.get(id).cloned())
    }
}

type Arguments = Query<HashMap<String, String>>;

fn python(fact: bool) -> &'static str {
    if fact { "True" } else { "False" }
}

async fn username(user: Option<CurrentUser<Player>>) -> String {
    user.map_or_else(|| "Anonymous".to_owned(), |user| user.name.clone())
}

async fn is_fresh(user: Option<CurrentUser<Player>>) -> &'static str {
    python(user.is_some_and(|user| user.is_fresh()))
}

async fn is_remembered(user: Option<CurrentUser<Player>>) -> &'static str {
    python(user.is_some_and(|user| user.is_remembered()))
}

async fn log_in(
    State(players): State<Players>,
    Query(arguments): Arguments,
    login: Login<Player>,
) -> Result<&'static str, Error> {
    let Some(id) = arguments.get("id") else {
        return Ok("login page");
    };
    let Some(player) = players.find(id) else {
        return Ok(python(false));
    };
    let is = |name| arguments.get(name).is_some_and(|value| value == "1");
    let mut log_in = login.log_in(&player);
    if is("remember") {
        let seconds = arguments.get("seconds");
        log_in = match seconds.and_then(|seconds| seconds.parse().ok()) {
            Some(seconds) => log_in.remember_for(Duration::from_secs(seconds)),
            None => log_in.remember(),
        };
    }
    if is("force") {
        log_in = log_in.even_if_inactive();
    }
    if arguments.get("fresh").is_some_and(|value| value == "0") {
        log_in = log_in.not_fresh();
    }
    Ok(python(log_in.await? == LoginOutcome::LoggedIn))
}

async fn log_out(login: Login<Player>) -> Result<&'static str, Error> {
    login.log_out().await?;
    Ok(python(true))
}

async fn confirm_login(login: Login<Player>) -> Result<&'static str, Error> {
    // True for nobody too, as Flask-Login has it.
    let _ = login.confirm().await?;
    Ok(python(true))
}

async fn secret(login: Login<Player>) -> LoginRejection {
    login.unauthorized().await
}

async fn needs_refresh(login: Login<Player>) -> LoginRejection {
    login.needs_refresh().await
}

async fn messages(login: Login<Player>) -> String {
    let messages = login.take_messages().into_iter();
    let lines = messages.map(|flash| format!("{}: {}", flash.category, flash.message));
    lines.collect::<Vec<_>>().join("\n")
}

async fn kept_next(login: Login<Player>) -> String {
    login.next().or("None").to_owned()
}

async fn delete_user(State(players): State<Players>, Query(arguments): Arguments) -> &'static str {
    let id = arguments.get("id").map_or("", String::as_str);
    python(players.with(|players| players.remove(id)).is_some())
}

async fn deactivate(State(players): State<Players>, Query(arguments): Arguments) -> &'static str {
    let id = arguments.get("id").map_or("", String::as_str);
    python(players.with(|players| {
        let player = players.get_mut(id);
        player.map(|player| player.is_active = false).is_some()
    }))
}

async fn granted() -> &'static str {
    "Access Granted"
}

/// The app, for a site at this address.
pub(crate) fn app(public_url: &str, options: &Options) -> Result<Router, Error> {
    app_with(public_url, options, |manager| manager)
}

/// The app, with settings of the login manager that the options do not have.
pub(crate) fn app_with(
    public_url: &str,
    options: &Options,
    change: impl FnOnce(LoginManager<Player>) -> LoginManager<Player>,
) -> Result<Router, Error> {
    let players = Players::of_the_fixture();
    let key = match &options.secret_key {
        // A key of any length is a key here, as it is in Flask.
        Some(key) => SecretKey::new(vestibule::crypto::digest::sha256(key.as_bytes()))?,
        None => SecretKey::generate(&Random::system())?,
    };
    let loader = {
        let players = players.clone();
        async move |id: UserId| Ok::<_, Infallible>(players.find(id.as_str()))
    };
    let mut remember = RememberCookie::default();
    remember.refresh_each_request = options.refresh_each_request;
    if let Some(duration) = options.remember {
        remember.duration = duration;
    }
    let mut manager = LoginManager::new(loader, MemoryStore::new())
        .public_url(public_url.parse()?)
        .messages(&key)
        .remember(remember)?
        .session_protection(options.session_protection);
    if let Some(view) = &options.login_view {
        manager = manager.login_view(view);
    }
    if let Some(view) = &options.refresh_view {
        manager = manager.refresh_view(view);
    }
    if options.next_in_session {
        manager = manager.next_in_cookie(&key);
    }
    if options.request_loader {
        let players = players.clone();
        manager = manager.request_loader(move |request: Parts| {
            let id = Query::<HashMap<String, String>>::try_from_uri(&request.uri)
                .ok()
                .and_then(|query| query.get("user_id").cloned());
            let player = id.and_then(|id| players.find(&id));
            async move { Ok::<_, Infallible>(player) }
        });
    }

    // Flask answers OPTIONS itself, which is why Flask-Login lets it pass.
    let protected = || login_required::<Player>().exempt_methods([Method::OPTIONS]);
    let area = |login_view| {
        let views = LoginViews::new();
        let views = match options.login_view {
            Some(_) => views.login_view(login_view),
            None => views,
        };
        Router::new()
            .route("/protected", get(granted))
            .route_layer(protected())
            .layer(views)
    };
    let page = |name: &'static str| get(move || async move { name });
    let mut router = Router::new()
        .route("/protected", get(granted))
        .route("/method", get(granted).post(granted).options(|| async {}))
        .route_layer(protected())
        .merge(
            Router::new()
                .route("/fresh", get(granted))
                .route_layer(fresh_login_required::<Player>().exempt_methods([Method::OPTIONS])),
        )
        .nest("/first", area("/first_login"))
        .nest("/second", area("/second_login"))
        .route("/", page("The index"))
        .route("/username", get(username))
        .route("/is-fresh", get(is_fresh))
        .route("/is-remembered", get(is_remembered))
        .route("/login", get(log_in))
        .route("/logout", get(log_out))
        .route("/confirm-login", get(confirm_login))
        .route("/secret", get(secret).post(secret))
        .route("/needs-refresh", get(needs_refresh))
        .route("/messages", get(messages))
        .route("/next", get(kept_next))
        .route("/delete-user", get(delete_user))
        .route("/deactivate", get(deactivate))
        .route("/first_login", page("first login page"))
        .route("/second_login", page("second login page"));
    // The pages that visitors are sent to, where they are none of the above.
    let views = [
        (options.login_view.as_deref(), "login page"),
        (options.refresh_view.as_deref(), "refresh page"),
    ];
    let mut taken = vec![
        "/",
        "/login",
        "/first_login",
        "/second_login",
        "/secret",
        "/protected",
    ];
    for (view, text) in views {
        if let Some(view) = view.filter(|view| view.starts_with('/') && !taken.contains(view)) {
            router = router.route(view, page(text));
            taken.push(view);
        }
    }
    Ok(router.with_state(players).layer(change(manager).layer()))
}

pub(crate) fn options(
    arguments: impl Iterator<Item = String>,
) -> Result<(SocketAddr, Options), String> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 5001));
    let mut options = Options::default();
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
        let wrong = |value: &str| format!("{name} cannot be `{value}`");
        match name.as_str() {
            "--listen" => {
                let value = value()?;
                listen = value.parse().map_err(|_| wrong(&value))?;
            }
            "--login-view" => options.login_view = Some(value()?),
            "--refresh-view" => options.refresh_view = Some(value()?),
            "--session-protection" => {
                options.session_protection = match value()?.as_str() {
                    "off" => SessionProtection::Off,
                    "basic" => SessionProtection::Basic,
                    "strong" => SessionProtection::Strong,
                    other => return Err(wrong(other)),
                };
            }
            "--next-in-session" => options.next_in_session = true,
            "--remember-seconds" => {
                let value = value()?;
                let seconds = value.parse().map_err(|_| wrong(&value))?;
                options.remember = Some(Duration::from_secs(seconds));
            }
            "--refresh-each-request" => options.refresh_each_request = true,
            "--request-loader" => options.request_loader = true,
            "--secret-key" => options.secret_key = Some(value()?),
            "--help" => return Err("The routes of Flask-Login's test fixture.".to_owned()),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok((listen, options))
}

#[tokio::main]
#[allow(
    dead_code,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests take the app alone"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let (listen, options) = match options(std::env::args().skip(1)) {
        Ok(parsed) => parsed,
        Err(mistake) => {
            eprintln!("{mistake}\n\n{USAGE}");
            std::process::exit(2);
        }
    };
    let listener = tokio::net::TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let app = app(&format!("http://{address}"), &options)?;
    println!("Open http://{address}");
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await?;
    Ok(())
}
