//! Settings and the commands for users.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod roles;
mod sessions;
mod settings;
#[path = "../support/mod.rs"]
mod support;
mod users;

use std::path::Path;
use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait as _;
use support::run;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn user(folder: &Path, arguments: &[&str], password: &str) -> (bool, String) {
    vestibule(folder, &[&["user"], arguments].concat(), password)
}

/// Runs a command, quietly. Returns whether it succeeded, and what it said.
fn vestibule(folder: &Path, arguments: &[&str], input: &str) -> (bool, String) {
    let output = run(folder, &[arguments, &["--log", "warn"]].concat(), input);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// Asks until it is so: what another process changes is known to the running one within the bound
/// of the feed, and a look at the database.
fn soon(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(2), "within 2 s");
    }
}

fn execute(folder: &Path, sql: &str) {
    let url = format!("sqlite://{}", folder.join("instance/site.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = sea_orm::Database::connect(&url).await.unwrap();
        database.execute_unprepared(sql).await.unwrap();
    });
}

/// H1: a new route needs a line here that says who may use it.
#[test]
fn the_table_of_routes_has_each_of_them_with_what_it_asks() {
    let folder = folder();

    let output = run(folder.path(), &["routes"], "");

    let table = String::from_utf8(output.stdout).unwrap();
    let changes = "AdminChanges: role admin and fresh login";
    let expected = [
        ("GET /", "everybody"),
        ("GET /.well-known/change-password", "everybody"),
        ("GET /.well-known/passkey-endpoints", "everybody"),
        ("GET /account", "login"),
        ("GET /account/export", "fresh login"),
        ("GET /account/factors", "fresh login"),
        ("POST /account/factors/cancel-reset", "login"),
        ("POST /account/factors/recovery-codes", "fresh login"),
        ("GET /account/factors/totp", "fresh login"),
        ("POST /account/factors/totp", "fresh login"),
        (
            "POST /account/factors/trusted-browsers/{id}/remove",
            "fresh login",
        ),
        ("POST /account/factors/{id}/remove", "fresh login"),
        ("GET /account/log", "login"),
        ("GET /account/passkeys", "fresh login"),
        ("POST /account/passkeys", "fresh login"),
        ("POST /account/passkeys/options", "fresh login"),
        ("POST /account/passkeys/rename", "fresh login"),
        ("GET /account/sessions", "login"),
        ("POST /account/sessions/end", "fresh login"),
        ("POST /account/sessions/end-others", "fresh login"),
        ("GET /admin", "Admins: role admin"),
        ("GET /admin/log", "Admins: role admin"),
        ("GET /admin/roles", "Admins: role admin"),
        ("POST /admin/roles", changes),
        ("GET /admin/roles/{name}", "Admins: role admin"),
        ("POST /admin/roles/{name}/allow", changes),
        ("POST /admin/roles/{name}/forbid", changes),
        ("POST /admin/roles/{name}/remove", changes),
        ("GET /admin/users", "Admins: role admin"),
        ("GET /admin/users/new", "Admins: role admin"),
        ("POST /admin/users/new", changes),
        ("GET /admin/users/{id}", "Admins: role admin"),
        ("POST /admin/users/{id}/approve", changes),
        ("POST /admin/users/{id}/cancel-factors-reset", changes),
        ("POST /admin/users/{id}/delete", changes),
        ("POST /admin/users/{id}/demand-new-password", changes),
        ("POST /admin/users/{id}/disable", changes),
        ("POST /admin/users/{id}/email", changes),
        ("POST /admin/users/{id}/enable", changes),
        ("POST /admin/users/{id}/end-session", changes),
        ("POST /admin/users/{id}/end-sessions", changes),
        ("POST /admin/users/{id}/grant", changes),
        ("POST /admin/users/{id}/reject", changes),
        ("POST /admin/users/{id}/reset-factors", changes),
        ("POST /admin/users/{id}/revoke", changes),
        ("POST /admin/users/{id}/verify-email", changes),
        ("GET /change-password", "login"),
        ("POST /change-password", "login"),
        ("GET /confirm-login", "login"),
        ("POST /confirm-login", "login"),
        ("GET /healthz", "everybody"),
        ("POST /language", "everybody"),
        ("GET /login", "everybody"),
        ("POST /login", "everybody"),
        ("GET /login/factor", "everybody"),
        ("POST /login/factor", "everybody"),
        ("POST /login/passkey", "everybody"),
        ("POST /login/passkey/options", "everybody"),
        ("GET /logout", "everybody"),
        ("POST /logout", "everybody"),
        ("GET /readyz", "everybody"),
        ("GET /register", "everybody"),
        ("POST /register", "everybody"),
        ("POST /register/passkey", "everybody"),
        ("POST /register/passkey/options", "everybody"),
        ("GET /static/{file}", "everybody"),
        ("GET /welcome", "login"),
    ];
    let found: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        found,
        expected.map(|(route, guard)| format!("{route} {guard}"))
    );
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "",
        "nothing to log"
    );
    assert!(!folder.path().join("instance").exists(), "and nothing made");
}
