//! The admin's page.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::{EMAIL, JSON, LIST, Office, add, register};
use crate::accounts::{Actor, ChangeOutcome, InvitationState};
use crate::flows::RegistrationMode;
use crate::testing::{Mailbox, TestApp};

#[tokio::test]
async fn the_list_has_each_invitation_with_its_state_and_no_token() {
    let office = Office::new().await;
    let tokens: Vec<_> = {
        office.link("").await;
        office.press("revoke").await;
        let used = office.link("admin").await;
        register(&office.follow(&used).await, "dora").await;
        office.invite("erin@example.com", "").await;
        let mails = office.mailbox.of_kind("invitation", 3).await;
        let token = |link: String| link.split('=').nth(1).unwrap().to_owned();
        mails
            .iter()
            .map(|mail| token(Mailbox::link(mail)))
            .collect()
    };

    let page = office.carol.get(LIST).await;
    let list = office.carol.get_with(LIST, &JSON).await;

    for word in ["revoked", "used", "open", "No role", EMAIL] {
        assert!(page.text().contains(word), "{word}");
    }
    let json = list.json();
    let states = json["invitations"].as_array().unwrap().iter();
    let states: Vec<_> = states.map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["open", "used", "revoked"]);
    let used = &json["invitations"][1];
    assert_eq!(
        (&used["role"], &used["inviter"]),
        (&json!("admin"), &json!("carol"))
    );
    let id = office.app.account("dora").await.id;
    assert_eq!(used["user_href"], json!(format!("/admin/users/{id}")));
    let log = office.carol.get_with("/admin/log", &JSON).await;
    for token in tokens {
        assert!(!token.is_empty());
        for response in [&page, &list, &log] {
            assert!(!response.text().contains(&token));
        }
    }
    office.app.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(office.newest().await.state, InvitationState::Expired);
}

#[tokio::test]
async fn the_list_has_pages() {
    let office = Office::new().await;
    for i in 0..51 {
        let email = format!("user{i}@example.com").parse().unwrap();
        let actor = Actor::operator();
        let change = office.app.site.invite(actor, &email, None).await.unwrap();
        assert_eq!(change, ChangeOutcome::Done);
        office.app.clock.advance(Duration::from_millis(2));
    }

    let first = office.carol.get_with(LIST, &JSON).await.json();
    let next = first["next"].as_str().unwrap();
    let path = format!("{LIST}?after={next}");
    let second = office.carol.get_with(&path, &JSON).await.json();

    assert_eq!(first["invitations"].as_array().unwrap().len(), 50);
    assert_eq!(second["invitations"][0]["address"], "user0@example.com");
    assert_eq!(second["next"], Value::Null);
    let back = second["previous"].as_str().unwrap();
    let path = format!("{LIST}?before={back}");
    let back = office.carol.get_with(&path, &JSON).await.json();
    assert_eq!(back["invitations"], first["invitations"]);
}

#[tokio::test]
async fn a_form_that_cannot_be_sent_says_why_and_keeps_what_was_typed() {
    let office = Office::new().await;
    add(&office.app, "erin").await;
    office.app.set_email("erin", "erin@example.com").await;
    office.link("").await;

    for (email, role, field, why) in [
        ("dora", "admin", "email", "Enter an email address"),
        ("erin@example.com", "admin", "email", "There is an account"),
        (EMAIL, "admin", "email", "open invitation"),
        ("DORA@example.com", "", "email", "open invitation"),
        ("frank@example.com", "adnim", "role", "no such role"),
        ("frank@example.com", "a b", "role", "no such role"),
    ] {
        let page = office.invite(email, role).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert!(page.text().contains(why), "{why}: {}", page.text());
        assert!(page.text().contains(&format!("value=\"{email}\"")));
        if role == "admin" {
            assert!(page.text().contains("<option selected>admin"));
        }
        let fields = json!({ "email": email, "role": role });
        let problem = office.carol.post_json(LIST, &fields).await.json();
        assert_eq!(problem["code"], "invalid_fields");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    assert_eq!(office.mails().len(), 1);
}

#[tokio::test]
async fn a_resent_invitation_has_a_new_link_and_the_old_one_is_dead() {
    let office = Office::new().await;
    let old = office.link("").await;
    office.app.clock.advance(Duration::from_hours(8 * 24));
    office.app.log_in(&office.carol, "carol").await;

    let resent = office.press("resend").await;

    assert_eq!(resent.location(), Some(LIST), "{}", resent.text());
    let new = Mailbox::link(&office.mailbox.of_kind("invitation", 2).await[1]);
    let browser = office.follow(&old).await;
    assert_eq!(browser.get("/register").await.status, StatusCode::GONE);
    let browser = office.follow(&new).await;
    let done = register(&browser, "dora").await;
    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
    for action in ["resend", "revoke"] {
        let late = office.press(action).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        assert!(late.text().contains("was used or was revoked"));
    }
    assert_eq!(office.mails().len(), 2);
}

#[tokio::test]
async fn an_address_gets_five_invitations_an_hour() {
    let office = Office::new().await;
    for _ in 0..5 {
        office.link("").await;
        office.press("revoke").await;
    }

    let sixth = office.invite(EMAIL, "").await;

    assert_eq!(sixth.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(sixth.text().contains("enough emails"), "{}", sixth.text());
    assert_eq!(office.newest().await.state, InvitationState::Revoked);
    office.app.clock.advance(Duration::from_hours(1));
    office.app.log_in(&office.carol, "carol").await;
    office.link("").await;
}

#[tokio::test]
async fn nobody_is_invited_where_registration_is_closed_or_mail_is_missing() {
    let office = Office::with(RegistrationMode::Closed).await;
    assert_eq!(office.carol.get(LIST).await.status, StatusCode::NOT_FOUND);
    let email = EMAIL.parse().unwrap();
    let closed = office.app.site.invite(Actor::operator(), &email, None);
    assert!(closed.await.unwrap_err().is_config());
    let page = office.carol.get("/admin").await;
    assert!(!page.text().contains(LIST));

    let without = TestApp::new().await;
    let no_mail = without.site.invite(Actor::operator(), &email, None);
    assert!(no_mail.await.unwrap_err().is_config());
}
