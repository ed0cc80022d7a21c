//! The bodies of forms.

use std::sync::LazyLock;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use url::form_urlencoded;

use crate::testing::{TestApp, TestClient, TestResponse};

/// The pages that receive a body. They change nothing here: there is no account, and no password is
/// long enough for one.
const PATHS: [&str; 2] = ["/login", "/register"];

/// Checks a page's number and a body: sent as a form and as JSON, it never causes an error of ours.
/// The fields of a form get the same answer when they are sent as JSON.
///
/// # Panics
/// When an answer is an error, has no code, or differs.
pub fn forms(data: &[u8]) {
    let Some((number, body)) = data.split_first() else {
        return;
    };
    let path = PATHS[usize::from(*number) % PATHS.len()];
    let site = &*SITE;
    site.runtime.block_on(async {
        let as_json = site.post(path, "application/json", body).await;
        check(&as_json);
        let as_form = site
            .post(path, "application/x-www-form-urlencoded", body)
            .await;
        check(&as_form);
        if let Some(object) = object_of(body) {
            let again = site.post(path, "application/json", object.as_bytes()).await;
            assert_eq!(code(&again), code(&as_form), "{path}: {object}");
        }
    });
}

struct FuzzedSite {
    runtime: Runtime,
    browser: TestClient,
}

static SITE: LazyLock<FuzzedSite> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let app = runtime.block_on(TestApp::with(|config| {
        config.throttle.is_on = false;
        config.passwords.policy.min_chars = 300;
    }));
    FuzzedSite {
        browser: app.browser(),
        runtime,
    }
});

impl FuzzedSite {
    async fn post(&self, path: &str, content_type: &str, body: &[u8]) -> TestResponse {
        let headers = [
            ("content-type", content_type),
            ("accept", "application/json"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.browser.post_with(path, &headers, body.to_vec()).await
    }
}

fn check(answer: &TestResponse) {
    assert!(answer.status.is_client_error(), "{answer:?}");
    assert!(code(answer).is_string(), "{answer:?}");
}

fn code(answer: &TestResponse) -> Value {
    answer.json()["code"].clone()
}

/// The fields of a form as a JSON object, with each name as often as in the form. None if the form
/// is not text, because JSON has no such values.
fn object_of(form: &[u8]) -> Option<String> {
    percent_encoding::percent_decode(form).decode_utf8().ok()?;
    let fields = form_urlencoded::parse(form)
        .map(|(name, value)| format!("{}:{}", Value::from(&*name), Value::from(&*value)));
    Some(format!("{{{}}}", fields.collect::<Vec<_>>().join(",")))
}
