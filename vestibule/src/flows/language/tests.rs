#![cfg(feature = "sqlite")]

use http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn a_visitor_chooses_a_language_and_keeps_it_through_the_log_in() {
    let app = TestApp::new().await;
    let browser = app.browser();

    let english = browser.get("/login").await;
    assert!(english.text().contains("<html lang=\"en\" dir=\"ltr\">"));
    assert_eq!(english.header("content-language"), Some("en"));
    assert!(
        browser.cookie("__Host-language").is_none(),
        "nothing else sets it"
    );
    let fields = [("language", "de"), ("next", "/login?next=%2Fwelcome")];
    let chosen = browser.post("/language", &fields).await;

    assert_eq!(chosen.status, StatusCode::SEE_OTHER);
    assert_eq!(chosen.location(), Some("/login?next=%2Fwelcome"));
    let german = browser.get("/login").await;
    assert!(german.text().contains("<html lang=\"de\" dir=\"ltr\">"));
    assert!(german.text().contains("<h1>Anmelden</h1>"));
    let wrong = browser
        .post("/login", &[("username", "alice"), ("password", "x")])
        .await;
    assert!(wrong.text().contains("Benutzername oder Passwort falsch."));
    let missing = browser.get("/nirgendwo").await;
    assert!(
        missing.text().contains("Seite nicht gefunden") || missing.status == StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_script_gets_its_problems_in_its_language() {
    let app = TestApp::new().await;
    let browser = app.browser();
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("accept-language", "es-MX, es;q=0.9"),
    ];

    let answer = browser.post_with("/login", &headers, "{}".to_owned()).await;

    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.header("content-language"), Some("es"));
    assert_eq!(
        answer.json()["errors"][0]["detail"],
        "Escribe tu nombre de usuario."
    );
    assert_eq!(
        answer.json()["code"],
        "invalid_fields",
        "codes are never translated"
    );
    let unknown = r#"{"colour": "red"}"#.to_owned();
    let unknown = browser.post_with("/login", &headers, unknown).await;
    let detail = unknown.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("El campo «colour»"), "{detail}");
}

/// Attack: an address of another site, or a language that no page has.
#[tokio::test]
async fn the_choice_redirects_only_within_the_site_and_knows_only_its_languages() {
    let app = TestApp::new().await;
    let browser = app.browser();

    for next in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let chosen = browser
            .post("/language", &[("language", "de"), ("next", next)])
            .await;
        assert_eq!(chosen.location(), Some("/"), "{next}");
    }
    let other = app.browser();
    for language in ["fr", "", "de; Domain=evil.example", "\"><script>"] {
        let answer = other
            .post_json("/language", &json!({ "language": language }))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{language}"
        );
        assert!(other.cookie("__Host-language").is_none());
    }
    let foreign = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];
    let forged = other
        .post_with("/language", &foreign, "language=de".to_owned())
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert!(other.cookie("__Host-language").is_none());
}

#[tokio::test]
async fn a_page_says_by_what_its_language_was_chosen_and_static_files_do_not_depend_on_it() {
    let app = TestApp::new().await;
    let browser = app.browser();

    let page = browser.get("/login").await;
    let vary: Vec<_> = page.headers.get_all("vary").into_iter().collect();
    assert_eq!(vary, ["cookie", "accept-language"]);
    let style = browser.get("/static/vestibule.css").await;
    assert_eq!(style.header("vary"), None);
    assert_eq!(style.header("content-language"), None);
}

#[tokio::test]
async fn a_site_of_one_language_has_no_choice_and_does_not_vary_by_it() {
    let app = TestApp::with(|config| config.languages = vec!["de".to_owned()]).await;
    let browser = app.browser();

    let page = browser.get("/login").await;

    assert!(page.text().contains("<h1>Anmelden</h1>"));
    assert!(!page.text().contains("/language"));
    assert_eq!(page.header("content-language"), Some("de"));
}
