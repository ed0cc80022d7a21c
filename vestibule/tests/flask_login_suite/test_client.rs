//! The test client.

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use vestibule::login::{SessionProtection, User, UserId, login_required};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, LoginManager};

use crate::see;

#[derive(Clone)]
struct Steve;

impl User for Steve {
    fn id(&self) -> UserId {
        2_i64.into()
    }
}

async fn find(id: UserId) -> Result<Option<Steve>, std::convert::Infallible> {
    Ok((id.as_str() == "2").then_some(Steve))
}

async fn who(user: Option<CurrentUser<Steve>>) -> String {
    let fact = |user: CurrentUser<Steve>| format!("Steve {}", user.is_fresh());
    user.map_or_else(|| "Anonymous".to_owned(), fact)
}

fn client(protection: SessionProtection) -> TestClient {
    let manager = LoginManager::new(find, MemoryStore::new()).session_protection(protection);
    let router = Router::new()
        .route("/who", get(who))
        .merge(
            Router::new()
                .route("/protected", get(|| async { "Access Granted" }))
                .route_layer(login_required::<Steve>()),
        )
        .layer(manager.layer());
    TestClient::new(router)
}

/// `test_no_args_to_test_client`
#[tokio::test]
async fn a_test_client_is_anonymous() {
    let browser = client(SessionProtection::Basic);

    see(&browser, &[("/who", "Anonymous")]).await;
}

/// `test_user_arg_to_test_client`, `test_fresh_login_arg_to_test_client`,
/// `test_session_protection_modes`
#[tokio::test]
async fn a_test_client_can_be_logged_in_fresh_or_not_under_any_protection() {
    for protection in [
        SessionProtection::Off,
        SessionProtection::Basic,
        SessionProtection::Strong,
    ] {
        let fresh = client(protection).logged_in_as(&Steve);
        let stale = client(protection).logged_in_as(&Steve).fresh(false);

        for browser in [(fresh, "Steve true"), (stale, "Steve false")] {
            see(&browser.0, &[("/who", browser.1), ("/who", browser.1)]).await;
        }
    }
}

/// `test_decorators_are_disabled` (0.6.3)
#[tokio::test]
async fn a_test_client_can_do_without_login() {
    let browser = client(SessionProtection::Basic);

    let refused = browser.get("/protected").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let browser = browser.without_login();
    see(&browser, &[("/protected", "Access Granted")]).await;
}
