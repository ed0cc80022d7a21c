//! Epochs that follow the password hash: with `Credentials` over an app's own table, and with the
//! login manager alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Form, Router};
use vestibule::credentials::{Check, Credentials, PasswordChange, PasswordUsers, Step, Users};
use vestibule::crypto::secret::Secret;
use vestibule::login::{ConfirmOutcome, Epoch, LoginOutcome, Sender, User, UserId, UserLoader};
use vestibule::password::{Claimant, HashCheck, PasswordAlgorithm, PasswordHash, Passwords};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Error, Login, LoginManager, Result};

/// `hunter2` by Flask-Bcrypt.
const BCRYPT: &str = "$2b$04$sr5XfHxZjKGv5QQLCUMezuzuIjW6.xDf4AUnskqGPCPqfbqBwC1bi";
const OLD: &str = "hunter2";
const NEW: &str = "another horse and battery";

#[derive(Clone)]
struct Member {
    password_hash: PasswordHash,
}

impl User for Member {
    fn id(&self) -> UserId {
        1_i64.into()
    }

    fn session_epoch(&self) -> Epoch {
        Epoch::of(&self.password_hash)
    }
}

/// A table with one row: the member's hash.
#[derive(Clone)]
struct Table {
    hash: Arc<Mutex<PasswordHash>>,
    /// Written in place of the next replacement: what another log-in was quicker to write.
    quicker: Arc<Mutex<Option<PasswordHash>>>,
}

impl Table {
    fn new() -> Self {
        Self {
            hash: Arc::new(Mutex::new(PasswordHash::from_stored(BCRYPT))),
            quicker: Arc::default(),
        }
    }

    fn member(&self) -> Member {
        Member {
            password_hash: self.hash.lock().unwrap().clone(),
        }
    }

    fn is_rehashed(&self) -> bool {
        self.member()
            .password_hash
            .as_str()
            .starts_with("$argon2id$")
    }

    fn replace(&self, old: &PasswordHash, new: &PasswordHash) -> bool {
        let mut hash = self.hash.lock().unwrap();
        if let Some(quicker) = self.quicker.lock().unwrap().take() {
            *hash = quicker;
        }
        let is_same = hash.as_str() == old.as_str();
        if is_same {
            *hash = new.clone();
        }
        is_same
    }
}

impl UserLoader<Member> for Table {
    async fn load(&self, _: UserId) -> Result<Option<Member>> {
        Ok(Some(self.member()))
    }
}

impl PasswordUsers<Member> for Table {
    async fn find_with_hash(&self, _: &str) -> Result<Option<(Member, Option<PasswordHash>)>> {
        let member = self.member();
        let hash = member.password_hash.clone();
        Ok(Some((member, Some(hash))))
    }

    async fn hash_of(&self, _: &UserId) -> Result<Option<PasswordHash>> {
        Ok(Some(self.member().password_hash))
    }

    async fn replace_hash(
        &self,
        _: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool> {
        Ok(self.replace(old, new))
    }

    async fn set_hash(
        &self,
        member: &Member,
        new: &PasswordHash,
        _: &Sender,
    ) -> Result<Option<Member>> {
        let is_set = self.replace(&member.password_hash, new);
        Ok(is_set.then(|| self.member()))
    }
}

fn passwords() -> Passwords {
    let algorithm = PasswordAlgorithm::Argon2id {
        memory_kib: 8,
        passes: 1,
    };
    Passwords::new(algorithm).unwrap()
}

async fn hash(password: &str) -> PasswordHash {
    passwords().hash(&password.into()).await.unwrap()
}

#[derive(serde::Deserialize)]
struct PasswordForm {
    password: String,
}

async fn who(user: Option<CurrentUser<Member>>) -> String {
    user.is_some().to_string()
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/who").await.text() == "true"
}

async fn post_password(browser: &TestClient, path: &str, password: &str) -> String {
    let response = browser.post(path, &[("password", password)]).await;
    response.text().to_owned()
}

/// The app on `Credentials`, without epochs of ours.
mod with_credentials {
    use super::*;

    async fn log_in(
        State(credentials): State<Credentials<Member>>,
        login: Login<Member>,
        Form(form): Form<PasswordForm>,
    ) -> Result<&'static str> {
        let password = form.password.into();
        let check = credentials.check_password(&login, "one", &password);
        let Check::Proved(proof) = check.await? else {
            return Ok("wrong");
        };
        Ok(match credentials.proceed(&login, proof).await? {
            Step::LoggedIn { .. } => "in",
            _ => "not in",
        })
    }

    async fn confirm(
        State(credentials): State<Credentials<Member>>,
        user: CurrentUser<Member>,
        login: Login<Member>,
        Form(form): Form<PasswordForm>,
    ) -> Result<&'static str> {
        let password = form.password.into();
        let check = credentials.check_own_password(&login, &user, &password);
        let Check::Proved(proof) = check.await? else {
            return Ok("wrong");
        };
        let outcome = credentials.confirm(&login, proof).await?;
        assert_eq!(outcome, ConfirmOutcome::Confirmed);
        Ok("confirmed")
    }

    async fn change(
        State(credentials): State<Credentials<Member>>,
        user: CurrentUser<Member>,
        login: Login<Member>,
        Form(form): Form<PasswordForm>,
    ) -> Result<&'static str> {
        let password = form.password.into();
        let check = credentials.check_own_password(&login, &user, &password);
        let Check::Proved(proof) = check.await? else {
            return Ok("wrong");
        };
        let new = NEW.into();
        let change = credentials.change_password(&login, proof, &new).await?;
        let PasswordChange::Changed(proof) = change else {
            return Ok("conflict");
        };
        let Step::LoggedIn { .. } = credentials.proceed(&login, proof).await? else {
            return Ok("not in");
        };
        Ok("changed")
    }

    fn app() -> (Table, TestClient) {
        let table = Table::new();
        let users = Users::new(table.clone());
        let credentials = Credentials::new(users, passwords(), MemoryStore::new());
        let manager = credentials.login_manager();
        let app = Router::new()
            .route("/who", get(who))
            .route("/in", post(log_in))
            .route("/confirm", post(confirm))
            .route("/change", post(change))
            .with_state(credentials)
            .layer(manager.layer());
        (table, TestClient::new(app))
    }

    #[tokio::test]
    async fn the_session_of_a_log_in_that_rehashes_goes_on() {
        let (table, browser) = app();

        assert_eq!(post_password(&browser, "/in", OLD).await, "in");

        assert!(table.is_rehashed());
        assert!(is_in(&browser).await);
    }

    #[tokio::test]
    async fn the_session_of_a_log_in_goes_on_whose_hash_another_log_in_has_just_replaced() {
        let (table, browser) = app();
        *table.quicker.lock().unwrap() = Some(hash(OLD).await);

        assert_eq!(post_password(&browser, "/in", OLD).await, "in");

        assert!(is_in(&browser).await);
    }

    #[tokio::test]
    async fn a_password_that_is_changed_while_it_is_hashed_anew_logs_nobody_in() {
        let (table, browser) = app();
        *table.quicker.lock().unwrap() = Some(hash(NEW).await);

        assert_eq!(post_password(&browser, "/in", OLD).await, "wrong");

        assert!(!is_in(&browser).await);
    }

    #[tokio::test]
    async fn confirming_a_login_leaves_an_outdated_hash_and_the_session_alone() {
        let (table, browser) = app();
        let browser = browser.logged_in_as(&table.member());
        assert!(is_in(&browser).await);

        assert_eq!(post_password(&browser, "/confirm", OLD).await, "confirmed");

        assert!(!table.is_rehashed());
        assert!(is_in(&browser).await);
    }

    #[tokio::test]
    async fn a_new_password_ends_all_other_sessions_and_this_one_goes_on() {
        let (table, browser) = app();
        let other = browser.stolen();
        for browser in [&browser, &other] {
            assert_eq!(post_password(browser, "/in", OLD).await, "in");
            assert!(is_in(browser).await);
        }

        assert_eq!(post_password(&browser, "/change", OLD).await, "changed");

        assert!(is_in(&browser).await && !is_in(&other).await);
        assert_eq!(post_password(&other, "/in", OLD).await, "wrong");
        assert_eq!(post_password(&other, "/in", NEW).await, "in");
        assert!(is_in(&other).await);
        // Another program can change it too.
        *table.hash.lock().unwrap() = hash(OLD).await;
        assert!(!is_in(&browser).await && !is_in(&other).await);
    }
}

/// The app on the login manager alone, which checks passwords itself.
mod with_the_login_manager {
    use super::*;

    async fn log_in(
        State(table): State<Table>,
        login: Login<Member>,
        Form(form): Form<PasswordForm>,
    ) -> Result<&'static str, Error> {
        let passwords = passwords();
        let mut member = table.member();
        let password = Secret::from(form.password);
        let (claimant, old) = (Claimant::default(), member.password_hash.clone());
        match passwords.check(&claimant, &password, Some(&old)).await? {
            HashCheck::Wrong => return Ok("wrong"),
            HashCheck::Right => {}
            HashCheck::Outdated => {
                let new = passwords.hash(&password).await?;
                if table.replace(&old, &new) {
                    member.password_hash = new;
                }
            }
        }
        let outcome = login.log_in(&member).await?;
        assert_eq!(outcome, LoginOutcome::LoggedIn);
        Ok("in")
    }

    fn app() -> (Table, TestClient) {
        let table = Table::new();
        let manager = LoginManager::new(table.clone(), MemoryStore::new());
        let app = Router::new()
            .route("/who", get(who))
            .route("/in", post(log_in))
            .with_state(table.clone())
            .layer(manager.layer());
        (table, TestClient::new(app))
    }

    #[tokio::test]
    async fn a_log_in_that_rehashes_goes_on_and_ends_the_sessions_of_the_old_hash() {
        let (table, browser) = app();
        let before = browser.stolen().logged_in_as(&table.member());
        assert!(is_in(&before).await);

        assert_eq!(post_password(&browser, "/in", OLD).await, "in");

        assert!(table.is_rehashed());
        assert!(is_in(&browser).await && !is_in(&before).await);
    }

    #[tokio::test]
    async fn a_new_password_ends_every_session() {
        let (table, browser) = app();
        assert_eq!(post_password(&browser, "/in", OLD).await, "in");
        assert!(is_in(&browser).await);

        *table.hash.lock().unwrap() = hash(NEW).await;

        assert!(!is_in(&browser).await);
        assert_eq!(post_password(&browser, "/in", OLD).await, "wrong");
    }

    #[tokio::test]
    async fn the_test_kit_says_that_a_user_is_of_another_epoch() {
        let (table, browser) = app();
        let stale = table.member();
        *table.hash.lock().unwrap() = hash(NEW).await;

        let response = browser.logged_in_as(&stale).get("/who").await;

        assert_eq!(response.status, 500);
    }
}
