//! An authenticator app for tests.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::credentials::totp::code_at;
use crate::testing::{TestApp, TestClient};

/// An authenticator app of a user, which shows codes by the app's clock.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use vestibule::testing::{PASSWORD, TestApp};
///
/// let app = TestApp::new().await;
/// let phone = app.add_totp(&app.registered("alice").await).await;
///
/// let browser = app.browser();
/// let fields = [("username", "alice"), ("password", PASSWORD)];
/// let response = browser.post("/login", &fields).await;
/// assert_eq!(response.location(), Some("/login/factor"));
/// let response = browser.post("/login/factor", &[("code", &phone.next_code())]).await;
/// assert_eq!(response.location(), Some("/welcome"));
/// # }
/// ```
#[derive(Debug)]
pub struct TestAuthenticator {
    secret: Zeroizing<[u8; 20]>,
    clock: Clock,
}

impl TestAuthenticator {
    /// The time for which a code is shown.
    pub const STEP: Duration = Duration::from_secs(30);

    /// An app with this key in base32, as the page shows it.
    ///
    /// # Panics
    /// When it is no key of ours.
    pub fn new(key: &str, clock: &Clock) -> Self {
        let secret = BASE32_NOPAD.decode(key.as_bytes()).expect("base32");
        Self {
            secret: Zeroizing::new(secret.try_into().expect("20 bytes")),
            clock: clock.clone(),
        }
    }

    /// The code that it shows now.
    ///
    /// # Panics
    /// Never: 20 bytes make codes.
    pub fn code(&self) -> String {
        code_at(&self.secret, self.clock.now()).expect("20 bytes make codes")
    }

    /// Waits for the next code, because each works once: moves the clock by [`STEP`](Self::STEP).
    pub fn next_code(&self) -> String {
        self.clock.advance(Self::STEP);
        self.code()
    }
}

impl TestApp {
    /// Adds an authenticator app to the account of this browser's user, whose log-in is fresh. The
    /// present code is used then.
    ///
    /// # Panics
    /// When that fails.
    pub async fn add_totp(&self, browser: &TestClient) -> TestAuthenticator {
        let page = self.site.route("totp").expect("a page to add it");
        let json = [("accept", "application/json")];
        let offered = browser.get_with(page, &json).await;
        let key = offered.json()["secret"].as_str().map(str::to_owned);
        let key = key.unwrap_or_else(|| panic!("{}", offered.text()));
        let app = TestAuthenticator::new(&key, &self.clock);
        let fields = serde_json::json!({ "code": app.code() });
        let added = browser.post_json(page, &fields).await;
        assert_eq!(added.status, 201, "{}", added.text());
        app
    }
}
