//! What every flow keeps to.

use http::StatusCode;

use super::flows_for_accounts;
use crate::accounts::ADMIN;
use crate::testing::TestApp;

#[tokio::test]
async fn every_page_answers_a_script_in_json() {
    let app = TestApp::with(|config| config.users_can_delete_account = true).await;
    let admin = app.registered("alice").await;
    app.grant("alice", ADMIN).await;
    app.log_in(&admin, "alice").await;
    let anonymous = app.browser();
    let accepts = [("accept", "application/json")];
    let mut views = 0;

    for flow in flows_for_accounts() {
        for (name, path) in flow.paths {
            for browser in [&admin, &anonymous] {
                let response = browser.get_with(path, &accepts).await;

                if response.status == StatusCode::SEE_OTHER {
                    continue;
                }
                let kind = response.header("content-type").unwrap_or_default();
                let expected = match response.status {
                    StatusCode::OK => "application/json",
                    _ => "application/problem+json",
                };
                assert!(kind.starts_with(expected), "{name}: {kind}");
                let body = response.json();
                match response.status {
                    StatusCode::OK => views += 1,
                    _ => assert!(body["code"].is_string(), "{name}: {body}"),
                }
            }
        }
    }

    assert!(views >= flows_for_accounts().len(), "{views} views");
}
