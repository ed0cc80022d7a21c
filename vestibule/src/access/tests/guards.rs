//! Whom a guard lets in, and what the others get.

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;

use super::{Member, Target, member, routes};
use crate::access::Rule::Role;
use crate::access::access_required;
use crate::error::Error;
use crate::login::{Login, LoginManager, RejectedRequest, UserId, login_required};
use crate::stores::MemoryStore;
use crate::testing::TestClient;

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
