//! What stands in the pages and the scripts.

use std::collections::BTreeSet;

use http::StatusCode;
use vestibule::testing::PASSWORD;

use crate::Pages;

/// The tags of this name in a page, without their brackets.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!("<{name}");
    let rest = html.split(&*opening).skip(1);
    let rest = rest.filter(|rest| rest.starts_with([' ', '>', '\n']));
    rest.map(|rest| rest.split('>').next().unwrap()).collect()
}

/// The value of an attribute.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// F17; ASVS 3.6.1 and 3.7.1.
#[tokio::test]
async fn no_page_leads_a_browser_to_another_host() {
    let pages = Pages::new().await;
    for answer in pages.html().await {
        let html = &answer.html().replace("https://example.com", "");
        for foreign in ["://", "=\"//", "='//", " target=", " ping=", "http-equiv"] {
            assert!(!html.contains(foreign), "{foreign} in {}", answer.asked);
        }
        for name in [
            "iframe", "frame", "object", "embed", "applet", "base", "portal",
        ] {
            assert!(tags(html, name).is_empty(), "<{name}> in {}", answer.asked);
        }
    }
    for name in [
        "vestibule.css",
        "show-password.js",
        "send-once.js",
        "icon.svg",
    ] {
        let file = pages.visitor.get(&format!("/static/{name}")).await;
        let text = file.text().replace("http://www.w3.org/2000/svg", "");
        for foreign in ["://", "url(//", "@import"] {
            assert!(!text.contains(foreign), "{foreign} in {name}");
        }
    }
}

/// F18; ASVS 6.2.6, 6.2.7 and 6.4.2: password managers and paste work, and nobody is asked for a
/// hint or the answer to a secret question.
#[tokio::test]
async fn each_field_helps_those_who_fill_it_in() {
    let pages = Pages::new().await;
    let mut names = BTreeSet::new();
    let mut passwords = BTreeSet::new();
    for answer in pages.html().await {
        let html = &answer.html();
        for form in tags(html, "form") {
            let action = attribute(form, "action").unwrap();
            assert!(
                action.starts_with('/') && !action.starts_with("//"),
                "{}",
                answer.asked
            );
        }
        for against in ["onpaste", "oncopy", "ondrop", "oncontextmenu", "readonly"] {
            assert!(!html.contains(against), "{against} in {}", answer.asked);
        }
        for input in tags(html, "input") {
            let (kind, name) = (attribute(input, "type"), attribute(input, "name").unwrap());
            let help = attribute(input, "autocomplete");
            if name.contains("password") {
                assert_eq!(kind, Some("password"), "{}", answer.asked);
                passwords.insert((name.to_owned(), help.unwrap().to_owned()));
                assert!(!input.contains("value="), "{}", answer.asked);
            }
            if answer.asked.starts_with("/admin") {
                continue;
            }
            names.insert(name.to_owned());
            if name == "username" {
                // Browsers suggest passkeys there too.
                let suggests_passkeys = answer.asked.contains("/login");
                let right = match suggests_passkeys {
                    true => "username webauthn",
                    false => "username",
                };
                assert_eq!(help, Some(right), "{}", answer.asked);
            }
        }
    }
    let pairs = passwords.iter().map(|(name, help)| (&**name, &**help));
    assert_eq!(
        pairs.collect::<Vec<_>>(),
        [
            ("current_password", "current-password"),
            ("new_password", "new-password"),
            ("password", "current-password"),
            ("password", "new-password"),
        ]
    );
    assert_eq!(
        names.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "code",
            "current_password",
            "name",
            "new_password",
            "next",
            "nonce",
            "password",
            "remember",
            "username",
        ]
    );
}

/// Phones correct names, and screen readers go by headings.
#[tokio::test]
async fn names_are_left_as_they_are_typed_and_headings_begin_with_the_first() {
    let pages = Pages::new().await;
    let mut names = 0;
    for answer in pages.html().await {
        let html = &answer.html();
        for input in tags(html, "input") {
            let is_shown = !input.contains(" hidden") && attribute(input, "type") != Some("hidden");
            if attribute(input, "name") == Some("username") && is_shown {
                assert_eq!(
                    attribute(input, "autocorrect"),
                    Some("off"),
                    "{}",
                    answer.asked
                );
                names += 1;
            }
        }
        let (first, second) = (html.find("<h1"), html.find("<h2"));
        assert!(
            second.is_none_or(|second| first.unwrap() < second),
            "{}",
            answer.asked
        );
        assert!(
            !html.contains("role=\"status\""),
            "{}: there from the start",
            answer.asked
        );
    }
    assert!(names > 3);
}

/// WCAG 2.2, 1.4.11: the border of a field against what is in and around it.
#[tokio::test]
async fn the_border_of_a_field_is_seen_in_the_light_and_in_the_dark() {
    let pages = Pages::new().await;
    let style = pages.visitor.get("/static/vestibule.css").await;
    let color = |name: &str, is_dark: bool| {
        let (_, rest) = style
            .text()
            .split_once(&format!("--{name}: light-dark("))
            .unwrap();
        let pair = rest.split(')').next().unwrap();
        pair.split(", ")
            .nth(usize::from(is_dark))
            .unwrap()
            .to_owned()
    };
    for is_dark in [false, true] {
        for around in ["ground", "card", "field"] {
            let contrast = contrast(&color("border", is_dark), &color(around, is_dark));
            assert!(contrast >= 3.0, "{around}, dark: {is_dark}: {contrast}");
        }
    }
}

/// WCAG's contrast ratio of two colors, as `#8b949e` or `#fff`.
fn contrast(one: &str, other: &str) -> f64 {
    let luminance = |color: &str| {
        let digits = color.trim_start_matches('#');
        let width = digits.len() / 3;
        let part = |i: usize| {
            let hex = &digits[i * width..(i + 1) * width];
            let hex = hex.repeat(2 / width);
            let part = f64::from(u8::from_str_radix(&hex, 16).unwrap()) / 255.0;
            match part <= 0.040_45 {
                true => part / 12.92,
                false => ((part + 0.055) / 1.055).powf(2.4),
            }
        };
        0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// F19; ASVS 14.3.3.
#[tokio::test]
async fn no_script_keeps_anything_in_the_browser() {
    let pages = Pages::new().await;
    let mut scripts = BTreeSet::new();
    for answer in pages.html().await {
        let html = answer.html();
        let tags = tags(&html, "script");
        scripts.extend(
            tags.into_iter()
                .map(|tag| attribute(tag, "src").unwrap().to_owned()),
        );
    }
    assert!(!scripts.is_empty());
    for script in scripts {
        let code = pages.visitor.get(&script).await;
        assert_eq!(code.status, StatusCode::OK, "{script}");
        for way in [
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "document.cookie",
            "cookieStore",
            "caches",
            "serviceWorker",
            "postMessage",
            "window.name",
        ] {
            assert!(!code.text().contains(way), "{way} in {script}");
        }
    }
}

/// I4.
#[tokio::test]
async fn what_reads_like_a_template_is_shown_as_it_was_typed() {
    const TYPED: &str = "{{7*7}} ${7*7} {% raw %} #{7*7} %s%n {0}";
    let pages = Pages::new().await;
    let browser = pages.app.browser().user_agent(TYPED);
    let wrong = [("username", TYPED), ("password", "{{7*7}}")];

    let failed = browser.post("/login", &wrong).await;
    let asked_for = browser.get("/login?next=/%7B%7B7*7%7D%7D").await;
    let fields = [("username", "alice"), ("password", PASSWORD)];
    browser.post("/login", &fields).await;
    let sessions = browser.get("/account/sessions").await;

    assert!(
        failed.text().contains(&format!("value=\"{TYPED}\"")),
        "{}",
        failed.text()
    );
    assert!(asked_for.text().contains("7*7"), "{}", asked_for.text());
    assert!(sessions.text().contains(TYPED), "{}", sessions.text());
}
