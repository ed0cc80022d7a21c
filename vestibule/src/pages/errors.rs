//! Error pages, for errors from every layer.

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use minijinja::context;
use minijinja::value::Serde;

use crate::pages::{Language, Pages};
use crate::web::text::Text;
use crate::web::{Client, Problem, ToUser};

/// Adds a body to our own errors and to errors without one: a page for browsers, problem+json for
/// scripts. Keeps their other headers, and leaves error responses of the app's own unchanged.
pub(crate) async fn error_pages(
    State(pages): State<Pages>,
    request: Request,
    next: Next,
) -> Response {
    let client = Client::of_failed(request.headers());
    let language = pages.texts().language_of(request.headers());
    let mut response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let is_logged_in = response.extensions().get::<ToUser>().is_some();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if response.body().size_hint().exact() == Some(0) => {
            Problem::new(status).text(Text::named(explanation(status)))
        }
        // An answer of the app's own.
        None => return response,
    };
    let page = error_page(&pages, client, language, (status, problem), is_logged_in);
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let (page, body) = page.into_parts();
    parts.headers.extend(page.headers);
    Response::from_parts(parts, body)
}

/// The response that says what failed: a page for browsers, problem+json for scripts.
pub(crate) fn error_page(
    pages: &Pages,
    client: Client,
    language: Language,
    (status, problem): (StatusCode, Problem),
    is_logged_in: bool,
) -> Response {
    let texts = pages.texts();
    let problem = problem.localized(|text| texts.say(language, text));
    if client == Client::Json {
        let mut response = problem.into_response();
        texts.describe(language, response.headers_mut());
        return response;
    }
    let error = context! {
        status => status.as_u16(),
        title => texts.say(language, &Text::named(title(status))),
        problem => Serde(&problem),
        is_logged_in,
    };
    pages
        .render(status, "error.html", language, &[], error)
        .unwrap_or_else(IntoResponse::into_response)
}

/// The text for an error without a detail: what happened and what to do.
fn explanation(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "explain-404",
        StatusCode::METHOD_NOT_ALLOWED => "explain-405",
        StatusCode::REQUEST_TIMEOUT => "explain-408",
        StatusCode::PAYLOAD_TOO_LARGE => "explain-413",
        StatusCode::SERVICE_UNAVAILABLE => "explain-503",
        status if status.is_client_error() => "explain-4xx",
        _ => "problem-internal",
    }
}

/// The title of an error page.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "title-401",
        StatusCode::FORBIDDEN => "title-403",
        StatusCode::NOT_FOUND => "title-404",
        StatusCode::METHOD_NOT_ALLOWED => "title-405",
        StatusCode::REQUEST_TIMEOUT => "title-408",
        StatusCode::CONFLICT => "title-409",
        StatusCode::GONE => "title-410",
        StatusCode::PAYLOAD_TOO_LARGE => "title-413",
        StatusCode::TOO_MANY_REQUESTS => "title-429",
        StatusCode::SERVICE_UNAVAILABLE => "title-503",
        status if status.is_client_error() => "title-4xx",
        _ => "title-500",
    }
}
