//! `vestibule secret-key`: a new key signs, and the old one still verifies until it is dropped.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use support::{Program, refusal, run};

fn change(folder: &Path, step: &str) -> String {
    let output = run(folder, &["secret-key", step], "");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn lines(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("instance/secret_key")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A folder with a key of an earlier version: text that is no base64, without a line end.
fn folder_with_key() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("instance")).unwrap();
    let key = "quite a long secret, with spaces in it";
    fs::write(folder.path().join("instance/secret_key"), key).unwrap();
    folder
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder();
    let config = config.http_status_as_error(false).max_redirects(0);
    config.build().new_agent()
}

/// Sends a form without a log-in. Returns the signed cookie with the message for the log-in page.
fn message(program: &Program) -> String {
    let request = agent().post(format!("http://{}/change-password", program.address()));
    let response = request.send_form([("password", "")]).unwrap();
    let cookies = response.headers().get_all("set-cookie").into_iter();
    let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    let flash = cookies.find(|cookie| cookie.starts_with("flash"));
    flash.unwrap().to_owned()
}

/// The log-in page for a visitor with this cookie.
fn login_page(program: &Program, cookie: &str) -> String {
    let request = agent().get(format!("http://{}/login", program.address()));
    let mut response = request.header("cookie", cookie).call().unwrap();
    assert_eq!(response.status(), 200);
    response.body_mut().read_to_string().unwrap()
}

#[test]
fn what_the_old_key_signed_is_read_until_it_is_dropped() {
    let folder = folder_with_key();
    let program = Program::start(&folder, &[]);
    let address = program.address().to_owned();
    // The cookies of one port are those of no other.
    let start = || Program::start(&folder, &["--listen", &address]);
    let sent_away = |program: Program| {
        let flash = message(&program);
        program.terminate();
        flash
    };
    let sees_why = |program: Program, flash: &str| {
        let (without, with) = (login_page(&program, ""), login_page(&program, flash));
        program.terminate();
        without != with
    };

    let mut flash = sent_away(program);
    for step in ["prepare", "rotate", "rotate"] {
        change(folder.path(), step);
        assert!(sees_why(start(), &flash), "{step}");
        flash = sent_away(start());
    }
    assert_eq!(lines(folder.path()).len(), 3);
    assert!(sees_why(start(), &flash));
    change(folder.path(), "rotate");
    change(folder.path(), "drop-old");
    assert!(
        !sees_why(start(), &flash),
        "it was signed by a key that is dropped"
    );
}

/// The log of the start says so: somebody who added a comment expects the key to stay the same.
#[test]
fn a_file_with_a_line_that_is_no_key_is_one_key_and_the_log_has_a_warning() {
    let folder = folder_with_key();
    let file = folder.path().join("instance/secret_key");
    change(folder.path(), "rotate");
    let log = Program::start(&folder, &[]).terminate();
    assert!(!log.contains("used as one key"), "{log}");
    let key = fs::read_to_string(&file).unwrap();

    fs::write(
        &file,
        format!("# made today, by hand, for the production site\n{key}"),
    )
    .unwrap();

    let log = Program::start(&folder, &[]).terminate();
    assert!(log.contains("used as one key"), "{log}");
}

/// The first line signs, every line verifies, and the last digests what is looked up.
#[test]
fn a_prepared_key_verifies_first_and_signs_after_the_next_step() {
    let folder = folder_with_key();
    let folder = folder.path();
    change(folder, "rotate");
    let [second, first] = &lines(folder)[..] else {
        panic!("two lines")
    };

    let said = change(folder, "prepare");

    assert!(said.contains("vestibule secret-key rotate"), "{said}");
    let prepared = lines(folder);
    let third = &prepared[1];
    assert_eq!(prepared, [second, third, second, first].map(String::as_str));
    for step in ["prepare", "drop-old"] {
        let refused = refusal(folder, &["secret-key", step]);
        assert!(refused.contains("a prepared key"), "{refused}");
        assert_eq!(lines(folder), prepared);
    }
    change(folder, "rotate");
    assert_eq!(lines(folder), [third, second, first].map(String::as_str));
    change(folder, "drop-old");
    assert_eq!(lines(folder), [third.as_str()]);
    let refused = refusal(folder, &["secret-key", "drop-old"]);
    assert!(refused.contains("no old key"), "{refused}");
}

#[test]
fn the_new_file_has_the_owner_and_the_mode_of_the_old_one_and_a_link_stays_a_link() {
    let folder = folder_with_key();
    let (file, link) = (
        folder.path().join("key"),
        folder.path().join("instance/secret_key"),
    );
    fs::rename(&link, &file).unwrap();
    symlink("../key", &link).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
    // Only root can give a file away; others keep their own.
    chown(&file, Some(12_345), Some(54_321)).ok();
    let owner = |file: &Path| {
        let metadata = file.metadata().unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode())
    };
    let before = owner(&file);

    change(folder.path(), "rotate");

    assert_eq!(lines(folder.path()).len(), 2);
    assert_eq!(owner(&file), before);
    assert!(link.is_symlink());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "nothing is left"
    );
}
