//! The app's own values of the visitor: Flask's `session[…]`.

use std::fmt;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::login::visit::{AnonymousValue, Visit};
use crate::login::{Login, LoginRejection, User};
use crate::session::{DataChanges, DataKey, DataOutcome, SessionId};

/// The app's own values of the visitor, kept between requests. Flask's `session`.
///
/// A user's values are in the session store, and end with the session. An anonymous visitor's
/// values are in encrypted and signed cookies ([`LoginManager::anonymous_data`]) until the browser
/// closes. The visitor cannot read or forge them, but can bring back an older cookie. To prevent
/// that, keep them in the store ([`LoginManager::anonymous_data_in_store`]). Deleting the cookie
/// starts again either way. At the log-in, [`kept`](DataKey::kept_at_log_in) values move to the
/// session, and the others are removed.
///
/// Values are written one by one, so parallel requests do not undo each other's writes under other
/// keys. Requests that do not use values cause no reads or writes.
///
/// ```
/// use vestibule::login::SessionData;
/// use vestibule::session::{DataKey, DataOutcome};
/// use vestibule::Error;
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
///
/// const CART: DataKey<Vec<u32>> = DataKey::new("cart").kept_at_log_in();
///
/// async fn add_apples(data: SessionData<Member>) -> Result<&'static str, Error> {
///     let mut cart = data.get(CART).await?.unwrap_or_default();
///     cart.push(7);
///     Ok(match data.set(CART, &cart).await? {
///         DataOutcome::Written => "added",
///         _ => "there is no room for more",
///     })
/// }
/// ```
///
/// [`LoginManager::anonymous_data`]: crate::LoginManager::anonymous_data
/// [`LoginManager::anonymous_data_in_store`]: crate::LoginManager::anonymous_data_in_store
pub struct SessionData<U>(Login<U>);

/// Who the values belong to.
enum Owner {
    Session(SessionId),
    Anonymous,
    /// A user of the request loader, who has no session.
    Nobody,
}

impl<U: User> SessionData<U> {
    /// The value of this key. `None` if there is none, or if it cannot be read as a `T`, for
    /// example because an older version of the app wrote it. The latter is logged.
    ///
    /// # Errors
    /// When the session store or the user loader failed, or the key's name is invalid
    /// ([`Error::is_config`]).
    pub async fn get<T: DeserializeOwned>(&self, key: DataKey<T>) -> Result<Option<T>> {
        let name = key.name()?;
        let json = match self.owner().await? {
            Owner::Session(id) => self.visit().data_of(id).await?.remove(name),
            Owner::Anonymous => {
                let mut values = self.visit().anonymous_data(self.headers()).await?;
                values.remove(name).map(|value| value.json)
            }
            Owner::Nobody => None,
        };
        let read = json.map(|json| serde_json::from_str(&json));
        Ok(read.transpose().unwrap_or_else(|error| {
            // The error itself would quote the value.
            let (line, column) = (error.line(), error.column());
            tracing::warn!(
                key = name,
                why = ?error.classify(),
                line,
                column,
                "a value of a session cannot be read"
            );
            None
        }))
    }

    /// Writes a value. It is in the store when this returns, or is set with the response.
    ///
    /// # Errors
    /// When the session store or the user loader failed, the value cannot be serialized to JSON,
    /// the key's name is invalid, or anonymous values are not enabled ([`Error::is_config`]).
    pub async fn set<T: Serialize>(&self, key: DataKey<T>, value: &T) -> Result<DataOutcome> {
        let json = serde_json::to_string(value).map_err(|error| {
            let name = key.name().unwrap_or_default();
            Error::config(format!(
                "the value of `{name}` does not become JSON: {error}"
            ))
        })?;
        self.change(key, Some(json)).await
    }

    /// Removes a value, if there is one.
    ///
    /// # Errors
    /// When the session store or the user loader failed, the key's name is invalid, or the value is
    /// in a cookie and the response has begun ([`Error::is_config`]).
    pub async fn remove<T>(&self, key: DataKey<T>) -> Result<()> {
        // Without a session or cookie there is no value to remove.
        let _ = self.change(key, None).await?;
        Ok(())
    }

    async fn change<T>(&self, key: DataKey<T>, json: Option<String>) -> Result<DataOutcome> {
        let name = key.name()?;
        let id = match self.owner().await? {
            Owner::Session(id) => id,
            Owner::Anonymous => {
                let is_kept = key.is_kept_at_log_in();
                let value = json.map(|json| AnonymousValue { is_kept, json });
                let headers = self.headers();
                return self.visit().set_anonymous(name, value, headers).await;
            }
            Owner::Nobody => return Ok(DataOutcome::NoSession),
        };
        let changes = DataChanges::from([(name.to_owned(), json)]);
        self.visit().change_data_of(id, &changes).await
    }

    async fn owner(&self) -> Result<Owner> {
        let Some(logged_in) = self.visit().resolve(&self.0.request).await? else {
            return Ok(Owner::Anonymous);
        };
        let Some(session) = &logged_in.session else {
            return Ok(Owner::Nobody);
        };
        // A late response may have left some values behind.
        self.visit().drop_data(self.headers()).await;
        Ok(Owner::Session(session.id))
    }

    fn visit(&self) -> &Visit<U> {
        &self.0.visit
    }

    fn headers(&self) -> &HeaderMap {
        &self.0.request.headers
    }
}

impl<U> fmt::Debug for SessionData<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionData")
    }
}

impl<U: User, S: Send + Sync> FromRequestParts<S> for SessionData<U> {
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, LoginRejection> {
        Login::from_request_parts(parts, state).await.map(Self)
    }
}
