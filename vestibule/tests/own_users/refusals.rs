//! Responses to visitors who must log in first.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::login::{LoginViews, login_required};
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Login};

use crate::{Member, browser, key, manager, routes, text};

/// Issues 479, 317, 498: after the log-in, GET on what knows only POST was 405.
#[tokio::test]
async fn what_was_posted_leads_back_to_the_page_with_the_form_and_never_to_itself() {
    let browser = browser(manager().messages(&key()));

    for (referer, location) in [
        (
            "https://example.com/form?draft=1",
            "/login?next=%2Fform%3Fdraft%3D1",
        ),
        ("https://evil.example/form", "/login"),
        ("https://example.com.evil.example/form", "/login"),
        ("http://example.com/form", "/login"),
        ("https://example.com//evil.example", "/login"),
        ("rubbish", "/login"),
    ] {
        let headers = [("referer", referer)];
        let sent = browser.post_with("/post-only", &headers, "").await;
        assert_eq!(sent.location(), Some(location), "{referer}");
    }
    let sent = browser.post_with("/post-only", &[], "").await;
    assert_eq!(sent.location(), Some("/login"));
    assert_eq!(
        text(&browser, "/messages").await,
        "What you sent may not have been saved. Log in first, then check.",
        "told, and once"
    );
}

#[tokio::test]
async fn messages_do_not_pile_up() {
    let browser = browser(manager().messages(&key()));

    for _ in 0..10 {
        browser.get("/members").await;
    }

    let expected = "Please log in to access this page.";
    assert_eq!(text(&browser, "/messages").await, expected);
    assert_eq!(text(&browser, "/messages").await, "");
}

#[tokio::test]
async fn a_script_gets_401_and_neither_message_nor_redirect() {
    let browser = browser(manager().messages(&key()).next_in_cookie(&key()));

    let json = [("accept", "application/json")];
    let refused = browser.get_with("/members", &json).await;

    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["detail"], "Log in to see this.");
    assert!(browser.cookie_names().is_empty());
}

#[tokio::test]
async fn a_login_page_on_another_host_gets_the_whole_address() {
    let browser = browser(manager().login_view("https://auth.example.com/login?a=1"));

    let refused = browser.get("/members?page=2").await;

    assert_eq!(
        refused.location(),
        Some(
            "https://auth.example.com/login?a=1\
             &next=https%3A%2F%2Fexample.com%2Fmembers%3Fpage%3D2"
        )
    );
}

/// Issue 524: there was no way to do without.
#[tokio::test]
async fn next_can_be_left_out() {
    let browser = browser(manager().without_next());

    assert_eq!(browser.get("/members").await.location(), Some("/login"));
}

#[tokio::test]
async fn a_kept_next_that_somebody_else_wrote_is_not_followed() {
    async fn kept(login: Login<Member>) -> String {
        login.next().or("none").to_owned()
    }
    let app = |key: &SecretKey| {
        let manager = manager().next_in_cookie(key);
        routes().route("/kept", get(kept)).layer(manager.layer())
    };
    let browser = TestClient::new(app(&key()));
    browser.get("/members").await;
    assert_eq!(text(&browser, "/kept").await, "/members");
    let cookie = browser.cookie("__Host-next").unwrap();
    let other_key = SecretKey::generate(&Random::insecure_seeded(2)).unwrap();

    let foreign = TestClient::new(app(&other_key));
    foreign.set_cookie("__Host-next", &cookie);

    assert_eq!(text(&foreign, "/kept").await, "none");
    browser.set_cookie("__Host-next", &cookie[1..]);
    assert_eq!(text(&browser, "/kept").await, "none");
}

#[tokio::test]
async fn a_kept_next_is_used_up_and_never_that_of_another_page() {
    async fn kept(login: Login<Member>) -> String {
        login.next().or("none").to_owned()
    }
    let manager = manager().next_in_cookie(&key());
    let app = routes().route("/kept", get(kept)).layer(manager.layer());
    let browser = TestClient::new(app);

    browser.get("/members").await;
    browser.post_with("/post-only", &[], "").await;
    assert_eq!(text(&browser, "/kept").await, "none", "no way back");
    browser.post("/in", &[]).await;
    browser.restart();
    browser.get("/fresh").await;
    assert_eq!(text(&browser, "/kept").await, "/fresh");
    browser.post("/confirm-it", &[]).await;
    assert_eq!(text(&browser, "/kept").await, "none", "used up");
}

#[tokio::test]
async fn a_login_page_that_itself_asks_does_not_send_round_in_circles() {
    for view in [
        "/members",
        "/members?lang=de",
        "https://example.com/members",
        "/x/../members",
    ] {
        let browser = browser(manager().login_view(view));

        let response = browser.get("/members?page=2").await;

        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{view}");
    }
}

#[tokio::test]
async fn a_view_that_no_header_could_hold_is_written_as_an_address() {
    let manager = manager().login_view("/anmelden/ü\n?a=b c").without_next();

    let response = browser(manager).get("/members").await;

    assert_eq!(response.location(), Some("/anmelden/%C3%BC?a=b%20c"));
}

#[tokio::test]
async fn without_a_message_for_what_was_lost_there_is_the_usual_one() {
    let views = LoginViews::new().lost_message(None);
    let browser = browser(manager().messages(&key()).views(views));

    browser.post_with("/post-only", &[], "").await;

    let expected = "Please log in to access this page.";
    assert_eq!(text(&browser, "/messages").await, expected);
}

#[tokio::test]
async fn a_router_can_have_views_messages_or_no_login_page_of_its_own() {
    let area = |views| {
        Router::new()
            .route("/", get(|_: CurrentUser<Member>| async { "members" }))
            .layer(views)
    };
    let app = routes()
        .nest("/api", area(LoginViews::new().no_login_view()))
        .nest(
            "/office",
            area(LoginViews::new().login_view("/office-login")),
        )
        .nest(
            "/shop",
            Router::new()
                .nest(
                    "/inner",
                    area(LoginViews::new().refresh_view("/shop-confirm")),
                )
                .layer(LoginViews::new().login_view("/shop-login")),
        )
        .layer(manager().layer());
    let browser = TestClient::new(app);

    assert_eq!(browser.get("/api").await.status, StatusCode::UNAUTHORIZED);
    let inner = browser.get("/shop/inner").await;
    assert_eq!(inner.location(), Some("/shop-login?next=%2Fshop%2Finner"));
    let office = browser.get("/office").await;
    assert_eq!(office.location(), Some("/office-login?next=%2Foffice"));
    let others = browser.get("/members").await;
    assert_eq!(others.location(), Some("/login?next=%2Fmembers"));
}

#[tokio::test]
async fn a_refusal_is_shown_without_cookies_and_credentials() {
    let shown = Arc::<Mutex<String>>::default();
    let handler = {
        let shown = shown.clone();
        move |refusal| {
            *shown.lock().unwrap() = format!("{refusal:?}");
            async { StatusCode::FORBIDDEN }
        }
    };
    let browser = browser(manager().on_needs_refresh(handler));
    browser.post("/in", &[]).await;
    browser.restart();
    let secret = [("authorization", "Basic c2VjcmV0"), ("x-shown", "shown")];

    browser.get_with("/fresh", &secret).await;

    let shown = shown.lock().unwrap();
    let remember = browser.cookie("__Host-remember").unwrap();
    assert!(shown.contains("x-shown"), "{shown}");
    for secret in ["c2VjcmV0", "__Host-", &remember[..20]] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn where_the_routes_are_an_api_each_client_gets_401_and_no_cookie() {
    let private = || get(|_: CurrentUser<Member>| async { "private" });
    let guarded = Router::new().route("/guarded", private());
    let api = Router::new()
        .route("/orders", private())
        .merge(guarded.route_layer(login_required::<Member>()))
        .nest(
            "/inner",
            Router::new()
                .route("/page", private())
                .layer(LoginViews::new().login_view("/inner/login")),
        )
        .layer(LoginViews::new().api());
    let manager = manager().messages(&key()).next_in_cookie(&key());
    let routes = Router::new().route("/page", private()).nest("/api", api);
    let script = TestClient::new(routes.layer(manager.layer()));

    for path in ["/api/orders", "/api/guarded", "/api/inner/page"] {
        for headers in [&[][..], &[("accept", "*/*")], &[("accept", "text/html")]] {
            let refused = script.get_with(path, headers).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(refused.json()["code"], "login_required");
            assert!(script.cookie_names().is_empty());
        }
    }
    assert_eq!(script.get("/page").await.status, StatusCode::SEE_OTHER);
}
