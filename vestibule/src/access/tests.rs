//! Guards, with a user type of the test's own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{FromRef, FromRequestParts, Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::json;

use crate::access::Rule::{self, AllOf, AnyOf, FreshLogin, Permission, Role};
use crate::access::{Allowed, Guard, Rights, access_required, allowed};
use crate::error::{Error, Result};
use crate::login::{
    CurrentUser, Event, EventRecord, Login, LoginManager, LoginRejection, RejectedRequest, User,
    UserId, login_required,
};
use crate::stores::MemoryStore;
use crate::testing::{TestClient, assert_public_routes};

#[derive(Debug, Clone, PartialEq)]
struct Member {
    name: String,
    rights: Rights,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.name.as_str().into()
    }

    fn has_role(&self, role: &str) -> bool {
        self.rights.has_role(role)
    }

    fn can(&self, permission: &str) -> bool {
        self.rights.can(permission)
    }
}

fn member(name: &str, roles: &[&str], permissions: &[&str]) -> Member {
    Member {
        name: name.to_owned(),
        rights: Rights::new(roles.iter().copied(), permissions.iter().copied()),
    }
}

/// All members; tests can change them.
#[derive(Clone, Default)]
struct Members(Arc<Mutex<Vec<Member>>>);

impl Members {
    fn set(&self, member: Member) {
        let mut members = self.0.lock().unwrap();
        members.retain(|other| other.name != member.name);
        members.push(member);
    }

    fn find(&self, id: &UserId) -> Option<Member> {
        let members = self.0.lock().unwrap();
        members.iter().find(|member| member.id() == *id).cloned()
    }
}

/// The state of the routes.
#[derive(Clone)]
struct App;

struct Admins;

impl Guard for Admins {
    type User = Member;
    type Object = ();
    const RULE: Rule = Role("admin");
}

struct Staff;

impl Guard for Staff {
    type User = Member;
    type Object = ();
    const RULE: Rule = AnyOf(&[Role("admin"), Permission("posts.edit")]);
}

struct Careful;

impl Guard for Careful {
    type User = Member;
    type Object = ();
    const RULE: Rule = AllOf(&[Role("admin"), FreshLogin]);
}

/// A post, found by the id in the path.
struct Post {
    author: &'static str,
}

struct Posts;

impl FromRef<App> for Posts {
    fn from_ref(_: &App) -> Self {
        Self
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Post
where
    Posts: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let State(Posts) = State::from_request_parts(parts, state).await.unwrap();
        let Path(id) = Path::<u32>::from_request_parts(parts, state)
            .await
            .map_err(|_| StatusCode::NOT_FOUND)?;
        match id {
            1 => Ok(Self { author: "alice" }),
            2 => Ok(Self { author: "bob" }),
            _ => Err(StatusCode::NOT_FOUND),
        }
    }
}

/// The author of the post.
struct EditPost;

impl Guard for EditPost {
    type User = Member;
    type Object = Post;
    const RULE: Rule = Permission("posts.edit");

    async fn allows(user: &CurrentUser<Member>, post: &Post) -> Result<bool> {
        Ok(post.author == user.name)
    }
}

/// As `EditPost`, but hidden from other users.
struct ReadDraft;

impl Guard for ReadDraft {
    type User = Member;
    type Object = Post;
    const RULE: Rule = Rule::Login;
    const HIDES: bool = true;

    async fn allows(user: &CurrentUser<Member>, post: &Post) -> Result<bool> {
        Ok(post.author == user.name)
    }
}

/// A guard whose check fails.
struct Broken;

impl Guard for Broken {
    type User = Member;
    type Object = ();
    const RULE: Rule = Rule::Login;

    async fn allows(_: &CurrentUser<Member>, (): &()) -> Result<bool> {
        Err(Error::store("down"))
    }
}

async fn edit(post: Allowed<EditPost>) -> String {
    format!("{} edits the post of {}", post.name, post.object.author)
}

async fn at_run_time(login: Login<Member>) -> Result<String, LoginRejection> {
    let user = login.require(Role("admin")).await?;
    Ok(user.name.clone())
}

async fn in_the_handler(
    user: CurrentUser<Member>,
    login: Login<Member>,
) -> axum::response::Result<String> {
    if !user.can("posts.edit") || user.has_role("guest") {
        return Err(login.forbidden().await.into());
    }
    Ok("may edit".to_owned())
}

fn routes() -> Router {
    let guarded = |rule: Rule| access_required::<Member>(rule);
    Router::new()
        .route(
            "/admin",
            get(|admin: Allowed<Admins>| async move { admin.name.clone() }),
        )
        .route("/staff", get(|_: Allowed<Staff>| async { "staff" }))
        .route("/careful", post(|_: Allowed<Careful>| async { "done" }))
        .route("/posts/{id}/edit", get(edit))
        .route(
            "/drafts/{id}",
            get(|_: Allowed<ReadDraft>| async { "a draft" }),
        )
        .route("/broken", get(|_: Allowed<Broken>| async { "never" }))
        .route("/at-run-time", get(at_run_time))
        .route("/in-the-handler", get(in_the_handler))
        .merge(
            Router::new()
                .route("/layer/admin", get(|| async { "by a layer" }))
                .route_layer(guarded(Role("admin"))),
        )
        .merge(
            Router::new()
                .route("/layer/careful", get(|| async { "by a layer" }))
                .route_layer(guarded(AllOf(&[Role("admin"), FreshLogin]))),
        )
        .merge(
            Router::new()
                .route("/layer/posts/{id}", get(|| async { "by a layer" }))
                .route_layer(allowed::<EditPost, _>(App)),
        )
        .merge(
            Router::new()
                .route("/layer/nobody", get(|| async { "by a layer" }))
                .route_layer(guarded(AnyOf(&[]))),
        )
        .route(
            "/files/{*path}",
            get(|_: CurrentUser<Member>| async { "a file" }),
        )
        .route(
            "/me",
            get(|user: CurrentUser<Member>| async move { user.name.clone() }),
        )
        .with_state(App)
        .route_layer(login_required::<Member>())
        .route("/login", get(|| async { "log in here" }))
}

struct Target {
    members: Members,
    app: Router,
    heard: Arc<Mutex<Vec<EventRecord>>>,
}

impl Target {
    fn new() -> Self {
        Self::with(|manager| manager)
    }

    fn with(change: impl FnOnce(LoginManager<Member>) -> LoginManager<Member>) -> Self {
        let (members, heard) = (
            Members::default(),
            Arc::<Mutex<Vec<EventRecord>>>::default(),
        );
        for member in [
            member("alice", &[], &["posts.edit"]),
            member("bob", &[], &[]),
            member("carol", &["admin"], &[]),
        ] {
            members.set(member);
        }
        let loader = {
            let members = members.clone();
            move |id: UserId| {
                let found = members.find(&id);
                async move { Ok::<_, Error>(found) }
            }
        };
        let listener = heard.clone();
        let manager = LoginManager::new(loader, MemoryStore::new())
            .public_url("https://example.com".parse().unwrap())
            .login_view("/login")
            .refresh_view("/confirm")
            .on_event(move |record| listener.lock().unwrap().push(record.clone()));
        Self {
            members,
            app: routes().layer(change(manager).layer()),
            heard,
        }
    }

    fn as_user(&self, name: &str) -> TestClient {
        let member = self.members.find(&name.into()).unwrap();
        TestClient::new(self.app.clone()).logged_in_as(&member)
    }

    fn anonymous(&self) -> TestClient {
        TestClient::new(self.app.clone())
    }

    fn forbidden(&self) -> Vec<EventRecord> {
        let heard = self.heard.lock().unwrap();
        let forbidden = heard
            .iter()
            .filter(|record| record.event == Event::Forbidden);
        forbidden.cloned().collect()
    }
}

const JSON: [(&str, &str); 1] = [("accept", "application/json")];

#[tokio::test]
async fn a_role_or_a_permission_lets_pass_whoever_has_it() {
    let target = Target::new();

    for (path, alice, bob, carol) in [
        ("/admin", 403, 403, 200),
        ("/staff", 200, 403, 200),
        ("/layer/admin", 403, 403, 200),
        ("/layer/nobody", 403, 403, 403),
        ("/at-run-time", 403, 403, 200),
        ("/in-the-handler", 200, 403, 403),
        ("/me", 200, 200, 200),
    ] {
        for (name, status) in [("alice", alice), ("bob", bob), ("carol", carol)] {
            let answer = target.as_user(name).get(path).await;
            assert_eq!(answer.status.as_u16(), status, "{name} {path}");
        }
    }
}

#[tokio::test]
async fn an_anonymous_visitor_is_sent_to_the_login_page_and_a_script_gets_401() {
    let target = Target::new();
    let anonymous = target.anonymous();

    for path in [
        "/admin",
        "/staff",
        "/posts/1/edit",
        "/posts/99/edit",
        "/drafts/99",
        "/layer/admin",
    ] {
        let browser = anonymous.get(path).await;
        assert_eq!(browser.status, StatusCode::SEE_OTHER, "{path}");
        assert!(
            browser.location().unwrap().starts_with("/login?next="),
            "{path}"
        );
        let script = anonymous.get_with(path, &JSON).await;
        assert_eq!(script.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert!(target.forbidden().is_empty());
}

#[tokio::test]
async fn without_the_right_it_is_403_and_says_what_to_do() {
    let target = Target::with(|manager| manager.challenge("Bearer".parse().unwrap()));

    let refused = target.as_user("bob").get_with("/admin", &JSON).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let type_ = refused.header("content-type");
    assert_eq!(type_, Some("application/problem+json"));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert_eq!(
        refused.header("www-authenticate"),
        None,
        "logging in does not help"
    );
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("Ask an administrator"), "{detail}");
    assert!(!detail.contains("role"), "the role is not told: {detail}");
}

#[tokio::test]
async fn an_own_handler_answers_those_without_the_right() {
    let target = Target::with(|manager| {
        manager.on_forbidden(async |refusal: RejectedRequest| {
            assert_eq!(refusal.login_url, None);
            let path = refusal.request.uri.path().to_owned();
            (StatusCode::IM_A_TEAPOT, Json(json!({ "path": path })))
        })
    });
    let bob = target.as_user("bob");

    for path in ["/admin", "/layer/admin", "/in-the-handler"] {
        let refused = bob.get(path).await;
        assert_eq!(refused.status, StatusCode::IM_A_TEAPOT);
        assert_eq!(refused.json(), json!({ "path": path }));
    }
    let hidden = bob.get("/drafts/1").await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND, "hidden all the same");
}

#[tokio::test]
async fn a_denied_attempt_is_an_event_that_says_who_and_what() {
    let target = Target::new();

    target.as_user("bob").get("/admin?token=secret").await;

    let [record] = &target.forbidden()[..] else {
        panic!("one event");
    };
    assert_eq!(record.user, Some("bob".into()));
    assert!(record.session.is_some());
    let refused = record.rejected.as_ref().unwrap();
    assert_eq!(refused.rule, "Admins: role admin");
    assert_eq!((&*refused.method, &*refused.path), ("GET", "/admin"));
}

#[tokio::test]
async fn the_right_and_a_fresh_log_in_can_be_asked_for_together() {
    let target = Target::new();
    let stale = || target.as_user("carol").fresh(false);

    assert_eq!(
        target.as_user("carol").post("/careful", &[]).await.text(),
        "done"
    );
    let refused = stale().post("/careful", &[]).await;
    assert_eq!(refused.location(), Some("/confirm"));
    let refused = stale().get("/layer/careful").await;
    assert_eq!(refused.location(), Some("/confirm?next=%2Flayer%2Fcareful"));
    // Do not ask for a password if the request would be rejected anyway.
    let refused = target
        .as_user("bob")
        .fresh(false)
        .get("/layer/careful")
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_guard_looks_at_the_object_of_the_request() {
    let target = Target::new();
    let alice = target.as_user("alice");

    assert_eq!(
        alice.get("/posts/1/edit").await.text(),
        "alice edits the post of alice"
    );
    assert_eq!(alice.get("/layer/posts/1").await.text(), "by a layer");
    for path in ["/posts/2/edit", "/layer/posts/2"] {
        assert_eq!(
            alice.get(path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    for path in ["/posts/99/edit", "/posts/x/edit", "/layer/posts/99"] {
        assert_eq!(
            alice.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    // The rule is checked first: without the permission, a user cannot learn which posts exist.
    let bob = target.as_user("bob");
    for path in ["/posts/2/edit", "/posts/99/edit"] {
        assert_eq!(bob.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let rules: Vec<_> = target
        .forbidden()
        .iter()
        .map(|record| record.rejected.as_ref().unwrap().rule.clone())
        .collect();
    assert!(
        rules
            .iter()
            .all(|rule| rule == "EditPost: permission posts.edit"),
        "{rules:?}"
    );
}

/// H2: foreign ids.
#[tokio::test]
async fn what_a_guard_hides_cannot_be_told_from_what_is_not_there_and_is_logged() {
    let target = Target::new();
    let alice = target.as_user("alice");
    assert_eq!(alice.get("/drafts/1").await.text(), "a draft");

    let foreign = alice.get("/drafts/2").await;
    let absent = alice.get("/drafts/99").await;

    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(foreign.status, absent.status);
    assert_eq!(foreign.headers, absent.headers);
    assert_eq!(foreign.text(), absent.text());
    assert_eq!(target.forbidden().len(), 1, "the foreign one");
}

#[tokio::test]
async fn a_guard_that_cannot_look_lets_nobody_pass() {
    let target = Target::new();

    let answer = target.as_user("carol").get("/broken").await;

    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// H5: a stale role.
#[tokio::test]
async fn a_right_that_is_taken_away_is_gone_at_the_next_request() {
    let target = Target::new();
    let carol = target.as_user("carol");
    assert_eq!(carol.get("/admin").await.status, StatusCode::OK);
    assert_eq!(carol.get("/layer/admin").await.status, StatusCode::OK);

    target.members.set(member("carol", &[], &[]));

    assert_eq!(carol.get("/admin").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        carol.get("/layer/admin").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn without_the_layer_nobody_passes() {
    let bare = TestClient::new(routes());

    for path in ["/admin", "/layer/admin", "/layer/posts/1"] {
        let answer = bare.get(path).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}

#[tokio::test]
async fn a_user_with_something_to_do_first_is_sent_there_and_let_in_there_alone() {
    let target = Target::with(|manager| {
        manager.must_visit(|member: &Member| (member.name == "bob").then_some("/me"))
    });
    let (bob, carol) = (target.as_user("bob"), target.as_user("carol"));

    for path in ["/admin", "/layer/admin", "/in-the-handler"] {
        let sent = bob.get(path).await;
        assert!(sent.location().unwrap().starts_with("/me?next="), "{path}");
        let script = bob.get_with(path, &JSON).await;
        assert_eq!(script.status, StatusCode::FORBIDDEN);
        assert!(script.text().contains("/me"), "{}", script.text());
    }
    assert_eq!(bob.get("/me").await.text(), "bob");
    // A different spelling may lead to another handler.
    for path in ["/files/../me", "/files/%2e%2e/me?x=1", "/files/..%5cme"] {
        assert_ne!(bob.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(carol.get("/admin").await.text(), "carol");
}

/// A layer must also check a user who has already been resolved.
#[tokio::test]
async fn a_guard_asks_also_where_somebody_has_looked_who_it_is() {
    async fn looks(login: Login<Member>, request: Request, next: Next) -> Response {
        assert!(login.current_user().await.unwrap().is_some());
        next.run(request).await
    }
    let target = Target::new();
    let members = target.members.clone();
    let loader = move |id: UserId| {
        let found = members.find(&id);
        async move { Ok::<_, Error>(found) }
    };
    let manager = LoginManager::new(loader, MemoryStore::new())
        .must_visit(|member: &Member| (member.name == "bob").then_some("/first"));
    let app: Router = Router::new()
        .route("/login-layer", get(|| async { "in" }))
        .route_layer(login_required::<Member>())
        .merge(
            Router::new()
                .route("/admin-layer", get(|| async { "in" }))
                .route_layer(access_required::<Member>(Role("admin"))),
        )
        .layer(from_fn(looks))
        .layer(manager.layer());

    for (name, path, status) in [
        ("bob", "/login-layer", 303),
        ("bob", "/admin-layer", 303),
        ("alice", "/login-layer", 200),
        ("alice", "/admin-layer", 403),
        ("carol", "/admin-layer", 200),
    ] {
        let member = target.members.find(&name.into()).unwrap();
        let browser = TestClient::new(app.clone()).logged_in_as(&member);
        let answer = browser.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{name} {path}");
    }
}

/// H1: every route with its rule.
#[tokio::test]
async fn the_table_of_routes_shows_what_each_asks() {
    let target = Target::new();

    let table = target.as_user("bob").route_table().await;

    assert_eq!(
        table.to_string(),
        "\
GET   /admin             Admins: role admin
GET   /at-run-time       role admin
GET   /broken            broken: 503 Service Unavailable, the store did not answer: down
POST  /careful           Careful: role admin and fresh login
GET   /drafts/{id}       ReadDraft: login
GET   /files/{*path}     login
GET   /in-the-handler    handler
GET   /layer/admin       role admin
GET   /layer/careful     role admin and fresh login
GET   /layer/nobody      nobody
GET   /layer/posts/{id}  EditPost: permission posts.edit
GET   /login             everybody
GET   /me                login
GET   /posts/{id}/edit   EditPost: permission posts.edit
GET   /staff             Staff: role admin or permission posts.edit
"
    );
    let check = move || assert_public_routes(&table, ["/login"]);
    let panic = std::thread::spawn(check).join().unwrap_err();
    let complaint = panic.downcast_ref::<String>().unwrap();
    assert!(
        complaint.starts_with("GET /broken is broken: 503"),
        "{complaint}"
    );
}

/// H1: a forgotten route.
#[tokio::test]
async fn a_route_without_a_guard_is_found_and_so_is_a_list_that_is_out_of_date() {
    let target = Target::new();
    let leaky = target
        .app
        .clone()
        .route("/leak", get(|| async { "all of it" }));
    let table = TestClient::new(leaky).route_table().await;
    let complaint = |public: &'static [&'static str]| {
        let table = table.clone();
        let check = move || assert_public_routes(&table, public.iter().copied());
        let panic = std::thread::spawn(check).join().unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };

    assert!(complaint(&["/login"]).starts_with("GET /leak requires nothing of its visitors\n"));
    assert!(complaint(&["/login", "/leak", "/gone"]).starts_with("there is no route /gone\n"));
    assert!(
        complaint(&["/login", "/leak", "/me"])
            .contains("GET /me should be public, but requires: login")
    );
    assert!(complaint(&["POST /login", "/leak"]).contains("GET /login requires nothing"));
    assert_public_routes(&table, ["GET /login", "/leak"]);
}

/// H1: a forgotten method.
#[tokio::test]
async fn a_route_that_is_open_by_one_method_or_parameter_is_not_shown_as_guarded() {
    let refused = |_: CurrentUser<Member>| async { "refused" };
    let open = || async { "open" };
    let by_parameter = |Path(id): Path<String>, login: Login<Member>| async move {
        match &*id {
            "1" => Ok("open"),
            _ => Err(login.unauthorized().await),
        }
    };
    let by_method = |method: Method, login: Login<Member>| async move {
        match method {
            Method::DELETE => Ok("open"),
            _ => Err(login.unauthorized().await),
        }
    };
    let loader = |_: UserId| async { Ok::<_, Error>(None::<Member>) };
    let app: Router = Router::new()
        .route("/by-method", any(by_method))
        .route("/fallback", get(refused).fallback(open))
        .route("/post", any(refused).post(open))
        .route("/get", any(refused).get(open))
        .route("/guarded", any(refused))
        .route("/by/{parameter}", get(by_parameter))
        .nest(
            "/nested",
            Router::new().route("/known", get(refused)).fallback(open),
        )
        .nest_service("/service", Router::new().route("/{id}", get(refused)))
        .layer(LoginManager::new(loader, MemoryStore::new()).layer());

    let table = TestClient::new(app).route_table().await;

    assert_eq!(
        table.to_string(),
        "\
any   /by-method           everybody
GET   /by/{parameter}      everybody
GET   /fallback            login
any   /fallback            everybody
GET   /get                 everybody
any   /get                 login
any   /guarded             login
any   /nested              everybody
GET   /nested/known        login
any   /nested/{*fallback}  everybody
POST  /post                everybody
any   /post                login
any   /service             everybody
any   /service/            everybody
any   /service/*           everybody
"
    );
}

/// Routes that end the log-in or delete the user, among others.
#[tokio::test]
async fn routes_that_end_the_log_in_do_not_spoil_the_rows_of_others() {
    let is_there = Arc::new(AtomicBool::new(true));
    let loader = {
        let is_there = is_there.clone();
        async move |id: UserId| {
            let found = member(id.as_str(), &[], &[]);
            Ok::<_, Error>(is_there.load(Ordering::SeqCst).then_some(found))
        }
    };
    let delete = async move |_: CurrentUser<Member>| is_there.store(false, Ordering::SeqCst);
    let log_out = async |_: CurrentUser<Member>, login: Login<Member>| login.log_out().await;
    let rule = || access_required::<Member>(Role("admin"));
    let app: Router = Router::new()
        .route("/account/delete", post(delete.clone()))
        .route("/a", get(async |_: CurrentUser<Member>| "a"))
        .route("/logout", post(log_out))
        .route("/z", post(async || "z").route_layer(rule()))
        .route("/zz", get(async || "zz").route_layer(rule()))
        .route("/zz/delete", post(async || "zz").route_layer(rule()))
        .layer(LoginManager::new(loader, MemoryStore::new()).layer());
    let bob = member("bob", &[], &[]);

    let table = TestClient::new(app).logged_in_as(&bob).route_table().await;

    assert_eq!(
        table.to_string(),
        "\
GET   /a               login
POST  /account/delete  login
POST  /logout          login
POST  /z               role admin
GET   /zz              role admin
POST  /zz/delete       role admin, at least: POST /account/delete had ended the user's log-in
"
    );
    assert_public_routes(&table, [""; 0]);
}

#[tokio::test]
async fn a_nested_service_is_one_public_route() {
    let loader = |_: UserId| async { Ok::<_, Error>(None::<Member>) };
    let app: Router = Router::new()
        .nest_service("/static", Router::new().route("/{id}", get(|| async {})))
        .layer(LoginManager::new(loader, MemoryStore::new()).layer());

    let table = TestClient::new(app).route_table().await;

    assert_public_routes(&table, ["/static/*"]);
    let check = move || assert_public_routes(&table, ["/static"]);
    assert!(std::thread::spawn(check).join().is_err());
}

#[tokio::test]
async fn a_route_can_be_everybodys_by_one_method_alone() {
    let loader = |_: UserId| async { Ok::<_, Error>(None::<Member>) };
    let app: Router = Router::new()
        .route(
            "/posts",
            get(|| async { "posts" }).post(|| async { "posted" }),
        )
        .route_layer(login_required::<Member>().except(["get /posts"]))
        .layer(LoginManager::new(loader, MemoryStore::new()).layer());
    let visitor = TestClient::new(app);

    assert_eq!(visitor.get("/posts").await.text(), "posts");
    assert_eq!(
        visitor.request("HEAD", "/posts", &[], "").await.status,
        StatusCode::OK
    );
    assert_eq!(
        visitor.post("/posts", &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
}
