//! The rules for the app's own values.

use super::{NOW, RACES, Remembered, Sessions, create};
use crate::session::{
    DataChanges, DataOutcome, DataValues, MAX_DATA_BYTES, Replaced, SessionExpiry, SessionId,
    SessionStore, UserId,
};

async fn set(store: &impl SessionStore, id: SessionId, name: &str, value: &str) -> DataOutcome {
    let changes = DataChanges::from([(name.to_owned(), Some(value.to_owned()))]);
    store.change_data(id, &changes).await.expect("change_data")
}

async fn data(store: &impl SessionStore, id: SessionId) -> Vec<(String, String)> {
    let values: DataValues = store.load_data(id).await.expect("load_data");
    values.into_iter().collect()
}

fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

pub(super) async fn values_are_written_one_by_one(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    create(store, &session).await;
    assert_eq!(
        data(store, session.id).await,
        [],
        "a new session has no values"
    );

    let written = set(store, session.id, "a", "\"佐藤 ' 😀\"").await;
    assert_eq!(written, DataOutcome::Written);
    let changes = DataChanges::from([
        ("A".to_owned(), Some("1".to_owned())),
        ("b".to_owned(), Some("[]".to_owned())),
        ("never there".to_owned(), None),
    ]);
    let written = store.change_data(session.id, &changes).await;
    assert_eq!(written.expect("change_data"), DataOutcome::Written);
    let all = pairs(&[("A", "1"), ("a", "\"佐藤 ' 😀\""), ("b", "[]")]);
    assert_eq!(
        data(store, session.id).await,
        all,
        "all values are there, and names differ by case"
    );

    let changes = DataChanges::from([
        ("A".to_owned(), None),
        ("b".to_owned(), Some("2".to_owned())),
    ]);
    let written = store.change_data(session.id, &changes).await;
    assert_eq!(written.expect("change_data"), DataOutcome::Written);
    let rest = pairs(&[("a", "\"佐藤 ' 😀\""), ("b", "2")]);
    assert_eq!(
        data(store, session.id).await,
        rest,
        "one value is removed, one replaced, one unchanged"
    );
}

pub(super) async fn values_begin_with_their_session(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let values = pairs(&[("a", "\"佐藤 ' 😀\""), ("b", "[]")]);
    let begin: DataValues = values.clone().into_iter().collect();
    let created = sessions.of("1");
    let made = store.create(created.clone(), begin.clone(), None, Replaced::default());
    made.await.expect("create");
    assert_eq!(data(store, created.id).await, values);

    let Remembered {
        session,
        login,
        token,
    } = sessions.remembered(store, "1").await;
    let (rotated, _) = login.rotated(&token, &sessions.0, NOW).expect("a token");
    let mut resumed = Vec::new();
    for seen in [login.token, login.token] {
        let session = sessions.resumed(&login);
        let id = session.id;
        let begun = store.resume(session.clone(), begin.clone(), rotated.clone(), seen);
        let begun = begun.await.expect("resume");
        if !begun {
            // This would pick up values that were left behind.
            create(store, &session).await;
        }
        resumed.push((begun, data(store, id).await));
    }
    let once = [(true, values.clone()), (false, Vec::new())];
    assert_eq!(
        resumed, once,
        "values are written once, and only with their session"
    );

    let replaced = Replaced {
        session: Some(session.id),
        remembered: Some(login.id),
    };
    let next = sessions.of("1");
    let made = store.create(next.clone(), begin.clone(), None, replaced);
    made.await.expect("create");
    assert_eq!(
        data(store, next.id).await,
        values,
        "a session that replaces another has its values"
    );

    let other = DataValues::from([("c".to_owned(), "1".to_owned())]);
    let mut taken = sessions.of("2");
    taken.id = created.id;
    let replaced = Replaced {
        session: Some(next.id),
        remembered: None,
    };
    let made = store.create(taken, other, None, replaced);
    assert!(
        made.await.is_err(),
        "a second session with that id is rejected"
    );
    for id in [created.id, next.id] {
        assert_eq!(
            data(store, id).await,
            values,
            "the rejected session changed no values"
        );
    }
}

/// Almost as many small values as fit, because statements and scripts have limits of their own.
pub(super) async fn there_may_be_very_many(store: &impl SessionStore, sessions: &Sessions) {
    let name = |number: usize| format!("{number:x}");
    let many: DataValues = (0..6_000)
        .map(|number| (name(number), "1".to_owned()))
        .collect();
    let session = sessions.of("1");
    let made = store.create(session.clone(), many.clone(), None, Replaced::default());
    made.await.expect("create");
    assert_eq!(data(store, session.id).await.len(), many.len());

    for value in [Some("2".to_owned()), None] {
        let changes = many.keys().map(|name| (name.clone(), value.clone()));
        let changes: DataChanges = changes.collect();
        let written = store.change_data(session.id, &changes).await;
        assert_eq!(written.expect("change_data"), DataOutcome::Written);
        let changed = store.load_data(session.id).await.expect("load_data");
        let kept: DataValues = changes
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        assert_eq!(changed, kept);
    }
}

pub(super) async fn values_end_with_their_session(store: &impl SessionStore, sessions: &Sessions) {
    let (ended, swept, of_user) = (sessions.of("1"), sessions.of("2"), sessions.of("gone"));
    for session in [&ended, &swept, &of_user] {
        create(store, session).await;
        let written = set(store, session.id, "a", "1").await;
        assert_eq!(written, DataOutcome::Written);
    }

    store.revoke(ended.id).await.expect("revoke");
    let gone = UserId::from("gone");
    store
        .revoke_user("", &gone, None)
        .await
        .expect("revoke_user");
    let expiry = SessionExpiry::default();
    let later = NOW + expiry.absolute;
    store.sweep("", expiry, later).await.expect("sweep");

    for session in [&ended, &swept, &of_user] {
        assert_eq!(
            data(store, session.id).await,
            [],
            "the ended session's values are deleted"
        );
        let late = set(store, session.id, "a", "2").await;
        assert_eq!(late, DataOutcome::NoSession, "nothing to write to");
        create(store, session).await;
        assert_eq!(data(store, session.id).await, [], "nothing was left behind");
    }
}

pub(super) async fn values_go_on_with_a_renewed_session(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let session = sessions.of("1");
    create(store, &session).await;
    let written = set(store, session.id, "a", "1").await;
    assert_eq!(written, DataOutcome::Written);
    let mut renewed = sessions.of("1");
    renewed.public_id.clone_from(&session.public_id);
    renewed.renewed_from = Some(session.id);

    let was_there = store.renew(renewed.clone(), session.id).await;

    assert!(was_there.expect("renew"));
    assert_eq!(data(store, renewed.id).await, pairs(&[("a", "1")]));
    // A request that began before the renewal does not lose its writes.
    let late = set(store, session.id, "b", "2").await;
    assert_eq!(late, DataOutcome::Written);
    let both = pairs(&[("a", "1"), ("b", "2")]);
    assert_eq!(data(store, renewed.id).await, both);
    assert_eq!(data(store, session.id).await, both, "and reads it");
    store.revoke(renewed.id).await.expect("revoke");
    assert_eq!(
        data(store, renewed.id).await,
        [],
        "the ended session's values are deleted"
    );
}

pub(super) async fn there_is_a_limit_to_them(store: &impl SessionStore, sessions: &Sessions) {
    let session = sessions.of("1");
    create(store, &session).await;
    let most = "x".repeat(MAX_DATA_BYTES - 2);
    let written = set(store, session.id, "a", "1").await;
    assert_eq!(written, DataOutcome::Written);

    let too_much = set(store, session.id, "b", &most).await;

    assert_eq!(too_much, DataOutcome::TooMuch);
    assert_eq!(
        data(store, session.id).await,
        pairs(&[("a", "1")]),
        "nothing happened"
    );
    let most = &most[1..];
    assert_eq!(
        set(store, session.id, "b", most).await,
        DataOutcome::Written
    );
    assert_eq!(
        set(store, session.id, "a", "22").await,
        DataOutcome::TooMuch
    );
    assert_eq!(set(store, session.id, "b", "2").await, DataOutcome::Written);
}

pub(super) async fn parallel_writes_undo_nothing_and_keep_the_limit(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    let session = sessions.of("1");
    create(store, &session).await;
    let third = "x".repeat(MAX_DATA_BYTES / 3);
    let some = "x".repeat(MAX_DATA_BYTES / 100);

    for race in 0..RACES {
        let name = format!("n{race}");
        let (first, second, third, fourth) = tokio::join!(
            set(store, session.id, "first", &third),
            set(store, session.id, "second", &third),
            set(store, session.id, "third", &third),
            set(store, session.id, &name, &some),
        );
        let outcomes = [first, second, third, fourth];
        let values = store.load_data(session.id).await.expect("load_data");
        for (name, outcome) in ["first", "second", "third", &name].iter().zip(outcomes) {
            assert_eq!(
                values.contains_key(*name),
                outcome == DataOutcome::Written,
                "what was written is there, and nothing else"
            );
        }
        let bytes: usize = values
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        assert!(bytes <= MAX_DATA_BYTES, "{bytes} bytes");
        let all = values.into_keys().map(|name| (name, None)).collect();
        let removed = store.change_data(session.id, &all).await;
        assert_eq!(removed.expect("change_data"), DataOutcome::Written);
    }
}

pub(super) async fn a_late_write_in_a_race_revives_nothing(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for _ in 0..RACES {
        let session = sessions.of("1");
        create(store, &session).await;

        let (_, revoked, _) = tokio::join!(
            set(store, session.id, "a", "1"),
            store.revoke(session.id),
            set(store, session.id, "b", "2"),
        );

        assert!(revoked.expect("revoke"));
        assert_eq!(store.load(session.id).await.expect("load"), None);
        assert_eq!(data(store, session.id).await, []);
        create(store, &session).await;
        assert_eq!(data(store, session.id).await, [], "nothing was left behind");
    }
}

pub(super) async fn a_write_beside_a_renewal_is_not_lost(
    store: &impl SessionStore,
    sessions: &Sessions,
) {
    for _ in 0..RACES {
        let session = sessions.of("1");
        create(store, &session).await;
        let mut renewed = sessions.of("1");
        renewed.public_id.clone_from(&session.public_id);
        renewed.renewed_from = Some(session.id);

        let (before, was_there, after) = tokio::join!(
            set(store, session.id, "a", "1"),
            store.renew(renewed.clone(), session.id),
            set(store, session.id, "b", "2"),
        );

        assert!(was_there.expect("renew"));
        assert_eq!(
            (before, after),
            (DataOutcome::Written, DataOutcome::Written)
        );
        let both = pairs(&[("a", "1"), ("b", "2")]);
        assert_eq!(data(store, renewed.id).await, both);
    }
}
