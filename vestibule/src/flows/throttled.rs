//! The response to a try that the throttle rejects.

use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use serde::Serialize;

use crate::credentials::Throttled;
use crate::flows::answer::Answer;
use crate::flows::form::FormErrors;
use crate::web::Problem;
use crate::web::text::{InWords, Text};

/// What was tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tried {
    /// A log-in, at whatever name.
    LogIn,
    /// The password of the user who is logged in.
    OwnPassword,
    /// A second factor.
    Factor,
    /// A registration.
    Registration,
    /// A request that sends a mail.
    Mail,
    /// A link or a code from a mail.
    Token,
}

/// 429 with `Retry-After`: the form again, with the time to wait in words. The same whether or not
/// there is such an account.
pub(super) fn throttled(
    tried: Tried,
    throttled: Throttled,
    template: &'static str,
    view: impl Serialize,
) -> Answer {
    let errors = FormErrors::of_form(text_of(tried, throttled));
    let status = StatusCode::TOO_MANY_REQUESTS;
    Answer::rejected(status, "throttled", errors, template, view)
        .header(RETRY_AFTER, throttled.retry_after())
}

/// As [`throttled`], with the error page.
pub(super) fn throttled_problem(tried: Tried, throttled: Throttled) -> Answer {
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS).code("throttled");
    Answer::problem(problem.text(text_of(tried, throttled)))
        .header(RETRY_AFTER, throttled.retry_after())
}

fn text_of(tried: Tried, throttled: Throttled) -> Text {
    let wait = throttled.wait.map(InWords);
    match (tried, wait) {
        (Tried::LogIn, Some(wait)) => Text::named("throttled-log-in").with("wait", wait),
        (Tried::LogIn, None) => Text::named("throttled-log-in-for-good"),
        (Tried::OwnPassword, Some(wait)) => Text::named("throttled-password").with("wait", wait),
        (Tried::OwnPassword, None) => Text::named("throttled-password-for-good"),
        (Tried::Factor, Some(wait)) => Text::named("throttled-factor").with("wait", wait),
        (Tried::Factor, None) => Text::named("throttled-factor-for-good"),
        (Tried::Registration, wait) => {
            Text::named("throttled-registration").with("wait", or_a_minute(wait))
        }
        (Tried::Mail, wait) => Text::named("throttled-mail").with("wait", or_a_minute(wait)),
        (Tried::Token, wait) => Text::named("throttled-token").with("wait", or_a_minute(wait)),
    }
}

fn or_a_minute(wait: Option<InWords>) -> InWords {
    wait.unwrap_or(InWords(Duration::from_mins(1)))
}
