//! What tokens are for.

use std::time::Duration;

/// What a token lets its user do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// Show that they read mail at an address, which becomes theirs.
    VerifyEmail,
    /// Choose a new password.
    ResetPassword,
    /// Take back an address that was changed.
    UndoEmail,
    /// Show at a log-in that they read mail at their address.
    LoginCode,
}

/// What a short code is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeKind {
    LettersAndDigits,
    /// Easier to type, and easier to guess, so it has few [tries](super::CODE_TRIES).
    Digits,
}

impl Purpose {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::UndoEmail => "undo_email",
            Self::LoginCode => "login_code",
        }
    }

    /// How long a token works.
    pub(crate) fn lasts(self) -> Duration {
        match self {
            Self::VerifyEmail => Duration::from_hours(1),
            Self::ResetPassword => Duration::from_mins(30),
            Self::UndoEmail => Duration::from_hours(7 * 24),
            Self::LoginCode => Duration::from_mins(10),
        }
    }

    /// Whether a new token ends the older ones of the same user.
    pub(super) fn has_one(self) -> bool {
        self != Self::UndoEmail
    }

    /// The short code that is sent too, to be typed by the user, if there is one.
    pub(super) fn code(self) -> Option<CodeKind> {
        match self {
            Self::VerifyEmail => Some(CodeKind::LettersAndDigits),
            Self::LoginCode => Some(CodeKind::Digits),
            Self::ResetPassword | Self::UndoEmail => None,
        }
    }
}
