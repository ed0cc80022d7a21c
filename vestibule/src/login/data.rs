//! The app's own values of whoever this is: Flask's `session[…]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::extract::FromRequestParts;
use cookie::Cookie;
use http::HeaderMap;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use crate::error::{Error, Result};
use crate::login::visit::Visit;
use crate::login::{Login, LoginRejection, User};
use crate::session::{
    DataChanges, DataKey, DataOutcome, DataValues, SessionId, SharedSessionStore,
};

/// The app's own values of the visitor, kept between requests. Flask's `session`.
///
/// Those of a user are in the session store, and end with the session. Those of an anonymous
/// visitor are in cookies, encrypted and signed ([`LoginManager::anonymous_data`]), until the
/// browser is closed; the visitor cannot read or make one, but can bring back an older one. At the
/// log-in what is [`kept`](DataKey::kept_at_log_in) goes to the session, and the rest ends.
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
pub struct SessionData<U> {
    login: Login<U>,
    /// What was read in this request, and of which session.
    read: Mutex<Option<(SessionId, DataValues)>>,
}

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
            Owner::Session(id) => self.of_session(id).await?.remove(name),
            Owner::Anonymous => {
                let mut values = self.login.visit.anonymous_data(self.headers());
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
    /// When the session store or the user loader failed, or the key has no proper name
    /// ([`Error::is_config`]).
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
                return self.login.visit.set_anonymous(name, value, self.headers());
            }
            Owner::Nobody => return Ok(DataOutcome::NoSession),
        };
        let mut read = self.read.lock().await;
        let changes = DataChanges::from([(name.to_owned(), json)]);
        *read = None;
        self.store().change_data(id, &changes).await
    }

    async fn owner(&self) -> Result<Owner> {
        let Some(logged_in) = self.login.visit.resolve(&self.login.request).await? else {
            return Ok(Owner::Anonymous);
        };
        // An answer that came late has left some.
        self.login.visit.drop_data(self.headers());
        let session = logged_in.session.as_ref();
        Ok(session.map_or(Owner::Nobody, |session| Owner::Session(session.id)))
    }

    async fn of_session(&self, id: SessionId) -> Result<DataValues> {
        let mut read = self.read.lock().await;
        match &*read {
            Some((of, values)) if *of == id => Ok(values.clone()),
            _ => {
                let values = self.store().load_data(id).await?;
                *read = Some((id, values.clone()));
                Ok(values)
            }
        }
    }

    fn store(&self) -> &SharedSessionStore {
        &self.login.visit.manager.store
    }

    fn headers(&self) -> &HeaderMap {
        &self.login.request.headers
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
        Ok(Self {
            login: Login::from_request_parts(parts, state).await?,
            read: Mutex::default(),
        })
    }
}

/// The most bytes of an anonymous visitor's values, with their names, as JSON: encrypted, one
/// that has all of them still fits into a cookie.
pub const MAX_ANONYMOUS_DATA_BYTES: usize = 2_500;

/// The most values of an anonymous visitor: every request brings all of them.
pub const MAX_ANONYMOUS_DATA_VALUES: usize = 20;

/// A value of an anonymous visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnonymousValue {
    is_kept: bool,
    json: String,
}

impl AnonymousValue {
    fn to_bytes(&self) -> Vec<u8> {
        let mark = if self.is_kept { b'k' } else { b'd' };
        [&[mark], self.json.as_bytes()].concat()
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let text = String::from_utf8(bytes).ok()?;
        let (is_kept, json) = match text.split_at_checked(1)? {
            ("k", json) => (true, json),
            ("d", json) => (false, json),
            _ => return None,
        };
        let json = json.to_owned();
        Some(Self { is_kept, json })
    }
}

/// A cookie with a value of an anonymous visitor that goes with the response, or one that takes it
/// away.
pub(crate) struct SetValue {
    pub(crate) cookie: Cookie<'static>,
    value: Option<AnonymousValue>,
}

impl<U: User> Visit<U> {
    /// What an anonymous visitor has: what the request brings, and what was changed since.
    fn anonymous_data(&self, headers: &HeaderMap) -> BTreeMap<String, AnonymousValue> {
        let cookies = self.manager.cookies.data.as_ref();
        let brought = cookies.map(|cookies| cookies.read(headers));
        let brought = brought.into_iter().flatten();
        let mut values: BTreeMap<_, _> = brought
            .filter_map(|(name, bytes)| Some((name, AnonymousValue::from_bytes(bytes)?)))
            .collect();
        for (name, set) in self.state().set_data() {
            match &set.value {
                Some(value) => drop(values.insert(name.clone(), value.clone())),
                None => drop(values.remove(name)),
            }
        }
        within_limits(values)
    }

    fn set_anonymous(
        &self,
        name: &str,
        value: Option<AnonymousValue>,
        headers: &HeaderMap,
    ) -> Result<DataOutcome> {
        let Some(cookies) = &self.manager.cookies.data else {
            return match value {
                Some(_) => Err(Error::config(
                    "there is nowhere to keep values of anonymous visitors: give \
                     `LoginManager::anonymous_data` a key",
                )),
                None => Ok(DataOutcome::Written),
            };
        };
        let cookie = match &value {
            Some(value) => {
                let mut values = self.anonymous_data(headers);
                values.insert(name.to_owned(), value.clone());
                let count = values.len();
                if within_limits(values).len() < count {
                    return Ok(DataOutcome::TooMuch);
                }
                cookies.set(name, &value.to_bytes())?
            }
            None if self.data_names(headers).contains(name) => cookies.remove(name),
            None => return Ok(DataOutcome::Written),
        };
        let set = SetValue { cookie, value };
        self.state().set_cookies().data.insert(name.to_owned(), set);
        Ok(DataOutcome::Written)
    }

    /// What is to be kept of the anonymous visitor's values goes to the session of their log-in.
    pub(super) async fn take_over_data(&self, id: SessionId, headers: &HeaderMap) -> Result<()> {
        if self.manager.cookies.data.is_none() || matches!(self.known(), Some(Some(_))) {
            // Whoever was logged in had theirs in a session.
            return Ok(());
        }
        let values = self.anonymous_data(headers).into_iter();
        let kept: DataChanges = values
            .filter(|(_, value)| value.is_kept)
            .map(|(name, value)| (name, Some(value.json)))
            .collect();
        if !kept.is_empty() {
            // It fits, and a session that has ended already needs none.
            let _ = self.manager.store.change_data(id, &kept).await?;
        }
        Ok(())
    }

    /// Takes the values of an anonymous visitor away from the browser.
    pub(super) fn drop_data(&self, headers: &HeaderMap) {
        let Some(cookies) = &self.manager.cookies.data else {
            return;
        };
        for name in self.data_names(headers) {
            let set = SetValue {
                cookie: cookies.remove(&name),
                value: None,
            };
            self.state().set_cookies().data.insert(name, set);
        }
    }

    /// The names of the cookies that the browser has, in whatever state, or gets now.
    fn data_names(&self, headers: &HeaderMap) -> BTreeSet<String> {
        let cookies = self.manager.cookies.data.as_ref();
        let brought = cookies.map(|cookies| cookies.names(headers));
        let mut names: BTreeSet<_> = brought.into_iter().flatten().collect();
        names.extend(self.state().set_data().map(|(name, _)| name.clone()));
        names
    }
}

/// As many of the values as are allowed: answers in parallel, or cookies brought back, may be more
/// together than any of them.
fn within_limits(values: BTreeMap<String, AnonymousValue>) -> BTreeMap<String, AnonymousValue> {
    let mut bytes = 0;
    values
        .into_iter()
        .take(MAX_ANONYMOUS_DATA_VALUES)
        .take_while(|(name, value)| {
            bytes += name.len() + value.json.len();
            bytes <= MAX_ANONYMOUS_DATA_BYTES
        })
        .collect()
}
