//! Why a password may not be chosen.

use std::fmt;

/// Why a password may not be chosen. Its text says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Objection {
    /// There is none.
    Empty,
    /// It has a NUL character, which no form can send.
    Nul,
    /// Too few characters.
    TooShort {
        /// The fewest characters.
        min_chars: usize,
    },
    /// Too many characters.
    TooLong {
        /// The most characters.
        max_chars: usize,
    },
    /// More bytes than the hashing takes.
    TooManyBytes {
        /// The most bytes.
        max_bytes: usize,
    },
    /// On the list of those that are tried first.
    Common,
    /// One short piece over and over.
    Repetitive,
    /// The username, or another word that belongs to the account.
    Personal,
    /// Found in a breach of another site.
    Breached,
    /// It could not be looked up whether it was found in a breach, and so is refused
    /// ([`BreachedPasswords::fail_closed`](crate::password::BreachedPasswords::fail_closed)).
    Unchecked,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter a password."),
            Self::Nul => f.write_str("The password may not have a NUL character."),
            Self::TooShort { min_chars } => {
                write!(f, "The password needs at least {min_chars} characters.")
            }
            Self::TooLong { max_chars } => {
                write!(f, "The password may have at most {max_chars} characters.")
            }
            Self::TooManyBytes { max_bytes } => write!(
                f,
                "The password may have at most {max_bytes} bytes: that many plain letters, fewer \
                 of other scripts."
            ),
            Self::Common => f.write_str(
                "This password is among those that are tried first. Choose a few unrelated words \
                 instead.",
            ),
            Self::Repetitive => f.write_str(
                "This password repeats one short piece. Choose a few unrelated words instead.",
            ),
            Self::Personal => f.write_str(
                "This password is made of the username, the mail address or the site's name. \
                 Choose a few unrelated words instead.",
            ),
            Self::Breached => f.write_str(
                "This password was found in a breach of another site. Choose another one, and \
                 change it wherever you use it.",
            ),
            Self::Unchecked => f.write_str(
                "It could not be checked just now whether this password was found in a breach. \
                 Try again in a moment.",
            ),
        }
    }
}
