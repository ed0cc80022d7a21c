//! The current user, logging in and out, and pages for users only. In Flask, this is Flask-Login's
//! part.
//!
//! # How it works
//! 1. A [`LoginManager`] holds a [`UserLoader`], which loads the app's own user by id, and a
//!    [`SessionStore`](crate::session::SessionStore). Add its [`layer`](LoginManager::layer) to the
//!    router.
//! 2. The login handler checks a credential and calls [`Login::log_in`]. A new session begins, and
//!    the browser gets a new token in a cookie.
//! 3. [`CurrentUser`] in a handler's arguments, or the [`login_required`] layer on a router,
//!    accepts logged-in users and redirects others to the login page.
//! 4. [`FreshUser`], or [`fresh_login_required`], requires a credential shown recently, and
//!    redirects others to the refresh page, whose handler calls [`Login::confirm`].
//! 5. [`Login::log_out`] ends the session on the server, so a copy of its cookie is useless.
//!
//! With `.remember()` a log-in outlasts its sessions, through a second cookie whose token changes
//! at each use. A [`RequestLoader`] finds users by API key, Basic or Bearer when no cookie
//! identifies them. Everything that happens emits an [`Event`].
//!
//! A route that never uses the current user causes no look-up.
//!
//! # What it protects against
//! - Session fixation: every log-in issues a new token, and tokens chosen by the client are never
//!   used.
//! - Replay after log-out.
//! - Stolen remember cookies: the second use of one revokes it.
//! - Cross-site requests: an origin check on every method but GET, HEAD and OPTIONS, including
//!   log-in and log-out.
//! - Open redirects: see [`Next`].
//! - Private pages in caches: `Cache-Control: no-store` on every page that used the current user.
//!
//! # What it does not protect against
//! A cookie stolen from a running browser works until its session ends.

mod cache;
mod continued_session;
mod current_user;
pub(crate) mod device;
mod epoch;
mod epochs;
mod event;
mod fresh_user;
mod handle;
mod layer;
mod loader;
mod log_in;
mod logged_in;
#[expect(clippy::module_inception, reason = "it holds `Login`")]
mod login;
mod login_url;
mod manager;
mod messages;
mod next;
mod page_user;
pub(crate) mod pending;
mod protection;
mod rejection;
mod request_loader;
pub(crate) mod required;
pub(crate) mod route;
pub(crate) mod rule;
mod session_data;
mod session_limit;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod user;
mod views;
pub(crate) mod visit;

pub use continued_session::ContinuedSession;
pub use current_user::CurrentUser;
pub use epoch::Epoch;
pub(crate) use epochs::Epochs;
#[cfg(feature = "sql")]
pub(crate) use epochs::KeepEpochs;
pub use event::{Event, EventRecord, Rejected};
pub use fresh_user::FreshUser;
pub use handle::LoginHandle;
pub use layer::{LoginLayer, LoginService};
#[doc(hidden)]
pub use loader::SessionJoin;
pub use loader::UserLoader;
pub use log_in::{LogIn, LoginOutcome};
pub use login::{ConfirmOutcome, Login};
pub use login_url::login_url;
#[cfg(feature = "sql")]
pub(crate) use manager::FirstPage;
pub use manager::LoginManager;
pub use next::Next;
pub use page_user::PageUser;
pub use pending::PendingLogin;
pub use protection::{AddressPrefix, Sender, SessionProtection};
pub use rejection::{LoginRejection, RejectedRequest};
pub use request_loader::RequestLoader;
pub use required::{LoginRequired, LoginRequiredService, fresh_login_required, login_required};
pub use session_data::SessionData;
pub use session_limit::SessionLimit;
pub use user::User;
#[cfg(feature = "sql")]
pub(crate) use user::may_log_in;
pub use views::{LoginViews, LoginViewsService};
pub use visit::{MAX_ANONYMOUS_DATA_BYTES, MAX_ANONYMOUS_DATA_VALUES};

pub use crate::session::UserId;
