//! [`Objection`]: why the policy rejects a password.

use std::fmt;

/// Why the policy rejects a password. `Display` tells the user what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Objection {
    /// The password is empty.
    Empty,
    /// The password has a NUL character, which a browser form cannot send.
    Nul,
    /// The password has too few characters.
    TooShort {
        /// The minimum length in characters.
        min_chars: usize,
    },
    /// The password has too many characters.
    TooLong {
        /// The maximum length in characters.
        max_chars: usize,
    },
    /// The password has more bytes than the algorithm reads.
    TooManyBytes {
        /// The maximum length in bytes.
        max_bytes: usize,
    },
    /// The password is common: on the blocklist, or made of common words.
    Common,
    /// The password repeats one to four characters.
    Repetitive,
    /// The password is made of words that belong to the account or the site.
    Personal,
    /// The password was exposed in a breach of another site.
    Breached,
    /// The look-up of breached passwords failed, and
    /// [`BreachedPasswords::fail_closed`](crate::password::BreachedPasswords::fail_closed) is set.
    Unchecked,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter a password."),
            Self::Nul => f.write_str("A password can't have a NUL character."),
            Self::TooShort { min_chars } => write!(f, "Use at least {min_chars} characters."),
            Self::TooLong { max_chars } => write!(f, "Use at most {max_chars} characters."),
            Self::TooManyBytes { max_bytes } => write!(
                f,
                "Use at most {max_bytes} bytes: that many plain letters, fewer of other scripts."
            ),
            Self::Common => {
                f.write_str("This password is too common. Choose a few unrelated words instead.")
            }
            Self::Repetitive => f.write_str(
                "This password repeats a short pattern. Choose a few unrelated words instead.",
            ),
            Self::Personal => f.write_str(
                "This password contains your username, your email address or this site's name. \
                 Choose a few unrelated words instead.",
            ),
            Self::Breached => f.write_str(
                "This password was found in a data breach of another site. Choose another one, \
                 and change it wherever you use it.",
            ),
            Self::Unchecked => f.write_str(
                "We couldn't check whether this password is known from a data breach. Try again \
                 in a moment.",
            ),
        }
    }
}
