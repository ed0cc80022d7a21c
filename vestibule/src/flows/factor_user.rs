//! The users who may see and change their factors.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::access::Rule;
use crate::credentials::factors::has_just_shown_factor;
use crate::flows::Site;
use crate::login::{CurrentUser, Login, LoginRejection, PageUser};

/// A user who may see and change their factors: with a fresh log-in, and if they have a factor, one
/// that showed it.
pub(in crate::flows) struct FactorUser<U>(CurrentUser<U>);

impl<U> Deref for FactorUser<U> {
    type Target = CurrentUser<U>;

    fn deref(&self) -> &CurrentUser<U> {
        &self.0
    }
}

impl<U: PageUser> FromRequestParts<Site<U>> for FactorUser<U> {
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, site: &Site<U>) -> Result<Self, LoginRejection> {
        let login = Login::<U>::from_request_parts(parts, site).await?;
        let user = login.require(Rule::Login).await?;
        if has_just_shown_factor(&user) {
            return Ok(Self(user));
        }
        // Showing a factor makes the log-in fresh too.
        if site.credentials().has_factor(&user.id()).await? {
            return Err(login.needs_second_factor().await);
        }
        login.require(Rule::FreshLogin).await.map(Self)
    }
}
