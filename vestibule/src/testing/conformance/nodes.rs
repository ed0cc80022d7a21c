//! The rules for two nodes with one store.

use super::{HOUR, NOW, RACES, Remembered, Sessions, all, create};
use crate::session::{DataChanges, DataOutcome, DataValues, SessionExpiry, SessionStore, UserId};

pub(super) async fn what_one_writes_the_other_reads(
    here: &impl SessionStore,
    there: &impl SessionStore,
    sessions: &Sessions,
) {
    let Remembered { session, login, .. } = sessions.remembered(here, "1").await;

    let loaded = there.load(session.id).await.expect("load");
    assert_eq!(loaded.as_ref(), Some(&session));
    let loaded = there.load_remembered(login.id).await.expect("load");
    assert_eq!(loaded, Some(login));
    assert!(there.mark_stale(session.id).await.expect("mark_stale"));
    let loaded = here.load(session.id).await.expect("load");
    assert!(loaded.is_some_and(|session| !session.is_fresh));
    assert!(there.revoke(session.id).await.expect("revoke"));
    assert_eq!(here.load(session.id).await.expect("load"), None);
}

/// One node ends sessions, in every way, while the other touches, renews and writes to them.
pub(super) async fn what_one_ends_is_ended_for_both_in_a_race(
    here: &impl SessionStore,
    there: &impl SessionStore,
    sessions: &Sessions,
) {
    let mut before = Vec::new();
    for number in 0..RACES {
        let user = format!("race {number}");
        let Remembered { session, login, .. } = sessions.remembered(here, &user).await;
        let mut renewed = sessions.resumed(&login);
        renewed.renewed_from = Some(session.id);
        before.push((number, session, login, renewed));
    }

    let ends = all(before
        .iter()
        .map(async |(number, session, login, _)| match number % 3 {
            0 => drop(here.revoke(session.id).await.expect("revoke")),
            1 => drop(here.revoke_remembered(login.id).await.expect("revoke")),
            _ => {
                let ended = here.revoke_user("", &session.user_id, None).await;
                let _ = ended.expect("revoke_user");
            }
        }));
    let value = DataChanges::from([("a".to_owned(), Some("1".to_owned()))]);
    let uses = all(before.iter().map(async |(_, session, _, renewed)| {
        let touched = there.touch(&[session.id], NOW + HOUR / 4).await;
        touched.expect("touch");
        let renewed = there.renew(renewed.clone(), session.id).await;
        renewed.expect("renew");
        let written = there.change_data(session.id, &value).await;
        let _ = written.expect("change_data");
    }));
    tokio::join!(ends, uses);

    for (_, session, login, renewed) in &before {
        for id in [session.id, renewed.id] {
            assert_eq!(
                here.load(id).await.expect("load"),
                None,
                "ended at one node"
            );
            assert_eq!(
                there.load(id).await.expect("load"),
                None,
                "ended at the other node"
            );
            let left = there.load_data(id).await.expect("load_data");
            assert_eq!(left, DataValues::new(), "its values are deleted");
        }
        let left = there.load_remembered(login.id).await.expect("load");
        assert_eq!(left, None, "its remembered login has ended");
    }
}

pub(super) async fn nothing_is_resumed_at_one_after_the_end_at_the_other(
    here: &impl SessionStore,
    there: &impl SessionStore,
    sessions: &Sessions,
) {
    let user = UserId::from("resumed");
    let mut browsers = Vec::new();
    for _ in 0..RACES {
        browsers.push(sessions.remembered(here, "resumed").await);
    }

    let resumed = all(browsers.iter().map(async |browser| {
        let Remembered { login, token, .. } = browser;
        let (rotated, _) = login.rotated(token, &sessions.0, NOW).expect("a token");
        let session = sessions.resumed(login);
        let resumed = there.resume(session, DataValues::new(), rotated, login.token);
        resumed.await.expect("resume")
    }));
    let (_, ended) = tokio::join!(resumed, here.revoke_user("", &user, None));

    ended.expect("revoke_user");
    let left = there.list_user("", &user, None, 100).await;
    assert_eq!(
        left.expect("list_user"),
        [],
        "all sessions of the user have ended"
    );
}

/// If both nodes use a token at once, only one succeeds.
pub(super) async fn a_remember_token_is_used_once_at_one_of_them(
    here: &impl SessionStore,
    there: &impl SessionStore,
    sessions: &Sessions,
) {
    let Remembered { login, token, .. } = sessions.remembered(here, "1").await;
    let use_it = || {
        let (rotated, _) = login.rotated(&token, &sessions.0, NOW).expect("a token");
        (sessions.resumed(&login), rotated)
    };

    let at_here = all((0..RACES / 2).map(async |_| {
        let (session, rotated) = use_it();
        here.resume(session, DataValues::new(), rotated, login.token)
            .await
    }));
    let at_there = all((0..RACES / 2).map(async |_| {
        let (session, rotated) = use_it();
        there
            .resume(session, DataValues::new(), rotated, login.token)
            .await
    }));
    let (at_here, at_there) = tokio::join!(at_here, at_there);

    let resumed = at_here.into_iter().chain(at_there);
    let resumed = resumed.filter(|resumed| *resumed.as_ref().expect("resume"));
    assert_eq!(resumed.count(), 1, "once");
}

pub(super) async fn writes_at_both_undo_nothing(
    here: &impl SessionStore,
    there: &impl SessionStore,
    sessions: &Sessions,
) {
    let session = sessions.of("1");
    create(here, &session).await;
    let set = |number: usize| DataChanges::from([(number.to_string(), Some("1".to_owned()))]);

    let at_here =
        all((0..RACES / 2).map(async |number| here.change_data(session.id, &set(number)).await));
    let at_there =
        all((RACES / 2..RACES)
            .map(async |number| there.change_data(session.id, &set(number)).await));
    let (at_here, at_there) = tokio::join!(at_here, at_there);

    for outcome in at_here.into_iter().chain(at_there) {
        assert_eq!(outcome.expect("change_data"), DataOutcome::Written);
    }
    let values = here.load_data(session.id).await.expect("load_data");
    assert_eq!(values.len(), RACES, "every value is there");
}

/// Either the touch comes first and the session stays, or a sweep comes first and deletes it.
pub(super) async fn what_one_touches_while_both_sweep_is_there_or_not(
    here: &impl SessionStore,
    there: &impl SessionStore,
    sessions: &Sessions,
) {
    let expiry = SessionExpiry {
        idle: HOUR / 2,
        absolute: HOUR * 2,
    };
    let later = NOW + HOUR / 2;
    here.sweep("", expiry, later).await.expect("sweep");
    let mut idle = Vec::new();
    for _ in 0..RACES {
        let mut session = sessions.of("idle");
        session.expires_at = NOW + HOUR * 2;
        create(here, &session).await;
        idle.push(session.id);
    }

    let touches = all(idle.iter().map(async |id| {
        let touched = here.touch(&[*id], later).await;
        touched.expect("touch")
    }));
    let (touched, one, other) = tokio::join!(
        touches,
        here.sweep("", expiry, later),
        there.sweep("", expiry, later)
    );

    let swept = one.expect("sweep") + other.expect("sweep");
    assert_eq!(touched.iter().sum::<u64>() + swept, RACES as u64);
    for (id, touched) in idle.iter().zip(touched) {
        let loaded = there.load(*id).await.expect("load");
        assert_eq!(loaded.is_some(), touched == 1);
    }
}
