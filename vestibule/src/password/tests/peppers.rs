//! Peppers, and the SHA-256 before bcrypt.

use data_encoding::HEXLOWER;

use super::{QUICK, QUICK_BCRYPT, verify};
use crate::crypto::digest::sha256;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::password::{Claimant, HashCheck, PasswordHash, Passwords, Peppers};

/// Attack C4: an attacker tries SHA-256 digests from another breach instead of passwords.
#[tokio::test]
async fn digests_from_another_breach_open_no_hash_that_a_log_in_made_anew() {
    let password = Secret::from("correct horse battery staple");
    let digest = HEXLOWER.encode(&sha256(password.expose().as_bytes()));
    let thief = Passwords::new(QUICK).unwrap();
    let opens = async |hash: &PasswordHash| {
        let (_, within) = hash.as_str().split_at(hash.as_str().find('$').unwrap());
        verify(&thief, &digest, within).await.unwrap()
    };
    let moved = Passwords::new(QUICK_BCRYPT).unwrap().long_bcrypt(true);
    let old = moved.hash(&password).await.unwrap();
    assert!(opens(&old).await, "what Flask-Bcrypt makes is open to it");

    let key = SecretKey::generate(&Random::system()).unwrap();
    for today in [
        Passwords::new(QUICK).unwrap().long_bcrypt(true),
        moved.peppers(Peppers::default().with(1, key)),
    ] {
        let nobody = Claimant::default();
        let check = today.check(&nobody, &password, Some(&old)).await;
        assert_eq!(check.unwrap(), HashCheck::Outdated);
        let new = today.hash(&password).await.unwrap();

        assert!(!opens(&new).await, "{today:?}");
    }
}

/// Attack C11.
#[tokio::test]
async fn a_pepper_is_needed_and_the_newest_is_written() {
    let password = Secret::from("a b c");
    let key = || SecretKey::generate(&Random::system()).unwrap();
    let (first, second) = (key(), key());
    let peppered = |peppers| Passwords::new(QUICK).unwrap().peppers(peppers);
    let old = peppered(Peppers::default().with(1, first.clone()));
    let hash = old.hash(&password).await.unwrap();
    assert!(hash.as_str().starts_with("{pepper:1}$argon2id$"));

    let rotated = peppered(Peppers::default().with(1, first).with(2, second.clone()));
    assert!(rotated.verify(&password, Some(&hash)).await.unwrap());
    let newer = rotated.hash(&password).await.unwrap();
    assert!(newer.as_str().starts_with("{pepper:2}"));

    let with_fallback = second.clone().fallback(key());
    let of_first_alone = peppered(Peppers::default().with(2, with_fallback));
    let verified = of_first_alone.verify(&password, Some(&newer)).await;
    assert!(verified.unwrap());
    let wrong_key = peppered(Peppers::default().with(1, second));
    assert!(!wrong_key.verify(&password, Some(&hash)).await.unwrap());
    let none = Passwords::new(QUICK).unwrap();
    let error = none.verify(&password, Some(&hash)).await.unwrap_err();
    assert!(error.is_unusable_hash(), "{error}");
    assert!(error.to_string().contains("version 1"), "{error}");
    let bare = hash.as_str().strip_prefix("{pepper:1}").unwrap();
    assert!(!verify(&rotated, "a b c", bare).await.unwrap());
}

#[test]
fn peppers_are_read_from_lines_and_never_shown() {
    let key = "iKbDzAQFMZIRbBtTNNq0pnRTO6hcFw_IgLVHAyi9fPc";
    let peppers: Peppers = format!("# ours\n\n1 {key}\n 12\t{key}\n").parse().unwrap();
    assert_eq!(peppers.versions().collect::<Vec<_>>(), [1, 12]);
    assert!(!format!("{peppers:?}").contains(key));

    for (wrong, said) in [
        (String::new(), "no pepper"),
        (key.to_owned(), "line 1"),
        (format!("1 {key}\n1 {key}"), "line 2"),
        (format!("one {key}"), "version"),
        ("1 short".to_owned(), "too weak"),
    ] {
        let error = wrong.parse::<Peppers>().unwrap_err();
        assert!(
            error.is_config() && error.to_string().contains(said),
            "{error}"
        );
        assert!(!error.to_string().contains(key), "{error}");
    }
}
