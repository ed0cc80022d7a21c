//! Logging out.
//!
//! # Steps
//! 1. `GET /logout` shows a button.
//! 2. `POST /logout` ends the session on the server, makes the browser forget the cookie and
//!    goes to `/login`; as JSON it answers 204. Whoever is not logged in gets the same.
//!
//! # What it protects against
//! A copy of the cookie used after the log-out, a log-out by another site's link or form,
//! private pages under the Back button.
//!
//! # What it does not
//! It ends this session and no other of the same user.

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, StatusCode};
use minijinja::context;

use crate::accounts::Account;
use crate::error::Result;
use crate::flows::page::Page;
use crate::flows::{Flow, LOGIN_PATH, LOGOUT_PATH};
use crate::login::Login;
use crate::web::{Client, Flash};

#[cfg(test)]
mod tests;

pub(super) const FLOW: Flow = Flow {
    pages: &[("logout", LOGOUT_PATH)],
    public: &[LOGOUT_PATH],
    routes: || Router::new().route(LOGOUT_PATH, get(show).post(log_out)),
    templates: &[(TEMPLATE, include_str!("logout.html"))],
};

const TEMPLATE: &str = "logout.html";

/// Pages that a browser keeps in spite of `no-store` go too (W3C Clear Site Data).
const CLEAR_SITE_DATA: (HeaderName, HeaderValue) = (
    HeaderName::from_static("clear-site-data"),
    HeaderValue::from_static("\"cache\""),
);

async fn show(page: Page) -> Result<Response> {
    if page.user.is_none() {
        return Ok(Redirect::to(LOGIN_PATH).into_response());
    }
    page.render(TEMPLATE, context! {})
}

async fn log_out(page: Page, login: Login<Account>, client: Client) -> Result<Response> {
    login.log_out().await?;
    let mut response = if client == Client::Json {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let flash = Flash::new("info", "You are logged out.");
        page.redirect(LOGIN_PATH, flash)
    };
    let (name, value) = CLEAR_SITE_DATA;
    response.headers_mut().insert(name, value);
    Ok(response)
}
