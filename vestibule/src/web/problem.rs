//! Failures for clients that read JSON (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// A failure as `application/problem+json` (RFC 9457).
///
/// ```
/// use http::StatusCode;
/// use vestibule::web::Problem;
///
/// let problem = Problem::new(StatusCode::UNAUTHORIZED).detail("Log in to see this.");
/// assert_eq!(
///     serde_json::to_value(&problem)?,
///     serde_json::json!({ "status": 401, "title": "Unauthorized", "detail": "Log in to see this." })
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Serialize)]
#[must_use]
pub struct Problem {
    status: u16,
    title: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

#[derive(Debug, Clone, Serialize)]
struct FieldProblem {
    field: String,
    detail: String,
}

impl Problem {
    /// The problem that `status` names.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error"),
            detail: None,
            errors: Vec::new(),
        }
    }

    /// Says what was wrong and what to do.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what was wrong with one field.
    pub fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldProblem {
            field: field.into(),
            detail: detail.into(),
        });
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self)).into_response();
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        // For the layer that makes a page of it.
        response.extensions_mut().insert(self);
        response
    }
}
