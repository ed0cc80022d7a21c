//! The response to an error.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::error::Error;
use crate::web::Problem;

/// Logs the error, but does not show its cause to the visitor.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        tracing::error!(status = status.as_u16(), error = %self, "request failed");
        let (code, detail) = if self.is_busy() {
            ("busy", "Too many people are logging in at this moment.")
        } else if self.is_store() {
            (
                "unavailable",
                "The service cannot reach its data at the moment.",
            )
        } else if self.is_mail() {
            ("unavailable", "The service cannot send mail at the moment.")
        } else {
            return Problem::new(status)
                .detail("Something broke on our side. It has been noted; try again later.")
                .into_response();
        };
        let mut response = Problem::new(status)
            .code(code)
            .detail(format!("{detail} Try again in a few seconds."))
            .into_response();
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }
}
