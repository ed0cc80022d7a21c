//! What the documents say of the code is so: that imports run one way (ARCHITECTURE.md), which test
//! shows what about each attack (`docs/src/security.md`), how long sessions last
//! (`docs/src/settings.md`), and which routes the JSON API has.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/rust_files.rs"]
mod rust_files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rust_files::rust_files;

/// What each module may import, beside itself.
const MAY_IMPORT: [(&str, &[&str]); 15] = [
    ("clock", &[]),
    ("crypto", &["clock", "error"]),
    ("error", &[]),
    ("hang_up", &[]),
    ("web", &["clock", "crypto", "error"]),
    ("session", &["clock", "crypto", "error", "web"]),
    ("password", &["clock", "crypto", "error", "hang_up"]),
    (
        "login",
        &["clock", "crypto", "error", "hang_up", "session", "web"],
    ),
    ("access", &["error", "login", "web"]),
    ("database", &["crypto", "error", "session"]),
    ("mail", &["clock", "crypto", "database", "error", "session"]),
    (
        "credentials",
        &[
            "clock", "crypto", "database", "error", "login", "mail", "password", "session", "web",
        ],
    ),
    (
        "accounts",
        &[
            "access",
            "clock",
            "credentials",
            "crypto",
            "database",
            "error",
            "login",
            "mail",
            "password",
            "session",
            "web",
        ],
    ),
    ("pages", &["clock", "crypto", "error", "web"]),
    (
        "stores",
        &[
            "clock",
            "credentials",
            "crypto",
            "database",
            "error",
            "session",
        ],
    ),
];

/// These put everything together.
const MAY_IMPORT_ALL: [&str; 3] = ["flows", "testing", "lib"];

#[test]
fn imports_run_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<_, _> = MAY_IMPORT.into_iter().collect();
    let mut seen = 0;

    for file in rust_files(&src) {
        let shown = file.strip_prefix(&src).unwrap().display().to_string();
        let module = shown.split(['/', '.']).next().unwrap().to_owned();
        if MAY_IMPORT_ALL.contains(&&*module)
            || shown.ends_with("tests.rs")
            || shown.contains("/tests/")
        {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let allowed = allowed
            .get(&*module)
            .unwrap_or_else(|| panic!("{shown}: say in this test what `{module}` may import"));
        for imported in imports(code) {
            seen += 1;
            assert!(
                imported == module || allowed.contains(&imported),
                "{shown} imports `{imported}`, which lies above `{module}` or beside it"
            );
        }
    }

    assert!(seen > 100, "this test sees the imports");
}

fn imports(code: &str) -> impl Iterator<Item = &str> {
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .filter_map(|rest| {
            rest.split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
        })
        .filter(|name| name.chars().next().is_some_and(char::is_lowercase))
}

#[test]
fn each_test_that_the_chapter_on_attacks_names_is_there() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let chapter = std::fs::read_to_string(house.join("docs/src/security.md")).unwrap();
    let files = ["vestibule", "server"].map(|folder| rust_files(&house.join(folder)));
    let code = files.concat();
    let code: String = code
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let functions: BTreeSet<_> = code
        .split("fn ")
        .filter_map(|rest| rest.split(['(', '<', ' ']).next())
        .collect();

    // Tests are sentences; nothing else between backticks has so many words.
    let named = chapter.split('`').skip(1).step_by(2);
    let tests: Vec<_> = named
        .filter(|name| name.matches('_').count() >= 3 && !name.contains(['.', '/', ':', ' ']))
        .collect();
    let missing: Vec<_> = tests
        .iter()
        .filter(|test| !functions.contains(**test))
        .collect();

    assert!(missing.is_empty(), "{missing:#?}");
    assert!(tests.len() > 100, "the chapter names {} tests", tests.len());
}

/// ASVS 7.1.1, 7.1.2 and 8.1.3.
#[cfg(feature = "sqlite")]
#[test]
fn the_book_has_the_defaults_of_sessions() {
    use vestibule::flows::SessionConfig;
    use vestibule::login::{AddressPrefix, SessionLimit, SessionProtection};

    let days = |time: std::time::Duration| time.as_secs() / 86_400;
    let sessions = SessionConfig::default();
    let (expiry, remember) = (sessions.expiry, &sessions.remember);
    assert_eq!(sessions.limit, SessionLimit::None);
    assert_eq!(sessions.protection, SessionProtection::Basic);
    let rows = [
        format!("`idle` | {} days", days(expiry.idle)),
        format!("`absolute` | {} days", days(expiry.absolute)),
        format!("`duration` | {} days, at most 400", days(remember.duration)),
        format!(
            "`refresh_each_request` | `{}`",
            remember.refresh_each_request
        ),
        format!("`grace` | {} seconds", remember.grace.as_secs()),
        format!(
            "`fresh_for` | {} minutes",
            sessions.fresh_for.as_secs() / 60
        ),
        format!(
            "`AddressPrefix::ipv4_bits` | {}",
            AddressPrefix::default().ipv4_bits
        ),
        format!(
            "`AddressPrefix::ipv6_bits` | {}",
            AddressPrefix::default().ipv6_bits
        ),
        "`limit` | none".to_owned(),
        "`protection` | `Basic`".to_owned(),
        "`SessionProtection::Basic` | the default".to_owned(),
    ];
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let chapter = std::fs::read_to_string(house.join("docs/src/settings.md")).unwrap();

    for row in rows {
        assert!(chapter.contains(&format!("\n| {row} |")), "{row}");
    }
    let (_, expiry) = chapter.split_once("\n## SessionExpiry\n").unwrap();
    let (expiry, _) = expiry.split_once("\n## ").unwrap();
    assert!(
        expiry.contains("NIST SP 800-63B-4"),
        "why not as NIST has it"
    );
}

/// The routes in the tables of a chapter: `POST /a/b` and after it `…/c`, which is `POST /a/c`.
#[cfg(feature = "sqlite")]
fn routes_in_tables(chapter: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for row in chapter.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split(" | ").next().unwrap();
        let mut last = String::new();
        for quoted in cell.split('`').skip(1).step_by(2) {
            let route = match quoted.strip_prefix("…/") {
                Some(end) => format!("{}/{end}", last.rsplit_once('/').unwrap().0),
                None => quoted.to_owned(),
            };
            last.clone_from(&route);
            if route.starts_with("GET /") || route.starts_with("POST /") {
                found.insert(route);
            }
        }
    }
    found
}

/// `docs/security/openapi.yaml` and the book have each route of the ready-made pages, and no other.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_descriptions_of_the_json_api_have_each_route() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let chapter = std::fs::read_to_string(house.join("docs/src/json.md")).unwrap();
    let text = std::fs::read_to_string(house.join("docs/security/openapi.yaml")).unwrap();
    let mut described = BTreeSet::new();
    let mut path = String::new();
    for line in text.lines().take_while(|line| *line != "components:") {
        let key = line.split_once(':').map_or("", |(key, _)| key);
        if let Some(found) = key.strip_prefix("  /") {
            path = format!("/{found}");
        } else if let Some(method @ ("get" | "post")) = key.strip_prefix("    ") {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }

    let app = vestibule::testing::TestApp::with_mail_and(|config| {
        config.users_can_close_account = true;
        config.users_can_change_username = true;
    });
    let (app, _) = app.await;
    let table = app.browser().route_table().await;

    let routes = table.routes().iter();
    let routes: BTreeSet<_> = routes
        .filter(|route| route.path.starts_with('/') && !route.path.starts_with("/static"))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(described, routes);
    assert_eq!(routes_in_tables(&chapter), routes);
}

/// Without that block, a log-in in a debug build takes more than a second.
#[test]
fn the_readme_has_the_profile_that_hashes_at_full_speed() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read_to_string(house.join(path)).unwrap();
    for crate_name in ["argon2", "blake2"] {
        let block = format!("[profile.dev.package.{crate_name}]\nopt-level = 3\n");
        for file in ["README.md", "Cargo.toml", "docs/src/guide.md"] {
            assert!(read(file).contains(&block), "{file}: {block}");
        }
    }
}
