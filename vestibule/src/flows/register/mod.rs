//! Registering: a visitor creates an account.
//!
//! # Steps
//! 1. `GET /register` shows the form and the password rules. It asks for a username, for a mail
//!    address, or for both, as the site's users log in ([`LoginName`](crate::credentials::LoginName)). Without a mailer it asks
//!    for a username.
//! 2. `POST /register` with `username`, `password`, an `email` if there is one, optionally `next`,
//!    and the app's own fields creates the account, calls the app's function for it, logs the new user in and
//!    redirects to `next` or `/welcome`; as JSON it answers 201. If the app's function rejects or fails, the
//!    account is deleted again. A mail goes to the address ([`verify_email`](super::verify_email)).
//! 3. The same form sent again, as by a double click, logs the new user in (`repeated`).
//! 4. With an address alone (`by_email`), the answer is always 202, “Check your email”. A new
//!    account waits until the address is verified; a known address gets a mail that says so.
//! 5. `GET /register?invitation=TOKEN`, the link of an [invitation](super::invitations), moves the
//!    token into a cookie and redirects to `/register`. The account has the role of the invitation,
//!    and needs no approval. It owns the invited address as a verified one, unless the visitor
//!    entered another. Where users have only an address, the form asks for the password alone, and
//!    the visitor is logged in at once. Scripts post to `/register?invitation=TOKEN`.
//! 6. Where an admin must approve accounts, nobody is logged in. The admins are told by mail, at most
//!    once a day, and the user when their account is approved.
//!
//! # What it protects against
//! Usernames that look like another user's ([`Username`]) or are reserved
//! ([`ReservedNames`](crate::credentials::ReservedNames)), passwords that are easy to guess or, if
//! enabled, known from breaches, two registrations of one name at once, half-created accounts.
//! Finding out whose address has an account. A stranger who registers another person's address, and
//! waits until that person verifies it: the password counts only in the browser that chose it.
//! An invitation works once, for a week, while its sender may invite; wrong ones are counted by
//! network.
//!
//! # What it does not protect against
//! The form reveals whether a username is taken, because usernames are public. Somebody with many
//! addresses can create many accounts, at the rate that
//! [`ThrottleLimits`](crate::credentials::throttle::ThrottleLimits) allows.
//!
//! # Settings
//! [`SiteConfig::registration`](crate::flows::SiteConfig::registration),
//! [`passwords`](crate::flows::SiteConfig::passwords),
//! [`log_in_with`](crate::flows::SiteConfig::log_in_with),
//! [`reserved_names`](crate::flows::SiteConfig::reserved_names),
//! [`registration_fields`](crate::flows::SiteConfig::registration_fields) and
//! [`on_register`](crate::flows::SiteConfig::on_register). Where visitors register with an address
//! alone, `on_register` runs after the response, so the visitor does not see why it rejects.
//!
//! # Needs
//! A users table that implements [`Registrar`](crate::credentials::Registrar). For an address alone,
//! our own accounts and a mailer.

mod by_email;
#[cfg(feature = "passkeys")]
pub(super) mod by_passkey;
mod entered;
mod invitation;
mod repeated;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::credentials::throttle::{Permit, Try};
use crate::credentials::{NewUser, Proof, Step, Username};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::flows::answer::Answer;
use crate::flows::destination::NextOfQuery;
use crate::flows::flow::{Capability, Flow};
use crate::flows::form::FormErrors;
use crate::flows::login_step::second_factor;
use crate::flows::on_register::RegistrationOutcome;
use crate::flows::page::Page;
use crate::flows::registration_fields::RegistrationValues;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::flows::{RegistrationMode, Site};
use crate::login::{Login, Next, PageUser};
use crate::mail::Email;
use crate::web::text::Text;
use entered::{Asks, Entered};
use invitation::{Admission, InvitationQuery, Invited, NotRegistered, admission};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod with_email;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[(PATH, "/register")],
        public: &[PATH],
        needs: Some(Capability::Registrar),
        routes: |paths| Router::new().route(paths.own(PATH), get(show::<U>).post(register::<U>)),
        templates: &[
            (TEMPLATE, include_str!("register.html")),
            (by_email::SENT, include_str!("register_sent.html")),
        ],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[by_email::HAVE_ACCOUNT_MAIL],
        ..Flow::new("register")
    }
}

const PATH: &str = "register";
const TEMPLATE: &str = "register.html";

async fn show<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    Query(mut query): Query<InvitationQuery>,
    NextOfQuery(next): NextOfQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let next = page.site.destination(next);
    if page.user.is_some() {
        return page.answer(Answer::see(next.or(page.site.after_login())));
    }
    if let Some(token) = query.invitation.take() {
        return Ok(invitation::move_into_cookie(&page.site, &token));
    }
    let invited = match admission(&page, &login, query, &headers).await? {
        Admission::Open => None,
        Admission::Invited(invited) => Some(invited),
        Admission::Dead(_) => return invitation::dead(&page),
        Admission::Rejected(answer) => return page.answer(*answer),
    };
    let form = Entered::nothing(invited, next).form(&page.site);
    page.answer(Answer::page(TEMPLATE, form))
}

async fn register<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    Query(query): Query<InvitationQuery>,
    headers: HeaderMap,
    mut submitted: Submitted,
) -> axum::response::Result<Response> {
    match admission(&page, &login, query, &headers).await? {
        Admission::Open => add(&page, &login, &headers, submitted, None).await,
        Admission::Invited(invited) => {
            let response = add(&page, &login, &headers, submitted, Some(invited)).await?;
            let is_done = response.status().is_redirection() || response.status().is_success();
            Ok(match is_done {
                true => invitation::forget(&page.site, response),
                false => response,
            })
        }
        Admission::Dead(token) => {
            let username = submitted.take_name("username");
            let password = Secret::from(submitted.take("password"));
            let next = page.site.destination(submitted.take("next"));
            let typed = (&*username, &password, &next);
            Ok(invitation::used_before(&page, &login, typed, &token).await?)
        }
        Admission::Rejected(answer) => Ok(page.answer(*answer)?),
    }
}

/// Adds a user who may register.
async fn add<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    headers: &HeaderMap,
    mut submitted: Submitted,
    invited: Option<Invited>,
) -> axum::response::Result<Response> {
    let entered = Entered::take(&page.site, invited, &mut submitted, &["password"])?;
    let password = Secret::from(submitted.take("password"));
    let asks = entered.asks(&page.site);
    let mut errors = FormErrors::default();

    let inner = page.site.inner();
    let credentials = &inner.credentials;
    let username = &*entered.username;
    entered.check_username(&page.site, &mut errors)?;
    if let Some(objection) = inner.policy.objection(&password, &entered.words()) {
        errors.add("password", objection.into());
    }
    entered.check(&page.site, &mut errors);
    if !errors.is_empty() {
        return Ok(page.answer(invalid(page, &entered, errors))?);
    }
    let tried = match begin(page, login, &entered).await? {
        Ok(tried) => tried,
        Err(rejected) => return Ok(page.answer(*rejected)?),
    };
    // Checked last, because it may call an external service.
    if inner.policy.breached.is_some()
        && !(asks.username() && credentials.is_taken(username).await?)
        && let Some(objection) = inner.policy.look_up(&password).await
    {
        errors.add("password", objection.into());
        return Ok(page.answer(invalid(page, &entered, errors))?);
    }
    match entered.address.clone() {
        Some(email) if asks == Asks::Email => {
            let registration = (entered, email, &password);
            Ok(by_email::register(page, login, headers, registration).await?)
        }
        _ => Ok(register_at_once(page, login, tried, entered, password).await?),
    }
}

/// Counts a registration whose fields are right, or returns the answer to one that has to wait.
async fn begin<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    entered: &Entered,
) -> Result<std::result::Result<Try, Box<Answer>>> {
    let credentials = page.site.credentials();
    let wait = |kind, wait| {
        let form = entered.form(&page.site);
        Ok(Err(Box::new(throttled(kind, wait, TEMPLATE, form))))
    };
    let tried = match credentials.begin_registration(login).await? {
        Permit::Granted(tried) => tried,
        Permit::Denied(throttled) => return wait(Tried::Registration, throttled),
    };
    if entered.to_verify().is_some()
        && let Some(throttled) = credentials.begin_mail(login).await?
    {
        return wait(Tried::Mail, throttled);
    }
    Ok(Ok(tried))
}

/// Registers a username, or a visitor with an invitation, and logs them in. The fields are right.
async fn register_at_once<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    tried: Try,
    entered: Entered,
    password: Secret,
) -> Result<Response> {
    let inner = page.site.inner();
    let credentials = &inner.credentials;
    let registration = match entered.invited.clone() {
        Some(invited) => {
            let with = (invited, &password);
            page.site
                .register_invited(login, tried, &entered, with)
                .await?
        }
        None => {
            let new = NewUser {
                name: &entered.username,
                email: entered.address.as_ref(),
            };
            credentials
                .register_counted(login, tried, new, &password)
                .await?
                .ok_or(NotRegistered::NameTaken)
        }
    };
    let proof = match registration {
        Ok(proof) => proof,
        Err(NotRegistered::NameTaken) => return taken(page, login, &entered, &password).await,
        Err(NotRegistered::Dead(token)) => {
            let typed = (&*entered.username, &password, &entered.next);
            return invitation::used_before(page, login, typed, &token).await;
        }
    };
    page.answer(log_in(page, login, &entered, proof, Some(password)).await?)
}

/// Calls the app's function for a new user, and logs them in.
async fn log_in<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    entered: &Entered,
    proof: Proof<U>,
    password: Option<Secret>,
) -> Result<Answer> {
    let inner = page.site.inner();
    let credentials = &inner.credentials;
    let outcome = page
        .site
        .registered(login, proof.user(), &entered.values)
        .await?;
    if let RegistrationOutcome::Rejected { field, message } = outcome {
        let mut errors = FormErrors::default();
        errors.add(field, Text::AsIs(message));
        return Ok(invalid(page, entered, errors));
    }
    let email = entered.to_verify();
    if let Some(email) = email {
        page.site
            .mail_later(proof.user().clone(), email.clone(), page.language());
    }
    let name = proof.user().name().to_owned();
    let proof = proof.leading_to(entered.next.clone());
    match credentials.proceed(login, proof).await? {
        Step::LoggedIn { .. } => {}
        Step::SecondFactor => return second_factor(page, login).await,
        _ => return Ok(added(page, &name)),
    }
    let is_weak = match password {
        Some(password) => {
            let words = inner.policy.with_context(&entered.words());
            let advice = credentials.advice(login, &name, password, words);
            advice.await.is_some()
        }
        None => false,
    };
    Ok(registered(page, &name, &entered.next, email, is_weak))
}

/// The answer to a registration whose name is taken: perhaps by the same form.
async fn taken<U: PageUser>(
    page: &Page<U>,
    login: &Login<U>,
    entered: &Entered,
    password: &Secret,
) -> Result<Response> {
    let username = &*entered.username;
    page.answer(
        match page.site.is_repeated(login, username, password).await? {
            Some(Step::LoggedIn { user, .. }) => {
                registered(page, user.name(), &entered.next, None, false)
            }
            Some(Step::SecondFactor) => second_factor(page, login).await?,
            Some(Step::Inactive) if is_approved_later(page) => added(page, username),
            _ => {
                let taken = Text::named("register-username-taken");
                invalid(page, entered, FormErrors::at("username", taken))
            }
        },
    )
}

fn invalid<U: PageUser>(page: &Page<U>, entered: &Entered, errors: FormErrors) -> Answer {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let form = entered.form(&page.site);
    Answer::rejected(status, "invalid_fields", errors, TEMPLATE, form)
}

fn registered<U: PageUser>(
    page: &Page<U>,
    name: &str,
    next: &Next,
    email: Option<&Email>,
    is_weak: bool,
) -> Answer {
    let text = Text::named("register-done");
    let destination = next.or(&page.site.inner().destinations.after_register);
    let view = json!({ "username": name, "next": destination });
    let mut answer = Answer::done(destination).message("success", text);
    if let Some(email) = email {
        let sent = Text::named("register-mail-sent").with("email", email.as_str());
        answer = answer.message("info", sent);
    }
    page.with_advice(answer, StatusCode::CREATED, view, is_weak)
}

/// Whether new accounts wait for an admin's approval.
fn is_approved_later<U: PageUser>(page: &Page<U>) -> bool {
    page.site.inner().registration == RegistrationMode::Approval
}

/// The account is there, and nobody is logged in: an admin must approve it, or the app's users
/// begin inactive.
fn added<U: PageUser>(page: &Page<U>, name: &str) -> Answer {
    let text = match is_approved_later(page) {
        true => "register-awaits-approval",
        false => "register-inactive",
    };
    let next = page.site.path("login").unwrap_or(page.site.after_login());
    let view = json!({ "username": name, "next": next });
    Answer::done(next)
        .message("success", Text::named(text))
        .json(StatusCode::CREATED, view)
}

impl<U: PageUser> Site<U> {
    /// Why this name cannot be registered, if it cannot.
    fn objection_to(&self, username: &str) -> Result<Option<Text>> {
        match self.inner().accounts {
            Some(_) => Ok(username.parse::<Username>().err().map(Text::from)),
            // A table of the app's own has its own rules, and words.
            None => Ok(self.credentials().objection_to(username)?.map(Text::AsIs)),
        }
    }

    /// Calls the app's function for a new account, if there is one.
    async fn registered(
        &self,
        login: &Login<U>,
        user: &U,
        values: &RegistrationValues,
    ) -> Result<RegistrationOutcome> {
        let inner = self.inner();
        let (Some(hook), Some(accounts)) = (&inner.on_register, &inner.accounts) else {
            return Ok(RegistrationOutcome::Accepted);
        };
        let Some(account) = accounts.find_by_id(&user.id()).await? else {
            return Err(Error::internal("the account was deleted meanwhile"));
        };
        hook.run(accounts, account, values.clone(), login.sender())
            .await
    }
}
