//! Messages for the visitor, in a handler.

use crate::error::Result;
use crate::login::{Login, User};
use crate::web::Flash;

impl<U: User> Login<U> {
    /// Adds a message for the visitor, which the next call of
    /// [`take_messages`](Self::take_messages) returns, in this request or a later one. Flask's
    /// `flash`. `category` is the kind of message, for its style, such as `success`. Needs the key
    /// of [`LoginManager::messages`](crate::LoginManager::messages).
    ///
    /// ```
    /// # use axum::response::Redirect;
    /// # use vestibule::{Error, Login};
    /// # use vestibule::login::{User, UserId};
    /// # #[derive(Clone)] struct Member;
    /// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
    /// async fn save(login: Login<Member>) -> Result<Redirect, Error> {
    ///     login.flash("success", "Your profile has been saved.")?;
    ///     Ok(Redirect::to("/profile"))
    /// }
    /// ```
    ///
    /// Messages wait in a signed cookie for a minute, which holds about 2,000 bytes of JSON. If they
    /// do not fit, the oldest are dropped, with a warning in the log. The visitor can read the
    /// cookie, so write nothing secret into a message.
    ///
    /// # Errors
    /// When the app has set no key for messages, or the response has begun, as in a stream
    /// ([`Error::is_config`](crate::Error::is_config)).
    pub fn flash(&self, category: impl Into<String>, message: impl Into<String>) -> Result<()> {
        self.visit.read_messages(&self.request.headers);
        self.visit.add_message(Flash::new(category, message))
    }

    /// Returns and removes the messages for the visitor, oldest first, including those that you
    /// then do not show. Flask's `get_flashed_messages`, for apps that use
    /// [`messages`](crate::LoginManager::messages).
    pub fn take_messages(&self) -> Vec<Flash> {
        self.visit.read_messages(&self.request.headers);
        self.visit.take_messages()
    }
}
