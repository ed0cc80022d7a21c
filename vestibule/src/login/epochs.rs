//! Epochs of users whose table has none.

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
    /// The epoch; 0 of a user for whom none was ever begun.
    fn load<'a>(&'a self, id: &'a UserId) -> BoxFuture<'a, i64>;

    /// Begins a new epoch.
    fn begin_new<'a>(&'a self, id: &'a UserId) -> BoxFuture<'a, ()>;

    /// Begins a new epoch if the one there is still is `seen`. Returns whether it was.
    fn begin_after<'a>(&'a self, id: &'a UserId, seen: i64) -> BoxFuture<'a, bool>;

    /// What says that an epoch has changed.
    fn feed(&self) -> &InvalidationFeed;
}

/// Epochs of users that are kept beside the users table. Clones share them.
#[derive(Clone)]
pub(crate) struct Epochs(Arc<dyn KeepEpochs>);

impl Epochs {
    #[cfg(feature = "sql")]
    pub(crate) fn new(epochs: impl KeepEpochs) -> Self {
        Self(Arc::new(epochs))
    }

    /// The epoch of a user: that of the users table, if it has any, and ours. It changes with
    /// either of them.
    pub(crate) async fn of<U: User>(&self, user: &U) -> Result<i64> {
        let ours = self.0.load(&user.id()).await?;
        Ok(joined(user.session_epoch(), ours))
    }

    /// Begins a new epoch if `epoch` is that of the user still. Returns whether it was: of any
    /// number of calls at once, one.
    pub(crate) async fn begin_after<U: User>(&self, user: &U, epoch: i64) -> Result<bool> {
        let id = user.id();
        let ours = self.0.load(&id).await?;
        if joined(user.session_epoch(), ours) != epoch {
            return Ok(false);
        }
        self.0.begin_after(&id, ours).await
    }

    pub(crate) async fn begin_new(&self, id: &UserId) -> Result<()> {
        self.0.begin_new(id).await
    }

    pub(crate) fn feed(&self) -> &InvalidationFeed {
        self.0.feed()
    }
}

/// The epoch of a users table and ours, in one.
fn joined(of_table: i64, ours: i64) -> i64 {
    of_table ^ ours.wrapping_mul(SPREAD)
}

/// Odd, and with bits all over: a table's epoch and ours, which both count up, do not cancel out.
const SPREAD: i64 = 0x1E37_79B9_7F4A_7C15;

impl fmt::Debug for Epochs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Epochs")
    }
}
