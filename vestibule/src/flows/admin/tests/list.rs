//! The list of users and the log: filters, totals and pages.

use std::fmt::Write as _;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{JSON, Office};
use crate::accounts::Actor;

impl Office {
    /// A list, as JSON.
    async fn list(&self, path: &str) -> Value {
        self.carol.get_with(path, &JSON).await.json()
    }

    /// The names on a page of the list of users.
    async fn names(&self, path: &str) -> String {
        let list = self.list(path).await;
        let users = list["users"].as_array().unwrap().iter();
        let names = users.map(|user| user["username"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    }

    /// Inserts users with the names `user-00000` and so on, who all have the role `member`.
    async fn add_members(&self, count: usize) {
        self.add_role("member").await;
        let connection = self.app.database.connection();
        let numbers: Vec<_> = (0..count).collect();
        for numbers in numbers.chunks(500) {
            let (mut users, mut roles) = (String::new(), String::new());
            for i in numbers {
                let comma = if users.is_empty() { "" } else { ", " };
                write!(
                    users,
                    "{comma}('{i}', 'user-{i:05}', 'user-{i:05}', 0, 0, 0)"
                )
                .unwrap();
                write!(roles, "{comma}('{i}', 'member', 0)").unwrap();
            }
            for insert in [
                format!(
                    "INSERT INTO users (id, username, canonical_username, session_epoch, \
                     created_at, updated_at) VALUES {users}"
                ),
                format!("INSERT INTO user_roles (user_id, role_name, granted_at) VALUES {roles}"),
            ] {
                connection.execute_unprepared(&insert).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn users_are_filtered_by_state_and_role_and_name_together() {
    let office = Office::new().await;
    for name in ["albert", "anna", "bob"] {
        office.app.registered(name).await;
    }
    office.press("albert", "disable", &[]).await;
    office.press("bob", "disable", &[]).await;
    office.press("anna", "demand-new-password", &[]).await;
    office.add_role("editor").await;
    for name in ["albert", "alice"] {
        office.press(name, "grant", &[("role", "editor")]).await;
    }

    for (query, names) in [
        ("state=disabled", "albert bob"),
        ("state=active", "alice anna carol"),
        ("state=must_change_password", "anna"),
        ("state=disabled&q=al", "albert"),
        ("role=editor", "albert alice"),
        ("role=editor&state=active", "alice"),
        ("role=editor&state=disabled&q=alb", "albert"),
        ("role=editor&q=b", ""),
        ("role=admin", "carol"),
        ("role=editor&after=albert", "alice"),
        ("role=editor&before=alice", "albert alice"),
        ("state=disabled&before=bob", "albert bob"),
        ("state=disabled&q=b&before=zed", "bob"),
        ("state=&role=&q=", "albert alice anna bob carol"),
        ("state=nonsense", "albert alice anna bob carol"),
        ("role=ghost", ""),
        ("role=Not+a+name!", ""),
        ("role=%00", ""),
        ("before=%00", "albert alice anna bob carol"),
    ] {
        let path = format!("/admin?{query}");
        assert_eq!(office.names(&path).await, names, "{query}");
        if !query.contains("after") && !query.contains("before") {
            let total = office.list(&path).await["total"].as_u64().unwrap();
            let listed = names.split_whitespace().count();
            assert_eq!(usize::try_from(total).unwrap(), listed, "{query}");
        }
    }
    let page = office.carol.get("/admin?state=disabled&role=editor").await;
    let text = page.text();
    for chosen in [
        "<option value=\"disabled\" selected>",
        "<option selected>editor</option>",
        ">1 user<",
    ] {
        assert!(text.contains(chosen), "{chosen} in {text}");
    }
    assert_eq!(
        office.list("/admin/users?state=disabled").await,
        office.list("/admin?state=disabled").await,
        "the list is at both addresses"
    );
}

/// The number above the list must not cost a count of ten million rows.
#[tokio::test]
async fn users_are_counted_up_to_ten_thousand() {
    let office = Office::new().await;
    office.add_members(10_001).await;

    for query in ["", "role=member", "role=member&state=active", "q=user"] {
        let path = format!("/admin?{query}");
        let list = office.list(&path).await;
        assert_eq!(list["total"], 10_000, "{query}");
        assert_eq!(list["is_total_exact"], false, "{query}");
        assert_eq!(list["users"].as_array().unwrap().len(), 50, "{query}");
        let page = office.carol.get(&path).await;
        assert!(page.text().contains("More than 10000 users"), "{query}");
    }
    let few = office.list("/admin?role=member&q=user-0999").await;
    assert_eq!(
        (&few["total"], &few["is_total_exact"]),
        (&json!(10), &json!(true))
    );
    assert_eq!(few["users"][0]["username"], "user-09990");
    assert_eq!(
        office.list("/admin?role=member&state=disabled").await["total"],
        0
    );
}

#[tokio::test]
async fn each_page_of_users_leads_to_the_one_before_it() {
    let office = Office::new().await;
    office.add_members(120).await;

    for query in ["role=member", "q=user", "role=member&state=active&q=user-"] {
        let page = async |at: &str| office.list(&format!("/admin?{query}&{at}")).await;
        let first = page("").await;
        assert_eq!(
            (&first["previous"], &first["goes_on"]),
            (&Value::Null, &json!(false))
        );
        let second = page("after=user-00049").await;
        assert_eq!(second["users"][0]["username"], "user-00050");
        assert_eq!(
            (&second["previous"], &second["next"]),
            (&json!("user-00050"), &json!("user-00099"))
        );
        let third = page("after=user-00099").await;
        assert_eq!(
            (&third["previous"], &third["next"]),
            (&json!("user-00100"), &Value::Null)
        );
        assert_eq!(page("before=user-00100").await, second, "{query}");
        assert_eq!(page("before=user-00050").await, first, "{query}");
    }
    let shown = office
        .carol
        .get("/admin?role=member&after=user-00049")
        .await;
    for link in [
        "/admin?role=member\">First page",
        "?before=user-00050&amp;role=member\" rel=\"prev\">Previous page",
        "?after=user-00099&amp;role=member\" rel=\"next\">Next page",
    ] {
        assert!(shown.text().contains(link), "{link} in {}", shown.text());
    }
}

#[tokio::test]
async fn each_page_of_the_log_leads_to_the_one_before_it() {
    let office = Office::new().await;
    for i in 0..210 {
        office.app.clock.advance(Duration::from_secs(1));
        office.add_role(&format!("role-{i}")).await;
    }
    let page = async |at: &str| {
        office
            .list(&format!(
                "/admin/log?actor=command+line&action=role+added&{at}"
            ))
            .await
    };

    let first = page("").await;
    assert_eq!(
        (&first["previous"], &first["goes_on"]),
        (&Value::Null, &json!(false))
    );
    let second = page(&format!("after={}", first["next"].as_str().unwrap())).await;
    assert_eq!(second["log"][0]["detail"], "role-109");
    let previous = second["previous"].as_str().unwrap();
    assert_eq!(page(&format!("before={previous}")).await, first);
    let third = page(&format!("after={}", second["next"].as_str().unwrap())).await;
    let previous = third["previous"].as_str().unwrap();
    assert_eq!(page(&format!("before={previous}")).await, second);
    assert_eq!(page("after=nonsense").await, first);
    let path = format!("/admin/log?action=role+added&before={previous}");
    let shown = office.carol.get(&path).await;
    assert!(
        shown.text().contains("rel=\"prev\">Newer"),
        "{}",
        shown.text()
    );
}

#[tokio::test]
async fn a_filter_of_the_store_finds_whom_the_page_finds() {
    let office = Office::new().await;
    let accounts = office.app.site.accounts();
    let alice = office.account("alice").await;
    let operator = accounts.by(Actor::operator());
    let _ = operator.disable(&alice.id).await.unwrap();
    let filter = crate::accounts::UserFilter {
        state: Some(crate::accounts::UserState::Disabled),
        ..Default::default()
    };

    let found = accounts.search(&filter, None, 10).await.unwrap();

    assert_eq!(found[0].id, alice.id);
    assert_eq!(accounts.count(&filter, 10).await.unwrap(), 1);
    assert_eq!(
        accounts.count(&Default::default(), 1).await.unwrap(),
        1,
        "and no more"
    );
}
