use super::{Bcrypt, BcryptError, Prefix, check_password_hash, generate_password_hash};

/// From Flask-Bcrypt's own test suite.
#[test]
fn what_flask_bcrypt_tests_is_so() {
    let hash = generate_password_hash("secret", None, None).unwrap();
    assert!(hash.starts_with("$2b$12$"));
    assert!(check_password_hash(&hash, "secret").unwrap());
    assert!(!check_password_hash(&hash, "hunter2").unwrap());

    let bcrypt = Bcrypt {
        log_rounds: 6,
        hash_prefix: Prefix::TwoA,
        ..Bcrypt::default()
    };
    let hash = bcrypt.generate_password_hash("secret", None, None).unwrap();
    assert!(hash.starts_with("$2a$06$"), "{hash}");
    let hash = bcrypt.generate_password_hash("secret", Some(5), Some(Prefix::TwoB));
    let hash = hash.unwrap();
    assert!(hash.starts_with("$2b$05$"), "{hash}");
    assert!(bcrypt.check_password_hash(&hash, "secret").unwrap());
    for unicode in ["\u{2603}", "caf\u{e9}"] {
        let hash = generate_password_hash(unicode, Some(4), None).unwrap();
        assert!(check_password_hash(&hash, unicode).unwrap());
    }
}

#[test]
fn long_passwords_are_told_apart_where_asked_to_and_refused_otherwise() {
    let (x, y) = (
        format!("{}X", "a".repeat(72)),
        format!("{}Y", "a".repeat(72)),
    );
    let bcrypt = Bcrypt {
        log_rounds: 4,
        handle_long_passwords: true,
        ..Bcrypt::default()
    };
    let hash = bcrypt.generate_password_hash(&x, None, None).unwrap();
    assert!(bcrypt.check_password_hash(&hash, &x).unwrap());
    assert!(!bcrypt.check_password_hash(&hash, &y).unwrap());

    let hash = generate_password_hash(&x[..72], Some(4), None).unwrap();
    let too_long = Err(BcryptError::PasswordTooLong);
    assert_eq!(check_password_hash(&hash, &x), too_long);
    assert_eq!(
        generate_password_hash(&x, Some(4), None),
        Err(BcryptError::PasswordTooLong)
    );
}

#[test]
fn what_flask_bcrypt_raises_is_an_error() {
    let generate = |password, rounds| generate_password_hash(password, Some(rounds), None);
    assert_eq!(generate("", 4), Err(BcryptError::EmptyPassword));
    assert_eq!(generate("a", 3), Err(BcryptError::InvalidRounds));
    assert_eq!(generate("a\0a", 4), Err(BcryptError::NulInPassword));
    assert_eq!(generate("a", 17), Err(BcryptError::InvalidRounds));
    assert_eq!("2y".parse::<Prefix>(), Err(BcryptError::UnsupportedPrefix));

    let hash = generate("a", 4).unwrap();
    assert_eq!(check_password_hash(&hash, ""), Ok(false));
    assert_eq!(check_password_hash(&hash, "a\0a"), Ok(false));
    let argon2id = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZ";
    for hash in [
        "",
        "a",
        &hash[..59],
        &hash.replace("$04$", "$31$"),
        argon2id,
    ] {
        let checked = check_password_hash(hash, "a");
        assert_eq!(checked, Err(BcryptError::InvalidHash), "{hash}");
    }
}

#[test]
fn white_space_around_a_hash_does_not_count() {
    let hash = generate_password_hash("a", Some(4), None).unwrap();

    let checked = check_password_hash(&format!("\t{hash}\r\n"), "a");
    assert_eq!(checked, Ok(true));
}

#[test]
fn how_many_rounds_there_may_be_is_a_setting_and_never_more_than_bcrypt_has() {
    let with = |max_log_rounds| Bcrypt {
        max_log_rounds,
        ..Bcrypt::default()
    };
    let five = with(16).generate_password_hash("a", Some(5), None).unwrap();
    assert_eq!(with(5).check_password_hash(&five, "a"), Ok(true));
    let refused = Err(BcryptError::InvalidHash);
    assert_eq!(with(4).check_password_hash(&five, "a"), refused);
    let forty = five.replace("$05$", "$40$");
    assert_eq!(with(99).check_password_hash(&forty, "a"), refused);
    let refused = Err(BcryptError::InvalidRounds);
    assert_eq!(with(4).generate_password_hash("a", Some(5), None), refused);
    let refused = with(99).generate_password_hash("a", Some(32), None);
    assert_eq!(refused, Err(BcryptError::InvalidRounds));
}
