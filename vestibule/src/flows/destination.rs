//! Where a log-in may redirect to.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::flows::Site;
use crate::login::{Next, PageUser};

/// Pages that a log-in never redirects to.
const NEVER: [&str; 3] = ["login", "logout", "confirm_login"];

impl<U: PageUser> Site<U> {
    /// The `next` of a visitor: any page of the app, except those for logging in or out.
    pub(super) fn destination(&self, next: impl Into<Next>) -> Next {
        let never: Vec<_> = NEVER.iter().filter_map(|name| self.path(name)).collect();
        next.into().unless(&never)
    }
}

/// The `next` of the query, if it has exactly one.
#[derive(Debug)]
pub(super) struct NextOfQuery(pub(super) Next);

impl<S: Send + Sync> FromRequestParts<S> for NextOfQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Next::of_query(&parts.uri)))
    }
}
