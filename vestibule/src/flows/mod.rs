//! Ready-made pages: register, log in, welcome, confirm a log-in, change the password,
//! administer, log out.
//!
//! [`Site`] puts them together. One flow is one folder, with its routes, its action, its
//! templates and its tests. Deleting the folder and its line in the list of flows removes it,
//! but for what leads there: links in templates ask `has_page`, and the compiler names the rest.

mod admin;
mod advice;
mod change_password;
mod confirm_login;
mod current_user;
mod destination;
mod form;
mod logout;
mod notices;
mod page;
mod password_login;
mod register;
mod sessions;
mod site;
mod submitted;
mod welcome;

pub use page::Page;
pub use site::{Site, SiteConfig};

use axum::Router;

use crate::pages::Template;

const REGISTER_PATH: &str = "/register";
const LOGIN_PATH: &str = "/login";
const WELCOME_PATH: &str = "/welcome";
const CONFIRM_LOGIN_PATH: &str = "/confirm-login";
const CHANGE_PASSWORD_PATH: &str = "/change-password";
const SESSIONS_PATH: &str = "/account/sessions";
const ADMIN_PATH: &str = "/admin";
const LOGOUT_PATH: &str = "/logout";

/// One flow: where it is, and what it brings.
struct Flow {
    /// The names and paths of its pages, for `url_for`.
    pages: &'static [(&'static str, &'static str)],
    /// Which of its routes are everybody's.
    public: &'static [&'static str],
    routes: fn() -> Router<Site>,
    templates: &'static [Template],
}

/// The flows, in the order of a visit. Their paths are above, as flows lead to one another.
const FLOWS: [Flow; 8] = [
    register::FLOW,
    password_login::FLOW,
    welcome::FLOW,
    confirm_login::FLOW,
    change_password::FLOW,
    sessions::FLOW,
    admin::FLOW,
    logout::FLOW,
];
