//! Attacks on what users may do, through the whole site. `docs/src/security.md` has the list with
//! their ids.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::StatusCode;
use http_body_util::channel::Channel;
use serde_json::json;
use vestibule::access::{Rule, TableRoute, access_required};
use vestibule::accounts::{Account, Actor, ChangeOutcome};
use vestibule::credentials::Username;
use vestibule::login::{UserId, login_required};
use vestibule::testing::{PASSWORD, TestApp, TestClient, TestResponse, assert_public_routes};
use vestibule::{CurrentUser, FreshUser};

const JSON: [(&str, &str); 1] = [("accept", "application/json")];
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// A site with the admin carol and the users alice, bob, and dora, who is disabled.
struct Target {
    app: TestApp,
    carol: TestClient,
    alice: TestClient,
    dora: TestClient,
}

impl Target {
    async fn new() -> Self {
        Self::of(TestApp::new().await).await
    }

    async fn of(app: TestApp) -> Self {
        let [carol, alice, _, dora] = [
            app.registered("carol").await,
            app.registered("alice").await,
            app.registered("bob").await,
            app.registered("dora").await,
        ];
        app.grant("carol", "admin").await;
        app.log_in(&carol, "carol").await;
        let operator = app.site.accounts().by(Actor::operator());
        let _ = operator.add_role(&"editor".parse().unwrap()).await.unwrap();
        let id = app.account("dora").await.id;
        let operator = app.site.accounts().by(Actor::operator());
        let _ = operator.disable(&id).await.unwrap();
        Self {
            app,
            carol,
            alice,
            dora,
        }
    }

    async fn id(&self, name: &str) -> UserId {
        self.app.account(name).await.id
    }

    async fn roles(&self, name: &str) -> Vec<String> {
        let account = self.app.account(name).await;
        let roles = account.rights.roles();
        roles.into_iter().map(str::to_owned).collect()
    }
}

/// Who asks, and what of the rules is true of them.
struct Visitor {
    name: &'static str,
    is_user: bool,
    is_admin: bool,
    is_fresh: bool,
}

impl Visitor {
    /// What must come of a route that asks this.
    fn is_let_in(&self, guard: Option<&str>) -> bool {
        match guard {
            None => true,
            Some("login") => self.is_user,
            Some("fresh login") => self.is_user && self.is_fresh,
            Some("Admins: role admin" | "role admin") => self.is_admin,
            Some("AdminChanges: role admin and fresh login") => self.is_admin && self.is_fresh,
            Some(other) => panic!("say here who passes `{other}`"),
        }
    }
}

/// H1: every route by everybody, as the router itself has them.
#[tokio::test]
async fn each_route_lets_in_whom_its_guard_says_and_nobody_else() {
    let mine = Router::new()
        .route(
            "/mine/fresh",
            get(|_: FreshUser<Account>| async { "fresh" }),
        )
        .route("/mine/forgot-to-ask", post(|| async { "default deny" }))
        .merge(
            Router::new()
                .route(
                    "/mine/admin/{id}",
                    get(|| async { "by a layer" }).put(|| async {}),
                )
                .route_layer(access_required::<Account>(Rule::Role("admin"))),
        );
    let app = TestApp::new().await;
    let routes = app.site.routes().merge(mine);
    let denied = login_required::<Account>().except(app.site.public_routes());
    let router = app.site.wrap(routes.layer(denied));
    let target = Target::of(app).await;
    let nobody = target.app.account("alice").await;
    let table = TestClient::new(router.clone()).logged_in_as(&nobody);
    let table = table.route_table().await;
    assert_public_routes(&table, target.app.site.public_routes());

    let visitor = |name, is_user, is_admin, is_fresh| Visitor {
        name,
        is_user,
        is_admin,
        is_fresh,
    };
    let visitors = [
        visitor("anonymous", false, false, false),
        visitor("dora", false, false, false),
        visitor("alice", true, false, true),
        visitor("bob", true, false, false),
        visitor("carol", true, true, true),
        visitor("carol", true, true, false),
    ];
    target.app.grant("bob", "editor").await;
    let mut asked = 0;
    for TableRoute {
        method,
        path,
        guard,
        ..
    } in table.routes()
    {
        for visitor in &visitors {
            let client = TestClient::new(router.clone());
            let client = match visitor.name {
                "anonymous" => client,
                // With the session that she had.
                "dora" => {
                    let token = target.dora.cookie("__Host-session").unwrap();
                    client.set_cookie("__Host-session", &token);
                    client
                }
                name => client
                    .logged_in_as(&target.app.account(name).await)
                    .fresh(visitor.is_fresh),
            };
            let path = path
                .replace("{id}", "1")
                .replace("{name}", "1")
                .replace("{file}", "1");
            let status = client.request(method, &path, &JSON, "").await.status;
            let is_in = !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert_eq!(
                is_in,
                visitor.is_let_in(guard.as_deref()),
                "{} {method} {path} ({guard:?}): {status}",
                visitor.name
            );
            asked += 1;
        }
    }
    assert!(asked > 30 * visitors.len(), "{asked}");
}

/// H2: ids of others, and ids in a row.
#[tokio::test]
async fn foreign_ids_are_404_for_admins_and_nobodys_business_for_users() {
    let target = Target::new().await;
    let (alice, bob) = (target.id("alice").await, target.id("bob").await);
    let path = format!("/admin/users/{bob}");
    let user = target.carol.get_with(&path, &JSON).await.json();
    let of_bob = user["sessions"][0]["id"].as_str().unwrap().to_owned();

    // A session of bob's under alice's id.
    let foreign = format!("/admin/users/{alice}/end-session");
    let answer = target.carol.post(&foreign, &[("session", &of_bob)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let user = target.carol.get_with(&path, &JSON).await.json();
    assert_eq!(user["sessions"][0]["id"], of_bob.as_str(), "still there");
    for id in [
        "0",
        "1",
        "2",
        "-1",
        "admin",
        "..%2F..",
        "%00",
        "'",
        &"9".repeat(500),
    ] {
        let answer = target.carol.get(&format!("/admin/users/{id}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        let refused = target.alice.get(&format!("/admin/users/{id}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{id}");
    }
    let own = target.alice.get(&format!("/admin/users/{alice}")).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "one's own too");
}

/// H3: fields that nobody asked for.
#[tokio::test]
async fn a_role_cannot_be_smuggled_into_any_form() {
    let target = Target::new().await;
    let id = target.id("alice").await;
    let register = "username=mallory&password=correct+horse+battery+staple";
    let log_in = "username=alice&password=correct+horse+battery+staple";
    let change = "current_password=correct+horse+battery+staple&new_password=another+horse+here";
    let smuggled = [
        "role=admin",
        "is_admin=1",
        "id=1",
        "user_id=1",
        "email_verified=true",
        "password_hash=x",
        "roles[]=admin",
        "roles%5B%5D=admin",
        "user[role]=admin",
        "rights=admin",
        "is_disabled=0",
        "session_epoch=0",
        "must_change_password=0",
        "username=carol",
    ];
    for (path, form) in [
        ("/register", register),
        ("/login", log_in),
        ("/change-password", change),
    ] {
        for field in smuggled {
            // It is there for password managers; the page has a test of its own for it.
            if field == "username=carol" && path == "/change-password" {
                continue;
            }
            let body = format!("{form}&{field}");
            let answer = target
                .alice
                .post_with(path, &[FORM, SAME_ORIGIN], body)
                .await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {field}");
        }
    }
    for json in [
        json!({ "username": "mallory", "password": PASSWORD, "role": "admin" }),
        json!({ "username": "mallory", "password": PASSWORD, "user": { "role": "admin" } }),
        json!({ "username": { "role": "admin" }, "password": PASSWORD }),
        json!([{ "username": "mallory", "password": PASSWORD }]),
    ] {
        let answer = target.alice.post_json("/register", &json).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{json}");
    }
    let twice = r#"{"username":"mallory","password":"x","username":"carol"}"#;
    let headers = [("content-type", "application/json"), SAME_ORIGIN];
    let answer = target.alice.post_with("/register", &headers, twice).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    // Of an admin's forms too: what is granted is the role, and to whom the address says.
    for body in [
        "role=editor&id=1",
        "role=editor&role=admin",
        "role=editor&user_id=1",
    ] {
        let path = format!("/admin/users/{id}/grant");
        let answer = target
            .carol
            .post_with(&path, &[FORM, SAME_ORIGIN], body)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }

    assert!(target.roles("alice").await.is_empty());
    let mallory: Username = "mallory".parse().unwrap();
    let found = target
        .app
        .site
        .accounts()
        .find(mallory.as_str())
        .await
        .unwrap();
    assert_eq!(found, None);
    assert_eq!(target.alice.get("/welcome").await.status, StatusCode::OK);
}

/// H4: other spellings of an address.
#[tokio::test]
async fn no_spelling_of_an_address_is_judged_otherwise() {
    let target = Target::new().await;
    let disguises = [
        "//admin",
        "/Admin",
        "/ADMIN",
        "/admin/",
        "/admin//",
        "/admin%2f",
        "/admin%2F",
        "/%2fadmin",
        "/./admin",
        "/../admin",
        "/x/../admin",
        "/static/../admin",
        "/static/..%2fadmin",
        "/welcome/..;/admin",
        "/admin;x",
        "/admin;/",
        "/admin.",
        "/admin.html",
        "/admin.json",
        "/%61dmin",
        "/adm%69n",
        "/admin%20",
        "/admin%00",
        "/admin%0a",
        "/admin%3f",
        "/admin?q=1",
        "/admin?/login",
        "/admin#/login",
        "/\u{ff41}dmin",
    ];
    let mut let_in = Vec::new();
    for path in disguises {
        if path.parse::<http::Uri>().is_err() {
            continue;
        }
        for method in ["GET", "HEAD"] {
            let ask = async |who: &TestClient| who.request(method, path, &JSON, "").await.status;
            let anonymous = ask(&target.app.browser()).await;
            let alice = ask(&target.alice).await;
            let admin = ask(&target.carol).await;
            let outcome = (anonymous.as_u16(), alice.as_u16(), admin.as_u16());
            assert!(
                [(401, 403, 200), (404, 404, 404)].contains(&outcome),
                "{method} {path}: {outcome:?}"
            );
            if admin == StatusCode::OK {
                let_in.push(path);
            }
        }
    }
    let_in.dedup();
    assert_eq!(let_in, ["/admin?q=1", "/admin?/login", "/admin#/login"]);
}

/// H4: headers that some frameworks take for the address or the method.
#[tokio::test]
async fn no_header_and_no_field_changes_the_address_or_the_method() {
    let target = Target::new().await;
    let id = target.id("bob").await;
    let disable = format!("/admin/users/{id}/disable");

    for header in [
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-uri",
        "x-forwarded-prefix",
    ] {
        let headers = [JSON[0], (header, "/admin")];
        let page = target.alice.get_with("/welcome", &headers).await;
        assert_eq!(page.json()["username"], "alice", "{header}");
        let headers = [JSON[0], (header, "/login")];
        let refused = target.alice.get_with("/admin", &headers).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{header}");
    }
    for header in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
    ] {
        let headers = [JSON[0], (header, "POST")];
        let answer = target.carol.get_with(&disable, &headers).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{header}");
    }
    let path = format!("{disable}?_method=POST");
    let answer = target.carol.get_with(&path, &JSON).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    for method in [
        "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "QUERY",
    ] {
        let answer = target.carol.request(method, &disable, &JSON, "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        let answer = target
            .alice
            .request(method, "/admin/roles", &JSON, "")
            .await;
        assert!(
            [403, 405].contains(&answer.status.as_u16()),
            "{method}: {}",
            answer.status
        );
    }
    assert!(!target.app.account("bob").await.is_disabled);
}

/// What ends an admin's right while a request of theirs is under way.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    RoleIsTaken,
    PasswordIsChanged,
    PasswordIsSet,
    LoggedOut,
    SessionIsEnded,
    SessionsAreEnded,
    DisabledAndEnabled,
}

/// H5: past its guard a request waits for its body, as a thief with a copy of the cookie can let
/// it wait, and the admin's right ends.
#[tokio::test]
async fn a_request_under_way_changes_nothing_once_the_right_to_it_is_gone() {
    for meanwhile in [
        Meanwhile::RoleIsTaken,
        Meanwhile::PasswordIsChanged,
        Meanwhile::PasswordIsSet,
        Meanwhile::LoggedOut,
        Meanwhile::SessionIsEnded,
        Meanwhile::SessionsAreEnded,
        Meanwhile::DisabledAndEnabled,
    ] {
        let target = Target::new().await;
        assert_eq!(
            slow_grant(&target, None).await,
            StatusCode::OK,
            "in itself it is right"
        );
        let target = Target::new().await;

        let answer = slow_grant(&target, Some(meanwhile)).await;

        assert!(
            [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED].contains(&answer),
            "{meanwhile:?}: {answer}"
        );
        assert!(target.roles("bob").await.is_empty(), "{meanwhile:?}");
    }
}

/// Sends half of a request of carol's, by a copy of her cookies, and the rest after that.
async fn slow_grant(target: &Target, meanwhile: Option<Meanwhile>) -> StatusCode {
    let thief = target.carol.stolen();
    let path = format!("/admin/users/{}/grant", target.id("bob").await);
    let headers = [FORM, SAME_ORIGIN, JSON[0]];
    let (mut sender, body) = Channel::<bytes::Bytes>::new(1);
    let request = thief.post_with(&path, &headers, Body::new(body));
    let mut request = std::pin::pin!(request);
    // Until it waits for the body, and for nothing else.
    let waits = Duration::from_millis(200);
    assert!(tokio::time::timeout(waits, &mut request).await.is_err());

    if let Some(meanwhile) = meanwhile {
        end_right(target, meanwhile).await;
    }
    let rest = async {
        // Whoever refused it before does not read on.
        sender.send_data("role=editor".into()).await.ok();
        drop(sender);
    };
    let (answer, ()) = tokio::join!(request, rest);
    answer.status
}

async fn end_right(target: &Target, meanwhile: Meanwhile) {
    let carol = target.id("carol").await;
    let operator = target.app.site.accounts().by(Actor::operator());
    let change = match meanwhile {
        Meanwhile::RoleIsTaken => {
            operator
                .revoke_role(&carol, &"admin".parse().unwrap())
                .await
        }
        Meanwhile::PasswordIsSet => operator.set_password(&carol, &"other".into()).await,
        Meanwhile::SessionsAreEnded => operator.end_sessions(&carol).await,
        Meanwhile::DisabledAndEnabled => {
            let _ = operator.disable(&carol).await.unwrap();
            operator.enable(&carol).await
        }
        Meanwhile::SessionIsEnded => {
            let account = target.app.account("carol").await;
            let sessions = target
                .app
                .site
                .accounts()
                .sessions(&account, None, 100)
                .await
                .unwrap();
            operator.end_session(&carol, &sessions[0].public_id).await
        }
        Meanwhile::PasswordIsChanged => {
            let new = "another horse and battery";
            let fields = [("current_password", PASSWORD), ("new_password", new)];
            let changed = target.carol.post("/change-password", &fields).await;
            assert_eq!(changed.location(), Some("/welcome"));
            return;
        }
        Meanwhile::LoggedOut => {
            target.carol.post("/logout", &[]).await;
            return;
        }
    };
    assert_eq!(change.unwrap(), ChangeOutcome::Done);
}

/// H6: self-promotion.
#[tokio::test]
async fn nobody_makes_themself_an_admin() {
    let target = Target::new().await;
    let id = target.id("alice").await;

    for (action, fields) in [
        ("grant", &[("role", "admin")][..]),
        ("enable", &[]),
        ("end-sessions", &[]),
    ] {
        let path = format!("/admin/users/{id}/{action}");
        let refused = target.alice.post(&path, fields).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{action}");
    }
    let own_role = target.alice.post("/admin/roles", &[("name", "mine")]).await;
    assert_eq!(own_role.status, StatusCode::FORBIDDEN);
    let permission = [("permission", "all")];
    let allowed = target
        .alice
        .post("/admin/roles/admin/allow", &permission)
        .await;
    assert_eq!(allowed.status, StatusCode::FORBIDDEN);
    assert!(target.roles("alice").await.is_empty());
    assert_eq!(target.alice.get("/welcome").await.status, StatusCode::OK);
    // A name that reads like the role gives nothing either.
    let admin = target.app.browser();
    let fields = [("username", "admin"), ("password", PASSWORD)];
    let refused = admin.post("/register", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// H6: the last admin, by the pages.
#[tokio::test]
async fn the_last_admin_stays_one_and_is_told_why() {
    let target = Target::new().await;
    let id = target.id("carol").await;

    for (action, fields) in [
        ("revoke", [("role", "admin")].as_slice()),
        ("disable", &[]),
        ("delete", &[("username", "carol")]),
    ] {
        let path = format!("/admin/users/{id}/{action}");
        let refused = target.carol.post(&path, fields).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{action}");
        let said = "This is the last admin.";
        assert!(refused.text().contains(said), "{action}");
    }
    let path = format!("/admin/users/{id}/revoke");
    let refused = target
        .carol
        .post_json(&path, &json!({ "role": "admin" }))
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(target.roles("carol").await, ["admin"]);
    target.app.grant("alice", "admin").await;
    target.carol.post(&path, &[("role", "admin")]).await;
    assert!(
        target.roles("carol").await.is_empty(),
        "with another one, she may go"
    );
}

/// H6: an admin who wants to have somebody's password.
#[tokio::test]
async fn admins_neither_set_nor_see_a_password() {
    let target = Target::new().await;
    let id = target.id("bob").await;

    for action in [
        "disable",
        "enable",
        "demand-new-password",
        "end-sessions",
        "grant",
        "email",
        "verify-email",
        "approve",
        "reject",
    ] {
        let path = format!("/admin/users/{id}/{action}");
        let fields = [("password", "an admins horse and battery")];
        let answer = target.carol.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{action}");
    }
    let path = format!("/admin/users/{id}");
    for page in [
        target.carol.get(&path).await,
        target.carol.get_with(&path, &JSON).await,
    ] {
        for secret in ["$argon2", "hash", "epoch"] {
            assert!(!page.text().contains(secret), "{secret}");
        }
    }
    let fields = [("username", "bob"), ("password", PASSWORD)];
    let in_again = target.app.browser().post("/login", &fields).await;
    assert_eq!(in_again.location(), Some("/welcome"), "his password stands");
}

/// H7: a disabled user, by every door there is.
#[tokio::test]
async fn a_disabled_user_gets_in_by_no_door() {
    let app = TestApp::with(|config| {
        config.login(|manager| {
            // An app's own door: a header with a name, as by an API key.
            Ok(
                manager.request_loader(|request: http::request::Parts| async move {
                    let accounts = request
                        .extensions
                        .get::<vestibule::accounts::Accounts>()
                        .cloned();
                    let name = request.headers.get("x-api-key").cloned();
                    let (Some(accounts), Some(name)) = (accounts, name) else {
                        return Ok(None);
                    };
                    accounts.find(name.to_str().unwrap_or_default()).await
                }),
            )
        });
    });
    let app = app.await;
    let me = get(|user: CurrentUser<Account>| async move { user.name().to_owned() });
    let accounts = app.site.accounts().clone();
    let router = app
        .site
        .wrap(app.site.routes().merge(Router::new().route("/me", me)))
        .layer(Extension(accounts));
    let eve = TestClient::new(router.clone());
    eve.post("/register", &[("username", "eve"), ("password", PASSWORD)])
        .await;
    app.grant("eve", "admin").await;
    app.log_in(&eve, "eve").await;
    let remembered = TestClient::new(router.clone());
    let fields = [
        ("username", "eve"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    remembered.post("/login", &fields).await;
    remembered.restart();
    let key = [JSON[0], ("x-api-key", "eve")];
    let script = TestClient::new(router.clone());
    assert_eq!(script.get_with("/me", &key).await.text(), "eve");
    let before = eve.stolen();

    let id = app.account("eve").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.disable(&id).await.unwrap();

    let is_out = |answer: &TestResponse| {
        assert!(
            [StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED].contains(&answer.status),
            "{answer:?}"
        );
        assert!(
            answer.location().is_none_or(|to| to.starts_with("/login")),
            "{answer:?}"
        );
    };
    for browser in [&eve, &remembered, &before] {
        for path in [
            "/me",
            "/welcome",
            "/admin",
            "/change-password",
            "/confirm-login",
        ] {
            is_out(&browser.get(path).await);
        }
    }
    is_out(&script.get_with("/me", &key).await);
    let password = [("password", PASSWORD)];
    is_out(&before.post("/confirm-login", &password).await);
    let new = [
        ("current_password", PASSWORD),
        ("new_password", "another horse and battery"),
    ];
    is_out(&before.post("/change-password", &new).await);
    let login = TestClient::new(router).post("/login", &fields).await;
    assert_eq!(login.status, StatusCode::UNAUTHORIZED);
}
