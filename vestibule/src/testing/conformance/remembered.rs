//! The rules for remembered logins.

use super::{HOUR, MINUTE, NOW, RACES, Remembered, Sessions, all};
use crate::session::{
    DataValues, RememberToken, RememberedLogin, SessionExpiry, SessionStore, UserId,
};

pub(super) async fn a_remembered_login_is_loaded_as_it_was(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let Remembered { login, token, .. } = sessions.remembered(store, "佐藤").await;

    let extended = store.extend_remembered(login.id, NOW + HOUR * 2).await;

    assert!(extended.expect("extend"), "an existing login is extended");
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

pub(super) async fn a_remember_token_is_used_once(store: &impl SessionStore, sessions: &Sessions) {
    let Remembered { login, token, .. } = sessions.remembered(store, "1").await;
    let (rotated, _) = login.rotated(&token, &sessions.0, NOW).expect("a token");
    let (first, second) = (sessions.resumed(&login), sessions.resumed(&login));

    let resumed = store
        .resume(
            first.clone(),
            DataValues::new(),
            rotated.clone(),
            login.token,
        )
        .await;

    assert!(resumed.expect("resume"), "once");
    let loaded = store.load_remembered(login.id).await.expect("load");
    assert_eq!(
        loaded.as_ref(),
        Some(&rotated),
        "the login has its next token"
    );
    assert_eq!(store.load(first.id).await.expect("load"), Some(first));
    let resumed = store
        .resume(
            second.clone(),
            DataValues::new(),
            rotated.clone(),
            login.token,
        )
        .await;
    assert!(!resumed.expect("resume"), "a token resumes once");
    assert_eq!(store.load(second.id).await.expect("load"), None);
}

pub(super) async fn of_uses_in_a_race_one_succeeds(store: &impl SessionStore, sessions: &Sessions) {
    let Remembered { login, token, .. } = sessions.remembered(store, "1").await;
    let uses = (0..RACES).map(|_| {
        let (rotated, _) = login.rotated(&token, &sessions.0, NOW).expect("a token");
        store.resume(
            sessions.resumed(&login),
            DataValues::new(),
            rotated,
            login.token,
        )
    });

    let resumed = all(uses).await;

    let successes = resumed.into_iter().map(|resumed| resumed.expect("resume"));
    assert_eq!(successes.filter(|success| *success).count(), 1);
}

pub(super) async fn a_remembered_login_and_its_sessions_end_together(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for end_by_session in [true, false] {
        let Remembered { session, login, .. } = sessions.remembered(store, "1").await;
        let second = sessions.resumed(&login);
        let resumed = store.resume(
            second.clone(),
            DataValues::new(),
            login.clone(),
            login.token,
        );
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
        let late = store
            .resume(second, DataValues::new(), login.clone(), login.token)
            .await;
        assert!(!late.expect("resume"), "an ended login does not resume");
        let extended = store.extend_remembered(login.id, NOW + HOUR).await;
        assert!(!extended.expect("extend"));
        let was_there = store.revoke_remembered(login.id).await;
        assert!(!was_there.expect("revoke"), "only once");
    }
}

pub(super) async fn ending_all_of_a_user_spares_what_the_kept_session_came_of(
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
    assert_eq!(login, None, "all logins end if none is kept");
}

pub(super) async fn nothing_is_resumed_after_the_end_in_a_race(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for _ in 0..RACES {
        let Remembered { login, token, .. } = sessions.remembered(store, "race").await;
        let (rotated, _) = login.rotated(&token, &sessions.0, NOW).expect("a token");
        let session = sessions.resumed(&login);
        let id = session.id;
        let user = UserId::from("race");

        let (ended, resumed) = tokio::join!(
            store.revoke_user("", &user, None),
            store.resume(session, DataValues::new(), rotated, login.token)
        );

        ended.expect("revoke_user");
        resumed.expect("resume");
        assert_eq!(
            store.load(id).await.expect("load"),
            None,
            "no session is left"
        );
        let login = store.load_remembered(login.id).await.expect("load");
        assert_eq!(login, None, "no remembered login is left");
    }
}

pub(super) async fn a_forgotten_browser_is_swept(store: &impl SessionStore, sessions: &Sessions) {
    let Remembered { login, .. } = sessions.remembered(store, "1").await;
    let expiry = SessionExpiry::default();

    store.sweep("", expiry, NOW).await.expect("sweep");
    let loaded = store.load_remembered(login.id).await.expect("load");
    assert!(loaded.is_some(), "the login has not expired");
    store.sweep("", expiry, NOW + HOUR).await.expect("sweep");

    let loaded = store.load_remembered(login.id).await.expect("load");
    assert_eq!(loaded, None);
}

/// The two sessions: one begun by the current token or with the login, and one by the previous
/// token.
pub(super) async fn a_remembered_login_has_two_sessions_at_most(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let first = sessions.remembered(store, "1").await;
    let other = sessions.remembered(store, "1").await;
    let (mut login, mut token) = (first.login, first.token);
    let mut there = [first.session.id].to_vec();
    for minute in 1..=6_u32 {
        let now = NOW + MINUTE * minute;
        let mut session = sessions.resumed(&login);
        session.created_at = now;
        session.is_from_replaced_token = minute % 3 != 1;
        let seen = login.token;
        if !session.is_from_replaced_token {
            (login, token) = login.rotated(&token, &sessions.0, now).expect("a token");
        }
        let values = DataValues::new();
        let resumed = store.resume(session.clone(), values, login.clone(), seen);
        assert!(resumed.await.expect("resume"));
        // The first place is for the current token.
        let place = usize::from(session.is_from_replaced_token);
        match there.get_mut(place) {
            Some(like) => {
                let ended = std::mem::replace(like, session.id);
                let loaded = store.load(ended).await.expect("load");
                assert_eq!(
                    loaded, None,
                    "the earlier session of the same kind has ended"
                );
            }
            None => there.push(session.id),
        }
        let listed = store.list_remembered(login.id).await;
        let listed = listed.expect("list_remembered").into_iter();
        let mut listed: Vec<_> = listed.map(|session| session.id).collect();
        let mut expected = there.clone();
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed, expected, "minute {minute}");
    }
    let loaded = store.load(other.session.id).await.expect("load");
    assert!(loaded.is_some(), "sessions of another login stay");
}
