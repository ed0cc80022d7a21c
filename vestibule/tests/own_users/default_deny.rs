//! Routers that are closed except for some routes.

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use vestibule::login::{fresh_login_required, login_required};
use vestibule::testing::TestClient;

use crate::{Member, manager, routes};

fn site() -> TestClient {
    let page = || async { "page" };
    let app = Router::new()
        .route("/about", get(page))
        .route("/about/team", get(page))
        .route("/posts/{id}", get(page))
        .route("/private", get(page))
        .nest("/help", Router::new().route("/faq", get(page)))
        .fallback(page)
        .layer(login_required::<Member>().except(["/about", "/posts/{id}", "/help/faq"]))
        .merge(routes())
        .layer(manager().layer());
    TestClient::new(app)
}

/// Issues 168, 247, 411.
#[tokio::test]
async fn a_router_is_closed_but_for_the_routes_on_the_list() {
    let browser = site();

    for open in ["/about", "/about?x=1", "/posts/7", "/help/faq"] {
        assert_eq!(browser.get(open).await.text(), "page", "{open}");
    }
    for closed in [
        "/private",
        "/about/team",
        "/unknown",
        "//about",
        "/About",
        "/about/",
        "/about;x",
        "/private?/about",
        "/private#/about",
        "/posts/7/edit",
        "/help/../private",
        "/%61bout/x",
    ] {
        let response = browser.get(closed).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{closed}");
    }
    browser.post("/in", &[]).await;
    assert_eq!(browser.get("/private").await.text(), "page");
}

#[tokio::test]
async fn a_router_for_fresh_log_ins_sends_the_others_to_the_refresh_page() {
    let app = Router::new()
        .route("/danger", get(|| async { "danger" }))
        .layer(fresh_login_required::<Member>())
        .merge(routes())
        .layer(manager().layer());
    let browser = TestClient::new(app);

    let anonymous = browser.get("/danger").await;
    assert_eq!(anonymous.location(), Some("/login?next=%2Fdanger"));
    browser.post("/in", &[]).await;
    assert_eq!(browser.get("/danger").await.text(), "danger");
    browser.restart();
    let remembered = browser.get("/danger").await;
    assert_eq!(remembered.location(), Some("/confirm?next=%2Fdanger"));
}
