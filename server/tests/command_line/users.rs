//! Commands for users.

use std::path::Path;

use sea_orm::ConnectionTrait as _;

use crate::support::{Client, PASSWORD, Program};
use crate::{execute, folder, support, user, vestibule};

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

/// An account that does not wait is neither approved nor deleted.
#[test]
fn only_an_account_that_waits_is_approved_or_rejected() {
    let folder = folder();
    let folder = folder.path();
    assert!(user(folder, &["add", "alice"], PASSWORD).0);

    for action in ["approve", "reject"] {
        let (is_done, said) = user(folder, &[action, "alice"], "");
        assert_eq!((is_done, &*said), (true, "Nothing to change.\n"));
    }

    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "alice\tactive\t\n");
}

#[test]
fn what_needs_a_mail_address_or_mail_says_so() {
    let folder = folder();
    let folder = folder.path();
    assert!(user(folder, &["add", "alice"], PASSWORD).0);

    for (arguments, why) in [
        (&["verify-email", "alice"][..], "has no email address"),
        (&["send-reset-link", "alice"], "sends no mail"),
        (&["invite", "dora@example.com"], "sends no mail"),
        (
            &["revoke-invitation", "dora@example.com"],
            "no open invitation",
        ),
    ] {
        let (is_done, said) = user(folder, arguments, "");
        assert!(!is_done && said.contains(why), "{arguments:?}: {said}");
    }

    let (is_done, said) = user(folder, &["invitations"], "");
    assert_eq!((is_done, &*said), (true, ""));
    let (is_done, said) = vestibule(folder, &["user", "list", "--registration", "invite"], "");
    assert!(!is_done && said.contains("needs mail"), "{said}");
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
fn the_operator_lists_and_removes_the_factors_of_a_user() {
    let folder = folder();
    let folder = folder.path();
    assert!(user(folder, &["add", "alice"], PASSWORD).0);
    assert_eq!(user(folder, &["factors", "list", "alice"], "").1, "");
    let none = user(folder, &["factors", "reset", "alice"], "");
    assert!(none.1.contains("alice has no second factor."), "{}", none.1);
    let insert = "INSERT INTO vestibule_totp_apps \
                  (id, realm, user_id, name, secret, created_at, last_used_at, last_step) \
                  SELECT 'one', '', id, 'My phone', 'not ours', 0, NULL, 0 FROM users";
    let url = format!("sqlite://{}", folder.join("instance/site.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = sea_orm::Database::connect(&url).await.unwrap();
        database.execute_unprepared(insert).await.unwrap();
    });

    let listed = user(folder, &["factors", "list", "alice"], "").1;
    assert_eq!(listed, "totp\tMy phone\t1970-01-01T00:00:00Z\tnever used\n");
    let doctor = vestibule(folder, &["doctor"], "").1;
    assert!(
        doctor.contains("an old secret key has encrypted: 1"),
        "{doctor}"
    );
    // With a wait, it can be called off.
    let wait = "--factors-reset-wait=3days";
    let planned = user(folder, &["factors", "reset", "alice", wait], "").1;
    assert!(
        planned.contains("unless the user uses or adds one"),
        "{planned}"
    );
    let listed = user(folder, &["factors", "list", "alice"], "").1;
    assert!(
        listed.contains("All second factors will be removed on"),
        "{listed}"
    );
    let kept = user(folder, &["factors", "cancel-reset", "alice"], "").1;
    assert!(kept.contains("The second factors of alice stay."), "{kept}");
    let none = user(folder, &["factors", "cancel-reset", "alice"], "").1;
    assert!(none.contains("No reset"), "{none}");

    let reset = user(folder, &["factors", "reset", "alice"], "").1;
    assert!(
        reset.contains("All second factors of alice are removed"),
        "{reset}"
    );
    assert_eq!(user(folder, &["factors", "list", "alice"], "").1, "");
    let log = user(folder, &["log", "alice"], "").1;
    assert!(log.contains("factors reset"), "{log}");
}
