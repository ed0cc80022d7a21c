//! The looks of a site: color, logo, links, files of its own, and texts.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use http::StatusCode;
use tempfile::TempDir;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};
use vestibule::testing::TestApp;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

#[tokio::test]
async fn a_site_shows_its_logo_color_links_and_theme_on_every_page() {
    let files = folder(&[
        ("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ("theme.css", ":root { --radius: 0 }"),
        ("icon.svg", "<svg/>"),
        (".hidden", "secret"),
    ]);
    let path = files.path().to_owned();
    let app = TestApp::with(move |config| {
        config.looks.static_folder = Some(path);
        config.looks.logo = Some("logo.svg".to_owned());
        config.looks.accent_color = Some("#7a1fa2".to_owned());
        config.looks.footer_links = vec![("Privacy & more".to_owned(), "/privacy".to_owned())];
    });
    let app = app.await;
    let browser = app.browser();

    for path in ["/login", "/register"] {
        let page = browser.get(path).await;
        let text = page.text();
        let links: Vec<_> = text.match_indices("rel=\"stylesheet\"").collect();
        assert_eq!(links.len(), 3, "{text}");
        let theme = text.find("/static/theme.css?v=").unwrap();
        assert!(text.find("/static/vestibule.css?v=").unwrap() < theme);
        assert!(text.contains("<img src=\"/static/logo.svg?v="));
        assert!(text.contains("<a href=\"/privacy\">Privacy &amp; more</a>"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("style-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
    let theme = browser.get("/static/theme.css").await;
    assert_eq!(
        theme.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    assert_eq!(theme.text(), ":root { --radius: 0 }");
    let accent = browser.get("/static/accent.css").await;
    assert!(accent.text().contains("light-dark(#7a1fa2, "));
    let icon = browser.get("/static/icon.svg").await;
    assert_eq!(icon.text(), "<svg/>", "in place of the site's own");
}

/// Attack: files beside or above the folder, and hidden ones.
#[tokio::test]
async fn no_file_but_those_of_the_folder_is_served() {
    let outer = folder(&[("secret.txt", "secret")]);
    let inner = outer.path().join("static");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join(".env.txt"), "secret").unwrap();
    fs::create_dir(inner.join("below")).unwrap();
    fs::write(inner.join("below/more.txt"), "secret").unwrap();
    let app = TestApp::with(move |config| config.looks.static_folder = Some(inner)).await;
    let browser = app.browser();

    for path in [
        "/static/secret.txt",
        "/static/../secret.txt",
        "/static/..%2Fsecret.txt",
        "/static/%2e%2e%2fsecret.txt",
        "/static/.env.txt",
        "/static/below/more.txt",
        "/static/below%2Fmore.txt",
    ] {
        let answer = browser.get(path).await;
        assert_ne!(answer.status, StatusCode::OK, "{path}");
        assert!(
            !answer.text().contains("secret\n") && answer.text() != "secret",
            "{path}"
        );
    }
}

/// The message of a site that does not start.
async fn error_of(configure: impl FnOnce(&mut SiteConfig)) -> String {
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let key = SecretKey::generate(&Random::system()).unwrap();
    let mut config = SiteConfig::new("http://127.0.0.1:3000".parse().unwrap(), key);
    configure(&mut config);
    Site::open(database, config).await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_cannot_be_shown_is_an_error_at_the_start_that_says_why() {
    let page = folder(&[("page.html", "<script>")]);
    let texts = folder(&[("de.ftl", "log-in = { $nobody }")]);
    let at = |folder: &TempDir| Some(folder.path().to_owned());

    let error = error_of(|config| config.looks.static_folder = at(&page)).await;
    assert!(
        error.contains("page.html: a file of this kind is not served"),
        "{error}"
    );
    let error = error_of(|config| config.looks.static_folder = Some(Path::new("absent").into()));
    assert!(error.await.contains("cannot read absent"));
    let error = error_of(|config| config.looks.logo = Some("logo.svg".to_owned())).await;
    assert!(error.contains("no logo `logo.svg`"), "{error}");
    let error = error_of(|config| config.looks.accent_color = Some("#ffcc00".to_owned())).await;
    assert!(error.contains("too light"), "{error}");
    let error = error_of(|config| {
        config.looks.footer_links = vec![("Click".to_owned(), "javascript:alert(1)".to_owned())];
    });
    assert!(
        error
            .await
            .contains("`Click=javascript:alert(1)` is no link")
    );
    let error = error_of(|config| config.texts = at(&texts)).await;
    assert!(
        error.contains("`log-in` gets no argument `$nobody`"),
        "{error}"
    );
    let error = error_of(|config| config.languages = vec!["tlh".to_owned()]).await;
    assert!(error.contains("no texts in the language `tlh`"), "{error}");
}

#[tokio::test]
async fn a_template_of_the_apps_own_has_the_texts_too_and_a_wrong_name_is_an_error() {
    let templates = folder(&[(
        "welcome.html",
        "{% extends \"base.html\" %}{% block content %}{% set name %}<b>{{ current_user.username }}</b>{% endset %}\
         {{ t(\"welcome-greeting\", username=name) }} {{ t(\"welcome-greeting\", username=\"<i>\") }}{% endblock %}",
    )]);
    let path = templates.path().to_owned();
    let app = TestApp::with(move |config| config.templates = Some(path)).await;
    let alice = app.registered("alice").await;

    let page = alice
        .get_with("/welcome", &[("accept-language", "de")])
        .await;

    assert!(
        page.text()
            .contains("Willkommen, <b>alice</b> Willkommen, &lt;i&gt;"),
        "{}",
        page.text()
    );
    let wrong = folder(&[("welcome.html", "{{ t(\"welcome-greting\") }}")]);
    let error = error_of(|config| config.templates = Some(wrong.path().to_owned())).await;
    assert!(
        error.contains("there is no text welcome-greting"),
        "{error}"
    );
}
