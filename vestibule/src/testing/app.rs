//! The complete site in memory.

#[cfg(test)]
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::clock::{Clock, Timestamp};
use crate::credentials::throttle::MemoryCounters;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::database::Database;
use crate::flows::{Site, SiteConfig};
#[cfg(test)]
use crate::login::EventRecord;
use crate::password::PasswordAlgorithm;
use crate::stores::MemoryStore;
use crate::testing::database::{TestSessions, fresh_database_with, fresh_sessions};
#[cfg(test)]
use crate::testing::fresh_database;
use crate::testing::{Mailbox, TestClient};

/// A password that the default policy accepts.
pub const PASSWORD: &str = "correct horse battery staple";

/// The complete site on a [`fresh_database`], with a stopped clock and fast hashing.
#[derive(Debug, Clone)]
pub struct TestApp {
    /// The site under test.
    pub site: Site,
    /// Its clock.
    pub clock: Clock,
    /// Its database.
    pub database: Database,
    sessions: TestSessions,
    router: Router,
}

impl TestApp {
    /// A site at `https://example.com`.
    ///
    /// # Panics
    /// When it cannot be created.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// As [`new`](Self::new), with mail, which comes to the mailbox.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn with_mail() -> (Self, Mailbox) {
        Self::with_mail_and(|_| {}).await
    }

    /// As [`with_mail`](Self::with_mail), with changed settings.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn with_mail_and(change: impl FnOnce(&mut SiteConfig)) -> (Self, Mailbox) {
        let mailbox = Mailbox::new();
        let app = Self::with(|config| {
            config.mailer(mailbox.clone());
            change(config);
        });
        (app.await, mailbox)
    }

    /// As [`new`](Self::new), with changed settings.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn with(change: impl FnOnce(&mut SiteConfig)) -> Self {
        let database = fresh_database_with(async |database| {
            Self::on(database, |_| {}).await;
        });
        Self::on(database.await, change).await
    }

    /// As [`with`](Self::with), on another database.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn on(database: Database, change: impl FnOnce(&mut SiteConfig)) -> Self {
        let random = Random::insecure_seeded(1);
        let key = SecretKey::generate(&random).expect("seeded bytes make a key");
        let public_url = "https://example.com".parse().expect("a public URL");
        let mut config = SiteConfig::new(public_url, key);
        config.clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        config.random = random;
        config.passwords.algorithm = PasswordAlgorithm::Argon2id {
            memory_kib: 8,
            passes: 1,
        };
        let sessions = fresh_sessions().await;
        match &sessions {
            TestSessions::Database => {}
            TestSessions::Memory(store) => {
                config.session_store(store.clone());
                config.throttle_counters(MemoryCounters::new());
            }
            #[cfg(feature = "redis")]
            TestSessions::Redis(store, _) => {
                config.session_store(store.clone());
                config.throttle_counters(store.counters());
            }
        }
        change(&mut config);
        let clock = config.clock.clone();
        let site = Site::open(database.clone(), config)
            .await
            .expect("the site opens");
        Self {
            router: site.router(),
            site,
            clock,
            database,
            sessions,
        }
    }

    /// The Redis with its sessions, if the environment variable `VESTIBULE_TEST_SESSION_STORE` has
    /// the address of one. Otherwise they are in the database.
    #[cfg(feature = "redis")]
    pub fn redis(&self) -> Option<&crate::testing::TestRedis> {
        match &self.sessions {
            TestSessions::Redis(_, redis) => Some(redis),
            _ => None,
        }
    }

    /// The store with its sessions, if that variable is `memory`.
    pub fn memory(&self) -> Option<&MemoryStore> {
        match &self.sessions {
            TestSessions::Memory(memory) => Some(memory),
            _ => None,
        }
    }

    /// As [`new`](Self::new), with all events of its login manager.
    #[cfg(test)]
    pub(crate) async fn with_events() -> (Self, Arc<Mutex<Vec<EventRecord>>>) {
        let told = Arc::<Mutex<Vec<EventRecord>>>::default();
        let tell = told.clone();
        let app = Self::with(|config| {
            config.login(move |manager| {
                let tell = tell.clone();
                Ok(manager.on_event(move |record| tell.lock().unwrap().push(record.clone())))
            });
        });
        (app.await, told)
    }

    /// As [`with`](Self::with), but always with the sessions in the database, for a test that drops
    /// their tables.
    #[cfg(test)]
    pub(crate) async fn with_tables(change: impl FnOnce(&mut SiteConfig)) -> Self {
        let database = fresh_database().await;
        let migrated = database.migrate(crate::stores::sql::MIGRATIONS).await;
        migrated.expect("tables");
        let sessions = crate::stores::SqlStore::new(database.clone());
        let with_them = |config: &mut SiteConfig| {
            config.session_store(sessions);
            change(config);
        };
        Self::on(database, with_them).await
    }

    /// The number of sessions of all users.
    #[cfg(test)]
    pub(crate) async fn session_count(&self) -> usize {
        self.sessions.count(&self.database).await
    }

    /// Adds the test's own routes to the ready-made pages.
    pub fn routes(mut self, routes: Router) -> Self {
        self.router = self.site.wrap(self.site.routes().merge(routes));
        self
    }

    /// A browser without cookies.
    pub fn browser(&self) -> TestClient {
        let settled = from_fn_with_state(self.site.clone(), settled);
        let origin = self.site.public_url().origin();
        let host = origin.split("//").last().unwrap_or_default();
        TestClient::new(self.router.clone().layer(settled)).host(host)
    }

    /// Grants a role to a user. Creates the role if necessary. This ends the user's sessions, so
    /// grant roles before you log in, or [log in again](Self::log_in).
    ///
    /// # Panics
    /// When the user does not exist, or the name is not valid for a role.
    pub async fn grant(&self, username: &str, role: &str) {
        let account = self.account(username).await;
        let role = role.parse().expect("the name of a role");
        let operator = self.site.accounts().by(Actor::operator());
        // The role may exist already, and the user may have it.
        let _ = operator.add_role(&role).await.expect("a role");
        let change = operator.grant_role(&account.id, &role).await;
        assert_ne!(change.expect("a grant"), ChangeOutcome::NoSuchUser);
    }

    /// The account of a user.
    ///
    /// # Panics
    /// When the user does not exist.
    pub async fn account(&self, username: &str) -> Account {
        let found = self.site.accounts().find(username).await;
        found.expect("an answer").expect("an account")
    }

    /// Gives a user a mail address, which they have not verified.
    ///
    /// # Panics
    /// When the user does not exist, or another one has the address.
    pub async fn set_email(&self, username: &str, email: &str) {
        let account = self.account(username).await;
        let email = email.parse().expect("a mail address");
        let operator = self.site.accounts().by(Actor::operator());
        let change = operator.set_email(&account.id, Some(&email)).await;
        assert_eq!(change.expect("a change"), ChangeOutcome::Done);
    }

    /// Logs in a registered user in this browser, with [`PASSWORD`].
    ///
    /// # Panics
    /// When the log-in fails.
    pub async fn log_in(&self, browser: &TestClient, username: &str) {
        let fields = [("username", username), ("password", PASSWORD)];
        let login = self.site.route("login").expect("a page to log in");
        let response = browser.post(login, &fields).await;
        assert!(response.status.is_redirection(), "{}", response.text());
    }

    /// A browser that has just registered this user with [`PASSWORD`], and so is logged in.
    ///
    /// # Panics
    /// When the registration fails.
    pub async fn registered(&self, username: &str) -> TestClient {
        let browser = self.browser();
        let fields = [("username", username), ("password", PASSWORD)];
        let register = self.site.route("register").expect("a page to register");
        let response = browser.post(register, &fields).await;
        let welcome = self.site.path("welcome");
        assert_eq!(response.location(), welcome, "{}", response.text());
        browser
    }
}

/// Waits for the background work of a request before it responds, so that the next request finds
/// that work done.
async fn settled(State(site): State<Site>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    site.credentials().settled().await;
    response
}
