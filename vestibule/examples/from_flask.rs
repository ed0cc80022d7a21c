//! The log-in of Microblog, the app of a well-known Flask tutorial, moved: its table `user` stays
//! as it is, with the hashes of Werkzeug, and so do the routes and the messages.
//!
//! `cargo run --example from_flask` beside the `app.db` that Flask made and a file `secret_key`.

use axum::extract::{Query, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;
use vestibule::crypto::key::SecretKey;
use vestibule::database::Database;
use vestibule::login::{Epoch, LoginOutcome, Next, User, UserId, UserLoader, login_required};
use vestibule::password::{PasswordHash, Passwords};
use vestibule::sqlx::{self, SqlitePool};
use vestibule::stores::{SqlStore, sql};
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[derive(Clone)]
struct Member {
    id: i64,
    username: String,
    password_hash: Option<PasswordHash>,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.id.into()
    }

    /// Flask's sessions survive a new password. Ours end.
    fn session_epoch(&self) -> Epoch {
        let hash = self.password_hash.as_ref();
        hash.map(Epoch::of).unwrap_or_default()
    }
}

#[derive(Clone)]
struct Members {
    pool: SqlitePool,
    passwords: Passwords,
}

const BY_ID: &str = "SELECT id, username, password_hash FROM user WHERE id = ?";
const BY_NAME: &str = "SELECT id, username, password_hash FROM user WHERE username = ?";

impl Members {
    async fn find(&self, query: &'static str, value: &str) -> Result<Option<Member>, Error> {
        let query = sqlx::query_as::<_, (i64, String, Option<String>)>(query);
        let row = query.bind(value).fetch_optional(&self.pool).await;
        let row = row.map_err(Error::store)?;
        Ok(row.map(|(id, username, hash)| Member {
            id,
            username,
            password_hash: hash.map(PasswordHash::from_stored),
        }))
    }
}

/// `load_user`.
impl UserLoader<Member> for Members {
    async fn load(&self, id: UserId) -> Result<Option<Member>, Error> {
        self.find(BY_ID, id.as_str()).await
    }
}

#[derive(Deserialize)]
struct LoginForm {
    username: String,
    password: String,
    remember_me: Option<String>,
}

#[derive(Deserialize)]
struct CameFrom {
    #[serde(default)]
    next: Next,
}

async fn log_in(
    State(members): State<Members>,
    login: Login<Member>,
    Query(CameFrom { next }): Query<CameFrom>,
    Form(form): Form<LoginForm>,
) -> Result<Redirect, Error> {
    let member = members.find(BY_NAME, &form.username).await?;
    let hash = member
        .as_ref()
        .and_then(|member| member.password_hash.as_ref());
    let is_right = members
        .passwords
        .verify(&form.password.into(), hash)
        .await?;
    if let Some(member) = member.filter(|_| is_right) {
        let log_in = login
            .log_in(&member)
            .remember_if(form.remember_me.is_some());
        if log_in.await? == LoginOutcome::LoggedIn {
            return Ok(Redirect::to(next.or("/index")));
        }
    }
    login.flash("message", "Invalid username or password")?;
    Ok(Redirect::to("/auth/login"))
}

async fn log_out(login: Login<Member>) -> Result<Redirect, Error> {
    login.log_out().await?;
    Ok(Redirect::to("/index"))
}

#[derive(Deserialize)]
struct RegistrationForm {
    username: String,
    email: String,
    password: String,
}

async fn register(
    State(members): State<Members>,
    login: Login<Member>,
    Form(form): Form<RegistrationForm>,
) -> Result<Redirect, Error> {
    let hash = members.passwords.hash(&form.password.into()).await?;
    let insert = "INSERT INTO user (username, email, password_hash) VALUES (?, ?, ?)
                  ON CONFLICT DO NOTHING";
    let insert = sqlx::query(insert).bind(form.username).bind(form.email);
    let inserted = insert.bind(hash.as_str()).execute(&members.pool).await;
    if inserted.map_err(Error::store)?.rows_affected() == 0 {
        login.flash(
            "message",
            "Please use a different username or email address.",
        )?;
        return Ok(Redirect::to("/auth/register"));
    }
    login.flash("message", "Congratulations, you are now a registered user!")?;
    Ok(Redirect::to("/auth/login"))
}

/// A page with the messages. A template engine escapes the text for you.
fn page(login: &Login<Member>, body: &str) -> Html<String> {
    let messages = login.take_messages();
    let messages: Vec<_> = messages.iter().map(|flash| &*flash.message).collect();
    Html(format!("<p>{}</p>{body}", messages.join("<br>")))
}

async fn log_in_page(login: Login<Member>) -> Html<String> {
    let form = r#"<form method="post"><input name="username"><input name="password" type="password">
        <input name="remember_me" type="checkbox"><button>Sign In</button></form>"#;
    page(&login, form)
}

async fn register_page(login: Login<Member>) -> Html<String> {
    let form = r#"<form method="post"><input name="username"><input name="email">
        <input name="password" type="password"><button>Register</button></form>"#;
    page(&login, form)
}

async fn index(user: CurrentUser<Member>, login: Login<Member>) -> Html<String> {
    page(&login, &format!("Hi, {}!", user.username))
}

/// The app on a pool with the table `user`, for a site at this address. The key is Flask's
/// `SECRET_KEY`: it signs the messages.
pub(crate) async fn app(
    pool: SqlitePool,
    key: SecretKey,
    public_url: &str,
) -> Result<Router, Error> {
    let database = Database::from_sqlite_pool(pool.clone());
    database.migrate(sql::MIGRATIONS).await?;
    let passwords = Passwords::new(Default::default())?;
    let members = Members { pool, passwords };
    let manager = LoginManager::new(members.clone(), SqlStore::new(database))
        .public_url(public_url.parse()?)
        .login_view("/auth/login")
        .messages(&key);
    Ok(Router::new()
        .route("/index", get(index))
        .layer(login_required::<Member>())
        .route("/auth/login", get(log_in_page).post(log_in))
        .route("/auth/register", get(register_page).post(register))
        .route("/auth/logout", post(log_out))
        .with_state(members)
        .layer(manager.layer()))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let pool = SqlitePool::connect("sqlite://app.db").await?;
    let key = SecretKey::from_file("secret_key")?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://127.0.0.1:3000/index");
    axum::serve(listener, app(pool, key, "http://127.0.0.1:3000").await?).await?;
    Ok(())
}
