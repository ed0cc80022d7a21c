//! The program serves, stops and starts again as an operator expects.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{ConnectionTrait, Database as Connection, TransactionTrait};
use support::{Client, PASSWORD, Program, QUICK, refusal, run};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn the_first_start_makes_all_it_needs_and_serves() {
    let folder = folder();

    let program = Program::start(&folder, &[]);

    let instance = folder.path().join("instance");
    assert!(instance.join("site.db").is_file());
    assert!(instance.join("site.db-wal").is_file(), "WAL");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&instance), 0o700);
        for file in ["secret_key", "site.db", "site.db-wal"] {
            assert_eq!(mode(&instance.join(file)), 0o600, "{file}");
        }
    }
    let client = Client::new(&program);
    assert_eq!(client.get("/").unwrap().location.as_deref(), Some("/login"));
    assert_eq!(client.get("/healthz").unwrap().text, "ok");
    assert_eq!(client.get("/readyz").unwrap().text, "ready");
    let log = program.terminate();
    assert!(log.contains("set an https public URL"), "{log}");
    assert!(log.contains("stopping"), "{log}");
}

#[test]
fn a_restart_logs_nobody_out() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let address = program.address().to_owned();
    let mut client = Client::new(&program);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let registered = client.post("/register", &fields).unwrap();
    assert_eq!(registered.location.as_deref(), Some("/welcome"));

    program.terminate();
    let program = Program::start(&folder, &["--listen", &address]);

    let mut client = client.at(&program);
    assert!(client.get("/welcome").unwrap().text.contains("alice"));
    client.post("/logout", &[]).unwrap();
    assert_eq!(client.get("/welcome").unwrap().status, 303);
}

#[test]
fn a_taken_port_is_said_and_nothing_is_touched() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let said = refusal(folder.path(), &["--listen", &address]);

    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
    assert!(said.contains("--listen"), "{said}");
    assert!(!folder.path().join("instance").exists());
}

#[test]
fn other_machines_need_https() {
    for more in [&[][..], &["--public-url", "http://localhost:5000"]] {
        let arguments = [&["--listen", "0.0.0.0:0"], more].concat();
        let said = refusal(folder().path(), &arguments);

        assert!(said.contains("--public-url https://example.com"), "{said}");
    }
}

/// Attack: passwords and cookies on a network, in plain text.
#[test]
fn plain_http_is_served_to_a_private_network_only_if_its_host_is_named() {
    const ALLOW: &str = "--dangerous-plain-http-on-private-network";
    let private = ["--public-url", "http://192.168.1.20:5000"];
    for (arguments, why) in [
        (&private[..], "need https"),
        (
            &[&private[..], &[ALLOW, "192.168.1.21"]].concat(),
            "its host is not",
        ),
        (
            &["--public-url", "http://203.0.113.7", ALLOW, "203.0.113.7"],
            "public address",
        ),
        (
            &["--listen", "0.0.0.0:0", ALLOW, "192.168.1.20"],
            "need https",
        ),
    ] {
        let said = refusal(folder().path(), arguments);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }

    let folder = folder();
    let named = [&private[..], &[ALLOW, "192.168.1.20"]].concat();
    let program = Program::start(&folder, &named);
    let log = program.terminate();

    assert!(log.contains("DANGER: plain http on a network"), "{log}");
}

#[test]
fn an_address_that_does_not_exist_is_404_or_for_users_alone_as_it_is_set() {
    let unknown = ["/nowhere", "/admin/nowhere", "/metrics"];
    for (setting, status) in [("false", 404), ("true", 303)] {
        let folder = folder();
        let program = Program::start(&folder, &["--unknown-addresses-need-login", setting]);
        let client = Client::new(&program);

        for path in unknown {
            assert_eq!(client.get(path).unwrap().status, status, "{path}");
        }
        for path in ["/robots.txt", "/favicon.ico"] {
            assert_eq!(client.get(path).unwrap().status, 404, "{path}");
        }
        assert_eq!(client.get("/welcome").unwrap().status, 303);
    }
}

#[test]
fn a_weak_secret_key_is_refused_with_the_way_to_a_good_one() {
    let folder = folder();
    std::fs::write(folder.path().join("key"), "dev").unwrap();

    let said = refusal(
        folder.path(),
        &["--secret-key-file", "key", "--listen", "127.0.0.1:0"],
    );

    assert!(said.contains("too weak"), "{said}");
    assert!(said.contains("openssl rand -base64 32"), "{said}");
}

#[test]
fn a_database_that_cannot_be_opened_is_said_with_what_to_do() {
    let folder = folder();
    std::fs::write(
        folder.path().join("text.db"),
        "this is no database, but a text".repeat(40),
    )
    .unwrap();
    let at = |url: &str| {
        let listen = ["--listen", "127.0.0.1:0", "--database-url"];
        refusal(folder.path(), &[&listen[..], &[url]].concat())
    };

    let said = at("sqlite://missing/site.db?mode=rwc");
    assert!(said.contains("mkdir -p missing"), "{said}");
    let said = at("sqlite://absent.db");
    assert!(
        said.contains("absent.db") && said.contains("?mode=rwc"),
        "{said}"
    );
    let said = at("sqlite://text.db");
    assert!(said.contains("not a database"), "{said}");
    let said = at("postgres://app:hunt#er2@db/app");
    assert!(
        said.contains("cannot be read") && !said.contains("er2"),
        "{said}"
    );
}

#[test]
fn the_request_log_has_one_line_a_request_and_no_secret() {
    let folder = folder();
    let program = Program::start(&folder, &["--log-format", "json", "--log", "trace"]);
    let mut client = Client::new(&program);
    client.get("/login?next=/canary-next").unwrap();
    let fields = [
        ("username", "alice"),
        ("password", "canary password in the log"),
    ];
    client.post("/register", &fields).unwrap();
    let wrong = [("username", "alice"), ("password", "wrong canary password")];
    client.post("/login", &wrong).unwrap();
    let typed_as_name = [("username", "a canary password"), ("password", "wrong")];
    client.post("/login", &typed_as_name).unwrap();
    client.get("/welcome").unwrap();
    let token = client.token().to_owned();

    let log = program.terminate();

    let requests: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["target"] == "vestibule::request")
        .collect();
    let lines: Vec<_> = requests
        .iter()
        .map(|line| {
            (
                line["method"].as_str().unwrap(),
                line["path"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("GET", "/login"),
            ("POST", "/register"),
            ("POST", "/login"),
            ("POST", "/login"),
            ("GET", "/welcome")
        ]
    );
    assert_eq!(requests[2]["status"], 401);
    assert!(!log.contains("canary"), "{log}");
    assert!(!log.contains("$argon2"), "{log}");
    assert_eq!(token.len(), 43);
    assert!(!log.contains(&token), "{log}");
}

/// Attack I2; ASVS 16.2.2 and 16.4.1.
#[test]
fn what_a_visitor_sends_stays_in_its_line_of_the_log() {
    let forged = "x\u{2028}y\u{85}z\u{9b}31m\" event=LoggedIn user=\"root";
    let long = format!("{forged} {}", "a".repeat(20_000));
    for format in ["text", "json"] {
        let folder = folder();
        let program = Program::start(&folder, &["--log-format", format]);
        let body = "username=bob%0D%0A2026-01-01T00:00:00Z++INFO+event=LoggedIn&password=wrong";
        for (path, agent) in [
            ("/login", forged),
            ("/login?next=%0d%0aINFO", &long),
            (
                "/no%0D%0A2026-01-01T00:00:00Z%20INFO%1b[31m%E2%80%A8",
                forged,
            ),
            ("/nowhere/%00%08", "\t\t"),
        ] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nUser-Agent: {agent}\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let mut stream = program.connect();
            stream.write_all(head.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 "), "{path}: {answer}");
        }

        let log = program.terminate();

        let is_mark = |c: char| c != '\n' && (c.is_control() || "\u{2028}\u{2029}".contains(c));
        assert!(!log.contains(is_mark), "{log:?}");
        assert!(log.contains("event=LoginFailed") || log.contains("\"event\":\"LoginFailed\""));
        for line in log.lines() {
            assert!(line.len() < 2_000, "{line}");
            let at = if format == "json" {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                line["timestamp"].as_str().unwrap().to_owned()
            } else {
                line.split(' ').next().unwrap().to_owned()
            };
            let shape: String = at
                .chars()
                .map(|c| if c.is_ascii_digit() { '0' } else { c })
                .collect();
            assert_eq!(shape, "0000-00-00T00:00:00.000000Z", "{line}");
            assert!(
                !line.contains("user=root") && !line.contains("user=\"root\""),
                "{line}"
            );
        }
    }
}

/// H1: a route that forgot to ask would be refused all the same.
#[test]
fn routes_are_denied_by_default_before_their_own_guards_are_asked() {
    let folder = folder();
    let program = Program::start(&folder, &["--log", "vestibule=debug"]);
    let client = Client::new(&program);

    for path in ["/admin", "/welcome", "/change-password"] {
        assert_eq!(client.get(path).unwrap().status, 303, "{path}");
    }
    for path in ["/login", "/register", "/healthz", "/readyz"] {
        assert_eq!(client.get(path).unwrap().status, 200, "{path}");
    }

    let log = program.terminate();
    let refused: Vec<_> = log
        .lines()
        .filter(|line| line.contains("event=Unauthorized"))
        .collect();
    assert_eq!(refused.len(), 3, "{log}");
    for line in refused {
        assert!(line.contains("rule=\"login\""), "by the layer: {line}");
    }
}

#[test]
fn metrics_are_shown_at_an_address_of_their_own_and_nowhere_else() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    assert_eq!(Client::new(&program).get("/metrics").unwrap().status, 404);
    program.terminate();

    let arguments = [&QUICK[..], &["--metrics-listen", "127.0.0.1:0"]].concat();
    let program = Program::start(&folder, &arguments);
    let said = program.said.lines().next().unwrap();
    let url = said.strip_prefix("Metrics at ").unwrap();
    let (metrics, path) = url.split_at(url.rfind('/').unwrap());
    let metrics = Client::to(metrics);
    let mut client = Client::new(&program);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    client.post("/register", &fields).unwrap();
    client.post("/login", &fields).unwrap();

    assert_eq!(client.get(path).unwrap().status, 404);
    let shown = metrics.get(path).unwrap();
    assert_eq!(shown.status, 200);
    for line in [
        "# HELP vestibule_hashing_seconds How long a hash took",
        "# TYPE vestibule_hashing_seconds histogram",
        "vestibule_hashing_seconds_count 2",
        "vestibule_hashing_wait_seconds_count 2",
        "vestibule_hashing_queue 0",
    ] {
        assert!(
            shown.text.lines().any(|shown| shown == line),
            "{line}\n{}",
            shown.text
        );
    }
    assert!(!shown.text.contains("alice"), "{}", shown.text);
    assert_eq!(metrics.get("/welcome").unwrap().status, 404);
    program.terminate();
}

#[test]
fn pages_and_metrics_do_not_share_an_address() {
    let folder = folder();
    let same = [
        "--listen",
        "127.0.0.1:4999",
        "--metrics-listen",
        "127.0.0.1:4999",
    ];

    let said = refusal(folder.path(), &same);

    assert!(said.contains("are both 127.0.0.1:4999"), "{said}");
}

/// Attack C11. Settings alone rotate the pepper.
#[test]
fn a_pepper_is_rotated_by_its_file_and_one_in_use_is_not_missed() {
    let folder = folder();
    let (first, second) = (
        "1 iKbDzAQFMZIRbBtTNNq0pnRTO6hcFw_IgLVHAyi9fPc\n",
        "2 MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY\n",
    );
    let write = |peppers: &str| std::fs::write(folder.path().join("peppers"), peppers).unwrap();
    let peppered = [&QUICK[..], &["--pepper-file", "peppers"]].concat();
    let log_in = || {
        let program = Program::start(&folder, &peppered);
        let fields = [("username", "alice"), ("password", PASSWORD)];
        let answer = Client::new(&program).post("/login", &fields).unwrap();
        program.terminate();
        answer.status
    };
    write(first);
    let add = [&["user", "add", "alice"][..], &peppered].concat();
    assert!(run(folder.path(), &add, PASSWORD).status.success());

    write(second);
    for without in [&peppered[..], &QUICK] {
        let arguments = [without, &["--listen", "127.0.0.1:0"]].concat();
        let said = refusal(folder.path(), &arguments);
        assert!(said.contains("version 1"), "{said}");
    }
    write(&[first, second].concat());
    assert_eq!(log_in(), 303);
    write(second);
    assert_eq!(log_in(), 303, "the log-in before moved her over");
}

#[test]
fn half_a_header_does_not_keep_a_connection() {
    let folder = folder();
    let program = Program::start(&folder, &["--header-timeout", "100ms"]);
    let mut stream = program.connect();
    stream
        .write_all(b"GET /login HTTP/1.1\r\nHost: localhost\r\n")
        .unwrap();

    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();

    assert!(!rest.starts_with(b"HTTP/1.1 200"), "closed by the program");
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);
}

#[test]
fn half_a_body_does_not_keep_a_request() {
    let folder = folder();
    let program = Program::start(&folder, &["--request-timeout", "100ms"]);
    let mut stream = program.connect();
    let head = "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 50\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=";
    stream.write_all(head.as_bytes()).unwrap();

    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();

    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("took too long"), "{answer}");
}

/// What was answered is kept, and nothing is half there, when the program dies in the middle of
/// 200 registrations.
#[test]
fn kill_minus_nine_loses_no_registration_that_was_answered() {
    const USERS: usize = 200;
    const KILL_AFTER: usize = 60;

    let folder = folder();
    let quick = [&QUICK[..], &["--throttle", "off"]].concat();
    let program = Mutex::new(Some(Program::start(&folder, &quick)));
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let answered = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let mut client = Client::new(program.lock().unwrap().as_ref().unwrap());
            let (next, done, answered, program) = (&next, &done, &answered, &program);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let name = format!("user{number}");
                    let fields = [("username", &*name), ("password", PASSWORD)];
                    let Ok(answer) = client.post("/register", &fields) else {
                        return;
                    };
                    assert_eq!(answer.status, 303, "{}", answer.text);
                    answered.lock().unwrap().push(name);
                    if done.fetch_add(1, Ordering::SeqCst) == KILL_AFTER
                        && let Some(program) = program.lock().unwrap().take()
                    {
                        program.kill();
                    }
                    if number >= USERS {
                        return;
                    }
                }
            });
        }
    });
    let answered = answered.into_inner().unwrap();
    assert!(answered.len() > KILL_AFTER && answered.len() < USERS);

    let program = Program::start(&folder, &QUICK);
    let listed = run(folder.path(), &["user", "list"], "");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let listed: Vec<_> = listed
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();

    for name in &answered {
        assert!(listed.contains(&&**name), "{name} was answered and is lost");
    }
    for name in &listed {
        let fields = [("username", *name), ("password", PASSWORD)];
        let answer = Client::new(&program).post("/login", &fields).unwrap();
        assert_eq!(
            answer.location.as_deref(),
            Some("/welcome"),
            "{name} is half there"
        );
    }
}

/// Kills in the middle of making folder, key, database and tables.
#[test]
fn a_first_start_that_is_killed_does_not_stop_the_next() {
    for round in 0..40 {
        let folder = folder();
        let mut child = support::command(folder.path())
            .args(["--listen", "127.0.0.1:0", "--log", "trace"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Each line of the trace is another moment of the start.
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut lines = log.lines().map(Result::unwrap);
        let line = lines
            .by_ref()
            .enumerate()
            .find(|(number, line)| *number >= round || line.contains("serving"));
        child.kill().unwrap();
        child.wait().unwrap();

        let program = Program::start(&folder, &QUICK);
        let fields = [("username", "alice"), ("password", PASSWORD)];
        let answer = Client::new(&program).post("/register", &fields).unwrap();
        assert_eq!(answer.status, 303, "killed at {line:?}");
    }
}

#[test]
fn a_client_that_does_not_read_loses_its_connection() {
    let folder = folder();
    let program = Program::start(&folder, &["--request-timeout", "100ms"]);
    let mut stream = program.connect();
    let request = b"GET /static/vestibule.css HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000);

    let error = loop {
        if let Err(error) = stream.write_all(&request) {
            break error;
        }
    };

    let closed = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
    assert!(closed.contains(&error.kind()), "{error:?}");
}

#[test]
fn too_large_headers_are_refused() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let mut stream = program.connect();
    let cookie = "x".repeat(200_000);
    let head = format!("GET /login HTTP/1.1\r\nHost: localhost\r\nCookie: a={cookie}\r\n\r\n");
    // It may close before all of it is sent.
    stream.write_all(head.as_bytes()).ok();

    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();

    assert!(!answer.starts_with(b"HTTP/1.1 200"), "refused");
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);
}

#[test]
fn an_unreadable_x_forwarded_for_is_a_warning_once() {
    let folder = folder();
    let program = Program::start(&folder, &["--trusted-proxies", "127.0.0.1"]);
    for _ in 0..3 {
        let mut stream = program.connect();
        let head = "GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                    X-Forwarded-For: 203.0.113.9, not-an-address\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
    }

    let log = program.terminate();

    let warnings = log
        .matches("an X-Forwarded-For that cannot be read")
        .count();
    assert_eq!(warnings, 1, "{log}");
}

/// The database waits for another writer when the client of a log-in hangs up. That what it began
/// is finished shows in the library's `tests/faults.rs`.
#[tokio::test]
async fn a_request_whose_client_hangs_up_has_its_line_in_the_log() {
    let folder = folder();
    let program = Program::start(&folder, &QUICK);
    let database = folder.path().join("instance/site.db");
    let writer = Connection::connect(format!("sqlite:{}", database.display())).await;
    let writing = writer.unwrap().begin().await.unwrap();
    let write = "UPDATE users SET username = username";
    writing.execute_unprepared(write).await.unwrap();
    let body = "username=alice&password=0123456789abcdef";
    let (address, length) = (program.address().to_owned(), body.len());
    let mut clients: Vec<_> = (0..20).map(|_| program.connect()).collect();
    for client in &mut clients {
        write!(
            client,
            "POST /login HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
        )
        .unwrap();
    }
    // Later than those, so they have begun.
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);
    drop(clients);
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);

    let log = program.terminate();

    assert!(log.contains("path=\"/login\" status=499"), "{log}");
    writing.rollback().await.unwrap();
}
