//! Passwords made of common words, numbers and keyboard rows.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words, names and short key sequences that people make passwords of.
const WORDS: &str = include_str!("common_pieces.txt");

/// Well-known sequences of letters, digits and signs, such as keyboard rows.
const ROWS: [&str; 27] = [
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "01234567890123456789",
    "!@#$%^&*()",
    "qwertyuiop",
    "asdfghjkl;",
    "zxcvbnm,./",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "!qaz@wsx#edc$rfv%tgb^yhn&ujm*ik(ol)p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2s3d4f5g6h7j8k9l",
    "q1w2e3r4t5y6u7i8o9p0",
    "qw1er2ty3ui4op5",
    "1qa2ws3ed4rf5tg6yh7uj8ik9ol0p",
    "qazxswedcvfrtgbnhyujmkiolp",
    "qawsedrftgyhujikolp",
    "102030405060708090",
    "13243546576879809",
];

/// How many words and runs a common password has at most. A repeated word counts once. A run is a
/// number, a sequence of keys, or signs: `sunshineprincess1987!` has two words and two runs.
const BUDGET: Budget = Budget { words: 2, runs: 3 };

/// After how many failed positions the search gives up. A common password needs some dozens at
/// most; one that needs more was made to keep the processor busy.
const MAX_TRIES: usize = 200;

/// Whether this normalized password in lower case consists of at most two common words, with runs
/// before, between and after them. The `personal` words count as common. Separators are ignored,
/// and so are digits and signs in place of letters.
pub(super) fn is_common(lower: &str, personal: &[&str]) -> bool {
    let letters: Vec<_> = letters_of(lower).collect();
    let personal = personal.iter().map(|word| letters_of(word).collect());
    let mut search = Search {
        letters: &letters,
        personal: personal.filter(|word: &Vec<_>| word.len() >= 3).collect(),
        failed: HashSet::new(),
    };
    !letters.is_empty() && search.is_made_of_pieces(0, BUDGET, None)
}

/// The characters of the text without word separators.
fn letters_of(text: &str) -> impl Iterator<Item = char> {
    let is_separator = |letter: &char| matches!(letter, ' ' | '-' | '_' | '.' | ',');
    text.chars().filter(move |letter| !is_separator(letter))
}

/// How many more pieces the rest of the password may have.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Budget {
    words: usize,
    runs: usize,
}

/// The index of a word. Personal words come after the common ones.
type Word = usize;

struct Search<'a> {
    letters: &'a [char],
    personal: Vec<Vec<char>>,
    /// The states from which the search failed.
    failed: HashSet<(usize, Budget, Option<Word>)>,
}

impl Search<'_> {
    /// Whether the letters after `from` consist of pieces. `previous` is the word before them.
    fn is_made_of_pieces(&mut self, from: usize, budget: Budget, previous: Option<Word>) -> bool {
        let letters = self.letters.get(from..).unwrap_or_default();
        // The last repetition of a word may be cut short.
        let is_cut_short = previous
            .and_then(|word| self.word(word)?.get(..letters.len()))
            .is_some_and(|start| starts_with(letters, start));
        if letters.is_empty() || is_cut_short {
            return true;
        }
        let is_tried = self.failed.len() >= MAX_TRIES;
        if is_tried || !self.failed.insert((from, budget, previous)) {
            return false;
        }
        self.leading_words(letters, budget, previous)
            .into_iter()
            .any(|(word, len, budget)| self.is_made_of_pieces(from + len, budget, Some(word)))
            || budget.runs.checked_sub(1).is_some_and(|runs| {
                let budget = Budget { runs, ..budget };
                leading_runs(letters)
                    .any(|len| self.is_made_of_pieces(from + len, budget, previous))
            })
    }

    fn word(&self, word: Word) -> Option<&[char]> {
        let personal = word.checked_sub(INDEX.words.len());
        match personal {
            Some(personal) => self.personal.get(personal),
            None => INDEX.words.get(word),
        }
        .map(Vec::as_slice)
    }

    /// The words that `letters` can start with, with their lengths and the budget left after them.
    fn leading_words(
        &self,
        letters: &[char],
        budget: Budget,
        previous: Option<Word>,
    ) -> Vec<(Word, usize, Budget)> {
        let first = letters.first();
        let common = first.and_then(|first| INDEX.by_letter.get(first));
        let personal = INDEX.words.len()..INDEX.words.len() + self.personal.len();
        let words = common.into_iter().flatten().copied().chain(personal);
        let found = words.filter_map(|word| {
            let is_again = previous == Some(word);
            let words = budget.words.checked_sub(usize::from(!is_again))?;
            let spelling = self.word(word)?;
            let rest = Budget { words, ..budget };
            starts_with(letters, spelling).then_some((word, spelling.len(), rest))
        });
        found.collect()
    }
}

/// The words, an index by the first character they may be typed with, and the rows in both
/// directions.
struct Index {
    words: Vec<Vec<char>>,
    by_letter: HashMap<char, Vec<Word>>,
    rows: Vec<Vec<char>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let words: Vec<Vec<char>> = (WORDS.split_whitespace())
        .map(|word| word.chars().collect())
        .collect();
    let mut by_letter = HashMap::<_, Vec<_>>::new();
    for (number, word) in words.iter().enumerate() {
        for typed in word
            .first()
            .into_iter()
            .flat_map(|first| typed_forms(*first))
        {
            by_letter.entry(typed).or_default().push(number);
        }
    }
    let forwards = ROWS.iter().map(|row| row.chars().collect());
    let backwards = ROWS.iter().map(|row| row.chars().rev().collect());
    Index {
        words,
        by_letter,
        rows: forwards.chain(backwards).collect(),
    }
});

fn starts_with(letters: &[char], word: &[char]) -> bool {
    letters.len() >= word.len()
        && (word.iter().zip(letters))
            .all(|(letter, typed)| typed_forms(*letter).any(|form| form == *typed))
}

/// A letter, and the digits and signs that people commonly type for it.
fn typed_forms(letter: char) -> impl Iterator<Item = char> {
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

/// The lengths of the runs that `letters` can start with: numbers of up to four digits, up to three
/// signs, and the longest sequence of at least three keys, each of which may be repeated.
fn leading_runs(letters: &[char]) -> impl Iterator<Item = usize> + use<> {
    let runs_of = |is_member: fn(&char) -> bool, max_len: usize| {
        let run = letters.iter().take(max_len);
        1..=run.take_while(|letter| is_member(letter)).count()
    };
    let numbers = runs_of(char::is_ascii_digit, 4);
    let signs = runs_of(char::is_ascii_punctuation, 3);
    let in_rows = INDEX.rows.iter().map(|row| leading_keys(row, letters));
    let longest = in_rows.max().filter(|len| *len >= 3);
    numbers.chain(signs).chain(longest)
}

/// How many of the letters follow the keys of this row, one after the other.
fn leading_keys(row: &[char], letters: &[char]) -> usize {
    let starts = row.iter().enumerate();
    let starts = starts.filter(|(_, key)| Some(*key) == letters.first());
    let lens = starts.map(|(start, _)| {
        let mut at = start;
        let is_next = |letter: &&char| {
            if row.get(at) != Some(letter) {
                at += 1;
            }
            row.get(at) == Some(letter)
        };
        letters.iter().take_while(is_next).count()
    });
    lens.max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
