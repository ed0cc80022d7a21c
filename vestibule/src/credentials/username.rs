//! Usernames: which are allowed, and which are equal.

use std::fmt;

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{GeneralSecurityProfile, MixedScript};

/// A valid username: as the user chose it, and its canonical form.
///
/// 3 to 64 letters and digits of one script, with `.`, `_`, `-` between them. Two usernames with
/// the same canonical form are equal: `Alice`, `alice` and `ＡＬＩＣＥ`; `Straße` and `strasse`.
///
/// ```
/// use vestibule::credentials::Username;
///
/// let username: Username = "Müller".parse()?;
/// assert_eq!(username.as_str(), "Müller");
/// assert_eq!(username.canonical(), "müller");
/// # Ok::<(), vestibule::credentials::UsernameObjection>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    chosen: String,
    canonical: String,
}

/// Why a text is not a valid username. Its `Display` says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsernameObjection {
    /// The text is empty.
    Empty,
    /// Fewer than 3 characters, or more than 64.
    Length,
    /// Contains a character other than letters, digits and `.`, `_`, `-`: this is the first one.
    Character(char),
    /// It begins or ends with `.`, `_` or `-`.
    Ends,
    /// Has letters of several scripts, which can imitate another name.
    MixedScripts,
}

impl Username {
    /// The minimum number of characters.
    pub const MIN_CHARS: usize = 3;
    /// The maximum number of characters.
    pub const MAX_CHARS: usize = 64;

    /// The name as chosen, in Unicode normalization form C.
    pub fn as_str(&self) -> &str {
        &self.chosen
    }

    /// The canonical form of any name. Users are looked up by it, and importers must write it. The
    /// name need not be valid as a new username.
    ///
    /// Surrounding white space is removed. If the text has a PRECIS form (RFC 8265), as for
    /// [`canonical`](Self::canonical), it is that; otherwise, as for `anna smith`, it is the lower
    /// case of Unicode normalization form C.
    ///
    /// ```
    /// use vestibule::credentials::Username;
    ///
    /// assert_eq!(Username::canonical_form(" Straße "), "strasse");
    /// assert_eq!(Username::canonical_form("Anna Smith"), "anna smith");
    /// assert_eq!(Username::canonical_form("Me@Example.com"), "me@example.com");
    /// ```
    pub fn canonical_form(text: &str) -> String {
        let text: String = text.trim().chars().take(MAX_TYPED_CHARS).collect();
        let text: String = unicode_normalization::UnicodeNormalization::nfc(&*text).collect();
        canonical(&text).unwrap_or_else(|| text.to_lowercase())
    }

    /// The canonical form of a text that may be the beginning of a name.
    pub(crate) fn canonical_prefix(text: &str) -> String {
        let mut form = Self::canonical_form(text);
        // A small sigma has a different form at the end of a name than before another letter.
        if form.ends_with('ς') {
            form.pop();
        }
        form
    }

    /// The form used for look-ups, which is unique.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl std::str::FromStr for Username {
    type Err = UsernameObjection;

    fn from_str(text: &str) -> Result<Self, UsernameObjection> {
        // Phones and clipboards add white space.
        let text = text.trim();
        if text.is_empty() {
            return Err(UsernameObjection::Empty);
        }
        // Check the bytes first, so that a huge text is not counted.
        if text.len() > Self::MAX_CHARS * 4 {
            return Err(UsernameObjection::Length);
        }
        let chosen: String = unicode_normalization::UnicodeNormalization::nfc(text).collect();
        let canonical = canonical(&chosen).ok_or_else(|| not_allowed(&chosen))?;
        for form in [&chosen, &canonical] {
            if !(Self::MIN_CHARS..=Self::MAX_CHARS).contains(&form.chars().count()) {
                return Err(UsernameObjection::Length);
            }
        }
        if !canonical.chars().all(is_allowed) {
            return Err(not_allowed(&chosen));
        }
        if !has_letters_at_its_ends(&canonical) {
            return Err(UsernameObjection::Ends);
        }
        if !canonical.is_single_script() {
            return Err(UsernameObjection::MixedScripts);
        }
        Ok(Self { chosen, canonical })
    }
}

/// No name is longer, and a huge text must cost nothing.
const MAX_TYPED_CHARS: usize = 256;

/// PRECIS UsernameCaseMapped (RFC 8265 section 3.3), then to upper case and back, which folds
/// characters that lower case keeps apart: ß and ss, the two small sigmas, the dotless i.
///
/// Repeat until nothing changes, so that the canonical form of a canonical form is itself.
fn canonical(text: &str) -> Option<String> {
    let mut form = text.to_owned();
    for _ in 0..4 {
        let mapped = UsernameCaseMapped::enforce(&*form).ok()?;
        // The lower case of a capital İ has an invisible combining dot.
        let folded = mapped.to_uppercase().to_lowercase();
        let folded = folded.replace("i\u{307}", "i").replace("j\u{307}", "j");
        let folded = UsernameCaseMapped::enforce(folded).ok()?.into_owned();
        if folded == form {
            return Some(form);
        }
        form = folded;
    }
    None
}

fn is_mark(c: char) -> bool {
    matches!(c, '.' | '_' | '-')
}

fn is_allowed(c: char) -> bool {
    is_mark(c) || c.is_ascii_alphanumeric() || is_letter(c)
}

fn has_letters_at_its_ends(text: &str) -> bool {
    !text.starts_with(|c| is_mark(c) || is_combining_mark(c)) && !text.ends_with(is_mark)
}

/// Returns the first character that is not allowed. A character that is allowed alone can be wrong
/// next to others; then returns the first one that is not a plain letter.
fn not_allowed(text: &str) -> UsernameObjection {
    let first = |is_wrong: fn(char) -> bool| text.chars().find(|c| is_wrong(*c));
    let wrong = first(|c| !is_allowed(c)).or_else(|| first(|c| !c.is_ascii_alphanumeric()));
    UsernameObjection::Character(wrong.unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// A letter, a digit, or a mark that belongs to one, of a script in everyday use (UTS 39,
/// Identifier_Status=Allowed).
fn is_letter(c: char) -> bool {
    !c.is_ascii() && c.identifier_allowed()
}

/// Whether a reader sees it. Format characters, such as a zero width space, reverse the text or do
/// nothing (Unicode category Cf, as far as it occurs in names).
pub(crate) fn is_visible(c: char) -> bool {
    !c.is_control()
        && !c.is_whitespace()
        && !matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for UsernameObjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter a username."),
            Self::Length => write!(
                f,
                "Use {} to {} characters.",
                Username::MIN_CHARS,
                Username::MAX_CHARS
            ),
            Self::Character(c) => {
                match c {
                    ' ' => f.write_str("A username can't have a space inside.")?,
                    c if !is_visible(*c) => write!(
                        f,
                        "A username can't have the invisible character U+{:04X}.",
                        u32::from(*c)
                    )?,
                    c => write!(f, "A username can't have the character {c}.")?,
                }
                f.write_str(" Use letters and digits, with dots, underscores and hyphens inside.")
            }
            Self::Ends => f.write_str("A username begins and ends with a letter or a digit."),
            Self::MixedScripts => f.write_str(
                "A username can't mix letters of several scripts, such as Latin and Cyrillic.",
            ),
        }
    }
}

impl std::error::Error for UsernameObjection {}

#[cfg(test)]
mod tests {
    use super::{Username, UsernameObjection, canonical};

    fn canonical_of(text: &str) -> Result<String, UsernameObjection> {
        text.parse().map(|username: Username| username.canonical)
    }

    #[test]
    fn names_that_read_alike_are_one() {
        for (left, right) in [
            ("Admin", "admin"),
            ("ＡＤＭＩＮ", "admin"),
            ("Straße", "STRASSE"),
            ("Kelvin", "\u{212a}elvin"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("Müller", "Mu\u{308}ller"),
            ("Diyarbakır", "DIYARBAKIR"),
            ("admin", "ADMİN"),
            ("admin", "admi\u{307}n"),
        ] {
            assert_eq!(canonical_of(left), canonical_of(right), "{left} {right}");
            assert!(canonical_of(left).is_ok(), "{left}");
        }
    }

    #[test]
    fn everyday_names_of_every_script_are_accepted() {
        for name in [
            "bob",
            "j.r_hartley-2",
            "Müller",
            "佐藤太郎",
            "ひらがなカタカナ漢字",
            "Наташа",
            "สมชาย",
            "अमिताभ",
            "김민수",
            "O12",
        ] {
            assert!(
                canonical_of(name).is_ok(),
                "{name}: {:?}",
                canonical_of(name)
            );
        }
    }

    #[test]
    fn what_deceives_or_breaks_is_refused() {
        use UsernameObjection::{Character, Empty, Ends, Length, MixedScripts};

        for (name, objection) in [
            ("", Empty),
            (" \t", Empty),
            ("ab", Length),
            (&*"a".repeat(65), Length),
            (&*"a".repeat(1_000_000), Length),
            ("a b", Character(' ')),
            ("a\u{a0}b", Character('\u{a0}')),
            ("bo\u{200b}b", Character('\u{200b}')),
            ("bo\nb", Character('\n')),
            ("\u{202e}bob", Character('\u{202e}')),
            ("bob\0", Character('\0')),
            ("<script>", Character('<')),
            ("a@example.com", Character('@')),
            ("'; drop table users", Character('\'')),
            (".bob", Ends),
            ("bob-", Ends),
            ("...", Ends),
            ("\u{300}abc", Ends),
            ("ﬁnn", Character('ﬁ')),
            ("ᴬdmin", Character('ᴬ')),
            ("😀😀😀", Character('😀')),
            ("\u{0430}dmin", MixedScripts),
        ] {
            assert_eq!(canonical_of(name), Err(objection), "{name:?}");
        }
    }

    #[test]
    fn white_space_around_a_name_does_not_count() {
        for name in [" bob", "bob\u{a0}", "bob\n", "\tbob \u{3000}"] {
            assert_eq!(canonical_of(name).as_deref(), Ok("bob"), "{name:?}");
            assert_eq!(Username::canonical_form(name), "bob", "{name:?}");
        }
    }

    #[test]
    fn an_objection_names_the_character() {
        let said = |name: &str| name.parse::<Username>().unwrap_err().to_string();

        assert!(said("anna smith").contains("space inside"));
        assert!(said("me@example.com").contains("character @."));
        assert!(said("bo\u{200b}b").contains("U+200B"));
    }

    /// The defect behind a known account takeover: canonical forms that have another canonical
    /// form.
    #[test]
    fn the_canonical_form_of_a_canonical_form_is_itself() {
        for c in '\0'..=char::MAX {
            let name = format!("a{c}b");
            if let Ok(username) = name.parse::<Username>() {
                let form = username.canonical();
                assert_eq!(canonical(form).as_deref(), Some(form), "{c:?}");
            }
        }
    }
}
