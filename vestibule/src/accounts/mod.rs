//! Flask-SQLAlchemy's part: the stored users, their credentials and their roles.
//!
//! [`Accounts`] keeps users in a SQL database and their password hashes in a table of its own,
//! so that a query for users never carries a hash. It is the
//! [`UserLoader`](crate::login::UserLoader) of apps that have no user table of their own.
//!
//! Roles have permissions, and users have roles; both are read with the user, at each request.
//! Who changes an account or a role is an [`Actor`], and each change a line of the security log,
//! written in the same transaction.

mod account;
mod actor;
mod administration;
mod email;
mod entity;
mod migration;
mod passwords;
mod repository;
mod roles;
mod rows;
mod search;
mod security_log;
#[cfg(test)]
mod tests;

pub use account::Account;
pub use actor::Actor;
pub use administration::{Administration, ChangeOutcome};
pub use email::{Email, NoEmail};
pub use migration::MIGRATIONS;
pub use repository::{Accounts, Registration};
pub use roles::{ADMIN, Role};
pub use security_log::{Action, LogEntry};
