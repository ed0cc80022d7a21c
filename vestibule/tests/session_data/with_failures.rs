//! What becomes of the values of an anonymous visitor where the session store fails around their
//! log-in, and how often it is asked.

#[path = "../support/failing_store.rs"]
mod failing_store;

use http::StatusCode;
use vestibule::LoginManager;
use vestibule::login::SessionLimit;
use vestibule::testing::TestClient;

use crate::{Member, app, done, key, manager, shown};
use failing_store::FailingStore;

const SESSION: &str = "__Host-session";
const REMEMBER: &str = "__Host-remember";

fn both_ways(store: &FailingStore) -> [LoginManager<Member>; 2] {
    [
        manager(store.clone()).anonymous_data(&key()),
        manager(store.clone()).anonymous_data_in_store(),
    ]
}

/// Visitors who were alice, whose browser is remembered, and who have a cart now.
async fn remembered(manager: LoginManager<Member>) -> TestClient {
    let client = app(manager);
    done(&client, "/remember/alice").await;
    client.forget_cookie(SESSION);
    let remember = client.cookie(REMEMBER).unwrap();
    client.forget_cookie(REMEMBER);
    done(&client, "/add/1").await;
    done(&client, "/paint/red").await;
    client.set_cookie(REMEMBER, &remember);
    client
}

#[tokio::test]
async fn a_log_in_that_fails_ends_nothing_and_loses_nothing() {
    let store = FailingStore::default();
    for failing in ["create", "load_data"] {
        for manager in both_ways(&store) {
            let client = app(manager);
            done(&client, "/add/1").await;
            done(&client, "/paint/red").await;
            store.fail(&[failing]);

            let response = client.post("/log-in/alice", &[]).await;

            store.fail(&[]);
            // In cookies nothing is loaded.
            if response.status != StatusCode::OK {
                assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
                assert!(response.set_cookies().is_empty());
                assert_eq!(shown(&client).await, r#"Some([1]) Some("red")"#);
                done(&client, "/log-in/alice").await;
            }
            assert_eq!(shown(&client).await, "Some([1]) None");
            assert_eq!(client.cookie_names(), [SESSION]);
        }
    }
}

#[tokio::test]
async fn a_failed_log_in_leaves_the_session_before_as_it_was() {
    let store = FailingStore::default();
    let client = app(manager(store.clone()).anonymous_data_in_store());
    done(&client, "/log-in/alice").await;
    done(&client, "/add/1").await;
    store.fail(&["create"]);

    let response = client.post("/log-in/bob", &[]).await;

    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
    store.fail(&[]);
    assert_eq!(shown(&client).await, "Some([1]) None", "alice is still in");
}

/// Once the session has begun, its token must reach the browser, whatever else fails.
#[tokio::test]
async fn a_log_in_whose_remains_cannot_be_ended_is_one_all_the_same() {
    let store = FailingStore::default();
    for manager in both_ways(&store) {
        let client = app(manager.session_limit(SessionLimit::end_oldest(1)));
        done(&client.stolen(), "/log-in/alice").await;
        done(&client, "/add/1").await;
        store.fail(&["revoke", "list_user", "sweep"]);

        done(&client, "/log-in/alice").await;

        assert_eq!(shown(&client).await, "Some([1]) None");
        assert_eq!(client.cookie_names(), [SESSION]);
        store.fail(&[]);
    }
}

#[tokio::test]
async fn what_is_kept_is_kept_where_a_remembered_browser_comes_back() {
    let store = FailingStore::default();
    for manager in both_ways(&store) {
        let client = remembered(manager).await;

        assert_eq!(shown(&client).await, "Some([1]) None");

        assert_eq!(client.cookie_names(), [REMEMBER, SESSION]);
        assert_eq!(shown(&client).await, "Some([1]) None");
    }
}

/// Otherwise the browser would come back with the token before, like a thief.
#[tokio::test]
async fn a_browser_that_comes_back_gets_its_next_token_whatever_cannot_be_ended() {
    let store = FailingStore::default();
    for manager in both_ways(&store) {
        let limited = manager.session_limit(SessionLimit::end_oldest(1));
        let client = remembered(limited).await;
        let token = client.cookie(REMEMBER);
        store.fail(&["revoke", "list_user", "sweep"]);

        assert_eq!(shown(&client).await, "Some([1]) None");

        store.fail(&[]);
        assert_ne!(client.cookie(REMEMBER), token);
        assert!(client.cookie(SESSION).is_some());
    }
}

#[tokio::test]
async fn a_browser_that_cannot_come_back_now_keeps_its_token_and_loses_nothing() {
    let store = FailingStore::default();
    for manager in both_ways(&store) {
        let client = remembered(manager).await;
        store.fail(&["resume"]);

        let response = client.get("/show").await;

        assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.set_cookies().is_empty());
        store.fail(&[]);
        assert_eq!(shown(&client).await, "Some([1]) None");
    }
}

#[tokio::test]
async fn a_log_in_that_the_limit_refuses_leaves_the_values_alone() {
    let store = FailingStore::default();
    for manager in both_ways(&store) {
        let client = app(manager.session_limit(SessionLimit::reject(1)));
        let other = client.stolen();
        done(&other, "/log-in/alice").await;
        done(&client, "/add/1").await;

        assert_eq!(done(&client, "/try/alice").await, "TooManySessions");

        assert_eq!(shown(&client).await, "Some([1]) None");
        done(&other, "/log-out").await;
    }
}

#[tokio::test]
async fn what_was_read_and_is_changed_is_not_read_again() {
    let store = FailingStore::default();
    let client = app(manager(store.clone()).anonymous_data_in_store());
    done(&client, "/add/1").await;
    store.calls();

    done(&client, "/empty").await;
    assert_eq!(store.calls(), ["load", "change_data", "load", "load_data"]);
    assert_eq!(done(&client, "/add/2").await, "Written");
    assert_eq!(store.calls(), ["load", "load_data", "change_data"]);
    done(&client, "/log-in/alice").await;
    assert_eq!(store.calls(), ["load", "load_data", "create", "revoke"]);
}
