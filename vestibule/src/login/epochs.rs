//! Epochs of users whose table has no epoch column.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::Result;
use crate::login::{User, UserId};
use crate::session::InvalidationFeed;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Keeps an epoch for each user, by the user's id.
pub(crate) trait KeepEpochs: Send + Sync + 'static {
    /// The epoch; 0 for a user without one.
    fn load<'a>(&'a self, id: &'a UserId) -> BoxFuture<'a, i64>;

    /// Begins a new epoch.
    fn begin_new<'a>(&'a self, id: &'a UserId) -> BoxFuture<'a, ()>;

    /// Begins a new epoch if the current one is still `seen`. Returns whether it was.
    fn begin_after<'a>(&'a self, id: &'a UserId, seen: i64) -> BoxFuture<'a, bool>;

    /// The feed that is invalidated when an epoch changes.
    fn feed(&self) -> &InvalidationFeed;
}

/// Epochs of users, stored outside the users table. Clones share them.
#[derive(Clone)]
pub(crate) struct Epochs(Arc<dyn KeepEpochs>);

impl Epochs {
    #[cfg(feature = "sql")]
    pub(crate) fn new(epochs: impl KeepEpochs) -> Self {
        Self(Arc::new(epochs))
    }

    /// The epoch of a user: that of the users table, combined with ours if `epochs` keeps any. It
    /// changes when either of them does.
    pub(crate) async fn of<U: User>(epochs: Option<&Self>, user: &U) -> Result<i64> {
        let of_table = user.session_epoch().into();
        match epochs {
            Some(epochs) => Ok(joined(of_table, epochs.load(&user.id()).await?)),
            None => Ok(of_table),
        }
    }

    /// Begins a new epoch if the user's epoch is still `epoch`. Returns whether it was. Of parallel
    /// calls, only one gets `true`.
    pub(crate) async fn begin_after<U: User>(&self, user: &U, epoch: i64) -> Result<bool> {
        let id = user.id();
        let ours = self.0.load(&id).await?;
        if joined(user.session_epoch().into(), ours) != epoch {
            return Ok(false);
        }
        self.0.begin_after(&id, ours).await
    }

    /// The epoch that we keep for this id; 0 for an unknown id.
    pub(crate) async fn load(&self, id: &UserId) -> Result<i64> {
        self.0.load(id).await
    }

    pub(crate) async fn begin_new(&self, id: &UserId) -> Result<()> {
        self.0.begin_new(id).await
    }

    pub(crate) fn feed(&self) -> &InvalidationFeed {
        self.0.feed()
    }
}

/// Combines the epoch of a users table with ours.
fn joined(of_table: i64, ours: i64) -> i64 {
    of_table ^ ours.wrapping_mul(SPREAD)
}

/// Odd, with bits set throughout, so that two counted epochs do not cancel each other out.
const SPREAD: i64 = 0x1E37_79B9_7F4A_7C15;

impl fmt::Debug for Epochs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Epochs")
    }
}
