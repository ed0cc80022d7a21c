//! The lists in the book are those of the code: `docs/src/inventory.md` and `docs/src/events.md`.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/rust_files.rs"]
mod rust_files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rust_files::rust_files;
use vestibule::access::{PermissionName, RoleName};
use vestibule::accounts::{Action, Actor};
use vestibule::credentials::Username;
use vestibule::login::Next;
use vestibule::mail::Email;
use vestibule::password::PasswordPolicy;
use vestibule::testing::{PASSWORD, TestApp, TestAuthenticator, TestClient};

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(house().join(path)).unwrap()
}

/// The cells of each row of the table whose head begins with `first`, in a chapter of the book.
fn table(chapter: &str, first: &str) -> Vec<Vec<String>> {
    let text = read(&format!("docs/src/{chapter}"));
    let head = format!("| {first} |");
    let rows = text.lines().skip_while(|line| !line.starts_with(&head));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let rows: Vec<_> = rows.map(cells).collect();
    assert!(rows.len() > 3, "there is a table of {first}");
    rows
}

/// What is between backticks in a cell.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    items.into_iter().collect()
}

/// OWASP ASVS 5.0, 16.1.1.
#[test]
fn the_book_has_each_action_of_the_security_log_and_no_other() {
    let rows = table("events.md", "action");
    let in_book = set(rows.iter().flat_map(|row| quoted(&row[0])));

    assert_eq!(in_book, set(Action::ALL.map(Action::as_str)));
    let source = read("vestibule/src/accounts/security_log/mod.rs");
    let count = source.matches(" => \"").count();
    assert_eq!(count, Action::ALL.len(), "`Action::ALL` has all of them");
}

/// OWASP ASVS 5.0, 16.1.1.
#[test]
fn the_book_has_each_event_and_no_other_at_its_level() {
    let rows = table("events.md", "event");
    let in_book = set(rows.iter().map(|row| quoted(&row[0])[0].to_owned()));
    let source = read("vestibule/src/login/event.rs");
    let variants = source.split("pub enum Event {").nth(1).unwrap();
    let variants = variants.split("\n}").next().unwrap().lines();
    let variants = variants
        .map(str::trim)
        .filter(|line| !line.starts_with('/'));
    let variants = set(variants.filter_map(|line| Some(line.strip_suffix(',')?.to_owned())));

    assert_eq!(in_book, variants);
    let of = |from: &str, to: &str| {
        let part = source.split(from).nth(1).unwrap().split(to).next().unwrap();
        part.to_owned()
    };
    let (warn, debug) = (
        of("match self.event {", "log!(warn)"),
        of("matches!(\n            self,", ")\n"),
    );
    for row in rows {
        let event = quoted(&row[0])[0];
        let is_in = |part: &str| {
            let names = part.split(|c: char| !c.is_alphanumeric());
            names.into_iter().any(|name| name == event)
        };
        let level = match (is_in(&warn), is_in(&debug)) {
            (true, _) => "warn",
            (_, true) => "debug",
            _ => "info",
        };
        assert_eq!(row.last().map(String::as_str), Some(level), "{event}");
    }
}

/// The events that are a line of the security log, by the source, and their lines.
#[test]
fn the_book_says_of_each_event_of_a_log_in_what_is_in_the_security_log() {
    let rows = table("events.md", "event");
    let source = read("vestibule/src/accounts/security_log/login_events.rs");
    let arms = source.split("Some(match event {").nth(1).unwrap();
    let arms = arms
        .lines()
        .filter_map(|line| line.split_once(" => Action::"));
    let mut noted = BTreeMap::new();
    for (events, action) in arms {
        let action = action.trim_end_matches(',');
        let action = Action::ALL
            .into_iter()
            .find(|other| format!("{other:?}") == action)
            .unwrap();
        for event in events.split(" | ") {
            noted.insert(event.trim().replace("Event::", ""), action.as_str());
        }
    }
    // Their lines are written where the change is made.
    noted.extend(
        [
            ("LoginFailed", Action::LoginFailed),
            ("SessionEnded", Action::SessionEnded),
            ("LoggedOutElsewhere", Action::SessionsEnded),
            ("PasswordChanged", Action::PasswordChanged),
            ("AccountDeleted", Action::AccountDeleted),
            ("EmailVerified", Action::EmailVerified),
            ("AccountClosed", Action::AccountClosed),
            ("AccountReopened", Action::AccountReopened),
            ("UsernameChanged", Action::UsernameChanged),
            ("FactorAdded", Action::FactorAdded),
            ("FactorRemoved", Action::FactorRemoved),
            ("FactorsReset", Action::FactorsReset),
            ("FactorsResetPlanned", Action::FactorsResetPlanned),
            ("FactorsResetCancelled", Action::FactorsResetCancelled),
            ("RecoveryCodesRenewed", Action::RecoveryCodesRenewed),
            ("RecoveryCodeUsed", Action::RecoveryCodeUsed),
        ]
        .map(|(event, action)| (event.to_owned(), action.as_str())),
    );

    let in_book = rows.iter().filter(|row| row[3] != "–");
    let in_book = in_book.map(|row| (quoted(&row[0])[0].to_owned(), quoted(&row[3])[0]));
    assert_eq!(in_book.collect::<BTreeMap<_, _>>(), noted);
    assert!(noted.len() > 10);
}

/// A browser in which carol, who is an admin, has just logged in.
async fn carol(app: &TestApp) -> TestClient {
    let browser = app.browser();
    app.log_in(&browser, "carol").await;
    browser
}

/// A browser of a user who has an authenticator app, for a route about factors: with its path, and
/// the fields to send.
async fn with_factor(
    app: &TestApp,
    (method, path): (&str, &str),
) -> (TestClient, String, Vec<(&'static str, String)>) {
    let name = format!(
        "{method}{}",
        path.replace(|c: char| !c.is_alphanumeric(), "")
    );
    let browser = app.registered(&name).await;
    if path == "/account/factors/totp" {
        let json = [("accept", "application/json")];
        let offer = browser.get_with(path, &json).await.json();
        let phone = TestAuthenticator::new(offer["secret"].as_str().unwrap(), &app.clock);
        return (browser, path.to_owned(), vec![("code", phone.code())]);
    }
    let phone = app.add_totp(&browser).await;
    let id = app.account(&name).await.id;
    let factor = app.site.factors(&id).await.unwrap().remove(0).id;
    if path == "/account/factors/{id}/remove" {
        let fields = vec![("confirm", "yes".to_owned())];
        return (browser, path.replace("{id}", &factor), fields);
    }
    if path == "/account/factors/recovery-codes" {
        return (browser, path.to_owned(), vec![]);
    }
    browser.post("/logout", &[]).await;
    app.log_in(&browser, &name).await;
    let code = vec![("code", phone.next_code()), ("trust", "on".to_owned())];
    if path == "/login/factor" {
        return (browser, path.to_owned(), code);
    }
    let fields: Vec<_> = code.iter().map(|(name, value)| (*name, &**value)).collect();
    browser.post("/login/factor", &fields).await;
    let json = [("accept", "application/json")];
    let list = browser.get_with("/account/factors", &json).await.json();
    let trusted = list["trusted_browsers"][0]["id"].as_str().unwrap();
    (browser, path.replace("{id}", trusted), vec![])
}

/// OWASP ASVS 5.0, 6.1.3.
#[tokio::test]
async fn the_book_has_each_way_to_a_session_and_no_other() {
    let app = TestApp::with(|config| {
        config.users_can_close_account = true;
        config.users_can_change_username = true;
    })
    .await;
    for name in ["carol", "dora", "alice"] {
        app.registered(name).await;
    }
    app.set_email("alice", "alice@example.com").await;
    app.grant("carol", "admin").await;
    app.grant("carol", "editor").await;
    let user = app.browser().logged_in_as(&app.account("dora").await);
    let routes = user.route_table().await;
    let routes = routes.routes().iter();
    let routes = routes.map(|route| (route.method.clone(), route.path.clone()));
    // These take what an authenticator makes. The tests of the flow `passkeys` show that the log-in
    // and the registration are the only ones of them that give a session.
    let is_of_passkeys = |path: &str| path.contains("/passkey");
    let routes = routes.filter(|(_, path)| path.starts_with('/') && !is_of_passkeys(path));
    let routes: Vec<_> = routes.collect();
    let new = "another correct horse battery";
    let fields = BTreeMap::from([
        (
            "/register",
            vec![("username", "erin"), ("password", PASSWORD)],
        ),
        (
            "/login",
            vec![("username", "carol"), ("password", PASSWORD)],
        ),
        ("/confirm-login", vec![("password", PASSWORD)]),
        (
            "/change-password",
            vec![("current_password", PASSWORD), ("new_password", new)],
        ),
        ("/account/close", vec![("password", PASSWORD)]),
        ("/account/username", vec![("username", "renamed")]),
        ("/logout", vec![]),
        ("/language", vec![("language", "de")]),
        ("/login/factor", vec![]),
        ("/account/factors/totp", vec![]),
        ("/account/factors/cancel-reset", vec![]),
        ("/account/factors/recovery-codes", vec![]),
        ("/account/factors/{id}/remove", vec![]),
        ("/account/factors/trusted-browsers/{id}/remove", vec![]),
        ("/account/sessions/end", vec![("session", "")]),
        ("/account/sessions/end-others", vec![]),
        ("/admin/users/new", vec![("username", "frank")]),
        (
            "/admin/users/{id}/email",
            vec![("email", "alice@example.com")],
        ),
        ("/admin/users/{id}/verify-email", vec![]),
        ("/admin/users/{id}/approve", vec![]),
        ("/admin/users/{id}/reject", vec![]),
        ("/admin/users/{id}/grant", vec![("role", "editor")]),
        ("/admin/users/{id}/revoke", vec![("role", "editor")]),
        ("/admin/users/{id}/disable", vec![]),
        ("/admin/users/{id}/enable", vec![]),
        ("/admin/users/{id}/demand-new-password", vec![]),
        ("/admin/users/{id}/reset-factors", vec![]),
        ("/admin/users/{id}/cancel-factors-reset", vec![]),
        ("/admin/users/{id}/end-session", vec![("session", "")]),
        ("/admin/users/{id}/end-sessions", vec![]),
        ("/admin/users/{id}/delete", vec![("username", "alice")]),
        ("/admin/roles", vec![("name", "writer")]),
        (
            "/admin/roles/{name}/allow",
            vec![("permission", "posts.edit")],
        ),
        (
            "/admin/roles/{name}/forbid",
            vec![("permission", "posts.edit")],
        ),
        ("/admin/roles/{name}/remove", vec![]),
    ]);
    let posts = set(routes.iter().filter(|(method, _)| method == "POST"));
    let posts = set(posts.into_iter().map(|(_, path)| path.as_str()));
    let known = set(fields.keys().copied());
    assert_eq!(posts, known, "say here how to send a form to each route");
    let accounts = app.site.accounts();
    let by_passkey = ["POST /login/passkey", "POST /register/passkey"];
    let mut ways = BTreeSet::from(by_passkey.map(str::to_owned));

    // A new password ends the sessions and is another one for the log-ins here, so it comes last.
    let last = "/change-password";
    let (before, last): (Vec<_>, Vec<_>) = routes.iter().partition(|(_, path)| path != last);
    for (method, path) in before.into_iter().chain(last) {
        let is_of_factors = path.contains("factor") && !path.starts_with("/admin");
        let mut of_factor = (String::new(), Vec::new());
        let browser = match path.as_str() {
            _ if is_of_factors => {
                let (browser, to, fields) =
                    with_factor(&app, (method.as_str(), path.as_str())).await;
                of_factor = (to, fields);
                browser
            }
            "/register" | "/login" => app.browser(),
            "/account/close" => app.registered(&method.to_lowercase()).await,
            "/account/username" => app.registered(&format!("{method}er")).await,
            _ => carol(&app).await,
        };
        let alice = app.account("alice").await;
        let to = path
            .replace("{id}", alice.id.as_str())
            .replace("{name}", "editor");
        let to = match is_of_factors {
            true => of_factor.0.clone(),
            false => to,
        };
        let mut fields = fields.get(path.as_str()).cloned().unwrap_or_default();
        let owner = match path.as_str() {
            "/admin/users/{id}/end-session" => {
                app.log_in(&app.browser(), "alice").await;
                &alice
            }
            _ => &app.account("carol").await,
        };
        let sessions = accounts.sessions(owner, None, 10).await.unwrap();
        for (_, value) in fields.iter_mut().filter(|(name, _)| *name == "session") {
            *value = &sessions.last().unwrap().public_id;
        }
        fields.extend(of_factor.1.iter().map(|(name, value)| (*name, &**value)));
        let token = browser.cookie("__Host-session");
        let response = match method.as_str() {
            "POST" => browser.post(&to, &fields).await,
            _ => browser.get(&to).await,
        };
        let status = response.status;
        assert!(
            method != "POST" || !status.is_client_error(),
            "{method} {to}: {status}"
        );
        let new = browser.cookie("__Host-session");
        if new.is_some() && new != token {
            ways.insert(format!("{method} {path}"));
        }
        if path == "/admin/users/{id}/delete" {
            app.registered("alice").await;
        }
        let operator = accounts.by(Actor::operator());
        let _ = operator.add_role(&"editor".parse().unwrap()).await.unwrap();
    }

    let rows = table("inventory.md", "way in");
    let in_book = set(rows
        .iter()
        .flat_map(|row| quoted(&row[1]))
        .map(str::to_owned));
    assert_eq!(in_book, ways);
    let ways: Vec<_> = rows.iter().map(|row| row[0].as_str()).collect();
    for other in ["remembered browser", "request loader"] {
        assert!(ways.contains(&other), "{other}");
    }
}

/// OWASP ASVS 5.0, 2.1.1.
#[test]
fn what_the_book_says_is_accepted_is_and_what_is_rejected_too() {
    type Accepts = fn(&str) -> bool;
    let rules: [(&str, Accepts); 5] = [
        ("new username", |text| text.parse::<Username>().is_ok()),
        ("email address", |text| text.parse::<Email>().is_ok()),
        ("new password", |text| {
            let policy = PasswordPolicy::default();
            policy.objection(&text.into(), &[]).is_none()
        }),
        ("`next`", |text| Next::from(text).path().is_some()),
        ("name of a role or permission", |text| {
            text.parse::<RoleName>().is_ok() && text.parse::<PermissionName>().is_ok()
        }),
    ];
    let rows = table("inventory.md", "input");

    for (name, accepts) in rules {
        let row = rows.iter().find(|row| row[0] == name).unwrap();
        let (accepted, rejected) = (quoted(&row[2]), quoted(&row[3]));
        assert!(accepted.len() > 1 && rejected.len() > 1, "{name}");
        for text in accepted {
            assert!(accepts(text), "{name}: {text}");
        }
        for text in rejected {
            assert!(!accepts(text), "{name}: {text}");
        }
    }
    let rules = set(rules.map(|(name, _)| name));
    for row in &rows {
        let has_examples = row[2] != "–" || row[3] != "–";
        assert_eq!(has_examples, rules.contains(row[0].as_str()), "{}", row[0]);
    }
    let row = |name: &str| rows.iter().find(|row| row[0] == name).unwrap();
    for (name, figure) in [
        ("new username", Username::MIN_CHARS),
        ("new username", Username::MAX_CHARS),
        ("email address", Email::MAX_CHARS),
        ("new password", PasswordPolicy::default().min_chars),
        ("new password", vestibule::password::Passwords::MAX_CHARS),
        ("`User-Agent`", vestibule::Session::MAX_USER_AGENT_CHARS),
    ] {
        let rule = &row(name)[1];
        let figures = rule.split(|c: char| !c.is_ascii_digit());
        let has = figures.into_iter().any(|other| other == figure.to_string());
        assert!(has, "{name}: {figure}");
    }
}

/// The columns of a table, by its entity.
fn columns(entity: &str, of_table: &str) -> BTreeSet<String> {
    let source = read("vestibule/src/accounts/entity.rs");
    let module = format!("pub(super) mod {entity} {{");
    let fields = source.split(&module).nth(1).unwrap();
    let fields = fields.split("struct Model {").nth(1).unwrap();
    let fields = fields.split('}').next().unwrap().lines();
    let fields = fields.filter_map(|line| {
        let field = line.trim().strip_prefix("pub(in crate::accounts) ")?;
        Some(format!("{of_table}.{}", field.split(':').next()?))
    });
    set(fields.filter(|field| !field.ends_with(".user_id")))
}

/// OWASP ASVS 5.0, 8.1.2.
#[tokio::test]
async fn the_book_says_of_each_column_of_an_account_who_reads_it() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    app.registered("carol").await;
    app.grant("carol", "admin").await;
    let carol = carol(&app).await;
    let rows = table("inventory.md", "column");
    let in_book = set(rows.iter().map(|row| quoted(&row[0])[0].to_owned()));

    let tables = [
        ("user", "users"),
        ("password", "passwords"),
        ("user_role", "user_roles"),
    ];
    let tables = tables.map(|(entity, of_table)| columns(entity, of_table));
    assert_eq!(in_book, tables.into_iter().flatten().collect());
    let json = [("accept", "application/json")];
    let path = format!("/admin/users/{}", app.account("alice").await.id);
    let to_admin = carol.get_with(&path, &json).await.json()["user"].clone();
    let to_user = alice.get_with("/welcome", &json).await.json();
    for row in &rows {
        let column = quoted(&row[0])[0];
        let key = match column {
            "user_roles.role_name" => "roles",
            _ => column.strip_prefix("users.").unwrap_or("-"),
        };
        for (reader, cell) in [(&to_user, &row[1]), (&to_admin, &row[2])] {
            assert_eq!(
                cell.contains("reads"),
                reader.get(key).is_some(),
                "{column}"
            );
        }
    }
}

/// Crates that are no cryptography, in `vestibule/Cargo.toml`.
const OTHER_CRATES: [&str; 38] = [
    "axum",
    "cookie",
    "data-encoding",
    "fluent-bundle",
    "fluent-langneg",
    "fluent-syntax",
    "futures-util",
    "http",
    "http-body-util",
    "ipnet",
    "lettre",
    "memchr",
    "metrics",
    "minijinja",
    "percent-encoding",
    "pin-project-lite",
    "precis-profiles",
    "qrcodegen",
    "quick_cache",
    "redis",
    "rustix",
    "sea-orm",
    "serde",
    "serde_json",
    "strsim",
    "time",
    "tokio",
    "tokio-util",
    "tower",
    "tower-http",
    "tracing",
    "unic-langid",
    "unicode-normalization",
    "unicode-security",
    "ureq",
    "url",
    "uuid",
    "zxcvbn",
];

/// OWASP ASVS 5.0, 11.1.2.
#[test]
fn the_book_has_each_crate_of_cryptography_each_purpose_of_a_key_and_where_they_are() {
    let rows = table("inventory.md", "purpose");
    let column = |index: usize| {
        let cells = rows.iter().flat_map(move |row| quoted(&row[index]));
        set(cells.map(str::to_owned))
    };
    let manifest = read("vestibule/Cargo.toml");
    let (_, after) = manifest.split_once("\n[dependencies]\n").unwrap();
    let dependencies = after.split("\n[").next().unwrap().lines();
    let crates = dependencies.filter_map(|line| line.split_once(" = "));
    let crates = set(crates
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with('#')));
    let mut in_book = column(2);
    // It is named where it is said who uses TLS.
    in_book.retain(|name| name != "libsodium" && !OTHER_CRATES.contains(&name.as_str()));
    let cryptography = crates
        .into_iter()
        .filter(|name| !OTHER_CRATES.contains(name));
    let cryptography = cryptography.map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(in_book, cryptography);

    let src = house().join("vestibule/src");
    for file in column(4) {
        assert!(src.join(&file).is_file(), "{file}");
    }
    let mut purposes = BTreeSet::new();
    for file in rust_files(&src) {
        let text = std::fs::read_to_string(file).unwrap();
        let found = text
            .split('"')
            .filter(|text| text.starts_with("vestibule "));
        let found = found
            .filter(|text| text.ends_with(" v1"))
            .map(str::to_owned);
        purposes.extend(found);
    }
    assert_eq!(column(3), purposes);
}
