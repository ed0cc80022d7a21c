//! Pages: templates, static files, error pages, headers.
//!
//! Templates are Jinja's syntax ([minijinja]); Flask's move over. Embedded ones can be
//! overridden one by one from a folder, without a compiler.
//!
//! In every template:
//! - `current_user`: the user, or undefined for an anonymous visitor and on error pages, where
//!   `is_logged_in` says whether there is one; it has
//!   `username` and `is_fresh`, and answers `current_user.can('posts.edit')` and
//!   `current_user.has_role('admin')`;
//! - `url_for(name, …)`: the path of a ready-made page by its name (`register`, `login`,
//!   `welcome`, `confirm_login`, `change_password`, `sessions`, `notices`, `export`, `close_account`, `admin`,
//!   `admin_roles`, `admin_log`, `logout`), further arguments as its query;
//!   `url_for('static', filename='vestibule.css')`;
//! - `has_page(name)`: whether there is such a page;
//! - `get_flashed_messages(with_categories=false)`: the messages of the request before;
//! - `t(name, …)`: a text of the catalogue in the visitor's language, with its arguments;
//! - `language`: the tag of that language, such as `de`; `direction`: `ltr` or `rtl`; `languages`:
//!   all that the site offers, each with `tag` and `name`;
//! - `site_name`.

mod errors;
mod headers;
mod looks;
mod static_files;
mod templates;
mod texts;
mod translate;

pub(crate) use errors::{error_page, error_pages};
#[cfg(feature = "passkeys")]
pub(crate) use headers::WITH_REQUESTS;
pub(crate) use headers::{StrictTransport, add_security_headers, security_headers};
pub use looks::Looks;
pub(crate) use static_files::{StaticFile, StaticFiles};
pub(crate) use templates::{Pages, Template};
pub(crate) use texts::{Language, PartTexts, Texts};
