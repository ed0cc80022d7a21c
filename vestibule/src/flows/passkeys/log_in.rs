//! Logging in, the second factor, and confirming a log-in, by a passkey.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::BrowserSecret;
use crate::credentials::Step;
use crate::credentials::passkeys::{AuthenticationResponse, PasskeyCheck};
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::login_step::second_factor;
use crate::flows::page::Page;
use crate::flows::submitted::SubmittedJson;
use crate::flows::throttled::{Tried, throttled_problem};
use crate::login::{ConfirmOutcome, Login, PageUser};
use crate::session::Methods;
use crate::web::text::Text;
use crate::web::{Flash, Problem};

pub(super) async fn options<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    headers: HeaderMap,
) -> Result<Response> {
    let browser = BrowserSecret::of(&page.site, &login, &headers)?;
    let credentials = page.site.credentials();
    let options = match credentials.begin_passkey(&login, &browser.secret).await? {
        Ok(options) => options,
        Err(wait) => return page.answer(throttled_problem(Tried::LogIn, wait)),
    };
    Ok(browser.options(options))
}

pub(super) async fn log_in<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    headers: HeaderMap,
    SubmittedJson(response): SubmittedJson<AuthenticationResponse>,
) -> axum::response::Result<Response> {
    let browser = BrowserSecret::of(&page.site, &login, &headers)?;
    let credentials = page.site.credentials();
    let next = page
        .site
        .destination(response.next.clone().unwrap_or_default());
    let check = credentials
        .check_passkey(&login, &response, &browser.secret)
        .await?;
    let tried = match check {
        PasskeyCheck::LogIn(proof) => {
            let id = proof.user().id();
            let was_closed = proof.user().is_closed();
            let proof = proof.remember(response.remember);
            // A pending log-in has its own.
            let is_of_pending = proof.is_of_pending();
            let proof = match is_of_pending {
                true => proof,
                false => proof.leading_to(next),
            };
            match credentials.proceed(&login, proof).await? {
                Step::LoggedIn { user, next } => {
                    if is_of_pending && response.trust {
                        credentials.trust_browser(&login, &user).await?;
                    }
                    let next = next.path().unwrap_or(page.site.after_login());
                    let view = json!({ "username": user.name(), "next": next });
                    let answer = Answer::done(next).json(StatusCode::OK, view);
                    if was_closed {
                        let text = page.say(&Text::named("login-reopened"));
                        page.add_message(Flash::new("success", text));
                    }
                    let mut response = page.answer(answer)?;
                    browser.remove(&mut response);
                    return Ok(response);
                }
                Step::SecondFactor => return Ok(page.answer(second_factor(&page, &login).await?)?),
                // The passkey was right, so the user may learn the reason.
                Step::TooManySessions => {
                    let problem = Problem::new(StatusCode::CONFLICT)
                        .code("too_many_sessions")
                        .text(Text::named("login-too-many-sessions"));
                    return Ok(page.answer(Answer::problem(problem))?);
                }
                Step::Inactive | Step::Expired => Some(id),
            }
        }
        PasskeyCheck::Confirm(proof) => {
            let outcome = credentials.confirm(&login, proof).await?;
            if outcome == ConfirmOutcome::NoSession {
                return Ok(login.unauthorized().await.into_response());
            }
            let next = next.or(page.site.after_login());
            let answer = Answer::done(next).json(StatusCode::OK, json!({ "next": next }));
            return Ok(page.answer(answer)?);
        }
        PasskeyCheck::Wrong(tried) => tried,
        PasskeyCheck::Throttled(wait) => {
            return Ok(page.answer(throttled_problem(Tried::LogIn, wait))?);
        }
    };
    let passkey = Methods::PASSKEY;
    login.report_failed_by(passkey, tried.as_ref()).await;
    // The same for every reason, so that it does not reveal who has a passkey.
    let problem = Problem::new(StatusCode::UNAUTHORIZED)
        .code("wrong_credentials")
        .text(Text::named("passkey-wrong"));
    Ok(page.answer(Answer::problem(problem))?)
}
