//! A user's second factors on their page.

use http::StatusCode;
use serde_json::json;

use super::{JSON, Office, message};
use crate::testing::PASSWORD;

#[tokio::test]
async fn an_admin_sees_the_names_of_factors_and_removes_all_for_who_has_lost_them() {
    let office = Office::new().await;
    let offer = office.alice.get_with("/account/factors/totp", &JSON).await;
    let secret = offer.json()["secret"].as_str().unwrap().to_owned();
    office.app.add_totp(&office.alice).await;
    let codes = office
        .alice
        .post_json("/account/factors/recovery-codes", &json!({}))
        .await;
    let path = office.path_of("alice").await;

    let page = office.carol.get(&path).await;
    assert!(page.text().contains("Remove all second factors"));
    assert!(!page.text().contains(&secret));
    let view = office.carol.get_with(&path, &JSON).await.json();
    assert_eq!(view["factors"][0]["kind"], "totp");
    assert_eq!(view["factors"][0]["name"], "Authenticator app");
    let answer = office.press("alice", "reset-factors", &[]).await;
    let said = message(&office.carol, &answer).await;

    assert_eq!(said, "All second factors have been removed.");
    let welcome = office.alice.get("/welcome").await;
    assert_eq!(welcome.status, StatusCode::SEE_OTHER, "logged out");
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let login = office.alice.post("/login", &fields).await;
    assert_eq!(login.location(), Some("/welcome"));
    office.app.add_totp(&office.alice).await;
    let old = codes.json()["codes"][0].as_str().unwrap().to_owned();
    office.alice.post("/logout", &[]).await;
    office.alice.post("/login", &fields).await;
    let old = office.alice.post("/login/factor", &[("code", &old)]).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED, "its set has ended");
    let log = office.carol.get(&path).await;
    assert!(log.text().contains("second factors reset"));
}

#[tokio::test]
async fn nobody_resets_their_own_factors_and_nobody_else_but_an_admin_does() {
    let office = Office::new().await;
    office.app.add_totp(&office.carol).await;
    office.app.add_totp(&office.alice).await;

    let own = office.path_of("carol").await;
    assert!(
        !office
            .carol
            .get(&own)
            .await
            .text()
            .contains("Remove all second factors")
    );
    let answer = office.press("carol", "reset-factors", &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let of_alice = office.path_of("alice").await;
    let by_alice = office
        .alice
        .post(&format!("{own}/reset-factors"), &[])
        .await;
    assert_eq!(by_alice.status, StatusCode::FORBIDDEN);

    let kept = office.carol.get_with(&of_alice, &JSON).await.json();
    assert_eq!(kept["factors"].as_array().unwrap().len(), 1);
    let kept = office.carol.get_with(&own, &JSON).await.json();
    assert_eq!(kept["factors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_deleted_account_leaves_no_factor_behind() {
    let office = Office::new().await;
    office.app.add_totp(&office.alice).await;
    let id = office.app.account("alice").await.id;

    office
        .press("alice", "delete", &[("username", "alice")])
        .await;

    assert!(office.app.site.factors(&id).await.unwrap().is_empty());
}
