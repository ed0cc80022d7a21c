//! The rules for sessions.

use std::time::Duration;

use super::{HOUR, MINUTE, NOW, RACES, Remembered, Sessions, all, create};
use crate::session::{
    DataValues, ListedSession, MAX_REALM_CHARS, Replaced, SessionExpiry, SessionStore, Slots,
    UserId, anonymous_realm, pending_realm,
};

pub(super) async fn what_is_created_is_loaded_as_it_was(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let session = sessions.of("佐藤");
    let nobodys = sessions.of("佐藤");

    create(store, &session).await;

    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded.as_ref(), Some(&session), "loaded as created");
    let unknown = store.load(nobodys.id).await.expect("load");
    assert_eq!(unknown, None, "an unknown id has no session");
}

pub(super) async fn an_id_is_created_once(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    let mut foreign = sessions.of("2");
    foreign.id = session.id;
    create(store, &session).await;

    let again = store
        .create(foreign, DataValues::new(), None, Replaced::default())
        .await;

    assert!(again.is_err(), "a second session with that id is rejected");
    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded, Some(session), "the first session is unchanged");
}

pub(super) async fn a_replaced_session_is_gone(store: &impl SessionStore, sessions: &Sessions) {
    let (old, new) = (sessions.of("1"), sessions.of("1"));
    create(store, &old).await;

    let replaced = Replaced {
        session: Some(old.id),
        remembered: None,
    };
    let created = store
        .create(new.clone(), DataValues::new(), None, replaced)
        .await;
    created.expect("create");

    assert_eq!(store.load(old.id).await.expect("load"), None, "replaced");
    assert_eq!(store.load(new.id).await.expect("load"), Some(new));
}

pub(super) async fn what_is_revoked_stays_revoked(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    create(store, &session).await;
    let touched = store.touch(&[session.id], NOW + HOUR).await.expect("touch");
    assert_eq!(touched, 1, "a live session is touched");

    assert!(
        store.revoke(session.id).await.expect("revoke"),
        "an existing session is revoked"
    );

    let touched = store.touch(&[session.id], NOW + HOUR).await.expect("touch");
    assert_eq!(touched, 0, "a late touch does not find it");
    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded, None, "a late touch does not revive it");
    assert!(
        !store.revoke(session.id).await.expect("revoke"),
        "only once"
    );
}

pub(super) async fn all_sessions_of_a_user_end_but_the_kept_one(
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
    assert_eq!(loaded, Some(elsewhere), "realms differ");
    let count = store
        .revoke_user("", &user, None)
        .await
        .expect("revoke_user");
    assert_eq!(count, 1, "all sessions end if none is kept");
}

pub(super) async fn the_sessions_of_a_user_are_listed_and_nobody_elses(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let (first, second) = (sessions.of("lister"), sessions.of("lister"));
    let others = sessions.of("LISTER");
    let mut elsewhere = sessions.of("lister");
    elsewhere.realm = "admin".to_owned();
    for session in [&first, &second, &others, &elsewhere] {
        create(store, session).await;
    }
    store.touch(&[first.id], NOW + HOUR).await.expect("touch");

    let listed = store
        .list_user("", &UserId::from("lister"), None, 100)
        .await;

    let listed: Vec<_> = listed
        .expect("list_user")
        .into_iter()
        .map(|s| s.id)
        .collect();
    assert_eq!(listed, [first.id, second.id], "the last seen first");
    let nobodys = store
        .list_user("", &UserId::from("nobody"), None, 100)
        .await;
    assert_eq!(
        nobodys.expect("list_user"),
        [],
        "an unknown user has no sessions"
    );
    store.revoke(first.id).await.expect("revoke");
    let listed = store
        .list_user("", &UserId::from("lister"), None, 100)
        .await;
    assert_eq!(listed.expect("list_user"), [second], "an ended one is gone");
}

/// Some were last used at the same time, and some change their place while the list is read.
pub(super) async fn a_user_s_sessions_are_listed_in_pages(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let user = UserId::from("pages");
    let made: Vec<_> = (0..12).map(|_| sessions.of("pages")).collect();
    for (index, session) in made.iter().enumerate() {
        create(store, session).await;
        let seen = NOW + MINUTE * u32::try_from(index / 4).unwrap_or_default();
        store.touch(&[session.id], seen).await.expect("touch");
    }
    let all = store.list_user("", &user, None, 100).await;
    let all = all.expect("list_user");
    let places: Vec<_> = all.iter().map(|s| (s.last_seen_at, s.id)).collect();
    assert_eq!(places.len(), 12);
    assert!(places.is_sorted_by(|a, b| a > b), "the last seen first");

    for limit in [1, 2, 5, 12, 13] {
        let (mut after, mut listed) = (None, Vec::new());
        loop {
            let page = store.list_user("", &user, after, limit).await;
            let page = page.expect("list_user");
            assert!(page.len() <= limit, "a page is not longer than its limit");
            after = page.last().map(ListedSession::from);
            let is_last = page.len() < limit;
            listed.extend(page);
            if is_last {
                break;
            }
        }
        assert_eq!(listed, all, "each once, in pages of {limit}");
    }
    let (third, rest) = (&all[2], &all[3..]);
    store.touch(&[third.id], NOW + HOUR).await.expect("touch");
    let page = store.list_user("", &user, Some(third.into()), 100).await;
    assert_eq!(
        page.expect("list_user"),
        rest,
        "a page continues after the session's old place"
    );
    store.revoke(third.id).await.expect("revoke");
    let page = store.list_user("", &user, Some(third.into()), 100).await;
    assert_eq!(
        page.expect("list_user"),
        rest,
        "a page continues after a session that has ended"
    );
}

pub(super) async fn a_session_is_found_by_its_public_id_among_its_user_s(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let (session, others) = (sessions.of("found"), sessions.of("others"));
    let mut elsewhere = sessions.of("found");
    elsewhere.realm = "admin".to_owned();
    for session in [&session, &others, &elsewhere] {
        create(store, session).await;
    }
    let user = UserId::from("found");

    for (wanted, expected) in [
        (&session, Some(&session)),
        (&others, None),
        (&elsewhere, None),
    ] {
        let found = store.load_by_public_id("", &user, &wanted.public_id).await;
        assert_eq!(found.expect("load_by_public_id").as_ref(), expected);
    }
    for nobodys in ["", "%", "' OR 1=1 --", "*", "[a-z]*"] {
        let found = store.load_by_public_id("", &user, nobodys).await;
        assert_eq!(found.expect("load_by_public_id"), None, "{nobodys}");
    }
    store.revoke(session.id).await.expect("revoke");
    let found = store.load_by_public_id("", &user, &session.public_id).await;
    assert_eq!(found.expect("load_by_public_id"), None, "ended");
}

/// Such a session is in a realm that no login manager can have, with an id that no user can have.
pub(super) async fn a_session_may_be_an_anonymous_visitor_s(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let longest = "r".repeat(MAX_REALM_CHARS);
    for realm in ["", &longest] {
        let anonymous = anonymous_realm(realm);
        let mut session = sessions.of("anonymous");
        session.user_id = session.public_id.as_str().into();
        session.realm.clone_from(&anonymous);
        let mut users = sessions.of(session.user_id.as_str());
        realm.clone_into(&mut users.realm);
        create(store, &session).await;
        create(store, &users).await;

        let loaded = store.load(session.id).await.expect("load");
        assert_eq!(loaded.as_ref(), Some(&session), "loaded as created");
        let listed = store
            .list_user(&anonymous, &session.user_id, None, 100)
            .await;
        assert_eq!(listed.expect("list_user"), [session.clone()]);
        let ended = store.revoke_user(realm, &session.user_id, None).await;
        assert_eq!(
            ended.expect("revoke_user"),
            1,
            "only the user's session ends"
        );
        let expiry = SessionExpiry::default();
        store.sweep(realm, expiry, NOW + HOUR).await.expect("sweep");
        let loaded = store.load(session.id).await.expect("load");
        assert!(loaded.is_some(), "realms are swept one by one");
        store
            .sweep(&anonymous, expiry, NOW + HOUR)
            .await
            .expect("sweep");
        let loaded = store.load(session.id).await.expect("load");
        assert_eq!(loaded, None, "swept");
    }
}

/// Such a session is in a realm that no login manager can have, of a user who has other sessions.
pub(super) async fn a_session_may_be_a_log_in_proved_in_part(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let realm = pending_realm(&"r".repeat(MAX_REALM_CHARS));
    let mut pending = sessions.of("half way");
    pending.realm.clone_from(&realm);
    let users = sessions.of("half way");
    let data = DataValues::from([("next".to_owned(), "/a?b=1&c=佐藤".to_owned())]);
    let created = store
        .create(pending.clone(), data.clone(), None, Replaced::default())
        .await;
    created.expect("create");
    create(store, &users).await;

    let loaded = store.load(pending.id).await.expect("load");
    assert_eq!(loaded.as_ref(), Some(&pending), "loaded as created");
    let loaded = store.load_data(pending.id).await.expect("load_data");
    assert_eq!(loaded, data, "a pending login has its values");
    let listed = store.list_user("", &users.user_id, None, 100).await;
    assert_eq!(
        listed.expect("list_user"),
        std::slice::from_ref(&users),
        "the pending login is in no list"
    );
    let uses = all((0..RACES).map(|_| store.revoke(pending.id))).await;
    let used = uses
        .into_iter()
        .filter(|used| *used.as_ref().expect("revoke"));
    assert_eq!(used.count(), 1, "of many uses at once one succeeds");
    let ended = store.revoke_user(&realm, &users.user_id, None).await;
    assert_eq!(
        ended.expect("revoke_user"),
        0,
        "a used pending login is gone"
    );
    let loaded = store.load(users.id).await.expect("load");
    assert_eq!(loaded, Some(users), "the user's session stays");
}

pub(super) async fn the_sweep_takes_the_expired_only(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let expiry = SessionExpiry {
        idle: HOUR / 2,
        absolute: HOUR,
    };
    store
        .sweep("", expiry, NOW + HOUR * 24)
        .await
        .expect("sweep");
    let (idle, busy) = (sessions.of("1"), sessions.of("2"));
    for session in [&idle, &busy] {
        create(store, session).await;
    }
    let later = NOW + HOUR * 3 / 4;
    store.touch(&[busy.id], later).await.expect("touch");

    let elsewhere = store.sweep("shop", expiry, later).await.expect("sweep");
    assert_eq!(elsewhere, 0, "each realm has its own expiry");
    let swept = store.sweep("", expiry, later).await.expect("sweep");

    assert_eq!(swept, 1, "one session was idle too long");
    assert_eq!(store.load(idle.id).await.expect("load"), None);
    assert!(store.load(busy.id).await.expect("load").is_some());
    let swept = store.sweep("", expiry, NOW + HOUR).await.expect("sweep");
    assert_eq!(swept, 1, "a session ends even if it is in use");

    let mut ahead = sessions.of("1");
    ahead.created_at = NOW + HOUR;
    ahead.last_seen_at = NOW + HOUR;
    ahead.expires_at = NOW + HOUR * 2;
    create(store, &ahead).await;
    let swept = store.sweep("", expiry, NOW).await.expect("sweep");
    assert_eq!(
        swept, 0,
        "a session of a node whose clock is ahead has not expired"
    );
    store.revoke(ahead.id).await.expect("revoke");
}

/// Many more than one batch of a sweep.
pub(super) async fn the_sweep_takes_all_that_has_expired(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let expiry = SessionExpiry::default();
    const EXPIRED: u64 = 1_203;
    for _ in 0..EXPIRED {
        create(store, &sessions.of("swept")).await;
    }

    let swept = store.sweep("", expiry, NOW + HOUR).await.expect("sweep");

    assert_eq!(swept, EXPIRED);
    let left = store.list_user("", &UserId::from("swept"), None, 100).await;
    assert_eq!(left.expect("list_user"), []);
}

/// Either the touch comes first and the session stays, or the sweep comes first and deletes it.
pub(super) async fn a_session_that_is_touched_while_it_is_swept_is_there_or_not(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let expiry = SessionExpiry {
        idle: HOUR / 2,
        absolute: HOUR * 2,
    };
    let later = NOW + HOUR / 2;
    for _ in 0..RACES {
        let mut session = sessions.of("1");
        session.expires_at = NOW + HOUR * 2;
        create(store, &session).await;
        let ids = [session.id];

        let (touched, swept) =
            tokio::join!(store.touch(&ids, later), store.sweep("", expiry, later));

        let (touched, swept) = (touched.expect("touch"), swept.expect("sweep"));
        assert_eq!(touched + swept, 1, "one of them finds it as it was");
        let loaded = store.load(session.id).await.expect("load");
        assert_eq!(loaded.is_some(), touched == 1);
        store.revoke(session.id).await.expect("revoke");
    }
}

/// A store with a feed invalidates each change before the call returns.
pub(super) async fn what_changes_is_told(store: &impl SessionStore, sessions: &Sessions) {
    let Some(feed) = store.feed() else {
        return;
    };
    let other = sessions.of("somebody else");
    create(store, &other).await;
    for change in Change::ALL {
        let user = UserId::from("told");
        let made = sessions.remembered(store, "told").await;
        let session = made.session;
        let slots = Slots::of(&session);
        let before = feed.version(&slots);

        match change {
            Change::Touch => drop(store.touch(&[session.id], NOW).await),
            Change::MarkStale => drop(store.mark_stale(session.id).await),
            Change::Renew => {
                let mut renewed = sessions.of("told");
                renewed.renewed_from = Some(session.id);
                assert!(store.renew(renewed, session.id).await.expect("renew"));
            }
            Change::Replace => {
                let replaced = Replaced {
                    session: Some(session.id),
                    remembered: None,
                };
                let created = store
                    .create(sessions.of("told"), DataValues::new(), None, replaced)
                    .await;
                created.expect("create");
            }
            Change::ReplaceRemembered => {
                let replaced = Replaced {
                    session: None,
                    remembered: session.remembered,
                };
                let created = store
                    .create(sessions.of("told"), DataValues::new(), None, replaced)
                    .await;
                created.expect("create");
            }
            Change::Revoke => drop(store.revoke(session.id).await),
            Change::RevokeRemembered => drop(store.revoke_remembered(made.login.id).await),
            Change::RevokeUser => drop(store.revoke_user("", &user, None).await),
        }

        let is_told = feed.version(&slots) != before;
        assert_eq!(is_told, !matches!(change, Change::Touch), "{change:?}");
        store
            .revoke_user("", &user, None)
            .await
            .expect("revoke_user");
    }
    store.revoke(other.id).await.expect("revoke");
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Touch,
    MarkStale,
    Renew,
    Replace,
    ReplaceRemembered,
    Revoke,
    RevokeRemembered,
    RevokeUser,
}

impl Change {
    const ALL: [Self; 8] = [
        Self::Touch,
        Self::MarkStale,
        Self::Renew,
        Self::Replace,
        Self::ReplaceRemembered,
        Self::Revoke,
        Self::RevokeRemembered,
        Self::RevokeUser,
    ];
}

pub(super) async fn a_late_touch_in_a_race_revives_nothing(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for _ in 0..RACES {
        let session = sessions.of("1");
        let id = session.id;
        create(store, &session).await;

        let touches = async {
            for second in 0..5 {
                store
                    .touch(&[id], NOW + Duration::from_secs(second))
                    .await
                    .expect("touch");
            }
        };
        let (revoked, ()) = tokio::join!(store.revoke(id), touches);

        assert!(revoked.expect("revoke"));
        assert_eq!(store.load(id).await.expect("load"), None, "not revived");
    }
}

pub(super) async fn a_renewed_session_takes_the_place_of_the_old_one(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let Remembered { session, login, .. } = sessions.remembered(store, "1").await;
    let (mut new, late) = (sessions.resumed(&login), sessions.of("1"));
    new.renewed_from = Some(session.id);
    new.public_id.clone_from(&session.public_id);

    let renewed = store.renew(new.clone(), session.id).await.expect("renew");

    assert!(renewed, "an existing session is renewed");
    assert_eq!(store.load(session.id).await.expect("load"), None);
    assert_eq!(store.load(new.id).await.expect("load"), Some(new.clone()));
    let loaded = store.load_remembered(login.id).await.expect("load");
    assert_eq!(loaded, Some(login), "the remembered login of both stays");
    store.revoke(new.id).await.expect("revoke");
    let renewed = store.renew(late.clone(), new.id).await.expect("renew");
    assert!(!renewed, "an ended session is not renewed");
    assert_eq!(store.load(late.id).await.expect("load"), None);
}

/// The caller has read the session's id before, and the session may have been renewed since.
pub(super) async fn ending_a_session_ends_what_it_was_renewed_as(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for replace in [true, false] {
        let (old, mut new) = (sessions.of("1"), sessions.of("1"));
        new.renewed_from = Some(old.id);
        let Remembered { session, login, .. } = sessions.remembered(store, "1").await;
        let mut resumed = sessions.resumed(&login);
        resumed.renewed_from = Some(session.id);
        create(store, &old).await;
        for (before, after) in [(&old, &new), (&session, &resumed)] {
            let renewed = store.renew(after.clone(), before.id).await;
            assert!(renewed.expect("renew"));
            if replace {
                let replaced = Replaced {
                    session: Some(before.id),
                    remembered: None,
                };
                let next = sessions.of("1");
                let created = store.create(next, DataValues::new(), None, replaced).await;
                created.expect("create");
            } else {
                assert!(store.revoke(before.id).await.expect("revoke"));
            }
            assert_eq!(store.load(after.id).await.expect("load"), None);
        }
        let loaded = store.load_remembered(login.id).await.expect("load");
        assert_eq!(loaded, None, "its remembered login has ended");
    }
}

/// The id of the session to keep may be outdated, too.
pub(super) async fn what_a_kept_session_was_renewed_as_is_kept(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let Remembered { session, login, .. } = sessions.remembered(store, "keeper").await;
    let (mut renewed, ended) = (sessions.resumed(&login), sessions.of("keeper"));
    renewed.renewed_from = Some(session.id);
    create(store, &ended).await;
    let done = store.renew(renewed.clone(), session.id).await;
    assert!(done.expect("renew"));

    let user = UserId::from("keeper");
    let count = store.revoke_user("", &user, Some(session.id)).await;

    assert_eq!(count.expect("revoke_user"), 1, "the other session ends");
    let loaded = store.load(renewed.id).await.expect("load");
    assert_eq!(loaded, Some(renewed), "the renewed session stays");
    let loaded = store.load_remembered(login.id).await.expect("load");
    assert_eq!(loaded, Some(login), "its remembered login stays");
    let count = store.revoke_user("", &user, None).await;
    assert_eq!(count.expect("revoke_user"), 1);
}

/// If a session is renewed and ended at the same time, it ends.
pub(super) async fn nothing_is_renewed_past_its_end_in_a_race(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for round in 0..60 {
        let Remembered { session, login, .. } = sessions.remembered(store, "race").await;
        let mut renewed = sessions.resumed(&login);
        renewed.renewed_from = Some(session.id);
        let id = renewed.id;
        let user = UserId::from("race");
        let end = async {
            match round % 3 {
                0 => drop(store.revoke(session.id).await.expect("revoke")),
                1 => drop(store.revoke_user("", &user, None).await.expect("revoke")),
                _ => drop(store.revoke_remembered(login.id).await.expect("revoke")),
            }
        };

        let (renewed, ()) = tokio::join!(store.renew(renewed, session.id), end);

        renewed.expect("renew");
        assert_eq!(
            store.load(id).await.expect("load"),
            None,
            "an ended session is not renewed"
        );
    }
}

pub(super) async fn a_stale_session_stays_stale(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    create(store, &session).await;

    assert!(store.mark_stale(session.id).await.expect("mark_stale"));

    store.touch(&[session.id], NOW).await.expect("touch");
    let loaded = store.load(session.id).await.expect("load");
    assert!(loaded.is_some_and(|session| !session.is_fresh));
    store.revoke(session.id).await.expect("revoke");
    let marked = store.mark_stale(session.id).await.expect("mark_stale");
    assert!(!marked, "marking an ended session does not revive it");
    assert_eq!(store.load(session.id).await.expect("load"), None);
}

pub(super) async fn a_check_of_writes_changes_no_session(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let session = sessions.of("writes");
    create(store, &session).await;

    store.check_writes().await.expect("check_writes");

    let loaded = store.load(session.id).await.expect("load");
    assert_eq!(loaded.as_ref(), Some(&session), "the session is unchanged");
    let listed = store.list_user(&session.realm, &session.user_id, None, 10);
    assert_eq!(
        listed.await.expect("list_user"),
        [session],
        "no session was added"
    );
}
