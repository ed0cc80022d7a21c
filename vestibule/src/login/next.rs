//! Where to go after the log-in, when the visitor says so.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::Url;

/// The `next` that a request brought: where to go after the log-in, if that is here.
///
/// Takes any text and never fails; [`or`](Self::or) gives it back only if a browser would stay
/// on this very origin with it.
///
/// ```
/// use vestibule::login::Next;
///
/// assert_eq!(Next::from("/reports?year=2026").or("/welcome"), "/reports?year=2026");
/// assert_eq!(Next::from("//evil.example").or("/welcome"), "/welcome");
/// assert_eq!(Next::default().or("/welcome"), "/welcome");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Next(String);

impl Next {
    const MAX_BYTES: usize = 2_048;

    /// The path to go to, or `default` where there is none that is safe.
    pub fn or<'a>(&'a self, default: &'a str) -> &'a str {
        self.path().unwrap_or(default)
    }

    /// The path to go to, if it is safe.
    ///
    /// It must start with one slash, and mean a path of this origin to a WHATWG URL parser, as
    /// browsers have it: as it stands, and once more after decoding, for the proxies and
    /// frameworks that decode a path a second time. A path that such a parser normalises to
    /// one with two slashes in front (`/.//evil.example`) is refused too: it is ours, but the
    /// next redirect by that path would leave.
    pub fn path(&self) -> Option<&str> {
        let text = &*self.0;
        if text.len() > Self::MAX_BYTES || !is_own_path(text) {
            return None;
        }
        let end_of_path = text.find(['?', '#']).unwrap_or(text.len());
        let decoded = percent_decode_str(&text[..end_of_path])
            .decode_utf8()
            .ok()?;
        is_own_path(&decoded).then_some(text)
    }

    /// No destination where it would lead to one of these pages: a log-in that leads back to
    /// the login page, or out again.
    pub(crate) fn unless(self, pages: &[&str]) -> Self {
        let leads_to_one = self.path().is_some_and(|path| {
            let normal = base().join(path);
            normal.is_ok_and(|url| pages.contains(&url.path()))
        });
        if leads_to_one { Self::default() } else { self }
    }
}

impl From<&str> for Next {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Next {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Any origin will do to judge a path by.
fn base() -> Url {
    Url::parse("http://vestibule.invalid/").expect("a valid URL")
}

fn is_own_path(text: &str) -> bool {
    // What a browser strips or turns around (WHATWG URL section 4.4) has no place in a path.
    if !text.starts_with('/') || text.chars().any(|c| c.is_control() || c == '\\') {
        return false;
    }
    let base = base();
    base.join(text)
        .is_ok_and(|url| url.origin() == base.origin() && !url.path().starts_with("//"))
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
            "/佐藤",
            "/a/b/../c",
            "/mail@example.com",
            "/page#part",
        ] {
            assert_eq!(Next::from(path).path(), Some(path), "{path}");
        }
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
    }

    #[test]
    fn a_log_in_does_not_lead_back_to_the_log_in() {
        for loops in ["/login", "/login?next=/login", "/x/../logout", "/login#a"] {
            let next = Next::from(loops).unless(&["/login", "/logout"]);

            assert_eq!(next.or("/welcome"), "/welcome", "{loops}");
        }
    }
}
