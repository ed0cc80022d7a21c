#![cfg(feature = "sqlite")]

mod accounts;
mod approval;
mod approval_by_email;
mod emails;
mod factors;
mod forms;
mod list;
mod log;
mod new_user;
mod roles;

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::accounts::{Account, Actor};
use crate::testing::{PASSWORD, TestApp, TestClient, TestResponse};

const JSON: [(&str, &str); 1] = [("accept", "application/json")];

/// A site with the admin carol, whose log-in is fresh, and the user alice, logged in too.
struct Office {
    app: TestApp,
    carol: TestClient,
    alice: TestClient,
}

impl Office {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let alice = app.registered("alice").await;
        let carol = app.registered("carol").await;
        app.grant("carol", "admin").await;
        app.log_in(&carol, "carol").await;
        Self { app, carol, alice }
    }

    async fn path_of(&self, username: &str) -> String {
        format!("/admin/users/{}", self.app.account(username).await.id)
    }

    /// Carol presses a button on a user's page.
    async fn press(&self, username: &str, action: &str, fields: &[(&str, &str)]) -> TestResponse {
        let path = self.path_of(username).await;
        self.carol.post(&format!("{path}/{action}"), fields).await
    }

    async fn add_role(&self, name: &str) {
        let operator = self.app.site.accounts().by(Actor::operator());
        let _ = operator.add_role(&name.parse().unwrap()).await.unwrap();
    }

    /// The security log, the newest first.
    async fn log(&self) -> Vec<(String, String, Option<String>, Option<String>)> {
        let log = self.app.site.accounts().security_log(None, None, 100).await;
        let line =
            |line: crate::accounts::LogEntry| (line.action, line.actor, line.username, line.detail);
        log.unwrap().into_iter().map(line).collect()
    }

    async fn account(&self, username: &str) -> Account {
        self.app.account(username).await
    }
}

/// The newest message on the page that the response redirects to.
async fn message(browser: &TestClient, response: &TestResponse) -> String {
    assert_eq!(
        response.status,
        StatusCode::SEE_OTHER,
        "{}",
        response.text()
    );
    let page = browser.get(response.location().unwrap()).await;
    let text = page.text();
    let after = text.split("role=\"alert\"").skip(1).last();
    let after = after.and_then(|after| after.split('>').nth(1));
    let after = after.unwrap_or_default();
    after.split('<').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_admins_pages_are_for_admins_alone() {
    let office = Office::new().await;
    let user = office.path_of("alice").await;

    for path in [
        "/admin",
        &user,
        "/admin/roles",
        "/admin/roles/admin",
        "/admin/log",
    ] {
        assert_eq!(
            office.carol.get(path).await.status,
            StatusCode::OK,
            "{path}"
        );
        let refused = office.alice.get(path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused.text().contains("Ask an administrator"));
        let sent = office.app.browser().get(path).await;
        assert!(sent.location().unwrap().starts_with("/login?next=%2Fadmin"));
    }
    let welcome = office.carol.get("/welcome").await;
    assert!(
        welcome
            .text()
            .contains(r#"<a href="/admin">Administration</a>"#)
    );
    assert!(!office.alice.get("/welcome").await.text().contains("/admin"));
}

#[tokio::test]
async fn users_are_listed_by_name_and_found_by_its_beginning_or_their_address() {
    let office = Office::new().await;
    for name in ["Albert", "al_x", "alyx"] {
        office.app.registered(name).await;
    }
    let alice = office.account("alice").await;
    let email = "alice@example.com".parse().unwrap();
    let operator = office.app.site.accounts().by(Actor::operator());
    let _ = operator.set_email(&alice.id, Some(&email)).await.unwrap();
    let found = async |query: &str| {
        let path = format!("/admin?{query}");
        let list = office.carol.get_with(&path, &JSON).await.json();
        let users = list["users"].as_array().unwrap().clone();
        let names = users
            .iter()
            .map(|user| user["username"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };

    assert_eq!(found("").await, "al_x Albert alice alyx carol");
    assert_eq!(found("q=AL").await, "al_x Albert alice alyx");
    assert_eq!(found("q=al_").await, "al_x", "no wildcard");
    assert_eq!(found("q=+alb+").await, "Albert");
    assert_eq!(found("q=alice%40example.com").await, "alice");
    assert_eq!(found("after=albert").await, "alice alyx carol");
    for nobody in [
        "q=%25",
        "q=zed",
        "q=%00",
        "q=a%40%00",
        "q=%F0%9F%98%80",
        "q=bob%40example.com",
    ] {
        assert_eq!(found(nobody).await, "", "{nobody}");
    }
    let page = office.carol.get("/admin?q=zed").await;
    assert!(page.text().contains("No users match"));
}

#[tokio::test]
async fn the_list_goes_on_page_by_page() {
    let office = Office::new().await;
    let accounts = office.app.site.accounts();
    for i in 0..52 {
        let name = format!("user-{i:03}").parse().unwrap();
        let _ = accounts.register(&name, &PASSWORD.into()).await.unwrap();
    }

    let first = office.carol.get("/admin").await;
    assert!(first.text().contains("user-047") && !first.text().contains("user-048"));
    let next = r#"<a href="/admin?after=user-047" rel="next">"#;
    assert!(first.text().contains(next), "{}", first.text());
    let second = office.carol.get("/admin?after=user-047").await;
    assert!(second.text().contains("user-048") && second.text().contains("user-051"));
    assert!(!second.text().contains("Next page"));
}

#[tokio::test]
async fn a_change_needs_a_fresh_log_in_and_leads_back() {
    let office = Office::new().await;
    office.app.clock.advance(Duration::from_secs(16 * 60));
    let path = office.path_of("alice").await;

    let page = office.carol.get(&path).await;
    assert!(page.text().contains("confirm it’s you</a> first"));
    let from = format!("https://example.com{path}");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("referer", &*from),
    ];
    let asked = office
        .carol
        .post_with(&format!("{path}/disable"), &headers, "")
        .await;
    let confirm = asked.location().unwrap().to_owned();
    assert!(
        confirm.starts_with("/confirm-login?next=%2Fadmin%2Fusers"),
        "{confirm}"
    );
    assert!(!office.account("alice").await.is_disabled);
    let next = [("password", PASSWORD), ("next", &*path)];
    let back = office.carol.post("/confirm-login", &next).await;
    assert_eq!(back.location(), Some(&*path));
    let page = office.carol.get(&path).await;
    assert!(!page.text().contains("confirm it’s you</a> first"));
    assert_eq!(
        office.press("alice", "disable", &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(office.account("alice").await.is_disabled);
}

#[tokio::test]
async fn a_script_gets_json() {
    let office = Office::new().await;
    office.add_role("editor").await;
    let path = office.path_of("alice").await;

    let list = office.carol.get_with("/admin?q=alice", &JSON).await.json();
    assert_eq!(list["users"][0]["username"], "alice");
    assert_eq!(list["next"], Value::Null);
    let grant = json!({ "role": "editor" });
    let given = office
        .carol
        .post_json(&format!("{path}/grant"), &grant)
        .await;
    assert_eq!(
        given.json(),
        json!({ "detail": "Role added. The user is logged out everywhere, and has it after the next log-in." })
    );
    let user = office.carol.get_with(&path, &JSON).await.json();
    assert_eq!(user["user"]["roles"], json!(["editor"]));
    assert_eq!(user["other_roles"], json!(["admin"]));
    let ghost = json!({ "role": "ghost" });
    let refused = office
        .carol
        .post_json(&format!("{path}/grant"), &ghost)
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    let roles = office.carol.get_with("/admin/roles", &JSON).await.json();
    assert_eq!(roles["roles"][1]["name"], "editor");
    let log = office.carol.get_with("/admin/log", &JSON).await.json();
    assert!(log["log"].as_array().unwrap().len() >= 4);
    for text in [list.to_string(), user.to_string(), log.to_string()] {
        assert!(!text.contains("$argon2"), "{text}");
    }
}

/// Text from users is shown as text on the admins' pages.
#[tokio::test]
async fn a_user_agent_that_is_markup_is_shown_as_text() {
    let office = Office::new().await;
    let evil = office.app.browser().user_agent("<script>alert(1)</script>");
    evil.post("/login", &[("username", "alice"), ("password", PASSWORD)])
        .await;

    let page = office.carol.get(&office.path_of("alice").await).await;

    assert!(!page.text().contains("<script>alert"));
    assert!(page.text().contains("&lt;script&gt;alert(1)"));
}

#[tokio::test]
async fn names_that_no_page_would_take_are_listed_to_the_end() {
    let office = Office::new().await;
    for i in 0..120 {
        let insert = format!(
            "INSERT INTO users (id, username, canonical_username, session_epoch, created_at, \
             updated_at) VALUES ('{i}', 'A{i:03}@example.com', 'a{i:03}@example.com', 0, 0, 0)"
        );
        let connection = office.app.database.connection();
        sea_orm::ConnectionTrait::execute_unprepared(connection, &insert)
            .await
            .unwrap();
    }

    let (mut path, mut seen) = ("/admin".to_owned(), Vec::new());
    while seen.len() < 1_000 {
        let page = office.carol.get_with(&path, &JSON).await.json();
        let users = page["users"].as_array().unwrap();
        seen.extend(users.iter().map(|user| user["username"].to_string()));
        match page["next"].as_str() {
            Some(next) => path = format!("/admin?after={}", next.replace('@', "%40")),
            None => break,
        }
    }

    assert_eq!(seen.len(), 122);
    seen.dedup();
    assert_eq!(seen.len(), 122);
}

#[tokio::test]
async fn a_search_goes_on_page_by_page_too() {
    let office = Office::new().await;
    let list = async |query: &str| {
        let page = office
            .carol
            .get_with(&format!("/admin?{query}"), &JSON)
            .await
            .json();
        page["users"].as_array().unwrap().len()
    };

    assert_eq!(list("q=a").await, 1);
    assert_eq!(list("q=a&after=alicd").await, 1);
    assert_eq!(list("q=a&after=alice").await, 0);
    assert_eq!(list("q=c&after=alice").await, 1);
    assert_eq!(list("q=a&after=zed").await, 0);
    assert_eq!(list("after=%00").await, 0);
}
