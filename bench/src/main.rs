//! The ready-made site, and beside it in the same process a bare axum route to compare with.

use std::io::Write;
use std::net::SocketAddr;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use clap::Parser;
use vestibule::access::{Guard, Rule};
use vestibule::accounts::Account;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};
use vestibule::{Allowed, CurrentUser};

/// Vestibule under load.
#[derive(Debug, Parser)]
struct Arguments {
    /// Address and port to listen on
    #[arg(long)]
    listen: SocketAddr,
    /// Database of users and sessions
    #[arg(long, default_value = "sqlite://bench.db?mode=rwc")]
    database_url: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
    let public_url = format!("http://{}", listener.local_addr()?);
    let key = SecretKey::generate(&Random::system())?;
    let database = Database::connect(&arguments.database_url).await?;
    let site = Site::open(database, SiteConfig::new(public_url.parse()?, key)).await?;
    let protected = Router::new()
        .route("/user", get(user))
        .route("/guarded", get(guarded));
    let app = site
        .wrap(site.routes().merge(protected))
        .route("/plain", get(|| async { Html("<h1>Welcome NAME</h1>") }));
    writeln!(std::io::stdout(), "Open {public_url}")?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn user(user: CurrentUser<Account>) -> Html<String> {
    Html(format!("<h1>Welcome {}</h1>", user.username))
}

/// As `user`, behind a guard that everybody who is logged in passes in the end.
async fn guarded(user: Allowed<Anybody>) -> Html<String> {
    Html(format!("<h1>Welcome {}</h1>", user.username))
}

struct Anybody;

impl Guard for Anybody {
    type User = Account;
    type Object = ();
    const RULE: Rule = Rule::AnyOf(&[Rule::Role("admin"), Rule::Permission("a.b"), Rule::Login]);
}
