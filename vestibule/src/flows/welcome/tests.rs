use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::accounts::Account;
use crate::flows::Page;
use crate::login::{CurrentUser, Login, login_required};
use crate::testing::TestApp;
use crate::web::Flash;

#[tokio::test]
async fn the_start_page_leads_in_or_to_the_login() {
    let app = TestApp::new().await;

    assert_eq!(app.browser().get("/").await.location(), Some("/login"));
    let browser = app.registered("alice").await;
    assert_eq!(browser.get("/").await.location(), Some("/welcome"));
}

#[tokio::test]
async fn an_anonymous_browser_is_sent_to_the_login_page_and_back() {
    let app = TestApp::new().await;

    let response = app.browser().get("/welcome?a=1&b=2").await;

    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(
        response.location(),
        Some("/login?next=%2Fwelcome%3Fa%3D1%26b%3D2")
    );
}

/// A script would take the login page for the answer, and a picture would show nothing.
#[tokio::test]
async fn only_a_navigation_is_led_to_the_login_page() {
    let app = TestApp::new().await;
    let status = async |headers: &[(&str, &str)]| {
        let response = app.browser().get_with("/welcome", headers).await;
        let is_problem = response.header("content-type") == Some("application/problem+json");
        assert_eq!(is_problem, response.location().is_none(), "{headers:?}");
        response.status
    };

    for navigation in [
        &[][..],
        &[("accept", "*/*")],
        &[
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ],
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        &[("x-requested-with", "com.example.webview")],
    ] {
        assert_eq!(
            status(navigation).await,
            StatusCode::SEE_OTHER,
            "{navigation:?}"
        );
    }
    for other in [
        &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")][..],
        &[("sec-fetch-mode", "cors"), ("accept", "text/html")],
        &[("sec-fetch-mode", "same-origin")],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        &[
            ("x-requested-with", "XMLHttpRequest"),
            ("accept", "text/html, */*"),
        ],
    ] {
        assert_eq!(status(other).await, StatusCode::UNAUTHORIZED, "{other:?}");
    }
    let by_htmx = [("hx-request", "true"), ("sec-fetch-mode", "cors")];
    let by_htmx = app.browser().get_with("/welcome", &by_htmx).await;
    assert!(by_htmx.header("hx-redirect").is_some());
}

#[tokio::test]
async fn an_anonymous_script_gets_401_as_problem_json() {
    let app = TestApp::new().await;

    let response = app
        .browser()
        .get_with("/welcome", &[("accept", "application/json")])
        .await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(
        response.json(),
        json!({
            "status": 401,
            "title": "Unauthorized",
            "code": "login_required",
            "detail": "Log in to see this.",
        })
    );
}

#[tokio::test]
async fn htmx_is_told_where_to_log_in_and_comes_back_to_the_page_it_is_on() {
    let app = TestApp::new().await;
    let htmx = [
        ("hx-request", "true"),
        ("hx-current-url", "https://example.com/reports?year=2026"),
    ];
    let foreign = [
        ("hx-request", "true"),
        ("hx-current-url", "https://evil.example//x"),
    ];

    let response = app.browser().get_with("/welcome", &htmx).await;
    let refused = app.browser().get_with("/welcome", &foreign).await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.header("hx-redirect"),
        Some("/login?next=%2Freports%3Fyear%3D2026")
    );
    assert_eq!(refused.header("hx-redirect"), Some("/login"));
}

#[tokio::test]
async fn a_script_that_is_logged_in_gets_the_account_and_nothing_secret() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let response = browser
        .get_with("/welcome", &[("accept", "application/json")])
        .await;

    assert_eq!(response.json(), json!({ "username": "alice" }));
}

/// Invariant 1.
#[tokio::test]
async fn an_anonymous_visitor_gets_no_cookie_and_no_row() {
    let app = TestApp::new().await;
    let browser = app.browser();

    for path in [
        "/",
        "/login",
        "/login?next=/welcome",
        "/register",
        "/welcome",
        "/nowhere",
    ] {
        let response = browser.get(path).await;
        assert_eq!(response.set_cookies(), [""; 0], "{path}");
    }

    assert_eq!(browser.cookie_names(), [""; 0]);
    assert_eq!(app.session_count().await, 0);
}

/// Invariant 11.
#[tokio::test]
async fn every_answer_has_the_security_headers_and_private_ones_are_in_no_cache() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    for path in [
        "/",
        "/login",
        "/welcome",
        "/logout",
        "/nowhere",
        "/static/vestibule.css",
    ] {
        let response = browser.get(path).await;

        let policy = response.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path}");
        }
        if !path.starts_with("/static") && path != "/nowhere" {
            assert_eq!(response.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(response.header("vary"), Some("cookie"), "{path}");
        }
    }
}

#[tokio::test]
async fn hosts_below_the_sites_own_use_https_alone_where_the_operator_says_so() {
    let app = TestApp::with(|config| config.hsts_include_subdomains = true).await;
    let on_http = TestApp::with(|config| {
        config.public_url = "http://127.0.0.1:5000".parse().unwrap();
        config.hsts_include_subdomains = true;
    });
    let on_http = on_http.await;

    for path in ["/login", "/welcome", "/nowhere"] {
        let header = app.browser().get(path).await;
        let header = header
            .header("strict-transport-security")
            .map(str::to_owned);
        assert_eq!(
            header.as_deref(),
            Some("max-age=31536000; includeSubDomains")
        );
        let header = on_http.browser().get(path).await;
        assert_eq!(header.header("strict-transport-security"), None);
    }
}

#[tokio::test]
async fn a_handler_that_asks_who_it_is_cannot_be_cached_by_mistake() {
    let cached = |_: Option<CurrentUser<Account>>| async {
        ([("cache-control", "public, max-age=60")], "for you")
    };
    let app = TestApp::new().await;
    let app = app.routes(Router::new().route("/cached", get(cached)));

    for browser in [app.browser(), app.registered("alice").await] {
        let response = browser.get("/cached").await;
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn no_page_has_a_script_or_style_of_its_own() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let anonymous = app.browser();

    for page in [
        browser.get("/welcome").await,
        browser.get("/logout").await,
        anonymous.get("/login").await,
        anonymous.get("/register").await,
        anonymous.get("/nowhere").await,
    ] {
        let html = page.text();
        assert!(html.contains("<script src=\"/static/"), "{html}");
        for inline in ["<script>", "<style", " style=", " onclick=", "javascript:"] {
            assert!(!html.contains(inline), "{inline} in {html}");
        }
    }
}

/// Invariant 6.
#[tokio::test]
async fn with_the_store_down_nobody_is_anonymous_by_accident() {
    let app = TestApp::with_tables(|_| {}).await;
    let browser = app.registered("alice").await;
    let database = app.database.connection();
    for table in ["session_data", "sessions"] {
        let drop = format!("DROP TABLE {table}");
        database.execute_unprepared(&drop).await.unwrap();
    }

    let response = browser.get("/welcome").await;
    let start = browser.get("/").await;
    let log_out = browser.post("/logout", &[]).await;
    let anonymous = app.browser().get("/login").await;

    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert!(response.text().contains("wrong on our side"));
    assert!(
        !response.text().contains("sessions"),
        "no cause in the page"
    );
    assert_eq!(start.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(log_out.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(browser.cookie("__Host-session").is_some());
    assert_eq!(
        anonymous.status,
        StatusCode::OK,
        "no cookie costs no store call"
    );
}

#[tokio::test]
async fn an_unknown_page_says_so_in_html_and_json() {
    let app = TestApp::new().await;

    let html = app.browser().get("/%3Cscript%3E").await;
    let json = app
        .browser()
        .get_with("/nowhere", &[("accept", "application/json")])
        .await;
    let wrong_method = app.browser().post("/welcome", &[]).await;

    assert_eq!(html.status, StatusCode::NOT_FOUND);
    assert!(html.text().contains("There is no page at this address."));
    assert!(!html.text().contains("<script>"));
    assert_eq!(json.json()["title"], "Not Found");
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong_method.header("allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn an_apps_own_routes_know_the_user_too() {
    let guarded = Router::new()
        .route("/layer", get(|| async { "in" }).post(|| async { "posted" }))
        .route_layer(login_required::<Account>());
    let nested = Router::new().route(
        "/extractor",
        get(|user: CurrentUser<Account>| async move { user.name().to_owned() }),
    );
    let routes = Router::new()
        .merge(guarded)
        .nest("/nested", nested)
        .route("/public", get(|| async { "all" }));
    let app = TestApp::new().await.routes(routes);
    let anonymous = app.browser();
    let browser = app.registered("alice").await;

    assert_eq!(browser.get("/layer").await.text(), "in");
    assert_eq!(browser.get("/nested/extractor").await.text(), "alice");
    assert_eq!(
        anonymous.get("/layer?a=1").await.location(),
        Some("/login?next=%2Flayer%3Fa%3D1")
    );
    assert_eq!(
        anonymous.get("/nested/extractor").await.location(),
        Some("/login?next=%2Fnested%2Fextractor")
    );
    let posted = anonymous.post("/layer", &[]).await;
    assert_eq!(
        posted.location(),
        Some("/login"),
        "a POST cannot be come back to"
    );
    let public = browser.get("/public").await;
    assert_eq!(
        public.header("vary"),
        None,
        "it did not ask who the visitor is"
    );
    assert_eq!(public.header("cache-control"), None);
}

/// A5 and invariant 4: a request that began before the log-out and ends after it.
#[tokio::test]
async fn a_slow_request_does_not_bring_a_logged_out_session_back() {
    let started = Arc::new(tokio::sync::Notify::new());
    let finish = Arc::new(tokio::sync::Notify::new());
    let slow = {
        let (started, finish) = (started.clone(), finish.clone());
        move |login: Login<Account>| async move {
            let user = login.current_user().await.ok().flatten();
            started.notify_one();
            finish.notified().await;
            user.map_or_else(String::new, |user| user.name().to_owned())
        }
    };
    let app = TestApp::new()
        .await
        .routes(Router::new().route("/slow", get(slow)));
    let browser = app.registered("alice").await;
    app.clock.advance(std::time::Duration::from_secs(120));
    let other_tab = browser.stolen();

    let waiting = tokio::spawn({
        let tab = browser.stolen();
        async move { tab.get("/slow").await.text().to_owned() }
    });
    started.notified().await;
    browser.post("/logout", &[]).await;
    finish.notify_one();

    assert_eq!(waiting.await.unwrap(), "alice");
    assert_eq!(
        other_tab.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(app.session_count().await, 0);
}

#[tokio::test]
async fn an_apps_own_failures_stay_as_they_are_and_a_panic_gets_a_page() {
    let routes = Router::new()
        .route(
            "/taken",
            get(|| async { (StatusCode::CONFLICT, "it is taken") }),
        )
        .route("/bare", get(|| async { StatusCode::CONFLICT }))
        .route(
            "/panic",
            get(|| async { panic!("on purpose") as &'static str }),
        );
    let app = TestApp::new().await.routes(routes);
    let browser = app.browser();

    let taken = browser.get("/taken").await;
    assert_eq!(
        (taken.status, taken.text()),
        (StatusCode::CONFLICT, "it is taken")
    );
    assert!(
        browser
            .get("/bare")
            .await
            .text()
            .contains("<h1>Not possible right now</h1>")
    );
    let panicked = browser.get("/panic").await;
    assert_eq!(panicked.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(panicked.text().contains("Something’s wrong on our side."));
    assert!(!panicked.text().contains("on purpose"));
    assert!(panicked.header("content-security-policy").is_some());
}

#[tokio::test]
async fn an_apps_own_page_has_the_looks_the_user_and_the_messages() {
    let folder = tempfile::tempdir().unwrap();
    let template = "{% extends 'base.html' %}{% block content %}<h1>{{ year }}</h1>{% endblock %}";
    std::fs::write(folder.path().join("report.html"), template).unwrap();
    let templates = folder.path().to_owned();
    let app = TestApp::with(|config| config.templates = Some(templates)).await;
    let show = async |page: Page| page.render("report.html", json!({ "year": 2026 }));
    let done = async |page: Page| page.redirect("/report", Flash::new("success", "It is done."));
    let routes = Router::new()
        .route("/report", get(show))
        .route("/done", get(done))
        .with_state(app.site.clone());
    let app = app.routes(routes);
    let browser = app.registered("alice").await;
    browser.get("/welcome").await;

    assert_eq!(browser.get("/done").await.location(), Some("/report"));
    let page = browser.get("/report").await;
    for part in ["<h1>2026</h1>", "<bdi>alice</bdi>", "It is done."] {
        assert!(page.text().contains(part), "{}", page.text());
    }
    assert!(!browser.get("/report").await.text().contains("It is done."));
}

/// F13. Registration rejects such a name, but an imported table may contain one.
#[tokio::test]
async fn a_username_that_is_markup_is_shown_as_text() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let markup = "UPDATE users SET username = '<script>alert(1)</script>'";
    let database = app.database.connection();
    database.execute_unprepared(markup).await.unwrap();

    for path in ["/welcome", "/logout"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("&lt;script&gt;alert(1)"), "{path}");
        assert!(!page.text().contains("<script>alert"), "{path}");
    }
}

/// ASVS 1.2.3.
#[tokio::test]
async fn markup_in_json_stays_a_string() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let markup = "UPDATE users SET username = '</script>\"''&'";
    let database = app.database.connection();
    database.execute_unprepared(markup).await.unwrap();

    let response = browser
        .get_with("/welcome", &[("accept", "application/json")])
        .await;

    assert_eq!(response.json()["username"], "</script>\"'&");
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn a_template_asks_what_the_user_may_do() {
    let folder = tempfile::tempdir().unwrap();
    let template = "{{ current_user.username }} {{ current_user.can('posts.edit') }} \
                    {{ current_user.has_role('editor') }} {{ current_user.is_fresh }}";
    std::fs::write(folder.path().join("welcome.html"), template).unwrap();
    let templates = folder.path().to_owned();
    let app = TestApp::with(|config| config.templates = Some(templates)).await;
    let browser = app.registered("alice").await;
    assert_eq!(
        browser.get("/welcome").await.text(),
        "alice False False True"
    );

    app.grant("alice", "editor").await;
    app.log_in(&browser, "alice").await;
    let operator = app.site.accounts().by(crate::accounts::Actor::operator());
    let (editor, edit) = ("editor".parse().unwrap(), "posts.edit".parse().unwrap());
    let _ = operator.allow(&editor, &edit).await.unwrap();

    assert_eq!(browser.get("/welcome").await.text(), "alice True True True");
    let _ = operator.forbid(&editor, &edit).await.unwrap();
    assert_eq!(
        browser.get("/welcome").await.text(),
        "alice False True True"
    );
}
