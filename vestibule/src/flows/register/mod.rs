//! Registering: a visitor creates an account.
//!
//! # Steps
//! 1. `GET /register` shows the form and the password rules.
//! 2. `POST /register` with `username`, `password` and the app's own fields creates the account,
//!    calls the app's function for it, logs the new user in and redirects to `/welcome`; as JSON it
//!    answers 201. If the app's function rejects or fails, the account is deleted again.
//! 3. The same form sent again, as by a double click, logs the new user in (`repeated`).
//!
//! # What it protects against
//! Usernames that look like another user's ([`Username`](crate::credentials::Username)) or are
//! reserved ([`ReservedNames`](crate::credentials::ReservedNames)), passwords that are easy to guess or, if enabled, known from breaches, two
//! registrations of one name at once, half-created accounts.
//!
//! # What it does not protect against
//! The form reveals whether a username is taken, because usernames are public. Somebody with many
//! addresses can create many accounts, at the rate that
//! [`ThrottleLimits`](crate::credentials::throttle::ThrottleLimits) allows.
//!
//! # Settings
//! [`SiteConfig::passwords`](crate::flows::SiteConfig::passwords),
//! [`reserved_names`](crate::flows::SiteConfig::reserved_names),
//! [`registration_fields`](crate::flows::SiteConfig::registration_fields) and
//! [`on_register`](crate::flows::SiteConfig::on_register).
//!
//! # Needs
//! A users table that implements [`Registrar`](crate::credentials::Registrar).

mod repeated;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::credentials::throttle::Permit;
use crate::credentials::{Step, Username};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::flow::{Capability, Flow};
use crate::flows::form::FormErrors;
use crate::flows::on_register::RegistrationOutcome;
use crate::flows::page::Page;
use crate::flows::registration_fields::RegistrationValues;
use crate::flows::second_factor::second_factor;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{Login, PageUser};
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("register", "/register")],
        public: &["register"],
        needs: Some(Capability::Registrar),
        routes: |paths| {
            Router::new().route(paths.own("register"), get(show::<U>).post(register::<U>))
        },
        templates: &[(TEMPLATE, include_str!("register.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("register")
    }
}

const TEMPLATE: &str = "register.html";

async fn show<U: PageUser>(page: Page<U>) -> Result<Response> {
    if page.user.is_some() {
        return page.answer(Answer::see(page.site.after_login()));
    }
    let form = form(&page, "", &RegistrationValues::default());
    page.answer(Answer::page(TEMPLATE, form))
}

async fn register<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    mut submitted: Submitted,
) -> axum::response::Result<Response> {
    let values = page.site.inner().registration_fields.take(&mut submitted)?;
    let username = submitted.take_name("username");
    let password = Secret::from(submitted.take("password"));
    let mut errors = FormErrors::default();

    let inner = page.site.inner();
    let credentials = &inner.credentials;
    if let Some(objection) = page.site.objection_to(&username)? {
        errors.add("username", objection);
    }
    if let Some(objection) = inner.policy.objection(&password, &[&username]) {
        errors.add("password", objection.into());
    }
    if inner.reserved_names.contains(&username) {
        errors.add("username", Text::named("register-username-reserved"));
    }
    inner.registration_fields.check(&values, &mut errors);
    if errors.is_empty() {
        let tried = match credentials.begin_registration(&login).await? {
            Permit::Granted(tried) => tried,
            Permit::Denied(wait) => {
                let form = form(&page, &username, &values);
                let rejected = throttled(Tried::Registration, wait, TEMPLATE, form);
                return Ok(page.answer(rejected)?);
            }
        };
        // Checked last, because it may call an external service.
        if inner.policy.breached.is_some()
            && !credentials.is_taken(&username).await?
            && let Some(objection) = inner.policy.look_up(&password).await
        {
            errors.add("password", objection.into());
            return Ok(page.answer(invalid(&page, &username, &values, errors))?);
        }
        let registration = credentials.register_counted(&login, tried, &username, &password);
        match registration.await? {
            Some(proof) => {
                let outcome = page.site.registered(&login, proof.user(), &values).await?;
                if let RegistrationOutcome::Rejected { field, message } = outcome {
                    errors.add(field, Text::AsIs(message));
                    return Ok(page.answer(invalid(&page, &username, &values, errors))?);
                }
                let name = proof.user().name().to_owned();
                match credentials.proceed(&login, proof).await? {
                    Step::LoggedIn { .. } => {}
                    Step::SecondFactor => return Ok(page.answer(second_factor(&page, &login))?),
                    _ => return Ok(page.answer(added(&page, &name))?),
                }
                let words = inner.policy.with_context(&[&username]);
                let advice = credentials.advice(&login, &name, password, words).await;
                return Ok(page.answer(registered(&page, &name, advice.is_some()))?);
            }
            None => match page.site.is_repeated(&login, &username, &password).await? {
                Some(Step::LoggedIn { user, .. }) => {
                    let name = user.name().to_owned();
                    return Ok(page.answer(registered(&page, &name, false))?);
                }
                Some(Step::SecondFactor) => {
                    return Ok(page.answer(second_factor(&page, &login))?);
                }
                _ => errors.add("username", Text::named("register-username-taken")),
            },
        }
    }
    Ok(page.answer(invalid(&page, &username, &values, errors))?)
}

fn invalid<U: PageUser>(
    page: &Page<U>,
    username: &str,
    values: &RegistrationValues,
    errors: FormErrors,
) -> Answer {
    let (status, form) = (
        StatusCode::UNPROCESSABLE_ENTITY,
        form(page, username, values),
    );
    Answer::rejected(status, "invalid_fields", errors, TEMPLATE, form)
}

fn registered<U: PageUser>(page: &Page<U>, name: &str, is_weak: bool) -> Answer {
    let text = Text::named("register-done");
    let destination = &*page.site.inner().destinations.after_register;
    let answer = Answer::done(destination).message("success", text);
    page.with_advice(
        answer,
        StatusCode::CREATED,
        json!({ "username": name }),
        is_weak,
    )
}

/// The account is there, and nobody is logged in: the app's users begin inactive, for instance.
fn added<U: PageUser>(page: &Page<U>, name: &str) -> Answer {
    let view = json!({ "username": name });
    Answer::done(page.site.path("login").unwrap_or(page.site.after_login()))
        .message("success", Text::named("register-inactive"))
        .json(StatusCode::CREATED, view)
}

fn form<U: PageUser>(
    page: &Page<U>,
    username: &str,
    values: &RegistrationValues,
) -> serde_json::Value {
    let inner = page.site.inner();
    let min_chars = inner.policy.min_chars;
    inner.registration_fields.form(username, min_chars, values)
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
