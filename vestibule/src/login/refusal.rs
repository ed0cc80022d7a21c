//! What visitors get who would have to log in first, or again.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, HOST, REFERER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::{Position, Url};

use crate::error::Error;
use crate::login::login_url::{is_absolute, with_next};
use crate::login::rule::{Demand, Rule, Verdict};
use crate::login::views::Needed;
use crate::login::visit::{LoggedIn, Visit};
use crate::login::{Event, LoginViews, Next, User};
use crate::web::{Client, Flash, Problem, PublicUrl};

const HX_CURRENT_URL: HeaderName = HeaderName::from_static("hx-current-url");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

pub(crate) type Localize = Arc<dyn Fn(&str, &HeaderMap) -> String + Send + Sync>;

/// A request that is refused, for a handler of the app's own.
#[derive(Debug)]
#[non_exhaustive]
pub struct RejectedRequest {
    /// The request, but for its body.
    pub request: Parts,
    /// What kind of client sent it.
    pub client: Client,
    /// The login or refresh page with the way back, if there is such a page.
    pub login_url: Option<String>,
    /// The rule that was not met, as in [`Rejected::rule`](crate::login::Rejected::rule): for
    /// whoever runs the app, not for the visitor.
    pub rule: String,
}

type BoxFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler of the app's own, of any kind.
#[derive(Clone)]
pub(crate) struct RejectionHandler(Arc<dyn Fn(RejectedRequest) -> BoxFuture + Send + Sync>);

impl RejectionHandler {
    pub(crate) fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(RejectedRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        Self(Arc::new(move |refusal| {
            let answer = handler(refusal);
            Box::pin(async { answer.await.into_response() })
        }))
    }
}

/// Why [`CurrentUser`](crate::CurrentUser), [`FreshUser`](crate::FreshUser),
/// [`Login`](crate::Login) or a layer such as
/// [`login_required`](crate::login::login_required) did not let a request pass. Return it: it is
/// the answer.
#[must_use = "the request is not refused until this is returned"]
#[non_exhaustive]
pub enum LoginRejection {
    /// Nobody is logged in. A browser is sent to the login page (303, with `next`); htmx is
    /// told to go there (`HX-Redirect`); a client that reads JSON gets 401 as problem+json.
    /// Without a login page, and for a login page that itself asks, 401.
    LoginRequired(Box<Response>),
    /// The log-in is not fresh: the same, with the refresh page.
    FreshLoginRequired(Box<Response>),
    /// The user has something to do on another page first
    /// ([`LoginManager::must_visit`](crate::LoginManager::must_visit)). A browser is sent there;
    /// a client that reads JSON gets 403.
    VisitRequired(Box<Response>),
    /// The user is logged in and lacks the right: 403. From a guard that hides
    /// ([`Guard::HIDES`](crate::access::Guard::HIDES)), 404.
    Forbidden(Box<Response>),
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
}

impl fmt::Debug for LoginRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoginRequired(response) => write!(f, "LoginRequired({})", response.status()),
            Self::FreshLoginRequired(response) => {
                write!(f, "FreshLoginRequired({})", response.status())
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

impl<U: User> Visit<U> {
    /// The user of this request, if they are what is demanded; for everybody else the answer.
    ///
    /// The one place where a visitor is let through: each extractor and each layer asks here.
    pub(crate) async fn require(
        &self,
        demand: Demand,
        request: &Parts,
    ) -> Result<Arc<LoggedIn<U>>, LoginRejection> {
        // A refusal is much larger than a pass, and boxed so that those who pass do not carry it.
        let Some(user) = self.resolve(request).await? else {
            return Err(Box::pin(self.reject(Needed::Login, demand, request)).await);
        };
        if let Some(page) = self.page_first(&user, request) {
            return Err(Box::pin(self.reject(Needed::Visit(page), demand, request)).await);
        }
        let needed = match demand.judge(&user) {
            Verdict::Allowed => return Ok(user),
            Verdict::FreshLoginNeeded => Needed::FreshLogin,
            Verdict::Forbidden => return Err(Box::pin(self.forbid(demand, request)).await),
        };
        Err(Box::pin(self.reject(needed, demand, request)).await)
    }

    /// Refuses a user who lacks the right.
    pub(crate) async fn forbid(&self, demand: Demand, request: &Parts) -> LoginRejection {
        let needed = match demand.hides {
            true => Needed::NotToKnow,
            false => Needed::Right,
        };
        self.reject(needed, demand, request).await
    }

    /// Whether it is known already, without a look-up in a store and without waiting, that
    /// [`require`](Self::require) would let this request pass.
    pub(crate) fn is_known_to_pass(&self, rule: Rule, request: &Parts) -> bool {
        self.check().is_ok()
            && self.known_at_once().flatten().is_some_and(|user| {
                rule.judge(&user) == Verdict::Allowed && self.page_first(&user, request).is_none()
            })
    }

    /// The page that this user has to visit before the one they ask for.
    fn page_first(&self, user: &LoggedIn<U>, request: &Parts) -> Option<&'static str> {
        let manager = &*self.manager;
        let page = manager.must_visit.as_ref()?(&user.user)?;
        // Byte for byte, as the router judges it: another spelling may be another page.
        let path = original_path(request).split('?').next();
        (path != Some(page)).then_some(page)
    }

    /// Refuses a request for want of what it needs.
    pub(crate) async fn reject(
        &self,
        needed: Needed<'_>,
        demand: Demand,
        request: &Parts,
    ) -> LoginRejection {
        let manager = &*self.manager;
        let (event, handler, rejection): (_, _, fn(_) -> _) = match needed {
            Needed::Login => (
                Some(Event::Unauthorized),
                &manager.on_unauthorized,
                LoginRejection::LoginRequired,
            ),
            Needed::FreshLogin => (
                Some(Event::NeedsRefresh),
                &manager.on_needs_refresh,
                LoginRejection::FreshLoginRequired,
            ),
            Needed::Right => (
                Some(Event::Forbidden),
                &manager.on_forbidden,
                LoginRejection::Forbidden,
            ),
            Needed::NotToKnow => (Some(Event::Forbidden), &None, LoginRejection::Forbidden),
            Needed::Visit(_) => (None, &None, LoginRejection::VisitRequired),
        };
        let rejection = |mut response: Response| {
            response.extensions_mut().insert(demand);
            rejection(Box::new(response))
        };
        if let Some(event) = event {
            self.emit_rejected(event, demand, request).await;
        }
        let views = request.extensions.get::<LoginViews>();
        let views = views.cloned().unwrap_or_default().or(&manager.views);
        let (view, message, lost_message) = views.page(needed);
        let client = Client::of(&request.headers);
        let path = original_path(request);
        let origin = origin(manager.public_url.as_ref(), &request.headers);
        // The page itself would send its visitors round in circles.
        let view = view.filter(|view| !is_at(view, path, &origin));
        let came_from = manager
            .has_next
            .then(|| came_from(&origin, client, request, path))
            .flatten();
        let login_url = view.map(|view| self.way_to(&view, came_from.as_deref(), client, &origin));
        if let Some(handler) = handler {
            let refusal = RejectedRequest {
                request: request.clone(),
                client,
                login_url,
                rule: demand.to_string(),
            };
            return rejection((handler.0)(refusal).await);
        }
        if login_url.is_some() && client == Client::Browser {
            let lost_message = lost_message.filter(|_| !request.method.is_safe());
            self.leave_message(lost_message.or(message), &request.headers);
        }
        rejection(answer(
            client,
            login_url,
            needed,
            manager.challenge.as_ref(),
        ))
    }

    /// The address of the login page, with the way back in it; or in the cookie, where that is
    /// its place.
    fn way_to(&self, view: &str, came_from: Option<&str>, client: Client, origin: &str) -> String {
        let manager = &*self.manager;
        let url = match &self.manager.cookies.next {
            Some(cookie) => {
                let kept = came_from.map(|next| cookie.set(next.as_bytes()));
                // Not for a script, which goes nowhere. And without a way back, not to where
                // another page once was asked for.
                if client != Client::Json {
                    self.state().set_cookies().next = Some(kept.unwrap_or_else(|| cookie.remove()));
                }
                with_next(view, None, origin)
            }
            None => with_next(view, came_from, origin),
        };
        match &manager.login_host {
            Some(host) if !is_absolute(&url) => {
                let public_url = manager.public_url.as_ref();
                let is_https = public_url.is_none_or(PublicUrl::is_https);
                format!("{}://{host}{url}", if is_https { "https" } else { "http" })
            }
            _ => url,
        }
    }

    /// Adds a message to those on their way, once.
    pub(crate) fn leave_message(&self, message: Option<Flash>, headers: &HeaderMap) {
        let (Some(mut message), Some(flashes)) = (message, &self.manager.cookies.messages) else {
            return;
        };
        if let Some(localize) = &self.manager.localize {
            message.message = localize(&message.message, headers);
        }
        let mut messages = flashes.read(headers);
        if !messages.contains(&message) {
            messages.push(message);
        }
        self.state().set_cookies().messages = Some(flashes.set(&messages));
    }
}

/// The path and query as the browser asked for it, before any nesting of routers.
pub(crate) fn original_path(request: &Parts) -> &str {
    let uri = request
        .extensions
        .get::<OriginalUri>()
        .map_or(&request.uri, |original| &original.0);
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// The app's own origin; where nobody has said it, the host that the browser asked for.
fn origin(public_url: Option<&PublicUrl>, headers: &HeaderMap) -> String {
    match public_url {
        Some(public_url) => public_url.origin(),
        None => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            format!("https://{}", host.unwrap_or_default())
        }
    }
}

/// Whether a request for `path` is one for the page `view`.
fn is_at(view: &str, path: &str, origin: &str) -> bool {
    let base = Url::parse(origin);
    let page = |of: &str| base.as_ref().ok()?.join(of).ok();
    match (page(view), page(path)) {
        (Some(view), Some(page)) => view.origin() == page.origin() && view.path() == page.path(),
        _ => view == path,
    }
}

/// Where to go after the log-in: the page asked for; for htmx the page it is on, as it asked
/// for a fragment. What was posted cannot be asked for again by a redirect, and its address may
/// know no GET: back to the page with the form.
fn came_from(origin: &str, client: Client, request: &Parts, path: &str) -> Option<String> {
    let page = match client {
        Client::Htmx => Some(HX_CURRENT_URL),
        _ if matches!(request.method, Method::GET | Method::HEAD) => None,
        _ => Some(REFERER),
    };
    let next = match page {
        None => path.to_owned(),
        Some(header) => {
            let page = Url::parse(request.headers.get(header)?.to_str().ok()?).ok()?;
            if page.origin().ascii_serialization() != origin {
                return None;
            }
            page[Position::BeforePath..Position::AfterQuery].to_owned()
        }
    };
    // `/` is where a log-in leads without a `next` in most apps.
    (Next::from(&*next).path().is_some() && next != "/").then_some(next)
}

fn answer(
    client: Client,
    login_url: Option<String>,
    needed: Needed<'_>,
    challenge: Option<&HeaderValue>,
) -> Response {
    if let (Client::Browser, Some(url)) = (client, &login_url) {
        return Redirect::to(url).into_response();
    }
    let problem = match needed {
        Needed::Login => Problem::new(StatusCode::UNAUTHORIZED).detail("Log in to see this."),
        Needed::FreshLogin => Problem::new(StatusCode::UNAUTHORIZED)
            .detail("Confirm your log-in to go on: it was a while ago."),
        Needed::Right => Problem::new(StatusCode::FORBIDDEN).detail(
            "You are logged in, but not as somebody who may see or do this. If you should, ask \
             whoever runs this site for the right to it.",
        ),
        // As for an address that is nobody's.
        Needed::NotToKnow => return StatusCode::NOT_FOUND.into_response(),
        Needed::Visit(page) => Problem::new(StatusCode::FORBIDDEN)
            .detail(format!("There is something to do first, at {page}.")),
    };
    let mut response = problem.into_response();
    let is_unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(challenge) = challenge.filter(|_| is_unauthorized) {
        headers.insert(WWW_AUTHENTICATE, challenge.clone());
    }
    if let (Client::Htmx, Some(url)) = (client, login_url)
        && let Ok(url) = HeaderValue::try_from(url)
    {
        headers.insert(HX_REDIRECT, url);
    }
    response
}
