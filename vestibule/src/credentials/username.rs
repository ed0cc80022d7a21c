//! Usernames: what may be one, and when two are the same.

use std::fmt;

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{GeneralSecurityProfile, MixedScript};

/// A username that may be used: as chosen, and its canonical form.
///
/// 3 to 64 letters and digits of one script, and `.`, `_`, `-` between them. Two usernames with
/// the same canonical form are one: `Alice`, `alice` and `ＡＬＩＣＥ`; `Straße` and `strasse`.
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

/// Why a text may not be a username. Its text says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsernameObjection {
    /// There is none.
    Empty,
    /// Fewer than 3 characters, or more than 64.
    Length,
    /// Another character than letters, digits and `.`, `_`, `-`, or one of those three at an
    /// end.
    Characters,
    /// Letters of several scripts, which can be made to look like another name.
    MixedScripts,
}

impl Username {
    /// The fewest characters.
    pub const MIN_CHARS: usize = 3;
    /// The most characters.
    pub const MAX_CHARS: usize = 64;

    /// The name as chosen, in Unicode normalization form C.
    pub fn as_str(&self) -> &str {
        &self.chosen
    }

    /// The canonical form of any text that stands for a user: the one by which a user is looked up
    /// and which importers write, whether or not the text may be a new username.
    ///
    /// White space around it does not count. Then it is the PRECIS form (RFC 8265), as of
    /// [`canonical`](Self::canonical), where there is one; otherwise, as for `anna smith`, the
    /// lower case of Unicode normalization form C.
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

    /// The canonical form of what may be the beginning of a name.
    pub(crate) fn canonical_prefix(text: &str) -> String {
        let mut form = Self::canonical_form(text);
        // At the end of a name a small sigma has another form than before another letter.
        if form.ends_with('ς') {
            form.pop();
        }
        form
    }

    /// The form by which it is looked up, and which is unique.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl std::str::FromStr for Username {
    type Err = UsernameObjection;

    fn from_str(text: &str) -> Result<Self, UsernameObjection> {
        if text.is_empty() {
            return Err(UsernameObjection::Empty);
        }
        // Bytes first, so that counting a huge one costs nothing.
        if text.len() > Self::MAX_CHARS * 4 {
            return Err(UsernameObjection::Length);
        }
        let chosen: String = unicode_normalization::UnicodeNormalization::nfc(text).collect();
        let canonical = canonical(&chosen).ok_or(UsernameObjection::Characters)?;
        for form in [&chosen, &canonical] {
            if !(Self::MIN_CHARS..=Self::MAX_CHARS).contains(&form.chars().count()) {
                return Err(UsernameObjection::Length);
            }
        }
        if !is_of_the_character_set(&canonical) {
            return Err(UsernameObjection::Characters);
        }
        if !canonical.is_single_script() {
            return Err(UsernameObjection::MixedScripts);
        }
        Ok(Self { chosen, canonical })
    }
}

/// No name is longer, and a huge text must cost nothing.
const MAX_TYPED_CHARS: usize = 256;

/// PRECIS UsernameCaseMapped (RFC 8265 section 3.3), then up and down again, which folds what
/// lower case alone keeps apart: ß and ss, the two small sigmas, the dotless i.
///
/// Repeated until it changes nothing, so that the canonical form of a canonical form is itself.
fn canonical(text: &str) -> Option<String> {
    let mut form = text.to_owned();
    for _ in 0..4 {
        let mapped = UsernameCaseMapped::enforce(&*form).ok()?;
        // The dot of a capital İ stays behind as a combining mark on the small one, unseen.
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

fn is_of_the_character_set(text: &str) -> bool {
    let is_mark = |c: char| matches!(c, '.' | '_' | '-');
    let is_allowed = |c: char| is_mark(c) || c.is_ascii_alphanumeric() || is_letter(c);
    text.chars().all(is_allowed)
        && !text.starts_with(|c| is_mark(c) || is_combining_mark(c))
        && !text.ends_with(is_mark)
}

/// A letter, a digit, or a sign that belongs to one, of a script in everyday use (UTS 39,
/// Identifier_Status=Allowed).
fn is_letter(c: char) -> bool {
    !c.is_ascii() && c.identifier_allowed()
}

impl fmt::Display for UsernameObjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter a username."),
            Self::Length => write!(
                f,
                "The username needs {} to {} characters.",
                Username::MIN_CHARS,
                Username::MAX_CHARS
            ),
            Self::Characters => f.write_str(
                "The username may have letters and digits, and between them dots, underscores \
                 and hyphens.",
            ),
            Self::MixedScripts => f.write_str(
                "The username may not mix letters of several scripts, such as Latin and Cyrillic.",
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
        use UsernameObjection::{Characters, Empty, Length, MixedScripts};

        for (name, objection) in [
            ("", Empty),
            ("ab", Length),
            (&*"a".repeat(65), Length),
            (&*"a".repeat(1_000_000), Length),
            ("a b", Characters),
            (" bob", Characters),
            ("bob\u{a0}", Characters),
            ("bo\u{200b}b", Characters),
            ("bob\n", Characters),
            ("\u{202e}bob", Characters),
            ("bob\0", Characters),
            ("<script>", Characters),
            ("a@example.com", Characters),
            ("'; drop table users", Characters),
            (".bob", Characters),
            ("bob-", Characters),
            ("...", Characters),
            ("\u{300}abc", Characters),
            ("ﬁnn", Characters),
            ("ᴬdmin", Characters),
            ("😀😀😀", Characters),
            ("\u{0430}dmin", MixedScripts),
        ] {
            assert_eq!(canonical_of(name), Err(objection), "{name:?}");
        }
    }

    /// The defect behind a known takeover: canonical forms that have another canonical form.
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
