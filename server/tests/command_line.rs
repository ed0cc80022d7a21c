//! Settings and the commands for users.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;

use support::{Client, PASSWORD, Program, command, refusal, run};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn user(folder: &Path, arguments: &[&str], password: &str) -> (bool, String) {
    let output = run(folder, &[&["user"], arguments].concat(), password);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn help_names_every_setting_with_its_variable() {
    let output = run(folder().path(), &["--help"], "");
    let help = String::from_utf8(output.stdout).unwrap();

    for setting in [
        "config",
        "listen",
        "public-url",
        "database-url",
        "secret-key-file",
        "site-name",
        "templates",
        "session-idle",
        "session-absolute",
        "session-protection",
        "remember-for",
        "fresh-for",
        "trusted-proxies",
        "password-algorithm",
        "argon2-memory-kib",
        "argon2-passes",
        "bcrypt-cost",
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
    std::fs::write(&file, "site_name = \"From the file\"\nbcrypt_cost = 4\n").unwrap();
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
        .arg("--help")
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("VESTIBULE_SITE_NAME=From the environment"),
        "{shown}"
    );
    assert!(shown.contains("[default: \"From the file\"]"), "{shown}");
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
    let help = run(folder.path(), &["--help"], "");
    assert!(!String::from_utf8(help.stdout).unwrap().contains("hunter2"));
    write("listen = [1]");
    let said = refusal(folder.path(), &[]);
    assert!(
        said.contains("`listen` is a text or a whole number, not of the type array"),
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
        said.contains("there is no page home; there are confirm_login"),
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

#[test]
fn users_are_added_listed_shut_and_opened() {
    let folder = folder();
    let folder = folder.path();

    assert!(user(folder, &["add", "Alice"], PASSWORD).0);
    assert!(user(folder, &["add", "bob"], PASSWORD).0);
    assert!(user(folder, &["disable", "ALICE"], "").0);
    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "Alice\tdisabled\nbob\tactive\n");
    assert!(user(folder, &["enable", "alice"], "").0);
    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "Alice\tactive\nbob\tactive\n");
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
    assert_eq!(listed, "alice\tactive\n");
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
    assert_eq!(client.get("/welcome").unwrap().status, 303);
    assert_eq!(client.post("/login", &fields).unwrap().status, 401);
    let fields = [("username", "alice"), ("password", new)];
    assert_eq!(client.post("/login", &fields).unwrap().status, 303);

    assert!(user(folder.path(), &["disable", "alice"], "").0);
    assert_eq!(client.get("/welcome").unwrap().status, 303);
    assert_eq!(client.post("/login", &fields).unwrap().status, 401);
}
