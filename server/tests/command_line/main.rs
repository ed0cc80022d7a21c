//! Settings and the commands for users.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait as _;
use support::{Client, PASSWORD, Program, command, refusal, run};

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

/// The help that these arguments print.
fn help(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments, "");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_help_of_a_command_has_its_own_arguments_and_says_where_the_settings_are() {
    let folder = folder();
    let commands = [
        &["--help"][..],
        &["-h"],
        &["serve", "--help"],
        &["user", "--help"],
        &["user", "add", "--help"],
        &["help", "user", "set-password"],
        &["role", "allow", "--help"],
        &["session", "revoke", "-h"],
        &["throttle", "clear", "--help"],
        &["password", "calibrate", "--help"],
        &["doctor", "--help"],
        &["doctor", "timing", "--help"],
        &["routes", "--help"],
    ];
    for command in commands {
        let help = help(folder.path(), command);
        assert!(help.contains("vestibule help settings"), "{help}");
        assert!(!help.contains("VESTIBULE_DATABASE_URL"), "{help}");
        assert!(!help.contains("--argon2"), "{help}");
        assert!(help.lines().count() < 40, "{help}");
    }
    let own = help(folder.path(), &["user", "set-password", "--help"]);
    assert!(
        own.contains("--must-change") && own.contains("Username"),
        "{own}"
    );
    let settings = help(folder.path(), &["settings"]);
    assert_eq!(settings, help(folder.path(), &["help", "settings"]));
}

#[test]
fn help_names_every_setting_with_its_variable() {
    let help = help(folder().path(), &["help", "settings"]);

    for setting in [
        "config",
        "listen",
        "metrics-listen",
        "public-url",
        "dangerous-plain-http-on-private-network",
        "proxy-removes-path",
        "unknown-addresses-need-login",
        "users-can-delete-account",
        "database-url",
        "session-store",
        "wait-for-stores",
        "secret-key-file",
        "site-name",
        "templates",
        "realm",
        "session-idle",
        "session-absolute",
        "max-sessions",
        "cached-sessions",
        "at-max-sessions",
        "session-protection",
        "throttle",
        "throttle-account-tries",
        "throttle-longest-wait",
        "throttle-closed-after",
        "throttle-network-tries",
        "throttle-registrations",
        "throttle-tries-per-minute",
        "remember-for",
        "fresh-for",
        "trusted-proxies",
        "password-algorithm",
        "argon2-memory-kib",
        "argon2-passes",
        "bcrypt-cost",
        "max-bcrypt-cost",
        "bcrypt-long-passwords",
        "password-blocklist",
        "breached-passwords",
        "breached-passwords-fail-closed",
        "pepper-file",
        "password-context-words",
        "reserved-names",
        "hashing-threads",
        "hashing-queue",
        "hashing-patience",
        "header-timeout",
        "request-timeout",
        "log",
        "log-format",
    ] {
        assert!(
            help.contains(&format!("--{setting} ")),
            "--{setting} in {help}"
        );
        let variable = format!("VESTIBULE_{}", setting.to_uppercase().replace('-', "_"));
        assert!(help.contains(&variable), "{variable} in {help}");
    }
    assert!(help.contains("127.0.0.1:5000"), "{help}");
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let folder = folder();
    let file = folder.path().join("vestibule.toml");
    let settings = "site_name = \"From the file\"\nbcrypt_cost = 4\nbcrypt_long_passwords = true\n";
    std::fs::write(&file, settings).unwrap();
    let title = |program: &Program| {
        let page = Client::new(program).get("/login").unwrap().text;
        let title = page.split("<title>").nth(1).unwrap();
        title.split("</title>").next().unwrap().to_owned()
    };

    let program = Program::start(&folder, &[]);
    assert_eq!(title(&program), "Log in · From the file");
    let program = Program::start(&folder, &["--site-name", "From the flag"]);
    assert_eq!(title(&program), "Log in · From the flag");
    let shown = command(folder.path())
        .env("VESTIBULE_SITE_NAME", "From the environment")
        .args(["help", "settings"])
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("VESTIBULE_SITE_NAME=From the environment"),
        "{shown}"
    );
    assert!(shown.contains("[default: \"From the file\"]"), "{shown}");
    assert!(shown.contains("[default: true]"), "{shown}");
}

/// Compose and others pass an empty variable for one that is not set.
#[test]
fn an_empty_variable_is_an_unset_one() {
    let folder = folder();
    std::fs::write(folder.path().join("vestibule.toml"), "site_name = \"Ours\"").unwrap();
    let mut command = command(folder.path());
    for setting in help(folder.path(), &["settings"]).split("[env: ").skip(1) {
        command.env(setting.split('=').next().unwrap(), "");
    }
    command.env("VESTIBULE_UNKNOWN", "");

    let program = Program::start_by(command, &[]);

    let page = Client::new(&program).get("/login").unwrap().text;
    assert!(page.contains("Ours"), "the file counts: {page}");
    assert!(
        program.terminate().contains("serving"),
        "the log is not silent"
    );
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_right_one() {
    let folder = folder();
    let write = |text: &str| std::fs::write(folder.path().join("vestibule.toml"), text).unwrap();

    write("databse_url = \"sqlite::memory:\"");
    let said = refusal(folder.path(), &[]);
    assert!(
        said.contains("unknown setting `databse_url`; did you mean `database_url`?"),
        "{said}"
    );
    write("database_url = \"postgres://app:hunter2@db/app\"");
    let help = help(folder.path(), &["settings"]);
    assert!(!help.contains("hunter2"));
    write("listen = [1]");
    let said = refusal(folder.path(), &[]);
    assert!(
        said.contains(
            "`listen` must be a text, a whole number, true or false, not of the type array"
        ),
        "{said}"
    );
    write("listen = \"somewhere\"");
    let said = refusal(folder.path(), &[]);
    assert!(
        said.contains("vestibule.toml: invalid value 'somewhere' for '--listen"),
        "{said}"
    );
    assert!(said.contains("like 127.0.0.1:5000"), "{said}");
    write("listen = ");
    let said = refusal(folder.path(), &[]);
    assert!(said.contains("vestibule.toml is not valid TOML"), "{said}");
    write("");
    let output = command(folder.path())
        .env("VESTIBULE_LISTN", "x")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("did you mean `VESTIBULE_LISTEN`?"), "{said}");
    let said = refusal(folder.path(), &["--lissten", "127.0.0.1:1"]);
    assert!(said.contains("'--listen'"), "{said}");
    let said = refusal(folder.path(), &["--config", "absent.toml"]);
    assert!(
        said.contains("there is no settings file absent.toml"),
        "{said}"
    );
    let said = refusal(
        folder.path(),
        &[
            "--session-store",
            "redis://:hunter2@127.0.0.1:1",
            "--wait-for-stores",
            "0",
        ],
    );
    assert!(said.contains("session store"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    std::fs::remove_dir_all(folder.path().join("instance")).unwrap();
    let said = refusal(folder.path(), &["--session-idle", "soon"]);
    assert!(said.contains("14days"), "{said}");
    assert!(!folder.path().join("instance").exists());
}

#[test]
fn a_template_folder_replaces_pages_and_a_mistake_in_one_is_told_at_start() {
    let folder = folder();
    let templates = folder.path().join("pages");
    std::fs::create_dir(&templates).unwrap();
    let welcome = templates.join("login.html");
    std::fs::write(&welcome, "{{ url_for('register', a='b c') }} <p>Ours").unwrap();

    let program = Program::start(&folder, &["--templates", "pages"]);
    let page = Client::new(&program).get("/login").unwrap().text;
    assert_eq!(page, "/register?a=b+c <p>Ours");

    std::fs::write(
        templates.join("mine.html"),
        "<p>Frame {% block x %}{% endblock %}",
    )
    .unwrap();
    std::fs::write(
        &welcome,
        "{% extends 'mine.html' %}{% block x %}Mine{% endblock %}",
    )
    .unwrap();
    let program = Program::start(&folder, &["--templates", "pages"]);
    let page = Client::new(&program).get("/login").unwrap().text;
    assert_eq!(page, "<p>Frame Mine");

    std::fs::write(&welcome, "{% extends 'absent.html' %}").unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--templates", "pages"];
    let said = refusal(folder.path(), &arguments);
    assert!(said.contains("absent.html"), "{said}");
    std::fs::write(&welcome, "{{ url_for('home') }}").unwrap();
    let said = refusal(folder.path(), &arguments);
    assert!(
        said.contains("there is no page home; there are account"),
        "{said}"
    );
    assert_eq!(said.matches("there is no page home").count(), 1, "{said}");
    std::fs::write(&welcome, "{% if %}").unwrap();
    let said = refusal(folder.path(), &arguments);
    assert!(said.contains("login.html"), "{said}");
    let arguments = ["--listen", "127.0.0.1:0", "--templates", "absent"];
    let said = refusal(folder.path(), &arguments);
    assert!(said.contains("cannot read absent"), "{said}");
}

/// The file sets every setting of the version of before credentials had a module of their own.
#[test]
fn a_settings_file_of_an_older_version_is_still_read() {
    let folder = folder();
    let folder = folder.path();
    let file = include_str!("settings/before_credentials.toml");
    std::fs::write(folder.join("vestibule.toml"), file).unwrap();

    let (added, said) = user(folder, &["add", "alice"], PASSWORD);
    assert!(added, "{said}");

    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "alice\tactive\t\n");
    assert!(folder.join("site.db").is_file(), "the file's database");
    assert!(folder.join("secret_key").is_file(), "the file's key");
    let said = refusal(folder, &["--bcrypt-cost", "99", "doctor"]);
    assert!(said.contains("99"), "{said}");
}

#[test]
fn every_command_takes_a_name_that_could_not_be_a_new_one() {
    let folder = folder();
    let folder = folder.path();
    assert!(user(folder, &["add", "alice"], PASSWORD).0);
    assert!(vestibule(folder, &["role", "add", "editor"], "").0);
    import(folder, &["jd", "me@example.com", "anna smith", "carol_"]);

    for name in ["jd", "me@example.com", " Anna Smith ", "CAROL_"] {
        for (arguments, input) in [
            (&["user", "disable", name][..], ""),
            (&["user", "enable", name], ""),
            (&["user", "grant", name, "editor"], ""),
            (&["user", "revoke", name, "editor"], ""),
            (&["user", "set-password", name], PASSWORD),
            (&["session", "list", name], ""),
            (&["session", "revoke-all", name], ""),
        ] {
            let (is_done, said) = vestibule(folder, arguments, input);
            assert!(is_done, "{arguments:?}: {said}");
        }
    }
}

/// Users as an operator brings them from another program, whose rules were others.
fn import(folder: &Path, names: &[&str]) {
    let url = format!("sqlite://{}", folder.join("instance/site.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = sea_orm::Database::connect(&url).await.unwrap();
        for name in names {
            let insert = format!(
                "INSERT INTO users (id, username, canonical_username, created_at, updated_at) \
                 VALUES ('{name}', '{name}', '{name}', 0, 0)"
            );
            database.execute_unprepared(&insert).await.unwrap();
        }
    });
}

#[test]
fn tables_with_a_prefix_are_apart_from_those_without_and_from_those_of_an_app() {
    let folder = folder();
    let folder = folder.path();
    let prefixed = ["--table-prefix", "auth_"];
    let add = |prefix: &[&str]| user(folder, &[&["add", "alice"], prefix].concat(), PASSWORD);
    let list = |prefix: &[&str]| user(folder, &[&["list"], prefix].concat(), "").1;

    assert!(add(&prefixed).0);
    assert_eq!(list(&[]), "");
    assert_eq!(list(&prefixed), "alice\tactive\t\n");
    let (is_right, said) = add(&["--table-prefix", "Auth-"]);
    assert!(
        !is_right && said.contains("the table prefix `Auth-`"),
        "{said}"
    );
    execute(folder, "DROP TABLE vestibule_accounts_migrations");
    let (is_right, said) = add(&[]);
    assert!(!is_right && said.contains("the table `users`"), "{said}");
    assert!(said.contains("--table-prefix"), "{said}");
    assert_eq!(list(&prefixed), "alice\tactive\t\n");
}

fn execute(folder: &Path, sql: &str) {
    let url = format!("sqlite://{}", folder.join("instance/site.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = sea_orm::Database::connect(&url).await.unwrap();
        database.execute_unprepared(sql).await.unwrap();
    });
}

#[test]
fn users_are_added_listed_shut_and_opened() {
    let folder = folder();
    let folder = folder.path();

    assert!(user(folder, &["add", "Alice"], PASSWORD).0);
    assert!(user(folder, &["add", "bob"], PASSWORD).0);
    assert!(user(folder, &["disable", "ALICE"], "").0);
    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "Alice\tdisabled\t\nbob\tactive\t\n");
    assert!(user(folder, &["enable", "alice"], "").0);
    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "Alice\tactive\t\nbob\tactive\t\n");
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = folder();
    let folder = folder.path();
    assert!(user(folder, &["add", "alice"], PASSWORD).0);

    for (arguments, password, said) in [
        (
            &["add", "ALICE"][..],
            PASSWORD,
            "the username ALICE is taken",
        ),
        (&["add", "bob"], "short\n", "at least 15 characters"),
        (&["add", "bob"], "", "Enter a password."),
        (&["add", "bob"], "a password with a \0", "NUL"),
        (
            &["add", "bob", "--site-name", "Rosebud"],
            "rosebudrosebudrosebud",
            "your username, your email address or this site's name",
        ),
        (&["add", "b b"], PASSWORD, "letters and digits"),
        (&["disable", "ghost"], "", "there is no user ghost"),
        (
            &["set-password", "ghost"],
            PASSWORD,
            "there is no user ghost",
        ),
        (&["add", "bob", PASSWORD], "", "unexpected argument"),
    ] {
        let (succeeded, output) = user(folder, arguments, password);
        assert!(!succeeded, "{arguments:?}");
        assert!(output.contains(said), "{said} in {output}");
    }
    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "alice\tactive\t\n");
}

#[test]
fn names_and_words_of_the_settings_are_reserved() {
    let folder = folder();
    let settings =
        "reserved_names = \"board, press\"\npassword_context_words = \"rocket, skates\"\n";
    std::fs::write(folder.path().join("vestibule.toml"), settings).unwrap();
    for password in ["rocket skates 1987!", "localhost localhost"] {
        let at_localhost = ["add", "alice", "--public-url", "http://localhost:5000"];
        let (succeeded, said) = user(folder.path(), &at_localhost, password);
        assert!(!succeeded && said.contains("this site's name"), "{said}");
    }
    assert!(user(folder.path(), &["add", "board"], PASSWORD).0);
    let program = Program::start(&folder, &support::QUICK);

    for (name, status) in [("press", 422), ("pre55", 303)] {
        let fields = [("username", name), ("password", PASSWORD)];
        let answer = Client::new(&program).post("/register", &fields).unwrap();
        assert_eq!(answer.status, status, "{name} {}", answer.text);
    }
    program.terminate();
}

#[test]
fn a_breached_password_is_refused_at_the_command_line_too() {
    let folder = folder();
    let folder = folder.path();
    let add = |arguments: &[&str]| user(folder, &[&["add", "alice"], arguments].concat(), PASSWORD);
    let list = folder.join("hashes.txt");
    // The SHA-1 of the password.
    std::fs::write(&list, "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:384\n").unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let down = format!("http://{}", free.local_addr().unwrap());
    drop(free);

    for (arguments, said) in [
        (
            &["--breached-passwords", "hashes.txt"][..],
            "was found in a data breach of another site",
        ),
        (
            &[
                "--breached-passwords",
                &down,
                "--breached-passwords-fail-closed",
                "true",
            ],
            "Try again in a moment.",
        ),
        (
            &["--breached-passwords", "absent.txt"],
            "cannot look up breached passwords in absent.txt",
        ),
        (
            &["--breached-passwords", "http://hashes.example"],
            "needs https",
        ),
        (
            &["--breached-passwords-fail-closed", "true"],
            "say where with `--breached-passwords`",
        ),
    ] {
        let (succeeded, output) = add(arguments);
        assert!(!succeeded && output.contains(said), "{said} in {output}");
    }
    let settings = format!("breached_passwords = \"{down}\"\n");
    std::fs::write(folder.join("vestibule.toml"), settings).unwrap();
    let (succeeded, output) = add(&[]);
    let said = "could not look up whether a password was in a breach";
    assert!(succeeded && output.contains(said), "{output}");
}

#[test]
fn roles_are_added_given_permissions_and_given_to_users_and_taken_away_again() {
    let folder = folder();
    let said = |arguments: &[&str]| {
        let (succeeded, said) = vestibule(folder.path(), arguments, PASSWORD);
        assert!(succeeded, "{arguments:?}: {said}");
        said
    };
    said(&["user", "add", "alice"]);

    said(&["role", "add", "editor"]);
    assert_eq!(
        said(&["role", "allow", "editor", "posts.edit"]),
        "The role editor has the permission posts.edit.\n"
    );
    assert_eq!(
        said(&["user", "grant", "Alice", "editor"]),
        "alice has the role editor, and is logged out everywhere.\n"
    );
    said(&["user", "grant", "alice", "admin"]);
    assert_eq!(
        said(&["user", "grant", "alice", "admin"]),
        "Nothing to change.\n"
    );
    assert_eq!(said(&["user", "list"]), "alice\tactive\tadmin,editor\n");
    assert_eq!(
        said(&["role", "list"]),
        "admin\t\t1\neditor\tposts.edit\t1\n"
    );
    assert_eq!(
        said(&["user", "revoke", "alice", "admin"]).lines().next(),
        Some("alice no longer has the role admin.")
    );
    said(&["role", "forbid", "editor", "posts.edit"]);
    said(&["role", "remove", "editor"]);
    assert_eq!(said(&["role", "list"]), "admin\t\t0\n");
    assert_eq!(said(&["user", "list"]), "alice\tactive\t\n");
    let (succeeded, refused) = user(folder.path(), &["delete", "alice"], "alicia\n");
    assert!(
        !succeeded && refused.contains("nothing was deleted"),
        "{refused}"
    );
    let gone = said(&["user", "delete", "alice", "--yes"]);
    assert!(
        gone.contains("Nobody can use the pages below /admin now"),
        "{gone}"
    );
    assert_eq!(said(&["user", "list"]), "");
}

#[test]
fn a_ghost_user_or_role_is_refused_with_the_nearest_name() {
    let folder = folder();
    let folder = folder.path();
    assert!(user(folder, &["add", "alice"], PASSWORD).0);
    assert!(vestibule(folder, &["role", "add", "editor"], "").0);

    for (arguments, said) in [
        (
            &["user", "grant", "alcie", "editor"][..],
            "there is no user alcie; did you mean alice?",
        ),
        (
            &["user", "grant", "zz top", "editor"],
            "there is no user zz top",
        ),
        (
            &["user", "grant", "alice", "edtior"],
            "There is no such role. Did you mean editor?",
        ),
        (
            &["user", "revoke", "alice", "ghost"],
            "There is no such role. `vestibule role list`",
        ),
        (
            &["user", "grant", "alice", "Editor"],
            "`Editor` cannot be the name of a role",
        ),
        (&["role", "add", "editor"], "This name is taken."),
        (&["role", "add", "chief editor"], "lowercase letters a to z"),
        (
            &["role", "remove", "admin"],
            "The role admin can't be removed.",
        ),
        (&["role", "remove", "edito"], "Did you mean editor?"),
        (
            &["role", "allow", "editor", "All!"],
            "`All!` cannot be the name of a permission",
        ),
        (
            &["role", "forbid", "editor", "a.b"],
            "The role has no such permission.",
        ),
        (&["session", "list", "alcie"], "did you mean alice?"),
        (
            &["session", "revoke", "alice", "ghost"],
            "That session has already ended.",
        ),
    ] {
        let (succeeded, output) = vestibule(folder, arguments, "");
        assert!(!succeeded, "{arguments:?}");
        assert!(output.contains(said), "{said} in {output}");
    }
    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "alice\tactive\t\n");
}

/// The first admin is made here, and by no page.
#[test]
fn a_running_program_soon_knows_of_a_new_admin_and_of_one_no_more() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let mut client = Client::new(&program);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    client.post("/register", &fields).unwrap();
    assert_eq!(client.get("/admin").unwrap().status, 403);

    let admin_is =
        |client: &Client, status| soon(|| client.get("/admin").unwrap().status == status);
    assert!(user(folder.path(), &["grant", "alice", "admin"], "").0);
    // The session from before gains nothing.
    admin_is(&client, 303);
    client.post("/login", &fields).unwrap();
    admin_is(&client, 200);
    assert!(user(folder.path(), &["revoke", "alice", "admin"], "").0);
    admin_is(&client, 403);
}

#[test]
fn sessions_of_the_running_program_are_listed_and_ended_one_by_one_or_all() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let mut clients = [(); 3].map(|()| Client::new(&program));
    clients[0].post("/register", &fields).unwrap();
    clients[1].post("/login", &fields).unwrap();
    clients[2].post("/login", &fields).unwrap();
    let session = |arguments: &[&str]| {
        let (succeeded, said) = vestibule(folder.path(), &[&["session"], arguments].concat(), "");
        assert!(succeeded, "{said}");
        said
    };
    let is_in = |client: &Client| client.get("/welcome").unwrap().status == 200;

    let listed = session(&["list", "alice"]);
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let columns: Vec<_> = listed.lines().next().unwrap().split('\t').collect();
    assert_eq!(columns.len(), 6, "{listed}");
    assert_eq!(columns[5], "password", "how the log-in was proved");
    assert_eq!(columns[3], "127.0.0.1");
    session(&["revoke", "alice", columns[0]]);
    soon(|| clients.iter().filter(|client| is_in(client)).count() == 2);
    session(&["revoke-all", "alice"]);
    soon(|| !clients.iter().any(is_in));
    assert_eq!(session(&["list", "alice"]), "");
    assert_eq!(
        session(&["sweep"]),
        "0 expired sessions and remembered logins are removed.\n"
    );
    clients[0].post("/login", &fields).unwrap();
    assert_eq!(
        session(&["sweep", "--session-idle", "1ms"]),
        "1 expired sessions and remembered logins are removed.\n"
    );
    let [admin, ..] = &mut clients;
    assert!(vestibule(folder.path(), &["user", "grant", "alice", "admin"], "").0);
    admin.post("/login", &fields).unwrap();
    soon(|| admin.get("/admin/log").unwrap().status == 200);
    let log = admin.get("/admin/log").unwrap().text;
    for line in ["session ended", "sessions ended", "sessions swept"] {
        assert!(log.contains(line), "{line}");
    }
}

/// A restored backup brings back sessions that were ended since.
#[test]
fn after_a_restored_backup_one_command_ends_all_sessions_and_forgets_all_browsers() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let alice = [("username", "alice"), ("password", PASSWORD)];
    let mut client = Client::new(&program);
    client.post("/register", &alice).unwrap();
    let remembered = [&alice[..], &[("remember", "on")]].concat();
    let mut remembering = Client::new(&program);
    remembering.post("/login", &remembered).unwrap();
    let bob = [("username", "bobby"), ("password", PASSWORD)];
    let mut other = Client::new(&program);
    other.post("/register", &bob).unwrap();
    let is_in = |client: &Client| client.get("/welcome").unwrap().status == 200;
    let backup = folder.path().join("backup.db").display().to_string();
    execute(folder.path(), &format!("VACUUM INTO '{backup}'"));
    assert!(vestibule(folder.path(), &["session", "revoke-all", "alice"], "").0);
    soon(|| !is_in(&client));
    let address = program.address().to_owned();
    program.terminate();
    for file in ["site.db", "site.db-wal", "site.db-shm"] {
        std::fs::remove_file(folder.path().join("instance").join(file)).ok();
    }
    std::fs::rename(&backup, folder.path().join("instance/site.db")).unwrap();
    let _program = Program::start(&folder, &["--listen", &address]);
    assert!(is_in(&client) && is_in(&remembering) && is_in(&other));

    let (succeeded, said) = vestibule(folder.path(), &["session", "revoke-everyone"], "");

    assert!(succeeded && said.contains("2 users"), "{said}");
    soon(|| ![&client, &remembering, &other].into_iter().any(is_in));
}

#[test]
fn whoever_got_a_temporary_password_must_choose_another_one() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    assert!(user(folder.path(), &["add", "alice"], PASSWORD).0);
    let temporary = "a temporary horse and battery";
    let set = ["set-password", "--must-change", "alice"];
    let (_, said) = user(folder.path(), &set, temporary);
    assert!(said.contains("must choose another one"), "{said}");
    let mut client = Client::new(&program);

    let (_, listed) = user(folder.path(), &["list"], "");
    assert_eq!(listed, "alice\tmust change password\t\n");
    let fields = [("username", "alice"), ("password", temporary)];
    client.post("/login", &fields).unwrap();
    let sent = client.get("/welcome").unwrap();
    assert_eq!(
        sent.location.as_deref(),
        Some("/change-password?next=%2Fwelcome")
    );
    let fields = [("current_password", temporary), ("new_password", PASSWORD)];
    let changed = client.post("/change-password", &fields).unwrap();
    assert_eq!(changed.location.as_deref(), Some("/welcome"));
    assert_eq!(client.get("/welcome").unwrap().status, 200);
}

#[test]
fn the_operator_reads_what_happened_to_an_account() {
    let folder = folder();
    assert!(
        run(folder.path(), &["user", "add", "alice"], PASSWORD)
            .status
            .success()
    );
    let program = Program::start(&folder, &[]);
    let mut client = Client::new(&program);
    let fields = [
        ("username", "alice"),
        ("password", "wrong horse and battery"),
    ];
    client.post("/login", &fields).unwrap();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    client.post("/login", &fields).unwrap();
    // Lines that are written after the response are there too.
    program.terminate();

    let log = run(folder.path(), &["user", "log", "alice"], "");

    let log = String::from_utf8(log.stdout).unwrap();
    let actions: Vec<_> = log.lines().map(|line| line.split('\t').nth(1)).collect();
    let expected = ["logged in", "log-in failed", "account added"];
    assert_eq!(actions, expected.map(Some), "{log}");
}

/// H1: whoever adds a route says here what it asks.
#[test]
fn the_table_of_routes_has_each_of_them_with_what_it_asks() {
    let folder = folder();

    let output = run(folder.path(), &["routes"], "");

    let table = String::from_utf8(output.stdout).unwrap();
    let changes = "AdminChanges: role admin and fresh login";
    let expected = [
        ("GET /", "everybody"),
        ("GET /.well-known/change-password", "everybody"),
        ("GET /account", "login"),
        ("GET /account/log", "login"),
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
        ("POST /admin/users/{id}/delete", changes),
        ("POST /admin/users/{id}/demand-new-password", changes),
        ("POST /admin/users/{id}/disable", changes),
        ("POST /admin/users/{id}/email", changes),
        ("POST /admin/users/{id}/enable", changes),
        ("POST /admin/users/{id}/end-session", changes),
        ("POST /admin/users/{id}/end-sessions", changes),
        ("POST /admin/users/{id}/grant", changes),
        ("POST /admin/users/{id}/revoke", changes),
        ("GET /change-password", "login"),
        ("POST /change-password", "login"),
        ("GET /confirm-login", "login"),
        ("POST /confirm-login", "login"),
        ("GET /healthz", "everybody"),
        ("POST /language", "everybody"),
        ("GET /login", "everybody"),
        ("POST /login", "everybody"),
        ("GET /logout", "everybody"),
        ("POST /logout", "everybody"),
        ("GET /readyz", "everybody"),
        ("GET /register", "everybody"),
        ("POST /register", "everybody"),
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

#[test]
fn a_new_password_or_a_shut_account_ends_sessions_of_the_running_program() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let mut client = Client::new(&program);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    client.post("/register", &fields).unwrap();
    assert_eq!(client.get("/welcome").unwrap().status, 200);

    let new = "another horse and battery";
    assert!(
        user(
            folder.path(),
            &["set-password", "alice"],
            &format!("{new}\n")
        )
        .0
    );
    soon(|| client.get("/welcome").unwrap().status == 303);
    assert_eq!(client.post("/login", &fields).unwrap().status, 401);
    let fields = [("username", "alice"), ("password", new)];
    assert_eq!(client.post("/login", &fields).unwrap().status, 303);

    assert!(user(folder.path(), &["disable", "alice"], "").0);
    soon(|| client.get("/welcome").unwrap().status == 303);
    assert_eq!(client.post("/login", &fields).unwrap().status, 401);
}

#[test]
fn the_operator_sees_who_is_guessed_at_and_forgets_it() {
    let folder = folder();
    let database = ["--config", "x.toml", "--throttle-account-tries", "2"];
    std::fs::write(folder.path().join("x.toml"), "").unwrap();
    let (added, said) = user(folder.path(), &["add", "alice"], PASSWORD);
    assert!(added, "{said}");
    let program = Program::start(&folder, &database);
    let wrong = [
        ("username", "alice"),
        ("password", "not the password of alice"),
    ];
    let right = [("username", "alice"), ("password", PASSWORD)];
    for _ in 0..2 {
        let answer = Client::new(&program).post("/login", &wrong).unwrap();
        assert_eq!(answer.status, 401);
    }
    let answer = Client::new(&program).post("/login", &right).unwrap();
    assert_eq!(answer.status, 429);
    assert!(answer.text.contains("Try again in"), "{}", answer.text);

    let (listed, said) = vestibule(folder.path(), &["throttle", "list"], "");
    assert!(listed, "{said}");
    assert!(said.contains("account\talice\t2\t"), "{said}");
    assert!(said.contains("network\t127.0.0.0/24\t2\tnow"), "{said}");
    let (cleared, said) = vestibule(folder.path(), &["throttle", "clear", "Alice"], "");
    assert!(cleared, "{said}");
    let network = ["throttle", "clear", "127.0.0.0/24"];
    let (cleared, said) = vestibule(folder.path(), &network, "");
    assert!(cleared, "{said}");
    let (cleared, said) = vestibule(folder.path(), &["throttle", "clear", "bob"], "");
    assert!(
        !cleared && said.contains("vestibule throttle list"),
        "{said}"
    );

    soon(|| Client::new(&program).post("/login", &right).unwrap().status == 303);
    program.terminate();
}

#[test]
fn a_password_that_the_operator_sets_makes_wrong_tries_at_the_old_one_forgotten() {
    let folder = folder();
    let few = ["--throttle-account-tries", "2"];
    assert!(user(folder.path(), &["add", "alice"], PASSWORD).0);
    let program = Program::start(&folder, &few);
    let log_in = |password: &str| {
        let fields = [("username", "alice"), ("password", password)];
        Client::new(&program)
            .post("/login", &fields)
            .unwrap()
            .status
    };
    for _ in 0..2 {
        assert_eq!(log_in("not the password of alice"), 401);
    }
    assert_eq!(log_in(PASSWORD), 429);

    let new = "another horse and battery";
    assert!(user(folder.path(), &["set-password", "alice"], new).0);

    soon(|| log_in(new) == 303);
    program.terminate();
}
