//! Invitations where users log in with a mail address.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{COOKIE, EMAIL, JSON, Office};
use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::credentials::{EmailUsers, LoginName};
use crate::flows::RegistrationMode;
use crate::testing::{Mailbox, PASSWORD, TestClient, TestResponse};

const NEW: &str = "another horse and battery";
const OTHER: &str = "erin@example.com";

async fn office(mode: RegistrationMode, log_in_with: LoginName) -> Office {
    Office::with_and(mode, |config| config.log_in_with = log_in_with).await
}

async fn by_address() -> Office {
    office(RegistrationMode::Invite, LoginName::Email).await
}

async fn choose(browser: &TestClient, password: &str) -> TestResponse {
    browser.post("/register", &[("password", password)]).await
}

async fn owner(office: &Office, email: &str) -> Option<Account> {
    let accounts = office.app.site.accounts();
    accounts
        .find_by_email(&email.parse().unwrap())
        .await
        .unwrap()
}

async fn can_log_in(office: &Office, typed: &str, password: &str) -> bool {
    let fields = [("username", typed), ("password", password)];
    let answer = office.app.browser().post("/login", &fields).await;
    answer.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn with_an_address_alone_the_form_asks_for_a_password_and_the_user_is_logged_in() {
    let office = by_address().await;
    let link = office.link("admin").await;
    let browser = office.follow(&link).await;
    let form = browser.get("/register").await;
    assert!(form.text().contains(EMAIL), "{}", form.text());
    assert!(!form.text().contains("name=\"email\"") && !form.text().contains("name=\"username\""));
    let form = browser.get_with("/register", &JSON).await;
    assert_eq!(
        form.json(),
        json!({ "invited": EMAIL, "min_chars": 15, "next": null, "fields": [], "by_passkey": true })
    );

    let done = choose(&browser, PASSWORD).await;

    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
    assert!(browser.get("/welcome").await.text().contains(EMAIL));
    assert_eq!(browser.cookie(COOKIE), None);
    let dora = owner(&office, EMAIL).await.unwrap();
    assert_eq!((dora.username.as_deref(), dora.name()), (None, EMAIL));
    assert!(dora.email_verified_at.is_some() && dora.rights.has_role("admin"));
    assert_eq!(office.newest().await.user_id, Some(dora.id));
    assert!(can_log_in(&office, EMAIL, PASSWORD).await);
    office.app.site.deliver_mail().await.unwrap();
    let mails = office.mailbox.mails();
    assert!(mails.iter().all(|mail| mail.kind() != "verify_email"));
}

#[tokio::test]
async fn a_password_made_of_the_invited_address_is_rejected() {
    let office = by_address().await;
    let browser = office.follow(&office.link("").await).await;

    let rejected = choose(&browser, EMAIL).await;
    let other = [("email", OTHER), ("password", PASSWORD)];
    let other = browser.post("/register", &other).await;

    assert_eq!(rejected.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(rejected.text().contains("id=\"password-error\""));
    assert!(other.status.is_client_error(), "the form has no address");
    assert!(owner(&office, EMAIL).await.is_none());
    assert!(owner(&office, OTHER).await.is_none());
}

#[tokio::test]
async fn a_double_click_with_an_address_alone_registers_once_and_logs_in() {
    let office = by_address().await;
    let link = office.link("").await;
    let browser = office.follow(&link).await;
    let (second, third) = (browser.stolen(), office.app.browser());

    let first = choose(&browser, PASSWORD).await;
    let again = choose(&second, PASSWORD).await;
    let wrong = third.post_json(&link, &json!({ "password": NEW })).await;

    assert_eq!(first.location(), Some("/welcome"), "{}", first.text());
    assert_eq!(again.location(), Some("/welcome"), "{}", again.text());
    assert_eq!(wrong.status, StatusCode::GONE);
    assert!(!wrong.text().contains(EMAIL));
    office.app.clock.advance(Duration::from_mins(6));
    let late = office.app.browser();
    let late = late
        .post_json(&link, &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(late.status, StatusCode::GONE);
}

#[tokio::test]
async fn of_several_who_choose_a_password_with_one_invitation_one_wins() {
    let office = by_address().await;
    let link = office.link("admin").await;
    let mut requests = Vec::new();
    for i in 0..20 {
        let (browser, link) = (office.app.browser(), link.clone());
        requests.push(tokio::spawn(async move {
            let fields = json!({ "password": format!("{PASSWORD} {i}") });
            browser.post_json(&link, &fields).await.status
        }));
    }

    let mut created = 0;
    for request in requests {
        match request.await.unwrap() {
            StatusCode::CREATED => created += 1,
            StatusCode::GONE | StatusCode::TOO_MANY_REQUESTS => {}
            other => panic!("{other}"),
        }
    }

    assert_eq!(created, 1);
    assert!(owner(&office, EMAIL).await.is_some());
}

/// Somebody who has registered the address, and has not verified it, keeps nobody from it.
#[tokio::test]
async fn a_registration_that_waits_gives_up_its_address_to_the_invited_person() {
    let office = office(RegistrationMode::Open, LoginName::Email).await;
    let stranger = office.app.browser();
    let fields = [("email", EMAIL), ("password", NEW)];
    let waits = stranger.post("/register", &fields).await;
    assert_eq!(waits.status, StatusCode::ACCEPTED);
    let verify = Mailbox::link(&office.mailbox.of_kind("verify_email", 1).await[0]);

    let browser = office.follow(&office.link("").await).await;
    let done = choose(&browser, PASSWORD).await;
    stranger.get(&verify).await;
    let late = stranger.post("/verify-email", &[]).await;

    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
    assert_ne!(late.status, StatusCode::OK);
    assert!(can_log_in(&office, EMAIL, PASSWORD).await);
    assert!(!can_log_in(&office, EMAIL, NEW).await);
    assert!(
        owner(&office, EMAIL)
            .await
            .unwrap()
            .email_verified_at
            .is_some()
    );
}

#[tokio::test]
async fn an_invited_person_can_enter_another_address_and_verifies_it() {
    for log_in_with in [LoginName::Username, LoginName::Either] {
        let office = office(RegistrationMode::Invite, log_in_with).await;
        let browser = office.follow(&office.link("admin").await).await;
        let form = browser.get_with("/register", &JSON).await.json();
        assert_eq!(form["email_required"], false);

        let fields = [
            ("username", "dora"),
            ("email", OTHER),
            ("password", PASSWORD),
        ];
        let done = browser.post("/register", &fields).await;

        assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
        let dora = office.app.account("dora").await;
        assert_eq!(dora.email.as_deref(), Some(OTHER));
        assert!(dora.email_verified_at.is_none() && dora.rights.has_role("admin"));
        let mail = office.mailbox.of_kind("verify_email", 1).await;
        assert_eq!(mail[0].to().as_str(), OTHER);
        assert!(owner(&office, EMAIL).await.is_none());
    }
}

#[tokio::test]
async fn an_invited_person_who_enters_no_address_or_the_same_one_has_verified_it() {
    for typed in ["", "DORA@example.com"] {
        let office = office(RegistrationMode::Invite, LoginName::Either).await;
        let browser = office.follow(&office.link("").await).await;

        let fields = [
            ("username", "dora"),
            ("email", typed),
            ("password", PASSWORD),
        ];
        let done = browser.post("/register", &fields).await;

        assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
        assert!(office.app.account("dora").await.email_verified_at.is_some());
        assert!(can_log_in(&office, EMAIL, PASSWORD).await);
        office.app.site.deliver_mail().await.unwrap();
        let mails = office.mailbox.mails();
        assert!(mails.iter().all(|mail| mail.kind() != "verify_email"));
    }
}

/// If the app rejects the new account, its visitor can try again.
#[tokio::test]
async fn a_rejected_registration_by_address_uses_up_no_invitation() {
    let office = Office::with_and(RegistrationMode::Invite, |config| {
        config.log_in_with = LoginName::Email;
        config.registration_fields = vec![crate::flows::RegistrationField::new("team", "Team")];
        config.on_register(|_, values| async move {
            Ok(match values.get("team") {
                "red" => crate::flows::RegistrationOutcome::rejected("team", "Not this one."),
                _ => crate::flows::RegistrationOutcome::Accepted,
            })
        });
    })
    .await;
    let browser = office.follow(&office.link("").await).await;
    let register = async |team: &str| {
        let fields = [("password", PASSWORD), ("team", team)];
        browser.post("/register", &fields).await
    };

    let rejected = register("red").await;
    let done = register("blue").await;

    assert_eq!(rejected.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(rejected.text().contains("Not this one."));
    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
}

/// Attack E11: register the victim's address, and let an admin mark it as verified.
#[tokio::test]
async fn an_address_that_an_admin_marks_as_verified_ends_the_password_of_whoever_registered_it() {
    let office = office(RegistrationMode::Open, LoginName::Email).await;
    let fields = [("email", EMAIL), ("password", NEW)];
    office.app.browser().post("/register", &fields).await;
    office.mailbox.of_kind("verify_email", 1).await;
    let dora = owner(&office, EMAIL).await.unwrap();
    let operator = office.app.site.accounts().by(Actor::operator());

    let change = operator.verify_email(&dora.id).await.unwrap();

    assert_eq!(change, ChangeOutcome::Done);
    assert!(!can_log_in(&office, EMAIL, NEW).await);
    let sent = office.app.site.send_reset_link(Actor::operator(), &dora.id);
    assert_eq!(sent.await.unwrap(), ChangeOutcome::Done);
    let link = Mailbox::link(&office.mailbox.of_kind("reset_password", 1).await[0]);
    let browser = office.app.browser();
    browser.get(&link).await;
    browser
        .post("/reset-password", &[("password", PASSWORD)])
        .await;
    assert!(can_log_in(&office, EMAIL, PASSWORD).await);
}
