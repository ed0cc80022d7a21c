//! The same HTTP requests get the same answers from Flask-Login and from Vestibule, but for the
//! differences that the scripts declare, each with its reason.
//!
//! `flask_login/app.py` and the example `parity` are the same app on both. Scripts of requests
//! are sent to them step by step; an answer that is not the expected one fails the test, and so
//! does a declared difference that is none any more. `cargo xtask test` installs Flask-Login.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod flask_login;
#[path = "../examples/parity.rs"]
mod parity;

use flask_login::client::Client;
use flask_login::script::Script;
use flask_login::scripts::{login, messages, next, protection, refused, remember, request_loader};
use flask_login::servers::{FlaskLogin, Vestibule};

#[test]
fn logging_in_and_out_is_the_same() {
    compare(login::SCRIPTS);
}

#[test]
fn being_remembered_is_the_same() {
    compare(remember::SCRIPTS);
}

#[test]
fn session_protection_is_the_same() {
    compare(protection::SCRIPTS);
}

#[test]
fn users_that_a_request_brings_are_the_same() {
    compare(request_loader::SCRIPTS);
}

#[test]
fn who_is_refused_is_the_same() {
    compare(refused::SCRIPTS);
}

#[test]
fn the_way_back_is_the_same() {
    compare(next::SCRIPTS);
}

#[test]
fn messages_are_the_same() {
    compare(messages::SCRIPTS);
}

fn compare(scripts: &[Script]) {
    let surprises: Vec<_> = scripts.iter().flat_map(surprises).collect();

    assert!(surprises.is_empty(), "\n{}", surprises.join("\n"));
}

/// The answers that were not as the script has them.
fn surprises(script: &Script) -> Vec<String> {
    let vestibule = Vestibule::start(script.options);
    let flask_login = FlaskLogin::start(script.options);
    let mut ours = Client::new(&vestibule.url);
    let mut theirs = Client::new(&flask_login.url);
    let mut surprises = Vec::new();
    for (index, step) in script.steps.iter().enumerate() {
        // Vestibule's, then Flask-Login's.
        let answers = (&*ours.act(step.action), &*theirs.act(step.action));
        if answers != step.due() || step.declares_no_difference() {
            surprises.push(format!(
                "{}, step {}: {:?}\n  due: {:?}\n  given: {answers:?}\n  difference: {:?}\n",
                script.name,
                index + 1,
                step.action,
                step.due(),
                step.differs.as_ref().map(|differs| differs.why),
            ));
        }
    }
    surprises
}
