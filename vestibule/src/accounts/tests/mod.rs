#![cfg(feature = "sqlite")]

mod administration;
mod emails;
mod import;
mod own_account;
mod passwords;
mod security_log;
mod skeletons;

use std::time::Duration;

use sea_orm::EntityTrait;

use crate::accounts::entity::password;
use crate::accounts::{Account, Accounts, Actor, MIGRATIONS};
use crate::clock::Timestamp;
use crate::credentials::{Check, Credentials, Username, Users};
use crate::crypto::ids::new_id;
use crate::crypto::secret::Secret;
use crate::login::{User, UserId, UserLoader};
use crate::password::{PasswordAlgorithm, Passwords};
use crate::session::{Invalidation, InvalidationFeed, Session, SessionId, Slots, user_byte};
use crate::stores::MemoryStore;
use crate::testing::fresh_database;

const QUICK: PasswordAlgorithm = PasswordAlgorithm::Argon2id {
    memory_kib: 8,
    passes: 1,
};

async fn accounts(passwords: &Passwords) -> Accounts {
    let database = fresh_database().await;
    database.migrate(MIGRATIONS).await.unwrap();
    Accounts::new(database, passwords.clone(), MemoryStore::new())
}

/// The credentials over these accounts.
fn credentials(accounts: &Accounts) -> Credentials<Account> {
    let inner = &accounts.inner;
    let users = Users::new(accounts.clone()).registrar(accounts.clone());
    Credentials::with_store(users, inner.passwords.clone(), inner.sessions.clone())
}

/// Invariant: response times do not reveal who has an account.
#[tokio::test]
async fn every_wrong_answer_costs_one_hash() {
    let passwords = Passwords::new(QUICK).unwrap();
    let accounts = accounts(&passwords).await;
    for name in ["known", "shut1", "without"] {
        let name: Username = name.parse().unwrap();
        let _ = accounts.register(&name, &Secret::from("a")).await.unwrap();
    }
    let shut: Username = "shut1".parse().unwrap();
    let shut = accounts.find(shut.as_str()).await.unwrap().unwrap();
    accounts
        .by(Actor::operator())
        .disable(&shut.id)
        .await
        .map(drop)
        .unwrap();
    let without = accounts.find("without").await.unwrap();
    let removed = password::Entity::delete_by_id(without.unwrap().id.as_str())
        .exec(accounts.inner.database.connection())
        .await;
    assert_eq!(removed.unwrap().rows_affected, 1);

    let credentials = credentials(&accounts);
    for (name, password) in [
        ("known", "wrong"),
        ("ghost", "a"),
        ("shut1", "a"),
        ("shut1", "wrong"),
        ("without", "a"),
        ("no name", "a"),
        ("", "a"),
    ] {
        let before = passwords.runs();
        let password = Secret::from(password);
        let check = credentials.check_password_from(None, name, &password);
        let known = ["known", "shut1", "without"].contains(&name);
        match check.await.unwrap() {
            Check::Wrong(user) => assert_eq!(user.is_some(), known, "{name}"),
            // Whether they may log in is checked when the proof is used.
            Check::Proved(proof) => assert!(!proof.user().is_active(), "{name}"),
            Check::Throttled(_) => panic!("{name}: this check has no throttle"),
        }
        assert_eq!(passwords.runs() - before, 1, "{name}");
    }
}

#[tokio::test]
async fn a_taken_name_costs_no_hash() {
    let passwords = Passwords::new(QUICK).unwrap();
    let accounts = accounts(&passwords).await;
    let name: Username = "alice".parse().unwrap();
    let _ = accounts.register(&name, &Secret::from("a")).await.unwrap();
    let before = passwords.runs();

    let _ = accounts.register(&name, &Secret::from("b")).await.unwrap();

    assert_eq!(passwords.runs(), before);
}

#[tokio::test]
async fn the_list_goes_on_after_a_name() {
    let accounts = accounts(&Passwords::new(QUICK).unwrap()).await;
    for name in ["Carol", "alice", "bob"] {
        let name: Username = name.parse().unwrap();
        let _ = accounts.register(&name, &Secret::from("a")).await.unwrap();
    }

    let rest = accounts.list(Some("alice"), 10).await.unwrap();
    let first = accounts.list(None, 1).await.unwrap();

    let names: Vec<_> = rest.iter().map(|account| account.name()).collect();
    assert_eq!(names, ["bob", "Carol"]);
    assert_eq!(first[0].name(), "alice");
    let loaded = accounts.load(first[0].id.clone()).await.unwrap();
    assert_eq!(loaded.as_ref(), first.first());
    assert_eq!(accounts.load("nobody".into()).await.unwrap(), None);
}

/// A user who changes their account again and again must not empty the caches for all others.
#[tokio::test]
async fn a_change_of_one_user_leaves_nearly_all_others_in_the_cache() {
    let accounts = accounts(&Passwords::new(QUICK).unwrap()).await;
    let now = Timestamp::from_millis(1_800_000_000_000);
    let feed = InvalidationFeed::in_process();
    let sessions = (0..2_000_u16).map(|i| {
        let [high, low] = i.to_be_bytes();
        let mut id = [0; 32];
        (id[0], id[1]) = (low, high);
        let user: UserId = new_id(now, &accounts.inner.random).unwrap().into();
        let id = SessionId::from_bytes(id);
        Session::new(id, i.to_string(), user, 0, now, Duration::MAX)
    });
    let sessions: Vec<_> = sessions.collect();
    let versions = || {
        sessions
            .iter()
            .map(|session| feed.version(&Slots::of(session)))
    };
    let before: Vec<_> = versions().collect();

    feed.invalidate(Invalidation::User(&sessions[0].user_id));

    let changed = versions()
        .zip(&before)
        .filter(|(now, before)| now != *before);
    let changed = changed.count();
    assert!((1..40).contains(&changed), "{changed} of 2,000");
    let mut bytes: Vec<_> = sessions
        .iter()
        .map(|session| user_byte(&session.user_id))
        .collect();
    bytes.sort_unstable();
    bytes.dedup();
    assert!(bytes.len() > 200, "{}", bytes.len());
}
