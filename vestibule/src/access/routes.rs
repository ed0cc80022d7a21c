//! What each route of an app asks of its visitors.

use std::collections::BTreeMap;
use std::fmt;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::header::ACCEPT;
use http::{HeaderValue, Method};
use tower::ServiceExt;

use crate::error::{Error, Result};
use crate::login::rule::Demand;

/// Every route of an app, with what it asks of its visitors: found out by asking each of them.
///
/// Each route gets a request of an anonymous visitor, and where that is refused another one of a
/// user without any rights, whose log-in is not fresh; a guard that refuses says what it asked
/// for. Nobody gets anywhere by
/// this where they could not go anyway, but a handler that anybody may call is called: build the
/// table of an app on data that does not matter.
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
    /// what answers every other path.
    pub path: String,
    /// What it asks: the name of the guard, if it has one, and the rule. None where everybody
    /// passes.
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
        let mut table = Vec::new();
        for (method, path) in routes(&format!("{router:?}"))? {
            let guard = guard(router, method, &path, &as_user).await;
            table.push(TableRoute {
                method: method.to_owned(),
                path: path.replace(NEST_TAIL, "*"),
                guard,
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

/// What a route asks, all of it that an anonymous visitor and a user without rights get to see.
async fn guard(
    router: &Router,
    method: &str,
    path: &str,
    as_user: impl Fn(&mut Request),
) -> Option<String> {
    let methods = match method.parse::<Method>() {
        Ok(method) if method.as_str() != ANY => vec![method],
        _ => vec![Method::GET, Method::POST],
    };
    for method in methods {
        for parameter in ["1", "00000000-0000-0000-0000-000000000000"] {
            let path = filled(path, parameter);
            let Some(first) = ask(router, &method, &path, |_| {}).await else {
                continue;
            };
            let second = ask(router, &method, &path, &as_user).await;
            return Some(match second {
                Some(second) if first == second || first.is_login() => second.to_string(),
                Some(second) => format!("{first}; {second}"),
                None => first.to_string(),
            });
        }
    }
    None
}

/// Sends a request without a body. Returns what a guard demanded that refused it.
async fn ask(
    router: &Router,
    method: &Method,
    path: &str,
    prepare: impl Fn(&mut Request),
) -> Option<Demand> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method.clone();
    *request.uri_mut() = path.parse().ok()?;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, json);
    prepare(&mut request);
    let Ok(response) = router.clone().oneshot(request).await;
    response.extensions().get::<Demand>().copied()
}

/// The path of a route with `parameter` in place of each of its own.
fn filled(path: &str, parameter: &str) -> String {
    if path == FALLBACK {
        return "/no-route-has-this-path".to_owned();
    }
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

/// The methods and paths of a router, by what its `Debug` shows: axum has no other way to tell.
/// What does not read as expected is an error, never a route left out.
fn routes(debug: &str) -> Result<Vec<(&'static str, String)>> {
    read_routes(debug).ok_or_else(|| {
        Error::internal("the routes of this version of axum cannot be read from its Debug")
    })
}

fn read_routes(debug: &str) -> Option<Vec<(&'static str, String)>> {
    let rest = debug.strip_prefix("Router { path_router: PathRouter { routes: {")?;
    let (endpoints, rest) = entries(rest)?;
    let rest = rest.strip_prefix(", node: Node { paths: {")?;
    let (paths, rest) = entries(rest)?;
    let paths: BTreeMap<_, _> = paths.into_iter().collect();
    if paths.len() != endpoints.len() {
        return None;
    }
    let mut routes = Vec::new();
    for (id, endpoint) in endpoints {
        let path = unquoted(paths.get(id)?)?;
        for method in methods(endpoint)? {
            routes.push((method, path.clone()));
        }
    }
    match rest.rsplit_once("default_fallback: ")?.1 {
        rest if rest.starts_with("true") => {}
        rest if rest.starts_with("false") => routes.push((ANY, FALLBACK.to_owned())),
        _ => return None,
    }
    Some(routes)
}

/// The entries of a map up to its closing brace, and what comes after that.
fn entries(text: &str) -> Option<(Vec<(&str, &str)>, &str)> {
    let mut entries = Vec::new();
    let (mut depth, mut start, mut is_quoted, mut is_escaped) = (0_usize, 0, false, false);
    for (i, c) in text.char_indices() {
        if is_quoted {
            is_quoted = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            continue;
        }
        match c {
            '"' => is_quoted = true,
            '{' | '(' | '[' => depth += 1,
            '}' if depth == 0 => {
                if let Some(entry) = text.get(start..i).filter(|entry| !entry.is_empty()) {
                    entries.push(entry.split_once(": ")?);
                }
                return Some((entries, text.get(i + 1..)?));
            }
            '}' | ')' | ']' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                entries.push(text.get(start..i)?.split_once(": ")?);
                start = i + 2;
            }
            _ => {}
        }
    }
    None
}

/// The methods of one endpoint.
fn methods(endpoint: &str) -> Option<Vec<&'static str>> {
    const METHODS: [&str; 9] = [
        "GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "CONNECT",
    ];
    let Some(router) = endpoint.strip_prefix("MethodRouter(MethodRouter { ") else {
        return endpoint.starts_with("Route(").then(|| vec![ANY]);
    };
    let mut fields = router.split(", ");
    let mut found = Vec::new();
    for method in METHODS {
        let (name, handler) = fields.next()?.split_once(": ")?;
        if !name.eq_ignore_ascii_case(method) {
            return None;
        }
        if handler != "None" {
            found.push(method);
        }
    }
    if !fields
        .next()?
        .strip_prefix("fallback: ")?
        .starts_with("Default(")
    {
        found.push(ANY);
    }
    Some(found)
}

/// The text of a string literal.
fn unquoted(literal: &str) -> Option<String> {
    let inside = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => text.push(c),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::Router;
    use axum::extract::Request;
    use axum::response::Response;
    use axum::routing::{any, get, get_service, post};

    use super::{filled, read_routes, routes};

    /// Holds axum to what this file reads of it.
    #[test]
    fn every_kind_of_route_is_read_with_its_methods() {
        async fn answer(_: Request) -> Result<Response, Infallible> {
            Ok(Response::default())
        }
        let page = || async {};
        let nested: Router = Router::new()
            .route("/", get(page))
            .route("/{id}/y", post(page).put(page));
        let app: Router = Router::new()
            .route("/", get(page))
            .route("/any", any(page))
            .route("/head", get(page).head(page))
            .route("/own-fallback", get(page).fallback(page))
            .route("/odd\"{{,}}\\", get(page))
            .route("/service", get_service(tower::service_fn(answer)))
            .route_service("/whole", tower::service_fn(answer))
            .nest("/nested", nested)
            .nest_service("/below", Router::<()>::new())
            .layer(axum::middleware::from_fn(
                |request: Request, next: axum::middleware::Next| next.run(request),
            ))
            .merge(Router::new().route("/merged", get(page)));

        let mut found = routes(&format!("{app:?}")).unwrap();
        found.sort_unstable_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));

        let found: Vec<_> = found
            .iter()
            .map(|(method, path)| format!("{method} {path}"))
            .collect();
        assert_eq!(
            found,
            [
                "GET /",
                "any /any",
                "any /below",
                "any /below/",
                "any /below/{*__private__axum_nest_tail_param}",
                "GET /head",
                "HEAD /head",
                "GET /merged",
                "GET /nested",
                "POST /nested/{id}/y",
                "PUT /nested/{id}/y",
                "GET /odd\"{{,}}\\",
                "GET /own-fallback",
                "any /own-fallback",
                "GET /service",
                "any /whole",
            ]
        );
        let with_fallback: Router = app.fallback(page).with_state(());
        let found = routes(&format!("{with_fallback:?}")).unwrap();
        assert!(found.contains(&("any", "(fallback)".to_owned())));
        assert_eq!(routes(&format!("{:?}", Router::<()>::new())).unwrap(), []);
    }

    #[test]
    fn what_does_not_read_as_expected_is_no_table() {
        let debug = format!("{:?}", Router::<()>::new().route("/a", get(|| async {})));
        assert!(read_routes(&debug).is_some());

        for (from, to) in [
            ("path_router", "paths"),
            ("get: ", "query: "),
            ("RouteId(1): \"", "RouteId(2): \""),
            ("default_fallback", "fallback_is_default"),
            ("MethodRouter(", "Endpoint("),
        ] {
            assert!(debug.contains(from), "{from} in {debug}");
            assert_eq!(read_routes(&debug.replace(from, to)), None, "{from}");
        }
        for end in 0..debug.len() - 1 {
            // Cut off anywhere it is an error, or the whole of its routes.
            if let Some(found) = read_routes(&debug[..end]) {
                assert_eq!(found, [("GET", "/a".to_owned())]);
            }
        }
    }

    #[test]
    fn parameters_are_filled_in_wherever_they_stand() {
        assert_eq!(filled("/a/{id}/b/{*rest}", "1"), "/a/1/b/1");
        assert_eq!(filled("/file-{name}.txt", "1"), "/file-1.txt");
        assert_eq!(filled("/{{a}}", "1"), "/{a}");
    }
}
