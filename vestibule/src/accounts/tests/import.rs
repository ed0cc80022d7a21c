//! Users moved in from another system, and finding users by their address.

use super::administration::{account, accounts_of};
use crate::accounts::{Actor, ChangeOutcome};
use crate::credentials::{EmailUsers, PasswordUsers};
use crate::crypto::secret::Secret;
use crate::password::PasswordHash;

/// Flask-Bcrypt's hash of `open sesame`.
const HASH: &str = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.";

fn bcrypt_hash() -> PasswordHash {
    let bcrypt = crate::password::bcrypt::generate_password_hash("open sesame", Some(4), None);
    PasswordHash::from_stored(bcrypt.unwrap())
}

#[tokio::test]
async fn an_imported_user_logs_in_with_their_old_password_and_the_log_says_who_imported_them() {
    let accounts = accounts_of(&[]).await;
    let (name, email) = (
        "alice".parse().unwrap(),
        "alice@example.com".parse().unwrap(),
    );
    let operator = accounts.by(Actor::operator());

    let imported = operator.import(&name, Some(&email), &bcrypt_hash()).await;

    assert_eq!(imported.unwrap(), ChangeOutcome::Done);
    let found = accounts.find_by_email(&email).await.unwrap().unwrap();
    assert_eq!(found.name(), "alice");
    let lines = accounts.security_log(Some(&found.id), None, 9).await;
    let line = lines.unwrap().remove(0);
    assert_eq!(
        (&*line.action, &*line.actor),
        ("account added", "command line")
    );
    assert_eq!(line.detail.as_deref(), Some("imported"));
    let (_, hash) = accounts.find_with_hash("alice").await.unwrap().unwrap();
    let passwords = &accounts.inner.passwords;
    let typed = Secret::from("open sesame");
    let right = passwords.verify(&typed, hash.as_ref()).await;
    assert!(right.unwrap());
}

#[tokio::test]
async fn a_taken_name_and_a_hash_that_nobody_can_log_in_by_are_said_and_write_nothing() {
    let accounts = accounts_of(&["alice"]).await;
    let operator = accounts.by(Actor::operator());
    let before = account(&accounts, "alice").await;

    let (name, hash) = ("ALICE".parse().unwrap(), bcrypt_hash());
    let look_alike = operator.import(&name, None, &hash).await;
    assert_eq!(look_alike.unwrap(), ChangeOutcome::NameTaken);
    for text in ["", "plain text", HASH, "md5$abc$def", &"$2b$".repeat(99)] {
        let hash = PasswordHash::from_stored(text);
        let broken = operator.import(&"bob".parse().unwrap(), None, &hash).await;
        assert_eq!(broken.unwrap(), ChangeOutcome::UnusableHash, "{text}");
    }

    assert_eq!(account(&accounts, "alice").await, before);
    assert!(accounts.find("bob").await.unwrap().is_none());
}

#[tokio::test]
async fn a_user_without_the_role_imports_nobody() {
    let accounts = accounts_of(&["mallory"]).await;
    let mallory = account(&accounts, "mallory").await;
    let name = "alice".parse().unwrap();

    for actor in [
        Actor::themself(&mallory),
        Actor::user(&mallory, "admin".parse().unwrap()),
    ] {
        let imported = accounts.by(actor).import(&name, None, &bcrypt_hash()).await;
        assert_eq!(imported.unwrap(), ChangeOutcome::ActorLacksRole);
    }
    assert!(accounts.find("alice").await.unwrap().is_none());
}
