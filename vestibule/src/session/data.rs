//! The app's own values of a session.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::web::cookies::is_member_name;

/// The values of a session by name, each as JSON.
pub type DataValues = BTreeMap<String, String>;

/// What is to be changed of the values of a session: each by its name, to this JSON, or removed.
pub type DataChanges = BTreeMap<String, Option<String>>;

/// The name of a value and its type: what [`SessionData`](crate::login::SessionData) is asked for.
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
    /// The most characters of a name.
    pub const MAX_NAME_CHARS: usize = 64;

    /// The value by this name: 1 to [`MAX_NAME_CHARS`](Self::MAX_NAME_CHARS) ASCII letters,
    /// digits, `_` and `-`; whoever uses another gets an error.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            is_kept: false,
            value: PhantomData,
        }
    }

    /// What an anonymous visitor has under it becomes the user's at the log-in, as a cart should.
    /// Without this it ends there.
    pub const fn kept_at_log_in(mut self) -> Self {
        self.is_kept = true;
        self
    }

    /// The name.
    ///
    /// # Errors
    /// When it is none ([`Error::is_config`]).
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

/// What came of writing a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the value may not have been written"]
#[non_exhaustive]
pub enum DataOutcome {
    /// It is written.
    Written,
    /// There is no session to write it to, and nothing happened: it has ended meanwhile, the user
    /// came of the request loader, or an anonymous visitor's response has begun, so that no cookie
    /// can go with it.
    NoSession,
    /// There would be more than fits, and nothing happened.
    TooMuch,
}

/// The most bytes of all values of a session, with their names, as JSON.
pub const MAX_DATA_BYTES: usize = 32 * 1024;

/// `values` after `changes`; none where that would be more than [`MAX_DATA_BYTES`], and no fewer
/// than before: what is too much already may shrink.
pub(crate) fn changed(values: &DataValues, changes: &DataChanges) -> Option<DataValues> {
    let mut after = values.clone();
    apply_changes(changes, &mut after);
    let bytes_after = bytes(&after);
    (bytes_after <= MAX_DATA_BYTES || bytes_after < bytes(values)).then_some(after)
}

/// Changes `values`, however many they become.
pub(crate) fn apply_changes(changes: &DataChanges, values: &mut DataValues) {
    for (name, value) in changes {
        match value {
            Some(value) => drop(values.insert(name.clone(), value.clone())),
            None => drop(values.remove(name)),
        }
    }
}

/// How much of what is allowed these are.
fn bytes(values: &DataValues) -> usize {
    let sizes = values.iter().map(|(name, value)| name.len() + value.len());
    sizes.sum()
}
