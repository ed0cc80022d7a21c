//! Flask-SQLAlchemy's part: the stored users and their credentials.
//!
//! [`Accounts`] keeps users in a SQL database and their password hashes in a table of its own,
//! so that a query for users never carries a hash. It is the
//! [`UserLoader`](crate::login::UserLoader) of apps that have no user table of their own.

mod account;
mod email;
mod entity;
mod migration;
mod repository;
#[cfg(test)]
mod tests;
mod username;

pub use account::Account;
pub use email::{Email, NoEmail};
pub use migration::MIGRATIONS;
pub use repository::{Accounts, PasswordCheck, Registration};
pub use username::{Username, UsernameObjection};
