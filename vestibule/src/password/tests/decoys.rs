//! What checking the password of an unknown user costs.

use std::collections::BTreeSet;

use super::{QUICK, QUICK_BCRYPT};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::password::hash::Kind;
use crate::password::{Claimant, HashCheck, PasswordAlgorithm, PasswordHash, Passwords, Peppers};

#[tokio::test]
async fn without_a_hash_the_answer_is_no() {
    for algorithm in [QUICK, QUICK_BCRYPT] {
        let passwords = Passwords::new(algorithm).unwrap();

        assert!(!passwords.verify(&Secret::from("a"), None).await.unwrap());
    }
}

/// A decoy must cost as much as a real hash, so it must have the same parameters.
#[tokio::test]
async fn nobodys_hash_has_the_parameters_in_use() {
    let pepper = Peppers::default().with(3, SecretKey::generate(&Random::system()).unwrap());
    for passwords in [
        Passwords::new(PasswordAlgorithm::default()).unwrap(),
        Passwords::new(QUICK).unwrap().peppers(pepper),
        Passwords::new(QUICK_BCRYPT).unwrap().long_bcrypt(true),
    ] {
        let real = passwords.hash(&Secret::from("a")).await.unwrap();
        let real = passwords.parse(&real).unwrap();

        assert!(Kind::of(&real) == passwords.kind());
        assert!(Kind::of(&passwords.kind().decoy()) == passwords.kind());
    }
}

/// Attack B2: while there are old hashes, timing must not reveal which names have them.
#[tokio::test]
async fn an_unknown_name_costs_what_one_of_the_users_costs_and_always_the_same() {
    let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
    let passwords = Passwords::new(QUICK).unwrap().secret_key(&key);
    let (new, old) = (
        passwords.hash(&Secret::from("a")).await.unwrap(),
        PasswordHash::from_stored("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    );
    let users = |new_count, old_count| {
        let new = std::iter::repeat_n(&new, new_count);
        new.chain(std::iter::repeat_n(&old, old_count))
    };
    passwords.note_stored(users(300, 100));

    let kind = |name: &str| passwords.decoys.kind_of(name, passwords.kind());
    let names = (0..1_000).map(|i| format!("user{i}"));
    let old_ones = names.filter(|name| kind(name) != passwords.kind()).count();
    assert!((200..300).contains(&old_ones), "{old_ones}");

    let is_old = |of: &Passwords| {
        let kind = |i| of.decoys.kind_of(&format!("user{i}"), of.kind()) != of.kind();
        (0..1_000).map(kind).collect::<Vec<_>>()
    };
    let elsewhere = Passwords::new(QUICK).unwrap().secret_key(&key);
    // Another node, which counted them in another order.
    elsewhere.note_stored(users(300, 100).collect::<Vec<_>>().into_iter().rev());
    assert_eq!(is_old(&elsewhere), is_old(&passwords));
    let other_key = SecretKey::generate(&Random::insecure_seeded(2)).unwrap();
    let rotated = other_key.clone().fallback(key);
    let rotated = Passwords::new(QUICK).unwrap().secret_key(&rotated);
    rotated.note_stored(users(300, 100));
    assert_eq!(is_old(&rotated), is_old(&passwords), "a new key in front");
    let other = Passwords::new(QUICK).unwrap().secret_key(&other_key);
    other.note_stored(users(300, 100));
    assert_ne!(is_old(&other), is_old(&passwords));
}

/// Attack B2: a name whose cost changes back and forth is one that no user has.
#[tokio::test]
async fn as_users_come_and_old_hashes_go_a_name_goes_from_old_to_new_and_never_back() {
    let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
    let passwords = Passwords::new(QUICK).unwrap().secret_key(&key);
    let new = passwords.hash(&Secret::from("a")).await.unwrap();
    let old =
        PasswordHash::from_stored("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    let older =
        PasswordHash::from_stored("$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    let names_by = |passwords: &Passwords, counts: [(&PasswordHash, usize); 3]| {
        let users = counts.map(|(hash, count)| std::iter::repeat_n(hash, count));
        passwords.note_stored(users.into_iter().flatten());
        counts.map(|(hash, _)| {
            let names = (0..2_000).map(|i| format!("user{i}"));
            let names = names.filter(|name| passwords.costs_like(name, hash));
            names.collect::<BTreeSet<_>>()
        })
    };

    let before = names_by(&passwords, [(&new, 1_000), (&old, 600), (&older, 400)]);
    let registered = names_by(&passwords, [(&new, 1_001), (&old, 600), (&older, 400)]);
    let logged_in = names_by(&passwords, [(&new, 1_101), (&old, 500), (&older, 400)]);

    assert!(registered[0].is_superset(&before[0]));
    assert!(registered[0].len() - before[0].len() < 10);
    assert!(logged_in[0].is_superset(&registered[0]));
    assert!(logged_in[1].is_subset(&registered[1]));
    let with_old = logged_in[1].len() + logged_in[2].len();
    assert!((800..1_000).contains(&with_old), "{with_old}");

    // New parameters move no name before a user has such a hash.
    let stronger = PasswordAlgorithm::Argon2id {
        memory_kib: 16,
        passes: 1,
    };
    let mut restarted = Passwords::new(stronger).unwrap();
    restarted.decoys = std::sync::Arc::new(passwords.decoys.without_kinds());
    let upgraded = names_by(&restarted, [(&new, 1_101), (&old, 500), (&older, 400)]);
    assert_eq!(upgraded, logged_in);
}

/// Kinds with an old pepper must not reach a service that does not have it.
#[tokio::test]
async fn what_is_known_of_a_pepper_ends_with_it() {
    let key = || SecretKey::generate(&Random::system()).unwrap();
    let first = Passwords::new(QUICK).unwrap();
    let first = first.peppers(Peppers::default().with(1, key()));
    let hash = first.hash(&Secret::from("a")).await.unwrap();
    first.note_stored([&hash]);

    let second = first.clone().peppers(Peppers::default().with(2, key()));

    let somebody = Claimant {
        account: Some("alice"),
        address: None,
    };
    let check = second.check(&somebody, &Secret::from("a"), None).await;
    assert_eq!(check.unwrap(), HashCheck::Wrong);
}
