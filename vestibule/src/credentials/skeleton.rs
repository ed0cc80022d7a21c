//! Usernames that look alike.

use unicode_normalization::UnicodeNormalization;

use crate::credentials::Username;

/// The length of the column for skeletons in a users table. Only some 60 letters of a few scripts
/// have longer skeletons, and two such names that begin alike count as look-alikes.
const MAX_CHARS: usize = 255;

impl Username {
    /// The skeleton of a name: two names that look alike have the same one (UTS 39, section 4).
    /// Only compare it; never show it, and never look up a user who logs in by it.
    ///
    /// It has up to 255 characters. It is taken from the name as its user wrote it, in Unicode
    /// normalization form KC, because pages show it like that. The skeleton is then lowercased and
    /// taken again, because `BOB` and `bob` are one name. `l` replaces `i`, because a capital `i`
    /// looks like it.
    ///
    /// ```
    /// use vestibule::credentials::Username;
    ///
    /// let skeleton = Username::skeleton_of("Alice");
    /// assert_eq!(Username::skeleton_of("a1ice"), skeleton);
    /// assert_eq!(Username::skeleton_of("AIice"), skeleton);
    /// assert_ne!(Username::skeleton_of("alison"), skeleton);
    /// assert_eq!(Username::skeleton_of("раура"), Username::skeleton_of("paypa"));
    /// ```
    pub fn skeleton_of(name: &str) -> String {
        let mut skeleton: String = name.trim().nfkc().take(MAX_CHARS).collect();
        // First of the letters as shown, then of the lowercase ones, which can look like other
        // letters.
        for _ in 0..2 {
            let shape = unicode_security::skeleton(&skeleton);
            skeleton = shape.flat_map(char::to_lowercase).collect();
        }
        let skeleton = skeleton.replace('i', "l");
        let skeleton: String = skeleton.nfc().take(MAX_CHARS).collect();
        // MySQL ignores trailing spaces in comparisons.
        skeleton.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use crate::credentials::Username;

    fn look_alike(left: &str, right: &str) -> bool {
        Username::skeleton_of(left) == Username::skeleton_of(right)
    }

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (left, right) in [
            ("alice", "a1ice"),
            ("Alice", "AIice"),
            ("ALICE", "a1ice"),
            ("bob", "B0B"),
            ("arnie", "amie"),
            ("arnie", "AMIE"),
            ("coco", "сосо"),
            ("paypa", "раура"),
            ("BOB", "ВОВ"),
            ("vov", "νον"),
            ("oooxx", "оооxх"),
            ("ooo", "օօօ"),
            ("admin", "ａｄｍｉｎ"),
            ("bob", " bob\u{200b}"),
        ] {
            assert!(look_alike(left, right), "{left} {right}");
        }
    }

    #[test]
    fn names_that_look_different_have_different_ones() {
        for (left, right) in [
            ("alice", "alison"),
            ("j.smith", "jsmith"),
            ("bob", "вов"),
            ("muller", "müller"),
            ("user5", "user6"),
            ("佐藤", "左藤"),
        ] {
            assert!(!look_alike(left, right), "{left} {right}");
        }
    }

    /// Two versions of the crate could disagree on a character.
    #[test]
    fn what_reads_names_knows_the_same_version_of_unicode() {
        let (major, minor, update) = unicode_normalization::UNICODE_VERSION;

        let normalization = (major.into(), minor.into(), update.into());

        assert_eq!(unicode_security::UNICODE_VERSION, normalization);
    }

    proptest! {
        #[test]
        fn what_shows_the_same_letters_has_the_same_skeleton(name in "[a-z0-9а-яα-ω]{3,20}") {
            let skeleton = Username::skeleton_of(&name);
            let wide: String = name.chars().map(|c| match u32::from(c) {
                code @ 0x21..=0x7e => char::from_u32(code + 0xfee0).unwrap(),
                _ => c,
            }).collect();

            prop_assert_eq!(&Username::skeleton_of(&format!("{name} ")), &skeleton);
            prop_assert_eq!(&Username::skeleton_of(&wide), &skeleton);
            if name.is_ascii() {
                prop_assert_eq!(&Username::skeleton_of(&name.to_uppercase()), &skeleton);
                prop_assert_eq!(&Username::skeleton_of(&name.replace('o', "0")), &skeleton);
                prop_assert_eq!(&Username::skeleton_of(&name.replace('l', "I")), &skeleton);
                prop_assert_eq!(&Username::skeleton_of(&name.replace("rn", "m")), &skeleton);
            }
        }
    }
}
