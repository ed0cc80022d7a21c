#![cfg(feature = "sqlite")]

mod attacks;
mod by_email;
mod pages;

use http::StatusCode;

use crate::accounts::{Actor, ChangeOutcome, Cursor, Invitation};
use crate::flows::{RegistrationMode, SiteConfig};
use crate::mail::Mail;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const LIST: &str = "/admin/invitations";
const EMAIL: &str = "dora@example.com";
const COOKIE: &str = "__Secure-register";
const JSON: [(&str, &str); 1] = [("accept", "application/json")];

/// A site where nobody registers without an invitation, with the admin carol, whose log-in is fresh.
struct Office {
    app: TestApp,
    mailbox: Mailbox,
    carol: TestClient,
}

impl Office {
    async fn new() -> Self {
        Self::with(RegistrationMode::Invite).await
    }

    async fn with(mode: RegistrationMode) -> Self {
        Self::with_and(mode, |_| {}).await
    }

    /// As [`with`](Self::with), with changed settings.
    async fn with_and(mode: RegistrationMode, change: impl FnOnce(&mut SiteConfig)) -> Self {
        let (app, mailbox) = TestApp::with_mail_and(|config| {
            config.registration = mode;
            change(config);
        })
        .await;
        add(&app, "carol").await;
        app.grant("carol", "admin").await;
        let carol = app.browser();
        app.log_in(&carol, "carol").await;
        Self {
            app,
            mailbox,
            carol,
        }
    }

    async fn invite(&self, email: &str, role: &str) -> TestResponse {
        // Ids of the same millisecond have no order.
        self.app.clock.advance(std::time::Duration::from_millis(2));
        let fields = [("email", email), ("role", role)];
        self.carol.post(LIST, &fields).await
    }

    /// Invites [`EMAIL`] and returns the link of the mail.
    async fn link(&self, role: &str) -> String {
        let so_far = self.mails().len();
        let invited = self.invite(EMAIL, role).await;
        assert_eq!(invited.location(), Some(LIST), "{}", invited.text());
        Mailbox::link(&self.mailbox.of_kind("invitation", so_far + 1).await[so_far])
    }

    fn mails(&self) -> Vec<Mail> {
        let mut mails = self.mailbox.mails();
        mails.retain(|mail| mail.kind() == "invitation");
        mails
    }

    async fn newest(&self) -> Invitation {
        let accounts = self.app.site.accounts();
        let mut found = accounts.invitations(Cursor::Start, 1).await.unwrap();
        found.remove(0)
    }

    /// Presses a button of the newest invitation.
    async fn press(&self, action: &str) -> TestResponse {
        let id = self.newest().await.id;
        self.carol.post(&format!("{LIST}/{id}/{action}"), &[]).await
    }

    /// A browser that has followed a link.
    async fn follow(&self, link: &str) -> TestClient {
        let browser = self.app.browser();
        let moved = browser.get(link).await;
        assert_eq!(moved.location(), Some("/register"), "{}", moved.text());
        browser
    }

    async fn log(&self) -> Vec<(String, String, Option<String>)> {
        let log = self.app.site.accounts().security_log(None, None, 100).await;
        let line = |line: crate::accounts::LogEntry| (line.action, line.actor, line.detail);
        log.unwrap().into_iter().map(line).collect()
    }
}

/// Adds a user at the command line.
async fn add(app: &TestApp, name: &str) {
    let operator = app.site.accounts().by(Actor::operator());
    let name = name.parse().unwrap();
    let change = operator.add(&name, &PASSWORD.into()).await.unwrap();
    assert_eq!(change, ChangeOutcome::Done);
}

async fn register(browser: &TestClient, username: &str) -> TestResponse {
    let fields = [("username", username), ("password", PASSWORD)];
    browser.post("/register", &fields).await
}

#[tokio::test]
async fn an_invited_person_registers_and_has_the_address_and_the_role() {
    let office = Office::new().await;
    office.app.grant("carol", "editor").await;
    office.app.log_in(&office.carol, "carol").await;

    let link = office.link("editor").await;
    let mail = office.mails().pop().unwrap();
    assert_eq!(mail.to().as_str(), EMAIL);
    assert_eq!(mail.subject(), "Your invitation to Vestibule");
    let browser = office.follow(&link).await;
    let form = browser.get("/register").await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.text().contains(EMAIL), "{}", form.text());
    let refused = browser
        .post("/register", &[("username", "dora"), ("password", "short")])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains(EMAIL) && refused.text().contains("dora"));
    let done = register(&browser, "dora").await;

    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    assert_eq!(browser.cookie(COOKIE), None);
    let dora = office.app.account("dora").await;
    assert_eq!(dora.email.as_deref(), Some(EMAIL));
    assert!(dora.email_verified_at.is_some());
    assert!(dora.rights.has_role("editor") && !dora.rights.has_role("admin"));
    let log = office.log().await;
    let line = |action: &str| log.iter().find(|line| line.0 == action).unwrap();
    assert_eq!(
        *line("invited"),
        (
            "invited".to_owned(),
            "carol".to_owned(),
            Some(format!("editor: {EMAIL}"))
        )
    );
    let added = Some("invited by carol, with the role editor".to_owned());
    assert!(log.contains(&("account added".to_owned(), "dora".to_owned(), added)));
    assert_eq!(office.newest().await.user_id, Some(dora.id));
}

#[tokio::test]
async fn without_an_invitation_nobody_registers_and_the_page_says_why() {
    let office = Office::new().await;
    let browser = office.app.browser();

    for response in [
        browser.get("/register").await,
        register(&browser, "dora").await,
    ] {
        assert_eq!(response.status, StatusCode::FORBIDDEN);
        assert!(response.text().contains("You need an invitation"));
    }
    let german = [("accept-language", "de")];
    let page = browser.get_with("/register", &german).await;
    assert!(page.text().contains("Du brauchst eine Einladung"));
    let fields = serde_json::json!({ "username": "dora", "password": PASSWORD });
    let json = browser.post_json("/register", &fields).await;
    assert_eq!(json.json()["code"], "invitation_needed");
    assert!(
        office
            .app
            .site
            .accounts()
            .find("dora")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_script_registers_with_the_token_in_the_address() {
    let office = Office::new().await;
    let link = office.link("").await;
    let browser = office.app.browser();

    let fields = serde_json::json!({ "username": "dora", "password": PASSWORD });
    let done = browser.post_json(&link, &fields).await;

    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text());
    assert_eq!(done.json()["username"], "dora");
    let again = office.app.browser();
    let fields = serde_json::json!({ "username": "erin", "password": PASSWORD });
    let used = again.post_json(&link, &fields).await;
    assert_eq!(used.status, StatusCode::GONE);
    assert_eq!(used.json()["code"], "invalid_invitation");
}

#[tokio::test]
async fn where_everybody_registers_an_invitation_still_gives_its_role() {
    let office = Office::with(RegistrationMode::Open).await;
    let link = office.link("admin").await;
    let (invited, stranger) = (office.follow(&link).await, office.app.browser());

    register(&invited, "dora").await;
    register(&stranger, "erin").await;

    assert!(office.app.account("dora").await.rights.has_role("admin"));
    let erin = office.app.account("erin").await;
    assert!(!erin.rights.has_role("admin") && erin.email.is_none());
}

#[tokio::test]
async fn an_invited_person_needs_no_approval() {
    let office = Office::with(RegistrationMode::Approval).await;
    let browser = office.follow(&office.link("").await).await;

    let done = register(&browser, "dora").await;

    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
    assert!(!office.app.account("dora").await.awaits_approval);
}

#[tokio::test]
async fn a_double_click_registers_once_and_logs_in() {
    let office = Office::new().await;
    let browser = office.follow(&office.link("").await).await;
    let second = browser.stolen();

    let first = register(&browser, "dora").await;
    let again = register(&second, "dora").await;

    assert_eq!(first.location(), Some("/welcome"));
    assert_eq!(again.location(), Some("/welcome"), "{}", again.text());
    let other = office.app.browser();
    other.set_cookie(COOKIE, "x");
    let wrong = [("username", "dora"), ("password", "another horse battery")];
    let refused = other.post("/register", &wrong).await;
    assert_eq!(refused.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_taken_name_uses_up_no_invitation() {
    let office = Office::new().await;
    add(&office.app, "dora").await;
    let browser = office.follow(&office.link("").await).await;
    office.app.clock.advance(std::time::Duration::from_mins(6));

    let taken = register(&browser, "dora").await;
    let done = register(&browser, "dora2").await;

    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text().contains("taken"));
    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
}

/// If the app rejects the new account, its visitor can try again.
#[tokio::test]
async fn a_rejected_registration_uses_up_no_invitation() {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.registration = RegistrationMode::Invite;
        config.on_register(|account, _| async move {
            Ok(match account.name() {
                "dora" => crate::flows::RegistrationOutcome::rejected("username", "Not this one."),
                _ => crate::flows::RegistrationOutcome::Accepted,
            })
        });
    })
    .await;
    let email = EMAIL.parse().unwrap();
    let invited = app.site.invite(Actor::operator(), &email, None).await;
    assert_eq!(invited.unwrap(), ChangeOutcome::Done);
    let link = Mailbox::link(&mailbox.of_kind("invitation", 1).await[0]);
    let browser = app.browser();
    browser.get(&link).await;

    let rejected = register(&browser, "dora").await;
    let done = register(&browser, "erin").await;

    assert_eq!(rejected.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
    let erin = app.account("erin").await;
    assert_eq!(erin.email.as_deref(), Some(EMAIL));
    assert!(erin.email_verified_at.is_some());
}
