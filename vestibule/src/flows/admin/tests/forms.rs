//! The forms on a user's page.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{JSON, Office, message};
use crate::accounts::Actor;
use crate::mail::Email;

/// One click on a preselected role would make an admin.
#[tokio::test]
async fn adding_a_role_begins_with_none() {
    let office = Office::new().await;
    office.add_role("editor").await;

    let page = office.carol.get(&office.path_of("alice").await).await;

    let begins = "<option value=\"\">Choose a role…</option>\n<option>admin</option>";
    assert!(page.text().contains(begins), "{}", page.text());
    for fields in [[("role", "")].as_slice(), &[]] {
        let refused = office.press("alice", "grant", fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused
                .text()
                .contains("<p class=\"wrong\" id=\"role-error\">Choose a role.</p>"),
            "{}",
            refused.text()
        );
    }
    let path = format!("{}/grant", office.path_of("alice").await);
    let refused = office.carol.post_json(&path, &json!({})).await;
    assert_eq!(refused.json()["errors"][0]["field"], "role");
    assert_eq!(refused.json()["code"], "invalid_fields");
    assert!(office.account("alice").await.rights.roles().is_empty());
}

#[tokio::test]
async fn a_user_s_page_says_how_many_sessions_a_change_ends() {
    let office = Office::new().await;
    let path = office.path_of("alice").await;
    let shown = async || office.carol.get(&path).await.text().to_owned();

    assert!(
        shown()
            .await
            .contains("Disabling the account ends 1 session.")
    );
    office.app.log_in(&office.app.browser(), "alice").await;
    let text = shown().await;
    for said in [
        "Disabling the account ends 2 sessions.",
        "Ends 2 sessions. The user has the role after the next log-in.",
        "Ends 2 sessions. This can’t be undone.",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    for _ in 0..49 {
        office.app.log_in(&office.app.browser(), "alice").await;
    }
    assert!(shown().await.contains("ends more than 50 sessions."));
    office.press("alice", "disable", &[]).await;
    assert!(!shown().await.contains("Disabling the account"));
    assert!(shown().await.contains("Ends no sessions."));
}

/// The page shows the error at the form, and a script gets the problem that it got before.
#[tokio::test]
async fn what_cannot_be_done_is_said_at_its_form_with_what_was_typed() {
    let office = Office::new().await;
    let path = office.path_of("carol").await;
    let last = "This is the last admin. Give somebody else the role admin first.";

    for (form, fields, heading) in [
        ("revoke", [("role", "admin")].as_slice(), "Roles"),
        ("disable", &[], "Account"),
        ("delete", &[("username", "carol")], "Delete the account"),
    ] {
        let refused = office.press("carol", form, fields).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{form}");
        let parts: Vec<_> = refused.text().split(last).collect();
        assert_eq!(parts.len(), 2, "once: {form}");
        let above = parts[0].rsplit("<h2>").next().unwrap();
        assert!(above.starts_with(heading), "{form} in {above}");
    }
    let refused = office
        .press("carol", "delete", &[("username", "carol")])
        .await;
    assert!(refused.text().contains("value=\"carol\""));
    let script = office
        .carol
        .post_json(&format!("{path}/disable"), &json!({}))
        .await;
    assert_eq!(script.json()["code"], "conflict");
    assert_eq!(script.json()["detail"], last);
    let refused = office
        .press("alice", "delete", &[("username", "alicia")])
        .await;
    assert!(refused.text().contains("value=\"alicia\""));
    assert!(!office.account("carol").await.is_disabled);
}

#[tokio::test]
async fn an_admin_sets_a_user_s_email_address_and_removes_it() {
    let office = Office::new().await;
    let email = async || office.account("alice").await.email;
    office.app.clock.advance(Duration::from_secs(1));

    let set = office
        .press("alice", "email", &[("email", " alice@example.com ")])
        .await;
    assert_eq!(message(&office.carol, &set).await, "Email address saved.");
    assert_eq!(email().await.as_deref(), Some("alice@example.com"));
    let (action, actor, user, detail) = office.log().await.remove(0);
    assert_eq!((&*action, &*actor), ("email changed", "carol"));
    assert_eq!(user.as_deref(), Some("alice"));
    assert_eq!(detail.as_deref(), Some("alice@example.com"));
    for wrong in ["alice", "a@b\r\nBcc: c@example.com", "<script>"] {
        let refused = office.press("alice", "email", &[("email", wrong)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        let text = refused.text();
        assert!(text.contains("id=\"email-error\""), "{text}");
    }
    let refused = office
        .press("alice", "email", &[("email", "alice(at)")])
        .await;
    assert!(refused.text().contains("value=\"alice(at)\""));
    assert_eq!(email().await.as_deref(), Some("alice@example.com"));
    let same = office
        .press("alice", "email", &[("email", "alice@example.com")])
        .await;
    assert_eq!(message(&office.carol, &same).await, "Nothing to change.");
    let path = format!("{}/email", office.path_of("alice").await);
    let removed = office.carol.post_json(&path, &json!({ "email": "" })).await;
    assert_eq!(removed.json()["detail"], "Email address removed.");
    assert_eq!(email().await, None);
    let ghost = office
        .carol
        .post("/admin/users/ghost/email", &[("email", "a@example.com")])
        .await;
    assert_eq!(ghost.status, StatusCode::NOT_FOUND);
}

/// Attack: an address that leads resets of the password elsewhere.
#[tokio::test]
async fn nobody_but_an_admin_who_has_just_logged_in_sets_an_email_address() {
    let office = Office::new().await;
    let before: Email = "carol@example.com".parse().unwrap();
    let carol = office.account("carol").await;
    let operator = office.app.site.accounts().by(Actor::operator());
    let _ = operator.set_email(&carol.id, Some(&before)).await.unwrap();
    let path = format!("{}/email", office.path_of("carol").await);
    let fields = [("email", "mallory@example.com")];
    let form = ("content-type", "application/x-www-form-urlencoded");
    let elsewhere = [form, ("sec-fetch-site", "cross-site")];

    let anonymous = office.app.browser().post(&path, &fields).await;
    assert!(anonymous.location().unwrap().starts_with("/login"));
    let user = office.alice.post(&path, &fields).await;
    assert_eq!(user.status, StatusCode::FORBIDDEN);
    let other_site = office
        .carol
        .post_with(&path, &elsewhere, "email=mallory%40example.com")
        .await;
    assert_eq!(other_site.status, StatusCode::FORBIDDEN);
    for more in ["id", "username", "email_verified", "role"] {
        let fields = [("email", "mallory@example.com"), (more, "admin")];
        let mass = office.carol.post(&path, &fields).await;
        assert_eq!(mass.status, StatusCode::BAD_REQUEST, "{more}");
    }
    office.app.clock.advance(Duration::from_secs(16 * 60));
    let stale = office.carol.post(&path, &fields).await;
    assert!(stale.location().unwrap().starts_with("/confirm-login"));

    let email = office.account("carol").await.email;
    assert_eq!(email.as_deref(), Some(before.as_str()));
}

#[tokio::test]
async fn a_user_s_page_says_when_they_last_logged_in() {
    let office = Office::new().await;
    let path = office.path_of("alice").await;
    let last_login = async || {
        office.app.site.finish().await;
        let view = office.carol.get_with(&path, &JSON).await.json();
        view["last_login"].clone()
    };
    let before = last_login().await;

    office.app.clock.advance(Duration::from_mins(5));
    office.app.log_in(&office.app.browser(), "alice").await;

    let now = office.app.clock.now().to_string();
    assert_ne!(before, now);
    assert_eq!(last_login().await, now);
}
