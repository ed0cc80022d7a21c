//! Watching a store over a connection that may break.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::error::Result;
use crate::session::{InvalidationFeed, Watcher};

/// How often to check a connection that receives a store's changes.
#[cfg(any(feature = "redis", feature = "postgres"))]
pub(crate) const ASK_EVERY: Duration = Duration::from_millis(250);

/// How long to wait before reconnecting.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// A store that can be watched over a separate connection, which never delays a request.
pub(crate) trait Watched: Send + Sync + 'static {
    /// Watches until the connection breaks (an error), or the feed is dropped.
    fn watch(&self, watcher: &Watcher) -> impl Future<Output = Result<()>> + Send;
}

impl InvalidationFeed {
    /// The feed of a store that is watched while the feed exists.
    pub(crate) fn watching(store: impl Watched) -> Self {
        let store = Arc::new(store);
        Self::watched(move |watcher| {
            let Ok(runtime) = tokio::runtime::Handle::try_current() else {
                return;
            };
            runtime.spawn(keep_watching(store.clone(), watcher));
        })
    }
}

async fn keep_watching(store: Arc<impl Watched>, watcher: Watcher) {
    let mut again = interval(AGAIN_AFTER);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_told = false;
    loop {
        again.tick().await;
        let Err(error) = store.watch(&watcher).await else {
            return;
        };
        if !is_told {
            tracing::warn!(
                %error,
                "changes that other processes make are not seen; until they are, nothing is cached"
            );
            is_told = true;
        }
        if !watcher.lost() {
            return;
        }
    }
}
