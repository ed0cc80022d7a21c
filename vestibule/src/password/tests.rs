use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::crypto::digest::sha256;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::password::decoys::Kind;
use crate::password::{
    Blocklist, Claimant, HashCheck, Objection, PasswordAlgorithm, PasswordHash, PasswordPolicy,
    Passwords, Peppers,
};

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
        // The same, of version 1.0, which its text does not say.
        (
            "password",
            "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        ),
        (
            "password",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        ),
        // argon2-cffi 25.1.0's; the second as we make them.
        (
            "password",
            "$argon2d$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg$OlRbAqEXWo+1skt660zBUjBFzhENMXpEixvMpUcJ7QQ",
        ),
        (
            "password",
            "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg$ZKO3FBObHo1Nqz5EP9xF2g3OYW0mtYzQKjs1a5nhpmk",
        ),
        // OpenBSD's, as crypt_blowfish has it.
        (
            "U*U",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
        // RFC 7914, section 12.
        (
            "password",
            "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
        ),
        // RFC 7914, section 11.
        (
            "passwd",
            "$pbkdf2-sha256$i=1,l=64$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
        ),
        // RFC 6070, the last but one.
        (
            "passwordPASSWORDpassword",
            "$pbkdf2$4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
        ),
        // Werkzeug's own, with the salt "saltsaltsaltsalt".
        (
            "hunter2",
            "scrypt:32768:8:1$saltsaltsaltsalt$d09c3873d412f2f8f93d3089315d86d5224d03ac8f34b958b1950e211226829db88c4fc582e886d3e7440343209c2e0496d3e4072109dbc7f509145a247e2194",
        ),
        (
            "hunter2",
            "pbkdf2:sha256:1000$saltsaltsaltsalt$4629710719ef19adc9232697c255142a6bee3f3c631deac97aa22e86222f28d5",
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

/// Attack B2: while old hashes are around, their users must not be told from nobody.
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
    // Another node, which found them in another order.
    elsewhere.note_stored(users(300, 100).collect::<Vec<_>>().into_iter().rev());
    assert_eq!(is_old(&elsewhere), is_old(&passwords));
    let other_key = SecretKey::generate(&Random::insecure_seeded(2)).unwrap();
    let other = Passwords::new(QUICK).unwrap().secret_key(&other_key);
    other.note_stored(users(300, 100));
    assert_ne!(is_old(&other), is_old(&passwords));
}

/// Attack B2: a name that changes its cost back and forth is nobody's.
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

    // What is new from today on moves nobody before somebody has it.
    let stronger = PasswordAlgorithm::Argon2id {
        memory_kib: 16,
        passes: 1,
    };
    let mut restarted = Passwords::new(stronger).unwrap();
    restarted.decoys = std::sync::Arc::new(passwords.decoys.forgetful());
    let upgraded = names_by(&restarted, [(&new, 1_101), (&old, 500), (&older, 400)]);
    assert_eq!(upgraded, logged_in);
}

/// A form of other peppers' hashes must not reach those who do not have them.
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

/// See `tests/password_hashes/make.py`.
#[tokio::test]
async fn the_hashes_of_other_libraries_are_checked() {
    let hashes = include_str!("../../tests/password_hashes/hashes.tsv");
    let plain = Passwords::new(QUICK).unwrap();
    let long = Passwords::new(QUICK).unwrap().long_bcrypt(true);
    let mut seen = 0;

    for line in hashes.lines() {
        let mut fields = line.split('\t').skip(2);
        let mut next = || fields.next().unwrap();
        let passwords = match next() {
            "long" => &long,
            _ => &plain,
        };
        let password: String = serde_json::from_str(next()).unwrap();
        let hash = PasswordHash::from_stored(next());
        let check = async |password: &str| {
            let nobody = Claimant::default();
            let password = Secret::from(password);
            let check = passwords.check(&nobody, &password, Some(&hash)).await;
            check.unwrap()
        };

        assert_eq!(check(&password).await, HashCheck::Outdated, "{line}");
        for other in [
            format!("{password} "),
            password.to_uppercase(),
            password[1..].to_owned(),
            String::new(),
            // Attack C3: what HMAC and bcrypt take for the same.
            format!("{password}\0"),
            format!("{password}\0{password}"),
        ] {
            assert_eq!(check(&other).await, HashCheck::Wrong, "{other:?}: {line}");
        }
        seen += 1;
    }
    assert_eq!(seen, 152);
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

/// Attack C4: whoever has SHA-256 digests from another breach tries them in place of passwords.
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_password_is_its_own_and_no_others(
        chars in proptest::collection::vec(any::<char>(), 1..=Passwords::MAX_CHARS),
        at in any::<proptest::sample::Index>(),
        other in any::<char>(),
    ) {
        let password: String = chars.iter().collect();
        // Some characters are two in normalization form C.
        prop_assume!(password.nfc().count() <= Passwords::MAX_CHARS);
        let mutated = |change: fn(&mut Vec<char>, usize, char)| {
            let mut mutant = chars.clone();
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
        ];
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            for algorithm in [QUICK, QUICK_BCRYPT] {
                let passwords = Passwords::new(algorithm).unwrap().long_bcrypt(true);
                let hash = passwords.hash(&Secret::from(&*password)).await.unwrap();
                assert!(verify(&passwords, &password, hash.as_str()).await.unwrap());
                let decomposed: String = password.nfd().collect();
                assert!(verify(&passwords, &decomposed, hash.as_str()).await.unwrap());
                for mutant in &mutants {
                    let is_same = mutant.nfc().eq(password.nfc());
                    let is_right = verify(&passwords, mutant, hash.as_str()).await.unwrap();
                    assert_eq!(is_right, is_same, "{mutant:?} for {password:?}");
                }
            }
        });
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

    // Counted as it is hashed, however it comes: an ệ is one character of three.
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
    // bcrypt reads it as an x.
    assert!(bcrypt.hash(&Secret::from("x\0x")).await.is_err());
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
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc$",
        "$argon2id$v=19$m=+65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "{pepper:1$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "{pepper:}$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "scrypt:1048576:8:1$saltsaltsaltsalt$00000000000000000000000000000000",
        "scrypt:1000:8:1$saltsaltsaltsalt$00000000000000000000000000000000",
        "scrypt:32768:8:1:1$saltsaltsaltsalt$00000000000000000000000000000000",
        "scrypt:32768:4294967295:4294967295$saltsaltsaltsalt$00000000000000000000000000000000",
        "scrypt:32768:8:1$$00000000000000000000000000000000",
        "scrypt:32768:8:1$salt$",
        "scrypt:32768:8:1$salt$00",
        "pbkdf2:sha256$salt$00000000000000000000000000000000",
        "pbkdf2:sha256:4294967295$salt$00000000000000000000000000000000",
        "pbkdf2:sha256:0$salt$00000000000000000000000000000000",
        "pbkdf2:md5:1000$salt$00000000000000000000000000000000",
        "sha256$salt$00000000000000000000000000000000",
        "md5$salt$00000000000000000000000000000000",
        "$scrypt$ln=31,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$pbkdf2-sha256$i=4294967295,l=32$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "bcrypt_sha256$$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$2b$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2c$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCC",
        "$2",
        "$2b$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        // A digest of four bytes is that of many passwords.
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFQ",
        "$pbkdf2-sha256$i=1,l=31$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$pbkdf2-sha256$i=1,l=all$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        // Memory for each of the lanes, in little of scrypt's big array.
        "$scrypt$ln=1,r=130000,p=16$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        // Each twenty bytes of a long digest take all iterations again.
        "pbkdf2:sha1:2500001$salt$000000000000000000000000000000000000000000",
        "bcrypt$$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ] {
        let error = verify(&passwords, "password", hash).await.unwrap_err();
        assert!(error.is_unusable_hash(), "{hash}: {error}");
        for part in ["CCCC", "c29tZ", "salt"] {
            assert!(!error.to_string().contains(part), "{error}");
        }
    }
}

#[test]
fn how_much_a_stored_bcrypt_may_cost_is_a_setting() {
    let of = |cost| format!("$2b${cost}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    for (most, cost, may) in [
        (16, 16, true),
        (16, 17, false),
        (18, 18, true),
        (18, 19, false),
        (99, 31, true),
        (99, 32, false),
    ] {
        let passwords = Passwords::new(QUICK).unwrap().max_bcrypt_cost(most);
        let parsed = passwords.parse(&PasswordHash::from_stored(of(cost)));
        assert_eq!(parsed.is_ok(), may, "{cost} where {most} may be");
    }
}

/// A framework's name in front of its own is no hash, however often.
#[tokio::test]
async fn a_hash_within_a_hash_is_malformed_and_ends_the_reading() {
    let passwords = Passwords::new(QUICK).unwrap();
    let real = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    for name in ["bcrypt$", "bcrypt_sha256$", "argon2$"] {
        for times in [2, 100_000] {
            let nested = format!("{}{real}", name.repeat(times));
            let error = verify(&passwords, "U*U", &nested).await.unwrap_err();
            assert!(error.is_unusable_hash(), "{error}");
        }
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
fn with_a_second_factor_eight_characters_do_and_never_fewer() {
    let mut policy = PasswordPolicy::with_second_factor();
    let too_short = Some(Objection::TooShort { min_chars: 8 });
    for min_chars in [policy.min_chars, 1] {
        policy.min_chars = min_chars;
        let objection = |password: &str| policy.objection(&Secret::from(password), &[]);

        assert_eq!(objection("kettles"), too_short);
        assert_eq!(objection("kettle 7"), None);
        assert_eq!(objection("password"), Some(Objection::Common));
        assert_eq!(objection("princess1"), Some(Objection::Common));
    }
}

#[test]
fn what_is_tried_first_is_refused_and_a_word_more_is_not() {
    let policy = PasswordPolicy::default();
    let objection = |password: &str| policy.objection(&Secret::from(password), &["Alice Smith"]);

    assert_eq!(objection("PasswordPassword"), Some(Objection::Common));
    assert_eq!(objection("MyChemicalRomance"), Some(Objection::Common));
    assert_eq!(objection("passwordpassword kettle"), None);
    assert_eq!(objection("aaaaaaaaaaaaaaaa"), Some(Objection::Repetitive));
    assert_eq!(objection("abcabcabcabcabcab"), Some(Objection::Repetitive));
    assert_eq!(
        objection("alice smithalice smith"),
        Some(Objection::Personal)
    );
}

/// Attack C9.
#[test]
fn a_list_of_ones_own_is_refused_as_a_whole_in_any_case_and_form() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.txt");
    std::fs::write(&file, "Caf\u{e9} au lait, please\r\nanother one of them\n").unwrap();
    let mut policy = PasswordPolicy::default();
    policy.blocklist = Blocklist::from_file(&file).unwrap();
    let objection = |password: &str| policy.objection(&Secret::from(password), &[]);

    for listed in [
        "CAFE\u{301} AU LAIT, PLEASE",
        "another one of them",
        "passwordpassword",
    ] {
        assert_eq!(objection(listed), Some(Objection::Common), "{listed}");
    }
    for other in ["another one of them ", "and another one of them"] {
        assert_eq!(objection(other), None, "{other}");
    }
    let error = Blocklist::from_file(folder.path().join("none")).unwrap_err();
    assert!(
        error.is_config() && error.to_string().contains("none"),
        "{error}"
    );
}

#[test]
fn an_address_is_as_personal_as_a_name() {
    let words = ["alice", "alice.smith-jones@example.com"];
    for password in ["Alice.Smith-Jones@example.com", "alice.smith-jones"] {
        let objection = PasswordPolicy::default().objection(&Secret::from(password), &words);
        assert_eq!(objection, Some(Objection::Personal), "{password}");
    }
}

#[test]
fn a_name_with_numbers_and_signs_is_as_personal_as_the_name() {
    let policy = PasswordPolicy::default();
    for password in ["Kwijibo12345678", "kwijibo2024kwijibo", "my-site 2024 !!!"] {
        let password = Secret::from(password);
        let objection = policy.objection(&password, &["kwijibo", "My-Site"]);
        assert_eq!(objection, Some(Objection::Personal));
    }
}

#[test]
fn bcrypt_takes_72_bytes() {
    let passwords = Passwords::new(QUICK_BCRYPT).unwrap();
    let policy = PasswordPolicy::default().hashed_by(&passwords);
    let objection = |len: usize| {
        let password: String = "the kettle sings ".chars().cycle().take(len).collect();
        policy.objection(&Secret::from(password), &[])
    };

    assert_eq!(objection(72), None);
    assert_eq!(
        objection(73),
        Some(Objection::TooManyBytes { max_bytes: 72 })
    );
}
