//! Every page, every file and the errors, as a visitor, a user and an admin get them.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contents;
mod files;
mod headers;
mod sub_path;

use vestibule::accounts::ADMIN;
use vestibule::testing::{TestApp, TestClient, TestResponse};

const JSON: (&str, &str) = ("accept", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A site with the user alice and the admin carol.
struct Pages {
    app: TestApp,
    visitor: TestClient,
    alice: TestClient,
    carol: TestClient,
    /// What can be asked for by GET.
    paths: Vec<String>,
    /// The path in front of them.
    base: String,
}

/// A response, and what was asked.
struct Answer {
    asked: String,
    response: TestResponse,
}

impl Pages {
    async fn new() -> Self {
        Self::at("https://example.com").await
    }

    /// At this public URL.
    async fn at(url: &str) -> Self {
        let app = TestApp::with(|config| {
            config.public_url = url.parse().unwrap();
            config.users_can_close_account = true;
        });
        let app = app.await;
        let (alice, carol) = (app.registered("alice").await, app.registered("carol").await);
        app.grant("carol", ADMIN).await;
        app.log_in(&carol, "carol").await;
        let table = app.registered("bob").await.route_table().await;
        let id = app.account("alice").await.id;
        let filled_in = |path: &str| {
            path.replace("{file}", "show-password.js")
                .replace("{name}", ADMIN)
                .replace("{id}", id.as_str())
        };
        let routes = table.routes().iter().filter(|route| route.method == "GET");
        let paths: Vec<_> = routes.map(|route| filled_in(&route.path)).collect();
        assert!(paths.len() > 10, "{paths:?}");
        for path in &paths {
            assert!(
                !path.contains('{'),
                "say in this test what {path} is filled with"
            );
        }
        Self {
            visitor: app.browser(),
            base: app.site.public_url().path().to_owned(),
            app,
            alice,
            carol,
            paths,
        }
    }

    fn browsers(&self) -> [&TestClient; 3] {
        [&self.visitor, &self.alice, &self.carol]
    }

    /// Each of the paths, as a page and as JSON, to each of the browsers; and the errors.
    async fn answers(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        let nowhere = format!("{}/nowhere", self.base);
        for browser in self.browsers() {
            for path in self.paths.iter().chain([&nowhere]) {
                for accepted in ["text/html", JSON.1] {
                    let response = browser.get_with(path, &[("accept", accepted)]).await;
                    let asked = format!("{path} as {accepted}: {}", response.status);
                    answers.push(Answer { asked, response });
                }
            }
            for (path, headers, body) in [
                ("/welcome", &[FORM][..], ""),
                ("/login", &[FORM], "username=nobody&password=wrong"),
                ("/login", &[FORM, JSON], "username=nobody&password=wrong"),
                ("/login", &[FORM, ("sec-fetch-site", "cross-site")], ""),
                ("/register", &[FORM], "username=a&password=b"),
                ("/register", &[("content-type", "text/plain")], "username=a"),
            ] {
                let path = format!("{}{path}", self.base);
                let response = browser.post_with(&path, headers, body).await;
                let asked = format!("POST {path} {body}: {}", response.status);
                assert!(response.status.is_client_error(), "{asked}");
                answers.push(Answer { asked, response });
            }
        }
        answers
    }

    /// Those of the answers that are pages.
    async fn html(&self) -> Vec<Answer> {
        let mut answers = self.answers().await;
        answers.retain(|answer| answer.content_type().starts_with("text/html"));
        assert!(answers.len() > 30);
        answers
    }
}

impl Answer {
    /// The page with each slash as such: templates write those of values as `&#x2f;`.
    fn html(&self) -> String {
        self.response.text().replace("&#x2f;", "/")
    }

    fn content_type(&self) -> &str {
        self.response.header("content-type").unwrap_or_default()
    }
}
