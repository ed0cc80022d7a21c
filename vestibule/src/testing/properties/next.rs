//! The page to go to after the log-in.

use http::{HeaderValue, Uri};
use url::Url;

use crate::login::{Next, login_url};
use crate::web::PublicUrl;

/// Checks the `next` of a request: it leads to a page of this site, as browsers read it, and stays
/// the same when it is passed on.
///
/// # Panics
/// When it leads elsewhere, or to another page when it is read again.
pub fn next(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    let next = Next::from(text);
    let Some(path) = next.path() else {
        return;
    };

    let page = Url::parse("https://example.com/a/b").expect("a URL");
    let target = page.join(path).expect("a path is read by browsers");
    assert_eq!(target.origin(), page.origin(), "{path}");
    assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
    assert!(path.is_ascii(), "{path}");
    assert!(HeaderValue::from_str(path).is_ok(), "{path}");

    let app: PublicUrl = "https://example.com/a".parse().expect("a public URL");
    let is_in_app = ["/a", "/a/"].contains(&target.path()) || target.path().starts_with("/a/");
    match next.clone().below(&app).path() {
        Some(below) => assert!(below == path && is_in_app, "{below} is not below /a"),
        None => assert!(!is_in_app || path.contains('%'), "{path} is below /a"),
    }

    assert_eq!(Next::from(path).path(), Some(path), "read again");
    let origin: PublicUrl = "https://example.com".parse().expect("an origin");
    let address: Uri = (login_url("/login?a=b", path, &origin).parse()).expect("an address");
    assert_eq!(Next::of_query(&address).path(), Some(path), "{address}");
}
