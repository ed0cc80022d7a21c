//! Levels of access: roles, permissions, and guards that the compiler sees.
//!
//! # How it works
//! 1. A user has roles and permissions: those that [`User::has_role`](crate::login::User::has_role)
//!    and [`User::can`](crate::login::User::can) say, by default none. [`Rights`] keeps them as
//!    sets; the stored [`Account`](crate::accounts::Account) has them of the database.
//! 2. A [`Rule`] says what is asked: a role, a permission, a fresh log-in, any of some rules, all
//!    of some.
//! 3. A handler asks by its arguments, with [`Allowed`] of a [`Guard`]; a router by
//!    [`access_required`] of a rule or [`allowed`] of a guard. A guard can look at an object of
//!    the request too: "may edit this post".
//! 4. Everything else is denied by
//!    [`login_required().except(…)`](crate::login::LoginRequired::except) around all routes, and
//!    [`RouteTable`] shows what each route asks.
//!
//! # What it protects against
//! A handler that forgets to ask: without the guard in its arguments it does not have the user.
//! A right that outlives its taking away: the rights are read with the user, at each request.
//! Learning that an object exists ([`Guard::HIDES`]).
//!
//! # What it does not
//! A request under way goes on with the rights it began with, however slowly its body comes.
//! What must not is checked again: that somebody is still logged in by
//! [`Login::is_still_logged_in`](crate::Login::is_still_logged_in), and the right where something
//! is written, as the account store does for those who administer it.

mod guard;
mod layers;
mod name;
mod rights;
mod routes;
#[cfg(test)]
mod tests;

pub use crate::login::rule::Rule;
pub use guard::{AccessRejection, Allowed, Guard};
pub use layers::{access_required, allowed};
pub use name::{NameObjection, PermissionName, RoleName, nearest};
pub use rights::Rights;
#[cfg(any(test, feature = "testing"))]
pub(crate) use routes::BROKEN;
pub use routes::{RouteTable, TableRoute};
