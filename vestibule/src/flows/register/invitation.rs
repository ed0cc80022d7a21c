//! Registering with an invitation: the link from the mail leads here.
//!
//! `GET /register?invitation=TOKEN` moves the token into a cookie, as for the links of
//! [`link_token`](crate::flows::link_token). `POST /register` takes it from the cookie, or for
//! scripts from the address.

use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{Entered, PATH, registered};
use crate::accounts::{
    Accounts, INVITATION_LASTS, InvitedRegistration, NewCredential, WorkingInvitation,
};
use crate::credentials::throttle::Try;
use crate::credentials::{Proof, Step, TokenTry, Username};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::link_token;
use crate::flows::login_step::second_factor;
use crate::flows::page::Page;
use crate::flows::throttled::{Tried, throttled_problem};
use crate::flows::{RegistrationMode, Site};
use crate::login::{Login, Next, PageUser, Sender, UserId};
use crate::mail::Email;
use crate::password::PasswordHash;
use crate::web::Problem;
use crate::web::text::Text;

/// The query of a link.
#[derive(Deserialize)]
pub(super) struct InvitationQuery {
    #[serde(default)]
    pub(super) invitation: Option<String>,
}

/// Whether a visitor may register.
pub(super) enum Admission {
    /// They need no invitation, and have none.
    Open,
    /// They have an invitation that works.
    Invited(Invited),
    /// They have one that does not work, with this token.
    Dead(Secret),
    /// They may not, and get this answer.
    Rejected(Box<Answer>),
}

/// The invitation that a visitor has.
#[derive(Debug, Clone)]
pub(super) struct Invited {
    working: WorkingInvitation,
    token: Secret,
}

impl Invited {
    /// The address that it was sent to.
    pub(super) fn address(&self) -> &Email {
        &self.working.address
    }
}

/// Why a visitor was not registered.
pub(super) enum NotRegistered {
    NameTaken,
    /// The invitation with this token was used, was revoked or has expired meanwhile.
    Dead(Secret),
}

/// Whether the visitor may register. An invitation that does not work counts for the network.
pub(super) async fn admission<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    query: InvitationQuery,
    headers: &HeaderMap,
) -> Result<Admission> {
    let inner = page.site.inner();
    let Some(accounts) = &inner.accounts else {
        return Ok(Admission::Open);
    };
    let token = query.invitation.filter(|token| !token.is_empty());
    let token = token
        .map(Secret::from)
        .or_else(|| link_token::of_cookie(&page.site, PATH, headers));
    let Some(token) = token else {
        return Ok(match inner.registration {
            RegistrationMode::Invite => Admission::Rejected(Box::new(needed())),
            _ => Admission::Open,
        });
    };
    let find = accounts.find_invitation(&token);
    Ok(match inner.credentials.try_token(login, find).await? {
        TokenTry::Works(working) => Admission::Invited(Invited { working, token }),
        TokenTry::Wrong => Admission::Dead(token),
        TokenTry::Throttled(wait) => {
            Admission::Rejected(Box::new(throttled_problem(Tried::Token, wait)))
        }
    })
}

/// Moves the token of a link into the cookie, and leads to the page without it.
pub(super) fn move_into_cookie<U: PageUser>(site: &Site<U>, token: &str) -> Response {
    let mut response = Redirect::to(site.path(PATH).unwrap_or("/")).into_response();
    let headers = response.headers_mut();
    link_token::keep(site, PATH, INVITATION_LASTS, token, headers);
    response
}

/// Removes the cookie, after which the page is as without an invitation.
pub(super) fn forget<U: PageUser>(site: &Site<U>, mut response: Response) -> Response {
    link_token::forget(site, PATH, response.headers_mut());
    response
}

/// The answer to a form with an invitation that does not work: perhaps because the same form has
/// just used it up, as by a double click.
pub(super) async fn used_before<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    (username, password, next): (&str, &Secret, &Next),
    token: &Secret,
) -> Result<Response> {
    let Some(accounts) = &page.site.inner().accounts else {
        return dead(page);
    };
    let account = match username {
        // Users have only an address, which is not in the form.
        "" => accounts.find_invited(token).await?,
        username => accounts.find(username).await?,
    };
    let repeated = page.site.is_repeated_by(login, account, password);
    match repeated.await? {
        Some(Step::LoggedIn { user, .. }) => {
            let response = page.answer(registered(page, user.name(), next, None, false))?;
            Ok(forget(&page.site, response))
        }
        Some(Step::SecondFactor) => page.answer(second_factor(page, login).await?),
        _ => dead(page),
    }
}

/// The answer to an invitation that does not work, which is the same for all reasons.
pub(super) fn dead<U: PageUser>(page: &Page<U>) -> Result<Response> {
    let problem = Problem::new(StatusCode::GONE).code("invalid_invitation");
    let answer = Answer::problem(problem.text(Text::named("register-invitation-dead")));
    link_token::forgotten(page, PATH, answer)
}

fn needed() -> Answer {
    let problem = Problem::new(StatusCode::FORBIDDEN).code("invitation_needed");
    Answer::problem(problem.text(Text::named("register-invitation-needed")))
}

impl<U: PageUser> Site<U> {
    /// Adds a user with an invitation, which is used up. The registration is counted already.
    pub(super) async fn register_invited(
        &self,
        login: &Login<U>,
        tried: Try,
        entered: &Entered,
        (invited, password): (Invited, &Secret),
    ) -> Result<std::result::Result<Proof<U>, NotRegistered>> {
        let inner = self.inner();
        let accounts = self.own_accounts()?.clone();
        let credentials = &inner.credentials;
        let username = entered.new_username(self)?;
        // Only saves the hashing; the table decides.
        if username.is_some() && credentials.is_taken(&entered.username).await? {
            tried.cost_no_hash();
            return Ok(Err(NotRegistered::NameTaken));
        }
        let canonical = match &username {
            Some(username) => username.canonical().to_owned(),
            None => invited.address().canonical().to_owned(),
        };
        let (email, from) = (entered.address.clone(), login.sender());
        let add = async move |hash| {
            let hash: PasswordHash = hash;
            let names = (username.as_ref(), email.as_ref());
            let with = (invited, NewCredential::Password(&hash));
            add_invited(&accounts, names, with, &from).await
        };
        credentials
            .register_by(login, (&canonical, password), add)
            .await
    }

    /// As [`register_invited`](Self::register_invited), for a user without a password.
    #[cfg(feature = "passkeys")]
    pub(super) async fn add_invited(
        &self,
        entered: &Entered,
        with: (Invited, NewCredential<'_>),
        from: &Sender,
    ) -> Result<std::result::Result<UserId, NotRegistered>> {
        let username = entered.new_username(self)?;
        let names = (username.as_ref(), entered.address.as_ref());
        add_invited(self.own_accounts()?, names, with, from).await
    }
}

/// Adds a user with an invitation and a credential.
async fn add_invited(
    accounts: &Accounts,
    (username, email): (Option<&Username>, Option<&Email>),
    (invited, credential): (Invited, NewCredential<'_>),
    from: &Sender,
) -> Result<std::result::Result<UserId, NotRegistered>> {
    let Invited { working, token } = invited;
    let registered = accounts
        .register_invited(username, email, credential, &working, from)
        .await?;
    Ok(match registered {
        InvitedRegistration::Registered(id) => Ok(id),
        InvitedRegistration::NameTaken if username.is_some() => Err(NotRegistered::NameTaken),
        InvitedRegistration::NameTaken | InvitedRegistration::Dead => {
            Err(NotRegistered::Dead(token))
        }
    })
}
