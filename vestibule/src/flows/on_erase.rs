//! Erasing accounts that their users have closed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use crate::accounts::{Account, Accounts};
use crate::error::{Error, Result};
use crate::flows::Site;
use crate::login::{Event, PageUser};

type Hook = dyn Fn(Account) -> Answered + Send + Sync;
type Answered = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// The app's function for an account that is about to be erased.
#[derive(Clone)]
pub(super) struct EraseHook(Arc<Hook>);

impl EraseHook {
    pub(super) fn new<F, Fut>(hook: F) -> Self
    where
        F: Fn(Account) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        Self(Arc::new(move |account| Box::pin(hook(account))))
    }

    /// Calls the app's function.
    ///
    /// # Errors
    /// When it failed or panicked.
    async fn run(&self, account: Account) -> Result<()> {
        // In a task, because it may panic.
        let answered = tokio::spawn((self.0)(account).in_current_span()).await;
        answered.map_err(Error::internal).flatten()
    }
}

impl fmt::Debug for EraseHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EraseHook")
    }
}

/// How often to look for accounts to erase.
const EVERY: Duration = Duration::from_mins(10);

impl<U: PageUser> Site<U> {
    /// Erases the closed accounts whose time is over, one after the other, and returns how many. For
    /// each, it first calls [`on_erase`](crate::flows::SiteConfig::on_erase); if that fails, the
    /// account stays, and is tried again ten minutes later. It emits
    /// [`Event::AccountDeleted`] afterwards.
    ///
    /// A site does this by itself when users log in or out, at most every ten minutes. Several nodes
    /// may do it at the same time.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn erase_closed_accounts(&self) -> Result<u64> {
        let inner = self.inner();
        let Some(accounts) = &inner.accounts else {
            return Ok(0);
        };
        let mut erased = 0;
        while let Some(account) = accounts.claim_closed().await? {
            if self.erase(accounts, account).await? {
                erased += 1;
            }
        }
        Ok(erased)
    }

    async fn erase(&self, accounts: &Accounts, account: Account) -> Result<bool> {
        let inner = self.inner();
        let id = account.id.clone();
        if let Some(hook) = &inner.on_erase
            && let Err(error) = hook.run(account.clone()).await
        {
            tracing::error!(
                user_id = id.as_str(),
                %error,
                "a closed account is not erased yet: `SiteConfig::on_erase` failed"
            );
            return Ok(false);
        }
        if !accounts.erase(&account).await? {
            return Ok(false);
        }
        inner.credentials.forget(&id).await?;
        let handle = self.login_handle();
        handle.emit(Event::AccountDeleted, &id, None).await;
        Ok(true)
    }

    /// Erases closed accounts in the background, at most every ten minutes.
    pub(super) fn erase_if_due(&self) {
        let inner = self.inner();
        if inner.accounts.is_some() && inner.erased.is_due(EVERY, inner.clock.now()) {
            self.erase_after_response();
        }
    }

    /// Erases closed accounts in the background.
    fn erase_after_response(&self) {
        let site = self.clone();
        self.credentials()
            .after_response(async move { site.erase_now().await });
    }

    /// Erases closed accounts. A failure is logged, and they are tried again later.
    pub(super) async fn erase_now(&self) {
        match self.erase_closed_accounts().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "closed accounts erased"),
            Err(error) => tracing::warn!(%error, "closed accounts not erased"),
        }
    }

    /// The events after which to look for accounts to erase: those that come now and then on any site
    /// in use.
    pub(super) fn is_time_to_erase(event: Event) -> bool {
        matches!(
            event,
            Event::LoggedIn | Event::LoadedFromCookie | Event::LoggedOut | Event::LoginFailed
        )
    }
}
