//! Browsers in which a user need not show a second factor.

use std::time::Duration;

use http::StatusCode;

use super::{FACTOR, half_way, log_in, site};
use crate::testing::PASSWORD;

/// Attack G8.
#[tokio::test]
async fn a_trusted_browser_needs_no_second_factor_for_thirty_days() {
    let (app, phone) = site().await;
    let browser = half_way(&app, "alice").await;
    assert!(browser.get(FACTOR).await.text().contains("for 30 days"));
    let code = phone.next_code();
    browser
        .post(FACTOR, &[("code", &code), ("trust", "on")])
        .await;
    let cookie = browser.cookie("__Host-trusted").unwrap();

    browser.post("/logout", &[]).await;
    assert_eq!(log_in(&browser, "alice").await.location(), Some("/welcome"));
    let user = app.account("alice").await;
    let sessions = app.site.login_handle().sessions_of(&user.id, None, 9).await;
    let methods = sessions.unwrap()[0].methods;
    assert_eq!(methods.to_string(), "password, trusted_browser");
    // Changes of factors still need one.
    let list = browser.get("/account/factors").await;
    assert_eq!(
        list.location(),
        Some("/login/factor?next=%2Faccount%2Ffactors")
    );

    // It is for alice alone, and for no other browser without its cookie.
    app.add_totp(&app.registered("bob").await).await;
    let of_bob = app.browser();
    of_bob.set_cookie("__Host-trusted", &cookie);
    assert_eq!(log_in(&of_bob, "bob").await.location(), Some(FACTOR));
    half_way(&app, "alice").await;
    app.clock.advance(Duration::from_secs(30 * 24 * 60 * 60));
    let late = app.browser();
    late.set_cookie("__Host-trusted", &cookie);
    assert_eq!(log_in(&late, "alice").await.location(), Some(FACTOR));
}

/// Attack G8.
#[tokio::test]
async fn a_new_password_a_change_of_factors_and_the_user_end_the_trust() {
    for ends in ["password", "factor", "user"] {
        let (app, phone) = site().await;
        let browser = half_way(&app, "alice").await;
        let code = phone.next_code();
        browser
            .post(FACTOR, &[("code", &code), ("trust", "on")])
            .await;
        let json = [("accept", "application/json")];
        let list = browser.get_with("/account/factors", &json).await.json();
        let id = list["trusted_browsers"][0]["id"].as_str().unwrap();
        let mut password = PASSWORD;
        match ends {
            "password" => {
                password = "another horse and battery";
                let fields = [("current_password", PASSWORD), ("new_password", password)];
                browser.post("/change-password", &fields).await;
            }
            "factor" => drop(app.add_totp(&browser).await),
            _ => {
                let path = format!("/account/factors/trusted-browsers/{id}/remove");
                let ended = browser.post(&path, &[]).await;
                assert_eq!(ended.location(), Some("/account/factors"));
                assert_eq!(browser.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
            }
        }

        browser.post("/logout", &[]).await;
        let fields = [("username", "alice"), ("password", password)];
        let login = browser.post("/login", &fields).await;
        assert_eq!(login.location(), Some(FACTOR), "{ends}");
    }
}

/// Attack G8.
#[tokio::test]
async fn a_made_up_trusted_cookie_is_nothing() {
    let (app, _) = site().await;
    for made_up in ["", "A", &"A".repeat(43), &"A".repeat(4_096)] {
        let browser = app.browser();
        browser.set_cookie("__Host-trusted", made_up);
        assert_eq!(log_in(&browser, "alice").await.location(), Some(FACTOR));
    }
}
