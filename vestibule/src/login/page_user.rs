//! The data about a user on the ready-made pages.

use crate::login::User;

/// A user that the ready-made pages can show.
///
/// ```
/// use vestibule::login::{PageUser, User, UserId};
///
/// #[derive(Clone)]
/// struct Member { number: i64, username: String }
///
/// impl User for Member {
///     fn id(&self) -> UserId {
///         self.number.into()
///     }
/// }
///
/// impl PageUser for Member {
///     fn name(&self) -> &str {
///         &self.username
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the ready-made pages cannot show `{Self}`",
    note = "implement `vestibule::login::PageUser` for it: `fn name(&self) -> &str`"
)]
pub trait PageUser: User {
    /// The name on pages and in mails, with which the user logs in.
    fn name(&self) -> &str;

    /// The email address, if the user has one.
    fn email(&self) -> Option<&str> {
        None
    }

    /// Whether the user must choose a new password before anything else.
    fn must_change_password(&self) -> bool {
        false
    }
}
