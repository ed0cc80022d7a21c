//! The app's own user.

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
    /// What the session remembers this user by. It must never change and never be given to
    /// somebody else, even after this user is gone.
    fn id(&self) -> UserId;

    /// Whether this user may be logged in. Asked at log-in and again at every request.
    fn is_active(&self) -> bool {
        true
    }

    /// A number that changes when every session of this user must end: a new password, an
    /// account shut. A session keeps the number of its log-in, and is over when it differs.
    ///
    /// It also ends the log-in that is under way: one whose password was checked just before
    /// the password changed.
    fn session_epoch(&self) -> i64 {
        0
    }

    /// Whether this user has the role. Default: no user has any, so that a user type without
    /// roles writes nothing. [`access::Rights`](crate::access::Rights) keeps roles and
    /// permissions as sets.
    fn has_role(&self, role: &str) -> bool {
        let _ = role;
        false
    }

    /// Whether this user has the permission, such as `posts.edit`. Default: no user has any.
    fn can(&self, permission: &str) -> bool {
        let _ = permission;
        false
    }
}
