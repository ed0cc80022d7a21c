//! Attacks on invitations. ASVS 6.4.1, 6.4.3; attacks E1, E2, E4, E7, E12.

use std::time::Duration;

use http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{COOKIE, EMAIL, JSON, LIST, Office, add, register};
use crate::accounts::{Actor, ChangeOutcome, InvitationState};
use crate::credentials::EmailUsers;
use crate::testing::{Mailbox, PASSWORD};

impl Office {
    /// What a dead link answers, after which nobody is registered.
    async fn is_dead(&self, link: &str) {
        let browser = self.follow(link).await;
        let sent = register(&browser, "mallory").await;
        assert_eq!(sent.status, StatusCode::GONE, "{}", sent.text());
        assert!(!sent.text().contains(EMAIL));
        assert_eq!(browser.cookie(COOKIE), None);
        let shown = self.follow(link).await.get("/register").await;
        assert_eq!(shown.status, StatusCode::GONE);
        assert!(!shown.text().contains(EMAIL));
        let found = self.app.site.accounts().find("mallory").await;
        assert!(found.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_used_a_revoked_and_an_expired_invitation_are_dead() {
    let office = Office::new().await;
    let revoked = office.link("admin").await;
    office.press("revoke").await;
    office.is_dead(&revoked).await;

    let expired = office.link("admin").await;
    office.app.clock.advance(Duration::from_hours(7 * 24));
    office.is_dead(&expired).await;

    office.app.log_in(&office.carol, "carol").await;
    let used = office.link("admin").await;
    let done = register(&office.follow(&used).await, "dora").await;
    assert_eq!(done.location(), Some("/welcome"));
    office.is_dead(&used).await;
}

/// Each of fifty requests checks the invitation, and one uses it up.
#[tokio::test]
async fn of_fifty_registrations_with_one_invitation_one_wins() {
    let office = Office::new().await;
    let link = office.link("admin").await;
    let mut requests = Vec::new();
    for i in 0..50 {
        let (browser, link) = (office.app.browser(), link.clone());
        requests.push(tokio::spawn(async move {
            let fields = json!({ "username": format!("user{i}"), "password": PASSWORD });
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
    let role = "admin".parse().unwrap();
    let admins = office.app.site.accounts().count_with_role(&role).await;
    assert_eq!(admins.unwrap(), 2);
}

/// An admin about to be demoted invites a second account of theirs.
#[tokio::test]
async fn the_invitation_of_an_admin_who_lost_the_role_is_dead() {
    let office = Office::new().await;
    add(&office.app, "boss").await;
    office.app.grant("boss", "admin").await;
    let link = office.link("admin").await;
    let carol = office.app.account("carol").await;
    let operator = office.app.site.accounts().by(Actor::operator());
    let admin = "admin".parse().unwrap();

    let change = operator.revoke_role(&carol.id, &admin).await.unwrap();
    assert_eq!(change, ChangeOutcome::Done);

    office.is_dead(&link).await;
    let state = office.newest().await.state;
    assert_eq!(state, InvitationState::InviterLacksRole);
    let boss = office.app.browser();
    office.app.log_in(&boss, "boss").await;
    let page = boss.get(LIST).await;
    assert!(page.text().contains("its sender is no longer an admin"));
    let path = format!("{LIST}/{}/resend", office.newest().await.id);
    assert_eq!(boss.post(&path, &[]).await.location(), Some(LIST));
    let new = Mailbox::link(&office.mailbox.of_kind("invitation", 2).await[1]);
    let done = register(&office.follow(&new).await, "dora").await;
    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
}

/// The check that the guard makes is repeated in the transaction.
#[tokio::test]
async fn whoever_has_lost_the_role_meanwhile_invites_nobody() {
    let office = Office::new().await;
    let carol = office.app.account("carol").await;
    let admin: crate::access::RoleName = "admin".parse().unwrap();
    let actor = Actor::user(&carol, admin.clone());
    let operator = office.app.site.accounts().by(Actor::operator());
    let _ = operator.revoke_role(&carol.id, &admin).await.unwrap();

    let email = EMAIL.parse().unwrap();
    let change = office.app.site.invite(actor, &email, Some(&admin)).await;

    assert_eq!(change.unwrap(), ChangeOutcome::ActorLacksRole);
    let themself = Actor::themself(&office.app.account("carol").await);
    let change = office.app.site.invite(themself, &email, None).await;
    assert_eq!(change.unwrap(), ChangeOutcome::ActorLacksRole);
    assert!(office.mails().is_empty());
}

#[tokio::test]
async fn the_pages_are_for_admins_whose_log_in_is_fresh() {
    let office = Office::new().await;
    office.link("").await;
    let id = office.newest().await.id;
    add(&office.app, "alice").await;
    let alice = office.app.browser();
    office.app.log_in(&alice, "alice").await;
    let posts = [
        LIST.to_owned(),
        format!("{LIST}/{id}/resend"),
        format!("{LIST}/{id}/revoke"),
    ];

    assert_eq!(alice.get(LIST).await.status, StatusCode::FORBIDDEN);
    office.app.clock.advance(Duration::from_mins(16));
    for path in &posts {
        let refused = alice.post(path, &[]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        let stale = office.carol.post_json(path, &json!({})).await;
        assert_eq!(stale.json()["code"], "fresh_login_required", "{path}");
    }
    assert_eq!(office.newest().await.state, InvitationState::Open);
}

/// Attack F1.
#[tokio::test]
async fn a_form_on_another_site_neither_invites_nor_registers() {
    let office = Office::new().await;
    let link = office.link("").await;
    let id = office.newest().await.id;
    let invited = office.follow(&link).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let headers = [form, ("sec-fetch-site", "cross-site")];

    for path in [LIST.to_owned(), format!("{LIST}/{id}/revoke")] {
        let body = "email=mallory%40example.com";
        let refused = office.carol.post_with(&path, &headers, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let body = "username=mallory&password=correct+horse+battery+staple";
    let refused = invited.post_with("/register", &headers, body).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(office.mails().len(), 1);
    assert_eq!(office.newest().await.state, InvitationState::Open);
}

/// Attack E12. Each wrong one counts for its network, and a right one then waits too.
#[tokio::test]
async fn tokens_are_not_guessed_without_end() {
    let office = Office::new().await;
    let link = office.link("").await;
    let mallory = office.app.browser().address([203, 0, 113, 9].into());
    let mut answers = std::collections::BTreeSet::new();

    for i in 0..70 {
        let token = format!("{i:0>43}");
        let path = format!("/register?invitation={token}");
        let fields = json!({ "username": "mallory", "password": PASSWORD });
        answers.insert(mallory.post_json(&path, &fields).await.status.as_u16());
    }

    assert_eq!(answers, [410, 429].into());
    let fields = json!({ "username": "mallory", "password": PASSWORD });
    let late = mallory.post_json(&link, &fields).await;
    assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(late.header("retry-after").is_some() && !late.text().contains(EMAIL));
    let elsewhere = office.app.browser().address([198, 51, 100, 7].into());
    let done = elsewhere.post_json(&link, &fields).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text());
}

/// Attack E1: every token at every page.
#[tokio::test]
async fn a_token_of_another_purpose_is_no_invitation_and_the_other_way_round() {
    let office = Office::new().await;
    add(&office.app, "erin").await;
    office.app.set_email("erin", "erin@example.com").await;
    let erin = office.app.account("erin").await;
    let invitation = office.link("").await;
    let sent = office.app.site.send_reset_link(Actor::operator(), &erin.id);
    assert_eq!(sent.await.unwrap(), ChangeOutcome::Done);
    let reset = Mailbox::link(&office.mailbox.of_kind("reset_password", 1).await[0]);
    let token = |link: &str| link.split('=').nth(1).unwrap().to_owned();

    let path = format!("/register?invitation={}", token(&reset));
    office.is_dead(&path).await;
    for path in ["/reset-password", "/verify-email", "/account/email/undo"] {
        let mut fields = json!({ "token": token(&invitation) });
        if path == "/reset-password" {
            fields["password"] = json!("another horse and battery");
        }
        let dead = office.app.browser().post_json(path, &fields).await;
        assert_eq!(dead.status, StatusCode::GONE, "{path}: {}", dead.text());
    }
    assert_eq!(office.newest().await.state, InvitationState::Open);
}

/// Attacks E4 and E7.
#[tokio::test]
async fn a_mail_scanner_uses_up_nothing_and_the_database_has_no_token() {
    let office = Office::new().await;
    let link = office.link("").await;
    let token = link.split('=').nth(1).unwrap();

    for _ in 0..5 {
        let scanner = office.app.browser();
        scanner.get(&link).await;
        scanner.get("/register").await;
        scanner.request("HEAD", &link, &[], "").await;
    }

    let query = "SELECT digest, address FROM vestibule_invitations";
    let backend = office.app.database.connection().get_database_backend();
    let statement = sea_orm::Statement::from_string(backend, query);
    let rows = office.app.database.connection().query_all_raw(statement);
    let row = rows.await.unwrap().pop().unwrap();
    let digest: String = row.try_get("", "digest").unwrap();
    assert!(digest.len() == 64 && digest != token);
    office
        .is_dead(&format!("/register?invitation={digest}"))
        .await;
    let done = register(&office.follow(&link).await, "dora").await;
    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
}

/// A stranger who has entered the address somewhere does not keep it from its owner; an account that
/// has verified it does.
#[tokio::test]
async fn the_address_is_the_invited_persons_unless_somebody_has_verified_it() {
    let office = Office::new().await;
    let link = office.link("").await;
    add(&office.app, "mallory").await;
    office.app.set_email("mallory", EMAIL).await;

    let done = register(&office.follow(&link).await, "dora").await;

    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
    let accounts = office.app.site.accounts();
    let email = EMAIL.parse().unwrap();
    let owner = accounts.find_by_email(&email).await.unwrap().unwrap();
    assert_eq!(owner.name(), "dora");

    office.invite("erin@example.com", "").await;
    let second = Mailbox::link(&office.mailbox.of_kind("invitation", 2).await[1]);
    let mallory = office.app.account("mallory").await;
    let operator = accounts.by(Actor::operator());
    let address = "erin@example.com".parse().unwrap();
    let _ = operator
        .set_email(&mallory.id, Some(&address))
        .await
        .unwrap();
    let _ = operator.verify_email(&mallory.id).await.unwrap();
    let refused = register(&office.follow(&second).await, "erin").await;
    assert_eq!(refused.status, StatusCode::GONE);
    let erin = accounts.find("erin").await.unwrap();
    assert!(erin.is_none());
    assert_eq!(
        office.carol.get_with(LIST, &JSON).await.status,
        StatusCode::OK
    );
}
