//! Where a log-in may lead.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
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

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Next::of_query(&parts.uri).into())
    }
}
