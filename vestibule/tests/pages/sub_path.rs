//! A site below a path of its host.

use std::collections::BTreeSet;

use vestibule::testing::{PASSWORD, TestResponse};

use crate::{Answer, Pages};

/// The addresses in a page and in a header.
fn addresses(answer: &Answer) -> Vec<String> {
    let html = answer.html();
    let of_attribute = |attribute: &str| {
        let rest = html.split(attribute).skip(1);
        let values = rest.filter_map(|rest| rest.split('"').next());
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    let attributes = [" href=\"", " action=\"", " src=\"", " formaction=\""];
    let mut found: Vec<_> = attributes.into_iter().flat_map(of_attribute).collect();
    found.extend(answer.response.location().map(str::to_owned));
    found.retain(|address| !address.starts_with('#'));
    found
}

/// The paths of the cookies that a response sets, with what is wrong.
fn cookies_elsewhere(response: &TestResponse) -> Vec<&str> {
    let mut cookies = response.set_cookies();
    cookies.retain(|cookie| {
        let is_there = cookie
            .split("; ")
            .any(|attribute| attribute == "Path=/auth");
        let is_named = cookie.starts_with("__Secure-") && cookie.contains("-auth");
        !(is_there && is_named && cookie.contains("; Secure"))
    });
    cookies
}

#[tokio::test]
async fn every_address_and_every_cookie_is_below_the_path_of_the_public_url() {
    let pages = Pages::at("https://example.com/auth").await;
    let is_below = |address: &str| address == "/auth" || address.starts_with("/auth/");
    let mut seen = BTreeSet::new();
    for answer in pages.answers().await {
        for address in addresses(&answer) {
            let address = address.replace("https://example.com", "");
            assert!(is_below(&address), "{address} in {}", answer.asked);
            seen.insert(address);
        }
        let wrong = cookies_elsewhere(&answer.response);
        assert!(wrong.is_empty(), "{wrong:?} in {}", answer.asked);
    }
    assert!(seen.len() > 15, "{seen:?}");
    for path in &pages.paths {
        assert!(is_below(path), "{path} is a route");
    }

    let log_in = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "1"),
    ];
    let logged_in = pages.visitor.post("/auth/login", &log_in).await;
    assert!(logged_in.set_cookies().len() >= 3, "{logged_in:?}");
    assert_eq!(cookies_elsewhere(&logged_in), [""; 0]);
    let left = pages.visitor.post("/auth/logout", &[]).await;
    assert!(left.set_cookies().len() >= 2, "{left:?}");
    assert_eq!(cookies_elsewhere(&left), [""; 0]);
    let json = serde_json::json!({ "username": "alice", "password": PASSWORD });
    let by_json = pages.visitor.post_json("/auth/login", &json).await;
    assert_eq!(by_json.json()["next"], "/auth/welcome");
}
