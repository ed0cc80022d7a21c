//! Pages and methods that ask for no user.

use http::StatusCode;
use vestibule::login::Event;

use crate::{NOTCH, heard, plain};

/// `test_static_loads_anonymous`, `test_static_loads_without_accessing_session`
#[tokio::test]
async fn a_page_that_asks_nobody_who_they_are_looks_nobody_up() {
    let (browser, heard) = heard(|_| {});
    browser.get(NOTCH).await;

    let page = browser.get("/").await;

    assert_eq!(page.text(), "The index");
    assert_eq!(heard.count(Event::Accessed), 0);
    assert_eq!(page.header("vary"), None);
    assert_eq!(page.header("cache-control"), None);
}

/// `test_options_call_exempt`
#[tokio::test]
async fn an_exempt_method_passes() {
    let browser = plain();

    let options = browser.request("OPTIONS", "/method", &[], "").await;

    assert_eq!(options.status, StatusCode::OK);
    for method in ["GET", "POST"] {
        let refused = browser.request(method, "/method", &[], "").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
}
