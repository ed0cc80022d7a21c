//! The answer to a try that the throttle rejects.

use std::fmt;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::web::Problem;

/// A try that was rejected, whether or not it was right: too many wrong ones came before.
///
/// As a response it is 429 with `Retry-After`, the same whether or not there is such an account.
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
    /// How long until the next try may be made. `None`: not until the counter is
    /// [cleared](crate::credentials::Credentials::clear_throttle), except in a browser in which the
    /// user has logged in before.
    pub wait: Option<Duration>,
}

/// For scripts, when no time ends the wait.
const LONG: Duration = Duration::from_hours(24);

impl Throttled {
    /// `Retry-After`, in whole seconds.
    pub fn retry_after(&self) -> HeaderValue {
        let seconds = seconds(self.wait.unwrap_or(LONG));
        HeaderValue::from(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

impl IntoResponse for Throttled {
    fn into_response(self) -> Response {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS).detail(match self.wait {
            Some(wait) => format!("Too many wrong tries. Try again in {}.", InWords(wait)),
            None => "Too many wrong tries. No other is accepted from this browser.".to_owned(),
        });
        let mut response = problem.into_response();
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, self.retry_after());
        response
    }
}

/// A wait as people say it, rounded up: `8 seconds`, `3 minutes`.
pub(crate) struct InWords(pub(crate) Duration);

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = seconds(self.0);
        let (count, unit) = match seconds {
            0..100 => (seconds, "second"),
            100..5_400 => (seconds.div_ceil(60), "minute"),
            _ => (seconds.div_ceil(3_600), "hour"),
        };
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{count} {unit}{plural}")
    }
}

/// Whole seconds, rounded up, at least 1.
fn seconds(wait: Duration) -> u128 {
    wait.as_millis().div_ceil(1_000).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::InWords;

    #[test]
    fn a_wait_is_said_as_people_say_it() {
        let said = |millis| InWords(Duration::from_millis(millis)).to_string();

        assert_eq!(said(0), "1 second");
        assert_eq!(said(1_001), "2 seconds");
        assert_eq!(said(100_000), "2 minutes");
        assert_eq!(said(15 * 60_000), "15 minutes");
        assert_eq!(said(90 * 60_000), "2 hours");
    }
}
