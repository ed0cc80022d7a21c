//! Which passwords the policy accepts.

use super::QUICK_BCRYPT;
use crate::crypto::secret::Secret;
use crate::password::{Blocklist, Objection, PasswordPolicy, Passwords};

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
