//! A registration that comes a second time: by a double click, or because the response to the first
//! one was lost. Its visitor has an account already, and would get `taken` and no session.

use std::time::Duration;

use crate::accounts::Account;
use crate::credentials::{Check, Step};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::Site;
use crate::login::{Login, PageUser};
use crate::session::Methods;

#[cfg(test)]
mod tests;

/// How long after a registration the same one counts as repeated. Later it is a visitor who would
/// like a name that is taken: their password must not be tried at the other user's account.
const SOON: Duration = Duration::from_mins(5);

impl<U: PageUser> Site<U> {
    /// Logs in the visitor whose registration found that the name is taken, if the account is a new
    /// one and the password is right: by the same check and throttle as on the login page. `None`
    /// otherwise; the visitor gets the same answer as for any name that is taken.
    ///
    /// Only with our own accounts, which say how old they are. Not where the app checks new accounts
    /// ([`SiteConfig::on_register`](crate::flows::SiteConfig::on_register)): it may still reject this
    /// one.
    pub(super) async fn is_repeated(
        &self,
        login: &Login<U>,
        username: &str,
        password: &Secret,
    ) -> Result<Option<Step<U>>> {
        let Some(accounts) = &self.inner().accounts else {
            return Ok(None);
        };
        let account = accounts.find(username).await?;
        self.is_repeated_by(login, account, password).await
    }

    /// As [`is_repeated`](Self::is_repeated), for the account that the registration found.
    pub(super) async fn is_repeated_by(
        &self,
        login: &Login<U>,
        account: Option<Account>,
        password: &Secret,
    ) -> Result<Option<Step<U>>> {
        let inner = self.inner();
        let now = login.visit().settings().clock.now();
        let account = account.filter(|account| now.since(account.created_at) <= SOON);
        let (None, Some(account)) = (&inner.on_register, account) else {
            return Ok(None);
        };
        let credentials = &inner.credentials;
        let name = account.name();
        match credentials.check_password(login, name, password).await? {
            Check::Proved(proof) => credentials.proceed(login, proof).await.map(Some),
            Check::Wrong(user) => {
                login
                    .report_failed_by(Methods::PASSWORD, user.as_ref())
                    .await;
                Ok(None)
            }
            Check::Throttled(_) => Ok(None),
        }
    }
}
