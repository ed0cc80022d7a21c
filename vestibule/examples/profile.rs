//! A profile of the app's own beside our accounts: a field at the registration, a table that has the
//! user's id, and a page. The profile goes with the account. `cargo run --example profile`

use axum::extract::{FromRef, FromRequestParts, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use http::request::Parts;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, SqlErr, Statement, Value};
use serde::Deserialize;
use vestibule::accounts::Account;
use vestibule::crypto::key::SecretKey;
use vestibule::database::Database;
use vestibule::flows::{RegistrationField, RegistrationOutcome, Site, SiteConfig};
use vestibule::login::UserId;
use vestibule::{CurrentUser, Error, Result};

/// Made after our tables, which it refers to.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS profiles (
        user_id VARCHAR(191) NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        display_name VARCHAR(80) NOT NULL UNIQUE
    )";

#[derive(Clone)]
struct Profiles(DatabaseConnection);

impl Profiles {
    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }

    /// Writes a profile; says whether its name was free.
    async fn save(&self, id: &UserId, display_name: &str) -> Result<bool> {
        let sql = "INSERT INTO profiles (user_id, display_name) VALUES (?, ?)
                   ON CONFLICT (user_id) DO UPDATE SET display_name = excluded.display_name";
        let values = vec![id.as_str().into(), display_name.into()];
        let saved = self.0.execute_raw(self.statement(sql, values)).await;
        match saved.as_ref().map_err(sea_orm::DbErr::sql_err) {
            Err(Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
            _ => saved.map(|_| true).map_err(Error::store),
        }
    }

    async fn find(&self, id: &UserId) -> Result<Option<Profile>> {
        let sql = "SELECT display_name FROM profiles WHERE user_id = ?";
        let statement = self.statement(sql, vec![id.as_str().into()]);
        let row = self.0.query_one_raw(statement).await;
        let name = row.map_err(Error::store)?.map(|row| row.try_get_by(0));
        let name = name.transpose().map_err(Error::store)?;
        Ok(name.map(|display_name| Profile { display_name }))
    }
}

/// The profile of the current user. Handlers take it as they take `CurrentUser`.
struct Profile {
    display_name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Profile
where
    Profiles: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> std::result::Result<Self, Response> {
        let user = CurrentUser::<Account>::from_request_parts(parts, state).await;
        let user = user.map_err(IntoResponse::into_response)?;
        let found = Profiles::from_ref(state).find(&user.id).await;
        // Made at the command line, or the machine stopped at the wrong moment: ask for it now.
        found
            .map_err(IntoResponse::into_response)?
            .ok_or_else(|| Redirect::to("/profile").into_response())
    }
}

async fn hello(profile: Profile) -> String {
    format!("Hello, {}", profile.display_name)
}

async fn show(_: CurrentUser<Account>) -> Html<&'static str> {
    Html("<form method=post>Your name <input name=display_name><button>Save</button></form>")
}

#[derive(Deserialize)]
struct Renamed {
    display_name: String,
}

async fn rename(
    user: CurrentUser<Account>,
    State(profiles): State<Profiles>,
    Form(renamed): Form<Renamed>,
) -> Result<&'static str> {
    Ok(
        match profiles.save(&user.id, &renamed.display_name).await? {
            true => "Saved",
            false => "Somebody has this name.",
        },
    )
}

pub(crate) async fn app(database_url: &str, mut config: SiteConfig) -> Result<Router> {
    let mut options = ConnectOptions::new(database_url);
    options.sqlx_logging(false);
    let connection = sea_orm::Database::connect(options).await;
    let connection = connection.map_err(Error::store)?;
    let profiles = Profiles(connection.clone());
    let name = RegistrationField::new("display_name", "Your name");
    config.registration_fields = vec![name.required().max_chars(80)];
    config.users_can_close_account = true;
    // The profile goes with the row of the account, and both at once.
    config.close_grace = std::time::Duration::ZERO;
    let table = profiles.clone();
    config.on_register(move |account, values| {
        let table = table.clone();
        async move {
            let name = values.get("display_name");
            Ok(match table.save(&account.id, name).await? {
                true => RegistrationOutcome::Accepted,
                false => RegistrationOutcome::rejected("display_name", "Somebody has this name."),
            })
        }
    });
    let site = Site::open(Database::from_connection(connection), config).await?;
    profiles
        .0
        .execute_unprepared(TABLE)
        .await
        .map_err(Error::store)?;
    let mine = Router::new()
        .route("/hello", get(hello))
        .route("/profile", get(show).post(rename))
        .with_state(profiles);
    Ok(site.wrap(site.routes().merge(mine)))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let key = SecretKey::generate(&Default::default())?;
    let config = SiteConfig::new("http://127.0.0.1:3000".parse()?, key);
    let app = app("sqlite://profile.db?mode=rwc", config).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://127.0.0.1:3000");
    axum::serve(listener, app).await?;
    Ok(())
}
