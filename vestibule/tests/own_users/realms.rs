//! Two managers in one app.

use std::convert::Infallible;

use axum::routing::get;
use http::StatusCode;
use vestibule::login::{User, UserId};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, LoginManager};

use crate::{SESSION, find, manager, routes, text};

/// Two managers, one store, users of the same id: what one remembers is nothing to the other.
#[tokio::test]
async fn what_one_realm_remembers_is_nobody_in_another() {
    let store = MemoryStore::new();
    let [shop, office] = ["shop", "office"].map(|realm| {
        let manager = LoginManager::new(find, store.clone()).realm(realm).unwrap();
        TestClient::new(routes().layer(manager.layer()))
    });
    shop.post("/in", &[]).await;

    for name in ["session", "remember"] {
        let value = shop.cookie(&format!("__Host-shop-{name}")).unwrap();
        office.set_cookie(&format!("__Host-office-{name}"), &value);
        assert_eq!(text(&office, "/who").await, "nobody", "{name}");
    }
    office.post("/in", &[]).await;
    assert_eq!(office.post("/everywhere", &[]).await.text(), "1");
    assert_eq!(text(&shop, "/who").await, "alice");
}

/// Without a realm of its own, a second manager would take the first one's users for its own.
#[tokio::test]
async fn two_managers_that_are_not_told_apart_are_a_mistake_and_nobody_is_let_in() {
    #[derive(Clone)]
    struct Admin;

    impl User for Admin {
        fn id(&self) -> UserId {
            "alice".into()
        }
    }

    async fn find_admin(_: UserId) -> Result<Option<Admin>, Infallible> {
        Ok(Some(Admin))
    }
    let store = MemoryStore::new();
    let admins = || LoginManager::new(find_admin, store.clone());
    let reports = || {
        routes().route(
            "/reports",
            get(|_: CurrentUser<Admin>| async { "for admins" }),
        )
    };
    let told_apart = reports()
        .layer(LoginManager::new(find, store.clone()).layer())
        .layer(admins().realm("admin").unwrap().layer());
    let one_realm = reports()
        .layer(admins().layer())
        .layer(LoginManager::new(find, store.clone()).layer());
    let one_type = routes()
        .layer(LoginManager::new(find, store.clone()).layer())
        .layer(manager().realm("other").unwrap().layer());

    let browser = TestClient::new(told_apart);
    browser.post("/in", &[]).await;
    assert_eq!(text(&browser, "/who").await, "alice");
    let refused = browser.get("/reports").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let token = browser.cookie(SESSION).unwrap();
    for (app, path) in [(one_realm, "/reports"), (one_type, "/who")] {
        let browser = TestClient::new(app);
        browser.set_cookie(SESSION, &token);
        let response = browser.get(path).await;
        assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}
