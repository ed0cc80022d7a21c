//! Registering with a mail address alone.
//!
//! The answer is the same whether or not the address is known. What depends on it comes after the
//! response: a new account that waits for its address to be verified, or a mail to the owner.
//!
//! Somebody can register another person's address, and wait for that person to follow the link
//! (pre-hijacking). So the browser keeps a secret of the registration, and the password counts only
//! if the address is verified in the browser that chose it. In any other one the visitor chooses a
//! new password at once.

use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::Entered;
use crate::accounts::{Account, Accounts, NewRegistration};
use crate::credentials::tokens::{Purpose, Tokens};
use crate::credentials::{EmailUsers, Link};
use crate::crypto::secret::Secret;
use crate::database::retried;
use crate::error::{Error, Result};
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::mails::{MailTexts, ONE_IN};
use crate::flows::on_register::RegistrationOutcome;
use crate::flows::page::Page;
use crate::flows::registration_fields::RegistrationValues;
use crate::login::{Login, PageUser, Sender, UserId};
use crate::mail::Email;
use crate::mail::outbox::Letter;
use crate::password::PasswordHash;
use crate::web::cookies::{CookieMatch, OwnCookie, append};

#[cfg(test)]
mod tests;

pub(super) const SENT: &str = "register_sent.html";

/// To an address that somebody registered with, and that has an account.
pub(super) const HAVE_ACCOUNT_MAIL: MailTexts = MailTexts {
    kind: "have_account",
    subject: "mail-have-account-subject",
    text: "mail-have-account",
    button: "mail-have-account-button",
    after: "mail-have-account-after",
};

/// A registration whose answer is on its way.
struct Registering {
    email: Email,
    hash: PasswordHash,
    values: RegistrationValues,
    language: String,
    from: Sender,
    /// The secret of the browser.
    browser: Secret,
}

/// Answers a registration whose fields are right, and which is counted.
pub(super) async fn register<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    headers: &HeaderMap,
    (entered, email, password): (Entered, Email, &Secret),
) -> Result<Response> {
    let credentials = page.site.credentials();
    // In every case, so that the time is the same.
    let hash = credentials
        .hash_of_new(login, email.canonical(), password)
        .await?;
    let browser = match browser_secret(&page.site, headers) {
        // By a double click the same browser registers twice, and only one mail goes out.
        Some(browser) => browser,
        None => {
            let random = &login.visit().settings().random;
            Secret::from(BASE64URL_NOPAD.encode(&random.bytes::<32>()?))
        }
    };
    let registering = Registering {
        hash,
        values: entered.values,
        language: page.language().to_owned(),
        from: login.sender(),
        browser: browser.clone(),
        email,
    };
    let view = json!({ "email": registering.email.as_str() });
    let site = page.site.clone();
    credentials.after_response(async move {
        if let Err(error) = site.finish_registration(registering).await {
            tracing::error!(%error, "a registration by mail address was not finished");
        }
    });
    let mut response = page.answer(Answer::page(SENT, view).status(StatusCode::ACCEPTED))?;
    let lasts = Purpose::VerifyEmail.lasts();
    let cookie = cookie(&page.site).set(browser.expose().to_owned(), Some(lasts));
    append(response.headers_mut(), &cookie);
    Ok(response)
}

/// The account that waits for this address to be verified, if this browser registered it.
async fn owner_of_browser(
    accounts: &Accounts,
    tokens: &Tokens,
    email: &Email,
    browser: &Secret,
) -> Result<Option<UserId>> {
    let owner = accounts.find_by_email(email).await?;
    let Some(owner) = owner.filter(Account::is_waiting) else {
        return Ok(None);
    };
    let found = tokens.pending(Purpose::VerifyEmail, &owner.id).await?;
    let found = found.filter(|found| tokens.is_of_browser(found, browser));
    Ok(found.map(|_| owner.id))
}

/// The cookie with the secret of the browser that registers.
fn cookie<U: PageUser>(site: &Site<U>) -> OwnCookie {
    OwnCookie::new("registration", Some(site.public_url()))
}

fn browser_secret<U: PageUser>(site: &Site<U>, headers: &HeaderMap) -> Option<Secret> {
    let CookieMatch::One(secret) = cookie(site).find(headers) else {
        return None;
    };
    let bytes = BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?;
    (bytes.len() == 32).then(|| Secret::from(secret.to_owned()))
}

impl<U: PageUser> Site<U> {
    async fn finish_registration(&self, registering: Registering) -> Result<()> {
        let inner = self.inner();
        let accounts = self.own_accounts()?;
        let Registering {
            email,
            hash,
            values,
            language,
            from,
            browser,
        } = registering;
        let mail = self.credentials().mail_tokens()?;
        let (email, language) = (&email, &*language);
        let attempt = || async {
            let new = accounts.begin_registration(email, &hash, &from).await?;
            let (account, transaction) = match new {
                NewRegistration::Waits(account, transaction) => (account, transaction),
                NewRegistration::Known(owner) => return Ok(Some(owner)),
                NewRegistration::None => return Ok(None),
            };
            let of_user = (&account.id, account.session_epoch);
            let issued = mail
                .tokens
                .issue_to_browser(of_user, email, &browser, &transaction)
                .await?;
            let letter = self.verification_letter(account.name(), email, &issued, language);
            if mail.outbox.put_in(&letter, &transaction).await? {
                transaction.commit().await.map_err(Error::from_db)?;
                return Ok(Some(account));
            }
            // Its address has got enough mails. An earlier registration goes on waiting.
            transaction.rollback().await.map_err(Error::from_db)?;
            if let Some(earlier) = owner_of_browser(accounts, &mail.tokens, email, &browser).await?
            {
                accounts.replace_password(&earlier, &hash).await?;
            }
            Ok(None)
        };
        let Some(account) = retried(attempt).await? else {
            return Ok(());
        };
        if !account.is_waiting() {
            return self.mail_have_account(&account, email, language).await;
        }
        mail.outbox.wake();
        let Some(hook) = &inner.on_register else {
            return Ok(());
        };
        // Nobody waits for the outcome. The account is gone, and its link is dead.
        let outcome = hook.run(accounts, account, values, from).await?;
        if outcome != RegistrationOutcome::Accepted {
            tracing::info!("the app rejected a registration by mail address");
        }
        Ok(())
    }

    /// Tells the owner of an address that they have an account already.
    async fn mail_have_account(
        &self,
        owner: &impl PageUser,
        email: &Email,
        language: &str,
    ) -> Result<()> {
        let to = email.as_spelled(owner.email());
        let letter = Letter::new(HAVE_ACCOUNT_MAIL.kind, to, language)
            .with("name", owner.name())
            .with("link", self.address_of("login"))
            .with("forgot", self.address_of("forgot_password"))
            .once_in(ONE_IN);
        self.credentials()
            .mail_tokens()?
            .outbox
            .put(&letter)
            .await
            .map(drop)
    }

    /// Whether this link verifies an account that waits, and, if so, whether `headers` are of the
    /// browser that registered it.
    pub(in crate::flows) async fn registered_here(
        &self,
        link: &Link<U>,
        headers: &HeaderMap,
    ) -> Result<Option<bool>> {
        let Some(accounts) = &self.inner().accounts else {
            return Ok(None);
        };
        let account = accounts.find_by_id(&link.user.id()).await?;
        if account.is_none_or(|account| !account.is_waiting()) {
            return Ok(None);
        }
        let Some(browser) = browser_secret(self, headers) else {
            return Ok(Some(false));
        };
        let tokens = &self.credentials().mail_tokens()?.tokens;
        Ok(Some(tokens.is_of_browser(&link.found, &browser)))
    }
}
