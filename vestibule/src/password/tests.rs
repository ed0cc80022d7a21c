use crate::crypto::secret::Secret;
use crate::password::{Objection, PasswordAlgorithm, PasswordHash, PasswordPolicy, Passwords};

/// Quick parameters; what is tested does not depend on them.
const QUICK: PasswordAlgorithm = PasswordAlgorithm::Argon2id {
    memory_kib: 8,
    passes: 1,
};
const QUICK_BCRYPT: PasswordAlgorithm = PasswordAlgorithm::Bcrypt { cost: 4 };

async fn verify(passwords: &Passwords, password: &str, hash: &str) -> crate::Result<bool> {
    let hash = PasswordHash::from_stored(hash);
    passwords.verify(&Secret::from(password), Some(&hash)).await
}

#[tokio::test]
async fn each_algorithm_makes_hashes_that_every_service_checks() {
    for algorithm in [QUICK, QUICK_BCRYPT] {
        let passwords = Passwords::new(algorithm).unwrap();
        let hash = passwords.hash(&Secret::from("a b c")).await.unwrap();
        let other = Passwords::new(PasswordAlgorithm::default()).unwrap();

        assert!(verify(&other, "a b c", hash.as_str()).await.unwrap());
        assert!(!verify(&other, "a b d", hash.as_str()).await.unwrap());
    }
}

#[tokio::test]
async fn published_vectors_are_checked() {
    let passwords = Passwords::new(QUICK).unwrap();

    for (password, hash) in [
        // The Argon2 reference implementation's test.c, salt "somesalt".
        (
            "password",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ),
        // OpenBSD's, as crypt_blowfish has it.
        (
            "U*U",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
    ] {
        assert!(verify(&passwords, password, hash).await.unwrap(), "{hash}");
        assert!(
            !verify(&passwords, "Password", hash).await.unwrap(),
            "{hash}"
        );
    }
}

#[tokio::test]
async fn the_default_is_argon2id_with_owasps_minimum() {
    let passwords = Passwords::new(PasswordAlgorithm::default()).unwrap();

    let hash = passwords.hash(&Secret::from("a")).await.unwrap();

    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
}

#[tokio::test]
async fn without_a_hash_the_answer_is_no() {
    for algorithm in [QUICK, QUICK_BCRYPT] {
        let passwords = Passwords::new(algorithm).unwrap();

        assert!(!passwords.verify(&Secret::from("a"), None).await.unwrap());
    }
}

/// The stand-in must cost what a real hash costs, so it must be one in every respect.
#[tokio::test]
async fn nobodys_hash_has_the_parameters_in_use() {
    for (algorithm, start) in [
        (
            PasswordAlgorithm::default(),
            "$argon2id$v=19$m=19456,t=2,p=1$",
        ),
        (PasswordAlgorithm::Bcrypt { cost: 12 }, "$2b$12$"),
    ] {
        let passwords = Passwords::new(algorithm).unwrap();
        let nobody = passwords.nobody.as_str();
        let real = passwords.hash(&Secret::from("a")).await.unwrap();

        assert!(nobody.starts_with(start));
        assert_eq!(nobody.len(), real.as_str().len());
        assert!(!verify(&passwords, "a", nobody).await.unwrap());
    }
}

#[tokio::test]
async fn composed_and_decomposed_letters_are_one_password_and_lookalikes_are_not() {
    let passwords = Passwords::new(QUICK).unwrap();
    let hash = passwords
        .hash(&Secret::from("caf\u{e9} \u{fb01}x \u{b2}"))
        .await
        .unwrap();

    let decomposed = "cafe\u{301} \u{fb01}x \u{b2}";
    assert!(verify(&passwords, decomposed, hash.as_str()).await.unwrap());
    for other in [
        "caf\u{e9} fix \u{b2}",
        "caf\u{e9} \u{fb01}x 2",
        "cafe \u{fb01}x \u{b2}",
    ] {
        assert!(
            !verify(&passwords, other, hash.as_str()).await.unwrap(),
            "{other}"
        );
    }
}

#[tokio::test]
async fn no_password_is_cut_short() {
    let argon2id = Passwords::new(QUICK).unwrap();
    let longest = "x".repeat(256);
    let hash = argon2id.hash(&Secret::from(&*longest)).await.unwrap();
    assert!(verify(&argon2id, &longest, hash.as_str()).await.unwrap());
    assert!(
        !verify(&argon2id, &longest[..255], hash.as_str())
            .await
            .unwrap()
    );
    let longer = format!("{longest}x");
    assert!(!verify(&argon2id, &longer, hash.as_str()).await.unwrap());
    assert!(argon2id.hash(&Secret::from(longer)).await.is_err());

    let bcrypt = Passwords::new(QUICK_BCRYPT).unwrap();
    let longest = "x".repeat(72);
    let hash = bcrypt.hash(&Secret::from(&*longest)).await.unwrap();
    assert!(verify(&bcrypt, &longest, hash.as_str()).await.unwrap());
    assert!(
        !verify(&bcrypt, &longest[..71], hash.as_str())
            .await
            .unwrap()
    );
    let longer = format!("{longest}x");
    assert!(!verify(&bcrypt, &longer, hash.as_str()).await.unwrap());
    assert!(bcrypt.hash(&Secret::from(longer)).await.is_err());
}

#[tokio::test]
async fn a_malformed_or_greedy_hash_is_an_error_and_never_right() {
    let passwords = Passwords::new(QUICK).unwrap();

    for hash in [
        "",
        "plain",
        "$argon2id$",
        "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=4000000,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCC",
        "$2",
    ] {
        let error = verify(&passwords, "password", hash).await.unwrap_err();
        assert!(!error.to_string().contains("CCCC"), "{error}");
    }
}

#[test]
fn parameters_out_of_range_are_refused_at_start() {
    for algorithm in [
        PasswordAlgorithm::Argon2id {
            memory_kib: 0,
            passes: 2,
        },
        PasswordAlgorithm::Argon2id {
            memory_kib: 19_456,
            passes: 0,
        },
        PasswordAlgorithm::Argon2id {
            memory_kib: u32::MAX,
            passes: 2,
        },
        PasswordAlgorithm::Bcrypt { cost: 3 },
        PasswordAlgorithm::Bcrypt { cost: 32 },
    ] {
        assert!(Passwords::new(algorithm).unwrap_err().is_config());
    }
}

#[test]
fn the_policy_counts_code_points_and_asks_for_nothing_but_length() {
    let policy = PasswordPolicy::default();
    let objection = |password: &str| policy.objection(&Secret::from(password), &["alice"]);

    assert_eq!(objection(""), Some(Objection::Empty));
    assert_eq!(
        objection("fourteen chars"),
        Some(Objection::TooShort { min_chars: 15 })
    );
    assert_eq!(objection("fifteen letters"), None);
    assert_eq!(objection("😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰"), None);
    // Fourteen letters with a combining mark each are fourteen after normalization.
    assert_eq!(
        objection(
            "e\u{301}a\u{301}o\u{301}u\u{301}i\u{301}e\u{300}a\u{300}o\u{300}u\u{300}i\u{300}a\u{302}e\u{302}o\u{302}u\u{302}"
        ),
        Some(Objection::TooShort { min_chars: 15 })
    );
    assert_eq!(objection(&"ab cd ef ".repeat(28)), None);
    let longest = Objection::TooLong { max_chars: 256 };
    assert_eq!(objection(&"ab cd ef ".repeat(29)), Some(longest));
    assert_eq!(objection(&"a".repeat(1_000_000)), Some(longest));
}

#[test]
fn what_is_tried_first_is_refused_and_a_word_more_is_not() {
    let policy = PasswordPolicy::default();
    let objection = |password: &str| policy.objection(&Secret::from(password), &["Alice Smith"]);

    assert_eq!(objection("PasswordPassword"), Some(Objection::Common));
    assert_eq!(objection("passwordpassword tea"), None);
    assert_eq!(objection("aaaaaaaaaaaaaaaa"), Some(Objection::Repetitive));
    assert_eq!(objection("abcabcabcabcabcab"), Some(Objection::Repetitive));
    assert_eq!(
        objection("alice smithalice smith"),
        Some(Objection::Personal)
    );
}

#[test]
fn bcrypt_takes_72_bytes() {
    let policy = PasswordPolicy::default().hashed_by(QUICK_BCRYPT);
    let objection = |len: usize| {
        let password: String = ('a'..='z').cycle().take(len).collect();
        policy.objection(&Secret::from(password), &[])
    };

    assert_eq!(objection(72), None);
    assert_eq!(
        objection(73),
        Some(Objection::TooManyBytes { max_bytes: 72 })
    );
}
