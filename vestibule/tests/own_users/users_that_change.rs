//! Users who get another epoch, become inactive or are gone.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use http::request::Parts;
use vestibule::login::{Epoch, User, UserId};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Login, LoginManager};

use crate::text;

#[derive(Clone, Copy)]
struct Player {
    epoch: i64,
    is_active: bool,
}

impl User for Player {
    fn id(&self) -> UserId {
        1_i64.into()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn session_epoch(&self) -> Epoch {
        self.epoch.into()
    }
}

const PLAYER: Player = Player {
    epoch: 0,
    is_active: true,
};

/// A browser, and the one player for the test to change.
fn game() -> (TestClient, Arc<Mutex<Option<Player>>>) {
    let player = Arc::new(Mutex::new(Some(PLAYER)));
    let current = {
        let player = player.clone();
        move || {
            let player = *player.lock().unwrap();
            async move { Ok::<_, Infallible>(player) }
        }
    };
    let by_request = {
        let current = current.clone();
        move |request: Parts| {
            let player = current();
            async move {
                if request.headers.contains_key("x-api-key") {
                    return player.await;
                }
                Ok(None)
            }
        }
    };
    let log_in = async |login: Login<Player>| {
        let outcome = login.log_in(&PLAYER).remember().await;
        outcome.map(|outcome| format!("{outcome:?}"))
    };
    let who = async |player: Option<CurrentUser<Player>>| player.is_some().to_string();
    let manager = LoginManager::new(move |_| current(), MemoryStore::new());
    let app = Router::new()
        .route("/in", post(log_in))
        .route("/who", get(who))
        .layer(manager.request_loader(by_request).layer());
    (TestClient::new(app), player)
}

#[tokio::test]
async fn a_remembered_user_of_another_epoch_or_none_is_forgotten_for_good() {
    for changed in [Some(Player { epoch: 1, ..PLAYER }), None] {
        let (browser, player) = game();
        browser.post("/in", &[]).await;
        browser.restart();

        *player.lock().unwrap() = changed;
        assert_eq!(text(&browser, "/who").await, "false");

        *player.lock().unwrap() = Some(PLAYER);
        assert_eq!(text(&browser, "/who").await, "false", "for good");
    }
}

#[tokio::test]
async fn an_inactive_user_comes_in_by_no_door() {
    let (browser, player) = game();
    browser.post("/in", &[]).await;
    let remembered = browser.stolen();
    remembered.restart();
    let key = [("x-api-key", "k")];
    let stranger = browser.stolen();
    for name in stranger.cookie_names() {
        stranger.forget_cookie(&name);
    }
    assert_eq!(stranger.get_with("/who", &key).await.text(), "true");

    *player.lock().unwrap() = Some(Player {
        is_active: false,
        ..PLAYER
    });

    for browser in [&browser, &remembered] {
        assert_eq!(text(browser, "/who").await, "false");
    }
    assert_eq!(stranger.get_with("/who", &key).await.text(), "false");
    *player.lock().unwrap() = Some(PLAYER);
    for browser in [&browser, &remembered] {
        assert_eq!(text(browser, "/who").await, "true", "active again");
    }
}
