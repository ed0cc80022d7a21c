//! What visitors get who would have to log in first.

use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::error::Error;
use crate::login::{LoginManager, Next};
use crate::web::{Client, Problem};

const HX_CURRENT_URL: HeaderName = HeaderName::from_static("hx-current-url");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Why [`CurrentUser`](crate::CurrentUser), [`Login`](crate::Login) or
/// [`login_required`](crate::login::login_required) did not let a request pass.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoginRejection {
    /// Nobody is logged in. A browser is sent to the login page (303, with `next`); htmx is
    /// told to go there (`HX-Redirect`); a client that reads JSON gets 401 as problem+json.
    /// Without a login page, and for a login page that itself asks, 401.
    LoginRequired {
        /// What kind of client asked.
        client: Client,
        /// The login page to go to, if there is one.
        login_url: Option<String>,
    },
    /// The store or the user loader failed: 503, for nobody can say who this is.
    Unavailable(Error),
    /// There is no layer for this user type on the route: a mistake in the app, and 500.
    LayerMissing {
        /// The user type that the handler asks for.
        user: &'static str,
    },
}

impl LoginRejection {
    pub(crate) fn no_layer<U>() -> Self {
        Self::LayerMissing {
            user: std::any::type_name::<U>(),
        }
    }

    pub(crate) fn login_required<U>(manager: &LoginManager<U>, parts: &Parts) -> Self {
        let client = Client::of(&parts.headers);
        let path = original_path(parts);
        let login_url = manager
            .login_view
            .as_deref()
            .filter(|view| path.split('?').next() != Some(view))
            .map(|view| match came_from(client, parts, path) {
                Some(next) => with_next(view, &next),
                None => view.to_owned(),
            });
        Self::LoginRequired { client, login_url }
    }
}

/// The path and query as the browser asked for it, before any nesting of routers.
fn original_path(parts: &Parts) -> &str {
    let uri = parts
        .extensions
        .get::<OriginalUri>()
        .map_or(&parts.uri, |original| &original.0);
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// Where to go after the log-in: the page asked for; for htmx the page it is on, as it asked
/// for a fragment. A POST cannot be asked for again by a redirect, so it has none.
fn came_from(client: Client, parts: &Parts, path: &str) -> Option<String> {
    if client == Client::Htmx {
        let current = Url::parse(parts.headers.get(HX_CURRENT_URL)?.to_str().ok()?).ok()?;
        return Some(current[url::Position::BeforePath..url::Position::AfterQuery].to_owned());
    }
    matches!(parts.method, Method::GET | Method::HEAD).then(|| path.to_owned())
}

fn with_next(view: &str, next: &str) -> String {
    if Next::from(next).path().is_none() || next == "/" {
        return view.to_owned();
    }
    let query: String = Serializer::new(String::new())
        .append_pair("next", next)
        .finish();
    let separator = if view.contains('?') { '&' } else { '?' };
    format!("{view}{separator}{query}")
}

impl From<Error> for LoginRejection {
    fn from(error: Error) -> Self {
        Self::Unavailable(error)
    }
}

impl IntoResponse for LoginRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Unavailable(error) => error.into_response(),
            Self::LayerMissing { user } => Error::config(format!(
                "no login layer for users of type `{user}` on this route: add \
                 `.layer(manager.layer())` after the last `.route(…)` of its router"
            ))
            .into_response(),
            Self::LoginRequired {
                client: Client::Browser,
                login_url: Some(url),
            } => Redirect::to(&url).into_response(),
            Self::LoginRequired {
                client: Client::Htmx,
                login_url: Some(url),
            } => {
                let mut response = unauthorized();
                if let Ok(url) = HeaderValue::try_from(url) {
                    response.headers_mut().insert(HX_REDIRECT, url);
                }
                response
            }
            Self::LoginRequired { .. } => unauthorized(),
        }
    }
}

fn unauthorized() -> Response {
    let mut response = Problem::new(StatusCode::UNAUTHORIZED)
        .detail("Log in to see this.")
        .into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
