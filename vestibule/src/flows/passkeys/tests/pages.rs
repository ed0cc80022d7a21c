use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{JSON, add, options, show};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::flows::{Site, SiteConfig};
use crate::testing::passkey::TestPasskey;
use crate::testing::{TestApp, fresh_database};

#[tokio::test]
async fn the_login_page_offers_passkeys_where_browsers_have_them() {
    for (url, has_passkeys) in [
        ("https://example.com", true),
        ("http://localhost:5000", true),
        ("http://127.0.0.1:5000", false),
        ("https://192.0.2.1", false),
    ] {
        let app = TestApp::with(|config| config.public_url = url.parse().unwrap()).await;

        let page = app.browser().get("/login").await;

        let text = page.text();
        assert_eq!(text.contains("data-passkey-login"), has_passkeys, "{url}");
        assert_eq!(text.contains("username webauthn"), has_passkeys, "{url}");
        let list = app.site.path("passkeys");
        assert_eq!(list.is_some(), has_passkeys, "{url}");
    }
}

#[tokio::test]
async fn a_site_that_must_have_passkeys_needs_a_domain_that_contains_its_host() {
    for (url, rp_id) in [
        ("http://127.0.0.1:5000", None),
        ("https://example.com", Some("example.org")),
        ("https://example.com", Some("login.example.com")),
        ("https://example.com", Some("ample.com")),
    ] {
        let key = SecretKey::generate(&Random::system()).unwrap();
        let mut config: SiteConfig = SiteConfig::new(url.parse().unwrap(), key);
        config.flows = Some(vec!["password_login".to_owned(), "passkeys".to_owned()]);
        config.passkey_rp_id = rp_id.map(str::to_owned);

        let error = Site::open(fresh_database().await, config)
            .await
            .unwrap_err();

        assert!(error.is_config(), "{url} {rp_id:?}: {error}");
        assert!(
            error.to_string().contains("passkeys need a domain"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn passkeys_may_be_for_a_parent_domain() {
    let app = TestApp::with(|config| {
        config.public_url = "https://login.example.com/app".parse().unwrap();
        config.passkey_rp_id = Some("example.com".to_owned());
    })
    .await;
    let response = app
        .browser()
        .post_json("/app/login/passkey/options", &json!({}))
        .await;
    assert_eq!(response.json()["rpId"], "example.com");
    let endpoints = app
        .browser()
        .get("/app/.well-known/passkey-endpoints")
        .await;
    let list = "https://login.example.com/app/account/passkeys";
    assert_eq!(endpoints.json(), json!({ "enroll": list, "manage": list }));
}

#[tokio::test]
async fn without_script_the_page_says_what_adding_needs() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;

    for (language, text) in [
        ("en", "you need JavaScript"),
        ("de", "brauchst du JavaScript"),
        ("es", "necesitas JavaScript"),
    ] {
        let languages = [("accept-language", language)];
        let page = alice.get_with("/account/passkeys", &languages).await;
        assert!(page.text().contains(text), "{}", page.text());
    }
}

#[tokio::test]
async fn a_passkey_is_renamed_and_a_wrong_name_is_not_lost() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let id = add(&alice, &mut TestPasskey::new(1)).await;
    let rename = async |name: &str| {
        let fields = [("passkey", &*id), ("name", name)];
        alice.post("/account/passkeys/rename", &fields).await
    };
    let long = "é".repeat(65);

    assert_eq!(rename("").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = rename(&long).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains(&long));
    assert!(
        wrong.text().contains("1 to 64 characters"),
        "{}",
        wrong.text()
    );
    let renamed = rename("  <b>Key</b> ").await;
    assert_eq!(renamed.location(), Some("/account/passkeys"));
    // A name that did not change is no error on any database.
    assert_eq!(rename("<b>Key</b>").await.status, StatusCode::SEE_OTHER);

    let list = alice.get_with("/account/passkeys", &JSON).await.json();
    assert_eq!(list["passkeys"][0]["name"], "<b>Key</b>");
    let page = alice.get("/account/passkeys").await;
    assert!(page.text().contains("&lt;b&gt;Key&lt;"), "{}", page.text());
}

#[tokio::test]
async fn a_new_passkey_without_a_name_is_named_by_its_browser() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let alice = alice.user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0");
    app.log_in(&alice, "alice").await;
    let options = super::options_to_add(&alice).await;
    let made = TestPasskey::new(1).create(&options);

    let response = alice.post_json("/account/passkeys", &made).await;

    assert_eq!(response.json()["name"], "Firefox on Linux");
}

#[tokio::test]
async fn a_new_browser_that_logs_in_by_a_passkey_is_known_from_then_on() {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", "alice@example.com").await;
    app.log_in(&alice, "alice").await;
    let mut phone = TestPasskey::new(1);
    add(&alice, &mut phone).await;
    let browser = app.browser();

    for _ in 0..2 {
        assert_eq!(show(&browser, &mut phone).await.status, StatusCode::OK);
        browser.post("/logout", &[]).await;
    }

    mailbox.of_kind("new_device", 1).await;
    let news = mailbox.mails().into_iter();
    let news = news.filter(|mail| mail.kind() == "new_device").count();
    assert_eq!(news, 1);
}

#[tokio::test]
async fn expired_ceremonies_are_removed() {
    let app = TestApp::new().await;
    options(&app.browser()).await;
    let passkeys = app.site.credentials().passkeys().unwrap();

    let early = passkeys.sweep(app.clock.now()).await.unwrap();
    app.clock.advance(Duration::from_secs(5 * 60));
    let late = passkeys.sweep(app.clock.now()).await.unwrap();

    assert_eq!((early, late), (0, 1));
}
