//! Attacks on sessions and remembered logins, through the whole site. `docs/src/security.md` has
//! the list with their ids.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeSet, HashSet};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use futures_util::stream;
use http::StatusCode;
use sea_orm::{ConnectionTrait, Database as Connection, DatabaseConnection, Statement};
use vestibule::accounts::{Account, Actor};
use vestibule::credentials::Username;
use vestibule::database::Database;
use vestibule::flows::SiteConfig;
use vestibule::login::{Event, EventRecord, SessionLimit, SessionProtection};
use vestibule::testing::{
    Mailbox, PASSWORD, TestApp, TestClient, TestResponse, fresh_database_url,
};
use vestibule::{CurrentUser, Error, FreshUser, Login, Result};

const SESSION: &str = "__Host-session";
const REMEMBER: &str = "__Host-remember";
const DAY: Duration = Duration::from_hours(24);
const GRACE: Duration = Duration::from_secs(30);

/// A site with one user, alice, and a page for fresh log-ins; its database can be looked into.
struct Target {
    app: TestApp,
    database: DatabaseConnection,
    heard: Arc<Mutex<Vec<EventRecord>>>,
    _folder: tempfile::TempDir,
}

impl Target {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut SiteConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = fresh_database_url(folder.path()).await;
        let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
        let database = Database::connect(&url).await.unwrap();
        let app = TestApp::on(database, |config| {
            let heard = heard.clone();
            config.login(move |manager| {
                let heard = heard.clone();
                Ok(manager.on_event(move |record| heard.lock().unwrap().push(record.clone())))
            });
            change(config);
        })
        .await
        .routes(
            Router::new()
                .route(
                    "/sensitive",
                    get(|_: FreshUser<Account>| async { "sensitive" }),
                )
                .route("/panics", get(panics))
                .route("/stream", get(stream))
                .route("/everywhere", post(everywhere)),
        );
        app.registered("alice").await;
        Self {
            app,
            database: Connection::connect(&url).await.unwrap(),
            heard,
            _folder: folder,
        }
    }

    async fn log_in(&self, browser: &TestClient, remember: bool) -> TestResponse {
        let mut fields = vec![("username", "alice"), ("password", PASSWORD)];
        if remember {
            fields.push(("remember", "on"));
        }
        browser.post("/login", &fields).await
    }

    /// A browser that is logged in, and remembered.
    async fn remembered(&self) -> TestClient {
        let browser = self.app.browser();
        self.log_in(&browser, true).await;
        browser
    }

    /// A remembered browser that was closed and opened again, and another one with a copy of its
    /// cookies.
    async fn copied(&self) -> (TestClient, TestClient) {
        let owner = self.remembered().await;
        owner.restart();
        let thief = owner.stolen();
        (owner, thief)
    }

    async fn alice(&self) -> Account {
        let username: Username = "alice".parse().unwrap();
        let found = self.app.site.accounts().find(username.as_str()).await;
        found.unwrap().unwrap()
    }

    fn count(&self, event: Event) -> usize {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|record| record.event == event).count()
    }

    /// How many sessions or remembered logins there are.
    async fn rows(&self, table: &str) -> i64 {
        if let Some(memory) = self.app.memory() {
            let shown = format!("{memory:?}");
            let (_, rest) = shown.split_once(&format!("{table}: ")).unwrap();
            let number = rest.split(|c: char| !c.is_ascii_digit()).next();
            return number.unwrap().parse().unwrap();
        }
        if let Some(keys) = self.in_redis(table) {
            let count = self.redis("return #redis.call('KEYS', ARGV[1])", &[&keys]);
            return count[0].parse().unwrap();
        }
        let backend = self.database.get_database_backend();
        let sql = format!("SELECT count(*) AS number FROM {table}");
        let row = self
            .database
            .query_one_raw(Statement::from_string(backend, sql))
            .await;
        row.unwrap().unwrap().try_get("", "number").unwrap()
    }

    /// Writes a number into all of them, as a hand would.
    async fn write(&self, table: &str, column: &str, number: i64) {
        if let Some(keys) = self.in_redis(table) {
            let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
                local data = redis.call('HGET', key, 'data')
                data = string.gsub(data, '(\"' .. ARGV[2] .. '\":)%d+', '%1' .. ARGV[3])
                redis.call('HSET', key, 'data', data)
            end
            return 'done'";
            self.redis(script, &[&keys, column, &number.to_string()]);
            return;
        }
        let sql = format!("UPDATE {table} SET {column} = {number}");
        self.database.execute_unprepared(&sql).await.unwrap();
    }

    /// All that the store has of sessions and remembered logins: what it is, and its bytes.
    async fn kept(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut kept = Vec::new();
        for (table, column) in [
            ("sessions", "id"),
            ("sessions", "public_id"),
            ("sessions", "remembered_id"),
            ("remembered_logins", "id"),
            ("remembered_logins", "token"),
            ("remembered_logins", "seed"),
        ] {
            if let Some(keys) = self.in_redis(table) {
                let script = "local found = {}
                for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
                    local data = redis.call('HGET', key, 'data')
                    local text = ARGV[2] == 'token' and redis.call('HGET', key, 'token')
                    table.insert(found, text or string.match(data, '\"' .. ARGV[2] .. '\":\"(%x+)\"') or '')
                end
                return found";
                let field = column.replace("remembered_id", "remembered");
                for hex in self.redis(script, &[&keys, &field]) {
                    if !hex.is_empty() {
                        kept.push((
                            column,
                            data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap(),
                        ));
                    }
                }
                continue;
            }
            let sql = format!("SELECT {column} AS found FROM {table} WHERE {column} IS NOT NULL");
            let statement = Statement::from_string(self.database.get_database_backend(), sql);
            for row in self.database.query_all_raw(statement).await.unwrap() {
                let text = |_| row.try_get("", "found").map(String::into_bytes);
                kept.push((column, row.try_get("", "found").or_else(text).unwrap()));
            }
        }
        kept
    }

    /// The pattern of the keys that stand for the rows of a table, if sessions are in Redis.
    fn in_redis(&self, table: &str) -> Option<String> {
        let kind = match table {
            "sessions" => "s",
            "remembered_logins" => "r",
            other => panic!("no table of sessions: {other}"),
        };
        // The braces of the prefix are no pattern.
        let (_, prefix) = self.redis_place()?;
        Some(format!("{prefix}:{kind}:*"))
    }

    #[cfg(feature = "redis")]
    fn redis_place(&self) -> Option<(String, String)> {
        let redis = self.app.redis()?.clone();
        Some((redis.url, redis.prefix))
    }

    #[cfg(not(feature = "redis"))]
    fn redis_place(&self) -> Option<(String, String)> {
        None
    }

    /// What a script in Redis answers, by line.
    fn redis(&self, script: &str, arguments: &[&str]) -> Vec<String> {
        let (url, _) = self.redis_place().unwrap();
        let output = Command::new("redis-cli")
            .args(["-u", &url, "EVAL", script, "0"])
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

async fn everywhere(login: Login<Account>) -> Result<String> {
    Ok(login.log_out_everywhere().await?.to_string())
}

/// Asks who this is when the response has begun.
async fn stream(login: Login<Account>) -> Body {
    Body::from_stream(stream::once(async move {
        let user = login.current_user().await?;
        Ok::<_, Error>(user.map_or_else(|| "nobody".to_owned(), |user| user.username.to_string()))
    }))
}

async fn panics(user: CurrentUser<Account>) {
    assert!(user.username.is_empty(), "this page is broken");
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

/// A browser with this remember cookie and nothing else.
fn with_remember(target: &Target, value: &str) -> TestClient {
    let browser = target.app.browser();
    browser.set_cookie(REMEMBER, value);
    browser
}

/// A2: the token changes with the privilege: log-in, confirm, resume.
#[tokio::test]
async fn every_change_of_privilege_gives_a_new_token_and_ends_the_old_one() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let mut tokens = vec![browser.cookie(SESSION).unwrap()];

    target.app.clock.advance(DAY / 24);
    browser
        .post("/confirm-login", &[("password", PASSWORD)])
        .await;
    tokens.push(browser.cookie(SESSION).unwrap());
    browser.restart();
    assert!(is_in(&browser).await);
    tokens.push(browser.cookie(SESSION).unwrap());
    target.log_in(&browser, true).await;
    tokens.push(browser.cookie(SESSION).unwrap());

    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 4);
    for dead in &tokens[..3] {
        let thief = target.app.browser();
        thief.set_cookie(SESSION, dead);
        assert!(!is_in(&thief).await);
    }
    assert!(is_in(&browser).await);
}

/// A3, for the remember cookie: 10,000 changes of a valid one.
#[tokio::test]
async fn no_changed_remember_token_is_anybodys_and_each_that_is_no_token_is_told() {
    let target = Target::new().await;
    let token = target.remembered().await.cookie(REMEMBER).unwrap();
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \"|\u{e9}";
    let mut changed = BTreeSet::from([
        format!("{token}="),
        format!("\"{token}\""),
        token.to_lowercase(),
        token.repeat(2),
        token[..63].to_owned(),
        "x".repeat(8_192),
        String::new(),
    ]);
    for i in 0..token.len() {
        changed.insert(token[..i].to_owned());
        for letter in letters.chars() {
            changed.insert(format!("{}{letter}{}", &token[..i], &token[i + 1..]));
            changed.insert(format!("{}{letter}{}", &token[..i], &token[i..]));
        }
    }
    changed.remove(&token);
    assert!(changed.len() > 9_000);
    let before = target.count(Event::MalformedCookie);

    for value in changed.iter().filter(|value| value.trim() != token) {
        // The name alone is known here: a wrong secret with it ends the login, so that the
        // names of these are changed too.
        let value = if value.len() == 64 && value[..21] == token[..21] {
            format!("A{}", &value[1..])
        } else {
            value.clone()
        };
        let browser = with_remember(&target, &value);
        let response = browser.get("/welcome").await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{value}");
    }

    let told = target.count(Event::MalformedCookie) - before;
    assert!(told > 4_000, "{told}");
    let original = with_remember(&target, &token);
    assert!(
        is_in(&original).await,
        "nothing of this touched the right one"
    );
}

/// A4, A19: the remember cookie after log-out, new password, disabled account, expiry.
#[tokio::test]
async fn a_copied_remember_cookie_is_dead_after_whatever_ends_the_login() {
    for end in ["log-out", "password", "disabled", "everywhere", "expiry"] {
        let target = Target::new().await;
        let browser = target.remembered().await;
        let thief = browser.stolen();
        let accounts = target.app.site.accounts();
        let id = target.alice().await.id;

        match end {
            "log-out" => drop(browser.post("/logout", &[]).await),
            "password" => {
                let new = "another horse battery staple".into();
                accounts
                    .by(Actor::operator())
                    .set_password(&id, &new)
                    .await
                    .map(drop)
                    .unwrap();
            }
            "disabled" => accounts
                .by(Actor::operator())
                .disable(&id)
                .await
                .map(drop)
                .unwrap(),
            "everywhere" => drop(browser.post("/everywhere", &[]).await),
            _ => target.app.clock.advance(DAY * 30),
        }

        thief.forget_cookie(SESSION);
        let response = thief.get("/welcome").await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{end}");
        if end == "disabled" {
            // Enabled again, it is not back.
            accounts
                .by(Actor::operator())
                .enable(&id)
                .await
                .map(drop)
                .unwrap();
            assert!(!is_in(&thief).await);
        }
    }
}

/// A10: names that only look like ours.
#[tokio::test]
async fn a_cookie_whose_name_only_looks_like_ours_is_not_ours() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let session = browser.cookie(SESSION).unwrap();
    let remember = browser.cookie(REMEMBER).unwrap();

    for (name, value) in [("session", &session), ("remember", &remember)] {
        for cookie in [
            format!("__host-{name}={value}"),
            format!("__Host-{name}%00={value}"),
            format!("%5f_Host-{name}={value}"),
            format!("=__Host-{name}={value}"),
            format!("$Version=1; x__Host-{name}={value}"),
            format!("__Host-{name}=\"{value}\""),
            format!("__Secure-{name}={value}"),
            format!("{name}={value}"),
        ] {
            let stranger = target.app.browser();
            let response = stranger.get_with("/welcome", &[("cookie", &cookie)]).await;
            assert_eq!(response.status, StatusCode::SEE_OTHER, "{cookie}");
        }
    }
}

/// A9, for the remember cookie.
#[tokio::test]
async fn of_two_remember_cookies_neither_counts() {
    let target = Target::new().await;
    let token = target.remembered().await.cookie(REMEMBER).unwrap();

    for cookies in [
        format!("{REMEMBER}={token}; {REMEMBER}=evil"),
        format!("{REMEMBER}=evil; {REMEMBER}={token}"),
    ] {
        let stranger = target.app.browser();
        let response = stranger.get_with("/welcome", &[("cookie", &cookies)]).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{cookies}");
    }
    assert!(target.count(Event::MalformedCookie) >= 2);
}

/// A12: many small cookies around ours. Headers past 32 KB are `server/tests/serve.rs`.
#[tokio::test]
async fn five_thousand_other_cookies_hide_nothing() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    for i in 0..5_000 {
        browser.set_cookie(&format!("c{i}"), "1");
    }

    assert!(is_in(&browser).await);
}

/// A13: every cookie that any answer sets or removes.
#[tokio::test]
async fn every_cookie_has_every_attribute_whatever_sets_it() {
    let target = Target::new().await;
    let browser = target.app.browser();
    let json = [("accept", "application/json")];
    let mut answers = vec![
        target.log_in(&browser, true).await,
        browser.post("/login", &[("username", "alice")]).await,
        browser.get_with("/nowhere", &json).await,
    ];
    target.app.clock.advance(DAY / 24);
    let confirm = [("password", PASSWORD)];
    answers.push(browser.post_with("/sensitive", &[], "").await);
    answers.push(browser.get("/confirm-login").await);
    answers.push(browser.post("/confirm-login", &confirm).await);
    browser.restart();
    answers.push(browser.get("/welcome").await);
    answers.push(browser.post("/logout", &[]).await);
    answers.push(browser.get("/login").await);

    let cookies: Vec<_> = answers.iter().flat_map(TestResponse::set_cookies).collect();
    assert!(cookies.len() > 8, "{cookies:#?}");
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(cookie.len() <= 4_096, "{cookie}");
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

/// A14, A19: whoever reads the database can be nobody with it.
#[tokio::test]
async fn nothing_in_the_database_is_a_cookie() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let values = [SESSION, REMEMBER].map(|name| browser.cookie(name).unwrap());

    let found = target.kept().await;

    assert!(found.len() >= 6);
    let base64 = data_encoding::BASE64URL_NOPAD;
    let secrets = values
        .each_ref()
        .map(|value| base64.decode(value.as_bytes()).unwrap());
    for (column, bytes) in &found {
        for secret in &secrets {
            assert!(
                !secret
                    .windows(16)
                    .any(|part| bytes.windows(16).any(|w| w == part))
            );
        }
        assert!(
            !String::from_utf8_lossy(bytes).contains(&values[0]),
            "{column}"
        );
        // As the session, as the remembered login, and both halves of it put together.
        let thief = target.app.browser();
        thief.set_cookie(SESSION, &base64.encode(bytes));
        assert!(!is_in(&thief).await, "{column}");
        for (_, other) in &found {
            let joined = [&bytes[..16.min(bytes.len())], other].concat();
            let thief = with_remember(&target, &base64.encode(&joined));
            assert!(!is_in(&thief).await, "{column}");
        }
    }
    assert!(is_in(&browser).await, "and nothing of this ended anything");
}

/// A15: what one cookie holds is worth nothing in another.
#[tokio::test]
async fn a_cookie_is_worth_nothing_under_another_ones_name() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let flash = {
        let visitor = target.app.browser();
        visitor.post("/logout", &[]).await;
        visitor.cookie("__Host-flash").unwrap()
    };
    let session = browser.cookie(SESSION).unwrap();
    let remember = browser.cookie(REMEMBER).unwrap();

    for (name, value) in [
        (SESSION, &remember),
        (SESSION, &flash),
        (REMEMBER, &session),
        (REMEMBER, &flash),
        ("__Host-flash", &session),
        ("__Host-flash", &remember),
    ] {
        let stranger = target.app.browser();
        stranger.set_cookie(name, value);
        assert!(!is_in(&stranger).await, "{name}");
        assert_eq!(stranger.get("/login").await.status, StatusCode::OK);
    }
}

/// A15: a session that only remembers one user says nothing for the log-in of another.
#[tokio::test]
async fn a_log_in_as_somebody_else_takes_nothing_over() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let before = browser.stolen();
    target.app.registered("bob").await;

    let bob = [("username", "bob"), ("password", PASSWORD)];
    browser.post("/login", &bob).await;

    assert!(browser.get("/welcome").await.text().contains("bob"));
    assert_eq!(browser.cookie(REMEMBER), None, "bob did not ask for it");
    browser.restart();
    assert!(!is_in(&browser).await);
    before.forget_cookie(SESSION);
    assert!(!is_in(&before).await, "what remembered alice here is ended");
}

/// The session is over; what remembers the browser is not, until the next log-in.
#[tokio::test]
async fn a_log_in_ends_what_remembered_the_browser_before() {
    for remember in [false, true] {
        let target = Target::new().await;
        let browser = target.remembered().await;
        browser.restart();
        let thief = browser.stolen();

        target.log_in(&browser, remember).await;

        assert!(!is_in(&thief).await);
        assert_eq!(target.count(Event::RememberCookieReused), 0);
        assert!(is_in(&browser).await);
    }
}

/// A16: but for the throttle, there is no cap; 50 log-ins at once are 50 sessions, and end together.
#[tokio::test]
async fn parallel_log_ins_are_sessions_of_their_own_that_end_together() {
    let target = Target::with(|config| config.throttle.is_on = false).await;
    let target = Arc::new(target);
    let id = target.alice().await.id;
    let log_ins: Vec<_> = (0..50)
        .map(|_| {
            let target = target.clone();
            tokio::spawn(async move { target.remembered().await })
        })
        .collect();
    let mut browsers = Vec::new();
    for log_in in log_ins {
        browsers.push(log_in.await.unwrap());
    }

    assert_eq!(target.rows("remembered_logins").await, 50);
    for browser in &browsers {
        assert!(is_in(browser).await);
    }
    let new = "another horse battery staple".into();
    let accounts = target.app.site.accounts();
    accounts
        .by(Actor::operator())
        .set_password(&id, &new)
        .await
        .map(drop)
        .unwrap();
    for browser in &browsers {
        assert!(!is_in(browser).await);
        browser.restart();
        assert!(!is_in(browser).await);
    }
    assert_eq!(target.rows("sessions").await, 0);
    assert_eq!(target.rows("remembered_logins").await, 0);
}

/// A16: a cap holds however many log in at once; and where the oldest end, not all of them do. Two
/// that begin at the same moment may each end another one that was there before.
#[tokio::test]
async fn of_parallel_log_ins_no_more_stay_than_the_cap_allows() {
    for (cap, least) in [
        (SessionLimit::end_oldest(3), 1),
        (SessionLimit::reject(3), 0),
    ] {
        let target = Target::with(|config| config.sessions.limit = cap).await;
        let by = Actor::operator();
        let accounts = target.app.site.accounts();
        let id = target.alice().await.id;
        accounts.by(by).end_sessions(&id).await.map(drop).unwrap();
        let alice = target.alice().await;
        // Passwords would be hashed one after the other.
        let clock = target.app.clock.clone();
        let log_in = move |login: Login<Account>| {
            let alice = alice.clone();
            // The clock goes on between them, as clocks do.
            clock.advance(Duration::from_millis(1));
            async move { login.log_in(&alice).await.map(drop) }
        };
        let app = target.app.clone();
        let app = app.routes(Router::new().route("/at-once", post(log_in)));
        let log_ins: Vec<_> = (0..50)
            .map(|_| {
                let browser = app.browser();
                tokio::spawn(async move {
                    let answer = browser.post("/at-once", &[]).await;
                    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
                    browser
                })
            })
            .collect();

        let mut stay = 0;
        let mut browsers = Vec::new();
        for log_in in log_ins {
            browsers.push(log_in.await.unwrap());
        }
        for browser in &browsers {
            stay += i64::from(is_in(browser).await);
        }

        assert!((least..=3).contains(&stay), "{cap:?}: {stay}");
        assert_eq!(target.rows("sessions").await, stay, "{cap:?}");
        let told = i64::try_from(target.count(Event::SessionEnded)).unwrap();
        assert_eq!(told, if least == 0 { 0 } else { 50 - stay }, "{cap:?}");
        if stay == 0 {
            let later = app.browser();
            later.post("/at-once", &[]).await;
            assert!(is_in(&later).await, "alone it is within the cap");
        }
    }
}

/// A17: no token in any page, address or event.
#[tokio::test]
async fn no_token_is_in_a_page_an_address_or_an_event() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    browser.restart();
    let mut seen = String::new();
    for path in ["/", "/welcome", "/logout", "/sensitive", "/confirm-login"] {
        let response = browser.get(path).await;
        seen.push_str(response.text());
        seen.push_str(response.location().unwrap_or_default());
    }
    seen.push_str(&format!("{:?}", target.heard.lock().unwrap()));

    assert!(seen.contains("LoadedFromCookie"));
    for name in [SESSION, REMEMBER] {
        let value = browser.cookie(name).unwrap();
        assert!(!seen.contains(&value[..20]), "{name}");
    }
}

/// A18: the thief first, then the owner; and the other way round.
#[tokio::test]
async fn the_second_use_of_a_stolen_remember_cookie_ends_it_for_both() {
    for thief_is_first in [true, false] {
        let target = Target::new().await;
        let (owner, thief) = target.copied().await;
        let (first, second) = if thief_is_first {
            (&thief, &owner)
        } else {
            (&owner, &thief)
        };

        assert!(is_in(first).await, "whoever comes first cannot be told");
        target.app.clock.advance(GRACE);
        assert!(!is_in(second).await);

        assert!(!is_in(first).await, "the session that came of it is ended");
        first.restart();
        assert!(!is_in(first).await, "and what came after the stolen token");
        assert_eq!(target.count(Event::RememberCookieReused), 1);
        assert_eq!(target.rows("remembered_logins").await, 0);
        assert_eq!(
            second.cookie_names(),
            ["__Host-device", "__Host-flash"],
            "it forgets"
        );
        let page = second.get("/login").await;
        assert!(page.text().contains("somebody used a copy"), "and is told");
        let fresh = target.remembered().await;
        assert!(is_in(&fresh).await, "a new log-in is a new one");
    }
}

/// A18: the owner is told, where there is an address, beside the request.
#[tokio::test]
async fn the_owner_of_a_stolen_login_gets_a_mail() {
    let mailbox = Mailbox::new();
    let target = Target::with(|config| config.mailer(mailbox.clone())).await;
    let id = target.alice().await.id;
    let email = "alice@example.com".parse().unwrap();
    let accounts = target.app.site.accounts();
    let _ = accounts
        .by(Actor::operator())
        .set_email(&id, Some(&email))
        .await
        .unwrap();
    let (owner, thief) = target.copied().await;

    is_in(&thief).await;
    target.app.clock.advance(GRACE);
    is_in(&owner).await;

    // The other is about the log-in, whose browser is new.
    let mut mails = mailbox.received(2).await;
    mails.retain(|mail| !mail.subject.starts_with("New log-in"));
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "alice@example.com");
    assert!(mails[0].text.starts_with("Hello alice,"));
    assert!(mails[0].text.contains("log in at https://example.com"));
    assert!(!mails[0].subject.contains('\n'));
}

/// A18: a wrong secret with the right name can only be a copy.
#[tokio::test]
async fn a_wrong_secret_for_a_known_remembered_login_is_theft() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let token = browser.cookie(REMEMBER).unwrap();
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    let wrong = format!("{}{last}", &token[..63]);

    assert!(!is_in(&with_remember(&target, &wrong)).await);

    assert_eq!(target.count(Event::RememberCookieReused), 1);
    browser.restart();
    assert!(!is_in(&browser).await);
}

/// A18: tabs that a browser opens together all use the one token it has.
#[tokio::test]
async fn parallel_tabs_are_one_browser_and_end_up_with_one_token() {
    let target = Arc::new(Target::new().await);
    let browser = target.remembered().await;
    browser.restart();
    let tabs: Vec<_> = (0..20).map(|_| browser.stolen()).collect();

    let visits: Vec<_> = tabs
        .into_iter()
        .map(|tab| {
            tokio::spawn(async move {
                assert!(is_in(&tab).await);
                tab
            })
        })
        .collect();
    let mut tokens = BTreeSet::new();
    let mut last = None;
    for visit in visits {
        let tab = visit.await.unwrap();
        tokens.insert(tab.cookie(REMEMBER).unwrap());
        last = Some(tab);
    }

    assert_eq!(tokens.len(), 1, "whichever answer came last");
    assert_ne!(tokens.first(), browser.cookie(REMEMBER).as_ref());
    assert_eq!(target.rows("remembered_logins").await, 1, "one family");
    assert_eq!(target.count(Event::RememberCookieReused), 0);
    let last = last.unwrap();
    target.app.clock.advance(DAY);
    last.restart();
    assert!(is_in(&last).await, "and the browser is still remembered");
}

/// A18: the thief uses the copy within the grace period, and then only the session that it began.
#[tokio::test]
async fn a_copy_used_within_the_grace_period_is_found_out_when_both_go_on() {
    for thief_is_first in [true, false] {
        let target = Target::new().await;
        let (owner, thief) = target.copied().await;
        let (first, second) = if thief_is_first {
            (&thief, &owner)
        } else {
            (&owner, &thief)
        };
        assert!(is_in(first).await && is_in(second).await);

        // Each session's last use is written once a minute.
        for is_second_there in [true, false] {
            target.app.clock.advance(Duration::from_mins(1));
            assert!(is_in(first).await);
            assert_eq!(is_in(second).await, is_second_there);
        }

        assert_eq!(target.count(Event::RememberCookieReused), 1);
        assert_eq!(target.rows("remembered_logins").await, 0);
        let page = second.get("/login").await;
        assert!(page.text().contains("somebody used a copy"), "it is told");
        for browser in [&owner, &thief] {
            browser.restart();
            assert!(!is_in(browser).await, "and the login with them");
        }
    }
}

/// A18: the owner has the session that a just-replaced token began, and shows the password there.
#[tokio::test]
async fn a_confirmed_session_still_tells_of_the_copy() {
    let target = Target::new().await;
    let (owner, thief) = target.copied().await;
    assert!(is_in(&thief).await && is_in(&owner).await);
    let fields = [("password", PASSWORD)];
    owner.post("/confirm-login", &fields).await;
    assert_eq!(owner.get("/sensitive").await.text(), "sensitive");

    for _ in 0..2 {
        target.app.clock.advance(Duration::from_mins(1));
        is_in(&thief).await;
        is_in(&owner).await;
    }

    assert_eq!(target.count(Event::RememberCookieReused), 1);
    assert!(!is_in(&thief).await);
}

/// A18: a browser sends one user agent, so two of them are two browsers.
#[tokio::test]
async fn a_copy_used_by_another_browser_within_the_grace_period_ends_the_login() {
    let target = Target::new().await;
    let owner = target.app.browser().user_agent("Firefox");
    target.log_in(&owner, true).await;
    owner.restart();
    let thief = owner.stolen().user_agent("curl");

    assert!(is_in(&owner).await);
    assert!(!is_in(&thief).await);

    assert_eq!(target.count(Event::RememberCookieReused), 1);
    assert!(!is_in(&owner).await);
}

#[tokio::test]
async fn within_a_longer_grace_period_both_sessions_of_one_token_may_be_used() {
    let grace = Duration::from_mins(5);
    let target = Target::with(|config| config.sessions.remember.grace = grace).await;
    let (first, second) = target.copied().await;
    assert!(is_in(&first).await && is_in(&second).await);

    for _ in 0..4 {
        target.app.clock.advance(Duration::from_mins(1));
        assert!(is_in(&first).await && is_in(&second).await);
    }

    assert_eq!(target.count(Event::RememberCookieReused), 0);
}

/// A18: a thief who is alone in the second session must use the next token soon.
#[tokio::test]
async fn a_session_of_a_replaced_token_is_marked_and_soon_over() {
    let target = Target::new().await;
    let (owner, thief) = target.copied().await;
    assert!(is_in(&owner).await && is_in(&thief).await);

    let json = [("accept", "application/json")];
    let listed = thief.get_with("/account/sessions", &json).await.json();
    let this = listed["sessions"].as_array().unwrap().iter();
    let this = this.clone().find(|session| session["is_this"] == true);
    assert_eq!(this.unwrap()["is_from_replaced_token"], true);
    let page = thief.get("/account/sessions").await;
    assert!(page.text().contains("or with a copy of its cookie"));
    let asked = thief.get("/sensitive").await;
    assert!(asked.location().unwrap().starts_with("/confirm-login"));

    target.app.clock.advance(Duration::from_mins(10));
    assert!(is_in(&thief).await, "by the next token");
    target.app.clock.advance(GRACE);
    assert!(!is_in(&owner).await, "whose session that ended");
    assert_eq!(target.count(Event::RememberCookieReused), 1);
    assert!(!is_in(&thief).await);
}

/// A18: from the same browser and network as the owner, the copy looks like the owner's session.
#[tokio::test]
async fn the_owners_list_shows_the_session_that_a_copy_began_beside_their_own() {
    let target = Target::new().await;
    let (owner, thief) = target.copied().await;
    assert!(is_in(&owner).await && is_in(&thief).await);

    let json = [("accept", "application/json")];
    let listed = owner.get_with("/account/sessions", &json).await.json();
    let sessions = listed["sessions"].as_array().unwrap();

    let same = sessions
        .iter()
        .filter(|session| session["is_same_login"] == true);
    let is_copy = same.map(|session| session["is_from_replaced_token"] == true);
    assert_eq!(is_copy.collect::<Vec<_>>(), [true]);
}

/// A18: whichever answer came last, a browser goes on with one session, for as long as it likes.
#[tokio::test]
async fn a_browser_whose_tabs_used_one_token_goes_on_undisturbed() {
    for keeps_last in [true, false] {
        let target = Target::new().await;
        let browser = target.remembered().await;
        browser.restart();
        let tab = browser.stolen();
        assert!(is_in(&browser).await && is_in(&tab).await);
        let browser = if keeps_last { tab } else { browser };

        for _ in 0..60 {
            target.app.clock.advance(Duration::from_secs(61));
            assert!(is_in(&browser).await);
        }

        assert_eq!(target.count(Event::RememberCookieReused), 0);
        target.app.clock.advance(DAY);
        browser.restart();
        assert!(is_in(&browser).await);
    }
}

/// A18: an answer that never arrived.
#[tokio::test]
async fn a_lost_answer_does_not_make_the_owner_a_thief() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    browser.restart();
    let lost = browser.stolen();
    lost.get("/welcome").await;

    target.app.clock.advance(GRACE - Duration::from_secs(1));
    assert!(is_in(&browser).await);

    target.app.clock.advance(DAY);
    browser.restart();
    assert!(is_in(&browser).await);
    assert_eq!(target.count(Event::RememberCookieReused), 0);
}

/// A page that panics: the answer still brings the next token.
#[tokio::test]
async fn a_page_that_panics_does_not_make_the_owner_a_thief() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    browser.restart();

    let broken = browser.get("/panics").await;

    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    target.app.clock.advance(GRACE);
    browser.restart();
    assert!(is_in(&browser).await);
    assert_eq!(target.count(Event::RememberCookieReused), 0);
}

/// A page that asks who this is when its answer has begun: no token could go with it any more.
#[tokio::test]
async fn a_stream_that_asks_late_does_not_make_the_owner_a_thief() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    assert_eq!(browser.get("/stream").await.text(), "alice");
    browser.restart();

    assert_eq!(browser.get("/stream").await.text(), "nobody");

    target.app.clock.advance(GRACE);
    assert!(is_in(&browser).await);
    assert_eq!(target.count(Event::RememberCookieReused), 0);
}

/// A6, A7, for the remember cookie: its end, a clock that jumps, rows from the future.
#[tokio::test]
async fn a_remembered_login_ends_on_time_and_one_from_the_future_is_refused() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    browser.restart();
    let second = Duration::from_secs(1);

    target.app.clock.advance(DAY * 30 - second);
    let early = browser.stolen();
    assert!(is_in(&early).await);
    early.restart();
    target.app.clock.advance(second);
    assert!(!is_in(&early).await, "rotation does not prolong it");

    let browser = target.remembered().await;
    browser.restart();
    let now = target.app.clock.now();
    target.app.clock.set(now - DAY / 24);
    assert!(!is_in(&browser).await, "an hour from the future");
    target.app.clock.set(now + DAY * 3650);
    assert!(!is_in(&browser).await, "ten years on");
    target.app.clock.set(now);
    assert!(is_in(&browser).await);
    for column in ["created_at", "rotated_at"] {
        let browser = target.remembered().await;
        browser.restart();
        let future = (now + DAY).as_millis();
        target.write("remembered_logins", column, future).await;
        assert!(!is_in(&browser).await, "{column}");
    }
}

/// However often it is resumed, the last session ends with the browser's being remembered.
#[tokio::test]
async fn a_session_without_a_credential_does_not_outlive_what_it_came_of() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    target.app.clock.advance(DAY * 29);
    browser.restart();
    assert!(is_in(&browser).await);

    target.app.clock.advance(DAY);

    assert!(!is_in(&browser).await);
}

/// A20: what a remembered session may do. With the pages: `flows/confirm_login/tests.rs`.
#[tokio::test]
async fn a_remembered_session_is_not_fresh_however_new_it_is() {
    let target = Target::new().await;
    let browser = target.remembered().await;

    let fresh = browser.get("/sensitive").await;
    browser.restart();
    let remembered = browser.get("/sensitive").await;

    assert_eq!(fresh.text(), "sensitive");
    let confirm = "/confirm-login?next=%2Fsensitive";
    assert_eq!(remembered.location(), Some(confirm));
}

/// A4: a row that a wrong clock or hand made fresh for ever is not.
#[tokio::test]
async fn a_credential_shown_in_the_future_is_none() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let future = (target.app.clock.now() + DAY).as_millis();

    target.write("sessions", "authenticated_at", future).await;

    assert!(browser.get("/sensitive").await.location().is_some());
}

/// Strong mode, as Flask-Login's users suffered it: with a remembered browser, visit by visit.
#[tokio::test]
async fn strong_protection_and_a_remembered_browser_get_along() {
    let target = Target::with(|config| {
        config.sessions.protection = SessionProtection::Strong;
    })
    .await;
    let browser = target.app.browser().user_agent("UA/1");
    target.log_in(&browser, true).await;
    browser.restart();

    for _ in 0..3 {
        assert!(is_in(&browser).await);
    }
    let thief = browser.stolen().user_agent("UA/2");
    assert!(!is_in(&thief).await);
    assert!(
        !is_in(&browser).await,
        "what was copied is worth nothing to anybody"
    );
}

/// The log-out and the use of the remember cookie at once: the log-out wins.
#[tokio::test]
async fn a_browser_that_logs_out_while_it_is_being_remembered_is_out() {
    for _ in 0..20 {
        let target = Arc::new(Target::new().await);
        let browser = Arc::new(target.remembered().await);
        browser.forget_cookie(SESSION);
        let tab = browser.stolen();

        let visit = tokio::spawn(async move {
            tab.get("/welcome").await;
            tab
        });
        browser.post("/logout", &[]).await;
        let tab = visit.await.unwrap();

        assert!(!is_in(&tab).await, "whatever the visit began is ended");
        tab.restart();
        assert!(!is_in(&tab).await);
        assert_eq!(target.rows("sessions").await, 1, "that of the registration");
    }
}

/// A16: sessions without end, and without a password.
#[tokio::test]
async fn a_remember_cookie_alone_begins_no_more_than_two_sessions() {
    for max_sessions in [0, 3] {
        let target = Target::with(|config| {
            config.sessions.limit = SessionLimit::reject(max_sessions);
        })
        .await;
        let before = target.rows("sessions").await;
        let script = target.remembered().await;

        for _ in 0..30 {
            target.app.clock.advance(Duration::from_secs(1));
            script.restart();
            assert!(is_in(&script).await, "it is remembered all the same");
        }

        let begun = target.rows("sessions").await - before;
        assert!(begun <= 2, "{begun} sessions");
        assert_eq!(target.count(Event::RememberCookieReused), 0);
    }
}
