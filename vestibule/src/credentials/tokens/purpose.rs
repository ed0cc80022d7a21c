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
}

impl Purpose {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::UndoEmail => "undo_email",
        }
    }

    /// How long a token works.
    pub(crate) fn lasts(self) -> Duration {
        match self {
            Self::VerifyEmail => Duration::from_hours(1),
            Self::ResetPassword => Duration::from_mins(30),
            Self::UndoEmail => Duration::from_hours(7 * 24),
        }
    }

    /// Whether a new token ends the older ones of the same user.
    pub(super) fn has_one(self) -> bool {
        self != Self::UndoEmail
    }

    /// Whether there is a short code too, to be typed where the user is logged in.
    pub(super) fn has_code(self) -> bool {
        self == Self::VerifyEmail
    }
}
