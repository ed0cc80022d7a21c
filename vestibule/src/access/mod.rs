//! Roles and permissions, and guards that the compiler checks.
//!
//! # How it works
//! 1. A user has the roles and permissions that [`User::has_role`](crate::login::User::has_role)
//!    and [`User::can`](crate::login::User::can) return, by default none. [`Rights`] keeps them as
//!    sets; a stored [`Account`](crate::accounts::Account) has those in the database.
//! 2. A [`Rule`] states what is required: a role, a permission, a fresh log-in, or any or all of
//!    several rules.
//! 3. A handler requires it in its arguments, with [`Allowed`] of a [`Guard`]; a router with
//!    [`access_required`] of a rule or [`allowed`] of a guard. A guard can also check an object of
//!    the request: "may edit this post".
//! 4. [`login_required().except(…)`](crate::login::LoginRequired::except) around all routes denies
//!    everything else, and [`RouteTable`] shows what each route requires.
//!
//! # What it protects against
//! Forgotten checks: a handler without the guard in its arguments does not have the user. Revoked
//! rights that still work: rights are loaded with the user, at each request. Revealing that an
//! object exists ([`Guard::HIDES`]).
//!
//! # What it does not protect against
//! A request keeps the rights it began with, even if its body arrives slowly. If that matters,
//! check again: the login with [`Login::is_still_logged_in`](crate::Login::is_still_logged_in), and
//! the right in the transaction that writes, as the account store does for changes by admins.

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
