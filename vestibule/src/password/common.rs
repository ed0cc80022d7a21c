//! Passwords that are made of what most passwords are made of.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Words, names, and keys that lie beside one another, of which people make passwords.
const WORDS: &str = include_str!("common_pieces.txt");

/// Letters and digits in the order that everybody knows, along which fingers run.
const ROWS: [&str; 10] = [
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiop",
    "poiuytrewq",
    "asdfghjkl",
    "lkjhgfdsa",
    "zxcvbnm",
    "mnbvcxz",
    "012345678901234567890",
    "098765432109876543210",
];

/// How many of the words, each of which may follow itself, and how many of the rest a common
/// password has: `sunshineprincess1987!`.
const MAX_WORDS: usize = 2;
const MAX_RUNS: usize = 3;

/// Whether this normalized password in lower case is among the millions of two common words with
/// numbers, keys in a row and signs before, between and after. What separates them, and letters
/// that are written as digits or signs, change nothing.
pub(super) fn is_common(lower: &str) -> bool {
    let is_separator = |letter: &char| matches!(letter, ' ' | '-' | '_' | '.' | ',');
    let letters: Vec<_> = lower
        .chars()
        .filter(|letter| !is_separator(letter))
        .collect();
    let budget = Budget {
        words: MAX_WORDS,
        runs: MAX_RUNS,
    };
    !letters.is_empty() && is_made_of_pieces(&letters, budget, None)
}

/// How many pieces there may be yet.
#[derive(Clone, Copy)]
struct Budget {
    words: usize,
    runs: usize,
}

fn is_made_of_pieces(letters: &[char], budget: Budget, before: Option<&[char]>) -> bool {
    let Some(first) = letters.first() else {
        return true;
    };
    let words = WORDS_BY_LETTER.get(first).into_iter().flatten();
    let is_word_first = words.into_iter().any(|word| {
        let is_again = before == Some(word);
        let (true, Some(words)) = (
            starts_with(letters, word),
            budget.words.checked_sub(usize::from(!is_again)),
        ) else {
            return false;
        };
        let rest = letters.get(word.len()..).unwrap_or_default();
        is_made_of_pieces(rest, Budget { words, ..budget }, Some(word))
    });
    is_word_first
        || budget.runs.checked_sub(1).is_some_and(|runs| {
            runs_at_the_start_of(letters).any(|len| {
                let rest = letters.get(len..).unwrap_or_default();
                is_made_of_pieces(rest, Budget { runs, ..budget }, before)
            })
        })
}

/// The words, by how their first letter may be typed.
static WORDS_BY_LETTER: LazyLock<HashMap<char, Vec<Vec<char>>>> = LazyLock::new(|| {
    let mut words = HashMap::<_, Vec<_>>::new();
    for word in WORDS.split_whitespace() {
        let word: Vec<_> = word.chars().collect();
        for typed in word.first().into_iter().flat_map(|first| typed_as(*first)) {
            words.entry(typed).or_default().push(word.clone());
        }
    }
    words
});

fn starts_with(letters: &[char], word: &[char]) -> bool {
    letters.len() >= word.len()
        && (word.iter().zip(letters)).all(|(of, typed)| typed_as(*of).any(|as_| as_ == *typed))
}

/// A letter, and what is typed for it by those who think that nobody knows.
fn typed_as(letter: char) -> impl Iterator<Item = char> {
    let others = match letter {
        'a' => "@4",
        'b' => "8",
        'e' => "3",
        'g' => "9",
        'i' => "1!",
        'l' => "1",
        'o' => "0",
        's' => "$5",
        't' => "7",
        _ => "",
    };
    std::iter::once(letter).chain(others.chars())
}

/// How long the runs are with which this begins: numbers of up to four digits, up to three signs,
/// and as many keys in a row, or times the same one, as there are.
fn runs_at_the_start_of(letters: &[char]) -> impl Iterator<Item = usize> {
    let is_like = |is_of: fn(&char) -> bool, most: usize| {
        let count = letters.iter().take(most).take_while(|letter| is_of(letter));
        1..=count.count()
    };
    let numbers = is_like(char::is_ascii_digit, 4);
    let signs = is_like(char::is_ascii_punctuation, 3);
    let first = letters.first();
    let same = letters.iter().take_while(|letter| Some(*letter) == first);
    let in_row = |row: &&str| {
        let starts = row.char_indices().filter(|(_, key)| Some(key) == first);
        let lens = starts.map(|(start, _)| {
            let keys = row.get(start..).unwrap_or_default().chars();
            let common = keys.zip(letters).take_while(|(key, letter)| key == *letter);
            common.count()
        });
        lens.max().unwrap_or(0)
    };
    let row = ROWS.iter().map(in_row).max().unwrap_or(0);
    let long = [same.count(), row].into_iter().filter(|len| *len >= 3);
    numbers.chain(signs).chain(long)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{WORDS, is_common};

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
            assert!(is_common(password), "{password}");
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
        ] {
            assert!(is_common(password), "{password}");
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
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn the_longest_password_is_soon_looked_at() {
        for piece in ["a", "ana", "1", "love", "!1", "abc", "aaab"] {
            let mut password = piece.repeat(256 / piece.len());
            password.push('ß');
            assert!(!is_common(&password));
        }
    }
}
