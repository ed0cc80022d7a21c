//! What goes wrong between the program and the mail server. No mail is lost, and none is sent twice,
//! except after a crash between sending and marking.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait as _;

use super::mail_server::{Authority, ELSEWHERE, LOGIN, MailServer, Tls};
use super::support::mails::eventually;
use super::support::{Client, PASSWORD, Program, run};
use super::{Listed, by, enter, list, register, succeed, tried};

/// Attack: somebody on the way to the mail server removes STARTTLS from its answer.
#[test]
fn without_starttls_nothing_is_sent_to_another_machine() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = format!("smtp://{ELSEWHERE}:{}", server.port);
    let flags = by(&url, &[]);
    let program = Program::start(&folder, &flags);

    enter(&mut register(&program, "alice"), "alice@example.com");

    let error = tried(folder.path(), &flags);
    assert!(
        error.contains("STARTTLS") || error.contains("TLS"),
        "{error}"
    );
    assert!(server.mails().is_empty());
}

#[test]
fn a_server_with_a_wrong_certificate_gets_neither_mail_nor_password() {
    let (ours, other) = (Authority::new("Ours"), Authority::new("Other"));
    for (authority, issued_for, tls, scheme, host) in [
        (&other, "127.0.0.1", Tls::Implicit, "smtps", "127.0.0.1"),
        (
            &ours,
            "mail.example.com",
            Tls::Implicit,
            "smtps",
            "127.0.0.1",
        ),
        (&other, ELSEWHERE, Tls::Upgraded, "smtp", ELSEWHERE),
        // Who names an authority wants it, on this machine too.
        (&other, "127.0.0.1", Tls::Upgraded, "smtp", "127.0.0.1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = MailServer::start_with(tls, authority, issued_for);
        let (user, password) = LOGIN;
        let url = format!("{scheme}://{user}:{password}@{host}:{}", server.port);
        let file = ours.file();
        let flags = by(&url, &["--smtp-ca-file", &file]);
        let program = Program::start(&folder, &flags);

        enter(&mut register(&program, "alice"), "alice@example.com");

        let error = tried(folder.path(), &flags);
        assert!(error.contains("certificate"), "{error}");
        assert!(server.mails().is_empty());
        let log = program.terminate();
        assert!(!log.contains(password), "{log}");
    }
}

/// Debian's postfix offers STARTTLS with a certificate that nobody knows.
#[test]
fn a_server_on_this_machine_may_have_any_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Nobody knows it");
    let server = MailServer::start_with(Tls::Upgraded, &authority, "debian");
    let (user, password) = LOGIN;
    let url = format!("smtp://{user}:{password}@127.0.0.1:{}", server.port);
    let program = Program::start(&folder, &by(&url, &[]));

    enter(&mut register(&program, "alice"), "alice@example.com");

    let mails = server.mails_to("alice@example.com", 1);
    assert_eq!(mails[0].header("X-Tls"), "True");
}

/// And the probe for monitors does not depend on the mail server.
#[test]
fn while_the_server_is_down_requests_do_not_wait_and_the_mails_do() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let port = server.stop();
    let program = Program::start(&folder, &flags);
    let mut alice = register(&program, "alice");

    enter(&mut alice, "alice@example.com");

    let error = tried(folder.path(), &flags);
    assert!(error.contains("refused"), "{error}");
    assert_eq!(alice.get("/readyz").unwrap().status, 200);
    let doctor = run(folder.path(), &[&["doctor"], &flags[..]].concat(), "");
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(!doctor.status.success());
    assert!(said.contains("1 mails wait"), "{said}");
    assert!(
        said.contains("takes no mail") && said.contains("mail retry"),
        "{said}"
    );
    let server = MailServer::start_at(port);
    succeed(folder.path(), &["mail", "retry"], &flags);
    server.mails_to("alice@example.com", 1);
    program.terminate();
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn a_rejected_recipient_is_given_up_at_once_and_others_get_their_mail() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let program = Program::start(&folder, &flags);
    let mut alice = register(&program, "alice");

    enter(&mut alice, "refused@example.com");
    enter(&mut alice, "alice@example.com");

    server.mails_to("alice@example.com", 1);
    eventually("a mail that failed", || {
        let listed = list(folder.path(), &flags);
        let refused = listed.iter().find(|mail| mail.to.starts_with("refused"));
        refused.is_some_and(|mail| {
            mail.state == "failed" && mail.tries == 1 && mail.error.contains("no such mailbox")
        })
    });
    let doctor = run(folder.path(), &[&["doctor"], &flags[..]].concat(), "");
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("failed in the last 30 days: 1;"), "{said}");
    assert!(
        said.contains("nothing is wrong with the mail server"),
        "{said}"
    );
}

/// The first retry comes within five seconds.
#[test]
fn greylisting_and_a_broken_connection_delay_a_mail_by_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let program = Program::start(&folder, &flags);
    let mut alice = register(&program, "alice");

    for address in ["greylisted@example.com", "cut-off@example.com"] {
        let entered = Instant::now();
        enter(&mut alice, address);
        server.mails_to(address, 1);
        let took = entered.elapsed();
        assert!(
            took > Duration::from_secs(3),
            "the first try fails: {took:?}"
        );
    }

    // The program marks a mail after the server has it.
    eventually("both are sent by their second try", || {
        let listed = list(folder.path(), &flags);
        let is_done = |mail: &Listed| mail.state == "sent" && mail.tries == 2;
        listed.iter().all(is_done)
    });
    assert_eq!(server.mails().len(), 2);
}

#[test]
fn a_server_that_is_silent_delays_neither_requests_nor_other_mails() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let program = Program::start(&folder, &flags);
    let mut alice = register(&program, "alice");
    enter(&mut alice, "silent@example.com");
    server.mails_to("silent@example.com", 1);

    let asked = Instant::now();
    enter(&mut alice, "alice@example.com");
    let took = asked.elapsed();

    assert!(took < Duration::from_secs(5), "{took:?}");
    server.mails_to("alice@example.com", 1);
    let waited = asked.elapsed();
    assert!(waited < Duration::from_secs(30), "{waited:?}");
}

#[test]
fn a_mail_of_a_program_that_was_killed_before_sending_is_sent_after_the_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let port = server.stop();
    let program = Program::start(&folder, &flags);
    enter(&mut register(&program, "alice"), "alice@example.com");
    tried(folder.path(), &flags);
    program.kill();

    let server = MailServer::start_at(port);
    let program = Program::start(&folder, &flags);

    let token = server.mails_to("alice@example.com", 1)[0].token();
    let verified = Client::new(&program).post("/verify-email", &[("token", &token)]);
    assert_eq!(verified.unwrap().status, 303);
    assert_eq!(server.mails().len(), 1);
}

/// The one way that a mail is sent twice. Both copies have the same id.
#[test]
fn a_mail_of_a_program_that_was_killed_before_marking_is_sent_again_after_its_lease() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let program = Program::start(&folder, &flags);
    enter(&mut register(&program, "alice"), "silent@example.com");
    server.mails_to("silent@example.com", 1);
    program.kill();

    let program = Program::start(&folder, &flags);
    let said = succeed(folder.path(), &["mail", "retry"], &flags);
    assert!(said.starts_with("0 mails"), "the lease holds: {said}");
    // The lease ends after some minutes.
    execute(folder.path(), "UPDATE vestibule_mails SET due_at = 0");
    let mails = server.mails_to("silent@example.com", 2);

    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    program.terminate();
    assert_eq!(server.mails().len(), 2);
}

#[test]
fn two_programs_on_one_database_send_each_mail_once() {
    const MAILS: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let port = server.stop();
    let program = Program::start(&folder, &flags);
    let mut alice = register(&program, "alice");
    for i in 0..MAILS {
        enter(&mut alice, &format!("alice{i}@example.com"));
    }
    let other = Program::start(&folder, &flags);
    eventually("mails that wait", || {
        list(folder.path(), &flags).len() == MAILS
    });
    let server = MailServer::start_at(port);

    succeed(folder.path(), &["mail", "retry"], &flags);

    eventually("all are sent", || {
        let listed = list(folder.path(), &flags);
        listed.iter().all(|mail| mail.state == "sent")
    });
    program.terminate();
    other.terminate();
    let mails = server.mails();
    let ids: BTreeSet<_> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!((mails.len(), ids.len()), (MAILS, MAILS));
}

/// A command writes its mail and ends; the program that serves sends it.
#[test]
fn a_mail_of_a_command_is_sent_by_the_program_that_serves() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start();
    let url = server.url();
    let flags = by(&url, &[]);
    let program = Program::start(&folder, &flags);
    let mut alice = register(&program, "alice");
    enter(&mut alice, "alice@example.com");
    let token = server.mails_to("alice@example.com", 1)[0].token();
    let verified = alice.post("/verify-email", &[("token", &token)]).unwrap();
    assert_eq!(verified.status, 303);
    program.terminate();

    let set = [&["user", "set-password", "alice"], &flags[..]].concat();
    let output = run(folder.path(), &set, PASSWORD);

    assert!(output.status.success(), "{output:?}");
    assert_eq!(server.mails().len(), 1, "the command sends nothing");
    let _program = Program::start(&folder, &flags);
    server.mails_to("alice@example.com", 2);
}

fn execute(folder: &std::path::Path, sql: &str) {
    let url = format!("sqlite://{}", folder.join("instance/site.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = sea_orm::Database::connect(&url).await.unwrap();
        database.execute_unprepared(sql).await.unwrap();
    });
}
