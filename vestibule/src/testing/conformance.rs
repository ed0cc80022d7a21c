//! The rules that every session store must keep.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::crypto::random::Random;
use crate::session::{
    RememberToken, RememberedLogin, Replaced, Session, SessionExpiry, SessionStore, SessionToken,
    UserId,
};

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
    a_renewed_session_takes_the_place_of_the_old_one(&store, &sessions).await;
    a_stale_session_stays_stale(&store, &sessions).await;
    a_remembered_login_is_loaded_as_it_was(&store, &sessions).await;
    a_remember_token_is_used_once(&store, &sessions).await;
    of_uses_in_a_race_one_succeeds(&store, &sessions).await;
    a_remembered_login_and_its_sessions_end_together(&store, &sessions).await;
    ending_all_of_a_user_spares_what_the_kept_session_came_of(&store, &sessions).await;
    nothing_is_resumed_after_the_end_in_a_race(&store, &sessions).await;
    a_forgotten_browser_is_swept(&store, &sessions).await;
}

async fn create(store: &impl SessionStore, session: &Session) {
    let created = store
        .create(session.clone(), None, Replaced::default())
        .await;
    created.expect("create");
}

/// Makes sessions that differ.
#[derive(Default)]
struct Sessions(Random);

impl Sessions {
    fn of(&self, user_id: &str) -> Session {
        let token = SessionToken::generate(&self.0).expect("random bytes");
        let public_id = data_encoding::HEXLOWER.encode(&token.id("").as_bytes()[..12]);
        let user_id = UserId::from(user_id);
        let mut session = Session::new(token.id(""), public_id, user_id, 7, NOW, HOUR);
        session.user_agent = Some("Mozilla/5.0 (佐藤)".to_owned());
        session.address = "2001:db8::1".parse().ok();
        session
    }

    /// A session and the remembered login that began with it, both kept by `store`.
    async fn remembered(&self, store: &impl SessionStore, user_id: &str) -> Remembered {
        let token = RememberToken::generate(&self.0).expect("random bytes");
        let mut session = self.of(user_id);
        session.remembered = Some(token.id(""));
        let login = RememberedLogin::new(&token, "", UserId::from(user_id), 7, NOW, HOUR);
        let created = store
            .create(session.clone(), Some(login.clone()), Replaced::default())
            .await;
        created.expect("create");
        Remembered {
            session,
            login,
            token,
        }
    }

    /// A session that comes of a remembered login.
    fn resumed(&self, login: &RememberedLogin) -> Session {
        let mut session = self.of(login.user_id.as_str());
        session.remembered = Some(login.id);
        session.is_fresh = false;
        session
    }
}

struct Remembered {
    session: Session,
    login: RememberedLogin,
    token: RememberToken,
}

async fn what_is_created_is_loaded_as_it_was(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("佐藤");
    let nobodys = sessions.of("佐藤");

    create(store, &session).await;

    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded.as_ref(), Some(&session), "loaded as created");
    let unknown = store.load(nobodys.id).await.expect("load");
    assert_eq!(unknown, None, "an unknown id is nobody's");
}

async fn an_id_is_created_once(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    let mut foreign = sessions.of("2");
    foreign.id = session.id;
    create(store, &session).await;

    let again = store.create(foreign, None, Replaced::default()).await;

    assert!(again.is_err(), "an id that is taken is refused");
    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded, Some(session), "the first stays as it was");
}

async fn a_replaced_session_is_gone(store: &impl SessionStore, sessions: &Sessions) {
    let (old, new) = (sessions.of("1"), sessions.of("1"));
    create(store, &old).await;

    let replaced = Replaced {
        session: Some(old.id),
        remembered: None,
    };
    let created = store.create(new.clone(), None, replaced).await;
    created.expect("create");

    assert_eq!(store.load(old.id).await.expect("load"), None, "replaced");
    assert_eq!(store.load(new.id).await.expect("load"), Some(new));
}

async fn what_is_revoked_stays_revoked(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    create(store, &session).await;
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
    let mut elsewhere = sessions.of("many");
    elsewhere.realm = "admin".to_owned();
    for session in [&kept, &ended, &others, &elsewhere] {
        create(store, session).await;
    }
    let user = UserId::from("many");

    let count = store.revoke_user("", &user, Some(kept.id)).await;

    assert_eq!(count.expect("revoke_user"), 1, "one of two is ended");
    let loaded = store.load(kept.id).await.expect("load");
    assert_eq!(loaded, Some(kept), "the kept one stays");
    assert_eq!(store.load(ended.id).await.expect("load"), None);
    let loaded = store.load(others.id).await.expect("load");
    assert_eq!(loaded, Some(others), "ids differ by case");
    let loaded = store.load(elsewhere.id).await.expect("load");
    assert_eq!(loaded, Some(elsewhere), "and realms differ");
    let count = store
        .revoke_user("", &user, None)
        .await
        .expect("revoke_user");
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
        create(store, session).await;
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
        create(store, &session).await;

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

async fn a_renewed_session_takes_the_place_of_the_old_one(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let Remembered { session, login, .. } = sessions.remembered(store, "1").await;
    let (new, late) = (sessions.resumed(&login), sessions.of("1"));

    let renewed = store.renew(new.clone(), session.id).await.expect("renew");

    assert!(renewed, "the old one was there");
    assert_eq!(store.load(session.id).await.expect("load"), None);
    assert_eq!(store.load(new.id).await.expect("load"), Some(new.clone()));
    let loaded = store.load_remembered(login.id).await.expect("load");
    assert_eq!(loaded, Some(login), "what both came of stays");
    store.revoke(new.id).await.expect("revoke");
    let renewed = store.renew(late.clone(), new.id).await.expect("renew");
    assert!(!renewed, "an ended session does not go on");
    assert_eq!(store.load(late.id).await.expect("load"), None);
}

async fn a_stale_session_stays_stale(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    create(store, &session).await;

    assert!(store.mark_stale(session.id).await.expect("mark_stale"));

    store.touch(session.id, NOW).await.expect("touch");
    let loaded = store.load(session.id).await.expect("load");
    assert!(loaded.is_some_and(|session| !session.is_fresh));
    store.revoke(session.id).await.expect("revoke");
    let marked = store.mark_stale(session.id).await.expect("mark_stale");
    assert!(!marked, "and is not revived by it");
    assert_eq!(store.load(session.id).await.expect("load"), None);
}

async fn a_remembered_login_is_loaded_as_it_was(store: &impl SessionStore, sessions: &Sessions) {
    let Remembered { login, token, .. } = sessions.remembered(store, "佐藤").await;

    let extended = store.extend_remembered(login.id, NOW + HOUR * 2).await;

    assert!(extended.expect("extend"), "it was there");
    let loaded = store.load_remembered(token.id("")).await.expect("load");
    let expected = RememberedLogin {
        expires_at: NOW + HOUR * 2,
        ..login
    };
    assert_eq!(loaded, Some(expected));
    let nobodys = RememberToken::generate(&sessions.0).expect("random bytes");
    let loaded = store.load_remembered(nobodys.id("")).await.expect("load");
    assert_eq!(loaded, None);
}

async fn a_remember_token_is_used_once(store: &impl SessionStore, sessions: &Sessions) {
    let Remembered { login, token, .. } = sessions.remembered(store, "1").await;
    let (rotated, _) = login.rotated(&token, &sessions.0, NOW).expect("a token");
    let (first, second) = (sessions.resumed(&login), sessions.resumed(&login));

    let resumed = store
        .resume(first.clone(), rotated.clone(), login.token)
        .await;

    assert!(resumed.expect("resume"), "once");
    let loaded = store.load_remembered(login.id).await.expect("load");
    assert_eq!(loaded.as_ref(), Some(&rotated), "it has its next token");
    assert_eq!(store.load(first.id).await.expect("load"), Some(first));
    let resumed = store
        .resume(second.clone(), rotated.clone(), login.token)
        .await;
    assert!(!resumed.expect("resume"), "and not again");
    assert_eq!(store.load(second.id).await.expect("load"), None);
}

async fn of_uses_in_a_race_one_succeeds(store: &impl SessionStore, sessions: &Sessions) {
    let Remembered { login, token, .. } = sessions.remembered(store, "1").await;
    let uses = (0..50).map(|_| {
        let (rotated, _) = login.rotated(&token, &sessions.0, NOW).expect("a token");
        store.resume(sessions.resumed(&login), rotated, login.token)
    });

    let resumed = all(uses).await;

    let successes = resumed.into_iter().map(|resumed| resumed.expect("resume"));
    assert_eq!(successes.filter(|success| *success).count(), 1);
}

async fn a_remembered_login_and_its_sessions_end_together(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for end_by_session in [true, false] {
        let Remembered { session, login, .. } = sessions.remembered(store, "1").await;
        let second = sessions.resumed(&login);
        let resumed = store.resume(second.clone(), login.clone(), login.token);
        assert!(resumed.await.expect("resume"));

        let was_there = if end_by_session {
            store.revoke(second.id).await
        } else {
            store.revoke_remembered(login.id).await
        };

        assert!(was_there.expect("revoke"));
        let loaded = store.load_remembered(login.id).await.expect("load");
        assert_eq!(loaded, None, "the browser is forgotten");
        for id in [session.id, second.id] {
            assert_eq!(store.load(id).await.expect("load"), None);
        }
        let late = store.resume(second, login.clone(), login.token).await;
        assert!(!late.expect("resume"), "it does not begin again");
        let extended = store.extend_remembered(login.id, NOW + HOUR).await;
        assert!(!extended.expect("extend"));
        let was_there = store.revoke_remembered(login.id).await;
        assert!(!was_there.expect("revoke"), "only once");
    }
}

async fn ending_all_of_a_user_spares_what_the_kept_session_came_of(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let kept = sessions.remembered(store, "remembered").await;
    let ended = sessions.remembered(store, "remembered").await;
    let others = sessions.remembered(store, "others").await;
    let user = UserId::from("remembered");

    let count = store.revoke_user("", &user, Some(kept.session.id)).await;

    assert_eq!(count.expect("revoke_user"), 1);
    for (remembered, is_kept) in [(&kept, true), (&ended, false), (&others, true)] {
        let login = store.load_remembered(remembered.login.id).await;
        assert_eq!(login.expect("load").is_some(), is_kept);
    }
    store
        .revoke_user("", &user, None)
        .await
        .expect("revoke_user");
    let login = store.load_remembered(kept.login.id).await.expect("load");
    assert_eq!(login, None, "without one to keep, all");
}

async fn nothing_is_resumed_after_the_end_in_a_race(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for _ in 0..20 {
        let Remembered { login, token, .. } = sessions.remembered(store, "race").await;
        let (rotated, _) = login.rotated(&token, &sessions.0, NOW).expect("a token");
        let session = sessions.resumed(&login);
        let id = session.id;
        let user = UserId::from("race");

        let (ended, resumed) = tokio::join!(
            store.revoke_user("", &user, None),
            store.resume(session, rotated, login.token)
        );

        ended.expect("revoke_user");
        resumed.expect("resume");
        assert_eq!(
            store.load(id).await.expect("load"),
            None,
            "no session is left"
        );
        let login = store.load_remembered(login.id).await.expect("load");
        assert_eq!(login, None, "and nothing to begin one from");
    }
}

async fn a_forgotten_browser_is_swept(store: &impl SessionStore, sessions: &Sessions) {
    let Remembered { login, .. } = sessions.remembered(store, "1").await;
    let expiry = SessionExpiry::default();

    store.sweep(expiry, NOW).await.expect("sweep");
    let loaded = store.load_remembered(login.id).await.expect("load");
    assert!(loaded.is_some(), "it still counts");
    store.sweep(expiry, NOW + HOUR).await.expect("sweep");

    let loaded = store.load_remembered(login.id).await.expect("load");
    assert_eq!(loaded, None);
}

/// Runs futures at the same time.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut is_done = true;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => is_done = false,
                }
            }
        }
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    futures
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}
