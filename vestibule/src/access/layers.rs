//! Guards as layers on a router.

use axum::middleware::{FromExtractorLayer, from_extractor_with_state};

use crate::access::{Allowed, Guard, Rule};
use crate::login::{LoginRequired, User};

/// A layer that accepts only users who meet `rule`.
///
/// It responds to others as [`Allowed`] does, and has the options of
/// [`login_required`](crate::login::login_required).
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
/// use vestibule::access::Rule::{AllOf, FreshLogin, Role};
/// use vestibule::access::access_required;
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
///
/// let admin: Router = Router::new()
///     .route("/admin/backup", get(|| async { "for admins, lately logged in" }))
///     .route_layer(access_required::<Member>(AllOf(&[Role("admin"), FreshLogin])));
/// ```
pub fn access_required<U: User>(rule: Rule) -> LoginRequired<U> {
    LoginRequired::of(rule)
}

/// A layer that accepts only users accepted by a [`Guard`]: [`Allowed`] for a whole router. The
/// guard's object is extracted from `state`; pass `()` if it needs none.
///
/// Add it with `route_layer`, so that the guard sees the path's parameters. It has none of the
/// options of [`access_required`]. If a handler inside takes the guard too, its object is extracted
/// a second time.
///
/// ```
/// use axum::Router;
/// use axum::extract::Path;
/// use axum::routing::get;
/// use vestibule::access::{Guard, Rule, allowed};
/// use vestibule::{CurrentUser, Result};
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member { name: String }
/// # impl User for Member { fn id(&self) -> UserId { self.name.as_str().into() } }
///
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
/// let rooms: Router = Router::new()
///     .route("/rooms/{owner}", get(|| async { "a room of one's own" }))
///     .route_layer(allowed::<OwnRoom, _>(()));
/// ```
pub fn allowed<G: Guard, S>(state: S) -> FromExtractorLayer<Allowed<G>, S> {
    from_extractor_with_state(state)
}
