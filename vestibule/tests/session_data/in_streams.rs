//! The app's own values of a visitor where the response has begun: in a stream.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::{get, post};
use futures_util::stream;
use tokio::sync::Notify;
use vestibule::Error;
use vestibule::session::DataOutcome;
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;

use crate::{CART, COLOUR, Data, Member, add, done, key, log_in, manager, show, shown};

#[tokio::test]
async fn once_the_response_has_begun_no_value_begins_and_those_in_the_store_go_on() {
    let store = MemoryStore::new();
    let in_cookies = manager(store.clone()).anonymous_data(&key());
    let in_store = manager(store.clone()).anonymous_data_in_store();
    for (manager, is_written) in [(in_cookies, false), (in_store, true)] {
        let late = async |data: Data, Path(name): Path<String>| {
            Body::from_stream(stream::once(async move {
                let outcome = match &*name {
                    "remove" => data.remove(CART).await.map(|()| DataOutcome::Written),
                    colour => data.set(COLOUR, &colour.to_owned()).await,
                };
                let outcome = outcome.map_err(|error| error.is_config());
                let (cart, colour) = (data.get(CART).await?, data.get(COLOUR).await?);
                Ok::<_, Error>(format!("{outcome:?} {cart:?} {colour:?}"))
            }))
        };
        let early = async |data: Data| {
            let _ = data.set(COLOUR, &"blue".to_owned()).await?;
            let read = async move { data.get(COLOUR).await.map(|read| format!("{read:?}")) };
            Ok::<_, Error>(Body::from_stream(stream::once(read)))
        };
        let router = Router::new()
            .route("/add/{id}", post(add::<Member>))
            .route("/show", get(show::<Member>))
            .route("/early", post(early))
            .route("/late/{name}", post(late))
            .layer(manager.layer());
        let client = TestClient::new(router);

        assert_eq!(done(&client, "/late/red").await, "Ok(NoSession) None None");
        assert_eq!(
            format!("{store:?}"),
            "MemoryStore { sessions: 0, remembered_logins: 0 }"
        );
        done(&client, "/add/1").await;
        let [red, removed] = match is_written {
            true => [
                r#"Ok(Written) Some([1]) Some("red")"#,
                r#"Ok(Written) None Some("red")"#,
            ],
            false => ["Ok(NoSession) Some([1]) None", "Err(true) Some([1]) None"],
        };
        assert_eq!(done(&client, "/late/red").await, red);
        assert_eq!(done(&client, "/late/remove").await, removed);
        assert!(removed.ends_with(&shown(&client).await));
        assert_eq!(done(&client, "/early").await, r#"Some("blue")"#);
    }
}

#[tokio::test]
async fn a_stream_sees_what_other_requests_write() {
    let (read, written) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let watch = {
        let (read, written) = (read.clone(), written.clone());
        async move |data: Data| {
            Body::from_stream(stream::once(async move {
                let before = data.get(CART).await?;
                read.notify_one();
                written.notified().await;
                let after = data.get(CART).await?;
                Ok::<_, Error>(format!("{before:?} {after:?}"))
            }))
        }
    };
    let router = Router::new()
        .route("/add/{id}", post(add::<Member>))
        .route("/log-in/{name}", post(log_in))
        .route("/watch", post(watch))
        .layer(manager(MemoryStore::new()).layer());
    let client = TestClient::new(router);
    done(&client, "/log-in/alice").await;
    done(&client, "/add/1").await;
    let other_tab = client.stolen();

    let (watched, ()) = tokio::join!(done(&client, "/watch"), async {
        read.notified().await;
        done(&other_tab, "/add/2").await;
        written.notify_one();
    });

    assert_eq!(watched, "Some([1]) Some([1, 2])");
}
