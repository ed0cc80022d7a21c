//! What an app adds to the export of a user's data.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

type Hook<U> = dyn Fn(U) -> Answered + Send + Sync;
type Answered = Pin<Box<dyn Future<Output = Result<Value>> + Send>>;

/// The app's function for a user who exports their data.
pub(super) struct ExportHook<U>(Arc<Hook<U>>);

impl<U> ExportHook<U> {
    pub(super) fn new<F, Fut, T>(hook: F) -> Self
    where
        F: Fn(U) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
        T: Serialize,
    {
        Self(Arc::new(move |user| {
            let answered = hook(user);
            Box::pin(async move { serde_json::to_value(answered.await?).map_err(Error::internal) })
        }))
    }

    pub(super) async fn run(&self, user: U) -> Result<Value> {
        (self.0)(user).await
    }
}

impl<U> Clone for ExportHook<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U> fmt::Debug for ExportHook<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExportHook")
    }
}
