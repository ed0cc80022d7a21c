//! The address of the login page, with `next`.

use url::form_urlencoded::{Serializer, parse};
use url::{Position, Url};

use crate::web::PublicUrl;

/// The address of a login page that leads back to `current` after the log-in. Flask-Login's
/// `login_url` and `make_next_param`.
///
/// `view` is a path, or an address on another host. Its other query arguments stay; a `next` in it
/// is replaced. `current` is a path of this app. For a login page on `origin`, `next` is this path;
/// for any other, it is the full address.
///
/// ```
/// use vestibule::login::login_url;
///
/// let here = "https://app.example.com".parse()?;
/// assert_eq!(
///     login_url("/login?affil=cgnu", "/protected", &here),
///     "/login?affil=cgnu&next=%2Fprotected"
/// );
/// assert_eq!(
///     login_url("https://auth.example.com/login", "/protected", &here),
///     "https://auth.example.com/login?next=https%3A%2F%2Fapp.example.com%2Fprotected"
/// );
/// # Ok::<(), vestibule::Error>(())
/// ```
pub fn login_url(view: &str, current: &str, origin: &PublicUrl) -> String {
    with_next(view, Some(current), &origin.origin())
}

/// As [`login_url`], for an origin given as text, and optionally without `next`. The result is
/// always normalized by a URL parser, so it is ASCII.
pub(crate) fn with_next(view: &str, current: Option<&str>, origin: &str) -> String {
    let absolute = is_absolute(view).then(|| Url::parse(view).ok()).flatten();
    let is_elsewhere = absolute
        .as_ref()
        .is_some_and(|url| url.origin().ascii_serialization() != origin);
    let next = current.map(|current| {
        let origin = if is_elsewhere { origin } else { "" };
        format!("{origin}{current}")
    });
    let is_path = absolute.is_none();
    // A placeholder origin to parse a path with.
    let base = || Url::parse("http://vestibule.invalid/").and_then(|base| base.join(view));
    let Some(mut url) = absolute.or_else(|| base().ok()) else {
        return view.to_owned();
    };
    if let Some(next) = next {
        let query = url.query().unwrap_or_default().to_owned();
        let others = parse(query.as_bytes()).filter(|(name, _)| name != "next");
        let query = Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair("next", &next)
            .finish();
        url.set_query(Some(&query));
    }
    if is_path {
        url[Position::BeforePath..].to_owned()
    } else {
        url.into()
    }
}

pub(crate) fn is_absolute(view: &str) -> bool {
    view.starts_with("https://") || view.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::login_url;

    fn url(view: &str, current: &str) -> String {
        login_url(view, current, &"http://localhost".parse().unwrap())
    }

    #[test]
    fn a_login_page_of_this_origin_gets_the_path() {
        for (view, expected) in [
            ("/login", "/login?next=%2Fprofile%3Fa%3D1"),
            (
                "http://localhost/login",
                "http://localhost/login?next=%2Fprofile%3Fa%3D1",
            ),
            ("/login#form", "/login?next=%2Fprofile%3Fa%3D1#form"),
        ] {
            assert_eq!(url(view, "/profile?a=1"), expected);
        }
    }

    #[test]
    fn a_login_page_of_another_scheme_host_or_port_gets_the_whole_address() {
        for view in [
            "https://localhost/login",
            "http://auth.localhost/login",
            "http://localhost:81/login",
        ] {
            let expected = format!("{view}?next=http%3A%2F%2Flocalhost%2Fprofile");
            assert_eq!(url(view, "/profile"), expected);
        }
    }

    #[test]
    fn other_arguments_stay_and_a_next_is_replaced() {
        assert_eq!(
            url("/login?a=1&next=%2Fold&a=2&b=", "/p"),
            "/login?a=1&a=2&b=&next=%2Fp"
        );
    }
}
