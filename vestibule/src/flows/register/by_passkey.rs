//! Registering with a passkey alone: the account has no password.
//!
//! # Steps
//! 1. `POST /register/passkey/options` with the fields of the [registration form](super), besides the
//!    password, checks them and returns the `PublicKeyCredentialCreationOptionsJSON` for the browser.
//! 2. `POST /register/passkey` with the browser's `RegistrationResponseJSON`, and the same fields
//!    beside its members, creates the account and logs the user in, as `POST /register` does.
//!
//! # What it protects against
//! What [`passkeys`](crate::flows::passkeys) and the registration with a password protect against.
//! The authenticator must have verified the user, because the passkey is their only factor. The
//! account and the passkey are stored together or not at all.
//!
//! # What it does not protect against
//! A lost authenticator. The user should add a second passkey. Otherwise they need a verified
//! address, to choose a password by mail, and a recovery code.
//!
//! # Needs
//! Our own accounts, and a registration that asks for more than an address.

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;

use super::entered::{Asks, Entered};
use super::invitation::{
    Admission, InvitationQuery, Invited, NotRegistered, admission, dead, forget,
};
use super::{invalid, log_in};
use crate::accounts::NewCredential;
use crate::credentials::passkeys::{CheckedPasskey, RegistrationResponse};
use crate::credentials::throttle::Permit;
use crate::credentials::{Proof, Username};
use crate::error::{Error, Result};
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::flow::{Capability, Flow};
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::passkeys::{BrowserSecret, default_name, is_enabled, rejected};
use crate::flows::submitted::{Members, Submitted, SubmittedBeside};
use crate::flows::throttled::{Tried, throttled_problem};
use crate::login::{Login, PageUser, Sender, UserId};
use crate::web::text::Text;

pub(in crate::flows) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[
            (OPTIONS, "/register/passkey/options"),
            (PATH, "/register/passkey"),
        ],
        public: &[OPTIONS, PATH],
        needs: Some(Capability::Registrar),
        is_on: Some(is_enabled),
        routes: |paths| {
            Router::new()
                .route(paths.own(OPTIONS), post(options::<U>))
                .route(paths.own(PATH), post(register::<U>))
        },
        ..Flow::new("register_by_passkey")
    }
}

const OPTIONS: &str = "register_passkey_options";
const PATH: &str = "register_passkey";

impl Members for RegistrationResponse {
    const NAMES: &'static [&'static str] = &[
        "id",
        "rawId",
        "type",
        "response",
        "authenticatorAttachment",
        "clientExtensionResults",
    ];
}

/// A visitor who may register, and whose fields are right.
struct Registrant {
    entered: Entered,
    invited: Option<Invited>,
}

/// The visitor who sent these fields, or the answer to one who cannot register with them.
async fn registrant<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    query: InvitationQuery,
    headers: &HeaderMap,
    mut submitted: Submitted,
) -> axum::response::Result<std::result::Result<Registrant, Response>> {
    let invited = match admission(page, login, query, headers).await? {
        Admission::Open => None,
        Admission::Invited(invited) => Some(invited),
        Admission::Dead(_) => return Ok(Err(dead(page)?)),
        Admission::Rejected(answer) => return Ok(Err(page.answer(*answer)?)),
    };
    let entered = Entered::take(&page.site, invited.clone(), &mut submitted, &[])?;
    // The account would have to wait for the address, and the passkey with it.
    if entered.asks(&page.site) == Asks::Email {
        return Ok(Err(page.answer(Answer::not_found())?));
    }
    let mut errors = FormErrors::default();
    entered.check_username(&page.site, &mut errors)?;
    entered.check(&page.site, &mut errors);
    if !errors.is_empty() {
        return Ok(Err(page.answer(invalid(page, &entered, errors))?));
    }
    Ok(Ok(Registrant { entered, invited }))
}

fn name_taken() -> FormErrors {
    FormErrors::at("username", Text::named("register-username-taken"))
}

impl Registrant {
    /// The name that authenticators show for the passkey.
    fn name(&self) -> &str {
        match (&*self.entered.username, &self.invited) {
            ("", Some(invited)) => invited.address().as_str(),
            (username, _) => username,
        }
    }
}

async fn options<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    Query(query): Query<InvitationQuery>,
    headers: HeaderMap,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let registrant = match registrant(&page, &login, query, &headers, submitted).await? {
        Ok(registrant) => registrant,
        Err(response) => return Ok(response),
    };
    // Counted here, and not once more when the passkey comes: a passkey needs these options, and
    // this answer too says whether a name is taken.
    let credentials = page.site.credentials();
    match credentials.begin_registration(&login).await? {
        Permit::Granted(tried) => tried.cost_no_hash(),
        Permit::Denied(wait) => {
            return Ok(page.answer(throttled_problem(Tried::Registration, wait))?);
        }
    }
    let entered = &registrant.entered;
    // A passkey for a name that is taken would stay in the authenticator, for nothing.
    if entered.asks(&page.site).username() && credentials.is_taken(&entered.username).await? {
        return Ok(page.answer(invalid(&page, entered, name_taken()))?);
    }
    let browser = BrowserSecret::of(&page.site, &login, &headers)?;
    let passkeys = page.site.credentials().passkeys()?;
    let options = passkeys.begin_account(registrant.name(), &browser.secret);
    Ok(browser.options(options.await?))
}

async fn register<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    Query(query): Query<InvitationQuery>,
    headers: HeaderMap,
    SubmittedBeside(response, submitted): SubmittedBeside<RegistrationResponse>,
) -> axum::response::Result<Response> {
    let Registrant { entered, invited } =
        match registrant(&page, &login, query, &headers, submitted).await? {
            Ok(registrant) => registrant,
            Err(response) => return Ok(response),
        };
    let browser = BrowserSecret::of(&page.site, &login, &headers)?;
    let name = default_name(&page, &login);
    let passkeys = page.site.credentials().passkeys()?;
    let checked = passkeys.check_of_account(&response, &name, &browser.secret);
    let Some(passkey) = checked.await? else {
        return Ok(page.answer(rejected())?);
    };
    if entered.to_verify().is_some()
        && let Some(wait) = page.site.credentials().begin_mail(&login).await?
    {
        return Ok(page.answer(throttled_problem(Tried::Mail, wait))?);
    }
    let is_invited = invited.is_some();
    let added = page
        .site
        .add_with_passkey(&login, &entered, (invited, &passkey));
    let proof = match added.await? {
        Ok(proof) => proof,
        Err(NotRegistered::NameTaken) => {
            return Ok(page.answer(invalid(&page, &entered, name_taken()))?);
        }
        Err(NotRegistered::Dead(_)) => return Ok(dead(&page)?),
    };
    let answer = log_in(&page, &login, &entered, proof, None).await?;
    let answer = answer.message("info", Text::named("register-passkey-alone"));
    let mut response = page.answer_own_script(answer)?;
    browser.remove(&mut response);
    Ok(match is_invited && response.status().is_success() {
        true => forget(&page.site, response),
        false => response,
    })
}

impl<U: PageUser> Site<U> {
    /// Adds a user whose only credential is this passkey.
    async fn add_with_passkey(
        &self,
        login: &Login<U>,
        entered: &Entered,
        (invited, passkey): (Option<Invited>, &CheckedPasskey),
    ) -> Result<std::result::Result<Proof<U>, NotRegistered>> {
        let credential = NewCredential::Passkey(passkey);
        let added = match invited {
            Some(invited) => {
                let with = (invited, credential);
                self.add_invited(entered, with, &login.sender()).await?
            }
            None => {
                self.add_uninvited(entered, credential, &login.sender())
                    .await?
            }
        };
        Ok(match added {
            Ok(id) => Ok(self.credentials().registered_by_passkey(id).await?),
            Err(reason) => Err(reason),
        })
    }

    async fn add_uninvited(
        &self,
        entered: &Entered,
        credential: NewCredential<'_>,
        from: &Sender,
    ) -> Result<std::result::Result<UserId, NotRegistered>> {
        let username: Username = entered.username.parse().map_err(Error::config)?;
        let accounts = self.own_accounts()?;
        let added = accounts
            .register_with(&username, entered.address.as_ref(), credential, from)
            .await?;
        Ok(added
            .map(|account| account.id)
            .ok_or(NotRegistered::NameTaken))
    }
}
