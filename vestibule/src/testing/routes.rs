//! Checking which routes of an app are public.

use crate::access::{BROKEN, RouteTable};
use crate::login::route::Route;

/// Checks that an app denies by default: of the routes in `table`, exactly those in `public` are
/// public. Write them as `/login`, for one method as `GET /posts/{id}`, and a nested service, such
/// as static files, as `/static/*`.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use vestibule::testing::{TestApp, assert_public_routes};
///
/// let app = TestApp::new().await;
/// app.registered("alice").await;
/// let user = app.browser().logged_in_as(&app.account("alice").await);
///
/// assert_public_routes(&user.route_table().await, app.site.public_routes());
/// # }
/// ```
///
/// # Panics
/// When a route that is not in `public` requires nothing of its visitors, when one in `public`
/// requires something or does not exist, and when a route responds with 5xx.
#[track_caller]
pub fn assert_public_routes<R: Into<String>>(
    table: &RouteTable,
    public: impl IntoIterator<Item = R>,
) {
    let public: Vec<String> = public.into_iter().map(Into::into).collect();
    let matchers: Vec<Route> = public.iter().cloned().map(Into::into).collect();
    let mut wrong = Vec::new();
    for route in table.routes() {
        let (method, path) = (&route.method, &route.path);
        let is_public = matchers.iter().any(|public| public.covers(method, path));
        match &route.guard {
            Some(guard) if guard.starts_with(BROKEN) => {
                wrong.push(format!("{method} {path} is {guard}"));
            }
            None if !is_public => {
                wrong.push(format!("{method} {path} requires nothing of its visitors"))
            }
            Some(guard) if is_public => {
                wrong.push(format!(
                    "{method} {path} should be public, but requires: {guard}"
                ));
            }
            _ => {}
        }
    }
    for (text, public) in public.iter().zip(&matchers) {
        let is_it = |route: &crate::access::TableRoute| public.covers(&route.method, &route.path);
        if !table.routes().iter().any(is_it) {
            wrong.push(format!("there is no route {text}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nGuard them, or name them as public. All routes:\n{table}",
        wrong.join("\n")
    );
}
