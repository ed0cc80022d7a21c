use std::collections::HashSet;

use super::{BUDGET, Search, WORDS, is_common};

#[test]
fn there_are_more_than_a_hundred_thousand_of_fifteen_characters_and_more() {
    let words: Vec<_> = WORDS.split_whitespace().collect();
    let pairs: HashSet<_> = words
        .iter()
        .flat_map(|one| words.iter().map(move |other| format!("{one}{other}")))
        .filter(|password| password.len() >= 15)
        .collect();

    assert!(pairs.len() > 100_000, "{}", pairs.len());
    for password in pairs.iter().step_by(997) {
        assert!(is_common(password, &[]), "{password}");
    }
}

#[test]
fn a_word_is_listed_once() {
    let mut seen = HashSet::new();
    for word in WORDS.split_whitespace() {
        assert!(seen.insert(word), "{word} is there twice");
    }
}

#[test]
fn words_with_numbers_signs_and_rows_of_keys_are_common() {
    for password in [
        "passwordpassword",
        "sunshineprincess",
        "sunshine princess 1987!",
        "Sunshine-Princess".to_lowercase().as_str(),
        "123456789012345",
        "1234567890qwertyuiop",
        "qwertyuiopasdfghjkl",
        "monkeymonkeymonkey",
        "p@$$w0rdp@$$w0rd",
        "1iloveyou1iloveyou",
        "123password123456",
        "iloveyoumichael1",
        "liverpool12345678",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "1qaz2wsx3edc4rfv",
        "!qaz@wsx#edc$rfv",
        "qazwsxedcrfvtgbyhnujm",
        "qawsedrftgyhujikolp",
        "q1w2e3r4t5y6u7i8o9p0",
        "1qa2ws3ed4rf5tg",
        "102030405060708090",
        "asdfjkl;asdfjkl;",
        "!@#$%^&*()!@#$%^&*()",
        "112233445566778899",
        "111222333444555",
        "aaaabbbbccccdddd",
        "147258369147258369",
        "010203040506070809",
        "passwordpasswordp",
        "йцукенгшщзхъфыва",
        "пароль123456789",
        "contraseña123456",
    ] {
        assert!(is_common(password, &[]), "{password}");
    }
}

#[test]
fn what_has_one_piece_that_few_would_think_of_is_not() {
    for password in [
        "",
        "correct horse battery staple",
        "sunshine princess dragon",
        "sunshine prinzesschen",
        "passwordpassword kettle",
        "kx7 sunshine princess",
        "fifteen letters",
        "31415926535897932",
        "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰",
    ] {
        assert!(!is_common(password, &[]), "{password}");
    }
}

#[test]
fn a_word_of_the_account_is_a_common_one() {
    for password in [
        "kwijibo12345678",
        "kwijibo2024kwijibo",
        "vestibule2024!!!",
        "kw1j1boprincess",
    ] {
        assert!(is_common(password, &["kwijibo", "vestibule"]), "{password}");
        assert!(!is_common(password, &[]), "{password}");
    }
    // A word of two letters occurs by chance.
    assert!(!is_common("xq 1234 xq 1234 xq", &["xq"]));
}

/// An attack: pieces that are both words and runs, or words made of words, can be combined in
/// more ways than can be tried.
#[test]
fn the_longest_password_is_soon_looked_at() {
    for piece in [
        "7357", "808", "411", "734", "asdf", "a", "ana", "1", "love", "!1", "abc",
    ] {
        let mut password = piece.repeat(254 / piece.len());
        password.push_str("ßß");
        let mut search = Search {
            letters: &password.chars().collect::<Vec<_>>(),
            personal: Vec::new(),
            failed: HashSet::new(),
        };
        assert!(!search.is_made_of_pieces(0, BUDGET, None));
        let tries = search.failed.len();
        assert!(tries <= 200, "{piece}: {tries}");
    }
}
