//! Responses to visitors who must log in first, or again, or who lack a permission.

use std::borrow::Cow;

use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, HOST, REFERER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::{Position, Url};

use crate::login::login_url::{is_absolute, with_next};
use crate::login::rule::Demand;
use crate::login::views::Needed;
use crate::login::visit::Visit;
use crate::login::{Event, LoginRejection, LoginViews, Next, RejectedRequest, User};
use crate::web::handshake::is_handshake;
use crate::web::text::Text;
use crate::web::{Client, Problem, PublicUrl};

const HX_CURRENT_URL: HeaderName = HeaderName::from_static("hx-current-url");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

impl<U: User> Visit<U> {
    /// Creates the response for a rejected request, and emits the event.
    pub(crate) async fn reject(
        &self,
        needed: Needed<'_>,
        demand: Demand,
        request: &Parts,
    ) -> LoginRejection {
        self.note_sender(&request.headers, &request.extensions);
        let (settings, rejections) = (self.settings(), &self.settings().rejections);
        let (event, handler, rejection): (_, _, fn(_) -> _) = match needed {
            Needed::Login => (
                Some(Event::Unauthorized),
                &rejections.on_unauthorized,
                LoginRejection::LoginRequired,
            ),
            Needed::FreshLogin => (
                Some(Event::NeedsRefresh),
                &rejections.on_needs_refresh,
                LoginRejection::FreshLoginRequired,
            ),
            Needed::SecondFactor => (
                Some(Event::NeedsSecondFactor),
                &None,
                LoginRejection::SecondFactorRequired,
            ),
            Needed::VerifiedEmail => (
                Some(Event::NeedsVerifiedEmail),
                &None,
                LoginRejection::VerifiedEmailRequired,
            ),
            Needed::Right => (
                Some(Event::Forbidden),
                &rejections.on_forbidden,
                LoginRejection::Forbidden,
            ),
            Needed::HiddenRight => (Some(Event::Forbidden), &None, LoginRejection::Forbidden),
            Needed::Visit(_) => (None, &None, LoginRejection::VisitRequired),
            Needed::Enrolment(_) => (
                Some(Event::NeedsSecondFactor),
                &None,
                LoginRejection::SecondFactorRequired,
            ),
        };
        let rejection = |mut response: Response| {
            response.extensions_mut().insert(demand);
            rejection(Box::new(response))
        };
        if let Some(event) = event {
            self.emit_rejected(event, demand, request).await;
        }
        let views = request.extensions.get::<LoginViews>();
        let views = views.cloned().unwrap_or_default().or(&rejections.views);
        let client = client_of(request, &views);
        let path = &*self.path_in_browser(request);
        let origin = origin(settings.public_url.as_ref(), &request.headers);
        // The page must not redirect to itself.
        let view = views
            .view(needed)
            .filter(|view| !is_at(view, path, &origin));
        let came_from = rejections
            .has_next
            .then(|| came_from(&origin, client, request, path))
            .flatten()
            .filter(|next| self.is_in_app(next));
        let login_url = view.map(|view| self.way_to(&view, came_from.as_deref(), client, &origin));
        if let Some(handler) = handler {
            let rejected = RejectedRequest {
                request: request.clone(),
                client,
                login_url,
                rule: demand.to_string(),
            };
            return rejection(handler.call(rejected).await);
        }
        if login_url.is_some() && client == Client::Browser {
            let message = views.message(needed, !request.method.is_safe());
            self.leave_message(message, &request.headers);
        }
        let challenge = rejections.challenge.as_ref();
        rejection(answer(client, login_url, needed, challenge))
    }

    /// The address of the login page. `next` is in it, or in the cookie, by the settings.
    fn way_to(&self, view: &str, came_from: Option<&str>, client: Client, origin: &str) -> String {
        let settings = self.settings();
        let url = match &self.context.cookies.next {
            Some(cookie) => {
                let kept = came_from.map(|next| cookie.set(next.as_bytes()));
                // Not for a script, which does not follow it. Without a `next`, remove the cookie,
                // which may hold one from an earlier request.
                if client != Client::Json {
                    self.state().set_cookies().next = Some(kept.unwrap_or_else(|| cookie.remove()));
                }
                with_next(view, None, origin)
            }
            None => with_next(view, came_from, origin),
        };
        match &settings.rejections.login_host {
            Some(host) if !is_absolute(&url) => {
                let public_url = settings.public_url.as_ref();
                let is_https = public_url.is_none_or(PublicUrl::is_https);
                format!("{}://{host}{url}", if is_https { "https" } else { "http" })
            }
            _ => url,
        }
    }

    /// Whether a page to come back to is one of this app, and not of another on the same host.
    fn is_in_app(&self, next: &str) -> bool {
        let public_url = self.settings().public_url.as_ref();
        public_url.is_none_or(|app| Next::from(next).below(app).path().is_some())
    }

    /// The path and query that the browser requested: with the path of the public URL, if a proxy
    /// has removed it.
    pub(crate) fn path_in_browser<'a>(&self, request: &'a Parts) -> Cow<'a, str> {
        let path = original_path(request);
        match &self.settings().public_url {
            Some(app) if app.route_path() != app.path() => {
                Cow::Owned(format!("{}{path}", app.path()))
            }
            _ => Cow::Borrowed(path),
        }
    }
}

/// A browser follows no redirect at a WebSocket handshake, and shows no page.
fn client_of(request: &Parts, views: &LoginViews) -> Client {
    match views.is_api() || is_handshake(&request.method, &request.headers) {
        true => Client::Json,
        false => Client::of_failed(&request.headers),
    }
}

/// The path and query that the app received, before nesting of routers.
pub(super) fn original_path(request: &Parts) -> &str {
    let uri = request
        .extensions
        .get::<OriginalUri>()
        .map_or(&request.uri, |original| &original.0);
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// The app's own origin; if not configured, the host in the request.
fn origin(public_url: Option<&PublicUrl>, headers: &HeaderMap) -> String {
    match public_url {
        Some(public_url) => public_url.origin(),
        None => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            format!("https://{}", host.unwrap_or_default())
        }
    }
}

/// Whether a request for `path` is for the page `view`.
fn is_at(view: &str, path: &str, origin: &str) -> bool {
    let base = Url::parse(origin);
    let page = |of: &str| base.as_ref().ok()?.join(of).ok();
    match (page(view), page(path)) {
        (Some(view), Some(page)) => view.origin() == page.origin() && view.path() == page.path(),
        _ => view == path,
    }
}

/// The page to go to after the log-in: the requested one. For htmx, which requests fragments, it is
/// the page the browser is on. For a form, it is the page with the form, because a redirect cannot
/// repeat a POST, and its address may not accept GET.
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
    // Without a `next`, most apps redirect to `/` anyway.
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
        Needed::Login => Problem::new(StatusCode::UNAUTHORIZED)
            .code("login_required")
            .detail("Log in to see this.")
            .text(Text::named("problem-login-required")),
        Needed::FreshLogin => Problem::new(StatusCode::UNAUTHORIZED)
            .code("fresh_login_required")
            .detail("You logged in a while ago. Confirm it's you to continue.")
            .text(Text::named("problem-fresh-login-required")),
        Needed::SecondFactor => Problem::new(StatusCode::FORBIDDEN)
            .code("second_factor_required")
            .detail("Log in with a second factor to see this.")
            .text(Text::named("problem-second-factor-required")),
        Needed::VerifiedEmail => Problem::new(StatusCode::FORBIDDEN)
            .code("verified_email_required")
            .detail("Verify your email address to see this.")
            .text(Text::named("problem-verified-email-required")),
        Needed::Right => Problem::new(StatusCode::FORBIDDEN)
            .detail(
                "You don't have permission to view this page. Ask an administrator if you need it.",
            )
            .text(Text::named("problem-forbidden")),
        // The same response as for an unknown address.
        Needed::HiddenRight => return StatusCode::NOT_FOUND.into_response(),
        Needed::Enrolment(page) => Problem::new(StatusCode::FORBIDDEN)
            .code("second_factor_enrolment_required")
            .detail(format!(
                "Add a second factor to your account first, at {page}."
            ))
            .text(Text::named("problem-second-factor-enrolment").with("page", page)),
        Needed::Visit(page) => Problem::new(StatusCode::FORBIDDEN)
            .code("visit_required")
            .detail(format!("There is something to do first, at {page}."))
            .text(Text::named("problem-visit-required").with("page", page)),
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
