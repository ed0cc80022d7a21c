//! The table of routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Path;
use axum::routing::{any, get, post};
use http::{Method, StatusCode};

use super::{Member, Target, member};
use crate::access::Rule::Role;
use crate::access::access_required;
use crate::error::Error;
use crate::login::{CurrentUser, Login, LoginManager, UserId, login_required};
use crate::stores::MemoryStore;
use crate::testing::{TestClient, assert_public_routes};

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
