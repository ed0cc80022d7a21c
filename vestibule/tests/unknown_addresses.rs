//! Addresses without a route, in an app that denies by default.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use axum::Router;
use axum::routing::{any, get};
use http::StatusCode;
use vestibule::accounts::{Account, Actor};
use vestibule::login::login_required;
use vestibule::testing::{TestApp, TestClient, assert_public_routes};

/// An app with a public page, a page for users, and `mine`.
fn app(app: &TestApp, mine: Router) -> Router {
    let routes = app.site.routes().merge(mine);
    let routes = routes
        .route("/about", get(async || "about"))
        .route("/report", any(async || "report"));
    app.site.wrap(app.site.deny_by_default(routes, ["/about"]))
}

const UNASKED: [&str; 2] = ["/robots.txt", "/favicon.ico"];

#[tokio::test]
async fn an_address_without_a_route_is_404_for_visitors_and_users() {
    let site = TestApp::new().await;
    let visitor = TestClient::new(app(&site, Router::new()));
    let alice = site.registered("alice").await;
    let user = TestClient::new(app(&site, Router::new()));
    alice.hand_over(&user);

    for browser in [&visitor, &user] {
        for path in [
            "/nowhere",
            "/report/1",
            "/static/nothing.css",
            "/robots.txt",
        ] {
            let nothing = browser.get(path).await;
            assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{path}");
            assert!(nothing.text().contains("no page at this address"));
            assert!(nothing.set_cookies().is_empty(), "{path}");
        }
        assert_eq!(browser.get("/about").await.text(), "about");
    }
    let asked = visitor.get("/report").await;
    assert_eq!(asked.location(), Some("/login?next=%2Freport"));
    let posted = visitor.post("/report", &[]).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "of any method");
    assert_eq!(user.get("/report").await.text(), "report");
}

/// H1: a fallback may serve files, or the pages of another program.
#[tokio::test]
async fn a_fallback_of_the_apps_own_is_for_users_and_404_for_all_others() {
    let site = TestApp::new().await;
    let mine = || Router::new().fallback(async || "secret");
    let visitor = TestClient::new(app(&site, mine()));
    let alice = site.registered("alice").await;
    let user = TestClient::new(app(&site, mine()));
    alice.hand_over(&user);

    assert_eq!(user.get("/files/1").await.text(), "secret");
    for path in ["/files/1", "/robots.txt", "/favicon.ico"] {
        let nothing = visitor.get(path).await;
        assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!nothing.text().contains("secret"), "{path}");
    }
    let account = site.account("alice").await;
    let operator = site.site.accounts().by(Actor::operator());
    let _ = operator.demand_new_password(&account.id).await.unwrap();
    let must_change = TestClient::new(app(&site, mine()));
    let fields = [
        ("username", "alice"),
        ("password", vestibule::testing::PASSWORD),
    ];
    must_change.post("/login", &fields).await;
    let first = must_change.get("/report").await;
    assert_eq!(first.location(), Some("/change-password?next=%2Freport"));
    let nothing = must_change.get("/files/1").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);

    let table = visitor.route_table().await;
    let fallback = table.routes().iter();
    let mut fallback = fallback.filter(|route| route.path == "(fallback)");
    let guard = fallback.next().unwrap().guard.as_deref();
    assert_eq!(guard, Some("login"));
}

#[tokio::test]
async fn with_the_setting_it_needs_a_log_in_but_for_what_browsers_ask_for_unasked() {
    let site = TestApp::with(|config| config.unknown_addresses_need_login = true).await;
    let visitor = TestClient::new(app(&site, Router::new()));

    let unknown = visitor.get("/nowhere").await;
    assert_eq!(unknown.location(), Some("/login?next=%2Fnowhere"));
    for path in UNASKED {
        let nothing = visitor.get(path).await;
        assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{path}");
    }

    // A layer of the app's own.
    let routes = site.site.routes().layer(login_required::<Account>());
    let visitor = TestClient::new(site.site.wrap(routes));
    assert_eq!(visitor.get("/nowhere").await.status, StatusCode::SEE_OTHER);
    for path in UNASKED {
        let nothing = visitor.get(path).await;
        assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_file_of_such_a_name_that_is_a_route_is_as_public_as_its_route() {
    let site = TestApp::new().await;
    let mine = Router::new().route("/robots.txt", get(async || "for users"));
    let visitor = TestClient::new(app(&site, mine));

    let asked = visitor.get("/robots.txt").await;

    assert_eq!(asked.location(), Some("/login?next=%2Frobots.txt"));
    let visitor = TestClient::new(app(&site, Router::new()));
    let table = visitor.route_table().await;
    assert_public_routes(&table, site.site.public_routes().chain(["/about"]));
}
