//! The response to a try that the throttle rejects.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::web::Problem;
use crate::web::text::{InWords, Text, whole_seconds};

/// A try that the throttle rejected because of too many wrong ones. The credential was not checked.
///
/// Its response is 429 with `Retry-After`, the same whether or not the account exists.
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use vestibule::accounts::Account;
/// use vestibule::credentials::{Check, Credentials};
/// use vestibule::{Error, Login};
///
/// async fn log_in(credentials: Credentials<Account>, login: Login<Account>) -> Result<Response, Error> {
///     match credentials.check_password(&login, "alice", &"secret".into()).await? {
///         Check::Throttled(throttled) => Ok(throttled.into_response()),
///         _ => Ok("…".into_response()),
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Throttled {
    /// How long until the next try can be made. `None`: not until the counter is
    /// [cleared](crate::credentials::Credentials::clear_throttle), except in a browser in which the
    /// user has logged in before.
    pub wait: Option<Duration>,
}

/// A time for scripts, if waiting never helps.
const LONG: Duration = Duration::from_hours(24);

impl Throttled {
    /// `Retry-After`, in whole seconds.
    pub fn retry_after(&self) -> HeaderValue {
        let seconds = whole_seconds(self.wait.unwrap_or(LONG));
        HeaderValue::from(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

impl IntoResponse for Throttled {
    fn into_response(self) -> Response {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS);
        let problem = match self.wait {
            Some(wait) => problem
                .detail(format!(
                    "Too many attempts. Try again in {}.",
                    InWords(wait)
                ))
                .text(Text::named("problem-throttled").with("wait", InWords(wait))),
            None => problem
                .detail("Too many attempts. No more are accepted from this browser.")
                .text(Text::named("problem-throttled-for-good")),
        };
        let mut response = problem.into_response();
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, self.retry_after());
        response
    }
}
