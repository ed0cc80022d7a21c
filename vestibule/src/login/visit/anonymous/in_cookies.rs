//! Values of anonymous visitors in their browsers, one encrypted and signed cookie each.

use std::collections::BTreeSet;

use http::HeaderMap;

use crate::error::{Error, Result};
use crate::login::User;
use crate::login::visit::Visit;
use crate::login::visit::anonymous::AnonymousValues;
use crate::login::visit::state::{AnonymousValue, SetValue};
use crate::session::DataOutcome;
use crate::web::encrypted_cookies::EncryptedCookies;

/// The maximum size in bytes of an anonymous visitor's values in cookies, as JSON, with names. A
/// single encrypted value of this size still fits into a cookie.
pub const MAX_ANONYMOUS_DATA_BYTES: usize = 2_500;

/// The maximum number of values in cookies, because every request sends all of them.
pub const MAX_ANONYMOUS_DATA_VALUES: usize = 20;

impl<U: User> Visit<U> {
    /// The values in the request, with the changes made since.
    pub(super) fn data_in_cookies(
        &self,
        cookies: &EncryptedCookies,
        headers: &HeaderMap,
    ) -> AnonymousValues {
        let brought = cookies.read(headers).into_iter();
        let mut values: AnonymousValues = brought
            .filter_map(|(name, bytes)| {
                let value = AnonymousValue::from_text(str::from_utf8(&bytes).ok()?)?;
                Some((name, value))
            })
            .collect();
        for (name, set) in self.state().set_data() {
            match &set.value {
                Some(value) => drop(values.insert(name.clone(), value.clone())),
                None => drop(values.remove(name)),
            }
        }
        within_limits(values)
    }

    pub(super) fn set_in_cookies(
        &self,
        cookies: &EncryptedCookies,
        name: &str,
        value: Option<AnonymousValue>,
        headers: &HeaderMap,
    ) -> Result<DataOutcome> {
        let is_removed = value.is_none();
        let cookie = match &value {
            Some(value) => {
                let mut values = self.data_in_cookies(cookies, headers);
                values.insert(name.to_owned(), value.clone());
                let count = values.len();
                if within_limits(values).len() < count {
                    return Ok(DataOutcome::TooMuch);
                }
                cookies.set(name, value.to_text().as_bytes())?
            }
            None if self.data_names(cookies, headers).contains(name) => cookies.remove(name),
            None => return Ok(DataOutcome::Written),
        };
        let set = SetValue { cookie, value };
        let mut state = self.state();
        match (state.is_answered, is_removed) {
            (false, _) => drop(state.set_cookies().data.insert(name.to_owned(), set)),
            (true, false) => return Ok(DataOutcome::NoSession),
            (true, true) => {
                return Err(Error::config(
                    "the response has begun, and cannot take a value of an anonymous visitor away",
                ));
            }
        }
        Ok(DataOutcome::Written)
    }

    pub(super) fn drop_from_cookies(&self, cookies: &EncryptedCookies, headers: &HeaderMap) {
        for name in self.data_names(cookies, headers) {
            let set = SetValue {
                cookie: cookies.remove(&name),
                value: None,
            };
            self.state().set_cookies().data.insert(name, set);
        }
    }

    /// The names of cookies that the browser sent, valid or not, or gets with this response.
    fn data_names(&self, cookies: &EncryptedCookies, headers: &HeaderMap) -> BTreeSet<String> {
        let mut names: BTreeSet<_> = cookies.names(headers).into_iter().collect();
        names.extend(self.state().set_data().map(|(name, _)| name.clone()));
        names
    }
}

/// Drops values above the limits. Parallel responses, or old cookies sent again, can together
/// exceed them.
fn within_limits(values: AnonymousValues) -> AnonymousValues {
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
