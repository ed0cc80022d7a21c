//! What every flow keeps to, and what the book says of all pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;

use super::{Page, RegistrationOutcome, flows_for_accounts};
use crate::accounts::ADMIN;
use crate::pages::Pages;
use crate::testing::log::Log;
use crate::testing::{TestApp, TestClient};
use crate::web::Flash;

fn chapter(name: &str) -> String {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src");
    std::fs::read_to_string(book.join(name)).unwrap()
}

/// What is between backticks.
fn quoted(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

fn names(text: &str) -> BTreeSet<String> {
    quoted(text).into_iter().collect()
}

/// The cells of each row of the tables whose head begins with `first`.
fn rows(chapter: &str, first: &str) -> Vec<Vec<String>> {
    let head = format!("| {first} |");
    let tables = chapter.split("\n\n").filter(|part| part.starts_with(&head));
    let rows = tables.flat_map(|table| table.lines().skip(2));
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let rows: Vec<_> = rows.map(cells).collect();
    assert!(rows.len() > 3, "there is a table of {first}");
    rows
}

#[tokio::test]
async fn a_site_that_nobody_keeps_is_dropped_with_its_connections() {
    let kept = Arc::new(());
    let is_kept = Arc::downgrade(&kept);
    let (app, _) = TestApp::with_mail_and(|config| {
        config.on_register(move |_, _| {
            let _ = &kept;
            async { Ok(RegistrationOutcome::Accepted) }
        });
    })
    .await;
    assert!(is_kept.upgrade().is_some());
    drop(app);
    assert!(is_kept.upgrade().is_none());
}

#[tokio::test]
async fn every_page_answers_a_script_in_json() {
    let (app, _) = TestApp::with_mail_and(|config| {
        config.users_can_close_account = true;
        config.users_can_change_username = true;
    })
    .await;
    let admin = app.registered("alice").await;
    app.grant("alice", ADMIN).await;
    app.log_in(&admin, "alice").await;
    let anonymous = app.browser();
    let accepts = [("accept", "application/json")];
    let mut views = Vec::new();

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
                    StatusCode::OK => views.push(*name),
                    _ => assert!(body["code"].is_string(), "{name}: {body}"),
                }
            }
        }
    }

    assert!(views.len() >= flows_for_accounts().len(), "{views:?}");
}

/// The links of nested pages lead nowhere, and a developer must not look for the reason for long.
#[tokio::test]
async fn nested_pages_log_once_which_setting_they_need_and_an_apps_own_do_not() {
    let app = TestApp::with(|_| {}).await;
    let mine = get(async |page: Page| page.redirect("/", Flash::new("info", "own")));
    let mine = Router::new()
        .route("/own", mine)
        .with_state(app.site.clone());
    let own = app.site.routes().nest("/blog", mine);
    let own = TestClient::new(app.site.wrap(own));
    let nested = Router::new().nest("/auth", app.site.router());
    let nested = TestClient::new(nested);
    let log = Log::default();
    let _kept = log.begin();
    let told = || {
        log.text()
            .matches("SiteConfig::path_prefix` to `/auth`")
            .count()
    };

    own.get("/login").await;
    own.get("/blog/own").await;
    assert!(!log.text().contains("path_prefix"), "{}", log.text());
    for _ in 0..2 {
        nested.get("/auth/login").await;
    }

    assert_eq!(told(), 1, "{}", log.text());
}

/// All templates by name.
fn templates() -> BTreeMap<&'static str, &'static str> {
    let flows = flows_for_accounts();
    let of_flows = flows.iter().flat_map(|flow| flow.templates);
    of_flows.chain(Pages::OWN).copied().collect()
}

#[test]
fn the_book_has_each_template_and_its_blocks_and_no_other() {
    let rows = rows(&chapter("pages.md"), "template");
    let in_book: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (quoted(&row[0]).remove(0), names(&row[3])))
        .collect();
    let blocks = |text: &str| {
        let blocks = text.split("{% block ").skip(1);
        let names = blocks.filter_map(|block| block.split_whitespace().next());
        names.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let there = templates().into_iter();
    let there = there.map(|(name, text)| (name.to_owned(), blocks(text)));

    assert_eq!(in_book, there.collect());
}

/// What a template uses of its page is what the book lists, and the page's JSON has the same.
#[tokio::test]
async fn the_book_has_each_variable_of_each_template_and_each_field_of_its_json() {
    let (app, _) = TestApp::with_mail_and(|config| {
        config.users_can_close_account = true;
        config.users_can_change_username = true;
    })
    .await;
    let admin = app.registered("alice").await;
    app.grant("alice", ADMIN).await;
    app.log_in(&admin, "alice").await;
    let id = app.account("alice").await.id;
    app.clock.advance(std::time::Duration::from_mins(20));
    let fresh = app.browser();
    app.log_in(&fresh, "alice").await;
    let visitor = app.browser();
    let pages = chapter("pages.md");
    let json = rows(&chapter("json.md"), "route");
    let everywhere: BTreeSet<_> = rows(&pages, "name")
        .iter()
        .flat_map(|row| quoted(&row[0]))
        .filter_map(|name| name.split('(').next().map(str::to_owned))
        .collect();
    let of_admin = [
        "form",
        "parts",
        "badges",
        "confirm_first",
        "log_table",
        "rejected_here",
    ]
    .map(str::to_owned);
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::default());
    let texts = templates();

    for row in rows(&pages, "template") {
        let (name, documented) = (quoted(&row[0]).remove(0), names(&row[2]));
        environment
            .add_template_owned(name.clone(), texts[&*name].to_owned())
            .unwrap();
        let mut used: BTreeSet<_> = environment
            .get_template(&name)
            .unwrap()
            .undeclared_variables(false)
            .into_iter()
            .filter(|variable| !everywhere.contains(variable) && !of_admin.contains(variable))
            .collect();
        let page = quoted(&row[1]);
        if let Some(path) = page.first().and_then(|page| page.strip_prefix("GET ")) {
            let path = path.replace("{id}", id.as_str()).replace("{name}", ADMIN);
            let browser = match &*path {
                "/login" | "/register" => &visitor,
                // Of a login that is not fresh.
                "/confirm-login" => &admin,
                _ => &fresh,
            };
            let accepts = [("accept", "application/json")];
            let view = browser.get_with(&path, &accepts).await.json();
            let of_json = json.iter().find(|row| quoted(&row[0])[0] == page[0]);
            let of_json = of_json.unwrap_or_else(|| panic!("json.md has no {}", page[0]));
            let of_json = of_json.concat();
            for field in view.as_object().unwrap().keys() {
                let documented = format!("\"{field}\"");
                assert!(
                    of_json.contains(&documented),
                    "json.md: {}: {field}",
                    page[0]
                );
                used.insert(field.clone());
            }
        }
        assert_eq!(documented, used, "{name}");
    }
}

#[test]
fn the_book_has_each_name_of_a_page_with_its_path_and_no_other() {
    let chapter = chapter("pages.md");
    let (_, section) = chapter.split_once("## Names of pages").unwrap();
    let in_book: BTreeSet<_> = rows(section, "name")
        .iter()
        .map(|row| (quoted(&row[0]).remove(0), quoted(&row[1]).remove(0)))
        .collect();
    let flows = flows_for_accounts();
    let paths = flows.iter().flat_map(|flow| flow.paths);
    let there = paths.map(|(name, path)| ((*name).to_owned(), (*path).to_owned()));

    assert_eq!(in_book, there.collect());
}
