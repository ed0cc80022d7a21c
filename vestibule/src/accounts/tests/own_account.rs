//! Changes that users may make to their own account.

use super::administration::{account, accounts_of, admin};
use crate::accounts::{ADMIN, Actor, ChangeOutcome};
use crate::crypto::secret::Secret;

#[tokio::test]
async fn users_change_their_own_account_and_nothing_else() {
    use ChangeOutcome::{ActorLacksRole, Done};
    let accounts = accounts_of(&["alice", "bob"]).await;
    let (alice, bob) = (
        account(&accounts, "alice").await,
        account(&accounts, "bob").await,
    );
    let role = ADMIN.parse().unwrap();
    let editor = "editor".parse().unwrap();
    let email = "alice@example.com".parse().unwrap();
    let password = Secret::from("another");
    let themself = || accounts.by(Actor::themself(&alice));

    // Users must not gain rights or reach other users this way: nothing that needs a role.
    for outcome in [
        themself().grant_role(&alice.id, &role).await,
        themself().revoke_role(&alice.id, &role).await,
        themself().add_role(&editor).await,
        themself().disable(&alice.id).await,
        themself().enable(&alice.id).await,
        themself().demand_new_password(&alice.id).await,
        themself()
            .set_temporary_password(&alice.id, &password)
            .await,
        themself().set_email(&bob.id, Some(&email)).await,
        themself().set_password(&bob.id, &password).await,
        themself().end_sessions(&bob.id).await,
        themself().end_session(&bob.id, "x").await,
        themself().delete(&bob.id).await,
        themself().add(&"carol".parse().unwrap(), &password).await,
    ] {
        assert_eq!(outcome.unwrap(), ActorLacksRole);
    }

    let changed = themself().set_email(&alice.id, Some(&email)).await;
    assert_eq!(changed.unwrap(), Done);
    let gone = themself().end_session(&alice.id, "x").await;
    assert_eq!(gone.unwrap(), ChangeOutcome::NoSuchSession);
    let ended = themself().end_sessions(&alice.id).await;
    assert_eq!(ended.unwrap(), Done);
    let stale = themself().set_password(&alice.id, &password).await;
    assert_eq!(stale.unwrap(), ActorLacksRole, "of an earlier epoch");
    let alice = account(&accounts, "alice").await;
    let now = accounts.by(Actor::themself(&alice));
    assert_eq!(now.set_password(&alice.id, &password).await.unwrap(), Done);
}

/// Attack: filling the log.
#[tokio::test]
async fn users_cannot_fill_the_security_log_with_changes_to_their_own_account() {
    let accounts = accounts_of(&["alice"]).await;
    let alice = account(&accounts, "alice").await;
    let themself = accounts.by(Actor::themself(&alice));

    for i in 0..40 {
        let email = format!("alice{i}@example.com").parse().unwrap();
        let changed = themself.set_email(&alice.id, Some(&email)).await;
        assert_eq!(changed.unwrap(), ChangeOutcome::Done);
    }

    let lines = accounts.security_log(Some(&alice.id), None, 100).await;
    assert!(lines.unwrap().len() < 15);
    let alice = account(&accounts, "alice").await;
    assert_eq!(alice.email.as_deref(), Some("alice39@example.com"));
}

#[tokio::test]
async fn the_last_admin_cannot_delete_themself_as_a_user_either() {
    let accounts = accounts_of(&["carol"]).await;
    admin(&accounts, "carol").await;
    let carol = account(&accounts, "carol").await;

    let deleted = accounts.by(Actor::themself(&carol)).delete(&carol.id).await;

    assert_eq!(deleted.unwrap(), ChangeOutcome::LastAdmin);
}
