//! The stored users, their credentials and their roles. In Flask, this is Flask-SQLAlchemy's part.
//!
//! [`Accounts`] keeps users in an SQL database. Password hashes are in a separate table, so that a
//! query for users never loads a hash. `Accounts` is the [`UserLoader`](crate::login::UserLoader)
//! of apps without their own users table.
//!
//! Roles have permissions, and users have roles. Both are loaded with the user, at each request. An
//! [`Actor`] makes every change to an account or a role, and the same transaction writes a line to
//! the security log. Log-ins and log-outs are lines of that log too.

mod account;
mod actor;
mod administration;
mod approval;
mod closed;
mod emails;
mod entity;
mod former_usernames;
mod invitations;
mod list_page;
mod migration;
mod notices;
mod passwords;
mod registration;
mod repository;
mod roles;
mod rows;
mod search;
mod security_log;
mod skeletons;
mod temporary_password;
#[cfg(test)]
mod tests;

pub use account::Account;
pub(crate) use account::NewCredential;
pub use actor::Actor;
pub(crate) use administration::DueReset;
pub use administration::{Administration, ChangeOutcome};
pub use emails::SharedEmail;
pub(crate) use invitations::{INVITATION_LASTS, InvitedRegistration, WorkingInvitation};
pub use invitations::{Invitation, InvitationState};
pub use list_page::Cursor;
pub(crate) use list_page::ListPage;
pub use migration::MIGRATIONS;
pub(crate) use notices::FAILED_LOGINS;
pub(crate) use registration::NewRegistration;
pub use registration::Registration;
pub use repository::Accounts;
pub use roles::{ADMIN, Role};
pub use search::{UserFilter, UserState};
pub use security_log::{Action, LogEntry, LogFilter, LogPage};
pub use skeletons::LookAlike;
