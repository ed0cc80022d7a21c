//! Requests whose path shows that the site and the proxy or the router around it disagree.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::flows::Site;
use crate::login::PageUser;

/// Whether the log has said it. Once is enough: each such request shows the same mistake.
#[derive(Debug, Default)]
pub(super) struct Told(AtomicBool);

impl Told {
    fn is_first(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

impl<U: PageUser> Site<U> {
    /// Logs, once, that the ready-made pages are in a nested router, which removed `nested` in front
    /// of `path`.
    pub(super) fn warn_if_nested(&self, nested: &str, path: &str) {
        if self.has_route(path) && self.inner().nesting_told.is_first() {
            tracing::error!(
                "the ready-made pages are nested at `{nested}`, and their links and redirects do not \
                 have it: set `SiteConfig::path_prefix` to `{nested}`, and merge the routes"
            );
        }
    }

    /// Logs, once, that a proxy removes the path of the public URL and should not, or the reverse.
    fn warn_of_proxy(&self, path: &str) {
        let url = self.public_url();
        let (is_removed, other) = match url.route_path() {
            "" => (true, path.strip_prefix(url.path()).map(str::to_owned)),
            base => (false, Some(format!("{base}{path}"))),
        };
        let is_ours = other.is_some_and(|path| self.has_route(&path));
        if !is_ours || !self.inner().proxy_told.is_first() {
            return;
        }
        let base = url.path();
        if is_removed {
            tracing::warn!(
                path,
                "a request has the path `{base}` of the public URL, which a proxy should remove: let \
                 it do so, or leave out `PublicUrl::proxy_removes_path` (`--proxy-removes-path false`)"
            );
        } else {
            tracing::warn!(
                path,
                "a request is not below the path `{base}` of the public URL: if a proxy removes the \
                 path, call `PublicUrl::proxy_removes_path` (`--proxy-removes-path true`)"
            );
        }
    }
}

/// Looks for requests that lead nowhere because of the path of the public URL. They are not found,
/// or redirected to a log-in that is not found.
pub(super) async fn warn_of_proxy<U: PageUser>(
    State(site): State<Site<U>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if !response.status().is_success() {
        site.warn_of_proxy(&path);
    }
    response
}
