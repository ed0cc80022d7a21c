//! What the app does with a new account, before anybody is logged in.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tracing::Instrument;

use crate::accounts::{Account, Accounts};
use crate::error::{Error, Result};
use crate::flows::registration_fields::RegistrationValues;
use crate::login::Sender;

/// What the app says of a registration, in
/// [`SiteConfig::on_register`](crate::flows::SiteConfig::on_register).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum RegistrationOutcome {
    /// The account stays.
    Accepted,
    /// The account is deleted again, and the visitor gets the form with this message at this field.
    Rejected {
        /// The name of a field of the form.
        field: String,
        /// A sentence for the visitor.
        message: String,
    },
}

impl RegistrationOutcome {
    /// Rejects the registration, with a sentence for the visitor at this field.
    pub fn rejected(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Rejected {
            field: field.into(),
            message: message.into(),
        }
    }
}

type Hook = dyn Fn(Account, RegistrationValues) -> Answered + Send + Sync;
type Answered = Pin<Box<dyn Future<Output = Result<RegistrationOutcome>> + Send>>;

/// The app's function for new accounts.
#[derive(Clone)]
pub(super) struct RegisterHook(Arc<Hook>);

impl RegisterHook {
    pub(super) fn new<F, Fut>(hook: F) -> Self
    where
        F: Fn(Account, RegistrationValues) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<RegistrationOutcome>> + Send + 'static,
    {
        Self(Arc::new(move |account, values| {
            Box::pin(hook(account, values))
        }))
    }

    /// Calls the app's function for an account that was just added. If it rejects, fails or panics,
    /// the account is deleted.
    ///
    /// # Errors
    /// Those of the function, and of the database.
    pub(super) async fn run(
        &self,
        accounts: &Accounts,
        account: Account,
        values: RegistrationValues,
        from: Sender,
    ) -> Result<RegistrationOutcome> {
        let (hook, accounts) = (self.0.clone(), accounts.clone());
        let run = async move {
            // A task within a task: the inner one may panic, and a closed connection or a time-out
            // must not stop the outer one between the two.
            let answered = hook(account.clone(), values).in_current_span();
            let answered = tokio::spawn(answered).await;
            let outcome = answered.map_err(Error::internal).flatten();
            if !matches!(outcome, Ok(RegistrationOutcome::Accepted)) {
                accounts.undo_registration(&account, &from).await?;
            }
            outcome
        };
        let done = tokio::spawn(run.in_current_span()).await;
        done.map_err(Error::internal)?
    }
}

impl fmt::Debug for RegisterHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegisterHook")
    }
}
