//! The page to go to after the log-in, if the request has one.

use http::Uri;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::{Position, Url};

use crate::web::{PublicUrl, is_below};

/// The `next` of a request: the page to go to after the log-in, if it is in this app.
///
/// Takes any text and never fails. [`or`](Self::or) returns the destination only if it has the same
/// origin as this app.
///
/// ```
/// use vestibule::login::Next;
///
/// assert_eq!(Next::from("/reports?year=2026").or("/welcome"), "/reports?year=2026");
/// assert_eq!(Next::from("//evil.example").or("/welcome"), "/welcome");
/// assert_eq!(Next::default().or("/welcome"), "/welcome");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Next(Option<String>);

impl Next {
    const MAX_BYTES: usize = 2_048;

    /// The `next` of a query, if it has exactly one.
    pub(crate) fn of_query(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let mut found = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "next")
            .map(|(_, value)| Self::from(value.into_owned()));
        match (found.next(), found.next()) {
            (Some(next), None) => next,
            _ => Self::default(),
        }
    }

    /// The path to go to, or `default` if there is no safe one.
    pub fn or<'a>(&'a self, default: &'a str) -> &'a str {
        self.path().unwrap_or(default)
    }

    /// The path to go to, if it is safe: with its query, in ASCII, as a browser would send it.
    ///
    /// It must start with one slash. A WHATWG URL parser, as in browsers, must read it as a path of
    /// this origin. The same is required after decoding it once more, because some proxies and
    /// frameworks decode a path twice. A path that the parser normalizes to two leading slashes
    /// (`/.//evil.example`) is rejected too, because a redirect to the normalized path would leave
    /// this origin.
    pub fn path(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Removes the destination if it is outside of the path of `app`: another app of the same host
    /// is there. [`Login::next`](crate::Login::next) and the ready-made pages do this already.
    ///
    /// ```
    /// use vestibule::login::Next;
    ///
    /// let app = "https://example.com/shop".parse()?;
    /// assert_eq!(Next::from("/shop/cart").below(&app).or("/shop/"), "/shop/cart");
    /// assert_eq!(Next::from("/blog").below(&app).or("/shop/"), "/shop/");
    /// # Ok::<(), vestibule::Error>(())
    /// ```
    #[must_use]
    pub fn below(self, app: &PublicUrl) -> Self {
        let base = app.path();
        let is_there = self.path().is_some_and(|path| {
            let path = &path[..end_of_path(path)];
            // As above, once more decoded: `/shop/..%2fblog`.
            let decoded = percent_decode_str(path).decode_utf8().ok();
            let decoded = decoded.and_then(|decoded| parse(&decoded));
            is_below(base, path) && decoded.is_some_and(|url| is_below(base, url.path()))
        });
        if base.is_empty() || is_there {
            self
        } else {
            Self::default()
        }
    }

    /// Removes the destination if it is one of these pages, such as the login page or a page that
    /// logs out.
    #[must_use]
    pub fn unless(self, pages: &[&str]) -> Self {
        let leads_to_one = self
            .path()
            .is_some_and(|path| pages.contains(&&path[..end_of_path(path)]));
        if leads_to_one { Self::default() } else { self }
    }
}

impl From<&str> for Next {
    fn from(text: &str) -> Self {
        Self(own_path(text))
    }
}

impl From<String> for Next {
    fn from(text: String) -> Self {
        Self::from(&*text)
    }
}

/// Where the query or the fragment of a path begins.
fn end_of_path(path: &str) -> usize {
    path.find(['?', '#']).unwrap_or(path.len())
}

fn own_path(text: &str) -> Option<String> {
    if text.len() > Next::MAX_BYTES {
        return None;
    }
    let url = parse(text)?;
    // Check the normalized path, and its decoded form, too.
    let decoded = percent_decode_str(url.path()).decode_utf8().ok()?;
    parse(&decoded)?;
    // Encoding may have made it longer, and the next reader must still accept it.
    let path = &url[Position::BeforePath..];
    (path.len() <= Next::MAX_BYTES).then(|| path.to_owned())
}

/// The URL that a WHATWG parser reads from `text`, if it is a path of the same origin.
fn parse(text: &str) -> Option<Url> {
    // Browsers strip control characters and turn `\` into `/` (WHATWG URL, section 4.4).
    if !text.starts_with('/') || text.chars().any(|c| c.is_control() || c == '\\') {
        return None;
    }
    // A placeholder origin to parse the path with.
    let base = Url::parse("http://vestibule.invalid/").ok()?;
    let url = base.join(text).ok()?;
    (url.origin() == base.origin()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::Next;

    #[test]
    fn paths_of_this_origin_are_followed_as_they_stand() {
        for path in [
            "/",
            "/welcome",
            "/search?q=a%20b&url=https%3A%2F%2Fexample.com//x",
            "/mail@example.com",
            "/page#part",
        ] {
            assert_eq!(Next::from(path).path(), Some(path), "{path}");
        }
    }

    #[test]
    fn what_a_browser_would_write_otherwise_is_followed_as_it_would_write_it() {
        assert_eq!(Next::from("/佐藤").path(), Some("/%E4%BD%90%E8%97%A4"));
        assert_eq!(Next::from("/a/b/../c \"").path(), Some("/a/c%20%22"));
    }

    #[test]
    fn whatever_leads_elsewhere_or_could_after_one_more_decoding_is_not() {
        for elsewhere in [
            "",
            "welcome",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/%09/evil.example",
            "/%2fevil.example",
            "/%5cevil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%2e%2e//evil.example",
            "/account%0d%0aSet-Cookie:x=1",
            "https://evil.example",
            "http:evil.example",
            "javascript:alert(1)",
            "?//evil.example",
            "#//evil.example",
            " /welcome",
            "/%ff",
        ] {
            assert_eq!(Next::from(elsewhere).path(), None, "{elsewhere}");
        }
        assert_eq!(Next::from(format!("/{}", "a".repeat(2_048))).path(), None);
        // Each takes 3 bytes when a browser sends it.
        assert_eq!(Next::from(format!("/{}", "}".repeat(1_000))).path(), None);
    }

    #[test]
    fn a_path_has_at_most_two_kibibytes_also_as_it_was_sent() {
        let longest = format!("/{}", "a".repeat(2_047));
        assert_eq!(Next::from(&*longest).path(), Some(&*longest));

        // A browser would send "/".
        assert_eq!(Next::from("/a/..".repeat(410)).path(), None);
        assert_eq!(Next::from("/a/..".repeat(409)).path(), Some("/"));
    }

    #[test]
    fn a_page_outside_of_the_path_of_the_app_is_another_app() {
        let app = "https://example.com/shop".parse().unwrap();
        for own in [
            "/shop",
            "/shop/",
            "/shop/cart?to=/blog#/blog",
            "/shop?a=1",
            "/shop#a",
        ] {
            assert_eq!(Next::from(own).below(&app).path(), Some(own), "{own}");
        }
        for other in [
            "/",
            "/blog",
            "/shopping",
            "/Shop/cart",
            "/shop/../blog",
            "/shop/%2e%2e/blog",
            "/shop/..%2fblog",
            "/shop/%2e%2e%2fblog",
            "/shop%2fcart",
            "//evil.example/shop",
        ] {
            assert_eq!(Next::from(other).below(&app).path(), None, "{other}");
        }
        let whole_host = "https://example.com".parse().unwrap();
        assert_eq!(Next::from("/blog").below(&whole_host).path(), Some("/blog"));
    }

    #[test]
    fn a_log_in_does_not_lead_back_to_the_log_in() {
        for loops in ["/login", "/login?next=/login", "/x/../logout", "/login#a"] {
            let next = Next::from(loops).unless(&["/login", "/logout"]);

            assert_eq!(next.or("/welcome"), "/welcome", "{loops}");
        }
    }
}
