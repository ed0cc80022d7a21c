//! A forgotten password, from the page by the mail to the log-in.

use super::mail_server::{Authority, ELSEWHERE, LOGIN, MailServer, Tls};
use super::support::mails::{Arrived, arrive};
use super::support::{Client, PASSWORD, Program};
use super::{FROM, by, enter, register};

const NEW: &str = "another horse and battery";

/// The user verifies an address and chooses a password; `mails` waits for mails to alice.
fn verify_and_reset(program: &Program, mails: impl Fn(usize) -> Vec<Arrived>) {
    let mut alice = register(program, "alice");
    enter(&mut alice, "Alice@example.com");
    let token = mails(1)[0].token();
    let verified = alice.post("/verify-email", &[("token", &token)]).unwrap();
    assert_eq!(verified.status, 303, "{}", verified.text);

    let mut forgetful = Client::new(program);
    let email = [("email", "alice@example.com")];
    assert_eq!(
        forgetful.post("/forgot-password", &email).unwrap().status,
        202
    );
    let token = mails(2)[1].token();
    let fields = [("token", &*token), ("password", NEW)];
    let reset = forgetful.post("/reset-password", &fields).unwrap();
    assert_eq!(reset.location.as_deref(), Some("/login"), "{}", reset.text);

    let mut log_in = |password| {
        let fields = [("username", "alice"), ("password", password)];
        forgetful.post("/login", &fields).unwrap().status
    };
    assert_eq!((log_in(PASSWORD), log_in(NEW)), (401, 303));
    let told = mails(3)[2].text();
    assert!(told.contains("password"), "{told}");
    assert!(!told.contains("token="), "{told}");
}

#[test]
fn a_forgotten_password_is_reset_by_a_mail_that_came_by_smtp() {
    let authority = Authority::new("Ours");
    for (tls, scheme, host) in [
        (Tls::None, "smtp", "127.0.0.1"),
        (Tls::Upgraded, "smtp", ELSEWHERE),
        (Tls::Implicit, "smtps", "127.0.0.1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = MailServer::start_with(tls, &authority, host);
        let secret = folder.path().join("secret");
        std::fs::write(&secret, format!("{}\n", LOGIN.1)).unwrap();
        let (user, file) = (LOGIN.0, authority.file());
        let (url, more) = match tls {
            Tls::None => (server.url(), Vec::new()),
            _ => (
                format!("{scheme}://{user}@{host}:{}", server.port),
                vec!["--smtp-ca-file", &*file, "--smtp-password-file", "secret"],
            ),
        };
        let program = Program::start(&folder, &by(&url, &more));

        verify_and_reset(&program, |count| {
            server.mails_to("Alice@example.com", count)
        });

        for mail in server.mails() {
            let is_encrypted = if tls == Tls::None { "False" } else { "True" };
            let sender = if tls == Tls::None { "nobody" } else { user };
            assert_eq!(mail.header("X-Tls"), is_encrypted);
            assert_eq!(mail.header("X-User"), sender);
            assert_eq!(mail.header("From"), FROM[1]);
            assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
            let links = mail.text().replace(&program.url, "");
            assert!(!links.contains("://"), "from the public URL only: {links}");
        }
        let log = program.terminate();
        assert!(!log.contains(LOGIN.1) && !log.contains("token="), "{log}");
    }
}

#[test]
fn the_program_is_tried_out_with_a_folder_of_mails() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &["--mail-folder", "mail"]);
    let mails = |count| arrive(&folder.path().join("mail"), count);

    verify_and_reset(&program, mails);

    assert_eq!(mails(3)[0].header("From"), "Vestibule <noreply@localhost>");
}

#[test]
fn without_mail_the_start_says_so_and_no_page_offers_a_reset() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &[]);
    let client = Client::new(&program);

    let login = client.get("/login").unwrap();
    assert!(!login.text.contains("forgot-password"), "{}", login.text);
    assert_eq!(client.get("/forgot-password").unwrap().status, 404);
    let log = program.terminate();
    assert!(
        log.contains("nobody can reset a forgotten password"),
        "{log}"
    );
    assert!(
        log.contains("--smtp-url") && log.contains("--mail-folder"),
        "{log}"
    );
}
