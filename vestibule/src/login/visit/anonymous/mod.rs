//! The app's own values of visitors who are not logged in: in the browser, or in the session store.

mod in_cookies;
mod in_store;

pub use in_cookies::{MAX_ANONYMOUS_DATA_BYTES, MAX_ANONYMOUS_DATA_VALUES};

use std::collections::BTreeMap;

use http::HeaderMap;

use crate::error::{Error, Result};
use crate::login::User;
use crate::login::manager::AnonymousCookies;
use crate::login::visit::Visit;
use crate::login::visit::state::AnonymousValue;
use crate::session::{DataOutcome, DataValues};

impl AnonymousValue {
    fn to_text(&self) -> String {
        let mark = if self.is_kept { 'k' } else { 'd' };
        format!("{mark}{}", self.json)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (is_kept, json) = match text.split_at_checked(1)? {
            ("k", json) => (true, json),
            ("d", json) => (false, json),
            _ => return None,
        };
        let json = json.to_owned();
        Some(Self { is_kept, json })
    }
}

/// The values of an anonymous visitor by name.
pub(crate) type AnonymousValues = BTreeMap<String, AnonymousValue>;

impl<U: User> Visit<U> {
    /// What an anonymous visitor has.
    ///
    /// # Errors
    /// When the session store failed.
    pub(in crate::login) async fn anonymous_data(
        &self,
        headers: &HeaderMap,
    ) -> Result<AnonymousValues> {
        match &self.context.cookies.anonymous {
            AnonymousCookies::None => Ok(AnonymousValues::new()),
            AnonymousCookies::Values(cookies) => Ok(self.data_in_cookies(cookies, headers)),
            AnonymousCookies::Session(cookie) => self.data_in_store(cookie, headers).await,
        }
    }

    /// Writes a value, or removes it.
    ///
    /// # Errors
    /// When the session store failed, or values have no place.
    pub(in crate::login) async fn set_anonymous(
        &self,
        name: &str,
        value: Option<AnonymousValue>,
        headers: &HeaderMap,
    ) -> Result<DataOutcome> {
        match &self.context.cookies.anonymous {
            AnonymousCookies::None if value.is_some() => Err(Error::config(
                "there is nowhere to keep values of anonymous visitors: give \
                 `LoginManager::anonymous_data` a key, or say `anonymous_data_in_store`",
            )),
            AnonymousCookies::None => Ok(DataOutcome::Written),
            AnonymousCookies::Values(cookies) => self.set_in_cookies(cookies, name, value, headers),
            AnonymousCookies::Session(cookie) => {
                self.set_in_store(cookie, name, value, headers).await
            }
        }
    }

    /// What is to be kept of the anonymous visitor's values at their log-in, as it is now.
    ///
    /// # Errors
    /// When the session store failed.
    pub(in crate::login) async fn kept_data(&self, headers: &HeaderMap) -> Result<DataValues> {
        if self.session().is_some() {
            // Whoever was logged in had theirs in a session.
            return Ok(DataValues::new());
        }
        // Another request may have written since this one has read.
        *self.data.lock().await = None;
        let values = self.anonymous_data(headers).await?.into_iter();
        let kept: DataValues = values
            .filter(|(_, value)| value.is_kept)
            .map(|(name, value)| (name, value.json))
            .collect();
        // Nobody may have asked yet whether somebody is logged in.
        if !kept.is_empty()
            && self.known().is_none()
            && self.by_session(self.look_in_cache(None)).await?.is_some()
        {
            return Ok(DataValues::new());
        }
        Ok(kept)
    }

    /// Takes the values of an anonymous visitor away.
    pub(in crate::login) async fn drop_data(&self, headers: &HeaderMap) {
        match &self.context.cookies.anonymous {
            AnonymousCookies::None => {}
            AnonymousCookies::Values(cookies) => self.drop_from_cookies(cookies, headers),
            AnonymousCookies::Session(cookie) => self.drop_from_store(cookie, headers).await,
        }
    }
}
