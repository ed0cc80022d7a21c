//! What a guard costs over asking who the visitor is: nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::get;
use tower::ServiceExt;
use tower::util::MapRequestLayer;
use vestibule::access::Rule::{self, AllOf, AnyOf, FreshLogin, Permission, Role};
use vestibule::access::{Guard, Rights, access_required};
use vestibule::login::{LoginOutcome, User, UserId, login_required};
use vestibule::stores::MemoryStore;
use vestibule::{Allowed, CurrentUser, Login, LoginManager};

#[derive(Clone)]
struct Member(Rights);

impl User for Member {
    fn id(&self) -> UserId {
        1_i64.into()
    }

    fn has_role(&self, role: &str) -> bool {
        self.0.has_role(role)
    }

    fn can(&self, permission: &str) -> bool {
        self.0.can(permission)
    }
}

const RULE: Rule = AllOf(&[
    AnyOf(&[Role("owner"), Role("admin"), Permission("everything")]),
    Permission("posts.edit"),
    FreshLogin,
]);

struct Editors;

impl Guard for Editors {
    type User = Member;
    type Object = ();
    const RULE: Rule = RULE;
}

fn member() -> Member {
    let permissions = (0..1_000).map(|i| format!("permission.{i}"));
    Member(Rights::new(
        ["admin"],
        permissions.chain(["posts.edit".to_owned()]),
    ))
}

async fn log_in(login: Login<Member>) {
    assert_eq!(
        login.log_in(&member()).await.unwrap(),
        LoginOutcome::LoggedIn
    );
}

/// An app with routes that differ by their guards alone, and how often its user was loaded.
fn app() -> (Router, Arc<AtomicUsize>) {
    let loads = Arc::new(AtomicUsize::new(0));
    let (count, loaded) = (loads.clone(), member());
    let loader = move |_: UserId| {
        count.fetch_add(1, Ordering::SeqCst);
        let member = loaded.clone();
        async move { Ok::<_, Infallible>(Some(member)) }
    };
    let manager = LoginManager::new(loader, MemoryStore::new());
    // Each layer of axum's has a price of its own; this one does nothing.
    let layered = Router::new()
        .route("/layer/none", get(|_: CurrentUser<Member>| async {}))
        .route_layer(MapRequestLayer::new(|request: Request| request))
        .merge(
            Router::new()
                .route("/layer/guard", get(|_: CurrentUser<Member>| async {}))
                .route_layer(access_required::<Member>(RULE)),
        )
        .route_layer(login_required::<Member>());
    let app = Router::new()
        .route("/log-in", get(log_in))
        .route("/user", get(|_: CurrentUser<Member>| async {}))
        .route("/allowed", get(|_: Allowed<Editors>| async {}))
        .merge(layered)
        .layer(manager.layer())
        // As it is served: until then axum makes each route anew for each request.
        .with_state(());
    (app, loads)
}

#[test]
fn a_guard_adds_no_allocation_and_no_look_up() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (app, loads) = app();
    let request = |path: &str, cookie: &str| {
        let request = Request::get(path).header("cookie", cookie);
        request.body(Body::empty()).unwrap()
    };
    let logged_in = runtime.block_on(app.clone().oneshot(request("/log-in", "a=b")));
    let cookie = logged_in.unwrap().headers()["set-cookie"]
        .to_str()
        .unwrap()
        .to_owned();
    let cookie = cookie.split(';').next().unwrap();
    // Allocations and look-ups of one request, past those of the first one of all.
    let cost = |path: &str| {
        let mut last = (0, 0);
        for _ in 0..3 {
            let (app, request) = (app.clone(), request(path, cookie));
            let before = loads.load(Ordering::SeqCst);
            let mut response = None;
            let measured = allocation_counter::measure(|| {
                response = Some(runtime.block_on(app.oneshot(request)));
            });
            assert_eq!(response.unwrap().unwrap().status(), 200, "{path}");
            let looked_up = loads.load(Ordering::SeqCst) - before;
            last = (measured.count_total, looked_up);
        }
        last
    };

    let (user, looked_up) = cost("/user");

    assert_eq!(looked_up, 1);
    assert!(user > 0, "it counts");
    assert_eq!(cost("/allowed"), (user, 1), "an extractor");
    assert_eq!(cost("/layer/guard"), cost("/layer/none"), "a layer");
    assert!(cost("/layer/none").0 > user, "it counts what a layer costs");
}
