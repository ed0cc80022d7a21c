//! The response to an error.

use std::fmt;

use axum::response::{IntoResponse, Response};
use data_encoding::BASE32_NOPAD;
use http::{HeaderValue, StatusCode, header};

use crate::crypto::random::Random;
use crate::error::Error;
use crate::web::Problem;
use crate::web::text::Text;

/// A random id that the visitor sees and the log repeats, to find the log line of an error.
#[derive(Debug, Clone)]
pub(crate) struct ErrorId([u8; 5]);

impl ErrorId {
    /// A new id, or `None` if the system has no randomness.
    pub(crate) fn generate() -> Option<Self> {
        Random::system().bytes().ok().map(Self)
    }
}

/// Eight lowercase letters and digits.
impl fmt::Display for ErrorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}

/// The problem for an unexpected error. It tells visitors only the id in the log.
pub(crate) fn unexpected(status: StatusCode, id: Option<ErrorId>) -> Problem {
    Problem::new(status)
        .detail("Something's wrong on our side. Try again later.")
        .text(Text::named("problem-internal"))
        .error_id(id)
}

/// The cause of an error, in the response's extensions, where the table of routes reads it.
/// Visitors do not see it.
#[derive(Debug, Clone)]
pub(crate) struct Cause(pub(crate) String);

/// Logs the error, but does not show its cause to the visitor.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        if self.is_busy() {
            // The hashing pool already logs a flood of these, at most one line a minute.
            tracing::debug!(status = status.as_u16(), error = %self, "request rejected");
            return try_again(
                "busy",
                "Too many people are logging in right now.",
                "problem-busy",
                None,
            );
        }
        let id = ErrorId::generate();
        tracing::error!(
            status = status.as_u16(),
            error_id = id.as_ref().map(tracing::field::display),
            error = %self,
            "request failed"
        );
        let mut response = if self.is_store() {
            let detail = "Something's wrong on our side.";
            try_again("unavailable", detail, "problem-store", id)
        } else if self.is_mail() {
            let detail = "We can't send email right now.";
            try_again("unavailable", detail, "problem-mail", id)
        } else {
            unexpected(status, id).into_response()
        };
        response.extensions_mut().insert(Cause(self.to_string()));
        response
    }
}

fn try_again(
    code: &'static str,
    detail: &str,
    text: &'static str,
    id: Option<ErrorId>,
) -> Response {
    let mut response = Problem::new(StatusCode::SERVICE_UNAVAILABLE)
        .code(code)
        .detail(format!("{detail} Try again in a moment."))
        .text(Text::named(text))
        .error_id(id)
        .into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}
