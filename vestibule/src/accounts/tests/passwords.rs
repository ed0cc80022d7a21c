use futures_util::future::join_all;
use sea_orm::{ActiveValue, ConnectionTrait, EntityTrait};

use crate::accounts::entity::{password, user};
use crate::accounts::tests::{QUICK, accounts, credentials};
use crate::accounts::{Account, Accounts};
use crate::credentials::{Check, Credentials, PasswordUsers, Username};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::login::Sender;
use crate::password::{
    Claimant, HashingLimits, PasswordAlgorithm, PasswordHash, Passwords, Peppers,
};
use crate::stores::MemoryStore;
use crate::testing::log::Log;

const OLD: PasswordAlgorithm = PasswordAlgorithm::Bcrypt { cost: 4 };

/// Accounts in which alice's password is `a`, hashed by `old`. New hashes are made by `today`.
async fn moved(old: Passwords, today: Passwords) -> (Table, Account) {
    let before = accounts(&old).await;
    let name: Username = "alice".parse().unwrap();
    let _ = before.register(&name, &Secret::from("a")).await.unwrap();
    let database = before.inner.database.clone();
    let accounts = Accounts::new(database, today, MemoryStore::new());
    let alice = accounts.find(name.as_str()).await.unwrap().unwrap();
    (Table::of(accounts), alice)
}

/// Accounts, and the credentials over them.
#[derive(Clone)]
struct Table {
    accounts: Accounts,
    credentials: Credentials<Account>,
}

impl Table {
    fn of(accounts: Accounts) -> Self {
        let credentials = credentials(&accounts);
        Self {
            accounts,
            credentials,
        }
    }
}

impl std::ops::Deref for Table {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}

async fn check(table: &Table, password: &str) -> bool {
    let password = Secret::from(password);
    let check = table
        .credentials
        .check_password_from(None, "alice", &password);
    matches!(check.await.unwrap(), Check::Proved(_))
}

async fn stored(accounts: &Accounts, alice: &Account) -> String {
    let row = password::Entity::find_by_id(alice.id.as_str());
    let row = row.one(accounts.inner.database.connection()).await;
    row.unwrap().unwrap().hash
}

async fn store(accounts: &Accounts, alice: &Account, hash: &str) {
    let row = password::ActiveModel {
        user_id: ActiveValue::Unchanged(alice.id.as_str().to_owned()),
        hash: ActiveValue::Set(hash.to_owned()),
        changed_at: ActiveValue::NotSet,
        expires_at: ActiveValue::Set(None),
    };
    let update = password::Entity::update(row).exec(accounts.inner.database.connection());
    update.await.unwrap();
}

/// Attack C6.
#[tokio::test]
async fn the_right_password_replaces_an_old_hash_and_a_wrong_one_does_not() {
    let today = Passwords::new(QUICK).unwrap();
    let (accounts, alice) = moved(Passwords::new(OLD).unwrap(), today.clone()).await;

    assert!(!check(&accounts, "b").await);
    assert!(stored(&accounts, &alice).await.starts_with("$2b$04$"));
    assert!(check(&accounts, "a").await);
    let hash = stored(&accounts, &alice).await;
    assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");

    let before = today.runs();
    assert!(check(&accounts, "a").await);
    assert_eq!(today.runs() - before, 1);
    assert_eq!(stored(&accounts, &alice).await, hash);
}

#[tokio::test]
async fn hashes_that_people_bring_are_replaced_too() {
    let passwords = Passwords::new(QUICK).unwrap();
    let (accounts, alice) = moved(passwords.clone(), passwords).await;
    // "hunter2", by Werkzeug.
    let werkzeug = "pbkdf2:sha256:1000$saltsaltsaltsalt\
         $4629710719ef19adc9232697c255142a6bee3f3c631deac97aa22e86222f28d5";
    store(&accounts, &alice, werkzeug).await;

    assert!(!check(&accounts, "a").await);
    assert!(check(&accounts, "hunter2").await);
    assert!(stored(&accounts, &alice).await.starts_with("$argon2id$"));
    assert!(check(&accounts, "hunter2").await);
}

/// Attack C7.
#[tokio::test]
async fn a_password_changed_meanwhile_is_not_overwritten_by_the_old_one() {
    let (accounts, alice) =
        moved(Passwords::new(OLD).unwrap(), Passwords::new(QUICK).unwrap()).await;
    let seen = PasswordHash::from_stored(stored(&accounts, &alice).await);
    let b = accounts.inner.passwords.hash(&Secret::from("b")).await;
    let changed = accounts
        .set_hash(&alice, &b.unwrap(), &Sender::at(None))
        .await;
    changed.unwrap().unwrap();

    let (credentials, claimant) = (&accounts.credentials, Claimant::default());
    let a = Secret::from("a");
    let is_replaced = credentials
        .try_rehash(&claimant, &alice.id, &a, &seen)
        .await;

    assert!(is_replaced.unwrap().is_none());
    assert!(check(&accounts, "b").await);
    assert!(!check(&accounts, "a").await);
}

#[tokio::test]
async fn two_log_ins_at_once_replace_the_hash_once() {
    let (accounts, alice) =
        moved(Passwords::new(OLD).unwrap(), Passwords::new(QUICK).unwrap()).await;

    let (one, other) = tokio::join!(check(&accounts, "a"), check(&accounts, "a"));

    assert!(one && other);
    assert!(stored(&accounts, &alice).await.starts_with("$argon2id$"));
    assert!(check(&accounts, "a").await);
}

/// Attacks C6 and C10: a damaged hash matches no password, and costs the same as others.
#[tokio::test]
async fn a_hash_that_cannot_be_checked_is_logged_with_its_user_and_lets_nobody_in() {
    let passwords = Passwords::new(QUICK).unwrap();
    let (accounts, alice) = moved(passwords.clone(), passwords.clone()).await;
    for hash in [
        "",
        "a",
        "{pepper:7}$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8Ar",
        "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8Ar",
    ] {
        store(&accounts, &alice, hash).await;
        let before = passwords.runs();
        let log = Log::default();
        let logging = log.begin();

        assert!(!check(&accounts, "a").await);

        drop(logging);
        assert_eq!(passwords.runs() - before, 1);
        let log = log.text();
        assert!(log.contains(alice.id.as_str()), "{log}");
        assert!(!log.contains("c29tZXNhbHQ"), "{log}");
    }
}

#[tokio::test]
async fn a_full_queue_is_not_logged_as_a_hash_that_cannot_be_checked() {
    let slow = PasswordAlgorithm::Argon2id {
        memory_kib: 65_536,
        passes: 1,
    };
    let mut limits = HashingLimits::default();
    (limits.threads, limits.queue) = (1, 0);
    let passwords = Passwords::new(slow).unwrap().limits(limits);
    let (accounts, _) = moved(passwords.clone(), passwords).await;
    let password = Secret::from("a");
    let log = Log::default();
    let logging = log.begin();

    let at_once = (0..10).map(|_| {
        accounts
            .credentials
            .check_password_from(None, "alice", &password)
    });
    let checks = join_all(at_once).await;

    drop(logging);
    let is_busy = |check: &Result<_>| check.as_ref().is_err_and(Error::is_busy);
    assert!(checks.iter().any(is_busy));
    assert!(!log.text().contains("cannot log in"), "{}", log.text());
}

/// Attack C11.
#[tokio::test]
async fn without_the_key_of_a_pepper_in_use_nothing_starts() {
    let key = || SecretKey::generate(&Random::system()).unwrap();
    let (first, second) = (key(), key());
    let with = |peppers| Passwords::new(QUICK).unwrap().peppers(peppers);
    let old = with(Peppers::default().with(1, first.clone()));
    let rotated = with(Peppers::default().with(1, first).with(2, second.clone()));
    let (rotated, alice) = moved(old, rotated).await;
    let database = &rotated.inner.database;
    let others = [
        Passwords::new(QUICK).unwrap(),
        with(Peppers::default().with(2, second.clone())),
        // This must not match by its first digit.
        with(Peppers::default().with(10, key())),
    ];

    rotated.check_peppers().await.unwrap();
    for other in others.clone() {
        let other = Accounts::new(database.clone(), other, MemoryStore::new());
        let error = other.check_peppers().await.unwrap_err();
        assert!(
            error.is_config() && error.to_string().contains("version 1,"),
            "{error}"
        );
    }

    // Rotation only needs configuration: old hashes still verify, and are replaced.
    assert!(check(&rotated, "a").await);
    assert!(stored(&rotated, &alice).await.starts_with("{pepper:2}"));
    let rotated = Table::of(Accounts::new(
        database.clone(),
        others[1].clone(),
        MemoryStore::new(),
    ));
    rotated.check_peppers().await.unwrap();
    assert!(check(&rotated, "a").await);
}

#[tokio::test]
async fn a_damaged_pepper_keeps_its_user_out_and_nobody_else() {
    let (accounts, alice) = moved(
        Passwords::new(QUICK).unwrap(),
        Passwords::new(QUICK).unwrap(),
    )
    .await;
    for damaged in [
        "{pepper:$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8Ar",
        "{pepper:c29tZXNhbHQ}$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c",
    ] {
        store(&accounts, &alice, damaged).await;

        accounts.check_peppers().await.unwrap();

        assert!(!check(&accounts, "a").await);
    }
}

/// A bcrypt hash with an old cost.
const OLD_HASH: &str = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// How many of a thousand unknown names cost the same as a user with this hash.
fn names_like(accounts: &Accounts, hash: &str) -> usize {
    let hash = PasswordHash::from_stored(hash);
    let passwords = &accounts.inner.passwords;
    let costs_like = |i: &u32| passwords.costs_like(&format!("name{i}"), &hash);
    (0..1_000).filter(costs_like).count()
}

/// Accounts of which every other one has a hash with another cost.
async fn mixed() -> Table {
    let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
    let today = Passwords::new(QUICK).unwrap().secret_key(&key);
    let (accounts, alice) = moved(today.clone(), today).await;
    let bob: Username = "bobby".parse().unwrap();
    let _ = accounts.register(&bob, &Secret::from("a")).await.unwrap();
    store(&accounts, &alice, OLD_HASH).await;
    accounts
}

/// Attack B2: half of the users have a hash with another cost, and so half of the unknown names.
#[tokio::test]
async fn unknown_names_cost_what_the_users_there_are_cost() {
    let accounts = mixed().await;

    assert!(!check(&accounts, "b").await);

    let old = names_like(&accounts, OLD_HASH);
    assert!((400..600).contains(&old), "{old}");
}

#[tokio::test]
async fn a_first_log_in_that_goes_away_leaves_what_users_cost_to_be_read() {
    let accounts = mixed().await;
    {
        let mut gone = std::pin::pin!(check(&accounts, "b"));
        std::future::poll_fn(|context| {
            assert!(gone.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
    }

    assert!(!check(&accounts, "b").await);

    assert!(names_like(&accounts, OLD_HASH) > 400);
}

#[tokio::test]
async fn the_first_log_ins_wait_until_what_users_cost_is_read() {
    let accounts = mixed().await;
    let reading = accounts.credentials.kinds().begin().unwrap();
    let waiting = tokio::spawn({
        let accounts = accounts.clone();
        async move { check(&accounts, "b").await }
    });

    // Repeat everything it would do, many times.
    for _ in 0..10 {
        let _ = accounts.find("alice").await.unwrap();
        let password = Secret::from("b");
        let _ = accounts.inner.passwords.verify(&password, None).await;
    }
    assert!(!waiting.is_finished());
    drop(reading);

    assert!(!waiting.await.unwrap());
}

#[tokio::test]
async fn what_users_cost_is_read_again_when_it_is_due() {
    let accounts = mixed().await;
    assert!(!check(&accounts, "b").await);
    let bob = accounts.find("bobby").await.unwrap();
    store(&accounts, &bob.unwrap(), OLD_HASH).await;

    assert!(!check(&accounts, "b").await);
    assert!(names_like(&accounts, OLD_HASH) < 600);

    accounts.credentials.kinds().forget();
    assert!(!check(&accounts, "b").await);
    while names_like(&accounts, OLD_HASH) < 1_000 {
        tokio::task::yield_now().await;
    }
}

/// Attack B2.
#[tokio::test]
async fn the_rarest_hash_is_found_among_thousands() {
    let accounts = mixed().await;
    let database = accounts.inner.database.connection();
    for from in (0..2_000).step_by(100) {
        let ids = from..from + 100;
        let users = ids.clone().map(|i| user::ActiveModel {
            id: ActiveValue::Set(format!("id{i}")),
            username: ActiveValue::Set(format!("user{i}")),
            canonical_username: ActiveValue::Set(format!("user{i}")),
            skeleton: ActiveValue::NotSet,
            email: ActiveValue::Set(None),
            canonical_email: ActiveValue::Set(None),
            email_verified_at: ActiveValue::Set(None),
            is_disabled: ActiveValue::Set(false),
            awaits_approval: ActiveValue::Set(false),
            must_change_password: ActiveValue::Set(false),
            session_epoch: ActiveValue::Set(0),
            closes_at: ActiveValue::Set(None),
            erasing_until: ActiveValue::Set(None),
            created_at: ActiveValue::Set(0),
            updated_at: ActiveValue::Set(0),
        });
        user::Entity::insert_many(users)
            .exec_without_returning(database)
            .await
            .unwrap();
        let passwords = ids.map(|i| password::ActiveModel {
            user_id: ActiveValue::Set(format!("id{i}")),
            // Werkzeug hashes; one in five hundred has fewer iterations.
            hash: ActiveValue::Set(format!(
                "pbkdf2:sha256:{}$salt$\
                 4629710719ef19adc9232697c255142a6bee3f3c631deac97aa22e86222f28d5",
                if i % 500 == 499 { 1_000 } else { 2_000 }
            )),
            changed_at: ActiveValue::Set(0),
            expires_at: ActiveValue::Set(None),
        });
        password::Entity::insert_many(passwords)
            .exec_without_returning(database)
            .await
            .unwrap();
    }

    accounts.credentials.note_kinds().await.unwrap();

    // About one name in a thousand.
    let rare = names_like(
        &accounts,
        "pbkdf2:sha256:1000$salt$4629710719ef19adc9232697c255142a6bee3f3c631deac97aa22e86222f28d5",
    );
    assert!((1..=6).contains(&rare), "{rare}");
}

/// Django writes such a text for users without a password.
#[tokio::test]
async fn hashes_that_cannot_be_checked_do_not_hide_the_others() {
    let accounts = mixed().await;
    let bob = accounts.find("bobby").await.unwrap();
    for unusable in [
        "",
        "!aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9jK2m",
        "$2b$04$",
        "a\u{1}b",
    ] {
        store(&accounts, bob.as_ref().unwrap(), unusable).await;

        accounts.credentials.note_kinds().await.unwrap();

        assert_eq!(names_like(&accounts, OLD_HASH), 1_000, "{unusable}");
    }
}

#[tokio::test]
async fn a_password_of_more_characters_than_any_is_wrong_before_anybody_is_looked_for() {
    let passwords = Passwords::new(QUICK).unwrap();
    let (accounts, _) = moved(passwords.clone(), passwords).await;
    assert!(!check(&accounts, "b").await);
    let database = accounts.inner.database.connection();
    let rename = "ALTER TABLE users RENAME TO nobody";
    database.execute_unprepared(rename).await.unwrap();

    assert!(!check(&accounts, &"a".repeat(257)).await);
}
