//! Mail by a real mail server: aiosmtpd (`server.py` says why), and what goes wrong with one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commands;
mod faults;
mod journey;
mod mail_server;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use support::mails::eventually;
use support::{Client, PASSWORD, Program, QUICK, run};

const FROM: [&str; 2] = ["--mail-from", "Ours <noreply@example.com>"];

/// The flags of a program that sends by this server.
fn by<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let smtp = ["--smtp-url", url, "--throttle", "off"];
    [&smtp[..], &FROM, &QUICK, more].concat()
}

/// A user who has just registered.
fn register(program: &Program, name: &str) -> Client {
    let mut client = Client::new(program);
    let fields = [("username", name), ("password", PASSWORD)];
    assert_eq!(client.post("/register", &fields).unwrap().status, 303);
    client
}

/// Enters an address, which gets a mail.
fn enter(client: &mut Client, address: &str) {
    let answer = client.post("/account/email", &[("email", address)]);
    let answer = answer.unwrap();
    assert_eq!(answer.status, 303, "{}", answer.text);
}

/// A mail as `vestibule mail list` shows it.
#[derive(Debug)]
struct Listed {
    to: String,
    state: String,
    tries: u32,
    error: String,
}

fn list(folder: &Path, flags: &[&str]) -> Vec<Listed> {
    let said = succeed(folder, &["mail", "list"], flags);
    let lines = said.lines().map(|line| {
        let columns: Vec<_> = line.split('\t').collect();
        let [_, _, _, to, state, _, tries, error] = columns[..] else {
            panic!("{line}");
        };
        Listed {
            to: to.to_owned(),
            state: state.to_owned(),
            tries: tries.parse().unwrap(),
            error: error.to_owned(),
        }
    });
    lines.collect()
}

/// What a command says that succeeds.
fn succeed(folder: &Path, command: &[&str], flags: &[&str]) -> String {
    let output = run(folder, &[command, flags].concat(), "");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until the only mail was tried and waits for the next try. Returns its error.
fn tried(folder: &Path, flags: &[&str]) -> String {
    let mut error = String::new();
    eventually("a try that failed", || {
        let listed = list(folder, flags);
        let [mail] = &listed[..] else { return false };
        error.clone_from(&mail.error);
        assert_ne!(mail.state, "sent", "{mail:?}");
        mail.tries > 0 && !mail.error.is_empty()
    });
    error
}
