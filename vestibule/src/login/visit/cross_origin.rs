//! Responses to requests from another origin.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderName, StatusCode};

use crate::login::User;
use crate::login::visit::Visit;
use crate::web::Problem;
use crate::web::text::Text;

/// Anybody can send such requests, so not each has a line.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// More of a header is no origin.
const MAX_ORIGIN_CHARS: usize = 100;

impl<U: User> Visit<U> {
    /// Creates the response, emits the event, and says in the log what may be wrong: the site may
    /// have another address than its settings say.
    pub(in crate::login) async fn reject_cross_origin(&self, request: &Parts) -> Response {
        self.warn_of_origin(request);
        self.emit_cross_origin(request).await;
        let problem = Problem::new(StatusCode::FORBIDDEN).code("cross_origin");
        let problem = match &self.settings().public_url {
            Some(url) => problem
                .detail(format!(
                    "This request came from another site, and was not carried out. This site is at \
                     {url}: open it there, and try again."
                ))
                .text(Text::named("problem-cross-origin-elsewhere").with("url", url.to_string()))
                .link(url),
            None => problem
                .detail(
                    "This request came from another site, and was not carried out. If you sent it \
                     yourself, go back, reload the page and send it again.",
                )
                .text(Text::named("problem-cross-origin")),
        };
        problem.into_response()
    }

    fn warn_of_origin(&self, request: &Parts) {
        let settings = self.settings();
        let told = &self.context.cross_origin_told;
        if !told.is_due(LOG_EVERY, settings.clock.now()) {
            return;
        }
        let text = |name: HeaderName| {
            let value = request
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok());
            let value = value.map(|value| value.chars().take(MAX_ORIGIN_CHARS));
            value.map_or_else(|| "unknown".to_owned(), Iterator::collect)
        };
        match &settings.public_url {
            Some(url) => tracing::warn!(
                origin = text(ORIGIN),
                host = text(HOST),
                public_url = %url,
                "rejected a request from another origin than the public URL; if browsers reach the \
                 app at that origin, say so by `--public-url` (`LoginManager::public_url`); if a \
                 front end of yours is there, name it with `LoginManager::trusted_origin`"
            ),
            None => tracing::warn!(
                origin = text(ORIGIN),
                host = text(HOST),
                "rejected a request from another origin; the app has no public URL: say where \
                 browsers reach it by `LoginManager::public_url`"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::routing::post;
    use http::StatusCode;

    use crate::clock::{Clock, Timestamp};
    use crate::login::visit::tests::manager;
    use crate::testing::TestClient;
    use crate::testing::log::Log;

    #[tokio::test]
    async fn the_log_names_both_origins_and_the_flag_and_does_so_once_a_minute() {
        let log = Log::default();
        let _guard = log.begin();
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let manager = manager()
            .public_url("http://127.0.0.1:5000".parse().unwrap())
            .clock(clock.clone());
        let routes = Router::new().route("/save", post(async || "saved"));
        let client = TestClient::new(routes.layer(manager.layer())).host("nas.example");
        let save = async |origin: &str| {
            let response = client.post_with("/save", &[("origin", origin)], "").await;
            assert_eq!(response.status, StatusCode::FORBIDDEN);
        };
        let lines = |part: &str| log.text().matches(part).count();

        save("https://nas.example").await;
        for part in [
            "origin=\"https://nas.example\"",
            "host=\"nas.example\"",
            "public_url=http://127.0.0.1:5000",
            "--public-url",
        ] {
            assert_eq!(lines(part), 1, "{part} in {}", log.text());
        }
        save(&format!("https://{}", "a".repeat(5_000))).await;
        assert_eq!(lines("--public-url"), 1);
        clock.advance(Duration::from_secs(60));
        save(&format!("https://{}", "a".repeat(5_000))).await;
        assert_eq!(lines("--public-url"), 2);
        assert!(log.text().len() < 4_000);
    }
}
