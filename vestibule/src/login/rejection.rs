//! The reason for a rejection, and the input of the app's own handler.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::request::Parts;

use crate::error::Error;
use crate::web::Client;

/// Translates a message for the visitor who sent these headers.
pub(crate) type Localize = Arc<dyn Fn(&str, &HeaderMap) -> String + Send + Sync>;

/// A rejected request, as passed to the app's own handler.
#[derive(Debug)]
#[non_exhaustive]
pub struct RejectedRequest {
    /// The request, without its body.
    pub request: Parts,
    /// What kind of client sent it.
    pub client: Client,
    /// The address of the login or refresh page with `next`, if there is such a page.
    pub login_url: Option<String>,
    /// The rule that was not met, as in [`Rejected::rule`](crate::login::Rejected::rule). For the
    /// app's log; do not show it to the visitor.
    pub rule: String,
}

type BoxFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Any handler of the app behind one pointer.
#[derive(Clone)]
pub(crate) struct RejectionHandler(Arc<dyn Fn(RejectedRequest) -> BoxFuture + Send + Sync>);

impl RejectionHandler {
    pub(crate) fn new<F, Fut>(handler: F) -> Self
    where
        F: FnOnce(RejectedRequest) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        Self(Arc::new(move |rejected| {
            let answer = handler.clone()(rejected);
            Box::pin(async { answer.await.into_response() })
        }))
    }

    pub(crate) async fn call(&self, rejected: RejectedRequest) -> Response {
        (self.0)(rejected).await
    }
}

/// Why [`CurrentUser`](crate::CurrentUser), [`FreshUser`](crate::FreshUser),
/// [`Login`](crate::Login) or a layer such as [`login_required`](crate::login::login_required)
/// rejected a request. Return it from the handler: it is the response.
#[must_use = "the request is not refused until this is returned"]
#[non_exhaustive]
pub enum LoginRejection {
    /// Nobody is logged in. A browser is redirected to the login page (303, with `next`), htmx too
    /// (`HX-Redirect`). A client that reads JSON gets 401 as problem+json. Without a login page,
    /// and on a login page that itself needs a log-in, the response is 401.
    LoginRequired(Box<Response>),
    /// The log-in is not fresh. As `LoginRequired`, with the refresh page.
    FreshLoginRequired(Box<Response>),
    /// The user has not shown a second factor. A browser is redirected to the page that asks for
    /// one ([`LoginManager::second_factor_view`](crate::LoginManager::second_factor_view)). Other
    /// clients, and all clients if there is no such page, get 403.
    SecondFactorRequired(Box<Response>),
    /// The user has not verified their mail address. A browser is redirected to the page for it
    /// ([`LoginManager::verified_email_view`](crate::LoginManager::verified_email_view)). Other
    /// clients, and all clients if there is no such page, get 403.
    VerifiedEmailRequired(Box<Response>),
    /// The user must visit another page first
    /// ([`LoginManager::must_visit`](crate::LoginManager::must_visit)). A browser is redirected
    /// there; a client that reads JSON gets 403.
    VisitRequired(Box<Response>),
    /// The user lacks a permission: 403, or 404 from a guard with
    /// [`Guard::HIDES`](crate::access::Guard::HIDES).
    Forbidden(Box<Response>),
    /// The store or the user loader failed, so the user is unknown: 503.
    Unavailable(Error),
    /// The route has no layer for this user type, a mistake in the app: 500.
    LayerMissing {
        /// The user type that the handler uses.
        user: &'static str,
    },
}

impl LoginRejection {
    pub(crate) fn no_layer<U>() -> Self {
        Self::LayerMissing {
            user: std::any::type_name::<U>(),
        }
    }
}

impl fmt::Debug for LoginRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoginRequired(response) => write!(f, "LoginRequired({})", response.status()),
            Self::FreshLoginRequired(response) => {
                write!(f, "FreshLoginRequired({})", response.status())
            }
            Self::SecondFactorRequired(response) => {
                write!(f, "SecondFactorRequired({})", response.status())
            }
            Self::VerifiedEmailRequired(response) => {
                write!(f, "VerifiedEmailRequired({})", response.status())
            }
            Self::VisitRequired(response) => write!(f, "VisitRequired({})", response.status()),
            Self::Forbidden(response) => write!(f, "Forbidden({})", response.status()),
            Self::Unavailable(error) => write!(f, "Unavailable({error})"),
            Self::LayerMissing { user } => write!(f, "LayerMissing({user})"),
        }
    }
}

impl From<Error> for LoginRejection {
    fn from(error: Error) -> Self {
        Self::Unavailable(error)
    }
}

impl IntoResponse for LoginRejection {
    fn into_response(self) -> Response {
        match self {
            Self::LoginRequired(response)
            | Self::FreshLoginRequired(response)
            | Self::SecondFactorRequired(response)
            | Self::VerifiedEmailRequired(response)
            | Self::VisitRequired(response)
            | Self::Forbidden(response) => *response,
            Self::Unavailable(error) => error.into_response(),
            Self::LayerMissing { user } => Error::config(format!(
                "no login layer for users of type `{user}` on this route: add \
                 `.layer(manager.layer())`, of a manager for this type, after the last `.route(…)` \
                 of its router; or the handler asks for another type than it should"
            ))
            .into_response(),
        }
    }
}

/// No type implements it, so the conversion below never applies. It exists for the compiler's
/// message at `?`, which shows only the label.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a `LoginRejection` is a response, not an error",
    label = "a rejection is a response, not an error: let the handler return \
             `Result<_, LoginRejection>`, and `?` converts a `vestibule::Error` too"
)]
pub trait IsError<'a> {}

#[doc(hidden)]
impl From<LoginRejection> for Error
where
    for<'a> LoginRejection: IsError<'a>,
{
    fn from(_: LoginRejection) -> Self {
        unreachable!("no type implements `IsError`")
    }
}
