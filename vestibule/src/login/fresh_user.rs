//! The user of this request, after a fresh log-in, as a handler's argument.

use std::fmt;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::login::rule::Rule;
use crate::login::visit::Visit;
use crate::login::{CurrentUser, LoginRejection, User};

/// The user of this request, with a credential shown recently. Flask-Login's
/// `@fresh_login_required`.
///
/// A handler that takes it serves only such users. Visitors who are not logged in are redirected to
/// the login page; users without a fresh log-in ([`CurrentUser::is_fresh`]), to the refresh page
/// ([`LoginManager::refresh_view`](crate::LoginManager::refresh_view)). Without a page they get
/// 401.
///
/// ```
/// use vestibule::FreshUser;
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member { name: String }
/// # impl User for Member { fn id(&self) -> UserId { self.name.as_str().into() } }
///
/// async fn close_account(user: FreshUser<Member>) -> String {
///     format!("Goodbye, {}", user.name)
/// }
/// ```
pub struct FreshUser<U>(CurrentUser<U>);

impl<U> Deref for FreshUser<U> {
    type Target = CurrentUser<U>;

    fn deref(&self) -> &CurrentUser<U> {
        &self.0
    }
}

impl<U> Clone for FreshUser<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U: fmt::Debug> fmt::Debug for FreshUser<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FreshUser").field(&*self.0).finish()
    }
}

impl<U: User, S: Send + Sync> FromRequestParts<S> for FreshUser<U> {
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginRejection> {
        let visit = Visit::<U>::of(&parts.headers, &parts.extensions)
            .ok_or_else(LoginRejection::no_layer::<U>)?;
        let user = visit.require(Rule::FreshLogin.into(), parts).await?;
        Ok(Self(CurrentUser::new(user)))
    }
}
