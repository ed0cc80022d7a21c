//! The page that a flow's action responds with.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, NestedPath, OptionalFromRequestParts};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use crate::accounts::Account;
use crate::error::Result;
use crate::flows::Site;
use crate::flows::current_user::TemplateUser;
use crate::flows::form::FormError;
use crate::login::visit::Visit;
use crate::login::{CurrentUser, LoginRejection, PageUser};
use crate::pages::Language;
use crate::web::text::Text;
use crate::web::{Client, Flash};

/// A page to be rendered, with its user and messages. An argument of handlers on a router whose
/// state is the [`Site`], or contains it ([`FromRef`]).
///
/// ```
/// use axum::Router;
/// use axum::response::Response;
/// use axum::routing::get;
/// use vestibule::Error;
/// use vestibule::flows::{Page, Site};
///
/// /// Shows `report.html` of the folder [`SiteConfig::templates`](vestibule::flows::SiteConfig).
/// async fn report(page: Page) -> Result<Response, Error> {
///     page.render("report.html", serde_json::json!({ "year": 2026 }))
/// }
///
/// fn mine(site: &Site) -> Router {
///     Router::new().route("/report", get(report)).with_state(site.clone())
/// }
/// ```
#[derive(Debug)]
pub struct Page<U = Account> {
    pub(super) site: Site<U>,
    /// The user of this request.
    pub user: Option<CurrentUser<U>>,
    pub(super) client: Client,
    language: Language,
    /// The address of this page, if it can be visited again.
    here: Option<String>,
    visit: Arc<Visit<U>>,
}

impl<U: PageUser> Page<U> {
    /// Renders a template with `context`, `current_user` and the messages. Each message is shown
    /// once.
    ///
    /// # Errors
    /// When there is no such template or it fails
    /// ([`Error::is_template`](crate::Error::is_template)).
    pub fn render(&self, name: &str, context: impl Serialize) -> Result<Response> {
        self.render_as(StatusCode::OK, name, &[], context)
    }

    /// The language of this page, as a tag such as `de`: the one that the visitor has chosen, or the
    /// best of [`SiteConfig::languages`](crate::flows::SiteConfig::languages) by `Accept-Language`.
    pub fn language(&self) -> &str {
        self.site.inner().pages.texts().tag(self.language)
    }

    /// Redirects to another page (303), with a message for it.
    pub fn redirect(&self, path: &str, flash: Flash) -> Response {
        self.add_message(flash);
        Redirect::to(path).into_response()
    }

    /// Adds a message for the next page.
    pub(super) fn add_message(&self, flash: Flash) {
        // A site signs messages, and its pages are made before the response begins.
        self.visit.add_message(flash).ok();
    }

    /// The view, and in it when this user must have a second factor, if that is later and they have
    /// shown none.
    pub(super) fn with_reminder(
        &self,
        mut view: serde_json::Value,
        user: &CurrentUser<U>,
    ) -> serde_json::Value {
        if let Some(from) = self.site.inner().factor_requirement.reminder(user) {
            view["second_factor_required_from"] = from.to_string().into();
        }
        view
    }

    /// A text in the visitor's language.
    pub(super) fn say(&self, text: &Text) -> String {
        self.site.inner().pages.texts().say(self.language, text)
    }

    pub(super) fn render_as(
        &self,
        status: StatusCode,
        name: &str,
        errors: &[FormError],
        view: impl Serialize,
    ) -> Result<Response> {
        let view: Value = Serde(view).into();
        let user = self.user.clone();
        let context = context! {
            current_user => user.map(|user| Value::from_object(TemplateUser(user))),
            errors => Serde(errors),
            here => self.here.as_deref(),
            ..view
        };
        let pages = &self.site.inner().pages;
        let messages = self.visit.take_messages();
        let response = pages.render(status, name, self.language, &messages, context);
        #[cfg(feature = "passkeys")]
        let response = response.map(|response| self.with_requests(name, response));
        response
    }

    /// Lets the script of a page with a button for passkeys send requests to the site.
    #[cfg(feature = "passkeys")]
    fn with_requests(&self, template: &str, mut response: Response) -> Response {
        const HAVE_BUTTON: [&str; 5] = [
            "login.html",
            "register.html",
            "second_factor.html",
            "confirm_login.html",
            "passkeys.html",
        ];
        if HAVE_BUTTON.contains(&template) && self.site.path("passkey_login").is_some() {
            let (name, policy) = crate::pages::WITH_REQUESTS;
            response.headers_mut().insert(name, policy);
        }
        response
    }
}

impl<U: PageUser, S: Send + Sync> FromRequestParts<S> for Page<U>
where
    Site<U>: FromRef<S>,
{
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, LoginRejection> {
        let site = Site::<U>::from_ref(state);
        if let Some(nested) = parts.extensions.get::<NestedPath>() {
            site.warn_if_nested(nested.as_str(), parts.uri.path());
        }
        let user =
            <CurrentUser<U> as OptionalFromRequestParts<S>>::from_request_parts(parts, state);
        let user = user.await?;
        let visit = Visit::of(&parts.headers, &parts.extensions)
            .ok_or_else(LoginRejection::no_layer::<U>)?;
        visit.read_messages(&parts.headers);
        Ok(Self {
            user,
            client: Client::of(&parts.headers),
            here: parts
                .method
                .is_safe()
                .then(|| visit.path_in_browser(parts).into_owned()),
            language: site.inner().pages.texts().language_of(&parts.headers),
            visit,
            site,
        })
    }
}
