//! Errors for clients that read JSON (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::web::PublicUrl;
use crate::web::error::ErrorId;
use crate::web::text::Text;

/// An error as `application/problem+json` (RFC 9457).
///
/// ```
/// use http::StatusCode;
/// use vestibule::web::Problem;
///
/// let problem = Problem::new(StatusCode::UNAUTHORIZED).detail("Log in to see this.");
/// assert_eq!(
///     serde_json::to_value(&problem)?,
///     serde_json::json!({
///         "status": 401,
///         "title": "Unauthorized",
///         "code": "unauthorized",
///         "detail": "Log in to see this.",
///     })
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Serialize)]
#[must_use]
pub struct Problem {
    status: u16,
    title: &'static str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// The detail as a text of the catalogue, for sites that have a catalogue.
    #[serde(skip)]
    text: Option<Text>,
}

#[derive(Debug, Clone, Serialize)]
struct FieldProblem {
    field: String,
    detail: String,
}

impl Problem {
    /// The problem for `status`.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error"),
            code: code_of(status),
            detail: None,
            link: None,
            error_id: None,
            errors: Vec::new(),
            text: None,
        }
    }

    /// Sets the error code for scripts, in snake_case. Codes are never translated and never change.
    /// Default: that of the status, such as `not_found`.
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Sets the detail to a text of the catalogue. Without a catalogue, the detail stays as
    /// [`detail`](Self::detail) set it.
    pub(crate) fn text(mut self, text: Text) -> Self {
        self.text = Some(text);
        self
    }

    /// Sets the detail in the visitor's language, if it is a text of the catalogue.
    #[cfg(feature = "sql")]
    pub(crate) fn localized(mut self, say: impl Fn(&Text) -> String) -> Self {
        if let Some(text) = self.text.take() {
            self.detail = Some(say(&text));
        }
        self
    }

    /// Sets the detail: what was wrong and what to do.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets the detail to a text of the site's catalogue by its name, such as one from the folder
    /// [`SiteConfig::texts`](crate::flows::SiteConfig::texts). The visitor reads it in their
    /// language; a name without a text is shown itself, and logged as an error.
    ///
    /// ```
    /// use http::StatusCode;
    /// use vestibule::web::Problem;
    ///
    /// let problem = Problem::new(StatusCode::CONFLICT).detail_text("sold-out");
    /// # assert_eq!(problem.status(), StatusCode::CONFLICT);
    /// ```
    #[cfg(feature = "sql")]
    pub fn detail_text(self, name: &'static str) -> Self {
        self.text(Text::named(name))
    }

    /// Sets the address at which the visitor can go on. The error page links to it.
    pub fn link(self, url: &PublicUrl) -> Self {
        self.link_to(url.to_string())
    }

    /// As [`link`](Self::link), to a page of the site.
    pub(crate) fn link_to(mut self, url: String) -> Self {
        self.link = Some(url);
        self
    }

    /// Sets the id that is also in the log line.
    pub(crate) fn error_id(mut self, id: Option<ErrorId>) -> Self {
        self.error_id = id.map(|id| id.to_string());
        self
    }

    /// Adds an error of one field.
    pub fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldProblem {
            field: field.into(),
            detail: detail.into(),
        });
        self
    }
}

/// The default code of a status.
fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "bad_request",
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        StatusCode::CONFLICT => "conflict",
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::UNPROCESSABLE_ENTITY => "invalid_fields",
        StatusCode::TOO_MANY_REQUESTS => "throttled",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_client_error() => "rejected",
        _ => "internal_error",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        // The error may be gone a moment later.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // For the layer that turns the problem into a page.
        response.extensions_mut().insert(self);
        response
    }
}
