//! The app's own values of whoever this is: Flask's `session[…]`.

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
/// Those of a user are in the session store, and end with the session. Those of an anonymous
/// visitor are in cookies, encrypted and signed ([`LoginManager::anonymous_data`]), until the
/// browser is closed; the visitor cannot read or make one, but can bring back an older one. Where
/// that will not do, they are in the store too ([`LoginManager::anonymous_data_in_store`]); whoever
/// throws the cookie away begins anew either way. At the log-in what is
/// [`kept`](DataKey::kept_at_log_in) goes to the session, and the rest ends.
///
/// Values are written one by one: requests in parallel do not undo what the others write under
/// other keys. Nothing is read or written for requests that do not ask.
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

/// Whose values they are.
enum Owner {
    Session(SessionId),
    Anonymous,
    /// A user of the request loader, who has no session.
    Nobody,
}

impl<U: User> SessionData<U> {
    /// The value by this key. None where there is none, or where it cannot be read as a `T`: an
    /// older version of the app may have written it. The latter is noted in the log.
    ///
    /// # Errors
    /// When the session store or the user loader failed, or the key has no proper name
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
            // Not the error itself, which would quote the value.
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

    /// Writes a value. It is in the store when this returns, or goes with the response.
    ///
    /// # Errors
    /// When the session store or the user loader failed, the value does not become JSON, the key
    /// has no proper name, or there is nowhere to keep an anonymous visitor's values
    /// ([`Error::is_config`]).
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
    /// When the session store or the user loader failed, the key has no proper name, or the value
    /// is in a cookie and the response has begun ([`Error::is_config`]).
    pub async fn remove<T>(&self, key: DataKey<T>) -> Result<()> {
        // Where there is no session, or no cookie, there is no value.
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
        // An answer that came late has left some.
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
