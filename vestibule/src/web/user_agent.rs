//! The browser that a `User-Agent` names.

/// The browser and system that a `User-Agent` names, such as `Firefox on Linux`, so that users
/// recognize theirs. The client can send any text here.
///
/// For compatibility with old servers, browsers also name other browsers, so the order of the lists
/// matters. `None` if neither list has a match.
pub(crate) fn browser_and_system(user_agent: &str) -> Option<String> {
    const BROWSERS: [(&str, &str); 8] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Windows", "Windows"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(text, _)| user_agent.contains(text));
        found.map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(name), None) | (None, Some(name)) => Some(name.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::browser_and_system;

    #[test]
    fn a_browser_is_known_by_what_it_alone_claims() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                       Gecko) Chrome/140.0.0.0 Safari/537.36";
        for (user_agent, name) in [
            (windows, Some("Chrome on Windows")),
            (&format!("{windows} Edg/140.0.0.0"), Some("Edge on Windows")),
            (
                &format!("{windows} OPR/120.0.0.0"),
                Some("Opera on Windows"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
                Some("Firefox on Linux"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
                Some("Safari on iPhone"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Mobile Safari/537.36",
                Some("Chrome on Android"),
            ),
            ("curl/8.16.0", None),
            ("", None),
            ("<script>", None),
        ] {
            assert_eq!(
                browser_and_system(user_agent).as_deref(),
                name,
                "{user_agent}"
            );
        }
    }
}
