//! The first page behind login, and the way to it.
//!
//! # Steps
//! 1. `GET /` goes to `/welcome`, or for anonymous visitors to `/login`.
//! 2. `GET /welcome` greets the user by name; as JSON it answers with the account.
//!
//! # What it protects against
//! Anonymous visitors (sent to the login page, or 401), copies in caches and in the browser's
//! history after log-out (`no-store`), a username that is markup (escaped, and isolated from
//! the text around it).
//!
//! # What it does not
//! Nothing else is asked of the user than to be logged in.

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use minijinja::context;

use crate::accounts::Account;
use crate::error::Result;
use crate::flows::page::Page;
use crate::flows::{Flow, LOGIN_PATH, WELCOME_PATH};
use crate::login::CurrentUser;
use crate::web::Client;

#[cfg(test)]
mod tests;

pub(super) const FLOW: Flow = Flow {
    pages: &[("welcome", WELCOME_PATH)],
    public: &["/"],
    routes: || {
        Router::new()
            .route("/", get(index))
            .route(WELCOME_PATH, get(show))
    },
    templates: &[(TEMPLATE, include_str!("welcome.html"))],
};

const TEMPLATE: &str = "welcome.html";

async fn index(user: Option<CurrentUser<Account>>) -> Redirect {
    Redirect::to(match user {
        Some(_) => WELCOME_PATH,
        None => LOGIN_PATH,
    })
}

async fn show(user: CurrentUser<Account>, page: Page, client: Client) -> Result<Response> {
    if client == Client::Json {
        return Ok(axum::Json(&*user).into_response());
    }
    page.render(TEMPLATE, context! {})
}
