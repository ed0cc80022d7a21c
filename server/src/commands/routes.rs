//! `vestibule routes`: what each route requires of its visitors.

use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderValue, Request};
use tower::ServiceExt;
use vestibule::access::RouteTable;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};

use super::say;
use crate::serve::app;
use crate::settings::Settings;

/// Prints a line for each route of the program: method, path, and what it requires.
///
/// It calls the routes of a site in memory, so that nothing changes on the site that is served.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let database = Database::connect("sqlite::memory:").await?;
    let key = SecretKey::generate(&Random::system())?;
    let password = SecretKey::generate(&Random::system())?.to_text();
    let mut config = SiteConfig::new("https://vestibule.invalid".parse()?, key);
    // No log-in is fresh, so that the table shows which routes require a fresh one.
    config.sessions.fresh_for = Duration::ZERO;
    if let Some(mailer) = settings.mailer(&config.public_url)? {
        config.mailer(mailer);
        config.only_queue_mail();
    }
    let site = Site::open(database, config).await?;
    let app = app(&site, settings);
    let cookie = register(&app, &password).await?;
    let table = RouteTable::of(&app, |request| {
        request.headers_mut().insert(COOKIE, cookie.clone());
    });
    say(table.await?.to_string().trim_end())
}

/// The session cookie of a user without any rights.
async fn register(app: &Router, password: &str) -> anyhow::Result<HeaderValue> {
    let form = format!("username=visitor&password={}", password.replace('+', "%2B"));
    let request = Request::post("/register")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))?;
    let Ok(response) = app.clone().oneshot(request).await;
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    let session = cookies
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .find(|cookie| cookie.starts_with("__Host-session="))
        .context("could not register a user to call the routes")?;
    Ok(HeaderValue::try_from(session)?)
}
