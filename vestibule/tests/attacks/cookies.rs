//! Attacks on cookies: changed, copied, renamed, and too many of them.

use std::collections::BTreeSet;

use http::StatusCode;
use vestibule::login::Event;
use vestibule::testing::{PASSWORD, TestResponse};

use crate::{DAY, REMEMBER, SESSION, Target, is_in, with_remember};

/// A3, for the remember cookie: 10,000 changes of a valid one.
#[tokio::test]
async fn no_changed_remember_token_is_anybodys_and_each_that_is_no_token_is_told() {
    let target = Target::new().await;
    let token = target.remembered().await.cookie(REMEMBER).unwrap();
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \"|\u{e9}";
    let mut changed = BTreeSet::from([
        format!("{token}="),
        format!("\"{token}\""),
        token.to_lowercase(),
        token.repeat(2),
        token[..63].to_owned(),
        "x".repeat(8_192),
        String::new(),
    ]);
    for i in 0..token.len() {
        changed.insert(token[..i].to_owned());
        for letter in letters.chars() {
            changed.insert(format!("{}{letter}{}", &token[..i], &token[i + 1..]));
            changed.insert(format!("{}{letter}{}", &token[..i], &token[i..]));
        }
    }
    changed.remove(&token);
    assert!(changed.len() > 9_000);
    let before = target.count(Event::MalformedCookie);

    for value in changed.iter().filter(|value| value.trim() != token) {
        // The name alone is known here: a wrong secret with it ends the login, so that the
        // names of these are changed too.
        let value = if value.len() == 64 && value[..21] == token[..21] {
            format!("A{}", &value[1..])
        } else {
            value.clone()
        };
        let browser = with_remember(&target, &value);
        let response = browser.get("/welcome").await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{value}");
    }

    let told = target.count(Event::MalformedCookie) - before;
    assert!(told > 4_000, "{told}");
    let original = with_remember(&target, &token);
    assert!(
        is_in(&original).await,
        "nothing of this touched the right one"
    );
}

/// A10: names that only look like ours.
#[tokio::test]
async fn a_cookie_whose_name_only_looks_like_ours_is_not_ours() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let session = browser.cookie(SESSION).unwrap();
    let remember = browser.cookie(REMEMBER).unwrap();

    for (name, value) in [("session", &session), ("remember", &remember)] {
        for cookie in [
            format!("__host-{name}={value}"),
            format!("__Host-{name}%00={value}"),
            format!("%5f_Host-{name}={value}"),
            format!("=__Host-{name}={value}"),
            format!("$Version=1; x__Host-{name}={value}"),
            format!("__Host-{name}=\"{value}\""),
            format!("__Secure-{name}={value}"),
            format!("{name}={value}"),
        ] {
            let stranger = target.app.browser();
            let response = stranger.get_with("/welcome", &[("cookie", &cookie)]).await;
            assert_eq!(response.status, StatusCode::SEE_OTHER, "{cookie}");
        }
    }
}

/// A9, for the remember cookie.
#[tokio::test]
async fn of_two_remember_cookies_neither_counts() {
    let target = Target::new().await;
    let token = target.remembered().await.cookie(REMEMBER).unwrap();

    for cookies in [
        format!("{REMEMBER}={token}; {REMEMBER}=evil"),
        format!("{REMEMBER}=evil; {REMEMBER}={token}"),
    ] {
        let stranger = target.app.browser();
        let response = stranger.get_with("/welcome", &[("cookie", &cookies)]).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{cookies}");
    }
    assert!(target.count(Event::MalformedCookie) >= 2);
}

/// A12: many small cookies around ours. Headers past 32 KB are `server/tests/serve.rs`.
#[tokio::test]
async fn five_thousand_other_cookies_hide_nothing() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    for i in 0..5_000 {
        browser.set_cookie(&format!("c{i}"), "1");
    }

    assert!(is_in(&browser).await);
}

/// A13: every cookie that any answer sets or removes.
#[tokio::test]
async fn every_cookie_has_every_attribute_whatever_sets_it() {
    let target = Target::new().await;
    let browser = target.app.browser();
    let json = [("accept", "application/json")];
    let mut answers = vec![
        target.log_in(&browser, true).await,
        browser.post("/login", &[("username", "alice")]).await,
        browser.get_with("/nowhere", &json).await,
    ];
    target.app.clock.advance(DAY / 24);
    let confirm = [("password", PASSWORD)];
    answers.push(browser.post_with("/sensitive", &[], "").await);
    answers.push(browser.get("/confirm-login").await);
    answers.push(browser.post("/confirm-login", &confirm).await);
    browser.restart();
    answers.push(browser.get("/welcome").await);
    answers.push(browser.post("/logout", &[]).await);
    answers.push(browser.get("/login").await);

    let cookies: Vec<_> = answers.iter().flat_map(TestResponse::set_cookies).collect();
    assert!(cookies.len() > 8, "{cookies:#?}");
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(cookie.len() <= 4_096, "{cookie}");
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

/// A14, A19: whoever reads the database can be nobody with it.
#[tokio::test]
async fn nothing_in_the_database_is_a_cookie() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let values = [SESSION, REMEMBER].map(|name| browser.cookie(name).unwrap());

    let found = target.kept().await;

    assert!(found.len() >= 6);
    let base64 = data_encoding::BASE64URL_NOPAD;
    let secrets = values
        .each_ref()
        .map(|value| base64.decode(value.as_bytes()).unwrap());
    for (column, bytes) in &found {
        for secret in &secrets {
            assert!(
                !secret
                    .windows(16)
                    .any(|part| bytes.windows(16).any(|w| w == part))
            );
        }
        assert!(
            !String::from_utf8_lossy(bytes).contains(&values[0]),
            "{column}"
        );
        // As the session, as the remembered login, and both halves of it put together.
        let thief = target.app.browser();
        thief.set_cookie(SESSION, &base64.encode(bytes));
        assert!(!is_in(&thief).await, "{column}");
        for (_, other) in &found {
            let joined = [&bytes[..16.min(bytes.len())], other].concat();
            let thief = with_remember(&target, &base64.encode(&joined));
            assert!(!is_in(&thief).await, "{column}");
        }
    }
    assert!(is_in(&browser).await, "and nothing of this ended anything");
}

/// A15: what one cookie holds is worth nothing in another.
#[tokio::test]
async fn a_cookie_is_worth_nothing_under_another_ones_name() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let flash = {
        let visitor = target.app.browser();
        visitor.post("/logout", &[]).await;
        visitor.cookie("__Host-flash").unwrap()
    };
    let session = browser.cookie(SESSION).unwrap();
    let remember = browser.cookie(REMEMBER).unwrap();

    for (name, value) in [
        (SESSION, &remember),
        (SESSION, &flash),
        (REMEMBER, &session),
        (REMEMBER, &flash),
        ("__Host-flash", &session),
        ("__Host-flash", &remember),
    ] {
        let stranger = target.app.browser();
        stranger.set_cookie(name, value);
        assert!(!is_in(&stranger).await, "{name}");
        assert_eq!(stranger.get("/login").await.status, StatusCode::OK);
    }
}

/// A17: no token in any page, address or event.
#[tokio::test]
async fn no_token_is_in_a_page_an_address_or_an_event() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    browser.restart();
    let mut seen = String::new();
    for path in ["/", "/welcome", "/logout", "/sensitive", "/confirm-login"] {
        let response = browser.get(path).await;
        seen.push_str(response.text());
        seen.push_str(response.location().unwrap_or_default());
    }
    seen.push_str(&format!("{:?}", target.heard.lock().unwrap()));

    assert!(seen.contains("LoadedFromCookie"));
    for name in [SESSION, REMEMBER] {
        let value = browser.cookie(name).unwrap();
        assert!(!seen.contains(&value[..20]), "{name}");
    }
}
