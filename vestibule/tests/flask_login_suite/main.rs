//! The cases of Flask-Login's own test suite, one by one; its name for each stands above ours.
//! `docs/src/flask-login.md` has the same list, with those that cannot apply, and why.
//! `test_user_context_processor` is in `flows/welcome/tests.rs`: templates see `current_user`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod by_request;
mod guards;
mod log_in_and_out;
mod needs_refresh;
#[path = "../../examples/parity.rs"]
#[allow(dead_code, reason = "its command line")]
mod parity;
mod remember_me;
mod secret_key;
mod session_protection;
mod static_files_and_set_up;
mod test_client;
mod unauthorized;
mod urls;
mod users;
mod without_next;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use parity::{Options, Player};
use vestibule::LoginManager;
use vestibule::login::{Event, EventRecord};
use vestibule::testing::TestClient;

const URL: &str = "https://example.com";
const SESSION: &str = "__Host-session";
const REMEMBER: &str = "__Host-remember";

/// A browser at the fixture, with these options.
fn browser(change: impl FnOnce(&mut Options)) -> TestClient {
    let mut options = Options::default();
    change(&mut options);
    TestClient::new(parity::app(URL, &options).unwrap())
}

/// A browser at the fixture as it is.
fn plain() -> TestClient {
    browser(|_| {})
}

fn with_views(options: &mut Options) {
    options.login_view = Some("/login".to_owned());
    options.refresh_view = Some("/refresh-view".to_owned());
}

/// A browser at the fixture, with views and with settings that its options do not have.
fn configured(change: impl FnOnce(LoginManager<Player>) -> LoginManager<Player>) -> TestClient {
    let mut options = Options::default();
    with_views(&mut options);
    TestClient::new(parity::app_with(URL, &options, change).unwrap())
}

/// What happened, as a listener heard it.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<EventRecord>>>);

impl Heard {
    fn listener(&self) -> impl Fn(&EventRecord) + Send + Sync + 'static {
        let heard = self.clone();
        move |record| heard.0.lock().unwrap().push(record.clone())
    }

    /// The users to whom this happened.
    fn users(&self, event: Event) -> Vec<Option<String>> {
        let heard = self.0.lock().unwrap();
        let records = heard.iter().filter(|record| record.event == event);
        let user = |record: &EventRecord| record.user.as_ref().map(ToString::to_string);
        records.map(user).collect()
    }

    fn count(&self, event: Event) -> usize {
        self.users(event).len()
    }
}

fn heard(change: impl FnOnce(&mut Options)) -> (TestClient, Heard) {
    let heard = Heard::default();
    let mut options = Options::default();
    change(&mut options);
    let app = parity::app_with(URL, &options, |manager| manager.on_event(heard.listener()));
    (TestClient::new(app.unwrap()), heard)
}

async fn text(browser: &TestClient, path: &str) -> String {
    browser.get(path).await.text().to_owned()
}

/// Asks for each page in turn, and for the answers.
async fn see(browser: &TestClient, expected: &[(&str, &str)]) {
    for (path, body) in expected {
        assert_eq!(text(browser, path).await, *body, "{path}");
    }
}

const NOTCH: &str = "/login?id=1";
const NOTCH_REMEMBER: &str = "/login?id=1&remember=1";

fn localize(message: &str, headers: &HeaderMap) -> String {
    let language = headers["accept-language"].to_str().unwrap();
    format!("[{language}] {message}")
}

/// The book's table names our tests with their modules, and Flask-Login's.
#[test]
fn the_book_names_every_case_and_no_test_that_is_not_there() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flask_login_suite");
    let book = include_str!("../../../docs/src/flask-login.md");
    let (_, table) = book.split_once("\n## The tests of Flask-Login").unwrap();

    let cases = table.lines().filter(|line| line.starts_with("| `test_"));
    assert_eq!(cases.count(), 107);
    let ours = table.split('`').filter_map(|name| name.split_once("::"));
    let mut count = 0;
    for (module, test) in ours {
        let module = fs::read_to_string(suite.join(format!("{module}.rs"))).unwrap();
        assert!(module.contains(&format!("fn {test}(")), "{test}");
        count += 1;
    }
    assert!(count > 80, "{count}");
}
