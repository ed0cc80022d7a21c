//! The ready-made pages over SQLite.

use std::net::SocketAddr;

use axum::{Router, routing::get};
use clap::Parser;
use vestibule::CurrentUser;
use vestibule::accounts::Account;
use vestibule::crypto::key::SecretKey;
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    listen: SocketAddr,
}

async fn hello(user: CurrentUser<Account>) -> String {
    format!("Hello {}", user.name())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listen = Arguments::parse().listen;
    let database = Database::connect("sqlite://app.db?mode=rwc").await?;
    let key = SecretKey::from_file("secret_key")?;
    let config = SiteConfig::new(format!("http://{listen}").parse()?, key);
    let site = Site::open(database, config).await?;
    let mine = Router::new().route("/hello", get(hello));
    let app = site.wrap(site.routes().merge(mine));
    let listener = tokio::net::TcpListener::bind(listen).await?;
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}
