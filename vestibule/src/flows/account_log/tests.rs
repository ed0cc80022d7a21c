#![cfg(feature = "sqlite")]

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::accounts::{Account, Action, Actor};
use crate::login::{Login, SessionLimit};
use crate::session::Methods;
use crate::testing::{PASSWORD, TestApp, TestClient, fresh_database};

const JSON: [(&str, &str); 1] = [("accept", "application/json")];
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const WRONG: &str = "wrong horse and battery";

/// A browser at `address`, which is `Firefox on Linux`.
fn browser_at(app: &TestApp, address: &str) -> TestClient {
    let browser = app.browser().user_agent(FIREFOX);
    browser.address(address.parse().unwrap())
}

async fn log_in(browser: &TestClient, name: &str, password: &str) -> StatusCode {
    let fields = [
        ("username", name),
        ("password", password),
        ("remember", "on"),
    ];
    browser.post("/login", &fields).await.status
}

async fn page(browser: &TestClient, query: &str) -> Value {
    let path = format!("/account/log{query}");
    browser.get_with(&path, &JSON).await.json()
}

async fn lines(browser: &TestClient) -> Vec<Value> {
    page(browser, "").await["log"].as_array().unwrap().clone()
}

/// The actions of the user's lines, oldest first.
async fn actions(browser: &TestClient) -> Vec<String> {
    let lines = lines(browser).await.into_iter().rev();
    let actions = lines.map(|line| line["action"].as_str().unwrap().to_owned());
    actions.collect()
}

/// Lines of one millisecond are in no order.
fn tick(app: &TestApp) {
    app.clock.advance(Duration::from_secs(1));
}

#[tokio::test]
async fn log_ins_failed_ones_and_log_outs_are_lines_with_browser_and_address() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    tick(&app);
    let browser = browser_at(&app, "192.0.2.7");
    log_in(&browser_at(&app, "198.51.100.9"), "alice", WRONG).await;
    tick(&app);
    log_in(&browser, "alice", PASSWORD).await;
    tick(&app);
    browser.post("/logout", &[]).await;
    tick(&app);
    log_in(&browser, "alice", PASSWORD).await;

    let lines = lines(&browser).await;

    let told: Vec<_> = lines
        .iter()
        .take(4)
        .map(|line| {
            json!([
                line["action"],
                line["by"],
                line["browser"],
                line["address"],
                line["at"]
            ])
        })
        .collect();
    let firefox = "Firefox on Linux";
    let at = |seconds: u8| format!("2027-01-15T08:00:0{seconds}Z");
    assert_eq!(
        told,
        [
            json!(["logged in", "user", firefox, "192.0.2.7", at(4)]),
            json!(["logged out", "user", firefox, "192.0.2.7", at(3)]),
            json!(["logged in", "user", firefox, "192.0.2.7", at(2)]),
            json!([
                "log-in failed",
                "not_logged_in",
                null,
                "198.51.100.0/24",
                at(1)
            ]),
        ]
    );
    assert_eq!(lines[0]["detail"], "password", "the methods");
    let page = browser.get("/account/log").await;
    for text in ["Logged in", "Logged out", "Failed log-in", firefox] {
        assert!(page.text().contains(text), "{text}");
    }
}

#[tokio::test]
async fn a_remembered_browser_that_comes_back_is_a_line_and_so_is_a_copy_of_its_cookie() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    tick(&app);
    let browser = browser_at(&app, "192.0.2.7");
    log_in(&browser, "alice", PASSWORD).await;
    let thief = browser.stolen();
    browser.restart();
    thief.restart();
    tick(&app);
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    app.clock.advance(Duration::from_hours(1));

    let stolen = thief.get("/welcome").await;

    assert_eq!(stolen.status, StatusCode::SEE_OTHER);
    tick(&app);
    log_in(&browser, "alice", PASSWORD).await;
    let actions = actions(&browser).await;
    let last = &actions[actions.len() - 4..];
    assert_eq!(
        last,
        [
            "logged in",
            "log-in resumed",
            "remember cookie reused",
            "logged in"
        ]
    );
}

#[tokio::test]
async fn a_log_in_that_is_rejected_though_the_password_is_right_is_a_line() {
    let app = TestApp::with(|config| config.sessions.limit = SessionLimit::reject(1)).await;
    let here = app.registered("alice").await;
    tick(&app);
    log_in(&browser_at(&app, "192.0.2.7"), "alice", PASSWORD).await;
    let rejected = lines(&here).await.remove(0);
    let alice = app.account("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.disable(&alice.id).await.unwrap();
    tick(&app);
    log_in(&browser_at(&app, "192.0.2.8"), "alice", PASSWORD).await;
    let _ = operator.enable(&alice.id).await.unwrap();
    tick(&app);
    log_in(&here, "alice", PASSWORD).await;

    let told = |line: &Value| json!([line["action"], line["detail"], line["by"], line["address"]]);
    assert_eq!(
        told(&rejected),
        json!([
            "log-in rejected",
            "too many sessions",
            "not_logged_in",
            "192.0.2.7"
        ])
    );
    let lines = lines(&here).await;
    let rejected = lines.iter().find(|line| line["address"] == "192.0.2.8");
    assert_eq!(
        told(rejected.unwrap()),
        json!([
            "log-in rejected",
            "account disabled",
            "not_logged_in",
            "192.0.2.8"
        ])
    );
}

#[tokio::test]
async fn a_password_without_the_second_factor_is_a_line_and_so_is_a_session_used_elsewhere() {
    let app = TestApp::with(|config| {
        config.credentials(|credentials| {
            let needs = |user: Account| async move { Ok(user.name() == "alice") };
            Ok(credentials.second_factor(needs))
        });
    });
    let app = app.await;
    app.registered("bob").await;
    log_in(&app.browser(), "bob", PASSWORD).await;
    tick(&app);
    let browser = app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    browser.post("/register", &fields).await;
    tick(&app);
    log_in(&browser_at(&app, "192.0.2.7"), "alice", PASSWORD).await;

    let alice = app.account("alice").await;
    let log = app.site.accounts().security_log(Some(&alice.id), None, 9);
    let newest = log.await.unwrap().remove(0);
    assert_eq!(newest.action, "log-in pending");
    assert_eq!(newest.actor, "not logged in");
    assert_eq!(newest.detail.as_deref(), Some("password"));
    assert_eq!(newest.address.as_deref(), Some("192.0.2.7"));

    let bob = app.browser();
    log_in(&bob, "bob", PASSWORD).await;
    tick(&app);
    let copy = bob.stolen().user_agent("another browser");
    copy.get("/welcome").await;
    let newest = lines(&copy).await.remove(0);
    assert_eq!(newest["action"], "session protected");
    assert_eq!(newest["browser"], "another browser");
}

#[tokio::test]
async fn what_changes_nothing_is_no_line() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let before = actions(&alice).await;
    let stranger = app.browser();

    stranger.post("/logout", &[]).await;
    alice.get("/login").await;
    alice.get("/account/sessions").await;
    alice.post("/account/sessions/end-others", &[]).await;
    let none = alice
        .post("/account/sessions/end", &[("session", "none")])
        .await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    alice
        .post("/confirm-login", &[("password", PASSWORD)])
        .await;

    let mut now = actions(&alice).await;
    now.sort();
    assert_eq!(now, ["account added", "logged in"]);
    assert_eq!(now.len(), before.len());
    log_in(&stranger, "nobody", WRONG).await;
    let log = app.site.accounts().security_log(None, None, 100).await;
    assert_eq!(log.unwrap().len(), 2, "a name that nobody has is no line");
}

#[tokio::test]
async fn log_ins_and_log_outs_by_the_apps_own_handlers_are_lines_too() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let alice = app.account("alice").await;
    let log_in = move |login: Login<Account>| async move {
        let _ = login.log_in(&alice).by(Methods::PASSKEY).await?;
        Ok::<_, crate::Error>("in")
    };
    let log_out = async |login: Login<Account>| login.log_out().await;
    let mine = Router::new().route("/in", post(log_in));
    let app = app.routes(mine.route("/out", post(log_out)));
    let browser = app.browser();
    tick(&app);

    browser.post("/in", &[]).await;
    tick(&app);
    browser.post("/out", &[]).await;
    tick(&app);
    browser.post("/in", &[]).await;

    let lines = lines(&browser).await;
    let actions: Vec<_> = lines.iter().take(3).map(|line| &line["action"]).collect();
    assert_eq!(actions, ["logged in", "logged out", "logged in"]);
    assert_eq!(lines[0]["detail"], "passkey");
}

/// It is one line, though the session continues under a new token.
#[tokio::test]
async fn a_new_password_is_a_line_and_no_log_in() {
    let app = TestApp::new().await;
    let alice = browser_at(&app, "192.0.2.7");
    let fields = [("username", "alice"), ("password", PASSWORD)];
    alice.post("/register", &fields).await;
    tick(&app);
    let new = "another horse and battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];

    let changed = alice.post("/change-password", &fields).await;

    assert_eq!(changed.location(), Some("/welcome"));
    let actions = actions(&alice).await;
    assert_eq!(actions.len(), 3, "{actions:?}");
    assert_eq!(actions[2], "password changed");
    for line in lines(&alice).await {
        assert_eq!(line["browser"], "Firefox on Linux", "{line}");
        assert_eq!(line["address"], "192.0.2.7", "{line}");
    }
}

#[tokio::test]
async fn a_user_sees_no_line_of_another_whatever_the_query() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let bob = app.registered("bob").await;
    for _ in 0..3 {
        tick(&app);
        log_in(&bob, "bob", PASSWORD).await;
        log_in(&app.browser(), "alice", PASSWORD).await;
    }
    let of_bob = lines(&bob).await;
    let id = |index: usize| of_bob[index]["id"].as_str().unwrap();
    let (alices, bobs) = (app.account("alice").await.id, app.account("bob").await.id);
    let all = app.site.accounts().security_log(None, None, 100).await;
    let all = all.unwrap();
    let owner = |line: &Value| {
        let line = all.iter().find(|other| line["id"] == other.id.as_str());
        line.unwrap().user_id.clone().unwrap()
    };
    assert!(of_bob.iter().all(|line| owner(line) == bobs));

    for query in [
        String::new(),
        format!("?after={}", id(0)),
        format!("?before={}", id(3)),
        format!("?user=bob&user_id={bobs}&username=bob&actor=bob"),
        "?after=zzzz".to_owned(),
        format!("?after={}", "f".repeat(36)),
    ] {
        let page = page(&alice, &query).await;
        let lines = page["log"].as_array().unwrap();
        assert!(!lines.is_empty(), "{query}");
        for line in lines {
            assert_eq!(owner(line), alices, "{query}: {line}");
        }
    }
    let anonymous = app.browser().get("/account/log").await;
    assert_eq!(
        anonymous.location(),
        Some("/login?next=%2Faccount%2Flog"),
        "and nobody else sees any"
    );
}

#[tokio::test]
async fn users_do_not_learn_which_admin_changed_their_account_nor_from_where() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    app.registered("carol").await;
    app.grant("carol", "admin").await;
    app.grant("carol", "editor").await;
    let carol = browser_at(&app, "203.0.113.5");
    log_in(&carol, "carol", PASSWORD).await;
    let path = format!("/admin/users/{}/grant", app.account("alice").await.id);
    let granted = carol.post(&path, &[("role", "editor")]).await;
    assert!(granted.status.is_redirection(), "{}", granted.text());
    let alice = app.browser();
    log_in(&alice, "alice", PASSWORD).await;

    let lines = lines(&alice).await;

    let granted = lines.iter().find(|line| line["action"] == "role granted");
    let granted = granted.unwrap();
    assert_eq!(
        (&granted["by"], &granted["address"], &granted["browser"]),
        (&json!("admin"), &Value::Null, &Value::Null)
    );
    let shown = alice.get("/account/log").await;
    assert!(shown.text().contains("by an administrator"));
    for of_carol in ["carol", "203.0.113.5"] {
        let told = page(&alice, "").await.to_string();
        assert!(!shown.text().contains(of_carol) && !told.contains(of_carol));
    }
    let log = carol.get("/admin/log").await;
    assert!(log.text().contains("203.0.113.5"), "other admins do");
}

#[tokio::test]
async fn fifty_lines_are_a_page_and_the_links_lead_through_all_and_back() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let id = app.account("alice").await.id;
    for _ in 0..60 {
        tick(&app);
        let _ = operator.disable(&id).await.unwrap();
        tick(&app);
        let _ = operator.enable(&id).await.unwrap();
    }
    tick(&app);
    log_in(&alice, "alice", PASSWORD).await;
    let ids = |page: &Value| {
        let lines = page["log"].as_array().unwrap().iter();
        lines
            .map(|line| line["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let link = |page: &Value, name: &str| page[name].as_str().map(str::to_owned);

    let first = page(&alice, "").await;
    let older = format!("?after={}", link(&first, "next").unwrap());
    let second = page(&alice, &older).await;
    let oldest = format!("?after={}", link(&second, "next").unwrap());
    let third = page(&alice, &oldest).await;

    let mut all = [ids(&first), ids(&second), ids(&third)].concat();
    assert_eq!(
        [50, 50, 23],
        [&first, &second, &third].map(|p| ids(p).len())
    );
    assert!(all.is_sorted_by(|newer, older| newer >= older));
    all.dedup();
    assert_eq!(all.len(), 123);
    assert_eq!(link(&first, "previous"), None);
    assert_eq!(link(&third, "next"), None);
    let back = format!("?before={}", link(&third, "previous").unwrap());
    let back = page(&alice, &back).await;
    assert_eq!(ids(&back), ids(&second));
    let back = format!("?before={}", link(&back, "previous").unwrap());
    let back = page(&alice, &back).await;
    assert_eq!(ids(&back), ids(&first), "a whole page");
    assert_eq!(link(&back, "previous"), None);
    let html = alice.get(&format!("/account/log{older}")).await;
    for rel in ["rel=\"prev\"", "rel=\"next\""] {
        assert!(html.text().contains(rel), "{rel}");
    }
}

/// Of many log-ins in an hour, some are counted; those from another place are not among them.
#[tokio::test]
async fn many_log_ins_in_an_hour_are_few_lines_and_do_not_hide_one_from_elsewhere() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let script = browser_at(&app, "192.0.2.7");
    for _ in 0..40 {
        log_in(&script, "alice", PASSWORD).await;
        tick(&app);
    }

    log_in(&browser_at(&app, "203.0.113.66"), "alice", PASSWORD).await;

    let lines = lines(&script).await;
    let log_ins: Vec<_> = lines
        .iter()
        .filter(|line| line["action"] == "logged in")
        .collect();
    assert_eq!(log_ins.len(), 11);
    let times = |line: &&&Value| line["times"].as_u64().unwrap();
    let at = |address: &Value| {
        let there = log_ins.iter().filter(|line| &line["address"] == address);
        there.map(|line| times(&line)).sum::<u64>()
    };
    assert_eq!(at(&json!("192.0.2.7")), 40, "each is counted where it was");
    let rest = log_ins
        .iter()
        .find(|line| line["detail"] == "the rest of this hour");
    assert_eq!(rest.map(|line| times(&line)), Some(1));
    let page = script.get("/account/log").await;
    for text in ["(32 times)", "from other browsers or addresses"] {
        assert!(page.text().contains(text), "{text}");
    }
}

#[tokio::test]
async fn a_log_in_succeeds_although_the_security_log_cannot_be_written() {
    let database = fresh_database().await;
    let app = TestApp::on(database.clone(), |_| {}).await;
    app.registered("alice").await;
    let drop = "ALTER TABLE security_log RENAME TO elsewhere";
    let connection = database.connection();
    connection.execute_unprepared(drop).await.unwrap();
    let browser = app.browser();

    assert_eq!(
        log_in(&browser, "alice", PASSWORD).await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    let out = browser.post("/logout", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn text_from_a_user_agent_is_escaped_and_cut() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    tick(&app);
    let long = "x".repeat(400);
    let odd = format!("<script>alert(1)</script>{long}");
    let browser = app.browser().user_agent(&odd);
    log_in(&browser, "alice", PASSWORD).await;

    let shown = browser.get("/account/log").await;

    assert!(!shown.text().contains("<script>alert") && shown.text().contains("&lt;script&gt;"));
    let line = lines(&browser).await.remove(0);
    assert_eq!(line["browser"].as_str().unwrap().chars().count(), 64);
}

#[test]
fn the_page_has_words_for_each_action_about_a_user() {
    let about_roles = [
        Action::SessionsSwept,
        Action::RoleAdded,
        Action::RoleRemoved,
        Action::PermissionAllowed,
        Action::PermissionForbidden,
    ];
    let texts = include_str!("en.ftl");

    for action in Action::ALL {
        let name = action.as_str().replace(' ', "-");
        let has_words = texts.contains(&format!("\nactivity-{name} = "));
        assert_eq!(has_words, !about_roles.contains(&action), "{action:?}");
    }
}
