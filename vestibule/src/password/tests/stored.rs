//! Stored hashes: those of other libraries, and malformed ones.

use proptest::prelude::*;

use super::{QUICK, verify};
use crate::crypto::secret::Secret;
use crate::password::{Claimant, HashCheck, PasswordHash, Passwords};

#[tokio::test]
async fn published_vectors_are_checked() {
    let passwords = Passwords::new(QUICK).unwrap();

    for (password, hash) in [
        // The Argon2 reference implementation's test.c, salt "somesalt".
        (
            "password",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ),
        // The same, of version 1.0, which the text omits.
        (
            "password",
            "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        ),
        (
            "password",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        ),
        // From argon2-cffi 25.1.0; the second has the parameters of our new hashes.
        (
            "password",
            "$argon2d$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg$OlRbAqEXWo+1skt660zBUjBFzhENMXpEixvMpUcJ7QQ",
        ),
        (
            "password",
            "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg$ZKO3FBObHo1Nqz5EP9xF2g3OYW0mtYzQKjs1a5nhpmk",
        ),
        // OpenBSD's, from crypt_blowfish.
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
        // RFC 6070, the second to last.
        (
            "passwordPASSWORDpassword",
            "$pbkdf2$4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
        ),
        // Werkzeug's own format, with the salt "saltsaltsaltsalt".
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

/// See `tests/password_hashes/make.py`.
const HASHES: &str = include_str!("../../../tests/password_hashes/hashes.tsv");

#[tokio::test]
async fn the_hashes_of_other_libraries_are_checked() {
    let plain = Passwords::new(QUICK).unwrap();
    let long = Passwords::new(QUICK).unwrap().long_bcrypt(true);
    let mut seen = 0;

    for line in HASHES.lines() {
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
            // Attack C3: HMAC and bcrypt cannot tell these from the password.
            format!("{password}\0"),
            format!("{password}\0{password}"),
        ] {
            assert_eq!(check(&other).await, HashCheck::Wrong, "{other:?}: {line}");
        }
        seen += 1;
    }
    assert_eq!(seen, 152);
}

/// An export often adds a newline to a hash, and a `CHAR` column pads it with spaces.
#[tokio::test]
async fn a_stored_hash_with_a_trailing_newline_works() {
    let passwords = Passwords::new(QUICK).unwrap();
    let key = "1 iKbDzAQFMZIRbBtTNNq0pnRTO6hcFw_IgLVHAyi9fPc";
    let peppered = Passwords::new(QUICK).unwrap().peppers(key.parse().unwrap());
    let with_pepper = peppered.hash(&Secret::from("hunter2")).await.unwrap();
    let today = passwords.hash(&Secret::from("hunter2")).await.unwrap();
    for (passwords, password, hash) in [
        (&passwords, "hunter2", today.as_str()),
        (&peppered, "hunter2", with_pepper.as_str()),
        (
            &passwords,
            "U*U",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
        (
            &passwords,
            "U*U",
            "bcrypt$$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
        (
            &passwords,
            "passwd",
            "$pbkdf2-sha256$i=1,l=64$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
        ),
        (
            &passwords,
            "hunter2",
            "pbkdf2:sha256:1000$saltsaltsaltsalt$4629710719ef19adc9232697c255142a6bee3f3c631deac97aa22e86222f28d5",
        ),
        (
            &passwords,
            "hunter2",
            "scrypt:32768:8:1$saltsaltsaltsalt$d09c3873d412f2f8f93d3089315d86d5224d03ac8f34b958b1950e211226829db88c4fc582e886d3e7440343209c2e0496d3e4072109dbc7f509145a247e2194",
        ),
    ] {
        for stored in [
            format!("{hash}\n"),
            format!("{hash}\r\n"),
            format!(" \t{hash}   "),
        ] {
            let kept = PasswordHash::from_stored(&stored);

            assert!(
                verify(passwords, password, &stored).await.unwrap(),
                "{stored:?}"
            );
            assert!(
                !verify(passwords, "Hunter2", &stored).await.unwrap(),
                "{stored:?}"
            );
            // The update that replaces an outdated hash compares this with the stored text.
            assert_eq!(kept.as_str(), stored);
        }
        // A no-break space is not ASCII.
        let malformed = format!("{hash}\u{a0}");
        let error = verify(passwords, password, &malformed).await;
        assert!(error.unwrap_err().is_unusable_hash(), "{malformed:?}");
    }
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
        // A digest of four bytes matches many passwords.
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFQ",
        "$pbkdf2-sha256$i=1,l=31$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$pbkdf2-sha256$i=1,l=all$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        // The large array is small, but the lanes need too much memory.
        "$scrypt$ln=1,r=130000,p=16$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        // A digest of more than 20 bytes takes all iterations twice.
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
        (4, 16, true),
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

proptest! {
    #[test]
    fn whatever_is_stored_is_read_or_refused(
        text: String,
        line: prop::sample::Index,
        at: prop::sample::Index,
        other: char,
    ) {
        let lines: Vec<_> = HASHES.lines().collect();
        let (_, hash) = line.get(&lines).rsplit_once('\t').unwrap();
        let chars: Vec<_> = hash.chars().collect();
        let cut = at.index(chars.len() + 1);
        let mut changed = chars.clone();
        changed.insert(cut, other);
        let passwords = Passwords::new(QUICK).unwrap();
        for text in [text, chars[..cut].iter().collect(), changed.iter().collect()] {
            // Whatever is accepted is within the bounds.
            if let Ok(stored) = passwords.parse(&PasswordHash::from_stored(text)) {
                prop_assert!(stored.function.is_within_bounds(Passwords::MAX_BCRYPT_COST));
            }
        }
    }
}

/// A framework's name may occur only once. Reading a long repetition must end.
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
