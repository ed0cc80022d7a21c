//! The app's own values of anonymous visitors, in cookies or in the session store.

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
    /// The values of an anonymous visitor.
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
    /// When the session store failed, or anonymous values are not enabled.
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

    /// The anonymous visitor's values that their current log-in keeps.
    ///
    /// # Errors
    /// When the session store failed.
    pub(in crate::login) async fn kept_data(&self, headers: &HeaderMap) -> Result<DataValues> {
        if self.session().is_some() {
            // A visitor who was logged in had their values in the session.
            return Ok(DataValues::new());
        }
        // Another request may have written since this one read.
        *self.data.lock().await = None;
        let values = self.anonymous_data(headers).await?.into_iter();
        let kept: DataValues = values
            .filter(|(_, value)| value.is_kept)
            .map(|(name, value)| (name, value.json))
            .collect();
        // This request may not have looked up the user yet.
        if !kept.is_empty()
            && self.known().is_none()
            && self
                .by_session(self.look_in_cache(None), None)
                .await?
                .is_some()
        {
            return Ok(DataValues::new());
        }
        Ok(kept)
    }

    /// Removes the values of an anonymous visitor.
    pub(in crate::login) async fn drop_data(&self, headers: &HeaderMap) {
        match &self.context.cookies.anonymous {
            AnonymousCookies::None => {}
            AnonymousCookies::Values(cookies) => self.drop_from_cookies(cookies, headers),
            AnonymousCookies::Session(cookie) => self.drop_from_store(cookie, headers).await,
        }
    }
}
