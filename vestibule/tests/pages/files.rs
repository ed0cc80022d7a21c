//! Which files there are, and what is no file.

use http::StatusCode;

use crate::{JSON, Pages};

/// F15: a cache between would keep it for everybody.
#[tokio::test]
async fn no_private_page_is_served_under_the_name_of_a_file() {
    let pages = Pages::new().await;
    for private in [
        "/welcome",
        "/account/sessions",
        "/account/log",
        "/change-password",
        "/admin",
    ] {
        for tail in [
            ".css",
            "/x.css",
            ";x.js",
            ";/x.js",
            "%2fx.js",
            "%2f..%2fstatic%2fshow-password.js",
            "/../static/show-password.js",
            "%00.css",
            "%0a.css",
            "%23.css",
            "%3f.css",
            "/",
        ] {
            let path = format!("{private}{tail}");

            let response = pages.carol.get(&path).await;

            assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
            assert!(!response.text().contains("carol"), "{path}");
        }
        let queried = pages.carol.get(&format!("{private}?x.css")).await;
        assert_eq!(
            queried.header("cache-control"),
            Some("no-store"),
            "{private}"
        );
    }
}

/// I16; ASVS 13.4.3.
#[tokio::test]
async fn only_the_static_files_that_there_are_are_served() {
    let pages = Pages::new().await;
    for name in [
        "vestibule.css",
        "show-password.js",
        "send-once.js",
        "passkeys.js",
        "icon.svg",
    ] {
        let file = pages.visitor.get(&format!("/static/{name}")).await;
        assert_eq!(file.status, StatusCode::OK, "{name}");
    }
    for path in [
        "/static",
        "/static/",
        "/static/.",
        "/static/..",
        "/static/../Cargo.toml",
        "/static/..%2f..%2fCargo.toml",
        "/static/%2e%2e/%2e%2e/Cargo.toml",
        "/static/..%5c..%5cCargo.toml",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/.env",
        "/static/.git/config",
        "/static/VESTIBULE.CSS",
        "/static/vestibule.css/",
        "/static/vestibule.css.bak",
        "/static/vestibule.css~",
        "/static/.vestibule.css.swp",
        "/static/vestibule.css%00.html",
        "/static/base.html",
        "/.git/config",
        "/.git/HEAD",
        "/.env",
        "/.htpasswd",
        "/.DS_Store",
        "/Cargo.toml",
        "/backup.zip",
        "/site.db",
        "/instance/site.db",
        "/instance/secret_key",
        "/index.html",
        "/server-status",
        "/debug",
        "/metrics",
    ] {
        let response = pages.carol.get(path).await;

        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// ASVS 3.5.7: a script is read by every site that embeds it.
#[tokio::test]
async fn a_static_file_is_the_same_for_everybody() {
    let pages = Pages::new().await;
    for name in [
        "vestibule.css",
        "show-password.js",
        "send-once.js",
        "icon.svg",
    ] {
        let path = format!("/static/{name}");
        let first = pages.visitor.get(&path).await;
        for browser in [&pages.alice, &pages.carol] {
            let response = browser.get(&path).await;
            assert_eq!(response.headers, first.headers, "{name}");
            assert_eq!(response.text(), first.text(), "{name}");
        }
    }
}

/// ASVS 3.5.6.
#[tokio::test]
async fn a_callback_makes_no_script_of_an_answer() {
    let pages = Pages::new().await;
    for path in &pages.paths {
        for accepted in [JSON.1, "application/javascript", "*/*"] {
            let called = format!("{path}?callback=steal&jsonp=steal&cb=steal");
            let response = pages.carol.get_with(&called, &[("accept", accepted)]).await;

            assert!(!response.text().contains("steal("), "{path}");
            let content_type = response.header("content-type").unwrap_or_default();
            let is_script = content_type.contains("javascript");
            assert_eq!(is_script, path.starts_with("/static/"), "{path}");
        }
    }
}
