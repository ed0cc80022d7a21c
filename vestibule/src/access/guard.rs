//! Guards in a handler's arguments.

use std::fmt;
use std::future::Future;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use crate::access::Rule;
use crate::error::Result;
use crate::login::rule::Demand;
use crate::login::visit::Visit;
use crate::login::{CurrentUser, LoginRejection, User};

/// A guard: a type of the app's own that decides who may use a handler, by [`Allowed`].
///
/// ```
/// use axum::extract::Path;
/// use vestibule::access::{Allowed, Guard, Rule};
/// use vestibule::{CurrentUser, Result};
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member { name: String }
/// # impl User for Member { fn id(&self) -> UserId { self.name.as_str().into() } }
///
/// /// Admins.
/// struct Admins;
///
/// impl Guard for Admins {
///     type User = Member;
///     type Object = ();
///     const RULE: Rule = Rule::Role("admin");
/// }
///
/// /// Everybody in their own room.
/// struct OwnRoom;
///
/// impl Guard for OwnRoom {
///     type User = Member;
///     type Object = Path<String>;
///     const RULE: Rule = Rule::Login;
///
///     async fn allows(user: &CurrentUser<Member>, Path(owner): &Path<String>) -> Result<bool> {
///         Ok(user.name == *owner)
///     }
/// }
///
/// async fn statistics(admin: Allowed<Admins>) -> String {
///     format!("For {}", admin.name)
/// }
///
/// async fn room(Allowed { user, object: Path(owner) }: Allowed<OwnRoom>) -> String {
///     format!("{} in the room of {owner}", user.name)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a guard",
    note = "implement `vestibule::access::Guard` for it: `type User`, `type Object = ()` and \
            `const RULE: Rule`"
)]
pub trait Guard: Send + Sync + 'static {
    /// The app's user type.
    type User: User;

    /// What the guard checks besides the user: any extractor that does not read the body, such as
    /// `Path<Id>`, the app's state, a tuple of both, or the app's own extractor that loads the
    /// object. Use `()` for nothing.
    ///
    /// It is only extracted for users who meet [`RULE`](Self::RULE).
    type Object: Send + Sync;

    /// The rule that the user must meet.
    const RULE: Rule;

    /// Whether users who lack the permission get 404 instead of 403, so that they cannot learn
    /// which objects exist. The object's extractor must then answer 404 with an empty body for a
    /// missing object. Anonymous visitors are redirected to the login page in any case, so the
    /// route itself is not hidden.
    const HIDES: bool = false;

    /// Whether this user may do this to this object. Only called for users who meet
    /// [`RULE`](Self::RULE). Default: yes.
    ///
    /// # Errors
    /// When the check itself failed. The response is 503.
    fn allows(
        user: &CurrentUser<Self::User>,
        object: &Self::Object,
    ) -> impl Future<Output = Result<bool>> + Send {
        let _ = (user, object);
        async { Ok(true) }
    }
}

/// The user of this request, accepted by a [`Guard`], and the object it checked. A handler that
/// takes it serves only such users.
///
/// Visitors who are not logged in are redirected to the login page, or get 401, as with
/// [`CurrentUser`]. Users who need a fresh log-in are redirected to the refresh page, as with
/// [`FreshUser`](crate::FreshUser). Users who lack the permission get 403, or the response of
/// [`on_forbidden`](crate::LoginManager::on_forbidden).
///
/// It dereferences to [`CurrentUser`].
pub struct Allowed<G: Guard> {
    /// The user.
    pub user: CurrentUser<G::User>,
    /// The object that the guard checked.
    pub object: G::Object,
}

impl<G: Guard> Deref for Allowed<G> {
    type Target = CurrentUser<G::User>;

    fn deref(&self) -> &CurrentUser<G::User> {
        &self.user
    }
}

impl<G: Guard> fmt::Debug for Allowed<G>
where
    G::User: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Allowed").field(&self.user).finish()
    }
}

/// Why [`Allowed`] rejected a request. Return it from the handler to send its response.
#[derive(Debug)]
#[must_use = "the request is not rejected until this is returned"]
#[non_exhaustive]
pub enum AccessRejection {
    /// The user was rejected, or nobody is logged in.
    Rejected(LoginRejection),
    /// The response of the object's extractor, such as 404.
    Object(Box<Response>),
}

impl From<LoginRejection> for AccessRejection {
    fn from(rejection: LoginRejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl IntoResponse for AccessRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Rejected(rejection) => rejection.into_response(),
            Self::Object(response) => *response,
        }
    }
}

impl<G, S> FromRequestParts<S> for Allowed<G>
where
    G: Guard,
    G::Object: FromRequestParts<S>,
    S: Send + Sync,
{
    type Rejection = AccessRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AccessRejection> {
        let visit = Visit::<G::User>::of(&parts.headers, &parts.extensions)
            .ok_or_else(LoginRejection::no_layer::<G::User>)?;
        let demand = Demand::of_guard::<G>(G::RULE, G::HIDES);
        let user = CurrentUser::new(visit.require(demand, parts).await?);
        let object = G::Object::from_request_parts(parts, state).await;
        let object =
            object.map_err(|refusal| AccessRejection::Object(Box::new(refusal.into_response())))?;
        if !G::allows(&user, &object)
            .await
            .map_err(LoginRejection::from)?
        {
            return Err(visit.forbid(demand, parts).await.into());
        }
        Ok(Self { user, object })
    }
}
