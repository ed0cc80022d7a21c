//! Roles, and their permissions.

use std::time::Duration;

use http::StatusCode;

use super::{Office, message};
use crate::accounts::Action;

#[tokio::test]
async fn a_role_is_given_and_taken_and_each_is_in_the_log_with_who_did_it() {
    let office = Office::new().await;
    office.add_role("editor").await;
    office.app.clock.advance(Duration::from_secs(1));

    let given = office.press("alice", "grant", &[("role", "editor")]).await;
    assert_eq!(
        message(&office.carol, &given).await,
        "Role added. The user is logged out everywhere, and has it after the next log-in."
    );
    assert!(office.account("alice").await.rights.has_role("editor"));
    let again = office.press("alice", "grant", &[("role", "editor")]).await;
    assert_eq!(message(&office.carol, &again).await, "Nothing to change.");
    office.app.clock.advance(Duration::from_secs(1));
    office.press("alice", "revoke", &[("role", "editor")]).await;
    assert!(!office.account("alice").await.rights.has_role("editor"));

    let line = |action: Action| {
        let editor = Some("editor".to_owned());
        (
            action.as_str().to_owned(),
            "carol".to_owned(),
            Some("alice".to_owned()),
            editor,
        )
    };
    let log = office.log().await;
    assert_eq!(
        log[..2],
        [line(Action::RoleRevoked), line(Action::RoleGranted)]
    );
    assert_ne!(
        log[2],
        line(Action::RoleGranted),
        "the second grant was none"
    );
    let page = office.carol.get("/admin/log").await;
    assert!(
        page.text().contains("role removed: <bdi>editor</bdi>"),
        "{}",
        page.text()
    );
    let page = office.carol.get(&office.path_of("alice").await).await;
    assert!(page.text().contains("role added: <bdi>editor</bdi>"));
}

#[tokio::test]
async fn a_ghost_role_is_refused_with_the_nearest_name_and_a_ghost_user_is_404() {
    let office = Office::new().await;
    office.add_role("editor").await;

    for (role, said) in [
        ("edtior", "There is no such role. Did you mean editor?"),
        ("<script>", "There is no such role."),
    ] {
        let refused = office.press("alice", "grant", &[("role", role)]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text().contains(said), "{}", refused.text());
    }
    for action in ["grant", "revoke"] {
        let ghost = format!("/admin/users/ghost/{action}");
        let answer = office.carol.post(&ghost, &[("role", "admin")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert!(office.account("alice").await.rights.roles().is_empty());
}

#[tokio::test]
async fn roles_get_permissions_and_lose_them_and_so_do_those_who_have_them() {
    let office = Office::new().await;
    let can = async || office.account("alice").await.rights.can("posts.edit");

    let added = office
        .carol
        .post("/admin/roles", &[("name", "editor")])
        .await;
    assert_eq!(added.location(), Some("/admin/roles/editor"));
    office.press("alice", "grant", &[("role", "editor")]).await;
    let permission = [("permission", "posts.edit")];
    office
        .carol
        .post("/admin/roles/editor/allow", &permission)
        .await;
    assert!(can().await);
    let page = office.carol.get("/admin/roles/editor").await;
    assert!(
        page.text().contains("Assigned to 1 user."),
        "{}",
        page.text()
    );
    let wrong = [("permission", "posts.edti")];
    let refused = office
        .carol
        .post("/admin/roles/editor/forbid", &wrong)
        .await;
    let said = "The role has no such permission. Did you mean posts.edit?";
    assert!(refused.text().contains(said), "{}", refused.text());
    office
        .carol
        .post("/admin/roles/editor/forbid", &permission)
        .await;
    assert!(!can().await);
    let removed = office.carol.post("/admin/roles/editor/remove", &[]).await;
    assert_eq!(removed.location(), Some("/admin/roles"));
    assert!(office.account("alice").await.rights.roles().is_empty());
    let kept = office.carol.post("/admin/roles/admin/remove", &[]).await;
    assert_eq!(kept.status, StatusCode::CONFLICT);
    assert!(kept.text().contains("The role admin can’t be removed."));
}

#[tokio::test]
async fn a_name_that_cannot_be_one_is_said_beside_the_field_and_stays_there() {
    let office = Office::new().await;

    for (path, field, typed, said) in [
        ("/admin/roles", "name", "Chief Editor", "lowercase letters"),
        ("/admin/roles", "name", "", "Enter a name."),
        ("/admin/roles", "name", "admin", "This name is taken."),
        (
            "/admin/roles/admin/allow",
            "permission",
            "Posts!",
            "lowercase letters",
        ),
    ] {
        let refused = office.carol.post(path, &[(field, typed)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = refused.text();
        assert!(text.contains(said), "{said} in {text}");
        assert!(
            text.contains(&format!(r#"value="{typed}""#)),
            "{typed} in {text}"
        );
        assert!(text.contains(&format!(r#"aria-describedby="{field}-error"#)));
    }
    let long = "a".repeat(65);
    let refused = office.carol.post("/admin/roles", &[("name", &long)]).await;
    assert!(refused.text().contains("at most 64 characters"));
    for path in ["/admin/roles/ghost", "/admin/roles/Ghost!"] {
        assert_eq!(office.carol.get(path).await.status, StatusCode::NOT_FOUND);
        let allow = format!("{path}/allow");
        let answer = office.carol.post(&allow, &[("permission", "a.b")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

/// Attack A2: a stolen session must not gain rights.
#[tokio::test]
async fn a_role_that_is_given_ends_the_sessions_from_before() {
    let office = Office::new().await;
    office.add_role("editor").await;
    let thief = office.alice.stolen();

    let given = office.press("alice", "grant", &[("role", "editor")]).await;

    let page = office.carol.get(given.location().unwrap()).await;
    assert!(
        page.text().contains("logged out everywhere"),
        "{}",
        page.text()
    );
    for browser in [&office.alice, &thief] {
        let response = browser.get("/welcome").await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
    }
    office.app.log_in(&office.alice, "alice").await;
    assert_eq!(office.alice.get("/welcome").await.status, StatusCode::OK);
    let again = office.press("alice", "grant", &[("role", "editor")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(
        office.alice.get("/welcome").await.status,
        StatusCode::OK,
        "Nothing to change"
    );
}
