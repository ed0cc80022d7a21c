//! Request loaders, and settings that are rejected at the start.

use std::convert::Infallible;

use http::StatusCode;
use http::request::Parts;

use crate::{Member, browser, manager, text};

#[tokio::test]
async fn a_request_loader_that_fails_is_503_and_not_asked_for_a_session() {
    let fails = async |_: Parts| Err::<Option<Member>, _>("the table is gone");
    let browser = browser(manager().request_loader(fails));

    for path in ["/who", "/members"] {
        let response = browser.get(path).await;
        assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!response.text().contains("table"));
    }
    browser.post("/in", &[]).await;
    assert_eq!(text(&browser, "/who").await, "alice");
}

#[tokio::test]
async fn a_request_loader_sees_the_whole_head_of_the_request() {
    let by_header = async |request: Parts| {
        let is_bob = request.method == "PUT"
            && request.uri.query() == Some("as=bob")
            && request
                .headers
                .get("x-api-key")
                .is_some_and(|key| key == "k");
        Ok::<_, Infallible>(is_bob.then_some(Member("bob")))
    };
    let browser = browser(manager().request_loader(by_header));
    let key = [("x-api-key", "k")];

    let response = browser.request("PUT", "/members?as=bob", &key, "").await;

    assert_eq!(response.text(), "members");
    let refused = browser.request("PUT", "/members", &key, "").await;
    assert_ne!(refused.status, StatusCode::OK);
}

#[test]
fn a_realm_or_a_host_that_is_none_is_refused_at_the_start() {
    assert!(manager().realm("a b").is_err());
    assert!(manager().realm("ü").is_err());
    assert!(manager().realm(&"x".repeat(33)).is_err());
    for host in [
        "",
        "a/b",
        "user@example.com",
        "example.com?x",
        "a b",
        "EXAMPLE.com",
    ] {
        assert!(manager().login_host(host).is_err(), "{host}");
    }
    assert!(manager().login_host("example.com:8443").is_ok());
}
