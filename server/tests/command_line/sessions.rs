//! Commands for sessions, the security log and wrong tries, beside a running program.

use crate::support::{Client, PASSWORD, Program, run};
use crate::{execute, folder, soon, user, vestibule};

#[test]
fn sessions_of_the_running_program_are_listed_and_ended_one_by_one_or_all() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let mut clients = [(); 3].map(|()| Client::new(&program));
    clients[0].post("/register", &fields).unwrap();
    clients[1].post("/login", &fields).unwrap();
    clients[2].post("/login", &fields).unwrap();
    let session = |arguments: &[&str]| {
        let (succeeded, said) = vestibule(folder.path(), &[&["session"], arguments].concat(), "");
        assert!(succeeded, "{said}");
        said
    };
    let is_in = |client: &Client| client.get("/welcome").unwrap().status == 200;

    let listed = session(&["list", "alice"]);
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let columns: Vec<_> = listed.lines().next().unwrap().split('\t').collect();
    assert_eq!(columns.len(), 6, "{listed}");
    assert_eq!(columns[5], "password", "how the log-in was proved");
    assert_eq!(columns[3], "127.0.0.1");
    session(&["revoke", "alice", columns[0]]);
    soon(|| clients.iter().filter(|client| is_in(client)).count() == 2);
    session(&["revoke-all", "alice"]);
    soon(|| !clients.iter().any(is_in));
    assert_eq!(session(&["list", "alice"]), "");
    assert_eq!(
        session(&["sweep"]),
        "0 expired sessions and remembered logins are removed.\n"
    );
    clients[0].post("/login", &fields).unwrap();
    assert_eq!(
        session(&["sweep", "--session-idle", "1ms"]),
        "1 expired sessions and remembered logins are removed.\n"
    );
    let [admin, ..] = &mut clients;
    assert!(vestibule(folder.path(), &["user", "grant", "alice", "admin"], "").0);
    admin.post("/login", &fields).unwrap();
    soon(|| admin.get("/admin/log").unwrap().status == 200);
    let log = admin.get("/admin/log").unwrap().text;
    for line in ["session ended", "sessions ended", "sessions swept"] {
        assert!(log.contains(line), "{line}");
    }
}

/// A restored backup brings back sessions that were ended since.
#[test]
fn after_a_restored_backup_one_command_ends_all_sessions_and_forgets_all_browsers() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let alice = [("username", "alice"), ("password", PASSWORD)];
    let mut client = Client::new(&program);
    client.post("/register", &alice).unwrap();
    let remembered = [&alice[..], &[("remember", "on")]].concat();
    let mut remembering = Client::new(&program);
    remembering.post("/login", &remembered).unwrap();
    let bob = [("username", "bobby"), ("password", PASSWORD)];
    let mut other = Client::new(&program);
    other.post("/register", &bob).unwrap();
    let is_in = |client: &Client| client.get("/welcome").unwrap().status == 200;
    let backup = folder.path().join("backup.db").display().to_string();
    execute(folder.path(), &format!("VACUUM INTO '{backup}'"));
    assert!(vestibule(folder.path(), &["session", "revoke-all", "alice"], "").0);
    soon(|| !is_in(&client));
    let address = program.address().to_owned();
    program.terminate();
    for file in ["site.db", "site.db-wal", "site.db-shm"] {
        std::fs::remove_file(folder.path().join("instance").join(file)).ok();
    }
    std::fs::rename(&backup, folder.path().join("instance/site.db")).unwrap();
    let _program = Program::start(&folder, &["--listen", &address]);
    assert!(is_in(&client) && is_in(&remembering) && is_in(&other));

    let (succeeded, said) = vestibule(folder.path(), &["session", "revoke-everyone"], "");

    assert!(succeeded && said.contains("2 users"), "{said}");
    soon(|| ![&client, &remembering, &other].into_iter().any(is_in));
}

#[test]
fn the_operator_reads_what_happened_to_an_account() {
    let folder = folder();
    assert!(
        run(folder.path(), &["user", "add", "alice"], PASSWORD)
            .status
            .success()
    );
    let program = Program::start(&folder, &[]);
    let mut client = Client::new(&program);
    let fields = [
        ("username", "alice"),
        ("password", "wrong horse and battery"),
    ];
    client.post("/login", &fields).unwrap();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    client.post("/login", &fields).unwrap();
    // Lines that are written after the response are there too.
    program.terminate();

    let log = run(folder.path(), &["user", "log", "alice"], "");

    let log = String::from_utf8(log.stdout).unwrap();
    let actions: Vec<_> = log.lines().map(|line| line.split('\t').nth(1)).collect();
    let expected = ["logged in", "log-in failed", "account added"];
    assert_eq!(actions, expected.map(Some), "{log}");
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
    soon(|| client.get("/welcome").unwrap().status == 303);
    assert_eq!(client.post("/login", &fields).unwrap().status, 401);
    let fields = [("username", "alice"), ("password", new)];
    assert_eq!(client.post("/login", &fields).unwrap().status, 303);

    assert!(user(folder.path(), &["disable", "alice"], "").0);
    soon(|| client.get("/welcome").unwrap().status == 303);
    assert_eq!(client.post("/login", &fields).unwrap().status, 401);
}

#[test]
fn the_operator_sees_who_is_guessed_at_and_forgets_it() {
    let folder = folder();
    let database = ["--config", "x.toml", "--throttle-account-tries", "2"];
    std::fs::write(folder.path().join("x.toml"), "").unwrap();
    let (added, said) = user(folder.path(), &["add", "alice"], PASSWORD);
    assert!(added, "{said}");
    let program = Program::start(&folder, &database);
    let wrong = [
        ("username", "alice"),
        ("password", "not the password of alice"),
    ];
    let right = [("username", "alice"), ("password", PASSWORD)];
    for _ in 0..2 {
        let answer = Client::new(&program).post("/login", &wrong).unwrap();
        assert_eq!(answer.status, 401);
    }
    let answer = Client::new(&program).post("/login", &right).unwrap();
    assert_eq!(answer.status, 429);
    assert!(answer.text.contains("Try again in"), "{}", answer.text);

    let (listed, said) = vestibule(folder.path(), &["throttle", "list"], "");
    assert!(listed, "{said}");
    assert!(said.contains("account\talice\t2\t"), "{said}");
    assert!(said.contains("network\t127.0.0.0/24\t2\tnow"), "{said}");
    let (cleared, said) = vestibule(folder.path(), &["throttle", "clear", "Alice"], "");
    assert!(cleared, "{said}");
    let network = ["throttle", "clear", "127.0.0.0/24"];
    let (cleared, said) = vestibule(folder.path(), &network, "");
    assert!(cleared, "{said}");
    let (cleared, said) = vestibule(folder.path(), &["throttle", "clear", "bob"], "");
    assert!(
        !cleared && said.contains("vestibule throttle list"),
        "{said}"
    );

    soon(|| Client::new(&program).post("/login", &right).unwrap().status == 303);
    program.terminate();
}

#[test]
fn a_password_that_the_operator_sets_makes_wrong_tries_at_the_old_one_forgotten() {
    let folder = folder();
    let few = ["--throttle-account-tries", "2"];
    assert!(user(folder.path(), &["add", "alice"], PASSWORD).0);
    let program = Program::start(&folder, &few);
    let log_in = |password: &str| {
        let fields = [("username", "alice"), ("password", password)];
        Client::new(&program)
            .post("/login", &fields)
            .unwrap()
            .status
    };
    for _ in 0..2 {
        assert_eq!(log_in("not the password of alice"), 401);
    }
    assert_eq!(log_in(PASSWORD), 429);

    let new = "another horse and battery";
    assert!(user(folder.path(), &["set-password", "alice"], new).0);

    soon(|| log_in(new) == 303);
    program.terminate();
}
