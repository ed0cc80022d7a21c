//! The security log.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::{JSON, Office};

#[tokio::test]
async fn the_log_goes_on_page_by_page() {
    let office = Office::new().await;
    for i in 0..101 {
        office.app.clock.advance(Duration::from_secs(1));
        office.add_role(&format!("role-{i}")).await;
    }

    let first = office.carol.get_with("/admin/log", &JSON).await.json();
    let lines = first["log"].as_array().unwrap();
    assert_eq!(lines.len(), 100);
    assert_eq!(lines[0]["detail"], "role-100");
    let next = first["next"].as_str().unwrap();
    let second = office
        .carol
        .get_with(&format!("/admin/log?after={next}"), &JSON)
        .await
        .json();
    assert_eq!(second["log"][0]["detail"], "role-0");
    assert_eq!(second["next"], Value::Null);
    let nonsense = office
        .carol
        .get_with("/admin/log?after=%27+OR+1", &JSON)
        .await
        .json();
    assert_eq!(nonsense["log"], first["log"]);
}

#[tokio::test]
async fn the_admins_own_lines_are_found_below_what_users_and_strangers_wrote() {
    let office = Office::new().await;
    let thief = office.app.browser().address("192.0.2.7".parse().unwrap());
    office.press("alice", "demand-new-password", &[]).await;
    office.app.clock.advance(Duration::from_secs(1));
    for name in ["alice", "alice", "alice", "nobody"] {
        let fields = [("username", name), ("password", "wrong")];
        let wrong = thief.post("/login", &fields).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    }
    let found = async |query: &str| {
        let path = format!("/admin/log?{query}");
        let log = office.carol.get_with(&path, &JSON).await.json();
        let lines = log["log"].as_array().unwrap().clone();
        let line = |line: Value| {
            let text = |field: &str| line[field].as_str().unwrap_or("-").to_owned();
            let (what, whose, by) = (text("action"), text("username"), text("actor"));
            format!("{what}/{whose}/{by}/{}", line["times"])
        };
        lines.into_iter().map(line).collect::<Vec<_>>()
    };

    let failed = "log-in failed/alice/not logged in/3";
    assert_eq!(found("").await[0], failed, "and no line of nobody's name");
    let demanded = "password change demanded/alice/carol/1";
    for query in [
        "actor=CAROL&action=password+change+demanded",
        "actor=carol&user=alice",
        "action=password+change+demanded",
    ] {
        assert_eq!(found(query).await[0], demanded, "{query}");
    }
    assert_eq!(found("user=+Alice&action=log-in+failed").await, [failed]);
    assert_eq!(found("user=nobody").await, [""; 0]);
    assert_eq!(found("user=alice%00&actor=%00").await, [""; 0]);
    assert_eq!(found("action=nonsense").await, found("").await);
    let page = office.carol.get("/admin/log?user=alice&actor=carol").await;
    assert!(page.text().contains("name=\"user\" value=\"alice\""));
    let page = office.carol.get("/admin/log?action=log-in+failed").await;
    let text = page.text();
    assert!(text.contains("(3 times)") && text.contains("192.0.2.0&#x2f;24"));
    assert!(text.contains("selected>log-in failed</option>"));
}

#[tokio::test]
async fn a_search_of_the_log_goes_on_page_by_page() {
    let office = Office::new().await;
    for i in 0..101 {
        office.app.clock.advance(Duration::from_secs(1));
        office.add_role(&format!("role-{i}")).await;
        office.press("alice", "demand-new-password", &[]).await;
    }

    let first = office
        .carol
        .get("/admin/log?actor=command+line&action=role+added")
        .await;
    let older = first.text();
    let older = older.split("rel=\"next\"").next().unwrap();
    let older = older
        .rsplit("href=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let older = older.replace("&amp;", "&").replace("&#x2f;", "/");
    let second = office.carol.get_with(&older, &JSON).await.json();

    assert_eq!(second["actor"], "command line");
    // With the role admin, that carol needs.
    assert_eq!(second["log"].as_array().unwrap().len(), 1, "{older}");
    assert_eq!(second["log"][0]["detail"], "role-0");
}

#[tokio::test]
async fn a_user_with_two_browsers_cannot_fill_the_log() {
    let office = Office::new().await;
    for _ in 0..15 {
        office.app.log_in(&office.app.browser(), "alice").await;
        let ended = office.alice.post("/account/sessions/end-others", &[]).await;
        assert_eq!(ended.location(), Some("/account/sessions"));
    }

    let log = office.log().await;

    let of_alice = log
        .iter()
        .filter(|line| line.1 == "alice" && line.0 == "sessions ended");
    assert_eq!(of_alice.count(), 10);
}
