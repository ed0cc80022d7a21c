#[cfg(feature = "breach-service")]
mod service;

use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXUPPER;
use proptest::prelude::*;
use tempfile::TempDir;

use super::BreachedPasswords;
use super::entry::HashDigits;
use super::file::HashFile;
use crate::crypto::secret::Secret;
use crate::password::{Objection, PasswordPolicy};

/// Its SHA-1 starts with ABF7A.
const PASSWORD: &str = "correct horse battery staple";
const DIGITS: &str = "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42";

/// What the policy says about [`PASSWORD`].
async fn review(breached: &BreachedPasswords) -> Option<Objection> {
    review_of(breached, PASSWORD).await
}

async fn review_of(breached: &BreachedPasswords, password: &str) -> Option<Objection> {
    let policy = PasswordPolicy {
        breached: Some(breached.clone()),
        ..PasswordPolicy::default()
    };
    policy.review(&Secret::from(password), &[]).await
}

/// Asserts that the password is accepted, and with `fail_closed` rejected.
async fn assert_fails(breached: &BreachedPasswords, why: &str) {
    let closed = breached.clone().fail_closed(true);
    assert_eq!(review(breached).await, None, "{why}");
    let refused = review(&closed).await;
    assert_eq!(refused, Some(Objection::Unchecked), "{why}");
}

fn file(content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hashes.txt");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// Has a long time-out, for a busy machine.
fn open(path: &Path) -> BreachedPasswords {
    let breached = BreachedPasswords::from_file(path).unwrap();
    breached.timeout(Duration::from_secs(30))
}

/// A sorted list: for each byte a line that repeats it, and the line of [`PASSWORD`].
fn sorted(first_bytes: &[u8]) -> Vec<String> {
    let mut lines: Vec<_> = first_bytes
        .iter()
        .map(|byte| HEXUPPER.encode(&[*byte; 20]))
        .collect();
    lines.push(DIGITS.to_owned());
    lines.sort();
    lines
}

#[test]
fn the_digits_are_those_of_sha_1() {
    assert_eq!(*HashDigits::of(PASSWORD).0, DIGITS);
}

#[tokio::test]
async fn the_first_a_middle_and_the_last_line_of_a_file_are_found_in_every_form() {
    for others in [&[0xb0, 0xff][..], &[0, 0xff], &[0, 1, 2], &[]] {
        for len in [16, 17, 39, 40] {
            for count in ["", ":7", ":18446744073709551616"] {
                for newline in ["\n", "\r\n"] {
                    let lines = sorted(others);
                    let lines: Vec<_> = lines
                        .iter()
                        .map(|line| format!("{}{count}", &line[..len]))
                        .collect();
                    let text = lines.join(newline);
                    let lower = text.to_lowercase();
                    for text in [&text, &lower, &format!("{text}{newline}")] {
                        let (_folder, path) = file(text);
                        let breached = open(&path);

                        assert_eq!(review(&breached).await, Some(Objection::Breached), "{text}");
                        let other = review_of(&breached, "incorrect horse battery").await;
                        assert_eq!(other, None, "{text}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn the_password_is_looked_up_normalized_and_in_the_case_it_was_typed() {
    let list = HashDigits::of("Caf\u{e9} au lait, please");
    let (_folder, path) = file(&list.0);
    let breached = open(&path);

    let decomposed = review_of(&breached, "Cafe\u{301} au lait, please").await;
    assert_eq!(decomposed, Some(Objection::Breached));
    let lower = review_of(&breached, "caf\u{e9} au lait, please").await;
    assert_eq!(lower, None);
}

#[tokio::test]
async fn a_count_of_nothing_in_a_file_is_padding() {
    for (text, is_found) in [
        (format!("{DIGITS}:0\n"), false),
        (format!("{DIGITS}:00\r\n"), false),
        (format!("{DIGITS}:0\n{DIGITS}:0\n"), false),
        (format!("{DIGITS}:0\n{DIGITS}:10\n"), true),
    ] {
        let (_folder, path) = file(&text);
        let breached = open(&path);

        let said = review(&breached).await;
        assert_eq!(said, is_found.then_some(Objection::Breached), "{text}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_told_at_start_by_its_name() {
    let unsorted = [&DIGITS.replace('A', "B"), DIGITS, ""].join("\n");
    let mut long = sorted(&(0..=0xff).collect::<Vec<_>>());
    long.swap(100, 200);
    let other_length = format!("{DIGITS}\n{}\n", &DIGITS.replace('A', "B")[..20]);
    for (text, why) in [
        ("", "it is empty"),
        ("\n", "not of the form"),
        ("password\n", "not of the form"),
        (
            "\u{feff}ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42\n",
            "not of the form",
        ),
        (&DIGITS[..15], "not of the form"),
        (&format!("{DIGITS}0"), "not of the form"),
        (&format!("{DIGITS}:"), "not of the form"),
        (&format!("{DIGITS}:many"), "not of the form"),
        (&format!("{DIGITS}:1:1"), "not of the form"),
        (&format!("{DIGITS} \n"), "not of the form"),
        (&format!("{DIGITS}\n\n"), "not of the form"),
        (
            &format!("{DIGITS}:{}", "1".repeat(1_000)),
            "not of the form",
        ),
        (&"A".repeat(1_000_000), "not of the form"),
        (&other_length, "not of the form"),
        (&DIGITS[..32], "NTLM"),
        (&unsorted, "not sorted"),
        (&long.join("\n"), "not sorted"),
    ] {
        let (_folder, path) = file(text);

        let error = BreachedPasswords::from_file(&path).unwrap_err();
        let said = error.to_string();
        assert!(error.is_config() && said.contains(why), "{why}: {said}");
        assert!(said.contains("hashes.txt"), "{said}");
        assert!(!said.contains(&DIGITS[..5]), "{said}");
    }
    let (folder, _) = file("");
    for path in [folder.path().to_owned(), folder.path().join("absent")] {
        let error = BreachedPasswords::from_file(&path).unwrap_err();
        let shown = path.display().to_string();
        assert!(error.is_config() && error.to_string().contains(&shown));
    }
}

/// The file may be removed or replaced while the program runs.
#[tokio::test]
async fn a_file_is_opened_anew_and_one_that_fails_later_is_a_failure() {
    let (_folder, path) = file(&sorted(&[0, 0xff]).join("\n"));
    let breached = open(&path);
    assert_eq!(review(&breached).await, Some(Objection::Breached));

    std::fs::write(&path, HEXUPPER.encode(&[1; 10])).unwrap();
    assert_eq!(review(&breached.clone().fail_closed(true)).await, None);
    for garbage in ["", "garbage", "\0\0\0\0\0\0\0\0\0\0"] {
        std::fs::write(&path, garbage).unwrap();
        assert_fails(&breached, garbage).await;
    }
    std::fs::remove_file(&path).unwrap();
    assert_fails(&breached, "removed").await;
}

#[tokio::test]
async fn what_the_policy_refuses_anyway_is_not_looked_up() {
    let (_folder, path) = file(DIGITS);
    let breached = open(&path);
    std::fs::remove_file(&path).unwrap();

    let said = review_of(&breached.fail_closed(true), "passwordpassword").await;
    assert_eq!(said, Some(Objection::Common));
}

#[test]
fn policies_are_equal_by_where_and_how_they_look() {
    let (_folder, path) = file(DIGITS);
    let breached = || open(&path);
    let policy = |breached| PasswordPolicy {
        breached,
        ..PasswordPolicy::default()
    };

    assert_eq!(policy(Some(breached())), policy(Some(breached())));
    for other in [None, Some(breached().fail_closed(true))] {
        assert_ne!(policy(Some(breached())), policy(other));
    }
    let shown = format!("{:?}", policy(Some(breached())));
    assert!(shown.contains("hashes.txt"), "{shown}");
}

/// Hashes of few different bytes, so that many start alike.
fn hash() -> impl Strategy<Value = [u8; 20]> {
    (0..3_u8, any::<[u8; 2]>(), 0..3_u8).prop_map(|(first, middle, last)| {
        let mut hash = [first * 0x7f; 20];
        hash[6..8].copy_from_slice(&middle);
        hash[19] = last;
        hash
    })
}

proptest! {
    #[test]
    fn a_file_has_what_is_in_it_and_nothing_else(
        mut listed in proptest::collection::vec((hash(), 0..1_000_u32), 1..200),
        others in proptest::collection::vec(hash(), 0..50),
        len in prop_oneof![16..32_usize, 33..=40_usize],
        has_counts: bool,
        is_lower: bool,
        newline in prop_oneof![Just("\n"), Just("\r\n")],
        ends_with_newline: bool,
    ) {
        listed.sort_unstable();
        let digits = |hash: &[u8; 20]| HEXUPPER.encode(hash);
        let lines = listed.iter().map(|(hash, count)| {
            let begin = &digits(hash)[..len];
            if has_counts { format!("{begin}:{count}") } else { begin.to_owned() }
        });
        let mut text = lines.collect::<Vec<_>>().join(newline);
        if ends_with_newline {
            text.push_str(newline);
        }
        if is_lower {
            text.make_ascii_lowercase();
        }
        let (_folder, path) = file(&text);
        let opened = HashFile::open(&path).unwrap();

        for hash in listed.iter().map(|(hash, _)| hash).chain(&others) {
            let digits = digits(hash);
            let is_listed = listed.iter().any(|(listed, count)| {
                HEXUPPER.encode(listed)[..len] == digits[..len] && (*count > 0 || !has_counts)
            });
            let has = opened.contains(&HashDigits(digits.into())).unwrap();
            prop_assert_eq!(has, is_listed);
        }
    }
}
