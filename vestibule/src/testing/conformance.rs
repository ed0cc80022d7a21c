//! The rules that every session store must keep.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::crypto::random::Random;
use crate::session::{Session, SessionExpiry, SessionStore, SessionToken, UserId};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOUR: Duration = Duration::from_hours(1);

/// Checks that a store keeps the rules of [`SessionStore`]. Run it on a store of your own.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use vestibule::stores::MemoryStore;
/// use vestibule::testing::store_conformance;
///
/// store_conformance(MemoryStore::new()).await;
/// # }
/// ```
///
/// # Panics
/// At the first rule that the store breaks; the message names it.
pub async fn store_conformance(store: impl SessionStore) {
    let sessions = Sessions::default();
    what_is_created_is_loaded_as_it_was(&store, &sessions).await;
    an_id_is_created_once(&store, &sessions).await;
    a_replaced_session_is_gone(&store, &sessions).await;
    what_is_revoked_stays_revoked(&store, &sessions).await;
    all_sessions_of_a_user_end_but_the_kept_one(&store, &sessions).await;
    the_sweep_takes_the_expired_only(&store, &sessions).await;
    a_late_touch_in_a_race_revives_nothing(&store, &sessions).await;
}

/// Makes sessions that differ.
#[derive(Default)]
struct Sessions(Random);

impl Sessions {
    fn of(&self, user_id: &str) -> Session {
        let token = SessionToken::generate(&self.0).expect("random bytes");
        let public_id = data_encoding::HEXLOWER.encode(&token.id().as_bytes()[..12]);
        Session::new(token.id(), public_id, UserId::from(user_id), 7, NOW, HOUR)
    }
}

async fn what_is_created_is_loaded_as_it_was(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("佐藤");
    let nobodys = sessions.of("佐藤");

    store.create(session.clone(), None).await.expect("create");

    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded.as_ref(), Some(&session), "loaded as created");
    let unknown = store.load(nobodys.id).await.expect("load");
    assert_eq!(unknown, None, "an unknown id is nobody's");
}

async fn an_id_is_created_once(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    let mut foreign = sessions.of("2");
    foreign.id = session.id;
    store.create(session.clone(), None).await.expect("create");

    let again = store.create(foreign, None).await;

    assert!(again.is_err(), "an id that is taken is refused");
    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded, Some(session), "the first stays as it was");
}

async fn a_replaced_session_is_gone(store: &impl SessionStore, sessions: &Sessions) {
    let (old, new) = (sessions.of("1"), sessions.of("1"));
    store.create(old.clone(), None).await.expect("create");

    store
        .create(new.clone(), Some(old.id))
        .await
        .expect("create");

    assert_eq!(store.load(old.id).await.expect("load"), None, "replaced");
    assert_eq!(store.load(new.id).await.expect("load"), Some(new));
}

async fn what_is_revoked_stays_revoked(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    store.create(session.clone(), None).await.expect("create");
    let touched = store.touch(session.id, NOW + HOUR).await.expect("touch");
    assert!(touched, "a live session is touched");

    assert!(store.revoke(session.id).await.expect("revoke"), "was there");

    let touched = store.touch(session.id, NOW + HOUR).await.expect("touch");
    assert!(!touched, "a late touch does not find it");
    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded, None, "and does not revive it");
    assert!(
        !store.revoke(session.id).await.expect("revoke"),
        "only once"
    );
}

async fn all_sessions_of_a_user_end_but_the_kept_one(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let kept = sessions.of("many");
    let ended = sessions.of("many");
    let others = sessions.of("MANY");
    for session in [&kept, &ended, &others] {
        store.create(session.clone(), None).await.expect("create");
    }
    let user = UserId::from("many");

    let count = store.revoke_user(&user, Some(kept.id)).await;

    assert_eq!(count.expect("revoke_user"), 1, "one of two is ended");
    let loaded = store.load(kept.id).await.expect("load");
    assert_eq!(loaded, Some(kept), "the kept one stays");
    assert_eq!(store.load(ended.id).await.expect("load"), None);
    let loaded = store.load(others.id).await.expect("load");
    assert_eq!(loaded, Some(others), "ids differ by case");
    let count = store.revoke_user(&user, None).await.expect("revoke_user");
    assert_eq!(count, 1, "without one to keep, all");
}

async fn the_sweep_takes_the_expired_only(store: &impl SessionStore, sessions: &Sessions) {
    let expiry = SessionExpiry {
        idle: HOUR / 2,
        absolute: HOUR,
    };
    store.sweep(expiry, NOW + HOUR * 24).await.expect("sweep");
    let (idle, busy) = (sessions.of("1"), sessions.of("2"));
    for session in [&idle, &busy] {
        store.create(session.clone(), None).await.expect("create");
    }
    let later = NOW + HOUR * 3 / 4;
    store.touch(busy.id, later).await.expect("touch");

    let swept = store.sweep(expiry, later).await.expect("sweep");

    assert_eq!(swept, 1, "one had idled out");
    assert_eq!(store.load(idle.id).await.expect("load"), None);
    assert!(store.load(busy.id).await.expect("load").is_some());
    let swept = store.sweep(expiry, NOW + HOUR).await.expect("sweep");
    assert_eq!(swept, 1, "however busy, it ends");
}

async fn a_late_touch_in_a_race_revives_nothing(store: &impl SessionStore, sessions: &Sessions) {
    for _ in 0..20 {
        let session = sessions.of("1");
        let id = session.id;
        store.create(session, None).await.expect("create");

        let touches = async {
            for second in 0..5 {
                store
                    .touch(id, NOW + Duration::from_secs(second))
                    .await
                    .expect("touch");
            }
        };
        let (revoked, ()) = tokio::join!(store.revoke(id), touches);

        assert!(revoked.expect("revoke"));
        assert_eq!(store.load(id).await.expect("load"), None, "not revived");
    }
}
