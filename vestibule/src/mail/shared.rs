//! A mailer of any kind, for those who send mail.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::Result;
use crate::mail::{Mail, Mailer};

/// A mailer of any kind behind one pointer.
#[derive(Clone)]
pub(crate) struct SharedMailer(Arc<dyn DynMailer>);

impl SharedMailer {
    pub(crate) fn new(mailer: impl Mailer) -> Self {
        Self(Arc::new(mailer))
    }

    pub(crate) async fn send(&self, mail: Mail) -> Result<()> {
        self.0.send(mail).await
    }
}

impl fmt::Debug for SharedMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedMailer")
    }
}

/// The object-safe twin of [`Mailer`].
trait DynMailer: Send + Sync {
    fn send(&self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>>;
}

impl<M: Mailer> DynMailer for M {
    fn send(&self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
        Box::pin(Mailer::send(self, mail))
    }
}
