//! Error pages: every failure gets one, whichever layer it comes from.

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use minijinja::context;
use minijinja::value::Serde;

use crate::pages::Pages;
use crate::web::{Client, Problem, ToUser};

/// Gives failures of ours, and those without a body, one: a page for browsers, problem+json for
/// scripts. Their other headers stay, and so does every answer that an app gives itself.
pub(crate) async fn error_pages(
    State(pages): State<Pages>,
    request: Request,
    next: Next,
) -> Response {
    let client = Client::of_failed(request.headers());
    let mut response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let is_logged_in = response.extensions().get::<ToUser>().is_some();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if response.body().size_hint().exact() == Some(0) => {
            Problem::new(status).detail(explanation(status))
        }
        // An answer of the app's own.
        None => return response,
    };
    let page = error_page(&pages, client, (status, problem), is_logged_in);
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
    (status, problem): (StatusCode, Problem),
    is_logged_in: bool,
) -> Response {
    if client == Client::Json {
        return problem.into_response();
    }
    let error = context! {
        status => status.as_u16(),
        problem => Serde(&problem),
        is_logged_in,
    };
    pages
        .render(status, "error.html", &[], error)
        .unwrap_or_else(IntoResponse::into_response)
}

/// What a page says where there is nothing.
pub(crate) const NO_SUCH_PAGE: &str =
    "There is no page at this address. Check the address for typos.";

/// What happened and what to do, for failures that say no more than their status.
fn explanation(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => NO_SUCH_PAGE,
        StatusCode::METHOD_NOT_ALLOWED => "This page cannot be used that way.",
        StatusCode::REQUEST_TIMEOUT => "The request took too long to arrive. Send it again.",
        StatusCode::PAYLOAD_TOO_LARGE => "What you sent is too large for this page.",
        StatusCode::SERVICE_UNAVAILABLE => {
            "The service is busy or cannot reach its data. Try again in a few seconds."
        }
        status if status.is_client_error() => "The request cannot be carried out as it was sent.",
        _ => "Something broke on our side. It has been noted; try again later.",
    }
}
