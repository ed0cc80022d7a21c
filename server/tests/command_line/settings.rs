//! Settings: flags, variables, the file, and the help.

use std::path::Path;

use crate::support::{Client, PASSWORD, Program, command, refusal, run};
use crate::{folder, user};

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
        &["mail", "test", "--help"],
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
        "passkey-rp-id",
        "passkey-authenticators",
        "unknown-addresses-need-login",
        "log-in-with",
        "require-second-factor",
        "require-second-factor-from",
        "factors-reset-wait",
        "mail-codes",
        "require-verified-email",
        "registration",
        "temporary-passwords-last",
        "change-username",
        "close-account",
        "close-grace",
        "database-url",
        "session-store",
        "wait-for-stores",
        "secret-key-file",
        "smtp-url",
        "smtp-password-file",
        "smtp-ca-file",
        "mail-from",
        "mail-folder",
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
    let file = include_str!("../settings/before_credentials.toml");
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
fn a_wrong_day_and_a_wrong_folder_of_authenticators_are_refused_with_what_to_write() {
    let folder = folder();
    let said = refusal(
        folder.path(),
        &["--require-second-factor-from", "31.3.2027"],
    );
    assert!(said.contains("write it like 2027-03-31"), "{said}");
    let alone = ["--require-second-factor-from", "2027-03-31"];
    let said = refusal(folder.path(), &alone);
    assert!(said.contains("`Admins` or `All`"), "{said}");
    let said = refusal(folder.path(), &["--mail-codes", "true"]);
    assert!(said.contains("mailer"), "{said}");

    let models = folder.path().join("models");
    let at = ["--public-url", "https://example.com"];
    let name = models.display().to_string();
    let arguments = [&at[..], &["--passkey-authenticators", &name]].concat();
    let said = refusal(folder.path(), &arguments);
    assert!(said.contains("cannot read"), "{said}");
    std::fs::create_dir(&models).unwrap();
    let said = refusal(folder.path(), &arguments);
    assert!(said.contains("no authenticator may make"), "{said}");
    std::fs::write(models.join("key.pem"), "").unwrap();
    let said = refusal(folder.path(), &arguments);
    assert!(said.contains("no AAGUID"), "{said}");
}
