//! The `Cookie` header.

use std::sync::LazyLock;
use std::time::Duration;

use http::header::{COOKIE, HeaderMap};

use crate::clock::{Clock, Timestamp};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::session::read_both;
use crate::session::{CookieToken, RememberCookie, RememberToken, SessionCookie, SessionToken};
use crate::testing::properties::header_lines;
use crate::web::encrypted_cookies::EncryptedCookies;
use crate::web::signed_cookie::SignedCookie;

/// Checks lines of `Cookie` headers: we read a cookie only if it has exactly our name and occurs
/// once, and a signed or encrypted one only if we made it.
///
/// # Panics
/// When this does not hold.
pub fn cookies(lines: &[u8]) {
    let headers = header_lines(&COOKIE, lines);
    tokens_are_those_of_the_only_cookie_of_the_name(&headers);
    only_what_we_signed_is_read(&headers);
    only_what_we_encrypted_is_read(&headers);
}

fn tokens_are_those_of_the_only_cookie_of_the_name(headers: &HeaderMap) {
    let remember = RememberCookie::default().of("", None);
    let (session, remembered) = read_both(headers, &SessionCookie::new("", None), &remember);

    let text = only_value(headers, "__Host-session");
    let expected = text.map(|text| text.and_then(SessionToken::parse));
    let (read, expected) = (shown(session, SessionToken::to_text), expected);
    assert_eq!(
        read,
        expected.map(|token| token.map(|token| token.to_text()))
    );

    let text = only_value(headers, "__Host-remember");
    let expected = text.map(|text| text.and_then(RememberToken::parse));
    let read = shown(remembered, RememberToken::to_text);
    assert_eq!(
        read,
        expected.map(|token| token.map(|token| token.to_text()))
    );
}

/// None if there is no such cookie, and `Some(None)` if there is one that is not a token.
fn shown<T>(read: CookieToken<T>, to_text: fn(&T) -> String) -> Option<Option<String>> {
    match read {
        CookieToken::Absent => None,
        CookieToken::Malformed => Some(None),
        CookieToken::Valid(token) => Some(Some(to_text(&token))),
    }
}

/// The value of a cookie, read slowly by the grammar of RFC 6265, section 5.4. None if there is no
/// such cookie; `Some(None)` if there are several, or it is not text.
fn only_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<Option<&'a str>> {
    let lines = headers.get_all(COOKIE).into_iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (found, value) = pair.split_at_checked(equals)?;
        (found.trim_ascii_start() == name.as_bytes()).then(|| value.get(1..).unwrap_or_default())
    });
    let first = values.next()?;
    let text = str::from_utf8(first).ok().map(str::trim_ascii_end);
    Some(text.filter(|_| values.next().is_none()))
}

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const VALUE: &[u8] = b"a value of ours";

/// Cookies that we made, and their text.
struct Ours {
    signed: SignedCookie,
    signed_text: String,
    encrypted: EncryptedCookies,
    encrypted_text: String,
}

static OURS: LazyLock<Ours> = LazyLock::new(|| {
    let random = Random::insecure_seeded(1);
    let key = SecretKey::generate(&random).expect("seeded bytes make a key");
    let (clock, hour) = (Clock::manual(NOW), Duration::from_hours(1));
    let signed = SignedCookie::new("next", &key, None, clock.clone(), hour);
    let encrypted = EncryptedCookies::new("data", &key, None, (clock, random), hour);
    let made = encrypted.set("cart", VALUE).expect("seeded bytes");
    Ours {
        signed_text: signed.set(VALUE).value().to_owned(),
        signed,
        encrypted_text: made.value().to_owned(),
        encrypted,
    }
});

fn only_what_we_signed_is_read(headers: &HeaderMap) {
    let is_ours = only_value(headers, "__Host-next") == Some(Some(&OURS.signed_text));

    let read = OURS.signed.read(headers);

    assert_eq!(read.as_deref(), is_ours.then_some(VALUE));
}

fn only_what_we_encrypted_is_read(headers: &HeaderMap) {
    for (name, value) in OURS.encrypted.read(headers) {
        let text = only_value(headers, &format!("__Host-data.{name}"));
        assert_eq!((name.as_str(), &*value), ("cart", VALUE));
        assert_eq!(text, Some(Some(&*OURS.encrypted_text)));
    }
}

#[cfg(test)]
mod tests {
    use super::{OURS, cookies, header_lines};
    use http::header::COOKIE;

    /// The fuzzer cannot make such cookies, because it does not know the key.
    #[test]
    fn the_seeds_have_cookies_that_we_made() {
        let seed = include_bytes!("../../../../fuzz/seeds/cookies/ours");
        let headers = header_lines(&COOKIE, seed);

        let (signed, encrypted) = (OURS.signed.read(&headers), OURS.encrypted.read(&headers));

        let (next, cart) = (&OURS.signed_text, &OURS.encrypted_text);
        let ours = format!("__Host-next={next}; __Host-data.cart={cart}");
        assert!(signed.is_some() && encrypted.len() == 1, "{ours}");
        cookies(seed);
    }
}
