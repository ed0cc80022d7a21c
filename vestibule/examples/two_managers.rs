//! Customers and admins in one app: two user types, two login managers, one session store. A
//! browser can be logged in as both at once, and a cookie of one is nothing to the other.
//!
//! `cargo run --example two_managers`, then open the address it prints.

use std::convert::Infallible;

use axum::extract::Query;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;
use vestibule::crypto::digest::constant_time_eq;
use vestibule::login::{LoginOutcome, Next, User, UserId, fresh_login_required, login_required};
use vestibule::stores::MemoryStore;
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[derive(Clone)]
struct Customer {
    number: i64,
}

impl User for Customer {
    fn id(&self) -> UserId {
        self.number.into()
    }
}

/// Another type, so that no handler can take one for the other; ids may be the same.
#[derive(Clone)]
struct Admin {
    number: i64,
}

impl User for Admin {
    fn id(&self) -> UserId {
        self.number.into()
    }
}

async fn find_customer(id: UserId) -> Result<Option<Customer>, Infallible> {
    Ok((id.as_str() == "1").then_some(Customer { number: 1 }))
}

async fn find_admin(id: UserId) -> Result<Option<Admin>, Infallible> {
    Ok((id.as_str() == "1").then_some(Admin { number: 1 }))
}

async fn basket(customer: CurrentUser<Customer>) -> String {
    format!("Basket of customer {}", customer.number)
}

/// What an admin sees of a customer's browser: both may be logged in.
async fn reports(admin: CurrentUser<Admin>, customer: Option<CurrentUser<Customer>>) -> String {
    let customer = customer.map_or("nobody".to_owned(), |customer| customer.number.to_string());
    format!(
        "Reports for admin {}; customer here: {customer}",
        admin.number
    )
}

#[derive(Deserialize)]
struct LoginForm {
    password: String,
}

#[derive(Deserialize)]
struct CameFrom {
    #[serde(default)]
    next: Next,
}

async fn log_in_page() -> Html<&'static str> {
    Html(
        r#"<form method="post"><label>Password (“open sesame” for customers, “open the gate”
           for admins) <input type="password" name="password"></label><button>Log in</button>
           </form>"#,
    )
}

async fn log_in<U: User>(
    login: &Login<U>,
    user: Option<U>,
    destination: &str,
) -> Result<Response, Error> {
    if let Some(user) = user
        && login.log_in(&user).await? == LoginOutcome::LoggedIn
    {
        return Ok(Redirect::to(destination).into_response());
    }
    Ok((StatusCode::UNAUTHORIZED, log_in_page().await).into_response())
}

async fn log_in_customer(
    login: Login<Customer>,
    Query(came_from): Query<CameFrom>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    // One password each keeps the example short; see `own_users_sqlx.rs` for hashing.
    let is_right = constant_time_eq(form.password.as_bytes(), b"open sesame");
    let customer = is_right.then_some(Customer { number: 1 });
    log_in(&login, customer, came_from.next.or("/basket")).await
}

async fn log_in_admin(
    login: Login<Admin>,
    Query(came_from): Query<CameFrom>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    let is_right = constant_time_eq(form.password.as_bytes(), b"open the gate");
    let admin = is_right.then_some(Admin { number: 1 });
    log_in(&login, admin, came_from.next.or("/admin/reports")).await
}

async fn log_out_customer(login: Login<Customer>) -> Result<Redirect, Error> {
    login.log_out().await?;
    Ok(Redirect::to("/login"))
}

async fn log_out_admin(login: Login<Admin>) -> Result<Redirect, Error> {
    login.log_out().await?;
    Ok(Redirect::to("/admin/login"))
}

/// The app, for a site at this address.
pub(crate) fn app(public_url: &str) -> Result<Router, Error> {
    let store = MemoryStore::new();
    let customers = LoginManager::new(find_customer, store.clone())
        .public_url(public_url.parse()?)
        .login_view("/login");
    let admins = LoginManager::new(find_admin, store)
        .public_url(public_url.parse()?)
        .realm("admin")?
        .login_view("/admin/login");
    let shop = Router::new()
        .route("/basket", get(basket))
        .route("/login", get(log_in_page).post(log_in_customer))
        .route("/logout", post(log_out_customer))
        .layer(login_required::<Customer>().except(["/login", "/logout"]));
    let office = Router::new()
        .route("/reports", get(reports))
        .route_layer(fresh_login_required::<Admin>())
        .route("/login", get(log_in_page).post(log_in_admin))
        .route("/logout", post(log_out_admin));
    Ok(Router::new()
        .merge(shop)
        .nest("/admin", office)
        .layer(customers.layer())
        .layer(admins.layer()))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://127.0.0.1:3000/basket and http://127.0.0.1:3000/admin/reports");
    axum::serve(listener, app("http://127.0.0.1:3000")?).await?;
    Ok(())
}
