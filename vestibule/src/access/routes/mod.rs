//! What each route of an app asks of its visitors.

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

/// Every route of an app, with what it asks of its visitors: found out by asking each of them.
///
/// Each route gets a request of an anonymous visitor, and where that is refused another one of a
/// user without any rights, whose log-in is not fresh; a guard that refuses says what it asked
/// for. Nobody gets anywhere by this where they could not go anyway, but handlers that everybody
/// may call are called, and so are those that every user may call: build the table of an app on
/// data that does not matter.
///
/// A route with parameters is asked with `1` for each, and with a UUID of zeros.
///
/// In a test, `testing::TestClient::route_table` and `testing::assert_public_routes` do it all.
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
    /// The method, or `any` where the route answers all of them.
    pub method: String,
    /// The path as it was put on the router, with what it is nested under; `(fallback)` for
    /// what answers every other path, `/api/{*fallback}` for that of a nested router, and
    /// `/api/*` for a nested service, whose own routes nobody can see.
    pub path: String,
    /// What it asks: the name of the guard, if it has one, and the rule; of guards behind one
    /// another, those up to the first that refuses the user. None where everybody passes. `broken`
    /// with the status where the route answers 5xx, as without a login layer around it.
    pub guard: Option<String>,
}

impl RouteTable {
    /// Asks every route of `router`. `as_user` makes a request one of a user without any rights
    /// and without a fresh log-in, as by a session cookie; where it does nothing, the table shows of each route the outermost
    /// guard alone.
    ///
    /// # Errors
    /// When the routes of this version of axum cannot be read.
    pub async fn of(router: &Router, as_user: impl Fn(&mut Request)) -> Result<Self> {
        let routes = debug::routes(&format!("{router:?}"))?;
        let mut table = Vec::new();
        for (method, path) in &routes {
            let methods: Vec<_> = match *method {
                // Those that the same path answers otherwise have lines of their own.
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

    /// The routes, in the order of their paths.
    pub fn routes(&self) -> &[TableRoute] {
        &self.0
    }
}

/// Three columns: method, path, and what it asks.
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

/// How axum names what comes after the path of a nested service.
const NEST_TAIL: &str = "{*__private__axum_nest_tail_param}";

/// The methods that a route is asked by which answers any.
const OF_ANY: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];

/// What came of asking.
enum Answer {
    Rejected(Demand),
    /// There is nothing there for such a parameter.
    NotFound,
    NotAllowed,
    Open,
    /// It cannot say: a layer is missing, or something broke.
    Broken(StatusCode),
}

/// What a route asks, all of it that an anonymous visitor and a user without rights get to see.
/// None where one of these methods asks nothing.
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

/// What the table says of a route that cannot say what it asks.
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

/// The path of a route with `parameter` in place of each of its own.
fn filled(path: &str, parameter: &str) -> String {
    if path == FALLBACK {
        return "/no-route-has-this-path".to_owned();
    }
    // Of what is nested, and of fallbacks, only a guard around the whole counts.
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
