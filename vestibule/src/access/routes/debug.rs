//! The routes of a router, read from its `Debug` output.

use std::collections::BTreeMap;

use super::{ANY, FALLBACK};
use crate::error::{Error, Result};

/// The methods and paths of a router, read from its `Debug` output, because axum has no other API
/// for them. Unexpected output is an error, so that no route is silently left out.
pub(super) fn routes(debug: &str) -> Result<Vec<(&'static str, String)>> {
    read_routes(debug).ok_or_else(|| {
        Error::internal("cannot read the routes from the Debug output of this version of axum")
    })
}

fn read_routes(debug: &str) -> Option<Vec<(&'static str, String)>> {
    let rest = debug.strip_prefix("Router { path_router: ")?;
    let (mut routes, rest) = path_router(rest)?;
    let rest = rest.strip_prefix(", fallback_router: ")?;
    let (fallbacks, rest) = path_router(rest)?;
    let is_default = match rest.strip_prefix(", default_fallback: ")? {
        rest if rest.starts_with("true") => true,
        rest if rest.starts_with("false") => false,
        _ => return None,
    };
    if !is_default {
        routes.push((ANY, FALLBACK.to_owned()));
    }
    // Fallbacks of nested routers. The outermost router has only these two paths.
    let of_nested = fallbacks
        .into_iter()
        .filter(|(_, path)| path != "/" && path != OUTERMOST);
    routes.extend(of_nested);
    for (_, path) in &mut routes {
        *path = path.replace(FALLBACK_TAIL, "{*fallback}");
    }
    Some(routes)
}

/// How axum names the path of a fallback.
const FALLBACK_TAIL: &str = "{*__private__axum_fallback}";
const OUTERMOST: &str = "/{*__private__axum_fallback}";

/// The methods and paths of one router, and what comes after it.
fn path_router(text: &str) -> Option<(Vec<(&'static str, String)>, &str)> {
    let rest = text.strip_prefix("PathRouter { routes: {")?;
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
    Some((routes, rest.strip_prefix(" } }")?))
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

    use super::{read_routes, routes};

    /// Checks that axum's `Debug` output still has the expected format.
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
            // Truncated anywhere, it must be an error, or all routes must be found.
            if let Some(found) = read_routes(&debug[..end]) {
                assert_eq!(found, [("GET", "/a".to_owned())]);
            }
        }
    }
}
