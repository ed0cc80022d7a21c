//! What the headers of every answer say.

use std::collections::BTreeMap;

use crate::Pages;

/// The directives of a Content-Security-Policy.
fn directives(policy: &str) -> BTreeMap<&str, &str> {
    let directives = policy.split(';').map(str::trim);
    let pairs = directives.filter_map(|directive| directive.split_once(' '));
    pairs.collect()
}

/// F12, F17, F18; ASVS 3.4.3, 3.4.6, 3.4.8 and 3.5.8.
#[tokio::test]
async fn each_answer_stays_with_its_own_origin() {
    for answer in Pages::new().await.answers().await {
        let (asked, response) = (&answer.asked, &answer.response);
        let policy = response.header("content-security-policy").unwrap();
        let policy = directives(policy);

        for (directive, value) in [
            ("default-src", "'none'"),
            ("base-uri", "'none'"),
            ("frame-ancestors", "'none'"),
            ("form-action", "'self'"),
            ("script-src", "'self'"),
            ("style-src", "'self'"),
            ("img-src", "'self'"),
            ("font-src", "'self'"),
        ] {
            assert_eq!(policy.get(directive), Some(&value), "{directive}: {asked}");
        }
        // The script of some pages asks for the options of a passkey.
        let is_page = answer.content_type().starts_with("text/html");
        let asks = is_page && answer.html().contains("/passkeys.js?");
        let requests = policy.get("connect-src");
        assert_eq!(requests, asks.then_some(&"'self'"), "{asked}");
        let count = 8 + usize::from(requests.is_some());
        assert_eq!(policy.len(), count, "nothing else is allowed: {asked}");
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(response.header(name), Some(value), "{name}: {asked}");
        }
    }
}

/// F16; ASVS 3.4.2.
#[tokio::test]
async fn no_answer_lets_another_origin_read_it() {
    let pages = Pages::new().await;
    for path in &pages.paths {
        for origin in [
            "https://evil.example",
            "https://example.com.evil.example",
            "https://evil-example.com",
            "https://app.example.com",
            "http://example.com",
            "null",
        ] {
            let preflight = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type"),
            ];
            for answer in [
                pages.alice.get_with(path, &preflight[..1]).await,
                pages.alice.request("OPTIONS", path, &preflight, "").await,
            ] {
                let mut names = answer.headers.keys().map(|name| name.as_str());
                let shared = names.find(|name| name.starts_with("access-control-"));
                assert_eq!(shared, None, "{path} to {origin}");
            }
        }
    }
}

/// ASVS 13.4.6.
#[tokio::test]
async fn no_answer_names_what_made_it() {
    for answer in Pages::new().await.answers().await {
        for name in ["server", "x-powered-by", "via", "x-generator", "x-runtime"] {
            assert_eq!(answer.response.header(name), None, "{}", answer.asked);
        }
    }
}

/// ASVS 4.1.1 and 3.2.1.
#[tokio::test]
async fn each_text_says_its_charset() {
    for answer in Pages::new().await.answers().await {
        let (asked, response) = (&answer.asked, &answer.response);
        match answer.content_type() {
            "" => assert!(
                response.status.is_redirection() && response.text().is_empty(),
                "{asked}"
            ),
            "application/problem+json" => {
                assert_eq!(
                    response.json()["status"],
                    response.status.as_u16(),
                    "{asked}"
                );
                assert_eq!(
                    response.header("cache-control"),
                    Some("no-store"),
                    "{asked}"
                );
            }
            // JSON is UTF-8 and has no charset to say (RFC 8259).
            "application/json" => assert!(response.json().is_object(), "{asked}"),
            text => assert!(
                text.starts_with("text/") && text.ends_with("; charset=utf-8"),
                "{text}: {asked}"
            ),
        }
    }
}

/// F7: a compressed answer tells by its length what is in it.
#[tokio::test]
async fn no_answer_is_compressed() {
    let pages = Pages::new().await;
    for browser in pages.browsers() {
        for path in &pages.paths {
            let response = browser
                .get_with(path, &[("accept-encoding", "gzip, deflate, br, zstd")])
                .await;
            assert_eq!(response.header("content-encoding"), None, "{path}");
        }
    }
}
