//! What a guard costs over asking who the visitor is: nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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
fn app(keep_users: bool) -> (Router, Arc<AtomicUsize>) {
    let loads = Arc::new(AtomicUsize::new(0));
    let (count, loaded) = (loads.clone(), member());
    let loader = move |_: UserId| {
        count.fetch_add(1, Ordering::SeqCst);
        let member = loaded.clone();
        async move { Ok::<_, Infallible>(Some(member)) }
    };
    let mut manager = LoginManager::new(loader, MemoryStore::new());
    if keep_users {
        manager = manager.cache_users_for(Duration::from_secs(60));
    }
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
        .route("/public", get(async || ()))
        .layer(manager.layer())
        .route("/bare", get(async || ()))
        // As it is served: until then axum makes each route anew for each request.
        .with_state(());
    (app, loads)
}

/// What requests to paths cost, past the first ones of all: allocations and look-ups.
fn costs<const N: usize>(keep_users: bool, paths: [&str; N]) -> [(u64, usize); N] {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (app, loads) = app(keep_users);
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
    paths.map(|path| {
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
    })
}

#[test]
fn a_guard_adds_no_allocation_and_no_look_up() {
    let paths = ["/user", "/allowed", "/layer/none", "/layer/guard"];
    let [user, allowed, layer, guard] = costs(false, paths);

    assert_eq!(user.1, 1);
    assert!(user.0 > 0, "it counts");
    assert_eq!(allowed, user, "an extractor");
    assert_eq!(guard, layer, "a layer");
    assert!(layer.0 > user.0, "it counts what a layer costs");
}

#[test]
fn a_page_for_users_costs_six_allocations_at_most_and_no_look_up() {
    let [bare, public, user] = costs(true, ["/bare", "/public", "/user"]);

    assert_eq!(user.1, 0, "from the cache");
    let (public, user) = (public.0 - bare.0, user.0 - bare.0);
    assert_eq!((public, user), (5, 5), "over the bare route");
}
