//! Mail addresses in a users table of the app's own.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use vestibule::Result;
use vestibule::clock::{Clock, Timestamp};
use vestibule::credentials::{EmailChange, EmailUsers, PasswordUsers, Registrar, Users};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::flows::{Site, SiteConfig};
use vestibule::login::{Epoch, PageUser, Sender, User, UserId, UserLoader};
use vestibule::mail::Email;
use vestibule::password::{PasswordAlgorithm, PasswordHash};
use vestibule::testing::{Mailbox, PASSWORD, TestClient, TestResponse, fresh_database};

const EMAIL: &str = "alice@example.com";
const NEW: &str = "new@example.com";
const NEW_PASSWORD: &str = "another horse and battery";

#[derive(Debug, Clone)]
struct Member {
    name: String,
    email: Option<String>,
    is_verified: bool,
    hash: String,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.name.as_str().into()
    }

    fn session_epoch(&self) -> Epoch {
        Epoch::of(&self.hash)
    }

    fn has_verified_email(&self) -> bool {
        self.is_verified
    }
}

impl PageUser for Member {
    fn name(&self) -> &str {
        &self.name
    }

    fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }
}

#[derive(Clone, Default)]
struct Table(Arc<Mutex<Vec<Member>>>);

impl Table {
    fn find(&self, is_it: impl Fn(&Member) -> bool) -> Option<Member> {
        let members = self.0.lock().unwrap();
        members.iter().find(|member| is_it(member)).cloned()
    }

    fn change(&self, id: &UserId, change: impl FnOnce(&mut Member)) -> Option<Member> {
        let mut members = self.0.lock().unwrap();
        let member = members.iter_mut().find(|member| member.id() == *id)?;
        change(member);
        Some(member.clone())
    }

    fn alice(&self) -> Member {
        self.find(|member| member.name == "alice").unwrap()
    }
}

fn hash(member: &Member) -> PasswordHash {
    PasswordHash::from_stored(member.hash.clone())
}

impl UserLoader<Member> for Table {
    async fn load(&self, id: UserId) -> Result<Option<Member>> {
        Ok(self.find(|member| member.id() == id))
    }
}

impl PasswordUsers<Member> for Table {
    async fn find_with_hash(&self, typed: &str) -> Result<Option<(Member, Option<PasswordHash>)>> {
        let found = self.find(|member| member.name == typed.trim());
        Ok(found.map(|member| (member.clone(), Some(hash(&member)))))
    }

    async fn hash_of(&self, id: &UserId) -> Result<Option<PasswordHash>> {
        Ok(self.find(|member| member.id() == *id).as_ref().map(hash))
    }

    async fn replace_hash(
        &self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool> {
        let has_old = self.find(|member| member.id() == *id && member.hash == old.as_str());
        let new = new.as_str().to_owned();
        Ok(has_old.is_some() && self.change(id, |member| member.hash = new).is_some())
    }

    async fn set_hash(
        &self,
        member: &Member,
        new: &PasswordHash,
        _: &Sender,
    ) -> Result<Option<Member>> {
        let new = new.as_str().to_owned();
        Ok(self.change(&member.id(), |member| member.hash = new))
    }
}

impl Registrar<Member> for Table {
    async fn is_taken(&self, typed: &str) -> Result<bool> {
        Ok(self.find(|member| member.name == typed.trim()).is_some())
    }

    async fn register(
        &self,
        typed: &str,
        hash: &PasswordHash,
        _: &Sender,
    ) -> Result<Option<Member>> {
        let member = Member {
            name: typed.trim().to_owned(),
            email: None,
            is_verified: false,
            hash: hash.as_str().to_owned(),
        };
        self.0.lock().unwrap().push(member.clone());
        Ok(Some(member))
    }
}

impl EmailUsers<Member> for Table {
    async fn find_by_email(&self, email: &Email) -> Result<Option<Member>> {
        let own = |member: &Member| member.email.as_deref()?.parse::<Email>().ok();
        Ok(self.find(|member| own(member).as_ref() == Some(email)))
    }

    async fn set_verified_email(
        &self,
        member: &Member,
        email: &Email,
        _: &Sender,
    ) -> Result<EmailChange<Member>> {
        if let Some(owner) = self.find_by_email(email).await?
            && owner.id() != member.id()
        {
            if owner.is_verified {
                return Ok(EmailChange::Taken);
            }
            self.change(&owner.id(), |owner| owner.email = None);
        }
        let changed = self.change(&member.id(), |member| {
            member.email = Some(email.to_string());
            member.is_verified = true;
        });
        Ok(changed.map_or(EmailChange::Gone, EmailChange::Changed))
    }
}

struct App {
    site: Site<Member>,
    table: Table,
    mailbox: Mailbox,
    clock: Clock,
}

impl App {
    async fn new() -> Self {
        Self::with(true, |_| {}).await
    }

    async fn with(has_emails: bool, change: impl FnOnce(&mut SiteConfig<Member>)) -> Self {
        let random = Random::insecure_seeded(1);
        let key = SecretKey::generate(&random).unwrap();
        let mut config = SiteConfig::new("https://example.com".parse().unwrap(), key);
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        config.clock = clock.clone();
        config.passwords.algorithm = PasswordAlgorithm::Argon2id {
            memory_kib: 8,
            passes: 1,
        };
        let mailbox = Mailbox::new();
        config.mailer(mailbox.clone());
        change(&mut config);
        let table = Table::default();
        let users = Users::new(table.clone()).registrar(table.clone());
        let users = match has_emails {
            true => users.emails(table.clone()),
            false => users,
        };
        let site = Site::over(fresh_database().await, users, config).await;
        Self {
            site: site.unwrap(),
            table,
            mailbox,
            clock,
        }
    }

    fn browser(&self) -> TestClient {
        TestClient::new(self.site.router()).host("example.com")
    }

    /// A browser in which alice has registered, with an address.
    async fn alice(&self) -> TestClient {
        let browser = self.browser();
        let fields = [
            ("username", "alice"),
            ("email", EMAIL),
            ("password", PASSWORD),
        ];
        let registered = browser.post("/register", &fields).await;
        assert_eq!(
            registered.location(),
            Some("/welcome"),
            "{}",
            registered.text()
        );
        browser
    }

    /// Follows the link of the newest of `count` mails of this kind, and sends the form there.
    async fn press(
        &self,
        browser: &TestClient,
        kind: &str,
        count: usize,
        fields: &[(&str, &str)],
    ) -> TestResponse {
        let mail = self.mailbox.of_kind(kind, count).await.pop().unwrap();
        let moved = browser.get(&Mailbox::link(&mail)).await;
        let page = moved.location().unwrap().to_owned();
        assert_eq!(browser.get(&page).await.status, StatusCode::OK);
        browser.post(&page, fields).await
    }

    async fn can_log_in(&self, password: &str) -> bool {
        let fields = [("username", "alice"), ("password", password)];
        let answer = self.browser().post("/login", &fields).await;
        answer.status == StatusCode::SEE_OTHER
    }
}

#[tokio::test]
async fn an_address_is_verified_changed_and_taken_back() {
    let app = App::new().await;
    let alice = app.alice().await;
    assert_eq!(
        app.table.alice().email,
        None,
        "the table does not keep it before"
    );
    let verified = app.press(&alice, "verify_email", 1, &[]).await;
    assert_eq!(verified.location(), Some("/account"), "{}", verified.text());
    assert!(app.table.alice().is_verified);

    let changed = alice.post("/account/email", &[("email", NEW)]).await;
    assert_eq!(changed.location(), Some("/verify-email"));
    app.press(&alice, "verify_email", 2, &[]).await;
    assert_eq!(app.table.alice().email.as_deref(), Some(NEW));

    let owner = app.browser();
    let undone = app.press(&owner, "email_replaced", 1, &[]).await;
    assert_eq!(
        undone.location(),
        Some("/reset-password"),
        "{}",
        undone.text()
    );
    assert_eq!(app.table.alice().email.as_deref(), Some(EMAIL));
    assert_eq!(alice.get("/welcome").await.status, StatusCode::SEE_OTHER);
    assert!(!app.can_log_in(PASSWORD).await);
    let chosen = owner
        .post("/reset-password", &[("password", NEW_PASSWORD)])
        .await;
    assert_eq!(chosen.location(), Some("/login"), "{}", chosen.text());
    assert!(app.can_log_in(NEW_PASSWORD).await);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let app = App::new().await;
    let alice = app.alice().await;
    app.press(&alice, "verify_email", 1, &[]).await;
    for (count, typed) in [(1, EMAIL), (2, "alice")] {
        let stranger = app.browser();
        let asked = stranger.post("/forgot-password", &[("email", typed)]).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED);
        let password = format!("{NEW_PASSWORD} {count}");
        let fields = [("password", &*password)];
        let chosen = app.press(&stranger, "reset_password", count, &fields).await;
        assert_eq!(chosen.location(), Some("/login"), "{}", chosen.text());
        assert!(app.can_log_in(&password).await);
        app.clock.advance(Duration::from_mins(2));
    }
}

/// Attack E11.
#[tokio::test]
async fn an_address_that_another_user_has_verified_stays_theirs() {
    let app = App::new().await;
    let alice = app.alice().await;
    app.press(&alice, "verify_email", 1, &[]).await;
    app.clock.advance(Duration::from_mins(2));
    let mallory = app.browser();
    let fields = [
        ("username", "mallory"),
        ("email", "Alice@Example.com"),
        ("password", PASSWORD),
    ];
    let registered = mallory.post("/register", &fields).await;

    assert_eq!(registered.location(), Some("/welcome"));
    let told = app.mailbox.of_kind("email_in_use", 1).await;
    assert_eq!(told[0].to().as_str(), EMAIL);
    assert_eq!(app.table.alice().email.as_deref(), Some(EMAIL));
}

#[tokio::test]
async fn a_verified_address_can_be_required() {
    let app = App::with(true, |config| config.require_verified_email = true).await;
    let alice = app.alice().await;
    let closed = alice.get("/welcome").await;
    assert_eq!(closed.location(), Some("/verify-email?next=%2Fwelcome"));

    app.press(&alice, "verify_email", 1, &[]).await;

    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_table_without_addresses_has_none_of_these_pages() {
    let app = App::with(false, |_| {}).await;
    let browser = app.browser();
    for page in [
        "/verify-email",
        "/forgot-password",
        "/reset-password",
        "/account/email",
        "/account/email/undo",
    ] {
        assert_eq!(
            browser.get(page).await.status,
            StatusCode::NOT_FOUND,
            "{page}"
        );
    }
    let form = browser.get("/register").await;
    assert!(!form.text().contains("name=\"email\""));
}
