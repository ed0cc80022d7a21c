//! The token of a link from a mail, on its way through the browser.
//!
//! A link's address is in the history, in logs of proxies, and can be in the `Referer` of the next
//! request. So the page that it leads to moves the token into a cookie and redirects to itself
//! without it. The cookie is for this page only, hidden from scripts, and gone with the token.

use std::time::Duration;

use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::credentials::tokens::Purpose;
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::page::Page;
use crate::flows::reset_password::{FORGOT, RESET};
use crate::flows::verify_email::VERIFY;
use crate::login::PageUser;
use crate::web::Problem;
use crate::web::cookies::{CookieMatch, OwnCookie, append};
use crate::web::text::Text;

/// The query of a link.
#[derive(Deserialize)]
pub(super) struct LinkQuery {
    #[serde(default)]
    pub(super) token: Option<String>,
}

/// The cookie for the page `path_name`.
fn cookie<U: PageUser>(site: &Site<U>, path_name: &str) -> OwnCookie {
    let path = site.path(path_name).unwrap_or("/");
    let name = path_name.replace('_', "-");
    OwnCookie::new(&name, Some(site.public_url())).reaching(&None, path)
}

/// Moves the token into the cookie, and leads to the page without it.
pub(super) fn move_into_cookie<U: PageUser>(
    site: &Site<U>,
    path_name: &str,
    purpose: Purpose,
    token: &str,
) -> Response {
    let mut response = Redirect::to(site.path(path_name).unwrap_or("/")).into_response();
    set(site, path_name, purpose, token, response.headers_mut());
    response
}

/// Lets the browser keep a token for this page.
fn set<U: PageUser>(
    site: &Site<U>,
    path_name: &str,
    purpose: Purpose,
    token: &str,
    headers: &mut HeaderMap,
) {
    keep(site, path_name, purpose.lasts(), token, headers);
}

/// As [`set`], for a token that works this long.
pub(super) fn keep<U: PageUser>(
    site: &Site<U>,
    path_name: &str,
    lasts: Duration,
    token: &str,
    headers: &mut HeaderMap,
) {
    // Whatever else is in the address must not become an attribute of the cookie.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let token: String = token.chars().filter(|c| is_plain(*c)).take(64).collect();
    let cookie = cookie(site, path_name).set(token, Some(lasts));
    append(headers, &cookie);
}

/// The token in the form's field; if that is empty, the one that the browser keeps for this page.
pub(super) fn of_form<U: PageUser>(
    site: &Site<U>,
    path_name: &str,
    field: String,
    headers: &HeaderMap,
) -> Option<Secret> {
    match field.is_empty() {
        true => of_cookie(site, path_name, headers),
        false => Some(Secret::from(field)),
    }
}

/// The token that the browser keeps for this page.
pub(super) fn of_cookie<U: PageUser>(
    site: &Site<U>,
    path_name: &str,
    headers: &HeaderMap,
) -> Option<Secret> {
    match cookie(site, path_name).find(headers) {
        CookieMatch::One(token) if !token.is_empty() => Some(Secret::from(token.to_owned())),
        _ => None,
    }
}

impl<U: PageUser> Site<U> {
    /// The whole address of a page, for a mail; empty if there is no such page.
    pub(super) fn address_of(&self, path_name: &str) -> String {
        let path = self.path(path_name);
        path.map(|path| format!("{}{path}", self.public_url().origin()))
            .unwrap_or_default()
    }

    /// The address of a link for a mail. It comes from the public URL, never from a request.
    pub(super) fn link(&self, path_name: &str, token: &Secret) -> String {
        let origin = self.public_url().origin();
        let path = self.path(path_name).unwrap_or("/");
        format!("{origin}{path}?token={}", token.expose())
    }
}

/// The answer to a link that does not work, which is the same for all reasons. The browser forgets
/// the token, so that a reload is not another wrong try.
///
/// # Errors
/// When the page cannot be rendered.
pub(super) fn dead<U: PageUser>(page: &Page<U>, path_name: &str) -> Result<Response> {
    let problem = Problem::new(StatusCode::GONE)
        .code("invalid_token")
        .text(Text::named("link-dead"));
    // The page that sends such a link. One that undoes a change is sent by nobody's wish.
    let sends = match path_name {
        RESET => Some(FORGOT),
        VERIFY => Some(VERIFY),
        _ => None,
    };
    let problem = match sends.filter(|sends| page.site.path(sends).is_some()) {
        Some(sends) => problem.link_to(page.site.address_of(sends)),
        None => problem,
    };
    forgotten(page, path_name, Answer::problem(problem))
}

/// The answer to a link after which the user chooses a new password: the browser keeps `reset`, a
/// token for a new password, instead of the link's, and goes to the form. Scripts get the token.
///
/// # Errors
/// When the page cannot be rendered.
pub(super) fn choose_password<U: PageUser>(
    page: &Page<U>,
    path_name: &str,
    reset: &Secret,
    message: Text,
) -> Result<Response> {
    let site = &page.site;
    let reset_page = site.path(RESET);
    let to = reset_page.or(site.path("login")).unwrap_or("/");
    let view = json!({ "token": reset.expose() });
    let answer = Answer::done(to).message("success", message);
    let mut response = forgotten(page, path_name, answer.json(StatusCode::OK, view))?;
    if reset_page.is_some() {
        let (purpose, token) = (Purpose::ResetPassword, reset.expose());
        set(site, RESET, purpose, token, response.headers_mut());
    }
    Ok(response)
}

/// This answer, with which the browser forgets the token.
///
/// # Errors
/// When the page cannot be rendered.
pub(super) fn forgotten<U: PageUser>(
    page: &Page<U>,
    path_name: &str,
    answer: Answer,
) -> Result<Response> {
    let mut response = page.answer(answer)?;
    forget(&page.site, path_name, response.headers_mut());
    Ok(response)
}

/// Lets the browser forget the token of this page.
pub(super) fn forget<U: PageUser>(site: &Site<U>, path_name: &str, headers: &mut HeaderMap) {
    append(headers, &cookie(site, path_name).remove());
}
