use std::collections::BTreeSet;

use http::StatusCode;

use crate::accounts::Account;
use crate::login::login_required;
use crate::testing::{TestApp, TestClient};

const COOKIE: &str = "__Host-session";

#[tokio::test]
async fn asking_for_the_page_shows_a_button_and_changes_nothing() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let response = browser.get("/logout").await;

    assert_eq!(response.status, StatusCode::OK);
    assert!(
        response
            .text()
            .contains("<button autofocus>Log out</button>")
    );
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}

/// A4: replay after log-out.
#[tokio::test]
async fn logging_out_ends_the_session_for_whoever_has_the_cookie() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let thief = browser.stolen();

    let response = browser.post("/logout", &[]).await;

    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(response.location(), Some("/login"));
    assert_eq!(response.header("clear-site-data"), Some("\"cache\""));
    assert_eq!(browser.cookie(COOKIE), None);
    for browser in [&browser, &thief] {
        assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn the_cookie_is_removed_with_the_attributes_it_was_set_with() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let response = browser.post("/logout", &[]).await;

    let cookie = response
        .set_cookies()
        .into_iter()
        .find(|cookie| cookie.starts_with("__Host-session=;"))
        .unwrap();
    for attribute in [
        "; Max-Age=0",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Secure",
        "; Path=/",
    ] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

#[tokio::test]
async fn only_this_session_ends() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let other = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", crate::testing::PASSWORD),
    ];
    other.post("/login", &fields).await;

    browser.post("/logout", &[]).await;

    assert_eq!(other.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_script_gets_204_logged_in_or_not() {
    let app = TestApp::new().await;
    let accept = [("accept", "application/json")];
    let browser = app.registered("alice").await;

    assert_eq!(
        browser.post_with("/logout", &accept, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        browser.post_with("/logout", &accept, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        browser.get_with("/welcome", &accept).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_anonymous_visitor_is_sent_to_the_login() {
    let app = TestApp::new().await;

    assert_eq!(
        app.browser().get("/logout").await.location(),
        Some("/login")
    );
    assert_eq!(
        app.browser().post("/logout", &[]).await.location(),
        Some("/login")
    );
}

#[tokio::test]
async fn the_next_page_says_once_that_it_is_done() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    browser.post("/logout", &[]).await;

    assert!(
        browser
            .get("/login")
            .await
            .text()
            .contains("You are logged out.")
    );
    assert!(
        !browser
            .get("/login")
            .await
            .text()
            .contains("You are logged out.")
    );
    assert_eq!(browser.cookie_names(), ["__Host-device"]);
}

/// F2: log-out by another site's form.
#[tokio::test]
async fn a_form_on_another_site_logs_nobody_out() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let foreign = [("origin", "https://evil.example")];
    let response = browser.post_with("/logout", &foreign, "").await;

    assert_eq!(response.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}

/// OWASP ASVS 5.0, 7.4.4. Follows every link of an admin's pages, and asks for pages that fail.
#[tokio::test]
async fn from_every_page_of_a_logged_in_user_a_link_leads_to_the_log_out() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let carol = app.registered("carol").await;
    app.grant("carol", "admin").await;
    app.log_in(&carol, "carol").await;
    // As in the program: what is on no list of public routes asks who it is.
    let public: Vec<_> = app.site.public_routes().map(str::to_owned).collect();
    let denied = login_required::<Account>().except(public.iter().map(String::as_str));
    let routes = app.site.routes().layer(denied);
    let browser = TestClient::new(app.site.wrap(routes)).host("example.com");
    carol.hand_over(&browser);
    let mut open: Vec<_> = ["/", "/nowhere", "/admin/users/nobody", "/admin/roles/none"]
        .map(str::to_owned)
        .to_vec();
    let mut seen = BTreeSet::new();

    while let Some(path) = open.pop() {
        // A file to save is no page.
        let is_file = path.starts_with("/static/") || path.contains("download=");
        if !seen.insert(path.clone()) || is_file {
            continue;
        }
        let page = browser.get(&path).await;
        if page.status.is_redirection() {
            open.push(page.location().unwrap().to_owned());
            continue;
        }
        let text = page.text().replace("&#x2f;", "/").replace("&amp;", "&");
        let to_log_out = ["href=\"/logout\"", "action=\"/logout\""];
        assert!(
            to_log_out.iter().any(|link| text.contains(link)),
            "{path}: {text}"
        );
        let links = text.split("href=\"").skip(1);
        let links = links.filter_map(|link| link.split('"').next());
        open.extend(
            links
                .filter(|link| link.starts_with('/'))
                .map(str::to_owned),
        );
    }

    let users = seen.iter().filter(|path| path.starts_with("/admin/users/"));
    assert!(seen.len() > 12 && users.count() >= 3, "{seen:?}");
}
