//! The second factor at a log-in.
//!
//! # Steps
//! 1. A user who has a second factor and logs in with the password is redirected to
//!    `GET /login/factor`, which asks for the factor that they used last, and links to their other
//!    ones (`?method=`). A script gets 200 with `step` and `methods`.
//! 2. `POST /login/factor` with `code`, and optionally `method` and `trust`, checks the code and logs in: to the
//!    page that the user was going to, and remembered if they asked for that with the password. By
//!    its form, a code is one of an authenticator app or a recovery code.
//!
//! If the site sends [mail codes](crate::flows::SiteConfig::mail_codes), a user without a second
//! factor enters one of 8 digits. `POST /login/factor` with `method=mail_code` and no `code` sends it.
//!
//! With `trust`, the user need not show a second factor in this browser for 30 days. A new password
//! and each change of factors end that, and the user can, at `/account/factors`.
//!
//! A user who is logged in and must show a second factor, such as for
//! [`Rule::SecondFactor`](crate::access::Rule::SecondFactor), shows it here too, and returns to
//! `next`. One without a factor is led to adding one.
//!
//! # What it protects against
//! Stolen passwords. A code from a mail helps against those too, unless the thief reads the mail, in
//! which case they could choose a new password anyway; it counts as no second factor. Guessing
//! codes: wrong ones count for the account, whatever browser sends them, and a right password does
//! not reset the count ([`throttle`](crate::credentials::throttle)). Codes used twice. A log-in that skips this step: until it is done, nobody is logged in.
//!
//! # What it does not protect against
//! A page that looks like this one, and passes on what a user types there (phishing).
//!
//! # Settings
//! [`SiteConfig::mail_codes`](crate::flows::SiteConfig::mail_codes),
//! [`ThrottleLimits::factor`](crate::credentials::throttle::ThrottleLimits::factor).

mod mail_code;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

use crate::credentials::factors::{FactorCode, has_just_shown_factor};
use crate::credentials::{Check, Step};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::flows::answer::Answer;
use crate::flows::destination::NextOfQuery;
use crate::flows::flow::Flow;
use crate::flows::form::FormErrors;
use crate::flows::login_step::{SECOND_FACTOR as PAGE, names, step};
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::pending::PendingLogin;
use crate::login::{ConfirmOutcome, CurrentUser, Login, Next, PageUser, User, UserId};
use crate::session::Methods;
use crate::web::text::Text;
use crate::web::{Client, Problem};

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[(PAGE, "/login/factor")],
        public: &[PAGE],
        routes: |paths| Router::new().route(paths.own(PAGE), get(show::<U>).post(check::<U>)),
        templates: &[(TEMPLATE, include_str!("second_factor.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[mail_code::MAIL],
        ..Flow::new("second_factor")
    }
}

const TEMPLATE: &str = "second_factor.html";

/// The visitor who shows a second factor.
enum Visitor<U> {
    /// They have shown the first one.
    LoggingIn(PendingLogin<U>),
    /// They are logged in, perhaps by one factor.
    LoggedIn(CurrentUser<U>),
}

impl<U: User> Visitor<U> {
    fn id(&self) -> UserId {
        match self {
            Self::LoggingIn(pending) => pending.user().id(),
            Self::LoggedIn(user) => user.id(),
        }
    }
}

/// The visitor, or `None` for one who has shown nothing.
async fn visitor<U: PageUser>(page: &Page<U>, login: &Login<U>) -> Result<Option<Visitor<U>>> {
    Ok(match login.pending().await? {
        Some(pending) => Some(Visitor::LoggingIn(pending)),
        None => page.user.clone().map(Visitor::LoggedIn),
    })
}

/// To the log-in, or 401 for scripts: there is no log-in to complete, or it has ended.
fn begin_again<U: PageUser>(page: &Page<U>, next: &Next) -> Result<Response> {
    let problem = Problem::new(StatusCode::UNAUTHORIZED)
        .code("login_required")
        .text(Text::named("problem-login-required"));
    page.answer(match page.site.path("login") {
        Some(path) => Answer::done(with_next(path, next)).problem_for_scripts(problem),
        None => Answer::problem(problem),
    })
}

fn with_next(path: &str, next: &Next) -> String {
    match next.path() {
        Some(next) => format!(
            "{path}?next={}",
            utf8_percent_encode(next, NON_ALPHANUMERIC)
        ),
        None => path.to_owned(),
    }
}

#[derive(Deserialize)]
struct MethodOfQuery {
    #[serde(default)]
    method: String,
}

/// What the form shows.
struct Form {
    methods: Vec<Methods>,
    /// The name of the method that it asks for.
    method: &'static str,
    next: Next,
    /// Whether to offer that the browser is trusted: at a log-in.
    may_trust: bool,
    trust: bool,
    /// Whether a mail with a code is on its way.
    is_code_sent: bool,
}

impl Form {
    /// A form for one of the user's methods: the named one, or the first.
    fn new(methods: Vec<Methods>, named: &str, next: Next) -> Self {
        let names = names(&methods);
        let method = names.iter().find(|name| **name == named);
        let method = method.or(names.first()).copied().unwrap_or_default();
        Self {
            methods,
            method,
            next,
            may_trust: false,
            trust: false,
            is_code_sent: false,
        }
    }

    fn view(&self) -> serde_json::Value {
        let mut view = step(&self.methods);
        view["method"] = self.method.into();
        view["next"] = self.next.path().into();
        view["may_trust"] = self.may_trust.into();
        view["trust"] = self.trust.into();
        view["is_code_sent"] = self.is_code_sent.into();
        view
    }
}

async fn show<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    NextOfQuery(next): NextOfQuery,
    Query(MethodOfQuery { method }): Query<MethodOfQuery>,
) -> Result<Response> {
    let next = page.site.destination(next);
    let Some(visitor) = visitor(&page, &login).await? else {
        let path = page.site.path("login").unwrap_or(page.site.after_login());
        return page.answer(Answer::see(with_next(path, &next)));
    };
    let may_trust = matches!(visitor, Visitor::LoggingIn(_));
    let methods = methods(&page, &visitor.id(), may_trust).await?;
    if let Visitor::LoggedIn(user) = &visitor {
        if has_just_shown_factor(user) {
            return page.answer(Answer::see(next.or(page.site.after_login())));
        }
        if methods.is_empty() {
            let enrolment = page.site.path("factors");
            return page.answer(Answer::see(enrolment.unwrap_or(page.site.after_login())));
        }
    }
    let form = Form {
        may_trust,
        is_code_sent: mail_code::is_sent(&page, &methods, &visitor.id()).await?,
        ..Form::new(methods, &method, next)
    };
    page.answer(Answer::page(TEMPLATE, form.view()))
}

/// The methods by which a visitor can show a second factor.
async fn methods<U: PageUser>(
    page: &Page<U>,
    user: &UserId,
    is_logging_in: bool,
) -> Result<Vec<Methods>> {
    let credentials = page.site.credentials();
    match is_logging_in {
        true => credentials.pending_methods(user).await,
        false => credentials.factor_methods(user).await,
    }
}

async fn check<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["code", "method", "next", "trust"])?;
    let typed = Secret::from(submitted.take("code"));
    let method = submitted.take("method");
    let trust = !submitted.take("trust").is_empty();
    let next = page.site.destination(submitted.take("next"));
    let Some(visitor) = visitor(&page, &login).await? else {
        return Ok(begin_again(&page, &next)?);
    };
    let credentials = page.site.credentials();
    let id = visitor.id();
    let may_trust = matches!(visitor, Visitor::LoggingIn(_));
    if typed.expose().is_empty()
        && method == mail_code::METHOD
        && let Visitor::LoggingIn(pending) = &visitor
    {
        return Ok(mail_code::send(&page, pending.user(), &next).await?);
    }
    // Only a rejected form needs the methods.
    let form = async || {
        let methods = methods(&page, &id, may_trust).await?;
        Ok::<_, Error>(Form {
            may_trust,
            trust,
            is_code_sent: true,
            ..Form::new(methods, &method, next.clone())
        })
    };
    let rejected = async |status, code, errors| {
        let view = form().await?.view();
        page.answer(Answer::rejected(status, code, errors, TEMPLATE, view))
    };

    let code = match may_trust && credentials.sends_codes() {
        true => FactorCode::parse(typed.expose()),
        false => FactorCode::parse_own(typed.expose()),
    };
    let is_meant = |code: &FactorCode| method.is_empty() || code.method().names().eq([&*method]);
    let Some(code) = code.filter(is_meant) else {
        let malformed = match &*method {
            "recovery_code" => "second-factor-recovery-code-malformed",
            mail_code::METHOD => "second-factor-mail-code-malformed",
            _ => "second-factor-code-malformed",
        };
        let errors = FormErrors::at("code", Text::named(malformed));
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(rejected(status, "invalid_fields", errors).await?);
    };
    let (checked, is_logging_in) = match visitor {
        Visitor::LoggingIn(pending) => {
            let checked = credentials.check_factor(&login, pending, &code);
            (checked.await?, true)
        }
        Visitor::LoggedIn(user) => {
            let checked = credentials.check_own_factor(&login, &user, &code);
            (checked.await?, false)
        }
    };
    let proof = match checked {
        Check::Proved(proof) => proof,
        Check::Wrong(_) => {
            login.report_failed_by(code.method(), Some(&id)).await;
            let errors = FormErrors::at("code", Text::named("second-factor-code-wrong"));
            let status = StatusCode::UNAUTHORIZED;
            return Ok(rejected(status, "wrong_code", errors).await?);
        }
        Check::Throttled(wait) => {
            let answer = throttled(Tried::Factor, wait, TEMPLATE, form().await?.view());
            return Ok(page.answer(answer)?);
        }
    };
    if !is_logging_in {
        let outcome = credentials.confirm(&login, proof).await?;
        if outcome == ConfirmOutcome::NoSession && page.client == Client::Json {
            return Ok(login.unauthorized().await.into_response());
        }
        let next = next.or(page.site.after_login());
        let answer = Answer::done(next).json(StatusCode::OK, json!({ "next": next }));
        return Ok(page.answer(answer)?);
    }
    Ok(match credentials.proceed(&login, proof).await? {
        Step::LoggedIn { user, next: to } => {
            if trust {
                credentials.trust_browser(&login, &user).await?;
            }
            let next = to.path().or(next.path());
            let next = next.unwrap_or(page.site.after_login());
            let view = json!({ "username": user.name(), "next": next });
            page.answer(Answer::done(next).json(StatusCode::OK, view))?
        }
        Step::TooManySessions => {
            let errors = FormErrors::of_form(Text::named("second-factor-too-many-sessions"));
            rejected(StatusCode::CONFLICT, "too_many_sessions", errors).await?
        }
        // It was used, it has ended, or the user was disabled.
        Step::SecondFactor | Step::Inactive | Step::Expired => begin_again(&page, &next)?,
    })
}
