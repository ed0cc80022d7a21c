//! What the operator is told about the hashing of passwords.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::routing::post;
use sea_orm::{ConnectionTrait, Database};
use support::{Client, PASSWORD, Program, QUICK, refusal, run};
use vestibule::password::{PasswordAlgorithm, PasswordHash, Passwords};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A hash that takes some milliseconds: less would not show, more would take long.
const SLOW: [&str; 4] = ["--argon2-memory-kib", "8192", "--argon2-passes", "1"];

#[test]
fn calibration_prints_settings_that_the_settings_file_takes() {
    let folder = folder();

    let output = run(
        folder.path(),
        &["password", "calibrate", "--target", "1ms"],
        "",
    );

    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("argon2_memory_kib = 19456\n"), "{printed}");
    assert!(printed.contains("log-ins/s"), "{printed}");
    assert!(printed.contains("OWASP's minimum"), "out of reach");
    std::fs::write(folder.path().join("vestibule.toml"), &printed).unwrap();
    let listed = run(folder.path(), &["user", "list"], "");
    assert!(listed.status.success(), "{listed:?}");
}

#[test]
fn calibration_to_a_longer_time_finds_stronger_settings() {
    let output = run(
        folder().path(),
        &["password", "calibrate", "--target", "120ms"],
        "",
    );

    let printed = String::from_utf8(output.stdout).unwrap();
    let memory = printed
        .lines()
        .find_map(|line| line.strip_prefix("argon2_memory_kib = "));
    let memory: u32 = memory.unwrap().parse().unwrap();
    assert!(memory > 19_456, "{printed}");
    assert!(!printed.contains("OWASP's minimum"), "{printed}");
}

#[test]
fn the_doctor_warns_of_a_hash_that_is_too_weak() {
    let folder = folder();

    let output = run(folder.path(), &[&["doctor"][..], &QUICK].concat(), "");

    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("OWASP's minimum"), "{said}");
    assert!(said.contains("less than 5 ms"), "{said}");
    assert!(said.contains("password calibrate"), "{said}");
}

#[test]
fn the_doctor_warns_of_a_hash_that_is_too_slow() {
    let slow = ["--argon2-memory-kib", "262144", "--argon2-passes", "16"];

    let output = run(folder().path(), &[&["doctor"][..], &slow].concat(), "");

    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("more than a second"), "{said}");
    assert!(!said.contains("less than 5 ms"), "{said}");
}

/// Attack C4.
#[test]
fn the_doctor_warns_of_bcrypt_of_a_bare_digest() {
    let bcrypt = ["--password-algorithm", "bcrypt", "--bcrypt-cost", "10"];
    let long = ["--bcrypt-long-passwords", "true"];
    let folder = folder();
    let key = "1 MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=";
    std::fs::write(folder.path().join("pepper"), key).unwrap();
    let pepper = ["--pepper-file", "pepper"];
    let warning = "warning: new hashes are made from a password's bare SHA-256";
    let well = "ok: no new hash is made from a bare digest";

    for (settings, says) in [
        (&[&bcrypt[..], &long][..], warning),
        (&[&bcrypt], well),
        (&[&long], well),
        (&[&bcrypt, &long, &pepper], well),
    ] {
        let arguments = [&["doctor"], &settings.concat()[..]].concat();
        let output = run(folder.path(), &arguments, "");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn the_doctor_says_how_many_passwords_are_not_hashed_as_new_ones() {
    let folder = folder();
    let add = [&["user", "add", "alice"][..], &SLOW].concat();
    run(folder.path(), &add, PASSWORD);

    for (settings, says) in [
        (&SLOW[..], "ok: all passwords are hashed as new ones are"),
        (&QUICK, "hashes differ from new ones: 1;"),
    ] {
        let output = run(folder.path(), &[&["doctor"], settings].concat(), "");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(says), "{said}");
    }
}

#[tokio::test]
async fn the_doctor_names_users_whose_password_cannot_be_checked() {
    let folder = folder();
    run(
        folder.path(),
        &[&["user", "add", "alice"][..], &SLOW].concat(),
        PASSWORD,
    );
    let file = folder.path().join("instance/site.db");
    let database = Database::connect(format!("sqlite://{}", file.display())).await;
    let cut_off = "UPDATE passwords SET hash = substr(hash, 1, 40)";
    let database = database.unwrap();
    database.execute_unprepared(cut_off).await.unwrap();

    let output = run(folder.path(), &[&["doctor"][..], &SLOW].concat(), "");

    assert!(!output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("warning: passwords that cannot be checked"),
        "{said}"
    );
    assert!(said.contains("user set-password`: alice\n"), "{said}");
    assert!(
        !said.contains("all passwords are hashed as new ones"),
        "{said}"
    );

    // As Django marks those who are to have no password.
    let none = "UPDATE passwords SET hash = '!Zx0'";
    database.execute_unprepared(none).await.unwrap();
    let output = run(folder.path(), &[&["doctor"][..], &SLOW].concat(), "");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("ok: every password can be checked"), "{said}");
    let writes = "ok: the database and the session store accept log-ins";
    assert!(said.contains(writes), "{said}");
}

#[tokio::test]
async fn the_doctor_lists_older_names_that_look_like_others() {
    let folder = folder();
    let add = |name| [&["user", "add", name][..], &SLOW].concat();
    run(folder.path(), &add("alice"), PASSWORD);
    let look_alike = run(folder.path(), &add("a1ice"), PASSWORD);
    let said = String::from_utf8(look_alike.stderr).unwrap();
    assert!(said.contains("looks like one that is"), "{said}");
    let doctor = || {
        let output = run(folder.path(), &[&["doctor"][..], &SLOW].concat(), "");
        String::from_utf8(output.stdout).unwrap()
    };
    let said = doctor();
    assert!(
        said.contains("ok: no username looks like another one"),
        "{said}"
    );
    let file = folder.path().join("instance/site.db");
    let database = Database::connect(format!("sqlite://{}", file.display())).await;
    let older_version = "INSERT INTO users (id, username, canonical_username, created_at, \
                         updated_at) VALUES ('x', 'AIice', 'aiice', 1900000000000, 0)";
    let database = database.unwrap();
    database.execute_unprepared(older_version).await.unwrap();

    let said = doctor();

    assert!(
        said.contains("note: the username AIice looks like the older alice;"),
        "{said}"
    );
}

#[test]
fn the_doctor_and_the_start_warn_of_a_proxy_that_is_not_named() {
    let folder = folder();
    let https = ["--public-url", "https://example.com"];
    let trusted = ["--trusted-proxies", "127.0.0.1"];
    let warning = "warning: the public URL is https";
    let well = "ok: each visitor has their own address";

    for (settings, says) in [
        (&https[..], warning),
        (&[&https[..], &trusted].concat(), well),
        (&[], well),
    ] {
        let output = run(folder.path(), &[&["doctor"], settings].concat(), "");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(says), "{said}");
        assert_eq!(
            said.contains("`--trusted-proxies 127.0.0.1`"),
            says == warning
        );
        let log = Program::start(&folder, settings).terminate();
        let warnings = log.matches("`--trusted-proxies 127.0.0.1`").count();
        assert_eq!(warnings, usize::from(says == warning), "{log}");
    }
}

/// Attack B2, through HTTP.
#[test]
fn the_time_of_an_answer_does_not_tell_who_has_an_account() {
    let folder = folder();
    let slow = [&SLOW[..], &["--mail-folder", "mail"]].concat();
    let timing = |program: &Program| {
        let arguments = ["doctor", "timing", &program.url, "--user", "alice"];
        run(folder.path(), &arguments, "")
    };
    let throttled = Program::start(&folder, &slow);
    let alice = [
        ("username", "alice"),
        ("email", "alice@example.com"),
        ("password", PASSWORD),
    ];
    let registered = Client::new(&throttled).post("/register", &alice);
    assert_eq!(registered.unwrap().status, 303);
    run(
        folder.path(),
        &[&["user", "verify-email", "alice"][..], &slow].concat(),
        "",
    );
    let output = timing(&throttled);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("start it with `--throttle off`"), "{said}");
    throttled.terminate();
    let program = Program::start(&folder, &[&slow[..], &["--throttle", "off"]].concat());

    // On a machine that does much else, one measurement may be unlucky. A difference that is there
    // shows in each.
    let outputs = (0..3).map(|_| timing(&program));
    let mut found = String::new();
    let ok = outputs.into_iter().find_map(|output| {
        let said = String::from_utf8(output.stdout).unwrap();
        found += &format!("{said} {}", String::from_utf8_lossy(&output.stderr));
        output.status.success().then_some(said)
    });

    let said = ok.unwrap_or_else(|| panic!("{found}"));
    assert!(said.contains("requests for a new password"), "{said}");
    program.terminate();
}

/// The control without which the test above says nothing: an app that hashes for its users alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_hashes_for_its_users_alone_is_found_out() {
    let algorithm: PasswordAlgorithm = serde_json::from_value(serde_json::json!({
        "algorithm": "argon2id", "memory_kib": 8192, "passes": 1,
    }))
    .unwrap();
    let passwords = Passwords::new(algorithm).unwrap();
    let hash = passwords.hash(&PASSWORD.into()).await.unwrap();
    let app = axum::Router::new()
        .route("/login", post(leaky))
        .with_state((passwords, hash));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let said = tokio::task::spawn_blocking(move || {
        refusal(
            folder().path(),
            &["doctor", "timing", &url, "--user", "alice"],
        )
    });

    let said = said.await.unwrap();
    assert!(said.contains("reveal whether a user exists"), "{said}");
}

async fn leaky(
    State((passwords, hash)): State<(Passwords, PasswordHash)>,
    Form(form): Form<Vec<(String, String)>>,
) -> StatusCode {
    let [(_, username), (_, password)] = &form[..] else {
        return StatusCode::BAD_REQUEST;
    };
    if username == "alice" {
        let is_right = passwords.verify(&(**password).into(), Some(&hash)).await;
        assert!(!is_right.unwrap());
    }
    StatusCode::UNAUTHORIZED
}
