//! At most one account owns a mail address.

use super::administration::{account, accounts_in, accounts_of};
use crate::accounts::{Account, Accounts, Actor, ChangeOutcome};
use crate::credentials::{EmailChange, EmailUsers};
use crate::database::Database;
use crate::login::Sender;
use crate::mail::Email;
use crate::testing::fresh_database_url;
use sea_orm::ConnectionTrait;

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

async fn owner(accounts: &Accounts, text: &str) -> Option<String> {
    let found = accounts.find_by_email(&email(text)).await.unwrap();
    found.and_then(|account| account.username)
}

async fn set(accounts: &Accounts, name: &str, text: Option<&str>) -> ChangeOutcome {
    let id = account(accounts, name).await.id;
    let email = text.map(email);
    let operator = accounts.by(Actor::operator());
    operator.set_email(&id, email.as_ref()).await.unwrap()
}

async fn verify(accounts: &Accounts, name: &str, text: &str) -> EmailChange<Account> {
    let account = account(accounts, name).await;
    let (email, from) = (email(text), Sender::at(None));
    let verified = accounts.set_verified_email(&account, &email, &from);
    verified.await.unwrap()
}

#[tokio::test]
async fn an_address_belongs_to_one_account_however_it_is_written() {
    let accounts = accounts_of(&["alice", "bob"]).await;

    let first = set(&accounts, "alice", Some("Us@Example.com")).await;
    let second = set(&accounts, "bob", Some("us@example.com")).await;

    assert_eq!(
        (first, second),
        (ChangeOutcome::Done, ChangeOutcome::EmailTaken)
    );
    assert_eq!(
        owner(&accounts, "US@EXAMPLE.COM").await.as_deref(),
        Some("alice")
    );
    assert_eq!(account(&accounts, "bob").await.email, None);
    assert_eq!(set(&accounts, "alice", None).await, ChangeOutcome::Done);
    assert_eq!(owner(&accounts, "us@example.com").await, None);
    let again = set(&accounts, "bob", Some("us@example.com")).await;
    assert_eq!(again, ChangeOutcome::Done);
}

/// Attack E11: enter somebody else's address first.
#[tokio::test]
async fn whoever_shows_that_they_read_the_mail_gets_the_address_and_keeps_it() {
    let accounts = accounts_of(&["mallory", "victim"]).await;
    assert_eq!(
        set(&accounts, "mallory", Some("victim@example.com")).await,
        ChangeOutcome::Done
    );

    let EmailChange::Changed(victim) = verify(&accounts, "victim", "victim@example.com").await
    else {
        panic!("not verified");
    };

    assert!(victim.email_verified_at.is_some());
    let found = owner(&accounts, "victim@example.com").await;
    assert_eq!(found.as_deref(), Some("victim"));
    // Neither by showing it again, nor by an admin.
    let again = verify(&accounts, "mallory", "Victim@example.com").await;
    assert_eq!(again, EmailChange::Taken);
    let set = set(&accounts, "mallory", Some("victim@example.com")).await;
    assert_eq!(set, ChangeOutcome::EmailTaken);
}

#[tokio::test]
async fn an_address_that_an_admin_changes_is_not_verified_and_one_that_they_repeat_stays_so() {
    let accounts = accounts_of(&["alice"]).await;
    let _ = verify(&accounts, "alice", "alice@example.com").await;

    let same = set(&accounts, "alice", Some("alice@example.com")).await;
    assert_eq!(same, ChangeOutcome::AlreadySo);
    assert!(
        account(&accounts, "alice")
            .await
            .email_verified_at
            .is_some()
    );
    let other = set(&accounts, "alice", Some("a@example.com")).await;
    assert_eq!(other, ChangeOutcome::Done);
    assert_eq!(account(&accounts, "alice").await.email_verified_at, None);
}

/// Accounts from before addresses were unique.
#[tokio::test]
async fn of_older_accounts_that_share_an_address_none_owns_it_and_the_operator_sees_them() {
    let names = ["a11", "b11", "c11", "d11", "e11"];
    let accounts = accounts_of(&names).await;
    let connection = accounts.inner.database.connection();
    for (name, email) in [
        ("a11", "us@example.com"),
        ("b11", "US@example.com"),
        ("c11", "us@EXAMPLE.com"),
        ("d11", "d@example.com"),
        ("e11", "not an address"),
    ] {
        let sql = format!("UPDATE users SET email = '{email}' WHERE username = '{name}'");
        connection.execute_unprepared(&sql).await.unwrap();
    }

    for _ in 0..2 {
        accounts.fill_canonical_emails().await.unwrap();

        assert_eq!(owner(&accounts, "us@example.com").await, None);
        let found = owner(&accounts, "d@example.com").await;
        assert_eq!(found.as_deref(), Some("d11"));
        let shared = accounts.shared_emails(None, 9).await.unwrap();
        let mut shared: Vec<_> = shared.iter().map(|one| &*one.username).collect();
        shared.sort_unstable();
        assert_eq!(shared, ["a11", "b11", "c11"]);
    }

    // Two give it up, and the operator names the address of the third again.
    for name in ["a11", "b11"] {
        assert_eq!(set(&accounts, name, None).await, ChangeOutcome::Done);
    }
    let third = set(&accounts, "c11", Some("us@EXAMPLE.com")).await;
    assert_eq!(third, ChangeOutcome::AlreadySo);
    assert_eq!(
        owner(&accounts, "us@example.com").await.as_deref(),
        Some("c11")
    );
    assert_eq!(accounts.shared_emails(None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn of_many_who_verify_an_address_at_once_one_gets_it() {
    let names = ["a11", "b11", "c11", "d11", "e11", "f11"];
    let accounts = accounts_of(&names).await;
    let tries = names.map(|name| {
        let accounts = accounts.clone();
        async move { verify(&accounts, name, "us@example.com").await }
    });

    let outcomes = futures_util::future::join_all(tries).await;

    let got = outcomes
        .iter()
        .filter(|one| matches!(one, EmailChange::Changed(_)));
    assert_eq!(got.count(), 1);
    assert!(owner(&accounts, "us@example.com").await.is_some());
}

/// On SQLite a transaction that has read could not write any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_verified_while_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let database = Database::connect(&url).await.unwrap();
    let accounts = accounts_in(&database, &["alice", "bobby"]).await;
    let others = accounts.clone();
    let writing = tokio::spawn(async move {
        loop {
            let _ = set(&others, "bobby", Some("b@example.com")).await;
            let _ = set(&others, "bobby", None).await;
        }
    });

    for i in 0..200 {
        let verified = verify(&accounts, "alice", &format!("alice{i}@example.com")).await;
        assert!(matches!(verified, EmailChange::Changed(_)));
    }

    writing.abort();
}
