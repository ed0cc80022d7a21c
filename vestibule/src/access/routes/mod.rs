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
use crate::web::Cause;

/// Every route of an app, with what it requires of its visitors. The table is made by calling each
/// route.
///
/// Each route gets an anonymous request and, if that is rejected, one of a user without any rights
/// and without a fresh log-in. A guard that rejects reports its rule. No access rule is bypassed,
/// but handlers that are public, or open to every user, do run: those of GET first, and those that
/// may log the user out or delete them last. So build the table of an app on test data.
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
    /// and the cause if it responds with 5xx, for example without a login layer around it. If an
    /// earlier route ended the user's log-in, says what rejected an anonymous visitor, "at least".
    pub guard: Option<String>,
}

impl RouteTable {
    /// Calls every route of `router`. `as_user` turns a request into one of a user without rights
    /// and without a fresh log-in, for example by adding a session cookie. If it does nothing, the
    /// table shows only the outermost guard of each route.
    ///
    /// # Errors
    /// When the routes of this version of axum cannot be read.
    pub async fn of(router: &Router, as_user: impl Fn(&mut Request)) -> Result<Self> {
        let routes = debug::routes(&format!("{router:?}"))?;
        let mut asked: Vec<_> = Vec::new();
        for (method, path) in &routes {
            let methods: Vec<_> = match *method {
                // Methods with their own handler on the same path have their own lines.
                ANY => OF_ANY
                    .into_iter()
                    .filter(|method| !routes.contains(&(method, path.clone())))
                    .collect(),
                method => vec![method],
            };
            asked.push(as_visitor(router, &methods, path).await);
        }
        let guards = as_the_user(router, asked, as_user).await;
        let mut table: Vec<_> = routes
            .into_iter()
            .zip(guards)
            .map(|((method, path), guard)| TableRoute {
                method: method.to_owned(),
                path: path.replace(NEST_TAIL, "*"),
                guard,
            })
            .collect();
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
    /// No object has this parameter as its id.
    NotFound,
    NotAllowed,
    Open,
    /// Unknown: a layer is missing, or something failed.
    Broken(String),
}

/// How a route responds to an anonymous visitor.
enum AsVisitor {
    /// One of its methods requires nothing.
    Open,
    Broken(String),
    /// For each method that exists, the request that was rejected. Empty if no object was found.
    Rejected(Vec<Rejected>),
}

struct Rejected {
    method: &'static str,
    path: String,
    demand: Demand,
}

async fn as_visitor(router: &Router, methods: &[&'static str], path: &str) -> AsVisitor {
    let mut rejected = Vec::new();
    for method in methods {
        for parameter in ["1", "00000000-0000-0000-0000-000000000000"] {
            let path = filled(path, parameter);
            match ask(router, method, &path, |_| {}).await {
                Answer::Rejected(demand) => {
                    rejected.push(Rejected {
                        method,
                        path,
                        demand,
                    });
                    break;
                }
                Answer::NotFound => {}
                Answer::NotAllowed => break,
                Answer::Open => return AsVisitor::Open,
                Answer::Broken(why) => return AsVisitor::Broken(why),
            }
        }
    }
    AsVisitor::Rejected(rejected)
}

/// Repeats the requests that were rejected, as the user. Returns each route's guard; `None` if the
/// route is public.
async fn as_the_user(
    router: &Router,
    asked: Vec<AsVisitor>,
    as_user: impl Fn(&mut Request),
) -> Vec<Option<String>> {
    let mut guards = vec![None; asked.len()];
    let mut requests = Vec::new();
    for (row, as_visitor) in asked.into_iter().enumerate() {
        match as_visitor {
            AsVisitor::Open => {}
            AsVisitor::Broken(why) => guards[row] = Some(broken(&why)),
            AsVisitor::Rejected(rejected) => {
                requests.extend(rejected.into_iter().map(|rejected| (row, rejected)));
            }
        }
    }
    requests.sort_by_cached_key(|(_, rejected)| {
        (harm(rejected), rejected.path.clone(), rejected.method)
    });
    let mut probe: Option<Rejected> = None;
    let mut ended_by: Option<String> = None;
    for (row, rejected) in requests {
        let Rejected {
            method,
            path,
            demand,
        } = &rejected;
        if let Some(route) = &ended_by {
            let at_least = format!("{demand}, at least: {route} had ended the user's log-in");
            guards[row].get_or_insert(at_least);
            continue;
        }
        let answer = ask(router, method, path, &as_user).await;
        let is_let_in = is_let_in(&answer, *demand);
        match answer {
            Answer::Broken(why) => guards[row] = Some(broken(&why)),
            Answer::Rejected(second) if *demand == second || demand.is_login() => {
                guards[row].get_or_insert(second.to_string());
            }
            Answer::Rejected(second) => {
                guards[row].get_or_insert(format!("{demand}; {second}"));
            }
            _ => {
                guards[row].get_or_insert(demand.to_string());
            }
        }
        if !is_let_in {
            continue;
        }
        if is_safe(method) {
            probe.get_or_insert(rejected);
        } else if let Some(probe) = &probe {
            let again = ask(router, probe.method, &probe.path, &as_user).await;
            if !self::is_let_in(&again, probe.demand) {
                ended_by = Some(format!("{method} {path}"));
            }
        }
    }
    guards
}

fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

/// Whether the user got further than an anonymous visitor, who is rejected with `demand`.
fn is_let_in(answer: &Answer, demand: Demand) -> bool {
    match answer {
        Answer::Rejected(second) => *second != demand,
        answer => !matches!(answer, Answer::Broken(_)),
    }
}

/// The order of the requests: those that may end the user's log-in come late, and those that may
/// delete the user come last.
fn harm(rejected: &Rejected) -> u8 {
    const ENDING: [&str; 4] = ["logout", "signout", "end", "revoke"];
    const DELETING: [&str; 3] = ["delete", "remove", "close"];
    let path = rejected.path.to_ascii_lowercase().replace(['-', '_'], "");
    let has_one_of = |words: &[&str]| words.iter().any(|word| path.contains(word));
    match rejected.method {
        method if is_safe(method) => 0,
        "DELETE" => 3,
        _ if has_one_of(&DELETING) => 3,
        _ if has_one_of(&ENDING) => 2,
        _ => 1,
    }
}

/// Marks a route in the table whose rule is unknown.
pub(crate) const BROKEN: &str = "broken: ";

fn broken(why: &str) -> String {
    format!("{BROKEN}{why}")
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
        (None, status) if status.is_server_error() => {
            let cause = response.extensions().get::<Cause>();
            let cause = cause.map(|Cause(cause)| format!(", {cause}"));
            Answer::Broken(format!("{status}{}", cause.unwrap_or_default()))
        }
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
