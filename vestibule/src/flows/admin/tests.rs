#![cfg(feature = "sqlite")]

mod forms;
mod list;
mod new_user;

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::accounts::{Account, Action, Actor};
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
async fn a_role_is_given_and_taken_and_each_is_in_the_log_with_who_did_it() {
    let office = Office::new().await;
    office.add_role("editor").await;
    office.app.clock.advance(Duration::from_secs(1));

    let given = office.press("alice", "grant", &[("role", "editor")]).await;
    assert_eq!(
        message(&office.carol, &given).await,
        "Role added. The user is logged out everywhere, and has it after the next log-in."
    );
    assert!(office.account("alice").await.rights.has_role("editor"));
    let again = office.press("alice", "grant", &[("role", "editor")]).await;
    assert_eq!(message(&office.carol, &again).await, "Nothing to change.");
    office.app.clock.advance(Duration::from_secs(1));
    office.press("alice", "revoke", &[("role", "editor")]).await;
    assert!(!office.account("alice").await.rights.has_role("editor"));

    let line = |action: Action| {
        let editor = Some("editor".to_owned());
        (
            action.as_str().to_owned(),
            "carol".to_owned(),
            Some("alice".to_owned()),
            editor,
        )
    };
    let log = office.log().await;
    assert_eq!(
        log[..2],
        [line(Action::RoleRevoked), line(Action::RoleGranted)]
    );
    assert_ne!(
        log[2],
        line(Action::RoleGranted),
        "the second grant was none"
    );
    let page = office.carol.get("/admin/log").await;
    assert!(
        page.text().contains("role removed: <bdi>editor</bdi>"),
        "{}",
        page.text()
    );
    let page = office.carol.get(&office.path_of("alice").await).await;
    assert!(page.text().contains("role added: <bdi>editor</bdi>"));
}

#[tokio::test]
async fn a_ghost_role_is_refused_with_the_nearest_name_and_a_ghost_user_is_404() {
    let office = Office::new().await;
    office.add_role("editor").await;

    for (role, said) in [
        ("edtior", "There is no such role. Did you mean editor?"),
        ("<script>", "There is no such role."),
    ] {
        let refused = office.press("alice", "grant", &[("role", role)]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text().contains(said), "{}", refused.text());
    }
    for action in ["grant", "revoke"] {
        let ghost = format!("/admin/users/ghost/{action}");
        let answer = office.carol.post(&ghost, &[("role", "admin")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert!(office.account("alice").await.rights.roles().is_empty());
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_in_again_when_enabled() {
    let office = Office::new().await;
    let fields = [("username", "alice"), ("password", PASSWORD)];

    let answer = office.press("alice", "disable", &[]).await;
    let said = message(&office.carol, &answer).await;
    assert_eq!(said, "The account is disabled and logged out everywhere.");
    assert_eq!(
        office.alice.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        office.alice.post("/login", &fields).await.status,
        StatusCode::UNAUTHORIZED
    );
    office.press("alice", "enable", &[]).await;
    assert_eq!(
        office.alice.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        office.alice.post("/login", &fields).await.location(),
        Some("/welcome")
    );
}

#[tokio::test]
async fn whoever_must_choose_another_password_gets_nowhere_else() {
    let office = Office::new().await;

    office.press("alice", "demand-new-password", &[]).await;

    let sent = office.alice.get("/welcome").await;
    assert_eq!(sent.location(), Some("/change-password?next=%2Fwelcome"));
    let page = office.alice.get("/change-password?next=%2Fwelcome").await;
    assert!(page.text().contains("Choose a new password to continue."));
    let script = office.alice.get_with("/welcome", &JSON).await;
    assert_eq!(script.status, StatusCode::FORBIDDEN);
    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "another horse and battery"),
        ("next", "/welcome"),
    ];
    let changed = office.alice.post("/change-password", &fields).await;
    assert_eq!(changed.location(), Some("/welcome"));
    assert_eq!(office.alice.get("/welcome").await.status, StatusCode::OK);
    let page = office.carol.get(&office.path_of("alice").await).await;
    assert!(page.text().contains("password changed"));
}

#[tokio::test]
async fn one_session_of_a_user_is_ended_or_all() {
    let office = Office::new().await;
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    let phone = office.app.browser().user_agent("Phone");
    phone.post("/login", &fields).await;
    let tablet = office.app.browser().user_agent("Tablet");
    tablet.post("/login", &fields).await;
    let path = office.path_of("alice").await;
    let user = office.carol.get_with(&path, &JSON).await.json();
    let sessions = user["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    let of_phone = sessions
        .iter()
        .find(|session| session["user_agent"] == "Phone");
    let of_phone = of_phone.unwrap()["id"].as_str().unwrap();

    let ended = office
        .press("alice", "end-session", &[("session", of_phone)])
        .await;

    assert_eq!(
        message(&office.carol, &ended).await,
        "The session has ended."
    );
    assert_eq!(phone.get("/welcome").await.status, StatusCode::SEE_OTHER);
    assert_eq!(office.alice.get("/welcome").await.status, StatusCode::OK);
    let again = office
        .press("alice", "end-session", &[("session", of_phone)])
        .await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    office.press("alice", "end-sessions", &[]).await;
    for browser in [&office.alice, &tablet] {
        assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(office.carol.get("/admin").await.status, StatusCode::OK);
    let user = office.carol.get_with(&path, &JSON).await.json();
    assert_eq!(user["sessions"], json!([]));
}

#[tokio::test]
async fn an_account_is_deleted_by_typing_its_name() {
    let office = Office::new().await;
    let path = office.path_of("alice").await;

    let refused = office
        .press("alice", "delete", &[("username", "alicia")])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("The username didn’t match."));
    let gone = office
        .press("alice", "delete", &[("username", "alice")])
        .await;

    assert_eq!(gone.location(), Some("/admin"));
    assert_eq!(office.carol.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        office.alice.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    let deleted = Action::AccountDeleted.as_str().to_owned();
    let line = (deleted, "carol".to_owned(), Some("alice".to_owned()), None);
    assert!(office.log().await.contains(&line));
    let log = office.carol.get("/admin/log").await;
    assert!(
        log.text().contains("account deleted"),
        "the log outlives it"
    );
}

#[tokio::test]
async fn roles_get_permissions_and_lose_them_and_so_do_those_who_have_them() {
    let office = Office::new().await;
    let can = async || office.account("alice").await.rights.can("posts.edit");

    let added = office
        .carol
        .post("/admin/roles", &[("name", "editor")])
        .await;
    assert_eq!(added.location(), Some("/admin/roles/editor"));
    office.press("alice", "grant", &[("role", "editor")]).await;
    let permission = [("permission", "posts.edit")];
    office
        .carol
        .post("/admin/roles/editor/allow", &permission)
        .await;
    assert!(can().await);
    let page = office.carol.get("/admin/roles/editor").await;
    assert!(
        page.text().contains("Assigned to 1 user."),
        "{}",
        page.text()
    );
    let wrong = [("permission", "posts.edti")];
    let refused = office
        .carol
        .post("/admin/roles/editor/forbid", &wrong)
        .await;
    let said = "The role has no such permission. Did you mean posts.edit?";
    assert!(refused.text().contains(said), "{}", refused.text());
    office
        .carol
        .post("/admin/roles/editor/forbid", &permission)
        .await;
    assert!(!can().await);
    let removed = office.carol.post("/admin/roles/editor/remove", &[]).await;
    assert_eq!(removed.location(), Some("/admin/roles"));
    assert!(office.account("alice").await.rights.roles().is_empty());
    let kept = office.carol.post("/admin/roles/admin/remove", &[]).await;
    assert_eq!(kept.status, StatusCode::CONFLICT);
    assert!(kept.text().contains("The role admin can’t be removed."));
}

#[tokio::test]
async fn a_name_that_cannot_be_one_is_said_beside_the_field_and_stays_there() {
    let office = Office::new().await;

    for (path, field, typed, said) in [
        ("/admin/roles", "name", "Chief Editor", "lowercase letters"),
        ("/admin/roles", "name", "", "Enter a name."),
        ("/admin/roles", "name", "admin", "This name is taken."),
        (
            "/admin/roles/admin/allow",
            "permission",
            "Posts!",
            "lowercase letters",
        ),
    ] {
        let refused = office.carol.post(path, &[(field, typed)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = refused.text();
        assert!(text.contains(said), "{said} in {text}");
        assert!(
            text.contains(&format!(r#"value="{typed}""#)),
            "{typed} in {text}"
        );
        assert!(text.contains(&format!(r#"aria-describedby="{field}-error"#)));
    }
    let long = "a".repeat(65);
    let refused = office.carol.post("/admin/roles", &[("name", &long)]).await;
    assert!(refused.text().contains("at most 64 characters"));
    for path in ["/admin/roles/ghost", "/admin/roles/Ghost!"] {
        assert_eq!(office.carol.get(path).await.status, StatusCode::NOT_FOUND);
        let allow = format!("{path}/allow");
        let answer = office.carol.post(&allow, &[("permission", "a.b")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
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

/// A remembered browser can resume without a session, so it must be forgotten too.
#[tokio::test]
async fn a_remembered_browser_is_forgotten_though_its_session_has_run_out() {
    let office = Office::new().await;
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    let laptop = office.app.browser();
    laptop.post("/login", &fields).await;
    office.app.clock.advance(Duration::from_hours(15 * 24));
    let fields = [("username", "carol"), ("password", PASSWORD)];
    office.carol.post("/login", &fields).await;
    let path = office.path_of("alice").await;
    let page = office.carol.get(&path).await;
    assert!(page.text().contains("Log out everywhere"));

    office.press("alice", "end-sessions", &[]).await;

    assert_eq!(laptop.get("/welcome").await.status, StatusCode::SEE_OTHER);
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

#[tokio::test]
async fn the_log_goes_on_page_by_page() {
    let office = Office::new().await;
    for i in 0..101 {
        office.app.clock.advance(Duration::from_secs(1));
        office.add_role(&format!("role-{i}")).await;
    }

    let first = office.carol.get_with("/admin/log", &JSON).await.json();
    let lines = first["log"].as_array().unwrap();
    assert_eq!(lines.len(), 100);
    assert_eq!(lines[0]["detail"], "role-100");
    let next = first["next"].as_str().unwrap();
    let second = office
        .carol
        .get_with(&format!("/admin/log?after={next}"), &JSON)
        .await
        .json();
    assert_eq!(second["log"][0]["detail"], "role-0");
    assert_eq!(second["next"], Value::Null);
    let nonsense = office
        .carol
        .get_with("/admin/log?after=%27+OR+1", &JSON)
        .await
        .json();
    assert_eq!(nonsense["log"], first["log"]);
}

#[tokio::test]
async fn the_admins_own_lines_are_found_below_what_users_and_strangers_wrote() {
    let office = Office::new().await;
    let thief = office.app.browser().address("192.0.2.7".parse().unwrap());
    office.press("alice", "demand-new-password", &[]).await;
    office.app.clock.advance(Duration::from_secs(1));
    for name in ["alice", "alice", "alice", "nobody"] {
        let fields = [("username", name), ("password", "wrong")];
        let wrong = thief.post("/login", &fields).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    }
    let found = async |query: &str| {
        let path = format!("/admin/log?{query}");
        let log = office.carol.get_with(&path, &JSON).await.json();
        let lines = log["log"].as_array().unwrap().clone();
        let line = |line: Value| {
            let text = |field: &str| line[field].as_str().unwrap_or("-").to_owned();
            let (what, whose, by) = (text("action"), text("username"), text("actor"));
            format!("{what}/{whose}/{by}/{}", line["times"])
        };
        lines.into_iter().map(line).collect::<Vec<_>>()
    };

    let failed = "log-in failed/alice/not logged in/3";
    assert_eq!(found("").await[0], failed, "and no line of nobody's name");
    let demanded = "password change demanded/alice/carol/1";
    for query in [
        "actor=CAROL&action=password+change+demanded",
        "actor=carol&user=alice",
        "action=password+change+demanded",
    ] {
        assert_eq!(found(query).await[0], demanded, "{query}");
    }
    assert_eq!(found("user=+Alice&action=log-in+failed").await, [failed]);
    assert_eq!(found("user=nobody").await, [""; 0]);
    assert_eq!(found("user=alice%00&actor=%00").await, [""; 0]);
    assert_eq!(found("action=nonsense").await, found("").await);
    let page = office.carol.get("/admin/log?user=alice&actor=carol").await;
    assert!(page.text().contains("name=\"user\" value=\"alice\""));
    let page = office.carol.get("/admin/log?action=log-in+failed").await;
    let text = page.text();
    assert!(text.contains("(3 times)") && text.contains("192.0.2.0&#x2f;24"));
    assert!(text.contains("selected>log-in failed</option>"));
}

#[tokio::test]
async fn a_search_of_the_log_goes_on_page_by_page() {
    let office = Office::new().await;
    for i in 0..101 {
        office.app.clock.advance(Duration::from_secs(1));
        office.add_role(&format!("role-{i}")).await;
        office.press("alice", "demand-new-password", &[]).await;
    }

    let first = office
        .carol
        .get("/admin/log?actor=command+line&action=role+added")
        .await;
    let older = first.text();
    let older = older.split("rel=\"next\"").next().unwrap();
    let older = older
        .rsplit("href=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let older = older.replace("&amp;", "&").replace("&#x2f;", "/");
    let second = office.carol.get_with(&older, &JSON).await.json();

    assert_eq!(second["actor"], "command line");
    // With the role admin, that carol needs.
    assert_eq!(second["log"].as_array().unwrap().len(), 1, "{older}");
    assert_eq!(second["log"][0]["detail"], "role-0");
}

#[tokio::test]
async fn a_user_with_two_browsers_cannot_fill_the_log() {
    let office = Office::new().await;
    for _ in 0..15 {
        office.app.log_in(&office.app.browser(), "alice").await;
        let ended = office.alice.post("/account/sessions/end-others", &[]).await;
        assert_eq!(ended.location(), Some("/account/sessions"));
    }

    let log = office.log().await;

    let of_alice = log
        .iter()
        .filter(|line| line.1 == "alice" && line.0 == "sessions ended");
    assert_eq!(of_alice.count(), 10);
}

/// The app has a required page too; the new password comes first.
#[tokio::test]
async fn an_apps_own_page_to_visit_first_does_not_replace_the_new_password() {
    let app = TestApp::with(|config| {
        config.login(|manager| Ok(manager.must_visit(|_: &Account| Some("/logout"))));
    });
    let app = app.await;
    let alice = app.registered("alice").await;
    let sent = alice.get("/welcome").await;
    assert_eq!(sent.location(), Some("/logout?next=%2Fwelcome"));

    let id = app.account("alice").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.demand_new_password(&id).await.unwrap();

    let sent = alice.get("/welcome").await;
    assert_eq!(sent.location(), Some("/change-password?next=%2Fwelcome"));
}

/// Attack A2: a stolen session must not gain rights.
#[tokio::test]
async fn a_role_that_is_given_ends_the_sessions_from_before() {
    let office = Office::new().await;
    office.add_role("editor").await;
    let thief = office.alice.stolen();

    let given = office.press("alice", "grant", &[("role", "editor")]).await;

    let page = office.carol.get(given.location().unwrap()).await;
    assert!(
        page.text().contains("logged out everywhere"),
        "{}",
        page.text()
    );
    for browser in [&office.alice, &thief] {
        let response = browser.get("/welcome").await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
    }
    office.app.log_in(&office.alice, "alice").await;
    assert_eq!(office.alice.get("/welcome").await.status, StatusCode::OK);
    let again = office.press("alice", "grant", &[("role", "editor")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(
        office.alice.get("/welcome").await.status,
        StatusCode::OK,
        "Nothing to change"
    );
}
