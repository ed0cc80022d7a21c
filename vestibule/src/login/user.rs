//! The app's own user.

use crate::login::Epoch;
use crate::session::UserId;

/// The app's own user type. Flask-Login's `UserMixin`.
///
/// ```
/// use vestibule::login::{User, UserId};
///
/// #[derive(Clone)]
/// struct Member { number: i64, suspended: bool }
///
/// impl User for Member {
///     fn id(&self) -> UserId {
///         self.number.into()
///     }
///
///     fn is_active(&self) -> bool {
///         !self.suspended
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a user",
    note = "implement `vestibule::login::User` for it: `fn id(&self) -> UserId`"
)]
pub trait User: Clone + Send + Sync + 'static {
    /// The id stored in the session. It must never change, and never be reused for another user,
    /// even after this one is deleted. If your table reuses ids, call `Credentials::forget` when
    /// you delete a user.
    fn id(&self) -> UserId;

    /// Whether this user may be logged in. Checked at log-in and at every request.
    fn is_active(&self) -> bool {
        true
    }

    /// Whether this user has closed their account, and opens it again by logging in
    /// ([`PasswordUsers::reopen`](crate::credentials::PasswordUsers::reopen)). Such a user is not
    /// [active](Self::is_active). Default: no.
    fn is_closed(&self) -> bool {
        false
    }

    /// The value that changes to end all sessions of this user: after a new password, or when the
    /// account is disabled. A session keeps the epoch of its log-in, and ends when the user's
    /// differs.
    ///
    /// Return the number of a column that you count up, `self.epoch.into()`, or
    /// [`Epoch::of`]`(&self.password_hash)`. Default: always the same, so only a log-out or expiry
    /// ends sessions.
    ///
    /// It also ends a log-in in progress whose password was checked just before it changed.
    fn session_epoch(&self) -> Epoch {
        Epoch::default()
    }

    /// Whether the user has shown that they read mail at their address, for
    /// [`Rule::VerifiedEmail`](crate::access::Rule::VerifiedEmail).
    fn has_verified_email(&self) -> bool {
        false
    }

    /// Whether this user has the role. Default: no, so a user type without roles needs no code.
    /// [`access::Rights`](crate::access::Rights) keeps roles and permissions as sets.
    fn has_role(&self, role: &str) -> bool {
        let _ = role;
        false
    }

    /// Whether this user has the permission, such as `posts.edit`. Default: no.
    fn can(&self, permission: &str) -> bool {
        let _ = permission;
        false
    }
}

/// Whether a log-in of this user may succeed: that of a closed account opens it again.
#[cfg(feature = "sql")]
pub(crate) fn may_log_in(user: &impl User) -> bool {
    user.is_active() || user.is_closed()
}
