//! The response to a try that the throttle rejects.

use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use serde::Serialize;

use crate::credentials::{InWords, Throttled};
use crate::flows::answer::Answer;
use crate::flows::form::FormErrors;

/// What was tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tried {
    /// A log-in, at whatever name.
    LogIn,
    /// The password of the user who is logged in.
    OwnPassword,
    /// A registration.
    Registration,
}

/// 429 with `Retry-After`: the form again, with the time to wait in words. The same whether or not
/// there is such an account.
pub(super) fn throttled(
    tried: Tried,
    throttled: Throttled,
    template: &'static str,
    view: impl Serialize,
) -> Answer {
    let text = match (tried, throttled.wait.map(InWords)) {
        (Tried::LogIn, Some(wait)) => format!(
            "There were too many wrong log-ins. Try again in {wait}. A browser in which you have \
             logged in before need not wait."
        ),
        (Tried::LogIn, None) => "There were too many wrong log-ins with this name. Log in from a \
                                 browser in which you have logged in before, or ask the operator \
                                 of this site."
            .to_owned(),
        (Tried::OwnPassword, Some(wait)) => {
            format!("There were too many wrong passwords. Try again in {wait}.")
        }
        (Tried::OwnPassword, None) => {
            "There were too many wrong passwords. Log out, then log in again.".to_owned()
        }
        (Tried::Registration, wait) => format!(
            "Too many people are registering, from your network or on this site. Try again in {}.",
            wait.unwrap_or(InWords(Duration::from_mins(1)))
        ),
    };
    let errors = FormErrors::of_form(&text);
    let status = StatusCode::TOO_MANY_REQUESTS;
    Answer::rejected(status, "throttled", errors, template, view)
        .header(RETRY_AFTER, throttled.retry_after())
}
