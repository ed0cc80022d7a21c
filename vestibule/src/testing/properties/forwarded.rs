//! The headers of proxies.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::Extensions;
use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};

use crate::testing::properties::header_lines;
use crate::web::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Checks lines of `X-Forwarded-For` headers: with or without a trusted proxy, nothing that a
/// visitor sends changes their address. `Forwarded` is never read.
///
/// # Panics
/// When the address changes.
pub fn forwarded(lines: &[u8]) {
    let [proxy, visitor]: [IpAddr; 2] = [[10, 0, 0, 1].into(), [198, 51, 100, 7].into()];
    let sent = header_lines(&X_FORWARDED_FOR, lines);

    assert_eq!(address(visitor, &sent), visitor, "no proxy");

    let mut in_one_line = sent.clone();
    if let Some(line) = in_one_line.remove(X_FORWARDED_FOR) {
        let appended = [line.as_bytes(), b", ", visitor.to_string().as_bytes()].concat();
        let line = HeaderValue::from_bytes(&appended).expect("two values of a header are one");
        in_one_line.append(X_FORWARDED_FOR, line);
        assert_eq!(address(proxy, &in_one_line), visitor, "appended by a proxy");
    }

    let mut in_two_lines = sent.clone();
    let line = visitor
        .to_string()
        .parse()
        .expect("an address is a header's value");
    in_two_lines.append(X_FORWARDED_FOR, line);
    assert_eq!(address(proxy, &in_two_lines), visitor, "added by a proxy");

    let read = address(proxy, &sent);
    let mut with_another = header_lines(&FORWARDED, lines);
    with_another.extend(sent);
    assert_eq!(address(proxy, &with_another), read, "with `Forwarded`");
}

/// The address of the visitor in a request that comes from `peer`.
fn address(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let proxies: TrustedProxies = "10.0.0.0/8".parse().expect("a network");
    let mut extensions = Extensions::new();
    extensions.insert(ConnectInfo(SocketAddr::new(peer, 50_000)));
    let found = proxies.visitor(&extensions, headers);
    found.expect("the address of the connection is known")
}
