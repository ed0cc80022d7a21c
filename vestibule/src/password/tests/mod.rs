mod decoys;
mod peppers;
mod policy;
mod stored;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::password::{
    Claimant, HashCheck, Objection, PasswordAlgorithm, PasswordHash, PasswordPolicy, Passwords,
    Peppers,
};

/// Parameters that are quick to compute. The tests do not depend on them.
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
async fn the_default_is_argon2id_with_owasps_minimum() {
    let passwords = Passwords::new(PasswordAlgorithm::default()).unwrap();

    let hash = passwords.hash(&Secret::from("a")).await.unwrap();

    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
}

/// Attack C6.
#[tokio::test]
async fn what_is_not_hashed_as_today_is_outdated() {
    let nobody = Claimant::default();
    let password = Secret::from("a b c");
    let key = || SecretKey::generate(&Random::system()).unwrap();
    let (first, second) = (key(), key());
    let with = |versions: &[u32]| {
        let keys = versions.iter().map(|version| match version {
            1 => (1, first.clone()),
            _ => (*version, second.clone()),
        });
        let peppers = keys.fold(Peppers::default(), |all, (version, key)| {
            all.with(version, key)
        });
        Passwords::new(QUICK).unwrap().peppers(peppers)
    };
    let stronger = PasswordAlgorithm::Argon2id {
        memory_kib: 16,
        passes: 1,
    };
    let today = with(&[1, 2]);
    for (before, is_outdated) in [
        (with(&[1, 2]), false),
        (with(&[1]), true),
        (with(&[]), true),
        (Passwords::new(stronger).unwrap(), true),
        (Passwords::new(QUICK_BCRYPT).unwrap(), true),
    ] {
        let hash = before.hash(&password).await.unwrap();

        let check = today.check(&nobody, &password, Some(&hash)).await.unwrap();
        assert_eq!(check == HashCheck::Outdated, is_outdated, "{before:?}");
        assert_ne!(check, HashCheck::Wrong);
        let wrong = today.check(&nobody, &"a b d".into(), Some(&hash)).await;
        assert_eq!(wrong.unwrap(), HashCheck::Wrong);
    }
    let short = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5Q";
    assert!(today.parse(&PasswordHash::from_stored(short)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_password_is_its_own_and_no_others(
        chars in proptest::collection::vec(any::<char>(), 1..=Passwords::MAX_CHARS),
        at in any::<proptest::sample::Index>(),
        other in any::<char>(),
    ) {
        // Some characters become two in normalization form C.
        prop_assume!(chars.iter().collect::<String>().nfc().count() <= Passwords::MAX_CHARS);
        let with = |algorithm| Passwords::new(algorithm).unwrap();
        let key = "1 iKbDzAQFMZIRbBtTNNq0pnRTO6hcFw_IgLVHAyi9fPc";
        let peppered = |algorithm| with(algorithm).peppers(key.parse().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            for passwords in [
                with(QUICK),
                peppered(QUICK),
                with(QUICK_BCRYPT).long_bcrypt(true),
                peppered(QUICK_BCRYPT),
            ] {
                is_its_own(&passwords, &chars, at, other).await;
            }
            // Six characters have at most 72 bytes after normalization.
            let few: Vec<_> = chars.iter().copied().filter(|c| *c != '\0').take(6).collect();
            if !few.is_empty() {
                is_its_own(&with(QUICK_BCRYPT), &few, at, other).await;
            }
        });
    }
}

/// Asserts that the hash matches these characters in every form, and nothing else.
async fn is_its_own(
    passwords: &Passwords,
    chars: &[char],
    at: proptest::sample::Index,
    other: char,
) {
    let password: String = chars.iter().collect();
    let mutated = |change: fn(&mut Vec<char>, usize, char)| {
        let mut mutant = chars.to_vec();
        change(&mut mutant, at.index(chars.len()), other);
        mutant.into_iter().collect::<String>()
    };
    let mutants = [
        mutated(|chars, at, _| {
            chars.remove(at);
        }),
        mutated(|chars, at, other| chars[at] = other),
        mutated(|chars, at, other| chars.insert(at, other)),
        mutated(|chars, at, _| chars.swap(0, at)),
        password.to_lowercase(),
        password.trim().to_owned(),
        password.nfkc().collect(),
        format!("{password}\0"),
    ];
    let hash = passwords.hash(&Secret::from(&*password)).await.unwrap();
    assert!(verify(passwords, &password, hash.as_str()).await.unwrap());
    let decomposed: String = password.nfd().collect();
    assert!(verify(passwords, &decomposed, hash.as_str()).await.unwrap());
    for mutant in &mutants {
        let is_same = mutant.nfc().eq(password.nfc());
        let is_right = verify(passwords, mutant, hash.as_str()).await.unwrap();
        assert_eq!(
            is_right, is_same,
            "{mutant:?} for {password:?} by {passwords:?}"
        );
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

    // Characters are counted after normalization: these three compose to one ệ.
    let longest = "e\u{323}\u{302}".repeat(256);
    let policy = PasswordPolicy::default();
    assert_eq!(
        policy.objection(&Secret::from(&*longest), &[]),
        Some(Objection::Repetitive)
    );
    let hash = argon2id.hash(&Secret::from(&*longest)).await.unwrap();
    assert!(verify(&argon2id, &longest, hash.as_str()).await.unwrap());
    let longer = Secret::from(format!("{longest}x"));
    let max_chars = 256;
    assert_eq!(
        policy.objection(&longer, &[]),
        Some(Objection::TooLong { max_chars })
    );
    assert!(argon2id.hash(&longer).await.is_err());
    let huge = Secret::from("x".repeat(1_000_000));
    assert_eq!(
        policy.objection(&huge, &[]),
        Some(Objection::TooLong { max_chars })
    );

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
    // bcrypt cannot tell it from `x`.
    assert!(bcrypt.hash(&Secret::from("x\0x")).await.is_err());
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
fn what_owasp_asks_for_at_least_is_known() {
    let argon2id = |memory_kib, passes| PasswordAlgorithm::Argon2id { memory_kib, passes };
    for (algorithm, meets) in [
        (PasswordAlgorithm::default(), true),
        (argon2id(19_455, 2), false),
        (argon2id(19_456, 1), false),
        (argon2id(7_168, 5), true),
        (argon2id(47_104, 1), true),
        (PasswordAlgorithm::Bcrypt { cost: 9 }, false),
        (PasswordAlgorithm::Bcrypt { cost: 10 }, true),
    ] {
        assert_eq!(algorithm.meets_owasp_minimum(), meets, "{algorithm:?}");
    }
}

#[test]
fn what_is_calibrated_is_never_below_owasps_minimum() {
    for algorithm in [QUICK, QUICK_BCRYPT] {
        let calibrated = algorithm.calibrated(std::time::Duration::ZERO).unwrap();

        assert!(calibrated.meets_owasp_minimum(), "{calibrated:?}");
    }
}
