//! What each route of an app requires of its visitors.

mod debug;

use std::fmt;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::header::ACCEPT;
use http::{HeaderValue, Method, StatusCode};
use tower::ServiceExt;

use crate::error::Result;
use crate::login::rule::Demand;

/// Every route of an app, with what it requires of its visitors. Found by calling each route.
///
/// Each route gets an anonymous request and, if that is rejected, one of a user without any rights
/// and without a fresh log-in. A guard that rejects reports its rule. No access rule is bypassed,
/// but handlers that are public, or open to every user, do run. So build the table of an app on
/// test data.
///
/// Parameters in a route are replaced by `1`, then by a UUID of zeros.
///
/// In a test, use `testing::TestClient::route_table` and `testing::assert_public_routes`.
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
/// use vestibule::access::{Rule, RouteTable, access_required};
/// # use vestibule::login::{LoginManager, User, UserId};
/// # use vestibule::stores::MemoryStore;
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
/// # async fn find(id: UserId) -> Result<Option<Member>, std::io::Error> { Ok(None) }
///
/// # #[tokio::main] async fn main() -> Result<(), vestibule::Error> {
/// let manager = LoginManager::new(find, MemoryStore::new());
/// let app: Router = Router::new()
///     .route("/users/{id}", get(|| async { "a user" }))
///     .route_layer(access_required::<Member>(Rule::Role("admin")))
///     .route("/about", get(|| async { "for everybody" }))
///     .layer(manager.layer());
///
/// let table = RouteTable::of(&app, |_| {}).await?;
///
/// assert_eq!(
///     table.to_string(),
///     "GET  /about       everybody\nGET  /users/{id}  role admin\n"
/// );
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTable(Vec<TableRoute>);

/// One route of a [`RouteTable`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRoute {
    /// The method, or `any` if the route accepts all of them.
    pub method: String,
    /// The path as on the router, with the prefix of a nested one. `(fallback)` is the fallback for
    /// all other paths, `/api/{*fallback}` that of a nested router, and `/api/*` is a nested
    /// service, whose own routes are not visible.
    pub path: String,
    /// What it requires: the guard's name, if any, and the rule. Of nested guards, lists those up
    /// to the first that rejects the user. `None` if the route is public. `broken` with the status
    /// if it responds with 5xx, for example without a login layer around it.
    pub guard: Option<String>,
}

impl RouteTable {
    /// Calls every route of `router`. `as_user` turns a request into one of a user without rights
    /// and without a fresh log-in, for example by a session cookie. If it does nothing, the table
    /// only shows the outermost guard of each route.
    ///
    /// # Errors
    /// When the routes of this version of axum cannot be read.
    pub async fn of(router: &Router, as_user: impl Fn(&mut Request)) -> Result<Self> {
        let routes = debug::routes(&format!("{router:?}"))?;
        let mut table = Vec::new();
        for (method, path) in &routes {
            let methods: Vec<_> = match *method {
                // Methods with their own handler on the same path have their own lines.
                ANY => OF_ANY
                    .into_iter()
                    .filter(|method| !routes.contains(&(method, path.clone())))
                    .collect(),
                method => vec![method],
            };
            table.push(TableRoute {
                method: (*method).to_owned(),
                path: path.replace(NEST_TAIL, "*"),
                guard: guard(router, &methods, path, &as_user).await,
            });
        }
        table.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        Ok(Self(table))
    }

    /// The routes, ordered by path.
    pub fn routes(&self) -> &[TableRoute] {
        &self.0
    }
}

/// Three columns: method, path, and what it requires.
impl fmt::Display for RouteTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&TableRoute) -> &String| {
            let widths = self.0.iter().map(|route| of(route).chars().count());
            widths.max().unwrap_or(0)
        };
        let (methods, paths) = (width(|route| &route.method), width(|route| &route.path));
        for TableRoute {
            method,
            path,
            guard,
        } in &self.0
        {
            let guard = guard.as_deref().unwrap_or("everybody");
            writeln!(f, "{method:methods$}  {path:paths$}  {guard}")?;
        }
        Ok(())
    }
}

const ANY: &str = "any";
const FALLBACK: &str = "(fallback)";

/// How axum names the rest of a nested service's path.
const NEST_TAIL: &str = "{*__private__axum_nest_tail_param}";

/// The methods to call on a route that accepts any.
const OF_ANY: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];

/// The result of calling a route.
enum Answer {
    Rejected(Demand),
    /// Nothing exists for such a parameter.
    NotFound,
    NotAllowed,
    Open,
    /// Unknown: a layer is missing, or something failed.
    Broken(StatusCode),
}

/// What a route requires, as far as an anonymous visitor and a user without rights can see. `None`
/// if one of these methods requires nothing.
async fn guard(
    router: &Router,
    methods: &[&str],
    path: &str,
    as_user: impl Fn(&mut Request),
) -> Option<String> {
    let mut found = None;
    for method in methods {
        for parameter in ["1", "00000000-0000-0000-0000-000000000000"] {
            let path = filled(path, parameter);
            let first = match ask(router, method, &path, |_| {}).await {
                Answer::Rejected(demand) => demand,
                Answer::NotFound => continue,
                Answer::NotAllowed => break,
                Answer::Open => return None,
                Answer::Broken(status) => return Some(broken(status)),
            };
            let guard = match ask(router, method, &path, &as_user).await {
                Answer::Rejected(second) if first == second || first.is_login() => {
                    second.to_string()
                }
                Answer::Rejected(second) => format!("{first}; {second}"),
                Answer::Broken(status) => return Some(broken(status)),
                _ => first.to_string(),
            };
            found.get_or_insert(guard);
            break;
        }
    }
    found
}

/// How the table marks a route whose rule is unknown.
pub(crate) const BROKEN: &str = "broken: ";

fn broken(status: StatusCode) -> String {
    format!("{BROKEN}{status}")
}

/// Sends a request without a body.
async fn ask(router: &Router, method: &str, path: &str, prepare: impl Fn(&mut Request)) -> Answer {
    let mut request = Request::new(Body::empty());
    let (Ok(method), Ok(uri)) = (method.parse::<Method>(), path.parse()) else {
        return Answer::NotFound;
    };
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, json);
    prepare(&mut request);
    let Ok(response) = router.clone().oneshot(request).await;
    match (response.extensions().get::<Demand>(), response.status()) {
        (Some(demand), _) => Answer::Rejected(*demand),
        (None, StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST) => Answer::NotFound,
        (None, StatusCode::METHOD_NOT_ALLOWED) => Answer::NotAllowed,
        (None, status) if status.is_server_error() => Answer::Broken(status),
        (None, _) => Answer::Open,
    }
}

/// The path of a route with `parameter` in place of each of its parameters.
fn filled(path: &str, parameter: &str) -> String {
    if path == FALLBACK {
        return "/no-route-has-this-path".to_owned();
    }
    // For nested services and fallbacks, only a guard around the whole matters.
    let path = path
        .replace(NEST_TAIL, "no/route/has/this/path")
        .replace("{*fallback}", "no/route/has/this/path");
    let segments = path.split('/').map(|segment| {
        let is_parameter = segment.contains('{') && !segment.contains("{{");
        match is_parameter {
            true => {
                let (before, rest) = segment.split_once('{').unwrap_or_default();
                let after = rest.split_once('}').map_or("", |(_, after)| after);
                format!("{before}{parameter}{after}")
            }
            false => segment.replace("{{", "{").replace("}}", "}"),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn parameters_are_filled_in_wherever_they_stand() {
        assert_eq!(filled("/a/{id}/b/{*rest}", "1"), "/a/1/b/1");
        assert_eq!(filled("/file-{name}.txt", "1"), "/file-1.txt");
        assert_eq!(filled("/{{a}}", "1"), "/{a}");
    }
}
