//! The app's own values of a session.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::web::cookies::is_member_name;

/// The values of a session by name, each as JSON.
pub type DataValues = BTreeMap<String, String>;

/// Changes to the values of a session by name: the new JSON, or `None` to remove the value.
pub type DataChanges = BTreeMap<String, Option<String>>;

/// The name and type of a value in [`SessionData`](crate::login::SessionData).
///
/// ```
/// use vestibule::session::DataKey;
///
/// const CART: DataKey<Vec<u32>> = DataKey::new("cart").kept_at_log_in();
/// ```
pub struct DataKey<T> {
    name: &'static str,
    is_kept: bool,
    value: PhantomData<fn() -> T>,
}

impl<T> DataKey<T> {
    /// The maximum number of characters in a name.
    pub const MAX_NAME_CHARS: usize = 64;

    /// The value with this name: 1 to [`MAX_NAME_CHARS`](Self::MAX_NAME_CHARS) ASCII letters,
    /// digits, `_` and `-`. Using a key with any other name is an error.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            is_kept: false,
            value: PhantomData,
        }
    }

    /// Keeps an anonymous visitor's value when they log in, for example a cart. Without this, the
    /// log-in removes it.
    pub const fn kept_at_log_in(mut self) -> Self {
        self.is_kept = true;
        self
    }

    /// The name.
    ///
    /// # Errors
    /// When it is not a valid name ([`Error::is_config`]).
    pub(crate) fn name(self) -> Result<&'static str> {
        let is_name = (1..=Self::MAX_NAME_CHARS).contains(&self.name.len());
        if is_name && is_member_name(self.name) {
            return Ok(self.name);
        }
        Err(Error::config(format!(
            "`{}` cannot name a value of a session: use 1 to {} ASCII letters, digits, `_` and `-`",
            self.name.escape_debug(),
            Self::MAX_NAME_CHARS
        )))
    }

    pub(crate) fn is_kept_at_log_in(self) -> bool {
        self.is_kept
    }
}

impl<T> Clone for DataKey<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for DataKey<T> {}

impl<T> fmt::Debug for DataKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey")
            .field("name", &self.name)
            .field("is_kept_at_log_in", &self.is_kept)
            .finish()
    }
}

/// The outcome of writing a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the value may not have been written"]
#[non_exhaustive]
pub enum DataOutcome {
    /// The value was written.
    Written,
    /// There is no session to write to, and nothing was written. The session has ended meanwhile,
    /// the user came from the request loader, or the response to an anonymous visitor has already
    /// begun, so no cookie can be set.
    NoSession,
    /// The values would be too large, and nothing was written.
    TooMuch,
}

/// The maximum size in bytes of all values of a session, as JSON, including their names.
pub const MAX_DATA_BYTES: usize = 32 * 1024;

/// `values` after `changes`, or `None` if they exceed [`MAX_DATA_BYTES`] and did not shrink. Values
/// that are already too large may shrink. For those who implement a
/// [`SessionStore`](crate::session::SessionStore).
pub fn changed(values: &DataValues, changes: &DataChanges) -> Option<DataValues> {
    let mut after = values.clone();
    apply_changes(changes, &mut after);
    let bytes_after = bytes(&after);
    (bytes_after <= MAX_DATA_BYTES || bytes_after < bytes(values)).then_some(after)
}

/// Changes `values`, whatever their size.
pub(crate) fn apply_changes(changes: &DataChanges, values: &mut DataValues) {
    for (name, value) in changes {
        match value {
            Some(value) => drop(values.insert(name.clone(), value.clone())),
            None => drop(values.remove(name)),
        }
    }
}

/// The size that counts towards [`MAX_DATA_BYTES`].
fn bytes(values: &DataValues) -> usize {
    let sizes = values.iter().map(|(name, value)| name.len() + value.len());
    sizes.sum()
}
