//! What the program says and does when it starts, and when it is told to stop.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database as Connection, TransactionTrait};
use support::{Client, Killed, PASSWORD, Program, QUICK, command};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn signal(pid: u32, name: &str) {
    let kill = std::process::Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(kill.unwrap().success());
}

/// Asks until it is so.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn the_last_line_of_the_start_is_the_address_to_open() {
    let folder = folder();
    let path = folder.path().join("terminal");
    let terminal = File::create(&path).unwrap();
    // The log of a request would come after it.
    let child = command(folder.path())
        .args(["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"])
        .args(["--log", "vestibule=info,vestibule::request=off"])
        .stdout(terminal.try_clone().unwrap())
        .stderr(terminal)
        .spawn();
    let _child = Killed(child.unwrap());
    let said = || std::fs::read_to_string(&path).unwrap();
    eventually("it serves", || said().contains("Ctrl-C"));
    let line = said().lines().last().unwrap().to_owned();
    let url = line.strip_prefix("Open ").unwrap();
    let url = url.strip_suffix(" (Ctrl-C stops)").unwrap();

    assert_eq!(Client::to(url).get("/login").unwrap().status, 200);

    let said = said();
    let lines: Vec<_> = said.lines().collect();
    let (address, before) = lines.split_last().unwrap();
    assert_eq!(*address, line, "{said}");
    let metrics = before.last().unwrap();
    assert!(metrics.starts_with("Metrics at http://"), "{said}");
    let warning = before.iter().find(|line| line.contains("plain http"));
    assert!(warning.unwrap().contains("WARN"), "{said}");
}

#[test]
fn a_secret_key_that_a_group_may_read_is_no_warning_and_one_for_everybody_is() {
    let folder = folder();
    Program::start(&folder, &[]).terminate();
    let key = folder.path().join("instance/secret_key");
    for (mode, is_warned) in [
        (0o400, false),
        (0o440, false),
        (0o640, false),
        (0o660, true),
        (0o444, true),
        (0o644, true),
    ] {
        std::fs::set_permissions(&key, PermissionsExt::from_mode(mode)).unwrap();

        let log = Program::start(&folder, &[]).terminate();

        let warning = log.lines().find(|line| line.contains("chmod 600"));
        assert_eq!(warning.is_some(), is_warned, "{mode:o} {log}");
        assert!(warning.is_none_or(|line| line.contains(&format!("{mode:04o}"))));
    }
}

/// A terminal sends it when it is closed, and `systemctl reload` may.
#[test]
fn sighup_ends_nothing() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let client = Client::new(&program);

    signal(program.id(), "HUP");
    signal(program.id(), "HUP");

    assert_eq!(client.get("/login").unwrap().status, 200);
    let log = program.terminate();
    assert!(log.contains("SIGHUP is ignored"), "{log}");
}

/// The reader of the log has ended, as a closed terminal or a log collector.
#[test]
fn a_program_that_can_no_longer_log_serves_all_the_same() {
    let folder = folder();
    let child = command(folder.path())
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = Killed(child.unwrap());
    let mut line = String::new();
    let mut stdout = BufReader::new(child.0.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    drop(child.0.stderr.take());
    let client = Client::to(line.split(' ').nth(1).unwrap());

    for _ in 0..3 {
        assert_eq!(client.get("/login").unwrap().status, 200);
    }
}

/// A connection on which this was sent, and nothing more.
fn with_half_a_request(program: &Program, half: &str) -> TcpStream {
    let mut stream = program.connect();
    stream.write_all(half.as_bytes()).unwrap();
    stream
}

const HALF_A_BODY: &str = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=";

/// Docker kills after ten seconds.
#[test]
fn a_stop_takes_less_than_nine_seconds_even_with_half_a_request_open() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let body = with_half_a_request(&program, HALF_A_BODY);
    // Later than those, so they have begun.
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);
    let started = Instant::now();

    let log = program.terminate();

    let took = started.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}");
    assert!(log.contains("cut off"), "{log}");
    drop(body);
}

#[test]
fn a_stop_without_a_whole_request_is_at_once_and_a_second_signal_waits_for_nobody() {
    let folder = folder();
    let program = Program::start(&folder, &["--header-timeout", "1h"]);
    let idle = program.connect();
    let head = with_half_a_request(&program, "GET /login HTTP/1.1\r\nHost: localhost\r\n");
    // Later than those, so they were accepted.
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);
    let started = Instant::now();
    program.terminate();
    assert!(started.elapsed() < Duration::from_secs(3));
    drop((idle, head));

    let program = Program::start(&folder, &[]);
    let body = with_half_a_request(&program, HALF_A_BODY);
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);
    let started = Instant::now();
    signal(program.id(), "INT");
    let address = program.address().to_owned();
    eventually("it stops", || TcpStream::connect(&address).is_err());

    let log = program.terminate();

    assert!(started.elapsed() < Duration::from_secs(5), "{log}");
    assert!(log.contains("told to stop again"), "{log}");
    drop(body);
}

/// Attack: an ended session comes back, as the stop cuts off the log-out of a client that is gone.
#[tokio::test]
async fn a_log_out_whose_client_hung_up_is_finished_before_the_program_stops() {
    let folder = folder();
    let program = Program::start(&folder, &QUICK);
    let mut client = Client::new(&program);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    client.post("/register", &fields).unwrap();
    let database = folder.path().join("instance/site.db");
    let writer = Connection::connect(format!("sqlite:{}", database.display())).await;
    let writing = writer.unwrap().begin().await.unwrap();
    let write = "UPDATE users SET username = username";
    writing.execute_unprepared(write).await.unwrap();
    let (address, port) = (program.address(), program.address().split(':').nth(1));
    let log_out = format!(
        "POST /logout HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\
         Cookie: session-{}={}\r\n\r\n",
        port.unwrap(),
        client.token()
    );
    let logging_out = with_half_a_request(&program, &log_out);
    // Later than that, so it has begun.
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);
    drop(logging_out);
    let address = address.to_owned();

    signal(program.id(), "TERM");
    eventually("it stops", || TcpStream::connect(&address).is_err());
    writing.rollback().await.unwrap();
    let log = program.ended();

    assert!(log.contains("path=\"/logout\" status=499"), "{log}");
    assert!(log.contains("event=LoggedOut"), "{log}");
    let program = Program::start(&folder, &["--listen", &address]);
    let client = client.at(&program);
    assert_eq!(client.get("/welcome").unwrap().status, 303);
}

/// The system refuses to make a file larger, as it does where the disk is full.
#[tokio::test]
async fn a_full_disk_is_not_ready_and_with_room_again_it_is() {
    let folder = folder();
    Program::start(&folder, &QUICK).terminate();
    // What the next start writes goes to the beginning of the log.
    let database = folder.path().join("instance/site.db");
    let database = Connection::connect(format!("sqlite:{}", database.display())).await;
    let empty = "PRAGMA wal_checkpoint(TRUNCATE)";
    database.unwrap().execute_unprepared(empty).await.unwrap();
    let program = env!("CARGO_BIN_EXE_vestibule");
    let mut limited = std::process::Command::new("sh");
    limited.current_dir(folder.path());
    // In blocks of 512 bytes. The signal would kill.
    let script = format!("trap '' XFSZ; ulimit -S -f 100; exec {program} \"$0\" \"$@\"");
    limited.args(["-c", &script]);
    let program = Program::start_by(limited, &["--throttle", "off", "--log", "info"]);
    let client = Client::new(&program);
    assert_eq!(client.get("/readyz").unwrap().status, 200);

    let (mut number, mut failed) = (0, 0);
    // Several, as one alone leaves no lock behind.
    eventually("log-ins fail", || {
        number += 1;
        let name = format!("user{number}");
        let fields = [("username", &*name), ("password", PASSWORD)];
        let answer = Client::new(&program).post("/register", &fields).unwrap();
        failed += u32::from(answer.status == 503);
        failed == 3
    });

    eventually("not ready", || client.get("/readyz").unwrap().status == 503);
    assert_eq!(client.get("/healthz").unwrap().status, 200);

    let (pid, unlimited) = (program.id().to_string(), "--fsize=unlimited");
    let lifted = std::process::Command::new("prlimit")
        .args(["--pid", &pid, unlimited])
        .status();
    assert!(lifted.unwrap().success());
    eventually("ready again", || {
        client.get("/readyz").unwrap().status == 200
    });
    let fields = [("username", "bob"), ("password", PASSWORD)];
    let registered = Client::new(&program).post("/register", &fields).unwrap();
    assert_eq!(registered.status, 303);
    let log = program.terminate();
    assert_eq!(
        log.matches("not ready: log-ins would fail").count(),
        1,
        "{log}"
    );
}
