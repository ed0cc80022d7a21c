//! A route as written in settings: `/about`, or for one method `GET /posts/{id}`.

use http::Method;

use crate::error::{Error, Result};

/// A route of the app, for all methods or for one, as it is written on the router.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    method: Option<String>,
    path: String,
}

impl From<String> for Route {
    fn from(text: String) -> Self {
        match text.split_once(' ') {
            Some((method, path)) => Self {
                method: Some(is_as_get(&method.to_uppercase()).to_owned()),
                path: path.trim_start().to_owned(),
            },
            None => Self {
                method: None,
                path: text,
            },
        }
    }
}

impl Route {
    /// Whether this is the route of a request.
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        let method = is_as_get(method);
        self.path == path && self.method.as_ref().is_none_or(|its| its == method)
    }

    /// As [`is`](Self::is). In addition, `/static/*` stands for the three routes that a table shows
    /// for a service nested there.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn covers(&self, method: &str, path: &str) -> bool {
        let is_nested = self.path.strip_suffix("/*").is_some_and(|prefix| {
            let below = path.strip_prefix(prefix);
            below.is_some_and(|below| matches!(below, "" | "/" | "/*"))
        });
        is_nested && self.method.is_none() || self.is(method, path)
    }

    /// # Errors
    /// When this is not a valid route.
    pub(crate) fn check(&self) -> Result<()> {
        let is_method = |name: &str| {
            let known = Method::from_bytes(name.as_bytes());
            // HTTP allows any word as a method. axum routes these.
            known.is_ok_and(|method| {
                use Method as M;
                let routed = [
                    M::CONNECT,
                    M::DELETE,
                    M::GET,
                    M::OPTIONS,
                    M::PATCH,
                    M::POST,
                    M::PUT,
                ];
                routed.contains(&method) || method == M::TRACE
            })
        };
        if self.path.starts_with('/') && self.method.as_deref().is_none_or(is_method) {
            return Ok(());
        }
        let method = self.method.as_ref().map(|method| format!("{method} "));
        let (method, path) = (method.unwrap_or_default(), &self.path);
        Err(Error::config(format!(
            "no route is `{method}{path}`: write it like `/about` or `GET /posts/{{id}}`"
        )))
    }
}

/// HEAD is GET without the body.
fn is_as_get(method: &str) -> &str {
    if method == "HEAD" { "GET" } else { method }
}
