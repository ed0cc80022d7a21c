//! WebSocket handshakes.

use http::header::UPGRADE;
use http::{HeaderMap, Method};

/// Whether a request asks to open a WebSocket: by `Upgrade` in HTTP/1.1 (RFC 6455), or by extended
/// CONNECT in HTTP/2 and HTTP/3 (RFC 8441, RFC 9220). An app is no proxy, so it has no other use for
/// CONNECT.
pub(crate) fn is_handshake(method: &Method, headers: &HeaderMap) -> bool {
    let upgrades = headers.get_all(UPGRADE).iter();
    let mut protocols = upgrades
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    *method == Method::CONNECT
        || protocols.any(|protocol| {
            // A version may follow the name.
            let name = protocol.split('/').next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case("websocket")
        })
}

#[cfg(test)]
mod tests {
    use http::header::UPGRADE;
    use http::{HeaderMap, HeaderValue, Method};

    use super::is_handshake;

    #[test]
    fn a_handshake_is_known_in_any_case_and_line_and_by_connect() {
        for (lines, is_one) in [
            (&["websocket"][..], true),
            (&["WebSocket"], true),
            (&["h2c", "websocket"], true),
            (&["h2c, websocket/13"], true),
            (&["h2c"], false),
            (&["websockets"], false),
            (&[], false),
        ] {
            let values = lines.iter().copied().map(HeaderValue::from_static);
            let headers: HeaderMap = values.map(|value| (UPGRADE, value)).collect();
            assert_eq!(is_handshake(&Method::GET, &headers), is_one, "{lines:?}");
        }
        assert!(is_handshake(&Method::CONNECT, &HeaderMap::new()));
    }
}
