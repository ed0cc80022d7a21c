use super::{PublicUrl, is_below};

#[test]
fn https_anywhere_and_http_on_this_machine_are_accepted() {
    for (text, origin) in [
        ("https://example.com", "https://example.com"),
        ("https://example.com:8443/", "https://example.com:8443"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:80", "http://[::1]"),
    ] {
        assert_eq!(text.parse::<PublicUrl>().unwrap().origin(), origin);
    }
}

#[test]
fn a_path_is_kept_without_its_last_slash_and_is_that_of_the_routes_unless_it_is_removed() {
    for (text, shown, path) in [
        ("https://example.com/", "https://example.com", ""),
        ("https://example.com/app", "https://example.com/app", "/app"),
        (
            "https://example.com/a/b/",
            "https://example.com/a/b",
            "/a/b",
        ),
        ("https://example.com/a/../b", "https://example.com/b", "/b"),
    ] {
        let url: PublicUrl = text.parse().unwrap();

        assert_eq!((&*url.to_string(), url.path()), (shown, path));
        assert_eq!(url.origin(), "https://example.com");
        assert_eq!(url.route_path(), path);
        let removed = url.proxy_removes_path();
        assert_eq!((removed.path(), removed.route_path()), (path, ""));
    }
}

#[test]
fn plain_http_on_a_private_network_is_accepted_if_its_host_is_named() {
    let parse = PublicUrl::dangerous_plain_http_on_private_network;
    for (text, host) in [
        ("http://192.168.1.20:5000", "192.168.1.20"),
        ("http://10.0.0.7", "10.0.0.7"),
        ("http://172.16.0.1", "172.16.0.1"),
        ("http://169.254.1.1", "169.254.1.1"),
        ("http://[fd00::1]:5000", "fd00::1"),
        ("http://[fe80::1]", "[fe80::1]"),
        ("http://nas.local/app", "NAS.local"),
    ] {
        let url = parse(text, host).unwrap();

        assert_eq!(url.to_string(), text);
        assert!(!url.is_https() && !url.is_loopback());
        assert!(
            text.parse::<PublicUrl>().is_err(),
            "only if it is asked for"
        );
        assert!(!url.is_at("localhost:5000") && !url.is_at("127.0.0.1:5000"));
    }
}

#[test]
fn plain_http_to_a_public_address_is_refused_even_if_it_is_named() {
    let parse = PublicUrl::dangerous_plain_http_on_private_network;
    for (text, host, why) in [
        ("http://203.0.113.7", "203.0.113.7", "public address"),
        ("http://172.32.0.1", "172.32.0.1", "public address"),
        ("http://[2001:db8::1]", "2001:db8::1", "public address"),
        ("http://[::ffff:10.0.0.1]", "::ffff:a00:1", "public address"),
        ("http://0x0a.1", "0x0a.1", "its host is not"),
        ("http://nas.local", "other.local", "its host is not"),
        ("http://nas.local", "", "its host is not"),
    ] {
        let error = parse(text, host).unwrap_err();

        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_host_is_that_of_the_site_or_on_loopback_any_of_this_machine() {
    let site: PublicUrl = "https://example.com".parse().unwrap();
    let here: PublicUrl = "http://127.0.0.1:5000".parse().unwrap();

    for (url, host, is_at) in [
        (&site, "example.com", true),
        (&site, "EXAMPLE.com:443", true),
        (&site, "example.com:8443", false),
        (&site, "example.com.evil.example", false),
        (&site, "127.0.0.1", false),
        (&site, "", false),
        (&here, "127.0.0.1:5000", true),
        (&here, "localhost:5000", true),
        (&here, "[::1]:5000", true),
        (&here, "evil.example:5000", false),
        (&here, "127.0.0.1.evil.example:5000", false),
        (&here, "localhost.evil.example", false),
    ] {
        assert_eq!(url.is_at(host), is_at, "{url} {host}");
    }
}

#[cfg(feature = "sql")]
#[test]
fn a_host_has_the_names_by_which_visitors_know_the_site() {
    for (url, names) in [
        ("https://example.com", &["example.com", "example"][..]),
        (
            "https://www.acme.co.uk:8443",
            &["www.acme.co.uk", "www", "acme", "co"],
        ),
        ("https://192.0.2.1", &["192.0.2.1"]),
        ("http://127.0.0.1:5000", &["127.0.0.1", "localhost"]),
    ] {
        let url: PublicUrl = url.parse().unwrap();
        assert_eq!(url.host_names().collect::<Vec<_>>(), names);
    }
}

#[test]
fn anything_else_is_refused_with_the_reason() {
    for (text, why) in [
        ("http://example.com", "need https"),
        ("http://10.0.0.1", "need https"),
        ("https://example.com/a%2fb", "its path"),
        ("https://example.com/a//b", "its path"),
        ("https://example.com/{id}", "its path"),
        ("https://example.com/app?x", "a query"),
        ("http://localhost.example.com", "need https"),
        ("example.com", "cannot be"),
        ("ftp://example.com", "neither http nor https"),
        ("https://u:p@example.com", "user name"),
    ] {
        let error = text.parse::<PublicUrl>().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_path_is_below_another_only_at_a_slash() {
    for (base, path, is_it) in [
        ("", "/login", true),
        ("/app", "/app", true),
        ("/app", "/app/", true),
        ("/app", "/app/login", true),
        ("/app", "/application", false),
        ("/app", "/", false),
        ("/app", "/App/login", false),
    ] {
        assert_eq!(is_below(base, path), is_it, "{base} {path}");
    }
}
