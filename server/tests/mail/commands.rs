//! The settings for mail, and `vestibule mail`.

use super::mail_server::{Authority, LOGIN, MailServer, Tls};
use super::support::mails::eventually;
use super::support::{Client, Program, command, refusal, run};
use super::{FROM, by, enter, list, register, succeed};

#[test]
fn settings_that_contradict_each_other_are_errors_that_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let url = ["--smtp-url", "smtps://app:hunter2@mail.example.com"];
    let mail_folder = ["--mail-folder", "mail"];
    let ftp = ["--smtp-url", "ftp://app:hunter2@mail.example.com"];
    let absent = ["--smtp-password-file", "absent"];
    for (settings, says) in [
        ([&url[..], &mail_folder].concat(), "keep --smtp-url"),
        (url.to_vec(), "--mail-from noreply@example.com"),
        (
            [&url[..], &["--mail-from", "nobody"]].concat(),
            "`nobody` is not a sender",
        ),
        (
            [&ftp[..], &FROM].concat(),
            "`ftp` is neither smtps nor smtp",
        ),
        ([&url[..], &FROM, &absent].concat(), "absent"),
        ([&mail_folder[..], &absent].concat(), "set --smtp-url"),
        (absent.to_vec(), "set --smtp-url"),
    ] {
        for command in [&[][..], &["mail", "test", "alice@example.com"], &["doctor"]] {
            let said = refusal(folder.path(), &[command, &settings].concat());
            assert!(said.contains(says), "{settings:?}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
    std::fs::write(folder.path().join("password"), "swordfish").unwrap();
    let two = [&url[..], &FROM, &["--smtp-password-file", "password"]].concat();
    let said = refusal(folder.path(), &two);
    assert!(said.contains("--smtp-password-file"), "{said}");
    assert!(
        !said.contains("swordfish") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn the_password_is_in_no_help_and_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "smtp_url = \"smtp://app:hunter2@127.0.0.1:1\"\nmail_from = \"a@example.com\"\n";
    std::fs::write(folder.path().join("vestibule.toml"), settings).unwrap();
    for arguments in [
        &["help", "settings"][..],
        &["doctor"],
        &["mail", "test", "b@example.com"],
    ] {
        let output = run(folder.path(), arguments, "");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(!said.contains("hunter2"), "{said}");
    }
    let output = command(folder.path())
        .env("VESTIBULE_SMTP_URL", "smtp://app:swordfish@127.0.0.1:1")
        .args(["help", "settings"])
        .output()
        .unwrap();
    assert!(
        !String::from_utf8(output.stdout)
            .unwrap()
            .contains("swordfish")
    );
}

#[test]
fn a_test_mail_is_sent_at_once_or_the_command_fails_with_the_server_s_words() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Ours");
    let server = MailServer::start_with(Tls::Implicit, &authority, "127.0.0.1");
    let file = authority.file();
    let url = |password| {
        let (user, port) = (LOGIN.0, server.port);
        format!("smtps://{user}:{password}@127.0.0.1:{port}")
    };
    let right = url(LOGIN.1);
    let flags = by(&right, &["--smtp-ca-file", &file]);

    let said = succeed(
        folder.path(),
        &["mail", "test", "alice@example.com"],
        &flags,
    );
    assert!(
        said.contains("accepted the mail to alice@example.com"),
        "{said}"
    );
    assert_eq!(
        server.mails_to("alice@example.com", 1)[0].header("X-User"),
        LOGIN.0
    );

    let refused = [&["mail", "test", "refused@example.com"], &flags[..]].concat();
    let said = refusal(folder.path(), &refused);
    assert!(said.contains("no such mailbox"), "{said}");
    let wrong = url("swordfish");
    let flags = by(&wrong, &["--smtp-ca-file", &file]);
    let said = refusal(
        folder.path(),
        &[&["mail", "test", "b@example.com"], &flags[..]].concat(),
    );
    assert!(
        said.contains("535") || said.contains("uthentication"),
        "{said}"
    );
    assert!(!said.contains("swordfish"), "{said}");
    let doctor = run(folder.path(), &[&["doctor"], &flags[..]].concat(), "");
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(
        said.contains("takes no mail") && !said.contains("swordfish"),
        "{said}"
    );
    assert_eq!(server.mails().len(), 1);

    let said = refusal(folder.path(), &["mail", "test", "alice@example.com"]);
    assert!(said.contains("no mail is set up"), "{said}");
    let said = refusal(folder.path(), &["mail", "test", "alice"]);
    assert!(said.contains("name@example.com"), "{said}");
}

#[test]
fn mails_are_listed_by_their_state_without_what_is_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let program = Program::start(&folder, &flags);
    let mut alice = register(&program, "alice");
    enter(&mut alice, "alice@example.com");
    enter(&mut alice, "refused@example.com");
    let token = server.mails_to("alice@example.com", 1)[0].token();
    eventually("both are done", || {
        let listed = list(folder.path(), &flags);
        listed.len() == 2 && listed.iter().all(|mail| mail.state != "waiting")
    });

    for (state, to) in [("sent", "alice@"), ("failed", "refused@")] {
        let said = succeed(folder.path(), &["mail", "list", "--state", state], &flags);
        assert!(said.contains(to) && said.lines().count() == 1, "{said}");
        assert!(
            said.contains("verify_email") && !said.contains(&token),
            "{said}"
        );
    }
    let said = succeed(
        folder.path(),
        &["mail", "list", "--state", "waiting"],
        &flags,
    );
    assert_eq!(said, "");
    let said = succeed(folder.path(), &["mail", "retry"], &flags);
    assert!(said.starts_with("1 mails"), "the one that failed: {said}");
    let said = refusal(folder.path(), &["mail", "list"]);
    assert!(said.contains("no mail is set up"), "{said}");
}

#[test]
fn mails_are_counted_for_the_monitor() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &["--metrics-listen", "127.0.0.1:0"]);
    let program = Program::start(&folder, &flags);
    let mut alice = register(&program, "alice");

    enter(&mut alice, "alice@example.com");
    enter(&mut alice, "refused@example.com");
    // One in a minute.
    enter(&mut alice, "alice@example.com");

    let at = program
        .said
        .lines()
        .find_map(|line| line.strip_prefix("Metrics at "));
    let origin = at.unwrap().strip_suffix("/metrics").unwrap();
    let monitor = Client::to(origin);
    for line in [
        "vestibule_mails_total{state=\"sent\"} 1",
        "vestibule_mails_total{state=\"failed\"} 1",
        "vestibule_mails_limited_total{kind=\"verify_email\"} 1",
        "vestibule_mails_waiting 0",
    ] {
        eventually(line, || {
            let shown = monitor.get("/metrics").unwrap().text;
            shown.lines().any(|found| found == line)
        });
    }
}

#[test]
fn requests_for_mails_and_wrong_links_are_counted_by_network() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &["--mail-folder", "mail"]);
    let mut stranger = Client::new(&program);

    let email = [("email", "alice@example.com")];
    assert_eq!(
        stranger.post("/forgot-password", &email).unwrap().status,
        202
    );
    let wrong = [
        ("token", "wrong"),
        ("password", "another horse and battery"),
    ];
    assert_eq!(
        stranger.post("/reset-password", &wrong).unwrap().status,
        410
    );

    let said = succeed(folder.path(), &["throttle", "list"], &[]);
    assert!(said.contains("mails\t127.0.0.0/24\t1\tnow"), "{said}");
    assert!(said.contains("links\t127.0.0.0/24\t1\tnow"), "{said}");
    succeed(folder.path(), &["throttle", "clear", "127.0.0.0/24"], &[]);
    let said = succeed(folder.path(), &["throttle", "list"], &[]);
    assert_eq!(said, "");
}

#[test]
fn the_table_of_routes_has_those_of_mail_if_mail_is_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let routes = |flags: &[&str]| succeed(folder.path(), &["routes"], flags);

    let (with, without) = (routes(&["--mail-folder", "mail"]), routes(&[]));

    for route in ["/forgot-password", "/reset-password", "/verify-email"] {
        let route = &format!(" {route} ");
        assert!(with.contains(route) && !without.contains(route), "{route}");
    }
}
