//! Where a log-in may lead.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use http::request::Parts;

use crate::flows::{CONFIRM_LOGIN_PATH, LOGIN_PATH, LOGOUT_PATH};
use crate::login::Next;

/// The `next` of a visitor: anywhere here but back to logging in or out.
#[derive(Debug)]
pub(super) struct Destination(pub(super) Next);

impl From<Next> for Destination {
    fn from(next: Next) -> Self {
        Self(next.unless(&[LOGIN_PATH, LOGOUT_PATH, CONFIRM_LOGIN_PATH]))
    }
}

impl From<String> for Destination {
    fn from(text: String) -> Self {
        Next::from(text).into()
    }
}

/// The one `next` of the query; of several, none.
impl<S: Send + Sync> FromRequestParts<S> for Destination {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let OriginalUri(uri) = OriginalUri::from_request_parts(parts, state).await?;
        let query = uri.query().unwrap_or_default();
        let mut found = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "next")
            .map(|(_, value)| Next::from(value.into_owned()));
        let next = match (found.next(), found.next()) {
            (Some(next), None) => next,
            _ => Next::default(),
        };
        Ok(next.into())
    }
}
