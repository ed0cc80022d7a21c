//! A browser for tests.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request};
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE, USER_AGENT};
use http::{Extensions, HeaderMap, Method, StatusCode};
use tower::ServiceExt;
use url::form_urlencoded::Serializer;

use crate::access::RouteTable;
use crate::login::User;
use crate::login::testing::{AtEachRequest, TestFreshness, TestLogin, WithoutLogin};
use crate::testing::cookies::BrowserCookies;

/// A browser with its own cookies, which calls a router in process. It does not follow redirects,
/// so that a test sees each step.
pub struct TestClient {
    router: Router,
    cookies: Mutex<BrowserCookies>,
    user_agent: Option<String>,
    host: String,
    extensions: Extensions,
}

/// A request, except the cookies.
struct Sent<'a> {
    method: Method,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: Body,
}

impl TestClient {
    /// A browser without cookies.
    pub fn new(router: Router) -> Self {
        Self {
            router,
            cookies: Mutex::default(),
            user_agent: None,
            host: "example.com".to_owned(),
            extensions: Extensions::new(),
        }
    }

    /// Logs `user` in at the first request that uses the current user, without a form. The session
    /// is in the app's own store, and has a cookie. The app's user loader must find the user, with
    /// the same [`session_epoch`](User::session_epoch). After a log-out, the user is not logged in
    /// again. Flask-Login's `FlaskLoginClient`.
    #[must_use]
    pub fn logged_in_as<U: User>(mut self, user: &U) -> Self {
        self.extensions.insert(TestLogin::new(user.clone()));
        self
    }

    /// Sets whether the log-in of [`logged_in_as`](Self::logged_in_as) is fresh. Default: yes.
    #[must_use]
    pub fn fresh(mut self, is_fresh: bool) -> Self {
        self.extensions.insert(TestFreshness(is_fresh));
        self
    }

    /// Disables login: the layers `login_required()` and `fresh_login_required()` accept every
    /// request. A handler that takes a user still needs
    /// [`logged_in_as`](Self::logged_in_as). Flask-Login's `LOGIN_DISABLED`.
    #[must_use]
    pub fn without_login(mut self) -> Self {
        self.extensions.insert(WithoutLogin);
        self
    }

    /// Sends this `User-Agent` from now on.
    #[must_use]
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        self.user_agent = Some(user_agent.to_owned());
        self
    }

    /// Sets the `Host` of all further requests: the name, and the port if it is not the default.
    /// Default: `example.com`.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Sends requests from this address from now on.
    #[must_use]
    pub fn address(mut self, address: IpAddr) -> Self {
        let address = SocketAddr::new(address, 50_000);
        self.extensions.insert(ConnectInfo(address));
        self
    }

    /// Closes and reopens the browser: only cookies with an expiry are kept.
    pub fn restart(&self) {
        self.cookies().close();
    }

    /// Deletes a cookie.
    pub fn forget_cookie(&self, name: &str) {
        self.cookies().forget(name);
    }

    /// Requests a page.
    pub async fn get(&self, path: &str) -> TestResponse {
        self.get_with(path, &[]).await
    }

    /// Requests a page, with additional headers.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> TestResponse {
        self.send(Sent {
            method: Method::GET,
            path,
            headers,
            body: Body::empty(),
        })
        .await
    }

    /// Sends a form as a browser does from a page of the same origin.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> TestResponse {
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [
            (CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.post_with(path, &headers, form).await
    }

    /// Sends JSON, and accepts JSON.
    pub async fn post_json(&self, path: &str, json: &serde_json::Value) -> TestResponse {
        let headers = [
            (CONTENT_TYPE.as_str(), "application/json"),
            (ACCEPT.as_str(), "application/json"),
        ];
        self.post_with(path, &headers, json.to_string()).await
    }

    /// Sends any body with any headers.
    pub async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> TestResponse {
        self.send(Sent {
            method: Method::POST,
            path,
            headers,
            body: body.into(),
        })
        .await
    }

    /// Sends a request with any method, headers and body.
    ///
    /// # Panics
    /// When the method is invalid in HTTP.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> TestResponse {
        self.send(Sent {
            method: method.parse().expect("a method"),
            path,
            headers,
            body: body.into(),
        })
        .await
    }

    /// Calls every route of the app, as an anonymous visitor and as this browser. Use a user
    /// without any rights. With [`logged_in_as`](Self::logged_in_as) the log-in is not fresh here,
    /// so that the table shows which routes require that.
    ///
    /// # Panics
    /// When the routes cannot be read.
    pub async fn route_table(&self) -> RouteTable {
        let table = RouteTable::of(&self.router, |request| {
            if let Some(cookies) = self.cookies().header(request.uri().path()) {
                let cookies = cookies.parse().expect("cookies are ASCII");
                request.headers_mut().insert(COOKIE, cookies);
            }
            request.extensions_mut().extend(self.extensions.clone());
            request.extensions_mut().insert(AtEachRequest);
            request.extensions_mut().insert(TestFreshness(false));
        });
        table.await.expect("a table of the routes")
    }

    /// The value of a cookie in this browser.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().value(name)
    }

    /// Sets a cookie in this browser, for all paths.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies().set(name, value);
    }

    /// The names of all cookies in this browser.
    pub fn cookie_names(&self) -> Vec<String> {
        self.cookies().names()
    }

    /// A second browser with copies of this one's cookies, as a thief would have.
    #[must_use]
    pub fn stolen(&self) -> Self {
        Self {
            router: self.router.clone(),
            cookies: Mutex::new(self.cookies().clone()),
            host: self.host.clone(),
            user_agent: self.user_agent.clone(),
            extensions: self.extensions.clone(),
        }
    }

    /// Moves all cookies of this browser to another: the same browser, at another copy of the app.
    pub fn hand_over(&self, to: &Self) {
        let cookies = std::mem::take(&mut *self.cookies());
        to.cookies().extend(cookies);
    }

    fn cookies(&self) -> MutexGuard<'_, BrowserCookies> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, sent: Sent<'_>) -> TestResponse {
        let mut request = Request::builder()
            .method(sent.method)
            .uri(sent.path)
            .header(HOST, &self.host);
        if let Some(user_agent) = &self.user_agent {
            request = request.header(USER_AGENT, user_agent);
        }
        for (name, value) in sent.headers {
            request = request.header(*name, *value);
        }
        if let Some(cookies) = self.cookies().header(sent.path) {
            request = request.header(COOKIE, cookies);
        }
        let mut request = request.body(sent.body).expect("a request that http allows");
        request.extensions_mut().extend(self.extensions.clone());
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        self.cookies().keep(&parts.headers);
        TestResponse {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.expect("a whole body"),
        }
    }
}

impl fmt::Debug for TestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClient")
            .field("cookies", &self.cookie_names())
            .finish_non_exhaustive()
    }
}

/// A response.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Bytes,
}

impl TestResponse {
    /// A header's value; the first if there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address it redirects to.
    pub fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    /// The `Set-Cookie` headers.
    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect()
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("a body of text")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}
