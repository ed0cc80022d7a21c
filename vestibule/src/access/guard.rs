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

/// Who may pass: a type of the app's own, which handlers take as [`Allowed`].
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
    message = "`{Self}` is no guard",
    note = "implement `vestibule::access::Guard` for it: `type User`, `type Object = ()` and \
            `const RULE: Rule`"
)]
pub trait Guard: Send + Sync + 'static {
    /// The app's user type.
    type User: User;

    /// What of the request the rule is about, beside the user: any extractor that takes no body,
    /// such as `Path<Id>`, the app's state, both in a tuple, or an extractor of the app's own that
    /// finds the object. `()` for nothing.
    ///
    /// It is extracted for users whom [`RULE`](Self::RULE) lets pass, and for nobody else.
    type Object: Send + Sync;

    /// What is asked of the user.
    const RULE: Rule;

    /// Whether those without the right get 404 in place of 403, so that nobody learns of objects
    /// that are not for them. Then the extractor of the object answers 404 for what there is none
    /// of, with an empty body. Anonymous visitors are sent to the login page in any case, and that
    /// there is such a route is no secret.
    const HIDES: bool = false;

    /// Whether this user may do this to this object. Asked of users whom [`RULE`](Self::RULE)
    /// lets pass. Default: they may.
    ///
    /// # Errors
    /// When it could not look: 503, and nobody passes.
    fn allows(
        user: &CurrentUser<Self::User>,
        object: &Self::Object,
    ) -> impl Future<Output = Result<bool>> + Send {
        let _ = (user, object);
        async { Ok(true) }
    }
}

/// The user of this request, whom a [`Guard`] lets pass, and what the guard looked at. A handler
/// that takes it serves nobody else.
///
/// Whoever is not logged in is sent to the login page, or gets 401, as with
/// [`CurrentUser`]; whoever needs a fresh log-in is sent to the refresh page, as with
/// [`FreshUser`](crate::FreshUser); whoever lacks the right gets 403, or what
/// [`on_forbidden`](crate::LoginManager::on_forbidden) says.
///
/// It reads like a [`CurrentUser`].
pub struct Allowed<G: Guard> {
    /// The user.
    pub user: CurrentUser<G::User>,
    /// What the guard looked at.
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

/// Why [`Allowed`] did not let a request pass. Return it: it is the answer.
#[derive(Debug)]
#[must_use = "the request is not refused until this is returned"]
#[non_exhaustive]
pub enum AccessRejection {
    /// The user, or that there is none.
    Rejected(LoginRejection),
    /// What the object's extractor answers, such as 404.
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
