//! Session protection by the address and the user agent.

use std::net::IpAddr;

use vestibule::login::{AddressPrefix, SessionProtection};
use vestibule::testing::TestClient;
use vestibule::web::TrustedProxies;

use crate::{browser, manager, text};

fn at(address: &str) -> IpAddr {
    address.parse().unwrap()
}

fn protected(proxies: &[&str]) -> TestClient {
    let proxies: TrustedProxies = proxies.join(",").parse().unwrap();
    let manager = manager()
        .session_protection(SessionProtection::Strong)
        .protect_address(AddressPrefix::default())
        .trusted_proxies(proxies);
    browser(manager)
}

#[tokio::test]
async fn a_session_stays_in_its_network_when_asked() {
    for (home, same, other) in [
        ("192.0.2.1", "192.0.2.200", "192.0.3.1"),
        ("2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:2::1"),
    ] {
        let browser = protected(&[]).address(at(home));
        browser.post("/in", &[]).await;

        let same = browser.stolen().address(at(same));
        assert_eq!(text(&same, "/who").await, "alice");
        let other = browser.stolen().address(at(other));
        assert_eq!(text(&other, "/who").await, "nobody");
    }
}

/// Issue 700: the address was whatever `X-Forwarded-For` said.
#[tokio::test]
async fn a_thief_cannot_write_the_owners_address_into_a_header() {
    let browser = protected(&["10.0.0.1/32"]).address(at("10.0.0.1"));
    let owner = [("x-forwarded-for", "192.0.2.1"), ("content-length", "0")];
    browser.post_with("/in", &owner, "").await;
    assert_eq!(browser.get_with("/who", &owner[..1]).await.text(), "alice");

    // Through the proxy, which adds the thief's own; and past it.
    let through = [("x-forwarded-for", "192.0.2.1, 203.0.113.9")];
    let past = browser.stolen().address(at("203.0.113.9"));
    assert_eq!(past.get_with("/who", &owner[..1]).await.text(), "nobody");
    browser.post_with("/in", &owner, "").await;
    let thief = browser.stolen();
    assert_eq!(thief.get_with("/who", &through).await.text(), "nobody");
}

#[tokio::test]
async fn a_phone_that_changes_networks_stays_logged_in_by_default() {
    let manager = manager().session_protection(SessionProtection::Strong);
    let browser = browser(manager).address(at("192.0.2.1"));
    browser.post("/in", &[]).await;

    let elsewhere = browser.stolen().address(at("203.0.113.9"));

    assert_eq!(text(&elsewhere, "/who").await, "alice");
}

#[tokio::test]
async fn a_user_agent_of_any_length_and_bytes_is_compared_and_kept_short() {
    let long = "x".repeat(5_000);
    let manager = manager().session_protection(SessionProtection::Strong);
    let browser = browser(manager).user_agent(&long);
    browser.post("/in", &[]).await;

    assert_eq!(text(&browser, "/who").await, "alice");
    assert_eq!(text(&browser, "/agent").await.len(), 512);
    let none = browser.stolen().user_agent("");
    assert_eq!(text(&none, "/who").await, "nobody");
}
